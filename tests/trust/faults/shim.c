/* Loaded before the C library: counts the calls of one kind, and lets one of them fail. For Linux with glibc.
   Only allocations of 4 KiB and more count, and only files below the folder that is armed. Nothing is armed at first,
   and a forked child arms it for itself: no lock is needed, only a count that threads share. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

enum { NONE, ALLOCATION, READ, WRITE, FSYNC, RENAME, THREAD };
enum { SHORT = -1, LEAST = 4096 };

static volatile int armed, fault;
static volatile long fails_at;
static atomic_long calls;
static char below[512];

void faults_arm(int kind, long at, int error, const char *folder) {
    armed = NONE;
    if (kind) calls = 0; /* disarmed, it still says how many there were */
    fails_at = at;
    fault = error;
    strncpy(below, folder, sizeof below - 1);
    armed = kind;
}

long faults_calls(void) { return calls; }

/* Whether this call is the one that fails. */
static int fails(int kind) { return armed == kind && atomic_fetch_add(&calls, 1) + 1 == fails_at; }

/* The dynamic linker ends the process where it has no room for a thread's variables; nobody can help that. */
static int is_of_linker(void *caller) {
    Dl_info info;
    return dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, "/ld-");
}

static int out_of_memory(size_t size, void *caller) {
    if (armed != ALLOCATION || size < LEAST || is_of_linker(caller) || !fails(ALLOCATION)) return 0;
    errno = ENOMEM;
    return 1;
}
#define NO_ROOM(size) out_of_memory(size, __builtin_return_address(0))

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) { return NO_ROOM(size) ? NULL : __libc_malloc(size); }
void *calloc(size_t n, size_t size) { return NO_ROOM(n * size) ? NULL : __libc_calloc(n, size); }
void *realloc(void *p, size_t size) { return NO_ROOM(size) ? NULL : __libc_realloc(p, size); }
void *memalign(size_t align, size_t size) { return NO_ROOM(size) ? NULL : __libc_memalign(align, size); }
void *aligned_alloc(size_t align, size_t size) { return NO_ROOM(size) ? NULL : __libc_memalign(align, size); }
int posix_memalign(void **p, size_t align, size_t size) {
    void *q = NO_ROOM(size) ? NULL : __libc_memalign(align, size);
    if (!q) return ENOMEM;
    *p = q;
    return 0;
}

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name);

void *mmap(void *p, size_t size, int prot, int flags, int fd, off_t at) {
    REAL(mmap)
    return flags & MAP_ANONYMOUS && NO_ROOM(size) ? MAP_FAILED : real(p, size, prot, flags, fd, at);
}
void *mmap64(void *p, size_t size, int prot, int flags, int fd, off64_t at) { return mmap(p, size, prot, flags, fd, at); }

static int is_below(int fd) {
    char link[64], path[1024];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    return n > 0 && (path[n] = 0, strncmp(path, below, strlen(below)) == 0);
}

/* The bytes that may be moved, all of them, half where this call falls short, or -1 where it fails. */
static ssize_t allowed(int kind, int fd, size_t size) {
    if (armed != kind || !is_below(fd) || !fails(kind)) return (ssize_t)size;
    if (fault == SHORT) return size > 1 ? (ssize_t)(size / 2) : (ssize_t)size;
    errno = fault;
    return -1;
}

#define MOVES(name, kind, buffer, ...) \
    ssize_t name(int fd, buffer p, size_t size __VA_OPT__(, off_t at)) { \
        REAL(name) \
        ssize_t n = allowed(kind, fd, size); \
        return n < 0 ? -1 : real(fd, p, (size_t)n __VA_OPT__(, at)); \
    }
MOVES(read, READ, void *)
MOVES(pread, READ, void *, at)
MOVES(pread64, READ, void *, at)
MOVES(write, WRITE, const void *)
MOVES(pwrite, WRITE, const void *, at)
MOVES(pwrite64, WRITE, const void *, at)

int fsync(int fd) {
    REAL(fsync)
    return allowed(FSYNC, fd, 1) < 0 ? -1 : real(fd);
}
static int refused(void) {
    if (armed != RENAME || !fails(RENAME)) return 0;
    errno = fault;
    return 1;
}
int rename(const char *from, const char *to) {
    REAL(rename)
    return refused() ? -1 : real(from, to);
}
int renameat(int a, const char *from, int b, const char *to) {
    REAL(renameat)
    return refused() ? -1 : real(a, from, b, to);
}
int linkat(int a, const char *from, int b, const char *to, int flags) {
    REAL(linkat)
    return refused() ? -1 : real(a, from, b, to, flags);
}
int pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *x) {
    REAL(pthread_create)
    return armed == THREAD && fails(THREAD) ? EAGAIN : real(t, a, f, x);
}
