"""Arrow IPC files and streams. Their bytes are not trusted: offsets and indices are checked before anything uses them.

Files are read rather than memory-mapped: one that is cut short while it is read must be an error, not a bus error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

import pyarrow as pa

from ..errors import InputError
from .base import Piece, Source, check_batch, reading
from .files import FoundFile, partition_field, with_partition

PIECE_BYTES = 16 << 20
MEND = "the file is damaged or cut short; write it again or leave it out."
_AS_BINARY = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary(), pa.string_view(): pa.binary_view()}


class IpcFile:
    """One IPC file or stream file, with its schema."""

    def __init__(self, found: FoundFile, *, is_stream: bool) -> None:
        self.path = found.path
        self.bytes = found.bytes
        self.partition = found.partition
        self.is_stream = is_stream
        with reading(self.path, "is not a readable Arrow file", MEND), self.open(None) as reader:
            self.schema = reader.schema
            self.batches = 1 if is_stream else reader.num_record_batches

    @contextmanager
    def open(self, columns: Sequence[str] | None) -> Iterator[pa.ipc.RecordBatchReader | pa.ipc.RecordBatchFileReader]:
        """A reader of one thread that decodes only `columns`."""
        fields = None if columns is None else sorted(self.schema.get_field_index(name) for name in columns)
        options = pa.ipc.IpcReadOptions(use_threads=False, included_fields=fields)
        with pa.OSFile(self.path) as file:
            opened = pa.ipc.open_stream if self.is_stream else pa.ipc.open_file
            with opened(file, options=options) as reader:
                yield reader


class IpcSource(Source):
    """IPC files with the same columns and types, as one manifest."""

    def __init__(self, found: Sequence[FoundFile], formats: Sequence[str]) -> None:
        self._files = [IpcFile(one, is_stream=kind == "arrow stream") for one, kind in zip(found, formats, strict=True)]
        first = self._files[0]
        for other in self._files[1:]:
            if not other.schema.equals(first.schema):
                wrong = f"its columns or their types differ from those of {first.path}"
                raise InputError(f"{wrong}: the files of one manifest have the same columns.", file=other.path)
        fields = [*first.schema, *(partition_field(name) for name in first.partition if name not in first.schema.names)]
        files = tuple(file.path for file in self._files)
        super().__init__(pa.schema(fields), bytes=sum(file.bytes for file in self._files), files=files)

    def pieces(self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = ()) -> Iterator[Piece]:
        self.check_columns(columns)
        wanted = None if columns is None else list(dict.fromkeys(columns))
        for file in self._files:
            together = max(1, PIECE_BYTES * file.batches // max(1, file.bytes))
            for start in range(0, file.batches, together):
                yield IpcPiece(file, range(start, min(start + together, file.batches)), wanted)


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
        layout = self._columns or [*file.schema.names, *(k for k in file.partition if k not in file.schema.names)]
        with reading(file.path, "cannot be decoded", MEND), file.open(inside or None) as reader:
            for batch in reader if file.is_stream else map(reader.get_batch, self._numbers):
                check_untrusted(batch)
                yield (
                    batch
                    if self._columns is None and not file.partition
                    else with_partition(batch, file.partition, layout)
                )


class IpcStreamSource(Source):
    """An IPC stream that comes once, such as from a pipe."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        with reading(name, "is not a readable Arrow stream", "write it again."):
            self._reader = pa.ipc.open_stream(file)
        self._name = name
        self._is_used = False
        super().__init__(self._reader.schema)

    def pieces(self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = ()) -> Iterator[Piece]:
        self.check_columns(columns)
        if self._is_used:
            raise InputError("it can be read only once.", file=self._name)
        self._is_used = True
        yield IpcStreamPiece(self._reader, self._name, None if columns is None else list(columns))


class IpcStreamPiece(Piece):
    """All batches of a stream, in order."""

    def __init__(self, reader: pa.RecordBatchReader, name: str, columns: list[str] | None) -> None:
        super().__init__(name, file=name, first_row=0)
        self._reader = reader
        self._columns = columns

    def batches(self) -> Iterator[pa.RecordBatch]:
        with reading(self.label, "cannot be decoded", "the stream is damaged or was cut short; write it again."):
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
