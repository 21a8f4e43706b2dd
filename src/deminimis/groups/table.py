"""A table of totals as it is given: opened, with what it says of itself, and its columns as this package has them.

It may have been through another engine since it was made: types may be wider, and columns may stand in another order.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from .. import compute as pc
from ..addresses import is_in_store, masked
from ..errors import TotalsError, listed
from ..run.groups import GROUPS
from ..sources.base import Source, reading
from ..sources.folders import identity_of
from ..sources.identity import Place, check_unchanged
from ..sources.open import open_source
from ..sources.schemas import reading_names
from .mark import Mark, mark_of

NEEDED = tuple(name for name in GROUPS.names if name != "over")
"""What merges; `over` is computed anew."""
_LARGEST = Decimal(10**25)


class Table:
    """A table of totals that was given; it is read once.

    Parameters
    ----------
    given : object
        A pyarrow.Table or RecordBatchReader, anything with `__arrow_c_stream__`, or a path of Parquet or Arrow.
    name : str
        What it is called in a message.
    """

    mark: Mark
    places: AbstractSet[Place] = frozenset()

    def __init__(self, given: Any, name: str) -> None:
        self.name = name
        self._is_file = isinstance(given, (str, os.PathLike))
        if is_in_store(given):
            wrong = "a table of totals lies on this machine: give a copy by its path, or the table itself."
            raise TotalsError(wrong, file=masked(os.fspath(given)))
        if isinstance(given, (str, os.PathLike)):
            self.name = str(given)
            with reading(self.name):
                schema, source = _open(Path(given))
            self._batches = (batch for piece in source.pieces(None) for batch in piece.batches())
            self.places = source.places
        elif isinstance(given, pa.Table):
            schema, self._batches = given.schema, iter(given.to_batches())
        elif hasattr(given, "__arrow_c_stream__"):
            reader = pa.RecordBatchReader.from_stream(given)
            schema, self._batches = reader.schema, iter(reader)
        else:
            raise TotalsError(f"{name} is a table of totals or a path of one, not {type(given).__name__}")
        with reading_names(self.name):
            _ = schema.names
        self.mark = mark_of(schema, self.name)
        self.schema = schema

    @property
    def names(self) -> list[str]:
        """The columns that name persons."""
        return [name for name in self.schema.names if name not in GROUPS.names]

    def check(self, needed: tuple[str, ...] = NEEDED) -> None:
        """Refuse a table that lacks a column, or has one twice."""
        for name in needed:
            times = len(self.schema.get_all_field_indices(name))
            if times != 1:
                there = "more than one" if times else "no"
                its = listed(self.schema.names)
                raise TotalsError(
                    f"has {there} column of this name; its columns are {its}", file=self.name, column=name
                )

    def batches(self, schema: pa.Schema) -> Iterator[pa.Table]:
        """These columns in these types, checked; `over` as it may be."""
        while True:
            with reading(self.name):
                batch = next(self._batches, None)
                if batch is None:
                    return
                if self._is_file and batch.schema.types != self.schema.types:
                    raise TotalsError("its columns are not those of its schema", file=self.name)
            columns = [
                pa.nulls(len(batch), pa.bool_()) if field.name == "over" else self._column(batch, field)
                for field in schema
            ]
            yield pa.Table.from_arrays(columns, schema=loose(schema))

    def _column(self, batch: pa.RecordBatch, field: pa.Field) -> pa.Array:
        column = batch.column(self.schema.get_field_index(field.name))
        if field.name not in GROUPS.names:
            return column.cast(field.type)
        if column.null_count:
            raise TotalsError("a cell is missing", file=self.name, column=field.name)
        if not _is_like(column.type, field.type):
            wrong = f"the type {column.type} is none for it, as {field.type} is"
            raise TotalsError(wrong, file=self.name, column=field.name)
        try:
            if pt.is_large_binary(column.type) or pt.is_binary_view(column.type):
                column = column.cast(pa.binary())
            column = column.cast(field.type)
            column.validate(full=True)
        except pa.ArrowException as error:
            raise TotalsError(f"cannot be read as {field.type} ({error})", file=self.name, column=field.name) from None
        if (pt.is_decimal(field.type) or pt.is_integer(field.type)) and len(column):
            low, high = pc.min_max(column).values()
            if low.as_py() < 0 or high.as_py() > _LARGEST:
                raise TotalsError("a number lies beyond what a manifest comes to", file=self.name, column=field.name)
        return column


def loose(schema: pa.Schema) -> pa.Schema:
    """The same columns, of which nothing is promised or told."""
    return pa.schema([pa.field(field.name, field.type) for field in schema])


def _open(path: Path) -> tuple[pa.Schema, Source]:
    """A file of a table: its schema, which says what it is, and its rows, read and checked as a manifest's are."""
    before = identity_of(str(path))
    with path.open("rb") as file:
        head = file.read(6)
    if head[:4] == b"PAR1":
        import pyarrow.parquet as pq

        schema = pq.read_schema(path)
    else:
        try:
            with pa.OSFile(str(path)) as file:
                schema = (pa.ipc.open_file if head == b"ARROW1" else pa.ipc.open_stream)(file).schema
        except pa.ArrowInvalid:
            raise TotalsError("a table of totals is Parquet or Arrow, which say what it is", file=str(path)) from None
    source = open_source(path)
    check_unchanged(str(path), before, str(path))  # what it says of itself and its rows are of one file
    return schema, source


def _is_like(kind: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether another engine may have made this type of a column's own."""
    if pt.is_fixed_size_binary(wanted):
        return bool(kind == wanted or pt.is_binary(kind) or pt.is_large_binary(kind) or pt.is_binary_view(kind))
    if pt.is_date32(wanted):
        return bool(pt.is_date(kind))
    return bool(pt.is_integer(kind) or (pt.is_decimal(kind) and 0 <= kind.scale <= 12))
