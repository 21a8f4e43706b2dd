"""What the cells of a few rows stand for: their days, values and persons, for `explain`. Not for whole manifests."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from . import casts, names
from .api import score
from .roles import Roles, first_of

_ROW = "\x00row"
_DAY = "\x00day"


def days_of(table: pa.Table, roles: Roles) -> list[date | None]:
    """Each row's day as a date; None where it has none."""
    if not isinstance(roles.day, str):
        return [None] * len(table)
    array = table[roles.day].combine_chunks()
    if pt.is_dictionary(array.type):
        array = array.dictionary_decode()
    is_text = not (pt.is_temporal(array.type) or pt.is_integer(array.type) or pt.is_null(array.type))
    if roles.day_format and (is_text or pt.is_integer(array.type)):
        array = casts.day_of_format(roles.day_format, roles.timezone if is_text else None)(array)
    elif is_text and roles.timezone:
        array = casts.day_of_iso_instant(roles.timezone)(array)
    elif pt.is_timestamp(array.type) and array.type.tz:
        array = casts.local_time(roles.timezone or array.type.tz)(array)
    if pt.is_timestamp(array.type):
        array = array.cast(pa.timestamp("us"), safe=False)
    return [_date(cell) for cell in array.to_pylist()]


def _date(cell: object) -> date | None:
    if isinstance(cell, bytes):
        cell = cell.decode(errors="replace")
    if isinstance(cell, str):
        try:
            return date.fromisoformat(cell.strip()[:10])
        except ValueError:
            return None
    if isinstance(cell, datetime):
        return cell.date()
    return cell if isinstance(cell, date) else None


def texts_of(table: pa.Table, column: object) -> list[str | None]:
    if not isinstance(column, str):
        return [None] * len(table)
    return [cell.decode(errors="replace") if isinstance(cell, bytes) else cell for cell in table[column].to_pylist()]


def values_of(table: pa.Table, roles: Roles) -> list[Decimal | None]:
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
        limit=0,
        threads=1,
    )
    outcomes = zip(alone.total.to_pylist(), alone.reason.to_pylist(), strict=True)
    return [None if reason == "bad-value" else total for total, reason in outcomes]


def persons_of(one: pa.Table, roles: Roles, options: dict[str, Any]) -> tuple[tuple[str, object, object], ...]:
    """The columns that name the person of one row: of a first_of, the one that was taken."""
    found = []
    for column in roles.persons:
        if not isinstance(column, str):
            continue
        cell = one[column][0].as_py()
        canonical = names.canonical(one[column].combine_chunks(), roles.normalize, roles.in_care_of)[0].as_py()
        if roles.is_first_of:
            reason = score(one, **options | {"person": first_of(column)}).reason[0].as_py()
            if reason != "no-person":
                return ((column, cell, canonical),)
        found.append((column, cell, canonical))
    return tuple(found)
