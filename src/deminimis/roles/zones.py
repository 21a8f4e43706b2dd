"""How far each place's clock is ahead of UTC, for every second: from an offset's text, or from the time zone database.

`zoneinfo` ends with Python's calendar and Arrow's own zones in 2037, so the database's files are read here (RFC 9636):
their transitions, and the rule that they end with, which repeats with the calendar every 400 years.
"""

from __future__ import annotations

import re
import struct
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

NEVER = 2**63 - 1
_EVER = -(2**63)
_DAY = 86_400
_EPOCH = date(1970, 1, 1)
_CYCLE_YEARS = 400
_UTC = ("UTC", "Z", "GMT")
_OFFSET = re.compile(r"(?:UTC)?([+-])(?:(\d\d)(?::?(\d\d))?|(\d)(?::(\d\d))?)", re.ASCII | re.IGNORECASE)
_NAME, _TIME = r"(?:<[^>]+>|[A-Za-z]{3,})", r"[+-]?\d+(?::\d\d){0,2}"
_DATE = rf"(J\d+|\d+|M\d+\.\d\.\d)(?:/({_TIME}))?"
_RULE = re.compile(rf"{_NAME}({_TIME})(?:{_NAME}({_TIME})?,{_DATE},{_DATE})?", re.ASCII)


class Clock(NamedTuple):
    """Offsets from UTC in seconds, each from its start on, in seconds since 1970; from `cycle_from` on those of 400
    years before."""

    starts: bytes
    offsets: bytes
    cycle_from: int


NO_CLOCK = Clock(b"", b"", NEVER)


@lru_cache(maxsize=64)
def clock_of(zone: str) -> Clock:
    """The clock of a zone such as "America/Los_Angeles", "-05:00", "+0530", "-08", "Z" or "UTC+09:00".

    Raises
    ------
    ValueError
        There is no such zone.
    """
    if zone.upper() in _UTC:
        return _clock([(_EVER, 0)])
    found = _OFFSET.fullmatch(zone)
    if found:
        sign, hours, minutes = found[1], int(found[2] or found[4]), int(found[3] or found[5] or 0)
        if hours > 23 or minutes > 59:
            raise ValueError(zone)
        return _clock([(_EVER, (3600 * hours + 60 * minutes) * (-1 if sign == "-" else 1))])
    return _parsed(_file_of(zone))


def _clock(changes: list[tuple[int, int]], cycle_from: int = NEVER) -> Clock:
    starts, offsets = zip(*changes, strict=True)
    return Clock(np.array(starts, np.int64).tobytes(), np.array(offsets, np.int32).tobytes(), cycle_from)


def _file_of(zone: str) -> bytes:
    """The compiled file of a zone, found where `zoneinfo` finds it."""
    import zoneinfo  # slow to import, and most manifests have days

    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(zone) from None
    for folder in zoneinfo.TZPATH:
        path = Path(folder, zone)
        if path.is_file():
            return path.read_bytes()
    from importlib import resources

    return resources.files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes()


def _parsed(data: bytes) -> Clock:
    """The clock of a compiled file; of its two blocks the second, where there is one, has 64 bits for seconds."""
    block, width = data, 4
    if data[4:5] >= b"2":
        block, width = data[_size(data, 4) :], 8
    n, n_types = struct.unpack(">6l", block[20:44])[3:5]
    at = 44
    starts = np.frombuffer(block, f">i{width}", n, at).tolist()
    kinds = block[at + n * width : at + n * (width + 1)]
    at += n * (width + 1)
    offsets = [struct.unpack_from(">l", block, at + 6 * kind)[0] for kind in range(n_types)]
    changes = [(_EVER, offsets[0])]
    for start, kind in zip(starts, kinds, strict=True):
        changes.append((start, offsets[kind]))
    footer = data[len(data) - len(block) + _size(block, 8) :] if width == 8 else b""
    return _with_rule(changes, footer.strip(b"\n").decode("ascii"))


def _size(block: bytes, width: int) -> int:
    n_utc, n_standard, n_leap, n, n_types, n_names = map(int, struct.unpack(">6l", block[20:44]))
    return 44 + n * (width + 1) + 6 * n_types + n_names + n_leap * (width + 4) + n_standard + n_utc


def _with_rule(changes: list[tuple[int, int]], rule: str) -> Clock:
    """The changes, then those that a rule such as "EST5EDT,M3.2.0,M11.1.0" makes in 400 years."""
    found = _RULE.fullmatch(rule)
    if found is None or found[3] is None:
        return _clock(changes)
    standard = -_seconds(found[1])
    summer = standard + 3600 if found[2] is None else -_seconds(found[2])
    last = changes[-1][0]
    first_year = 1900 if len(changes) == 1 else (_EPOCH + timedelta(seconds=last)).year + 1
    made = []
    for year in range(first_year - 1, first_year + _CYCLE_YEARS + 1):
        made.append((_DAY * _day(found[3], year) + _seconds(found[4] or "2") - standard, summer))
        made.append((_DAY * _day(found[5], year) + _seconds(found[6] or "2") - summer, standard))
    later = sorted(change for change in made if change[0] > last)
    return _clock(changes + later, _DAY * (date(first_year + _CYCLE_YEARS, 1, 1) - _EPOCH).days)


def _seconds(time: str) -> int:
    parts = [int(part) for part in time.lstrip("+-").split(":")]
    seconds = sum(part * size for part, size in zip(parts, (3600, 60, 1), strict=False))
    return -seconds if time.startswith("-") else seconds


def _day(rule: str, year: int) -> int:
    """Days since 1970 of "M3.2.0" (March, the second Sunday), "J60" (March 1st in every year) or "59" (from 0)."""
    first = date(year, 1, 1)
    if rule.startswith("M"):
        month, week, weekday = map(int, rule[1:].split("."))
        first = date(year, month, 1)
        day = first + timedelta((weekday - first.isoweekday()) % 7 + 7 * (week - 1))
        if day.month != month:
            day -= timedelta(7)  # the fifth is the last
        return (day - _EPOCH).days
    if rule.startswith("J"):
        return (date(2001, 1, 1) + timedelta(int(rule[1:]) - 1)).replace(year=year).toordinal() - _EPOCH.toordinal()
    return (first - _EPOCH).days + int(rule)
