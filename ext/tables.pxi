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
            if not one.settled or one.settings is not settings:
                raise ValueError("totals are taken of settled partitioners of the same settings")
            self.chains[w] = &one.chains

    def run(self, int first, int last):
        """See _kernel.pyi."""
        cdef int p, w, code = 0
        cdef int workers = len(self.partitioners)
        cdef Partitioner one
        cdef u64 at
        for p in range(first, last):
            if not self.settings.plan.wide:
                for w in range(workers):
                    one = self.partitioners[w]
                    at = one.cursors.next_bit[p] >> 6
                    self.bits[w] = one.cursors.bits + at
            with nogil:
                if self.settings.plan.wide:
                    code = total_wide(&self.settings.plan, self.chains, workers, p, &self.wide_scratch,
                                      self.settings.excess, &self.wide)
                else:
                    code = total_narrow(&self.settings.plan, self.chains, workers, p, &self.scratch, self.bits,
                                        &self.narrow)
            if code < 0:
                raise MemoryError("no memory for the totals of a partition")

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
