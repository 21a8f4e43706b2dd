"""Parquet files as pieces of about a million rows, each one row group or a run of small ones.

A footer is parsed once and shared; every piece opens its own reader, so that threads share nothing that changes.
Nothing is memory-mapped: a file that is cut short while it is read must be an error, not a bus error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import InputError
from .base import Piece, Source, Statistics, check_batch
from .files import FoundFile, with_folders, with_partition
from .footer import MEND, Chunk, check_pages, chunk_of, encrypted, read_footer
from .schemas import Columns, reading_names

BATCH_ROWS = 65_536
WHOLE_FILE_BYTES = 128 << 10
WHOLE_FILES_BYTES = 1 << 20
"""Small files are decoded whole, also the columns that nobody asked for, so that no damage is missed; all those of one
manifest together up to this size, which takes some milliseconds."""
FOOTER_THREADS = 4


class ParquetFile:
    """One file with its parsed footer, which never changes and is shared by threads."""

    def __init__(self, found: FoundFile) -> None:
        self.path = found.path
        self.bytes = found.bytes
        self.partition = found.partition
        self.found = found
        self.is_checked_whole = False
        self.widened: frozenset[str] = frozenset()  # columns whose bounds are in another unit than the manifest's
        with found.reading("is not a readable Parquet file", MEND):
            self._footer = read_footer(found)
            with reading_names(self.path), self.open() as reader:
                self.metadata = reader.metadata
                self.schema = reader.schema_arrow
                self.leaves = _leaves(self.metadata)
        self.group_rows = self._footer.group_rows
        if min(self.group_rows, default=0) < 0 or sum(self.group_rows) != self.metadata.num_rows:
            raise InputError(f"its row groups do not add up to {self.metadata.num_rows} rows: {MEND}", file=self.path)
        columns = self._footer.columns if self.group_rows else self.metadata.num_columns
        if (len(self.group_rows), columns) != (self.metadata.num_row_groups, self.metadata.num_columns):
            raise InputError(f"its row groups do not have the columns of its schema: {MEND}", file=self.path)

    @contextmanager
    def open(self, as_dictionary: Sequence[str] = ()) -> Iterator[pq.ParquetFile]:
        """A reader of one thread. INT96 is read in microseconds, as nanoseconds would wrap round after 2262."""
        with (
            self.found.open_arrow() as file,
            pq.ParquetFile(
                file,
                metadata=getattr(self, "metadata", None),
                read_dictionary=list(as_dictionary),
                coerce_int96_timestamp_unit="us",
                page_checksum_verification=True,  # of the files that have checksums; the others cost nothing
            ) as reader,
        ):
            yield reader

    def chunk(self, group: int, column: str) -> Chunk | None:
        """The metadata of one column in one row group, or None for a nested column."""
        at = self.leaves.get(column)
        return None if at is None else chunk_of(self._footer, group, at)

    @cached_property
    def encrypted(self) -> set[str]:
        """The columns that are encrypted, nested ones if a part of them is."""
        return {name for name, leaves in self._roots.items() if self._footer.encrypted.intersection(leaves)}

    @cached_property
    def _roots(self) -> dict[str, list[int]]:
        """The column chunks of each column, those of a nested one included."""
        roots: dict[str, list[int]] = {}
        names = set(self.schema.names)
        for i in range(self.metadata.num_columns):
            path = self.metadata.schema.column(i).path
            roots.setdefault(path if path in names else path.partition(".")[0], []).append(i)
        return roots

    def check_pages(self, groups: Sequence[int], columns: Iterable[str]) -> None:
        """Refuse pages of these columns that unpack to more than a bound."""
        leaves = [i for name in columns for i in self._roots.get(name, ())]
        check_pages(self.found, self._footer, list(groups), leaves, at_once=self.bytes <= WHOLE_FILE_BYTES)

    def check_whole(self, reader: pq.ParquetFile) -> None:
        """Decode every column once and refuse the file if any of them is damaged."""
        columns = [name for name in self._roots if name not in self.encrypted]
        self.check_pages(range(len(self.group_rows)), columns)
        whole = reader.read(columns if self.encrypted else None, use_threads=False)
        whole.validate(full=True)
        if whole.num_rows != self.metadata.num_rows:
            raise pa.ArrowInvalid(f"its columns do not have the {self.metadata.num_rows} rows of its metadata")


def _leaves(metadata: pq.FileMetaData) -> dict[str, int]:
    """The column chunk of each column that is not nested."""
    columns = [metadata.schema.column(i) for i in range(metadata.num_columns)]
    return {column.path: i for i, column in enumerate(columns) if column.max_repetition_level == 0}


def _opened(found: Sequence[FoundFile]) -> list[ParquetFile]:
    """The files with their footers read, many at a time, as most of it is waiting."""
    if len(found) > FOOTER_THREADS:
        with ThreadPoolExecutor(FOOTER_THREADS) as pool:
            try:
                opened = pool.map(ParquetFile, found)
            except RuntimeError:  # a thread cannot be started: this one reads them
                pool.shutdown(cancel_futures=True)
            else:
                return list(opened)
    return list(map(ParquetFile, found))


class ParquetSource(Source):
    """Parquet files with the same columns and types, as one manifest."""

    def __init__(self, found: Sequence[FoundFile]) -> None:
        self._files = _opened(found)
        small = 0
        for file in self._files:
            small += file.bytes if file.bytes <= WHOLE_FILE_BYTES else 0
            file.is_checked_whole = file.bytes <= WHOLE_FILE_BYTES and small <= WHOLE_FILES_BYTES
        super().__init__(
            Columns((file.path, with_folders(file.schema, file.partition)) for file in self._files),
            rows=sum(file.metadata.num_rows for file in self._files),
            bytes=sum(file.bytes for file in self._files),
            files=tuple(file.path for file in self._files),
            places=(file.identity.place for file in found),
        )
        kinds = dict(zip(self.schema.names, self.schema.types, strict=True))
        for file in self._files:
            own = zip(file.schema.names, file.schema.types, strict=True)
            file.widened = frozenset(name for name, kind in own if kind != kinds[name])
        self.row_groups = sum(len(file.group_rows) for file in self._files)

    def pieces(
        self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = (), as_views: Collection[str] = ()
    ) -> Iterator[Piece]:
        self.check_columns(columns)
        piece_rows = min(self.sizes.piece_rows_most, max(self.sizes.piece_rows_least, (self.rows or 0) // 16))
        for file in self._files:
            wanted = None if columns is None else list(dict.fromkeys(columns))
            first_row = 0
            for groups in _runs(file.group_rows, piece_rows):
                piece = ParquetPiece(file, groups, first_row, wanted, as_dictionary)
                first_row += piece.rows or 0
                yield piece


class ParquetPiece(Piece):
    """Adjacent row groups of one file."""

    def __init__(
        self,
        file: ParquetFile,
        groups: range,
        first_row: int,
        columns: list[str] | None,
        as_dictionary: Collection[str],
    ) -> None:
        which = f"row group {groups[0]}" if len(groups) == 1 else f"row groups {groups[0]} to {groups[-1]}"
        super().__init__(
            f"{file.path}, {which}",
            file=file.path,
            rows=sum(file.group_rows[i] for i in groups),
            first_row=first_row,
        )
        self._file = file
        self._which = which
        self._groups = groups
        self._columns = columns
        self._as_dictionary = as_dictionary
        chunks = [file.chunk(i, name) for i in groups for name in columns or file.leaves]
        self.bytes = sum(chunk.packed_bytes for chunk in chunks if chunk is not None)

    def batches(self) -> Iterator[pa.RecordBatch]:
        file = self._file
        inside = None if self._columns is None else [name for name in self._columns if name in file.schema.names]
        layout = self._columns or with_folders(file.schema, file.partition).names
        required = [f.name for f in file.schema if not f.nullable and (inside is None or f.name in inside)]
        for name in file.schema.names if inside is None else inside:
            if name in file.encrypted:
                raise encrypted(file.path, name)
        dictionaries = [name for name in self._as_dictionary if self._is_dictionary(name)]
        groups, rows = list(self._groups), 0
        with file.found.reading(f"{self._which} cannot be decoded", MEND), file.open(dictionaries) as reader:
            if file.is_checked_whole and groups[0] == 0:
                file.check_whole(reader)
            elif not file.is_checked_whole:
                file.check_pages(groups, file.schema.names if inside is None else inside)
            for batch in reader.iter_batches(BATCH_ROWS, row_groups=groups, columns=inside, use_threads=False):
                check_batch(batch, required)
                rows += batch.num_rows
                yield with_partition(batch, file.partition, layout)
        if rows != self.rows:
            wrong = f"{self._which} holds {rows} rows and its metadata says {self.rows}"
            raise InputError(f"{wrong}: {MEND}", file=file.path)

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


def _runs(rows: Sequence[int], piece_rows: int) -> Iterator[range]:
    """Join adjacent row groups as long as they stay within `piece_rows` together."""
    start = total = 0
    for i, count in enumerate(rows):
        if i > start and total + count > piece_rows:
            yield range(start, i)
            start, total = i, 0
        total += count
    if rows:
        yield range(start, len(rows))
