# Arenas outlive the partitioners that took them, for the next ones: memory that was touched before is faster.

cdef enum:
    ARENA_BYTES = 8 << 20
    MAX_IDLE = 256           # arenas kept for the next run

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


cdef void reserve_blocks(Pool* pool, i64 blocks, Py_ssize_t rows) except *:
    """Have that many blocks unused; `rows` is what an error says they are for."""
    global n_idle
    cdef Arena arena
    cdef i64 least
    blocks -= pool.n_unused
    while blocks > 0:
        arena.size = ARENA_BYTES
        least = max(blocks, pool.n_blocks)       # so that many small wants come to whole arenas, which are kept
        if least * pool.block_bytes < ARENA_BYTES // 8:
            arena.size = least * pool.block_bytes
        if arena.size == ARENA_BYTES and n_idle > 0:
            n_idle -= 1
            arena = idle[n_idle]
        else:
            arena.start = <char*>dm_pages_new(arena.size)
        if arena.start == NULL:
            raise MemoryError(f"no memory for {rows:,} more rows")
        if not add_arena(pool, arena.start, arena.size):
            retire_arena(&arena)
            raise MemoryError(f"no memory for {rows:,} more rows")
        blocks -= <i64>(arena.size // pool.block_bytes)


cdef void free_pool(Pool* pool) noexcept:
    cdef i64 i
    for i in range(pool.n_arenas):
        retire_arena(&pool.arenas[i])
    free(pool.arenas)
    free(pool.blocks)
    free(pool.next)
    free(pool.unused)
