"""The text of `excluded`, such as "addcvd or quota", read into a pyarrow expression by a small grammar; never run.

    choice     = both ("or" both)*
    both       = negation ("and" negation)*
    negation   = "not" negation | test
    test       = operand [("==" | "!=" | "<" | "<=" | ">" | ">=") operand | ["not"] "in" "(" literal ("," literal)* ")"
                          | "is" ["not"] "null"]
    operand    = literal | column | "(" choice ")"
    literal    = 'text' | number | true | false
    column     = name | "name with blanks" | `name with blanks`

The words are read in small or capital letters.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, reduce
from typing import Literal, NamedTuple, NoReturn, TypeAlias

import pyarrow as pa
import pyarrow.types as pt

from .. import compute as pc
from ..errors import InputError
from .excluded_words import Token, refuse, tokens_of

Value: TypeAlias = str | Decimal | bool
ReadAs: TypeAlias = Literal["truth", "number"]

_COMPARE: dict[str, Callable[[pc.Expression, pc.Expression], pc.Expression]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
_MEND = {"=": "==", "<>": "!=", "&&": "and", "&": "and", "||": "or", "|": "or", "!": "not", "~": "not"}
_DEPTH_MOST = 50
_LENGTH_MOST = 10_000


@dataclass(frozen=True)
class _Operand:
    """A part of a test; `value` where it is a constant, `column` where it is a column alone."""

    expression: pc.Expression
    value: Value | None = None
    column: str | None = None


class Reading(NamedTuple):
    """A text column that a test asks for as a truth value or a number; `name` stands for that in the expression."""

    name: str
    column: str
    read_as: ReadAs


@dataclass(frozen=True)
class Exclusion:
    """The text of `excluded`, checked; which of its columns are text is known once there is a schema.

    CSV has nothing but text. There a column that stands alone says yes or no, and one that is compared with a number
    is a number; a cell that is neither is null, so that its row is excluded, except that a word other than yes or no
    is an error. Typed columns are what they are.
    """

    text: str

    def __post_init__(self) -> None:
        parse_excluded(self.text)

    def __str__(self) -> str:
        return self.text

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names, each once, in their order."""
        return parse_excluded(self.text)[1]

    def bind(self, schema: pa.Schema) -> tuple[pc.Expression, tuple[Reading, ...]]:
        """The expression over these columns, and over the readings of text columns that it asks for."""
        parser = _Parser(self.text, {field.name for field in schema if _is_text(field.type)})
        return parser.truth(parser.choice(0)), tuple(parser.readings)


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pt.is_dictionary(kind) else kind
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))


def parse_excluded(text: str) -> tuple[pc.Expression, tuple[str, ...]]:
    """Read which rows are excluded.

    Parameters
    ----------
    text : str
        As in "addcvd or quota", "hts in ('2402', '2403') and not waived", "`unit price` > 2.5", "agency is not null".

    Returns
    -------
    expression : pyarrow.compute.Expression
        True for an excluded row; null where a column that decides is null. Numbers are exact decimals.
    columns : tuple of str
        The columns that it names, each once, in their order.

    Raises
    ------
    InputError
        Naming the position, what stands there and the mend.
    """
    if len(text) > _LENGTH_MOST:
        raise InputError(f"the excluded expression has {len(text)} characters: at most {_LENGTH_MOST} are read")
    parser = _Parser(text)
    found = parser.choice(0)
    parser.end()
    return found.expression, tuple(parser.columns)


