# From a chunk of rows to records in partitions, and to one word a row that leads the answer back to its row.
from native cimport i32, i64, u16, u32, u64, u8
from days cimport NO_DAY
from keys cimport CHUNK, Keys, mix
from records cimport EXCLUDED, POISON, Chains, put_record, put_wide_record, second_word, WideRecord
from meaning cimport (
    BAD_VALUE, EXCLUDED_ROW, IGNORE, IS_EXCLUDED, NO_RECORD, OVER_ROW_LIMIT, STATUS_SHIFT, UNCOUNTED_ROW, Chunk,
    Meaning,
)


cdef enum:
    NO_ROW = -1


cdef inline int route_rows(Chunk* x, int n, i32 low, i32 mid, i32 high, u16 now, u16 next,
                           i32* latest_day) noexcept nogil:
    """The slot of each row's day: `now`, or from `mid` on `next`; rows without a day leave no record, so theirs matters
    not. NO_ROW, or the first of the rows whose day lies outside those that are open."""
    cdef i32 latest = latest_day[0]
    cdef int i
    cdef bint outside = False
    for i in range(n):
        x.base[i] = now if x.day[i] < mid else next
        outside |= (x.day[i] < low or x.day[i] > high) and x.day[i] != NO_DAY
    for i in range(n):
        latest = x.day[i] if x.day[i] > latest else latest      # NO_DAY is less than any
    latest_day[0] = latest
    if outside:
        for i in range(n):
            if (x.day[i] < low or x.day[i] > high) and x.day[i] != NO_DAY:
                return i
    return NO_ROW


cdef inline u64 second_of(const Chunk* x, int i, u32 more, i64 cap, int index_shift) noexcept nogil:
    """The second word of a plain row's record."""
    return second_word(more, <u32>(x.units[i] if x.units[i] < cap else cap) | (<u32>x.limit_index[i] << index_shift))


cdef inline void scatter_plain(const Meaning* meaning, const Keys* k, Chunk* x, int n, Chains* c, int bits,
                               u16* words) noexcept nogil:
    """The usual rows, every one plain: first all their records, in the place of the chunk's columns, then where they
    go. Apart, the sums are vectors and the stores have registers to themselves."""
    cdef int i, shift = 63 - bits, index_shift = meaning.index_shift
    cdef i64 cap = meaning.cap
    cdef u64 high, spread
    cdef u64 start = k.start, day_low = k.day_low, day_high = k.day_high
    cdef u64* dest = c.dest
    cdef char* lines = c.lines
    if meaning.exact:
        for i in range(n):
            x.low[i] = mix(x.low[i] ^ start ^ (<u64>x.day[i] * day_low))
            words[i] = <u16>((x.low[i] >> 1) >> shift) | x.base[i]
        for i in range(n):
            x.high[i] = second_of(x, i, <u32>x.day[i], cap, index_shift)
    else:
        for i in range(n):
            spread = mix(start ^ (<u64>x.day[i] * day_low))
            x.low[i] ^= spread
            high = x.high[i] ^ (spread * day_high)
            words[i] = <u16>((high >> 1) >> shift) | x.base[i]
            x.high[i] = second_of(x, i, <u32>high, cap, index_shift)
    for i in range(n):
        put_record(c, dest, lines, words[i], x.low[i], x.high[i])


cdef inline void scatter_any(const Meaning* meaning, const Keys* k, const Chunk* x, int n, Chains* c, int bits,
                             u16* words) noexcept nogil:
    """Rows of any status: those that leave a record are listed first, since which they are no branch can foresee."""
    cdef u16 listed[CHUNK]
    cdef int i, n_listed = 0
    cdef int shift = 63 - bits
    cdef u8 status
    for i in range(n):
        status = x.status[i]
        words[i] = <u16>(((NO_RECORD if meaning.has_record[status] else status) << STATUS_SHIFT) | x.base[i])
        listed[n_listed] = <u16>i
        n_listed += meaning.has_record[status] & <u8>(meaning.tally | counts_at_all(meaning, x, i))
    for i in range(n_listed):
        scatter_odd(meaning, k, x, listed[i], c, shift, words)


