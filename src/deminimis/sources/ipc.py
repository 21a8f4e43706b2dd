"""Arrow IPC files and streams. Their bytes are not trusted: offsets and indices are checked before anything uses them.

Files are read rather than memory-mapped: one that is cut short while it is read must be an error, not a bus error.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from ..bounds import FOOTER_BYTES_MAX
from ..errors import InputError
from .base import Piece, Source, check_batch, reading
from .files import with_folders, with_partition
from .flatbuffer import Block, read_footer, read_message, without_prefix
from .found import FoundFile
from .schemas import Columns, reading_names
from .spread import spread
from .whole import Frames, ReadBytes, WholeFile

PIECE_BYTES = 16 << 20
MAGIC = b"ARROW1"
SLACK_BYTES = 64
"""What may lie between the last batch of a file and its footer: the end mark of its stream, and padding."""
MEND = "the file is damaged or cut short; write it again or leave it out."
_AS_BINARY = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary(), pa.string_view(): pa.binary_view()}


class IpcFile:
    """One IPC file or stream file, with its schema."""

    def __init__(self, found: FoundFile, *, is_stream: bool) -> None:
        self.path = found.path
        self.bytes = found.bytes
        self.partition = found.partition
        self.is_stream = is_stream
        self.found = found
        self._dictionaries: list[Block] = []
        self._blocks: list[Block] = []
        with found.reading("is not a readable Arrow file", MEND):
            if not is_stream:
                self._dictionaries, self._blocks = self._find_blocks()
            with self._open(None) as (_, reader):
                self.schema = reader.schema
        with reading_names(self.path):
            _ = self.schema.names
        self.batches = 1 if is_stream else len(self._blocks)

    def read(self, columns: Sequence[str] | None, numbers: Iterable[int]) -> Iterator[pa.RecordBatch]:
        """Decode `columns` of these batches, or of all of a stream, in the calling thread."""
        with self._open(columns) as (file, reader):
            if self.is_stream:
                yield from reader
                return
            dictionaries = [one for block in self._dictionaries for one in _packed(file, block)]
            for number in numbers:
                file.watch([*dictionaries, *_packed(file, self._blocks[number])])
                yield reader.get_batch(number)

    @contextmanager
    def _open(self, columns: Sequence[str] | None) -> Iterator[tuple[WholeFile, Any]]:
        fields = None if columns is None else sorted(self.schema.get_field_index(name) for name in columns)
        options = pa.ipc.IpcReadOptions(use_threads=False, included_fields=fields)
        with self.found.open() as file:
            told = Frames(file.read, self.path, step_bytes=max(1, self.bytes)) if self.is_stream else file
            opened = pa.ipc.open_stream if self.is_stream else pa.ipc.open_file
            with told.own_errors(), opened(pa.PythonFile(told, "r"), options=options) as reader:
                yield file, reader

    def _find_blocks(self) -> tuple[list[Block], list[Block]]:
        """Where the dictionaries and the batches lie; nothing else may lie between them and the footer."""
        with self.found.open() as file:
            if self.bytes < 2 * len(MAGIC) + 6:
                raise InputError(f"is too short for an Arrow file: {MEND}", file=self.path)
            file.seek(-len(MAGIC) - 4, io.SEEK_END)
            tail = bytes(file.read())
            size = int.from_bytes(tail[:4], "little", signed=True)
            start = self.bytes - len(tail) - size
            if tail[4:] != MAGIC or size <= 0 or start < len(MAGIC):
                raise InputError(f"is not a readable Arrow file: no footer is at its end: {MEND}", file=self.path)
            if size > FOOTER_BYTES_MAX:
                raise InputError(f"its footer is larger than {FOOTER_BYTES_MAX >> 20} MiB.", file=self.path)
            file.seek(start)
            dictionaries, batches = read_footer(bytes(file.read(size)))
            file.seek(len(MAGIC) + 2)
            prefix = bytes(file.read(8))
            schema = len(MAGIC) + 2 + len(prefix) + int.from_bytes(prefix[4:], "little")
            blocks = [*dictionaries, *batches]
            if any(min(block) < 0 or block.end > start for block in blocks):
                raise InputError(f"its footer points outside of it: {MEND}", file=self.path)
            if start - max((block.end for block in blocks), default=schema) > SLACK_BYTES:
                wrong = "there are bytes between its last batch and its footer"
                raise InputError(f"{wrong}: were files joined to one? Give each by itself.", file=self.path)
        return dictionaries, batches


def _packed(file: WholeFile, block: Block) -> list[tuple[int, int]]:
    """Where in the file the packed buffers of a message lie, and their bytes."""
    file.seek(block.start)
    message = read_message(without_prefix(bytes(file.read(block.metadata_bytes))))
    return [(block.start + block.metadata_bytes + start, size) for start, size in message.packed]


class IpcSource(Source):
    """IPC files with the same columns and types, as one manifest."""

    def __init__(self, found: Sequence[FoundFile], formats: Sequence[str]) -> None:
        self._files = [IpcFile(one, is_stream=kind == "arrow stream") for one, kind in zip(found, formats, strict=True)]
        columns = Columns((file.path, with_folders(file.schema, file.partition)) for file in self._files)
        files = tuple(file.path for file in self._files)
        places = (file.identity.place for file in found)
        super().__init__(columns, bytes=sum(file.bytes for file in self._files), files=files, places=places)

    def pieces(
        self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = (), as_views: Collection[str] = ()
    ) -> Iterator[Piece]:
        self.check_columns(columns)
        wanted = None if columns is None else list(dict.fromkeys(columns))
        for file in self._files:
            together = max(1, PIECE_BYTES * file.batches // max(1, file.bytes))
            for start in range(0, file.batches, together):
                yield IpcPiece(file, range(start, min(start + together, file.batches)), wanted)

    def sample(self, places: int, rows: int) -> Iterator[pa.RecordBatch]:
        batches = [(file, number) for file in self._files for number in range(file.batches)]
        for (file, number), there in zip(batches, spread([1] * len(batches), places), strict=True):
            left = rows * len(there)
            for batch in IpcPiece(file, range(number, number + 1), None).batches() if there else ():
                yield batch.slice(0, left)
                left -= batch.num_rows
                if left <= 0:
                    break


class IpcPiece(Piece):
    """A run of batches of one file, or a whole stream."""

    def __init__(self, file: IpcFile, numbers: range, columns: list[str] | None) -> None:
        label = file.path if file.is_stream else f"{file.path}, batches {numbers[0]} to {numbers[-1]}"
        share = file.bytes * len(numbers) // file.batches
        super().__init__(label, file=file.path, bytes=share, first_row=None if numbers[0] else 0)
        self._file = file
        self._numbers = numbers
        self._columns = columns

    def batches(self) -> Iterator[pa.RecordBatch]:
        file = self._file
        inside = None if self._columns is None else [name for name in self._columns if name in file.schema.names]
        names = self._columns or with_folders(file.schema, file.partition).names
        with file.found.reading("cannot be decoded", MEND):
            for batch in file.read(inside or None, self._numbers):
                check_untrusted(batch)
                yield with_partition(batch, file.partition, names)


class IpcStreamSource(Source):
    """An IPC stream that comes once, such as from a pipe."""

    def __init__(self, read: ReadBytes, name: str) -> None:
        self._frames = Frames(read, name)
        with reading(name, "is not a readable Arrow stream", "write it again."), self._frames.own_errors():
            self._reader = pa.ipc.open_stream(pa.PythonFile(self._frames, "r"))
        with reading_names(name):
            _ = self._reader.schema.names
        self._name = name
        self._is_used = False
        super().__init__(self._reader.schema)
        self.is_read_once = True

    def pieces(
        self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = (), as_views: Collection[str] = ()
    ) -> Iterator[Piece]:
        self.check_columns(columns)
        if self._is_used:
            raise InputError("it can be read only once.", file=self._name)
        self._is_used = True
        yield IpcStreamPiece(self._frames, self._reader, self._name, None if columns is None else list(columns))


class IpcStreamPiece(Piece):
    """All batches of a stream, in order."""

    def __init__(self, frames: Frames, reader: pa.RecordBatchReader, name: str, columns: list[str] | None) -> None:
        super().__init__(name, file=name, first_row=0)
        self._frames = frames
        self._reader = reader
        self._columns = columns

    def batches(self) -> Iterator[pa.RecordBatch]:
        mend = "the stream is damaged or was cut short; write it again."
        with reading(self.label, "cannot be decoded", mend), self._frames.own_errors():
            for batch in self._reader:
                kept = batch if self._columns is None else batch.select(self._columns)
                check_untrusted(kept)
                yield kept


def check_untrusted(batch: pa.RecordBatch) -> None:
    """Refuse offsets and indices that point outside of their buffers. Whether text is UTF-8 is not looked at."""
    check_batch(batch)
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            column = column.dictionary
        if column.type in _AS_BINARY:
            column = column.view(_AS_BINARY[column.type])
        column.validate(full=True)
