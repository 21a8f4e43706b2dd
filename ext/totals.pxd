# The totals of one partition of narrow records, and one bit for each of them. In cache, two tables:
#
# The sketch: cells of 32 bits, a row adds its units to the cell that its key's low bits name. Values are not negative,
#   so a cell within the limit proves all its rows eligible: no keys are compared, no branch is taken. Most rows end here.
# The slots: open addressing with linear probing (load at most 5/8), exact totals of the rows that the sketch left open.
#   All rows of a key share its cell. Where they all have one limit, the key is wholly in the slots or not at all; where
#   limits differ by origin, a row is proven only by a cell within all of them (Plan.proof), and the others then pass too.
#
# Sums are capped at cap = largest limit + 1: units <= cap < 2**30, so no sum of two wraps.
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memset
from native cimport *
from records cimport *
from plan cimport Plan

cdef enum:
    USED = 0x40000000        # in Slot.total: the slot is taken; POISON as in Record.units
    TOUCHED = 0x80000000     # in a cell: some row added to it, if only zero
    MAX_CELLS = 1 << 22
    FIRST_SLOTS = 1024
    MOST_FIRST_SLOTS = 1 << 16   # a megabyte; for more keys they are doubled


cdef struct Slot:
    u64 key
    u32 more
    u32 total


cdef struct Scratch:         # one thread's tables, kept from partition to partition
    u32* cells
    i64 n_cells              # allocated
    Slot* slots
    i64 n_slots              # allocated; a power of two
    i64 slots_in_use         # of this partition; a power of two
    i64 cells_in_use         # of this partition; a power of two
    i64 keys                 # in the slots
    bint exact               # every key goes to the slots, so that groups are counted rather than estimated


cdef struct Counts:          # what the rows with a record came to
    i64 eligible
    i64 over
    i64 unproven
    u64 refused_units        # of plain rows that are not eligible; below 2**63: each row adds less than 2**30
    i64 groups               # counted, or an estimate: linear counting on the sketch's cells


cdef inline void free_scratch(Scratch* s) noexcept nogil:
    free(s.cells)
    free(s.slots)
    s.cells = NULL
    s.slots = NULL
    s.n_cells = s.n_slots = 0


cdef inline void* cleared(void* table, i64* there, i64 wanted, size_t one) noexcept nogil:
    """The table with `wanted` entries of `one` bytes set to zero, grown where it has fewer. NULL, and nothing changed,
    where memory ran out."""
    if wanted > there[0]:
        table = realloc(table, wanted * one)
        if table == NULL:
            return NULL
        there[0] = wanted
    return memset(table, 0, wanted * one)


cdef inline bint start_cells(Scratch* s, i64 wanted) noexcept nogil:
    cdef void* cells = cleared(s.cells, &s.n_cells, wanted, sizeof(u32))
    s.cells = <u32*>cells if cells != NULL else s.cells
    s.cells_in_use = wanted
    return cells != NULL


cdef inline bint start_slots(Scratch* s, i64 wanted) noexcept nogil:
    cdef void* slots = cleared(s.slots, &s.n_slots, wanted, sizeof(Slot))
    s.slots = <Slot*>slots if slots != NULL else s.slots
    s.slots_in_use = wanted
    return slots != NULL


cdef inline Slot* slot_of(Scratch* s, u64 key, u32 more) noexcept nogil:
    """The slot that holds the key, or the empty one where it belongs. There is always an empty one."""
    cdef u64 mask = <u64>(s.slots_in_use - 1)
    cdef u64 i = (key >> 22) & mask
    while s.slots[i].total != 0 and (s.slots[i].key != key or s.slots[i].more != more):
        i = (i + 1) & mask
    return &s.slots[i]


cdef inline bint double_slots(Scratch* s) noexcept nogil:
    """Twice as many slots, the same keys. False, and nothing changed, where memory ran out."""
    cdef i64 i, before = s.slots_in_use
    cdef Slot* old = s.slots
    cdef Slot* fresh = <Slot*>calloc(2 * before, sizeof(Slot))
    if fresh == NULL:
        return False
    s.slots = fresh
    s.n_slots = s.slots_in_use = 2 * before
    for i in range(before):
        if old[i].total != 0:
            slot_of(s, old[i].key, old[i].more)[0] = old[i]
    free(old)
    return True


cdef inline void add_cells(Scratch* s, const Scratch* other, u32 cap) noexcept nogil:
    """Add the cells of another thread's tables of the same partition."""
    cdef i64 i
    cdef u32 sum, touched = <u32>TOUCHED
    for i in range(s.cells_in_use):
        sum = (s.cells[i] & ~touched) + (other.cells[i] & ~touched)
        s.cells[i] = (sum if sum < cap else cap) | ((s.cells[i] | other.cells[i]) & touched)


cdef inline int add_slots(Scratch* s, const Scratch* other, u32 cap) noexcept nogil:
    """Add the slots of another thread's tables of the same partition. -1 where memory ran out."""
    cdef i64 i
    cdef u32 sum
    cdef const Slot* more
    cdef Slot* slot
    for i in range(other.slots_in_use):
        more = &other.slots[i]
        if more.total == 0:
            continue
        if 8 * (s.keys + 1) > 5 * s.slots_in_use and not double_slots(s):
            return -1
        slot = slot_of(s, more.key, more.more)
        s.keys += slot.total == 0
        slot.key = more.key
        slot.more = more.more
        sum = (slot.total & (<u32>USED - 1)) + (more.total & (<u32>USED - 1))
        slot.total = (slot.total | more.total) & <u32>POISON | <u32>USED | (sum if sum < cap else cap)
    return 0


