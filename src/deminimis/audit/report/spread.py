"""How person-days lie around their limit: a histogram, the share of rows that other limits would let pass, and counts.

Made of the table of totals as it streams by: nothing of it is held, and its order plays no part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Integers: TypeAlias = npt.NDArray[np.int64]

BIN_PERCENT = 5
"""The width of a bar of the histogram, of the limit."""
FROM_PERCENT, TO_PERCENT = 50, 150
CURVE_PERCENT = 200
"""The curve's last limit, of the limit in force."""
_MOST = 1 << 62
_BINS = (TO_PERCENT - FROM_PERCENT) // BIN_PERCENT
_STEPS = CURVE_PERCENT // BIN_PERCENT


@dataclass
class Spread:
    """What the person-days of a manifest come to.

    Attributes
    ----------
    groups, over, unproven : int
        Person-days; those above their least limit; those not above it with a bad value, whose total is not proven.
    bars : list of int
        Person-days whose total is within each twentieth of their limit, from half of it to one and a half: above the
        lower end, up to the upper end, so that a total that is exactly the limit is below the line.
    below, beyond : int
        Those with less and with more than the bars show.
    rows, passing : list of int
        Rows of person-days, and of them those that each step of the curve's limits would let pass.
    limits : dict
        Limits and how many person-days have each as their least.
    """

    groups: int = 0
    over: int = 0
    unproven: int = 0
    below: int = 0
    beyond: int = 0
    rows: int = 0
    bars: list[int] = field(default_factory=lambda: [0] * _BINS)
    passing: list[int] = field(default_factory=lambda: [0] * _STEPS)
    limits: dict[Decimal, int] = field(default_factory=dict)

    def add(self, batch: pa.RecordBatch, *, is_unproven: bool) -> None:
        """Take some person-days; `is_unproven`: one bad value leaves the total of its person-day unproven."""
        totals, limits = (units_of(batch.column(name)) for name in ("total", "least_limit"))
        rows, bad, excluded = (batch.column(name).to_numpy() for name in ("rows", "bad_rows", "excluded_rows"))
        over = batch.column("over").to_numpy(zero_copy_only=False)
        unproven = (bad > 0) & is_unproven & ~over
        self.groups += len(totals)
        self.over += int(over.sum())
        self.unproven += int(unproven.sum())
        for limit, times in zip(*np.unique(limits, return_counts=True), strict=True):
            amount = Decimal(int(limit)).scaleb(-4)
            self.limits[amount] = self.limits.get(amount, 0) + int(times)
        where = _places(totals, limits)
        self.below += int((where < 0).sum())
        self.beyond += int((where >= _BINS).sum())
        inside = where[(where >= 0) & (where < _BINS)]
        self.bars = [n + int(more) for n, more in zip(self.bars, np.bincount(inside, minlength=_BINS), strict=True)]
        self.rows += int(rows.sum())
        good = np.where(unproven | ((bad > 0) & is_unproven), 0, rows - bad - excluded)
        needed = _steps(totals, limits)
        counts = np.bincount(np.minimum(needed, _STEPS), weights=good, minlength=_STEPS + 1)[:_STEPS]
        self.passing = [n + int(more) for n, more in zip(self.passing, np.cumsum(counts), strict=True)]

    @property
    def limit(self) -> Decimal | None:
        """The limit of all person-days; None where they have several, or none."""
        return next(iter(self.limits)) if len(self.limits) == 1 else None


def spread_of(batches: Iterable[pa.RecordBatch], *, is_unproven: bool) -> Spread:
    """The spread of a table of totals."""
    found = Spread()
    for batch in batches:
        found.add(batch, is_unproven=is_unproven)
    return found


def units_of(amounts: pa.Decimal128Array) -> Integers:
    """Amounts without nulls in 1/10,000; what is beyond 2**62 of them is 2**62."""
    cells = np.frombuffer(amounts.buffers()[1] or b"", np.uint64).reshape(-1, 2)
    low, high = cells[amounts.offset : amounts.offset + len(amounts)].T
    return np.where((high == 0) & (low < _MOST), low, _MOST).astype(np.int64)


def _places(totals: Integers, limits: Integers) -> Integers:
    """The bar of each total: -1 below all, as many as there are beyond; a limit of 0 has no bars."""
    share = _twentieths(totals, limits) - 1 - FROM_PERCENT // BIN_PERCENT
    return np.clip(share, -1, _BINS)


def _steps(totals: Integers, limits: Integers) -> Integers:
    """The first step of the curve whose limit lets each total pass, counted from 0."""
    return np.maximum(_twentieths(totals, limits) - 1, 0)


def _twentieths(totals: Integers, limits: Integers) -> Integers:
    """How many twentieths of its limit a total takes, rounded up; exact, and the same for all that is far beyond."""
    shares = 100 // BIN_PERCENT
    far = (_STEPS + _BINS) * 4
    capped = np.minimum(totals, np.minimum(limits, _MOST // far) * (far // shares))
    found = -(-(capped * shares) // np.maximum(limits, 1))
    return np.where(limits > 0, np.minimum(found, far), np.where(totals > 0, far, 0)).astype(np.int64)
