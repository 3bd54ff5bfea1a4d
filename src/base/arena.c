/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>

struct vireo__arena_chunk {
    struct vireo__arena_chunk *older;
    size_t used;
    size_t cap;
    _Alignas(16) uint8_t bytes[];
};

void vireo__arena_init(vireo__arena *a)
{
    a->chunk = NULL;
}

static void free_chunks(struct vireo__arena_chunk *chunk)
{
    while (chunk != NULL) {
        struct vireo__arena_chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
}

void vireo__arena_deinit(vireo__arena *a)
{
    free_chunks(a->chunk);
    a->chunk = NULL;
}

void vireo__arena_reset(vireo__arena *a)
{
    struct vireo__arena_chunk *chunk = a->chunk;
    if (chunk == NULL)
        return;
    if (chunk->older == NULL && chunk->cap == VIREO__ARENA_CHUNK) {
        chunk->used = 0;
        return;
    }
    vireo__arena_deinit(a); /* it held something large: give that back */
}

static struct vireo__arena_chunk *add_chunk(vireo__arena *a, size_t size)
{
    size_t cap = size > VIREO__ARENA_CHUNK ? size : VIREO__ARENA_CHUNK;
    struct vireo__arena_chunk *chunk = malloc(sizeof *chunk + cap);
    if (chunk == NULL)
        return NULL;
    chunk->older = a->chunk;
    chunk->used = 0;
    chunk->cap = cap;
    a->chunk = chunk;
    return chunk;
}

void *vireo__arena_take(vireo__arena *a, size_t size, size_t align)
{
    struct vireo__arena_chunk *chunk = a->chunk;
    size_t at = chunk ? (chunk->used + align - 1) & ~(align - 1) : 0;
    if (size > SIZE_MAX / 2)
        return NULL;
    if (chunk == NULL || at > chunk->cap || size > chunk->cap - at) {
        chunk = add_chunk(a, size);
        if (chunk == NULL)
            return NULL;
        at = 0;
    }
    chunk->used = at + size;
    return chunk->bytes + at;
}
