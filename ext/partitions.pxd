# One partition over the chains of all workers: the loops that hand its blocks to the tables.
from libc.math cimport log
from native cimport *
from records cimport *
from plan cimport Plan
from totals cimport *
from wide cimport *


cdef inline i64 total_records(Chains** chains, int workers, int p) noexcept nogil:
    cdef i64 n = 0
    cdef int w
    for w in range(workers):
        n += count_of(chains[w], p)
    return n


cdef inline i64 power_of_two(i64 n) noexcept nogil:
    cdef i64 power = 64
    while power < n:
        power *= 2
    return power


cdef inline double distinct(const Scratch* s, i64 n_cells, i64 n) noexcept nogil:
    """An estimate of the keys among n records from the cells that none touched (Whang, Vander-Zanden and Taylor 1990,
    "A linear-time probabilistic counting algorithm")."""
    cdef i64 i, untouched = 0
    cdef double estimate
    for i in range(n_cells):
        untouched += s.cells[i] == 0
    estimate = -<double>n_cells * log((untouched if untouched else 0.5) / <double>n_cells)
    return estimate if estimate < n else <double>n


cdef inline int start_narrow(const Plan* plan, i64 n, Scratch* s) noexcept nogil:
    """Clear tables for a partition of n records. -1 where memory ran out."""
    s.n_records = n
    s.keys = 0
    return 0 if start_cells(s, power_of_two(n if n < MAX_CELLS else MAX_CELLS)) and start_slots(s, FIRST_SLOTS) else -1


cdef inline int step_narrow(const Plan* plan, int step, Scratch* s, Record* r, i64 n, u64* bits, Counts* counts) noexcept nogil:
    """One step of four over n records: add to the sketch, prove by it, add what is left open exactly, settle that.
    Every record of the partition takes a step before any takes the next. -1 where memory ran out."""
    cdef u64 mask = <u64>(s.cells_in_use - 1)
    cdef u32 units_mask = (<u32>1 << plan.index_shift) - 1, cap = <u32>plan.cap
    if step == 0:
        if plan.tally:
            add_to_cells(s, mask, r, n, units_mask, cap, <u32>TOUCHED)
        else:
            add_to_cells(s, mask, r, n, units_mask, cap, 0)
    elif step == 1:
        prove_eligible(plan, s, mask, r, n, units_mask, <u32>TOUCHED if plan.tally else 0, bits)
    elif step == 2:
        return add_open(s, r, n, bits, units_mask, cap, &s.keys)
    else:
        settle_open(plan, s, r, n, bits, units_mask, counts)
    return 0


cdef inline int step_chain(const Plan* plan, int step, Scratch* s, const Chains* c, int p, u64* bits,
                           Counts* counts) noexcept nogil:
    """One step over the blocks in memory of partition p of one worker; `bits` are those of its first record there."""
    cdef u32 block = c.first[p]
    cdef i64 some, done = 0
    while True:
        some = in_block(c, p, block)
        if step_narrow(plan, step, s, <Record*>c.pool.blocks[block], some, bits + (done >> 6), counts) < 0:
            return -1
        done += some
        if block == c.last[p]:
            return 0
        block = c.pool.next[block]


