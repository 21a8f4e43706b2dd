"""The cells of a sheet as Arrow columns: each column has the one type that its cells have, or it is text.

What is text in the sheet stays as it is, whatever it looks like. Of a cell that holds an error nothing is known: it is
null, as one that is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from typing import Any

import pyarrow as pa

_EXACT_MOST = float(1 << 53)


def columns_of(rows: Iterable[Sequence[Any]], width: int) -> list[pa.Array]:
    """Rows of cells as columns; a row without any cell is none."""
    columns: list[list[Any]] = [[] for _ in range(width)]
    for row in rows:
        if any(cell != "" for cell in row):
            for column, cell in zip(columns, row, strict=True):
                column.append(None if cell == "" and isinstance(cell, str) else cell)
    return [column_of(cells) for cells in columns]


def column_of(cells: Sequence[Any]) -> pa.Array:
    """Cells as an array: numbers, days, times and truths where all are such, whole numbers where all are; else text."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if not kinds:
        return pa.nulls(len(cells))
    if kinds <= {int, float}:
        is_whole = all(cell is None or (cell == int(cell) and abs(cell) < _EXACT_MOST) for cell in map(_finite, cells))
        return _array(cells, pa.int64(), int) if is_whole else _array(cells, pa.float64(), float)
    if kinds == {bool}:
        return pa.array(cells, pa.bool_())
    if kinds == {date}:
        return pa.array(cells, pa.date32())
    if kinds <= {date, datetime}:
        return _array(cells, pa.timestamp("us"), _moment)
    return _array(cells, pa.string(), text_of)


def text_of(cell: Any) -> str:
    """A cell as text: a whole number without a point, a day as ISO has it."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT_MOST else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, (date, time)) else str(cell)


def _array(cells: Sequence[Any], kind: pa.DataType, made: Callable[[Any], Any]) -> pa.Array:
    return pa.array([None if cell is None else made(cell) for cell in cells], kind)


def _moment(cell: date) -> datetime:
    return cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day)


def _finite(cell: Any) -> Any:
    """A number that has a whole part; of one that has none, a number that is not whole."""
    return 0.5 if isinstance(cell, float) and cell - cell != 0 else cell
