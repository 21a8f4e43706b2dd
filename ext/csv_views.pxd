# Cells of CSV text to Arrow string views, from the places where cells end: one pass for each column that is wanted.
# https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-view-layout
from libc.string cimport memchr
from native cimport dm_load32, dm_load64, dm_store64, i64, u32, u64, u8

cdef enum:
    VIEW_BYTES = 16
    INLINE_BYTES = 12        # a text of so many bytes lies in its view
    BEHIND_BYTES = 16        # read behind the start of a cell, whatever its length
    TEXT_PART = 0            # which data buffer a view points into: the text, or what was unquoted
    SIDE_PART = 1


cdef struct Side:            # cells whose doubled quotes were made single, one after another
    u8* bytes                # with room for all bytes of the text that is looked at, and BEHIND_BYTES
    i64 used


cdef inline void write_view(u8* to, const u8* text, i64 start, i64 length, u64 part) noexcept nogil:
    """The view of `length` bytes from `start` on; there are BEHIND_BYTES from there on."""
    cdef u64 low, high
    if length > INLINE_BYTES:
        dm_store64(to, <u64>length | <u64>dm_load32(text + start) << 32)
        dm_store64(to + 8, part | <u64>start << 32)
        return
    low = dm_load64(text + start)
    high = dm_load32(text + start + 8)
    if length < 8:
        low &= (<u64>1 << 8 * length) - 1
        high = 0
    else:
        high &= (<u64>1 << 8 * (length - 8)) - 1
    dm_store64(to, <u64>length | low << 32)
    dm_store64(to + 8, low >> 32 | high << 32)


cdef inline i64 unquote(Side* side, const u8* text, i64 length) noexcept nogil:
    """Write what lies between the quotes of a cell to the side, each doubled quote once; return its length."""
    cdef u8* to = side.bytes + side.used
    cdef i64 i = 0, n = 0
    while i < length:
        to[n] = text[i]
        n += 1
        i += 2 if text[i] == 34 else 1
    side.used += n
    return n


cdef inline bint ends_rows(const u8* text, const u32* ends, i64 rows, i64 columns, i64 end) noexcept nogil:
    """Whether the last cell of each row ends its line, or the text."""
    cdef i64 row
    cdef u32 place
    cdef bint odd = False
    for row in range(rows):
        place = ends[row * columns + columns - 1]
        odd |= place < end and text[place] != 10
    return not odd


cdef inline bint has_blank(const u8* text, const u32* ends, i64 rows, i64 first) noexcept nogil:
    """Whether a row of one column is an empty line, which is no row."""
    cdef i64 row
    cdef bint found = False
    for row in range(rows):
        found |= ends[row] == first or (text[first] == 13 and ends[row] == first + 1)
        first = <i64>ends[row] + 1
    return found


cdef inline void write_views(
    u8* to, Side* side, const u8* text, const u32* ends, i64 rows, i64 columns, i64 column, i64 first,
    bint has_returns, bint has_quotes, bint has_doubled,
) noexcept nogil:
    """The views of one column of rows that are proven; the first row starts at `first`."""
    cdef i64 row, start, stop, side_start
    cdef const u32* at = ends + column
    for row in range(rows):
        start = first if column == 0 and row == 0 else <i64>at[row * columns - 1] + 1
        stop = at[row * columns]
        if has_returns and stop > start and text[stop - 1] == 13:
            stop -= 1
        if has_quotes and stop > start and text[start] == 34:
            start += 1
            stop -= 1
            if has_doubled and memchr(text + start, 34, stop - start) != NULL:
                side_start = side.used
                stop = unquote(side, text + start, stop - start)
                write_view(to, side.bytes, side_start, stop, SIDE_PART)
                to += VIEW_BYTES
                continue
        write_view(to, text, start, stop - start, TEXT_PART)
        to += VIEW_BYTES
