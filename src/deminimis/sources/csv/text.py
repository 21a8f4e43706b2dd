"""CSV text as UTF-8, block by block, whatever compression and encoding it comes in; and its first row."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import NamedTuple

from ...bounds import CSV_HEADER_BYTES_MAX
from ...errors import InputError, Message, option
from ...formats import ending_of, foreign_of_bytes, format_of_bytes, why_foreign
from ..base import reading
from ..found import FoundFile
from ..whole import ReadBytes
from .parse import Dialect, can_be_cut, codec_name
from .rows import walk_lines
from .unpack import unpacking

HEAD_BYTES = 64 << 10
DELIMITERS = (",", "\t", ";", "|")
BOM = codecs.BOM_UTF8
_WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEP_LINE = re.compile(rb'"?sep=([\x09\x20-\x7e])"?\r?\n', re.I)
"""What Excel writes and reads before the first row."""
_ROWS_LOOKED_AT = 20
_CUTS_USUAL = 2

Header = bool | Sequence[str]


class CsvOptions(NamedTuple):
    """What the user says about CSV text, and which sheet of a workbook; a delimiter of None is found out from the
    first line."""

    delimiter: str | None = None
    encoding: str = "utf-8"
    header: Header = True
    sheet: str | None = None

    def checked(self) -> CsvOptions:
        """The same with the encoding's one name, or an InputError."""
        one = self.delimiter
        if one is not None and (len(one) != 1 or not one.isascii() or one in '"\r\n'):
            raise InputError(f"the delimiter {one!r} is not a single ASCII character.")
        return self._replace(encoding=codec_name(self.encoding))


class Head(NamedTuple):
    """What the first row of a CSV text tells."""

    names: tuple[str, ...]
    dialect: Dialect
    read: bytes  # what had to be read to see the first row
    start: int  # where the rows start in it
    note: str | None  # what was guessed, where it could be guessed otherwise


@contextmanager
def open_bytes(found: FoundFile, compression: str | None) -> Iterator[ReadBytes]:
    """Open a file for reading its unpacked bytes in order."""
    with found.open() as file, file.own_errors():
        yield unpacking(file, compression)


def read_fully(read: ReadBytes, size: int) -> bytes:
    """Read `size` bytes, less only at the end; a pipe gives less at a time."""
    text = read(size)
    if len(text) == size or not text:
        return text
    parts, left = [text], size - len(text)
    while left and (text := read(left)):
        parts.append(text)
        left -= len(text)
    return b"".join(parts)


def cuttable(read: ReadBytes, encoding: str) -> tuple[ReadBytes, str]:
    """Read UTF-8 from what is in an encoding that cannot be cut; any other is left alone."""
    if can_be_cut(encoding):
        return read, encoding
    decoder = codecs.getincrementaldecoder(encoding)()

    def decoded(size: int) -> bytes:
        while True:
            raw = read(size)
            text = decoder.decode(raw, final=not raw)
            if text or not raw:
                return text.encode()

    return decoded, "utf-8"


def read_head(read: ReadBytes, name: str, options: CsvOptions) -> Head:
    """Read as much as shows the first row, and take the column names from it or from the options."""
    delimiter, encoding, header, _ = options
    text = read(HEAD_BYTES)
    _check_is_text(text, name, encoding)
    bom = len(BOM) if text.startswith(BOM) else 0
    said = _SEP_LINE.match(text, bom)
    if said is not None:
        bom = said.end()
        delimiter = delimiter or said[1].decode()
    note = None
    if delimiter is None:
        delimiter, note = _likely_delimiter(name, text[bom:])
    dialect = Dialect(delimiter, encoding)
    while True:
        first = next(walk_lines(text[bom:], dialect.delimiter), None)
        more = b"" if first is not None and bom + first.end < len(text) else read(max(HEAD_BYTES, len(text)))
        if not more:
            break
        text += more
        if len(text) > CSV_HEADER_BYTES_MAX:
            wrong = f"its first row does not end within {CSV_HEADER_BYTES_MAX >> 20} MiB"
            raise InputError(f"{wrong}: is a quote left open, or is it no CSV?", file=name)
    if first is None:
        raise InputError(
            f"is empty: a CSV file starts with the column names, or give {option('header', False)}.", file=name
        )
    if not first.closed:
        raise unclosed(name, text.count(b"\n", 0, bom + first.start) + 1)
    names = _names(text[bom + first.start : bom + first.end], first.cells, dialect, name, header)
    return Head(names, dialect, text, bom + (first.end if header is True else first.start), note)


