"""Tables that are put on numbered shelves and taken from there again: in memory, and past their share of it on disk.

The file has no name once it is open, and what comes back is checked by a digest, as with the records of a run.
"""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import IO, NamedTuple
from zlib import crc32

import pyarrow as pa

from ..errors import CorruptSpillError, InputError, OutOfSpaceError, lack, option


class _Extent(NamedTuple):
    offset: int
    size: int
    digest: int


class Shelves:
    """Tables of one schema on shelves.

    Parameters
    ----------
    schema : pyarrow.Schema
        Of all tables.
    most : int
        Bytes that they may take in memory.
    folder : path, optional
        Where the rest goes; default: the system's temporary folder.
    """

    def __init__(self, schema: pa.Schema, most: int, folder: Path | None) -> None:
        self._schema = schema
        self._most = most
        self._folder = folder or Path(tempfile.gettempdir())
        self._file: IO[bytes] | None = None
        self._end = 0
        self._bytes = 0
        self._held: dict[int, list[pa.Table]] = defaultdict(list)
        self._written: dict[int, list[_Extent]] = defaultdict(list)

    @property
    def numbers(self) -> list[int]:
        """The shelves that have something."""
        return sorted({*self._held, *self._written})

    def put(self, number: int, table: pa.Table) -> None:
        """Put a table on a shelf, behind those that lie there."""
        self._held[number].append(table)
        self._bytes += table.nbytes
        if self._bytes > self._most:
            self._write()

    def take(self, number: int) -> pa.Table:
        """Take everything from a shelf, in the order in which it was put there."""
        held = self._held.pop(number, [])
        self._bytes -= sum(table.nbytes for table in held)
        written = [self._read(extent) for extent in self._written.pop(number, [])]
        return pa.concat_tables([self._schema.empty_table(), *written, *held]).combine_chunks()

    def close(self) -> None:
        """Let everything go."""
        self._held.clear()
        if self._file is not None:
            self._file.close()

    def _write(self) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="deminimis-", dir=self._folder)  # noqa: SIM115
            if shutil.disk_usage(self._folder).free < self._bytes:
                raise OSError(errno.ENOSPC, "no space left")
            for number, tables in self._held.items():
                sink = pa.BufferOutputStream()
                with pa.ipc.new_stream(sink, self._schema) as writer:
                    writer.write_table(pa.concat_tables(tables).combine_chunks())
                content = sink.getvalue()
                self._file.seek(self._end)
                self._file.write(content)
                self._written[number].append(_Extent(self._end, content.size, crc32(content)))
                self._end += content.size
            self._file.flush()
        except OSError as error:
            lacking = lack(error, f"cannot spill to {self._folder}")
            mend = f"free some room, or choose another folder with {option('spill_dir')}"
            if lacking is not None and not isinstance(lacking, OutOfSpaceError):
                raise lacking from error
            kind = OutOfSpaceError if lacking is not None else InputError
            raise kind(f"cannot spill to {self._folder} ({error.strerror or error}): {mend}") from error
        self._held.clear()
        self._bytes = 0

    def _read(self, extent: _Extent) -> pa.Table:
        assert self._file is not None
        try:
            self._file.seek(extent.offset)
            content = self._file.read(extent.size)
        except OSError as error:
            wrong = error.strerror or error
            raise CorruptSpillError(
                f"a block in {self._folder} cannot be read back ({wrong}); check the disk"
            ) from error
        if len(content) != extent.size or crc32(content) != extent.digest:
            raise CorruptSpillError(f"a block in {self._folder} came back other than it was written; check the disk")
        return pa.ipc.open_stream(pa.py_buffer(content)).read_all()
