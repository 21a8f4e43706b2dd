"""When days can be released: a manifest in epochs, by the bounds of its pieces' days or by a promise of their order.

Epochs are told apart by the first day of the rule's window (day, month, quarter or year), so that none cuts a total in
two. The rows that are read while epoch k is the oldest open one lie in k or in k + 1, which is the contract with the
kernel's two open slots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.types as pt

from ..roles.request import Request
from ..rules.days import LAST_DAY, NO_DAY, Window, window_start
from ..sources.base import Piece

SLOTS = 3
"""Epoch k lies in slot k % 3: while k is answered, k + 1 is open and the answers of k - 1 may still be waited for."""

_TICKS = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


@dataclass(frozen=True)
class Epoch:
    """Pieces [begin, end), whose days lie in [day_low, day_high]; days before `day_mid` are done with after it."""

    begin: int
    end: int
    rows: int
    day_low: int
    day_mid: int
    day_high: int


def day_bounds(piece: Piece, roles: Request, schema: pa.Schema) -> tuple[int, int] | None:
    """The first and last day that a piece can hold, by its metadata; None where that does not tell."""
    if not isinstance(roles.day, str) or roles.day_format is not None:
        return None
    found = piece.statistics(roles.day)
    if found is None or found.min is None or found.max is None:
        return None
    kind = schema.field(roles.day).type
    if isinstance(found.min, int) and isinstance(found.max, int):
        if pt.is_date32(kind):
            return found.min, found.max
        if pt.is_date64(kind):
            return found.min // _TICKS["ms"], found.max // _TICKS["ms"]
        if pt.is_timestamp(kind):
            around = 1 if kind.tz else 0  # a zone moves an instant by less than a day
            return found.min // _TICKS[kind.unit] - around, found.max // _TICKS[kind.unit] + around
        return None
    if roles.timezone is not None:
        return None
    try:
        first, last = (date.fromisoformat(str(text)[:10]).toordinal() for text in (found.min, found.max))
    except ValueError:
        return None
    return first - date(1970, 1, 1).toordinal(), last - date(1970, 1, 1).toordinal()


def plan_epochs(
    bounds: Sequence[tuple[int, int] | None],
    rows: Sequence[int],
    target_rows: int,
    window: Window = "day",
    pieces: int = 1,
) -> tuple[Epoch, ...] | None:
    """Cut pieces into epochs of about `target_rows` rows and a multiple of so many pieces; None where the days do not
    allow two or more.

    A cut behind piece j is possible where all days after it are at or above the first day of some window that no piece
    up to the last cut reaches: so an epoch's rows lie in its own epoch or the next.
    """
    if not bounds or any(pair is None for pair in bounds):
        return None
    known = [pair for pair in bounds if pair is not None]
    least_after = [LAST_DAY] * (len(known) + 1)
    for i in range(len(known) - 1, -1, -1):
        least_after[i] = min(least_after[i + 1], window_start(known[i][0], window))
    cuts: list[tuple[int, int]] = []
    seen, reached, reached_at_cut = 0, NO_DAY, NO_DAY
    for j in range(len(known) - 1):
        seen += rows[j]
        reached = max(reached, known[j][1])
        mid = least_after[j + 1]
        many = j + 1 - (cuts[-1][0] if cuts else 0)
        if seen >= target_rows and many % pieces == 0 and max(reached_at_cut, least_after[0]) < mid < LAST_DAY:
            cuts.append((j + 1, mid))
            seen, reached_at_cut = 0, reached
    if not cuts:
        return None
    epochs = []
    begin, low = 0, NO_DAY + 1
    for k, (end, mid) in enumerate(cuts):
        high = cuts[k + 1][1] - 1 if k + 1 < len(cuts) else LAST_DAY
        epochs.append(Epoch(begin, end, sum(rows[begin:end]), low, mid, high))
        begin, low = end, mid
    epochs.append(Epoch(begin, len(known), sum(rows[begin:]), low, LAST_DAY, LAST_DAY))
    return tuple(epochs)
