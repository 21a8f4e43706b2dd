# Partitioner: one worker's half of the flow, rows to records and answers to rows. Arenas outlive it, for the next one.

cdef enum:
    ARENA_BYTES = 8 << 20
    MAX_IDLE = 256           # arenas kept for the next run
    DEFAULT_BLOCK_BYTES = 1 << 14

cdef Arena[MAX_IDLE] idle
cdef int n_idle = 0


def release_memory():
    """See _kernel.pyi."""
    global n_idle
    while n_idle > 0:
        n_idle -= 1
        dm_pages_free(idle[n_idle].start, idle[n_idle].size)


cdef void retire_arena(Arena* arena) noexcept:
    """Keep a whole arena for the next run, free any other. Under the GIL, as are all users of `idle`."""
    global n_idle
    if arena.size == ARENA_BYTES and n_idle < MAX_IDLE:
        idle[n_idle] = arena[0]
        n_idle += 1
    else:
        dm_pages_free(arena.start, arena.size)


cdef class Partitioner:
    """See _kernel.pyi."""

    cdef Settings settings
    cdef Keys keys
    cdef Pool pool
    cdef Chains chains
    cdef Words words
    cdef Cursors cursors
    cdef Chunk* chunk
    cdef Tally tally
    cdef int partition_bits
    cdef readonly Py_ssize_t rows
    cdef readonly bint settled

    def __cinit__(self, Settings settings, int partition_bits, Py_ssize_t block_bytes=DEFAULT_BLOCK_BYTES):
        cdef int n = 1 << partition_bits
        if not 0 <= partition_bits <= STATUS_SHIFT or block_bytes & (block_bytes - 1) or not 2048 <= block_bytes <= 65536:
            raise ValueError("partition_bits is 0 to 13 and block_bytes a power of two from 2048 to 65536")
        self.settings = settings
        self.keys = settings.keys
        self.partition_bits = partition_bits
        self.pool.block_bytes = block_bytes
        self.chunk = <Chunk*>malloc(sizeof(Chunk))
        if self.chunk == NULL:
            raise MemoryError()
        self.tally.day_first, self.tally.day_last = 0x7fffffff, NO_DAY
        self.reserve(0, n + 1)
        if not start_chains(&self.chains, &self.pool, n, sizeof(WideRecord) if settings.plan.wide else sizeof(Record)):
            raise MemoryError()
        self.words.pool = &self.pool
        self.words.first = self.words.last = self.words.reading = take_block(&self.pool)

    cdef void reserve(self, Py_ssize_t rows, Py_ssize_t more) except *:
        """Have blocks for that many rows in any partitions, and `more`: the loops over rows cannot fail then."""
        global n_idle
        cdef size_t per_row = sizeof(u16) + (sizeof(WideRecord) if self.settings.plan.wide else sizeof(Record))
        cdef i64 blocks = <i64>(rows * per_row // self.pool.block_bytes) + more - self.pool.n_unused
        cdef Arena arena
        while blocks > 0:
            arena.size = ARENA_BYTES
            if blocks * self.pool.block_bytes < ARENA_BYTES // 8:
                arena.size = blocks * self.pool.block_bytes
            if arena.size == ARENA_BYTES and n_idle > 0:
                n_idle -= 1
                arena = idle[n_idle]
            else:
                arena.start = <char*>dm_pages_new(arena.size)
            if arena.start == NULL:
                raise MemoryError(f"no memory for {rows:,} more rows")
            if not add_arena(&self.pool, arena.start, arena.size):
                retire_arena(&arena)
                raise MemoryError(f"no memory for {rows:,} more rows")
            blocks -= <i64>(arena.size // self.pool.block_bytes)

    def add(self, Batch batch, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t first_row):
        if self.settled or not 0 <= start <= stop <= batch.length:
            raise ValueError("rows are added before `settle`, and lie within their batch")
        self.reserve(stop - start, self.chains.n_partitions + 2)
        cdef Py_ssize_t stopped_at = -1
        cdef int code
        with nogil:
            code = self.read_rows(batch.columns, start, stop, first_row, &stopped_at)
        if code == -1:
            raise MemoryError()
        if code == -2:
            raise ValueError("a dictionary index lies outside its dictionary")
        self.rows += stop - start
        return stopped_at

    cdef int read_rows(self, const Column* columns, i64 start, i64 stop, i64 first_row, Py_ssize_t* stopped_at) noexcept nogil:
        cdef const Plan* plan = &self.settings.plan
        cdef Chunk* x = self.chunk
        cdef i64 row = start, room = 0
        cdef int n, i, code
        cdef u16* words
        while row < stop:
            words = words_to_write(&self.words, &room)
            n = <int>min(min(stop - row, room), CHUNK)
            code = read_chunk(plan, &self.keys, columns, x, row, n)
            if code < 0:
                return code
            if plan.bad_values == STOP:
                for i in range(n):
                    if x.status[i] == BAD_VALUE:
                        stopped_at[0] = row + i
                        return 0
            if plan.tally or plan.wide:
                tally_chunk(plan, x, n, &self.tally)
            if plan.wide:
                scatter_wide(plan, &self.keys, x, n, &self.chains, self.partition_bits, words, first_row + row - start)
            elif plan.exact and plan.constant:
                scatter_plain(plan, &self.keys, x, n, &self.chains, self.partition_bits, words)
            else:
                scatter_any(plan, &self.keys, x, n, &self.chains, self.partition_bits, words)
            self.words.in_last += n
            row += n
        return 0

    def settle(self):
        """See _kernel.pyi."""
        cdef int p, n = self.chains.n_partitions
        cdef u64 at = 0
        cdef i64 total = 0
        if self.settled:
            return
        settle_chains(&self.chains)
        if self.settings.plan.wide:
            self.cursors.next_record = <u64*>malloc(n * sizeof(u64))
            self.cursors.block = <u32*>malloc(n * sizeof(u32))
            if self.cursors.next_record == NULL or self.cursors.block == NULL:
                raise MemoryError()
            for p in range(n):
                self.cursors.block[p] = self.chains.first[p]
                self.cursors.next_record[p] = <u64><uintptr_t>self.pool.blocks[self.chains.first[p]]
        else:
            for p in range(n):
                total += (count_of(&self.chains, p) + 63) // 64
            self.cursors.next_bit = <u64*>malloc(n * sizeof(u64))
            self.cursors.bits = <u64*>malloc(8 * total + 8)
            if self.cursors.next_bit == NULL or self.cursors.bits == NULL:
                raise MemoryError()
            for p in range(n):
                self.cursors.next_bit[p] = at
                at += <u64>((count_of(&self.chains, p) + 63) // 64) * 64
        self.settled = True

    def answer(self, Py_ssize_t rows, u8[::1] mask):
        """See _kernel.pyi."""
        if not self.settled or self.settings.plan.wide or mask.shape[0] * 8 < rows:
            raise ValueError("`answer` follows `settle`, with room for its rows")
        if rows:
            with nogil:
                answer_narrow(&self.settings.plan, &self.words, &self.cursors, rows, &mask[0])

    def answer_all(self, Py_ssize_t rows, u8[::1] mask, u8[::1] reasons, u8[::1] totals, u8[::1] known):
        """See _kernel.pyi."""
        if not self.settled or not self.settings.plan.wide or reasons.shape[0] < rows or totals.shape[0] < 16 * rows:
            raise ValueError("`answer_all` follows `settle` of wide records, with room for its rows")
        if mask.shape[0] * 8 < rows or known.shape[0] * 8 < rows:
            raise ValueError("too little room for the bits")
        if rows:
            with nogil:
                answer_wide(&self.settings.plan, &self.chains, &self.words, &self.cursors, rows, &mask[0], &reasons[0],
                            &totals[0], &known[0])

    @property
    def counts(self):
        """See _kernel.pyi."""
        return [self.tally.status_rows[i] for i in range(6)], (int(self.tally.known_high) << 64) + self.tally.known_low

    @property
    def days(self):
        """See _kernel.pyi."""
        return (self.tally.day_first, self.tally.day_last) if self.tally.day_first <= self.tally.day_last else None

    def __dealloc__(self):
        cdef i64 i
        free_chains(&self.chains)
        for i in range(self.pool.n_arenas):
            retire_arena(&self.pool.arenas[i])
        free(self.pool.arenas)
        free(self.pool.blocks)
        free(self.pool.next)
        free(self.pool.unused)
        free(self.cursors.bits)
        free(self.cursors.next_bit)
        free(self.cursors.next_record)
        free(self.cursors.block)
        free(self.chunk)
        free(self.keys.scratch)
