# The record that rows become, the blocks that records lie in, and the scatter of records into partitions.
#
# Invariants of Chains, for every partition p:
#   dest[p] is where its next record goes; dest[p] % 64 bytes of records wait in lines[p], the rest lie in blocks.
#   blocks are `block_bytes` long and aligned, so dest[p] % block_bytes == 0 right after a block was filled.
#   count_of(p) == spilled[p] + full[p] * records_a_block + (dest[p] - start of the last block) / record_bytes.
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcpy
from libc.stdint cimport uintptr_t
from native cimport (
    DM_HUGE, dm_pages_free, dm_pages_new, dm_store_pair, dm_stream_fence, dm_stream_line, dm_unlikely, i64, u16, u32,
    u64,
)

cdef enum:
    LINE = 64                # bytes that are written to memory together
    POISON = 0x80000000      # in Record.units: the row has a bad value, the group's total is unproven
    EXCLUDED = 0x40000000    # in Record.units: the row is itself never eligible, whatever it adds
    MARK_BAD = 1             # in WideRecord.marks
    MARK_EXCLUDED = 2
    MARK_UNCOUNTED = 4


cdef struct Record:          # 16 bytes: all that the mask needs
    u64 key
    u32 more                 # with `key`, 96 bits of identity
    u32 units                # capped just above the largest limit; above them the limit's index; POISON, EXCLUDED


cdef struct WideRecord:      # 32 bytes: reasons, exact totals, row order, and limits too large for a Record
    u64 key
    u64 units
    u64 row                  # the row's number in the manifest
    u32 more
    u16 limit_index
    u16 marks


ctypedef fused record_t:
    Record
    WideRecord


cdef struct Outcome:         # 16 bytes, one behind the other over the first half of a block of WideRecords
    u64 low
    u32 high
    u32 reason


cdef struct Arena:
    char* start
    size_t size


cdef struct Pool:            # blocks of one worker, carved from arenas
    Arena* arenas
    i64 n_arenas
    size_t block_bytes
    char** blocks            # by block number
    u32* next                # the block after this one in its chain
    i64 n_blocks
    u32* unused              # a stack of block numbers
    i64 n_unused


cdef struct Chains:
    Pool* pool
    int n_partitions
    int record_bytes
    u64* dest                # addresses
    char* lines              # n_partitions lines, 64-byte aligned
    u32* first               # the first and the last block of each partition
    u32* last
    i64* full                # blocks that are filled and in memory
    i64* spilled             # records that are on disk; older than those in memory


