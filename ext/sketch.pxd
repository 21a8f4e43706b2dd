# The sketch of one partition: cells to which rows add their units, by the low bits of their keys. Values are not
# negative, so a cell within the limit proves all its rows eligible: no keys are compared, no branch is taken. Most rows
# end here.
#
# Cells have 32 bits for narrow records and 64 for wide ones. Sums are capped at cap = largest limit + 1: of narrow
# records cap < 2**30, of wide ones cap <= 2**63 - 1, so no sum of two wraps.
#
# A row that is over its limit by itself, has a bad value or is excluded is not eligible whatever its total. A cell of
# narrow records says whether there is any other row in it: where there is none, all are refused without their totals.
from libc.string cimport memset
from native cimport i64, u32, u64
from records cimport EXCLUDED, MARK_BAD, MARK_UNCOUNTED, POISON, Record, record_t, WideRecord
from meaning cimport Meaning
from tables cimport cleared, Tables

cdef enum:
    MAX_CELLS = 1 << 22
    MAY_PASS = 0x40000000    # in a narrow cell: some row of it is eligible if its total is within the limit
    SUM = 0x3fffffff         # of a narrow cell


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


cdef inline u64 limit_of(const Meaning* meaning, const Record* r) noexcept nogil:
    """A record's own limit."""
    return <u64>meaning.limits[(r.units & (<u32>EXCLUDED - 1)) >> meaning.index_shift]


cdef inline void add_narrow_units(const Meaning* meaning, u32* cells, u64 mask, const Record* r, i64 n,
                                  bint one_limit) noexcept nogil:
    cdef i64 i
    cdef u32 sum, units, units_mask = (<u32>1 << meaning.index_shift) - 1, cap = <u32>meaning.cap
    cdef u32 full = cap | <u32>MAY_PASS            # no row changes such a cell, and no sum is more
    cdef u32* cell = cells
    cdef u32* before
    cdef bint may_pass
    for i in range(n):
        before, cell = cell, &cells[r[i].key & mask]
        if cell == before and cell[0] == full:     # in a run of one person-day no row waits for the one before
            continue
        if one_limit and r[i].units < cap:         # no mark and no index above the units, and these below the cap
            sum = (cell[0] | <u32>MAY_PASS) + r[i].units
            cell[0] = sum if sum < full else full
            continue
        units = r[i].units & units_mask
        sum = (cell[0] & <u32>SUM) + units
        may_pass = False
        if not one_limit:
            may_pass = not r[i].units & (<u32>POISON | <u32>EXCLUDED) and units <= <u32>limit_of(meaning, r + i)
        cell[0] = (sum if sum < cap else cap) | (cell[0] & <u32>MAY_PASS) | <u32>may_pass << 30


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
    elif meaning.n_limits == 1:
        add_narrow_units(meaning, <u32*>t.cells, mask, r, n, True)
    else:
        add_narrow_units(meaning, <u32*>t.cells, mask, r, n, False)


cdef inline u64 proof_of(const Meaning* meaning, const record_t* r) noexcept nogil:
    """The limit that all rows of a record's group are within, where its total is."""
    if record_t is Record:
        return <u64>meaning.proof[(r.units & (<u32>EXCLUDED - 1)) >> meaning.index_shift]
    else:
        return <u64>meaning.proof[r.limit_index]


cdef inline void prove_by_cells(const Meaning* meaning, const cell_t* cells, u64 mask, cell_t sum, const record_t* r,
                                i64 n, u64* bits) noexcept nogil:
    """`sum` are the bits of a cell that are its sum."""
    cdef i64 i, j, some
    cdef u64 word
    cdef cell_t limit = <cell_t>meaning.proof[0]
    for i in range(0, n, 64):
        some = n - i if n - i < 64 else 64
        word = 0
        if meaning.n_limits == 1:
            for j in range(some):
                word |= <u64>((cells[r[i + j].key & mask] & sum) <= limit) << j
        else:
            for j in range(some):
                word |= <u64>((cells[r[i + j].key & mask] & sum) <= <cell_t>proof_of(meaning, r + i + j)) << j
        bits[i >> 6] = word


cdef inline void prove(const Meaning* meaning, const Tables* t, const record_t* r, i64 n, u64* bits) noexcept nogil:
    """One bit a record: its cell is within the limits of its group; none where groups are counted by their slots. n is
    at most what lies in a block; bits are whole words."""
    cdef u64 mask = <u64>(t.cells_in_use - 1)
    if t.exact:
        memset(bits, 0, 8 * ((n + 63) // 64))
    elif record_t is WideRecord:
        prove_by_cells(meaning, <const u64*>t.cells, mask, ~<u64>0, r, n, bits)
    else:
        prove_by_cells(meaning, <const u32*>t.cells, mask, <u32>SUM, r, n, bits)


cdef inline bint is_refused(const Tables* t, const record_t* r) noexcept nogil:
    """Whether a record that is not proven lies in a cell of which no row may pass; False of wide records."""
    if record_t is Record:
        return not (<const u32*>t.cells)[r.key & <u64>(t.cells_in_use - 1)] & <u32>MAY_PASS
    else:
        return False


cdef inline i64 open_cells(const Meaning* meaning, const Tables* t) noexcept nogil:
    """Cells of narrow records that are not within all limits and have rows that may pass: about as many keys are
    neither proven nor refused, and none where there are none."""
    cdef i64 i, n = 0
    cdef u32 least = <u32>meaning.limits[0]      # limits ascend
    cdef const u32* cells = <const u32*>t.cells
    for i in range(t.cells_in_use):
        n += (cells[i] & <u32>(SUM | MAY_PASS)) > (least | <u32>MAY_PASS)
    return n


cdef inline void add_cells(Tables* t, const Tables* other, u32 cap) noexcept nogil:
    """Add the cells of another thread's tables of the same partition of narrow records."""
    cdef i64 i
    cdef u32 sum
    cdef u32* cells = <u32*>t.cells
    cdef const u32* more = <const u32*>other.cells
    for i in range(t.cells_in_use):
        sum = (cells[i] & <u32>SUM) + (more[i] & <u32>SUM)
        cells[i] = (sum if sum < cap else cap) | ((cells[i] | more[i]) & <u32>MAY_PASS)
