"""The table of groups: the partitions of each epoch that ended as record batches, a few at a time by all workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from .._kernel import Groups
from ..errors import OutOfMemoryError
from .crew import Crew
from .spill import Spill
from .workers import Workers

AMOUNT = pa.decimal128(38, 4)
KEY = pa.field("key", pa.binary(16), nullable=False)
DAY = pa.field("day", pa.date32(), nullable=False)
NUMBER = pa.field("number", pa.int64(), nullable=False)
"""Of a group's first row, as the workers number them."""
SUMS = (
    pa.field("total", AMOUNT, nullable=False),
    pa.field("rows", pa.int64(), nullable=False),
    pa.field("bad_rows", pa.int64(), nullable=False),
    pa.field("excluded_rows", pa.int64(), nullable=False),
    pa.field("least_limit", AMOUNT, nullable=False),
    pa.field("largest_limit", AMOUNT, nullable=False),
    pa.field("over", pa.bool_(), nullable=False),
)
GROUPS = pa.schema([KEY, DAY, *SUMS])
NUMBERED = pa.schema([NUMBER, *SUMS])
_ROWS_AT_A_TIME = 1 << 18


class Selection(NamedTuple):
    """The groups that are asked for: of each limit, in their order, the least total; and all that have bad rows."""

    least_totals: tuple[int, ...]
    or_bad: bool = False


class GroupWorkers(Workers):
    """Workers whose epochs end in groups rather than answers.

    Attributes
    ----------
    selection : Selection
        Set before the first epoch ends.
    """

    selection: Selection

    def end_epoch(self, answer_rows: int | None, *, last: bool) -> Iterator[Any]:
        """The groups of the epoch that ended, as record batches in no order."""
        if self._workers:
            slot = self._slot(self._epoch)
            for worker in self._workers:
                worker.partitioner.settle(slot)
                worker.ready(self._epoch)
            yield from self._groups(slot)
            self._drop(slot)
            self._totalled = self._account.rows
        self._epoch += 1

    def _groups(self, slot: int) -> Iterator[pa.RecordBatch]:
        settings, partitions = self._bindings.settings, self._partitions(slot)
        partitioners = [worker.partitioner for worker in self._workers]
        spills = [worker.spill for worker in self._workers]
        try:
            tables = [Groups(settings, partitioners) for _ in self._workers]
            for lot in _lots(tables[0], partitions, _ROWS_AT_A_TIME * len(tables)):
                found: dict[int, pa.RecordBatch] = {}

                def work(number: int, lot: Sequence[int] = lot, found: dict[int, pa.RecordBatch] = found) -> None:
                    for p in lot[number * len(lot) // len(tables) : (number + 1) * len(lot) // len(tables)]:
                        _fill(tables[number], spills, p)
                    found[number] = _written(tables[number], self.selection, named=settings.named)

                Crew(len(tables)).run(work)
                done = (lot[-1] + 1 - partitions.start) / len(partitions)
                self._account.tell("total", self._totalled + int((self._account.rows - self._totalled) * done))
                yield from (found[number] for number in sorted(found) if found[number].num_rows)
        except MemoryError as error:
            raise OutOfMemoryError(str(error) or "no memory for the groups") from None


def _lots(table: Groups, partitions: range, rows: int) -> Iterator[Sequence[int]]:
    """Partitions in lots of about so many rows; empty ones are left out."""
    lot: list[int] = []
    held = 0
    for p in partitions:
        there = table.rows(p)
        if there:
            lot.append(p)
            held += there
        if held >= rows:
            yield lot
            lot, held = [], 0
    if lot:
        yield lot


def _fill(table: Groups, spills: Sequence[Spill | None], p: int) -> None:
    """Add all records of a partition, those on disk an extent at a time."""
    table.start(p)
    for worker, spill in enumerate(spills):
        for extent in spill.records(p) if spill is not None else ():
            table.add(worker, p, spill.read(extent))  # type: ignore[union-attr]
        table.add(worker, p, None)


def _written(table: Groups, selection: Selection, *, named: bool) -> pa.RecordBatch:
    """The groups of a table that are asked for."""
    n = table.select(list(selection.least_totals), selection.or_bad)
    identity = (_room(0), _room(0), _room(8 * n)) if named else (_room(16 * n), _room(4 * n), _room(0))
    sums = [_room(n * size) for size in (16, 8, 8, 8, 16, 16)]
    over = _room((n + 63) // 64 * 8)
    written = [*identity, *sums, over]
    table.write(*written)
    schema = NUMBERED if named else GROUPS
    filled = [*(identity[2:] if named else identity[:2]), *sums, over]
    return pa.RecordBatch.from_arrays(
        [_column(field.type, n, room) for field, room in zip(schema, filled, strict=True)], schema=schema
    )


def _room(size: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.empty(size, np.uint8)


def _column(kind: pa.DataType, n: int, room: Any) -> pa.Array:
    return pa.Array.from_buffers(kind, n, [None, pa.py_buffer(room)])
