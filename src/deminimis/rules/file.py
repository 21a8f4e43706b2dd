"""What a rule's TOML file may say: every key, its form, and the errors that tell how to mend it.

A file becomes the plain fields of a rule here; rule.py makes the rule of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from ..errors import RuleError
from ..toml_file import TomlFile, choice_of, line_of, notes_of, refuse, text_of, unknown_keys
from .days import WINDOWS, Window
from .problems import step_problems
from .steps import Origin, Step, parse_limit

Overflow: TypeAlias = Literal["all", "excess"]
OVERFLOWS: tuple[Overflow, ...] = ("all", "excess")

NOTHING_QUALIFIES = "none"
"""The word of a limit that no total is within."""

_RULE_KEYS = (
    "name",
    "title",
    "authority",
    "currency",
    "key",
    "window",
    "overflow",
    "gate",
    "meaning",
    "notes",
    "sources",
    "step",
)
_STEP_KEYS = ("from", "to", "origin", "sent_from", "kind", "limit", "row_limit", "above_row_limit", "citation")
_ROLES = ("person", "day", "value", "origin", "sent_from", "kind", "entered")
_ABOVE = {"counts": True, "counts not": False}


@dataclass(frozen=True)
class RuleFields:
    """A rule's fields as its file states them, checked."""

    name: str
    title: str
    authority: str
    currency: str
    key: tuple[str, ...]
    window: Window
    overflow: Overflow
    gate: str | None
    meaning: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    sources: tuple[str, ...]
    steps: tuple[Step, ...]


def rule_fields(file: TomlFile) -> RuleFields:
    """Read and check a rule's file, telling every problem at once.

    Raises
    ------
    RuleError
        Naming the file, the step and its line, and the mend.
    """
    table = file.table
    problems = unknown_keys(table, _RULE_KEYS)
    name = text_of(table, "name", problems, '"my-rule"')
    if name and not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        problems.append(f"name {name!r}: use small letters, digits and hyphens")
    currency = text_of(table, "currency", problems, '"USD"')
    if currency and not re.fullmatch(r"[A-Z]{3}", currency):
        problems.append(f'currency {currency!r} is not a code of three capital letters: write one such as "USD"')
    key = _key(table, problems)
    fields = RuleFields(
        name=name,
        title=text_of(table, "title", problems, '"what the rule is about"'),
        authority=text_of(table, "authority", problems, '"19 U.S.C. 1321(a)(2)(C)"'),
        currency=currency,
        key=key,
        window=choice_of(table, "window", WINDOWS, problems),
        overflow=choice_of(table, "overflow", OVERFLOWS, problems),
        gate=_gate(table, problems),
        meaning=_meaning(table, key, problems),
        notes=notes_of(table, problems),
        sources=notes_of(table, problems, "sources"),
        steps=_steps(file, problems),
    )
    refuse(problems, file.label)
    return fields


def _key(table: Mapping[str, Any], problems: list[str]) -> tuple[str, ...]:
    key = table.get("key")
    if not isinstance(key, list) or not key or not all(isinstance(part, str) for part in key):
        problems.append('key is missing or is no list of texts: write key = ["person"], further columns after it')
        return ("person",)
    if key[0] != "person" or len(set(key)) != len(key):
        problems.append(f'key {key!r}: it begins with "person", and names each further column once')
    for part in key[1:]:
        if part in _ROLES[1:] or not re.fullmatch(r"[a-z][a-z0-9_]*", part):
            problems.append(f"key {part!r}: use a word of small letters that is no other role (every key has its day)")
    return tuple(key)


def _meaning(table: Mapping[str, Any], key: Sequence[str], problems: list[str]) -> tuple[tuple[str, str], ...]:
    meaning = table.get("meaning", {})
    if not isinstance(meaning, dict):
        problems.append('meaning is no table: write [meaning] and below it lines such as day = "date of arrival"')
        return ()
    roles = list(dict.fromkeys([*_ROLES, *key]))
    problems += unknown_keys(meaning, roles, "meaning: ")
    return tuple((role, text_of(meaning, role, problems, '"..."', "meaning: ")) for role in roles if role in meaning)


def _steps(file: TomlFile, problems: list[str]) -> tuple[Step, ...]:
    tables = file.table.get("step", [])
    if not isinstance(tables, list) or not all(isinstance(step, dict) for step in tables):
        problems.append("'step' is no list of tables: begin each step with [[step]], in two pairs of brackets")
        return ()
    lines = line_of(file.text, "step", len(tables))
    found = len(problems)
    steps = []
    for number, table in enumerate(tables, 1):
        where = f"step {number} (line {lines[number - 1]}): " if lines else f"step {number}: "
        steps.append(_step(table, where, problems))
    if len(problems) == found:  # a schedule with a broken step would only be told of gaps that are none
        problems += step_problems(steps, lines)
    return tuple(steps)


