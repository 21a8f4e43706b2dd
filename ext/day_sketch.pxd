# Rows in memory, in the order of their days: the sketch of a day stays in cache by itself, so no row is scattered.
#
# First every row adds its units, as steps of 1/253 of the largest limit and rounded up, to a cell of one byte of its
# day's sketch, and keeps the cell's number, four bytes. When all rows are read, a cell whose sum is within
# its day's limit proves all its rows eligible, as in sketch.pxd, and one whose rows are each over the limit by
# themselves, or bad, refuses them all. The few other rows are suspects: they are read once more and scattered like any
# rows, for exact totals. All rows of a key share its cell, so all are suspects or none. In any other order of the rows
# the answer is the same, and the way to it longer.
from libc.stdlib cimport calloc
from native cimport dm_at_most64, dm_lowest_bit, i32, i64, u16, u32, u64, u8
from keys cimport CHUNK, Keys
from meaning cimport PARTITION_MASK, PLAIN, Chunk, Meaning
from answers cimport next_bit, put_bits, Trail, leads_to_read

cdef enum:
    SKETCH_DAYS = 8190       # days that have a sketch of their own, at places from 1 on; all others share place 0
    BEYOND = 254             # in a cell: more than any limit
    REFUSED = 255            # the same, and no row of it may pass, whatever its total

cdef extern from *:
    """
    #define DM_NO_CELL UINT32_MAX
    """
    const u32 NO_CELL "DM_NO_CELL"   # of a row that leaves no record


cdef struct DayCells:       # of one worker
    u8** cells               # by the day's place; NULL until a row of the day comes
    i32 day_base             # the day at place 1
    int bits                 # a day has 2**bits cells; a cell's number is its day's place and its place there
    i64 may_open             # further days that may have cells of their own
    u64 steps                # in a unit, times 2**32 and rounded up


cdef inline u32 place_of_day(i32 day_base, i32 day) noexcept nogil:
    cdef u32 place = <u32>day - <u32>day_base
    return place + 1 if place < SKETCH_DAYS else 0


cdef inline bint open_day(DayCells* s, u32 place) noexcept nogil:
    """Have cells for a day, those that are shared where there are no more of its own. False where memory ran out."""
    if s.cells[place] != NULL:
        return True
    if place != 0 and s.may_open == 0:
        if not open_day(s, 0):
            return False
        s.cells[place] = s.cells[0]
        return True
    s.cells[place] = <u8*>calloc(<size_t>1 << s.bits, 1)
    s.may_open -= place != 0
    return s.cells[place] != NULL


cdef inline bint open_days(DayCells* s, const Chunk* x, int n) noexcept nogil:
    """Have cells for all days of a chunk."""
    cdef int i
    cdef i64 day
    cdef i32 first = x.day[0], last = x.day[0]
    for i in range(n):
        first = x.day[i] if x.day[i] < first else first
        last = x.day[i] if x.day[i] > last else last
    if <i64>last - first < CHUNK:
        for day in range(first, <i64>last + 1):
            if not open_day(s, place_of_day(s.day_base, <i32>day)):
                return False
        return True
    for i in range(n):
        if not open_day(s, place_of_day(s.day_base, x.day[i])):
            return False
    return True


cdef inline void find_cells(const Keys* k, const Chunk* x, int n, const DayCells* s, u32* numbers) noexcept nogil:
    """The number of each row's cell: its day's place, and by the person a place there (multiply-shift by a secret odd
    number, Dietzfelbinger et al. 1997, "A reliable randomized algorithm for the closest-pair problem")."""
    cdef int i, bits = s.bits, shift = 64 - s.bits
    cdef u64 start = k.start, factor = k.day_high
    cdef i32 day_base = s.day_base
    for i in range(n):
        numbers[i] = place_of_day(day_base, x.day[i]) << bits | <u32>(((x.low[i] ^ start) * factor) >> shift)


cdef inline u64 size_of_step(u64 limit) noexcept nogil:
    """Units: so many that the limit is at most 253 steps."""
    return limit // 253 + 1


cdef inline void add_to_cell(DayCells* s, u32 number, u64 units, bint may_pass) noexcept nogil:
    """`units` are below 2**30. Each row adds a step or more, so 0 is a cell without rows."""
    cdef u8* cell = &s.cells[number >> s.bits][number & ((<u32>1 << s.bits) - 1)]
    cdef u32 before = cell[0]
    cdef u64 sum = before + ((units * s.steps) >> 32) + 1
    sum = sum if (sum < BEYOND) & may_pass else BEYOND
    cell[0] = <u8>(sum + ((((before + 1) & 0xff) <= 1) & (not may_pass)))      # to a cell of no rows or such rows


