# The rows of one column of a Parquet file, page by page, as the values of Arrow arrays. Which page comes next, and what
# packed it, is its caller's.
from cpython.mem cimport PyMem_Free, PyMem_Malloc

PAGE_KINDS = {"data": DATA_PAGE, "dictionary": DICTIONARY_PAGE, "data 2": DATA_PAGE_V2}
PAGE_ENCODINGS = {
    "plain": PLAIN_VALUES, "plain dictionary": PLAIN_DICTIONARY, "runs": RLE_VALUES, "dictionary": RLE_DICTIONARY,
}
PAGE_FORMS = {
    "copied": COPIED, "narrowed": NARROWED, "widened": WIDENED, "turned": TURNED, "int96": INT96_INSTANT,
    "bits": BITS, "viewed": VIEWED, "indexed": INDEXED,
}

cdef enum:
    STEP_ROWS = 1024         # so that levels and indices stay in the innermost cache


class TornPageError(Exception):
    """See _kernel.pyi."""


cdef inline const u8* start_of(const u8[::1] content) noexcept:
    return &content[0] if content.shape[0] else <const u8*>b""


cdef inline i64 length_at(const u8** at, const u8* end) noexcept:
    """Pass over a length of four bytes; -1 where it is not there."""
    if end - at[0] < 4:
        return -1
    at[0] += 4
    return dm_load32(at[0] - 4)


def page_head(const u8[::1] content):
    """See _kernel.pyi."""
    cdef Page page = read_page(start_of(content), content.shape[0])
    if page.head_bytes < 0:
        return None
    return (
        page.head_bytes, page.kind if page.is_whole else -1, page.unpacked, page.packed, page.values, page.encoding,
        page.level_encoding, page.level_bytes, page.repeat_bytes, bool(page.is_packed),
        page.checksum if page.has_checksum else None,
    )


def unpacked_size(str codec, const u8[::1] content):
    """See _kernel.pyi."""
    cdef const u8* start = start_of(content)
    if codec == "snappy":
        return size_of_snappy(start, content.shape[0])
    if codec == "lz4_raw":
        return size_of_lz4(start, content.shape[0])
    return -1


def zstd_frame(const u8[::1] content):
    """See _kernel.pyi."""
    cdef Frame frame = frame_of_zstd(start_of(content), content.shape[0])
    return frame.head_bytes, frame.unpacked


cdef bint fits_form(int kind, int source, int width) noexcept:
    if kind == COPIED:
        return source == width and 1 <= width <= <int>1 << 20
    if kind == NARROWED:
        return source == 4 and (width == 1 or width == 2)
    if kind == WIDENED:
        return width == 16 and (source == 4 or source == 8)
    if kind == TURNED:
        return width == 16 and 1 <= source <= 16
    if kind == INT96_INSTANT:
        return source == 12 and width == 8
    if kind == BITS:
        return source == 0 and width == 1
    return source == 0 and (kind == VIEWED and width == VIEW_BYTES or kind == INDEXED and width == 4)


