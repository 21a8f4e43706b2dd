# Groups: one thread's table, filled from partition after partition of all workers, and written as columns.


cdef class Groups:
    """See _kernel.pyi."""

    cdef Settings settings
    cdef list partitioners
    cdef GroupTable table
    cdef bint is_selected

    def __cinit__(self, Settings settings not None, list partitioners):
        cdef Partitioner one
        if not settings.meaning.groups:
            raise ValueError("these settings are for answers, not for groups")
        for one in partitioners:
            if one.settings is not settings:
                raise ValueError("groups are made of partitioners of the same settings")
        self.settings = settings
        self.partitioners = partitioners

    def rows(self, int p):
        """See _kernel.pyi."""
        cdef Partitioner one
        cdef i64 n = 0
        for one in self.partitioners:
            n += count_of(&one.chains, p)
        return n

    def start(self, int p):
        """See _kernel.pyi."""
        if self.is_selected:
            raise ValueError("what was selected is written first")
        if not start_partition(&self.table, self.rows(p)):
            fail(NO_MEMORY, ("no memory for the groups of a partition",))

    def add(self, int worker, int p, const u8[::1] records):
        """See _kernel.pyi."""
        cdef Partitioner one = self.partitioners[worker]
        cdef const Meaning* meaning = &self.settings.meaning
        cdef const GroupRecord* given = NULL
        cdef i64 n = 0
        cdef int code
        if self.table.in_use == 0 or self.is_selected:
            raise ValueError("a partition is begun first")
        if records is not None:
            n = records.shape[0] // <Py_ssize_t>sizeof(GroupRecord)
            given = <const GroupRecord*>&records[0]
        with nogil:
            if given == NULL:
                code = add_chain_to_groups(meaning, &self.table, &one.chains, p)
            else:
                code = add_to_groups(meaning, &self.table, given, n)
        if code != DONE:
            fail(code, ("no memory for the groups of a partition",))

    def select(self, list least_totals, bint or_bad):
        """See _kernel.pyi."""
        cdef u64 least[MAX_LIMITS]
        cdef int i
        if len(least_totals) != self.settings.meaning.n_limits:
            raise ValueError("each limit has a least total")
        for i in range(len(least_totals)):
            least[i] = least_totals[i]
        with nogil:
            select_groups(&self.table, least, or_bad)
        self.is_selected = True
        return self.table.n_groups

    def write(self, u8[::1] keys, u8[::1] days, u8[::1] numbers, u8[::1] totals, u8[::1] rows, u8[::1] bad,
              u8[::1] excluded, u8[::1] least, u8[::1] largest, u8[::1] over):
        """See _kernel.pyi."""
        cdef GroupColumns to
        cdef i64 n = self.table.n_groups
        cdef bint named = self.settings.meaning.named
        if not self.is_selected or min(map(len, (totals, least, largest))) < 16 * n:
            raise ValueError("groups are selected first, and there is room for them")
        if min(map(len, (rows, bad, excluded))) < 8 * n or len(over) < (n + 63) // 64 * 8:
            raise ValueError("too little room for counts or bits")
        if len(numbers) < 8 * n if named else (len(keys) < 16 * n or len(days) < 4 * n):
            raise ValueError("too little room for identities")
        if n:
            to.keys = NULL if named else &keys[0]
            to.days = NULL if named else &days[0]
            to.numbers = &numbers[0] if named else NULL
            to.totals, to.rows, to.bad, to.excluded = &totals[0], &rows[0], &bad[0], &excluded[0]
            to.least, to.largest, to.over = &least[0], &largest[0], &over[0]
            with nogil:
                write_totals(&self.settings.meaning, self.table.groups, n, &to)
                write_identities(&self.settings.meaning, &self.settings.keys, self.table.groups, n, &to)
        self.table.n_groups = self.table.first = 0
        self.is_selected = False

    def __dealloc__(self):
        free_groups(&self.table)


def keys_of(Settings settings not None, Batch batch not None, Py_ssize_t start, Py_ssize_t stop, u8[::1] keys,
            u8[::1] days, u8[::1] known):
    """See _kernel.pyi."""
    cdef Chunk* x
    cdef Keys k = settings.keys
    cdef const Meaning* meaning = &settings.meaning
    cdef i64 row = start, at
    cdef int i, n, code = DONE
    cdef u64 out[2 * LANES]
    cdef u8* key_at
    cdef i32* day_at
    cdef u8* known_at
    if not 0 <= start <= stop <= batch.length:
        raise ValueError("rows lie within their batch")
    if len(keys) < 16 * (stop - start) or len(days) < 4 * (stop - start) or len(known) < stop - start:
        raise ValueError("too little room for the keys")
    if start == stop:
        return
    x = <Chunk*>calloc(1, sizeof(Chunk))
    if x == NULL:
        raise MemoryError()
    key_at, day_at, known_at = &keys[0], <i32*>&days[0], &known[0]
    with nogil:
        while row < stop:
            n = <int>min(<i64>CHUNK, stop - row)
            code = read_chunk(meaning, &k, batch.columns, x, row, n)
            if code != DONE:
                break
            to_windows(meaning, x, n)
            i = 0
            while i < n:                        # a chunk has whole lanes; what lies behind its rows is not kept
                public_keys(&k.public, x.low + i, x.high + i, x.day + i, out)
                memcpy(key_at + 16 * (row - start + i), out, 16 * min(n - i, <int>LANES))
                i += LANES
            for i in range(n):
                at = row - start + i
                known_at[at] = x.status[i] == PLAIN or BAD_VALUE <= x.status[i] <= OVER_ROW_LIMIT
                day_at[at] = window_start(x.day[i], meaning.window)
                if not known_at[at]:
                    memset(key_at + 16 * at, 0, 16)
                    day_at[at] = 0
            row += n
    free(x)
    free(k.scratch)
    if code != DONE:
        fail(code)
