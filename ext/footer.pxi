# What a Parquet footer says of its row groups and column chunks, read here because pyarrow's own way to ask for them
# ends the process where a byte is wrong. Field numbers are those of parquet.thrift:
# https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
from cpython.bytes cimport PyBytes_FromStringAndSize


cdef enum:
    PAGE_HEAD = 512
    PAGE_HEAD_MOST = 16 << 20


cdef bytes read_bytes(Cursor* c):
    cdef i64 length = read_length(c)
    cdef bytes value = PyBytes_FromStringAndSize(<const char*>c.at, length)
    c.at += length
    return value


cdef class Footer:
    """See _kernel.pyi."""
    cdef bytes text
    cdef const u8* base
    cdef i64* starts                 # of each column chunk, group by group
    cdef i64 n_starts, room, most
    cdef readonly i64 rows
    cdef readonly list group_rows
    cdef readonly i64 columns
    cdef readonly set encrypted

    def __cinit__(self, bytes text, i64 most):
        cdef Cursor c
        cdef Field field
        self.text = text
        self.base = <const u8*>text
        self.most = most
        self.columns = self.rows = -1
        self.group_rows = []
        self.encrypted = set()
        c.at = self.base
        c.end = c.at + len(text)
        c.torn = False
        field.number = 0
        while True:
            field = read_field(&c, field.number)
            if not field.kind:
                break
            if field.number == 3 and field.kind == I64_KIND:
                self.rows = read_integer(&c)
            elif field.number == 4 and field.kind == LIST_KIND:
                self.read_groups(&c)
            else:
                skip(&c, field.kind, 0, False)
        if c.torn:
            raise ValueError("its footer breaks off")

    def __dealloc__(self):
        free(self.starts)

    cdef int read_groups(self, Cursor* c) except -1:
        cdef int kind
        cdef i64 i, n = read_members(c, &kind)
        if kind != STRUCT_KIND and n:
            tear(c)
        for i in range(n):
            if c.torn:
                break
            self.read_group(c)

    cdef int read_group(self, Cursor* c) except -1:
        cdef Field field
        cdef int kind
        cdef i64 i, n, columns = 0, rows = -1
        field.number = 0
        while True:
            field = read_field(c, field.number)
            if not field.kind:
                break
            if field.number == 1 and field.kind == LIST_KIND:
                n = read_members(c, &kind)
                if kind != STRUCT_KIND and n:
                    tear(c)
                for i in range(n):
                    if c.torn:
                        break
                    self.read_chunk(c, columns)
                    columns += 1
            elif field.number == 3 and field.kind == I64_KIND:
                rows = read_integer(c)
            else:
                skip(c, field.kind, 0, False)
        if self.columns < 0:
            self.columns = columns
        if columns != self.columns or rows < 0:
            raise ValueError("its row groups do not have the same columns, or no rows are told")
        self.group_rows.append(rows)

    cdef int read_chunk(self, Cursor* c, i64 column) except -1:
        """Remember where a column chunk says of itself what `chunk` gives."""
        cdef Field field
        cdef i64 start = -1
        cdef bint is_encrypted = False
        field.number = 0
        while True:
            field = read_field(c, field.number)
            if not field.kind:
                break
            if field.number == 3 and field.kind == STRUCT_KIND:
                start = c.at - self.base
            is_encrypted |= field.number == 8 or field.number == 9
            skip(c, field.kind, 0, False)
        if is_encrypted:
            self.encrypted.add(column)
        elif start < 0:
            tear(c)
        self.note(start)

    cdef int note(self, i64 start) except -1:
        cdef i64* more
        if self.n_starts == self.most:
            raise OverflowError(f"more than {self.most} column chunks")
        if self.n_starts == self.room:
            more = <i64*>realloc(self.starts, 2 * max(<i64>64, self.room) * sizeof(i64))
            if more == NULL:
                raise MemoryError()
            self.starts = more
            self.room = 2 * max(<i64>64, self.room)
        self.starts[self.n_starts] = start
        self.n_starts += 1

    cdef Cursor cursor(self, i64 group, i64 column) except *:
        """At the metadata of a chunk; at the end of the footer where it has none."""
        cdef Cursor c
        cdef i64 start
        if not 0 <= group < <i64>len(self.group_rows) or not 0 <= column < self.columns:
            raise IndexError(f"no column {column} of row group {group}")
        start = self.starts[group * self.columns + column]
        c.end = self.base + len(self.text)
        c.at = self.base + start if start >= 0 else c.end
        c.torn = False
        return c

    def chunk(self, i64 group, i64 column):
        """See _kernel.pyi."""
        cdef Cursor c = self.cursor(group, column)
        return read_told(&c)

    def has_page_above(self, read, list groups, list columns, i64 most, i64 times):
        """See _kernel.pyi."""
        cdef i64 group, column, at, end
        cdef Page page
        for group in groups:
            for column in columns:
                end = self.find_pages(group, column, &at)
                while at < end:
                    page = page_of(read(at, min(<i64>PAGE_HEAD, end - at)))
                    if page.head_bytes < 0:
                        page = page_of(read(at, min(<i64>PAGE_HEAD_MOST, end - at)))
                    if page.head_bytes < 0 or page.packed < 0:
                        break                    # damaged: seen where it is decoded
                    if page.unpacked > most and page.unpacked // times > page.packed:
                        return True
                    at += page.head_bytes + page.packed
        return False

    cdef i64 find_pages(self, i64 group, i64 column, i64* start) except -1:
        """Where the pages of a column chunk start; returns where they end."""
        cdef Cursor c = self.cursor(group, column)
        cdef Field field
        cdef i64 data = 0, dictionary = 0, packed = 0
        field.number = 0
        while True:
            field = read_field(&c, field.number)
            if not field.kind:
                break
            if field.kind != I64_KIND:
                skip(&c, field.kind, 0, False)
            elif field.number == 7:
                packed = read_integer(&c)
            elif field.number == 9:
                data = read_integer(&c)
            elif field.number == 11:
                dictionary = read_integer(&c)
            else:
                read_integer(&c)
        start[0] = dictionary if 0 < dictionary < data else data
        return start[0] + packed if 0 < packed < <i64>1 << 60 and 0 < start[0] < <i64>1 << 60 else start[0]


cdef inline Page page_of(const u8[::1] head):
    return read_page(&head[0] if head.shape[0] else NULL, head.shape[0])


cdef dict read_told(Cursor* c):
    """The fields of a struct by their numbers, as far as they are integers, bytes, structs or lists of integers."""
    cdef Field field
    cdef dict told = {}
    cdef const u8* start
    cdef int kind
    cdef i64 i, n
    cdef list members
    field.number = 0
    while True:
        field = read_field(c, field.number)
        if not field.kind:
            return told
        if I16_KIND <= field.kind <= I64_KIND:
            told[field.number] = read_integer(c)
        elif field.kind == BINARY_KIND:
            told[field.number] = read_bytes(c)
        elif field.kind == STRUCT_KIND and field.number == 12:
            told[field.number] = read_told(c)
        elif field.kind == LIST_KIND and field.number == 2:
            n = read_members(c, &kind)
            members = []
            for i in range(n):
                if I16_KIND <= kind <= I64_KIND:
                    members.append(read_integer(c))
                else:
                    skip(c, kind, 0, True)
            told[field.number] = members
        else:
            skip(c, field.kind, 0, False)
