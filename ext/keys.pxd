# From a person column to key bits: integers as they are, text as a keyed XXH3-128 fingerprint. Nothing about days.
#
# Fixed-width persons are exact: `mix` is a bijection of 64 bits, so equal bits mean equal persons.
# Text is keyed with 192 secret bytes (XXH3, https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memset
from native cimport *
from column cimport *

cdef enum:
    CHUNK = 512            # rows that go through the stages together: they stay in the innermost cache
    SECRET_BYTES = 192
    MAX_PLACEHOLDERS = 64
    MAX_PARTS = 16


cdef struct Keys:
    u8 secret[SECRET_BYTES]
    u64 day_low            # odd multipliers that spread the day over the key bits
    u64 day_high
    u64 start              # what the person's bits are xored with before they are mixed
    bint fold              # trim, collapse blanks, lower-case ASCII before hashing
    int n_placeholders
    u64 placeholder_lengths  # bit n is set where some placeholder has n bytes
    u8 placeholders[MAX_PLACEHOLDERS][64]
    i64 placeholder_length[MAX_PLACEHOLDERS]
    u8* scratch            # folded text
    i64 scratch_bytes


cdef inline u64 mix(u64 x) noexcept nogil:
    """A bijection of 64 bits with full avalanche (two odd multiplications between xor-shifts; constant and shape from
    Pelle Evensen's rrmxmx family, as measured in tests/test_keys.py)."""
    x ^= x >> 32
    x *= <u64>0xd6e8feb86659fd93
    x ^= x >> 32
    x *= <u64>0xd6e8feb86659fd93
    x ^= x >> 32
    return x


cdef inline u8 lower(u8 byte) noexcept nogil:
    return byte + 32 if 65 <= byte <= 90 else byte


cdef inline bint is_placeholder(const Keys* k, const u8* text, i64 length) noexcept nogil:
    """Is trimmed text one of the placeholders, ASCII case aside?"""
    cdef int i
    cdef i64 j
    if length >= 64 or not (k.placeholder_lengths >> length) & 1:
        return False
    for i in range(k.n_placeholders):
        if k.placeholder_length[i] == length:
            j = 0
            while j < length and lower(text[j]) == k.placeholders[i][j]:
                j += 1
            if j == length:
                return True
    return False


cdef inline i64 fold_ascii(const u8* text, i64 length, u8* out) noexcept nogil:
    """Write trimmed text with each run of blanks as one space and A-Z in lower case; return its length."""
    cdef i64 i, n = 0
    cdef bint blank = False
    for i in range(length):
        if is_blank(text[i]):
            blank = True
        else:
            if blank:
                out[n] = 32
                n += 1
                blank = False
            out[n] = lower(text[i])
            n += 1
    return n


cdef inline bint reserve_scratch(Keys* k, i64 length) noexcept nogil:
    cdef u8* grown
    if length > k.scratch_bytes:
        grown = <u8*>realloc(k.scratch, 2 * length)
        if grown == NULL:
            return False
        k.scratch = grown
        k.scratch_bytes = 2 * length
    return True


cdef inline int hash_text(Keys* k, const u8* text, i64 length, u64* low, u64* high) noexcept nogil:
    """Fingerprint one person. Returns 1 for a present person, 0 for a missing one, -1 where memory ran out."""
    cdef const u8* trimmed = text
    cdef i64 bare = length
    cdef XXH128_hash_t h
    if length == 0:
        return 0
    if is_blank(text[0]) or is_blank(text[length - 1]):
        bare = trim(&trimmed, length)
        if bare == 0:
            return 0
    if k.fold:
        if not reserve_scratch(k, bare):
            return -1
        bare = fold_ascii(trimmed, bare, k.scratch)
        text = trimmed = k.scratch
        length = bare
    if is_placeholder(k, trimmed, bare):
        return 0
    h = XXH3_128bits_withSecret(text, length, k.secret, SECRET_BYTES)
    low[0] = h.low64
    high[0] = h.high64
    return 1


cdef inline int read_part(Keys* k, const Column* c, i64 row, int n, u64* low, u64* high, u8* missing) noexcept nogil:
    """Key bits of n rows of one person column from `row` on; `missing[i]` is 1 where there is no person.

    Integers, dates and bools come as their own 64 bits (low) and 1 (high), so that equal bits mean equal persons.
    Returns 0, -1 where memory ran out, -2 where a dictionary index lies outside its dictionary.
    """
    cdef int i, found
    cdef i64 entry, length
    cdef const u8* text = NULL
    if c.index_layout != 0:
        for i in range(n):
            missing[i] = 1
            if not is_present(c, row + i):
                continue
            entry = entry_of(c, row + i)
            if entry < 0:
                return -2
            if c.entry_low != NULL:
                low[i] = c.entry_low[entry]
                high[i] = c.entry_high[entry]
                missing[i] = c.entry_missing[entry]
            else:
                found = read_part(k, c.entries, entry, 1, &low[i], &high[i], &missing[i])
                if found < 0:
                    return found
        return 0
    if is_text(c):
        for i in range(n):
            missing[i] = 1
            if is_present(c, row + i):
                length = text_at(c, row + i, &text)
                found = hash_text(k, text, length, &low[i], &high[i])
                if found < 0:
                    return -1
                missing[i] = found == 0
        return 0
    if c.layout == BOOL:
        for i in range(n):
            low[i] = bit_at(c, row + i)
    elif c.layout == INT64 or c.layout == UINT64 or c.layout == INSTANT:
        memcpy(low, c.values + 8 * (row + c.offset), 8 * n)
    else:
        for i in range(n):
            low[i] = <u64>integer_at(c.layout, c.values, row + i + c.offset)
    for i in range(n):
        high[i] = 1
    if c.validity == NULL:
        memset(missing, 0, n)
    else:
        for i in range(n):
            missing[i] = not is_present(c, row + i)
    return 0
