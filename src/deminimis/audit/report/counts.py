"""Rows and sums by reason, by day, by month and by origin: the answers' reasons beside the facts of their rows.

Reasons wait while the rows are answered, in memory and past their share of it on disk; then the manifest is read again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ...errors import InputError
from ...groups.shelves import Shelves
from ...results.summary import REASONS
from ...run.answers import Answer
from ...sources.base import Source
from ..facts import Facts, Tally

_CODES = pa.schema([("code", pa.uint8())])
_NAMES = list(REASONS)


@dataclass
class Count:
    """Rows, and the sums of their known values, of all and of those that are eligible."""

    rows: int = 0
    eligible: int = 0
    value: Decimal = Decimal(0)
    value_eligible: Decimal = Decimal(0)

    def add(self, rows: int, value: Decimal, *, is_eligible: bool) -> None:
        self.rows += rows
        self.value += value
        if is_eligible:
            self.eligible += rows
            self.value_eligible += value


@dataclass
class Counts:
    """What was counted; days and months as ISO text, None for rows without a day, or an origin."""

    by_reason: dict[str, Count] = field(default_factory=dict)
    by_day: dict[str | None, Count] = field(default_factory=dict)
    by_month: dict[str | None, Count] = field(default_factory=dict)
    by_origin: dict[str | None, Count] = field(default_factory=dict)


class Reasons:
    """The reasons of all rows, taken as they pass and given again in row order."""

    def __init__(self, most: int, folder: Path | None) -> None:
        self._shelves = Shelves(_CODES, most, folder)
        self._count = 0

    def take(self, answer: Answer) -> Answer:
        """The next rows, which are given on."""
        assert answer.codes is not None
        self._shelves.put(self._count, pa.table([answer.codes], schema=_CODES))
        self._count += 1
        return answer

    def close(self) -> None:
        """Let what is on disk go."""
        self._shelves.close()

    def counts(self, source: Source, facts: Facts) -> Counts:
        """Read the manifest again, and count."""
        tally = Tally(("day", "origin", "code"))
        left, number = np.empty(0, np.uint8), 0
        for piece in source.pieces(facts.names):
            for batch in piece.batches():
                for table in facts.of(batch, piece.file):
                    while len(left) < len(table):
                        if number == self._count:
                            changed = "the manifest changed while it was scored; score it again"
                            raise InputError(changed, file=piece.label)
                        left = np.concatenate([left, self._shelves.take(number)["code"].to_numpy()])
                        number += 1
                    tally.add(table.append_column("code", pa.array(left[: len(table)])))
                    left = left[len(table) :]
        return _counts(tally)


def _counts(tally: Tally) -> Counts:
    found = Counts({reason: Count() for reason in _NAMES})
    for (day, origin, code), rows, units in tally.lines():
        reason, value = _NAMES[code], Decimal(units).scaleb(-4)
        text = None if day is None else str(np.datetime64(day, "D"))
        keys: list[tuple[dict[Any, Count], Any]] = [
            (found.by_reason, reason),
            (found.by_day, text),
            (found.by_month, None if text is None else text[:-3]),
            (found.by_origin, origin),
        ]
        for table, key in keys:
            table.setdefault(key, Count()).add(rows, value, is_eligible=reason == "eligible")
    found.by_origin = dict(sorted(found.by_origin.items(), key=lambda one: (one[0] is None, one[0] or "")))
    return found
