# One chunk of rows on its way from columns to records: identity, day, limit, units, status. The meaning of a row.
from native cimport *
from column cimport *
from keys cimport *
from days cimport *
from money cimport *
from records cimport *

cdef enum:            # a row's own standing, first of the order in which reasons are given; 3 bits
    PLAIN = 0
    NO_PERSON = 1
    NO_DAY_KNOWN = 2
    NOT_IN_FORCE = 3
    BAD_VALUE = 4
    IS_EXCLUDED = 5
    NO_RECORD = 6            # in a word: a bad value that left no record

cdef enum:
    UNPROVEN = 0
    IGNORE = 1
    STOP = 2

cdef enum:
    STATUS_SHIFT = 13        # a row's word: its partition below, its status above
    PARTITION_MASK = 0x1fff
    MAX_PARTITIONS = 8192
    NONE_IN_FORCE = 255
    MAX_LIMITS = 250
    MAX_ORIGINS = 256
    CODE_BYTES = 16          # of an origin or a currency


cdef struct Code:
    i64 length
    u8 text[CODE_BYTES]
    u8 origin_class


cdef struct Plan:            # what the rows of one manifest mean; the same for all workers
    int n_persons
    bint first_of            # the first person column that is present, rather than all together
    int persons[MAX_PARTS]   # places of the columns in the batch; -1: the role is not used
    int n_per
    int per[MAX_PARTS]
    bint exact               # the person is one fixed-width column
    int day
    int value
    int quantity
    int excluded
    int origin
    int currency
    int window
    int bad_values
    bint count_excluded
    bint wide                # 32-byte records: reasons and totals, or limits beyond a Record
    bint tally               # count reasons and add up values
    int n_limits
    i64 limits[MAX_LIMITS]
    i64 cap                  # one more than the largest limit
    int index_shift          # where a Record keeps its limit's index
    bint constant            # one limit for every row
    u8* schedule             # [origin class][day]: index into limits, or NONE_IN_FORCE
    i32 day_first
    i64 n_days
    int n_origins
    Code origins[MAX_ORIGINS]
    u64 code_lengths         # bit n is set where an origin code may have n letters
    Code wanted_currency
    bint marked              # some records are never eligible themselves
    u8 has_record[8]         # by status


cdef struct Tally:           # what a worker counts on the way; a 128-bit sum of all known values
    i64 status_rows[8]
    i32 day_first            # of the rows with a day; day_first > day_last: of none
    i32 day_last
    u64 known_low
    u64 known_high


cdef struct Chunk:           # one worker's working set, about 34 KiB
    u64 low[CHUNK]
    u64 high[CHUNK]
    i64 units[CHUNK]
    i32 day[CHUNK]           # from `to_windows` on, the number of the window that the day lies in
    u16 base[CHUNK]          # the first partition of the epoch that the row belongs to
    u8 missing[CHUNK]
    u8 status[CHUNK]
    u8 limit_index[CHUNK]
    u8 other[CHUNK]
    u64 parts[2 * MAX_PARTS]
    u64 part_low[CHUNK]
    u64 part_high[CHUNK]


cdef inline int read_first_of(const Plan* plan, Keys* k, const Column* columns, Chunk* x, i64 row, int n) noexcept nogil:
    """The person of each row is the first of its columns that is present."""
    cdef int i, j, code
    code = read_part(k, &columns[plan.persons[0]], row, n, x.low, x.high, x.missing)
    if code < 0:
        return code
    for j in range(1, plan.n_persons):
        for i in range(n):
            if x.missing[i]:
                code = read_part(k, &columns[plan.persons[j]], row + i, 1, &x.low[i], &x.high[i], &x.missing[i])
                if code < 0:
                    return code
    return 0


