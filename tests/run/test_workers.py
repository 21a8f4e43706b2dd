"""Workers over several epochs: what they count is all that they read, however many of them came when."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pyarrow as pa
import pytest
from handed import run_of

from deminimis.rules.days import LAST_DAY, NO_DAY
from deminimis.run.stretches import Days
from deminimis.run.way import Way

MANY = 10**9
"""Rows that are worth all workers."""


@pytest.mark.parametrize("rows_told", [(5, 5), (5, MANY), (MANY, 5), (MANY, None), (None, MANY)])
@pytest.mark.parametrize("outcomes", [False, True])
def test_counts_of_all_epochs(rows_told: tuple[int | None, int | None], outcomes: bool) -> None:
    """The counts of an epoch that has ended stay, also where the next is said to be worth more workers or fewer."""
    way = Way("in epochs", workers=3, slots=2)
    roles = {"person": "who", "day": "day", "value": "usd", "limit": 10}
    first = pa.table({"who": [1, 1, 2], "day": np.zeros(3, "datetime64[D]"), "usd": [5, 5, 11]})
    second = pa.table({"who": [1, 3], "day": np.ones(2, "datetime64[D]"), "usd": [10, 12]})
    with closing(run_of(outcomes, True, way, threads=3, memory_limit="1GiB", **roles)) as run:
        parts = [list(run.intake.of_object(table, 1)) for table in (first, second)]
        workers = run.workers
        masks = []
        for number, days in enumerate([Days(NO_DAY + 1, 1), Days(1, LAST_DAY)]):
            workers.read(iter(parts[number]), rows_told[number], days)
            masks += [answer.mask for answer in workers.end_epoch(None, last=number == 1)]
        counts = workers.counts
    assert pa.concat_arrays(masks).to_pylist() == [True, True, False, True, False]
    assert (counts.groups, counts.units_eligible, counts.reasons[-1], sum(counts.reasons)) == (4, 200_000, 3, 5)
