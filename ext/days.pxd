# The calendar: dates and ISO text to days since 1970-01-01, and the window (month, quarter, year) that a day lies in.
from libc.string cimport memcmp, memcpy, memset
from native cimport i32, i64, u8
from column cimport trim

cdef enum:
    DAY = 0
    MONTH = 1
    QUARTER = 2
    YEAR = 3

cdef enum:
    NO_DAY = -2147483648   # no int32 day of any calendar date that a manifest can hold


cdef inline i32 days_from_civil(i32 year, i32 month, i32 day) noexcept nogil:
    """Days since 1970-01-01 in the proleptic Gregorian calendar, from year 1 on (H. Hinnant, "chrono-Compatible
    Low-Level Date Algorithms", days_from_civil)."""
    cdef i32 y = year - (month <= 2)
    cdef i32 era = y // 400
    cdef i32 of_era = y - era * 400
    cdef i32 of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


cdef inline bint is_leap(int year) noexcept nogil:
    return (year % 4 == 0 and year % 100 != 0) or year % 400 == 0


cdef inline i32 valid_day(int year, int month, int day) noexcept nogil:
    """The day of a date, NO_DAY where the calendar has none."""
    cdef int last
    if year < 1 or not 1 <= month <= 12 or day < 1:
        return NO_DAY
    last = 30 + ((month + (month >> 3)) & 1)
    if month == 2:
        last = 28 + is_leap(year)
    return days_from_civil(year, month, day) if day <= last else <i32>NO_DAY


cdef inline i32 window_of(i32 day, int window) noexcept nogil:
    """The number of the month, quarter or year that a day lies in (Hinnant's civil_from_days)."""
    cdef i64 z, era, of_era, year_of_era, of_year, shifted, year, month
    if window == DAY:
        return day
    z = <i64>day + 719468
    era = (z if z >= 0 else z - 146096) // 146097
    of_era = z - era * 146097
    year_of_era = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + (3 if shifted < 10 else -9)
    year = year_of_era + era * 400 + (month <= 2)
    if window == YEAR:
        return <i32>year
    if window == QUARTER:
        return <i32>(year * 4 + (month - 1) // 3)
    return <i32>(year * 12 + month - 1)


cdef inline i32 window_start(i32 number, int window) noexcept nogil:
    """The first day of a window, by the number that `window_of` gives.

    NO_DAY where a window begins before the days that 32 bits hold."""
    cdef i64 months = number
    cdef i64 year, era, day
    if window == DAY:
        return number
    months *= 12 if window == YEAR else 3 if window == QUARTER else 1
    year = months // 12 - (months % 12 < 0)
    months -= 12 * year
    year -= months < 2           # of a year that begins in March
    era = (year if year >= 0 else year - 399) // 400
    day = era * 146097 + (year - era * 400) * 365 + (year - era * 400) // 4 - (year - era * 400) // 100
    day += (153 * (months + (-2 if months > 1 else 10)) + 2) // 5 - 719468
    return <i32>day if -2147483648 < day <= 2147483647 else <i32>NO_DAY


cdef inline int digits(const u8* text, int n) noexcept nogil:
    """The number that n ASCII digits say, -1 where one is no digit."""
    cdef int i, value = 0
    for i in range(n):
        if not 48 <= text[i] <= 57:
            return -1
        value = 10 * value + text[i] - 48
    return value


cdef inline bint is_time(const u8* text, i64 length) noexcept nogil:
    """Is this "HH:MM[:SS[.f...]]" with an optional zone "Z", "+HH", "+HHMM" or "+HH:MM"?"""
    cdef i64 i = 5
    cdef int zone_hours
    if length < 5 or text[2] != 58 or not 0 <= digits(text, 2) <= 23 or not 0 <= digits(text + 3, 2) <= 59:
        return False
    if i + 3 <= length and text[i] == 58:
        if not 0 <= digits(text + i + 1, 2) <= 60:
            return False
        i += 3
        if i < length and text[i] == 46:
            i += 1
            if i == length or not 48 <= text[i] <= 57:
                return False
            while i < length and 48 <= text[i] <= 57:
                i += 1
    if i == length:
        return True
    if text[i] == 90 and i + 1 == length:
        return True
    if text[i] != 43 and text[i] != 45:
        return False
    zone_hours = digits(text + i + 1, 2) if i + 3 <= length else -1
    if not 0 <= zone_hours <= 23:
        return False
    i += 3
    if i == length:
        return True
    if text[i] == 58:
        i += 1
    return i + 2 == length and 0 <= digits(text + i, 2) <= 59


cdef inline i32 parse_day(const u8* text, i64 length) noexcept nogil:
    """The day of "YYYY-MM-DD", alone or followed by "T" or a blank and a time; NO_DAY for anything else (ISO 8601)."""
    cdef i32 day
    length = trim(&text, length)
    if length < 10 or text[4] != 45 or text[7] != 45:
        return NO_DAY
    day = valid_day(digits(text, 4), digits(text + 5, 2), digits(text + 8, 2))
    if length > 10 and not ((text[10] == 84 or text[10] == 32) and is_time(text + 11, length - 11)):
        return NO_DAY
    return day


cdef inline i32 floor_day(i64 ticks, i64 per_day) noexcept nogil:
    cdef i64 day = ticks // per_day - (ticks % per_day < 0)
    if day <= -2147483648 or day > 2147483647:
        return NO_DAY
    return <i32>day
