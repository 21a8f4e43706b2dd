# How many groups there are, where they are not counted: registers of hashes without a secret, so that a manifest has
# the same estimate in every run, by any way and any number of workers.
#
# HyperLogLog (Flajolet et al. 2007): a register keeps the most zeros that a hash sent to it begins with. A maximum does
# not ask who came first, so the registers of all workers merge. What comes of them is in estimate.py. Once each
# register has seen some zeros, hashes that begin with fewer change none, and one product tells them.
from native cimport dm_leading_zeros, u64, u8
from keys cimport CHUNK
from meaning cimport BAD_VALUE, OVER_ROW_LIMIT, PLAIN, Chunk

cdef enum:
    REGISTER_BITS = 14       # they stay in the innermost cache
    REGISTERS = 1 << REGISTER_BITS
    RANK_MOST = 49           # of a hash that begins with 48 zeros or more

cdef extern from *:
    """
    #define DM_DAY_FACTOR UINT64_C(0x9e3779b97f4a7c15)
    #define DM_HASH_FACTOR UINT64_C(0xd1342543de82ef95)
    #define DM_PLACE_FACTOR UINT64_C(0xd6e8feb86659fd93)
    """
    const u64 DAY_FACTOR "DM_DAY_FACTOR"
    const u64 HASH_FACTOR "DM_HASH_FACTOR"
    const u64 PLACE_FACTOR "DM_PLACE_FACTOR"


cdef struct Registers:
    u8 ranks[REGISTERS]      # by register, the most zeros that a hash began with, and one; 0 before the first
    int least                # a lower bound of all ranks
    int noted                # hashes since that was found


cdef inline void note_groups(Registers* r, const Chunk* x, int n) noexcept nogil:
    """Take the groups of n rows, whose days are those of windows by now, into the registers."""
    cdef u64 hashes[CHUNK]
    cdef u64 hash, most = ~<u64>0 >> r.least
    cdef u8 rank
    cdef u8* place
    cdef int i, found = 0
    if x.plain:
        for i in range(n):
            hash = (x.unkeyed[i] ^ (<u64>x.day[i] * DAY_FACTOR)) * HASH_FACTOR
            hashes[found] = hash
            found += hash <= most
    else:
        for i in range(n):
            hash = (x.unkeyed[i] ^ (<u64>x.day[i] * DAY_FACTOR)) * HASH_FACTOR
            hashes[found] = hash
            found += (hash <= most) & ((x.status[i] == PLAIN) | (BAD_VALUE <= x.status[i] <= OVER_ROW_LIMIT))
    for i in range(found):
        place = &r.ranks[((hashes[i] ^ (hashes[i] >> 32)) * PLACE_FACTOR) >> (64 - REGISTER_BITS)]
        rank = <u8>(dm_leading_zeros(hashes[i] | <u64>1 << (64 - RANK_MOST)) + 1)
        place[0] = rank if rank > place[0] else place[0]
    r.noted += found
    if r.noted >= REGISTERS:
        r.noted = 0
        rank = RANK_MOST
        for i in range(REGISTERS):
            rank = r.ranks[i] if r.ranks[i] < rank else rank
        r.least = rank
