# Which limit holds for a row, by the day of its gate and its scopes, and whether its value is in the limit's currency.
from libc.string cimport memset
from native cimport dm_load16, i32, i64, u16, u8
from column cimport Column, is_present, is_text, text_of_row, trim
from fold cimport lower
from days cimport NO_DAY
from day_column cimport read_days
from decimal cimport BAD_UNITS
from meaning cimport CODE_BYTES, KIND, SCOPES, Chunk, Meaning, Scope


cdef inline int code_class(const Meaning* meaning, const Scope* scope, const u8* text, i64 length) noexcept nogil:
    """The class of a code: of countries `other` for one that no step of the rule names, `unknown` for what is no code
    at all (blanks, a country's name, letters that ISO 3166 does not assign), of which the strictest limit holds."""
    cdef int j, pair
    cdef i64 i
    length = trim(&text, length)
    if length == 0:
        return scope.unknown
    for j in range(scope.n_codes):
        if scope.codes[j].length == length:
            i = 0
            while i < length and (lower(text[i]) == scope.codes[j].text[i]):
                i += 1
            if i == length:
                return scope.codes[j].code_class
    if not scope.countries or length > CODE_BYTES or not (scope.code_lengths >> length) & 1:
        return scope.unknown
    for i in range(length):
        if not 97 <= lower(text[i]) <= 122:
            return scope.unknown
    if length != 2:
        return scope.other
    pair = 26 * (lower(text[0]) - 97) + lower(text[1]) - 97
    return scope.other if (meaning.assigned[pair >> 6] >> (pair & 63)) & 1 else scope.unknown


cdef inline i64 place_of(const Meaning* meaning, i64 day) noexcept nogil:
    """The schedule's column for a day; days before and after it take its first and last."""
    cdef i64 place = day - meaning.day_first
    place = 0 if place < 0 else place
    return meaning.n_days - 1 if place >= meaning.n_days else place


cdef inline u8 pair_class(const Meaning* meaning, Chunk* x, int number, const u8* text) noexcept nogil:
    """`code_class` of two bytes, looked up once for each pair of letters."""
    cdef u16 code = dm_load16(text)
    cdef int slot = (code & 31) | ((code >> 8) & 31) << 5      # case aside, no two pairs of letters share one
    if x.seen_code[number][slot] != code or code == 0:
        x.seen_code[number][slot] = code
        x.seen_class[number][slot] = <u8>code_class(meaning, &meaning.scopes[number], text, 2)
    return x.seen_class[number][slot]


cdef inline void read_codes(const Meaning* meaning, int number, const Column* c, Chunk* x, i64 row,
                            int n) noexcept nogil:
    """Add the class of each row's code to `other`."""
    cdef const Scope* scope = &meaning.scopes[number]
    cdef int i
    cdef i64 length = 0
    cdef const u8* text = NULL
    for i in range(n):
        if not text_of_row(c, row + i, &text, &length):
            x.other[i] += <u8>(scope.unknown * scope.stride)
        elif length == 2 and number != KIND:
            x.other[i] += <u8>(pair_class(meaning, x, number, text) * scope.stride)
        else:
            x.other[i] += <u8>(code_class(meaning, scope, text, length) * scope.stride)


cdef inline bint decides(const Meaning* meaning, const Scope* scope, int row_class, i64 place) noexcept nogil:
    """Whether a row of a class that is unknown in this scope would have another limit if it were known."""
    cdef int j, base = row_class - scope.unknown * scope.stride
    cdef u8 own = meaning.schedule[row_class * meaning.n_days + place]
    for j in range(scope.classes):
        if meaning.schedule[(base + j * scope.stride) * meaning.n_days + place] != own:
            return True
    return False


