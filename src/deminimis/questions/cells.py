"""What the cells of a few rows stand for: their days, values and persons, for `explain`. Not for whole manifests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..api import score, start_run
from ..roles import casts, names
from ..roles.excluded import Exclusion
from ..roles.persons import Column, FirstOf, columns_of_part
from ..roles.request import Request
from ..sources.base import Source

_ROW = "\x00row"
_DAY = "\x00day"
Integers: TypeAlias = npt.NDArray[np.int64]


def texts_of(table: pa.Table, column: object) -> list[str | None]:
    if not isinstance(column, str):
        return [None] * len(table)
    return [cell.decode(errors="replace") if isinstance(cell, bytes) else cell for cell in table[column].to_pylist()]


def values_of(table: pa.Table, roles: Request) -> list[Decimal | None]:
    """What each row counts as: the total that it alone would have."""
    n = len(table)
    table = table.append_column(_ROW, pa.array(np.arange(n))).append_column(_DAY, pa.array([0] * n, pa.date32()))
    alone = score(
        table,
        person=_ROW,
        day=_DAY,
        value=roles.value,
        quantity=roles.quantity,
        currency=roles.currency,
        currency_code=roles.currency_code,
        **roles.money._asdict(),
        limit=0,
        threads=1,
    )
    outcomes = zip(alone.total.to_pylist(), alone.reason.to_pylist(), strict=True)
    return [None if reason == "bad-value" else total for total, reason in outcomes]


def outcomes_of(
    source: Source, table: pa.Table, kin: Integers, roles: Request, options: dict[str, Any]
) -> tuple[Integers, pa.Array]:
    """Codes of the reasons and totals of these rows of a source; which of them are copies, its other rows decide."""
    if roles.shipments is None:
        scored = score(table, **options)
        return scored.reason.indices.to_numpy(), scored.total
    own = {name: options[name] for name in ("person", "day", "value")}
    rest: Any = {name: one for name, one in options.items() if name not in own}
    run, _ = start_run(rest, outcomes=True, tally=False, **own)
    with closing(run):
        given = [answer for answer in run.answers(source) if answer.codes is not None and answer.totals is not None]
    codes = np.concatenate([answer.codes.to_numpy() for answer in given])[kin]  # type: ignore[union-attr]
    return codes, pa.concat_arrays([answer.totals for answer in given]).take(pa.array(kin))


def columns_of(roles: Request, there: Sequence[str]) -> list[str]:
    """The columns that play a role, those that expressions name included, each once."""
    single = (roles.day, roles.value, roles.quantity, *roles.scopes, roles.entered, roles.excluded, roles.currency)
    told = () if roles.shipments is None else roles.shipments.columns
    given = [column for column in (*roles.person_columns, *roles.per, *single, *told) if column is not None]
    return list(dict.fromkeys(name for column in given for name in _named(column, there)))


def _named(column: Column, there: Sequence[str]) -> list[str]:
    if isinstance(column, str):
        return [column]
    if isinstance(column, Exclusion):
        return list(column.columns)
    return [name for name in there if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", str(column))]


def persons_of(one: pa.Table, roles: Request, options: dict[str, Any]) -> tuple[tuple[str, object, object], ...]:
    """What names the person of one row, as written and as compared: of a first_of, the column that was taken."""
    (batch,) = one.combine_chunks().to_batches()

    def found(column: Column) -> tuple[str, object, object]:
        cells = casts.preparation([column], [None])(batch).column(0)
        canonical = names.canonical(cells, roles.normalize, roles.in_care_of)
        return " or ".join(_named(column, one.column_names)), cells[0].as_py(), canonical[0].as_py()

    asked = ("day", "value", "normalize", "in_care_of", "placeholders", "timezone", "day_format")
    alone = {name: options[name] for name in asked if name in options} | {"limit": 0}

    def is_there(column: Column) -> bool:
        return bool(score(one, person=column, **alone).reason[0].as_py() != "no-person")

    parts: list[tuple[str, object, object]] = []
    for part in roles.persons:
        there = [column for column in part.columns if is_there(column)] if isinstance(part, FirstOf) else [part]
        parts += [found(there[0])] if there else _unnamed(one, columns_of_part(part))
    return tuple(parts)


def _unnamed(one: pa.Table, columns: Sequence[Column]) -> list[tuple[str, object, object]]:
    """Of a first_of of which none is present, every column."""
    return [(name, one[name][0].as_py(), None) for column in columns for name in _named(column, one.column_names)]
