"""What the cells of one column look like, in a sample: for `inspect`. A look decides nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.types as pt

from ..roles.guesses import DaysGuess, Guesses, MoneyGuess
from ..roles.money_format import Money
from ..text import quoted

_CELLS_SHOWN = 3
_DISTINCT_MOST = 200
"""Different cells that are tried."""
_READ_LEAST = 0.6
"""The share of the cells that is read by some setting, below which a column is text."""
_TRUTHS = {"true", "false", "t", "f", "yes", "no", "y", "n", "0", "1"}
_CODES_LEAST = 0.7
_DIGITS = re.compile(r"\s*\d+\s*")


class Look(NamedTuple):
    """What a column looks like.

    Parameters
    ----------
    name, type : str
        Of the column, as Arrow has it.
    kind : {"day", "amount", "country", "currency", "truth", "number", "text", "other"}
        What its cells seem to be.
    rows, blank, unread : int
        Rows of the sample; those without a cell or with blanks alone; those that are not read as what the rest are.
    different : int
        Different cells among those of the sample that were tried.
    cells : tuple of str
        The first different ones, escaped and cut.
    days : DaysGuess, optional
        How days are written, and the other way that reads as many, where there is one.
    other_days : DaysGuess, optional
    money : MoneyGuess, optional
        How amounts are written.
    """

    name: str
    type: str
    kind: str
    rows: int
    blank: int
    unread: int
    different: int
    cells: tuple[str, ...]
    days: DaysGuess | None = None
    other_days: DaysGuess | None = None
    money: MoneyGuess | None = None

    @property
    def in_words(self) -> str:
        """What it looks like, in a few words."""
        if self.kind == "day" and self.days is not None:
            return "day" if self.days.day_format is None else f"day, {self.days.day_format}"
        if self.kind == "amount" and self.money is not None:
            signs = self.money.money
            like = f"1{signs.thousands or ''}234{signs.decimal}50"
            return f"amount, {like} {self.money.currency or ''}".rstrip() if signs != Money() else "amount"
        words = {"country": "country codes", "currency": "currency codes", "truth": "yes or no", "other": ""}
        return words.get(self.kind, self.kind)


def look_at(name: str, column: pa.ChunkedArray, guesses: Guesses, *, may_be_day: bool) -> Look:
    """Look at the cells of a column; whole numbers are days only where the column's name says so."""
    kind = column.type.value_type if pt.is_dictionary(column.type) else column.type
    cells = column.to_pylist()
    texts = [one for one in (_text(cell) for cell in cells) if one]
    different = list(dict.fromkeys(texts))[:_DISTINCT_MOST]
    shown = tuple(quoted(one).strip("'") if isinstance(one, str) else str(one) for one in different[:_CELLS_SHOWN])
    type_shown = "text" if _is_text(kind) else str(kind)
    look = Look(name, type_shown, "other", len(cells), len(cells) - len(texts), 0, len(different), shown)
    if pt.is_boolean(kind):
        return look._replace(kind="truth")
    if pt.is_date(kind) or pt.is_timestamp(kind):
        return look._replace(kind="day", days=DaysGuess(None, len(texts), 0))
    if pt.is_integer(kind):
        found = _as_days(look, different, texts, guesses) if may_be_day else None
        return found or look._replace(kind="number")
    if pt.is_floating(kind) or pt.is_decimal(kind):
        return look._replace(kind="number", unread=sum(cell != cell for cell in cells))
    if not _is_text(kind):
        return look
    return _look_at_text(look, different, texts, guesses)


def _look_at_text(look: Look, different: list[str], texts: list[str], guesses: Guesses) -> Look:
    upper = [one.strip() for one in different]
    if upper and {one.lower() for one in upper} <= _TRUTHS and len(upper) > 1:
        return look._replace(kind="truth")
    for letters, kind in ((2, "country"), (3, "currency")):
        codes = sum(len(one) == letters and one.isascii() and one.isalpha() and one.isupper() for one in upper)
        if upper and codes >= _CODES_LEAST * len(upper):
            unread = sum(len(one.strip()) != letters for one in texts)
            return look._replace(kind=kind, unread=unread)
    money = guesses.money(different)
    days = _as_days(look, different, texts, guesses)
    if days is not None and (not money or (days.days is not None and days.days.read > money[0].read)):
        return days
    if money and money[0].read >= _READ_LEAST * len(different):
        if all(_DIGITS.fullmatch(one) for one in different):
            return look._replace(kind="number", money=money[0])
        unread = len(texts) - sum(guesses.read_amounts(texts, money[0]))
        return look._replace(kind="amount", unread=unread, money=money[0])
    return days or look._replace(kind="text")


def _as_days(look: Look, different: Sequence[str], texts: Sequence[str], guesses: Guesses) -> Look | None:
    days = guesses.days(different)
    if not days or days[0].read < _READ_LEAST * len(different):
        return None
    unread = len(texts) - sum(guesses.read_days(texts, days[0].day_format))
    same = [one for one in days[1:] if one.read == days[0].read and one.span != days[0].span]
    is_sure = days[0].day_format is None or not same
    return look._replace(kind="day", days=days[0], other_days=None if is_sure else same[0], unread=unread)


def _text(cell: object) -> str:
    """A cell as text, "" where it is missing or blank."""
    if cell is None:
        return ""
    text = cell.decode(errors="replace") if isinstance(cell, bytes) else str(cell)
    return text if text.strip() else ""


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind)
        or pt.is_binary(kind) or pt.is_large_binary(kind) or pt.is_binary_view(kind)
    )  # fmt: skip
