# One chunk of rows on its way from columns to records: identity, day, limit, units, status. The meaning of a row.
from libc.string cimport memset
from native cimport dm_lowest_bit, i32, i64, u32, u64, u8, XXH128_hash_t, XXH3_128bits_withSecret
from status cimport DONE
from column cimport bit_at, Column, is_present, is_text
from keys cimport CHUNK, CHUNK_WORDS, MAX_PARTS, MISSING, PRESENT, SECRET_BYTES, Keys, mix, read_part, read_texts
from days cimport DAY, NO_DAY, window_of
from day_column cimport read_days
from money cimport read_units
from products cimport read_products
from meaning cimport (
    BAD_VALUE, COPY, EXCLUDED_ROW, IS_EXCLUDED, NO_DAY_KNOWN, NO_PERSON, NONE_IN_FORCE, NOT_IN_FORCE, OVER_ROW_LIMIT,
    PLAIN, UNCOUNTED_ROW, Chunk, Meaning, Tally,
)
from limits cimport check_currency, read_gate, read_limits

cdef inline bint is_copy(const Meaning* meaning, const Column* columns, i64 row) noexcept nogil:
    """Whether a row is told to be a copy; of a batch that was told nothing, no row is."""
    return meaning.copies >= 0 and columns[meaning.copies].values != NULL and bit_at(&columns[meaning.copies], row)


cdef inline bint mark_copies(const Meaning* meaning, const Column* columns, Chunk* x, i64 row, int n) noexcept nogil:
    """Take their days from the rows that are copies, so that nothing is noted of them; whether there are any."""
    cdef int i
    cdef bint some = False
    if meaning.copies >= 0 and columns[meaning.copies].values != NULL:
        for i in range(n):
            if bit_at(&columns[meaning.copies], row + i):
                x.day[i] = NO_DAY
                some = True
    return some


