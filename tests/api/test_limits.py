"""The limit in force over long runs of rows: sorted, shuffled and missing days, origins of every kind."""

from __future__ import annotations

import itertools
import random
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

import deminimis as dm
from deminimis.rules.rule import Rule, shipped_rules

ORIGINS = ["CN", "hk", "VN", "DE", "US", None, "", "China", "XX"]
ROWS = 6_000


@pytest.mark.parametrize("name", shipped_rules())
def test_steady_days_are_alike(name: str) -> None:
    """From a day of the table to its steady day all columns are the same, and the next one is not."""
    compiled = Rule.load(name).compiled()
    columns = [tuple(column) for column in compiled.table.T]
    runs = [len(list(run)) for _, run in itertools.groupby(columns)]
    assert compiled.steady.tolist() == [end - 1 for end, n in zip(itertools.accumulate(runs), runs, strict=True)
                                        for _ in range(n)]  # fmt: skip


@pytest.mark.parametrize("order", ["sorted", "shuffled", "missing", "one day"])
@pytest.mark.parametrize("encoded", [False, True])
def test_limits_of_long_runs(order: str, encoded: bool) -> None:
    """Each row of its own person is eligible where the rule has a limit on its day that its value keeps."""
    pick = random.Random(order)
    rule = Rule.load("us-321")
    first = date(2025, 4, 1)
    days: list[date | None] = [first + timedelta(days=i * 200 // ROWS) for i in range(ROWS)]
    if order == "shuffled":
        pick.shuffle(days)
    if order == "missing":
        days = [day if pick.random() < 0.99 else None for day in days]
    if order == "one day":
        days = [date(2025, 6, 1)] * ROWS
    origins = [pick.choice(ORIGINS) for _ in range(ROWS)]
    values = [pick.choice([0, 200, 201, 800, 801]) for _ in range(ROWS)]
    origin = pa.array(origins, pa.string())
    manifest = pa.table(
        {
            "who": np.arange(ROWS),
            "day": pa.array(days, pa.date32()),
            "value": values,
            "origin": origin.dictionary_encode() if encoded else origin,
        }
    )
    mask = dm.eligible(manifest, person="who", day="day", value="value", rule=rule, origin="origin")
    expected = []
    for day, code, value in zip(days, origins, values, strict=True):
        # What is no code may be any country, so that the strictest limit holds for it.
        codes = [code] if code in ("CN", "hk", "VN", "DE", "US") else ["CN", "VN"]
        limits = [rule.limit_on(day, one) for one in codes] if day else [None]
        expected.append(all(limit is not None and value <= limit for limit in limits))
    assert mask.to_pylist() == expected
    assert 0 < sum(expected) < ROWS
