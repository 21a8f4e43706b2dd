# From a person column to key bits: integers as they are, text as a keyed XXH3-128 fingerprint. Nothing about days.
#
# Fixed-width persons are exact: `mix` is a bijection of 64 bits, so equal bits mean equal persons.
# Text is keyed with 192 secret bytes (XXH3, https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memset
from cpython.exc cimport PyErr_SetObject
from native cimport (
    dm_load32, dm_load64, dm_lowest_bit, i32, i64, u64, u8, XXH128_hash_t, XXH3_128bits_withSecret,
    XXH3_64bits_withSeed,
)
from status cimport DONE, NO_MEMORY, RAISED, WRONG_INDEX
from column cimport (
    BOOL, INSTANT, INT64, NO_ENTRY, TEXT, UINT64, bit_at, Column, entry_of, integer_at, is_blank, is_present, is_text,
    text_at, trim,
)
from fold cimport OTHER_TEXT, fold_ascii, lower
from public_key cimport SipKey

cdef enum:
    CHUNK = 512            # rows that go through the stages together: they stay in the innermost cache
    CHUNK_WORDS = 8        # CHUNK bits
    SECRET_BYTES = 192
    MAX_PLACEHOLDERS = 64
    MAX_PARTS = 16

cdef enum:                 # what hashing finds in a row; the first two are what `missing` says in the end
    PRESENT = 0
    MISSING = 1
    NOT_ASCII = 2

cdef struct Keys:
    u8 secret[SECRET_BYTES]
    u64 day_low            # odd multipliers that spread the day over the key bits
    u64 day_high
    SipKey public          # of the keys that leave the process
    u64 start              # what the person's bits are xored with before they are mixed
    bint estimates         # groups are estimated, so that each identity has a hash without a secret too
    void* fold             # from bytes to their folded form, for text beyond ASCII; NULL where nothing is folded
    int n_placeholders
    u64 placeholder_lengths  # bit n is set where some placeholder has n bytes
    u8 placeholders[MAX_PLACEHOLDERS][64]
    i64 placeholder_length[MAX_PLACEHOLDERS]
    u8* scratch            # folded text
    i64 scratch_bytes


cdef inline u64 mix(u64 x) noexcept nogil:
    """A bijection of 64 bits with full avalanche (two odd multiplications between xor-shifts; constant and shape from
    Pelle Evensen's rrmxmx family, as measured in tests/kernel/test_keys.py)."""
    x ^= x >> 32
    x *= <u64>0xd6e8feb86659fd93
    x ^= x >> 32
    x *= <u64>0xd6e8feb86659fd93
    x ^= x >> 32
    return x


cdef inline bint is_placeholder(const Keys* k, const u8* text, i64 length) noexcept nogil:
    """Is trimmed text one of the placeholders, ASCII case aside? Text of a negative length is none."""
    cdef int i
    cdef i64 j
    if <u64>length >= 64 or not (k.placeholder_lengths >> length) & 1:
        return False
    for i in range(k.n_placeholders):
        if k.placeholder_length[i] == length:
            j = 0
            while j < length and lower(text[j]) == k.placeholders[i][j]:
                j += 1
            if j == length:
                return True
    return False


cdef inline bint reserve_scratch(Keys* k, i64 length) noexcept nogil:
    cdef u8* grown
    if length > k.scratch_bytes:
        grown = <u8*>realloc(k.scratch, 2 * length)
        if grown == NULL:
            return False
        k.scratch = grown
        k.scratch_bytes = 2 * length
    return True


cdef inline i64 find_text(Keys* k, const Column* c, i64 row, const u8** text) noexcept nogil:
    """Point `text` at a present row's bytes; return their number, 0 where they name no person."""
    cdef i64 length = text_at(c, row, text), bare = length
    cdef const u8* trimmed = text[0]
    if length == 0:
        return 0
    if is_blank(trimmed[0]) or is_blank(trimmed[length - 1]):
        bare = trim(&trimmed, length)
        if bare == 0:
            return 0
    return 0 if is_placeholder(k, trimmed, bare) else length


cdef inline i64 find_folded(Keys* k, const Column* c, i64 row, const u8** text, u8* out) noexcept nogil:
    """As `find_text`, of the folded form, which is written to `out`; OTHER_TEXT where it is not ASCII."""
    cdef i64 length = text_at(c, row, text)
    cdef const u8* written = text[0]
    if length == 0:
        return 0
    if is_blank(written[0]) or is_blank(written[length - 1]):
        length = trim(&written, length)
    length = fold_ascii(written, length, out)
    text[0] = out
    return 0 if is_placeholder(k, out, length) else length


cdef inline i64 text_bytes(const Column* c, i64 row, int n, u64 bits) noexcept nogil:
    """Bytes of the texts of those of n rows whose bit is set, or a few more."""
    cdef const u8* text = NULL
    cdef const u8* offsets
    cdef i64 total = 0
    if c.layout == TEXT:
        offsets = c.values + 4 * (row + c.offset)
        return <i64><i32>dm_load32(offsets + 4 * n) - <i32>dm_load32(offsets)
    while bits:
        total += text_at(c, row + dm_lowest_bit(bits), &text)
        bits &= bits - 1
    return total


cdef inline void hash_text(const Keys* k, const u8* text, i64 length, u64* low, u64* high) noexcept nogil:
    cdef XXH128_hash_t h = XXH3_128bits_withSecret(text, length, k.secret, SECRET_BYTES)
    low[0] = h.low64
    high[0] = h.high64


