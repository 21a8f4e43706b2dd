"""What is true of the rows of a table, as arrays of integers, and the answers that follow. No Arrow and no package.

It shares nothing with tests/oracle.py: that one reads cells and sums row by row in a dict; here the truth comes first,
sums are counted in pieces of 21 bits by NumPy, and cells are written from it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

REASONS = (
    "no-person", "no-day", "not-in-force", "bad-value", "excluded", "over-row-limit", "over-limit", "unproven-total",
    "eligible",
    "copy",
)  # fmt: skip
PIECE_BITS = 21
PIECE = (1 << PIECE_BITS) - 1
GROUPS_DENSE = 1 << 23
ROWS_IN_STEP = 200
"""Up to so many rows of a group, `excess` walks all groups at once, rank by rank; longer groups walk alone."""


@dataclass(frozen=True)
class Truth:
    """Rows by number: person, day, price, quantity, origin index palettes that the columns are written from."""

    person: Ints
    """-1: missing."""
    day: Ints
    """An index into the days; -1: missing."""
    price: Ints
    quantity: Ints
    origin: Ints
    excluded: Ints
    """0 no, 1 yes, 2 not known."""

    def take(self, rows: Ints) -> Truth:
        """Some of the rows."""
        return Truth(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True)
class Terms:
    """What the rows are judged by."""

    overflow: Literal["all", "excess"]
    bad_values: Literal["unproven", "ignore"]
    count_excluded: bool
    units: npt.NDArray[np.int64]
    """By price and quantity; -1 is a bad value."""
    period: Ints
    """The window of each day."""
    limit: npt.NDArray[np.int64]
    """In units, by day and origin; -1: not in force."""


@dataclass(frozen=True)
class Answers:
    """The answer of each row; a total is `high` * 2**64 + `low`."""

    reason: npt.NDArray[np.uint8]
    has_total: Truths
    low: npt.NDArray[np.uint64]
    high: Ints

    @property
    def eligible(self) -> Truths:
        """Whether each row is."""
        return np.asarray(self.reason == REASONS.index("eligible"))


def judge(truth: Truth, terms: Terms) -> Answers:
    """Answer every row."""
    rows = len(truth)
    reason = np.full(rows, 255, np.uint8)
    limit = terms.limit[truth.day, truth.origin]
    units = terms.units[truth.price, truth.quantity]
    reason[limit < 0] = REASONS.index("not-in-force")
    reason[truth.day < 0] = REASONS.index("no-day")
    reason[truth.person < 0] = REASONS.index("no-person")
    at = np.flatnonzero(reason == 255)
    limit, units, excluded = limit[at], units[at], truth.excluded[at] != 0
    group, groups = _numbered(truth.person[at], terms.period[truth.day[at]])
    counted = np.ones(len(at), bool) if terms.count_excluded else ~excluded
    low, high = _sums(np.where(counted & (units > 0), units, 0), group, groups)
    unproven = np.zeros(groups, bool)
    if terms.bad_values == "unproven":
        unproven[group[counted & (units < 0)]] = True
    low, high = low[group], high[group]
    if terms.overflow == "all":
        over = (high > 0) | (low > limit.astype(np.uint64))
    else:
        over = ~_fits(units, limit, group, excluded, terms.count_excluded)
    found = np.where(unproven[group], np.uint8(REASONS.index("unproven-total")), np.uint8(REASONS.index("eligible")))
    found[over] = REASONS.index("over-limit")
    found[excluded] = REASONS.index("excluded")
    found[units < 0] = REASONS.index("bad-value")
    reason[at] = found
    lows, highs, has_total = np.zeros(rows, np.uint64), np.zeros(rows, np.int64), np.zeros(rows, bool)
    lows[at], highs[at], has_total[at] = low, high, True
    return Answers(reason, has_total, lows, highs)


def _numbered(person: Ints, period: Ints) -> tuple[Ints, int]:
    """Each row's group as a number below the count."""
    if not len(person):
        return person, 0
    periods = int(period.max()) + 1
    group = person * periods + period
    most = int(group.max()) + 1
    if most <= GROUPS_DENSE:
        return group, most
    distinct, group = np.unique(group, return_inverse=True)
    return group, len(distinct)


def _sums(units: Ints, group: Ints, groups: int) -> tuple[npt.NDArray[np.uint64], Ints]:
    """The sum of each group, as words of 64 bits. Pieces of 21 bits of fewer than 2**32 rows are exact as floats."""
    pieces = []
    carry = np.zeros(groups, np.int64)
    for shift in range(0, 63, PIECE_BITS):
        piece = (units >> shift) & PIECE
        if shift == 0 or piece.any():
            carry = carry + np.bincount(group, piece, groups).astype(np.int64)
        pieces.append((carry & PIECE).astype(np.uint64))
        carry = carry >> PIECE_BITS
    low = pieces[0] | pieces[1] << np.uint64(PIECE_BITS) | pieces[2] << np.uint64(2 * PIECE_BITS)
    return low | (carry & 1).astype(np.uint64) << np.uint64(63), carry >> 1


def _fits(units: Ints, limit: Ints, group: Ints, excluded: Truths, count_excluded: bool) -> Truths:
    """Whether each row fits beside those of its group that were accepted before it. An excluded row takes its room
    where it counts, a bad value takes none."""
    fits = np.zeros(len(units), bool)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    lengths = np.diff(starts, append=len(order))
    for start, length in zip(starts[lengths > ROWS_IN_STEP], lengths[lengths > ROWS_IN_STEP], strict=True):
        rows = order[start : start + length]
        fits[rows] = _walk(units[rows].tolist(), limit[rows].tolist(), excluded[rows].tolist(), count_excluded)
    starts, lengths = starts[lengths <= ROWS_IN_STEP], lengths[lengths <= ROWS_IN_STEP]
    beyond = int(limit.max(initial=0)) + 1  # sums past every limit are all one
    accepted = np.zeros(len(starts), np.int64)
    for rank in range(int(lengths.max(initial=0))):
        there = np.flatnonzero(lengths > rank)
        rows = order[starts[there] + rank]
        amount, out = np.minimum(units[rows], beyond), excluded[rows]
        is_fit = ~out & (amount >= 0) & (accepted[there] + amount <= limit[rows])
        takes = is_fit | (out & (amount >= 0) & count_excluded)
        accepted[there] = np.minimum(accepted[there] + np.where(takes, amount, 0), beyond)
        fits[rows] = is_fit
    return fits


def _walk(units: list[int], limit: list[int], excluded: list[bool], count_excluded: bool) -> list[bool]:
    accepted, fits = 0, []
    for amount, most, out in zip(units, limit, excluded, strict=True):
        if amount < 0:
            fits.append(False)
        elif out:
            accepted += amount if count_excluded else 0
            fits.append(False)
        else:
            fits.append(accepted + amount <= most)
            accepted += amount if fits[-1] else 0
    return fits
