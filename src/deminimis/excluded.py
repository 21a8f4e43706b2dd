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

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import Literal, NoReturn, TypeAlias

import pyarrow.compute as pc

from .errors import InputError

Kind: TypeAlias = Literal["word", "column", "name", "text", "number", "sign", "end"]
Value: TypeAlias = str | Decimal | bool

_TOKEN = re.compile(
    r"""[ \t-\r]*(?:
    (?P<word>(?:and|or|not|in|is|null|true|false)\b)
    | (?P<name>[^\W\d]\w*)
    | "(?P<column>(?:[^"]|"")+)"
    | `(?P<tick>[^`]+)`
    | '(?P<text>(?:[^']|'')*)'
    | (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?![\w.]))
    | (?P<sign>==|!=|<=|>=|<>|&&|\|\||[=<>!(),&|~])
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
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
class _Token:
    kind: Kind
    text: str
    at: int


@dataclass(frozen=True)
class _Operand:
    """A part of a test; `value` where it is a constant."""

    expression: pc.Expression
    value: Value | None = None


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

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(self._tokens())
        self.place = 0
        self.columns: dict[str, None] = {}

    def _tokens(self) -> Sequence[_Token]:
        tokens: list[_Token] = []
        at = 0
        while not tokens or tokens[-1].kind != "end":
            found = _TOKEN.match(self.text, at)
            if found is None:
                self._refuse_character(at)
            kind = str(found.lastgroup)
            content = found[kind]
            start = found.start(kind) - (kind in ("column", "tick", "text"))  # those stand in quotes
            if kind == "column":
                content = content.replace('""', '"')
            elif kind == "text":
                content = content.replace("''", "'")
            elif kind == "word":
                content = content.lower()
            tokens.append(_Token("column" if kind == "tick" else kind, content, start))  # type: ignore[arg-type]
            at = found.end()
        return tokens

    def _refuse_character(self, at: int) -> NoReturn:
        at += len(self.text[at:]) - len(self.text[at:].lstrip(" \t\r\n\v\f"))
        char = self.text[at]
        mends = {
            "'": "close the text with another '",
            '"': "close the column's name with another \"",
            "`": "close the column's name with another `",
        }
        mend = mends.get(char, "put a column's name with such characters in backquotes, and a text in single quotes")
        self.refuse(_Token("sign", char, at), mend)

    def refuse(self, token: _Token, mend: str) -> NoReturn:
        what = "it ends" if token.kind == "end" else f"{token.text!r} stands"
        raise InputError(f"excluded: at position {token.at + 1} of {self.text!r} {what} where it cannot: {mend}")

    def peek(self) -> _Token:
        return self.tokens[self.place]

    def take(self, *texts: str) -> _Token | None:
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
        return _Operand(_balanced([part.expression for part in parts], join))

    def negation(self, depth: int) -> _Operand:
        if depth > _DEPTH_MOST:
            self.refuse(self.peek(), f"nest at most {_DEPTH_MOST} deep")
        if self.take("not"):
            return _Operand(~self.negation(depth + 1).expression)
        return self.test(depth)

    def test(self, depth: int) -> _Operand:
        start = self.peek()
        left = self.operand(depth)
        token = self.peek()
        if sign := self.take(*_COMPARE):
            right = self.operand(depth)
            if left.value is not None and right.value is not None:
                self.refuse(start, "compare a column with it: both sides are constants")
            return _Operand(_COMPARE[sign.text](left.expression, right.expression))
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
            tests.append(left.expression == value.expression)
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
            return _Operand(pc.field(token.text))
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

    def _refuse_operand(self, token: _Token) -> NoReturn:
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
