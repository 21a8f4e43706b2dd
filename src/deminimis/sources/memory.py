"""Manifests that are in memory or come as an Arrow stream: nothing is copied, and a stream is never collected.

What another library hands over in memory is trusted to be valid Arrow.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ..errors import InputError
from .base import Piece, Source, reading

if TYPE_CHECKING:
    import pyarrow.dataset as ds

PIECE_ROWS = 1 << 20


class TableSource(Source):
    """A Table, in pieces of about a million rows."""

    def __init__(self, table: pa.Table) -> None:
        super().__init__(table.schema, rows=table.num_rows)
        self.table: pa.Table = table

    def pieces(self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = ()) -> Iterator[Piece]:
        self.check_columns(columns)
        table = self.table if columns is None else self.table.select(list(columns))
        for start in range(0, table.num_rows, PIECE_ROWS):
            yield TablePiece(table.slice(start, PIECE_ROWS), start)


class TablePiece(Piece):
    """A slice of a Table."""

    def __init__(self, table: pa.Table, first_row: int) -> None:
        super().__init__(f"rows from {first_row:,}", rows=table.num_rows, first_row=first_row)
        self._table = table

    def batches(self) -> Iterator[pa.RecordBatch]:
        return iter(self._table.to_batches())


class StreamSource(Source):
    """Record batches that come once.

    `open_stream` is given the columns that are wanted, or None, and may give more than these.
    """

    def __init__(
        self, schema: pa.Schema, open_stream: Callable[[list[str] | None], pa.RecordBatchReader], name: str
    ) -> None:
        super().__init__(schema)
        self._open_stream = open_stream
        self._name = name
        self._is_used = False

    def pieces(self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = ()) -> Iterator[Piece]:
        self.check_columns(columns)
        if self._is_used:
            raise InputError(f"the {self._name} was read already: a stream can be read only once.")
        self._is_used = True
        yield StreamPiece(self._open_stream, self._name, None if columns is None else list(columns))


class StreamPiece(Piece):
    """All batches of a stream, in order."""

    def __init__(
        self,
        open_stream: Callable[[list[str] | None], pa.RecordBatchReader],
        name: str,
        columns: list[str] | None,
    ) -> None:
        super().__init__(name, first_row=0)
        self._open_stream = open_stream
        self._columns = columns

    def batches(self) -> Iterator[pa.RecordBatch]:
        columns = self._columns
        with reading(None, f"the {self.label} failed"):
            for batch in self._open_stream(columns):
                yield batch if columns is None or batch.schema.names == columns else batch.select(columns)


class DatasetSource(Source):
    """A pyarrow dataset, a piece for each of its fragments."""

    def __init__(self, dataset: ds.Dataset) -> None:
        super().__init__(dataset.schema, files=tuple(getattr(dataset, "files", ())))
        self._dataset = dataset

    def pieces(self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = ()) -> Iterator[Piece]:
        self.check_columns(columns)
        wanted = list(self.schema.names if columns is None else columns)
        for number, fragment in enumerate(self._dataset.get_fragments()):
            yield FragmentPiece(fragment, self.schema, wanted, number)


class FragmentPiece(Piece):
    """One fragment of a dataset."""

    def __init__(self, fragment: ds.Fragment, schema: pa.Schema, columns: list[str], number: int) -> None:
        path = getattr(fragment, "path", None)
        super().__init__(path or f"fragment {number}", file=path, first_row=0)
        self._fragment = fragment
        self._schema = schema
        self._columns = columns

    def batches(self) -> Iterator[pa.RecordBatch]:
        with reading(self.file or self.label, "cannot be decoded"):
            scanner = self._fragment.scanner(schema=self._schema, columns=self._columns, use_threads=False)
            yield from scanner.to_batches()


def open_memory(manifest: Any) -> Source | None:
    """Open what is in memory, or return None for what is not.

    In this order: pyarrow's own classes, a mapping of columns, `__arrow_c_stream__`, `__arrow_c_array__`.
    """
    if isinstance(manifest, pa.Table):
        return TableSource(manifest)
    if isinstance(manifest, pa.RecordBatch):
        return TableSource(pa.Table.from_batches([manifest]))
    if isinstance(manifest, pa.RecordBatchReader):
        return StreamSource(manifest.schema, lambda _: manifest, "record batch reader")
    datasets = sys.modules.get("pyarrow.dataset")  # slow to import; whoever has a dataset has imported it
    if datasets is not None and isinstance(manifest, datasets.Dataset):
        return DatasetSource(manifest)
    if isinstance(manifest, Mapping):
        return TableSource(_table_of(manifest))
    kind = f"{type(manifest).__module__.partition('.')[0]} {type(manifest).__name__}"
    if hasattr(manifest, "__arrow_c_stream__"):
        return _open_stream_of(manifest, kind)
    if hasattr(manifest, "__arrow_c_array__"):
        with reading(None, f"the {kind} is not a table"):
            return TableSource(pa.Table.from_batches([pa.record_batch(manifest)]))
    return None


def _open_stream_of(manifest: Any, kind: str) -> Source:
    if kind == "polars DataFrame":
        schema = _stream(manifest[:0], kind).schema
        return StreamSource(schema, lambda names: _stream(manifest.select(names) if names else manifest, kind), kind)
    if kind.endswith(" DuckDBPyRelation"):
        schema = _stream(manifest.limit(0), kind).schema

        def project(names: list[str] | None) -> pa.RecordBatchReader:
            quoted = ['"' + name.replace('"', '""') + '"' for name in names or ()]
            return _stream(manifest.project(", ".join(quoted)) if quoted else manifest, kind)

        return StreamSource(schema, project, kind)
    if kind == "pandas DataFrame":
        with reading(None, "the pandas DataFrame cannot be read as Arrow", "give each column one type."):
            schema = pa.Schema.from_pandas(manifest, preserve_index=False).remove_metadata()

            def convert(names: list[str] | None) -> pa.RecordBatchReader:
                return pa.Table.from_pandas(manifest, columns=names, preserve_index=False, nthreads=1).to_reader()

        return StreamSource(schema, convert, kind)
    reader = _stream(manifest, kind)
    return StreamSource(reader.schema, lambda _: reader, kind)


def _stream(manifest: Any, kind: str) -> pa.RecordBatchReader:
    with reading(None, f"the {kind} does not give an Arrow stream of a table"):
        return pa.RecordBatchReader.from_stream(manifest)


def _table_of(columns: Mapping[Any, Any]) -> pa.Table:
    arrays: dict[str, pa.Array | pa.ChunkedArray] = {}
    for name, values in columns.items():
        if not isinstance(name, str):
            raise InputError(f"the column name {name!r} is not text.")
        arrays[name] = _array_of(name, values)
    if not arrays:
        raise InputError("the mapping has no columns.")
    first = next(iter(arrays))
    for name, array in arrays.items():
        if len(array) != len(arrays[first]):
            wrong = f"it has {len(array)} rows and the column {first!r} has {len(arrays[first])}"
            raise InputError(f"{wrong}: give arrays of one length.", column=name)
    return pa.table(arrays)


def _array_of(name: str, values: Any) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values
    if isinstance(values, (str, bytes)) or (isinstance(values, np.ndarray) and values.ndim != 1):
        raise InputError("it is not an array of one dimension.", column=name)
    try:
        if hasattr(values, "__arrow_c_stream__"):
            return pa.chunked_array(values)
        return pa.array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        wrong = f"its {type(values).__name__} cannot be read as one Arrow array ({error})"
        raise InputError(f"{wrong}: give values of one type.", column=name) from error
