# One column of a batch as the kernel reads it: where its bytes are, and how to get at row i. No copies, no meaning.
from libc.stdint cimport int16_t, int8_t
from native cimport dm_load16, dm_load32, dm_load64, i32, i64, u32, u64, u8
from forms cimport DayForm, MoneyForm

# The layouts that a role can read. forms.py maps each Arrow type to one of these; `param` holds what a type adds.
cdef enum:
    INT8 = 1
    INT16 = 2
    INT32 = 3        # date32 too
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    BOOL = 9
    FLOAT32 = 10
    FLOAT64 = 11
    DECIMAL32 = 12   # param: scale
    DECIMAL64 = 13
    DECIMAL128 = 14
    DECIMAL256 = 15
    INSTANT = 16     # date64, timestamp; param: ticks in a day
    TEXT = 17        # string, binary: 32-bit offsets
    LARGE_TEXT = 18  # 64-bit offsets
    VIEW = 19        # string_view, binary_view
    FIXED = 20       # fixed_size_binary; param: bytes

cdef enum:
    NO_ENTRY = -1


cdef struct Column:
    int layout           # of the values; of the dictionary's entries where index_layout is set
    bint fold            # text is compared without regard to case and blanks
    int index_layout     # 0, or the layout of the dictionary's indices
    i64 param
    i64 offset           # added to a row's number to index validity, data and offsets
    i64 length           # rows that may be read; of a dictionary, its entries
    const u8* validity   # NULL: every row is present
    const u8* values     # fixed-width values, views, or the offsets of text
    const u8* text       # the bytes that offsets point into
    const u8** parts     # of a view, its data buffers
    i64 n_parts
    Column* entries      # of a dictionary, its entries
    u64* entry_low       # fingerprints of the entries where they are worth computing once, else NULL
    u64* entry_high
    u64* entry_unkeyed
    u8* entry_missing
    const DayForm* day_form          # of the day's column, where a pattern or a zone is set, else NULL
    const MoneyForm* money_form      # of columns of amounts, where other signs are set, else NULL


cdef inline bint is_text(const Column* c) noexcept nogil:
    return c.layout >= TEXT


cdef inline bint is_present(const Column* c, i64 row) noexcept nogil:
    cdef i64 i = row + c.offset
    return c.validity == NULL or (c.validity[i >> 3] >> (i & 7)) & 1


cdef inline bint bit_at(const Column* c, i64 row) noexcept nogil:
    cdef i64 i = row + c.offset
    return (c.values[i >> 3] >> (i & 7)) & 1


cdef inline i64 integer_at(int layout, const u8* values, i64 i) noexcept nogil:
    """The i-th integer, widened; a uint64 keeps its 64 bits."""
    if layout == INT64 or layout == UINT64 or layout == INSTANT:
        return <i64>dm_load64(values + 8 * i)
    if layout == INT32:
        return <i32>dm_load32(values + 4 * i)
    if layout == UINT32:
        return dm_load32(values + 4 * i)
    if layout == INT16:
        return <int16_t>dm_load16(values + 2 * i)
    if layout == UINT16:
        return dm_load16(values + 2 * i)
    if layout == INT8:
        return <int8_t>values[i]
    return values[i]


cdef inline i64 entry_of(const Column* c, i64 row) noexcept nogil:
    """The dictionary entry of a present row, NO_ENTRY where the index is outside the dictionary."""
    cdef i64 entry = integer_at(c.index_layout, c.values, row + c.offset)
    return entry if 0 <= entry < c.entries.length else <i64>NO_ENTRY


cdef inline i64 text_at(const Column* c, i64 row, const u8** start) noexcept nogil:
    """Point `start` at the bytes of a present row; return their number."""
    cdef i64 i = row + c.offset
    cdef i64 first
    cdef u32 length
    if c.layout == TEXT:
        first = <i32>dm_load32(c.values + 4 * i)
        start[0] = c.text + first
        return <i32>dm_load32(c.values + 4 * i + 4) - first
    if c.layout == LARGE_TEXT:
        first = <i64>dm_load64(c.values + 8 * i)
        start[0] = c.text + first
        return <i64>dm_load64(c.values + 8 * i + 8) - first
    if c.layout == VIEW:
        length = dm_load32(c.values + 16 * i)
        if length <= 12:
            start[0] = c.values + 16 * i + 4
        else:
            start[0] = c.parts[dm_load32(c.values + 16 * i + 8)] + dm_load32(c.values + 16 * i + 12)
        return length
    start[0] = c.values + c.param * i
    return c.param


cdef inline bint text_of_row(const Column* c, i64 row, const u8** start, i64* length) noexcept nogil:
    """The bytes of a row, through its dictionary if it has one; False where the row is null or its index is wrong."""
    cdef i64 entry
    if not is_present(c, row):
        return False
    if c.index_layout == 0:
        length[0] = text_at(c, row, start)
        return True
    entry = entry_of(c, row)
    if entry == NO_ENTRY or not is_present(c.entries, entry):
        return False
    length[0] = text_at(c.entries, entry, start)
    return True


cdef inline bint is_blank(u8 byte) noexcept nogil:
    """The blanks of ASCII: space, and tab to carriage return."""
    return byte == 32 or 9 <= byte <= 13


cdef inline i64 trim(const u8** start, i64 length) noexcept nogil:
    """Move `start` past leading blanks; return the length without blanks at either end."""
    while length > 0 and is_blank(start[0][0]):
        start[0] += 1
        length -= 1
    while length > 0 and is_blank(start[0][length - 1]):
        length -= 1
    return length
