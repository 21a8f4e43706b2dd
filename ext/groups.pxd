# The table of groups: from records that keep whole identities to one entry a group. Nothing is proven by a sketch here,
# as every group is asked for.
#
# A partition's groups lie densely in the order in which they were first seen; an index of their numbers leads to them.
# Groups of several partitions may lie there together, so that they are written together; the index is of one.
from libc.stdlib cimport free, realloc
from libc.string cimport memset
from native cimport i64, u16, u32, u64, u8
from status cimport DONE, NO_MEMORY
from keys cimport CHUNK, Keys, mix
from records cimport Chains, in_block, put_wide_record, put_wide_words, WideRecord
from meaning cimport BAD_VALUE, EXCLUDED_ROW, Chunk, Meaning
from scatter cimport counts_at_all, identify

cdef enum:
    FIRST_PLACES = 1024
    FIRST_GROUPS = 1024

cdef enum:                   # of a GroupRecord
    GROUP_BAD = 1            # a bad value that has a say in the total
    GROUP_EXCLUDED = 2


cdef struct GroupRecord:     # 32 bytes, scattered as a WideRecord is
    u64 key
    u64 other                # the rest of the identity; where persons are named, the row's number
    u64 units
    u32 more                 # the window's number; where persons are named, 32 more bits of fingerprints
    u16 limit_index
    u16 marks


cdef struct Group:
    u64 key
    u64 other                # of a record; the least of the numbers of rows
    u64 low                  # the total: high * 2**64 + low
    u64 rows
    u64 bad
    u64 excluded
    u32 high
    u32 more
    u16 least                # the least and the largest index of a limit; limits ascend
    u16 largest


cdef struct GroupTable:
    Group* groups
    i64 n_groups
    i64 room
    i64 first                # of the partition
    u64* places              # 0, or the number of a group of the partition plus one, and above it 32 bits of its key
    i64 n_places             # allocated
    i64 in_use               # of this partition; a power of two


cdef inline void free_groups(GroupTable* t) noexcept nogil:
    free(t.groups)
    free(t.places)
    t.groups = NULL
    t.places = NULL


cdef inline void scatter_groups(const Meaning* meaning, const Keys* k, const Chunk* x, int n, Chains* c, int bits,
                                i64 first_row) noexcept nogil:
    """Records of the rows that belong to a group."""
    cdef int i
    cdef u32 p, more
    cdef u64 key
    cdef u8 status
    cdef bint excluded, counts
    cdef GroupRecord r
    for i in range(n):
        status = x.status[i]
        if not meaning.has_record[status]:
            continue
        p = identify(meaning, k, x, i, 63 - bits, &key, &more)
        excluded = meaning.flagged and x.other[i] & EXCLUDED_ROW
        counts = counts_at_all(meaning, x, i)
        r.key = key
        r.more = more
        r.other = <u64>(first_row + i)
        if not meaning.named:
            r.more = <u32>x.day[i]
            r.other = x.low[i] if meaning.exact else x.high[i]
        r.units = <u64>x.units[i] if counts and x.units[i] >= 0 else 0
        r.limit_index = 0 if meaning.constant else x.limit_index[i]
        r.marks = (status == BAD_VALUE and counts) * GROUP_BAD | excluded * GROUP_EXCLUDED
        put_wide_record(c, p, <WideRecord*>&r)


cdef inline void scatter_plain_groups(const Meaning* meaning, const Keys* k, Chunk* x, int n, Chains* c, int bits,
                                      i64 first_row) noexcept nogil:
    """`scatter_groups` of the usual rows, every one plain: first all their records, in the place of the chunk's
    columns, then where they go."""
    cdef int i, shift = 63 - bits
    cdef u64 spread, last
    cdef u64 other[CHUNK]
    cdef u32 place[CHUNK]
    for i in range(n):
        other[i] = x.low[i] if meaning.exact else x.high[i]
    if meaning.exact:
        for i in range(n):
            x.low[i] = mix(x.low[i] ^ k.start ^ (<u64>x.day[i] * k.day_low))
            place[i] = <u32>((x.low[i] >> 1) >> shift) | x.base[i]
            x.high[i] = <u32>x.day[i]
    else:
        for i in range(n):
            spread = mix(k.start ^ (<u64>x.day[i] * k.day_low))
            x.low[i] ^= spread
            spread = x.high[i] ^ (spread * k.day_high)
            place[i] = <u32>((spread >> 1) >> shift) | x.base[i]
            x.high[i] = <u32>spread if meaning.named else <u32>x.day[i]
    if meaning.named:
        for i in range(n):
            other[i] = <u64>(first_row + i)
    for i in range(n):
        last = x.high[i] | <u64>(0 if meaning.constant else x.limit_index[i]) << 32
        put_wide_words(c, place[i], x.low[i], other[i], <u64>x.units[i], last)


