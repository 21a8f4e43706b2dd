"""One Parquet file with its parsed footer: what is where in it, and how pyarrow or this package reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from ...errors import InputError
from ..files import with_partition
from ..found import FoundFile
from ..schemas import reading_names
from .chunk_rows import PHYSICAL_TYPES, READ_ENCODINGS, ChunkRows, form_of
from .footer import MEND, Chunk, check_pages, chunk_of, read_footer
from .pages import Damaged, ReadAt

if TYPE_CHECKING:
    import pyarrow.parquet as pq

FOOTER_THREADS = 4
_BUFFER = 64 << 10


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
        import pyarrow.parquet as pq  # slow to import

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
        check_pages(self.found, self._footer, list(groups), leaves, at_once=self.is_checked_whole)

    def head(self, group: int, rows: int) -> Iterator[pa.RecordBatch]:
        """The first rows of a row group, read page by page and no further; columns that are encrypted are left out."""
        import pyarrow.parquet as pq

        names = [name for name in self.schema.names if name not in self.encrypted]
        with self.found.reading("cannot be decoded", MEND):
            self.check_pages([group], names)
            with (
                self.found.open_arrow() as file,
                pq.ParquetFile(file, metadata=self.metadata, buffer_size=_BUFFER) as own,
            ):
                for batch in own.iter_batches(rows, row_groups=[group], columns=names, use_threads=False):
                    batch.validate(full=True)
                    yield with_partition(batch, self.partition, [*names, *(set(self.partition) - set(names))])
                    return

    def open_rows(
        self, read_at: ReadAt, group: int, name: str, *, as_views: bool, as_dictionary: bool
    ) -> ChunkRows | None:
        """The rows of a column in a row group; None where they are not decoded here."""
        chunk, at = self.chunk(group, name), self.leaves.get(name)
        if chunk is None or at is None or ("." in name and self._is_nested) or not chunk.encodings <= READ_ENCODINGS:
            return None
        field, leaf = self.schema.field(name), self.metadata.schema.column(at)
        levels = leaf.max_definition_level
        if levels > 1 or (levels == 1) != field.nullable:
            return None
        form = form_of(field.type, chunk.physical_type, leaf.length, as_views=as_views, as_dictionary=as_dictionary)
        if form is None:
            return None
        if leaf.physical_type != PHYSICAL_TYPES[chunk.physical_type]:
            raise Damaged("a column chunk of another type than its column")
        rows = self.group_rows[group]
        return ChunkRows(read_at, chunk, form, has_levels=levels == 1, rows=rows, path=self.path)

    @cached_property
    def _is_nested(self) -> bool:
        return len(self.schema) != len(self.leaves)

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


def open_files(found: Sequence[FoundFile]) -> list[ParquetFile]:
    """The files with their footers read, many at a time, as most of it is waiting."""
    if len(found) > FOOTER_THREADS:
        from concurrent.futures import ThreadPoolExecutor  # slow to import

        with ThreadPoolExecutor(FOOTER_THREADS) as pool:
            try:
                opened = pool.map(ParquetFile, found)
            except RuntimeError:  # a thread cannot be started: this one reads them
                pool.shutdown(cancel_futures=True)
            else:
                return list(opened)
    return list(map(ParquetFile, found))
