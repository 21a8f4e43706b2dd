"""The shipped schedules once more, as the oracle reads them: first day, day after the last, origins, limit."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from oracle import EPOCH, LimitOn

EVERY, OTHER = None, ("other",)
Step = tuple[str, str, tuple[str, ...] | None, str | None]

US_321: tuple[Step, ...] = (
    ("1994-07-28", "2016-03-10", EVERY, "200"),
    ("2016-03-10", "2025-02-04", ("CN", "HK"), "800"),
    ("2025-02-04", "2025-02-07", ("CN", "HK"), None),
    ("2025-02-07", "2025-05-02", ("CN", "HK"), "800"),
    ("2025-05-02", "2026-06-24", ("CN", "HK"), None),
    ("2016-03-10", "2025-08-29", OTHER, "800"),
    ("2025-08-29", "2026-06-24", OTHER, None),
    ("2026-06-24", "9999-12-31", EVERY, None),
)
US_GIFT: tuple[Step, ...] = (
    ("1994-07-28", "9999-12-31", ("VI", "GU", "AS"), "200"),
    ("1994-07-28", "9999-12-31", OTHER, "100"),
)
KR: tuple[Step, ...] = (
    ("2022-11-17", "9999-12-31", ("US",), "200"),
    ("2022-11-17", "9999-12-31", OTHER, "150"),
)
CN_CBEC: tuple[Step, ...] = (
    ("2016-04-08", "2019-01-01", EVERY, "20000"),
    ("2019-01-01", "9999-12-31", EVERY, "26000"),
)
TW_POST: tuple[Step, ...] = (("2018-01-01", "9999-12-31", EVERY, "2000"),)
SCHEDULES = {"us-321": US_321, "us-gift": US_GIFT, "kr": KR, "cn-cbec": CN_CBEC, "tw-post": TW_POST}
MEANING = {name: {"overflow": "all", "window": "day"} for name in SCHEDULES}
MEANING["cn-cbec"] = {"overflow": "excess", "window": "year"}


def limit_on(steps: tuple[Step, ...]) -> LimitOn:
    """A schedule as a function; a missing origin is given the least of what any origin would be given."""
    named = sorted({code for _, _, origins, _ in steps if origins not in (EVERY, OTHER) for code in origins or ()})

    def known(day: date, origin: str) -> Decimal | None:
        for first, end, origins, limit in steps:
            applies = origins is EVERY or (origin not in named if origins == OTHER else origin in origins)
            if applies and date.fromisoformat(first) <= day < date.fromisoformat(end):
                return None if limit is None else Decimal(limit)
        return None

    def on(day: int, origin: str | None) -> Decimal | None:
        at = EPOCH + timedelta(days=day)
        if origin is not None and origin.strip():
            return known(at, origin.strip().upper())
        limits = [known(at, code) for code in (*named, "any other")]
        return None if None in limits else min(limits)  # type: ignore[type-var]

    return on
