/* What Cython cannot say: streaming stores, 128-bit products, bit scans, huge pages. Each has a portable fallback.
 * The text hash is XXH3 from the header that pyarrow's wheel carries; nothing links to libarrow. */
#ifndef DEMINIMIS_NATIVE_H
#define DEMINIMIS_NATIVE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef DM_LEVEL             /* setup.py says for which level of processors this is compiled */
#define DM_LEVEL "baseline"
#endif

#define XXH_INLINE_ALL
#include "arrow/vendored/xxhash/xxhash.h"

#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#define DM_STREAMING 1
#else
#define DM_STREAMING 0
#endif

#if defined(_MSC_VER)
#include <intrin.h>
#include <malloc.h>
#define DM_RESTRICT __restrict
#define dm_unlikely(x) (x)
#else
#include <sys/mman.h>
#define DM_RESTRICT __restrict__
#define dm_unlikely(x) __builtin_expect(!!(x), 0)
#endif

/* Copy one 64-byte line past the caches; both addresses are 64-byte aligned. */
static inline void dm_stream_line(void *to, const void *from) {
#if DM_STREAMING
    const __m128i *s = (const __m128i *)from;
    __m128i *d = (__m128i *)to;
    _mm_stream_si128(d, _mm_load_si128(s));
    _mm_stream_si128(d + 1, _mm_load_si128(s + 1));
    _mm_stream_si128(d + 2, _mm_load_si128(s + 2));
    _mm_stream_si128(d + 3, _mm_load_si128(s + 3));
#else
    memcpy(to, from, 64);
#endif
}

/* Store 16 bytes at once, so that the line's 16-byte loads above can be forwarded from the store queue. */
static inline void dm_store_pair(void *to, uint64_t low, uint64_t high) {
#if DM_STREAMING
    _mm_store_si128((__m128i *)to, _mm_set_epi64x((long long)high, (long long)low));
#else
    memcpy(to, &low, 8);
    memcpy((char *)to + 8, &high, 8);
#endif
}

/* Lower the case of 16 bytes of ASCII. Returns the places of spaces as bits, and sets bit 31 where any byte is no ASCII
 * or a control character. */
static inline uint32_t dm_lower16(const void *from, void *to) {
#if DM_STREAMING
    __m128i v = _mm_loadu_si128((const __m128i *)from);
    __m128i capital = _mm_cmplt_epi8(_mm_add_epi8(v, _mm_set1_epi8(63)), _mm_set1_epi8(-128 + 26));
    _mm_storeu_si128((__m128i *)to, _mm_add_epi8(v, _mm_and_si128(capital, _mm_set1_epi8(32))));
    uint32_t odd = (uint32_t)_mm_movemask_epi8(_mm_cmplt_epi8(v, _mm_set1_epi8(32)));
    uint32_t spaces = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(32)));
    return spaces | (uint32_t)(odd != 0) << 31;
#else
    const uint8_t *s = (const uint8_t *)from;
    uint8_t *d = (uint8_t *)to;
    uint32_t spaces = 0, odd = 0;
    for (int i = 0; i < 16; i++) {
        d[i] = (uint8_t)(s[i] + 32 * (s[i] >= 65 && s[i] <= 90));
        odd |= (uint32_t)(s[i] < 32 || s[i] > 127);
        spaces |= (uint32_t)(s[i] == 32) << i;
    }
    return spaces | odd << 31;
#endif
}

/* One bit for each of 64 bytes that is at most `most`. */
static inline uint64_t dm_at_most64(const uint8_t *bytes, uint8_t most) {
    uint64_t bits = 0;
#if DM_STREAMING
    __m128i bound = _mm_set1_epi8((char)most);
    for (int i = 0; i < 4; i++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(bytes + 16 * i));
        bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(v, bound), bound)) << (16 * i);
    }
#else
    for (int i = 0; i < 64; i++) bits |= (uint64_t)(bytes[i] <= most) << i;
#endif
    return bits;
}

/* Order the streaming stores above before any later store. */
static inline void dm_stream_fence(void) {
#if DM_STREAMING
    _mm_sfence();
#endif
}

