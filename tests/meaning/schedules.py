"""The shipped schedules once more, as the oracle reads them, each line with what it asks for and grants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import product

from oracle import EPOCH, ByRow, LimitOn, Row, Terms

EVERY, OTHER = None, ("other",)
EVER = "9999-12-31"


@dataclass(frozen=True)
class Line:
    """First day, day after the last, origins, limit; senders, kind, limit of a row and whether one above it counts."""

    first: str
    end: str
    origins: tuple[str, ...] | None
    limit: str | None
    senders: tuple[str, ...] | None = EVERY
    kind: str | None = None
    row_limit: str | None = None
    counts_above: bool = True


CHINA = ("CN", "HK")
US_321 = (
    Line("1994-07-28", "2016-03-10", EVERY, "200"),
    Line("2016-03-10", "2025-02-04", CHINA, "800"),
    Line("2025-02-04", "2025-02-07", CHINA, None),
    Line("2025-02-07", "2025-05-02", CHINA, "800"),
    Line("2025-05-02", "2026-06-24", CHINA, None),
    Line("2016-03-10", "2025-08-29", OTHER, "800"),
    Line("2025-08-29", "2026-06-24", OTHER, None),
    Line("2025-08-29", "2026-06-24", EVERY, "800", kind="1702b"),
    Line("2026-06-24", EVER, EVERY, None),
)
US_321_POST = (
    Line("2025-05-02", "2025-08-29", CHINA, "800", senders=CHINA),
    Line("2025-05-02", "2025-08-29", CHINA, None, senders=OTHER),
    Line("2025-05-02", "2025-08-29", OTHER, None),
    Line("2025-08-29", "2026-07-24", EVERY, "800"),
    Line("2026-07-24", EVER, EVERY, None),
)
US_GIFT = (
    Line("1994-07-28", EVER, EVERY, "200", senders=("VI", "GU", "AS")),
    Line("1994-07-28", EVER, EVERY, "100", senders=OTHER),
)
KR = (
    Line("2022-11-17", EVER, EVERY, "150"),
    Line("2022-11-17", EVER, EVERY, "200", senders=("US",), kind="express"),
)
CN_CBEC = (
    Line("2016-04-08", "2019-01-01", EVERY, "20000", row_limit="2000"),
    Line("2019-01-01", EVER, EVERY, "26000", row_limit="5000"),
)
TW_POST = (Line("2018-01-01", EVER, EVERY, "2000"),)
SCHEDULES = {
    "us-321": US_321,
    "us-321-post": US_321_POST,
    "us-gift": US_GIFT,
    "kr": KR,
    "cn-cbec": CN_CBEC,
    "tw-post": TW_POST,
}
MEANING = {name: {"overflow": "all", "window": "day"} for name in SCHEDULES}
MEANING["cn-cbec"] = {"overflow": "excess", "window": "year"}
GATES = {"us-321": "America/New_York", "us-321-post": "America/New_York"}


def schedule(name: str) -> ByRow:
    """A shipped rule as the oracle takes it."""
    return by_row(SCHEDULES[name], GATES.get(name))


def limit_by_country(name: str) -> LimitOn:
    """A shipped rule as a function of the day and of the country of origin, which is the sender's too."""
    found = schedule(name).terms

    def limit_on(day: int, country: str | None) -> Decimal | None:
        terms = found(day, Row(None, day, None, origin=country, sent_from=country))
        return None if terms is None else terms.limit

    return limit_on


def by_row(lines: Sequence[Line], gate: str | None = None) -> ByRow:
    """A schedule as a function. Of what is missing or not known, the least of all that it may be is granted: of a kind
    that no line names, and of a country of no two letters."""
    origins = sorted({code for line in lines for code in (line.origins or ()) if line.origins is not OTHER})
    senders = sorted({code for line in lines for code in (line.senders or ()) if line.senders is not OTHER})
    kinds = sorted({line.kind for line in lines if line.kind})

    def known(day: date, origin: str, sender: str, kind: str) -> Terms | None:
        def is_of(line: Line) -> bool:
            asked = ((line.origins, origins, origin), (line.senders, senders, sender))
            in_scope = [
                codes is EVERY or (code not in named if codes is OTHER else code in codes)
                for codes, named, code in asked
            ]
            on_time = date.fromisoformat(line.first) <= day < date.fromisoformat(line.end)
            return all(in_scope) and line.kind in (None, kind) and on_time

        found = [line for line in lines if is_of(line)]
        own = [line for line in found if line.kind] or found
        if not own or own[-1].limit is None:
            return None
        last = own[-1]
        return Terms(
            Decimal(last.limit or 0), None if last.row_limit is None else Decimal(last.row_limit), last.counts_above
        )

    def terms(day: int, row: Row) -> Terms | None:
        at = EPOCH + timedelta(days=day)
        kind = (row.kind or "").strip().lower()
        ways = product(
            [code] if (code := (row.origin or "").strip().upper()) else [*origins, "any other"],
            [code] if (code := (row.sent_from or "").strip().upper()) else [*senders, "any other"],
            [kind] if kind in kinds else [*kinds, "any other"],
        )
        found = [known(at, *way) for way in ways]
        return None if None in found else min((one for one in found if one is not None), key=lambda one: one.limit)

    return ByRow(terms, gate)
