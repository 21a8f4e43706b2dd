# A text to a day by a pattern, step by step. What the pattern does not say exactly is no day: nothing is guessed.
from libc.string cimport memset
from native cimport i32, i64, u64, u8
from column cimport is_blank, trim
from forms cimport (
    DayForm, DayStep, N_FIELDS, STEP_BLANKS, STEP_DAY, STEP_DAY_OF_YEAR, STEP_EPOCH, STEP_FRACTION, STEP_HALF,
    STEP_HOUR, STEP_HOUR12, STEP_LITERAL, STEP_MINUTE, STEP_MONTH, STEP_MONTH_NAME, STEP_OFFSET, STEP_SECOND,
    STEP_SHORT_YEAR, STEP_WEEK, STEP_WEEKDAY, STEP_WEEKDAY_NAME, STEP_WEEK_YEAR, STEP_YEAR,
)
from days cimport NO_DAY, days_from_civil, digits, is_leap, parse_day, valid_day
from zones cimport DAY_SECONDS, day_in_zone, day_of_instant

cdef enum:
    FIRST_DAY = -719162      # 0001-01-01
    FINAL_DAY = 2932896      # 9999-12-31
    ABSENT = -1


cdef inline int name_at(const u8* text, i64 length, const char* names, int n, int* read) noexcept nogil:
    """Which of n names, each ended by a blank, the text begins with, in full or by its first three letters, whatever
    the case. From 1 on; 0 for none."""
    cdef int i, j = 0, same
    cdef const u8* name = <const u8*>names
    for i in range(n):
        same = 0
        j = 0
        while name[j] != 32:
            if same == j and j < length and (text[j] | 32) == name[j]:
                same += 1
            j += 1
        if same >= 3:
            read[0] = j if same == j else 3
            return i + 1
        name += j + 1
    return 0


cdef inline i64 offset_at(const u8* text, i64 length, i64* field) noexcept nogil:
    """The bytes of "Z", "+HH", "+HHMM" or "+HH:MM" that a text begins with, and the seconds they say; 0 for none."""
    cdef i64 read
    cdef int hours, minutes = 0
    if length > 0 and text[0] == 90:
        field[0] = 0
        return 1
    if length < 3 or (text[0] != 43 and text[0] != 45):
        return 0
    hours = digits(text + 1, 2)
    read = 3
    if length >= 6 and text[3] == 58:
        minutes = digits(text + 4, 2)
        read = 6
    elif length >= 5 and 48 <= text[3] <= 57:
        minutes = digits(text + 3, 2)
        read = 5
    if not 0 <= hours <= 23 or not 0 <= minutes <= 59:
        return 0
    field[0] = (3600 * hours + 60 * minutes) * (-1 if text[0] == 45 else 1)
    return read


cdef inline i64 epoch_at(const u8* text, i64 length, i64* field) noexcept nogil:
    """The bytes of a whole number of up to 18 digits that a text begins with; of a number below 0, whatever follows the
    point lies in the second before. 0 for none."""
    cdef i64 i = 0, first, value = 0
    cdef bint negative = length > 0 and text[0] == 45
    i = first = negative
    while i < length and 48 <= text[i] <= 57:
        if i - first == 18:
            return 0
        value = 10 * value + text[i] - 48
        i += 1
    if i == first:
        return 0
    if negative:
        value = -value
        first = i + 1
        while first < length and text[first] == 48:
            first += 1
        value -= first < length and i < length and text[i] == 46
    field[0] = value
    return i


cdef inline bint read_steps(const DayForm* form, const u8* text, i64 length, i64* field) noexcept nogil:
    """Read a text by all steps to its end; False where it is not written so."""
    cdef const DayStep* step
    cdef i64 i = 0, value, read
    cdef int s, count, name_length = 0
    for s in range(form.n_steps):
        step = &form.steps[s]
        count = 0
        if step.kind == STEP_LITERAL:
            if i >= length or text[i] != step.byte:
                return False
            i += 1
        elif step.kind == STEP_BLANKS:
            while i < length and is_blank(text[i]):
                i += 1
                count = 1
            if count < step.least:
                return False
        elif step.kind == STEP_MONTH_NAME or step.kind == STEP_WEEKDAY_NAME:
            if step.kind == STEP_MONTH_NAME:
                value = name_at(text + i, length - i, b"january february march april may june july august september "
                                b"october november december ", 12, &name_length)
                field[<int>STEP_MONTH] = value
            else:
                value = name_at(text + i, length - i, b"monday tuesday wednesday thursday friday saturday sunday ", 7,
                                &name_length)
                field[<int>STEP_WEEKDAY] = value
            if value == 0:
                return False
            i += name_length
        elif step.kind == STEP_HALF:
            if length - i < 2 or (text[i + 1] | 32) != 109 or ((text[i] | 32) != 97 and (text[i] | 32) != 112):
                return False
            field[<int>STEP_HALF] = (text[i] | 32) == 112
            i += 2
        elif step.kind == STEP_OFFSET or step.kind == STEP_EPOCH:
            if step.kind == STEP_OFFSET:
                read = offset_at(text + i, length - i, &field[<int>STEP_OFFSET])
            else:
                read = epoch_at(text + i, length - i, &field[<int>STEP_EPOCH])
            if read == 0:
                return False
            i += read
        else:
            value = 0
            while i < length and count < step.most and 48 <= text[i] <= 57:
                value = 10 * value + text[i] - 48
                count += 1
                i += 1
            if count < step.least:
                return False
            if step.kind != STEP_FRACTION:
                if not step.low <= value <= step.high:
                    return False
                field[step.kind] = value
    return i == length


