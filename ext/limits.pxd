# Which limit holds for a row, by its day and origin, and whether its value is in the limit's currency.
from libc.string cimport memset
from native cimport dm_load16, i32, i64, u16, u8
from column cimport Column, text_of_row, trim
from fold cimport lower
from decimal cimport BAD_UNITS
from meaning cimport CODE_BYTES, Chunk, Meaning


cdef inline int code_class(const Meaning* meaning, const u8* text, i64 length) noexcept nogil:
    """The class of an origin code: 0 for a code that no step of the rule names, 1 for what is no code at all (blanks,
    a country's name, letters that ISO 3166 does not assign), of which the strictest limit holds."""
    cdef int j, pair
    cdef i64 i
    length = trim(&text, length)
    if length == 0:
        return 1
    for j in range(meaning.n_origins):
        if meaning.origins[j].length == length:
            i = 0
            while i < length and (lower(text[i]) == meaning.origins[j].text[i]):
                i += 1
            if i == length:
                return meaning.origins[j].origin_class
    if length > CODE_BYTES or not (meaning.code_lengths >> length) & 1:
        return 1
    for i in range(length):
        if not 97 <= lower(text[i]) <= 122:
            return 1
    if length != 2:
        return 0
    pair = 26 * (lower(text[0]) - 97) + lower(text[1]) - 97
    return not (meaning.assigned[pair >> 6] >> (pair & 63)) & 1


cdef inline i64 place_of(const Meaning* meaning, i32 day) noexcept nogil:
    """The schedule's column for a day; days before and after it take its first and last."""
    cdef i64 place = <i64>day - meaning.day_first
    place = 0 if place < 0 else place
    return meaning.n_days - 1 if place >= meaning.n_days else place


cdef inline u8 pair_class(const Meaning* meaning, Chunk* x, const u8* text) noexcept nogil:
    """`code_class` of two bytes, looked up once for each pair of letters."""
    cdef u16 code = dm_load16(text)
    cdef int slot = (code & 31) | ((code >> 8) & 31) << 5      # case aside, no two pairs of letters share one
    if x.seen_code[slot] != code or code == 0:
        x.seen_code[slot] = code
        x.seen_class[slot] = <u8>code_class(meaning, text, 2)
    return x.seen_class[slot]


cdef inline void read_origins(const Meaning* meaning, const Column* c, Chunk* x, i64 row, int n) noexcept nogil:
    """The class of each row's origin, into `other`."""
    cdef int i
    cdef i64 length = 0
    cdef const u8* text = NULL
    for i in range(n):
        if not text_of_row(c, row + i, &text, &length):
            x.other[i] = 1
        elif length == 2:
            x.other[i] = pair_class(meaning, x, text)
        else:
            x.other[i] = <u8>code_class(meaning, text, length)
    for i in range(n):
        x.uncoded += x.other[i] == 1


cdef inline void read_limits(const Meaning* meaning, const Column* columns, Chunk* x, i64 row, int n) noexcept nogil:
    """The index of the limit in force for each row's day and origin, NONE_IN_FORCE where there is none.

    Where the schedule is the same on all days of the chunk, and for all origins, no row is looked at by itself.
    """
    cdef int i, origin_class
    cdef i32 first = x.day[0], last = x.day[0]
    cdef i64 place, end
    cdef u8 by_class[256]
    cdef u8 differ = 0
    x.uncoded = 0
    for i in range(n):
        first = x.day[i] if x.day[i] < first else first
        last = x.day[i] if x.day[i] > last else last
    place, end = place_of(meaning, first), place_of(meaning, last)
    if meaning.steady[place] >= end:
        memset(by_class, 0, sizeof(by_class))
        for origin_class in range(meaning.n_classes):
            by_class[origin_class] = meaning.schedule[origin_class * meaning.n_days + place]
            differ |= by_class[origin_class] ^ by_class[0]
        if not differ:
            memset(x.limit_index, by_class[0], n)
            return
        read_origins(meaning, &columns[meaning.origin], x, row, n)
        for i in range(n):
            x.limit_index[i] = by_class[x.other[i]]
        return
    memset(x.other, 0, n)
    if meaning.origin >= 0:
        read_origins(meaning, &columns[meaning.origin], x, row, n)
    for i in range(n):
        x.limit_index[i] = meaning.schedule[x.other[i] * meaning.n_days + place_of(meaning, x.day[i])]


cdef inline void check_currency(const Meaning* meaning, const Column* columns, Chunk* x, i64 row, int n) noexcept nogil:
    """A value in another currency, or in none that is known, is a bad value."""
    cdef int i
    cdef i64 j, length = 0
    cdef const u8* text = NULL
    for i in range(n):
        if not text_of_row(&columns[meaning.currency], row + i, &text, &length):
            x.units[i] = BAD_UNITS
            continue
        length = trim(&text, length)
        if length != meaning.wanted_currency.length:
            x.units[i] = BAD_UNITS
            continue
        for j in range(length):
            if lower(text[j]) != meaning.wanted_currency.text[j]:
                x.units[i] = BAD_UNITS
