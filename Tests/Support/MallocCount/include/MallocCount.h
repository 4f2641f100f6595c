#ifndef MALLOC_COUNT_H
#define MALLOC_COUNT_H

#include <stdbool.h>
#include <stdint.h>

/// Whether allocations are counted: on glibc, and not under a sanitizer, which has an allocator of its own.
bool malloc_count_is_available(void);

/// Allocations of this process so far, by any thread, whichever function made them. Growing one in place counts too.
uint64_t malloc_count(void);

#endif
