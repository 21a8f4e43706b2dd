# How many bytes a packed page unpacks to, as its own framing says: codecs write what there is and tell no one how much
# that was, so that a page that is too short would go on with what lay in memory before.
#
# Snappy: https://github.com/google/snappy/blob/main/format_description.txt
# LZ4: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
# Zstandard: https://github.com/facebook/zstd/blob/dev/doc/zstd_compression_format.md
from native cimport dm_load16, dm_load32, dm_load64, i64, u32, u8
from thrift cimport Cursor, read_varint

cdef enum:
    UNTOLD = -1              # the framing does not say, or breaks off
    ZSTD_MAGIC = 0xfd2fb528


cdef struct Frame:
    i64 head_bytes           # 0: not one whole Zstandard frame
    i64 unpacked             # UNTOLD: its decoder does not know either


cdef inline i64 size_of_snappy(const u8* at, i64 length) noexcept nogil:
    """The decoder refuses any other size than this one."""
    cdef Cursor c
    cdef i64 size
    c.at = at
    c.end = at + length
    c.torn = False
    size = <i64>read_varint(&c)
    return <i64>UNTOLD if c.torn else size


cdef inline i64 size_of_lz4(const u8* at, i64 length) noexcept nogil:
    """The sum of the lengths of its literals and matches, as the decoder adds them up."""
    cdef const u8* end = at + length
    cdef i64 size = 0, run
    cdef u8 token, byte
    while at < end:
        token = at[0]
        at += 1
        run = token >> 4
        if run == 15:
            while True:
                if at == end:
                    return UNTOLD
                byte = at[0]
                at += 1
                run += byte
                if byte < 255:
                    break
        if run > end - at:
            return UNTOLD
        size += run
        at += run
        if at == end:
            return size                          # the last sequence has literals alone
        if end - at < 2:
            return UNTOLD
        at += 2
        run = token & 15
        if run == 15:
            while True:
                if at == end:
                    return UNTOLD
                byte = at[0]
                at += 1
                run += byte
                if byte < 255:
                    break
        size += run + 4
    return UNTOLD


cdef inline Frame frame_of_zstd(const u8* start, i64 length) noexcept nogil:
    """One frame from the first to the last byte. Its decoder refuses any other size than the one that it tells."""
    cdef Frame frame
    cdef const u8* at = start
    cdef const u8* end = start + length
    cdef int told, single, named
    cdef u32 block
    cdef i64 size, block_bytes
    frame.head_bytes = 0
    frame.unpacked = UNTOLD
    if length < 6 or dm_load32(at) != <u32>ZSTD_MAGIC or at[4] & 8:
        return frame
    told, single, named = at[4] >> 6, (at[4] >> 5) & 1, (1 << (at[4] & 3)) >> 1
    size = (1 << told if told or single else 0)
    at += 5 + (1 - single) + named
    if end - at < size:
        return frame
    if size == 1:
        frame.unpacked = at[0]
    elif size == 2:
        frame.unpacked = <i64>dm_load16(at) + 256
    elif size == 4:
        frame.unpacked = dm_load32(at)
    elif size == 8:
        frame.unpacked = <i64>dm_load64(at)
    at += size
    size = at - start
    while True:
        if end - at < 3:
            return frame
        block = at[0] | <u32>at[1] << 8 | <u32>at[2] << 16
        at += 3
        if (block >> 1) & 3 == 3:
            return frame
        told = (block >> 1) & 3
        block_bytes = 1 if told == 1 else <i64>(block >> 3)
        if block_bytes > end - at:
            return frame
        at += block_bytes
        if block & 1:
            break
    if end - at == (4 if start[4] & 4 else 0):
        frame.head_bytes = size
    return frame
