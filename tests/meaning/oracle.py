"""The meaning in obvious code: a dict of exact integers. It shares nothing with the package that it judges.

A row holds plain Python values as the manifest's types have them: a float32 is a `numpy.float32`, an instant an
`Instant`. Amounts are units, 1/10,000 of the currency unit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from amounts import LARGEST as LARGEST
from amounts import UNITS, units
from amounts import number as number
from tellings import copies

REASONS = (
    "copy", "no-person", "no-day", "not-in-force", "bad-value", "excluded", "over-row-limit", "over-limit",
    "unproven-total", "eligible",
)  # fmt: skip
ISO_DAY = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::(?:[0-5][0-9]|60)(?:\.[0-9]+)?)?"
    r"(?P<offset>Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)?)?"
)
TICKS_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
EPOCH = date(1970, 1, 1)
BLANKS = b" \t\n\v\f\r"

LimitOn = Callable[[int, str | None], Decimal | None]


class Instant(NamedTuple):
    """A timestamp: ticks of `unit` since 1970, in `zone` or naive."""

    ticks: int
    unit: str
    zone: str | None = None


@dataclass(frozen=True)
class Row:
    person: Any
    day: Any
    value: Any
    quantity: Any = 1
    origin: str | None = None
    excluded: bool | None = False
    per: tuple[Any, ...] = ()
    sent_from: str | None = None
    kind: str | None = None
    entered: Any = None
    shipment: Any = None
    party: str | None = None
    version: int | None = None
    line: Any = None
    cancelled: bool | None = False


class Terms(NamedTuple):
    """What a step grants: the limit of a total, that of a row by itself, and whether a row above it counts."""

    limit: Decimal
    row_limit: Decimal | None = None
    counts_above: bool = True


@dataclass(frozen=True)
class ByRow:
    """A schedule that asks for more than the origin; `gate` is the zone of the day of entry, which decides."""

    terms: Callable[[int, Row], Terms | None]
    gate: str | None = None


class Verdict(NamedTuple):
    """What one row is told: its reason, and its group's total (None where it belongs to no group)."""

    reason: str
    total: Decimal | None

    @property
    def eligible(self) -> bool:
        return self.reason == "eligible"


def day_number(plain: Any, zone: str | None = None) -> int | None:
    """Days since 1970-01-01; None is no day. `zone` moves instants, and text with an offset is one."""
    if plain is None or isinstance(plain, int):
        return plain
    if isinstance(plain, date):
        return (plain - EPOCH).days
    if isinstance(plain, Instant):
        seconds = plain.ticks // TICKS_PER_SECOND[plain.unit]
        if plain.zone is None:
            return seconds // 86_400
        utc = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        return day_number(utc.astimezone(ZoneInfo(zone or plain.zone)).date())
    match = ISO_DAY.fullmatch(plain.strip(BLANKS.decode()))
    try:
        if match and match["offset"] and zone:
            return day_number(datetime.fromisoformat(match[0]).astimezone(ZoneInfo(zone)).date())
        return day_number(date.fromisoformat(match["day"])) if match else None
    except ValueError:
        return None


def fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def present(part: Any, placeholders: Iterable[str], normalize: str | None) -> Any:
    """A part of a person as it is compared, or None where it is missing."""
    if isinstance(part, str):
        part = (fold(part) if normalize else part).encode()
    if isinstance(part, bytes):
        bare = part.strip(BLANKS)
        if not bare or bare.lower() in {name.encode().lower() for name in placeholders}:
            return None
    return part


def identity(person: Any, placeholders: Iterable[str], normalize: str | None, first_of: bool) -> Any:
    """The person as a key; None when the first part, the name, is missing. A part that is a list is the first of it."""
    parts = person if isinstance(person, tuple) else (person,)
    parts = ([*parts],) if first_of else parts
    found = []
    for part in parts:
        known = [present(one, placeholders, normalize) for one in (part if isinstance(part, list) else [part])]
        found.append(next((one for one in known if one is not None), None))
    return None if found[0] is None else tuple(found)


