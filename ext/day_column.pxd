# From a day column to days since 1970-01-01: the one place where a cell becomes a day.
from libc.string cimport memcmp, memcpy, memset
from native cimport dm_load64, i32, i64, u64, u8
from column cimport Column, INSTANT, INT32, UINT64, integer_at, is_present, is_text, text_of_row
from forms cimport Zone
from days cimport NO_DAY, floor_day, parse_day
from day_text cimport day_by_pattern, day_of_integer, day_of_iso
from zones cimport DAY_SECONDS, day_in_zone, floor_of, place_in_zone

cdef enum:
    SEEN_BYTES = 40


cdef inline void read_instants(const Column* c, const Zone* z, i64 row, int n, i32* day) noexcept nogil:
    """Days of instants, by the clock of a zone."""
    cdef int i
    cdef i64 ticks, seconds, place
    cdef i64 a_second = c.param // DAY_SECONDS
    cdef i64 first = 0, last = -1     # the ticks of the day seen last, as long as the clock runs evenly
    cdef i32 known = NO_DAY
    for i in range(n):
        day[i] = NO_DAY
        if not is_present(c, row + i):
            continue
        ticks = <i64>dm_load64(c.values + 8 * (row + i + c.offset))
        if not first <= ticks <= last:
            seconds = floor_of(ticks, a_second)
            place = place_in_zone(z, seconds)
            known = day_in_zone(seconds, z.offsets[place])
            first, last = 0, -1
            if -100000 < known < 100000 and seconds < z.cycle_from:    # far inside the range of 64-bit nanoseconds
                first = <i64>known * DAY_SECONDS - z.offsets[place]
                last = first + DAY_SECONDS
                first = max(first, z.starts[place]) * a_second
                if place + 1 < z.n:
                    last = min(last, z.starts[place + 1])
                last = last * a_second - 1
        day[i] = known


cdef inline void read_texts_of_days(const Column* c, i64 row, int n, i32* day) noexcept nogil:
    """Days of text by a pattern, or of ISO text whose instants follow a zone."""
    cdef int i
    cdef i64 length = 0, seen_length = -1
    cdef const u8* text = NULL
    cdef u8 seen[SEEN_BYTES]          # the text seen last: neighbours mostly share it
    cdef i32 known = NO_DAY
    for i in range(n):
        if not text_of_row(c, row + i, &text, &length):
            day[i] = NO_DAY
            continue
        if length != seen_length or memcmp(text, seen, length) != 0:
            if c.day_form.n_steps:
                known = day_by_pattern(c.day_form, text, length)
            else:
                known = day_of_iso(c.day_form, text, length)
            seen_length = -1
            if length <= SEEN_BYTES:
                memcpy(seen, text, length)
                seen_length = length
        day[i] = known


cdef inline void read_days_by_form(const Column* c, i64 row, int n, i32* day) noexcept nogil:
    cdef int i
    cdef i64 value
    cdef bint is_negative
    if c.layout == INSTANT:
        read_instants(c, &c.day_form.zone, row, n, day)
    elif is_text(c):
        read_texts_of_days(c, row, n, day)
    else:
        for i in range(n):
            day[i] = NO_DAY
            if is_present(c, row + i):
                value = integer_at(c.layout, c.values, row + i + c.offset)
                is_negative = value < 0 and c.layout != UINT64
                day[i] = day_of_integer(c.day_form, 0 - <u64>value if is_negative else <u64>value, is_negative)


cdef inline void read_days(const Column* c, i64 row, int n, i32* day) noexcept nogil:
    """Days of n rows from `row` on; NO_DAY where there is none."""
    cdef int i
    cdef i64 ticks, length, whole, rest
    cdef double days_a_tick
    cdef i32 known = NO_DAY
    cdef const u8* text = NULL
    cdef u8 seen[10]
    if c.day_form != NULL:
        read_days_by_form(c, row, n, day)
        return
    if c.index_layout != 0 or is_text(c):
        memset(seen, 0, 10)
        for i in range(n):
            if not text_of_row(c, row + i, &text, &length):
                day[i] = NO_DAY
            elif length == 10 and memcmp(text, seen, 10) == 0:
                day[i] = known
            else:
                day[i] = parse_day(text, length)
                if length == 10:
                    memcpy(seen, text, 10)
                    known = day[i]
        return
    if c.layout == INT32:
        memcpy(day, c.values + 4 * (row + c.offset), 4 * n)
    else:
        # A float may miss the day by one, and what is left of the ticks then tells it: no neighbour has to be guessed.
        days_a_tick = 1.0 / <double>c.param
        for i in range(n):
            ticks = <i64>dm_load64(c.values + 8 * (row + i + c.offset))
            whole = <i64>(<double>ticks * days_a_tick)
            if -100000 < whole < 100000:        # far inside the range of 64-bit nanoseconds
                rest = ticks - whole * c.param
                day[i] = <i32>(whole + (rest >= c.param) - (rest < 0))
            else:
                day[i] = floor_day(ticks, c.param)
    if c.validity != NULL:
        for i in range(n):
            if not is_present(c, row + i):
                day[i] = NO_DAY
