# ASCII text in its folded form: trimmed, each run of blanks one space, A-Z in lower case. Other text is names.py's.
from native cimport dm_load64, dm_lower16, dm_store64, i64, u32, u64, u8
from column cimport is_blank


cdef enum:
    OTHER_TEXT = -1          # in place of a length: not ASCII


cdef inline u8 lower(u8 byte) noexcept nogil:
    return byte + 32 if 65 <= byte <= 90 else byte


cdef inline bint fold_lines(const u8* text, i64 length, u8* out) noexcept nogil:
    """`fold_words` of at least 16 bytes, 16 at a time."""
    cdef u32 spaces, odd = 0, before = 0
    cdef i64 i = 0, at
    while i < length:
        at = i
        if i > length - 16:
            at = length - 16
            before = 0
        spaces = dm_lower16(text + at, out + at)
        odd |= spaces & (<u32>1 << 31 | spaces << 1 | before)
        before = spaces >> 15
        i += 16
    return odd == 0


cdef inline bint fold_words(const u8* text, i64 length, u8* out) noexcept nogil:
    """`fold_ascii` of trimmed text of at least 8 bytes, 8 at a time; False where it is not ASCII with single spaces."""
    cdef u64 each = <u64>0x0101010101010101, tops = 128 * each
    cdef u64 word, spaces, capitals, odd = 0, before = 0
    cdef i64 i = 0, at
    while i < length:
        at = i
        if i > length - 8:       # the rest, with bytes that were seen before it
            at = length - 8
            before = 0
        word = dm_load64(text + at)
        # In bytes below 128: the top bit of (byte + 128 - n) says whether byte >= n.
        spaces = ~((word ^ 32 * each) + 127 * each) & tops
        odd |= (word | (word - 32 * each)) & tops | spaces & (spaces << 8 | before)
        capitals = (word + (128 - 65) * each) & ~(word + (128 - 91) * each) & tops
        dm_store64(out + at, word | capitals >> 2)
        before = spaces >> 56
        i += 8
    return odd == 0


cdef inline i64 fold_ascii(const u8* text, i64 length, u8* out) noexcept nogil:
    """Write trimmed text with each run of blanks as one space and A-Z in lower case; return its length, or OTHER_TEXT
    where it is not ASCII."""
    cdef i64 i, n = 0
    cdef bint blank = False
    if length >= 16:
        if fold_lines(text, length, out):
            return length
    elif length >= 8 and fold_words(text, length, out):
        return length
    for i in range(length):
        if text[i] >= 128:
            return OTHER_TEXT
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
