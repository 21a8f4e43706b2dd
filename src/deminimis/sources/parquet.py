"""Parquet files as pieces of about a million rows, each one row group or a run of small ones.

A footer is parsed once and shared; every piece opens its own reader, so that threads share nothing that changes.
Nothing is memory-mapped: a file that is cut short while it is read must be an error, not a bus error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import InputError
from .base import Piece, Source, Statistics, check_batch, reading
from .files import FoundFile, partition_field, with_partition

BATCH_ROWS = 65_536
PIECE_ROWS_MIN = 65_536
PIECE_ROWS_MAX = 1 << 20
WHOLE_FILE_BYTES = 128 << 10
WHOLE_FILES_BYTES = 1 << 20
"""Small files are decoded whole, also the columns that nobody asked for, so that no damage is missed; all those of one
manifest together up to this size, which takes some milliseconds."""
FOOTER_THREADS = 4
MEND = "the file is damaged; write it again or leave it out."


class ParquetFile:
    """One file with its parsed footer, which never changes and is shared by threads."""

    def __init__(self, found: FoundFile) -> None:
        self.path = found.path
        self.bytes = found.bytes
        self.partition = found.partition
        self.is_checked_whole = False
        with reading(self.path, "is not a readable Parquet file", MEND), self.open() as reader:
            self.metadata = reader.metadata
            self.schema = reader.schema_arrow
            self.group_rows = [self.metadata.row_group(i).num_rows for i in range(self.metadata.num_row_groups)]
        if min(self.group_rows, default=0) < 0 or sum(self.group_rows) != self.metadata.num_rows:
            raise InputError(f"its row groups do not add up to {self.metadata.num_rows} rows: {MEND}", file=self.path)

    def open(self, as_dictionary: Sequence[str] = ()) -> pq.ParquetFile:
        """A reader of one thread. INT96 is read in microseconds, as nanoseconds would wrap round after 2262."""
        return pq.ParquetFile(
            self.path,
            metadata=getattr(self, "metadata", None),
            read_dictionary=list(as_dictionary),
            coerce_int96_timestamp_unit="us",
            page_checksum_verification=True,  # of the files that have checksums; the others cost nothing
        )

    @cached_property
    def leaves(self) -> dict[str, int]:
        """The column chunk of each column that is not nested."""
        schema = self.metadata.schema
        return {schema.column(i).path: i for i in range(len(schema)) if schema.column(i).max_repetition_level == 0}

    def chunk(self, group: int, column: str) -> Any:
        """The metadata of one column in one row group, or None for a nested column."""
        at = self.leaves.get(column)
        return None if at is None else self.metadata.row_group(group).column(at)

    def check_whole(self, reader: pq.ParquetFile) -> None:
        """Decode every column once and refuse the file if any of them is damaged."""
        whole = reader.read(use_threads=False)
        whole.validate(full=True)
        if whole.num_rows != self.metadata.num_rows:
            raise pa.ArrowInvalid(f"its columns do not have the {self.metadata.num_rows} rows of its metadata")


class ParquetSource(Source):
    """Parquet files with the same columns and types, as one manifest."""

    def __init__(self, found: Sequence[FoundFile]) -> None:
        with ThreadPoolExecutor(FOOTER_THREADS) as pool:
            self._files = list(pool.map(ParquetFile, found) if len(found) > FOOTER_THREADS else map(ParquetFile, found))
        first = self._files[0]
        for other in self._files[1:]:
            _check_same_columns(first, other)
        small = 0
        for file in self._files:
            small += file.bytes if file.bytes <= WHOLE_FILE_BYTES else 0
            file.is_checked_whole = file.bytes <= WHOLE_FILE_BYTES and small <= WHOLE_FILES_BYTES
        fields = [first.schema.field(i).with_nullable(True) for i in range(len(first.schema))]
        fields += [partition_field(name) for name in first.partition if name not in first.schema.names]
        super().__init__(
            pa.schema(fields),
            rows=sum(file.metadata.num_rows for file in self._files),
            bytes=sum(file.bytes for file in self._files),
            files=tuple(file.path for file in self._files),
        )
        self.row_groups = sum(len(file.group_rows) for file in self._files)

    def pieces(self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = ()) -> Iterator[Piece]:
        self.check_columns(columns)
        piece_rows = min(PIECE_ROWS_MAX, max(PIECE_ROWS_MIN, (self.rows or 0) // 16))
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
        self.bytes = sum(chunk.total_compressed_size for chunk in chunks if chunk is not None)

    def batches(self) -> Iterator[pa.RecordBatch]:
        file = self._file
        inside = None if self._columns is None else [name for name in self._columns if name in file.schema.names]
        layout = self._columns or [*file.schema.names, *(k for k in file.partition if k not in file.schema.names)]
        required = [f.name for f in file.schema if not f.nullable and (inside is None or f.name in inside)]
        dictionaries = [name for name in self._as_dictionary if self._is_dictionary(name)]
        groups, rows = list(self._groups), 0
        with reading(file.path, f"{self._which} cannot be decoded", MEND), file.open(dictionaries) as reader:
            if file.is_checked_whole and groups[0] == 0:
                file.check_whole(reader)
            for batch in reader.iter_batches(BATCH_ROWS, row_groups=groups, columns=inside, use_threads=False):
                check_batch(batch, required)
                rows += batch.num_rows
                yield (
                    batch
                    if self._columns is None and not file.partition
                    else with_partition(batch, file.partition, layout)
                )
        if rows != self.rows:
            wrong = f"{self._which} holds {rows} rows and its metadata says {self.rows}"
            raise InputError(f"{wrong}: {MEND}", file=file.path)

    def statistics(self, column: str) -> Statistics | None:
        known = [_chunk_statistics(self._file.chunk(i, column)) for i in self._groups if self._file.group_rows[i]]
        if not known or any(one is None for one in known):
            return None
        told = [one for one in known if one is not None]
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
            if not {"RLE_DICTIONARY", "PLAIN_DICTIONARY"} & set(chunk.encodings):
                return False
            size += chunk.total_uncompressed_size
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


def _chunk_statistics(chunk: Any) -> Statistics | None:
    if chunk is None or not chunk.is_stats_set:
        return None
    known = chunk.statistics
    nulls = known.null_count if known.has_null_count else None
    if not known.has_min_max:
        return Statistics(None, None, nulls) if nulls == chunk.num_values else None
    low, high = known.min_raw, known.max_raw
    if known.physical_type in ("INT32", "INT64") and known.logical_type.type != "DECIMAL":
        signed = not known.logical_type.to_json().endswith('"isSigned":false}') or low >= 0 <= high
        return Statistics(low, high, nulls) if signed else None
    if known.logical_type.type == "STRING":
        return Statistics(known.min, known.max, nulls)
    return None


def _check_same_columns(first: ParquetFile, other: ParquetFile) -> None:
    if other.schema.equals(first.schema):
        return
    for a, b in ((first, other), (other, first)):
        for name in a.schema.names:
            if name not in b.schema.names:
                raise InputError(
                    f"{a.path} has this column and {b.path} does not: the files of one manifest have the same columns.",
                    file=other.path,
                    column=name,
                )
    for name in first.schema.names:
        ours, theirs = first.schema.field(name).type, other.schema.field(name).type
        if ours != theirs:
            raise InputError(
                f"its type is {theirs} and in {first.path} it is {ours}: write both with one type.",
                file=other.path,
                column=name,
            )
