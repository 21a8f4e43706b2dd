"""Several manifests in memory as one: a list of tables and frames, or an iterator that is drawn as it is read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

import pyarrow as pa

from .base import Piece
from .memory import MemorySource, StreamSource
from .schemas import Columns, laid_out


class ManySource(MemorySource):
    """Several manifests in memory as one, in their order."""

    def __init__(self, many: Sequence[MemorySource]) -> None:
        self._many = many
        counts = [one.rows for one in many]
        self.rows = None if None in counts else sum(count or 0 for count in counts)
        self.bytes = None
        self.files = ()
        self.places = frozenset(place for one in many for place in one.places)
        self.is_read_once = any(one.is_read_once for one in many)

    @cached_property
    def schema(self) -> pa.Schema:
        return self._columns.schema

    @cached_property
    def _columns(self) -> Columns:  # type: ignore[override]
        return Columns((_ordinal(i), one.schema) for i, one in enumerate(self._many))

    @property
    def names(self) -> list[str]:
        return self._many[0].names

    def schema_of(self, columns: Sequence[str]) -> pa.Schema:
        return self._together(columns).schema

    def check_columns(self, columns: Sequence[str] | None) -> None:
        for one in self._many:
            one.check_columns(columns)
        self._together(columns or ()).check(columns)

    def check_all_columns(self, mend: str) -> None:
        for one in self._many:
            one.check_all_columns(mend)
        self._columns.check_all(mend)

    def table(self, columns: Sequence[str] | None = None) -> pa.Table | None:
        self.check_columns(columns)
        tables = [one.table(columns) for one in self._many]
        held = [table for table in tables if table is not None]
        if len(held) < len(tables):
            return None
        if columns is None and any(table.column_names != held[0].column_names for table in held):
            return None  # what an item lacks is no null
        together = Columns((_ordinal(i), table.schema) for i, table in enumerate(held))
        if together.conflicts:
            return None
        schema = together.schema
        return pa.concat_tables(pa.Table.from_arrays(laid_out(table, schema), schema=schema) for table in held)

    def pieces(
        self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = (), as_views: Collection[str] = ()
    ) -> Iterator[Piece]:
        self.check_columns(columns)
        for one in self._many:
            yield from one.pieces(columns)

    def _together(self, columns: Sequence[str]) -> Columns:
        return Columns((_ordinal(i), one.schema_of(columns)) for i, one in enumerate(self._many))


def _ordinal(place: int) -> str:
    return f"item {place} of the list"


def stream_of_many(first: MemorySource, rest: Iterator[MemorySource]) -> StreamSource:
    """Tables and batches of an iterator, each drawn when the one before it was read."""

    places = set(first.places)

    def open_stream(columns: list[str] | None) -> pa.RecordBatchReader:
        names = first.names if columns is None else columns
        schema = first.schema_of(names)

        def batches() -> Iterator[pa.RecordBatch]:
            for number, one in enumerate(_after(first, rest)):
                Columns([("the first item", schema), (f"item {number}", one.schema_of(names))]).check(names)
                one.check_columns(names)
                places.update(one.places)
                for batch in one.reader(names):
                    yield pa.RecordBatch.from_arrays(laid_out(batch, schema), schema=schema)

        return pa.RecordBatchReader.from_batches(schema, batches())

    source = StreamSource(first.schema, open_stream, "iterator")
    source.places = places  # which grows as items are drawn
    return source


def _after(first: MemorySource, rest: Iterator[MemorySource]) -> Iterator[MemorySource]:
    yield first
    yield from rest
