/* Faults that are planted, so that each run of a sanitizer first shows that it would report them. Compiled as the
   kernel is, and called by Python; what is asked for comes as an argument, so that no compiler can know it. */
#include <sched.h>
#include <stdlib.h>

/* A byte behind a block of n bytes. */
int planted_overflow(int n) {
    volatile char *block = malloc((size_t)n);
    if (!block) return 0;
    block[n] = 1;
    int read = block[n];
    free((void *)block);
    return read;
}

/* A sum that no int holds. */
int planted_sum(int n) { return n + 2147483647; }

/* A number that two threads add to without a lock, once both are here. */
static int arrived, shared;
int planted_race(int n) {
    __atomic_fetch_add(&arrived, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&arrived, __ATOMIC_RELAXED) < 2) sched_yield();
    for (int i = 0; i < n; i++) {
        shared++;
        __asm__ volatile("" ::: "memory");
    }
    return 0;
}