cdef inline bint add_arena(Pool* pool, char* start, size_t size) noexcept nogil:
    """Carve an arena into unused blocks. False, and nothing changed, where memory for the lists ran out."""
    cdef i64 more = <i64>(size // pool.block_bytes)
    cdef i64 total = pool.n_blocks + more
    cdef Arena* arenas = <Arena*>realloc(pool.arenas, (pool.n_arenas + 1) * sizeof(Arena))
    cdef char** blocks
    cdef u32* numbers
    cdef i64 i
    if arenas == NULL:
        return False
    pool.arenas = arenas
    blocks = <char**>realloc(pool.blocks, total * sizeof(char*))
    if blocks == NULL:
        return False
    pool.blocks = blocks
    numbers = <u32*>realloc(pool.next, total * sizeof(u32))
    if numbers == NULL:
        return False
    pool.next = numbers
    numbers = <u32*>realloc(pool.unused, total * sizeof(u32))
    if numbers == NULL:
        return False
    pool.unused = numbers
    arenas[pool.n_arenas].start = start
    arenas[pool.n_arenas].size = size
    pool.n_arenas += 1
    for i in range(more):
        blocks[pool.n_blocks + i] = start + i * pool.block_bytes
        pool.unused[pool.n_unused + i] = <u32>(total - 1 - i)     # popped from the end: lowest address first
    pool.n_unused += more
    pool.n_blocks = total
    return True


cdef inline u32 take_block(Pool* pool) noexcept nogil:
    """The caller has reserved: there is an unused block."""
    pool.n_unused -= 1
    return pool.unused[pool.n_unused]


cdef inline void free_chains(Chains* c) noexcept nogil:
    free(c.dest)
    free(c.first)
    free(c.last)
    free(c.full)
    free(c.spilled)
    if c.lines != NULL:
        dm_pages_free(c.lines, lines_bytes(c.n_partitions))
    c.dest = NULL
    c.first = c.last = NULL
    c.full = c.spilled = NULL
    c.lines = NULL


cdef inline size_t lines_bytes(int n_partitions) noexcept nogil:
    cdef size_t size = <size_t>n_partitions * LINE
    return size + 1 if size % DM_HUGE == 0 else size     # never whole huge pages: this comes from the allocator


cdef inline bint start_chains(Chains* c, Pool* pool, int n_partitions, int record_bytes) noexcept nogil:
    """Give each partition its first block; the pool holds n_partitions unused ones. False where memory ran out."""
    cdef int p
    c.pool = pool
    c.n_partitions = n_partitions
    c.record_bytes = record_bytes
    c.dest = <u64*>malloc(n_partitions * sizeof(u64))
    c.first = <u32*>malloc(n_partitions * sizeof(u32))
    c.last = <u32*>malloc(n_partitions * sizeof(u32))
    c.full = <i64*>calloc(n_partitions, sizeof(i64))
    c.spilled = <i64*>calloc(n_partitions, sizeof(i64))
    c.lines = <char*>dm_pages_new(lines_bytes(n_partitions))
    if c.dest == NULL or c.first == NULL or c.last == NULL or c.full == NULL or c.spilled == NULL or c.lines == NULL:
        free_chains(c)
        return False
    for p in range(n_partitions):
        c.first[p] = c.last[p] = take_block(pool)
        c.dest[p] = <u64><uintptr_t>pool.blocks[c.first[p]]
    return True


cdef inline void flush_line(Chains* c, u32 p, u64 dest) noexcept nogil:
    """The line of p is full: stream it to memory, and go on in a new block where the block is full too."""
    cdef Pool* pool = c.pool
    cdef u32 block
    dm_stream_line(<void*><uintptr_t>(dest - LINE), c.lines + <size_t>p * LINE)
    if dm_unlikely((dest & (pool.block_bytes - 1)) == 0):
        block = take_block(pool)
        pool.next[c.last[p]] = block
        c.last[p] = block
        c.full[p] += 1
        dest = <u64><uintptr_t>pool.blocks[block]
    c.dest[p] = dest


cdef inline u64 second_word(u32 more, u32 units) noexcept nogil:
    """Of a Record as two words: `more` lies in the low half (little-endian, as Arrow is)."""
    return more | (<u64>units << 32)


cdef inline void put_record(Chains* c, u64* dest, char* lines, u32 p, u64 key, u64 second) noexcept nogil:
    """Add a record to partition p. `dest` and `lines` are those of c: held by the caller, they stay in registers."""
    cdef u64 at = dest[p]
    dm_store_pair(lines + <size_t>p * LINE + (at & (LINE - 1)), key, second)
    at += sizeof(Record)
    if at & (LINE - 1):
        dest[p] = at
    else:
        flush_line(c, p, at)


cdef inline void put_wide_record(Chains* c, u32 p, const WideRecord* source) noexcept nogil:
    cdef u64 dest = c.dest[p]
    memcpy(c.lines + <size_t>p * LINE + (dest & (LINE - 1)), source, sizeof(WideRecord))
    dest += sizeof(WideRecord)
    if dest & (LINE - 1):
        c.dest[p] = dest
    else:
        flush_line(c, p, dest)


cdef inline void put_wide_words(Chains* c, u32 p, u64 first, u64 second, u64 third, u64 fourth) noexcept nogil:
    """`put_wide_record` of a record that is at hand as words."""
    cdef u64 dest = c.dest[p]
    cdef char* to = c.lines + <size_t>p * LINE + (dest & (LINE - 1))
    dm_store_pair(to, first, second)
    dm_store_pair(to + 16, third, fourth)
    dest += sizeof(WideRecord)
    if dest & (LINE - 1):
        c.dest[p] = dest
    else:
        flush_line(c, p, dest)


cdef inline void give_back(Pool* pool, u32 block) noexcept nogil:
    pool.unused[pool.n_unused] = block
    pool.n_unused += 1


cdef inline void drop_full(Chains* c, int p) noexcept nogil:
    """Let the filled blocks of p go; what is in its last block stays."""
    cdef u32 block = c.first[p], after
    while block != c.last[p]:
        after = c.pool.next[block]
        give_back(c.pool, block)
        block = after
    c.first[p] = c.last[p]
    c.full[p] = 0


cdef inline void restart_chain(Chains* c, int p) noexcept nogil:
    """Forget all records of p."""
    drop_full(c, p)
    c.spilled[p] = 0
    c.dest[p] = <u64><uintptr_t>c.pool.blocks[c.first[p]]


cdef inline void settle_chains(Chains* c, int begin, int end) noexcept nogil:
    """Write the lines that are not full to their blocks: every record of these partitions lies in its block then."""
    cdef int p
    cdef u64 waiting
    for p in range(begin, end):
        waiting = c.dest[p] & (LINE - 1)
        memcpy(<void*><uintptr_t>(c.dest[p] - waiting), c.lines + <size_t>p * LINE, waiting)
    dm_stream_fence()


cdef inline i64 in_last_block(const Chains* c, int p) noexcept nogil:
    return <i64>(c.dest[p] - <u64><uintptr_t>c.pool.blocks[c.last[p]]) // c.record_bytes


cdef inline i64 count_of(const Chains* c, int p) noexcept nogil:
    """The number of records in partition p."""
    return c.spilled[p] + c.full[p] * <i64>(c.pool.block_bytes // c.record_bytes) + in_last_block(c, p)


cdef inline i64 in_block(const Chains* c, int p, u32 block) noexcept nogil:
    """The number of records in one block of partition p."""
    return in_last_block(c, p) if block == c.last[p] else <i64>(c.pool.block_bytes // c.record_bytes)
