"""Tables of totals to one: groups of one key are added up, in memory or, past their share of it, shelf by shelf."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from .. import compute as pc
from ..errors import TotalsError, option
from ..run.groups import GROUPS
from .mark import Mark, check_agree
from .shelves import Shelves
from .table import Table, loose

_SUMS = ("total", "rows", "bad_rows", "excluded_rows")
_SHELVES = 256


def agreed_mark(tables: list[Table]) -> Mark:
    """What the merged table says of itself.

    Raises
    ------
    TotalsError
        The tables do not fit one another; it says in what they differ.
    """
    first, *others = tables
    for table in tables:
        if table.mark.holds != "complete":
            raise TotalsError(
                f"{table.name} has only some groups: groups that are within their limits in each table may be over "
                f"together, so merge whole ones, made without {option('over_only')}, {option('refused_only')} and "
                f"{option('near')}"
            )
    for other in others:
        check_agree(first.mark, other.mark, (first.name, other.name))
        if not first.mark.has_secret:
            raise TotalsError(
                f"{first.name} and {other.name} were made without {option('secret')}, so that their keys are good for "
                f"one run only: give all runs the same {option('secret')}"
            )
        if first.names != other.names:
            raise TotalsError(
                f"{first.name} and {other.name} have other columns of persons ({', '.join(first.names) or 'none'} and "
                f"{', '.join(other.names) or 'none'}): select the same of both"
            )
    return first.mark


def merged(tables: list[Table], schema: pa.Schema, most: int, folder: Path | None) -> Iterator[pa.RecordBatch]:
    """The groups of all tables, each once, in no order. `most` is what may be held in memory."""
    shelves = Shelves(loose(schema), most // 4, folder)
    held: list[pa.Table] = []
    size, is_shelved = 0, False
    try:
        for table in tables:
            for some in table.batches(schema):
                held.append(some)
                size += some.nbytes
                if size > most // 4:
                    held = [added_up(held, schema)]
                    size = held[0].nbytes
                if size > most // 8 and len(held) == 1:
                    _shelve(shelves, held[0])
                    held, size, is_shelved = [], 0, True
        if not is_shelved:
            yield from pa.table(added_up(held, schema).columns, schema=schema).to_batches()
            return
        for one in held:
            _shelve(shelves, one)
        for number in shelves.numbers:
            yield from pa.table(added_up([shelves.take(number)], schema).columns, schema=schema).to_batches()
    finally:
        shelves.close()


def added_up(tables: Iterable[pa.Table], schema: pa.Schema) -> pa.Table:
    """Groups of one key as one; what names them is that of the first."""
    table = pa.concat_tables([loose(schema).empty_table(), *tables]).combine_chunks()
    names = schema.names[len(GROUPS) :]
    rest: list[Any] = [("day", "min"), ("least_limit", "min"), ("largest_limit", "max")]
    wanted = [*((name, "sum") for name in _SUMS), *rest, *((name, "first") for name in names)]
    found = table.group_by("key", use_threads=False).aggregate(wanted)
    columns = {name: found[f"{name}_{how}"] for name, how in wanted} | {"key": found["key"]}
    columns["over"] = pc.greater(columns["total"], columns["least_limit"])
    return pa.table([columns[field.name].cast(field.type) for field in schema], schema=loose(schema))


def _shelve(shelves: Shelves, table: pa.Table) -> None:
    """Rows onto shelves by the first byte of their keys."""
    table = table.combine_chunks()
    keys = table["key"].chunk(0)
    first = np.frombuffer(keys.buffers()[1], np.uint8)[16 * keys.offset :][: 16 * len(keys)].reshape(-1, 16)[:, 0]
    order = np.argsort(first, kind="stable")
    table = table.take(pa.array(order))
    bounds = np.searchsorted(first[order], np.arange(_SHELVES + 1))
    for number in range(_SHELVES):
        start, stop = int(bounds[number]), int(bounds[number + 1])
        if start < stop:
            shelves.put(number, table.slice(start, stop - start))
