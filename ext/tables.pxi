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

    def settle_wide(self, int p, list loaded):
        """See _kernel.pyi."""
        cdef int w, workers = len(self.partitioners), code = 0
        cdef WideRecord** records = <WideRecord**>calloc(workers, sizeof(WideRecord*))
        cdef i64* counts = <i64*>calloc(workers, sizeof(i64))
        cdef u8[::1] view
        try:
            if records == NULL or counts == NULL or not start_wide_slots(&self.wide_scratch):
                raise MemoryError("no memory for the totals of a partition")
            for w in range(workers):
                if loaded[w] is not None:
                    view = loaded[w]
                    counts[w] = view.shape[0] // <Py_ssize_t>sizeof(WideRecord)
                    records[w] = <WideRecord*>&view[0]
                if counts[w] != self.chains[w].spilled[p]:
                    raise ValueError("all spilled records of the partition are wanted")
            with nogil:
                code = self.settle_loaded(p, workers, records, counts)
            if code < 0:
                raise MemoryError("no memory for the totals of a partition")
        finally:
            free(records)
            free(counts)

    cdef int settle_loaded(self, int p, int workers, WideRecord** records, i64* counts) noexcept nogil:
        cdef const Plan* plan = &self.settings.plan
        cdef int w
        for w in range(workers):
            if counts[w] and add_wide(&self.wide_scratch, records[w], counts[w]) < 0:
                return -1
            if chain_wide(plan, False, &self.wide_scratch, self.chains[w], p, &self.wide) < 0:
                return -1
        self.wide.groups += self.wide_scratch.keys
        if self.settings.excess:
            return settle_in_row_order(plan, self.chains, workers, p, &self.wide_scratch, records, counts, &self.wide)
        for w in range(workers):
            settle_records(plan, &self.wide_scratch, records[w], counts[w], &self.wide)
            chain_wide(plan, True, &self.wide_scratch, self.chains[w], p, &self.wide)
        return 0

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
                -int(self.narrow.refused_units))

    def __dealloc__(self):
        free_scratch(&self.scratch)
        free(self.wide_scratch.slots)
        free(self.chains)
        free(self.bits)