cdef inline int hash_others(Keys* k, const Column* c, i64 row, int n, u64* wanted, u64* low, u64* high, u64* unkeyed,
                            u8* missing) noexcept nogil:
    """Fingerprint the rows that are marked NOT_ASCII by their folded form, which Python tells; a status."""
    cdef const u8* text = NULL
    cdef i64 length
    cdef int i
    with gil:
        try:
            for i in range(n):
                if missing[i] == NOT_ASCII:
                    length = text_at(c, row + i, &text)
                    folded = <bytes>(<object>k.fold)(text[:length])
                    length = len(folded)
                    if not reserve_scratch(k, length):
                        return NO_MEMORY
                    # Bytes that are no UTF-8 come back as they are.
                    memcpy(k.scratch, <const char*>folded, length)
                    missing[i] = MISSING
                    if length > 0 and not is_placeholder(k, k.scratch, length):
                        hash_text(k, k.scratch, length, &low[i], &high[i])
                        if k.estimates:
                            unkeyed[i] = XXH3_64bits_withSeed(k.scratch, length, 0)
                        missing[i] = PRESENT
                        wanted[i >> 6] &= ~(<u64>1 << (i & 63))
        except BaseException as error:
            PyErr_SetObject(type(error), error)
            return RAISED
    return DONE


cdef inline void present_bits(const Column* c, i64 row, int n, u64* words) noexcept nogil:
    """Which of n rows from `row` on are not null, as bits; those beyond n are 0."""
    cdef i64 at, byte, last
    cdef int w, left
    for w in range((n + 63) // 64):
        left = min(n - 64 * w, 64)
        words[w] = ~<u64>0
        if c.validity != NULL:
            at = row + c.offset + 64 * w
            byte, last = at >> 3, (at + left - 1) >> 3
            if last - byte >= 7:
                words[w] = dm_load64(c.validity + byte) >> (at & 7)
                if last - byte == 8:
                    words[w] |= <u64>c.validity[byte + 8] << (64 - (at & 7))
            else:
                words[w] = 0
                while last >= byte:
                    words[w] = words[w] << 8 | c.validity[last]
                    last -= 1
                words[w] >>= at & 7
        if left < 64:
            words[w] &= (<u64>1 << left) - 1


cdef inline int read_texts(Keys* k, const Column* c, i64 row, int n, u64* wanted, u64* low, u64* high, u64* unkeyed,
                           u8* missing) noexcept nogil:
    """`read_part` for text, of the rows whose bit is set in `wanted`; clears the bits of those that are present."""
    cdef u64 present[CHUNK_WORDS]
    cdef const u8* texts[64]
    cdef i64 lengths[64]
    cdef u64 bits, rest, found
    cdef u8* out
    cdef int w, at, i
    cdef bint others = False
    present_bits(c, row, n, present)
    for w in range((n + 63) // 64):
        bits = rest = wanted[w] & present[w]
        at = 64 * w
        # All are found, and folded, before the first is hashed: to load what was just stored in other widths stalls.
        if c.fold:
            if not reserve_scratch(k, 1 + text_bytes(c, row + at, min(n - at, 64), bits)):
                return NO_MEMORY
            out = k.scratch
            while rest:
                i = dm_lowest_bit(rest)
                lengths[i] = find_folded(k, c, row + at + i, &texts[i], out)
                out += lengths[i] if lengths[i] > 0 else 0
                rest &= rest - 1
        else:
            while rest:
                i = dm_lowest_bit(rest)
                lengths[i] = find_text(k, c, row + at + i, &texts[i])
                rest &= rest - 1
        found = 0
        while bits:
            i = dm_lowest_bit(bits)
            if lengths[i] > 0:
                hash_text(k, texts[i], lengths[i], &low[at + i], &high[at + i])
                missing[at + i] = PRESENT
                found |= <u64>1 << i
            elif lengths[i] == OTHER_TEXT:
                missing[at + i] = NOT_ASCII
                others = True
            bits &= bits - 1
        wanted[w] ^= found
        while found and k.estimates:
            i = dm_lowest_bit(found)
            unkeyed[at + i] = XXH3_64bits_withSeed(texts[i], lengths[i], 0)
            found &= found - 1
    return hash_others(k, c, row, n, wanted, low, high, unkeyed, missing) if others else DONE


cdef inline int read_part(Keys* k, const Column* c, i64 row, int n, u64* low, u64* high, u64* unkeyed,
                          u8* missing) noexcept nogil:
    """Key bits of n rows of one person column from `row` on; `missing[i]` is 1 where there is no person. Where groups
    are estimated, `unkeyed` has their hashes without a secret.

    Integers, dates and bools come as their own 64 bits (low) and 1 (high), so that equal bits mean equal persons.
    Returns a status.
    """
    cdef int i, found
    cdef i64 entry
    cdef u64 wanted[CHUNK_WORDS]
    if c.index_layout != 0:
        for i in range(n):
            missing[i] = 1
            if not is_present(c, row + i):
                continue
            entry = entry_of(c, row + i)
            if entry == NO_ENTRY:
                return WRONG_INDEX
            if c.entry_low != NULL:
                low[i] = c.entry_low[entry]
                high[i] = c.entry_high[entry]
                unkeyed[i] = c.entry_unkeyed[entry]
                missing[i] = c.entry_missing[entry]
            else:
                found = read_part(k, c.entries, entry, 1, &low[i], &high[i], &unkeyed[i], &missing[i])
                if found < 0:
                    return found
        return DONE
    if is_text(c):
        memset(missing, MISSING, n)
        memset(wanted, 0xff, sizeof(wanted))
        return read_texts(k, c, row, n, wanted, low, high, unkeyed, missing)
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
    if k.estimates:
        memcpy(unkeyed, low, 8 * n)
    if c.validity == NULL:
        memset(missing, 0, n)
    else:
        for i in range(n):
            missing[i] = not is_present(c, row + i)
    return DONE
