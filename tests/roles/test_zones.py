"""Whose calendar day an instant falls on: offsets, places, and every instant that an int64 holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import oracle
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.cli.main import main
from deminimis.roles.zones import NEVER, clock_of

ROLES = {"person": "p", "day": "d", "value": "v", "limit": 800}
TICKS = oracle.TICKS_PER_SECOND
NOON = 1_717_243_200  # 2024-06-01 12:00 UTC
ZEROS = ("Z", "utc", "UTC", "gmt", "+00:00", "-00", "UTC+0")
OFFSETS = {"-05:00": -5, "+0530": 5.5, "-08": -8, "UTC+09:00": 9, "utc-3": -3, "+14": 14, "-9:30": -9.5}


def masks(days: pa.Array, **settings: Any) -> list[bool]:
    """Two rows of one person, 500 and 400: both eligible where they lie on two days, neither on one."""
    table = pa.table({"p": ["A", "A"], "d": days, "v": [500, 400]})
    return dm.eligible(table, **ROLES, **settings).to_pylist()


@pytest.mark.parametrize("unit", TICKS)
@pytest.mark.parametrize(("zone", "hours"), [*((zone, 0) for zone in ZEROS), *OFFSETS.items()])
def test_midnight_of_an_offset(zone: str, hours: float, unit: str) -> None:
    """The day begins at the offset's midnight, for a column's own zone, for `timezone` and for ISO text."""
    midnight = 1_717_200_000 - int(3600 * hours)  # 2024-06-01 00:00 there
    for apart, expected in ((-1, [True, True]), (86_399, [False, False]), (86_400, [True, True])):
        ticks = [midnight * TICKS[unit], (midnight + apart) * TICKS[unit]]
        assert masks(pa.array(ticks, pa.timestamp(unit, zone))) == expected
        assert masks(pa.array(ticks, pa.timestamp(unit, "UTC")), timezone=zone) == expected
        moments = [datetime.fromtimestamp(tick // TICKS[unit], UTC) for tick in ticks]
        assert masks(pa.array([f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in moments]), timezone=zone) == expected


@pytest.mark.parametrize("zone", [*ZEROS, *OFFSETS, "America/New_York", "Asia/Tokyo", "Europe/Berlin"])
@pytest.mark.parametrize("unit", TICKS)
def test_ends_of_int64(zone: str, unit: str) -> None:
    """The first and last ticks are two days of their own, or none where 32 bits of days do not hold them."""
    days = pa.array([-(2**63), 2**63 - 1], pa.timestamp(unit, zone))
    expected = ["eligible"] * 2 if unit in ("us", "ns") else ["no-day"] * 2
    table = pa.table({"p": ["A", "A"], "d": days, "v": [500, 400]})
    assert dm.score(table, **ROLES).reason.to_pylist() == expected
    assert dm.score(table, **ROLES, timezone="-08").reason.to_pylist() == expected


@pytest.mark.parametrize("zone", ["America/New_York", "UTC+09:00", "UTC"])
def test_ends_of_32_bits_of_days(zone: str) -> None:
    """The first and last day that 32 bits hold are days by the zone's clock, and those beyond them are none.

    2**31 - 1 is 3,844 days beyond 400-year cycles from 1970 on, a July 11th: summer time. Long before it was local mean
    time, -4:56:02.
    """
    late = {"UTC": 0, "UTC+09:00": 9, "America/New_York": -4}[zone] * 3600
    early = -17_762 if zone == "America/New_York" else late
    ends = [2**31 * 86_400 - 1 - late, 2**31 * 86_400 - late]
    ends += [(1 - 2**31) * 86_400 - early, (1 - 2**31) * 86_400 - 1 - early]
    table = pa.table({"p": range(4), "d": pa.array(ends, pa.timestamp("s", zone)), "v": [1] * 4})
    assert dm.score(table, **ROLES).reason.to_pylist() == ["eligible", "no-day", "eligible", "no-day"]


def test_offset_of_a_column_in_2099(tmp_path: Path) -> None:
    """A fixed offset holds beyond 2037, from Parquet by the command line too."""
    ticks = [1_717_243_200_000_000, 1_717_246_800_000_000, 4_102_401_600_000_000]  # 12:00, 13:00; 2099-12-31 12:00
    for zone in ("-05:00", "Z", "utc", "-08", "UTC+09:00"):
        table = pa.table({"p": ["A", "A", "B"], "d": pa.array(ticks, pa.timestamp("us", zone)), "v": [500, 400, 100]})
        assert dm.eligible(table, **ROLES).to_pylist() == [False, False, True]
        pq.write_table(table, tmp_path / "in.parquet")
        words = ["score", str(tmp_path / "in.parquet"), "-o", str(tmp_path / "mask.parquet"), "--quiet"]
        words += ["--person", "p", "--day", "d", "--value", "v", "--limit", "800"]
        for more in ([], ["--timezone", "Europe/Berlin"], ["--timezone=-08:00"]):
            assert main([*words, *more]) == 0
            assert pq.read_table(tmp_path / "mask.parquet")["eligible"].to_pylist() == [False, False, True]


@pytest.mark.parametrize(
    ("zone", "local_midnight"),
    [
        ("America/New_York", datetime(1850, 3, 1, 4, 56, 2)),  # local mean time
        ("America/New_York", datetime(2024, 7, 1, 4)),
        ("America/New_York", datetime(2024, 12, 1, 5)),
        ("America/New_York", datetime(2099, 7, 1, 4)),
        ("America/New_York", datetime(9990, 12, 1, 5)),
        ("Europe/Berlin", datetime(2262, 4, 10, 22)),
        ("Asia/Kolkata", datetime(2050, 1, 1, 18, 30)),
        ("Australia/Lord_Howe", datetime(2600, 1, 15, 13)),  # +11 in summer, half an hour more than in winter
        ("Australia/Lord_Howe", datetime(2600, 7, 15, 13, 30)),
    ],
)
def test_midnight_of_a_place(zone: str, local_midnight: datetime) -> None:
    """A day begins at the place's own midnight, long before 1900 and long after 2037."""
    midnight = int(local_midnight.replace(tzinfo=UTC).timestamp())
    assert masks(pa.array([midnight, midnight - 1], pa.timestamp("s", zone))) == [True, True]
    assert masks(pa.array([midnight, midnight + 1], pa.timestamp("s", zone))) == [False, False]


