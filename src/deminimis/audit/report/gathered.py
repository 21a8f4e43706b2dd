"""What the page tells beyond the summary: rows that could not be read, and the largest person-days over their limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...results.summary import REASONS
from ...run.answers import Answer
from ...run.groups import GROUPS
from ...sources.base import Source

UNREAD = ("no-person", "no-day", "bad-value")
"""Reasons that are about a cell."""
ROWS_A_REASON = 10
LARGEST = 25


@dataclass(frozen=True)
class Place:
    """A row of the manifest: its reason, where it is, and its cells."""

    row: int
    reason: str
    file: str | None
    row_in_file: int
    cells: tuple[object, ...]


class UnreadRows:
    """The first rows of each such reason, noted as answers pass."""

    def __init__(self) -> None:
        self._row = 0
        self.rows: dict[str, list[int]] = {reason: [] for reason in UNREAD}

    def take(self, answer: Answer) -> Answer:
        """The next rows, which are given on."""
        assert answer.codes is not None
        codes = answer.codes.to_numpy()
        for code, reason in enumerate(REASONS):
            have = self.rows.get(reason)
            if have is not None and len(have) < ROWS_A_REASON:
                found = np.flatnonzero(codes == code)[: ROWS_A_REASON - len(have)]
                have += (found + self._row).tolist()
        self._row += len(codes)
        return answer

    def places(self, source: Source, columns: Sequence[str]) -> list[Place]:
        """These rows, which are read again as far as the last of them."""
        wanted = sorted((row, reason) for reason, rows in self.rows.items() for row in rows)
        return list(_places(source, columns, wanted))


def _places(source: Source, columns: Sequence[str], wanted: Sequence[tuple[int, str]]) -> Iterator[Place]:
    waiting, row, start, file = list(wanted[::-1]), 0, 0, None
    if not waiting:
        return
    for piece in source.pieces(list(columns)):
        if piece.file != file:
            file, start = piece.file, row
        for batch in piece.batches():
            while waiting and waiting[-1][0] < row + batch.num_rows:
                at, reason = waiting.pop()
                cells = tuple(batch.column(name)[at - row].as_py() for name in columns)
                yield Place(at, reason, piece.file, at - start, cells)
            row += batch.num_rows
            if not waiting:
                return


@dataclass(frozen=True)
class Largest:
    """A person-day over its limit; `person` counts persons in the order of this list, and `names` is who it is."""

    person: int
    names: str
    day: Any
    total: Decimal
    limit: Decimal
    rows: int


def largest_over(batches: Iterable[pa.RecordBatch], most: int = LARGEST) -> list[Largest]:
    """The largest totals of a table of named person-days, which come in the order of their first rows."""
    kept: pa.Table | None = None
    for batch in batches:
        table = pa.Table.from_batches([batch])
        both = table if kept is None else pa.concat_tables([kept, table])
        numbered = both.append_column("\0order", pa.array(np.arange(len(both))))
        order = pc.sort_indices(numbered, [("total", "descending"), ("\0order", "ascending")])
        kept = both.take(order[:most])
    if kept is None:
        return []
    own = [name for name in kept.column_names if name not in (*GROUPS.names, "compared")]
    persons: dict[object, int] = {}
    found = []
    for line in kept.to_pylist():
        number = persons.setdefault(line["compared"], len(persons) + 1)
        names = ", ".join(str(line[name]) for name in own if line[name] is not None)
        found.append(Largest(number, names, line["day"], line["total"], line["least_limit"], line["rows"]))
    return found
