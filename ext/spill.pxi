# What leaves memory and comes back: views of blocks for spill.py to write, and room for what it read. No files here.
from cpython.buffer cimport PyBUF_READ
from cpython.memoryview cimport PyMemoryView_FromMemory


def digest(views):
    """See _kernel.pyi."""
    cdef const u8[::1] view
    cdef u64 hash = 0
    for view in views:
        if view.shape[0]:
            hash = XXH3_64bits_withSeed(&view[0], view.shape[0], hash)
    return hash


def memory_in_use(Partitioner one not None):
    """See _kernel.pyi."""
    return (one.pool.n_blocks - one.pool.n_unused) * one.pool.block_bytes


def full_blocks(Partitioner one not None, int p):
    """See _kernel.pyi."""
    cdef list views = []
    cdef u32 block = one.chains.first[p]
    while block != one.chains.last[p]:
        views.append(PyMemoryView_FromMemory(one.pool.blocks[block], one.pool.block_bytes, PyBUF_READ))
        block = one.pool.next[block]
    return views


def drop_full_blocks(Partitioner one not None, int p):
    """See _kernel.pyi."""
    one.chains.spilled[p] += one.chains.full[p] * <i64>(one.pool.block_bytes // one.chains.record_bytes)
    drop_full(&one.chains, p)


def full_trail(Partitioner one not None):
    """See _kernel.pyi."""
    cdef Trail* w = &one.trail
    cdef list views = []
    cdef u32 block = one.pool.next[w.gap]
    if w.gap != w.last:
        while block != w.last:
            views.append(PyMemoryView_FromMemory(one.pool.blocks[block], one.pool.block_bytes, PyBUF_READ))
            block = one.pool.next[block]
    return views


def drop_full_trail(Partitioner one not None):
    """See _kernel.pyi."""
    cdef Trail* w = &one.trail
    cdef u32 block, after
    if w.gap == w.last:
        return
    if not w.spilled:
        w.before_gap = leads_a_block(w) - w.place
        w.spilled = True
    block = one.pool.next[w.gap]
    while block != w.last:
        after = one.pool.next[block]
        give_back(&one.pool, block)
        block = after
    one.pool.next[w.gap] = w.last


def trail_before_gap(Partitioner one not None):
    """See _kernel.pyi."""
    return one.trail.before_gap


def load_trail(Partitioner one not None, const u8[::1] view):
    """See _kernel.pyi."""
    cdef Trail* w = &one.trail
    cdef Py_ssize_t at
    cdef u32 block
    one.reserve(0, view.shape[0] // <Py_ssize_t>one.pool.block_bytes + 1)
    for at in range(0, view.shape[0], <Py_ssize_t>one.pool.block_bytes):
        block = take_block(&one.pool)
        memcpy(one.pool.blocks[block], &view[at], one.pool.block_bytes)
        one.pool.next[block] = one.pool.next[w.gap]
        one.pool.next[w.gap] = block
        w.gap = block
        w.before_gap += leads_a_block(w)
