"""Parts of a manifest going in: batches bound to their roles, and where their rows are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .._kernel import Batch
from ..errors import InputError


@dataclass
class Part:
    """A run of batches that one worker reads in order: a piece of a file, or a slice of a batch.

    `rows` may be a guess. `first_row` is the number of the piece's first row within its file or stream, None where that
    is not known before all parts of the file up to it were read (`RowsRead`). `rows_before` of the piece came in
    earlier parts. `file` is the name of a stream too; `label` is that of the piece.
    """

    batches: Iterable[tuple[Batch, int, int]]
    rows: int = 0
    file: str | None = None
    label: str | None = None
    first_row: int | None = 0
    bytes: int = 0
    rows_before: int = 0

    def place(self, row: int) -> dict[str, Any]:
        """Where a row of this part is, as errors say it."""
        return {"file": self.file, "row": row + (self.first_row or 0) + self.rows_before}


def placed(error: InputError, part: Part, order: int, row: int) -> InputError:
    """The error with its file and row; of a part that does not know where it begins, once all before it were read."""
    error.place_at(**part.place(row))
    if part.first_row is None:
        error.in_part = order, part.file, row
    return error


def placing(part: Part, order: int) -> Iterator[tuple[Batch, int, int]]:
    """The part's batches, each made when it is asked for; an error about one of its cells gets that row's place."""
    batches, rows = iter(part.batches), 0
    while True:
        try:
            batch, start, stop = next(batches)
        except StopIteration:
            return
        except InputError as error:
            if error.in_batch is not None:
                placed(error, part, order, rows + error.in_batch)
            raise
        yield batch, start, stop
        rows += stop - start


class RowsRead:
    """The rows of the parts that were read, to tell the row of a file whose part does not know where it begins."""

    def __init__(self) -> None:
        self._parts: list[tuple[int, str | None, int]] = []

    def note(self, order: int, part: Part, rows: int) -> None:
        """This part was read to its end."""
        self._parts.append((order, part.file, rows))

    def of(self, order: int, row: int) -> tuple[str | None, int]:
        """The file that a row of a part is in and its number there, once all parts were read."""
        file = next(file for at, file, _ in self._parts if at == order)
        return file, row + sum(rows for at, name, rows in self._parts if name == file and at < order)

    def places(self, orders: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """How many rows of the manifest come before each of these parts, once all parts were read."""
        rows = np.zeros(max((order for order, _, _ in self._parts), default=-1) + 2, np.int64)
        for order, _, some in self._parts:
            rows[order + 1] = some
        return np.cumsum(rows)[orders]

    def place(self, error: InputError) -> None:
        """Give the error its row's number within the file, once all parts before it were read."""
        if error.in_part is not None:
            order, file, row = error.in_part
            before = sum(rows for at, name, rows in self._parts if name == file and at < order)
            error.place_at(file, before + row)
