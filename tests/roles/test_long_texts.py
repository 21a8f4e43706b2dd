"""No cell can hold up a run: what is done to a text takes time by its length, not by the square of it.

Processor time is compared, of this thread alone, between texts of which one is eight times as long: eight times the
work if it is linear, 64 times if it is not, and 24 is where this test draws the line.
"""

from __future__ import annotations

import time
import unicodedata
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import deminimis as dm
from deminimis.roles import names

CHARS, TIMES, MOST = 1_500, 8, 24
ROLES: dict[str, Any] = {"person": "person", "day": "day", "value": "value", "limit": 800}
NAMES = {
    "signs": " [-(,",
    "blanks": " ",
    "wide blanks": "\u3000",
    "marks": "\u0301\u0327",
    "one mark": "\u0327",
    "a mark of two": "\u0f73",
    "marks and letters": "e\u0327\u0301",
    "letters of three jamos": "각",
    "a ligature of eighteen": "ﷺ",
    "final sigmas": "Σ ",
    "commas": ",",
    "suffixes": ",jr",
    "firms": ", llc",
    "apostrophes": "'",
    "hyphens": "-",
    "in": "in ",
    "care": "care ",
    "care in": "in care in ",
    "a c": "c ",
    "c/": "c/ ",
    "in care of": " c/o ",
    "percents": " %",
    "percents alone": "%",
}
# What stands before and after the repeated part, so that a search begins early and fails late; not ASCII, which Arrow's
# own engine reads.
ENDS = [("é", "x"), ("é in", ""), ("é care", "x"), ("é c/", "x")]
CELLS: dict[str, tuple[str, str, str]] = {  # role, repeated part, end
    "digits": ("value", "1", ""),
    "zeros": ("value", "0", "1"),
    "points": ("value", ".", ""),
    "blanks before a value": ("value", " ", "1"),
    "an exponent": ("value", "1e1", ""),
    "a quantity": ("quantity", "1", "e-1500"),
    "blanks before a day": ("day", " ", "2024-06-01"),
    "a day of digits": ("day", "2", ""),
    "fractions of a second": ("day", "2024-06-01T00:00:00.0", "Z"),
    "blanks before a code": ("origin", " ", "DE"),
    "letters of a code": ("origin", "D", ""),
    "blanks before a currency": ("currency", " ", "USD"),
    "blanks before a truth": ("excluded", " ", "no"),
}


def seconds(cell: str, role: str, **options: Any) -> float:
    """Processor time of a call for one row; the least of a few, as nothing makes it take less than it needs."""
    row = {"person": "A", "day": "2024-06-01", "value": "1", "quantity": "1", "origin": "DE", "currency": "USD"}
    table = pa.table({name: [text] for name, text in (row | {"excluded": "no"} | {role: cell}).items()})
    took = []
    for _ in range(3):
        names._fold_once.cache_clear()
        began = time.thread_time()
        dm.eligible(table, **ROLES | options, threads=1)
        took.append(time.thread_time() - began)
    return min(took)


def repeated(part: str, times: int) -> str:
    return part * (times * CHARS // len(part))


@pytest.mark.parametrize("options", [{"in_care_of": True}, {"normalize": "fold"}, {"normalize": "name"}], ids=str)
@pytest.mark.parametrize("part", NAMES.values(), ids=NAMES)
def test_person(part: str, options: dict[str, Any]) -> None:
    for before, after in ENDS if options.get("in_care_of") else ENDS[:1]:
        short, long = (seconds(before + repeated(part, times) + after, "person", **options) for times in (1, TIMES))
        assert long < MOST * short, (before, after)


@pytest.mark.parametrize(("role", "part", "end"), CELLS.values(), ids=CELLS)
def test_cell(role: str, part: str, end: str) -> None:
    options: dict[str, Any] = {} if role in ("day", "value", "person") else {role: role}
    if role == "origin":
        options |= {"rule": dm.Rule.load("us-321"), "limit": None}
    if role == "currency":
        options |= {"currency_code": "USD"}
    short, long = (seconds(repeated(part, times) + end, role, **options) for times in (1, TIMES))
    assert long < MOST * short


MARKS = st.text("e\u0301\u0327\u0345\u0f73\u0f71\u0338\u3099\u0308\u00e9\uac01\u11a8\u00c5 ", max_size=300)


@given(MARKS)
def test_long_runs_of_marks_are_normalised_alike(text: str) -> None:
    """The form of a long text is Unicode's own, as that of a short one."""
    assert names._nfkc(text) == unicodedata.normalize("NFKC", text)


def test_every_character_is_normalised_alike() -> None:
    """Each character there is, among enough others to be a long text."""
    others = "e\u0327\u0301" * 50
    for code in range(0x110000):
        if not 0xD800 <= code < 0xE000 and not unicodedata.is_normalized("NFKD", char := chr(code)):
            assert names._in_canonical_order(char + "\u0327\u0301") == unicodedata.normalize(
                "NFKD", char + "\u0327\u0301"
            )
    assert names._nfkc(others) == unicodedata.normalize("NFKC", others)
