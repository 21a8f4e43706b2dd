"""CSV text as UTF-8, block by block, whatever compression and encoding it comes in; and its first row."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import pyarrow as pa

from ...bounds import CSV_HEADER_BYTES_MAX
from ...errors import InputError, option
from ..base import reading
from ..files import format_of_bytes
from ..whole import ReadBytes, WholeFile
from .parse import Dialect, can_be_cut, codec_name
from .rows import walk_records

HEAD_BYTES = 64 << 10
DELIMITERS = (",", "\t", ";", "|")
BOM = codecs.BOM_UTF8

Header = bool | Sequence[str]


class CsvOptions(NamedTuple):
    """What the user says about CSV text; a delimiter of None is found out from the first line."""

    delimiter: str | None = None
    encoding: str = "utf-8"
    header: Header = True

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


@contextmanager
def open_bytes(path: str, size: int, compression: str | None) -> Iterator[ReadBytes]:
    """Open a file of this size for reading its unpacked bytes in order."""
    with WholeFile(path, size) as file:
        if compression is None:
            yield lambda wanted: bytes(file.read(wanted))
        else:
            with file.own_errors(), pa.CompressedInputStream(pa.PythonFile(file, "r"), compression) as unpacked:
                yield unpacked.read


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
    delimiter, encoding, header = options
    text = read(HEAD_BYTES)
    if format_of_bytes(text) != ("csv", None):
        kind = format_of_bytes(text)[1] or format_of_bytes(text)[0]
        raise InputError(f"is no plain CSV text, it starts like {kind}: give it the ending of its format.", file=name)
    if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and encoding == "utf-8":
        raise InputError(
            f"its text is not utf-8, it starts like utf-16: give {option('encoding', 'utf-16')}.", file=name
        )
    bom = len(BOM) if text.startswith(BOM) else 0
    dialect = Dialect(delimiter or _likely_delimiter(name, text[bom:]), encoding)
    while True:
        first = next(walk_records(text[bom:], dialect.delimiter), None)
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
        raise InputError("a quote in its first row is never closed: is the file cut short?", file=name)
    names = _names(text[bom + first.start : bom + first.end], first.cells, dialect, name, header)
    return Head(names, dialect, text, bom + (first.end if header is True else first.start))


def _names(line: bytes, cells: int, dialect: Dialect, file: str, header: Header) -> tuple[str, ...]:
    if header is False:
        return tuple(f"f{i}" for i in range(cells))
    if header is not True:
        if len(header) != cells:
            raise InputError(f"has {cells} columns, and header gives {len(header)} names.", file=file)
        return tuple(header)
    with reading(file, f"its column names are not {dialect.encoding}", "give the encoding it was written in."):
        decoded = line.decode(dialect.encoding)
    return tuple(next(csv.reader(io.StringIO(decoded, newline=""), delimiter=dialect.delimiter)))


def _likely_delimiter(file: str, text: bytes) -> str:
    """By the ending, else by the first line: a comma, or what it has most of where it has no comma."""
    usual = "\t" if file.lower().removesuffix(".gz").endswith(".tsv") else ","
    unquoted = re.sub(rb'"[^"]*"', b"", text.lstrip(b"\r\n")[:HEAD_BYTES]).split(b"\n", 1)[0]
    if usual.encode() in unquoted:
        return usual
    return max((usual, *DELIMITERS), key=lambda one: unquoted.count(one.encode()))
