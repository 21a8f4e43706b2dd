"""CSV files and streams as text columns: a large file is read in ranges of some MiB, each by its own thread.

Compressed files, streams and encodings that cannot be cut are read from start to end in one piece.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence, Set
from contextlib import contextmanager, nullcontext

import pyarrow as pa

from ..._kernel import Spares
from ...errors import InputError
from ...sizes import Sizes
from ..base import Piece, Source, reading
from ..files import format_of, with_folders
from ..found import FoundFile
from ..opened import Opened
from ..schemas import Columns
from ..spread import spread
from ..whole import ReadBytes
from .parse import can_be_cut
from .pieces import Cells, RangePiece, StreamPiece
from .rows import guess_row_start
from .samples import rows_of, sampled
from .text import HEAD_BYTES, CsvOptions, Head, cuttable, open_bytes, read_fully, read_head

NOTES_MOST = 3
WINDOWS = 16
"""How many windows are looked at for a place to cut; after that the rest of the file is one piece."""
SAMPLE_BYTES = 1 << 20
"""What is looked at for a guess of the rows."""


class CsvFile:
    """One file, and what its first row tells."""

    def __init__(self, found: FoundFile, options: CsvOptions) -> None:
        self.path = found.path
        self.bytes = found.bytes
        self.partition = found.partition
        self._found = found
        self._compression = format_of(found)[1]
        self._options = options
        self.is_cut = self._compression is None and can_be_cut(options.encoding)
        with self._head() as (_, head):
            self.names = head.names
            self.dialect = head.dialect
            self.start = head.start
            self.note = head.note

    def schema(self) -> pa.Schema:
        """Its columns, and those of its folders."""
        return with_folders(pa.schema([pa.field(name, pa.string()) for name in self.names]), self.partition)

    @property
    def is_plain(self) -> bool:
        """Whether it is not compressed."""
        return self._compression is None

    def first_text(self, size: int) -> bytes:
        """As much of it as lies at its start."""
        with reading(self.path), self._found.open_raw() as file:
            return file.read(0, size)

    def cells(self, columns: Sequence[str] | None, names: Sequence[str], as_views: Set[str], spares: Spares) -> Cells:
        """Match `columns` by name, or take all that the file has in the order of `names`."""
        lying = self.schema().names
        every = lying if columns is None and len({*lying}) < len(lying) else list(names if columns is None else columns)
        every = [name for name in every if name in lying]
        own = [name for name in every if name in self.names]
        wanted = range(len(own)) if every is lying or every == lying else map(self.names.index, own)
        partition = {k: v for k, v in self.partition.items() if k in every and k not in self.names}
        return Cells(
            self.dialect, len(self.names), tuple(wanted), tuple(own), partition, every, frozenset(as_views), spares
        )

    def stream(self, cells: Cells, sizes: Sizes) -> Piece:
        """The whole file as one piece."""
        return StreamPiece(self.path, self._begin, cells, sizes, file=self.path, bytes=self.bytes)

    def ranges(self, cells: Cells, sizes: Sizes) -> Iterator[Piece]:
        """The file in ranges that are cut where a row seems to start."""
        start, size = self.start, self.bytes
        with self._found.reading(), self._found.open_raw() as file:
            while size - start > sizes.range_bytes * 3 // 2:
                end = self._cut(file, start + sizes.range_bytes, sizes.window_bytes)
                if end is None:
                    yield self._rest(start, cells, sizes)
                    return
                yield RangePiece(self._found, start, end, cells, sizes, is_first=start == self.start, is_last=False)
                start = end
        yield RangePiece(self._found, start, size, cells, sizes, is_first=start == self.start, is_last=True)

    def _cut(self, file: Opened, near: int, window_bytes: int) -> int | None:
        for window in range(WINDOWS):
            position = near + window * window_bytes
            found = guess_row_start(file.read(position, window_bytes), self.dialect.delimiter, len(self.names))
            if found is not None:
                return position + found
        return None

    def _rest(self, start: int, cells: Cells, sizes: Sizes) -> Piece:
        @contextmanager
        def begin() -> Iterator[tuple[ReadBytes, bytes, int]]:
            with self._found.reading(), open_bytes(self._found, None) as read:
                lines, left = 0, start
                while left:
                    text = read(min(left, sizes.block_bytes))
                    lines, left = lines + text.count(b"\n"), left - len(text)
                yield read, b"", lines

        label = f"{self.path}, bytes from {start:,}"
        is_first = start == self.start
        return StreamPiece(label, begin, cells, sizes, file=self.path, bytes=self.bytes - start, is_first=is_first)

    @contextmanager
    def _head(self) -> Iterator[tuple[ReadBytes, Head]]:
        with self._found.reading(), open_bytes(self._found, self._compression) as raw:
            read, encoding = cuttable(raw, self._options.encoding)
            yield read, read_head(read, self.path, self._options._replace(encoding=encoding))

    @contextmanager
    def _begin(self) -> Iterator[tuple[ReadBytes, bytes, int]]:
        with self._head() as (read, head):
            yield read, head.read[head.start :], head.read.count(b"\n", 0, head.start)

    def sample(self, cells: Cells, sizes: Sizes, near: list[int]) -> Iterator[pa.RecordBatch]:
        """Rows next to these bytes; of a file that is not cut its first rows."""
        if self.is_cut:
            yield from sampled(self._found, cells, sizes, self.start, near)
        elif near:
            with self._head() as (read, head):
                text = head.read[head.start :]
                more = read_fully(read, max(sizes.window_bytes - len(text), 1))
            yield from rows_of(text + more, cells, sizes, is_last=not more)[0]


class CsvSource(Source):
    """CSV files with the same columns, in any order, as one manifest."""

    def __init__(self, found: Sequence[FoundFile], options: CsvOptions) -> None:
        options = options.checked()
        self._files = [CsvFile(one, options) for one in found]
        columns = Columns((file.path, file.schema()) for file in self._files)
        files = tuple(file.path for file in self._files)
        places = (file.identity.place for file in found)
        super().__init__(columns, bytes=sum(file.bytes for file in self._files), files=files, places=places)
        self.notes = tuple(file.note for file in self._files if file.note)[:NOTES_MOST]

    def guess_rows(self) -> int | None:
        """By the length of the first file's first rows; None where a file is compressed."""
        if not self.bytes or not all(file.is_plain for file in self._files):
            return None if self.bytes else 0
        text = self._files[0].first_text(SAMPLE_BYTES)
        return round(text.count(b"\n") * self.bytes / len(text)) if text else 0

    def pieces(
        self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = (), as_views: Collection[str] = ()
    ) -> Iterator[Piece]:
        self.check_columns(columns)
        views, spares = frozenset(as_views), Spares()
        for file in self._files:
            cells = file.cells(columns, self.names, views, spares)
            if file.is_cut:
                yield from file.ranges(cells, self.sizes)
            else:
                yield file.stream(cells, self.sizes)

    def sample(self, places: int, rows: int) -> Iterator[pa.RecordBatch]:
        for file, near in zip(self._files, spread([file.bytes for file in self._files], places), strict=True):
            some = rows if file.is_cut else rows * places
            for batch in file.sample(file.cells(None, self.names, frozenset(), Spares()), self.sizes, near):
                yield batch.slice(0, some)


