"""Why one row is eligible or not: the rows of its person's day, what each counted as, and the step of the rule.

The scorer itself says which rows share the row's key: with a value of 1 for that row, 0 for all others, and a limit of
0, its key alone is over the limit. So no second notion of a person or a day is needed here. What follows is asked of
those few rows. A manifest is read twice, and never held.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Unpack

import numpy as np
import pyarrow as pa

from .. import markup
from ..api import eligible
from ..errors import InputError
from ..results.summary import REASONS
from ..roles.binding import bind
from ..roles.days import days_of, gate_days_of
from ..roles.options import READING, AnyOptions, refuse_unknown, takes_options
from ..roles.persons import Column, Person
from ..roles.request import Request, check
from ..rules.rule import Rule
from ..rules.steps import Step
from ..sources.base import Source
from ..sources.open import open_source
from ..sources.schemas import laid_out
from ..text import counted
from .cells import Integers, columns_of, outcomes_of, persons_of, texts_of, values_of

_MARK = "\x00row asked for"
_RESOURCES = ("threads", "memory_limit", "spill_dir")
_REASONS = tuple(REASONS)
_CODES = {reason: code for code, reason in enumerate(REASONS)}
_KEYLESS = _CODES["not-in-force"]
"""The reasons before this one are of rows without a key."""


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
        Rows with its person and day, itself among them, in row order.
    rows, rows_counted, rows_bad : int
        All such rows; those that the total is made of; those with a bad value.
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
    rows: int
    rows_counted: int
    rows_bad: int
    persons: tuple[tuple[str, object, object], ...]
    day: date | None
    total: Decimal | None
    step: Step | None
    rule: Rule
    settings: dict[str, object]

    def __repr__(self) -> str:
        total = "" if self.total is None else f", total {self.total:,f}"
        return f"<deminimis.Explanation of row {self.line.row:,}: {self.line.reason}{total}>"

    def _repr_html_(self) -> str:
        rule = "none in force" if self.step is None else f"{self.step.limit_in_words} ({self.step.citation})"
        facts = [("Person", f"{name} = {cell}") for name, cell, _ in self.persons]
        facts += [("Day", str(self.day)), ("Limit", f"{self.rule.name}: {rule}")]
        if self.total is not None:
            facts.append(("Total", f"{self.total:,f} over {counted(self.rows_counted, 'row')}"))
        names = list(self.line.cells)
        marks = [">" if one is self.line else "" for one in self.lines]
        counts = ["bad" if one.value is None else one.value for one in self.lines]
        told = [
            (mark, one.row, *one.cells.values(), count, one.reason)
            for mark, count, one in zip(marks, counts, self.lines, strict=True)
        ]
        rows = markup.table(told, f"<>{'<' * len(names)}><", ["", "row", *names, "counts as", "reason"])
        title = f"Row {self.line.row:,}: {self.line.reason}, {REASONS[self.line.reason]}"
        return markup.titled(title, [markup.table(facts, "<<"), rows])


@takes_options
def explain(
    manifest: Any,
    row: int,
    *,
    person: Person,
    day: Column,
    value: Column,
    lines_most: int | None = None,
    **options: Unpack[AnyOptions],
) -> Explanation:
    """Say what decided one row: the rows of its person's day, what each counted as, and the step of the rule.

    Takes the roles and settings of `eligible`. A bad value stops nothing here.

    Parameters
    ----------
    manifest : object
        As `eligible` takes it, but for streams: it is read twice, with `shipment` more often.
    row : int
        The row's number in the manifest, counted from 0.
    lines_most : int, optional
        How many rows of the total to tell, those next to the row; None: all.

    Raises
    ------
    InputError
        There is no such row, or as `score`.
    """
    refuse_unknown(tuple(options))
    given: dict[str, Any] = {**options, "person": person, "day": day, "value": value}
    reading = {name: given.pop(name) for name in READING if name in given}
    source = manifest if isinstance(manifest, Source) else open_source(manifest, **reading)
    if given.get("bad_values") == "error":
        given["bad_values"] = "unproven"
    roles = check(**{name: one for name, one in given.items() if name not in _RESOURCES})
    bind(roles, source.schema, outcomes=True, tally=False, file=source.files[0] if source.files else None)
    kin = _rows_with_the_key(source, row, roles, given)
    wanted = list(dict.fromkeys(source.schema.names if roles.has_expressions() else roles.names()))
    table, starts = _taken(source, wanted, kin)
    codes, totals = outcomes_of(source, table, kin, roles, given)
    own = int(np.searchsorted(kin, row))
    same = np.flatnonzero(codes >= _KEYLESS) if codes[own] >= _KEYLESS else np.array([own])
    idle = [
        _CODES[reason] for reason in ("not-in-force", "bad-value", *(() if roles.count_excluded else ("excluded",)))
    ]
    shown = _around(same, own, lines_most)
    table = table.take(pa.array(shown))
    days = days_of(table, roles)
    scopes = [texts_of(table, column) for column in roles.scopes]
    gates = zip(gate_days_of(table, roles, days), *scopes, strict=True)
    steps = [_step(roles.rule, *asked) for asked in gates]
    cells = table.select(columns_of(roles, table.column_names)).to_pylist()
    places = [_place(starts, int(at)) for at in kin[shown]]
    reasons = [_REASONS[code] for code in codes[shown]]
    limits = [step.limit if step else None for step in steps]
    numbers = map(int, kin[shown])
    rows = zip(numbers, places, cells, values_of(table, roles), limits, reasons, strict=True)
    lines = tuple(Line(number, *place, *rest) for number, place, *rest in rows)
    at = int(np.searchsorted(shown, own))
    return Explanation(
        line=lines[at],
        lines=lines,
        rows=len(same),
        rows_counted=int((~np.isin(codes[same], idle)).sum()),
        rows_bad=int((codes[same] == _CODES["bad-value"]).sum()),
        persons=persons_of(table.slice(at, 1), roles, given),
        day=days[at],
        total=totals[own].as_py(),
        step=steps[at],
        rule=roles.rule,
        settings=roles.settings(),
    )


def _around(same: Integers, own: int, lines_most: int | None) -> Integers:
    """At most so many of the rows, the row itself in their middle."""
    if lines_most is None or len(same) <= lines_most:
        return same
    first = int(np.clip(np.searchsorted(same, own) - lines_most // 2, 0, len(same) - lines_most))
    return same[first : first + lines_most]


def _place(starts: list[tuple[str | None, int]], row: int) -> tuple[str | None, int | None]:
    """The file that a row is in, and its number there; starts are ascending."""
    file, first = starts[bisect_right(starts, row, key=lambda start: start[1]) - 1]
    return file, None if file is None else row - first


def _rows_with_the_key(source: Source, row: int, roles: Request, options: dict[str, Any]) -> Integers:
    """Numbers of the rows that share the row's key, and of those that have none, ascending."""
    key = ("person", "per", "day", "normalize", "in_care_of", "placeholders", "timezone", "day_format")
    asked = {name: options[name] for name in key if options.get(name) is not None}
    rule = Rule(limit=0, key=roles.rule.key, window=roles.rule.window)
    needed = [*roles.person_columns, *roles.per, roles.day]
    named = [name for name in needed if isinstance(name, str)]
    wanted = list(dict.fromkeys(named if len(named) == len(needed) else source.schema.names))
    own = source.schema_of(wanted)
    schema = own.append(pa.field(_MARK, pa.int8()))
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
                    columns = [*laid_out(batch, own), pa.array(mark)]
                    yield pa.RecordBatch.from_arrays(columns, schema=schema)
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


def _taken(source: Source, wanted: Sequence[str], rows: Integers) -> tuple[pa.Table, list[tuple[str | None, int]]]:
    """These rows of these columns, and each file with the number of its first row."""
    starts: list[tuple[str | None, int]] = []
    found = []
    own = source.schema_of(wanted)
    first = 0
    for piece in source.pieces(wanted):
        if not starts or piece.file != starts[-1][0]:
            starts.append((piece.file, first))
        for batch in piece.batches():
            low, high = np.searchsorted(rows, [first, first + batch.num_rows])
            if low < high:
                at = pa.array(rows[low:high] - first)
                found.append(pa.RecordBatch.from_arrays(laid_out(batch, own), schema=own).take(at))
            first += batch.num_rows
    return pa.Table.from_batches(found), starts


def _step(rule: Rule, day: date | None, *scopes: str | None) -> Step | None:
    if day is not None:
        return rule.step_on(day, *scopes)
    return rule.steps[0] if len(rule.steps) == 1 else None
