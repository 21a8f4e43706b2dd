"""Parquet files as pieces of about a million rows, each one row group or a run of small ones.

A footer is parsed once and shared; every piece opens its own reader, so that threads share nothing that changes.
Nothing is memory-mapped: a file that is cut short while it is read must be an error, not a bus error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import pyarrow as pa

from ..base import Piece, Source
from ..files import with_folders
from ..found import FoundFile
from ..schemas import Columns
from ..spread import spread
from .file import open_files
from .piece import ParquetPiece

WHOLE_FILES_BYTES = 1 << 20
"""The small files of one manifest that are decoded whole: all together up to this size, which takes milliseconds."""


class ParquetSource(Source):
    """Parquet files with the same columns and types, as one manifest."""

    def __init__(self, found: Sequence[FoundFile]) -> None:
        self._files = open_files(found)
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

    def file_schemas(self) -> list[pa.Schema]:
        """What each file says of its columns, with their metadata."""
        return [file.schema for file in self._files]

    def pieces(
        self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = (), as_views: Collection[str] = ()
    ) -> Iterator[Piece]:
        self.check_columns(columns)
        piece_rows = min(self.sizes.piece_rows_most, max(self.sizes.piece_rows_least, (self.rows or 0) // 16))
        small = 0
        for file in self._files:
            is_small = file.bytes <= self.sizes.whole_file_bytes
            small += file.bytes if is_small else 0
            file.is_checked_whole = is_small and small <= WHOLE_FILES_BYTES
            wanted = None if columns is None else list(dict.fromkeys(columns))
            first_row = 0
            for groups in _runs(file.group_rows, piece_rows):
                rows = sum(file.group_rows[i] for i in groups)
                is_joined = len(groups) > 1 and rows <= self.sizes.joined_rows_most * len(groups)
                views = as_views if self.sizes.decodes_pages and not is_joined else None
                piece = ParquetPiece(file, groups, rows, first_row, wanted, as_dictionary, views)
                first_row += rows
                yield piece

    def sample(self, places: int, rows: int) -> Iterator[pa.RecordBatch]:
        groups = [(file, group) for file in self._files for group in range(len(file.group_rows))]
        found = spread([file.group_rows[group] for file, group in groups], places)
        for (file, group), there in zip(groups, found, strict=True):
            if there:
                yield from file.head(group, rows * len(there))


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
