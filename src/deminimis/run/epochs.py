"""When days can be released: pieces of a nearly sorted manifest, cut into waves by the bounds of their days.

After wave k, no later piece has a day before `ends[k]`, so all days before it are answered and let go (epoch k). The
rows of wave k lie in epoch k or in k + 1, which is the contract with the kernel's two open slots. Epochs are told apart
by the first day of the rule's window (day, month, quarter or year), so that none cuts a total in two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from ..roles.request import Roles
from ..rules.file import Window
from ..sources.base import Piece

SLOTS = 3
"""Epoch k lies in slot k % 3: while k is answered, k + 1 is open and the answers of k - 1 may still be waited for."""

NO_DAY = -(2**31)
LAST_DAY = 2**31 - 1
_TICKS = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


@dataclass(frozen=True)
class Wave:
    """Pieces [begin, end), whose days lie in [day_low, day_high]; days before `day_mid` are done with after it."""

    begin: int
    end: int
    day_low: int
    day_mid: int
    day_high: int


class Promise(NamedTuple):
    """The order of days that the caller promised, and what was done upon it: days are since 1970-01-01."""

    late_days: int
    answered: int  # the last day that is answered, with all days before it
    seen: int  # the latest day that was seen by then


def day_bounds(piece: Piece, roles: Roles, schema: pa.Schema) -> tuple[int, int] | None:
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


def window_start(day: int, window: Window, after: int = 0) -> int:
    """The first day of the window that a day lies in, or of the one `after` windows later. Any day will do."""
    if window == "day":
        return day + after
    months = {"month": 1, "quarter": 3, "year": 12}[window]
    number = np.datetime64(day, "D").astype("datetime64[M]").astype(np.int64) // months + after
    return int(np.datetime64(int(number) * months, "M").astype("datetime64[D]").astype(np.int64))


def plan(
    bounds: Sequence[tuple[int, int] | None], rows: Sequence[int], target_rows: int, window: Window = "day"
) -> list[Wave] | None:
    """Cut pieces into waves of about `target_rows` rows; None where the days do not allow two or more.

    A cut behind piece j is possible where all days after it are at or above the first day of some window that no piece
    up to the last cut reaches: so a wave's rows lie in its own epoch or the next.
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
        if seen >= target_rows and max(reached_at_cut, least_after[0]) < mid < LAST_DAY:
            cuts.append((j + 1, mid))
            seen, reached_at_cut = 0, reached
    if not cuts:
        return None
    waves = []
    begin, low = 0, NO_DAY + 1
    for k, (end, mid) in enumerate(cuts):
        high = cuts[k + 1][1] - 1 if k + 1 < len(cuts) else LAST_DAY
        waves.append(Wave(begin, end, low, mid, high))
        begin, low = end, mid
    waves.append(Wave(begin, len(known), low, LAST_DAY, LAST_DAY))
    return waves
