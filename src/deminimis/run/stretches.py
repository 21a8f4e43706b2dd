"""A manifest as stretches: runs of parts that are read together, and where an epoch ends between them.

A whole manifest is one stretch. By statistics there is one for each epoch. By a promise of the days' order, parts are
read in groups: between two groups all rows up to some place are in, so the latest day among them bounds the days that
can still come. The kernel holds each row's day against what is answered already: a broken promise is an error, never a
wrong mask.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from ..rules.days import LAST_DAY, NO_DAY, window_start
from .account import Account
from .epochs import Epoch
from .order import Promise
from .parts import Part
from .way import Terms, Way


class Days(NamedTuple):
    """Where rows go by their days: from `mid` on to the next epoch, with LAST_DAY none; outside [low, high] nowhere.

    A day outside breaks the promise; where there is none, it belies the file's statistics.
    """

    low: int
    mid: int
    high: int = LAST_DAY
    promise: Promise | None = None


class Stretch(NamedTuple):
    """Parts that are read together; `rows` are how many, None where that is not known.

    `days` is None where days are not told apart. The open epoch ends behind a stretch that `ends`.
    """

    parts: Iterator[Part]
    rows: int | None = None
    days: Days | None = None
    ends: bool = False


class Stretches(ABC):
    """Cuts a manifest, which may come in several steps, into stretches."""

    @abstractmethod
    def of(self, parts: Iterator[Part], rows: int | None) -> Iterator[Stretch]:
        """The stretches of some more parts; each is read before the next is asked for."""

    def rest(self) -> Iterator[Stretch]:
        """What is left where no more parts come, before the last epoch ends."""
        return iter(())


class Whole(Stretches):
    """All parts together."""

    def of(self, parts: Iterator[Part], rows: int | None) -> Iterator[Stretch]:
        yield Stretch(parts, rows)


class ByStatistics(Stretches):
    """The epochs that the bounds of the pieces' days allow; parts are these pieces."""

    def __init__(self, epochs: tuple[Epoch, ...]) -> None:
        self._epochs = epochs

    def of(self, parts: Iterator[Part], rows: int | None) -> Iterator[Stretch]:
        for epoch in self._epochs:
            days = Days(epoch.day_low, epoch.day_mid, epoch.day_high)
            yield Stretch(islice(parts, epoch.end - epoch.begin), None, days, epoch is not self._epochs[-1])


class ByPromise(Stretches):
    """Epochs by the promised order of days.

    The open epoch takes all rows until they are enough. Then a line is drawn behind the window (day, month, quarter or
    year) of the latest day so far: rows beyond it belong to the next epoch. Once no row before the line can come, the
    epoch ends.
    """

    def __init__(self, terms: Terms, seen: Account) -> None:
        self._seen = seen
        self._late_days = terms.request.late_days
        self._window = terms.request.rule.window
        self._group = terms.budget.group_rows(terms.threads, terms.sizes.group_rows_least)
        self._enough = terms.budget.epoch_rows - 2 * self._group  # a group may pass this, and another the line
        self._begin = 0  # the row from which the open epoch has rows
        self._line, self._line_at = LAST_DAY, 0  # where the line lies, and before which row it was drawn
        self._low = NO_DAY + 1
        self._promise: Promise | None = None

    def of(self, parts: Iterator[Part], rows: int | None) -> Iterator[Stretch]:
        seen = self._seen
        while (head := next(parts, None)) is not None:
            left = 0 if self._has_line else self._enough - (seen.rows - self._begin)
            days = Days(self._low, self._line, LAST_DAY, self._promise)
            yield Stretch(group_of_parts(head, parts, max(left, self._group)), None, days)
            if self._has_line and seen.latest_day - self._late_days >= self._line:
                yield Stretch(iter(()), ends=True)
                self._promise = Promise(self._late_days, self._line - 1, seen.latest_day)
                self._begin, self._low, self._line = self._line_at, self._line, LAST_DAY
            if not self._has_line and seen.rows - self._begin >= self._enough and seen.latest_day != NO_DAY:
                self._line = min(window_start(seen.latest_day, self._window, after=1), LAST_DAY)
                self._line_at = seen.rows

    def rest(self) -> Iterator[Stretch]:
        if self._has_line and self._line <= self._seen.latest_day:
            yield Stretch(iter(()), ends=True)

    @property
    def _has_line(self) -> bool:
        return self._line != LAST_DAY


def group_of_parts(head: Part, rest: Iterator[Part], rows: int) -> Iterator[Part]:
    """A part and more of the rest, of about so many rows together."""
    part: Part | None = head
    while part is not None:
        rows -= max(part.rows, 1)
        yield part
        part = next(rest, None) if rows > 0 else None


def stretches_of(way: Way, terms: Terms, seen: Account) -> Stretches:
    """How a manifest is cut that goes this way."""
    if way.kind != "in epochs":
        return Whole()
    return ByPromise(terms, seen) if way.epochs is None else ByStatistics(way.epochs)
