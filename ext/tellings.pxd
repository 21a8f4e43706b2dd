# What several parties tell of a shipment: from rows to records by shipment, and which of a shipment's rows are copies.
#
# A telling is all rows of one shipment, party and version; its lines add up. What competes with what is told at
# `decide_shipment`. Nothing here adds to a total, and nothing is read from a batch after its records are made.
from libc.stdlib cimport qsort
from libc.string cimport memcpy, memset
from native cimport i64, u16, u32, u64, u8, XXH3_64bits_withSeed
from status cimport DONE, MANY_PARTIES
from column cimport bit_at, Column, integer_at, is_present, is_text, text_of_row, trim
from keys cimport CHUNK, Keys, mix, read_part
from records cimport Chains, LINE, flush_line
from meaning cimport NO_DAY_KNOWN, NO_PERSON, NOT_IN_FORCE, Chunk, Meaning
from scatter cimport counts_at_all, identify

cdef enum:
    MAX_PARTIES = 1024
    PARTY_BYTES = 64         # of its name, by which parties are put in order
    PARTY_PLACES = 4096      # of the index of parties; a power of two

cdef enum:                   # in TellingRecord.marks
    IS_GOOD = 1              # it has a person, a day and a good value, so that its version displaces older ones
    COMPETES = 2             # it adds to a total
    IS_CANCELLED = 4
    HAS_LINE = 8
    IS_COPY = 16

cdef enum:                   # why a row is a copy
    BY_CANCELLATION = 0
    BY_VERSION = 1
    BY_LINE = 2
    BY_PARTY = 3
    WHYS = 4


cdef inline i64 no_version() noexcept nogil:
    """Older than any version that is told."""
    return -<i64>0x7fffffffffffffff - 1


cdef struct TellingRecord:   # 64 bytes, a line
    u64 shipment             # with `shipment_more` and the partition its whole identity, as of a person
    u64 key                  # with `more` that of the row's group; 0 where it has none
    u64 units
    i64 version
    u64 line
    u64 row                  # the row's number
    u32 shipment_more
    u32 more
    u32 line_more
    u16 party                # a worker's number of it; later its place in the order of all parties
    u16 marks


cdef struct Stake:           # what one party's telling adds to one group
    u64 key
    u64 low
    u64 high
    u32 more
    u16 turn                 # whose turn comes first wins, and of one turn the largest
    u16 party
    i64 begin
    i64 end


cdef struct Parties:         # those that one worker met, by number; number 0 is that of rows which name none
    int n
    u64 hashes[MAX_PARTIES]
    u8 lengths[MAX_PARTIES]
    u8 names[MAX_PARTIES][PARTY_BYTES]
    u16 places[PARTY_PLACES]


cdef inline void start_parties(Parties* t) noexcept nogil:
    memset(t, 0, sizeof(Parties))
    t.n = 1


cdef inline int party_of(Parties* t, const Column* c, i64 row, u16* party) noexcept nogil:
    """The number of a row's party; a status."""
    cdef const u8* text = NULL
    cdef i64 length = 0
    cdef u64 hash
    cdef int place
    party[0] = 0
    if not text_of_row(c, row, &text, &length):
        return DONE
    length = trim(&text, length)
    if length == 0:
        return DONE
    hash = XXH3_64bits_withSeed(text, length, 0)
    place = <int>(hash & (PARTY_PLACES - 1))
    while t.places[place]:
        if t.hashes[t.places[place]] == hash:
            party[0] = t.places[place]
            return DONE
        place = (place + 1) & (PARTY_PLACES - 1)
    if t.n == MAX_PARTIES:
        return MANY_PARTIES
    t.hashes[t.n] = hash
    t.lengths[t.n] = <u8>min(length, <i64>PARTY_BYTES)
    memcpy(t.names[t.n], text, t.lengths[t.n])
    t.places[place] = party[0] = <u16>t.n
    t.n += 1
    return DONE


