"""How amounts that are text are written, where that is a setting: decimal comma, thousands, currencies and accounting's
negatives. Checked when it is given; no cell is read here.
"""

from __future__ import annotations

from typing import NamedTuple

from .._kernel import FormOfMoney
from ..errors import InputError, option

_BLANKS = (" ", "\u00a0", "\u202f", "\u2009")
_QUOTES = ("'", "\u2019")
CURRENCIES = {
    "USD": ("US$", "$"), "EUR": ("\u20ac",), "GBP": ("\u00a3",),
    "CNY": ("CN\u00a5", "RMB", "\u00a5", "\uffe5", "\u5143"),
    "JPY": ("JP\u00a5", "\u00a5", "\uffe5", "\u5186"), "KRW": ("\u20a9", "\uc6d0"), "TWD": ("NT$", "$"),
    "HKD": ("HK$", "$"), "CAD": ("CA$", "C$", "$"), "AUD": ("AU$", "A$", "$"), "NZD": ("NZ$", "$"), "SGD": ("S$", "$"),
    "MXN": ("MX$", "$"), "INR": ("\u20b9", "Rs.", "Rs"), "CHF": ("SFr.", "Fr."), "PLN": ("z\u0142",),
    "BRL": ("R$",), "VND": ("\u20ab",), "TRY": ("\u20ba",), "ILS": ("\u20aa",), "THB": ("\u0e3f",), "PHP": ("\u20b1",),
}  # fmt: skip
"""The signs of a currency beside its code. One that several currencies share is read as the limit's."""


class Money(NamedTuple):
    """The signs of amounts, as they were given; `eligible` says what they mean."""

    decimal: str = "."
    thousands: str | None = None
    currency_signs: bool = False


def check_money(decimal: object, thousands: object, currency_signs: object, code: str | None) -> Money:
    """Check the signs against each other; `code` is the limit's currency."""
    if decimal not in (".", ","):
        mend = "is '.' or ',', the sign between whole units and their parts"
        raise InputError(f"{option('decimal')} {mend}, not {decimal!r}")
    if thousands is not None:
        if not isinstance(thousands, str) or len(thousands) != 1 or thousands.isalnum() or thousands in '+-()"':
            raise InputError(f"{option('thousands')} is one sign such as ',' or ' ', not {thousands!r}")
        if thousands == decimal:
            mend = f"give {option('decimal', ',' if decimal == '.' else '.')}, or another {option('thousands')}"
            raise InputError(f"{option('thousands')} and {option('decimal')} are both {decimal!r}: {mend}")
    if currency_signs and code is None:
        mend = f"say which with {option('currency_code')}, such as 'USD'"
        raise InputError(f"{option('currency_signs')} reads those of one currency: {mend}")
    return Money(str(decimal), thousands, bool(currency_signs))


def form_of_money(money: Money, code: str | None) -> FormOfMoney | None:
    """The kernel's form; None for plain numbers."""
    if money == Money():
        return None
    signs = (code, *CURRENCIES.get(code.upper(), ())) if code and money.currency_signs else ()
    return FormOfMoney(
        decimal=money.decimal.encode(),
        thousands=[sign.encode() for sign in thousands_of(money)],
        currency_signs=money.currency_signs,
        currencies=sorted((sign.encode() for sign in signs), key=len, reverse=True),
    )


def thousands_of(money: Money) -> tuple[str, ...]:
    """The signs that may stand between thousands: all blanks where one is given, and both apostrophes."""
    if money.thousands is None:
        return ()
    alike = next((signs for signs in (_BLANKS, _QUOTES) if money.thousands in signs), ())
    return alike or (money.thousands,)
