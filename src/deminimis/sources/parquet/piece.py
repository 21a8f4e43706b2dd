"""Adjacent row groups of one Parquet file, read by one thread."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from ...errors import InputError
from ..base import Piece, Statistics, check_batch
from ..files import with_folders, with_partition
from .chunk_rows import ChunkRows
from .file import ParquetFile
from .footer import MEND, encrypted
from .group_rows import group_rows
from .pages import Damaged

if TYPE_CHECKING:
    import pyarrow.parquet as pq

BATCH_ROWS = 65_536


class ParquetPiece(Piece):
    """Adjacent row groups of one file; `as_views` is None where pyarrow decodes all columns."""

    def __init__(
        self,
        file: ParquetFile,
        groups: range,
        rows: int,
        first_row: int,
        columns: list[str] | None,
        as_dictionary: Collection[str],
        as_views: Collection[str] | None,
    ) -> None:
        which = f"row group {groups[0]}" if len(groups) == 1 else f"row groups {groups[0]} to {groups[-1]}"
        super().__init__(
            f"{file.path}, {which}",
            file=file.path,
            rows=rows,
            first_row=first_row,
        )
        self._file = file
        self._which = which
        self._groups = groups
        self._columns = columns
        self._as_dictionary = as_dictionary
        self._as_views = as_views
        chunks = [file.chunk(i, name) for i in groups for name in columns or file.leaves]
        self.bytes = sum(chunk.packed_bytes for chunk in chunks if chunk is not None)

    def batches(self) -> Iterator[pa.RecordBatch]:
        file = self._file
        inside = None if self._columns is None else [name for name in self._columns if name in file.schema.names]
        layout = self._columns or with_folders(file.schema, file.partition).names
        for name in file.schema.names if inside is None else inside:
            if name in file.encrypted:
                raise encrypted(file.path, name)
        rows = 0
        with file.found.reading(f"{self._which} cannot be decoded", MEND), ExitStack() as opened:
            for batch in self._batches(inside, opened):
                rows += batch.num_rows
                yield with_partition(batch, file.partition, layout)
        if rows != self.rows:
            wrong = f"{self._which} holds {rows} rows and its metadata says {self.rows}"
            raise InputError(f"{wrong}: {MEND}", file=file.path)

    def _batches(self, names: list[str] | None, opened: ExitStack) -> Iterator[pa.RecordBatch]:
        """Batches of some columns, None of all; what seems wrong here, pyarrow reads from the piece's first row on."""
        file, rows = self._file, 0
        dictionaries = [name for name in self._as_dictionary if self._is_dictionary(name)]
        reader = _Reader(file, dictionaries, opened)
        if file.is_checked_whole and self._groups[0] == 0:
            file.check_whole(reader.get())
        if self._as_views is not None and names:
            try:
                for batch in self._decoded(names, dictionaries, reader, opened):
                    rows += batch.num_rows
                    yield batch
            except Damaged:
                pass
            else:
                return
        for batch in reader.read(self._groups, names):
            skipped = min(rows, batch.num_rows)
            rows -= skipped
            if skipped < batch.num_rows or not skipped:
                yield batch[skipped:]

    def _decoded(
        self, names: list[str], dictionaries: list[str], reader: _Reader, opened: ExitStack
    ) -> Iterator[pa.RecordBatch]:
        """Columns that are decoded here beside those of pyarrow, a row group after another."""
        file, views = self._file, self._as_views or ()
        raw = opened.enter_context(file.found.open_raw())
        chunks = (file.chunk(group, name) for group in self._groups for name in names)
        raw.expect((chunk.start, chunk.start + chunk.packed_bytes) for chunk in chunks if chunk is not None)

        def open_rows(group: int, name: str) -> ChunkRows | None:
            is_dictionary = name in dictionaries
            return file.open_rows(raw.read_at, group, name, as_views=name in views, as_dictionary=is_dictionary)

        def read(group: int, some: Sequence[str]) -> Iterator[pa.RecordBatch]:
            try:
                yield from reader.read([group], some)
            except (pa.ArrowException, OSError) as error:  # of all columns, another may be the first that is wrong
                raise Damaged("pyarrow cannot read a column") from error

        for group in self._groups:
            rows = file.group_rows[group]
            for arrays in group_rows(names, rows, BATCH_ROWS, partial(open_rows, group), partial(read, group)):
                fields = [file.schema.field(name).with_type(array.type) for name, array in arrays.items()]
                yield pa.RecordBatch.from_arrays(list(arrays.values()), schema=pa.schema(fields))

    def statistics(self, column: str) -> Statistics | None:
        if column in self._file.widened:
            return None
        told = []
        for group in self._groups:
            if not self._file.group_rows[group]:
                continue
            chunk = self._file.chunk(group, column)
            one = None if chunk is None else chunk.statistics(self._file.schema.field(column).type)
            if one is None:
                return None
            told.append(one)
        if not told:
            return None
        bounds = [one for one in told if one.min is not None]
        nulls = [one.null_count for one in told if one.null_count is not None]
        return Statistics(
            min((one.min for one in bounds), default=None),  # type: ignore[type-var]
            max((one.max for one in bounds), default=None),  # type: ignore[type-var]
            sum(nulls) if len(nulls) == len(told) else None,
        )

    def _is_dictionary(self, column: str) -> bool:
        """Whether the chunks hold indices rather than text: the footer only tells by their size.

        Plain text takes four bytes a row and its letters; a column whose dictionary grew too large and that went on as
        plain text is decoded three times more slowly into a dictionary than as text.
        """
        if not self.rows or column not in self._file.leaves:
            return False
        size = 0
        for i in self._groups:
            chunk = self._file.chunk(i, column)
            if chunk is None or not chunk.is_dictionary:
                return False
            size += chunk.unpacked_bytes
        return bool(size < 4 * self.rows)


class _Reader:
    """pyarrow's reader of one thread, opened where it is needed."""

    def __init__(self, file: ParquetFile, dictionaries: Sequence[str], opened: ExitStack) -> None:
        self._file = file
        self._dictionaries = dictionaries
        self._opened = opened
        self._reader: pq.ParquetFile | None = None

    def get(self) -> pq.ParquetFile:
        if self._reader is None:
            self._reader = self._opened.enter_context(self._file.open(self._dictionaries))
        return self._reader

    def read(self, groups: Sequence[int], names: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        """Batches of some row groups, checked; None are all columns."""
        file = self._file
        required = [f.name for f in file.schema if not f.nullable and (names is None or f.name in names)]
        if not file.is_checked_whole:
            file.check_pages(groups, file.schema.names if names is None else names)
        for batch in self.get().iter_batches(BATCH_ROWS, row_groups=list(groups), columns=names, use_threads=False):
            check_batch(batch, required)
            yield batch