cdef inline int scatter_tellings(const Meaning* meaning, Keys* k, Parties* parties, const Column* columns,
                                 const Chunk* x, i64 row, int n, Chains* c, int bits, i64 number) noexcept nogil:
    """Records of the rows that name a shipment, into its partition; a status. `number` is that of the first."""
    cdef u64 low[CHUNK]
    cdef u64 high[CHUNK]
    cdef u64 unkeyed[CHUNK]
    cdef u8 missing[CHUNK]
    cdef u64 line[CHUNK]
    cdef u64 line_more[CHUNK]
    cdef u8 no_line[CHUNK]
    cdef int i, code, shift = 63 - bits
    cdef u32 p
    cdef u64 spread
    cdef u8 status
    cdef const Column* of
    cdef TellingRecord r
    code = read_part(k, &columns[meaning.shipment], row, n, low, high, unkeyed, missing)
    if code != DONE:
        return code
    if meaning.line >= 0:
        code = read_part(k, &columns[meaning.line], row, n, line, line_more, unkeyed, no_line)
        if code != DONE:
            return code
    for i in range(n):
        if missing[i]:
            continue
        memset(&r, 0, sizeof(r))
        spread = mix(low[i] ^ k.start) if not is_text(&columns[meaning.shipment]) else high[i]
        p = <u32>((spread >> 1) >> shift)
        r.shipment, r.shipment_more = low[i], <u32>high[i]
        r.row = <u64>(number + i)
        r.version = no_version()
        if meaning.version >= 0 and is_present(&columns[meaning.version], row + i):
            of = &columns[meaning.version]
            r.version = integer_at(of.layout, of.values, row + i + of.offset)
        if meaning.party >= 0:
            code = party_of(parties, &columns[meaning.party], row + i, &r.party)
            if code != DONE:
                return code
        if meaning.line >= 0 and not no_line[i]:
            r.line, r.line_more = line[i], <u32>line_more[i]
            r.marks |= HAS_LINE
        status = x.status[i]
        if x.units[i] >= 0 and status != NO_PERSON and status != NO_DAY_KNOWN:
            r.marks |= IS_GOOD
            if status != NOT_IN_FORCE and counts_at_all(meaning, x, i):
                r.marks |= COMPETES
                r.units = <u64>x.units[i]
                identify(meaning, k, x, i, shift, &r.key, &r.more)
        if meaning.cancelled >= 0:
            of = &columns[meaning.cancelled]
            if is_present(of, row + i) and bit_at(of, row + i):
                r.marks |= IS_CANCELLED
        memcpy(c.lines + <size_t>p * LINE, &r, sizeof(r))
        flush_line(c, p, c.dest[p] + sizeof(r))
    return DONE


cdef inline int in_order(bint less) noexcept nogil:
    return -1 if less else 1


cdef inline int compare_records(const void* one, const void* other) noexcept nogil:
    """By shipment, party, version (the latest first), group and line, of one line the largest first."""
    cdef const TellingRecord* a = <const TellingRecord*>one
    cdef const TellingRecord* b = <const TellingRecord*>other
    if a.shipment != b.shipment:
        return in_order(a.shipment < b.shipment)
    if a.shipment_more != b.shipment_more:
        return in_order(a.shipment_more < b.shipment_more)
    if a.party != b.party:
        return in_order(a.party < b.party)
    if a.version != b.version:
        return in_order(a.version > b.version)
    if a.key != b.key:
        return in_order(a.key < b.key)
    if a.more != b.more:
        return in_order(a.more < b.more)
    if a.line != b.line:
        return in_order(a.line < b.line)
    if a.line_more != b.line_more:
        return in_order(a.line_more < b.line_more)
    if a.units != b.units:
        return in_order(a.units > b.units)
    return 0 if a.row == b.row else in_order(a.row < b.row)


cdef inline int compare_stakes(const void* one, const void* other) noexcept nogil:
    """By group; then whose turn comes first, the largest, and the order of parties."""
    cdef const Stake* a = <const Stake*>one
    cdef const Stake* b = <const Stake*>other
    if a.key != b.key:
        return in_order(a.key < b.key)
    if a.more != b.more:
        return in_order(a.more < b.more)
    if a.turn != b.turn:
        return in_order(a.turn < b.turn)
    if a.high != b.high:
        return in_order(a.high > b.high)
    if a.low != b.low:
        return in_order(a.low > b.low)
    return 0 if a.party == b.party else in_order(a.party < b.party)


