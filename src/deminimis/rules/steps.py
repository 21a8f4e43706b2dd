"""A rule's dated steps: one step, and its limits as exact decimals. What makes a schedule whole is in problems.py.

Nothing here reads a file or knows the rest of a rule.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from typing import Literal, NamedTuple, TypeAlias

from ..errors import RuleError

Origin: TypeAlias = Literal["every", "other"] | tuple[str, ...]
Terms: TypeAlias = tuple[int, int, bool]
"""A limit, what a row may come to by itself, and whether one above it counts; amounts in units of 1/10,000."""

UNITS_PER_ONE = 10_000
ANY_AMOUNT = (1 << 63) - 1
_LIMIT_MOST = Decimal((1 << 63) - 1).scaleb(-4)
_LIMIT_TEXT = re.compile(r"\d+(\.\d+)?")
BEFORE_ALL = 0
AFTER_ALL = date.max.toordinal() + 1


ANY_OTHER = ""
"""Stands for every country that no step lists, and for every kind that none names."""


class Cell(NamedTuple):
    """One country of origin, one of the sender and one kind, each by its code or `ANY_OTHER`."""

    origin: str
    sent_from: str
    kind: str


def parse_limit(value: object) -> Decimal:
    """Read a limit exactly, with its digits as written.

    Parameters
    ----------
    value : str, int or Decimal
        "800", "800.00", 800, Decimal("800.00"). A float is refused: 0.1 is not one tenth.

    Raises
    ------
    RuleError
        For a float, a negative limit, one finer than 1/10,000 or beyond 922,337,203,685,477.5807, or no number.
    """
    if isinstance(value, bool | float):
        raise RuleError(f'limit {value!r} is a {type(value).__name__}: write it as a text, such as limit="{value}"')
    if isinstance(value, Decimal):
        limit = value
    elif isinstance(value, str):
        if not _LIMIT_TEXT.fullmatch(value.strip().removeprefix("-")):
            raise RuleError(f'limit {value!r} is not a number: write digits with a point, such as "800.00"')
        limit = Decimal(value.strip())
    else:
        try:
            limit = Decimal(operator.index(value))  # type: ignore[arg-type]  # index() itself says what is an integer
        except TypeError as error:
            message = f'limit is a {type(value).__name__}: write a text, an int or a Decimal, such as "800.00"'
            raise RuleError(message) from error
    if not limit.is_finite():
        raise RuleError(f"limit {limit} is not a finite number: a limit is an amount, such as 800.00")
    if limit < 0:
        raise RuleError(f"limit {limit} is negative: a limit is zero or more")
    if limit > _LIMIT_MOST:
        raise RuleError(f"limit {limit} is too large: the largest is {_LIMIT_MOST}")
    if limit != limit.quantize(Decimal("0.0001"), context=Context(prec=40)):
        raise RuleError(f"limit {limit} is finer than 1/10,000: write at most 4 decimals")
    return limit.copy_abs()


def limit_units(limit: Decimal) -> int:
    """A limit in units of 1/10,000."""
    return int(limit * UNITS_PER_ONE)


@dataclass(frozen=True)
class Step:
    """One line of a schedule: for these days and rows, this limit, by this act.

    Parameters
    ----------
    effective_from : date, optional
        The first day in force; None: there is none, it always was.
    effective_to : date, optional
        The first day no longer in force; None: until further notice.
    origin : "every", "other" or tuple of str
        "every" origin; the codes listed; or "other": every origin that no step of the rule lists on any day.
    limit : Decimal or None
        The largest total that passes. None: nothing qualifies, which is not a limit of zero.
    citation : str
        The act that says so.
    sent_from : "every", "other" or tuple of str
        The same as `origin` of the country that the goods are sent from.
    kind : tuple of str
        Kinds of rows, such as "express"; none: every kind. For a row of its kind it is put before steps that name none.
    row_limit : Decimal, optional
        The largest value of a row; one above it is not eligible by itself.
    counts_above : bool
        Whether such a row counts towards the total all the same.
    """

    effective_from: date | None
    effective_to: date | None
    origin: Origin
    limit: Decimal | None
    citation: str
    sent_from: Origin = "every"
    kind: tuple[str, ...] = ()
    row_limit: Decimal | None = None
    counts_above: bool = True

    def __post_init__(self) -> None:
        if self.limit is not None:
            object.__setattr__(self, "limit", parse_limit(self.limit))
        if self.row_limit is not None:
            object.__setattr__(self, "row_limit", parse_limit(self.row_limit))
        for name in ("origin", "sent_from"):
            if not isinstance(getattr(self, name), str):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "kind", (self.kind,) if isinstance(self.kind, str) else tuple(self.kind))

    @property
    def first(self) -> int:
        """The ordinal of the first day in force."""
        return self.effective_from.toordinal() if self.effective_from else BEFORE_ALL

    @property
    def end(self) -> int:
        """The ordinal of the first day no longer in force."""
        return self.effective_to.toordinal() if self.effective_to else AFTER_ALL

    @property
    def terms(self) -> Terms:
        """The limits of a step that has one."""
        assert self.limit is not None
        return (
            limit_units(self.limit),
            ANY_AMOUNT if self.row_limit is None else limit_units(self.row_limit),
            (self.row_limit is None or self.counts_above),
        )

    @property
    def scope(self) -> str:
        """Which rows, in words: "every origin", "any other origin", "kind express, origin US, sent from CN or HK"."""
        parts = [f"kind {listed(self.kind)}"] if self.kind else []
        if self.origin == "every":
            parts.append("every origin")
        else:
            parts.append("any other origin" if self.origin == "other" else f"origin {listed(self.origin)}")
        if self.sent_from != "every":
            parts.append(f"sent from {'elsewhere' if self.sent_from == 'other' else listed(self.sent_from)}")
        return ", ".join(parts)

    @property
    def days(self) -> str:
        """Which days, in words."""
        if self.effective_from is None:
            return f"before {self.effective_to}" if self.effective_to else "on every day"
        return f"from {self.effective_from}" + (f" to {self.effective_to}" if self.effective_to else "")

    @property
    def limit_in_words(self) -> str:
        """Its limit with its digits as written, or that nothing qualifies."""
        return "nothing qualifies" if self.limit is None else f"{self.limit:f}"

    def applies_to(self, cell: Cell) -> bool:
        """Whether the step is for these rows."""
        for scope, code in ((self.origin, cell.origin), (self.sent_from, cell.sent_from)):
            if scope != "every" and not (code == ANY_OTHER if scope == "other" else code in scope):
                return False
        return not self.kind or cell.kind in self.kind


def listed(codes: Sequence[object]) -> str:
    names = [str(code) for code in codes]
    return " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
