"""What groups are called: the person's columns as each group's first row has them, and the form that is compared.

The manifest is read a second time for it. Groups wait on shelves by the numbers of their first rows, so that neither
they nor the manifest are held.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from ..arrays import type_without_views, without_views
from ..errors import InputError
from ..roles.compared import compared
from ..roles.request import Request
from ..run.groups import GROUPS, NUMBERED, SUMS
from ..run.keys import keys_and_days
from ..run.run import Run
from ..sources.base import Source
from ..sources.schemas import laid_out
from .shelves import Shelves

COMPARED = pa.field("compared", pa.string())
_SHELF_ROWS = 1 << 20


def named_schema(request: Request, schema: pa.Schema) -> pa.Schema:
    """The columns of a table of groups with their names; `schema` is the manifest's."""
    columns = dict.fromkeys(c for c in (*request.person_columns, *request.per) if isinstance(c, str))
    for name in columns:
        if name in (*GROUPS.names, COMPARED.name):
            raise InputError("a table of totals has a column of this name; rename it in the manifest", column=name)
    return pa.schema(
        [*GROUPS, *(pa.field(name, type_without_views(schema.field(name).type)) for name in columns), COMPARED]
    )


def name_groups(run: Run, source: Source) -> Iterator[pa.RecordBatch]:
    """The groups of a run, in the order of their first rows, with their names."""
    schema = named_schema(run.request, source.schema)
    shelves = Shelves(NUMBERED, int(run.memory_limit * 0.25), run.spill_dir)
    try:
        for batch in run.groups(source):
            _put(shelves, batch, run)
        waiting = _Waiting(shelves)
        for piece in source.pieces(None if run.request.has_expressions() else list(run.request.names())):
            for batch in piece.batches():
                groups, places = waiting.take(batch.num_rows)
                if groups.num_rows:
                    yield _named(run, _plain(batch).take(places), groups, schema)
        waiting.check_end(run.account.rows)
    finally:
        shelves.close()


def _put(shelves: Shelves, batch: pa.RecordBatch, run: Run) -> None:
    """Groups onto the shelves of their first rows, by the rows' places in the manifest."""
    places = run.workers.number_of(batch.column("number").to_numpy())
    order = np.argsort(places, kind="stable")
    table = pa.table(batch.set_column(0, NUMBERED.field("number"), pa.array(places))).take(pa.array(order))
    numbers = places[order] // _SHELF_ROWS
    cuts = np.flatnonzero(np.diff(numbers)) + 1
    for start, stop in zip([0, *cuts.tolist()], [*cuts.tolist(), len(numbers)], strict=True):
        shelves.put(int(numbers[start]), table.slice(start, stop - start))


class _Waiting:
    """The groups on the shelves, taken in the order of their first rows."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._numbers = shelves.numbers[::-1]
        self._table = NUMBERED.empty_table()
        self._places: np.ndarray[tuple[int], np.dtype[np.int64]] = np.empty(0, np.int64)
        self._row = 0

    def take(self, rows: int) -> tuple[pa.Table, pa.Array]:
        """The groups whose first row is among the next rows of the manifest, and which row it is."""
        end = self._row + rows
        tables, places = [NUMBERED.empty_table()], [np.empty(0, np.int64)]
        while True:
            n = int(np.searchsorted(self._places, end))
            tables.append(self._table.slice(0, n))
            places.append(self._places[:n] - self._row)
            self._table, self._places = self._table.slice(n), self._places[n:]
            if len(self._places) or not self._numbers or self._numbers[-1] * _SHELF_ROWS >= end:
                break
            self._table = self._shelves.take(self._numbers.pop()).sort_by("number")
            self._places = self._table["number"].to_numpy()
        self._row = end
        return pa.concat_tables(tables), pa.array(np.concatenate(places))

    def check_end(self, rows: int) -> None:
        """The second reading gave as many rows as the first."""
        if self._row != rows or len(self._places) or self._numbers:
            raise InputError("the manifest changed while its groups were named; run it again")


def _named(run: Run, rows: pa.RecordBatch, groups: pa.Table, schema: pa.Schema) -> pa.RecordBatch:
    keys, days, known = keys_and_days(run.bindings, rows)
    if known.true_count < rows.num_rows:
        raise InputError("the manifest changed while its groups were named; run it again")
    sums = groups.combine_chunks()
    persons = schema.names[len(GROUPS) : -1]
    own = laid_out(rows.select(persons), pa.schema([schema.field(name) for name in persons]))
    columns = [keys, days, *(_flat(sums[field.name]) for field in SUMS), *map(_flat, own), compared(run.request, rows)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([without_views(column) for column in batch.columns], batch.schema.names)


def _flat(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)
