# Declarations of native.h and the integer types that every room of the kernel uses. No logic.
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t, uintptr_t

ctypedef uint8_t u8
ctypedef uint16_t u16
ctypedef uint32_t u32
ctypedef uint64_t u64
ctypedef int32_t i32
ctypedef int64_t i64


cdef extern from "native.h" nogil:
    ctypedef struct XXH128_hash_t:
        u64 low64
        u64 high64
    XXH128_hash_t XXH3_128bits_withSecret(const void* bytes, size_t length, const void* secret, size_t secret_length)
    u64 XXH3_64bits_withSeed(const void* bytes, size_t length, u64 seed)
    void dm_stream_line(void* to, const void* source)
    void dm_store_pair(void* to, u64 low, u64 high)
    u32 dm_lower16(const void* source, void* to)
    u64 dm_at_most64(const u8* bytes, u8 most)
    void dm_stream_fence()
    u64 dm_multiply(u64 a, u64 b, u64* high)
    int dm_lowest_bit(u64 x)
    int dm_leading_zeros(u64 x)
    int dm_count_bits(u64 x)
    u64 dm_load64(const void* p)
    void dm_store64(void* p, u64 v)
    u32 dm_load32(const void* p)
    u16 dm_load16(const void* p)
    u64 dm_bits_of(double x)
    double dm_load_double(const void* p)
    float dm_load_float(const void* p)
    void* dm_pages_new(size_t size)
    void dm_pages_free(void* p, size_t size)
    bint dm_unlikely(bint x)
    size_t DM_HUGE
    const u64* POWERS
    const char* DM_LEVEL
