"""Which day a row belongs to, for every type and text; two rows of one person tell, as they share a day or not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import oracle
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kinds import DAY_KINDS, ZONES
from strategies import stored

import deminimis as dm


def reasons(days: pa.Array, limit: Any = 800, **settings: Any) -> list[str]:
    """The reasons of rows of 500 each, every two neighbours being one person."""
    persons = pa.array([i // 2 for i in range(len(days))], pa.int32())
    table = pa.table({"person": persons, "day": days, "value": pa.array([500] * len(days), pa.int32())})
    bound = {} if "rule" in settings else {"limit": limit}
    return dm.score(table, person="person", day="day", value="value", **bound, **settings).reason.to_pylist()


def expected(days: list[Any], zone: str | None = None) -> list[str]:
    rows = [oracle.Row(i // 2, day, 500) for i, day in enumerate(days)]
    return [verdict.reason for verdict in oracle.judge(rows, oracle.constant(800), timezone=zone)]


@pytest.mark.parametrize("kind", DAY_KINDS, ids=repr)
def test_all_pairs(kind: Any) -> None:
    """Two values of a type are one day exactly where the oracle says so."""
    days = [*kind.pool, *kind.odd]
    pairs = [day for a in days for b in days for day in (a, b)]
    assert reasons(stored([kind.stored(day) for day in pairs], kind.type)) == expected(pairs)


@pytest.mark.parametrize("kind", DAY_KINDS, ids=repr)
def test_calendar(kind: Any) -> None:
    """A schedule reads the same date out of every type: 200 until 2016-03-09, then 800."""
    days = [date(2016, 3, 9), date(2016, 3, 10)] * 2
    if pa.types.is_timestamp(kind.type):
        per_second = oracle.TICKS_PER_SECOND[kind.type.unit]
        days = [(day - oracle.EPOCH).days * 86_400 * per_second + 61_200 * per_second for day in days]
        settings = {"timezone": "UTC"}
    else:
        days = [day.isoformat() for day in days] if isinstance(kind.pool[0], str) else days
        settings = {}
    table = pa.table({"person": range(4), "day": pa.array(days, kind.type), "value": [250] * 4, "origin": ["DE"] * 4})
    mask = dm.eligible(table, person="person", day="day", value="value", origin="origin", rule="us-321", **settings)
    assert mask.to_pylist() == [False, True] * 2


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-06-01", date(2024, 6, 1)),
        ("2024-06-01T00:00", date(2024, 6, 1)),
        ("2024-06-01 23:59:59.999999999", date(2024, 6, 1)),
        ("2024-06-01T23:59:59Z", date(2024, 6, 1)),
        ("2024-06-01T00:30:00+09:00", date(2024, 6, 1)),
        ("0001-01-01", date(1, 1, 1)),
        ("9999-12-31", date(9999, 12, 31)),
        ("2000-02-29", date(2000, 2, 29)),
        ("1900-02-29", None),
        ("2023-02-29", None),
        ("2024-00-10", None),
        ("2024-06-00", None),
        ("2024-06-31", None),
        ("24-06-01", None),
        ("2024-06", None),
        ("2024-W22-6", None),
        ("2024/06/01", None),
        ("06/01/2024", None),
        ("2024-06-01T", None),
        ("2024-06-01T12", None),
        ("2024-06-01T12:60", None),
        ("2024-06-01T12:00:00.", None),
        ("2024-06-01T12:00 EST", None),
        ("-2024-06-01", None),
        ("2024-06-01\0", None),
        ("\u0662024-06-01", None),
        ("NaT", None),
        ("", None),
    ],
)
def test_text(text: str, day: date | None) -> None:
    """ISO text is the date as it is written; any other text is no day."""
    canonical = "2024-06-01" if day is None else f"{day:%Y-%m-%d}".rjust(10, "0")
    assert oracle.day_number(text) == (None if day is None else (day - oracle.EPOCH).days)
    got = reasons(pa.array([text, canonical]))
    assert got == (["no-day", "eligible"] if day is None else ["over-limit", "over-limit"])


@given(st.lists(st.one_of(st.dates().map(date.isoformat), st.text("0123456789-T: Z+.", max_size=20)), max_size=40))
def test_any_text(texts: list[str]) -> None:
    """Whatever the text, its day is the oracle's."""
    assert reasons(pa.array(texts, pa.string())) == expected(texts)


# Python's calendar and its zones, which judge here, end in 9999.
INSTANTS = st.datetimes(datetime(1700, 1, 1), datetime(9990, 12, 31), timezones=st.just(UTC))


@pytest.mark.parametrize("zone", [*ZONES, "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata"])
@given(instants=st.lists(INSTANTS, max_size=20))
def test_zone_of_the_column_or_the_setting(zone: str, instants: list[datetime]) -> None:
    """An instant's date is that of `timezone`, else of the column's own zone, daylight saving time included."""
    ticks = [int(instant.timestamp()) * 1_000 for instant in instants for _ in range(2)]
    ticks = [tick + 3_600_000 * (i % 2) for i, tick in enumerate(ticks)]
    own = [oracle.Instant(tick, "ms", zone) for tick in ticks]
    assert reasons(pa.array(ticks, pa.timestamp("ms", zone))) == expected(own)
    assert reasons(pa.array(ticks, pa.timestamp("ms", "UTC")), timezone=zone) == expected(own)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_edges_of_days(unit: str) -> None:
    """The first and the last tick of a day, and those beside them, before 1970 and far from it too."""
    a_day = 86_400 * oracle.TICKS_PER_SECOND[unit]
    far = [*range(4), 19_875, 99_998, 99_999, 100_000, 100_001, 106_750, 2_932_896]
    edges = sorted({sign * day * a_day + tick for sign in (-1, 1) for day in far for tick in (-1, 0, 1, a_day - 1)})
    pairs = [(a, b) for a, b in pairwise(edges) if a >= -(2**63) and b < 2**63]
    told = [reason for a, b in pairs for reason in ["over-limit" if a // a_day == b // a_day else "eligible"] * 2]
    assert reasons(pa.array([tick for pair in pairs for tick in pair], pa.timestamp(unit))) == told


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "+99:00"])
def test_unknown_zone(zone: str) -> None:
    """A time zone that does not exist is refused by name."""
    with pytest.raises(dm.errors.InputError, match="zone"):
        reasons(pa.array([0, 0], pa.timestamp("s", "UTC")), timezone=zone)
