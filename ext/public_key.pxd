# The key of a group as it leaves the process: a keyed pseudo-random function of identity and window, SipHash-2-4 with
# 128 bits (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012; 128-bit output as in their reference code).
#
# Its message is the 128 bits of the identity (of an integer its own bits and 1, of text the fingerprint that `keys.pxd`
# makes under another part of the secret) and the number of the window, so it is the same in every run with the secret.
# A fingerprint alone would not do: XXH3 is keyed, but no pseudo-random function, and who knows some pairs might learn
# more. Under the function all that shows is which identities are equal.
from native cimport i32, i64, u64

cdef enum:
    LANES = 8                # messages that are hashed side by side: one alone would wait for itself

cdef struct SipKey:
    u64 low
    u64 high


cdef inline u64 turn(u64 x, int by) noexcept nogil:
    return x << by | x >> (64 - by)


cdef inline void sip_rounds(u64* a, u64* b, u64* c, u64* d, int rounds) noexcept nogil:
    cdef int i
    for _ in range(rounds):
        for i in range(LANES):
            a[i] += b[i]
            c[i] += d[i]
            b[i] = turn(b[i], 13) ^ a[i]
            d[i] = turn(d[i], 16) ^ c[i]
            a[i] = turn(a[i], 32)
            c[i] += b[i]
            a[i] += d[i]
            b[i] = turn(b[i], 17) ^ c[i]
            d[i] = turn(d[i], 21) ^ a[i]
            c[i] = turn(c[i], 32)


cdef inline void take_words(u64* a, u64* b, u64* c, u64* d, const u64* words) noexcept nogil:
    cdef int i
    for i in range(LANES):
        d[i] ^= words[i]
    sip_rounds(a, b, c, d, 2)
    for i in range(LANES):
        a[i] ^= words[i]


cdef inline void public_keys(const SipKey* key, const u64* low, const u64* high, const i32* window,
                             u64* out) noexcept nogil:
    """The keys of LANES identities and windows, two words each, as little-endian bytes."""
    cdef u64 a[LANES]
    cdef u64 b[LANES]
    cdef u64 c[LANES]
    cdef u64 d[LANES]
    cdef u64 words[LANES]
    cdef int i
    for i in range(LANES):
        a[i] = key.low ^ <u64>0x736f6d6570736575
        b[i] = key.high ^ <u64>0x646f72616e646f6d ^ <u64>0xee
        c[i] = key.low ^ <u64>0x6c7967656e657261
        d[i] = key.high ^ <u64>0x7465646279746573
    take_words(a, b, c, d, low)
    take_words(a, b, c, d, high)
    for i in range(LANES):
        words[i] = <u64><i64>window[i]
    take_words(a, b, c, d, words)
    for i in range(LANES):
        words[i] = <u64>24 << 56         # the message's bytes
    take_words(a, b, c, d, words)
    for i in range(LANES):
        c[i] ^= 0xee
    sip_rounds(a, b, c, d, 4)
    for i in range(LANES):
        out[2 * i] = a[i] ^ b[i] ^ c[i] ^ d[i]
        b[i] ^= 0xdd
    sip_rounds(a, b, c, d, 4)
    for i in range(LANES):
        out[2 * i + 1] = a[i] ^ b[i] ^ c[i] ^ d[i]
