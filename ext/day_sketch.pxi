# DaySketch and Proof: rows in the order of their days, see day_sketch.pxd. A DaySketch is one worker's, a Proof is
# shared.


cdef class DaySketch:
    """See _kernel.pyi."""

    cdef DayCells days

    def __cinit__(self, Settings settings not None, int day_base, int cell_bits, Py_ssize_t most_days):
        if not 6 <= cell_bits <= 19 or most_days < 1:
            raise ValueError("a day has 64 to 524,288 cells, and one day or more has cells of its own")
        self.days.steps = (<u64>1 << 32) // size_of_step(<u64>settings.meaning.cap - 1) + 1
        self.days.day_base = day_base
        self.days.bits = cell_bits
        self.days.may_open = most_days
        self.days.cells = <u8**>calloc(SKETCH_DAYS + 1, sizeof(u8*))
        if self.days.cells == NULL:
            raise MemoryError()

    def __dealloc__(self):
        cdef int place
        if self.days.cells != NULL:
            for place in range(1, SKETCH_DAYS + 1):
                if self.days.cells[place] != self.days.cells[0]:
                    free(self.days.cells[place])
            free(self.days.cells[0])
        free(self.days.cells)


cdef class Proof:
    """See _kernel.pyi."""

    cdef Settings settings
    cdef list sketches
    cdef int bits
    cdef i32 day_base
    cdef readonly int places    # up to the last that rows were seen of
    cdef u64* proven         # a bit for each of their cells
    cdef u64* refused        # the same

    def __cinit__(self, Settings settings not None, list sketches):
        cdef DaySketch one = sketches[0]
        cdef int place
        self.settings = settings
        self.sketches = sketches
        self.bits, self.day_base = one.days.bits, one.days.day_base
        for one in sketches:
            if one.days.bits != self.bits or one.days.day_base != self.day_base:
                raise ValueError("all sketches have as many cells a day, of the same days")
            for place in range(SKETCH_DAYS + 1):
                if one.days.cells[place] != NULL:
                    self.places = max(self.places, place + 1)
        self.proven = <u64*>calloc((<size_t>self.places << (self.bits - 6)) + 1, sizeof(u64))
        self.refused = <u64*>calloc((<size_t>self.places << (self.bits - 6)) + 1, sizeof(u64))
        if self.proven == NULL or self.refused == NULL:
            raise MemoryError("no memory for the totals")

    def add_up(self, int first, int last):
        """See _kernel.pyi."""
        cdef int place
        if not 0 <= first <= last <= self.places:
            raise ValueError("no row of this day was seen")
        for place in range(first, last):
            self.add_up_day(place)

    cdef u8 most_on(self, int place) noexcept:
        """The strictest limit in force at a place, in whole steps; of any day for place 0 and where a gate decides."""
        cdef const Meaning* meaning = &self.settings.meaning
        cdef i64 at, begin = 0, end = 0
        cdef int row_class
        cdef u8 least = NONE_IN_FORCE
        if meaning.constant:
            return self.steps_in(meaning.limits[0])
        if place == 0 or meaning.entered >= 0:
            end = meaning.n_days - 1
        else:
            begin = end = place_of(meaning, self.day_base + place - 1)
        for row_class in range(meaning.n_classes):
            for at in range(begin, end + 1):
                least = min(least, meaning.schedule[row_class * meaning.n_days + at])
        return self.steps_in(meaning.limits[least]) if least != NONE_IN_FORCE else 0

    cdef u8 steps_in(self, i64 limit) noexcept:
        return <u8>(<u64>limit // size_of_step(<u64>self.settings.meaning.cap - 1))

    cdef int add_up_day(self, int place) except -1:
        cdef i64 n = <i64>1 << self.bits
        cdef u8* sums = NULL
        cdef u8* made = NULL
        cdef u8* cells
        cdef u8 most = self.most_on(place)
        cdef int some = 0
        cdef DaySketch one
        for one in self.sketches:
            some += one.days.cells[place] != NULL
            sums = one.days.cells[place] if one.days.cells[place] != NULL else sums
        if some == 0:
            return 0
        if some > 1:
            sums = made = <u8*>calloc(n, 1)
            if made == NULL:
                raise MemoryError("no memory for the totals")
            for one in self.sketches:
                cells = one.days.cells[place]
                if cells != NULL:
                    with nogil:
                        sum_cells(made, cells, n)
        with nogil:
            prove_cells(sums, n, most, self.proven + (<i64>place << (self.bits - 6)))
            refuse_cells(sums, n, self.refused + (<i64>place << (self.bits - 6)))
        free(made)
        return 0

    def count_open(self, Partitioner read not None):
        """See _kernel.pyi."""
        cdef Trail* words = &read.trail
        cdef u32 block = words.reading
        cdef const u32* numbers
        cdef u64 open_rows = 0
        cdef i64 seen = 0, left_open = 0
        cdef int n
        while True:
            n = <int>min((words.in_last if block == words.last else leads_a_block(words)) // 2, 64)
            if n == 0:       # a worker that came too late for any row
                return 0
            numbers = <const u32*>read.pool.blocks[block]
            prove_rows(self.proven, numbers, n, &open_rows)
            open_rows &= ~refused_rows(self.refused, numbers, open_rows)
            seen += n
            left_open += n if is_dense(dm_count_bits(open_rows), n) else dm_count_bits(open_rows)
            if block == words.last:
                return left_open * read.rows // seen
            block = read.pool.next[block]

    def prove(self, Partitioner read not None, Partitioner suspects not None, Batch batch not None, Py_ssize_t start,
              Py_ssize_t stop):
        """See _kernel.pyi."""
        cdef i64 row = start, end
        cdef int code = DONE
        if read.sketch is None or suspects.settings is not self.settings or not 0 <= start <= stop <= batch.length:
            raise ValueError("rows are proven that were read with a sketch, by the same settings, from the same batch")
        if read.row_bits == NULL:
            read.row_bits = <u64*>calloc(read.rows // 64 + 2, sizeof(u64))
            read.open_rows = <u64*>calloc(read.rows // 64 + 2, sizeof(u64))
            if read.row_bits == NULL or read.open_rows == NULL:
                raise MemoryError("no memory for the answers")
        if read.proven + stop - start > read.rows:
            raise ValueError("rows are proven once")
        while row < stop and code == DONE:
            end = min(<i64>stop, row + (1 << 16))
            suspects.reserve(end - row, suspects.chains.n_partitions + 2)
            with nogil:
                code = self.prove_some(read, suspects, batch.columns, row, end)
            row = end
        if code != DONE:
            fail(code)

    cdef int prove_some(self, Partitioner read, Partitioner suspects, const Column* columns, i64 row,
                        i64 end) noexcept nogil:
        cdef const u32* numbers
        cdef i64 there = 0
        cdef u64 word, open_rows
        cdef int n, at, code
        while row < end:
            numbers = <const u32*>leads_to_read(&read.trail, &there)
            at = read.proven & 63
            n = <int>min(min(there // 2, end - row), 64 - at)
            open_rows = 0
            word = prove_rows(self.proven, numbers, n, &open_rows)
            if open_rows:
                open_rows &= ~refused_rows(self.refused, numbers, open_rows)
            if open_rows:
                code = self.read_suspects(suspects, columns, row, n, &word, &open_rows)
                if code != DONE:
                    return code
            read.row_bits[read.proven >> 6] |= word << at
            read.open_rows[read.proven >> 6] |= open_rows << at
            read.trail.place += 2 * n
            read.proven += n
            row += n
        return DONE

    cdef int read_suspects(self, Partitioner one, const Column* columns, i64 row, int n, u64* proven,
                           u64* open_rows) noexcept nogil:
        """Read and scatter the open ones of n rows; blocks for them are reserved; a status.

        Where they are many, the proven rows among them are opened too: a part of their group's rows is within the limit
        as are all of them, and whole chunks are scattered several times as fast."""
        cdef const Meaning* meaning = &self.settings.meaning
        cdef u16 leads[64]
        cdef i64 room = 0
        cdef int i, at, code = DONE
        cdef u64 wanted = open_rows[0]
        cdef int many = dm_count_bits(wanted)
        cdef bint together = many > 4
        if together:
            code = read_chunk(meaning, &one.keys, columns, one.chunk, row, n)
            if code != DONE:
                return code
        if is_dense(many, n) and together and one.chunk.plain:
            proven[0], open_rows[0] = 0, ~<u64>0 >> (64 - n)
            scatter_plain(meaning, &one.keys, one.chunk, n, &one.chains, one.partition_bits, leads)
            for i in range(n):
                leads_to_write(&one.trail, &room)[0] = leads[i]
                one.trail.in_last += 1
            return DONE
        while wanted:
            i = dm_lowest_bit(wanted)
            wanted &= wanted - 1
            if not together:
                code = read_chunk(meaning, &one.keys, columns, one.chunk, row + i, 1)
                if code != DONE:
                    return code
            at = i if together else 0
            scatter_odd(meaning, &one.keys, one.chunk, at, &one.chains, 63 - one.partition_bits, leads)
            leads_to_write(&one.trail, &room)[0] = leads[at]
            one.trail.in_last += 1
        return DONE

    def fill(self, Partitioner read not None, Partitioner suspects not None):
        """See _kernel.pyi."""
        if read.proven != read.rows:
            raise ValueError("rows are proven first")
        if read.rows:
            with nogil:
                fill_open(read.row_bits, read.open_rows, read.rows // 64 + 1, &suspects.trail,
                          suspects.cursors.next_bit)

    def __dealloc__(self):
        free(self.proven)
        free(self.refused)
