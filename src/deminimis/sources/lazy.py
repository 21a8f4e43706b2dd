"""A LazyFrame of Polars: a query that is run anew for each reading, batch by batch, and never collected.

A query may give its rows in another order, or other rows, when it is run again. What is read a second time goes beside
answers that were found in the first: so the columns that these are made of are compared, block by block, and no row of
a block is handed on before all of it is known to be what it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..errors import InputError
from .base import Piece, Source
from .memory import MemorySource, foreign

BLOCK_ROWS = 1 << 16
_NAME = "polars LazyFrame"


def batches_of(frame: Any, names: Sequence[str]) -> Iterator[Any]:
    """These columns of the query, as frames in row order."""
    chosen = frame.select(names)
    with foreign(_NAME):
        yield from chosen.collect_batches() if hasattr(chosen, "collect_batches") else [chosen.collect()]


def arrow_of(frame: Any) -> Iterator[pa.RecordBatch]:
    """A frame as record batches."""
    with foreign(_NAME):
        yield from pa.RecordBatchReader.from_stream(frame)


class LazySource(MemorySource):
    """A query that is run for each reading; the second is compared with the first.

    Parameters
    ----------
    empty : MemorySource
        The columns of the query without its rows; they know which have no Arrow type.
    """

    def __init__(self, frame: Any, empty: MemorySource) -> None:
        super().__init__(empty.schema)
        self._frame = frame
        self._empty = empty
        self._first: _Sums | None = None

    def anew(self) -> Source:
        return LazySource(self._frame, self._empty)

    def check_all_columns(self, mend: str) -> None:
        self._empty.check_all_columns(mend)

    def pieces(
        self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = (), as_views: Collection[str] = ()
    ) -> Iterator[Piece]:
        self.check_columns(columns)
        names = self.schema.names if columns is None else list(columns)
        if self._first is None:
            self._first = _Sums(names)
            yield _FirstPiece(self._frame, names, self._first)
        else:
            yield _ComparedPiece(self._frame, names, self._first)


class _Sums:
    """A sum over the columns of each block of rows, which tells rows and their order apart.

    Each row's hash is multiplied by a random odd number of its place: that two blocks that differ have one sum is less
    likely than 1e-17. The sums do not depend on how the rows were cut into batches.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self.rows = 0
        self.sums: list[int] = []
        random = np.random.default_rng()
        self._seed = int(random.integers(1 << 63))
        self._weights = random.integers(0, 1 << 64, BLOCK_ROWS, np.uint64, endpoint=False) | np.uint64(1)
        self._open = 0  # the sum of the last block so far

    def add(self, frame: Any) -> None:
        """Take the next rows."""
        hashes = self._hashes(frame)
        while len(hashes):
            at = self.rows % BLOCK_ROWS
            some, hashes = hashes[: BLOCK_ROWS - at], hashes[BLOCK_ROWS - at :]
            self._open = (self._open + self._sum(some, at)) % (1 << 64)
            self.rows += len(some)
            if self.rows % BLOCK_ROWS == 0:
                self.end()

    def end(self) -> None:
        """The last block has no more rows."""
        self.sums.append(self._open)
        self._open = 0

    def are_of(self, frame: Any, block: int) -> bool:
        """Whether these rows are those of a block."""
        return block < len(self.sums) and self.sums[block] == self._sum(self._hashes(frame), 0)

    def _hashes(self, frame: Any) -> npt.NDArray[np.uint64]:
        return frame.select(self.names).hash_rows(self._seed).to_numpy()  # type: ignore[no-any-return]

    def _sum(self, hashes: npt.NDArray[np.uint64], at: int) -> int:
        return int((hashes * self._weights[at : at + len(hashes)]).sum(dtype=np.uint64))


class _Summed(Piece):
    """All rows of a frame, and sums of them."""

    def __init__(self, frame: Any, names: list[str], sums: _Sums) -> None:
        super().__init__(_NAME, first_row=0)
        self._frame = frame
        self._names = names
        self._sums = sums


class _FirstPiece(_Summed):
    """All rows, which are summed on their way."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        for frame in batches_of(self._frame, self._names):
            self._sums.add(frame)
            yield from arrow_of(frame)
        self._sums.end()


class _ComparedPiece(_Summed):
    """All rows once more, each block handed on once it is known to be what it was."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        rows = 0
        for block, frame in enumerate(self._blocks()):
            if not self._sums.are_of(frame, block):
                wrong = "gave other rows when it was run again, or in another order"
                raise InputError(f"the {_NAME} {wrong}: collect() it first, or sort it.")
            rows += frame.height
            yield from arrow_of(frame.select(self._names))
        if rows != self._sums.rows:
            raise InputError(f"the {_NAME} gave fewer rows when it was run again: collect() it first.")

    def _blocks(self) -> Iterator[Any]:
        held = None
        for frame in batches_of(self._frame, list(dict.fromkeys([*self._names, *self._sums.names]))):
            held = frame if held is None else held.vstack(frame)
            while held.height >= BLOCK_ROWS:
                yield held[:BLOCK_ROWS]
                held = held[BLOCK_ROWS:]
        if held is not None and held.height:
            yield held