@pytest.mark.parametrize("zone", sorted(available_timezones())[::7])
def test_offsets_are_those_of_zoneinfo(zone: str) -> None:
    """Around each change, and at instants of all centuries, the clock shows what Python's does until 9999."""
    clock = clock_of(zone)
    starts, offsets = np.frombuffer(clock.starts, np.int64), np.frombuffer(clock.offsets, np.int32)
    assert len(starts) == 1 or (np.diff(starts[1:]) > 0).all()
    seconds = {second + near for second in starts[1:].tolist()[-40:] + starts[1:30].tolist() for near in (-1, 0)}
    seconds |= set(range(-8_000_000_000, 253_000_000_000, 3_000_000_017))
    for second in seconds:
        if not -60_000_000_000 < second < 253_000_000_000:
            continue
        at = second
        if at >= clock.cycle_from:
            at -= ((at - clock.cycle_from) // (146_097 * 86_400) + 1) * 146_097 * 86_400
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
        shown = moment.astimezone(ZoneInfo(zone)).utcoffset()
        assert shown is not None
        assert offsets[np.searchsorted(starts, at, side="right") - 1] == shown.total_seconds()


def test_rule_repeats_for_ever() -> None:
    """Behind its last year, a zone's rule repeats with the calendar: the same day 400 and 5.6 million years later."""
    assert clock_of("America/New_York").cycle_from < NEVER
    assert clock_of("Asia/Tokyo").cycle_from == NEVER
    midnight = int(datetime(2024, 7, 1, 4, tzinfo=UTC).timestamp())
    for cycles in (1, 10, 14_000):
        later = midnight + cycles * 146_097 * 86_400
        assert masks(pa.array([later, later - 1], pa.timestamp("s", "America/New_York"))) == [True, True]
        assert masks(pa.array([later, later + 1], pa.timestamp("s", "America/New_York"))) == [False, False]


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "", "+99:00", "-5000", "+24", "+05:60", "+500", "PDT", "GMT+9", "../UTC"]
)
def test_unknown_zone(zone: str) -> None:
    """A zone that does not exist, or that says no one thing, is refused by name: as a setting, and in a column."""
    with pytest.raises(dm.errors.InputError, match="timezone="):
        masks(pa.array([0, 0], pa.timestamp("s", "UTC")), timezone=zone)
    if zone:
        with pytest.raises(dm.errors.InputError, match=r"column 'd'.*timezone="):
            masks(pa.array([0, 0], pa.timestamp("s", zone)))
        assert masks(pa.array([0, 0], pa.timestamp("s", zone)), timezone="UTC") == [False, False]


def test_zone_is_text() -> None:
    """A zone that is no text is refused."""
    with pytest.raises(dm.errors.InputError, match="timezone="):
        masks(pa.array([0, 0], pa.timestamp("s", "UTC")), timezone=1)


def test_batches_of_two_zones_are_one_manifest() -> None:
    """Each batch's instants are days of its own zone: 23:30 at -05:00 is the day before 04:30 in UTC."""
    for settings, expected in (({}, [True, True]), ({"timezone": "UTC"}, [False, False])):
        scorer = dm.Scorer(**ROLES, **settings)
        for zone, value in (("-05:00", 500), ("UTC", 400)):
            days = pa.array([(NOON + 59_400) * 10**6], pa.timestamp("us", zone))  # 2024-06-02 04:30 UTC
            scorer.add(pa.table({"p": ["A"], "d": days, "v": [value]}))
        assert scorer.finish().mask.to_pylist() == expected


def test_dictionary_of_instants() -> None:
    """A dictionary of instants follows its zone as any column does."""
    ticks = pa.array([NOON + 59_400, NOON + 64_800], pa.timestamp("s", "-05:00"))  # 23:30, and 01:00 of the next day
    assert masks(ticks.dictionary_encode()) == [True, True]
    assert masks(ticks.dictionary_encode(), timezone="UTC") == [False, False]


def test_days_of_a_schedule_follow_the_zone() -> None:
    """A rule sees the local day: 200 until 2016-03-09 in New York, whose next day begins at 05:00 in UTC."""
    midnight = int(datetime(2016, 3, 10, 5, tzinfo=UTC).timestamp())
    days = pa.array([midnight - 1, midnight], pa.timestamp("s", "America/New_York"))
    table = pa.table({"p": ["A", "B"], "d": days, "v": [250, 250], "o": ["DE", "DE"]})
    assert dm.eligible(table, person="p", day="d", value="v", origin="o", rule="us-321").to_pylist() == [False, True]
    assert date(2016, 3, 10) == oracle.EPOCH + timedelta(days=midnight // 86_400)
