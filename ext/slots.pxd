# The slots of one partition: open addressing with linear probing (load at most 5/8), exact totals of the rows that the
# sketch left open. All rows of a key share its cell. Where they all have one limit, the key is wholly in the slots or
# not at all; where limits differ by origin, a row is proven only by a cell within all of them (Meaning.proof), and the
# others then pass too.
#
# A slot of narrow records has a total that is capped as cells are; one of wide records has all of its 96 bits.
from libc.stdlib cimport calloc, free
from native cimport dm_lowest_bit, i64, u32, u64
from status cimport DONE, NO_MEMORY
from records cimport MARK_BAD, MARK_UNCOUNTED, POISON, Record, record_t, WideRecord
from meaning cimport Meaning
from tables cimport cleared, Tables
from sketch cimport is_refused

cdef enum:
    USED = 0x40000000        # in Slot.total: the slot is taken; POISON as in Record.units
    FIRST_SLOTS = 1024
    FIRST_WIDE_SLOTS = 256
    MOST_FIRST_SLOTS = 1 << 16   # a megabyte; for more keys they are doubled


cdef struct Slot:
    u64 key
    u32 more
    u32 total


cdef struct WideSlot:
    u64 key
    u64 low                  # the total: high * 2**64 + low
    u64 accepted             # overflow="excess": units of the rows accepted so far, capped at 2**63
    u32 more
    u32 high
    u32 used
    u32 poisoned


ctypedef fused slot_t:
    Slot
    WideSlot


cdef inline bint is_taken(const slot_t* slot) noexcept nogil:
    if slot_t is Slot:
        return slot.total != 0
    else:
        return slot.used


cdef inline bint start_slots(const Meaning* meaning, Tables* t, i64 wanted) noexcept nogil:
    """Clear that many slots, or for wide records as many as there are. False where memory ran out."""
    cdef void* slots
    if meaning.wide:
        wanted = t.n_slots if t.n_slots > FIRST_WIDE_SLOTS else FIRST_WIDE_SLOTS
    slots = cleared(t.slots, &t.n_slots, wanted, sizeof(WideSlot) if meaning.wide else sizeof(Slot))
    t.slots = slots if slots != NULL else t.slots
    t.slots_in_use = wanted
    t.keys = 0
    return slots != NULL


cdef inline slot_t* slot_of(slot_t* slots, i64 in_use, u64 key, u32 more) noexcept nogil:
    """The slot that holds the key, or the empty one where it belongs. There is always an empty one."""
    cdef u64 mask = <u64>(in_use - 1)
    cdef u64 i = (key >> 22) & mask
    while is_taken(&slots[i]) and (slots[i].key != key or slots[i].more != more):
        i = (i + 1) & mask
    return &slots[i]


cdef inline bint double_slots(Tables* t, slot_t* old) noexcept nogil:
    """Twice as many slots, the same keys; `old` are those of t. False, and nothing changed, where memory ran out."""
    cdef i64 i, before = t.slots_in_use
    cdef slot_t* fresh = <slot_t*>calloc(2 * before, sizeof(slot_t))
    if fresh == NULL:
        return False
    for i in range(before):
        if is_taken(&old[i]):
            slot_of(fresh, 2 * before, old[i].key, old[i].more)[0] = old[i]
    free(old)
    t.slots = fresh
    t.n_slots = t.slots_in_use = 2 * before
    return True


cdef inline slot_t* slot_for(Tables* t, slot_t* near, u64 key, u32 more) noexcept nogil:
    """The slot of a key that is added to; NULL where memory ran out. `near` is that of the record before, or NULL:
    neighbours may share it."""
    cdef slot_t* slot
    if near != NULL and near.key == key and near.more == more:
        return near
    if 8 * (t.keys + 1) > 5 * t.slots_in_use and not double_slots(t, <slot_t*>t.slots):
        return NULL
    slot = slot_of(<slot_t*>t.slots, t.slots_in_use, key, more)
    t.keys += not is_taken(slot)
    slot.key = key
    slot.more = more
    return slot


