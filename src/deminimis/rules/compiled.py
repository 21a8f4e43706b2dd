"""A schedule as the kernel takes it: a table of limits by day and class of rows, and what the classes are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from .scopes import Scopes
from .steps import Step, Terms

NOT_IN_FORCE = 255
"""The entry of `CompiledRule.table` for a day on which nothing qualifies."""

_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Axis:
    """One thing that steps ask for: the number of its classes (1: none asks), that of what is missing or not known,
    that of a country which no step names, and the codes that steps name, each with its class."""

    classes: int
    unknown: int
    other: int
    codes: dict[bytes, int]
    is_of_countries: bool = True

    @property
    def is_asked(self) -> bool:
        return self.classes > 1

    def told(self, column: int) -> tuple[int, int, int, int, bool, dict[bytes, int]]:
        """As the kernel takes it, read from that column."""
        return column, self.classes, self.unknown, self.other, self.is_of_countries, self.codes


@dataclass(frozen=True)
class CompiledRule:
    """A rule as the kernel reads it: one byte for each day and class of rows.

    Parameters
    ----------
    limits : tuple of (int, int, bool)
        The distinct terms, ascending: the limit in units of 1/10,000, the limit of a row, and whether one above it
        counts; empty where nothing ever qualifies.
    day_first : int
        The day of the table's first column, in days since 1970-01-01. Days before and after the table take its first
        and last column.
    table : numpy.ndarray
        uint8, shape (classes, days), C order, read-only: an index into `limits`, or 255 for not in force.
    steady : numpy.ndarray
        int32, shape (days,): the last column of the run of equal columns that each column lies in.
    origins, senders, kinds : Axis
        What the classes of rows are made of; those of origins vary fastest. A kind that is not named is not known.
    """

    limits: tuple[Terms, ...]
    day_first: int
    table: npt.NDArray[np.uint8]
    steady: npt.NDArray[np.int32]
    origins: Axis
    senders: Axis
    kinds: Axis

    @property
    def is_constant(self) -> bool:
        """Whether every row has the same limit, whatever its day."""
        return self.table.shape == (1, 1) and self.table[0, 0] != NOT_IN_FORCE


def compile_steps(steps: Sequence[Step]) -> CompiledRule:
    """The table of a sound schedule; it says of every day and row what `Rule.step_on` says."""
    limits = sorted({step.terms for step in steps if step.limit is not None})
    scopes = Scopes(steps)
    changes = {day.toordinal() for step in steps for day in (step.effective_from, step.effective_to) if day}
    first = min(changes) - 1 if changes else _EPOCH
    days = max(changes) - first + 1 if changes else 1
    rows = np.full((len(scopes.cells()), days), NOT_IN_FORCE, np.uint8)
    for row, cell in zip(rows, scopes.cells(), strict=True):
        for step in sorted(scopes.timeline(cell), key=lambda step: (bool(step.kind), step.first)):
            begin, end = max(step.first - first, 0), max(step.end - first, 0)
            row[begin:end] = NOT_IN_FORCE if step.limit is None else limits.index(step.terms)
    table = rows.reshape(len(scopes.origins), len(scopes.senders), len(scopes.kinds) + 1, days)
    for axis, groups in enumerate((scopes.origins, scopes.senders)):
        if len(groups) > 1:
            table = np.insert(table, 1, _strictest(table, axis), axis=axis)
    if scopes.kinds:  # the first is of every kind that no step names, which is not known to be none of these
        table = np.concatenate([np.expand_dims(_strictest(table, 2), 2), table[:, :, 1:]], axis=2)
    table = np.ascontiguousarray(table.transpose(2, 1, 0, 3).reshape(-1, days))
    table.flags.writeable = False
    ends = np.flatnonzero(np.append((table[:, 1:] != table[:, :-1]).any(axis=0), True))
    steady = ends[np.searchsorted(ends, np.arange(days))].astype(np.int32)
    origins, senders = _axis_of_countries(scopes.origins), _axis_of_countries(scopes.senders)
    kinds = Axis(len(scopes.kinds) + 1, 0, 0, {kind.encode(): i for i, kind in enumerate(scopes.kinds, 1)}, False)
    return CompiledRule(tuple(limits), first - _EPOCH, table, steady, origins, senders, kinds)


def _strictest(table: npt.NDArray[np.uint8], axis: int) -> npt.NDArray[np.uint8]:
    """The least limit along an axis; limits ascend, and 255, above every index, is that nothing qualifies."""
    is_out = (table == NOT_IN_FORCE).any(axis=axis)
    return np.where(is_out, NOT_IN_FORCE, table.min(axis=axis)).astype(np.uint8)


def _axis_of_countries(groups: Sequence[Sequence[str]]) -> Axis:
    """Class 0 is of any other country, class 1 of what is not known; one class where no step lists any."""
    if len(groups) == 1:
        return Axis(1, 0, 0, {})
    codes = {code.encode("ascii"): number for number, codes in enumerate(groups, 1) for code in codes}
    return Axis(len(groups) + 1, 1, 0, codes)
