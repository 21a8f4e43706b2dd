"""One person-day that holds much of a manifest: all threads total it together, and the answers are the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import deminimis as dm
from deminimis.run import intake as feed
from deminimis.run import totals as totalling
from deminimis.run.run import Run
from deminimis.run.samples import is_often_refused

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
def test_totalled_by_all_threads(
    more: dict[str, Any], share: float, in_order: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mask and the counts are those of one thread, with small values and with values that fill every total."""
    monkeypatch.setattr(totalling, "HOT_ROWS", ROWS // 5)
    shared = []
    together = totalling._total_together

    def noted(totals: Any, p: int) -> None:
        shared.append(p)
        together(totals, p)

    monkeypatch.setattr(totalling, "_total_together", noted)
    for most in (2, 60):
        rows, options = table(share, in_order=in_order, most=most), ROLES | more
        assert dm.eligible(rows, **options, threads=3).equals(dm.eligible(rows, **options, threads=1))
        one, three = (dm.score_files(rows, None, **options, threads=threads) for threads in (1, 3))
        assert (one.eligible, one.reasons) == (three.eligible, three.reasons)
        assert one.value_eligible == three.value_eligible
        assert one.groups == pytest.approx(three.groups, rel=0.02)  # estimates
    assert bool(shared) == (share > 0)


@pytest.mark.parametrize(("most", "refused"), [(60, False), (100_000, True)])
def test_scattered_where_most_is_refused(most: int, refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows in the order of their days are scattered all the same where the sketch would prove few of them."""
    taken: list[Any] = []
    told: list[bool] = []
    expect = Run.expect

    def watched(run: Run, rows: int | None, **settings: Any) -> None:
        taken.append(settings.get("order"))
        expect(run, rows, **settings)

    def asked(*args: Any) -> bool:
        told.append(is_often_refused(*args))
        return told[-1]

    monkeypatch.setattr(Run, "expect", watched)
    monkeypatch.setattr(feed, "is_often_refused", asked)
    rows = table(0.0, in_order=True, most=most)
    mask = dm.eligible(rows, **ROLES)
    assert mask.equals(dm.score(rows, **ROLES).mask)
    assert told == [refused] and (taken[0] is None) == refused