cdef inline int read_first_of(const Meaning* meaning, Keys* k, const Column* columns, Chunk* x, i64 row,
                              int n) noexcept nogil:
    """The person of each row is the first of its columns that is present: column by column, over the rows that have
    none yet, as bits."""
    cdef u64 wanted[CHUNK_WORDS]
    cdef u64 bits
    cdef const Column* c
    cdef int i, j, w, code
    memset(x.missing, MISSING, n)
    memset(wanted, 0xff, sizeof(wanted))
    if n & 63:
        wanted[n >> 6] = (<u64>1 << (n & 63)) - 1
    for j in range(meaning.n_persons):
        c = &columns[meaning.persons[j]]
        if is_text(c) and c.index_layout == 0:
            code = read_texts(k, c, row, n, wanted, x.low, x.high, x.unkeyed, x.missing)
            if code != DONE:
                return code
            continue
        for w in range((n + 63) // 64):
            bits = wanted[w]
            while bits:
                i = 64 * w + dm_lowest_bit(bits)
                code = read_part(k, c, row + i, 1, &x.low[i], &x.high[i], &x.unkeyed[i], &x.missing[i])
                if code != DONE:
                    return code
                wanted[w] ^= <u64>(x.missing[i] == PRESENT) << (i & 63)
                bits &= bits - 1
    return DONE


cdef inline int read_composite(const Meaning* meaning, Keys* k, const Column* columns, Chunk* x, i64 row,
                               int n) noexcept nogil:
    """Fingerprint all parts of each row's identity together. A row is missing where the first part of its person is,
    the name, or a column of `per`; the other parts tell apart those that have one.

    Each part is 128 bits: a fingerprint, or (integer, 1), or (0, 0) for a missing one; fingerprints of parts are keyed,
    so a text cannot be chosen to look like an integer.
    """
    cdef int i, j, m, code
    cdef bint named, others, has_per
    cdef u64 part
    cdef XXH128_hash_t h
    cdef u64 joined[2 * MAX_PARTS]
    for i in range(n):
        j, m = 0, 0
        named = others = False
        x.unkeyed[i] = 0
        while m < meaning.n_parts:
            code = read_person_part(meaning, k, columns, row + i, &j, &joined[2 * m], &joined[2 * m + 1], &part)
            if code < 0:
                return code
            x.unkeyed[i] = mix(x.unkeyed[i] ^ part) + code
            if m == 0:
                named = code
            else:
                others |= code
            m += 1
        has_per = True
        for j in range(meaning.n_per):
            code = read_one(k, &columns[meaning.per[j]], row + i, &joined[2 * m], &joined[2 * m + 1], &part)
            if code < 0:
                return code
            x.unkeyed[i] = mix(x.unkeyed[i] ^ part) + code
            has_per &= code
            m += 1
        h = XXH3_128bits_withSecret(joined, 16 * m, k.secret, SECRET_BYTES)
        x.low[i] = h.low64
        x.high[i] = h.high64
        x.missing[i] = not (named and has_per)
        if not is_copy(meaning, columns, row + i):
            x.nameless += others and not named
            x.without_per += named and not has_per
    return DONE


cdef inline int read_person_part(const Meaning* meaning, Keys* k, const Column* columns, i64 row, int* at, u64* low,
                                 u64* high, u64* unkeyed) noexcept nogil:
    """`read_one` of a part of the person: the first of its columns, from number `at` on, that is present. Leaves `at`
    behind them."""
    cdef int code = read_one(k, &columns[meaning.persons[at[0]]], row, low, high, unkeyed)
    at[0] += 1
    while at[0] < meaning.n_persons and meaning.is_other[at[0]]:
        if code == 0:
            code = read_one(k, &columns[meaning.persons[at[0]]], row, low, high, unkeyed)
        at[0] += 1
    return code


cdef inline int read_one(Keys* k, const Column* c, i64 row, u64* low, u64* high, u64* unkeyed) noexcept nogil:
    """One part of one row: 1 present, 0 missing (all words 0), or a status below 0."""
    cdef u8 missing = 1
    cdef int code
    unkeyed[0] = 0
    code = read_part(k, c, row, 1, low, high, unkeyed, &missing)
    if code < 0:
        return code
    if missing:
        low[0] = high[0] = unkeyed[0] = 0
    return not missing


cdef inline bint all_plain(const Meaning* meaning, const Chunk* x, int n) noexcept nogil:
    """Whether every row is plain, of a manifest without exclusions: sums that compilers vectorise."""
    cdef int i
    cdef u8 out_of_force = 0
    cdef u64 signs = 0
    cdef u8 missing = 0
    cdef u32 no_day = 0
    for i in range(n):
        signs |= <u64>x.units[i]
    for i in range(n):
        missing |= x.missing[i]
    for i in range(n):
        no_day |= x.day[i] == NO_DAY
    if not meaning.constant:
        for i in range(n):
            out_of_force |= x.limit_index[i] == NONE_IN_FORCE
    if meaning.row_limited and not out_of_force:
        for i in range(n):
            out_of_force |= x.units[i] > meaning.row_limits[x.limit_index[i]]
    return not (signs >> 63) and not missing and not no_day and not out_of_force


cdef inline void mark_over_row_limit(const Meaning* meaning, Chunk* x, int n) noexcept nogil:
    """Rows above the limit of a row by itself; the step says whether they count."""
    cdef int i
    cdef u8 at
    for i in range(n):
        at = x.limit_index[i]
        if at != NONE_IN_FORCE and x.units[i] > meaning.row_limits[at]:
            x.status[i] = OVER_ROW_LIMIT
            x.other[i] = 0 if meaning.row_counts[at] else UNCOUNTED_ROW


cdef inline bint read_status(const Meaning* meaning, const Column* columns, Chunk* x, i64 row, int n) noexcept nogil:
    """Each row's own standing; True where all are plain. A null in the excluded column counts as excluded: what is not
    proven is not eligible."""
    cdef int i
    cdef const Column* c
    memset(x.status, PLAIN, CHUNK)
    if meaning.flagged:
        memset(x.other, 0, n)
    if meaning.excluded < 0 and all_plain(meaning, x, n):
        return True
    if meaning.row_limited:
        mark_over_row_limit(meaning, x, n)
    if meaning.excluded >= 0:
        c = &columns[meaning.excluded]
        for i in range(n):
            if not is_present(c, row + i) or bit_at(c, row + i):
                x.status[i] = IS_EXCLUDED
                x.other[i] |= EXCLUDED_ROW if meaning.count_excluded else EXCLUDED_ROW | UNCOUNTED_ROW
    for i in range(n):
        x.status[i] = BAD_VALUE if x.units[i] < 0 else x.status[i]
    if not meaning.constant:
        for i in range(n):
            x.status[i] = NOT_IN_FORCE if x.limit_index[i] == NONE_IN_FORCE else x.status[i]
    for i in range(n):
        x.status[i] = NO_DAY_KNOWN if x.day[i] == NO_DAY else x.status[i]
    for i in range(n):
        x.status[i] = NO_PERSON if x.missing[i] else x.status[i]
    return False


cdef inline int read_chunk(const Meaning* meaning, Keys* k, const Column* columns, Chunk* x, i64 row,
                           int n) noexcept nogil:
    """Take n rows (at most CHUNK) from `row` on through every stage; a status."""
    cdef int code, i
    cdef bint has_copies
    if meaning.n_per or meaning.n_parts > 1:
        code = read_composite(meaning, k, columns, x, row, n)
    elif meaning.n_persons > 1:
        code = read_first_of(meaning, k, columns, x, row, n)
    else:
        code = read_part(k, &columns[meaning.persons[0]], row, n, x.low, x.high, x.unkeyed, x.missing)
    if code != DONE:
        return code
    read_days(&columns[meaning.day], row, n, x.day)
    has_copies = mark_copies(meaning, columns, x, row, n)
    if not meaning.constant:
        if meaning.entered >= 0:
            read_gate(meaning, &columns[meaning.entered], x, row, n)
        read_limits(meaning, columns, x, row, n)
    if meaning.quantity >= 0:
        code = read_products(&columns[meaning.value], &columns[meaning.quantity], row, n, x.units)
    else:
        code = read_units(&columns[meaning.value], row, n, x.units)
    if code != DONE:
        return code
    if meaning.currency >= 0:
        check_currency(meaning, columns, x, row, n)
    x.plain = read_status(meaning, columns, x, row, n)
    if has_copies:                       # whose days are missing, so that the chunk is not plain
        for i in range(n):
            if bit_at(&columns[meaning.copies], row + i):
                x.status[i] = COPY
    return DONE


cdef inline void to_windows(const Meaning* meaning, Chunk* x, int n) noexcept nogil:
    """Days as totals are kept by them; after this, nothing asks for the calendar day."""
    cdef int i
    if meaning.window != DAY:
        for i in range(n):
            x.day[i] = window_of(x.day[i], meaning.window)


cdef inline void digest_chunk(const Meaning* meaning, const Keys* k, const Chunk* x, int n, Tally* t) noexcept nogil:
    """Add up what each row says, whatever the order of rows; days are windows by then. A change that goes unseen has a
    chance of about 2**-64; the sum is no proof against whoever knows the secret."""
    cdef int i
    cdef u64 sum = 0, own
    for i in range(n):
        own = <u64>x.status[i] | <u64>(x.other[i] if meaning.excluded >= 0 else 0) << 8
        if meaning.has_record[x.status[i]]:
            own |= <u64>(0 if meaning.constant else x.limit_index[i]) << 16
            own += mix(mix(x.low[i] ^ k.start ^ (<u64>x.day[i] * k.day_low)) + x.high[i] * k.day_high)
            own ^= mix(<u64>(x.units[i] if x.units[i] >= 0 else -1) + k.day_low)
        sum += mix(own ^ k.start)
    t.digest += sum


cdef inline void add_known(Tally* t, u64 low, u64 high) noexcept nogil:
    """Add low + high * 2**32 to the sum of known values."""
    cdef u64 sum = t.known_low + low
    t.known_high += (high >> 32) + (sum < low)
    t.known_low = sum + (high << 32)
    t.known_high += t.known_low < sum


cdef inline void tally_chunk(const Meaning* meaning, const Chunk* x, int n, Tally* t) noexcept nogil:
    """Count the rows by their standing, and add up their values; plain rows with sums that compilers vectorise."""
    cdef int i
    cdef i32 first = t.day_first, last = t.day_last
    cdef u64 low = 0, high = 0, capped = 0
    cdef i64 cap = meaning.cap
    for i in range(n):
        last = x.day[i] if x.day[i] > last else last       # NO_DAY is before any day
    if x.plain:
        t.status_rows[PLAIN] += n
        for i in range(n):
            first = x.day[i] if x.day[i] < first else first
        for i in range(n):
            low += <u32>x.units[i]
            high += <u64>x.units[i] >> 32
        for i in range(n):
            capped += <u64>(x.units[i] if x.units[i] < cap else cap)
    else:
        for i in range(n):
            t.status_rows[x.status[i]] += 1
            if x.day[i] != NO_DAY:
                first = x.day[i] if x.day[i] < first else first
            if x.units[i] >= 0:
                low += <u32>x.units[i]
                high += <u64>x.units[i] >> 32
            if x.status[i] == PLAIN:
                capped += <u64>(x.units[i] if x.units[i] < cap else cap)
    t.day_first, t.day_last = first, last
    if meaning.entered >= 0:
        for i in range(n):
            if x.day[i] != NO_DAY:
                t.gate_first = min(t.gate_first, x.gate[i])
                t.gate_last = max(t.gate_last, x.gate[i])
    t.capped += capped
    add_known(t, low, high)