class _Parser:
    """One pass over the tokens, a method for each line of the grammar."""

    def __init__(self, text: str, texts: Collection[str] = ()) -> None:
        self.text = text
        self.texts = texts
        self.readings: dict[Reading, None] = {}
        self.tokens = tokens_of(text)
        self.place = 0
        self.columns: dict[str, None] = {}

    def refuse(self, token: Token, mend: str) -> NoReturn:
        refuse(self.text, token, mend)

    def peek(self) -> Token:
        return self.tokens[self.place]

    def take(self, *texts: str) -> Token | None:
        """The next token, if it is one of these words or signs."""
        token = self.peek()
        if token.kind in ("word", "sign") and token.text in texts:
            self.place += 1
            return token
        return None

    def need(self, text: str, mend: str) -> None:
        if not self.take(text):
            self.refuse(self.peek(), mend)

    def end(self) -> None:
        token = self.peek()
        if token.kind != "end":
            instead = _MEND.get(token.text) if token.kind == "sign" else None
            mend = (
                f"write {instead}" if instead else "join tests by and, or; compare by ==, !=, <, <=, >, >=, in, is null"
            )
            self.refuse(token, mend)

    def choice(self, depth: int) -> _Operand:
        return self._joined("or", self.both, lambda left, right: left | right, depth)

    def both(self, depth: int) -> _Operand:
        return self._joined("and", self.negation, lambda left, right: left & right, depth)

    def _joined(
        self,
        word: str,
        part: Callable[[int], _Operand],
        join: Callable[[pc.Expression, pc.Expression], pc.Expression],
        depth: int,
    ) -> _Operand:
        parts = [part(depth)]
        while self.take(word):
            parts.append(part(depth))
        if len(parts) == 1:
            return parts[0]
        return _Operand(_balanced([self.truth(part) for part in parts], join))

    def truth(self, operand: _Operand) -> pc.Expression:
        """An operand where yes or no is asked for."""
        return self.typed(operand, True)

    def typed(self, operand: _Operand, beside: Value | None) -> pc.Expression:
        """An operand as what stands beside it: a text column as the truth value or the number that it says."""
        if operand.column not in self.texts or beside is None or isinstance(beside, str):
            return operand.expression
        read_as: ReadAs = "truth" if isinstance(beside, bool) else "number"
        reading = Reading(f"{operand.column} as a {read_as}", str(operand.column), read_as)
        self.readings[reading] = None
        return pc.field(reading.name)

    def negation(self, depth: int) -> _Operand:
        if depth > _DEPTH_MOST:
            self.refuse(self.peek(), f"nest at most {_DEPTH_MOST} deep")
        if self.take("not"):
            return _Operand(~self.truth(self.negation(depth + 1)))
        return self.test(depth)

    def test(self, depth: int) -> _Operand:
        start = self.peek()
        left = self.operand(depth)
        token = self.peek()
        if sign := self.take(*_COMPARE):
            right = self.operand(depth)
            if left.value is not None and right.value is not None:
                self.refuse(start, "compare a column with it: both sides are constants")
            return _Operand(_COMPARE[sign.text](self.typed(left, right.value), self.typed(right, left.value)))
        if self.take("is"):
            denied = self.take("not") is not None
            self.need("null", "write is null, or is not null")
            return _Operand(left.expression.is_valid() if denied else left.expression.is_null())
        denied = self.take("not") is not None
        if self.take("in"):
            found = self.listed(left)
            return _Operand(~found if denied else found)
        if denied:
            self.refuse(token, "after a column write not in (...); to deny a test write not before it")
        if left.value is not None and not isinstance(left.value, bool):
            mend = "a constant alone excludes nothing: compare a column with it"
            if isinstance(left.value, str):
                mend += " (a column's name stands in backquotes or double quotes, or alone)"
            self.refuse(start, mend)
        return left

    def listed(self, left: _Operand) -> pc.Expression:
        self.need("(", "write the values in parentheses, such as in ('CN', 'HK')")
        tests = []
        while True:
            token = self.peek()
            value = None if token.kind in ("end", "sign") else self.operand(0)
            if value is None or value.value is None:
                self.refuse(token, "list constants: 'texts' in single quotes, or numbers; for null write is null")
            tests.append(self.typed(left, value.value) == value.expression)
            if self.take(")"):
                return _balanced(tests, lambda one, other: one | other)
            self.need(",", "separate the values by commas and close with )")

    def operand(self, depth: int) -> _Operand:
        token = self.peek()
        if self.take("("):
            found = self.choice(depth + 1)
            self.need(")", "close the parenthesis that is open")
            return found
        if token.kind in ("name", "column"):
            self.place += 1
            self.columns[token.text] = None
            return _Operand(pc.field(token.text), column=token.text)
        value: Value
        if token.kind == "text":
            value = token.text
        elif token.kind == "number":
            value = Decimal(token.text)  # an int64 would not compare with a decimal column
        elif token.kind == "word" and token.text in ("true", "false"):
            value = token.text == "true"
        else:
            self._refuse_operand(token)
        self.place += 1
        try:
            return _Operand(pc.scalar(value), value)
        except (OverflowError, ValueError):  # beyond 76 digits
            self.refuse(token, "the number is too large to compare with")

    def _refuse_operand(self, token: Token) -> NoReturn:
        if token.kind == "word":
            self.refuse(token, f"a column belongs here; one that is called {token.text!r} stands in backquotes")
        instead = _MEND.get(token.text)
        self.refuse(
            token, f"write {instead}" if instead else "a column, a 'text', a number or a parenthesis belongs here"
        )


def _balanced(
    parts: Sequence[pc.Expression], join: Callable[[pc.Expression, pc.Expression], pc.Expression]
) -> pc.Expression:
    """Join many parts with little depth: Arrow walks an expression by recursion."""
    if len(parts) <= 2:
        return reduce(join, parts)
    half = len(parts) // 2
    return join(_balanced(parts[:half], join), _balanced(parts[half:], join))
