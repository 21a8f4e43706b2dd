# From groups to the columns of their table, as Arrow lays them out: keys, days, exact totals, counts, limits.
from libc.string cimport memset
from native cimport dm_store64, i32, i64, u64, u8
from days cimport window_start
from keys cimport Keys, mix
from public_key cimport LANES, public_keys
from meaning cimport Meaning
from groups cimport Group


cdef struct GroupColumns:    # where n groups are written to, as Arrow lays the columns out
    u8* keys                 # 16 bytes each
    u8* days                 # 4; the first day of the window
    u8* numbers              # 8; of the first row, in place of the two above
    u8* totals               # 16
    u8* rows                 # 8
    u8* bad
    u8* excluded
    u8* least                # 16
    u8* largest
    u8* over                 # a bit, in whole words


cdef inline void put_units(u8* out, u64 low, u64 high) noexcept nogil:
    dm_store64(out, low)
    dm_store64(out + 8, high)


cdef inline void write_totals(const Meaning* meaning, const Group* groups, i64 n,
                              const GroupColumns* to) noexcept nogil:
    """All columns but those of the identity."""
    cdef i64 i
    cdef u64 bits = 0
    cdef const Group* group
    for i in range(n):
        group = groups + i
        put_units(to.totals + 16 * i, group.low, group.high)
        dm_store64(to.rows + 8 * i, group.rows)
        dm_store64(to.bad + 8 * i, group.bad)
        dm_store64(to.excluded + 8 * i, group.excluded)
        put_units(to.least + 16 * i, <u64>meaning.limits[group.least], 0)
        put_units(to.largest + 16 * i, <u64>meaning.limits[group.largest], 0)
        bits |= <u64>(group.high != 0 or group.low > <u64>meaning.limits[group.least]) << (i & 63)
        if (i & 63) == 63 or i == n - 1:
            dm_store64(to.over + ((i >> 6) << 3), bits)
            bits = 0


cdef inline void identity_of_group(const Meaning* meaning, const Keys* k, const Group* group, u64* low,
                                   u64* high) noexcept nogil:
    """The 128 bits of a group's identity, without its window."""
    if meaning.exact:
        low[0] = group.other
        high[0] = 1
    else:
        low[0] = group.key ^ mix(k.start ^ (<u64><i32>group.more * k.day_low))
        high[0] = group.other


cdef inline void write_identities(const Meaning* meaning, const Keys* k, const Group* groups, i64 n,
                                  const GroupColumns* to) noexcept nogil:
    """The keys and days of groups, or the numbers of their first rows."""
    cdef u64 low[LANES]
    cdef u64 high[LANES]
    cdef u64 out[2 * LANES]
    cdef i32 window[LANES]
    cdef i64 at = 0, i
    cdef int lane, lanes
    if meaning.named:
        for i in range(n):
            dm_store64(to.numbers + 8 * i, groups[i].other)
        return
    memset(low, 0, sizeof(low))
    memset(high, 0, sizeof(high))
    memset(window, 0, sizeof(window))
    while at < n:
        lanes = <int>min(n - at, <i64>LANES)
        for lane in range(lanes):
            identity_of_group(meaning, k, groups + at + lane, &low[lane], &high[lane])
            window[lane] = <i32>groups[at + lane].more
        public_keys(&k.public, low, high, window, out)
        for lane in range(lanes):
            put_units(to.keys + 16 * (at + lane), out[2 * lane], out[2 * lane + 1])
            (<i32*>to.days)[at + lane] = window_start(window[lane], meaning.window)
        at += lanes
