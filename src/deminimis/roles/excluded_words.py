"""The words of an `excluded` text: names, quoted names, 'texts', numbers and signs, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NoReturn, TypeAlias

from ..errors import InputError

Kind: TypeAlias = Literal["word", "column", "name", "text", "number", "sign", "end"]

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


@dataclass(frozen=True)
class Token:
    """A word of the text, without its quotes, and where it begins."""

    kind: Kind
    text: str
    at: int


def tokens_of(text: str) -> list[Token]:
    """The words of the text, an "end" after the last."""
    tokens: list[Token] = []
    at = 0
    while not tokens or tokens[-1].kind != "end":
        found = _TOKEN.match(text, at)
        if found is None:
            _refuse_character(text, at)
        kind = str(found.lastgroup)
        content = found[kind]
        start = found.start(kind) - (kind in ("column", "tick", "text"))  # those stand in quotes
        if kind == "column":
            content = content.replace('""', '"')
        elif kind == "text":
            content = content.replace("''", "'")
        elif kind == "word":
            content = content.lower()
        tokens.append(Token("column" if kind == "tick" else kind, content, start))  # type: ignore[arg-type]
        at = found.end()
    return tokens


def _refuse_character(text: str, at: int) -> NoReturn:
    at += len(text[at:]) - len(text[at:].lstrip(" \t\r\n\v\f"))
    char = text[at]
    mends = {
        "'": "close the text with another '",
        '"': "close the column's name with another \"",
        "`": "close the column's name with another `",
    }
    mend = mends.get(char, "put a column's name with such characters in backquotes, and a text in single quotes")
    refuse(text, Token("sign", char, at), mend)


def refuse(text: str, token: Token, mend: str) -> NoReturn:
    """Say what stands where it cannot, and the mend."""
    what = "it ends" if token.kind == "end" else f"{token.text!r} stands"
    raise InputError(f"excluded: at position {token.at + 1} of {text!r} {what} where it cannot: {mend}")
