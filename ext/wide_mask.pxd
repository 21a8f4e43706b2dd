# The bits of one partition of wide records, where only the mask is asked for: limits beyond a narrow record, or
# acceptance in row order. The two tables of totals.pxd, with cells of 64 bits: most rows end at the sketch, and only
# the others look for a slot. Sums in cells are capped at one more than the largest limit, which is at most 2**63 - 1, so
# no sum of two wraps and the highest bit is free.
from native cimport *
from records cimport *
from plan cimport Plan
from wide cimport *

cdef extern from *:
    """
    #define DM_CELL_TOUCHED (UINT64_C(1) << 63)
    """
    const u64 CELL_TOUCHED "DM_CELL_TOUCHED"   # some row added to the cell, if only zero


cdef inline void add_to_wide_cells(const Plan* plan, WideScratch* s, const WideRecord* r, i64 n) noexcept nogil:
    """Each row's units to its cell. A bad value fills it, so that none of its rows is proven."""
    cdef i64 i
    cdef u64 sum, units, cap = <u64>plan.cap, mask = <u64>(s.cells_in_use - 1)
    cdef u64* cell
    for i in range(n):
        cell = &s.cells[r[i].key & mask]
        units = r[i].units if r[i].units < cap else cap
        if r[i].marks:
            units = 0 if r[i].marks & MARK_UNCOUNTED else cap if r[i].marks & MARK_BAD else units
        sum = (cell[0] & ~CELL_TOUCHED) + units
        cell[0] = (sum if sum < cap else cap) | CELL_TOUCHED


cdef inline void prove_wide(const Plan* plan, WideScratch* s, const WideRecord* r, i64 n, u64* bits) noexcept nogil:
    """One bit a record: its cell is within the limit of every row of its group."""
    cdef i64 i, j, some
    cdef u64 word, mask = <u64>(s.cells_in_use - 1)
    for i in range(0, n, 64):
        some = n - i if n - i < 64 else 64
        word = 0
        for j in range(i, i + some):
            word |= <u64>((s.cells[r[j].key & mask] & ~CELL_TOUCHED) <= <u64>plan.proof[r[j].limit_index]) << (j - i)
        bits[i >> 6] = word


cdef inline u64 there_are(i64 i, i64 n) noexcept nogil:
    """Bits of the 64 records from i on, or of those up to n."""
    return ~<u64>0 >> (64 - n + i) if n - i < 64 else ~<u64>0


cdef inline int add_open_wide(WideScratch* s, const WideRecord* r, i64 n, const u64* bits) noexcept nogil:
    """Add the records that the sketch left open to exact totals. -1 where memory ran out."""
    cdef i64 i, j
    cdef u64 rest
    for i in range(0, n, 64):
        rest = ~bits[i >> 6] & there_are(i, n)
        while rest:
            j = i + dm_lowest_bit(rest)
            rest &= rest - 1
            if add_wide(s, r + j, 1) < 0:
                return -1
    return 0


cdef inline bint settle_bit(const Plan* plan, WideScratch* s, const WideRecord* r, bint is_proven, WideCounts* counts) noexcept nogil:
    """Whether a record's row is eligible. In row order where overflow is "excess"."""
    cdef u32 reason = REASON_ELIGIBLE
    if not is_proven:
        reason = judge(plan, wide_slot_of(s, r.key, r.more), r)
    if r.marks & (MARK_BAD | MARK_EXCLUDED):
        return False
    count_reason(counts, reason, r.units)
    return reason == REASON_ELIGIBLE


cdef inline void settle_bits(const Plan* plan, WideScratch* s, const WideRecord* r, i64 n, u64* bits, WideCounts* counts) noexcept nogil:
    """Answer the records that the sketch left open; then take those out that are never eligible, and count."""
    cdef i64 i, j
    cdef u64 rest, word
    for i in range(0, n, 64):
        word = bits[i >> 6]
        rest = there_are(i, n) & (~<u64>0 if plan.marked or plan.tally else ~word)
        while rest:
            j = i + dm_lowest_bit(rest)
            if settle_bit(plan, s, r + j, (word >> (j - i)) & 1, counts):
                word |= <u64>1 << (j - i)
            else:
                word &= ~(<u64>1 << (j - i))
            rest &= rest - 1
        bits[i >> 6] = word