cdef inline void count_unknown(const Meaning* meaning, Chunk* x, const i32* days, int n) noexcept nogil:
    """Count, by scope, the rows that are unknown in it, where that decides their limit."""
    cdef int i, number
    cdef u8 bits
    for i in range(n):
        bits = meaning.unknown_of[x.other[i]]
        if bits == 0 or days[i] == NO_DAY:
            continue
        for number in range(SCOPES):
            if bits >> number & 1:
                x.unknown[number] += decides(meaning, &meaning.scopes[number], x.other[i], place_of(meaning, days[i]))


cdef inline void count_near_gate(const Meaning* meaning, Chunk* x, const i32* days, int n) noexcept nogil:
    """Count the rows whose own day stands in for that of the gate, and whose limit is another a day before or after."""
    cdef int i
    cdef i64 own
    cdef u8 at
    for i in range(n):
        if days[i] == NO_DAY or (meaning.entered >= 0 and not x.stands_in[i]):
            continue
        own = x.other[i] * meaning.n_days
        at = meaning.schedule[own + place_of(meaning, days[i])]
        x.near_gate += (meaning.schedule[own + place_of(meaning, <i64>days[i] - 1)] != at
                        or meaning.schedule[own + place_of(meaning, <i64>days[i] + 1)] != at)


cdef inline void read_gate(const Meaning* meaning, const Column* c, Chunk* x, i64 row, int n) noexcept nogil:
    """The day that decides each row's step: that of its entry, or its own where none is told. An entry that cannot be
    read is NO_DAY, and the row has no day then."""
    cdef int i
    cdef i64 length = 0
    cdef const u8* text = NULL
    read_days(c, row, n, x.gate)
    for i in range(n):
        x.stands_in[i] = False
        if x.gate[i] != NO_DAY:
            continue
        if text_of_row(c, row + i, &text, &length) if is_text(c) else is_present(c, row + i):
            if not is_text(c) or trim(&text, length):
                x.day[i] = NO_DAY
                continue
        x.stands_in[i] = True
        x.gate[i] = x.day[i]


cdef inline void read_limits(const Meaning* meaning, const Column* columns, Chunk* x, i64 row, int n) noexcept nogil:
    """The index of the limit in force for each row's day and class, NONE_IN_FORCE where there is none.

    Where the schedule is the same on all days of the chunk, and for all classes, no row is looked at by itself.
    """
    cdef int i, number, row_class
    cdef const i32* days = &x.gate[0] if meaning.entered >= 0 else &x.day[0]
    cdef i32 first = days[0], last = days[0]
    cdef i64 place, end
    cdef u8 by_class[256]
    cdef u8 differ = 0
    cdef bint steady, calm
    for number in range(SCOPES):
        x.unknown[number] = 0
    x.near_gate = 0
    for i in range(n):
        first = days[i] if days[i] < first else first
        last = days[i] if days[i] > last else last
    place, end = place_of(meaning, first), place_of(meaning, last)
    steady = meaning.steady[place] >= end
    calm = not meaning.gated or meaning.steady[place_of(meaning, <i64>first - 1)] >= place_of(meaning, <i64>last + 1)
    if steady:
        memset(by_class, 0, sizeof(by_class))
        for row_class in range(meaning.n_classes):
            by_class[row_class] = meaning.schedule[row_class * meaning.n_days + place]
            differ |= by_class[row_class] ^ by_class[0]
        if not differ and calm:
            memset(x.limit_index, by_class[0], n)
            return
    memset(x.other, meaning.base_class, n)
    for number in range(SCOPES):
        if meaning.scopes[number].column >= 0:
            read_codes(meaning, number, &columns[meaning.scopes[number].column], x, row, n)
    if steady:
        for i in range(n):
            x.limit_index[i] = by_class[x.other[i]]
    else:
        for i in range(n):
            x.limit_index[i] = meaning.schedule[x.other[i] * meaning.n_days + place_of(meaning, days[i])]
    if meaning.tally:
        if meaning.n_classes > 1:
            count_unknown(meaning, x, days, n)
        if not calm:
            count_near_gate(meaning, x, days, n)


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
