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
