# Totals: one thread's tables, put to partition after partition of all workers.


cdef class Totals:
    """See _kernel.pyi."""

    cdef Settings settings
    cdef list partitioners
    cdef Chains** chains
    cdef u64** bits          # by worker, of the partition's first record
    cdef u64 no_bits         # outcomes have none
    cdef Head* heads
    cdef list loaded         # by worker, what its head points to
    cdef Tables tables
    cdef Counts tallied
    cdef readonly bint uncounted

    def __cinit__(self, Settings settings not None, list partitioners):
        cdef int w
        cdef Partitioner one
        self.settings = settings
        self.partitioners = partitioners
        self.loaded = [None] * len(partitioners)
        self.chains = <Chains**>malloc(len(partitioners) * sizeof(Chains*))
        self.bits = <u64**>malloc(len(partitioners) * sizeof(u64*))
        self.heads = <Head*>calloc(len(partitioners), sizeof(Head))
        if self.chains == NULL or self.bits == NULL or self.heads == NULL:
            raise MemoryError()
        for w in range(len(partitioners)):
            one = partitioners[w]
            if one.settings is not settings:
                raise ValueError("totals are taken of partitioners of the same settings")
            self.chains[w] = &one.chains

    cdef void find_bits(self, int p):
        cdef Partitioner one
        cdef int w
        for w in range(len(self.partitioners)):
            one = self.partitioners[w]
            self.bits[w] = <u64*><uintptr_t>(one.cursors.next_bit[p] >> 3)
            if self.settings.meaning.outcomes:
                self.bits[w] = &self.no_bits

    def run(self, int first, int last):
        """See _kernel.pyi."""
        cdef int p, code = DONE
        cdef int workers = len(self.partitioners)
        for p in range(first, last):
            self.find_bits(p)
            with nogil:
                if self.settings.meaning.wide:
                    code = total_partition(&self.settings.meaning, self.chains, workers, p, <WideRecord*>NULL,
                                           &self.tables, self.heads, self.bits, &self.tallied)
                else:
                    code = total_partition(&self.settings.meaning, self.chains, workers, p, <Record*>NULL, &self.tables,
                                           self.heads, self.bits, &self.tallied)
            if code != DONE:
                fail(code, ("no memory for the totals of a partition",))

    def rows(self, int p):
        """See _kernel.pyi."""
        return total_records(self.chains, len(self.partitioners), p)

    def spilled(self, int p):
        """See _kernel.pyi."""
        cdef int w
        return [self.chains[w].spilled[p] for w in range(len(self.partitioners))]

    @property
    def steps(self):
        """See _kernel.pyi."""
        cdef const Meaning* meaning = &self.settings.meaning
        return [step for step in (ADD, PROVE, ADD_OPEN, SETTLE)
                if takes(meaning, step) and not (meaning.excess and step == SETTLE)]

    def start(self, int p):
        """See _kernel.pyi."""
        cdef int workers = len(self.partitioners)
        self.find_bits(p)
        start_heads(self.heads, self.chains, workers, p)
        if not start_tables(&self.settings.meaning, total_records(self.chains, workers, p), &self.tables):
            fail(NO_MEMORY, ("no memory for the totals of a partition",))

    def step(self, int number, int worker, int p, i64 first, records, Totals tables=None):
        """See _kernel.pyi."""
        cdef Totals of = self if tables is None else tables
        cdef u8[::1] view
        cdef u8* start = NULL
        cdef int code
        cdef i64 n = 0
        if records is not None:
            view = records
            start = &view[0]
            n = view.shape[0] // self.chains[worker].record_bytes
            if first % 64 or not 0 <= first <= first + n <= self.chains[worker].spilled[p]:
                raise ValueError("spilled records come in whole blocks, within what was spilled")
        elif first != self.chains[worker].spilled[p]:
            raise ValueError("the records in memory come after all of those that were spilled")
        with nogil:
            code = self.take(number, worker, p, first, start, n, &of.tables)
        if code != DONE:
            fail(code, ("no memory for the totals of a partition",))

    cdef int take(self, int step, int worker, int p, i64 first, u8* records, i64 n, Tables* t) noexcept nogil:
        cdef const Meaning* meaning = &self.settings.meaning
        cdef const Chains* chains = self.chains[worker]
        cdef u64* bits = bits_from(meaning, self.bits[worker], first)
        if meaning.wide and records == NULL:
            return step_chain(meaning, step, t, chains, p, <WideRecord*>NULL, bits, &self.tallied)
        if meaning.wide:
            return take_step(meaning, step, t, <WideRecord*>records, n, bits, &self.tallied)
        if records == NULL:
            return step_chain(meaning, step, t, chains, p, <Record*>NULL, bits, &self.tallied)
        return take_step(meaning, step, t, <Record*>records, n, bits, &self.tallied)

    def add_cells(self, Totals other not None):
        """See _kernel.pyi."""
        if self.settings.meaning.wide or other.tables.cells_in_use != self.tables.cells_in_use:
            raise ValueError("both have begun the same partition of narrow records")
        with nogil:
            add_cells(&self.tables, &other.tables, <u32>self.settings.meaning.cap)

    def add_slots(self, Totals other not None):
        """See _kernel.pyi."""
        cdef int code
        with nogil:
            code = add_slots(&self.tables, &other.tables, <u32>self.settings.meaning.cap)
        if code != DONE:
            fail(code, ("no memory for the totals of a partition",))

    def load(self, int worker, u8[::1] records, bint more):
        """See _kernel.pyi."""
        cdef Head* head = &self.heads[worker]
        if head.at < head.n_loaded or (head.n_loaded and not head.more):
            raise ValueError("an extent follows one that is used up, where more were told of")
        self.loaded[worker] = records
        head.loaded = <WideRecord*>&records[0]
        head.n_loaded = records.shape[0] // <Py_ssize_t>sizeof(WideRecord)
        head.at = 0
        head.more = more

    def merge(self, int p):
        """See _kernel.pyi."""
        cdef int wanted, workers = len(self.partitioners)
        with nogil:
            wanted = settle_in_row_order(&self.settings.meaning, self.chains, workers, p, &self.tables, self.heads,
                                         self.bits, &self.tallied)
        if wanted == NO_WORKER:
            self.loaded = [None] * workers
        return wanted

    def count_exactly(self, bint exact):
        """See _kernel.pyi."""
        self.tables.exact = exact and self.settings.meaning.tally
        self.uncounted |= self.settings.meaning.tally and not exact and not self.settings.meaning.outcomes

    def count_groups(self):
        """See _kernel.pyi."""
        count_groups(&self.settings.meaning, &self.tables, &self.tallied)

    @property
    def counts(self):
        """See _kernel.pyi."""
        cdef const Counts* all = &self.tallied
        units = (int(all.eligible_high) << 64) + all.eligible_low - int(all.refused_units)
        return (all.reasons[REASON_ELIGIBLE], all.reasons[REASON_OVER_LIMIT], all.reasons[REASON_UNPROVEN], all.groups,
                units)

    def __dealloc__(self):
        free_tables(&self.tables)
        free(self.chains)
        free(self.bits)
        free(self.heads)