class CsvStreamSource(Source):
    """CSV text that comes once, such as from a pipe."""

    def __init__(self, read: ReadBytes, name: str, options: CsvOptions) -> None:
        options = options.checked()
        read, encoding = cuttable(read, options.encoding)
        with reading(name):
            self._head = read_head(read, name, options._replace(encoding=encoding))
        self._read = read
        self._name = name
        self._is_used = False
        super().__init__(pa.schema([pa.field(one, pa.string()) for one in self._head.names]))
        self.notes = (self._head.note,) if self._head.note else ()
        self.is_read_once = True

    def pieces(
        self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = (), as_views: Collection[str] = ()
    ) -> Iterator[Piece]:
        self.check_columns(columns)
        if self._is_used:
            raise InputError("it can be read only once.", file=self._name)
        self._is_used = True
        head, cells = self._head, self._cells(columns, as_views)
        begun = (self._read, head.read[head.start :], head.read.count(b"\n", 0, head.start))
        yield StreamPiece(self._name, lambda: nullcontext(begun), cells, self.sizes, file=self._name)

    def sample(self, places: int, rows: int) -> Iterator[pa.RecordBatch]:
        """The rows of what was read to see the first one; the stream is as it was."""
        text = self._head.read[self._head.start :]
        for batch in rows_of(text, self._cells(None, ()), self.sizes, is_last=len(self._head.read) < HEAD_BYTES)[0]:
            yield batch.slice(0, rows * places)

    def _cells(self, columns: Sequence[str] | None, as_views: Collection[str]) -> Cells:
        head, every = self._head, list(columns if columns is not None else self._head.names)
        wanted = tuple(range(len(every)) if columns is None else map(head.names.index, every))
        return Cells(head.dialect, len(head.names), wanted, tuple(every), {}, every, frozenset(as_views), Spares())
