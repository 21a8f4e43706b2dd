# One partition over the chains of all workers: the loops that take its blocks through the steps of tables.pxd.
from libc.string cimport memset
from native cimport dm_count_bits, i64, u32, u64
from status cimport DONE, NO_MEMORY
from records cimport Chains, count_of, in_block, Outcome, record_t, WideRecord
from meaning cimport Meaning
from tables cimport ADD, ADD_OPEN, PROVE, SETTLE, Counts, Tables
from sketch cimport add_to_cells, open_cells, prove, start_cells
from slots cimport FIRST_SLOTS, add_all, add_open, expect_keys, start_slots
from settle cimport settle, settle_bit, settle_outcome


cdef inline i64 total_records(Chains** chains, int workers, int p) noexcept nogil:
    cdef i64 n = 0
    cdef int w
    for w in range(workers):
        n += count_of(chains[w], p)
    return n


cdef inline bint takes(const Meaning* meaning, int step) noexcept nogil:
    """Whether partitions take this step: outcomes need all totals, so there is no sketch."""
    return not meaning.outcomes or step == ADD or step == SETTLE


cdef inline bint start_tables(const Meaning* meaning, i64 n, Tables* t) noexcept nogil:
    """Clear tables for a partition of n records. False where memory ran out."""
    t.skips = False
    return start_slots(meaning, t, FIRST_SLOTS) and (meaning.outcomes or start_cells(meaning, t, n))


cdef inline void count_groups(const Meaning* meaning, const Tables* t, Counts* counts) noexcept nogil:
    """After ADD_OPEN, or for outcomes after ADD; where groups are estimated, it is not done here."""
    if meaning.outcomes or t.exact:
        counts.groups += t.keys


cdef inline int take_step(const Meaning* meaning, int step, Tables* t, record_t* r, i64 n, u64* bits,
                          Counts* counts) noexcept nogil:
    """One step over n records. Every record of the partition takes it before any takes the next.
    A status."""
    if step == ADD and meaning.outcomes:
        return add_all(meaning, t, r, n)
    if step == ADD:
        add_to_cells(meaning, t, r, n)
    elif step == PROVE:
        prove(meaning, t, r, n, bits)
    elif step == ADD_OPEN:
        return add_open(meaning, t, r, n, bits)
    else:
        settle(meaning, t, r, n, bits, counts)
    return DONE


cdef inline u64* bits_from(const Meaning* meaning, u64* bits, i64 first) noexcept nogil:
    """The bits of record `first` on; outcomes have none."""
    return bits if meaning.outcomes else bits + (first >> 6)


cdef inline int step_chain(const Meaning* meaning, int step, Tables* t, const Chains* c, int p, const record_t* kind,
                           u64* bits, Counts* counts) noexcept nogil:
    """One step over the blocks in memory of partition p of one worker, whose records are of a `kind`, which points to
    none; `bits` are those of its first record there."""
    cdef u32 block = c.first[p]
    cdef i64 some, done = 0
    while True:
        some = in_block(c, p, block)
        if take_step(meaning, step, t, <record_t*>c.pool.blocks[block], some, bits_from(meaning, bits, done),
                     counts) != DONE:
            return NO_MEMORY
        done += some
        if block == c.last[p]:
            return DONE
        block = c.pool.next[block]


cdef enum:
    NO_WORKER = -1


cdef struct Head:            # where one worker's records are read: those of a loaded extent, then those in memory
    WideRecord* loaded
    i64 n_loaded
    i64 at                   # in `loaded`
    bint more                # extents follow that are not loaded yet
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


cdef inline Outcome* head_outcome(const Head* head, const Chains* c) noexcept nogil:
    """Where the outcome of the record at a worker's head goes: never behind the record."""
    if head.at < head.n_loaded:
        return <Outcome*>head.loaded + head.at
    return <Outcome*>c.pool.blocks[head.block] + head.place


cdef inline int settle_in_row_order(const Meaning* meaning, Chains** chains, int workers, int p, Tables* t, Head* heads,
                                    u64** bits, Counts* counts) noexcept nogil:
    """SETTLE by row number, as overflow="excess" wants; each worker's records are in row order, as it reads its parts
    in order. Returns the worker whose loaded extent is used up and whose next one is wanted, NO_WORKER at the end."""
    cdef int w, first
    cdef u64 own, least = 0
    cdef u64* word
    cdef WideRecord* r
    cdef WideRecord* next
    while True:
        first = NO_WORKER
        next = NULL
        for w in range(workers):
            if heads[w].more and heads[w].at == heads[w].n_loaded:
                return w
            r = head_record(&heads[w], chains[w], p)
            if r != NULL and (first == NO_WORKER or r.row < least):
                first = w
                least = r.row
                next = r
        if first == NO_WORKER:
            return NO_WORKER
        if meaning.outcomes:
            settle_outcome(meaning, t, next, head_outcome(&heads[first], chains[first]), counts)
        else:
            word = &bits[first][heads[first].done >> 6]
            own = <u64>1 << (heads[first].done & 63)
            word[0] = word[0] | own if settle_bit(meaning, t, next, (word[0] & own) != 0, counts) else word[0] & ~own
        heads[first].done += 1
        if heads[first].at < heads[first].n_loaded:
            heads[first].at += 1
        else:
            heads[first].place += 1


cdef inline int total_partition(const Meaning* meaning, Chains** chains, int workers, int p, const record_t* kind,
                                Tables* t,
                                Head* heads, u64** bits, Counts* counts) noexcept nogil:
    """All steps of partition p, all of which is in memory. A status."""
    cdef i64 n = total_records(chains, workers, p), i, n_open = n
    cdef int w, step
    if n == 0:
        return DONE
    if not start_tables(meaning, n, t):
        return NO_MEMORY
    for step in range(ADD, SETTLE + 1):
        if not takes(meaning, step):
            continue
        if step == SETTLE:
            count_groups(meaning, t, counts)
            if meaning.excess:
                start_heads(heads, chains, workers, p)
                settle_in_row_order(meaning, chains, workers, p, t, heads, bits, counts)
                return DONE
        if step == ADD_OPEN and not meaning.wide:
            for w in range(workers):
                for i in range((count_of(chains[w], p) + 63) // 64):
                    n_open -= dm_count_bits(bits[w][i])
            t.skips = not t.exact
            if t.skips and 16 * n_open > n:          # so many that a look at each cell is worth it
                n_open = open_cells(meaning, t)
                if n_open == 0:
                    continue
            if not expect_keys(meaning, t, n_open):
                return NO_MEMORY
        for w in range(workers):
            if step_chain(meaning, step, t, chains[w], p, kind, bits[w], counts) != DONE:
                return NO_MEMORY
    return DONE
