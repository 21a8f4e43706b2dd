# Batch and Stream: Arrow capsules taken over, and their columns as the kernel reads them. Each struct is released once.

live = 0     # Arrow arrays and streams that are held; tests see it return to 0


cdef inline const u8* buffer_of(const ArrowArray* array, int i) noexcept:
    """A buffer; one of no bytes may be NULL, from which C counts no offset, not even 0."""
    return <const u8*>array.buffers[i] if array.buffers[i] != NULL else <const u8*>b""


cdef void view_column(Column* c, const ArrowArray* array, int layout, i64 param, i64 offset, i64 length) except *:
    """Point c at the buffers of a checked array of that layout; the layout was derived from the array's own schema."""
    cdef i64 n_buffers = 3 if layout == TEXT or layout == LARGE_TEXT else 2
    if array.n_buffers < n_buffers:
        raise ValueError(f"an Arrow array came with {array.n_buffers} buffers where its type has {n_buffers}")
    c.layout = layout
    c.param = param
    c.offset = array.offset + offset
    c.length = length
    c.validity = <const u8*>array.buffers[0] if array.null_count != 0 else NULL
    c.values = buffer_of(array, 1)
    if layout == TEXT or layout == LARGE_TEXT:
        c.text = buffer_of(array, 2)
    elif layout == VIEW:
        c.parts = <const u8**>&array.buffers[2]
        c.n_parts = array.n_buffers - 3
    if length > 0 and array.buffers[1] == NULL and not (layout == FIXED and param == 0):
        raise ValueError("an Arrow array came without its values")


cdef class Batch:
    """See _kernel.pyi."""

    cdef ArrowArray array
    cdef Column* columns
    cdef Column* entries
    cdef int n_columns
    cdef readonly Py_ssize_t length
    cdef Settings settings        # whose forms the columns point to
    cdef object copies            # which of the rows are copies, once it is told; the column behind the others
    cdef Py_ssize_t copies_end    # of the rows that this is told of
    cdef Batch origin             # whose fingerprints of dictionaries' entries the columns point to; None: own ones
    cdef bint is_origin

    def __cinit__(self, capsule, Settings settings not None, list places, Batch before=None, Py_ssize_t rows=0):
        global live
        cdef ArrowArray* source = NULL
        self.array.release = NULL
        if capsule is not None:
            source = <ArrowArray*>PyCapsule_GetPointer(capsule, "arrow_array")
            if source.release == NULL:
                raise ValueError("this Arrow array was released already")
            move_array(&self.array, source)
            live += 1
            self.view(settings, places, before, rows)

    cdef void view(self, Settings settings, list places, Batch before, Py_ssize_t rows) except *:
        cdef ArrowArray* child
        cdef Column* c
        cdef int i, layout, index_layout
        cdef i64 param
        self.length = self.array.length
        self.n_columns = len(places)
        self.is_origin = True
        if self.array.n_buffers > 0 and self.array.buffers[0] != NULL and self.array.null_count != 0:
            raise ValueError("this batch has null rows at its top level; make it a record batch")
        self.columns = <Column*>calloc(self.n_columns + 1, sizeof(Column))
        self.entries = <Column*>calloc(self.n_columns + 1, sizeof(Column))
        if self.columns == NULL or self.entries == NULL:
            raise MemoryError()
        for i in range(self.n_columns):
            layout, index_layout, param = settings.columns[i]
            if not 0 <= places[i] < self.array.n_children:
                raise ValueError("a batch came with fewer columns than its schema")
            child = self.array.children[places[i]]
            if child.length < self.array.offset + self.length:
                raise ValueError("a column is shorter than its batch")
            c = &self.columns[i]
            if index_layout == 0:
                view_column(c, child, layout, param, self.array.offset, self.length)
                continue
            view_column(c, child, index_layout, 0, self.array.offset, self.length)
            if child.dictionary == NULL:
                raise ValueError("a dictionary array came without its dictionary")
            view_column(&self.entries[i], child.dictionary, layout, param, 0, child.dictionary.length)
            c.layout = layout
            c.index_layout = index_layout
            c.entries = &self.entries[i]
        self.settings = settings
        if settings.day_form is not None:
            self.columns[settings.meaning.day].day_form = &settings.day_form.form
        if settings.gate_form is not None:
            self.columns[settings.meaning.entered].day_form = &settings.gate_form.form
        if settings.money_form is not None:
            self.columns[settings.meaning.value].money_form = &settings.money_form.form
            if settings.meaning.quantity >= 0:
                self.columns[settings.meaning.quantity].money_form = &settings.money_form.form
        for i in range(settings.meaning.n_persons):
            c = &self.columns[settings.meaning.persons[i]]
            c.fold = settings.keys.fold != NULL
            if c.entries != NULL:
                c.entries.fold = c.fold
        if before is not None:
            self.origin = before if before.is_origin else before.origin
            if self.has_entries_of(self.origin):
                self.is_origin = False
                for i in range(self.n_columns):
                    self.columns[i].entry_low = self.origin.columns[i].entry_low
                    self.columns[i].entry_high = self.origin.columns[i].entry_high
                    self.columns[i].entry_unkeyed = self.origin.columns[i].entry_unkeyed
                    self.columns[i].entry_missing = self.origin.columns[i].entry_missing
                return
            self.origin = None
        for i in range(settings.meaning.n_persons):
            self.hash_entries(settings, &self.columns[settings.meaning.persons[i]], rows)
        for i in range(settings.meaning.n_per):
            self.hash_entries(settings, &self.columns[settings.meaning.per[i]], rows)
        if settings.meaning.shipment >= 0:
            self.hash_entries(settings, &self.columns[settings.meaning.shipment], rows)
        if settings.meaning.line >= 0:
            self.hash_entries(settings, &self.columns[settings.meaning.line], rows)

    def tell_copies(self, const u8[::1] bits not None, Py_ssize_t first):
        """See _kernel.pyi."""
        cdef Column* c
        if self.settings.meaning.copies < 0:
            raise ValueError("these settings know no copies")
        if self.copies is not None:           # by another of its parts, of which this is the same
            return
        c = &self.columns[self.settings.meaning.copies]
        c.layout, c.offset, c.length = BOOL, first, self.length
        c.values = &bits[0] if bits.shape[0] else <const u8*>b""
        self.copies_end = 8 * bits.shape[0] - first
        self.copies = bits

    cdef bint has_entries_of(self, Batch other) noexcept:
        """Whether there are dictionaries, and all lie in the memory of another batch's, which keeps it unchanged."""
        cdef int i
        cdef bint found = False
        cdef const Column* c
        cdef const Column* o
        if other is None or other.settings is not self.settings or other.n_columns != self.n_columns:
            return False
        for i in range(self.n_columns):
            c, o = &self.columns[i], &other.columns[i]
            if (c.index_layout == 0) != (o.index_layout == 0):
                return False
            if c.index_layout == 0:
                continue
            found = True
            c, o = c.entries, o.entries
            if c.layout != o.layout or c.layout == VIEW or c.param != o.param or c.offset != o.offset:
                return False
            if c.length != o.length or c.validity != o.validity or c.values != o.values or c.text != o.text:
                return False
        return found

    cdef void hash_entries(self, Settings settings, Column* c, Py_ssize_t rows) except *:
        """Each entry of a dictionary once, where there are no more entries than rows here or, as told, in its batches
        together."""
        cdef i64 i, n
        cdef int code = DONE
        cdef Keys keys
        if c.index_layout == 0 or c.entry_low != NULL or c.entries.length > max(c.length, rows):
            return
        n = c.entries.length
        c.entry_low = <u64*>malloc(8 * n + 1)
        c.entry_high = <u64*>malloc(8 * n + 1)
        c.entry_unkeyed = <u64*>malloc(8 * n + 1)
        c.entry_missing = <u8*>malloc(n + 1)
        if c.entry_low == NULL or c.entry_high == NULL or c.entry_unkeyed == NULL or c.entry_missing == NULL:
            raise MemoryError()
        keys = settings.keys
        with nogil:
            for i in range(n):
                code = read_part(&keys, c.entries, i, 1, c.entry_low + i, c.entry_high + i, c.entry_unkeyed + i,
                                 c.entry_missing + i)
                if code != DONE:
                    break
            free(keys.scratch)
        if code != DONE:
            fail(code)

    def __dealloc__(self):
        global live
        cdef int i
        if self.columns != NULL:
            for i in range(self.n_columns if self.is_origin else 0):
                free(self.columns[i].entry_low)
                free(self.columns[i].entry_high)
                free(self.columns[i].entry_unkeyed)
                free(self.columns[i].entry_missing)
        free(self.columns)
        free(self.entries)
        if self.array.release != NULL:
            release_array(&self.array)
            live -= 1


