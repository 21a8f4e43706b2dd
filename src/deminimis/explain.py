"""Why one row is eligible or not: the rows of its person's day, what each counted as, and the step of the rule.

The scorer itself says which rows share the row's key: with a value of 1 for that row, 0 for all others, and a limit of
0, its key alone is over the limit. So no second notion of a person or a day is needed here. What follows is asked of
those few rows. A manifest is read twice, and never held.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.types as pt

from . import casts, columns, names
from .api import eligible, score
from .errors import InputError
from .roles import Roles, check, first_of
from .rule import Rule
from .rule_steps import Step
from .source_base import Source

_MARK = "\x00row asked for"
_ROW = "\x00row"
_DAY = "\x00day"
_KEYLESS = ("no-person", "no-day")


@dataclass(frozen=True)
class Line:
    """One row of the total.

    Parameters
    ----------
    row : int
        Its number in the manifest, counted from 0 over all files.
    file, row_in_file : str and int, optional
        The same for its file; None in memory.
    cells : dict of str to object
        Its role columns as the manifest has them.
    value : Decimal, optional
        What it counts as, quantity included; None: a bad value.
    limit : Decimal, optional
        The limit of its day and origin; None: the rule is not in force for it.
    reason : str
        Its reason.
    """

    row: int
    file: str | None
    row_in_file: int | None
    cells: dict[str, object]
    value: Decimal | None
    limit: Decimal | None
    reason: str


@dataclass(frozen=True)
class Explanation:
    """What decided one row.

    Parameters
    ----------
    line : Line
        The row.
    lines : tuple of Line
        All rows with its person and day, itself among them, in row order.
    persons : tuple of (str, object, object)
        Column, cell, and the form that is compared, for each column that names the person.
    day : datetime.date, optional
        The day that the row counts on.
    total : Decimal, optional
        The exact total of its person's day; None: it belongs to none.
    step : Step, optional
        The step of the rule that decides for it.
    rule : Rule
        The rule.
    settings : dict of str to object
        Every setting in force.
    """

    line: Line
    lines: tuple[Line, ...]
    persons: tuple[tuple[str, object, object], ...]
    day: date | None
    total: Decimal | None
    step: Step | None
    rule: Rule
    settings: dict[str, object]


def explain(source: Source, row: int, **options: Any) -> Explanation:
    """Find what decided one row.

    Parameters
    ----------
    source : Source
        The manifest; it can be read more than once.
    row : int
        The row's number in the manifest, counted from 0.
    **options
        Roles and settings, as `deminimis.score` takes them. A bad value stops nothing here.

    Raises
    ------
    InputError
        There is no such row, or as `deminimis.score`.
    """
    if options.get("bad_values") == "error":
        options["bad_values"] = "unproven"
    roles = check(**options)
    columns.bind(roles, source.schema, wide=True, tally=False, file=source.files[0] if source.files else None)
    kin = _rows_with_the_key(source, row, roles, options)
    wanted = list(dict.fromkeys(source.schema.names if roles.has_expressions() else roles.names()))
    table, starts = _taken(source, wanted, kin)
    scored = score(table, **options)
    reasons = scored.reason.to_pylist()
    is_keyed = reasons[int(np.searchsorted(kin, row))] not in _KEYLESS
    kept = [i for i, at in enumerate(kin) if at == row or (is_keyed and reasons[i] not in _KEYLESS)]
    table = table.take(pa.array(kept, pa.int64()))
    days = _days(table, roles)
    steps = [_step(roles.rule, day, origin) for day, origin in zip(days, _texts(table, roles.origin), strict=True)]
    shown = [name for name in roles.names() if name in table.column_names]
    cells = table.select(shown).to_pylist()
    firsts = [first for _, first in starts]
    lines = []
    for i, value, step, own in zip(kept, _values(table, roles), steps, cells, strict=True):
        file, first = starts[int(np.searchsorted(firsts, kin[i], "right")) - 1]
        in_file = None if file is None else int(kin[i]) - first
        limit = step.limit if step else None
        lines.append(Line(int(kin[i]), file, in_file, own, value, limit, reasons[i]))
    at = next(i for i, line in enumerate(lines) if line.row == row)
    return Explanation(
        line=lines[at],
        lines=tuple(lines),
        persons=_persons(table.slice(at, 1), roles, options),
        day=days[at],
        total=scored.total[kept[at]].as_py(),
        step=steps[at],
        rule=roles.rule,
        settings=roles.settings(),
    )


def _rows_with_the_key(source: Source, row: int, roles: Roles, options: dict[str, Any]) -> npt.NDArray[np.int64]:
    """Numbers of the rows that share the row's key, and of those that have none, ascending."""
    key = ("person", "per", "day", "normalize", "in_care_of", "placeholders", "timezone", "day_format")
    asked = {name: options[name] for name in key if options.get(name) is not None}
    rule = Rule(limit=0, key=roles.rule.key, window=roles.rule.window)
    needed = [*roles.persons, *roles.per, roles.day]
    named = [name for name in needed if isinstance(name, str)]
    wanted = list(dict.fromkeys(named if len(named) == len(needed) else source.schema.names))
    schema = pa.schema([*map(source.schema.field, wanted), pa.field(_MARK, pa.int8())])
    failed: list[BaseException] = []

    def batches() -> Iterator[pa.RecordBatch]:
        first = 0
        try:
            for piece in source.pieces(wanted):
                for batch in piece.batches():
                    mark = np.zeros(batch.num_rows, np.int8)
                    if first <= row < first + batch.num_rows:
                        mark[row - first] = 1
                    first += batch.num_rows
                    yield pa.RecordBatch.from_arrays([*batch.columns, pa.array(mark)], schema=schema)
        except Exception as error:
            failed.append(error)  # the stream would tell its words alone
            raise

    stream = pa.RecordBatchReader.from_batches(schema, batches())
    try:
        mask = eligible(stream, value=_MARK, rule=rule, **asked)
    except Exception as error:
        raise failed[0] if failed else error from None
    if not 0 <= row < len(mask):
        rows = f"{len(mask):,} rows, numbered from 0 to {len(mask) - 1}" if len(mask) else "no rows"
        raise InputError(f"there is no row {row}: the manifest has {rows}")
    return np.flatnonzero(~mask.to_numpy(zero_copy_only=False)).astype(np.int64)


