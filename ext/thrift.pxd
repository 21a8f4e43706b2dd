# Thrift's compact protocol, read from bytes that nobody vouches for: no step passes the end, a wrong one leaves `torn`
# set, and what is read after that is zero.
# https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
from native cimport i64, u64, u8

cdef enum:
    TRUE_KIND = 1
    FALSE_KIND = 2
    BYTE_KIND = 3
    I16_KIND = 4
    I32_KIND = 5
    I64_KIND = 6
    DOUBLE_KIND = 7
    BINARY_KIND = 8
    LIST_KIND = 9
    SET_KIND = 10
    MAP_KIND = 11
    STRUCT_KIND = 12
    UUID_KIND = 13

    DEEPEST = 64          # structs within structs; Parquet's own are five


cdef struct Cursor:
    const u8* at
    const u8* end
    bint torn


cdef struct Field:
    int kind              # 0: the struct ended
    i64 number


cdef inline void tear(Cursor* c) noexcept nogil:
    c.torn = True
    c.at = c.end


cdef inline u64 read_varint(Cursor* c) noexcept nogil:
    cdef u64 value = 0
    cdef int shift = 0
    cdef u8 byte
    while c.at < c.end and shift < 64:
        byte = c.at[0]
        c.at += 1
        value |= <u64>(byte & 127) << shift
        if byte < 128:
            return value
        shift += 7
    tear(c)
    return 0


cdef inline i64 read_integer(Cursor* c) noexcept nogil:
    cdef u64 value = read_varint(c)
    return <i64>(value >> 1 ^ (0 - (value & 1)))


cdef inline i64 read_length(Cursor* c) noexcept nogil:
    """How many bytes, or members of a byte and more each, are to come."""
    cdef u64 length = read_varint(c)
    if length > <u64>(c.end - c.at):
        tear(c)
        return 0
    return <i64>length


cdef inline void skip_bytes(Cursor* c, i64 length) noexcept nogil:
    if length > c.end - c.at:
        tear(c)
    else:
        c.at += length


cdef inline Field read_field(Cursor* c, i64 before) noexcept nogil:
    """The head of a struct's next field; `before` is the number of the one before it."""
    cdef Field field
    cdef u8 head
    field.kind = 0
    field.number = 0
    if c.at == c.end:
        tear(c)
        return field
    head = c.at[0]
    c.at += 1
    field.kind = head & 15
    if field.kind:
        field.number = before + (head >> 4) if head >> 4 else read_integer(c)
    return field


cdef inline i64 read_members(Cursor* c, int* kind) noexcept nogil:
    """The head of a list: how many members of which kind are to come."""
    cdef u8 head
    kind[0] = 0
    if c.at == c.end:
        tear(c)
        return 0
    head = c.at[0]
    c.at += 1
    kind[0] = head & 15
    if head >> 4 == 15:
        return read_length(c)
    if head >> 4 > c.end - c.at:
        tear(c)
        return 0
    return head >> 4


cdef inline void skip(Cursor* c, int kind, int depth, bint is_member) noexcept nogil:
    """Pass over a value. A bool takes a byte as a member of a list and none as a field."""
    cdef Field field
    cdef int of, to
    cdef i64 _, n
    if kind == TRUE_KIND or kind == FALSE_KIND:
        skip_bytes(c, 1 if is_member else 0)
    elif kind == BYTE_KIND:
        skip_bytes(c, 1)
    elif I16_KIND <= kind <= I64_KIND:
        read_varint(c)
    elif kind == DOUBLE_KIND:
        skip_bytes(c, 8)
    elif kind == UUID_KIND:
        skip_bytes(c, 16)
    elif kind == BINARY_KIND:
        skip_bytes(c, read_length(c))
    elif depth > DEEPEST:
        tear(c)
    elif kind == LIST_KIND or kind == SET_KIND:
        n = read_members(c, &of)
        for _ in range(n):
            if c.torn:
                return
            skip(c, of, depth + 1, True)
    elif kind == MAP_KIND:
        n = read_length(c)
        if not n:
            return
        if c.at == c.end:
            tear(c)
            return
        of, to = c.at[0] >> 4, c.at[0] & 15
        c.at += 1
        for _ in range(n):
            if c.torn:
                return
            skip(c, of, depth + 1, True)
            skip(c, to, depth + 1, True)
    elif kind == STRUCT_KIND:
        field.number = 0
        while True:
            field = read_field(c, field.number)
            if not field.kind:
                return
            skip(c, field.kind, depth + 1, False)
    else:
        tear(c)