static inline uint64_t dm_multiply(uint64_t a, uint64_t b, uint64_t *high) {
#if defined(__SIZEOF_INT128__)
    unsigned __int128 product = (unsigned __int128)a * b;
    *high = (uint64_t)(product >> 64);
    return (uint64_t)product;
#elif defined(_MSC_VER) && defined(_M_X64)
    return _umul128(a, b, high);
#else
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t mid = a1 * b0 + ((a0 * b0) >> 32);
    uint64_t mid2 = a0 * b1 + (uint32_t)mid;
    *high = a1 * b1 + (mid >> 32) + (mid2 >> 32);
    return a * b;
#endif
}

/* The index of the lowest set bit; x is not 0. */
static inline int dm_lowest_bit(uint64_t x) {
#if defined(_MSC_VER)
    unsigned long i;
    _BitScanForward64(&i, x);
    return (int)i;
#else
    return __builtin_ctzll(x);
#endif
}

/* The zeros above the highest set bit; x is not 0. */
static inline int dm_leading_zeros(uint64_t x) {
#if defined(_MSC_VER)
    unsigned long i;
    _BitScanReverse64(&i, x);
    return 63 - (int)i;
#else
    return __builtin_clzll(x);
#endif
}

static inline int dm_count_bits(uint64_t x) {
#if defined(__POPCNT__)
    return __builtin_popcountll(x);
#else
    x -= (x >> 1) & UINT64_C(0x5555555555555555);
    x = (x & UINT64_C(0x3333333333333333)) + ((x >> 2) & UINT64_C(0x3333333333333333));
    x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (int)((x * UINT64_C(0x0101010101010101)) >> 56);
#endif
}

/* Unaligned little-endian loads: Arrow buffers promise 8-byte alignment only by recommendation. */
static inline uint64_t dm_load64(const void *p) { uint64_t v; memcpy(&v, p, 8); return v; }
static inline uint32_t dm_load32(const void *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static inline uint16_t dm_load16(const void *p) { uint16_t v; memcpy(&v, p, 2); return v; }
static inline void dm_store64(void *p, uint64_t v) { memcpy(p, &v, 8); }
static inline uint64_t dm_bits_of(double x) { uint64_t v; memcpy(&v, &x, 8); return v; }
static inline double dm_load_double(const void *p) { double v; memcpy(&v, p, 8); return v; }
static inline float dm_load_float(const void *p) { float v; memcpy(&v, p, 4); return v; }

/* 10**0 to 10**19: all powers of ten that 64 bits hold. */
static const uint64_t POWERS[20] = {
    UINT64_C(1), UINT64_C(10), UINT64_C(100), UINT64_C(1000), UINT64_C(10000), UINT64_C(100000), UINT64_C(1000000),
    UINT64_C(10000000), UINT64_C(100000000), UINT64_C(1000000000), UINT64_C(10000000000), UINT64_C(100000000000),
    UINT64_C(1000000000000), UINT64_C(10000000000000), UINT64_C(100000000000000), UINT64_C(1000000000000000),
    UINT64_C(10000000000000000), UINT64_C(100000000000000000), UINT64_C(1000000000000000000),
    UINT64_C(10000000000000000000)};

#define DM_HUGE ((size_t)2 << 20)

/* Memory for blocks. Sizes of whole huge pages come from the system directly, aligned to one; smaller ones from the
 * allocator, aligned to a page. NULL when there is none. */
static inline void *dm_pages_new(size_t bytes) {
#if defined(_MSC_VER)
    return _aligned_malloc(bytes, bytes % DM_HUGE ? 65536 : DM_HUGE);
#else
    if (bytes % DM_HUGE) {
        void *p = NULL;
        return posix_memalign(&p, 65536, bytes) ? NULL : p;
    }
    size_t span = bytes + DM_HUGE;
    char *raw = (char *)mmap(NULL, span, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (raw == (char *)MAP_FAILED) return NULL;
    size_t head = (DM_HUGE - (uintptr_t)raw % DM_HUGE) % DM_HUGE;
    if (head) munmap(raw, head);
    if (DM_HUGE - head) munmap(raw + head + bytes, DM_HUGE - head);
#if defined(MADV_HUGEPAGE)
    madvise(raw + head, bytes, MADV_HUGEPAGE);
#endif
    return raw + head;
#endif
}

static inline void dm_pages_free(void *p, size_t bytes) {
#if defined(_MSC_VER)
    (void)bytes;
    _aligned_free(p);
#else
    if (bytes % DM_HUGE) free(p);
    else munmap(p, bytes);
#endif
}

#endif
