"""Text for people: what is safe to show, how wide it is, and columns and lines that fit. Nothing about manifests.

Whatever a manifest, a file's name or a rule may hold goes through `shown` on its way to a person.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from .bounds import MESSAGE_CHARACTERS_MAX

PROSE_MOST = 118
"""Longer lines of prose are not easily read, however wide a terminal is."""

CELL_MOST = 40
"""So many characters of a cell are shown in a sentence."""
_GAP = "  "
_INDENT = "    "
_SAME_WORD = "\0"
"""Before a part of a word that no blank parts from what precedes it."""
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufdd0-\ufdef\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Controls (C0, C1, DEL), line separators, what turns or hides text, and what is no text at all. The joiners U+200C and
U+200D stay: scripts and emoji need them."""
_NAMED = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def shown(text: str) -> str:
    """The text with every character escaped that a terminal would obey or hide; it has one line.

    Bytes of a file's name that are not UTF-8 are shown as the bytes that they are.
    """
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub(_escaped, text)


def quoted(cell: object, *, is_cut: bool = False) -> str:
    """A cell as it is, text in quotes with what is unsafe escaped, and cut where it is long."""
    if not isinstance(cell, str):
        return str(cell)
    return repr(cell[:CELL_MOST]) + ("..." if is_cut or len(cell) > CELL_MOST else "")


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python holds a byte that is not UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shortened(text: str, most: int = MESSAGE_CHARACTERS_MAX) -> str:
    """A text of at most about so many characters: of a longer one its start and its end, where the mend stands."""
    if len(text) <= most:
        return text
    start, end = most * 3 // 4, most // 4
    return f"{text[:start]} [... {len(text) - start - end:,} characters ...] {text[-end:]}"


def width_of(text: str) -> int:
    """The columns of a terminal that a text of one line takes.

    Combining marks take none, East Asian wide characters and emoji two; an emoji that is joined to the one before it,
    or only colours it, adds nothing.
    """
    if text.isascii():
        return len(text)
    width = before = 0
    is_joined = False
    for character in text:
        is_tint = before == 2 and (is_joined or "\U0001f3fb" <= character <= "\U0001f3ff")
        if character == "\ufe0f":  # what stands before it is shown as an emoji
            width, before = width + (before == 1), 2
        elif not is_tint and not _is_mark(character):
            before = 2 if unicodedata.east_asian_width(character) in "WF" else 1
            width += before
        is_joined = character == "\u200d"
    return width


def _is_mark(character: str) -> bool:
    """Whether it takes no column: combining marks, joiners, and the vowels and finals of a Korean syllable."""
    return unicodedata.category(character) in ("Mn", "Me", "Cf") or "\u1160" <= character <= "\u11ff"


def padded(text: str, width: int, side: str = "<") -> str:
    """The text with blanks to this width, at its left ("<") or right (">") side."""
    blanks = " " * (width - width_of(text))
    return blanks + text if side == ">" else text + blanks


def wrapped(text: str, width: int | None, first: str = "", rest: str = "") -> str:
    """One paragraph in lines of at most this width, broken between words alone: a longer word has a line of its own.

    Text without blanks, as East Asian scripts have it, breaks between two wide characters.
    """
    if width is None:
        return first + text
    lines, line, room = [], "", width - width_of(first)
    words = [part for word in text.split(" ") for part in _parts(word, max(width - width_of(rest), 1))]
    for word in words:
        is_apart = bool(line) and not word.startswith(_SAME_WORD)
        word = word.removeprefix(_SAME_WORD)
        joined = f"{line} {word}" if is_apart else line + word
        if line and width_of(joined) > room:
            lines.append(line)
            line, room = word, width - width_of(rest)
        else:
            line = joined
    lines.append(line)
    return "\n".join((rest if number else first) + line for number, line in enumerate(lines))


def _parts(word: str, width: int) -> Iterator[str]:
    """A word as it is; where it is too long, its wide characters one by one."""
    if word.isascii() or width_of(word) <= width:
        yield word
        return
    part = ""
    for at, character in enumerate(word):
        is_wide = unicodedata.east_asian_width(character) in "WF" and word[at - 1 : at] != "\u200d"
        if is_wide and part.removeprefix(_SAME_WORD) and width_of(part[-1]) == 2:
            yield part
            part = _SAME_WORD
        part += character
    yield part


