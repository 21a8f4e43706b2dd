# Parquet's plain values to Arrow's: numbers as they are or in other widths, text as views of the page that it lies in.
# https://github.com/apache/parquet-format/blob/master/Encodings.md#PLAIN
from libc.string cimport memcpy, memset
from native cimport dm_load32, dm_load64, dm_store64, i32, i64, u16, u32, u64, u8

cdef enum:                   # what is done to a value
    COPIED = 1               # it is laid out alike
    NARROWED = 2             # 32 bits to the lowest 8 or 16
    WIDENED = 3              # 32 or 64 bits to a decimal of 128
    TURNED = 4               # up to 16 bytes, the highest first, to a decimal of 128
    INT96_INSTANT = 5        # nanoseconds of a day and a Julian day to microseconds since 1970
    BITS = 6                 # bits to a byte each
    VIEWED = 7               # text behind its length to a view
    INDEXED = 8              # an index into a dictionary stays one

    VIEW_BYTES = 16
    INLINE_BYTES = 12        # text of so many bytes lies in its view
    JULIAN_1970 = 2440588


cdef struct Form:
    int kind
    int source               # bytes of a plain value, 0 where they differ
    int width                # bytes of what comes of it


cdef inline void put_view(u8* out, const u8* text, u32 length, i64 there, u32 number, i64 place) noexcept nogil:
    """A view of text that starts `place` bytes into buffer `number`; `there` are the bytes from its start on."""
    cdef u64 low, high
    if length > INLINE_BYTES:
        dm_store64(out, <u64>dm_load32(text) << 32 | length)
        dm_store64(out + 8, <u64>place << 32 | number)
    elif there >= 16:                                # two loads, of which only what belongs to the text is kept
        low, high = dm_load64(text), dm_load64(text + 8)
        if length < 8:
            low &= (<u64>1 << (8 * length)) - 1
            high = 0
        else:
            high &= (<u64>1 << (8 * (length - 8))) - 1
        dm_store64(out, low << 32 | length)
        dm_store64(out + 8, high << 32 | low >> 32)
    else:
        memset(out, 0, VIEW_BYTES)
        memcpy(out, &length, 4)
        memcpy(out + 4, text, length)


cdef inline const u8* view_texts(const u8* at, const u8* end, i64 n, const u8* base, u32 number,
                                 u8* out) noexcept nogil:
    """Views of n texts, each behind its length; returns where they end, NULL where they break off."""
    cdef i64 i
    cdef u32 length
    for i in range(n):
        if end - at < 4:
            return NULL
        length = dm_load32(at)
        at += 4
        if length > <u64>(end - at):
            return NULL
        put_view(out + VIEW_BYTES * i, at, length, end - at, number, at - base)
        at += length
    return at


cdef inline void turn(const u8* at, int size, u8* out) noexcept nogil:
    """A signed number, the highest of its bytes first, in 16 bytes, the lowest first."""
    cdef int i
    memset(out, 0xff if at[0] & 128 else 0, 16)
    for i in range(size):
        out[i] = at[size - 1 - i]


cdef inline void convert(const Form* form, const u8* at, i64 n, u8* out) noexcept nogil:
    """n plain values of a fixed width, all of which are there."""
    cdef i64 i, number
    if form.kind == COPIED:
        memcpy(out, at, n * form.width)
    elif form.kind == NARROWED:
        if form.width == 1:
            for i in range(n):
                out[i] = at[4 * i]
        else:
            for i in range(n):
                memcpy(out + 2 * i, at + 4 * i, 2)
    elif form.kind == WIDENED:
        for i in range(n):
            number = <i32>dm_load32(at + 4 * i) if form.source == 4 else <i64>dm_load64(at + 8 * i)
            dm_store64(out + 16 * i, <u64>number)
            dm_store64(out + 16 * i + 8, <u64>(number >> 63))
    elif form.kind == TURNED:
        for i in range(n):
            turn(at + form.source * i, form.source, out + 16 * i)
    elif form.kind == INT96_INSTANT:
        for i in range(n):                           # in unsigned numbers, which wrap round as pyarrow's do
            dm_store64(out + 8 * i, (<u64>dm_load32(at + 12 * i + 8) - JULIAN_1970) * <u64>86400000000
                       + dm_load64(at + 12 * i) // <u64>1000)


cdef inline void pick(const u8* entries, int width, const u32* index, i64 n, u8* out) noexcept nogil:
    """The entries of n indices, each of which is one's."""
    cdef i64 i
    if width == 8:
        for i in range(n):
            memcpy(out + 8 * i, entries + 8 * <u64>index[i], 8)
    elif width == 4:
        for i in range(n):
            memcpy(out + 4 * i, entries + 4 * <u64>index[i], 4)
    elif width == 16:
        for i in range(n):
            memcpy(out + 16 * i, entries + 16 * <u64>index[i], 16)
    else:
        for i in range(n):
            memcpy(out + width * i, entries + <u64>width * index[i], width)


cdef inline void renumber_views(u8* views, i64 n, u32 number) noexcept nogil:
    """Let the views of text that does not lie in them point into buffer `number`."""
    cdef i64 i
    for i in range(n):
        if dm_load32(views + VIEW_BYTES * i) > INLINE_BYTES:
            memcpy(views + VIEW_BYTES * i + 8, &number, 4)


cdef inline void spread(u8* out, int width, const u32* levels, i64 n, i64 present) noexcept nogil:
    """Move the first `present` of n values to the rows whose level is not 0, from the back, and clear the others."""
    cdef i64 i = n
    while i > present:                               # from there on, each is where it belongs
        i -= 1
        if levels[i]:
            present -= 1
            memcpy(out + width * i, out + width * present, width)
        else:
            memset(out + width * i, 0, width)


cdef inline bint put_bits(u8* bits, i64 at, const u32* levels, i64 n) noexcept nogil:
    """Set n bits from `at` on by levels of 0 and 1, of which the bits are 0 so far; False where one is another."""
    cdef i64 i
    cdef u32 seen = 0
    for i in range(n):
        seen |= levels[i]
        bits[(at + i) >> 3] |= <u8>((levels[i] & 1) << ((at + i) & 7))
    return seen <= 1


cdef inline void set_bits(u8* bits, i64 at, i64 n) noexcept nogil:
    """Set n bits from `at` on."""
    while n > 0 and at & 7:
        bits[at >> 3] |= <u8>(1 << (at & 7))
        at += 1
        n -= 1
    memset(bits + (at >> 3), 0xff, n >> 3)
    at += n & ~<i64>7
    if n & 7:
        bits[at >> 3] |= <u8>((1 << (n & 7)) - 1)
