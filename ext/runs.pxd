# Parquet's hybrid of runs: repeated values, and groups of eight packed to so many bits each. For levels and indices.
# https://github.com/apache/parquet-format/blob/master/Encodings.md#RLE
from native cimport dm_load64, i64, u32, u64, u8
from thrift cimport Cursor, read_varint, tear


cdef struct Runs:
    Cursor c                 # at the next run
    int width                # bits of a value, 0 to 32
    i64 left                 # values of the open run that are not read yet
    u32 value                # what it repeats, where `packed` is NULL
    const u8* packed
    i64 at                   # the next of the packed values


cdef inline void start_runs(Runs* r, const u8* start, const u8* end, int width) noexcept nogil:
    r.c.at = start
    r.c.end = end
    r.c.torn = False
    r.width = width
    r.left = 0
    r.value = 0
    r.packed = NULL
    r.at = 0


cdef inline bint open_run(Runs* r) noexcept nogil:
    """Read the head of the next run; False where there is none that is whole."""
    cdef u64 head = read_varint(&r.c)
    cdef i64 count = <i64>(head >> 1)
    cdef int i, size
    if r.c.torn or head > <u64>0xffffffff or count == 0:
        return False
    if head & 1:
        if count * r.width > r.c.end - r.c.at:
            tear(&r.c)
            return False
        r.packed = r.c.at
        r.at = 0
        r.c.at += count * r.width
        r.left = 8 * count
        return True
    size = (r.width + 7) // 8
    if size > r.c.end - r.c.at:
        tear(&r.c)
        return False
    r.packed = NULL
    r.value = 0
    for i in range(size):
        r.value |= <u32>r.c.at[i] << (8 * i)
    r.c.at += size
    r.left = count
    return True


cdef inline void unpack(const Runs* r, i64 n, u32* out) noexcept nogil:
    """The next n values of a packed run: eight bytes hold any of them."""
    cdef u64 most = (<u64>1 << r.width) - 1
    cdef u64 word
    cdef i64 i, bit, byte, k, width = r.width
    cdef i64 safe = (8 * (r.c.end - r.packed - 8)) // width if width and r.c.end - r.packed >= 8 else 0
    cdef i64 quick = min(max(safe - r.at, 0), n)
    cdef const u8* packed = r.packed
    bit = r.at * width
    for i in range(quick):
        out[i] = <u32>((dm_load64(packed + (bit >> 3)) >> (bit & 7)) & most)
        bit += width
    for i in range(quick, n):
        word = 0
        byte = bit >> 3
        for k in range(((bit & 7) + width + 7) >> 3):
            word |= <u64>packed[byte + k] << (8 * k)
        out[i] = <u32>((word >> (bit & 7)) & most)
        bit += width


cdef inline bint read_runs(Runs* r, i64 n, u32* out) noexcept nogil:
    """The next n values; False where there are not so many."""
    cdef i64 some, i
    cdef u32 value
    while n > 0:
        if r.left == 0 and not open_run(r):
            return False
        some = min(n, r.left)
        if r.packed != NULL:
            unpack(r, some, out)
            r.at += some
        else:
            value = r.value
            for i in range(some):
                out[i] = value
        r.left -= some
        out += some
        n -= some
    return True