cdef inline bint reserve_groups(GroupTable* t, i64 more) noexcept nogil:
    """Have room for that many more groups. False, and nothing changed, where memory ran out."""
    cdef i64 room = t.room if t.room else FIRST_GROUPS
    cdef Group* grown
    cdef i64 places = t.in_use
    while t.n_groups + more > room:
        room *= 2
    if room != t.room:
        grown = <Group*>realloc(t.groups, room * sizeof(Group))
        if grown == NULL:
            return False
        t.groups = grown
        t.room = room
    while 8 * (t.n_groups - t.first + more) > 5 * places:
        places *= 2
    return places == t.in_use or start_places(t, places)


cdef inline bint start_places(GroupTable* t, i64 wanted) noexcept nogil:
    """An index of that many places, of the partition's groups. False, and nothing changed, where memory ran out."""
    cdef u64* grown
    cdef i64 i
    if wanted > t.n_places:
        grown = <u64*>realloc(t.places, wanted * sizeof(u64))
        if grown == NULL:
            return False
        t.places = grown
        t.n_places = wanted
    memset(t.places, 0, wanted * sizeof(u64))
    t.in_use = wanted
    for i in range(t.first, t.n_groups):
        t.places[free_place(t, t.groups[i].key)] = entry_of_group(t, i)
    return True


cdef inline u64 entry_of_group(const GroupTable* t, i64 number) noexcept nogil:
    return <u64>(number - t.first + 1) | t.groups[number].key << 32


cdef inline i64 free_place(const GroupTable* t, u64 key) noexcept nogil:
    cdef i64 place = <i64>((key >> 22) & <u64>(t.in_use - 1))
    while t.places[place]:
        place = (place + 1) & (t.in_use - 1)
    return place


cdef inline bint start_partition(GroupTable* t, i64 records) noexcept nogil:
    """Begin the index of another partition, sized by the one before it. False where memory ran out."""
    cdef i64 before = t.n_groups - t.first, wanted = FIRST_PLACES
    before = records if records < before else before
    while 5 * wanted < 9 * before:
        wanted *= 2
    t.first = t.n_groups
    return start_places(t, wanted)


cdef inline Group* group_of(GroupTable* t, const Meaning* meaning, const GroupRecord* r) noexcept nogil:
    """The group of a record, made where it is not there; there is room for it."""
    cdef u64 mask = <u64>(t.in_use - 1), place = (r.key >> 22) & mask, entry
    cdef Group* group
    while True:
        entry = t.places[place]
        if entry == 0:
            break
        if entry >> 32 == <u32>r.key:
            group = t.groups + t.first + <i64><u32>entry - 1
            if group.key == r.key and group.more == r.more and (meaning.named or group.other == r.other):
                return group
        place = (place + 1) & mask
    group = t.groups + t.n_groups
    memset(group, 0, sizeof(Group))
    group.key = r.key
    group.other = r.other
    group.more = r.more
    group.least = group.largest = r.limit_index
    t.places[place] = <u64>(t.n_groups - t.first + 1) | r.key << 32
    t.n_groups += 1
    return group


cdef inline int add_to_groups(const Meaning* meaning, GroupTable* t, const GroupRecord* r, i64 n) noexcept nogil:
    """Add n records to their groups; a status. Nothing is added where memory ran out."""
    cdef i64 i
    cdef Group* group = NULL
    if not reserve_groups(t, n):
        return NO_MEMORY
    for i in range(n):
        if group == NULL or group.key != r[i].key or group.more != r[i].more or (
                group.other != r[i].other and not meaning.named):
            group = group_of(t, meaning, r + i)
        group.low += r[i].units
        group.high += group.low < r[i].units
        group.rows += 1
        group.bad += r[i].marks & GROUP_BAD
        group.excluded += (r[i].marks & GROUP_EXCLUDED) != 0
        group.least = r[i].limit_index if r[i].limit_index < group.least else group.least
        group.largest = r[i].limit_index if r[i].limit_index > group.largest else group.largest
        if meaning.named:
            group.other = r[i].other if r[i].other < group.other else group.other
    return DONE


cdef inline int add_chain_to_groups(const Meaning* meaning, GroupTable* t, const Chains* c, int p) noexcept nogil:
    """Add the records of partition p that one worker has in memory; a status."""
    cdef u32 block = c.first[p]
    while True:
        if add_to_groups(meaning, t, <GroupRecord*>c.pool.blocks[block], in_block(c, p, block)) != DONE:
            return NO_MEMORY
        if block == c.last[p]:
            return DONE
        block = c.pool.next[block]


cdef inline i64 select_groups(GroupTable* t, const u64* least_total, bint or_bad) noexcept nogil:
    """Keep the groups whose total is at least that of its least limit's index, or that have bad rows where those are
    asked for too; how many there are."""
    cdef i64 i, n = 0
    cdef Group* group
    for i in range(t.n_groups):
        group = t.groups + i
        if group.high or group.low >= least_total[group.least] or (or_bad and group.bad):
            t.groups[n] = group[0]
            n += 1
    t.n_groups = n
    t.first = n
    return n
