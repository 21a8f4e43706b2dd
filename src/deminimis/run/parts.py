"""What workers work on: batches bound to their roles, parts of a manifest going in, one worker's rows, and what all
rows came to."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from .._kernel import Batch, Partitioner, Settings, Totals
from ..errors import BadValueError, InputError, OrderError, OutOfMemoryError
from ..roles.binding import Binding, bind
from ..roles.request import Roles
from .answers import Span
from .epochs import Promise
from .spill import Spill

ORDER_SHIFT = 36
"""Rows are ordered by (place of their part in the manifest) << 36 | place in the part."""


class Bindings:
    """The roles bound to the schema of each batch of one manifest; batches may differ in theirs."""

    def __init__(self, roles: Roles, *, wide: bool, tally: bool) -> None:
        self._roles = roles
        self._wide = wide
        self._tally = tally
        self._made: list[tuple[pa.Schema, Binding]] = []
        self._lock = threading.Lock()

    @property
    def first(self) -> Binding | None:
        """The binding of the first schema, once it is there."""
        return self._made[0][1] if self._made else None

    @property
    def settings(self) -> Settings:
        """What the rows mean; the same for all batches. Something has to be bound."""
        return self._made[0][1].settings

    @property
    def is_wide(self) -> bool:
        """Whether records are wide; not known to be, before something is bound."""
        return self.first is not None and self.first.settings.wide

    @property
    def has_outcomes(self) -> bool:
        """Whether records become outcomes; not known to, before something is bound."""
        return self.first is not None and self.first.settings.outcomes

    def of(self, schema: pa.Schema, file: str | None) -> Binding:
        """The roles bound to this schema; the same for equal schemas."""
        for seen, binding in self._made:
            if seen.equals(schema):
                return binding
        made = bind(self._roles, schema, wide=self._wide, tally=self._tally, file=file)
        if self.first is not None and made.identity != self.first.identity:
            kinds = f"{', '.join(made.identity)} here, {', '.join(self.first.identity)} before"
            raise InputError(f"the person's type changes within the manifest ({kinds}): cast it", file=file)
        with self._lock:
            self._made.append((schema, made))
        return made

    def batch(self, batch: Any, file: str | None) -> Batch:
        """A record batch as the kernel reads it."""
        binding = self.of(batch.schema, file)
        ready = binding.prepare(batch) if binding.prepare else batch
        return Batch(ready.__arrow_c_array__()[1], binding.settings, binding.places)


@dataclass
class Part:
    """A run of batches that one worker reads in order: a piece of a file, or a slice of a batch.

    `rows` may be a guess. `first_row` is the number of the piece's first row within its file or stream, None where that
    is not known before all parts of the file up to it were read (`RowsRead`). `rows_before` of the piece came in
    earlier parts. `file` is the name of a stream too; `label` is that of the piece.
    """

    batches: Iterable[tuple[Batch, int, int]]
    rows: int = 0
    file: str | None = None
    label: str | None = None
    first_row: int | None = 0
    bytes: int = 0
    rows_before: int = 0

    def place(self, row: int) -> dict[str, Any]:
        """Where a row of this part is, as errors say it."""
        return {"file": self.file, "row": row + (self.first_row or 0) + self.rows_before}


class RowsRead:
    """The rows of the parts that were read, to tell the row of a file whose part does not know where it begins."""

    def __init__(self) -> None:
        self._parts: list[tuple[int, str | None, int]] = []

    def note(self, order: int, part: Part, rows: int) -> None:
        """This part was read to its end."""
        self._parts.append((order, part.file, rows))

    def place(self, error: InputError) -> None:
        """Give the error its row's number within the file, once all parts before it were read."""
        if error.in_part is not None:
            order, file, row = error.in_part
            before = sum(rows for at, name, rows in self._parts if name == file and at < order)
            InputError.__init__(error, error.message, file=file, column=error.column, row=before + row)


@dataclass
class Worker:
    """One thread's records, the rows that it added and has not answered yet, and the batches that are read again."""

    partitioner: Partitioner
    spans: list[Span] = field(default_factory=list)
    kept: list[tuple[Batch, int, int]] = field(default_factory=list)
    spill: Spill | None = None


@dataclass(frozen=True)
class Counts:
    """What the rows came to: rows by reason, groups, sums of known units, first and last day."""

    reasons: tuple[int, ...]
    groups: int
    units_eligible: int
    units_known: int
    days: tuple[int, int] | None


def add_rows(
    worker: Worker,
    part: Part,
    batch: Batch,
    start: int,
    stop: int,
    *,
    row: int,
    order: int,
    roles: Roles,
    promise: Promise | None,
) -> None:
    """Partition rows [start, stop) of a batch, the first of which is row number `row` of its part."""

    def placed(error: InputError, at: int) -> InputError:
        if part.first_row is None:
            error.in_part = order, part.file, at
        return error

    try:
        bad = worker.partitioner.add(batch, start, stop, (order << ORDER_SHIFT) + row)
    except MemoryError as error:
        raise OutOfMemoryError(str(error) or "out of memory") from None
    except LookupError as error:
        late, day = error.args
        at = row + late - start
        raise placed(OrderError(_why_late(day, promise), column=str(roles.day), **part.place(at)), at) from None
    except ValueError as error:
        raise InputError(f"{error}", file=part.label or part.file) from None
    if bad >= 0:
        at = row + bad - start
        wrong = "the value is missing, negative, not finite, too large or not a number; mend it, or set bad_values="
        raise placed(BadValueError(wrong, column=str(roles.value), **part.place(at)), at)


def _why_late(day: int, promise: Promise | None) -> str:
    if promise is None:
        return f"the day {_iso(day)} lies where the statistics of the row groups have none; write the file anew"
    return (
        f"the day {_iso(day)} comes when the days up to {_iso(promise.answered)} are answered, as {_iso(promise.seen)} "
        f'was seen and sorted_by="day" promised with late_days={promise.late_days}; '
        f"give late_days={promise.seen - day} or more, or leave sorted_by= out"
    )


def _iso(day: int) -> str:
    return str(np.datetime64(day, "D"))


def count(workers: Sequence[Worker], totals: Sequence[Totals]) -> Counts:
    """The counts of all workers and tables together."""
    own = [0] * 6
    known = eligible = over = unproven = groups = units = 0
    days = [pair for worker in workers if (pair := worker.partitioner.days)]
    for worker in workers:
        rows, sum_units, plain_units = worker.partitioner.counts
        own = [a + b for a, b in zip(own, rows, strict=True)]
        known += sum_units
        units += plain_units
    for one in totals:
        some = one.counts
        eligible, over, unproven = eligible + some[0], over + some[1], unproven + some[2]
        groups, units = groups + some[3], units + some[4]
    span = (min(pair[0] for pair in days), max(pair[1] for pair in days)) if days else None
    return Counts((*own[1:], over, unproven, eligible), groups, units, known, span)
