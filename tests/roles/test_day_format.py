"""Days that are written by a pattern: what is read, what is no day, and which patterns are refused."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st

import deminimis as dm
from deminimis.roles.day_format import form_of

ROLES = {"person": "p", "day": "d", "value": "v", "limit": 800}


def day(day_format: str, text: str, zone: str | None = None) -> date | None:
    """The day that one cell says."""
    form = form_of(day_format, zone)
    assert form is not None
    number = form.day_of(text.encode())
    return None if number is None else oracle.EPOCH + timedelta(days=number)


JUNE = date(2024, 6, 1)


@pytest.mark.parametrize(
    ("day_format", "texts"),
    [
        ("%m/%d/%Y", ["06/01/2024", "6/1/2024", " 06/01/2024 ", "6/01/2024"]),
        ("%m-%d-%y", ["06-01-24", "6-1-24"]),
        ("%d.%m.%Y", ["01.06.2024", "1.6.2024"]),
        ("%m%d%y", ["060124"]),
        ("%y%m%d", ["240601"]),
        ("%Y%m%d", ["20240601"]),
        ("%Y%j", ["2024153"]),
        ("%Y-%j", ["2024-153"]),
        ("%Y %m %d", ["2024 06 01", "2024   6\t1"]),
        ("%d%b%Y", ["01Jun2024", "1JUN2024", "01june2024"]),
        ("%d-%h-%y", ["01-Jun-24"]),
        ("%B %d, %Y", ["June 01, 2024", "Jun 1, 2024", "JUNE 1, 2024"]),
        ("%b %e %Y", ["Jun  1 2024", "Jun 1 2024", "Jun 01 2024"]),
        ("%e/%m/%Y", [" 1/06/2024", "1/6/2024", "01/06/2024"]),
        ("%a %b %d %Y", ["Sat Jun 01 2024", "saturday june 1 2024"]),
        ("%A, %d %B %Y", ["Saturday, 01 June 2024"]),
        ("%G-W%V-%u", ["2024-W22-6"]),
        ("%GW%V%u", ["2024W226"]),
        ("%G-%V-%a", ["2024-22-Sat"]),
        ("%Y-%m-%d %w", ["2024-06-01 6"]),
        ("%F", ["2024-06-01"]),
        ("%D", ["06/01/24"]),
        ("%F %T", ["2024-06-01 23:59:59", "2024-06-01 23:59:60"]),
        ("%FT%R", ["2024-06-01T23:59"]),
        ("%Y%m%d%H%M%S", ["20240601235959"]),
        ("%Y%m%d%H%M%S%f", ["20240601235959123", "20240601235959123456789"]),
        ("%m/%d/%Y %I:%M %p", ["06/01/2024 12:00 AM", "6/1/2024 1:05 pm"]),
        ("%Y-%m-%dT%H:%M:%S.%f%z", ["2024-06-01T23:59:59.5-0700", "2024-06-01T00:00:00.123456789Z"]),
        ("%Y-%m-%d %H:%M:%S %z", ["2024-06-01 23:50:26 -0400", "2024-06-01 00:10:26 +14:00", "2024-06-01 1:2:3 +05"]),
        ("%Y-%m-%d%z", ["2024-06-01-04:00", "2024-06-01Z"]),
        ("day %d of %m%%, %Y \u5e74", ["day 1 of 6%, 2024 \u5e74"]),
        ("%s", ["1717200000", "1717286399"]),
        ("%s.%f", ["1717286399.999"]),
    ],
)
def test_read(day_format: str, texts: list[str]) -> None:
    """Each of these says the first of June, in full width or, before a separator, without leading zeros."""
    assert [day(day_format, text) for text in texts] == [JUNE] * len(texts)


@pytest.mark.parametrize(
    ("day_format", "text"),
    [
        ("%m/%d/%Y", "02/30/2024"),
        ("%m/%d/%Y", "02/29/2023"),
        ("%m/%d/%Y", "02/29/1900"),
        ("%m/%d/%Y", "06/31/2024"),
        ("%m/%d/%Y", "13/01/2024"),
        ("%m/%d/%Y", "00/01/2024"),
        ("%m/%d/%Y", "06/00/2024"),
        ("%m/%d/%Y", "06/01/24"),
        ("%m/%d/%Y", "06/01/202"),
        ("%m/%d/%Y", "06/01/20240"),
        ("%m/%d/%Y", "06/01/0000"),
        ("%m/%d/%Y", "006/01/2024"),
        ("%m/%d/%Y", "06/01/2024x"),
        ("%m/%d/%Y", "06/01/2024 00:00"),
        ("%m/%d/%Y", "06-01-2024"),
        ("%m/%d/%Y", "+6/01/2024"),
        ("%m/%d/%Y", "06/ 1/2024"),
        ("%m/%d/%Y", "\u0660\u0666/01/2024"),
        ("%m/%d/%Y", "06/01/2024\0"),
        ("%m/%d/%Y", ""),
        ("%m/%d/%Y", "  "),
        ("%m/%d/%y", "06/01/2"),
        ("%m/%d/%y", "06/01/2024"),
        ("%m%d%y", "60124"),
        ("%m%d%y", "0060124"),
        ("%Y%m%d", "2024601"),
        ("%Y%m%d", "2024-06-01"),
        ("%Y%j", "202453"),
        ("%Y%j", "2023366"),
        ("%Y-%j", "2024-000"),
        ("%Y-%j", "2024-367"),
        ("%Y %m %d", "20240601"),
        ("%d%b%Y", "01Jux2024"),
        ("%d %B %Y", "01 Junes 2024"),
        ("%d %B %Y", "01 Ju 2024"),
        ("%a %d %b %Y", "Sun 01 Jun 2024"),
        ("%Y-%m-%d %u", "2024-06-01 5"),
        ("%G-W%V-%u", "2023-W53-1"),
        ("%G-W%V-%u", "2024-W00-1"),
        ("%G-W%V-%u", "2024-W22-0"),
        ("%G-W%V-%u", "9999-W52-7"),
        ("%Y-%m-%d %H", "2024-06-01 24"),
        ("%Y-%m-%d %H:%M", "2024-06-01 12:60"),
        ("%Y-%m-%d %I %p", "2024-06-01 0 AM"),
        ("%Y-%m-%d %I %p", "2024-06-01 13 PM"),
        ("%Y-%m-%d %I %p", "2024-06-01 11 XM"),
        ("%Y-%m-%d %H %z", "2024-06-01 11 +2400"),
        ("%Y-%m-%d %H %z", "2024-06-01 11 +0560"),
        ("%Y-%m-%d %H %z", "2024-06-01 11 0500"),
        ("%Y-%m-%d %H %z", "2024-06-01 11 +5"),
        ("%Y-%m-%d %H %z", "2024-06-01 11 PDT"),
        ("%s", "1717200000000"),
        ("%s", "99999999999999999999"),
        ("%s", "1.7e9"),
        ("%s", "-"),
        ("%s", "--5"),
    ],
)
def test_no_day(day_format: str, text: str) -> None:
    """What does not exist, or is not written so, is no day, and never another day."""
    assert day(day_format, text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2024-W01-1", date(2024, 1, 1)), ("2020-W53-7", date(2021, 1, 3)), ("2021-W01-1", date(2021, 1, 4)),
     ("2015-W53-4", date(2015, 12, 31)), ("2016-W53-5", None), ("0001-W01-1", date(1, 1, 1))],
)  # fmt: skip
def test_iso_weeks(text: str, expected: date | None) -> None:
    """Weeks are those of ISO 8601, whose year may begin before or after January 1st."""
    assert day("%G-W%V-%u", text) == expected


@pytest.mark.parametrize(("text", "year"), [("68", 2068), ("69", 1969), ("99", 1999), ("00", 2000)])
def test_two_digits_of_a_year(text: str, year: int) -> None:
    """Two digits are of 1969 to 2068, as POSIX has it."""
    assert day("%m/%d/%y", f"06/01/{text}") == date(year, 6, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", date(1970, 1, 1)), ("-1", date(1969, 12, 31)), ("-0.5", date(1969, 12, 31)), ("-0.000", date(1970, 1, 1)),
     ("-86400.0", date(1969, 12, 31)), ("-86400.1", date(1969, 12, 30)), ("253402300799", date(9999, 12, 31)),
     ("253402300800", None), ("-62135596800", date(1, 1, 1)), ("-62135596801", None)],
)  # fmt: skip
def test_seconds(text: str, expected: date | None) -> None:
    """Seconds since 1970 are floored to their day in UTC, within the years 1 to 9999."""
    assert day("%s.%f" if "." in text else "%s", text) == expected


@pytest.mark.parametrize(
    ("day_format", "text", "zone", "expected"),
    [
        ("%s", "1717214399", "America/New_York", date(2024, 5, 31)),
        ("%s", "1717214400", "America/New_York", JUNE),
        ("%s", "1717199999", "+00:01", JUNE),
        ("%Y-%m-%d %H:%M %z", "2024-06-01 23:50 -0400", "UTC", date(2024, 6, 2)),
        ("%Y-%m-%d %H:%M %z", "2024-06-01 23:50 -0400", "America/New_York", JUNE),
        ("%Y-%m-%d %H:%M %z", "2024-06-01 00:10 +09:00", "UTC", date(2024, 5, 31)),
        ("%Y-%m-%d %H:%M %z", "2024-06-01 00:10 +09:00", None, JUNE),
        ("%m/%d/%Y %I:%M %p %z", "06/01/2024 12:30 AM +01", "UTC", date(2024, 5, 31)),
        ("%m/%d/%Y %I:%M %p %z", "06/01/2024 12:30 PM +01", "UTC", JUNE),
        ("%m/%d/%Y %I %p %z", "06/01/2024 11 PM -02", "UTC", date(2024, 6, 2)),
        ("%Y-%m-%d %H:%M:%S%z", "2024-06-01 23:59:60Z", "UTC", JUNE),
        ("%Y-%m-%d %H:%M:%S%z", "2050-07-01 03:59:59Z", "America/New_York", date(2050, 6, 30)),
        ("%Y-%m-%d %H:%M:%S%z", "0001-01-01 00:00:00+01", "UTC", None),
        ("%Y-%m-%d %H:%M", "2024-06-01 23:50", "Asia/Tokyo", JUNE),
        ("%m/%d/%Y", "06/01/2024", "Asia/Tokyo", JUNE),
    ],
)
def test_instants(day_format: str, text: str, zone: str | None, expected: date | None) -> None:
    """An offset or seconds make an instant, which follows `timezone`, else its own offset; other days are local."""
    assert day(day_format, text, zone) == expected


FORMATS = [
    "%m/%d/%Y",
    "%Y%m%d",
    "%d.%m.%Y",
    "%Y%j",
    "%G-W%V-%u",
    "%B %d, %Y",
    "%d%b%Y",
    "%a %Y-%m-%d",
    "%Y-%m-%d %H:%M",
]


@given(st.dates(date(1000, 1, 1)), st.sampled_from(FORMATS))
def test_any_day(any_day: date, day_format: str) -> None:
    """What Python writes by a pattern is read as the day that it was."""
    text = any_day.strftime(day_format)
    assert day(day_format, text) == any_day
    assert day(day_format, f"{text}0") is None or day_format.endswith(":%M")


@given(st.text("0123456789/", max_size=11))
def test_any_text(text: str) -> None:
    """Text of digits and slashes is a day exactly where Python's strict reading of it is."""
    parts = text.split("/")
    expected = None
    if len(parts) == 3 and [len(part) for part in parts] in ([2, 2, 4], [1, 1, 4], [1, 2, 4], [2, 1, 4]):
        try:
            expected = datetime.strptime(text, "%m/%d/%Y").date()
        except ValueError:
            expected = None
    assert day("%m/%d/%Y", text) == expected


