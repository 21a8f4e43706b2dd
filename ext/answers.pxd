# Back to row order: each row's word leads to the next answer of its partition. All reads and writes are sequential.
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy
from libc.stdint cimport uintptr_t
from native cimport i64, u16, u32, u64, u8
from records cimport Chains, give_back, Outcome, Pool, take_block
from meaning cimport (
    COPY, MAX_PARTITIONS, PARTITION_MASK, PLAIN, REASON_COPY, REASON_ELIGIBLE, STATUS_SHIFT, Meaning,
)
from libc.string cimport memset


cdef struct Trail:           # one 16-bit word a row, in blocks of the worker's pool, in the order the rows were read
    Pool* pool
    u32 first
    u32 last
    i64 in_last              # words in the last block
    u32 reading              # the block and the place where the next answer is read from
    i64 place
    u32 gap                  # the block after which words may be missing, as they are on disk
    i64 before_gap           # words from the reading place to the gap; only where `spilled`
    bint spilled


cdef struct Cursors:         # for every partition, where its next answer is
    u64* next_bit            # narrow: eight times the address of the next bit's byte, plus its place in that byte
    u64* next_record         # wide: addresses of outcomes, which fill the first half of each block
    u32* block               # wide: the block that next_record lies in
    i64* on_disk             # wide: outcomes that are on disk and not brought back yet; older than those in memory
    i64* brought             # wide: outcomes brought back and not taken yet
    u64* next_brought        # wide: the address of the next one of them


cdef inline bint start_cursors(Cursors* c, int n) noexcept nogil:
    """Cursors of n partitions; where memory ran out False, and what there is has to be freed."""
    c.next_bit = <u64*>calloc(n, sizeof(u64))
    c.next_record = <u64*>calloc(n, sizeof(u64))
    c.block = <u32*>calloc(n, sizeof(u32))
    c.on_disk = <i64*>calloc(n, sizeof(i64))
    c.brought = <i64*>calloc(n, sizeof(i64))
    c.next_brought = <u64*>calloc(n, sizeof(u64))
    return not (c.next_bit == NULL or c.next_record == NULL or c.block == NULL or c.on_disk == NULL
                or c.brought == NULL or c.next_brought == NULL)


cdef inline void free_cursors(Cursors* c) noexcept nogil:
    free(c.next_bit)
    free(c.next_record)
    free(c.block)
    free(c.on_disk)
    free(c.brought)
    free(c.next_brought)


