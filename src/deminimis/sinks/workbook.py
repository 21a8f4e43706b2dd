"""Record batches as a sheet of an Excel workbook, by XlsxWriter (the extra `excel`): for tables that people read.

Numbers and days are such, text is never a formula, and what a spreadsheet's numbers cannot hold exactly is text.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from ..arrays import in_hex
from ..errors import InputError
from ..text import width_of
from .files import Output

ROWS_MOST = (1 << 20) - 1
TEXT_MOST = 32_767
"""What a sheet holds below its header, and a cell."""
_DIGITS_MOST = 15
_NEEDS = "a workbook is written by XlsxWriter: pip install 'deminimis[excel]', or write .csv."
_WIDTHS_LOOKED_AT = 1000
_WIDTH_LEAST, _WIDTH_MOST = 6, 60
_MADE = datetime(2000, 1, 1)  # so that the same table gives the same bytes
_FIRST_DAY = date(1900, 3, 1)
"""Days before it are counted differently by different programs."""


class WorkbookWriter:
    """One sheet with a frozen header, and a filter on it."""

    def __init__(self, output: Output, schema: pa.Schema) -> None:
        try:
            from xlsxwriter import Workbook
        except ImportError as error:
            raise InputError(_NEEDS, file=output.name) from error
        safe = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self._book = Workbook(output, {"constant_memory": True, "in_memory": True, **safe})
        self._book.set_properties({"created": _MADE})
        self._sheet = self._book.add_worksheet("table")
        self._name = output.name
        self._schema = schema
        self._rows = 0
        self._widths = [_WIDTH_LEAST] * len(schema)
        bold = self._book.add_format({"bold": True, "bottom": 1})
        self._cells = [self._cell_of(field.type) for field in schema]
        for i, name in enumerate(schema.names):
            self._sheet.write_string(0, i, self._text(name), bold)
            self._fit(i, name)
        self._sheet.freeze_panes(1, 0)

    def write(self, batch: pa.RecordBatch) -> None:
        """Write a batch.

        Raises
        ------
        InputError
            The sheet is full, or a text is longer than a cell holds.
        """
        if self._rows + batch.num_rows > ROWS_MOST:
            most = f"a sheet holds {ROWS_MOST:,} rows below its header"
            raise InputError(f"{most}: write .csv or .parquet.", file=self._name)
        columns = [_plain(column).to_pylist() for column in batch.columns]
        for cells in zip(*columns, strict=True):
            self._rows += 1
            for i, cell in enumerate(cells):
                if cell is not None:
                    self._cells[i](self._rows, i, cell)
                    if self._rows <= _WIDTHS_LOOKED_AT:
                        self._fit(i, str(cell))

    def close(self) -> None:
        for i, width in enumerate(self._widths):
            self._sheet.set_column(i, i, min(width, _WIDTH_MOST) + 2)
        self._sheet.autofilter(0, 0, self._rows, max(0, len(self._widths) - 1))
        self._book.close()

    def _fit(self, i: int, text: str) -> None:
        self._widths[i] = max(self._widths[i], width_of(text[:_WIDTH_MOST]))

    def _text(self, text: str) -> str:
        if len(text) > TEXT_MOST:
            raise InputError(
                f"a cell holds {TEXT_MOST:,} characters, and a text has more: write .csv.", file=self._name
            )
        return text

    def _cell_of(self, kind: pa.DataType) -> Callable[[int, int, Any], Any]:
        """What writes a cell of this type."""
        sheet, formats = self._sheet, self._book.add_format
        if pt.is_dictionary(kind):
            return self._cell_of(kind.value_type)
        if pt.is_boolean(kind):
            return lambda row, i, cell: sheet.write_boolean(row, i, cell)
        if pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind):
            shown = "#,##0.00##" if pt.is_decimal(kind) else "#,##0" if pt.is_integer(kind) else "General"
            look = formats({"num_format": shown})

            def number(row: int, i: int, cell: Any) -> None:
                if _is_exact(cell):
                    sheet.write_number(row, i, cell, look)
                else:
                    sheet.write_string(row, i, f"{cell:f}" if isinstance(cell, Decimal) else str(cell))

            return number
        if pt.is_date(kind) or (pt.is_timestamp(kind) and kind.tz is None and kind.unit != "ns"):
            look = formats({"num_format": "yyyy-mm-dd" if pt.is_date(kind) else "yyyy-mm-dd hh:mm:ss"})

            def moment(row: int, i: int, cell: Any) -> None:
                day = cell.date() if isinstance(cell, datetime) else cell
                if day >= _FIRST_DAY and not (isinstance(cell, datetime) and cell.microsecond % 1000):
                    sheet.write_datetime(row, i, cell, look)
                else:
                    sheet.write_string(row, i, cell.isoformat())

            return moment
        return lambda row, i, cell: sheet.write_string(row, i, self._text(cell if isinstance(cell, str) else str(cell)))


def _plain(column: pa.Array) -> pa.Array:
    """Keys as hex digits; times finer than Python's as text."""
    if pt.is_fixed_size_binary(column.type):
        return in_hex(column)
    if pt.is_timestamp(column.type) and (column.type.unit == "ns" or column.type.tz is not None):
        return column.cast(pa.string())
    return column


def _is_exact(cell: Any) -> bool:
    """Whether a spreadsheet shows this number with all its digits."""
    if isinstance(cell, float):
        return cell - cell == 0
    return len(str(cell).strip("-").replace(".", "").lstrip("0")) <= _DIGITS_MOST