@pytest.mark.parametrize(
    ("day_format", "mend"),
    [
        ("%H:%M", "year and the month and the day"),
        ("%m/%d", "the year"),
        ("%m/%Y", "the day"),
        ("%Y", "the month and the day"),
        ("%G-W%V", "weekday"),
        ("%u", "ISO year"),
        ("%Y-W%V-%u", "%G"),
        ("%G-%m-%d", "two ways"),
        ("%Y%m%d %j", "two ways"),
        ("%Y-%m-%d %d", "day twice"),
        ("%Y/%y/%m/%d", "year twice"),
        ("%m %b %d %Y", "month twice"),
        ("%Y-%m-%d %a %u", "weekday twice"),
        ("%s %Y", "%s"),
        ("%s %z", "%s"),
        ("%Y-%m-%d %I:%M", "%p"),
        ("%Y-%m-%d %H:%M %p", "%I"),
        ("%Y-%m-%d %H:%M:%S %Z", "%z"),
        ("%C%y%m%d", "%Y"),
        ("%Y-%U-%u", "%G-W%V-%u"),
        ("%Y-%W-%w", "%G-W%V-%u"),
        ("%g-W%V-%u", "%G"),
        ("%c", "%Y"),
        ("%x", "%m/%d/%Y"),
        ("%-m/%-d/%Y", "leave the -"),
        ("%Od %m %Y", "leave the O"),
        ("%Y-%m-%d %H:%M:%S%.f", ".%f"),
        ("%Y-%m-%d %q", "%d"),
        ("%Y-%m-%d %", "%d"),
        ("%f%Y%m%d", "separator"),
        ("%H%z%Y%m%d", "separator"),
        ("MM/DD/YYYY", "'%m/%d/%Y'"),
        ("dd-MMM-yy", "'%d-%b-%y'"),
        ("yyyymmdd", "'%Y%m%d'"),
        ("abc", "%m/%d/%Y"),
        ("", "%m/%d/%Y"),
        ("%%m/%%d", "directive"),
        ("%Y%m%d" + "x" * 70, "64"),
        (5, "%m/%d/%Y"),
    ],
)
def test_refused(day_format: Any, mend: str) -> None:
    """A pattern that does not tell one day, or cannot be honoured, is refused when it is given, with the mend."""
    with pytest.raises(dm.errors.InputError) as caught:
        dm.Scorer(**ROLES, day_format=day_format)
    assert "day_format=" in str(caught.value)
    assert mend in str(caught.value)


def test_offset_without_an_hour_and_a_zone() -> None:
    """A date with an offset is no instant, so that no zone can shift it."""
    with pytest.raises(dm.errors.InputError, match="hour"):
        dm.Scorer(**ROLES, day_format="%Y-%m-%d%z", timezone="UTC")