def _step(table: Mapping[str, Any], where: str, problems: list[str]) -> Step:
    problems += unknown_keys(table, _STEP_KEYS, where)
    first = _day(table, "from", where, problems)
    if "from" not in table:
        problems.append(f"{where}'from' is missing: write the first day in force, such as from = 2016-03-10")
    return Step(
        effective_from=first,
        effective_to=_day(table, "to", where, problems),
        origin=_countries(table, "origin", where, problems),
        limit=_limit(table, "limit", where, problems),
        citation=text_of(table, "citation", problems, '"the act that says so"', where),
        sent_from=_countries(table, "sent_from", where, problems) if "sent_from" in table else "every",
        kind=_kind(table, where, problems),
        row_limit=_limit(table, "row_limit", where, problems) if "row_limit" in table else None,
        counts_above=_counts_above(table, where, problems),
    )


def _gate(table: Mapping[str, Any], problems: list[str]) -> str | None:
    gate = table.get("gate")
    if gate is None:
        return None
    from zoneinfo import ZoneInfo  # slow to import, and most rules have no gate

    try:
        ZoneInfo(gate)
    except (TypeError, ValueError, OSError, KeyError):
        problems.append(f'gate = {gate!r} is no time zone: write the one whose clock it goes by, "America/New_York"')
        return None
    return str(gate)


def _kind(table: Mapping[str, Any], where: str, problems: list[str]) -> tuple[str, ...]:
    kind = table.get("kind", [])
    kinds = [kind] if isinstance(kind, str) else kind
    if isinstance(kinds, list) and all(isinstance(one, str) for one in kinds) and (kinds or "kind" not in table):
        return tuple(kinds)
    problems.append(f'{where}kind = {kind!r}: write one or a list, such as kind = "express"; without it: every kind')
    return ()


def _counts_above(table: Mapping[str, Any], where: str, problems: list[str]) -> bool:
    if "row_limit" in table or "above_row_limit" in table:
        if table.get("above_row_limit") not in _ABOVE or "row_limit" not in table:
            words = " or ".join(f'above_row_limit = "{word}"' for word in _ABOVE)
            problems.append(f"{where}a row_limit says whether a row above it counts towards the total: write {words}")
            return True
        return _ABOVE[table["above_row_limit"]]
    return True


def _day(table: Mapping[str, Any], key: str, where: str, problems: list[str]) -> date | None:
    day = table.get(key)
    if isinstance(day, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", day.strip()):
        try:
            return date.fromisoformat(day.strip())
        except ValueError as error:
            problems.append(f"{where}{key} = {day!r} is not a day ({error}): write one such as 2016-03-10")
            return None
    if isinstance(day, date) and not isinstance(day, datetime):
        return day
    if key in table:
        until = "; leave 'to' out where no end is set" if key == "to" else ""
        problems.append(f"{where}{key} = {day!s} is not a day: write one such as {key} = 2016-03-10{until}")
    return None


def _countries(table: Mapping[str, Any], key: str, where: str, problems: list[str]) -> Origin:
    countries = table.get(key)
    if isinstance(countries, list) and all(isinstance(code, str) for code in countries):
        return tuple(countries)
    if countries == "every" or countries == "other":
        return "every" if countries == "every" else "other"
    fault = "is missing" if countries is None else f"= {countries!r} is unknown"
    problems.append(f'{where}{key} {fault}: write "every", "other" or a list of codes, such as ["CN", "HK"]')
    return "every"


def _limit(table: Mapping[str, Any], key: str, where: str, problems: list[str]) -> Decimal | None:
    limit = table.get(key)
    if key == "limit" and isinstance(limit, str) and limit.strip() == NOTHING_QUALIFIES:
        return None
    if limit is None or limit == "":
        fault = "is missing" if limit is None else "is empty"
        problems.append(
            f'{where}the {key} {fault}: write an amount such as "800.00", or limit = "{NOTHING_QUALIFIES}" '
            f"where nothing qualifies (which is not a limit of zero)"
        )
    elif isinstance(limit, Decimal):
        problems.append(f'{where}{key} = {limit} is a float: put it in double quotes, {key} = "{limit}"')
    elif isinstance(limit, bool) or not isinstance(limit, str | int):
        problems.append(f'{where}{key} = {limit!r} is not an amount: write a text such as "800.00"')
    else:
        try:
            return parse_limit(limit)
        except RuleError as error:
            problems.append(f"{where}{error.message}")
    return None
