"""`deminimis explain`: one row's person and day, every row of that total, and the step of the rule that decides."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..results.summary import REASONS
from ..text import counted, in_columns, plain, shortened
from .arguments import as_given, manifest_of, reading_options, scoring_options
from .options import Parser, add_manifest, add_roles, add_settings, count
from .streams import say, say_json, width

if TYPE_CHECKING:
    from ..questions.why import Explanation, Line

_LINES_SHOWN = 40
_CELL_MOST = 200
_EXAMPLES = """\
examples:
  deminimis explain in.parquet --row 41 --person consignee --day arrival --value usd --limit 800
  deminimis explain 'in/*.csv' --row 41 --all --feed et86 --rule us-321
  deminimis explain in.parquet --row 41 --json --person id --day day --value usd --limit 800 > why.json

Rows are numbered from 0 over the whole manifest, as pyarrow and NumPy do and as error messages do within their file.
"""


def run(name: str, words: list[str]) -> int:
    """Read the words after `explain`, print why, and return the exit code."""
    args = parser(name).read(words)
    options = scoring_options(args)
    from ..questions.why import explain

    manifest = manifest_of(args, reads_twice=True)
    lines_most = None if args.all or args.json else _LINES_SHOWN
    row = args.row if args.row is not None else _row(args, manifest, options)
    found = explain(manifest, row, lines_most=lines_most, **options, **reading_options(args))
    found = replace(found, settings=as_given(args, found.settings))
    if args.json:
        say_json(_to_json(found))
    else:
        say(f"{_to_text(found, width())}\n")
    return 0


def _row(args: argparse.Namespace, manifest: Any, options: dict[str, Any]) -> int:
    """The row that is named by an id, or by its person and day."""
    from .. import find_row

    column, equals, text = (args.id or "").partition("=")
    if args.id is not None and not (column and equals):
        raise InputError("--id takes a column and its text, such as --id shipment=ABC123")
    asked = (column, text) if args.id is not None else None
    return find_row(manifest, id=asked, name=args.name, on=args.on, **options, **reading_options(args))


def parser(name: str) -> Parser:
    """The words that may follow `explain`."""
    found = Parser(
        prog=f"deminimis {name}",
        usage="deminimis explain SOURCE... --row N | --id COL=TEXT | --name TEXT, roles, and --limit N | --rule NAME",
        description="Say why one row is eligible or not: the rows of its person and day, their values, the limit.",
        epilog=_EXAMPLES,
    )
    which = found.add_argument_group("which row").add_mutually_exclusive_group(required=True)
    which.add_argument("--row", type=count, metavar="N", help="the row's number, counted from 0")
    which.add_argument("--id", metavar="COL=TEXT", help="the first row with this text in a column: shipment=ABC123")
    which.add_argument("--name", metavar="TEXT", help="the first row of this person, compared as the settings say")
    found.add_argument("--on", metavar="DAY", help="with --name: of this day, YYYY-MM-DD")
    found.add_argument("--all", action="store_true", help=f"show every row of the total, not {_LINES_SHOWN} at most")
    found.add_argument("--json", action="store_true", help="one JSON object, every row of the total included")
    add_roles(found)
    add_settings(found)
    add_manifest(found)
    return found


def _to_text(found: Explanation, width: int | None) -> str:
    line = found.line
    place = "" if line.file is None else f" (row {line.row_in_file:,} of {line.file})"
    outcome = "eligible" if line.reason == "eligible" else f"not eligible: {line.reason}"
    facts = [("Row", f"{line.row:,}{place}"), ("Outcome", f"{outcome}, {REASONS[line.reason]}")]
    facts += [("Person", _person(*person, settings=found.settings)) for person in found.persons]
    facts.append(("Day", _day(found)))
    if line.reason not in ("copy", "no-person", "no-day", "not-in-force"):
        bad = found.rows_bad
        unproven = f", without {counted(bad, 'bad value')}" if bad else ""
        facts.append(("Total", f"{_amount(found.total)} over {counted(found.rows_counted, 'row')}{unproven}"))
    facts.append(("Limit", _limit(found)))
    facts.append(("Overflow", str(found.settings["overflow"])))
    if line.reason in ("copy", "no-person", "no-day"):
        return f"{in_columns(facts, '<<', width)}\n\nIt belongs to no total."
    return f"{in_columns(facts, '<<', width)}\n\n{_table(found, width)}"


def _person(column: str, cell: object, canonical: object, settings: dict[str, Any]) -> str:
    told = f"{column} = {_quoted(cell)}"
    if canonical is None or (not settings["normalize"] and not settings["in_care_of"]):
        return told
    return f"{told}, compared as {_quoted(canonical)}"


def _quoted(cell: object) -> str:
    return shortened(repr(cell), _CELL_MOST)


def _day(found: Explanation) -> str:
    cell = found.line.cells.get(str(found.settings["day"]))
    window = "" if found.rule.window == "day" else f"; totals are of its calendar {found.rule.window}"
    if found.day is None:
        return f"none: {found.settings['day']} = {_quoted(cell)}"
    return f"{found.day}{'' if str(cell) == str(found.day) else f', from {cell}'}{window}"


def _limit(found: Explanation) -> str:
    step, name = found.step, found.rule.name
    if step is None:
        return f"none: {name} is not in force on that day" if found.day else f"unknown without a day ({name})"
    amount = "none: nothing qualifies" if step.limit is None else _amount(step.limit)
    if found.rule.name == "limit":
        return f"{amount} ({step.citation})"
    return f"{amount} ({name}, {step.scope} {step.days}: {step.citation})"


def _table(found: Explanation, width: int | None) -> str:
    columns = list(found.line.cells)
    by_row = len({line.limit for line in found.lines}) > 1
    heads = ["", "Row", *columns, "Counts as", *(["Limit"] if by_row else []), "Reason"]
    body = [_cells(line, line is found.line, columns, by_row) for line in found.lines]
    sides = f"<>{'<' * len(columns)}>{'>' if by_row else ''}<"
    text = in_columns([heads, *body], sides, width, has_head=True)
    if len(found.lines) < found.rows:
        text += f"\n... {counted(found.rows - len(found.lines), 'row')} more: --all shows them"
    return text


def _cells(line: Line, is_asked: bool, columns: Sequence[str], by_row: bool) -> list[str]:
    shown = ["" if line.cells[name] is None else shortened(str(line.cells[name]), _CELL_MOST) for name in columns]
    value = "bad" if line.value is None else _amount(line.value)
    limit = [_amount(line.limit)] if by_row else []
    return [">" if is_asked else "", str(line.row), *shown, value, *limit, line.reason]


def _amount(value: Decimal | None) -> str:
    if value is None:
        return "none"
    whole, _, decimals = f"{value:,f}".partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<2}"


def _to_json(found: Explanation) -> dict[str, object]:
    return {
        **_line_to_json(found.line),
        "eligible": found.line.reason == "eligible",
        "persons": [
            {"column": column, "original": plain(cell), "canonical": plain(canonical)}
            for column, cell, canonical in found.persons
        ],
        "day": plain(found.day),
        "total": plain(found.total),
        "rule": found.rule.name,
        "citation": found.step.citation if found.step else None,
        "rows": [_line_to_json(line) for line in found.lines],
        "settings": found.settings,
    }


def _line_to_json(line: Line) -> dict[str, object]:
    return {
        "row": line.row,
        "file": line.file,
        "row_in_file": line.row_in_file,
        "cells": {name: plain(cell) for name, cell in line.cells.items()},
        "value": plain(line.value),
        "limit": plain(line.limit),
        "reason": line.reason,
    }
