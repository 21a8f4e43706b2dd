"""A stretch of CSV text to a table of text columns, with proof that the stretch ends where a row ends.

A row of marks is put behind the stretch. If the parser gives it back as the last row, the stretch ended at a row's
end; if a quote was still open, the marks have become part of a cell. Where each stretch of a file passes, by
induction, every stretch began at a row's start, whatever guess had cut it there.
"""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Sequence, Set

import pyarrow as pa
import pyarrow.csv as pc

from ..._kernel import Spares, csv_views
from ...errors import InputError, option
from ..base import reason_of
from .rows import walk_lines

BLOCK_BYTES = 2 << 20
_MARK = "\x1e" + os.urandom(8).hex()
ENCODINGS = ("big5", "cp1250", "cp1251", "cp1252", "euc_jp", "euc_kr", "gb18030", "shift_jis")
"""What text that is not UTF-8 is tried by; none is likelier than another."""
SAMPLE_LINES = 200
_SINGLE_BYTE = ("utf-8", "iso8859", "cp125", "koi8", "mac-")


class CutInsideQuotesError(Exception):
    """The stretch ends inside of a quoted cell; `line`, from 0 within the stretch, is that of the cell's row."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class RaggedRowError(Exception):
    """A row has another number of cells than there are columns; `line` counts from 0 within the stretch."""

    def __init__(self, line: int, cells: int) -> None:
        super().__init__(line, cells)
        self.line = line
        self.cells = cells


class Dialect:
    """How the cells of a CSV text are told apart, and in which encoding; it is one that can be cut."""

    def __init__(self, delimiter: str, encoding: str) -> None:
        self.delimiter = delimiter
        self.encoding = encoding
        self._mark = _MARK.replace(delimiter, "~")

    def mark_row(self, columns: int) -> bytes:
        """What is put behind a stretch. Its first line break ends a last row that has none; an empty line is no row."""
        return ("\n" + self.delimiter.join([self._mark] * columns) + "\n").encode()

    def views(
        self, marked: pa.Buffer, columns: int, wanted: Sequence[int], names: Sequence[str], spares: Spares
    ) -> pa.RecordBatch | None:
        """The wanted cells of a stretch as views of it; None where the kernel cannot prove that `parse` would give the
        same."""
        size = marked.size - len(self.mark_row(columns))
        if not size or not wanted:
            return None
        array = csv_views(marked, size, ord(self.delimiter), columns, tuple(wanted), spares)
        if array is None:
            return None
        schema = pa.schema([pa.field(name, pa.string_view()) for name in names])
        return pa.RecordBatch._import_from_c_capsule(schema.__arrow_c_schema__(), array)

    def parse(self, marked: pa.Buffer, columns: int, wanted: Sequence[int]) -> pa.Table:
        """Parse a stretch of UTF-8 with its mark row behind it; the columns are named "0", "1", ... as they lie.

        Raises
        ------
        CutInsideQuotesError, RaggedRowError, pyarrow.ArrowException
        """
        names = [str(i) for i in range(columns)]
        convert = pc.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=[names[i] for i in wanted or (0,)],
            strings_can_be_null=False,
        )
        options = pc.ParseOptions(delimiter=self.delimiter, newlines_in_values=True)
        block = _block_bytes(memoryview(marked))
        while True:
            read = pc.ReadOptions(use_threads=False, block_size=block, column_names=names)
            try:
                table = pc.read_csv(pa.BufferReader(marked), read, options, convert)
                break
            except pa.ArrowInvalid as error:
                if "straddling" in str(error) and block <= marked.size:
                    block = marked.size + 1
                    continue
                raise self._explained(marked, columns) or error from error
        rows = table.num_rows - 1
        if rows < 0 or any(column[rows].as_py() != self._mark for column in table.columns):
            raise self._explained(marked, columns) or CutInsideQuotesError(0)
        return table.slice(0, rows)

    def _explained(self, marked: pa.Buffer, columns: int) -> Exception | None:
        """What is wrong with the rows of a stretch that did not parse, or None if it is not the rows."""
        text = marked.to_pybytes()
        for record in walk_lines(text, self.delimiter):
            line = text.count(b"\n", 0, record.start)
            if not record.closed:
                return CutInsideQuotesError(line)
            if record.cells != columns:
                return RaggedRowError(line, record.cells)
        return None

    def marked(self, text: bytes, columns: int) -> pa.Buffer:
        """Encode a stretch as UTF-8 where it is not, and put the mark row behind it."""
        if self.encoding != "utf-8":
            text = text.decode(self.encoding).encode()
        return pa.py_buffer(text + self.mark_row(columns))


def texts_but_for(batch: pa.RecordBatch, views: Set[str]) -> pa.RecordBatch:
    """A batch of views whose columns are strings, but for those that stay views."""
    names = batch.schema.names
    if views >= {*names}:
        return batch
    columns = [
        column if name in views else column.cast(pa.string()) for name, column in zip(names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, names=names)


def _block_bytes(text: memoryview) -> int:
    """A size of blocks none of which begins between a return and its line end: the parser drops such a line end, also
    where both are within a cell."""
    block = BLOCK_BYTES
    while any(bytes(text[at - 1 : at + 1]) == b"\r\n" for at in range(block, len(text), block)):
        block += 1
    return block


def codec_name(encoding: str) -> str:
    """The one name of an encoding, or an InputError for a name that is none."""
    try:
        found = codecs.lookup(encoding).name
    except LookupError as error:
        raise InputError(f"there is no encoding {encoding!r}: give utf-8, latin-1, cp1252 or another.") from error
    return "utf-8" if found in ("utf-8-sig", "ascii") else found


def readable_as(text: memoryview) -> list[str]:
    """Encodings in which the first lines that are not UTF-8 are letters and signs, by name; often several."""
    found, sample = list(ENCODINGS), 0
    for line in io.BytesIO(text):
        try:
            line.decode()
        except UnicodeDecodeError:
            found = [one for one in found if _is_printed(line.rstrip(b"\r\n"), one)]
            sample += 1
        if sample == SAMPLE_LINES:
            break
    return found if sample else []


def _is_printed(line: bytes, encoding: str) -> bool:
    try:
        return line.decode(encoding).replace("\t", " ").isprintable()
    except UnicodeDecodeError:
        return False


def can_be_cut(encoding: str) -> bool:
    """Whether ASCII bytes always stand for themselves, so that quotes and line breaks show without decoding."""
    return encoding.startswith(_SINGLE_BYTE)


def text_problem(error: Exception, encoding: str, text: memoryview) -> str:
    """Say what a failed conversion of this text means and what would mend it."""
    if "UTF8" in str(error) or isinstance(error, UnicodeError):
        mend = f"give {option('encoding')} with the one it was written in"
        readable = readable_as(text) if encoding == "utf-8" else []
        which = f". It can be read as {' or '.join(readable)}: look which gives the right letters" if readable else ""
        return f"its text is not {encoding}: {mend}{which}."
    return f"cannot be parsed ({reason_of(error)})."
