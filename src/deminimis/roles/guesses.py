"""Which settings read most cells of a column: for a look at a feed. It decides nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple

import pyarrow as pa

from .._kernel import FormOfDays
from .day_format import form_of
from .days import days_of
from .mends import LIKELY_DAYS, OTHER_MONEY, PLAIN, patterns
from .money_format import CURRENCIES, Money, form_of_money
from .request import check

_TRIED_ON = 6
"""Cells that say which patterns are tried on all."""


class DaysGuess(NamedTuple):
    """A pattern (None: no setting is needed), how many cells it reads, and over how many days these lie."""

    day_format: str | None
    read: int
    span: int


class MoneyGuess(NamedTuple):
    """The signs of amounts, the currency that they are of, and how many cells are read by them."""

    money: Money
    currency: str | None
    read: int


class Guesses:
    """Every pattern and every sign that is known, tried on cells."""

    @cached_property
    def _forms(self) -> dict[str, FormOfDays]:
        forms = {pattern: form_of(pattern, None) for pattern in patterns()}
        return {pattern: form for pattern, form in forms.items() if form is not None}

    def days(self, cells: Sequence[str]) -> list[DaysGuess]:
        """The patterns that read some of the cells, those first that read the most; of two that read as many, the one
        that gives days closer to each other."""
        if not cells:
            return []
        some = cells[:: max(1, len(cells) // _TRIED_ON)]
        plain = [day for day in _iso_days(cells) if day is not None]
        found = [DaysGuess(None, len(plain), (max(plain) - min(plain)).days)] if plain else []
        for name, form in self._forms.items():
            if name[:2] == "%s" and not all(re.match(r"\s*\d{10}\b", cell) for cell in some):
                continue
            if any(_likely(form, cell) is not None for cell in some):
                days = [day for cell in cells if (day := _likely(form, cell)) is not None]
                found.append(DaysGuess(name, len(days), max(days) - min(days)))
        return sorted(found, key=lambda one: (-one.read, one.day_format is not None, one.span))

    def read_days(self, cells: Sequence[str], day_format: str | None) -> list[bool]:
        """Which of the cells a pattern reads."""
        if day_format is None:
            return [day is not None for day in _iso_days(cells)]
        form = self._forms[day_format]
        return [form.day_of(cell.encode()) is not None for cell in cells]

    def money(self, cells: Sequence[str]) -> list[MoneyGuess]:
        """The signs by which some of the cells are amounts, those first that read the most."""
        ways: list[tuple[Money, str | None]] = [(money, None) for money in (Money(), *OTHER_MONEY)]
        together = " ".join(cells)
        for code, signs in CURRENCIES.items():
            if code in together or any(sign in together for sign in signs):
                ways += [(money._replace(currency_signs=True), code) for money in (Money(), *OTHER_MONEY)]
        found = []
        for money, currency in ways:
            form = form_of_money(money, currency) or PLAIN
            read = sum(form.units_of(cell.encode()) is not None for cell in cells)
            if read:
                found.append(MoneyGuess(money, currency, read))
        return sorted(found, key=lambda one: -one.read)

    def read_amounts(self, cells: Sequence[str], guess: MoneyGuess) -> list[bool]:
        """Which of the cells are amounts by these signs."""
        form = form_of_money(guess.money, guess.currency) or PLAIN
        return [form.units_of(cell.encode()) is not None for cell in cells]


def _iso_days(cells: Sequence[str]) -> list[date | None]:
    """The days of cells as they are read where no setting says how."""
    return days_of(pa.table({"": list(cells)}), check(person="", day="", value="", limit=0))


def _likely(form: FormOfDays, cell: str) -> int | None:
    day = form.day_of(cell.encode())
    return day if day is not None and day in LIKELY_DAYS else None
