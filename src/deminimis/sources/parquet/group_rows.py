"""The rows of one row group of a Parquet file, in batches: columns that are decoded here beside those of pyarrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa

from .chunk_rows import ChunkRows
from .pages import Unusual

OpenRows = Callable[[str], ChunkRows | None]
"""The rows of a column of the row group, or None where it is not decoded here."""
ReadBatches = Callable[[Sequence[str]], Iterator[pa.RecordBatch]]
"""The rows of columns of the row group by pyarrow, from the first on."""


class _Own:
    """A column that is decoded here; rows that were taken last may be given back."""

    def __init__(self, rows: ChunkRows) -> None:
        self._rows = rows
        self._array: pa.Array | None = None
        self._at = 0

    def most(self, rows: int) -> int:
        """How many of so many rows may be taken at once."""
        return min(rows, len(self._array) - self._at) if self._array is not None else rows

    def take(self, rows: int) -> pa.Array:
        if self._array is None:
            self._array, self._at = self._rows.take(rows), 0
        found = self._array if len(self._array) == rows else self._array[self._at : self._at + rows]
        self._at += rows
        return found

    def give_back(self, rows: int) -> None:
        self._at -= rows

    def let_go(self) -> None:
        """No row that was taken will be given back."""
        if self._array is not None and self._at == len(self._array):
            self._array = None


class _Theirs:
    """Columns that pyarrow decodes, from a row on."""

    def __init__(self, batches: Iterator[pa.RecordBatch], skip: int) -> None:
        self._batches = batches
        self._skip = skip
        self._batch: pa.RecordBatch | None = None

    def most(self, rows: int) -> int:
        """How many of so many rows may be taken at once; none at the end."""
        while self._batch is None or not self._batch.num_rows:
            self._batch = next(self._batches, None)
            if self._batch is None:
                return 0
            skipped = min(self._skip, self._batch.num_rows)
            self._skip -= skipped
            self._batch = self._batch[skipped:]
        return min(rows, int(self._batch.num_rows))

    def take(self, rows: int) -> pa.RecordBatch:
        assert self._batch is not None
        found, self._batch = self._batch[:rows], self._batch[rows:]
        return found


def group_rows(
    columns: Sequence[str], rows: int, batch_rows: int, open_rows: OpenRows, read_batches: ReadBatches
) -> Iterator[dict[str, pa.Array]]:
    """The columns of a row group, up to `batch_rows` rows at a time.

    A column with pages that are not read here goes on by pyarrow. Where that gives fewer rows, they end early.
    """
    own = _opened(columns, open_rows)
    names = [name for name in columns if name not in own]
    theirs: _Theirs | None = None
    done = 0
    while done < rows:
        if names and theirs is None:
            theirs = _Theirs(read_batches(names), done)
        some = min(rows - done, batch_rows)
        for one in own.values():
            some = one.most(some)
        if theirs is not None:
            some = theirs.most(some)
        if not some:
            return
        taken: dict[str, pa.Array] = {}
        try:
            for name, one in own.items():
                taken[name] = one.take(some)
        except Unusual:
            del own[name]
            names.append(name)
            for one in (own[n] for n in taken):
                one.give_back(some)
            theirs = None
            continue
        for one in own.values():
            one.let_go()
        if theirs is not None:
            batch = theirs.take(some)
            taken |= {name: batch.column(name) for name in names}
        yield {name: taken[name] for name in columns}
        done += some


def _opened(columns: Sequence[str], open_rows: OpenRows) -> dict[str, _Own]:
    own: dict[str, _Own] = {}
    for name in columns:
        try:
            opened = open_rows(name)
        except Unusual:
            continue
        if opened is not None:
            own[name] = _Own(opened)
    return own
