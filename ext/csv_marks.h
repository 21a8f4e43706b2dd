/* Which of 64 bytes of CSV text are delimiters, line ends, quotes, returns or no ASCII, a bit for each: by the widest
 * instructions that the compiler may use, else in plain C. */
#ifndef DEMINIMIS_CSV_MARKS_H
#define DEMINIMIS_CSV_MARKS_H

#include "native.h"

#if defined(__AVX2__)
#include <immintrin.h>
#elif !DM_STREAMING && (defined(__aarch64__) || defined(_M_ARM64))
#include <arm_neon.h>
#endif

typedef struct {
    uint64_t delimiters, line_ends, quotes, returns, high;
} dm_Marks;

static inline void dm_csv_marks_plain(const uint8_t *text, uint8_t delimiter, dm_Marks *marks) {
    dm_Marks m = {0, 0, 0, 0, 0};
    for (int i = 0; i < 64; i++) {
        uint64_t bit = UINT64_C(1) << i;
        m.delimiters |= text[i] == delimiter ? bit : 0;
        m.line_ends |= text[i] == '\n' ? bit : 0;
        m.quotes |= text[i] == '"' ? bit : 0;
        m.returns |= text[i] == '\r' ? bit : 0;
        m.high |= text[i] > 127 ? bit : 0;
    }
    *marks = m;
}

#if defined(__AVX512BW__)

static inline void dm_csv_marks(const uint8_t *text, uint8_t delimiter, dm_Marks *marks) {
    __m512i v = _mm512_loadu_si512((const void *)text);
    marks->delimiters = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8((char)delimiter));
    marks->line_ends = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n'));
    marks->quotes = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"'));
    marks->returns = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\r'));
    marks->high = _mm512_movepi8_mask(v);
}

#elif defined(__AVX2__)

static inline uint64_t dm_equal64(const __m256i v[2], char byte) {
    __m256i wanted = _mm256_set1_epi8(byte);
    uint64_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v[0], wanted));
    return low | (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v[1], wanted)) << 32;
}

static inline void dm_csv_marks(const uint8_t *text, uint8_t delimiter, dm_Marks *marks) {
    __m256i v[2];
    for (int i = 0; i < 2; i++) v[i] = _mm256_loadu_si256((const __m256i *)(const void *)(text + 32 * i));
    marks->delimiters = dm_equal64(v, (char)delimiter);
    marks->line_ends = dm_equal64(v, '\n');
    marks->quotes = dm_equal64(v, '"');
    marks->returns = dm_equal64(v, '\r');
    marks->high = (uint32_t)_mm256_movemask_epi8(v[0]) | (uint64_t)(uint32_t)_mm256_movemask_epi8(v[1]) << 32;
}

#elif DM_STREAMING

static inline uint64_t dm_equal64(const __m128i v[4], char byte) {
    __m128i wanted = _mm_set1_epi8(byte);
    uint64_t bits = 0;
    for (int i = 0; i < 4; i++)
        bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v[i], wanted)) << (16 * i);
    return bits;
}

static inline void dm_csv_marks(const uint8_t *text, uint8_t delimiter, dm_Marks *marks) {
    __m128i v[4];
    for (int i = 0; i < 4; i++) v[i] = _mm_loadu_si128((const __m128i *)(const void *)(text + 16 * i));
    marks->delimiters = dm_equal64(v, (char)delimiter);
    marks->line_ends = dm_equal64(v, '\n');
    marks->quotes = dm_equal64(v, '"');
    marks->returns = dm_equal64(v, '\r');
    marks->high = 0;
    if (_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(v[0], v[1]), _mm_or_si128(v[2], v[3]))))
        for (int i = 0; i < 4; i++) marks->high |= (uint64_t)(uint32_t)_mm_movemask_epi8(v[i]) << (16 * i);
}

#elif defined(__aarch64__) || defined(_M_ARM64)

static const uint8_t DM_BIT_OF_BYTE[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};

/* The top bits of bytes that are all ones or all zeros. */
static inline uint64_t dm_bits64(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d) {
    uint8x16_t bit = vld1q_u8(DM_BIT_OF_BYTE);
    uint8x16_t low = vpaddq_u8(vandq_u8(a, bit), vandq_u8(b, bit));
    uint8x16_t high = vpaddq_u8(vandq_u8(c, bit), vandq_u8(d, bit));
    low = vpaddq_u8(low, high);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(low, low)), 0);
}

static inline uint64_t dm_equal64(const uint8x16_t v[4], uint8_t byte) {
    uint8x16_t wanted = vdupq_n_u8(byte);
    return dm_bits64(vceqq_u8(v[0], wanted), vceqq_u8(v[1], wanted), vceqq_u8(v[2], wanted), vceqq_u8(v[3], wanted));
}

static inline void dm_csv_marks(const uint8_t *text, uint8_t delimiter, dm_Marks *marks) {
    uint8x16_t v[4], some, top = vdupq_n_u8(128);
    for (int i = 0; i < 4; i++) v[i] = vld1q_u8(text + 16 * i);
    marks->delimiters = dm_equal64(v, delimiter);
    marks->line_ends = dm_equal64(v, '\n');
    marks->quotes = dm_equal64(v, '"');
    marks->returns = dm_equal64(v, '\r');
    marks->high = 0;
    some = vorrq_u8(vorrq_u8(v[0], v[1]), vorrq_u8(v[2], v[3]));
    if (vmaxvq_u8(some) > 127)
        marks->high = dm_bits64(vcgeq_u8(v[0], top), vcgeq_u8(v[1], top), vcgeq_u8(v[2], top), vcgeq_u8(v[3], top));
}

#else

static inline void dm_csv_marks(const uint8_t *text, uint8_t delimiter, dm_Marks *marks) {
    dm_csv_marks_plain(text, delimiter, marks);
}

#endif

/* Whether each byte is inside of quotes, from the places of the quotes: from an opening one up to before the closing
 * one. */
static inline uint64_t dm_inside(uint64_t quotes) {
    for (int i = 1; i < 64; i *= 2) quotes ^= quotes << i;
    return quotes;
}

/* Write `first` and more for the place of each bit, in order. Up to 8 words are written where there are fewer bits. */
static inline int dm_places(uint64_t bits, uint32_t first, uint32_t *to) {
    int i, n = dm_count_bits(bits);
    const uint64_t top = UINT64_C(1) << 63; /* the lowest bit of none is not defined */
    for (i = 0; i < 4; i++, bits &= bits - 1) to[i] = first + (uint32_t)dm_lowest_bit(bits | top);
    if (n > 4)
        for (; i < 8; i++, bits &= bits - 1) to[i] = first + (uint32_t)dm_lowest_bit(bits | top);
    for (; i < n; i++, bits &= bits - 1) to[i] = first + (uint32_t)dm_lowest_bit(bits);
    return n;
}

#endif
