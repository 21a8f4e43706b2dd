# The totals of one partition of wide records: exact sums of up to 96 bits, reasons, and acceptance in row order.
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memset
from native cimport *
from records cimport *
from plan cimport Plan

cdef enum:            # the order of design.md; the first five are a row's own status less one
    REASON_NO_PERSON = 0
    REASON_NO_DAY = 1
    REASON_NOT_IN_FORCE = 2
    REASON_BAD_VALUE = 3
    REASON_EXCLUDED = 4
    REASON_OVER_LIMIT = 5
    REASON_UNPROVEN = 6
    REASON_ELIGIBLE = 7

cdef enum:
    MARK_BAD = 1
    MARK_EXCLUDED = 2
    MARK_UNCOUNTED = 4
    FIRST_WIDE_SLOTS = 256


cdef struct WideSlot:
    u64 key
    u64 low                  # the total: high * 2**64 + low
    u64 accepted             # overflow="excess": units of the rows accepted so far, capped at 2**63
    u32 more
    u32 high
    u32 used
    u32 poisoned


cdef struct Outcome:         # written over the first half of a WideRecord
    u64 low
    u32 high
    u32 reason


cdef struct WideScratch:
    WideSlot* slots
    i64 n_slots              # a power of two
    i64 keys
    u64* cells               # of wide_mask.pxd
    i64 n_cells              # allocated
    i64 cells_in_use         # of this partition; a power of two
    bint exact               # every key goes to the slots, so that groups are counted rather than estimated


cdef struct WideCounts:
    i64 reasons[8]           # of rows whose own status is plain
    i64 groups               # counted, or for the mask alone of many rows an estimate
    u64 eligible_low
    u64 eligible_high


cdef inline bint start_wide_slots(WideScratch* s) noexcept nogil:
    if s.slots == NULL:
        s.slots = <WideSlot*>malloc(FIRST_WIDE_SLOTS * sizeof(WideSlot))
        if s.slots == NULL:
            return False
        s.n_slots = FIRST_WIDE_SLOTS
    memset(s.slots, 0, s.n_slots * sizeof(WideSlot))
    s.keys = 0
    return True


cdef inline WideSlot* wide_slot_of(const WideScratch* s, u64 key, u32 more) noexcept nogil:
    cdef u64 mask = <u64>(s.n_slots - 1)
    cdef u64 i = key & mask
    while s.slots[i].used and (s.slots[i].key != key or s.slots[i].more != more):
        i = (i + 1) & mask
    return &s.slots[i]


cdef inline bint double_wide_slots(WideScratch* s) noexcept nogil:
    """Twice as many slots, the same keys. False, and nothing changed, where memory ran out."""
    cdef i64 i, before = s.n_slots
    cdef WideSlot* old = s.slots
    cdef WideSlot* fresh = <WideSlot*>calloc(2 * before, sizeof(WideSlot))
    if fresh == NULL:
        return False
    s.slots = fresh
    s.n_slots = 2 * before
    for i in range(before):
        if old[i].used:
            wide_slot_of(s, old[i].key, old[i].more)[0] = old[i]
    free(old)
    return True


cdef inline int add_wide(WideScratch* s, const WideRecord* r, i64 n) noexcept nogil:
    """Add n records to their groups' totals. -1 where memory ran out."""
    cdef i64 i
    cdef WideSlot* slot
    for i in range(n):
        if 8 * (s.keys + 1) > 5 * s.n_slots and not double_wide_slots(s):
            return -1
        slot = wide_slot_of(s, r[i].key, r[i].more)
        s.keys += not slot.used
        slot.used = 1
        slot.key = r[i].key
        slot.more = r[i].more
        if r[i].marks & MARK_UNCOUNTED:
            continue
        if r[i].marks & MARK_BAD:
            slot.poisoned = 1
        slot.low += r[i].units
        slot.high += slot.low < r[i].units
    return 0


cdef inline u32 judge_all(const WideSlot* slot, u64 limit) noexcept nogil:
    """overflow="all": the whole group stands or falls together."""
    if slot.high or slot.low > limit:
        return REASON_OVER_LIMIT
    return REASON_UNPROVEN if slot.poisoned else REASON_ELIGIBLE


cdef inline u32 judge_excess(WideSlot* slot, const WideRecord* r, u64 limit) noexcept nogil:
    """overflow="excess": in row order, a row is accepted while the accepted total stays within the limit."""
    cdef u64 most = <u64>1 << 63
    cdef u64 sum = slot.accepted + r.units        # accepted <= 2**63 and units < 2**63: no wrap
    if r.marks & MARK_UNCOUNTED or r.marks & MARK_BAD:
        return REASON_UNPROVEN
    if r.marks & MARK_EXCLUDED:
        slot.accepted = sum if sum < most else most
        return REASON_UNPROVEN
    if sum > limit:
        return REASON_OVER_LIMIT
    slot.accepted = sum
    return REASON_UNPROVEN if slot.poisoned else REASON_ELIGIBLE


cdef inline u32 judge(const Plan* plan, WideSlot* slot, const WideRecord* r) noexcept nogil:
    """A record's reason by its group's total. With overflow="excess", records come in row order."""
    cdef u64 limit = <u64>plan.limits[r.limit_index]
    return judge_excess(slot, r, limit) if plan.excess else judge_all(slot, limit)


cdef inline void count_reason(WideCounts* counts, u32 reason, u64 units) noexcept nogil:
    """One more row whose own status is plain."""
    counts.reasons[reason] += 1
    if reason == REASON_ELIGIBLE:
        counts.eligible_low += units
        counts.eligible_high += counts.eligible_low < units


cdef inline void settle_wide(const Plan* plan, WideScratch* s, WideRecord* r, WideCounts* counts) noexcept nogil:
    """Write one record's outcome over it. With overflow="excess", records come in row order."""
    cdef WideSlot* slot = wide_slot_of(s, r.key, r.more)
    cdef Outcome* out = <Outcome*>r
    cdef u32 reason = judge(plan, slot, r)
    if not r.marks & (MARK_BAD | MARK_EXCLUDED):
        count_reason(counts, reason, r.units)
    out.low = slot.low
    out.high = slot.high
    out.reason = reason
