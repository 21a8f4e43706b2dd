# Tellings: one thread's half of deciding which rows are copies, partition by partition of all workers' records.

cdef class Tellings:
    """See _kernel.pyi."""

    cdef Settings settings
    cdef list partitioners
    cdef TellingRecord* records
    cdef Stake* stakes
    cdef i64 room
    cdef i64 n
    cdef i64 found              # copies, whose numbers stand in place of the records
    cdef i64 whys[WHYS]
    cdef u16 turns[MAX_PARTIES + 1]
    cdef u16* places            # [worker][number]: a party's place in the order of all

    def __cinit__(self, Settings settings not None, list partitioners, list places, list turns):
        cdef Partitioner one
        cdef int w, i
        if not settings.meaning.tellings:
            raise ValueError("these settings are not for tellings")
        if len(places) != len(partitioners) or not 0 < len(turns) <= MAX_PARTIES:
            raise ValueError("each worker's parties have their places, each of which has its turn")
        self.places = <u16*>calloc(len(partitioners) * MAX_PARTIES + 1, sizeof(u16))
        if self.places == NULL:
            raise MemoryError()
        for i in range(len(turns)):
            self.turns[i] = turns[i]
        for w in range(len(partitioners)):
            one = partitioners[w]
            if one.settings is not settings or len(places[w]) != one.parties.n:
                raise ValueError("tellings are made of partitioners of the same settings, and each party has its place")
            for i in range(len(places[w])):
                if not 0 <= places[w][i] < len(turns):
                    raise ValueError("a party's place is one that has a turn")
                self.places[w * MAX_PARTIES + i] = places[w][i]
        self.settings, self.partitioners = settings, partitioners

    def rows(self, int p):
        """See _kernel.pyi."""
        cdef Partitioner one
        cdef i64 n = 0
        for one in self.partitioners:
            n += count_of(&one.chains, p)
        return n

    def start(self, int p):
        """See _kernel.pyi."""
        cdef i64 n = self.rows(p)
        self.n = self.found = 0
        if n > self.room:
            free(self.records)
            free(self.stakes)
            self.room = 0
            self.records = <TellingRecord*>malloc(n * sizeof(TellingRecord))
            self.stakes = <Stake*>malloc(n * sizeof(Stake))
            if self.records == NULL or self.stakes == NULL:
                raise MemoryError("no memory for the shipments of a partition")
            self.room = n

    def add(self, int worker, int p, const u8[::1] records):
        """See _kernel.pyi."""
        cdef Partitioner one = self.partitioners[worker]
        cdef u32 block = one.chains.first[p]
        if records is not None:
            if records.shape[0] % <Py_ssize_t>sizeof(TellingRecord):
                raise ValueError("records come whole")
            if records.shape[0]:
                self.take(worker, &records[0], records.shape[0] // <Py_ssize_t>sizeof(TellingRecord))
            return
        while True:
            self.take(worker, one.pool.blocks[block], in_block(&one.chains, p, block))
            if block == one.chains.last[p]:
                return
            block = one.pool.next[block]

    cdef void take(self, int worker, const void* records, i64 n) except *:
        cdef i64 i
        cdef const u16* places = self.places + worker * MAX_PARTIES
        if self.n + n > self.room:
            raise ValueError("a partition is begun first, and has no more records than were counted")
        memcpy(self.records + self.n, records, n * sizeof(TellingRecord))
        for i in range(self.n, self.n + n):
            self.records[i].party = places[self.records[i].party]
        self.n += n

    def decide(self):
        """See _kernel.pyi."""
        with nogil:
            self.found = decide_partition(self.records, self.n, self.turns, self.stakes, self.whys)
        self.n = 0
        return self.found

    def mark(self, const i64[::1] firsts not None, int shift, u8[::1] bits not None):
        """See _kernel.pyi."""
        cdef i64 i, order, place
        cdef const u64* numbers = <const u64*>self.records
        cdef u64 low = ((<u64>1) << shift) - 1
        for i in range(self.found):
            order = <i64>(numbers[i] >> shift)
            if order >= firsts.shape[0]:
                raise ValueError("a copy lies in no part")
            place = firsts[order] + <i64>(numbers[i] & low)
            if place >> 3 >= bits.shape[0]:
                raise ValueError("a copy lies behind the last row")
            bits[place >> 3] |= <u8>(1 << (place & 7))
        self.found = 0

    @property
    def whys_counted(self):
        """See _kernel.pyi."""
        return tuple(self.whys[i] for i in range(WHYS))

    def __dealloc__(self):
        free(self.records)
        free(self.stakes)
        free(self.places)


def parties_of(Partitioner one not None):
    """See _kernel.pyi."""
    cdef int i
    if not one.settings.meaning.tellings:
        raise ValueError("these settings are not for tellings")
    return [(PyBytes_FromStringAndSize(<char*>one.parties.names[i], one.parties.lengths[i]), one.parties.hashes[i])
            for i in range(one.parties.n)]
