"""The grammar of `excluded`: what each form selects, and how each fault is told."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deminimis.errors import InputError
from deminimis.roles.excluded import parse_excluded

ROWS = pa.table(
    {
        "addcvd": [True, False, False, None],
        "quota": [False, True, False, False],
        "hts": ["2402", "6109", "2403", None],
        "rate": pa.array([Decimal("0.10"), Decimal("2.50"), Decimal("0.00"), None]),
        "share": [0.1, 0.3, 2.0, None],
        "count": [1, -2, 3, None],
        "unit price": [1, 2, 3, 4],
        "day": pa.array([date(2024, 6, 1)] * 4),
        'the "tax"': [True, False, True, False],
        "Größe": [1, 2, 3, 4],
        "in": [True, False, True, False],
    }
)


def selected(expression: pc.Expression) -> list[bool | None]:
    """What the expression says of each row."""
    return ds.dataset(ROWS).to_table(columns={"is": expression})["is"].to_pylist()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("text", "rows", "columns"),
    [
        ("addcvd", [True, False, False, None], ["addcvd"]),
        ("addcvd or quota", [True, True, False, None], ["addcvd", "quota"]),
        ("addcvd OR quota", [True, True, False, None], ["addcvd", "quota"]),
        ("not addcvd and not quota", [False, False, True, None], ["addcvd", "quota"]),
        ("not not quota", [False, True, False, False], ["quota"]),
        ("not (addcvd or quota)", [False, False, True, None], ["addcvd", "quota"]),
        ("quota or addcvd and quota", [False, True, False, False], ["quota", "addcvd"]),
        ("hts == '2402'", [True, False, False, None], ["hts"]),
        ("'2402' == hts", [True, False, False, None], ["hts"]),
        ("hts != '2402'", [False, True, True, None], ["hts"]),
        ("hts in ('2402', '2403')", [True, False, True, None], ["hts"]),
        ("hts not in ('2402','2403')", [False, True, False, None], ["hts"]),
        ("hts IN ('it''s')", [False, False, False, None], ["hts"]),
        ("hts is null", [False, False, False, True], ["hts"]),
        ("hts is not null", [True, True, True, False], ["hts"]),
        ("count < 1", [False, True, False, None], ["count"]),
        ("count <= 1", [True, True, False, None], ["count"]),
        ("count > -2", [True, False, True, None], ["count"]),
        ("count>=3", [False, False, True, None], ["count"]),
        ("count in (1, 3.0)", [True, False, True, None], ["count"]),
        ("rate == 0.1", [True, False, False, None], ["rate"]),
        ("rate > .05 and rate < 1", [True, False, False, None], ["rate"]),
        ("share == 0.1", [True, False, False, None], ["share"]),
        ("count < share", [False, True, False, None], ["count", "share"]),
        ("addcvd == true", [True, False, False, None], ["addcvd"]),
        ("true", [True] * 4, []),
        ("`unit price` > 2", [False, False, True, True], ["unit price"]),
        ('"unit price" > 2', [False, False, True, True], ["unit price"]),
        ('"the ""tax"""', [True, False, True, False], ['the "tax"']),
        ("Größe == 2", [False, True, False, False], ["Größe"]),
        ("`in`", [True, False, True, False], ["in"]),
        (" (\n(quota)\t) ", [False, True, False, False], ["quota"]),
    ],
)
def test_form_selects_its_rows(text: str, rows: list[bool | None], columns: list[str]) -> None:
    """Each form of the grammar says true, false or null as SQL does, and names its columns in order."""
    expression, named = parse_excluded(text)
    assert selected(expression) == rows
    assert list(named) == columns


@pytest.mark.parametrize(
    ("text", "position", "mend"),
    [
        ("", 1, "a column, a 'text', a number or a parenthesis belongs here"),
        ("addcvd or", 10, "a column, a 'text'"),
        ("addcvd quota", 8, "join tests by and, or"),
        ("addcvd | quota", 8, "write or"),
        ("addcvd && quota", 8, "write and"),
        ("!addcvd", 1, "write not"),
        ("~addcvd", 1, "write not"),
        ("hts = '2402'", 5, "write =="),
        ("hts <> '2402'", 5, "write !="),
        ("hts == '2402", 8, "close the text with another '"),
        ("`hts == '2402'", 1, "close the column's name with another `"),
        ("(addcvd", 8, "close the parenthesis"),
        ("addcvd)", 7, "join tests by and, or"),
        ("hts in '2402'", 8, "write the values in parentheses"),
        ("hts in ()", 9, "list constants"),
        ("hts in (quota)", 9, "list constants"),
        ("hts in ('a' 'b')", 13, "separate the values by commas"),
        ("hts in (null)", 9, "a column belongs here"),
        ("hts is 3", 8, "write is null"),
        ("hts == null", 8, "a column belongs here; one that is called 'null' stands in backquotes"),
        ("hts not '3'", 5, "write not in"),
        ("'2402'", 1, "a constant alone excludes nothing"),
        ("quota or 1", 10, "a constant alone excludes nothing"),
        ("1 == 1", 1, "compare a column with it"),
        ("a == b == c", 8, "join tests by and, or"),
        ("__import__('os')", 11, "join tests by and, or"),
        ("a.b == 1", 2, "put a column's name with such characters in backquotes"),
        ("count > 1e3", 9, "put a column's name"),
        ("count > " + "9" * 80, 9, "the number is too large"),
        ("count > 0." + "9" * 90, 9, "the number is too large"),
        ("(" * 5000 + "a" + ")" * 4999, None, "nest at most 50 deep"),
        ("not " * 2000 + "a", None, "nest at most 50 deep"),
        ("a or " * 5000 + "a", None, "at most 10000 are read"),
    ],
)
def test_fault_is_told_with_its_place(text: str, position: int | None, mend: str) -> None:
    """A text outside the grammar is refused with the position, counted from 1, and the mend."""
    with pytest.raises(InputError, match=re.escape(mend)) as raised:
        parse_excluded(text)
    assert position is None or f"at position {position} of" in str(raised.value)


def test_long_lists_are_read() -> None:
    """A thousand values, or tests, neither overflow a stack here nor in Arrow."""
    listed = ", ".join(f"'{number}'" for number in range(1000))
    assert selected(parse_excluded(f"hts in ({listed}, '6109')")[0]) == [False, True, False, None]
    assert selected(parse_excluded(" or ".join(["quota"] * 1000))[0]) == [False, True, False, False]


@given(st.text() | st.text("ab ()'\"`<>=!,.01and or not in is null"))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the parser fail otherwise than by its own error."""
    try:
        parse_excluded(text)
    except InputError as error:
        assert "excluded" in str(error)
