/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* guard.h: inputs that end at an unreadable page, so that a reader which looks one byte too far
 * dies of it.
 *
 *     | ... input | no access |
 *                 ^ page boundary
 */

#ifndef VIREO_TESTS_GUARD_H
#define VIREO_TESTS_GUARD_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static inline size_t guard__pages(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (n / page + 1) * page;
}

/* guard_copy returns new: a copy of |n| bytes, writable, with nothing readable behind it. Not
 * aligned. Free it with guard_free. */
static inline void *guard_copy(const void *data, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t pages = guard__pages(n);
    char *map =
        mmap(NULL, pages + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect(map + pages, page, PROT_NONE) != 0)
        abort();
    if (n > 0)
        memcpy(map + pages - n, data, n);
    return map + pages - n;
}

/* guard_free frees what guard_copy returned for |n| bytes. */
static inline void guard_free(void *copy, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    munmap((char *)copy + n - guard__pages(n), guard__pages(n) + page);
}

#endif
