# One partition over the chains of all workers: the loops that hand its blocks to the tables.
from libc.math cimport log
from libc.string cimport memset
from native cimport *
from records cimport *
from plan cimport Plan
from totals cimport *
from wide cimport *
from wide_mask cimport *


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


ctypedef fused cell_t:
    u32
    u64


cdef inline i64 distinct(const cell_t* cells, i64 n_cells) noexcept nogil:
    """An estimate of the keys from the cells that none touched (Whang, Vander-Zanden and Taylor 1990, "A linear-time
    probabilistic counting algorithm"). It may be more than there are records, so that those of many partitions, which
    are as often more as less, add up to a truer one."""
    cdef i64 i, untouched = 0
    for i in range(n_cells):
        untouched += cells[i] == 0
    return <i64>(0.5 - <double>n_cells * log((untouched if untouched else 0.5) / <double>n_cells))


cdef inline int start_narrow(const Plan* plan, i64 n, Scratch* s) noexcept nogil:
    """Clear tables for a partition of n records. -1 where memory ran out."""
    s.keys = 0
    return 0 if start_cells(s, power_of_two(n if n < MAX_CELLS else MAX_CELLS)) and start_slots(s, FIRST_SLOTS) else -1


cdef inline void prove_none(i64 n, u64* bits) noexcept nogil:
    """The sketch proves no row: all are settled by their slots."""
    memset(bits, 0, 8 * ((n + 63) // 64))


cdef inline void count_narrow_groups(const Scratch* s, Counts* counts) noexcept nogil:
    """After step 2, or for an estimate step 0."""
    counts.groups += s.keys if s.exact else distinct(s.cells, s.cells_in_use)


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
    elif step == 1 and s.exact:
        prove_none(n, bits)
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
    if plan.tally:
        count_narrow_groups(s, counts)
    return 0


cdef inline bint start_wide(const Plan* plan, i64 n, WideScratch* s) noexcept nogil:
    """Clear tables for a partition of n records. False where memory ran out.

    Twice as many cells as records: two values of the size that wants large limits are soon over one together."""
    cdef i64 wanted = power_of_two(2 * n if 2 * n < MAX_CELLS else MAX_CELLS)
    cdef void* cells
    if not start_wide_slots(s):
        return False
    if not plan.outcomes:
        cells = cleared(s.cells, &s.n_cells, wanted, sizeof(u64))
        s.cells = <u64*>cells if cells != NULL else s.cells
        s.cells_in_use = wanted
        return cells != NULL
    return True


cdef inline int wide_steps(const Plan* plan) noexcept nogil:
    """The steps that a partition of wide records takes; the last one is `merge_wide` where the order of rows matters."""
    return 2 if plan.outcomes else 4


cdef inline int step_wide(const Plan* plan, int step, WideScratch* s, WideRecord* r, i64 n, u64* bits,
                          WideCounts* counts) noexcept nogil:
    """One step over n records: add to their totals and write outcomes; or for the mask alone the steps of
    `step_narrow`. -1 where memory ran out."""
    cdef i64 i
    if plan.outcomes:
        if step == 0:
            return add_wide(s, r, n)
        for i in range(n):
            settle_wide(plan, s, r + i, counts)
    elif step == 0:
        add_to_wide_cells(plan, s, r, n)
    elif step == 1 and s.exact:
        prove_none(n, bits)
    elif step == 1:
        prove_wide(plan, s, r, n, bits)
    elif step == 2:
        return add_open_wide(s, r, n, bits)
    else:
        settle_bits(plan, s, r, n, bits, counts)
    return 0


cdef inline u64* bits_from(const Plan* plan, u64* bits, i64 first) noexcept nogil:
    """The bits of record `first` on; outcomes have none."""
    return bits if plan.outcomes else bits + (first >> 6)


cdef inline int chain_wide(const Plan* plan, int step, WideScratch* s, const Chains* c, int p, u64* bits,
                           WideCounts* counts) noexcept nogil:
    """One step over the blocks in memory of partition p of one worker; `bits` are those of its first record there."""
    cdef u32 block = c.first[p]
    cdef i64 some, done = 0
    while True:
        some = in_block(c, p, block)
        if step_wide(plan, step, s, <WideRecord*>c.pool.blocks[block], some, bits_from(plan, bits, done), counts) < 0:
            return -1
        done += some
        if block == c.last[p]:
            return 0
        block = c.pool.next[block]


cdef inline void count_wide_groups(const Plan* plan, const WideScratch* s, WideCounts* counts) noexcept nogil:
    """After step 2, or for an estimate or outcomes step 0."""
    if plan.outcomes or s.exact:
        counts.groups += s.keys
    elif plan.tally:
        counts.groups += distinct(s.cells, s.cells_in_use)


cdef struct Head:            # where one worker's records are read: those of a loaded piece, then those in memory
    WideRecord* loaded
    i64 n_loaded
    i64 at                   # in `loaded`
    bint more                # pieces follow that are not loaded yet
    u32 block                # in memory
    i64 place
    i64 done                 # records before it, of either


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


cdef inline int merge_wide(const Plan* plan, Chains** chains, int workers, int p, WideScratch* s, Head* heads, u64** bits,
                           WideCounts* counts) noexcept nogil:
    """Settle the workers' records by row number; each worker's are in row order, as it reads its parts in order.
    Returns the worker whose loaded piece is used up and whose next one is wanted, or -1 at the end."""
    cdef int w, first
    cdef u64 own, least = 0
    cdef u64* word
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
        if plan.outcomes:
            settle_wide(plan, s, next, counts)
        else:
            word = &bits[first][heads[first].done >> 6]
            own = <u64>1 << (heads[first].done & 63)
            word[0] = word[0] | own if settle_bit(plan, s, next, (word[0] & own) != 0, counts) else word[0] & ~own
        heads[first].done += 1
        if heads[first].at < heads[first].n_loaded:
            heads[first].at += 1
        else:
            heads[first].place += 1


cdef inline int total_wide(const Plan* plan, Chains** chains, int workers, int p, WideScratch* s, Head* heads, u64** bits,
                           WideCounts* counts) noexcept nogil:
    """The outcome of each record of partition p, all in memory, written over it; or a bit for each, worker after worker
    into bits[w]. -1 where memory ran out."""
    cdef i64 n = total_records(chains, workers, p)
    cdef int w, step, steps = wide_steps(plan)
    if n == 0:
        return 0
    if not start_wide(plan, n, s):
        return -1
    for step in range(steps):
        if plan.excess and step == steps - 1:
            start_heads(heads, chains, workers, p)
            merge_wide(plan, chains, workers, p, s, heads, bits, counts)
            break
        for w in range(workers):
            if chain_wide(plan, step, s, chains[w], p, bits[w], counts) < 0:
                return -1
    count_wide_groups(plan, s, counts)
    return 0