cdef void free_schema_capsule(object capsule) noexcept:
    cdef ArrowSchema* schema = <ArrowSchema*>PyCapsule_GetPointer(capsule, "arrow_schema")
    if schema.release != NULL:
        schema.release(schema)
    free(schema)


cdef void free_stream_capsule(object capsule) noexcept:
    cdef ArrowArrayStream* stream = <ArrowArrayStream*>PyCapsule_GetPointer(capsule, "arrow_array_stream")
    release_stream(stream)
    free(stream)


cdef class Stream:
    """See _kernel.pyi."""

    cdef ArrowArrayStream stream

    def __cinit__(self, capsule):
        global live
        cdef ArrowArrayStream* source = <ArrowArrayStream*>PyCapsule_GetPointer(capsule, "arrow_array_stream")
        if source.release == NULL:
            raise ValueError("this Arrow stream was consumed already")
        self.stream = source[0]
        source.release = NULL
        live += 1

    def schema(self):
        cdef ArrowSchema* schema = <ArrowSchema*>malloc(sizeof(ArrowSchema))
        cdef int code
        if schema == NULL:
            raise MemoryError()
        schema.release = NULL
        with nogil:
            code = self.stream.get_schema(&self.stream, schema)
        capsule = PyCapsule_New(schema, "arrow_schema", free_schema_capsule)
        if code != 0:
            raise OSError(code, self.last_error())
        return capsule

    def next(self, Settings settings not None, list places):
        global live
        cdef Batch batch = Batch(None, settings, places)
        cdef int code
        with nogil:
            code = self.stream.get_next(&self.stream, &batch.array)
        if code != 0:
            batch.array.release = NULL
            raise OSError(code, self.last_error())
        if batch.array.release == NULL:
            return None
        live += 1
        batch.view(settings, places, None, 0)
        return batch

    def hand_on(self):
        global live
        cdef ArrowArrayStream* stream = <ArrowArrayStream*>malloc(sizeof(ArrowArrayStream))
        if stream == NULL:
            raise MemoryError()
        stream.release = NULL
        capsule = PyCapsule_New(stream, "arrow_array_stream", free_stream_capsule)
        stream[0] = self.stream
        self.stream.release = NULL
        live -= 1
        return capsule

    cdef str last_error(self):
        cdef const char* text = self.stream.get_last_error(&self.stream)
        return text.decode("utf-8", "replace") if text != NULL else "the Arrow stream failed without a message"

    def __dealloc__(self):
        global live
        if self.stream.release != NULL:
            release_stream(&self.stream)
            live -= 1