cdef inline u32 identify(const Meaning* meaning, const Keys* k, const Chunk* x, int i, int shift, u64* key,
                         u32* more) noexcept nogil:
    """The identity of row i: 96 bits, and its partition. Exact persons: a bijection of (person, day), the partition is
    part of `key`. Fingerprints: the partition's bits come on top of the 96; the day's part differs for any two days,
    and is mixed so that one person's days spread evenly."""
    cdef u64 high, spread
    if meaning.exact:
        key[0] = mix(x.low[i] ^ k.start ^ (<u64>x.day[i] * k.day_low))
        more[0] = <u32>x.day[i]
        return <u32>((key[0] >> 1) >> shift) | x.base[i]
    spread = mix(k.start ^ (<u64>x.day[i] * k.day_low))
    key[0] = x.low[i] ^ spread
    high = x.high[i] ^ (spread * k.day_high)
    more[0] = <u32>high
    return <u32>((high >> 1) >> shift) | x.base[i]


cdef inline bint counts_at_all(const Meaning* meaning, const Chunk* x, int i) noexcept nogil:
    """Does the row matter to its group? Rows that do not count have no say about it, not by a bad value."""
    return not meaning.flagged or not x.other[i] & UNCOUNTED_ROW


cdef inline void scatter_odd(const Meaning* meaning, const Keys* k, const Chunk* x, int i, Chains* c, int shift,
                             u16* words) noexcept nogil:
    """A row of any status that leaves a record."""
    cdef u64 key
    cdef u32 more, p, units, limit_index
    cdef u8 status = x.status[i]
    cdef bint counts = counts_at_all(meaning, x, i)
    p = identify(meaning, k, x, i, shift, &key, &more)
    words[i] = <u16>(p | (status << STATUS_SHIFT))
    limit_index = 0 if meaning.constant else x.limit_index[i]
    units = <u32>meaning.cap
    if x.units[i] >= 0 and x.units[i] < meaning.cap:
        units = <u32>x.units[i]
    if not counts or (status == BAD_VALUE and meaning.bad_values == IGNORE):
        units = <u32>EXCLUDED
    elif status == BAD_VALUE:
        units |= <u32>POISON
    elif status == IS_EXCLUDED or status == OVER_ROW_LIMIT:
        units |= <u32>EXCLUDED
    units |= limit_index << meaning.index_shift
    put_record(c, c.dest, c.lines, p, key, second_word(more, units))


cdef inline void scatter_wide(const Meaning* meaning, const Keys* k, const Chunk* x, int n, Chains* c, int bits,
                              u16* words, i64 first_row) noexcept nogil:
    cdef int i
    cdef int shift = 63 - bits
    cdef u32 p
    cdef u8 status
    cdef bint excluded
    cdef WideRecord r
    for i in range(n):
        status = x.status[i]
        if not meaning.has_record[status]:
            words[i] = <u16>(status << STATUS_SHIFT)
            continue
        p = identify(meaning, k, x, i, shift, &r.key, &r.more)
        words[i] = <u16>(p | (status << STATUS_SHIFT))
        excluded = status == OVER_ROW_LIMIT or (meaning.flagged and x.other[i] & EXCLUDED_ROW)
        r.units = <u64>x.units[i] if x.units[i] >= 0 else 0
        r.row = <u64>(first_row + i)
        r.limit_index = 0 if meaning.constant else x.limit_index[i]
        r.marks = (status == BAD_VALUE) | (excluded << 1) | ((not counts_at_all(meaning, x, i)) << 2)
        if meaning.bad_values == IGNORE and status == BAD_VALUE:
            r.marks |= 4
        put_wide_record(c, p, &r)
