# The wanted cells of CSV text as an Arrow batch of string views. The text and what else the views point into are held
# by one `Views`, which lives as long as any array that was made of it.
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.string cimport memmove
from csv_index cimport Marks, ODD, PLACES_MORE, Scan, dm_csv_marks, dm_csv_marks_plain, index_cells
from csv_views cimport BEHIND_BYTES, Side, VIEW_BYTES, ends_rows, has_blank, write_views

cdef enum:
    STEP_BYTES = 1 << 16     # of text that are indexed between two looks at rows: the places stay in the caches
    CHILD_BUFFERS = 5        # of a view column: validity, views, text, side, and the sizes of the two
    CSV_BYTES_MOST = 0x7fffff00        # offsets of views are int32
    CSV_COLUMNS_MOST = 1 << 24
    SPARES_KEPT = 64


cdef void release_views(ArrowArray* array) noexcept with gil:
    """Let go of a column, or of a batch with the columns that were not moved out of it."""
    cdef object held = <object>array.private_data
    cdef i64 i
    for i in range(array.n_children):
        if array.children[i].release != NULL:
            array.children[i].release(array.children[i])
    array.release = NULL
    Py_DECREF(held)


cdef void free_array_capsule(object capsule) noexcept:
    cdef ArrowArray* array = <ArrowArray*>PyCapsule_GetPointer(capsule, "arrow_array")
    release_array(array)
    free(array)


cdef struct Spare:           # memory that was used and is kept for the next use
    u8* at
    i64 bytes


cdef class Spares:
    """See _kernel.pyi."""

    cdef Spare free[SPARES_KEPT]
    cdef int n

    cdef Spare take(self) noexcept:
        """What was used last, or nothing yet."""
        cdef Spare spare
        spare.at, spare.bytes = NULL, 0
        if self.n:
            self.n -= 1
            spare = self.free[self.n]
        return spare

    cdef void give(self, Spare spare) noexcept:
        if spare.at != NULL and self.n < SPARES_KEPT:
            self.free[self.n] = spare
            self.n += 1
        else:
            free(spare.at)

    def __dealloc__(self):
        cdef int i
        for i in range(self.n):
            free(self.free[i].at)


cdef inline bint widen(Spare* spare, i64 bytes) noexcept nogil:
    """Make room for so many bytes, those that are there kept; False where there is no memory."""
    cdef void* more
    if spare.bytes < bytes:
        more = realloc(spare.at, bytes)
        if more == NULL:
            return False
        spare.at = <u8*>more
        spare.bytes = bytes
    return True