cdef inline void add_to_day_cells(const Meaning* meaning, const Chunk* x, int n, DayCells* s,
                                  u32* numbers) noexcept nogil:
    """Each row's units to its cell. A bad value fills it, so that no row of it is proven."""
    cdef int i
    cdef i64 cap = meaning.cap
    cdef bint is_known
    if x.plain and meaning.constant:         # and few rows are over by themselves
        for i in range(n):
            if x.units[i] < cap:
                add_to_cell(s, numbers[i], <u64>x.units[i], True)
            else:
                add_to_cell(s, numbers[i], <u64>cap, False)
        return
    for i in range(n):
        if not meaning.has_record[x.status[i]]:
            numbers[i] = NO_CELL
            continue
        is_known = x.status[i] == PLAIN
        add_to_cell(s, numbers[i], <u64>(x.units[i] if is_known and x.units[i] < cap else cap),
                    is_known and x.units[i] <= meaning.limits[0 if meaning.constant else x.limit_index[i]])


cdef inline void sum_cells(u8* sums, const u8* cells, i64 n) noexcept nogil:
    """Add one worker's cells of a day to another's."""
    cdef i64 i
    cdef u32 sum, a, b
    for i in range(n):
        a, b = sums[i], cells[i]
        sum = a + b
        sum = sum if sum < BEYOND else BEYOND
        # Both have no rows or none that may pass, and one has some.
        sums[i] = <u8>(sum + ((((a + 1) & 0xff) <= 1) & (((b + 1) & 0xff) <= 1) & ((a | b) != 0)))


cdef inline void prove_cells(const u8* sums, i64 n, u8 most, u64* bits) noexcept nogil:
    """One bit a cell: its sum is at most `most` steps, 0 for none. n is a multiple of 64."""
    cdef i64 i
    for i in range(0, n, 64):
        bits[i >> 6] = dm_at_most64(sums + i, most)


cdef inline void refuse_cells(const u8* sums, i64 n, u64* bits) noexcept nogil:
    """One bit a cell: none of its rows may pass. n is a multiple of 64."""
    cdef i64 i
    for i in range(0, n, 64):
        bits[i >> 6] = ~dm_at_most64(sums + i, BEYOND)


cdef inline u64 refused_rows(const u64* refused, const u32* numbers, u64 rows) noexcept nogil:
    """Those of the rows, as bits, that are refused by their cells."""
    cdef u64 word = 0
    cdef int i
    while rows:
        i = dm_lowest_bit(rows)
        rows &= rows - 1
        word |= ((refused[numbers[i] >> 6] >> (numbers[i] & 63)) & 1) << i
    return word


cdef inline u64 prove_rows(const u64* proven, const u32* numbers, int n, u64* open_rows) noexcept nogil:
    """The bits of n rows, at most 64, that are proven eligible; `open_rows` has those of the suspects."""
    cdef int i
    cdef u64 word = 0, there = 0
    cdef u32 none = 0
    for i in range(n):
        none |= numbers[i] == NO_CELL
    if none == 0:
        for i in range(n):
            word |= ((proven[numbers[i] >> 6] >> (numbers[i] & 63)) & 1) << i
        open_rows[0] = ~word & (~<u64>0 >> (64 - n))
        return word
    for i in range(n):
        if numbers[i] != NO_CELL:
            word |= ((proven[numbers[i] >> 6] >> (numbers[i] & 63)) & 1) << i
            there |= <u64>1 << i
    open_rows[0] = there & ~word
    return word


cdef inline bint is_dense(int n_open, int n) noexcept nogil:
    """So many of n rows are suspects that all may be."""
    return 4 * n_open > 3 * n


cdef inline void fill_open(u64* bits, const u64* open_rows, i64 n_words, Trail* words, u64* cursors) noexcept nogil:
    """The answers of the suspects, into the bits of their rows."""
    cdef i64 w, there = 0
    cdef u64 rest
    cdef const u16* leads
    for w in range(n_words):
        rest = open_rows[w]
        while rest:
            leads = leads_to_read(words, &there)
            bits[w] |= next_bit(cursors, leads[0] & PARTITION_MASK) << dm_lowest_bit(rest)
            words.place += 1
            rest &= rest - 1


cdef inline void copy_bits(const u64* bits, i64 start, i64 n, u8* out) noexcept nogil:
    """Bits [start, start + n) to the beginning of `out`, in whole words but the last; `bits` has a word to spare."""
    cdef i64 done = 0
    cdef u64 word
    cdef int shift = start & 63
    bits += start >> 6
    while done < n:
        word = bits[0] >> shift
        if shift:
            word |= bits[1] << (64 - shift)
        bits += 1
        done += 64
        if done > n:
            put_bits(out, n, word & (~<u64>0 >> (done - n)), n - (done - 64))
        else:
            put_bits(out, done, word, 64)