cdef inline bint is_same_line(const TellingRecord* a, const TellingRecord* b) noexcept nogil:
    return bool(a.marks & b.marks & HAS_LINE) and a.line == b.line and a.line_more == b.line_more


cdef inline i64 stake_party(TellingRecord* r, i64 begin, i64 end, u16 turn, Stake* stakes, i64* whys) noexcept nogil:
    """Mark the copies among one party's own rows [begin, end), and write what its latest version adds to each group.
    The number of stakes.

    The latest version is that of the newest row that is good or cancelled: one of which nothing can be read displaces
    none, and its rows stand as what they are.
    """
    cdef i64 i, n = 0
    cdef i64 latest = no_version()
    cdef TellingRecord* last = NULL         # the row of a group whose line stands
    cdef Stake* s = NULL
    for i in range(begin, end):
        if r[i].marks & (IS_GOOD | IS_CANCELLED):
            latest = r[i].version
            break
    for i in range(begin, end):
        if r[i].marks & IS_CANCELLED:
            r[i].marks |= IS_COPY
            whys[BY_CANCELLATION] += 1
        elif r[i].version < latest:
            r[i].marks |= IS_COPY
            whys[BY_VERSION] += 1
        elif r[i].marks & COMPETES:
            if s == NULL or s.key != r[i].key or s.more != r[i].more:
                s = &stakes[n]
                n += 1
                s.key, s.more, s.turn, s.party = r[i].key, r[i].more, turn, r[i].party
                s.low, s.high, s.begin = 0, 0, i
                last = NULL
            s.end = i + 1
            if last != NULL and is_same_line(last, &r[i]):
                r[i].marks |= IS_COPY
                whys[BY_LINE] += 1
                continue
            last = &r[i]
            s.low += r[i].units
            s.high += s.low < r[i].units
    return n


cdef inline void decide_shipment(TellingRecord* r, i64 begin, i64 end, const u16* turns, Stake* stakes,
                                 i64* whys) noexcept nogil:
    """Mark the copies among the rows [begin, end) of one shipment, sorted.

    Of a party the latest version counts, and of a version each line once, the largest. Between parties the largest
    telling of each group counts, or that of the party whose turn comes first. Rows that add to no total, as they have
    no person, day or good value or as nothing is exempt, compete with none and keep their own reason.
    """
    cdef i64 i, j, at = begin, n = 0
    while at < end:
        i = at
        while i < end and r[i].party == r[at].party:
            i += 1
        n += stake_party(r, at, i, turns[r[at].party], stakes + n, whys)
        at = i
    if n < 2:
        return
    qsort(stakes, n, sizeof(Stake), compare_stakes)
    for i in range(1, n):
        if stakes[i].key == stakes[i - 1].key and stakes[i].more == stakes[i - 1].more:
            for j in range(stakes[i].begin, stakes[i].end):
                if r[j].marks & COMPETES and not r[j].marks & IS_COPY:
                    r[j].marks |= IS_COPY
                    whys[BY_PARTY] += 1


cdef inline i64 decide_partition(TellingRecord* r, i64 n, const u16* turns, Stake* stakes, i64* whys) noexcept nogil:
    """Decide all shipments of a partition, and write the numbers of their copies in place of the records: how many."""
    cdef i64 begin = 0, end, i, found = 0
    cdef u64* out = <u64*>r
    cdef u64 number
    qsort(r, n, sizeof(TellingRecord), compare_records)
    while begin < n:
        end = begin + 1
        while (end < n and r[end].shipment == r[begin].shipment
               and r[end].shipment_more == r[begin].shipment_more):
            end += 1
        if end - begin > 1 or r[begin].marks & IS_CANCELLED:
            decide_shipment(r, begin, end, turns, stakes, whys)
        begin = end
    for i in range(n):
        if r[i].marks & IS_COPY:
            number = r[i].row
            out[found] = number              # a number is no longer than a record, so it overtakes none
            found += 1
    return found
