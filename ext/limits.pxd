# Which limit holds for a row, by its day and origin, and whether its value is in the limit's currency.
from native cimport *
from column cimport *
from keys cimport lower
from money cimport BAD_UNITS
from plan cimport *


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
    cdef u16 code
    cdef int slot            # of a pair of letters, case aside: no two pairs share one
    for i in range(n):
        x.other[i] = 0
    if plan.origin >= 0:
        for i in range(n):
            if not text_of_row(&columns[plan.origin], row + i, &text, &length):
                x.other[i] = 1
            elif length == 2:
                code = dm_load16(text)
                slot = (code & 31) | ((code >> 8) & 31) << 5
                if x.seen_code[slot] != code or code == 0:
                    x.seen_code[slot] = code
                    x.seen_class[slot] = <u8>code_class(plan, text, 2)
                x.other[i] = x.seen_class[slot]
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
