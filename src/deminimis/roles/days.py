"""The days of a few rows as dates, read as the kernel reads them: to show rows, not for whole manifests."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from .._kernel import Batch
from .._kernel import days_of as read_days
from .binding import bind
from .request import Request

_NO_DAY = np.iinfo(np.int32).min
_EPOCH = date(1970, 1, 1)


def days_of(table: pa.Table, roles: Request) -> list[date | None]:
    """Each row's day; None where it has none, or Python's calendar has no such day."""
    binding = bind(roles, table.schema, outcomes=True, tally=False)
    found: list[date | None] = []
    for batch in table.to_batches():
        ready = binding.prepare(batch) if binding.prepare else batch
        days = read_days(binding.settings, Batch(ready.__arrow_c_array__()[1], binding.settings, binding.places))
        found += [_date(day) for day in np.frombuffer(days, np.int32).tolist()]
    return found


def gate_days_of(table: pa.Table, roles: Request, days: list[date | None]) -> list[date | None]:
    """The day that decides each row's step: that of its entry where one is told, else its own."""
    if roles.entered is None:
        return days
    entered = days_of(table, roles._replace(day=roles.entered, timezone=roles.rule.gate, entered=None))
    return [day if other is None else other for day, other in zip(days, entered, strict=True)]


def _date(day: int) -> date | None:
    try:
        return None if day == _NO_DAY else _EPOCH + timedelta(days=day)
    except OverflowError:
        return None
