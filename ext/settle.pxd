# What each record comes to by its group's total: a bit, or an outcome that is written over it.
from native cimport dm_count_bits, dm_lowest_bit, i64, u32, u64
from records cimport EXCLUDED, MARK_BAD, MARK_EXCLUDED, MARK_UNCOUNTED, POISON, Outcome, Record, record_t, WideRecord
from meaning cimport REASON_ELIGIBLE, REASON_OVER_LIMIT, REASON_UNPROVEN, Meaning
from tables cimport Counts, Tables
from sketch cimport limit_of
from slots cimport kept_slot, USED, Slot, slot_of, there_are, WideSlot


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


cdef inline u32 judge(const Meaning* meaning, WideSlot* slot, const WideRecord* r) noexcept nogil:
    """A record's reason by its group's total. With overflow="excess", records come in row order."""
    cdef u64 limit = <u64>meaning.limits[r.limit_index]
    return judge_excess(slot, r, limit) if meaning.excess else judge_all(slot, limit)


cdef inline void count_reason(Counts* counts, u32 reason, u64 units) noexcept nogil:
    """One more row whose own status is plain."""
    counts.reasons[reason] += 1
    if reason == REASON_ELIGIBLE:
        counts.eligible_low += units
        counts.eligible_high += counts.eligible_low < units


cdef inline void settle_outcome(const Meaning* meaning, Tables* t, const WideRecord* r, Outcome* out,
                                Counts* counts) noexcept nogil:
    """Write one record's outcome, which may lie over it. With overflow="excess", records come in row order."""
    cdef WideSlot* slot = kept_slot(t, r)
    cdef u32 reason = judge(meaning, slot, r)
    if not r.marks & (MARK_BAD | MARK_EXCLUDED):
        count_reason(counts, reason, r.units)
    out.low = slot.low
    out.high = slot.high
    out.reason = reason


cdef inline bint settle_bit(const Meaning* meaning, Tables* t, const WideRecord* r, bint is_proven,
                            Counts* counts) noexcept nogil:
    """Whether a record's row is eligible. In row order where overflow is "excess"."""
    cdef u32 reason = REASON_ELIGIBLE
    if not is_proven:
        reason = judge(meaning, slot_of(<WideSlot*>t.slots, t.slots_in_use, r.key, r.more), r)
    if r.marks & (MARK_BAD | MARK_EXCLUDED):
        return False
    count_reason(counts, reason, r.units)
    return reason == REASON_ELIGIBLE


cdef inline void settle_wide(const Meaning* meaning, Tables* t, WideRecord* r, i64 n, u64* bits,
                             Counts* counts) noexcept nogil:
    """Outcomes of all records, packed over the first half of them; or bits, of those that the sketch left open, and of
    all where they are counted."""
    cdef i64 i, j
    cdef u64 rest, word
    if meaning.outcomes:
        for i in range(n):
            settle_outcome(meaning, t, r + i, <Outcome*>r + i, counts)
        return
    for i in range(0, n, 64):
        word = bits[i >> 6]
        rest = there_are(i, n) & (~<u64>0 if meaning.marked or meaning.tally else ~word)
        while rest:
            j = i + dm_lowest_bit(rest)
            if settle_bit(meaning, t, r + j, (word >> (j - i)) & 1, counts):
                word |= <u64>1 << (j - i)
            else:
                word &= ~(<u64>1 << (j - i))
            rest &= rest - 1
        bits[i >> 6] = word


cdef inline void settle_narrow(const Meaning* meaning, Tables* t, const Record* r, i64 n, u64* bits,
                               Counts* counts) noexcept nogil:
    """Answer the records that the sketch left open; then take those out that are never eligible, and count. A record
    that is over by itself may have no slot, nor one with a bad value."""
    cdef i64 i, j
    cdef u64 open_rows, word, own
    cdef Slot* slot = NULL       # of the row before: neighbours may share it
    cdef u32 limit, units_mask = (<u32>1 << meaning.index_shift) - 1
    cdef bint over
    for i in range(0, n, 64):
        word = bits[i >> 6]
        open_rows = ~word & there_are(i, n)
        while open_rows:
            own = open_rows & (~open_rows + 1)
            j = i + dm_lowest_bit(open_rows)
            open_rows &= open_rows - 1
            if r[j].units & <u32>POISON:
                continue
            limit = <u32>limit_of(meaning, r + j)
            over = (r[j].units & units_mask) > limit    # by itself
            if not over:
                if slot == NULL or slot.key != r[j].key or slot.more != r[j].more:
                    slot = slot_of(<Slot*>t.slots, t.slots_in_use, r[j].key, r[j].more)
                over = (slot.total & (<u32>USED - 1)) > limit
            if not over and not slot.total & <u32>POISON:
                word |= own
            elif not r[j].units & <u32>EXCLUDED:
                counts.reasons[REASON_OVER_LIMIT if over else REASON_UNPROVEN] += 1
                counts.refused_units += r[j].units & units_mask
        if meaning.marked:
            for j in range(i, n if n - i < 64 else i + 64):
                word &= ~(<u64>((r[j].units & <u32>EXCLUDED) != 0) << (j - i))
        bits[i >> 6] = word
        if meaning.tally:
            counts.reasons[REASON_ELIGIBLE] += dm_count_bits(word)


cdef inline void settle(const Meaning* meaning, Tables* t, record_t* r, i64 n, u64* bits,
                        Counts* counts) noexcept nogil:
    """Answer n records, all of whose groups are proven or in the slots."""
    if record_t is Record:
        settle_narrow(meaning, t, r, n, bits, counts)
    else:
        settle_wide(meaning, t, r, n, bits, counts)