def unclosed(file: str, line: int) -> InputError:
    """The error for a row whose quoted cell does not end, and with it the text."""
    wrong = f"a quote in the row of line {line} is never closed"
    return InputError(f"{wrong}: close it, or was the text cut short?", file=file)


def _names(line: bytes, cells: int, dialect: Dialect, file: str, header: Header) -> tuple[str, ...]:
    if header is False:
        return tuple(f"f{i}" for i in range(cells))
    if header is not True:
        if len(header) != cells:
            raise InputError(f"has {cells} columns, and header gives {len(header)} names.", file=file)
        return tuple(header)
    mend = f"give {option('encoding', 'latin-1')}, or the one it was written in."
    with reading(file, f"its column names are not {dialect.encoding}", mend):
        decoded = line.decode(dialect.encoding)
    return tuple(next(csv.reader(io.StringIO(decoded, newline=""), delimiter=dialect.delimiter)))


def _check_is_text(head: bytes, name: str, encoding: str) -> None:
    """Refuse what is another format, or text of two bytes a letter."""
    seen, compression = format_of_bytes(head)
    if (seen, compression) != ("csv", None):
        kind = compression or seen
        raise InputError(f"is no plain CSV text, it starts like {kind}: give it the ending of its format.", file=name)
    foreign = foreign_of_bytes(head)
    if foreign is not None:
        raise InputError(why_foreign(foreign), file=name)
    if encoding != "utf-8":
        return
    for mark, wide in _WIDE_MARKS:
        if head.startswith(mark):
            raise InputError(f"its text is not utf-8, it starts like {wide}: {_mend(wide)}", file=name)
    some = head[:1024]
    first, second = some[0::2].count(0), some[1::2].count(0)
    if max(first, second) > len(some) // 4 > 4 * min(first, second):
        wide = "utf-16-le" if second > first else "utf-16-be"
        raise InputError(f"its text is not utf-8, it looks like {wide}: {_mend(wide)}", file=name)


def _mend(encoding: str) -> str:
    return f"give {option('encoding', encoding)}."


def _likely_delimiter(file: str, text: bytes) -> tuple[str, str | None]:
    """By the ending, else by the first rows, and a note where another one was possible.

    The usual delimiter of the ending is kept where it makes the three columns or more that a manifest has; else it is
    the one that makes the most columns of those that cut the first rows alike.
    """
    usual = ending_of(file).delimiter or ","
    unquoted = re.sub(rb'"[^"]*"', b"", text.lstrip(b"\r\n")[:HEAD_BYTES]).split(b"\n", 1)[0]
    cuts = {one: unquoted.count(one.encode()) for one in dict.fromkeys((usual, *DELIMITERS))}
    cutting = [one for one, count in cuts.items() if count]
    if len(cutting) < 2:
        return (cutting or [usual])[0], None
    alike = [one for one in cutting if _cuts_alike(text, one)] or cutting
    if usual in alike and cuts[usual] >= _CUTS_USUAL:
        return usual, None
    found = max(alike, key=cuts.__getitem__)
    note = Message(f"{file} is cut at {found!r}, as its first rows show; {option('delimiter')} says otherwise.")
    return found, None if found == usual else note


def _cuts_alike(text: bytes, delimiter: str) -> bool:
    """Whether the first whole rows have as many cells as the first of them."""
    first = islice(walk_lines(text, delimiter), _ROWS_LOOKED_AT)
    cells = {row.cells for row in first if row.end < len(text) or text.endswith((b"\n", b"\r"))}
    return len(cells) == 1
