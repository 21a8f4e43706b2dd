# The sketch of one partition: cells to which rows add their units, by the low bits of their keys. Values are not
# negative, so a cell within the limit proves all its rows eligible: no keys are compared, no branch is taken. Most rows
# end here.
#
# Cells have 32 bits for narrow records and 64 for wide ones. Sums are capped at cap = largest limit + 1: of narrow
# records cap < 2**30, of wide ones cap <= 2**63 - 1, so no sum of two wraps.
from libc.string cimport memset
from native cimport i64, u32, u64
from records cimport EXCLUDED, MARK_BAD, MARK_UNCOUNTED, Record, record_t, WideRecord
from meaning cimport Meaning
from tables cimport cleared, Tables

cdef enum:
    MAX_CELLS = 1 << 22


ctypedef fused cell_t:
    u32
    u64


cdef inline i64 power_of_two(i64 n) noexcept nogil:
    cdef i64 power = 64
    while power < n:
        power *= 2
    return power


cdef inline bint start_cells(const Meaning* meaning, Tables* t, i64 n) noexcept nogil:
    """Clear the cells for a partition of n records. False where memory ran out.

    Twice as many as wide records: two values of the size that wants large limits are soon over one together."""
    cdef i64 most = 2 * n if meaning.wide else n
    cdef void* cells
    t.cells_in_use = power_of_two(most if most < MAX_CELLS else MAX_CELLS)
    cells = cleared(t.cells, &t.n_cells, t.cells_in_use, sizeof(u64) if meaning.wide else sizeof(u32))
    t.cells = cells if cells != NULL else t.cells
    return cells != NULL


cdef inline void add_narrow_units(u32* cells, u64 mask, const Record* r, i64 n, u32 units_mask, u32 cap) noexcept nogil:
    cdef i64 i
    cdef u32 sum
    cdef u32* cell
    for i in range(n):
        cell = &cells[r[i].key & mask]
        sum = cell[0] + (r[i].units & units_mask)
        cell[0] = sum if sum < cap else cap


cdef inline void add_wide_units(u64* cells, u64 mask, const WideRecord* r, i64 n, u64 cap) noexcept nogil:
    """A bad value fills its cell, so that none of its rows is proven."""
    cdef i64 i
    cdef u64 sum, units
    cdef u64* cell
    for i in range(n):
        cell = &cells[r[i].key & mask]
        units = r[i].units if r[i].units < cap else cap
        if r[i].marks:
            units = 0 if r[i].marks & MARK_UNCOUNTED else cap if r[i].marks & MARK_BAD else units
        sum = cell[0] + units
        cell[0] = sum if sum < cap else cap


cdef inline void add_to_cells(const Meaning* meaning, Tables* t, const record_t* r, i64 n) noexcept nogil:
    """Each row's units to its cell."""
    cdef u64 mask = <u64>(t.cells_in_use - 1)
    if record_t is WideRecord:
        add_wide_units(<u64*>t.cells, mask, r, n, <u64>meaning.cap)
    else:
        add_narrow_units(<u32*>t.cells, mask, r, n, (<u32>1 << meaning.index_shift) - 1, <u32>meaning.cap)


cdef inline u64 proof_of(const Meaning* meaning, const record_t* r) noexcept nogil:
    """The limit that all rows of a record's group are within, where its total is."""
    if record_t is Record:
        return <u64>meaning.proof[(r.units & (<u32>EXCLUDED - 1)) >> meaning.index_shift]
    else:
        return <u64>meaning.proof[r.limit_index]


cdef inline void prove_by_cells(const Meaning* meaning, const cell_t* cells, u64 mask, const record_t* r, i64 n,
                                u64* bits) noexcept nogil:
    cdef i64 i, j, some
    cdef u64 word
    cdef cell_t limit = <cell_t>meaning.proof[0]
    for i in range(0, n, 64):
        some = n - i if n - i < 64 else 64
        word = 0
        if meaning.n_limits == 1:
            for j in range(some):
                word |= <u64>(cells[r[i + j].key & mask] <= limit) << j
        else:
            for j in range(some):
                word |= <u64>(cells[r[i + j].key & mask] <= <cell_t>proof_of(meaning, r + i + j)) << j
        bits[i >> 6] = word


cdef inline void prove(const Meaning* meaning, const Tables* t, const record_t* r, i64 n, u64* bits) noexcept nogil:
    """One bit a record: its cell is within the limits of its group; none where groups are counted by their slots. n is
    at most what lies in a block; bits are whole words."""
    cdef u64 mask = <u64>(t.cells_in_use - 1)
    if t.exact:
        memset(bits, 0, 8 * ((n + 63) // 64))
    elif record_t is WideRecord:
        prove_by_cells(meaning, <const u64*>t.cells, mask, r, n, bits)
    else:
        prove_by_cells(meaning, <const u32*>t.cells, mask, r, n, bits)


cdef inline void add_cells(Tables* t, const Tables* other, u32 cap) noexcept nogil:
    """Add the cells of another thread's tables of the same partition of narrow records."""
    cdef i64 i
    cdef u32 sum
    cdef u32* cells = <u32*>t.cells
    cdef const u32* more = <const u32*>other.cells
    for i in range(t.cells_in_use):
        sum = cells[i] + more[i]
        cells[i] = sum if sum < cap else cap