cdef class ColumnPages:
    """See _kernel.pyi."""
    cdef Form form
    cdef bint has_levels
    cdef readonly i64 left               # rows of the page that are not read yet
    cdef readonly i64 entries
    cdef const u8[::1] page              # holds its bytes, as the next one does
    cdef bytes level_bytes               # of a page that has them apart
    cdef const u8[::1] dictionary
    cdef const u8* start                 # of the page
    cdef u8* entry_values
    cdef bint is_indexed
    cdef bint is_run                     # bits that are not plain
    cdef Runs levels
    cdef Runs indices
    cdef const u8* at                    # the next plain value
    cdef const u8* end
    cdef int bit                         # of the byte there

    def __cinit__(self, *, int kind, int source, int width, bint has_levels):
        self.form.kind = kind
        self.form.source = source
        self.form.width = width
        self.has_levels = has_levels
        if not fits_form(kind, source, width):
            raise ValueError("values of this width do not have this form")

    def __dealloc__(self):
        PyMem_Free(self.entry_values)

    def set_dictionary(self, const u8[::1] content, i64 entries):
        """See _kernel.pyi."""
        cdef const u8* start = start_of(content)
        cdef i64 size = content.shape[0]
        cdef int width = self.form.width
        cdef bint is_text = self.is_text()
        cdef u8* values
        if is_text:
            width = VIEW_BYTES
        if entries < 0 or self.form.kind == BITS or entries > size // (4 if is_text else self.form.source):
            raise TornPageError("a dictionary breaks off")
        values = <u8*>PyMem_Malloc(max(<i64>1, entries * width))
        if values == NULL:
            raise MemoryError()
        with nogil:
            if not is_text:
                convert(&self.form, start, entries, values)
            elif view_texts(start, start + size, entries, start, 0, values) == NULL:
                entries = -1
        if entries < 0:
            PyMem_Free(values)
            raise TornPageError("a dictionary breaks off")
        PyMem_Free(self.entry_values)
        self.entry_values = values
        self.entries = entries
        self.dictionary = content

    def entry_texts(self, u8[::1] offsets, u8[::1] texts):
        """See _kernel.pyi."""
        cdef const u8* at = start_of(self.dictionary)
        cdef i64 i, end = 0
        cdef u32 length
        if not self.is_text() or offsets.shape[0] < 4 * (self.entries + 1):
            raise ValueError("no room")
        if texts.shape[0] < self.dictionary.shape[0] or self.dictionary.shape[0] >= <i64>1 << 31:
            raise ValueError("no room")
        memset(&offsets[0], 0, 4)
        for i in range(self.entries):                # which set_dictionary has checked
            length = dm_load32(at)
            memcpy(&texts[0] + end, at + 4, length)
            end += length
            at += 4 + length
            memcpy(&offsets[4 * (i + 1)], &end, 4)

    cdef bint is_text(self) noexcept:
        return self.form.kind == VIEWED or self.form.kind == INDEXED

    def set_page(self, const u8[::1] content, i64 rows, i64 encoding, bytes levels=None):
        """See _kernel.pyi."""
        cdef const u8* at = start_of(content)
        cdef const u8* end = at + content.shape[0]
        cdef i64 size
        if rows < 0:
            raise TornPageError("a page has no such number of rows")
        self.left = 0
        self.page = content
        self.start = at
        self.level_bytes = levels
        if levels is not None:
            start_runs(&self.levels, <const u8*>levels, <const u8*>levels + len(levels), 1)
        elif self.has_levels:
            size = length_at(&at, end)
            if size < 0 or size > end - at:
                raise TornPageError("the levels of a page break off")
            start_runs(&self.levels, at, at + size, 1)
            at += size
        self.is_run = self.form.kind == BITS and encoding == RLE_VALUES
        self.is_indexed = encoding == PLAIN_DICTIONARY or encoding == RLE_DICTIONARY
        if self.is_indexed:
            if self.entry_values == NULL:
                raise TornPageError("a page of indices comes before its dictionary")
            if at < end and at[0] > 32:
                raise TornPageError("an index has more than 32 bits")
            start_runs(&self.indices, at + 1 if at < end else end, end, at[0] if at < end else 1)
        elif self.is_run:
            size = length_at(&at, end)
            if size < 0 or size > end - at:
                raise TornPageError("the bits of a page break off")
            start_runs(&self.indices, at, at + size, 1)
        elif encoding != PLAIN_VALUES:
            raise TornPageError("an encoding that is not read")
        if self.form.kind == INDEXED and not self.is_indexed:
            raise TornPageError("a page is not of indices")
        self.at = at
        self.end = end
        self.bit = 0
        self.left = rows

    def read(self, u8[::1] out, u8[::1] bits, i64 row, i64 rows, i64 number):
        """See _kernel.pyi."""
        cdef i64 n = min(rows, self.left), nulls = 0
        if n <= 0:
            return 0, 0
        if row < 0 or (row + n) * self.form.width > out.shape[0] or (self.has_levels and row + n > 8 * bits.shape[0]):
            raise ValueError("no room")
        if not 0 <= number < <i64>1 << 31:
            raise ValueError("no such number of a buffer")
        with nogil:
            nulls = self.fill(&out[row * self.form.width], &bits[0] if self.has_levels else NULL, row, n, <u32>number)
        if nulls < 0:
            raise TornPageError("a page breaks off")
        return n, nulls

    cdef i64 fill(self, u8* out, u8* bits, i64 row, i64 rows, u32 number) noexcept nogil:
        """Decode rows of the page, which has them; how many are null, -1 where its bytes do not say them all."""
        cdef u32[STEP_ROWS] levels
        cdef i64 i, n, present, nulls = 0
        while rows > 0:
            n = present = min(rows, <i64>STEP_ROWS)
            if self.has_levels:
                if self.levels.left == 0 and not open_run(&self.levels):
                    return -1
                if self.levels.packed == NULL and self.levels.value == 1 and self.levels.left >= n:
                    self.levels.left -= n
                    set_bits(bits, row, n)
                else:
                    if not read_runs(&self.levels, n, levels) or not put_bits(bits, row, levels, n):
                        return -1
                    present = 0
                    for i in range(n):
                        present += levels[i]
            if not self.read_values(present, out, number):
                return -1
            if present < n:
                spread(out, self.form.width, levels, n, present)
                nulls += n - present
            out += n * self.form.width
            row += n
            rows -= n
            self.left -= n
        return nulls

    cdef bint read_values(self, i64 n, u8* out, u32 number) noexcept nogil:
        """The next n values, at most STEP_ROWS, one beside the other."""
        cdef u32[STEP_ROWS] index
        cdef i64 i
        cdef u32 most = 0
        cdef const u8* after
        if n == 0:
            return True
        if self.is_indexed or self.is_run:
            if not read_runs(&self.indices, n, index):
                return False
            for i in range(n):
                most = max(most, index[i])
            if most >= (2 if self.is_run else self.entries):
                return False
            if self.is_run:
                for i in range(n):
                    out[i] = <u8>index[i]
            elif self.form.kind == INDEXED:
                memcpy(out, index, 4 * n)
            else:
                pick(self.entry_values, self.form.width, index, n, out)
                if self.form.kind == VIEWED:
                    renumber_views(out, n, number)
            return True
        if self.form.kind == VIEWED:
            after = view_texts(self.at, self.end, n, self.start, number, out)
            if after == NULL:
                return False
            self.at = after
            return True
        if self.form.kind == BITS:
            if (self.bit + n + 7) // 8 > self.end - self.at:
                return False
            for i in range(n):
                out[i] = (self.at[(self.bit + i) >> 3] >> ((self.bit + i) & 7)) & 1
            self.at += (self.bit + n) >> 3
            self.bit = (self.bit + n) & 7
            return True
        if n > (self.end - self.at) // self.form.source:
            return False
        convert(&self.form, self.at, n, out)
        self.at += n * self.form.source
        return True
