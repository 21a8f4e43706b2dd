"""Which settings would read a cell that could not be read: for notes and errors, one cell at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from .._kernel import FormOfMoney
from ..errors import InputError, option
from .day_format import form_of, pattern_of
from .money_format import CURRENCIES, Money, form_of_money

_DATES = (
    "%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y", "%Y/%m/%d", "%d.%m.%Y", "%d.%m.%y", "%Y.%m.%d",
    "%m-%d-%Y", "%d-%m-%Y", "%m-%d-%y", "%d-%m-%y", "%m.%d.%Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d%b%Y",
    "%b %d, %Y", "%b %d %Y", "%a, %d %b %Y", "%a %b %d %Y", "%A, %B %d, %Y", "%Y %b %d", "%Y%m%d",
)  # fmt: skip
_ALONE = ("%m%d%Y", "%d%m%Y", "%m%d%y", "%d%m%y", "%y%m%d", "%Y%j", "%Y-%j", "%G-W%V-%u", "%GW%V%u", "%s", "%s.%f")
_TIMES = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%I:%M:%S %p", "%I:%M %p", "%H%M%S")
_ZONES = ("", " %z", "%z")
LIKELY_DAYS = range(-25_567, 84_006)
"""1900 to 2199."""
OTHER_MONEY = (
    Money(thousands=","), Money(",", "."), Money(",", " "), Money(thousands=" "), Money(thousands="'"),
)  # fmt: skip
PLAIN = FormOfMoney(decimal=b".", thousands=[], currency_signs=False, currencies=[])


def day_formats_for(cell: str) -> list[str]:
    """The patterns that read a cell, the first two where they give it different days."""
    days: dict[int, str] = {}
    for pattern in patterns():
        form = form_of(pattern, None)
        day = form.day_of(cell.encode()) if form else None
        if day is not None and day in LIKELY_DAYS and (pattern[:2] != "%s" or re.match(r"\s*\d{10}\b", cell)):
            days.setdefault(day, pattern)
    return list(days.values())[:2]


def is_beyond_its_month(cell: str, day_format: str | None) -> bool:
    """Whether a cell is written as days are, and its month has no such day, as June 31st."""
    form = form_of(day_format or "%Y-%m-%d", None)
    earlier = re.sub(r"(?<!\d)(29|30|31)(?!\d)", "28", cell)
    return form is not None and earlier != cell and form.day_of(earlier.encode()) is not None


@lru_cache(maxsize=1)
def patterns() -> tuple[str, ...]:
    timed = [f"{day}{blank}{time}{zone}" for zone in _ZONES for time in _TIMES for blank in " T" for day in _DATES]
    dated = [f"{day}{zone}" for zone in _ZONES[1:] for day in _DATES]
    return tuple(filter(_is_sound, [*_DATES, *_ALONE, *timed, *dated]))


def _is_sound(pattern: str) -> bool:
    try:
        return bool(pattern_of.__wrapped__(pattern))
    except InputError:
        return False


class MoneyWay(NamedTuple):
    """The signs by which a cell is an amount, the currency that they are of, and whether the amount is below 0."""

    money: Money
    currency: str | None
    is_negative: bool


def money_for(cell: str, money: Money, code: str | None) -> MoneyWay | None:
    """How a cell that is a bad value by these signs is an amount; None where no signs read it."""
    for text in (cell, *_without_minus(cell)):
        for way, currency in ((money, code), *_ways(text, money, code)):
            form = form_of_money(way, currency) or PLAIN
            if form.units_of(text.encode()) is not None:
                return MoneyWay(way, currency if way.currency_signs else None, text is not cell)
    return None


class Fault(NamedTuple):
    """What is wrong with a cell, as the end of a sentence, and what would mend it, "" where nothing."""

    what: str
    mend: str


def fault_of_amount(cell: object, is_cut: bool, money: Money, code: str | None) -> Fault:
    """What is wrong with a cell that is a bad value by these signs; `code` is the limit's currency."""
    if not isinstance(cell, str):
        is_below = isinstance(cell, int | float | Decimal) and cell == cell and cell < 0
        return Fault("is below 0" if is_below else "is no finite number, or too large", "")
    way = None if is_cut else money_for(cell, money, code)
    if way is None:
        if re.fullmatch(r"\s*\+?\d{15,}[\d.]*\s*", cell):
            return Fault("is too large", "")
        return Fault("cannot be read", "mend it")
    if way.is_negative:
        return Fault("is below 0", "it takes nothing off a total")
    if way.currency is not None and code is not None and way.currency != code:
        return Fault(f"is in another currency than {code}", "convert it first")
    mend = f"give {' and '.join(_settings_of(way.money, way.currency if code is None else None))}"
    if way.money.decimal == "," and money.decimal == ".":
        mend += "; a point was read as the decimal sign so far, so that 1.000 is one and not a thousand"
    return Fault("cannot be read", mend)


def _settings_of(money: Money, currency: str | None) -> list[str]:
    found = []
    if money.decimal != ".":
        found.append(option("decimal", money.decimal))
    if money.thousands is not None:
        found.append(option("thousands", money.thousands))
    if money.currency_signs:
        found.append(option("currency_signs", True))
    if currency is not None:
        found.append(option("currency_code", currency))
    return found


def _without_minus(cell: str) -> Iterator[str]:
    for pattern in (r"\s*\((.*)\)\s*", r"\s*-\s*(.*)", r"(.*\d.*)-\s*", r"(\D*)[-(](.*?)\)?"):
        found = re.fullmatch(pattern, cell)
        if found:
            yield "".join(found.groups())


def _ways(cell: str, now: Money, code: str | None) -> Iterator[tuple[Money, str | None]]:
    """Other signs, those first that keep the decimal sign, and without currencies."""
    others = sorted(OTHER_MONEY, key=lambda money: money.decimal != now.decimal)
    for money in others:
        yield money, None
    named = re.findall(r"\b[A-Z]{3}\b", cell)
    for currency in dict.fromkeys((code, *named, *CURRENCIES)):
        if currency is not None:
            for money in (Money(now.decimal), *others):
                yield money._replace(currency_signs=True), currency
