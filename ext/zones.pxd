# Whose calendar day an instant falls on: exact for every second that an int64 holds.
from native cimport i32, i64
from forms cimport Zone
from days cimport NO_DAY

cdef enum:
    DAY_SECONDS = 86400
    CYCLE_DAYS = 146097      # 400 years of the calendar, which are whole weeks


cdef inline i64 floor_of(i64 a, i64 b) noexcept nogil:
    """a / b rounded down, of b above 0."""
    return a // b - (a % b < 0)


cdef inline i64 place_in_zone(const Zone* z, i64 seconds) noexcept nogil:
    """The last of the zone's starts that is not after an instant."""
    cdef i64 low = 0, high = z.n, mid
    cdef i64 cycle = <i64>CYCLE_DAYS * DAY_SECONDS
    if seconds >= z.cycle_from:
        seconds -= ((seconds - z.cycle_from) // cycle + 1) * cycle
    while high - low > 1:
        mid = low + (high - low) // 2
        if z.starts[mid] <= seconds:
            low = mid
        else:
            high = mid
    return low


cdef inline i32 day_in_zone(i64 seconds, i64 offset) noexcept nogil:
    """The day of an instant where the clock is ahead of UTC by `offset` seconds, less than some days; NO_DAY beyond
    32 bits of days."""
    cdef i64 day = seconds // DAY_SECONDS + floor_of(seconds % DAY_SECONDS + offset, DAY_SECONDS)
    if day <= -2147483648 or day > 2147483647:
        return NO_DAY
    return <i32>day


cdef inline i32 day_of_instant(const Zone* z, i64 seconds) noexcept nogil:
    return day_in_zone(seconds, z.offsets[place_in_zone(z, seconds)])
