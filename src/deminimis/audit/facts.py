"""What rows are counted by beside their answers: their day, their origin, and what they count as; all vectors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..arrays import without_views
from ..roles import casts
from ..roles.bindings import Bindings
from ..roles.facts import NO_DAY, facts
from ..roles.persons import Column
from ..roles.request import Request

FACTS = pa.schema([("day", pa.int32()), ("origin", pa.string()), ("units", pa.int64())])
"""Null: no day, no origin, a bad value."""
ORIGINS_MOST = 300
"""So many origins are told apart; the others are one."""
OTHERS = "(others)"
_ROWS_AT_ONCE = 1 << 17


class Facts:
    """The facts of batch after batch of one manifest.

    Parameters
    ----------
    origin : str or Expression, optional
        The column of the origin, which a rule that does not ask for it forgets.
    """

    def __init__(self, request: Request, origin: Column | None) -> None:
        self._request = request
        self._bindings = Bindings(request, outcomes=True, tally=False)
        self._origin = origin
        self._seen: dict[str, int] = {}

    @property
    def names(self) -> list[str] | None:
        """The columns of the manifest that are asked for; None: all."""
        if self._request.has_expressions() or not isinstance(self._origin, (str, type(None))):
            return None
        return list(dict.fromkeys([*self._request.names(), *([self._origin] if self._origin is not None else [])]))

    def of(self, batch: pa.RecordBatch, file: str | None = None) -> Iterator[pa.Table]:
        """The facts of these rows, some at a time."""
        for start in range(0, batch.num_rows, _ROWS_AT_ONCE):
            some = batch.slice(start, _ROWS_AT_ONCE)
            read = facts(self._bindings, some, file)
            days = pa.array(read.days, pa.int32(), mask=read.days == NO_DAY)
            units = pa.array(read.units, pa.int64(), mask=read.units < 0)
            yield pa.table([days, self._origins(some), units], schema=FACTS)

    def _origins(self, batch: pa.RecordBatch) -> pa.Array:
        if self._origin is None:
            return pa.nulls(batch.num_rows, pa.string())
        cells = casts.plain_text(without_views(casts.preparation([self._origin], [None])(batch).column(0)))
        cells = pc.utf8_upper(pc.utf8_trim_whitespace(cells))
        cells = pc.if_else(pc.equal(cells, ""), pa.scalar(None, pa.string()), cells)
        there = cells.dictionary_encode()
        own = []
        for name in there.dictionary.to_pylist():
            is_known = name in self._seen or len(self._seen) < ORIGINS_MOST
            own.append(name if is_known else OTHERS)
            if is_known:
                self._seen.setdefault(name, len(self._seen))
        return pa.array(own, pa.string()).take(there.indices) if own else cells


class Tally:
    """Rows and the values of them, by some columns of batches; `lines` gives what was counted, sorted."""

    def __init__(self, by: tuple[str, ...]) -> None:
        self._by = by
        self._counts: dict[tuple[Any, ...], list[int]] = {}

    def add(self, table: pa.Table) -> None:
        """Take rows with the columns of `by`, and their `units`; null counts as nothing."""
        wide = table.set_column(table.schema.get_field_index("units"), "units", _wide(table["units"]))
        grouped = wide.group_by(list(self._by)).aggregate([([], "count_all"), ("units", "sum")])
        keys = zip(*(grouped[name].to_pylist() for name in self._by), strict=True)
        sums = grouped["units_sum"].to_pylist()
        for key, rows, units in zip(keys, grouped["count_all"].to_pylist(), sums, strict=True):
            found = self._counts.setdefault(key, [0, 0])
            found[0] += rows
            found[1] += int(units or 0)

    def lines(self) -> Iterator[tuple[tuple[Any, ...], int, int]]:
        """Each key with its rows and units, nulls last."""
        for key in sorted(self._counts, key=lambda one: [(cell is None, "" if cell is None else cell) for cell in one]):
            rows, units = self._counts[key]
            yield key, rows, units


def _wide(units: pa.ChunkedArray) -> pa.ChunkedArray:
    """Units that no sum can wrap."""
    return units.cast(pa.decimal128(38, 0))
