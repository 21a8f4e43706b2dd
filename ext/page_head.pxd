# The header of one Parquet page, by the field numbers of parquet.thrift:
# https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
from native cimport i64, u32, u8
from thrift cimport (
    FALSE_KIND, I32_KIND, STRUCT_KIND, TRUE_KIND, Cursor, Field, read_field, read_integer, skip,
)

cdef enum:
    DATA_PAGE = 0
    DICTIONARY_PAGE = 2
    DATA_PAGE_V2 = 3

    PLAIN_VALUES = 0
    PLAIN_DICTIONARY = 2
    RLE_VALUES = 3
    RLE_DICTIONARY = 8


cdef struct Page:
    i64 head_bytes           # -1: the header breaks off
    i64 kind
    i64 unpacked
    i64 packed
    i64 values               # rows, as columns are not nested; entries of a dictionary
    i64 encoding
    i64 level_encoding       # of the first version
    i64 level_bytes          # of the second version, in which they are not packed
    i64 repeat_bytes
    bint is_packed           # what the second version says of its values
    bint is_whole            # every field that its kind must have is there
    bint has_checksum
    u32 checksum


cdef inline bint reads_integer(Cursor* c, Field field, i64 number, i64* into) noexcept nogil:
    """Take a field of this number, if it is a whole number of 32 bits."""
    if field.number != number or field.kind != I32_KIND:
        return False
    into[0] = read_integer(c)
    return True


cdef inline void read_body(Cursor* c, Page* page) noexcept nogil:
    """The struct of a page's own kind: of data, of a dictionary, or of data in the second version."""
    cdef Field field
    cdef i64 nulls = -1, rows = -1, repeat_encoding = -1
    cdef bint is_second = page.kind == DATA_PAGE_V2
    field.number = 0
    while True:
        field = read_field(c, field.number)
        if not field.kind:
            break
        if reads_integer(c, field, 1, &page.values):
            continue
        if is_second:
            if reads_integer(c, field, 2, &nulls) or reads_integer(c, field, 3, &rows):
                continue
            if reads_integer(c, field, 4, &page.encoding) or reads_integer(c, field, 5, &page.level_bytes):
                continue
            if reads_integer(c, field, 6, &page.repeat_bytes):
                continue
            if field.number == 7 and (field.kind == TRUE_KIND or field.kind == FALSE_KIND):
                page.is_packed = field.kind == TRUE_KIND
        else:
            if reads_integer(c, field, 2, &page.encoding):
                continue
            if page.kind == DATA_PAGE:
                if reads_integer(c, field, 3, &page.level_encoding) or reads_integer(c, field, 4, &repeat_encoding):
                    continue
        skip(c, field.kind, 0, False)
    page.is_whole = page.values >= 0 and page.encoding >= 0
    if page.kind == DATA_PAGE:
        page.is_whole &= page.level_encoding >= 0 and repeat_encoding >= 0
    elif is_second:
        page.is_whole &= nulls >= 0 and rows >= 0 and page.level_bytes >= 0 and page.repeat_bytes >= 0


cdef inline Page read_page(const u8* head, i64 length) noexcept nogil:
    """The header that starts at `head`, of which `length` bytes are there."""
    cdef Cursor c
    cdef Field field
    cdef Page page
    cdef i64 checksum = 0
    page.head_bytes = page.kind = page.unpacked = page.packed = page.values = page.encoding = -1
    page.level_encoding = page.level_bytes = page.repeat_bytes = -1
    page.is_packed = True
    page.is_whole = page.has_checksum = False
    page.checksum = 0
    c.at = head
    c.end = head + length
    c.torn = False
    field.number = 0
    while True:
        field = read_field(&c, field.number)
        if not field.kind:
            break
        if reads_integer(&c, field, 1, &page.kind) or reads_integer(&c, field, 2, &page.unpacked):
            continue
        if reads_integer(&c, field, 3, &page.packed):
            continue
        if reads_integer(&c, field, 4, &checksum):
            page.has_checksum = True
            page.checksum = <u32>checksum
        elif field.kind == STRUCT_KIND and (
            (field.number == 5 and page.kind == DATA_PAGE)
            or (field.number == 7 and page.kind == DICTIONARY_PAGE)
            or (field.number == 8 and page.kind == DATA_PAGE_V2)
        ):
            read_body(&c, &page)
        else:
            skip(&c, field.kind, 0, False)
    page.is_whole &= page.unpacked >= 0 and page.packed >= 0
    if not c.torn and c.end > head:
        page.head_bytes = c.at - head
    return page