def period(day: int, window: str) -> Any:
    if window == "day":
        return day
    on = EPOCH + timedelta(days=day)
    return {"month": (on.year, on.month), "quarter": (on.year, (on.month - 1) // 3), "year": on.year}[window]


def gate_day(row: Row, day: int, limit_on: LimitOn | ByRow) -> int | None:
    """The day that decides the step: that of the entry by the gate's clock, or the row's own where none is told. An
    entry that cannot be read is None."""
    blank = row.entered is None or (isinstance(row.entered, str) and not row.entered.strip())
    if blank or not isinstance(limit_on, ByRow) or limit_on.gate is None:
        return day
    return day_number(row.entered, limit_on.gate)


def terms_of(row: Row, day: int, limit_on: LimitOn | ByRow) -> Terms | None:
    if isinstance(limit_on, ByRow):
        return limit_on.terms(day, row)
    limit = limit_on(day, row.origin)
    return None if limit is None else Terms(limit)


def judge(
    rows: Sequence[Row],
    limit_on: LimitOn | ByRow,
    *,
    overflow: str = "all",
    bad_values: str = "unproven",
    count_excluded: bool = True,
    placeholders: Iterable[str] = (),
    normalize: str | None = None,
    timezone: str | None = None,
    window: str = "day",
    first_of: bool = False,
    party_order: Sequence[str] = (),
) -> list[Verdict]:
    """The verdict of every row, in row order."""
    amounts = [units(row.value, row.quantity) for row in rows]
    limits: list[int] = [0] * len(rows)
    above: set[int] = set()
    uncounted: set[int] = set()
    verdicts: list[Verdict | None] = [None] * len(rows)
    groups: dict[Any, list[int]] = {}
    keys: list[Any] = [None] * len(rows)
    for i, row in enumerate(rows):
        who, day = identity(row.person, placeholders, normalize, first_of), day_number(row.day, timezone)
        if who is None or any(present(part, placeholders, None) is None for part in row.per):
            verdicts[i] = Verdict("no-person", None)
        elif day is None or (at := gate_day(row, day, limit_on)) is None:
            verdicts[i] = Verdict("no-day", None)
        elif (found := terms_of(row, at, limit_on)) is None:
            verdicts[i] = Verdict("not-in-force", None)
        else:
            limits[i] = int(found.limit * UNITS)
            amount = amounts[i]
            if found.row_limit is not None and amount is not None and amount > found.row_limit * UNITS:
                above.add(i)
                if not found.counts_above:
                    uncounted.add(i)
            keys[i] = who, row.per, period(day, window)

    excluded = {i for i, row in enumerate(rows) if row.excluded is not False}  # not known to be admitted is excluded
    adds = [
        amount if keys[i] is not None and i not in uncounted and (count_excluded or i not in excluded) else None
        for i, amount in enumerate(amounts)
    ]
    unnamed = {i for i, verdict in enumerate(verdicts) if verdict and verdict.reason in ("no-person", "no-day")}
    good = {i for i, amount in enumerate(amounts) if amount is not None} - unnamed
    for i in copies(rows, keys, adds, good, lambda part: present(part, placeholders, None), party_order):
        verdicts[i] = Verdict("copy", None)
        keys[i] = None
    for i, key in enumerate(keys):
        if key is not None:
            groups.setdefault(key, []).append(i)

    for members in groups.values():
        counted = [i for i in members if i not in uncounted and (count_excluded or i not in excluded)]
        total = sum(amounts[i] or 0 for i in counted)
        proven = bad_values == "ignore" or all(amounts[i] is not None for i in counted)
        accepted = 0
        for i in members:
            amount = amounts[i]
            if amount is None:
                reason = "bad-value"
            elif i in excluded:
                reason = "excluded"
                accepted += amount if i in counted else 0
            elif i in above:
                reason = "over-row-limit"
                accepted += amount if i in counted else 0
            else:
                fits = (total if overflow == "all" else accepted + amount) <= limits[i]
                accepted += amount if fits else 0
                reason = "over-limit" if not fits else "eligible" if proven else "unproven-total"
            verdicts[i] = Verdict(reason, Decimal(total).scaleb(-4))
    return verdicts  # type: ignore[return-value]


class Group(NamedTuple):
    """One person and window: its first day, what its rows come to, and the numbers of these."""

    day: int
    total: Decimal
    rows: int
    bad_rows: int
    excluded_rows: int
    least_limit: Decimal
    largest_limit: Decimal
    over: bool
    members: tuple[int, ...]


def groups(
    rows: Sequence[Row],
    limit_on: LimitOn,
    *,
    bad_values: str = "unproven",
    count_excluded: bool = True,
    placeholders: Iterable[str] = (),
    normalize: str | None = None,
    timezone: str | None = None,
    window: str = "day",
    first_of: bool = False,
) -> list[Group]:
    """The table of groups, in the order of their first rows."""
    found: dict[Any, list[tuple[int, int, Decimal]]] = {}
    for i, row in enumerate(rows):
        who, day = identity(row.person, placeholders, normalize, first_of), day_number(row.day, timezone)
        if who is None or day is None or any(present(part, placeholders, None) is None for part in row.per):
            continue
        if (limit := limit_on(day, row.origin)) is not None:
            found.setdefault((who, row.per, period(day, window)), []).append((i, day, limit))
    return [_group(rows, members, window, count_excluded) for members in found.values()]


def _group(rows: Sequence[Row], members: list[tuple[int, int, Decimal]], window: str, count_excluded: bool) -> Group:
    amounts = {i: units(rows[i].value, rows[i].quantity) for i, _, _ in members}
    excluded = {i for i in amounts if rows[i].excluded is not False}
    counted = [i for i in amounts if count_excluded or i not in excluded]
    total = Decimal(sum(amounts[i] or 0 for i in counted)).scaleb(-4)
    limits = [limit for _, _, limit in members]
    day = members[0][1]
    if window != "day":
        on = EPOCH + timedelta(days=day)
        month = {"month": on.month, "quarter": (on.month - 1) // 3 * 3 + 1, "year": 1}[window]
        day = (date(on.year, month, 1) - EPOCH).days
    bad = sum(amounts[i] is None for i in counted)
    over = total > min(limits)
    return Group(day, total, len(members), bad, len(excluded), min(limits), max(limits), over, tuple(amounts))


def constant(limit: Any) -> LimitOn:
    """The schedule of a bare limit."""
    return lambda day, origin: Decimal(limit)
