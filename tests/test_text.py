"""Text for people: what is escaped, how wide it is, and tables and prose that fit."""

from __future__ import annotations

import itertools

import pytest

from deminimis.text import bulleted, counted, in_bytes, in_columns, prose, shortened, shown, width_of, wrapped

JOINED = "\u0645\u06cc\u200c\u062e \U0001f469\u200d\U0001f467"
"""Persian letters kept apart, and an emoji of two."""


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain Zoë 張偉", "plain Zoë 張偉"),
        ("\x1b[2J\x07", "\\x1b[2J\\x07"),
        ("a\tb\nc\rd\x00\x7f", "a\\tb\\nc\\rd\\x00\\x7f"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb\u2066c\u200f", "a\\u202eb\\u2066c\\u200f"),
        ("a\u2028b\u2029c\x85", "a\\u2028b\\u2029c\\x85"),
        ("a\u200bb\ufeffc\xad", "a\\u200bb\\ufeffc\\xad"),
        ("caf\udce9.csv", "caf\\xe9.csv"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        (JOINED, JOINED),
    ],
)
def test_shown(text: str, safe: str) -> None:
    """What a terminal would obey or hide is escaped, letters of any script stay; to show it again changes nothing."""
    assert (shown(text), shown(safe)) == (safe, safe)


def test_nothing_of_unicode_controls_a_terminal() -> None:
    """No character that Unicode calls a control, a separator of lines or a turn of direction comes through."""
    controls = [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
    assert [code for code in controls if chr(code) in shown(chr(code))] == []


@pytest.mark.parametrize("size", [1_999, 2_000, 2_001, 4_000_000])
def test_shortened(size: int) -> None:
    """A text keeps its beginning and its end, and says how many characters are cut from between."""
    text = "a" * (size - 7) + "mend it"
    short = shortened(text, 2_000)
    assert short.endswith("mend it") and short.startswith("aaaa") and len(short) < 2_060
    assert (f"[... {size - 2_000:,} characters ...]" in short) == (size > 2_000)


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0),
        ("abc", 3),
        ("Zoë", 3),
        ("e\u0301te\u0301", 3),
        ("張偉", 4),
        ("ｱﾊﾟ", 3),  # halfwidth katakana
        ("\uff21\uff22", 4),  # fullwidth letters
        ("한국", 4),
        ("\u1112\u1161\u11ab", 2),  # one syllable of three letters
        ("👍", 2),
        ("👍\U0001f3fd", 2),
        ("❤", 1),
        ("❤\ufe0f", 2),
        ("👩\u200d👩\u200d👧", 2),
        ("\U0001f1fa\U0001f1f8", 2),  # a flag is two letters
        ("ไทย", 3),
        ("ที่", 1),
    ],
)
def test_width(text: str, width: int) -> None:
    """Text is as wide as a terminal shows it."""
    assert width_of(text) == width


TABLE = [
    ["Name", "Rows", "What it says of a row"],
    ["over-limit", "1,000", "the total of its person and day is more than the limit"],
    ["eligible", "20", "the total is within the limit"],
]


@pytest.mark.parametrize("width", range(24, 100))
def test_a_table_fits(width: int) -> None:
    """At each width no line is wider, and every word is there, whole and once."""
    text = in_columns(TABLE, "<><", width)
    assert max(map(width_of, text.split("\n"))) <= width
    assert sorted(text.split()) == sorted(word for line in TABLE for cell in line for word in cell.split())


@pytest.mark.parametrize("width", range(24, 100))
def test_a_table_with_a_head_fits(width: int) -> None:
    """Where a row becomes a paragraph, each cell stands behind its column's name, and its words in their order."""
    text = in_columns(TABLE, "<><", width, has_head=True)
    assert max(map(width_of, text.split("\n"))) <= width
    if "Name:" in text:
        told = " ".join(text.split())
        named = [f"{name}: {cell}" for line in TABLE[1:] for name, cell in zip(TABLE[0], line, strict=True)]
        assert [told.count(one) for one in named] == [1] * 6
    else:
        assert sorted(text.split()) == sorted(word for line in TABLE for cell in line for word in cell.split())


def test_a_table_with_room() -> None:
    """With room, and without a terminal, a table is its columns; a line may be short of cells, no blanks trail."""
    text = "a    1  x\nbc  10"
    for width in (None, 9, 200):
        assert in_columns([("a", "1", "x"), ("bc", "10")], "<><", width) == text


def test_wide_cells_are_aligned() -> None:
    """Columns line up by what a terminal shows, and a cell's line break does not break the table."""
    lines = in_columns([("張偉", "1"), ("e\u0301", "10"), ("a\nb", "3")], "<>").split("\n")
    assert [width_of(line) for line in lines] == [8, 8, 8]
    assert lines[2].startswith("a\\nb")


@pytest.mark.parametrize("width", range(1, 30))
def test_prose(width: int) -> None:
    """Prose breaks at blanks alone; a word that is too long has its own line."""
    text = "the quick brown fox jumps over an extraordinarily lazy dog"
    lines = prose(text, width).split("\n")
    assert " ".join(lines) == text
    for line, following in itertools.pairwise(lines):
        assert len(line) <= width or " " not in line
        assert len(f"{line} {following.split()[0]}") > width


def test_scripts_without_blanks() -> None:
    """Where a text of wide characters is too long, it breaks between two of them, and nothing is lost."""
    text = "東京都千代田区丸の内一丁目"
    lines = wrapped(text, 10).split("\n")
    assert "".join(lines) == text and [width_of(line) for line in lines] == [10, 10, 6]
    assert wrapped("ab 東京都千代田区 cd", 8).split("\n") == ["ab 東京", "都千代田", "区 cd"]


def test_notes() -> None:
    """Notes hang behind their dash; without notes there is no heading."""
    assert bulleted("Notes", ["one two three"], 9) == ["Notes\n- one two\n  three"]
    assert bulleted("Notes", []) == []


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 files"), (1, "1 file"), (1_000, "1,000 files")]
)  # fmt: skip
def test_counted(count: int, told: str) -> None:
    """One of a thing has no plural."""
    assert counted(count, "file") == told


@pytest.mark.parametrize(("count", "told"), [(1_023, "1,023 bytes"), (1_536, "1.5 KiB"), (3 << 30, "3.0 GiB")])
def test_sizes(count: int, told: str) -> None:
    """Bytes are told in the unit that fits them."""
    assert in_bytes(count) == told