cdef inline i64 leads_a_block(const Trail* w) noexcept nogil:
    return <i64>(w.pool.block_bytes // sizeof(u16))


cdef inline u16* leads_to_write(Trail* w, i64* room) noexcept nogil:
    """Where the next words go, and for how many rows; the caller has reserved a block."""
    cdef u32 block
    if w.in_last == leads_a_block(w):
        block = take_block(w.pool)
        w.pool.next[w.last] = block
        w.last = block
        w.in_last = 0
    room[0] = leads_a_block(w) - w.in_last
    return <u16*>w.pool.blocks[w.last] + w.in_last


cdef inline const u16* leads_to_read(Trail* w, i64* there) noexcept nogil:
    """The words of the next rows, up to the end of a block."""
    cdef u32 done = w.reading
    if w.place == leads_a_block(w):
        w.reading = w.pool.next[done]
        w.place = 0
        give_back(w.pool, done)
        if done == w.gap:
            w.gap = w.reading
    there[0] = leads_a_block(w) - w.place
    return <const u16*>w.pool.blocks[w.reading] + w.place


cdef inline void put_bits(u8* out, i64 row, u64 word, i64 n) noexcept nogil:
    """Write the n bits that end before `row`; all words but the last of a segment are whole."""
    cdef i64 first = row - n
    memcpy(out + (first >> 3), &word, (n + 7) >> 3)


cdef inline u64 next_bit(u64* cursors, u16 p) noexcept nogil:
    cdef u64 bit = cursors[p]
    cursors[p] = bit + 1
    return ((<const u64*><uintptr_t>((bit >> 6) << 3))[0] >> (bit & 63)) & 1


cdef inline u64 bit_of(const Meaning* meaning, u64* cursors, u16 lead) noexcept nogil:
    """The answer of a row: the next bit of its partition, 0 where it left no record. No branch could foresee which."""
    cdef u16 p = lead & PARTITION_MASK
    cdef u64 bit = cursors[p]
    cdef u64 is_there = meaning.has_record[lead >> STATUS_SHIFT]
    cursors[p] = bit + is_there
    return ((<const u64*><uintptr_t>((bit >> 6) << 3))[0] >> (bit & 63)) & is_there


cdef inline void answer_narrow(const Meaning* meaning, Trail* w, Cursors* c, i64 n, u8* out) noexcept nogil:
    """The mask bits of the next n rows, from bit 0 of `out` on."""
    cdef i64 row = 0, there = 0, i, whole
    cdef u64 word = 0
    cdef u16 all_leads
    cdef u64* cursors = c.next_bit
    cdef const u16* words
    while row < n:
        words = leads_to_read(w, &there)
        there = there if there < n - row else n - row
        i = 0
        while i < there:
            if (row & 63) == 0 and there - i >= 64:
                word = 0
                all_leads = 0
                for whole in range(64):
                    all_leads |= words[i + whole]
                if all_leads < MAX_PARTITIONS:       # all are plain
                    for whole in range(64):
                        word |= next_bit(cursors, words[i + whole]) << whole
                else:
                    for whole in range(64):
                        word |= bit_of(meaning, cursors, words[i + whole]) << whole
                i += 64
                row += 64
                put_bits(out, row, word, 64)
                word = 0
                continue
            word |= bit_of(meaning, cursors, words[i]) << (row & 63)
            i += 1
            row += 1
            if (row & 63) == 0:
                put_bits(out, row, word, 64)
                word = 0
        w.place += there
        w.before_gap -= there
    if row & 63:
        put_bits(out, row, word, row & 63)


cdef inline Outcome* next_outcome(const Chains* chains, Cursors* c, int p) noexcept nogil:
    """The next outcome of partition p; NULL where it has to be brought back from disk first."""
    cdef Pool* pool = chains.pool
    if c.brought[p] > 0:
        c.brought[p] -= 1
        c.next_brought[p] += sizeof(Outcome)
        return <Outcome*><uintptr_t>(c.next_brought[p] - sizeof(Outcome))
    if c.on_disk[p] > 0:
        return NULL
    cdef u64 at = c.next_record[p]
    if (at & (pool.block_bytes - 1)) == pool.block_bytes >> 1 and c.block[p] != chains.last[p]:
        c.block[p] = pool.next[c.block[p]]
        at = <u64><uintptr_t>pool.blocks[c.block[p]]
    c.next_record[p] = at + sizeof(Outcome)
    return <Outcome*><uintptr_t>at


cdef inline i64 answer_wide(const Meaning* meaning, const Chains* chains, Trail* w, Cursors* c, i64 row, i64 n,
                            u8* mask,
                            u8* reasons, u8* totals, u8* known, int* wanted) noexcept nogil:
    """Mask bits, reason codes (one byte), totals (16 bytes, little-endian) and their validity bits of the rows from
    `row` to n. Returns the row that it came to: below n where outcomes of partition `wanted` are on disk."""
    cdef i64 there = 0, i
    cdef u64 word = 0, known_word = 0, high
    cdef u16 lead
    cdef int status
    cdef u8 reason
    cdef Outcome* outcome
    cdef const u16* words
    if row & 63:                  # go on where the bits were left
        memcpy(&word, mask + ((row >> 6) << 3), ((row & 63) + 7) >> 3)
        memcpy(&known_word, known + ((row >> 6) << 3), ((row & 63) + 7) >> 3)
    while row < n:
        words = leads_to_read(w, &there)
        there = there if there < n - row else n - row
        for i in range(there):
            lead = words[i]
            status = lead >> STATUS_SHIFT
            reason = <u8>(REASON_COPY if status == COPY else status)
            if meaning.has_record[status]:
                outcome = next_outcome(chains, c, lead & PARTITION_MASK)
                if outcome == NULL:
                    wanted[0] = lead & PARTITION_MASK
                    w.place += i
                    w.before_gap -= i
                    if row & 63:
                        put_bits(mask, row, word, row & 63)
                        put_bits(known, row, known_word, row & 63)
                    return row
                high = outcome.high
                memcpy(totals + 16 * row, &outcome.low, 8)
                memcpy(totals + 16 * row + 8, &high, 8)
                known_word |= <u64>1 << (row & 63)
                if status == PLAIN:
                    reason = <u8>outcome.reason
            else:
                memset(totals + 16 * row, 0, 16)
            reasons[row] = reason
            word |= <u64>(reason == REASON_ELIGIBLE) << (row & 63)
            row += 1
            if (row & 63) == 0:
                put_bits(mask, row, word, 64)
                put_bits(known, row, known_word, 64)
                word = known_word = 0
        w.place += there
        w.before_gap -= there
    if row & 63:
        put_bits(mask, row, word, row & 63)
        put_bits(known, row, known_word, row & 63)
    return n
