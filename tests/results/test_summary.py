"""What a `Summary` says, as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deminimis.results.summary import REASONS, Summary
from deminimis.text import in_columns

COUNTS = dict(zip(REASONS, (0, 1_000, 0, 0, 20, 0, 0, 300, 4, 8_676), strict=True))
SUMMARY = Summary(
    rows=10_000,
    groups=5_432,
    eligible=8_676,
    reasons=COUNTS,
    value_eligible=Decimal("1234567.8000"),
    value_not_eligible=Decimal("90071992547409.9312"),
    seconds=0.5,
    phases={"read": 0.25},
    settings={"person": ["name", "zip"], "limit": "800", "count_excluded": False, "origin": None, "window": "day"},
    sources=("a.csv", "b.csv"),
    notes=(),
)


def line(summary: Summary, name: str) -> list[str]:
    """The words of the line that begins with this name."""
    (found,) = [text for text in str(summary).splitlines() if text.strip().startswith(f"{name}  ")]
    return found.strip().removeprefix(name).split()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Rows", ["10,000", "in", "2", "files"]),
        ("Person-days", ["5,432"]),
        ("Eligible", ["8,676", "86.76%"]),
        ("Not eligible", ["1,324", "13.24%"]),
        ("over-limit", ["300", "3.00%"]),
        ("no-day", ["0", "0.00%"]),
        ("Value eligible", ["1,234,567.8000"]),
        ("Value not eligible", ["90,071,992,547,409.9312"]),
        ("Rows a second", ["20,000", "on", "1", "thread"]),
        ("person", ["name,", "zip"]),
        ("count_excluded", ["no"]),
        ("not used", ["origin"]),
    ],
)
def test_text(name: str, words: list[str]) -> None:
    """Every figure stands on its own line, exact, with separators."""
    assert line(SUMMARY, name)[: len(words)] == words


def test_text_is_aligned() -> None:
    """The counts end in one column, and no line ends in blanks."""
    lines = str(SUMMARY).splitlines()
    assert len({text.index("%") for text in lines if "%" in text}) == 1
    assert [text for text in lines if text != text.rstrip()] == []


@pytest.mark.parametrize("reason", [reason for reason in REASONS if reason != "eligible"])
def test_every_reason_is_told(reason: str) -> None:
    """A reason that no row has is told too."""
    assert line(SUMMARY, reason)[0] == f"{COUNTS[reason]:,}"


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        (None, "not counted"),
        (0, "about 0"),
        (999, "about 999"),
        (19_296, "about 19,300"),
        (999_999, "about 1,000,000"),
        (19_612_345, "about 19.6 million"),
        (1_360_000_000, "about 1.36 billion"),
    ],
)
def test_estimated_groups(groups: int | None, told: str) -> None:
    """An estimate is rounded and says that it is one; JSON has the figure and the fact."""
    summary = replace(SUMMARY, groups=groups, groups_are_estimated=True)
    assert " ".join(line(summary, "Person-days")) == told
    assert (summary.to_dict()["groups"], summary.to_dict()["groups_are_estimated"]) == (groups, True)


def test_window() -> None:
    """What is counted is named by the rule's window."""
    assert line(replace(SUMMARY, settings={"window": "year"}), "Person-years") == ["5,432"]


def test_notes_come_first() -> None:
    """A reader meets the loud sentence before any figure."""
    assert str(replace(SUMMARY, notes=("no row can qualify",))).startswith("NOTE: no row can qualify\n")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("peak_rss_bytes", 3 << 30, "Peak memory      3.0 GiB"),
        ("peak_rss_bytes", 1_000, "Peak memory      1,000 bytes"),
        ("bytes_spilled", 5 << 20, "Spilled to disk  5.0 MiB"),
        ("epochs", 31, "Runs of days     31"),
        ("sources", (), "Rows  10,000  Person-days"),
    ],
)
def test_work(field: str, value: Any, told: str) -> None:
    """What the run took is told where it is known."""
    text = str(replace(SUMMARY, **{field: value}))
    assert " ".join(told.split()) in " ".join(text.split())


@pytest.mark.parametrize("seconds", [0.0, 1e-9])
def test_no_rows_and_no_time(seconds: float) -> None:
    """Nothing is divided by zero, and JSON has no infinity."""
    empty = replace(SUMMARY, rows=0, eligible=0, groups=0, reasons=dict.fromkeys(REASONS, 0), seconds=seconds)
    assert "%" not in str(empty)
    assert json.loads(json.dumps(empty.to_dict(), allow_nan=False))["rows_per_second"] == 0


def test_json() -> None:
    """JSON holds every field, decimals exactly as text, whatever a setting is made of."""
    settings = {
        "rule": Path("mine.toml"),
        "limit": Decimal("800.00"),
        "person": ("a", "b"),
        "more": {"x": {1}, "y": b""},
    }
    found = json.loads(json.dumps(replace(SUMMARY, settings=settings).to_dict(), allow_nan=False))
    assert set(found) == {*Summary.__dataclass_fields__, "rows_per_second"}
    assert (found["value_eligible"], found["value_not_eligible"]) == ("1234567.8000", "90071992547409.9312")
    assert (found["reasons"], list(found["reasons"])) == (COUNTS, list(REASONS))
    assert found["settings"] == {
        "rule": "mine.toml", "limit": "800.00", "person": ["a", "b"], "more": {"x": [1], "y": "b''"},
    }  # fmt: skip


def test_columns() -> None:
    """Cells stand to their side, lines may be short, and no blanks trail."""
    assert in_columns([("a", "1", "x"), ("bc", "10")], "<><") == "a    1  x\nbc  10"
