"""The first batches of a stream, held until it is known what follows: a stream that ends soon is a table."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from ..sources.base import Piece


class HeldStream:
    """The pieces of a manifest of unknown size, and the batches of them that were drawn already.

    Where drawing fails, the error comes once the batches before it are read, as it would have without holding any.
    """

    def __init__(self, pieces: Iterator[Piece]) -> None:
        self.rows = 0
        self.bytes = 0
        self.is_whole = False
        self._begun: list[BegunPiece] = []
        self._seen: set[int] = set()
        self._rest = pieces
        self._error: Exception | None = None
        self._drawn = self._draw()

    def take(self, most_rows: int, most_bytes: int = 0) -> bool:
        """Draw batches until there are more rows and more bytes than these; whether there are no others."""
        while self.rows <= most_rows or self.bytes <= most_bytes:
            batch = next(self._drawn, None)
            if batch is None:
                break
            self.rows += batch.num_rows
            self.bytes += sum(size for at, size in _buffers(batch) if at not in self._seen)
            self._seen.update(at for at, _ in _buffers(batch))
        return self.is_whole

    def table(self) -> pa.Table | None:
        """All that is held as a table; None where the schema of its batches changes, or there are none."""
        batches = [batch for piece in self._begun for batch in piece.held]
        is_one = len(batches) > 0 and all(batch.schema.equals(batches[0].schema) for batch in batches)
        return pa.Table.from_batches(batches) if is_one else None

    def pieces(self) -> Iterator[Piece]:
        """All pieces: what is held of them, then the rest as it comes."""
        yield from self._begun
        if self._error is not None:
            raise self._error
        yield from self._rest

    def _draw(self) -> Iterator[pa.RecordBatch]:
        try:
            for piece in self._rest:
                self._begun.append(BegunPiece(piece))
                yield from self._begun[-1].draw()
                if self._begun[-1].error is not None:
                    return
        except Exception as error:
            self._error = error
            return
        self.is_whole = True


class BegunPiece(Piece):
    """A piece whose first batches are held; they are let go as they are read."""

    def __init__(self, piece: Piece) -> None:
        super().__init__(piece.label, file=piece.file, rows=piece.rows, bytes=piece.bytes, first_row=piece.first_row)
        self.held: list[pa.RecordBatch] = []
        self.error: Exception | None = None
        self._rest = piece.batches()

    def draw(self) -> Iterator[pa.RecordBatch]:
        """Hold one batch more, and another, to the end or to an error, which is held too."""
        try:
            for batch in self._rest:
                self.held.append(batch)
                yield batch
        except Exception as error:
            self.error = error

    def batches(self) -> Iterator[pa.RecordBatch]:
        held, self.held = self.held[::-1], []
        while held:
            yield held.pop()
        if self.error is not None:
            raise self.error
        yield from self._rest


def _buffers(batch: pa.RecordBatch) -> Iterator[tuple[int, int]]:
    """Where the buffers of a batch lie, and their bytes; batches may share them."""
    for column in batch.columns:
        arrays = (column, column.dictionary) if pa.types.is_dictionary(column.type) else (column,)
        for buffer in (buffer for array in arrays for buffer in array.buffers()):
            if buffer is not None:
                yield buffer.address, buffer.size