cdef inline void* add_record(const Meaning* meaning, Tables* t, const record_t* r, void* near) noexcept nogil:
    """Add a record to its group's total. Its slot, NULL where memory ran out."""
    cdef Slot* slot
    cdef WideSlot* wide
    cdef u32 total
    if record_t is Record:
        slot = slot_for(t, <Slot*>near, r.key, r.more)
        if slot == NULL:
            return NULL
        if r.units & <u32>POISON:
            slot.total |= <u32>USED | <u32>POISON
        else:
            total = (slot.total & (<u32>USED - 1)) + (r.units & ((<u32>1 << meaning.index_shift) - 1))
            total = (slot.total & <u32>POISON) | <u32>USED | (total if total < <u32>meaning.cap else <u32>meaning.cap)
            if total != slot.total:                     # in a run of one person-day no row waits for the one before
                slot.total = total
        return slot
    else:
        wide = slot_for(t, <WideSlot*>near, r.key, r.more)
        if wide == NULL:
            return NULL
        wide.used = 1
        if not r.marks & MARK_UNCOUNTED:
            if r.marks & MARK_BAD:
                wide.poisoned = 1
            wide.low += r.units
            wide.high += wide.low < r.units
        return wide


cdef inline int add_all(const Meaning* meaning, Tables* t, record_t* r, i64 n) noexcept nogil:
    """Add all records; each keeps where its slot was, unless row numbers are needed. A status."""
    cdef i64 i
    cdef void* slot = NULL
    for i in range(n):
        slot = add_record(meaning, t, r + i, slot)
        if slot == NULL:
            return NO_MEMORY
        if record_t is WideRecord:
            if not meaning.excess:
                r[i].row = <u64>(<WideSlot*>slot - <WideSlot*>t.slots)
    return DONE


cdef inline WideSlot* kept_slot(const Tables* t, const WideRecord* r) noexcept nogil:
    """The slot of a record that was added: where it was, or where it went as the slots were doubled. Whatever stands
    for the place, a slot of the same key is the one."""
    cdef WideSlot* slot
    if r.row < <u64>t.slots_in_use:
        slot = <WideSlot*>t.slots + r.row
        if slot.key == r.key and slot.more == r.more and slot.used:
            return slot
    return slot_of(<WideSlot*>t.slots, t.slots_in_use, r.key, r.more)


cdef inline u64 there_are(i64 i, i64 n) noexcept nogil:
    """Bits of the 64 records from i on, or of those up to n."""
    return ~<u64>0 >> (64 - n + i) if n - i < 64 else ~<u64>0


cdef inline int add_open(const Meaning* meaning, Tables* t, const record_t* r, i64 n, const u64* bits) noexcept nogil:
    """Add the records that the sketch left open; where it may refuse some, without those. A status."""
    cdef i64 i, j
    cdef u64 rest
    cdef void* slot = NULL
    for i in range(0, n, 64):
        rest = ~bits[i >> 6] & there_are(i, n)
        while rest:
            j = i + dm_lowest_bit(rest)
            rest &= rest - 1
            if t.skips and is_refused(t, r + j):
                continue
            slot = add_record(meaning, t, r + j, slot)
            if slot == NULL:
                return NO_MEMORY
    return DONE


cdef inline bint expect_keys(const Meaning* meaning, Tables* t, i64 n) noexcept nogil:
    """Have slots for that many keys at once, or for many of them: to double them again and again costs more."""
    cdef i64 wanted = FIRST_SLOTS
    while wanted < MOST_FIRST_SLOTS and 5 * wanted < 8 * n:
        wanted *= 2
    return wanted == FIRST_SLOTS or start_slots(meaning, t, wanted)


cdef inline int add_slots(Tables* t, const Tables* other, u32 cap) noexcept nogil:
    """Add the slots of another thread's tables of the same partition of narrow records. A status."""
    cdef i64 i
    cdef u32 sum
    cdef const Slot* more
    cdef Slot* slot
    for i in range(other.slots_in_use):
        more = <const Slot*>other.slots + i
        if more.total == 0:
            continue
        slot = slot_for(t, <Slot*>NULL, more.key, more.more)
        if slot == NULL:
            return NO_MEMORY
        sum = (slot.total & (<u32>USED - 1)) + (more.total & (<u32>USED - 1))
        slot.total = (slot.total | more.total) & <u32>POISON | <u32>USED | (sum if sum < cap else cap)
    return DONE
