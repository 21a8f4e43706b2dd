"""Days as whole numbers since 1970-01-01, and the windows that totals are kept by."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal, TypeAlias

import numpy as np

Window: TypeAlias = Literal["day", "month", "quarter", "year"]
WINDOWS: tuple[Window, ...] = ("day", "month", "quarter", "year")

NO_DAY = -(2**31)
LAST_DAY = 2**31 - 1


def window_start(day: int, window: Window, after: int = 0) -> int:
    """The first day of the window that a day lies in, or of the one `after` windows later. Any day will do."""
    if window == "day":
        return day + after
    months = {"month": 1, "quarter": 3, "year": 12}[window]
    number = np.datetime64(day, "D").astype("datetime64[M]").astype(np.int64) // months + after
    return int(np.datetime64(int(number) * months, "M").astype("datetime64[D]").astype(np.int64))


def day_of(number: int) -> date:
    """A day's date, kept within the calendar that Python knows."""
    clamped = min(max(number, (date.min - date(1970, 1, 1)).days), (date.max - date(1970, 1, 1)).days)
    return date(1970, 1, 1) + timedelta(clamped)
