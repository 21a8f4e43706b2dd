"""How a CSV file is written for a spreadsheet: what is asked for beside its path."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.types as pt

from .. import compute as pc
from ..errors import InputError

BOM = b"\xef\xbb\xbf"
PLACES_MOST = 4
_STARTS = r"^([=+\-@\t\r])"


@dataclass(frozen=True)
class CsvFile(os.PathLike[str]):
    """A CSV file as target of `score_files` and others, written for a spreadsheet.

    Parameters
    ----------
    path : path
        Where it goes.
    bom : bool, default False
        It begins with a byte order mark, by which Excel knows UTF-8.
    places : int, optional
        The decimal places of amounts, 0 to 4; an amount that has more is an error, as none is ever rounded.
    formulas : bool, default True
        Text stays as it is, so that it can be read again. False: text that a spreadsheet would run as a formula, which
        begins with = + - @, a tab or a carriage return, gets an apostrophe before it.
    """

    path: str | os.PathLike[str]
    bom: bool = False
    places: int | None = None
    formulas: bool = True

    def __post_init__(self) -> None:
        if self.places is not None and not 0 <= self.places <= PLACES_MOST:
            raise InputError(f"amounts have 0 to {PLACES_MOST} decimal places, not {self.places}")

    def __fspath__(self) -> str:
        return os.fspath(self.path)

    def schema(self, schema: pa.Schema) -> pa.Schema:
        """The columns as they are written."""
        return pa.schema([pa.field(self._safe_name(field.name), self._kind(field.type)) for field in schema])

    def batch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """A batch as it is written."""
        return pa.RecordBatch.from_arrays([self._column(c) for c in batch.columns], schema=self.schema(batch.schema))

    def _kind(self, kind: pa.DataType) -> pa.DataType:
        if self.places is not None and pt.is_decimal128(kind):
            return pa.decimal128(38, self.places)
        return kind.value_type if not self.formulas and pt.is_dictionary(kind) else kind

    def _column(self, column: pa.Array) -> pa.Array:
        kind = self._kind(column.type)
        if pt.is_decimal128(kind) and kind != column.type:
            try:
                return column.cast(kind)
            except pa.ArrowInvalid as error:
                wrong = f"an amount has more than {self.places} decimal places"
                raise InputError(f"{wrong}, and none is rounded: ask for more.", file=str(self.path)) from error
        column = column if column.type == kind else column.cast(kind)
        if self.formulas or not (pt.is_string(kind) or pt.is_large_string(kind)):
            return column
        return pc.replace_substring_regex(column, _STARTS, r"'\1")

    def _safe_name(self, name: str) -> str:
        return f"'{name}" if not self.formulas and name[:1] in ("=", "+", "-", "@", "\t", "\r") else name