def _taken(
    source: Source, wanted: Sequence[str], rows: npt.NDArray[np.int64]
) -> tuple[pa.Table, list[tuple[str | None, int]]]:
    """These rows of these columns, and each file with the number of its first row."""
    starts: list[tuple[str | None, int]] = []
    found = []
    first = 0
    for piece in source.pieces(wanted):
        if not starts or piece.file != starts[-1][0]:
            starts.append((piece.file, first))
        for batch in piece.batches():
            low, high = np.searchsorted(rows, [first, first + batch.num_rows])
            if low < high:
                found.append(batch.take(pa.array(rows[low:high] - first)))
            first += batch.num_rows
    return pa.Table.from_batches(found), starts


def _days(table: pa.Table, roles: Roles) -> list[date | None]:
    """Each row's day as a date; None where it has none."""
    if not isinstance(roles.day, str):
        return [None] * len(table)
    array = table[roles.day].combine_chunks()
    if pt.is_dictionary(array.type):
        array = array.dictionary_decode()
    is_text = not (pt.is_temporal(array.type) or pt.is_integer(array.type) or pt.is_null(array.type))
    if roles.day_format and (is_text or pt.is_integer(array.type)):
        array = casts.day_of_format(roles.day_format, roles.timezone if is_text else None)(array)
    elif is_text and roles.timezone:
        array = casts.day_of_iso_instant(roles.timezone)(array)
    elif pt.is_timestamp(array.type) and array.type.tz:
        array = casts.local_time(roles.timezone or array.type.tz)(array)
    if pt.is_timestamp(array.type):
        array = array.cast(pa.timestamp("us"), safe=False)
    return [_date(cell) for cell in array.to_pylist()]


def _date(cell: object) -> date | None:
    if isinstance(cell, bytes):
        cell = cell.decode(errors="replace")
    if isinstance(cell, str):
        try:
            return date.fromisoformat(cell.strip()[:10])
        except ValueError:
            return None
    if isinstance(cell, datetime):
        return cell.date()
    return cell if isinstance(cell, date) else None


def _texts(table: pa.Table, column: object) -> list[str | None]:
    if not isinstance(column, str):
        return [None] * len(table)
    return [cell.decode(errors="replace") if isinstance(cell, bytes) else cell for cell in table[column].to_pylist()]


def _step(rule: Rule, day: date | None, origin: str | None) -> Step | None:
    if day is not None:
        return rule.step_on(day, origin)
    return rule.steps[0] if len(rule.steps) == 1 else None


def _values(table: pa.Table, roles: Roles) -> list[Decimal | None]:
    """What each row counts as: the total that it alone would have."""
    n = len(table)
    table = table.append_column(_ROW, pa.array(np.arange(n))).append_column(_DAY, pa.array([0] * n, pa.date32()))
    alone = score(
        table,
        person=_ROW,
        day=_DAY,
        value=roles.value,
        quantity=roles.quantity,
        currency=roles.currency,
        currency_code=roles.currency_code,
        limit=0,
        threads=1,
    )
    outcomes = zip(alone.total.to_pylist(), alone.reason.to_pylist(), strict=True)
    return [None if reason == "bad-value" else total for total, reason in outcomes]


def _persons(one: pa.Table, roles: Roles, options: dict[str, Any]) -> tuple[tuple[str, object, object], ...]:
    """The columns that name the person of one row: of a first_of, the one that was taken."""
    found = []
    for column in roles.persons:
        if not isinstance(column, str):
            continue
        cell = one[column][0].as_py()
        canonical = names.canonical(one[column].combine_chunks(), roles.normalize, roles.in_care_of)[0].as_py()
        if roles.is_first_of:
            reason = score(one, **options | {"person": first_of(column)}).reason[0].as_py()
            if reason != "no-person":
                return ((column, cell, canonical),)
        found.append((column, cell, canonical))
    return tuple(found)