def in_columns(lines: Sequence[Sequence[str]], sides: str, width: int | None = None, *, has_head: bool = False) -> str:
    """Cells in columns, each to its side ("<" or ">"); a line may be short of cells.

    Parameters
    ----------
    width : int, optional
        The columns of the terminal. Where the table is wider, cells with several words are wrapped in their column;
        where that is not enough, each line becomes a paragraph. No word is broken.
    has_head : bool
        The first line names the columns.
    """
    full = [[*map(shown, line), *[""] * (len(sides) - len(line))] for line in lines]
    widths = [max(map(width_of, cells)) for cells in zip(*full, strict=True)]
    if width is not None and _total(widths) > width:
        least = [max(_longest(cell) for cell in cells) for cells in zip(*full, strict=True)]
        least = [w if side == ">" else min(w, max(one, 12)) for w, one, side in zip(widths, least, sides, strict=True)]
        if _total(least) > width:
            if has_head:
                return "\n".join(_paragraph(cells, width) for cells in _named(full))
            return _in_paragraphs(full, widths, sides, width)
        widths = _shrunk(widths, least, width)
    return "\n".join(line for cells in full for line in _lines(cells, widths, sides))


def _longest(cell: str) -> int:
    """The width of the longest part of a cell that is never broken."""
    return max(width_of(part.removeprefix(_SAME_WORD)) for word in cell.split(" ") for part in _parts(word, 1))


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _shrunk(widths: list[int], least: list[int], width: int) -> list[int]:
    """The widest columns made narrower until all fit, none below its least width."""

    def capped(most: int) -> list[int]:
        return [max(min(w, most), low) for w, low in zip(widths, least, strict=True)]

    low, high = 0, max(widths)  # all fit with the former, not with the latter
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _total(capped(middle)) <= width else (low, middle)
    return capped(low)


def _lines(cells: Sequence[str], widths: Sequence[int], sides: str) -> Iterator[str]:
    """One line of a table as the lines that it takes."""
    parts = [
        [cell] if width_of(cell) <= w else wrapped(cell.strip(), w).split("\n")
        for cell, w in zip(cells, widths, strict=True)
    ]
    for number in range(max(map(len, parts))):
        there = (part[number] if number < len(part) else "" for part in parts)
        yield _GAP.join(map(padded, there, widths, sides)).rstrip()


def _in_paragraphs(lines: Sequence[Sequence[str]], widths: Sequence[int], sides: str, width: int) -> str:
    """The columns as they are, each line's last cell below the others; or all cells after each other."""
    if _total(widths[:-1]) > width:
        return "\n".join(_paragraph(cells, width) for cells in lines)
    found: list[str] = []
    for *cells, last in lines:
        found += _lines(cells, widths[:-1], sides[:-1])
        found += wrapped(last.strip(), width, _INDENT, _INDENT).split("\n") if last else []
    return "\n".join(found)


def _named(lines: Sequence[Sequence[str]]) -> list[list[str]]:
    """The lines below the head, each cell with the name of its column."""
    head, *body = lines
    return [
        [f"{name}: {cell}" if name else cell for name, cell in zip(head, cells, strict=True) if cell] for cells in body
    ]


def _paragraph(cells: Sequence[str], width: int) -> str:
    """The cells that fit one line, and the others below them."""
    found: list[str] = []
    is_open = False
    for cell in filter(None, cells):
        joined = f"{found[-1]}{_GAP}{cell.strip()}" if is_open else ""
        if is_open and width_of(joined) <= width:
            found[-1] = joined
            continue
        lines = wrapped(cell.strip(), width, _INDENT if found else "", _INDENT).split("\n")
        found += lines
        is_open = len(lines) == 1
    return "\n".join(found)


def bulleted(heading: str, notes: Sequence[str], width: int | None = None) -> list[str]:
    """A heading with notes below it, wrapped; nothing where there is no note."""
    lines = [wrapped(shown(note), min(width or PROSE_MOST, PROSE_MOST), "- ", "  ") for note in notes]
    return ["\n".join([heading, *lines])] if lines else []


def prose(text: str, width: int | None) -> str:
    """A sentence or more for a terminal of this width; None: in one line."""
    return wrapped(shown(text), None if width is None else min(width, PROSE_MOST))


def counted(count: int, noun: str) -> str:
    """A number of things, such as "1 file" and "2,000 files"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def in_bytes(count: int) -> str:
    """A number of bytes in the unit that fits it."""
    for size, unit in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count:,} bytes"


def plain(value: object) -> object:
    """A value made of what JSON has: exact decimals and days as text."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in value]
    return os.fspath(value) if isinstance(value, os.PathLike) else str(value)
