# Totals that were given: a table from the keys of groups to what they come to, and rows judged by it.
from libc.stdlib cimport calloc, free
from libc.string cimport memset
from native cimport dm_load64, i64, u32, u64, u8
from status cimport DONE, KEY_TWICE, NO_MEMORY, TOTAL_REFUSED
from meaning cimport REASON_ELIGIBLE, REASON_OVER_LIMIT, REASON_UNPROVEN

cdef enum:
    FIRST_ENTRIES = 1024


cdef struct Entry:           # 32 bytes; open addressing, at most 5/8 full
    u64 key[2]
    u64 low                  # the total: high * 2**64 + low
    u32 high
    u8 is_used
    u8 is_unproven


cdef struct GivenTable:
    Entry* entries
    i64 places               # a power of two
    i64 n


cdef inline Entry* given_place(const GivenTable* t, const u64* key) noexcept nogil:
    """The entry of a key, or the empty one where it belongs; keys are spread by themselves."""
    cdef u64 mask = <u64>(t.places - 1)
    cdef u64 i = key[0] & mask
    while t.entries[i].is_used and (t.entries[i].key[0] != key[0] or t.entries[i].key[1] != key[1]):
        i = (i + 1) & mask
    return &t.entries[i]


cdef inline bint reserve_entries(GivenTable* t, i64 more) noexcept nogil:
    """Have room for that many more. False, and nothing changed, where memory ran out."""
    cdef GivenTable grown
    cdef i64 i
    grown.places = t.places if t.places else FIRST_ENTRIES
    while 8 * (t.n + more) > 5 * grown.places:
        grown.places *= 2
    if grown.places == t.places:
        return True
    grown.entries = <Entry*>calloc(grown.places, sizeof(Entry))
    if grown.entries == NULL:
        return False
    for i in range(t.places):
        if t.entries[i].is_used:
            given_place(&grown, t.entries[i].key)[0] = t.entries[i]
    free(t.entries)
    t.entries = grown.entries
    t.places = grown.places
    return True


cdef inline int give_totals(GivenTable* t, const u8* keys, const u8* totals, const u8* unproven, i64 n,
                            i64* at) noexcept nogil:
    """Add n groups; a status, and where it is not DONE the number of the one that it is about."""
    cdef u64 key[2]
    cdef Entry* entry
    cdef u64 high
    if not reserve_entries(t, n):
        return NO_MEMORY
    for at[0] in range(n):
        key[0], key[1] = dm_load64(keys + 16 * at[0]), dm_load64(keys + 16 * at[0] + 8)
        high = dm_load64(totals + 16 * at[0] + 8)
        entry = given_place(t, key)
        if entry.is_used:
            return KEY_TWICE
        if high >> 32:           # below 0, or beyond what any manifest comes to
            return TOTAL_REFUSED
        entry.key[0], entry.key[1] = key[0], key[1]
        entry.low, entry.high = dm_load64(totals + 16 * at[0]), <u32>high
        entry.is_used, entry.is_unproven = 1, unproven[at[0]] != 0
        t.n += 1
    return DONE


cdef inline u8 judge_given(const Entry* entry, u64 limit) noexcept nogil:
    """The reason of a plain row by its group's total; a group that is not there is within its limits."""
    if not entry.is_used:
        return REASON_ELIGIBLE
    if entry.high or entry.low > limit:
        return REASON_OVER_LIMIT
    return REASON_UNPROVEN if entry.is_unproven else REASON_ELIGIBLE
