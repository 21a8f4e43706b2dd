"""Amounts as they are written, exactly; a part of the oracle."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

UNITS = 10_000
LARGEST = 2**63 - 1
NUMBER = re.compile(r"[ \t-\r]*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[ \t-\r]*")


def number(plain: Any) -> Decimal | None:
    """The number as it is written; a float is written in its shortest form."""
    if plain is None:
        return None
    text = plain if isinstance(plain, str) else repr(plain) if type(plain) is float else str(plain)
    match = NUMBER.fullmatch(text)
    return Decimal(match[1]) if match else None


def units(value: Any, quantity: Any = 1) -> int | None:
    """Price times quantity, exact, then rounded half to even; None is a bad value."""
    factors = [number(value), number(quantity)]
    if any(x is None or x < 0 for x in factors):
        return None
    if not all(factors):
        return 0
    magnitude = sum(x.adjusted() for x in factors)
    if magnitude > 20:  # the fraction of such a number would fill the memory, and it is too large anyway
        return None
    if magnitude < -10:
        return 0
    exact = round(Fraction(factors[0]) * Fraction(factors[1]) * UNITS)
    return exact if exact <= LARGEST else None
