# Where the cells of CSV text end: 64 bytes at a time to the places of delimiters and line ends outside of quotes, with
# proof that pyarrow's parser would see the same. What is not proven is pyarrow's to read.
from libc.string cimport memcpy, memset
from native cimport dm_count_bits, dm_lowest_bit, i64, u32, u64, u8


cdef extern from "csv_marks.h" nogil:
    ctypedef struct Marks "dm_Marks":
        u64 delimiters
        u64 line_ends
        u64 quotes
        u64 returns
        u64 high
    void dm_csv_marks(const u8* text, u8 delimiter, Marks* marks)
    void dm_csv_marks_plain(const u8* text, u8 delimiter, Marks* marks)
    u64 dm_inside(u64 quotes)
    int dm_places(u64 bits, u32 first, u32* to)


cdef enum:
    ODD = -101               # the text has something that is pyarrow's to read; no Status is the same
    PLACES_MORE = 8          # written behind the last place


cdef struct Scan:            # what is known of the text up to `at`; the last five are of the byte before it, 0 or 1
    i64 at
    i64 checked              # up to here the text is UTF-8, as far as it is not ASCII
    i64 lines                # that ended
    bint has_quotes
    bint has_doubled         # quotes within quoted cells
    bint has_returns
    u64 inside               # in quotes; all bits or none
    u64 ended                # a cell
    u64 quoted               # a quote
    u64 closed               # a quote that closes a cell, if no quote follows
    u64 returned             # a return outside of quotes


cdef inline i64 utf8_length(const u8* text, i64 left) noexcept nogil:
    """The bytes of the character that starts here and is not ASCII, 0 where it is no UTF-8 (Unicode, table 3-7)."""
    cdef u8 first = text[0]
    cdef u8 low = 128, high = 191
    cdef i64 i, length = 2 if first < 224 else 3 if first < 240 else 4
    if first < 194 or first > 244 or left < length:
        return 0
    if first == 224:
        low = 160
    elif first == 237:
        high = 159               # no surrogates
    elif first == 240:
        low = 144
    elif first == 244:
        high = 143
    if not low <= text[1] <= high:
        return 0
    for i in range(2, length):
        if text[i] & 192 != 128:
            return 0
    return length


cdef inline i64 check_utf8(const u8* text, i64 at, u64 high, i64 checked, i64 end) noexcept nogil:
    """Check the characters that start in these 64 bytes; up to where they go, or ODD."""
    cdef i64 place, length
    while high:
        place = at + dm_lowest_bit(high)
        high &= high - 1
        if place < checked:
            continue
        length = utf8_length(text + place, end - place)
        if length == 0:
            return ODD
        checked = place + length
    return checked


cdef inline i64 index_cells(Scan* scan, const u8* text, i64 stop, i64 end, u8 delimiter, u32* to) noexcept nogil:
    """Write where cells end up to `stop`, which is `end` or a multiple of 64 bytes behind `scan.at`; return how many
    there are, or ODD. There is room for as many as there are bytes, and PLACES_MORE.

    Each quote that opens follows the end of a cell or a quote, and each that closes precedes one: so a cell is quoted
    as a whole or not at all, and the quotes' parity tells what is inside. Each return outside of quotes precedes a
    line end.
    """
    cdef Scan s = scan[0]
    cdef Marks m
    cdef u8 last[64]
    cdef u64 ends, inside, opening, closing, keep, odd = 0
    cdef i64 n = 0
    cdef int top = 63
    while s.at < stop:
        if stop - s.at >= 64:
            dm_csv_marks(text + s.at, delimiter, &m)
        else:
            top = <int>(stop - s.at) - 1
            memset(last, 0, 64)
            memcpy(last, text + s.at, stop - s.at)
            dm_csv_marks(last, delimiter, &m)
            keep = ((<u64>2) << top) - 1
            m.delimiters &= keep
        if m.high:
            s.checked = check_utf8(text, s.at, m.high, s.checked, end)
            odd |= s.checked < 0
        ends = m.delimiters | m.line_ends
        if m.quotes | s.inside | s.closed:
            inside = dm_inside(m.quotes) ^ s.inside
            opening, closing = m.quotes & inside, m.quotes & ~inside
            odd |= opening & ~(ends << 1 | s.ended | m.quotes << 1 | s.quoted)
            closing = closing << 1 | s.closed            # what is behind it
            odd |= closing & ~(ends | m.quotes | m.returns) & ((<u64>2 << top) - 1)
            s.has_doubled |= closing & m.quotes != 0
            s.has_quotes = True
            s.closed = (m.quotes & ~inside) >> top & 1
            s.ended = ends >> top & 1
            s.inside = <u64>(<i64>inside >> 63)
            ends &= ~inside
            m.line_ends &= ~inside
            m.returns &= ~inside
        else:
            s.closed = 0
            s.ended = ends >> top & 1
        s.quoted = m.quotes >> top & 1
        if m.returns | s.returned:
            odd |= (m.returns << 1 | s.returned) & ~m.line_ends & ((<u64>2 << top) - 1)
            s.returned = m.returns >> top & 1
            s.has_returns = True
        if odd:
            return ODD
        s.lines += dm_count_bits(m.line_ends)
        n += dm_places(ends, <u32>s.at, to + n)
        s.at += top + 1
    if s.at == end and (s.inside or s.returned):
        return ODD
    scan[0] = s
    return n
