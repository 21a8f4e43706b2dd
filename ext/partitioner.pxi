# Partitioner: one worker's half of the flow, rows to records and answers to rows.

cdef enum:
    DEFAULT_BLOCK_BYTES = 1 << 14


cdef class Partitioner:
    """See _kernel.pyi."""

    cdef Settings settings
    cdef Keys keys
    cdef Pool pool
    cdef Chains chains
    cdef Trail trail
    cdef Cursors cursors
    cdef Chunk* chunk
    cdef Tally tally
    cdef Refusals* refusals  # only where rows are counted
    cdef Registers* groups   # where they may be estimated
    cdef u64** bits          # narrow: by slot, the answers of its records
    cdef readonly int partition_bits
    cdef readonly int slots
    cdef i32 day_low         # of the open epochs, [day_low, day_mid) goes to slot_now, [day_mid, day_high] to slot_next
    cdef i32 day_mid
    cdef i32 day_high
    cdef int slot_now
    cdef int slot_next
    cdef readonly i32 latest_day
    cdef i32 day_outside     # the day that read_rows stopped at, DAY_OUTSIDE
    cdef readonly DaySketch sketch  # rows come in the order of their days, and leave numbers of cells; else None
    cdef readonly i64 rows   # that were read
    cdef u64* row_bits       # with a sketch: the answers of the rows, and which of them are suspects
    cdef u64* open_rows
    cdef i64 proven          # rows that have them
    cdef i64 answered
    cdef dict brought        # wide: by partition, the outcomes that came back from disk
    cdef Parties* parties    # only of tellings

    def __cinit__(self, Settings settings not None, int partition_bits, Py_ssize_t block_bytes=DEFAULT_BLOCK_BYTES,
                  int slots=1, DaySketch sketch=None):
        cdef int n = slots << partition_bits
        if partition_bits < 0 or slots < 1 or n > MAX_PARTITIONS:
            raise ValueError(f"there are at most {MAX_PARTITIONS} partitions")
        if block_bytes & (block_bytes - 1) or not 2048 <= block_bytes <= 65536:
            raise ValueError("block_bytes is a power of two from 2048 to 65536")
        if sketch is not None and not settings.can_take_day_sketch:
            raise ValueError("rows with these settings cannot be read with a sketch")
        self.settings = settings
        self.sketch = sketch
        self.keys = settings.keys
        self.partition_bits = partition_bits
        self.slots = slots
        self.pool.block_bytes = block_bytes
        self.tally.day_first, self.tally.day_last = 0x7fffffff, NO_DAY
        self.tally.gate_first, self.tally.gate_last = 0x7fffffff, NO_DAY
        self.day_low, self.day_mid, self.day_high = NO_DAY, 0x7fffffff, 0x7fffffff
        self.latest_day = NO_DAY
        self.chunk = <Chunk*>calloc(1, sizeof(Chunk))
        if settings.meaning.tally or settings.meaning.bad_values == STOP:
            self.refusals = new_refusals()
        if settings.keys.estimates:
            self.groups = <Registers*>calloc(1, sizeof(Registers))
            if self.groups == NULL:
                raise MemoryError()
        self.bits = <u64**>calloc(slots, sizeof(u64*))
        self.brought = {}
        if settings.meaning.tellings:
            self.parties = <Parties*>malloc(sizeof(Parties))
            if self.parties == NULL:
                raise MemoryError()
            start_parties(self.parties)
        if self.chunk == NULL or self.bits == NULL or not start_cursors(&self.cursors, n):
            raise MemoryError()
        self.reserve(0, n + 1)
        if not start_chains(&self.chains, &self.pool, n, self.record_bytes()):
            raise MemoryError()
        self.trail.pool = &self.pool
        self.trail.first = self.trail.last = self.trail.reading = self.trail.gap = take_block(&self.pool)

    cdef int record_bytes(self) noexcept:
        if self.settings.meaning.tellings:
            return sizeof(TellingRecord)
        return sizeof(WideRecord) if self.settings.meaning.wide else sizeof(Record)

    cdef void reserve(self, Py_ssize_t rows, Py_ssize_t more) except *:
        """Have blocks for that many rows in any partitions, and `more`: the loops over rows cannot fail then."""
        cdef size_t per_row = sizeof(u16) + self.record_bytes()
        if self.sketch is not None:
            per_row = sizeof(u32)
        reserve_blocks(&self.pool, <i64>(rows * per_row // self.pool.block_bytes) + more, rows)

    def route(self, int day_low, int day_mid, int day_high, int slot_now, int slot_next):
        """See _kernel.pyi."""
        if not (0 <= slot_now < self.slots and 0 <= slot_next < self.slots):
            raise ValueError("a routed run has slots for its epochs")
        self.day_low, self.day_mid, self.day_high = day_low, day_mid, day_high
        self.slot_now, self.slot_next = slot_now, slot_next

    def add(self, Batch batch not None, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t first_row):
        """See _kernel.pyi."""
        cdef Py_ssize_t stopped_at = NO_ROW
        cdef int code
        if not 0 <= start <= stop <= batch.length:
            raise ValueError("rows lie within their batch")
        if self.settings.meaning.copies >= 0 and (batch.copies is None or stop > batch.copies_end):
            raise ValueError("a batch is told which of its rows are copies")
        self.reserve(stop - start, self.chains.n_partitions + 2)
        with nogil:
            code = self.read_rows(batch.columns, start, stop, first_row, &stopped_at)
        if code == DAY_OUTSIDE:
            fail(code, (stopped_at, self.day_outside))
        if code == VALUE_REFUSED:
            fail(code, (stopped_at,))
        if code != DONE:
            fail(code)

    cdef int read_rows(self, const Column* columns, i64 start, i64 stop, i64 first_row,
                       Py_ssize_t* stopped_at) noexcept nogil:
        cdef const Meaning* meaning = &self.settings.meaning
        cdef Chunk* x = self.chunk
        cdef i64 row = start, room = 0
        cdef int n, i, code
        cdef u16* words
        if self.refusals != NULL and meaning.tally:
            look_for_thousands(meaning, self.refusals, columns, start, stop, first_row)
        while row < stop:
            words = leads_to_write(&self.trail, &room)
            n = <int>min(min(stop - row, room if self.sketch is None else room // 2), CHUNK)
            code = read_chunk(meaning, &self.keys, columns, x, row, n)
            if code != DONE:
                return code
            if meaning.bad_values == STOP:
                for i in range(n):
                    if x.status[i] == BAD_VALUE:
                        code = note_value(meaning, self.refusals, columns, row + i, first_row + row - start + i)
                        stopped_at[0] = row + i
                        return VALUE_REFUSED if code == DONE else code
            if self.slots > 1:
                i = route_rows(x, n, self.day_low, self.day_mid, self.day_high,
                               <u16>(self.slot_now << self.partition_bits),
                               <u16>(self.slot_next << self.partition_bits), &self.latest_day)
                if i != NO_ROW:
                    stopped_at[0] = row + i
                    self.day_outside = x.day[i]
                    return DAY_OUTSIDE
            if meaning.tally or meaning.wide:
                tally_chunk(meaning, x, n, &self.tally)
                if self.refusals != NULL and (not x.plain or has_notes(x)):
                    code = note_refusals(meaning, self.refusals, columns, x, row, n, first_row + row - start)
                    if code != DONE:
                        return code
            to_windows(meaning, x, n)
            if self.groups != NULL:
                note_groups(self.groups, x, n)
            if meaning.digested:
                digest_chunk(meaning, &self.keys, x, n, &self.tally)
            if self.sketch is not None:
                if not open_days(&self.sketch.days, x, n):
                    return NO_MEMORY
                find_cells(&self.keys, x, n, &self.sketch.days, <u32*>words)
                add_to_day_cells(meaning, x, n, &self.sketch.days, <u32*>words)
                self.trail.in_last += n      # and once more below: a number is two words
            elif meaning.tellings:
                code = scatter_tellings(meaning, &self.keys, self.parties, columns, x, row, n, &self.chains,
                                        self.partition_bits, first_row + row - start)
                if code != DONE:
                    return code
                self.trail.in_last -= n      # no way leads back: the next rows take the same words
            elif meaning.groups:
                if x.plain:
                    scatter_plain_groups(meaning, &self.keys, x, n, &self.chains, self.partition_bits,
                                         first_row + row - start)
                else:
                    scatter_groups(meaning, &self.keys, x, n, &self.chains, self.partition_bits,
                                   first_row + row - start)
                self.trail.in_last -= n      # no way leads back: the next rows take the same words
            elif meaning.wide:
                scatter_wide(meaning, &self.keys, x, n, &self.chains, self.partition_bits, words,
                             first_row + row - start)
            elif x.plain:
                scatter_plain(meaning, &self.keys, x, n, &self.chains, self.partition_bits, words)
            else:
                scatter_any(meaning, &self.keys, x, n, &self.chains, self.partition_bits, words)
            self.trail.in_last += n
            self.rows += n
            row += n
        return DONE

    def settle(self, int slot):
        """See _kernel.pyi."""
        cdef int p, begin = slot << self.partition_bits, end = (slot + 1) << self.partition_bits
        cdef u64 at
        cdef i64 total = 0
        settle_chains(&self.chains, begin, end)
        for p in range(begin, end):
            self.cursors.block[p] = self.chains.first[p]
            self.cursors.on_disk[p] = self.chains.spilled[p]
            self.cursors.next_record[p] = <u64><uintptr_t>self.pool.blocks[self.chains.first[p]]
            total += (count_of(&self.chains, p) + 63) // 64
        if self.settings.meaning.outcomes or self.settings.meaning.groups or self.settings.meaning.tellings:
            return
        free(self.bits[slot])
        self.bits[slot] = <u64*>malloc(8 * total + 8)
        if self.bits[slot] == NULL:
            raise MemoryError("no memory for the answers")
        at = <u64><uintptr_t>self.bits[slot]
        for p in range(begin, end):
            self.cursors.next_bit[p] = 8 * at
            at += 8 * <u64>((count_of(&self.chains, p) + 63) // 64)

    def drop_records(self, int slot):
        """See _kernel.pyi."""
        cdef int p
        for p in range(slot << self.partition_bits, (slot + 1) << self.partition_bits):
            restart_chain(&self.chains, p)

    def answer(self, Py_ssize_t rows, u8[::1] mask):
        """See _kernel.pyi."""
        if (self.settings.meaning.outcomes or self.settings.meaning.groups or self.settings.meaning.tellings
                or mask.shape[0] * 8 < rows):
            raise ValueError("`answer` is for the mask alone, with room for its rows")
        if self.sketch is not None:
            if self.proven != self.rows or self.answered + rows > self.rows:
                raise ValueError("rows are answered once, and proven before")
            if rows:
                copy_bits(self.row_bits, self.answered, rows, &mask[0])
            self.answered += rows
        elif rows:
            with nogil:
                answer_narrow(&self.settings.meaning, &self.trail, &self.cursors, rows, &mask[0])

    def answer_all(self, Py_ssize_t row, Py_ssize_t rows, u8[::1] mask, u8[::1] reasons, u8[::1] totals, u8[::1] known):
        """See _kernel.pyi."""
        cdef int wanted = -1
        cdef i64 reached = rows
        if not self.settings.meaning.outcomes or reasons.shape[0] < rows or totals.shape[0] < 16 * rows:
            raise ValueError("`answer_all` is for reasons and totals, with room for its rows")
        if mask.shape[0] * 8 < rows or known.shape[0] * 8 < rows:
            raise ValueError("too little room for the bits")
        if not 0 <= row <= rows:
            raise ValueError("the first row lies behind the last")
        if row < rows:
            with nogil:
                reached = answer_wide(&self.settings.meaning, &self.chains, &self.trail, &self.cursors, row, rows,
                                      &mask[0], &reasons[0], &totals[0], &known[0], &wanted)
        return reached, wanted

    def bring_outcomes(self, int p, const u8[::1] outcomes):
        """See _kernel.pyi."""
        cdef i64 n = outcomes.shape[0] // <Py_ssize_t>sizeof(Outcome)
        if not 0 <= p < self.chains.n_partitions or not 0 < n <= self.cursors.on_disk[p] or self.cursors.brought[p]:
            raise ValueError("outcomes come back when a partition has none in memory, and no more than it has on disk")
        self.brought[p] = outcomes
        self.cursors.next_brought[p] = <u64><uintptr_t>&outcomes[0]
        self.cursors.brought[p] = n
        self.cursors.on_disk[p] -= n

    @property
    def counts(self):
        """See _kernel.pyi."""
        known = (int(self.tally.known_high) << 64) + self.tally.known_low
        plain = 0 if self.settings.meaning.wide else self.tally.capped
        return [self.tally.status_rows[i] for i in range(8)], known, plain

    @property
    def registers(self):
        """See _kernel.pyi."""
        return PyBytes_FromStringAndSize(<char*>self.groups.ranks, REGISTERS) if self.groups != NULL else b""

    @property
    def digest(self):
        """See _kernel.pyi."""
        return self.tally.digest

    @property
    def incomplete(self):
        """See _kernel.pyi."""
        return self.chunk.nameless, self.chunk.without_per

    @property
    def days(self):
        """See _kernel.pyi."""
        return (self.tally.day_first, self.tally.day_last) if self.tally.day_first <= self.tally.day_last else None

    def __dealloc__(self):
        cdef int i
        free_chains(&self.chains)
        free_pool(&self.pool)
        if self.bits != NULL:
            for i in range(self.slots):
                free(self.bits[i])
        free(self.bits)
        free(self.row_bits)
        free(self.open_rows)
        free_cursors(&self.cursors)
        free(self.chunk)
        free(self.refusals)
        free(self.groups)
        free(self.parties)
        free(self.keys.scratch)
