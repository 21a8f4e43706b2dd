"""Manifests that are in memory or come as an Arrow stream: one kind of source for all of them.

`table` gives the columns of what is held as a table, `reader` gives batches of anything. Columns that are not asked for
are never looked at: a frame may have some that Arrow has no type for. Nothing is copied that can be had as it is, and
a stream is never collected. What another library hands over is trusted to be valid Arrow.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

import pyarrow as pa

from ..errors import DeminimisError, InputError
from .base import Piece, Source, reading, reason_of
from .schemas import no_one_column

OpenStream = Callable[[list[str] | None], pa.RecordBatchReader]


class MemorySource(Source):
    """What is in memory, or comes as a stream: it has no files."""

    def reader(self, columns: Sequence[str] | None = None) -> pa.RecordBatchReader:
        """These columns in batches, in row order; of a stream that comes once, only the first time."""
        schema = self.schema if columns is None else self.schema_of(columns)
        return pa.RecordBatchReader.from_batches(schema, (b for p in self.pieces(columns) for b in p.batches()))


class TableSource(MemorySource):
    """A Table, in pieces of about a million rows."""

    def __init__(self, table: pa.Table) -> None:
        super().__init__(table.schema, rows=table.num_rows)
        self._table = table

    def table(self, columns: Sequence[str] | None = None) -> pa.Table | None:
        self.check_columns(columns)
        return self._table if columns is None else self._table.select(list(columns))

    def pieces(
        self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = (), as_views: Collection[str] = ()
    ) -> Iterator[Piece]:
        table = self.table(columns)
        assert table is not None
        for start in range(0, table.num_rows, self.sizes.piece_rows_most):
            yield TablePiece(table.slice(start, self.sizes.piece_rows_most), start)


class TablePiece(Piece):
    """A slice of a Table."""

    def __init__(self, table: pa.Table, first_row: int) -> None:
        super().__init__(f"rows from {first_row:,}", rows=table.num_rows, first_row=first_row)
        self._table = table

    def batches(self) -> Iterator[pa.RecordBatch]:
        return iter(self._table.to_batches())


@contextmanager
def reading_column(name: str) -> Iterator[None]:
    """Say of which column it is what another library raises, whatever that is."""
    try:
        yield
    except (DeminimisError, MemoryError):
        raise
    except Exception as error:
        wrong = f"it cannot be read as one Arrow array ({reason_of(error)})"
        raise InputError(f"{wrong}: give values of one type that Arrow has.", column=name) from error


@contextmanager
def foreign(kind: str) -> Iterator[None]:
    """Turn what another library raises into an InputError; what Arrow and Python raise is for `reading`."""
    try:
        yield
    except (pa.ArrowException, DeminimisError, MemoryError, ValueError, TypeError, OSError, EOFError):
        raise
    except Exception as error:
        raise InputError(f"the {kind} failed ({reason_of(error)}).") from error


class FrameSource(TableSource):
    """A frame of another library, or a mapping: each column becomes Arrow once it is asked for, and only then.

    `column` gives the Arrow array of the column at a place; what it raises is told with the column's name where that
    column is asked for. The columns that it cannot give are no part of `schema`.
    """

    def __init__(
        self, kind: str, names: Sequence[str], rows: int, column: Callable[[int], pa.Array | pa.ChunkedArray]
    ) -> None:
        self._kind = kind
        self._names = list(names)
        self._column = column
        self._made: dict[int, pa.ChunkedArray] = {}
        self.rows = rows
        self.bytes = None
        self.files = ()

    @cached_property
    def schema(self) -> pa.Schema:
        return self._all.schema

    @property
    def names(self) -> list[str]:
        return self._names

    def schema_of(self, columns: Sequence[str]) -> pa.Schema:
        places = [i for name in columns for i in range(len(self._names)) if self._names[i] == name]
        return pa.schema([(self._names[i], self._array(i).type) for i in places])

    def table(self, columns: Sequence[str] | None = None) -> pa.Table | None:
        self.check_columns(columns)
        if columns is None:
            return self._all
        return pa.table([self._array(self._names.index(name)) for name in columns], names=list(columns))

    def check_columns(self, columns: Sequence[str] | None) -> None:
        for name in columns or ():
            times = self._names.count(name)
            if times != 1:
                raise no_one_column(name, times, self._names)

    def check_all_columns(self, mend: str) -> None:
        for i in range(len(self._names)):
            self._array(i)

    @cached_property
    def _all(self) -> pa.Table:
        """All columns that can be had."""
        arrays, names = [], []
        for i, name in enumerate(self._names):
            try:
                arrays.append(self._array(i))
            except InputError:
                continue
            names.append(name)
        return pa.table(arrays, names=names)

    def _array(self, place: int) -> pa.ChunkedArray:
        made = self._made.get(place)
        if made is None:
            name = self._names[place]
            try:
                name.encode()
            except UnicodeEncodeError as error:
                raise InputError("its name is not UTF-8: rename it.", column=name) from error
            with reading_column(name):
                array = self._column(place)
                made = array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
            if len(made) != self.rows:
                wrong = f"it has {len(made)} rows and the {self._kind} has {self.rows}"
                raise InputError(f"{wrong}: give arrays of one length.", column=name)
            self._made[place] = made
        return made


class StreamSource(MemorySource):
    """Record batches as they come.

    Parameters
    ----------
    schema : pyarrow.Schema
        Of all columns.
    open_stream : callable
        Given the columns that are wanted, or None, it may give more than these. A second call is made only where
        `collect` is given.
    name : str
        What it is called in a message.
    collect : callable, optional
        Gives a source of the same rows that can be read twice.
    """

    def __init__(
        self,
        schema: pa.Schema,
        open_stream: OpenStream,
        name: str,
        collect: Callable[[], MemorySource] | None = None,
    ) -> None:
        super().__init__(schema)
        self._open_stream = open_stream
        self._name = name
        self._collect = collect
        self._is_used = False
        self.is_read_once = True

    def readable_twice(self, reader: str) -> Source:
        return super().readable_twice(reader) if self._collect is None else self._collect()

    def reader(self, columns: Sequence[str] | None = None) -> pa.RecordBatchReader:
        """These columns, or more than these, in batches; only the first time."""
        self._begin(columns)
        return self._open_stream(None if columns is None else list(columns))

    def _begin(self, columns: Sequence[str] | None) -> None:
        self.check_columns(columns)
        if self._is_used:
            raise InputError(f"the {self._name} was read already: a stream can be read only once.")
        self._is_used = True

    def pieces(
        self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = (), as_views: Collection[str] = ()
    ) -> Iterator[Piece]:
        self._begin(columns)
        yield StreamPiece(self._open_stream, self._name, None if columns is None else list(columns))


class StreamPiece(Piece):
    """All batches of a stream, in order."""

    def __init__(self, open_stream: OpenStream, name: str, columns: list[str] | None) -> None:
        super().__init__(name, first_row=0)
        self._open_stream = open_stream
        self._columns = columns

    def batches(self) -> Iterator[pa.RecordBatch]:
        columns = self._columns
        with reading(None, f"the {self.label} failed"):
            for batch in self._open_stream(columns):
                yield batch if columns is None or batch.schema.names == columns else batch.select(columns)
