# Given: the groups of a table of totals. Judge: a worker that answers rows by them, one batch after another.


cdef class Given:
    """See _kernel.pyi."""

    cdef GivenTable table
    cdef readonly bint complete

    def __cinit__(self, bint complete):
        self.complete = complete
        if not reserve_entries(&self.table, 0):
            raise MemoryError("no memory for the totals that were given")

    def add(self, const u8[::1] keys, const u8[::1] totals, const u8[::1] unproven):
        """See _kernel.pyi."""
        cdef i64 n = unproven.shape[0], at = 0
        cdef int code
        if keys.shape[0] != 16 * n or totals.shape[0] != 16 * n:
            raise ValueError("each group has a key and a total")
        if n == 0:
            return
        with nogil:
            code = give_totals(&self.table, &keys[0], &totals[0], &unproven[0], n, &at)
        if code == NO_MEMORY:
            fail(code, ("no memory for the totals that were given",))
        if code != DONE:
            fail(code, (at,))

    def __len__(self):
        return self.table.n

    def __dealloc__(self):
        free(self.table.entries)


cdef class Judge(Partitioner):
    """See _kernel.pyi."""

    cdef public Given given
    cdef i64 judged[REASONS]     # rows whose own status is plain, by reason
    cdef u64 eligible_low
    cdef u64 eligible_high

    def judge(self, Batch batch not None, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t first_row, u8[::1] mask,
              u8[::1] reasons, u8[::1] totals, u8[::1] known):
        """See _kernel.pyi."""
        cdef Py_ssize_t stopped_at = NO_ROW
        cdef int code
        cdef i64 n = stop - start
        if self.given is None or self.settings.meaning.groups or not self.settings.meaning.outcomes:
            raise ValueError("rows are judged with reasons and totals, by totals that were given")
        if not 0 <= start <= stop <= batch.length:
            raise ValueError("rows lie within their batch")
        if len(reasons) < n or len(totals) < 16 * n or min(len(mask), len(known)) < (n + 63) // 64 * 8:
            raise ValueError("too little room for the answers")
        if n == 0:
            return
        with nogil:
            code = self.judge_rows(batch.columns, start, stop, first_row, &mask[0], &reasons[0], &totals[0], &known[0],
                                   &stopped_at)
        if code == VALUE_REFUSED or code == KEY_MISSING:
            fail(code, (stopped_at,))
        if code != DONE:
            fail(code)

    cdef int judge_rows(self, const Column* columns, i64 start, i64 stop, i64 first_row, u8* mask, u8* reasons,
                        u8* totals, u8* known, Py_ssize_t* stopped_at) noexcept nogil:
        cdef const Meaning* meaning = &self.settings.meaning
        cdef Chunk* x = self.chunk
        cdef u64 keys[2 * CHUNK]
        cdef i64 row = start, at
        cdef int n, i, code
        cdef u64 word = 0, known_word = 0
        cdef u8 reason
        cdef const Entry* entry
        while row < stop:
            n = <int>min(stop - row, <i64>CHUNK)
            code = read_chunk(meaning, &self.keys, columns, x, row, n)
            if code != DONE:
                return code
            if meaning.bad_values == STOP:
                for i in range(n):
                    if x.status[i] == BAD_VALUE:
                        code = note_value(meaning, self.refusals, columns, row + i, first_row + row - start + i)
                        if code != DONE:
                            return code
                        stopped_at[0] = row + i
                        return VALUE_REFUSED
            tally_chunk(meaning, x, n, &self.tally)
            if self.refusals != NULL and (not x.plain or has_notes(x)):
                code = note_refusals(meaning, self.refusals, columns, x, row, n, first_row + row - start)
                if code != DONE:
                    return code
            to_windows(meaning, x, n)
            if meaning.digested:
                digest_chunk(meaning, &self.keys, x, n, &self.tally)
            i = 0
            while i < n:
                public_keys(&self.keys.public, x.low + i, x.high + i, x.day + i, keys + 2 * i)
                i += LANES
            for i in range(n):
                at = row - start + i
                reason = <u8>(REASON_COPY if x.status[i] == COPY else x.status[i])
                memset(totals + 16 * at, 0, 16)
                if meaning.has_record[x.status[i]]:
                    entry = given_place(&self.given.table, keys + 2 * i)
                    if entry.is_used:
                        dm_store64(totals + 16 * at, entry.low)
                        dm_store64(totals + 16 * at + 8, entry.high)
                        known_word |= <u64>1 << (at & 63)
                    elif self.given.complete:
                        stopped_at[0] = row + i
                        return KEY_MISSING
                    if x.status[i] == PLAIN:
                        reason = judge_given(entry, <u64>meaning.limits[0 if meaning.constant else x.limit_index[i]])
                        self.judged[reason] += 1
                        if reason == REASON_ELIGIBLE:
                            self.eligible_low += <u64>x.units[i]
                            self.eligible_high += self.eligible_low < <u64>x.units[i]
                reasons[at] = reason
                word |= <u64>(reason == REASON_ELIGIBLE) << (at & 63)
                if (at & 63) == 63 or row + i + 1 == stop:
                    dm_store64(mask + ((at >> 6) << 3), word)
                    dm_store64(known + ((at >> 6) << 3), known_word)
                    word = known_word = 0
            self.rows += n
            row += n
        return DONE

    @property
    def outcome_counts(self):
        """See _kernel.pyi."""
        units = (int(self.eligible_high) << 64) + self.eligible_low
        return (self.judged[REASON_ELIGIBLE], self.judged[REASON_OVER_LIMIT], self.judged[REASON_UNPROVEN], 0, units)
