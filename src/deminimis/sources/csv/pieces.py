"""The two ways to read CSV rows: a range of a file in one go, or text from start to end, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple

import pyarrow as pa

from ..._kernel import Spares
from ...bounds import CSV_ROW_BYTES_MAX
from ...errors import InputError
from ...sizes import Sizes
from ..base import Piece, reading
from ..files import with_partition
from ..found import FoundFile
from ..whole import ReadBytes, cut_short
from .parse import CutInsideQuotesError, Dialect, RaggedRowError, text_problem, texts_but_for
from .rows import guess_row_start, walk_lines
from .text import read_fully, unclosed


class Cells(NamedTuple):
    """Which cells of a row make which columns."""

    dialect: Dialect
    cells: int  # how many cells a row has
    wanted: tuple[int, ...]  # the cells to read
    names: tuple[str, ...]  # and their columns
    partition: Mapping[str, str | None]
    columns: list[str]  # all columns that a batch has, those of folders included
    as_views: Set[str]  # those that may come as views
    spares: Spares

    def parse(self, marked: pa.Buffer, sizes: Sizes) -> list[pa.RecordBatch]:
        """Parse a stretch into batches, by the kernel where it can; see `Dialect.parse` for the errors."""
        batch = None
        if marked.size <= sizes.kernel_bytes_most:
            batch = self.dialect.views(marked, self.cells, self.wanted, self.names, self.spares)
        if batch is not None:
            batches = [texts_but_for(batch, self.as_views)]
        else:
            table = self.dialect.parse(marked, self.cells, self.wanted)
            if self.wanted:
                table = table.rename_columns(list(self.names))
            batches = table.to_batches()
        if self.partition:
            return [with_partition(batch, self.partition, self.columns) for batch in batches]
        return batches


class RangePiece(Piece):
    """The rows between two offsets of a file, both of which are meant to be row starts."""

    def __init__(
        self, found: FoundFile, start: int, end: int, cells: Cells, sizes: Sizes, *, is_first: bool, is_last: bool
    ) -> None:
        label = found.path if is_first and is_last else f"{found.path}, bytes {start:,} to {end:,}"
        super().__init__(label, file=found.path, bytes=end - start, first_row=0 if is_first else None)
        self._found = found
        self._path = found.path
        self._start = start
        self._end = end
        self._cells = cells
        self._sizes = sizes
        self._is_last = is_last

    def batches(self) -> Iterator[pa.RecordBatch]:
        with self._found.reading():
            marked = self._read()
            try:
                with refusing(self._path, self._cells, marked, self._lines_before, is_last=self._is_last):
                    batches = self._cells.parse(marked, self._sizes)
            except CutInsideQuotesError as error:
                raise irregular(self._path) from error
        yield from batches

    def _read(self) -> pa.Buffer:
        """Read the range with its mark row behind it, into memory of Arrow's pool: that is warm, and saves a copy."""
        size, dialect = self._end - self._start, self._cells.dialect
        behind = dialect.mark_row(self._cells.cells)
        marked = pa.allocate_buffer(size + len(behind))
        room = memoryview(marked).cast("B")
        room[size:] = behind
        position = 0
        with self._found.open_raw() as file:
            file.expect([(self._start, self._end)])
            while position < size and (count := file.read_at(self._start + position, room[position:size])):
                position += count
        if position < size:
            raise cut_short(self._path)
        return marked if dialect.encoding == "utf-8" else dialect.marked(bytes(room[:size]), self._cells.cells)

    def _lines_before(self) -> int:
        """Count the lines before this range; refuse the range if the quotes before it show that it starts in a cell."""
        lines = quotes = 0
        with self._found.open_raw() as file:
            at = 0
            while at < self._start and (text := file.read(at, min(self._start - at, self._sizes.block_bytes))):
                lines, quotes, at = lines + text.count(b"\n"), quotes + text.count(b'"'), at + len(text)
        if quotes % 2:
            raise irregular(self._path)
        return lines


class StreamPiece(Piece):
    """Text that is read from start to end; memory holds a block of it at a time.

    `begin` opens it and gives the reader, what was read already and the number of lines before that.
    """

    def __init__(
        self,
        label: str,
        begin: Callable[[], AbstractContextManager[tuple[ReadBytes, bytes, int]]],
        cells: Cells,
        sizes: Sizes,
        *,
        file: str | None = None,
        bytes: int | None = None,
        is_first: bool = True,
    ) -> None:
        super().__init__(label, file=file, bytes=bytes, first_row=0 if is_first else None)
        self._begin = begin
        self._cells = cells
        self._sizes = sizes

    def batches(self) -> Iterator[pa.RecordBatch]:
        with reading(self.file or self.label), self._begin() as (read, text, lines):
            ended, block = False, self._sizes.block_bytes
            while not ended:
                if len(text) < block:
                    text += read_fully(read, block - len(text))
                    ended = len(text) < block
                batches, end = self._parse(text, len(text) if ended else self._cut(text), lines, is_last=ended)
                yield from batches
                lines, text = lines + text.count(b"\n", 0, end), text[end:]
                block = self._sizes.block_bytes if end else 2 * block
                if block > CSV_ROW_BYTES_MAX:
                    wrong = f"line {lines + 1} starts a row that does not end within {CSV_ROW_BYTES_MAX >> 20} MiB"
                    raise InputError(f"{wrong}: close its quote, or is it no CSV?", file=self.label)

    def _cut(self, text: bytes) -> int:
        tail = max(0, len(text) - self._sizes.window_bytes)
        found = guess_row_start(text[tail:], self._cells.dialect.delimiter, self._cells.cells)
        return text.rfind(b"\n") + 1 if found is None else tail + found

    def _parse(self, text: bytes, end: int, lines: int, *, is_last: bool) -> tuple[list[pa.RecordBatch], int]:
        """Parse up to `end`, or where that is inside of a quoted cell up to the end of the last whole row.

        Returns the batches, and how much of the text they are.
        """
        cells = self._cells
        for _ in range(2):
            if not end and not is_last:
                break
            try:
                with refusing(self.label, cells, text, lambda: lines, is_last=is_last):
                    return cells.parse(cells.dialect.marked(text[:end], cells.cells), self._sizes), end
            except CutInsideQuotesError:
                end = 0
                for record in walk_lines(text, cells.dialect.delimiter):
                    if record.end == len(text):
                        break
                    end = record.end
        return [], 0


@contextmanager
def refusing(
    name: str, cells: Cells, text: pa.Buffer | bytes, lines_before: Callable[[], int], *, is_last: bool
) -> Iterator[None]:
    """Turn what is wrong with rows of this text into an InputError that names the line."""
    try:
        yield
    except RaggedRowError as error:
        line = lines_before() + error.line + 1
        raise InputError(
            f"line {line} has {error.cells} cells where there are {cells.cells} columns: "
            "quote a cell that holds the delimiter, or mend the line.",
            file=name,
        ) from error
    except CutInsideQuotesError as error:
        if not is_last:
            raise
        raise unclosed(name, lines_before() + error.line + 1) from error
    except (pa.ArrowInvalid, UnicodeError) as error:
        raise InputError(text_problem(error, cells.dialect.encoding, memoryview(text)), file=name) from error


def irregular(file: str) -> InputError:
    """The error for a file that was cut inside of a quoted cell."""
    return InputError(
        f"its quotes are too irregular to read it in parts: pack it (gzip {file}), which is read from start to end.",
        file=file,
    )