cdef inline i64 day_of_date(const i64* field) noexcept nogil:
    """The calendar day of the fields, by week, day of the year, or month and day; NO_DAY where there is no such day."""
    cdef i64 year = field[<int>STEP_YEAR], day, monday
    if field[<int>STEP_WEEK_YEAR] >= 0:
        year = field[<int>STEP_WEEK_YEAR]
        monday = first_monday(year)
        day = monday + 7 * (field[<int>STEP_WEEK] - 1)
        if day >= first_monday(year + 1):
            return NO_DAY                # a week 53 that this year has not
        return day + (field[<int>STEP_WEEKDAY] + 6) % 7
    if field[<int>STEP_SHORT_YEAR] >= 0:
        year = field[<int>STEP_SHORT_YEAR] + (1900 if field[<int>STEP_SHORT_YEAR] >= 69 else 2000)
    if field[<int>STEP_DAY_OF_YEAR] >= 0:
        if field[<int>STEP_DAY_OF_YEAR] > 365 + is_leap(<int>year):
            return NO_DAY
        return days_from_civil(<i32>year, 1, 1) + field[<int>STEP_DAY_OF_YEAR] - 1
    return valid_day(<int>year, <int>field[<int>STEP_MONTH], <int>field[<int>STEP_DAY])


cdef inline i64 weekday_of(i64 day) noexcept nogil:
    """0 on Mondays, 6 on Sundays, from the year 1 on, whose first day is a Monday."""
    return (day - FIRST_DAY) % 7


cdef inline i64 first_monday(i64 year) noexcept nogil:
    """The Monday of the week that holds January 4th, the first of ISO 8601."""
    cdef i64 fourth = days_from_civil(<i32>year, 1, 4)
    return fourth - weekday_of(fourth)


cdef inline i32 day_by_pattern(const DayForm* form, const u8* text, i64 length) noexcept nogil:
    """The day that a text says, written by the steps of the form; NO_DAY for any other text."""
    cdef i64 field[N_FIELDS]
    cdef i64 day, hour, second
    memset(field, 0xff, sizeof(field))             # ABSENT
    field[<int>STEP_OFFSET] = 0
    length = trim(&text, length)
    if length == 0 or not read_steps(form, text, length, field):
        return NO_DAY
    if form.has_epoch:
        return day_of_epoch(form, field[<int>STEP_EPOCH])
    day = day_of_date(field)
    if day == NO_DAY:
        return NO_DAY
    if field[<int>STEP_WEEKDAY] >= 0 and (field[<int>STEP_WEEKDAY] + 6) % 7 != weekday_of(day):
        return NO_DAY
    if form.zone.n == 0 or not form.has_offset:
        return within_calendar(<i32>day)
    hour = field[<int>STEP_HOUR]
    if field[<int>STEP_HOUR12] >= 0:
        hour = field[<int>STEP_HOUR12] % 12 + 12 * field[<int>STEP_HALF]
    second = 3600 * hour + 60 * max(<i64>0, field[<int>STEP_MINUTE])
    second += min(<i64>59, max(<i64>0, field[<int>STEP_SECOND]))
    return within_calendar(day_of_instant(&form.zone, day * DAY_SECONDS + second - field[<int>STEP_OFFSET]))


cdef inline i32 within_calendar(i32 day) noexcept nogil:
    """A day of the years 1 to 9999: seconds that say another are milliseconds, most likely."""
    return day if FIRST_DAY <= day <= FINAL_DAY else <i32>NO_DAY


cdef inline i32 day_of_epoch(const DayForm* form, i64 seconds) noexcept nogil:
    """The day of seconds since 1970, in UTC where no zone is asked for."""
    return within_calendar(day_of_instant(&form.zone, seconds) if form.zone.n else day_in_zone(seconds, 0))


cdef inline i32 day_of_integer(const DayForm* form, u64 value, bint negative) noexcept nogil:
    """The day of an integer that is written by the form's steps, such as 20240601; leading zeros may be lost."""
    cdef u8 text[20]
    cdef int i = 20
    if form.has_epoch:
        if value > <u64>999999999999999999:
            return NO_DAY
        return day_of_epoch(form, -<i64>value if negative else <i64>value)
    if negative:
        return NO_DAY
    while value or i == 20:
        i -= 1
        text[i] = <u8>(48 + value % 10)
        value //= 10
    while form.pads and i > 0 and 20 - i < form.width:
        i -= 1
        text[i] = 48
    return day_by_pattern(form, text + i, 20 - i)


cdef inline i32 day_of_iso(const DayForm* form, const u8* text, i64 length) noexcept nogil:
    """`parse_day`, but that a text with an offset is an instant, whose day is that of the form's zone."""
    cdef i32 day = parse_day(text, length)
    cdef i64 second, offset = 0, at
    length = trim(&text, length)
    if day == NO_DAY or length <= 16:
        return day
    at = 16
    while at < length and text[at] != 90 and text[at] != 43 and text[at] != 45:
        at += 1
    if at == length:
        return day
    offset_at(text + at, length - at, &offset)
    second = 3600 * digits(text + 11, 2) + 60 * digits(text + 14, 2)
    if text[16] == 58:
        second += min(59, digits(text + 17, 2))
    return within_calendar(day_of_instant(&form.zone, <i64>day * DAY_SECONDS + second - offset))
