"""What rows say by themselves, as the kernel reads them: day, value, limit, person, step."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .._kernel import facts_of
from ..arrays import without_views
from ..rules.compiled import NOT_IN_FORCE
from ..rules.steps import Step
from . import casts
from .bindings import Bindings
from .request import Request

Integers: TypeAlias = npt.NDArray[np.signedinteger]

NO_DAY = np.iinfo(np.int32).min
_EPOCH = date(1970, 1, 1).toordinal()
_SPAN_MOST = 1 << 20
_REMEMBERED_MOST = 1 << 16


class Facts(NamedTuple):
    """What the rows of one batch say.

    Parameters
    ----------
    days, gates : numpy.ndarray
        int32: the day of each row, and the day that decides its step; `NO_DAY` where there is none.
    units : numpy.ndarray
        int64: its value in 1/10,000; below 0 where it is a bad value.
    limits : numpy.ndarray
        uint8: which of the rule's limits holds for it; `NOT_IN_FORCE` for none.
    missing : numpy.ndarray
        bool: whether it names nobody.
    """

    days: npt.NDArray[np.int32]
    gates: npt.NDArray[np.int32]
    units: npt.NDArray[np.int64]
    limits: npt.NDArray[np.uint8]
    missing: npt.NDArray[np.bool_]


def with_day_as_person(request: Request) -> Request:
    """The same but for the person, for which its day stands: of nobody's name is anything asked then."""
    return request._replace(persons=(request.day,), per=(), normalize=None, in_care_of=False)


def facts(bindings: Bindings, batch: pa.RecordBatch, file: str | None = None) -> Facts:
    """Read the rows of a batch."""
    rows = batch.num_rows
    days, gates, units = np.empty(4 * rows, np.uint8), np.empty(4 * rows, np.uint8), np.empty(8 * rows, np.uint8)
    limits, missing = np.empty(rows, np.uint8), np.empty(rows, np.uint8)
    ready = bindings.batch(batch, file)
    facts_of(bindings.settings, ready, days, gates, units, limits, missing)
    return Facts(days.view(np.int32), gates.view(np.int32), units.view(np.int64), limits, missing.astype(bool))


def days_as_dates(days: npt.NDArray[np.int32]) -> pa.Date32Array:
    """Days as Arrow has them, null where there is none."""
    return pa.array(days, mask=days == NO_DAY).cast(pa.date32())


class Steps:
    """Which step of the rule decides for each row, as `explain` says it of one."""

    def __init__(self, request: Request) -> None:
        self._rule = request.rule
        self._scopes = request.scopes
        self._numbers = {step: number for number, step in enumerate(self._rule.steps)}
        bounds = {bound for step in self._rule.steps for bound in (step.first, step.end)}
        self._bounds = np.array(sorted(bounds), np.int64)
        self._known: dict[tuple[object, ...], int] = {}
        self.texts = pa.array([_in_words(step) for step in self._rule.steps], pa.string())

    def of(self, batch: pa.RecordBatch, gates: npt.NDArray[np.int32]) -> npt.NDArray[np.int16]:
        """The number of each row's step; -1 for none."""
        if self._rule.is_stated:
            return np.zeros(len(gates), np.int16)
        runs = np.searchsorted(self._bounds, gates.astype(np.int64) + _EPOCH, side="right")
        runs[gates == NO_DAY] = -1
        values, codes = compact(runs)
        columns = [labels_of(batch, scope) for scope in self._scopes if scope is not None]
        labels, codes = combined([(int(run),) for run in values], codes, columns)
        found = [self._step(label) for label in labels]
        return np.array(found, np.int16)[codes] if found else np.zeros(0, np.int16)

    def _step(self, label: tuple[object, ...]) -> int:
        """By the run of days between two changes of the schedule, and the texts of the scopes."""
        found = self._known.get(label)
        if found is not None:
            return found
        told = iter(label)
        run = int(str(next(told)))
        scopes = [None if scope is None else _text(next(told)) for scope in self._scopes]
        steps = self._rule.steps
        if run >= 0:
            day = self._bounds[run - 1] if run else self._bounds[0] - 1
            step = self._rule.step_on(date.fromordinal(min(max(int(day), 1), date.max.toordinal())), *scopes)
        else:
            step = steps[0] if len(steps) == 1 else None
        number = -1 if step is None else self._numbers[step]
        if len(self._known) >= _REMEMBERED_MOST:
            self._known = {}
        self._known[label] = number
        return number


def limit_units(request: Request, facts: Facts) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """The limit of each row in units, and where none is in force or the day that decides is not known."""
    known = [limit for limit, *_ in request.compiled.limits] or [0]
    none = facts.limits == NOT_IN_FORCE
    if len(request.rule.steps) > 1:
        none |= facts.gates == NO_DAY
    return np.array(known, np.int64)[np.where(none, 0, facts.limits)], none


def labels_of(batch: pa.RecordBatch, column: object) -> tuple[list[object], Integers]:
    """The different texts of a column, None among them, and which of them each row has."""
    cells = casts.plain_text(without_views(casts.preparation([column], [None])(batch).column(0)))
    encoded = cells.dictionary_encode("encode")
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy(zero_copy_only=False)


def compact(numbers: Integers) -> tuple[Integers, Integers]:
    """The different numbers, ascending, and which of them each is."""
    if not len(numbers):
        return numbers, numbers
    low, high = int(numbers.min()), int(numbers.max())
    if high - low >= _SPAN_MOST:
        values, codes = np.unique(numbers, return_inverse=True)
        return values, codes
    places = numbers.astype(np.int64) - low
    there = np.zeros(high - low + 1, bool)
    there[places] = True
    return np.flatnonzero(there) + low, (np.cumsum(there) - 1)[places]


def combined(
    labels: list[tuple[object, ...]], codes: Integers, columns: Iterable[tuple[list[object], Integers]]
) -> tuple[list[tuple[object, ...]], Integers]:
    """Labels of several columns together: those that occur, and which of them each row has."""
    for more, own in columns:
        if not more:
            return [], codes
        both, codes = compact(codes.astype(np.int64) * len(more) + own)
        labels = [(*labels[int(one) // len(more)], more[int(one) % len(more)]) for one in both]
    return labels, codes


def _text(cell: object) -> str | None:
    return None if cell is None else str(cell)


def _in_words(step: Step) -> str:
    return f"{step.scope} {step.days}: {step.citation}"
