# How many groups there are, where they are not counted: registers of hashes without a secret, so that a manifest has
# the same estimate in every run, by any way and any number of workers.
#
# HyperLogLog (Flajolet et al. 2007): a register keeps the most zeros that a hash sent to it begins with. A maximum does
# not ask who came first, so the registers of all workers merge. What comes of them is in estimate.py.
from native cimport dm_lowest_bit, u64, u8
from keys cimport CHUNK, mix
from meaning cimport BAD_VALUE, PLAIN, Chunk

cdef enum:
    REGISTERS = 1 << 16
    REGISTER_BITS = 16
    RANK_MOST = 49           # 48 bits are left, and one for a hash that has none of them

cdef extern from *:
    """
    #define DM_DAY_FACTOR UINT64_C(0x9e3779b97f4a7c15)
    """
    const u64 DAY_FACTOR "DM_DAY_FACTOR"


cdef inline void note_groups(u8* registers, const Chunk* x, int n, bint exact) noexcept nogil:
    """Take the groups of n rows, whose days are those of windows by now, into the registers. Exact persons are not
    hashed yet."""
    cdef u64 hashes[CHUNK]
    cdef u8 rank
    cdef u8* place
    cdef int i
    if exact:
        for i in range(n):
            hashes[i] = mix(x.unkeyed[i] ^ (<u64>x.day[i] * DAY_FACTOR))
    else:
        for i in range(n):
            hashes[i] = x.unkeyed[i] ^ (<u64>x.day[i] * DAY_FACTOR)
    for i in range(n):
        place = &registers[hashes[i] & (REGISTERS - 1)]
        rank = <u8>(dm_lowest_bit(hashes[i] >> REGISTER_BITS | <u64>1 << (RANK_MOST - 1)) + 1)
        if rank > place[0] and (x.plain or x.status[i] == PLAIN or x.status[i] >= BAD_VALUE):
            place[0] = rank