cdef inline int total_narrow(const Plan* plan, Chains** chains, int workers, int p, Scratch* s, u64** bits,
                             Counts* counts) noexcept nogil:
    """One bit for each record of partition p, worker after worker into bits[w]. -1 where memory ran out."""
    cdef i64 n = total_records(chains, workers, p), i, n_open = n
    cdef int w, step
    if n == 0:
        return 0
    if start_narrow(plan, n, s) < 0:
        return -1
    for step in range(4):
        if step == 2:
            for w in range(workers):
                for i in range((count_of(chains[w], p) + 63) // 64):
                    n_open -= dm_count_bits(bits[w][i])
            if not expect_open(s, n_open):
                return -1
        for w in range(workers):
            if step_chain(plan, step, s, chains[w], p, bits[w], counts) < 0:
                return -1
        if step == 0 and plan.tally:
            counts.groups += distinct(s, s.cells_in_use, n)
    return 0


cdef inline void settle_records(const Plan* plan, WideScratch* s, WideRecord* r, i64 n, WideCounts* counts) noexcept nogil:
    """The outcomes of n records, where the order of rows does not matter."""
    cdef i64 i
    for i in range(n):
        settle_wide(plan, s, r + i, False, counts)


cdef inline int chain_wide(const Plan* plan, bint settle, WideScratch* s, const Chains* c, int p, WideCounts* counts) noexcept nogil:
    """Add the records in memory of partition p of one worker to their totals, or write their outcomes over them."""
    cdef u32 block = c.first[p]
    cdef i64 some
    while True:
        some = in_block(c, p, block)
        if settle:
            settle_records(plan, s, <WideRecord*>c.pool.blocks[block], some, counts)
        elif add_wide(s, <WideRecord*>c.pool.blocks[block], some) < 0:
            return -1
        if block == c.last[p]:
            return 0
        block = c.pool.next[block]


cdef struct Head:            # where one worker's records are read: those of a loaded piece, then those in memory
    WideRecord* loaded
    i64 n_loaded
    i64 at                   # in `loaded`
    bint more                # pieces follow that are not loaded yet
    u32 block                # in memory
    i64 place


cdef inline void start_heads(Head* heads, Chains** chains, int workers, int p) noexcept nogil:
    """Nothing is loaded; what is in memory is read from its start."""
    cdef int w
    memset(heads, 0, workers * sizeof(Head))
    for w in range(workers):
        heads[w].block = chains[w].first[p]


cdef inline WideRecord* head_record(Head* head, const Chains* c, int p) noexcept nogil:
    """The record at a worker's head, NULL at the end."""
    if head.at < head.n_loaded:
        return head.loaded + head.at
    if head.place == in_block(c, p, head.block) and head.block != c.last[p]:
        head.block = c.pool.next[head.block]
        head.place = 0
    if head.place < in_block(c, p, head.block):
        return <WideRecord*>c.pool.blocks[head.block] + head.place
    return NULL


cdef inline int merge_wide(const Plan* plan, Chains** chains, int workers, int p, WideScratch* s, Head* heads,
                           WideCounts* counts) noexcept nogil:
    """Settle the workers' records by row number; each worker's are in row order, as it reads its parts in order.
    Returns the worker whose loaded piece is used up and whose next one is wanted, or -1 at the end."""
    cdef int w, first
    cdef u64 least = 0
    cdef WideRecord* r
    cdef WideRecord* next
    while True:
        first = -1
        next = NULL
        for w in range(workers):
            if heads[w].more and heads[w].at == heads[w].n_loaded:
                return w
            r = head_record(&heads[w], chains[w], p)
            if r != NULL and (first < 0 or r.row < least):
                first = w
                least = r.row
                next = r
        if first < 0:
            return -1
        settle_wide(plan, s, next, True, counts)
        if heads[first].at < heads[first].n_loaded:
            heads[first].at += 1
        else:
            heads[first].place += 1


cdef inline int total_wide(const Plan* plan, Chains** chains, int workers, int p, WideScratch* s, Head* heads, bint excess,
                           WideCounts* counts) noexcept nogil:
    """The outcome of each record of partition p, all in memory, written over it. -1 where memory ran out."""
    cdef int w
    if total_records(chains, workers, p) == 0:
        return 0
    if not start_wide_slots(s):
        return -1
    for w in range(workers):
        if chain_wide(plan, False, s, chains[w], p, counts) < 0:
            return -1
    counts.groups += s.keys
    if excess:
        start_heads(heads, chains, workers, p)
        merge_wide(plan, chains, workers, p, s, heads, counts)
        return 0
    for w in range(workers):
        chain_wide(plan, True, s, chains[w], p, counts)
    return 0
