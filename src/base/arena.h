/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* arena.h: memory that is taken in small pieces and given back all at once. Pieces never move.
 * Freed by reset, which keeps one chunk, so that parsing message after message allocates nothing.
 */

#ifndef VIREO_BASE_ARENA_H
#define VIREO_BASE_ARENA_H

#include <stddef.h>

typedef struct vireo__arena {
    struct vireo__arena_chunk *chunk; /* the newest; NULL while nothing was taken */
} vireo__arena;

#define VIREO__ARENA_CHUNK 4096 /* bytes of the first chunk; the one that reset keeps */

void vireo__arena_init(vireo__arena *a);
void vireo__arena_deinit(vireo__arena *a);
void vireo__arena_reset(vireo__arena *a);

/* vireo__arena_take returns |size| bytes, aligned for any type (|align| a power of two up to 16),
 * not zeroed; NULL when memory runs out. */
void *vireo__arena_take(vireo__arena *a, size_t size, size_t align);

#endif
