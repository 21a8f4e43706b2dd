"""One person-day that holds much of a manifest: all threads total it together, and the answers are the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from handed import eligible, run_of, score_files

import deminimis as dm
from deminimis.results.scored import mask_of
from deminimis.sizes import Sizes

ROWS = 150_000
ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "value", "limit": 800}


def table(share: float, *, in_order: bool, most: int = 60) -> pa.Table:
    """Rows of thirty days, of which a share are of person 7 on one day; some values are missing."""
    chance = np.random.default_rng(1)
    day = np.arange(ROWS) * 30 // ROWS if in_order else chance.integers(0, 30, ROWS)
    giant = chance.random(ROWS) < share
    who = np.where(giant, 7, chance.integers(0, ROWS // 9, ROWS))
    day = np.where(giant, 11, day)
    bad = chance.random(ROWS) < 1e-3
    values = pa.array(chance.integers(0, most, ROWS), mask=bad & ~giant)
    excluded = chance.random(ROWS) < 0.1
    days = pa.array((19_700 + day).astype(np.int32), pa.date32())
    return pa.table({"who": who, "day": days, "value": values, "excluded": excluded})


@pytest.mark.parametrize("in_order", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("more", [{}, {"excluded": "excluded"}, {"bad_values": "ignore"}, {"limit": 10**4}])
def test_totalled_by_all_threads(more: dict[str, Any], share: float, in_order: bool) -> None:
    """The mask and the counts are those of one thread, with small values and with values that fill every total."""
    sizes = Sizes(hot_rows=ROWS // 5)
    for most in (2, 60):
        rows, options = table(share, in_order=in_order, most=most), ROLES | more
        assert eligible(rows, **options, threads=3, sizes=sizes).equals(dm.eligible(rows, **options, threads=1))
        one, three = (score_files(rows, None, **options, threads=threads, sizes=sizes) for threads in (1, 3))
        assert (one.eligible, one.reasons) == (three.eligible, three.reasons)
        assert one.value_eligible == three.value_eligible
        assert one.groups == pytest.approx(three.groups, rel=0.02)  # estimates


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_hot_partitions(share: float) -> None:
    """The partition of a person-day that holds much of the rows is one for all threads, and no other is."""
    run = run_of(False, True, sizes=Sizes(hot_rows=ROWS // 5), threads=3, **ROLES)
    for _ in run.answer_table(table(share, in_order=False)):
        pass
    assert run.workers.hot_partitions == (share > 0)


@pytest.mark.parametrize(("most", "kind"), [(60, "in day order"), (800, "scattered")])
def test_scattered_where_most_is_refused(most: int, kind: str) -> None:
    """Rows in the order of their days are scattered all the same where the sketch would prove few of them."""
    rows = table(0.0, in_order=True, most=most)
    if kind == "scattered":
        rows = rows.set_column(0, "who", pa.array(np.arange(ROWS) % 900))
    run = run_of(False, False, **ROLES)
    assert mask_of(run.answer_table(rows)).equals(dm.score(rows, **ROLES).mask)
    assert run.way is not None and run.way.kind == kind
