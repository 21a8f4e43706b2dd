"""What the reader of a summary must not miss, as sentences: nothing is refused in silence."""

from __future__ import annotations

import re

from ..errors import option
from ..roles.mends import day_formats_for, fault_of_amount, is_beyond_its_month
from ..roles.persons import Column
from ..roles.request import Request
from ..run.refused import SCOPES, Unread
from ..run.tellings import Whys
from ..run.worker import Counts
from ..text import counted, quoted, shown

MANY = 50
"""One row in so many without a person is worth a word."""


def notes_of(roles: Request, rows: int, counts: Counts) -> list[str]:
    """The sentences about one run's refused rows."""
    notes = []
    refused = counts.refused
    cells = refused.cells
    if "day" in cells:
        notes.append(_of_days(roles, cells["day"], rows - sum(counts.reasons[:3])))
    if "entered" in cells:
        found = cells["entered"]
        said = f"{_rows(found.rows, found)} no-day for a day of entry that cannot be read, such as"
        notes.append(f"{said} {_where(found, str(roles.entered))}{_alike(found)}: {_day_mend(roles, found, 0)}")
    for name, column in (("value", roles.value), ("quantity", roles.quantity)):
        if name in cells:
            notes.append(_of_amounts(roles, name, str(column), cells[name]))
    for name, column in (("value", roles.value), ("quantity", roles.quantity)):
        if name in refused.thousands and name not in cells:
            notes.append(_of_thousands(roles, name, str(column), refused.thousands[name]))
    if "currency" in cells:
        found = cells["currency"]
        notes.append(
            f"{_rows(found.rows, found)} in another currency than {roles.currency_code}, such as "
            f"{_where(found, str(roles.currency))}: their values are bad values; convert them first"
        )
    unnamed = counts.reasons[1] - counts.nameless - counts.without_per
    if unnamed and unnamed * MANY >= rows:
        notes.append(
            f"no person is named in {unnamed:,} of {rows:,} rows, which count towards nobody's total: where "
            "only the first line of an order names its person, fill the name down"
        )
    if refused.missing_excluded:
        notes.append(
            f"{counted(refused.missing_excluded, 'row')} excluded because nothing says whether they are: a blank in "
            f"{roles.excluded!s} counts as excluded"
        )
    for name, column in zip(SCOPES, roles.scopes, strict=True):
        if refused.unknown.get(name):
            notes.append(_of_unknown(name, column, refused.unknown[name], cells.get(name)))
    if refused.near_gate:
        without = "is missing" if roles.entered is not None else f"is not told ({option('entered')})"
        notes.append(
            f"the day of {counted(refused.near_gate, 'row')} is within one day of a gate of {roles.rule.name} and "
            f"stands in for the day of entry, which {without}: entered a day before or after, such a row has another "
            "limit"
        )
    return notes


def of_copies(roles: Request, rows: int, whys: Whys) -> str | None:
    """The sentence about the rows that tell what others tell."""
    told = {
        "a cancellation": whys.cancelled,
        "a later version of the same party": whys.elder,
        "a line that is told twice": whys.line,
        "another party's telling": whys.party,
    }
    if not rows or roles.shipments is None:
        return None
    parts = [f"{number:,} by {why}" for why, number in told.items() if number]
    return f"{counted(rows, 'row')} of shipments {'is a copy' if rows == 1 else 'are copies'}: {', '.join(parts)}"


def _rows(rows: int, found: Unread) -> str:
    least = "at least " if found.is_least else ""
    return f"{least}{counted(rows, 'row')} {'is' if rows == 1 else 'are'}"


def _where(found: Unread, column: str) -> str:
    """A cell and where it is, as errors say it."""
    place = [shown(found.file)] if found.file else []
    return (
        f"{quoted(found.cell, is_cut=found.is_cut)} ({', '.join([*place, f'column {column!r}', f'row {found.row}'])})"
    )


def _alike(found: Unread) -> str:
    if found.rows == 1:
        return ""
    return ", all like it" if found.alike == found.rows else f", {found.alike:,} of them written like it"


def _of_days(roles: Request, found: Unread, rows_read: int) -> str:
    said = f"{_rows(found.rows, found)} no-day for a day that cannot be read, such as {_where(found, str(roles.day))}"
    return (
        f"{said}{_alike(found)}: {_day_mend(roles, found, rows_read)}. Such rows count towards no day of their person, "
        "whose other rows may pass that would not with them"
    )


def _day_mend(roles: Request, found: Unread, rows_read: int) -> str:
    if not isinstance(found.cell, str):
        return "it lies outside the calendar"
    if roles.day_format is not None and re.fullmatch(r"\s*\d{4}-\d\d-\d\d([T ]\d\d:\d\d\S*)?\s*", found.cell):
        return (
            "write all days of the column in one way"
            if rows_read
            else f"leave {option('day_format')} out, which ISO text needs not"
        )
    if is_beyond_its_month(found.cell, roles.day_format):
        return "there is no such day"
    formats = day_formats_for(found.cell) if not found.is_cut else []
    if not formats:
        if re.fullmatch(r"\s*\d{1,2}\s*", found.cell):
            return "it tells no month and no year; join year, month and day into one column"
        if re.fullmatch(r"\s*\d{13}\s*", found.cell):
            return "it may count milliseconds; make the column timestamps"
        return f"mend it, or say with {option('day_format')} how the day is written"
    read_by = " or ".join(option("day_format", pattern) for pattern in formats)
    if rows_read:
        return f"write all days of the column in one way ({read_by} reads such cells)"
    return f"give {read_by}" + (", whichever it is" if len(formats) > 1 else "")


def _of_amounts(roles: Request, name: str, column: str, found: Unread) -> str:
    fault = fault_of_amount(found.cell, found.is_cut, roles.money, roles.currency_code)
    said = f"{_rows(found.rows, found)} bad-value for a {name} that {fault.what}"
    return f"{said}, such as {_where(found, column)}{_alike(found)}" + (f": {fault.mend}" if fault.mend else "")


def _of_thousands(roles: Request, name: str, column: str, found: Unread) -> str:
    sign = roles.money.decimal
    mend = f"{option('decimal', '.' if sign == ',' else ',')} and {option('thousands', sign)}"
    return (
        f"three digits stand behind each {sign!r} of the {name}, as far as it was looked at, such as "
        f"{_where(found, column)}, and it was read as the decimal sign: where it marks thousands, give {mend}"
    )


def _of_unknown(name: str, column: Column | None, rows: int, found: Unread | None) -> str:
    such = "" if found is None else f", such as {_where(found, str(column))}"
    what = {
        "origin": "the origin is missing or no code that ISO 3166 assigns",
        "sent_from": "the country that they were sent from is missing or no code that ISO 3166 assigns",
        "kind": "the kind is missing or none that the rule knows",
    }[name]
    if column is None:
        what = f"no column tells the kind ({option('kind')})"
    return f"{counted(rows, 'row')} got the strictest limit of the day, as {what}{such}"