cdef inline int read_composite(const Plan* plan, Keys* k, const Column* columns, Chunk* x, i64 row, int n) noexcept nogil:
    """Fingerprint all parts of each row's identity together. A row is missing when every person part is.

    Each part is 128 bits: a fingerprint, or (integer, 1), or (0, 0) for a missing one; fingerprints of parts are keyed,
    so a text cannot be chosen to look like an integer.
    """
    cdef int i, j, code, m = 0
    cdef int n_parts = (1 if plan.first_of else plan.n_persons) + plan.n_per
    cdef XXH128_hash_t h
    cdef u64 joined[2 * MAX_PARTS]
    cdef u8 missing
    for i in range(n):
        m = 0
        missing = 1
        if plan.first_of:
            code = read_first_row(plan, k, columns, row + i, &joined[0], &joined[1], &missing)
            if code < 0:
                return code
            m = 1
        else:
            for j in range(plan.n_persons):
                code = read_one(k, &columns[plan.persons[j]], row + i, &joined[2 * m], &joined[2 * m + 1])
                if code < 0:
                    return code
                missing &= code == 0
                m += 1
        for j in range(plan.n_per):
            code = read_one(k, &columns[plan.per[j]], row + i, &joined[2 * m], &joined[2 * m + 1])
            if code < 0:
                return code
            m += 1
        h = XXH3_128bits_withSecret(joined, 16 * n_parts, k.secret, SECRET_BYTES)
        x.low[i] = h.low64
        x.high[i] = h.high64
        x.missing[i] = missing
    return 0


cdef inline int read_one(Keys* k, const Column* c, i64 row, u64* low, u64* high) noexcept nogil:
    """One part of one row: 1 present, 0 missing (both words 0), below 0 an error."""
    cdef u8 missing = 1
    cdef int code = read_part(k, c, row, 1, low, high, &missing)
    if code < 0:
        return code
    if missing:
        low[0] = high[0] = 0
    return not missing


cdef inline int read_first_row(const Plan* plan, Keys* k, const Column* columns, i64 row, u64* low, u64* high,
                               u8* missing) noexcept nogil:
    cdef int j, code
    for j in range(plan.n_persons):
        code = read_one(k, &columns[plan.persons[j]], row, low, high)
        if code < 0:
            return code
        if code:
            missing[0] = 0
            return 0
    return 0


cdef inline int code_class(const Plan* plan, const u8* text, i64 length) noexcept nogil:
    """The class of an origin code: 0 for a code that no step of the rule names, 1 for what is no code at all (blanks,
    a country's name, letters of another code set), of which the strictest limit holds."""
    cdef int j
    cdef i64 i
    length = trim(&text, length)
    if length == 0:
        return 1
    for j in range(plan.n_origins):
        if plan.origins[j].length == length:
            i = 0
            while i < length and (lower(text[i]) == plan.origins[j].text[i]):
                i += 1
            if i == length:
                return plan.origins[j].origin_class
    if length > CODE_BYTES or not (plan.code_lengths >> length) & 1:
        return 1
    for i in range(length):
        if not 97 <= lower(text[i]) <= 122:
            return 1
    return 0


cdef inline void read_limits(const Plan* plan, const Column* columns, Chunk* x, i64 row, int n) noexcept nogil:
    """The index of the limit in force for each row's day and origin, NONE_IN_FORCE where there is none."""
    cdef int i
    cdef i64 place, length = 0
    cdef const u8* text = NULL
    cdef u8 seen_class = 1
    cdef u16 code, seen = 0
    for i in range(n):
        x.other[i] = 0
    if plan.origin >= 0:
        for i in range(n):
            if not text_of_row(&columns[plan.origin], row + i, &text, &length):
                x.other[i] = 1
            elif length == 2:
                code = dm_load16(text)
                if code != seen:
                    seen = code
                    seen_class = <u8>code_class(plan, text, 2)
                x.other[i] = seen_class
            else:
                x.other[i] = <u8>code_class(plan, text, length)
    for i in range(n):
        place = <i64>x.day[i] - plan.day_first
        place = 0 if place < 0 else place
        place = plan.n_days - 1 if place >= plan.n_days else place
        x.limit_index[i] = plan.schedule[x.other[i] * plan.n_days + place]


