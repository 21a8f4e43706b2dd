/* Which levels of x86-64 the machine and its system offer, by cpuid and xgetbv (x86-64 psABI, "micro-architecture
 * levels"). Included by _cpu.pyx alone, which is compiled for the baseline. */
#ifndef DEMINIMIS_CPU_H
#define DEMINIMIS_CPU_H

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#include <cpuid.h>
#define DM_BIT(n) (1u << (n))

/* 3 or 4; 0 for less. Registers that the system does not save are as good as not there. */
static inline int dm_cpu_level(void) {
    const unsigned sse = DM_BIT(0) | DM_BIT(9) | DM_BIT(13) | DM_BIT(19) | DM_BIT(20) | DM_BIT(23);
    const unsigned first = sse | DM_BIT(12) | DM_BIT(22) | DM_BIT(27) | DM_BIT(28) | DM_BIT(29); /* FMA to F16C */
    const unsigned wide = DM_BIT(3) | DM_BIT(5) | DM_BIT(8);                                     /* BMI, AVX2, BMI2 */
    const unsigned wider = DM_BIT(16) | DM_BIT(17) | DM_BIT(28) | DM_BIT(30) | DM_BIT(31);       /* AVX-512 F to VL */
    const unsigned other = DM_BIT(0) | DM_BIT(5);                                                /* LAHF, LZCNT */
    unsigned a, b, c, d, features, saved, high;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & first) != first) return 0;
    __asm__ volatile("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
    if ((saved & 0x06) != 0x06) return 0;
    if (!__get_cpuid_count(7, 0, &a, &features, &c, &d) || (features & wide) != wide) return 0;
    if (!__get_cpuid(0x80000001, &a, &b, &c, &d) || (c & other) != other) return 0;
    return (features & wider) == wider && (saved & 0xe6) == 0xe6 ? 4 : 3;
}
#else
static inline int dm_cpu_level(void) { return 0; }
#endif

#endif
