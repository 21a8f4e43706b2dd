# Totals: one thread's tables, put to partition after partition of all workers.


cdef class Totals:
    """See _kernel.pyi."""

    cdef Settings settings
    cdef list partitioners
    cdef Chains** chains
    cdef u64** bits
    cdef Scratch scratch
    cdef WideScratch wide_scratch
    cdef Counts narrow
    cdef WideCounts wide

    def __cinit__(self, Settings settings, list partitioners):
        cdef int w
        cdef Partitioner one
        self.settings = settings
        self.partitioners = partitioners
        self.chains = <Chains**>malloc(len(partitioners) * sizeof(Chains*))
        self.bits = <u64**>malloc(len(partitioners) * sizeof(u64*))
        if self.chains == NULL or self.bits == NULL:
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

    def run(self, int first, int last):
        """See _kernel.pyi."""
        cdef int p, code = 0
        cdef int workers = len(self.partitioners)
        for p in range(first, last):
            if not self.settings.plan.wide:
                self.find_bits(p)
            with nogil:
                if self.settings.plan.wide:
                    code = total_wide(&self.settings.plan, self.chains, workers, p, &self.wide_scratch,
                                      self.settings.excess, &self.wide)
                else:
                    code = total_narrow(&self.settings.plan, self.chains, workers, p, &self.scratch, self.bits,
                                        &self.narrow)
            if code < 0:
                raise MemoryError("no memory for the totals of a partition")

    def spilled(self, int p):
        """See _kernel.pyi."""
        cdef int w
        return [self.chains[w].spilled[p] for w in range(len(self.partitioners))]

    def start(self, int p):
        """See _kernel.pyi."""
        cdef int w, workers = len(self.partitioners)
        self.find_bits(p)
        if start_narrow(&self.settings.plan, total_records(self.chains, workers, p), &self.scratch) < 0:
            raise MemoryError("no memory for the totals of a partition")

    def step(self, int number, int worker, int p, i64 first, records):
        """See _kernel.pyi."""
        cdef u8[::1] view
        cdef u64* bits = self.bits[worker] + (first >> 6)
        cdef int code
        cdef i64 n
        if records is None:
            with nogil:
                code = step_chain(&self.settings.plan, number, &self.scratch, self.chains[worker], p, bits, &self.narrow)
        else:
            view = records
            n = view.shape[0] // <Py_ssize_t>sizeof(Record)
            if first % 64 or not 0 <= first <= first + n <= self.chains[worker].spilled[p]:
                raise ValueError("spilled records come in whole blocks, within what was spilled")
            with nogil:
                code = step_narrow(&self.settings.plan, number, &self.scratch, <Record*>&view[0], n, bits, &self.narrow)
        if code < 0:
            raise MemoryError("no memory for the totals of a partition")

    def count_groups(self):
        """See _kernel.pyi."""
        if self.settings.plan.tally:
            self.narrow.groups += distinct(&self.scratch, self.scratch.cells_in_use, self.scratch.n_records)

    @property
    def counts(self):
        """See _kernel.pyi."""
        if self.settings.plan.wide:
            units = (int(self.wide.eligible_high) << 64) + self.wide.eligible_low
            reasons = self.wide.reasons
            return reasons[REASON_ELIGIBLE], reasons[REASON_OVER_LIMIT], reasons[REASON_UNPROVEN], self.wide.groups, units
        return (self.narrow.eligible, self.narrow.over, self.narrow.unproven, round(self.narrow.groups),
                int(self.narrow.eligible_units))

    def __dealloc__(self):
        free_scratch(&self.scratch)
        free(self.wide_scratch.slots)
        free(self.chains)
        free(self.bits)
