"""How many groups a summary tells: counted for few rows and with reasons, estimated for the mask alone of many."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from handed import score_files

import deminimis as dm
from deminimis.sizes import Sizes

ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd", "limit": 800}
SECRET = b"sixteen bytes or more"  # so that an estimate is the same in every run of the tests
WAYS: dict[str, dict[str, Any]] = {
    "one worker": {"threads": 1},
    "threads": {"threads": 3, "sizes": Sizes(rows_for_one_worker=1_000, slice_rows=6_400)},
    "hot": {"threads": 3, "sizes": Sizes(rows_for_one_worker=1_000, slice_rows=6_400, hot_rows=100)},
    "spilled": {"threads": 2, "memory_limit": "1B"},
    "hardly any memory": {"memory_limit": "300kB"},
    "in day order": {"memory_limit": "300kB", "sorted_by": "day", "sizes": Sizes(group_rows_least=64)},
    "acceptance in row order": {"overflow": "excess"},
    "large limits": {"limit": 10**6},
    "bad values left out": {"bad_values": "ignore"},
}


def table(rows: int, persons: int, days: int = 3) -> pa.Table:
    """Rows in the order of their days, some without a person, a day or a value."""
    rng = np.random.default_rng(rows)
    day = np.sort(rng.integers(0, days, rows)).astype(np.int32)
    return pa.table({
        "who": pa.array(rng.integers(0, persons, rows), mask=rng.random(rows) < 0.01),
        "day": pa.array(day, mask=rng.random(rows) < 0.01).cast(pa.date32()),
        "usd": pa.array(rng.integers(0, 900, rows), mask=rng.random(rows) < 0.01),
    })  # fmt: skip


def groups_of(manifest: pa.Table) -> int:
    pairs = zip(manifest["who"].to_pylist(), manifest["day"].to_pylist(), strict=True)
    return len({(who, day) for who, day in pairs if who is not None and day is not None})


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("rows", "persons"), [(0, 1), (1, 1), (300, 300), (32_768, 7), (32_768, 20_000)])
def test_few_rows_are_counted(way: str, rows: int, persons: int) -> None:
    """Up to 32,768 rows, whatever way they take, the groups are those of a set of keys."""
    manifest = table(rows, persons)
    found = score_files(manifest, None, **ROLES | WAYS[way])
    assert (found.groups, found.groups_are_estimated) == (groups_of(manifest), False)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("rows", "persons"), [(40_000, 10), (40_000, 10**9), (200_000, 50_000)])
def test_many_rows_are_estimated(way: str, rows: int, persons: int) -> None:
    """The estimate lies within what is said of it, five times the standard deviation, and is that of its secret."""
    manifest = table(rows, persons)
    found, again = (score_files(manifest, None, **ROLES | WAYS[way], secret=SECRET) for _ in range(2))
    expected = groups_of(manifest)
    assert found.groups == again.groups
    assert abs(found.groups - expected) <= 5 * expected / sqrt(rows) + 1
    assert found.groups_are_estimated or (way, found.groups) == ("in day order", expected)  # few rows are open there


def test_outcomes_are_counted() -> None:
    """With reasons or totals groups are counted, whatever the rows."""
    manifest = table(100_000, 30_000)
    assert dm.score(manifest, **ROLES).summary.groups == groups_of(manifest)
    assert not dm.score(manifest, **ROLES).summary.groups_are_estimated


def test_estimates_of_distinct_keys_lean_to_no_side() -> None:
    """Over many secrets the estimate is as often more as less; it is never more than there are rows."""
    rows = 40_000
    manifest = table(rows, 30_000, days=1)
    expected = groups_of(manifest)
    found = [score_files(manifest, None, **ROLES, secret=SECRET + bytes([n])).groups for n in range(40)]
    assert 8 <= sum(groups > expected for groups in found) <= 32
    distinct = pa.table({"who": np.arange(rows), "day": manifest["day"].fill_null(0), "usd": [1] * rows})
    assert max(score_files(distinct, None, **ROLES, secret=SECRET + bytes([n])).groups for n in range(20)) == rows
