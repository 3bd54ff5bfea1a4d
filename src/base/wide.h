/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* wide.h: work on long runs of bytes with the widest registers that the processor has: AVX2 or SSE2
 * on x86-64 (asked when the program runs), NEON on arm64, eight bytes at a time elsewhere.
 *
 * Worth a call for some hundred bytes and more; what is shorter is done where it stands. */

#ifndef VIREO_BASE_WIDE_H
#define VIREO_BASE_WIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct vireo__wide {
    const char *name;
    size_t block; /* bytes; a power of two */
    bool (*is_there)(void);
    /* |n| is a multiple of |block|: each byte is combined with that of |key|, which is repeated. */
    void (*exclusive_or)(uint8_t *bytes, size_t n, uint64_t key);
    /* |n| is a multiple of |block|. Returns how many bytes at the front are ASCII, in whole
     * blocks. */
    size_t (*ascii)(const uint8_t *bytes, size_t n);
} vireo__wide;

/* vireo__wide_best returns the best that is there. */
const vireo__wide *vireo__wide_best(void);

/* vireo__wide_nth returns the implementations that were compiled, best first; NULL behind the last,
 * which works everywhere. For tests. */
const vireo__wide *vireo__wide_nth(size_t n);

#endif