cdef class Views:
    """See `csv_views`."""

    cdef Spares spares
    cdef Py_buffer text
    cdef bint has_text
    cdef int n
    cdef i64 rows, room           # of each column
    cdef Spare* views             # of each column
    cdef Spare side_spare
    cdef Side side
    cdef i64 sizes[2]             # of the text and the side
    cdef const void** buffers     # of the batch, then of each column
    cdef ArrowArray* children
    cdef ArrowArray** places

    def __cinit__(self, text, int n, Spares spares not None):
        cdef int i
        if n < 0:
            raise ValueError(f"{n} columns")
        self.n = n
        self.spares = spares
        self.views = <Spare*>calloc(n + 1, sizeof(Spare))
        self.buffers = <const void**>calloc(1 + CHILD_BUFFERS * n, sizeof(void*))
        self.children = <ArrowArray*>calloc(n + 1, sizeof(ArrowArray))
        self.places = <ArrowArray**>calloc(n + 1, sizeof(ArrowArray*))
        if self.views == NULL or self.buffers == NULL or self.children == NULL or self.places == NULL:
            raise MemoryError()
        PyObject_GetBuffer(text, &self.text, PyBUF_SIMPLE)
        self.has_text = True
        for i in range(n):
            self.views[i] = spares.take()

    def __dealloc__(self):
        cdef int i
        if self.views != NULL:
            for i in range(self.n):
                self.spares.give(self.views[i])
            self.spares.give(self.side_spare)
        free(self.views)
        free(self.buffers)
        free(self.children)
        free(self.places)
        if self.has_text:
            PyBuffer_Release(&self.text)

    cdef bint reserve(self, i64 rows, i64 side_bytes) noexcept nogil:
        """Make room for more rows in each column, and for more bytes beside; False where there is no memory."""
        cdef int i
        if self.rows + rows > self.room:
            rows = max(self.rows + rows, self.room + self.room // 2)
            for i in range(self.n):
                if not widen(&self.views[i], rows * VIEW_BYTES):
                    return False
            self.room = rows
        if side_bytes and self.side.used + side_bytes > self.side_spare.bytes:
            if not widen(&self.side_spare, max(self.side.used + side_bytes, 2 * self.side_spare.bytes)):
                return False
            self.side.bytes = self.side_spare.at
        return True

    cdef int read(self, i64 end, u8 delimiter, i64 columns, const i64* wanted, u32* ends) noexcept nogil:
        """Read all rows up to `end`; DONE, ODD or NO_MEMORY. `ends` has room for a row, a step and PLACES_MORE."""
        cdef const u8* text = <const u8*>self.text.buf
        cdef Scan s
        cdef i64 stop, found, rows, expected, first = 0, left = 0
        cdef int i
        memset(&s, 0, sizeof(Scan))
        s.ended = 1
        while s.at < end:
            stop = min(end, s.at + STEP_BYTES)
            found = index_cells(&s, text, stop, end, delimiter, ends + left)
            if found == ODD:
                return ODD
            left += found
            if stop == end and (text[end - 1] != 10 or left == 0 or ends[left - 1] != end - 1):
                ends[left] = <u32>end                  # the last line has no end of its own
                left += 1
                s.lines += 1
            rows = left // columns
            if s.lines != self.rows + rows or not ends_rows(text, ends, rows, columns, end):
                return ODD
            if columns == 1 and has_blank(text, ends, rows, first):
                return ODD
            expected = rows if self.room else rows + rows * (end // stop) + rows // 8
            if not self.reserve(expected, ends[rows * columns - 1] + BEHIND_BYTES if rows and s.has_doubled else 0):
                return NO_MEMORY
            for i in range(self.n):
                write_views(
                    self.views[i].at + self.rows * VIEW_BYTES, &self.side, text, ends, rows, columns, wanted[i], first,
                    s.has_returns and wanted[i] == columns - 1, s.has_quotes, s.has_doubled,
                )
            if rows:
                first = <i64>ends[rows * columns - 1] + 1
            self.rows += rows
            left -= rows * columns
            memmove(ends, ends + rows * columns, left * sizeof(u32))
        return ODD if left else DONE

    cdef object hand_on(self):
        """A capsule of an Arrow struct array, whose columns point into this."""
        cdef ArrowArray* array = <ArrowArray*>calloc(1, sizeof(ArrowArray))
        cdef const void** buffers
        cdef int i
        if array == NULL:
            raise MemoryError()
        capsule = PyCapsule_New(array, "arrow_array", free_array_capsule)
        self.sizes[0], self.sizes[1] = self.text.len, self.side.used
        for i in range(self.n + 1):
            buffers = self.buffers + (1 + CHILD_BUFFERS * (i - 1) if i else 0)
            if i:
                self.places[i - 1] = &self.children[i - 1]
                buffers[1], buffers[2], buffers[3] = self.views[i - 1].at, self.text.buf, self.side.bytes
                buffers[4 if self.side.used else 3] = self.sizes
            self.fill(array if i == 0 else &self.children[i - 1], buffers, i == 0)
        return capsule

    cdef void fill(self, ArrowArray* array, const void** buffers, bint is_batch) noexcept:
        array.length = self.rows
        array.n_buffers = 1 if is_batch else CHILD_BUFFERS if self.side.used else CHILD_BUFFERS - 1
        array.buffers = buffers
        array.n_children = self.n if is_batch else 0
        array.children = self.places
        array.private_data = <void*>self
        array.release = release_views
        Py_INCREF(self)


def csv_views(text, long long end, int delimiter, long long columns, tuple wanted, Spares spares not None):
    """See _kernel.pyi."""
    cdef Views views = Views(text, len(wanted), spares)
    cdef i64* cells
    cdef Spare ends
    cdef int i, code
    if not 0 <= end <= min(<i64>views.text.len - BEHIND_BYTES, <i64>CSV_BYTES_MOST):
        raise ValueError(f"{end} bytes of {views.text.len} cannot be looked at")
    if not 0 < columns <= CSV_COLUMNS_MOST or not 0 <= delimiter < 128:
        raise ValueError(f"{columns} columns, or a delimiter of {delimiter}")
    if (<const u8*>views.text.buf)[0] == 0xef:         # it may be a mark of byte order, which pyarrow drops
        return None
    cells = <i64*>malloc((len(wanted) + 1) * sizeof(i64))
    ends = spares.take()
    try:
        if cells == NULL or not widen(&ends, (columns + STEP_BYTES + PLACES_MORE + 1) * sizeof(u32)):
            raise MemoryError()
        for i in range(len(wanted)):
            cells[i] = wanted[i]
            if not 0 <= cells[i] < columns:
                raise ValueError(f"there is no column {wanted[i]} of {columns}")
        with nogil:
            code = views.read(end, <u8>delimiter, columns, cells, <u32*>ends.at)
    finally:
        free(cells)
        spares.give(ends)
    if code == ODD:
        return None
    if code != DONE:
        fail(code)
    return views.hand_on()


def csv_marks(const u8[::1] text, int delimiter, bint plain):
    """See _kernel.pyi."""
    cdef Marks m
    if text.shape[0] != 64 or not 0 <= delimiter < 128:
        raise ValueError("64 bytes are looked at, for a delimiter of ASCII")
    if plain:
        dm_csv_marks_plain(&text[0], <u8>delimiter, &m)
    else:
        dm_csv_marks(&text[0], <u8>delimiter, &m)
    return m.delimiters, m.line_ends, m.quotes, m.returns, m.high