cdef inline void check_currency(const Plan* plan, const Column* columns, Chunk* x, i64 row, int n) noexcept nogil:
    """A value in another currency, or in none that is known, is a bad value."""
    cdef int i
    cdef i64 j, length = 0
    cdef const u8* text = NULL
    for i in range(n):
        if not text_of_row(&columns[plan.currency], row + i, &text, &length):
            x.units[i] = BAD_UNITS
            continue
        length = trim(&text, length)
        if length != plan.wanted_currency.length:
            x.units[i] = BAD_UNITS
            continue
        for j in range(length):
            if lower(text[j]) != plan.wanted_currency.text[j]:
                x.units[i] = BAD_UNITS


cdef inline void read_status(const Plan* plan, const Column* columns, Chunk* x, i64 row, int n) noexcept nogil:
    """Each row's own standing. A null in the excluded column counts as excluded: what is not proven is not eligible."""
    cdef int i
    cdef const Column* c
    for i in range(n):
        x.status[i] = PLAIN
    if plan.excluded >= 0:
        c = &columns[plan.excluded]
        for i in range(n):
            if not is_present(c, row + i) or bit_at(c, row + i):
                x.status[i] = IS_EXCLUDED
        for i in range(n):
            x.other[i] = x.status[i]
    for i in range(n):
        x.status[i] = BAD_VALUE if x.units[i] < 0 else x.status[i]
    if not plan.constant:
        for i in range(n):
            x.status[i] = NOT_IN_FORCE if x.limit_index[i] == NONE_IN_FORCE else x.status[i]
    for i in range(n):
        x.status[i] = NO_DAY_KNOWN if x.day[i] == NO_DAY else x.status[i]
    for i in range(n):
        x.status[i] = NO_PERSON if x.missing[i] else x.status[i]


cdef inline int read_chunk(const Plan* plan, Keys* k, const Column* columns, Chunk* x, i64 row, int n) noexcept nogil:
    """Take n rows (at most CHUNK) from `row` on through every stage; 0, or what read_part returns below 0."""
    cdef int code
    if plan.n_per or (plan.n_persons > 1 and not plan.first_of):
        code = read_composite(plan, k, columns, x, row, n)
    elif plan.first_of:
        code = read_first_of(plan, k, columns, x, row, n)
    else:
        code = read_part(k, &columns[plan.persons[0]], row, n, x.low, x.high, x.missing)
    if code < 0:
        return code
    read_days(&columns[plan.day], row, n, x.day)
    if not plan.constant:
        read_limits(plan, columns, x, row, n)
    if plan.quantity >= 0:
        read_products(&columns[plan.value], &columns[plan.quantity], row, n, x.units)
    else:
        read_units(&columns[plan.value], row, n, x.units)
    if plan.currency >= 0:
        check_currency(plan, columns, x, row, n)
    read_status(plan, columns, x, row, n)
    return 0


cdef inline void to_windows(const Plan* plan, Chunk* x, int n) noexcept nogil:
    """Days as totals are kept by them; after this, nothing asks for the calendar day."""
    cdef int i
    if plan.window != DAY:
        for i in range(n):
            x.day[i] = window_of(x.day[i], plan.window)


cdef inline void tally_chunk(const Plan* plan, const Chunk* x, int n, Tally* t) noexcept nogil:
    cdef int i
    cdef u64 before
    for i in range(n):
        t.status_rows[x.status[i]] += 1
        if x.day[i] != NO_DAY:
            t.day_first = x.day[i] if x.day[i] < t.day_first else t.day_first
            t.day_last = x.day[i] if x.day[i] > t.day_last else t.day_last
        if x.units[i] >= 0:
            before = t.known_low
            t.known_low += <u64>x.units[i]
            t.known_high += t.known_low < before
