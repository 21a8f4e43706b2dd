"""What a notebook shows of a result: short texts, and tables that hold whatever a manifest holds without harm."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pyarrow as pa
import pytest

import deminimis as dm
from deminimis import markup

HOSTILE = "<script>alert(1)</script> & \"quoted\" 'too' $x$ </td></table>\x1b[31m\u202e" + "long " * 2_000
TABLE = pa.table({"who": ["A", HOSTILE, None], "day": ["2024-06-01"] * 3, "usd": ["800", "801", "x"]})
ROLES: dict[str, Any] = {"person": "who", "day": "day", "value": "usd"}
STEP = dm.Step(date(2024, 1, 1), None, "every", None, HOSTILE)
RULE = dm.Rule(steps=[STEP], name=HOSTILE, title=HOSTILE, authority=HOSTILE, notes=[HOSTILE] * 300)
SCORED = dm.score(TABLE, **ROLES, limit=800)
SHOWN = {
    "scored": SCORED,
    "summary": replace(SCORED.summary, notes=(HOSTILE,) * 300, settings={HOSTILE: HOSTILE}),
    "rule": RULE,
    "explanation": dm.explain(TABLE, 1, **ROLES, rule=RULE),
    "explanation of a bad value": dm.explain(TABLE.slice(0, 1).set_column(2, "usd", [["?"]]), 0, **ROLES, limit=800),
    "shipped rule": dm.Rule.load("us-321"),
}
TAGS = {"div", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "details", "summary"}
ATTRIBUTES = {
    ("style", "text-align: left"),
    ("style", "text-align: right"),
    ("class", "tex2jax_ignore mathjax_ignore"),
}


class Read(HTMLParser):
    """The tags, attributes and texts of a piece of HTML, whose tags are all closed in their order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(attrs)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("name", SHOWN)
def test_html_is_tame(name: str) -> None:
    """Tables and lists alone, balanced and bounded, without scripts, addresses, controls or mathematics."""
    html = SHOWN[name]._repr_html_()
    read = Read(html)
    assert read.tags <= TAGS and read.attributes <= ATTRIBUTES and read.open == []
    assert html.startswith('<div class="tex2jax_ignore mathjax_ignore">') and len(html) < 150_000
    assert all(character.isprintable() for character in html)


@pytest.mark.parametrize("name", SHOWN)
def test_repr_is_short(name: str) -> None:
    """One printable line that says what it is."""
    text = repr(SHOWN[name])
    assert text.startswith(f"<deminimis.{type(SHOWN[name]).__name__} ") and len(text) < 250 and text.isprintable()


def test_what_is_shown() -> None:
    """The cells and figures are there, read back as they are."""
    texts = Read(SCORED._repr_html_()).texts
    assert texts[0] == "3 rows, 1 eligible"
    assert texts[texts.index("0") :][:4] == ["0", "True", "eligible", "800.0000"]
    assert texts[texts.index("2") :][:3] == ["2", "False", "no-person"]
    assert texts[texts.index("Person-days") + 1] == "2"
    found = Read(dm.explain(TABLE, 1, **ROLES, limit=800)._repr_html_()).texts
    assert found[0] == "Row 1: over-limit, the person's total is over the limit"
    assert "limit: 800 (stated by the user)" in found and "801.0000 over 1 row" in found
    assert any(
        text.startswith("<script>alert(1)</script> & \"quoted\" 'too' $x$ </td></table>\\x1b[31m\\u202e")
        for text in found
    )
    rule = Read(SHOWN["shipped rule"]._repr_html_()).texts
    steps = SHOWN["shipped rule"].steps
    assert [step.citation in rule for step in steps] == [True] * len(steps) and "nothing qualifies" in rule


def test_tables_are_cut() -> None:
    """Of many lines and notes the first are shown, and how many more there are is told."""
    most = markup.LINES_MOST
    assert Read(markup.table([("a",)] * (most + 7), "<")).texts == ["a"] * most + ["and 7 more"]
    assert Read(markup.listed(["a"] * (most + 1_007))).texts == ["a"] * most + ["and 1,007 more"]
    assert Read(markup.table([("a",), ("b", None)], "<>", ["x", "y"])).texts == ["x", "y", "a", "b"]


def test_scored_is_an_arrow_stream() -> None:
    """The answers are taken by whatever takes Arrow, as three columns."""
    expected = {name: getattr(SCORED, {"eligible": "mask"}.get(name, name)) for name in ("eligible", "reason", "total")}
    assert pa.table(SCORED).equals(pa.table(expected)) and pa.schema(SCORED).equals(pa.table(expected).schema)
    empty = dm.score(TABLE.slice(0, 0), **ROLES, limit=800)
    assert pa.table(empty).num_rows == 0 and Read(empty._repr_html_()).texts[0] == "0 rows, 0 eligible"
