"""Which object is which kind of manifest in memory: pyarrow's own, mappings, frames of other libraries, streams.

No library is imported for it: whoever has an object of a library has imported that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from ..errors import InputError
from .base import reading
from .dataset import DatasetSource
from .lazy import LazySource, arrow_of, batches_of
from .memory import FrameSource, MemorySource, StreamSource, TableSource, foreign, reading_column

_DRAINS = ("to_arrow_reader", "fetch_record_batch", "fetch_arrow_reader")
"""How cursors and connections give their batches: DuckDB, ADBC and others."""


def open_memory(manifest: Any) -> MemorySource | None:
    """Open what is in memory or comes as a stream of batches, or return None for what is neither."""
    if isinstance(manifest, pa.Table):
        return TableSource(manifest)
    if isinstance(manifest, pa.RecordBatch):
        return TableSource(pa.Table.from_batches([manifest]))
    if isinstance(manifest, pa.RecordBatchReader):
        return StreamSource(manifest.schema, lambda _: manifest, "record batch reader")
    if _is(manifest, "pyarrow.dataset", "Dataset"):
        return DatasetSource(manifest)
    if isinstance(manifest, Mapping):
        return _of_mapping(manifest)
    if isinstance(manifest, np.ndarray) and manifest.dtype.names is not None:
        return _of_structured(manifest)
    if _is(manifest, "pandas", "DataFrame"):
        return _of_pandas(manifest)
    if _is(manifest, "polars", "DataFrame"):
        return _of_polars(manifest)
    if _is(manifest, "polars", "LazyFrame"):
        return _of_lazy(manifest)
    kind = f"{type(manifest).__module__.partition('.')[0]} {type(manifest).__name__}"
    if _is(manifest, "duckdb", "DuckDBPyRelation"):
        return _of_relation(manifest, kind)
    if hasattr(manifest, "__arrow_c_stream__"):
        reader = _stream(manifest, kind)
        return StreamSource(reader.schema, lambda _: reader, kind)
    if hasattr(manifest, "__arrow_c_array__"):
        with reading(None, f"the {kind} is not a table"):
            return TableSource(pa.Table.from_batches([pa.record_batch(manifest)]))
    for drain in _DRAINS:
        if hasattr(manifest, drain):
            return _of_cursor(manifest, drain, kind)
    return None


def _is(manifest: Any, module: str, name: str) -> bool:
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(manifest, kind)


def _of_mapping(columns: Mapping[Any, Any]) -> MemorySource:
    if not columns:
        raise InputError("the mapping has no columns.")
    names = list(columns)
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"the column name {name!r} is not text.")
    values = [given if hasattr(given, "__len__") else _with_length(name, given) for name, given in columns.items()]
    for name, given in zip(names, values, strict=True):
        if isinstance(given, (str, bytes)) or (isinstance(given, np.ndarray) and given.ndim != 1):
            raise InputError("it is not an array of one dimension.", column=name)
        if len(given) != len(values[0]):
            wrong = f"it has {len(given)} rows and the column {names[0]!r} has {len(values[0])}"
            raise InputError(f"{wrong}: give arrays of one length.", column=name)
    return FrameSource("mapping", names, len(values[0]), lambda i: _array_of(values[i]))


def _with_length(name: str, values: Any) -> Any:
    """A column that comes as Arrow or by itself, all of it."""
    if hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__"):
        with reading_column(name):
            return _array_of(values)
    if not isinstance(values, Iterable):
        raise InputError("it is not an array of one dimension.", column=name)
    return list(values)


def _array_of(values: Any) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values
    if hasattr(values, "__arrow_c_stream__"):
        return pa.chunked_array(values)
    if isinstance(values, np.ndarray) and not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    return pa.array(values)


def _of_structured(array: np.ndarray[Any, Any]) -> MemorySource:
    if array.ndim != 1:
        raise InputError("the NumPy array is not of one dimension: a row is one of its records.")
    names = array.dtype.names or ()

    def column(place: int) -> pa.Array:
        values = array[names[place]]
        if values.ndim != 1:
            raise InputError("it is not an array of one dimension.", column=names[place])
        return _array_of(values)

    return FrameSource("NumPy array", names, len(array), column)


def _of_pandas(frame: Any) -> MemorySource:
    """Columns by their places: labels may be numbers, tuples, or there twice. The frame's index plays no part."""
    names = [str(label) for label in frame.columns]
    return FrameSource("pandas DataFrame", names, len(frame), lambda i: pa.array(frame.iloc[:, i], from_pandas=True))


def _of_polars(frame: Any) -> MemorySource:
    names = frame.columns
    return FrameSource("polars DataFrame", names, frame.height, lambda i: _of_series(frame, names[i]))


def _of_series(frame: Any, name: str) -> pa.ChunkedArray:
    kind = frame.schema[name]
    if str(kind) == "Object":  # Polars panics where it is asked for Arrow
        raise TypeError(f"{kind} has no Arrow type")
    return pa.RecordBatchReader.from_stream(frame.select(name)).read_all().column(0)


def _of_lazy(frame: Any) -> MemorySource:
    empty = _of_polars(frame.collect_schema().to_frame(eager=True))
    schema = empty.schema

    def open_stream(columns: list[str] | None) -> pa.RecordBatchReader:
        names = schema.names if columns is None else columns
        batches = (batch for one in batches_of(frame, names) for batch in arrow_of(one))
        return pa.RecordBatchReader.from_batches(pa.schema([schema.field(name) for name in names]), batches)

    return StreamSource(schema, open_stream, "polars LazyFrame", lambda: LazySource(frame, empty))


def _of_relation(relation: Any, kind: str) -> MemorySource:
    """A relation is a query: asked again, its rows may come in another order, so that it is held to be read twice."""
    schema = _stream(relation.limit(0), kind).schema

    def project(names: list[str] | None) -> pa.RecordBatchReader:
        quoted = ['"' + name.replace('"', '""') + '"' for name in names or ()]
        return _stream(relation.project(", ".join(quoted)) if quoted else relation, kind)

    return StreamSource(schema, project, kind, lambda: TableSource(_stream(relation, kind).read_all()))


def _of_cursor(cursor: Any, drain: str, kind: str) -> MemorySource:
    with foreign(kind):
        drained = getattr(cursor, drain)()
    reader = drained if isinstance(drained, pa.RecordBatchReader) else _stream(drained, kind)
    return StreamSource(reader.schema, lambda _: reader, kind)


def _stream(manifest: Any, kind: str) -> pa.RecordBatchReader:
    with reading(None, f"the {kind} does not give an Arrow stream of a table"), foreign(kind):
        return pa.RecordBatchReader.from_stream(manifest)