cdef inline void add_to_cells(Scratch* s, u64 mask, const Record* r, i64 n, u32 units_mask, u32 cap, u32 touched) noexcept nogil:
    cdef i64 i
    cdef u32 sum
    cdef u32* cell
    for i in range(n):
        cell = &s.cells[r[i].key & mask]
        sum = (cell[0] & ~touched) + (r[i].units & units_mask)
        cell[0] = (sum if sum < cap else cap) | touched


cdef inline void prove_eligible(const Plan* plan, Scratch* s, u64 mask, const Record* r, i64 n, u32 units_mask,
                                u32 touched, u64* bits) noexcept nogil:
    """One bit a record: its cell is within its limit. n is at most what lies in a block; bits are whole words."""
    cdef i64 i, j, some
    cdef u64 word
    cdef u32 limit = <u32>plan.limits[0]
    if plan.n_limits == 1:
        for i in range(0, n, 64):
            some = n - i if n - i < 64 else 64
            word = 0
            for j in range(some):
                word |= <u64>((s.cells[r[i + j].key & mask] & ~touched) <= limit) << j
            bits[i >> 6] = word
    else:
        for i in range(0, n, 64):
            some = n - i if n - i < 64 else 64
            word = 0
            for j in range(some):
                limit = <u32>plan.proof[(r[i + j].units & (<u32>EXCLUDED - 1)) >> plan.index_shift]
                word |= <u64>((s.cells[r[i + j].key & mask] & ~touched) <= limit) << j
            bits[i >> 6] = word


cdef inline bint expect_open(Scratch* s, i64 n_open) noexcept nogil:
    """Have slots for that many keys at once, or for many of them: to double them again and again costs more."""
    cdef i64 wanted = FIRST_SLOTS
    while wanted < MOST_FIRST_SLOTS and 5 * wanted < 8 * n_open:
        wanted *= 2
    return wanted == FIRST_SLOTS or start_slots(s, wanted)


cdef inline int add_open(Scratch* s, const Record* r, i64 n, const u64* bits, u32 units_mask, u32 cap,
                         i64* keys) noexcept nogil:
    """Add the records that the sketch left open to exact totals. -1 where memory ran out."""
    cdef i64 i, j
    cdef u64 word
    cdef Slot* slot = NULL       # of the row before: neighbours may share it
    cdef u32 total
    for i in range(0, n, 64):
        word = ~bits[i >> 6]
        if n - i < 64:
            word &= (<u64>1 << (n - i)) - 1
        while word:
            j = i + dm_lowest_bit(word)
            word &= word - 1
            if 8 * (keys[0] + 1) > 5 * s.slots_in_use:
                slot = NULL
                if not double_slots(s):
                    return -1
            if slot == NULL or slot.key != r[j].key or slot.more != r[j].more:
                slot = slot_of(s, r[j].key, r[j].more)
            keys[0] += slot.total == 0
            slot.key = r[j].key
            slot.more = r[j].more
            if r[j].units & <u32>POISON:
                slot.total |= <u32>USED | <u32>POISON
            else:
                total = (slot.total & (<u32>USED - 1)) + (r[j].units & units_mask)
                total = total if total < cap else cap
                slot.total = (slot.total & <u32>POISON) | <u32>USED | total
    return 0


cdef inline void settle_open(const Plan* plan, Scratch* s, const Record* r, i64 n, u64* bits, u32 units_mask,
                             Counts* counts) noexcept nogil:
    """Answer the records that the sketch left open; then take those out that are never eligible, and count."""
    cdef i64 i, j
    cdef u64 open_rows, word, own
    cdef Slot* slot = NULL
    cdef u32 limit
    cdef bint over
    for i in range(0, n, 64):
        word = bits[i >> 6]
        open_rows = ~word
        if n - i < 64:
            open_rows &= (<u64>1 << (n - i)) - 1
        while open_rows:
            own = open_rows & (~open_rows + 1)
            j = i + dm_lowest_bit(open_rows)
            open_rows &= open_rows - 1
            limit = <u32>plan.limits[(r[j].units & (<u32>EXCLUDED - 1)) >> plan.index_shift]
            over = not r[j].units & <u32>POISON and (r[j].units & units_mask) > limit    # by itself
            if not over:
                if slot == NULL or slot.key != r[j].key or slot.more != r[j].more:
                    slot = slot_of(s, r[j].key, r[j].more)
                over = (slot.total & (<u32>USED - 1)) > limit
            if not over and not slot.total & <u32>POISON:
                word |= own
            elif not r[j].units & (<u32>POISON | <u32>EXCLUDED):
                counts.over += over
                counts.unproven += not over
                counts.refused_units += r[j].units & units_mask
        if plan.marked:
            for j in range(i, n if n - i < 64 else i + 64):
                word &= ~(<u64>((r[j].units & <u32>EXCLUDED) != 0) << (j - i))
        bits[i >> 6] = word
        if plan.tally:
            counts.eligible += dm_count_bits(word)
