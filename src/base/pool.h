/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* pool.h: a stock of freed objects of one size, so that what is made and freed for every message
 * costs no malloc. Bounded: what is beyond the bound goes back to free(). */

#ifndef VIREO_BASE_POOL_H
#define VIREO_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct vireo__pool {
    void *free; /* the first word of a stored object points to the next one */
    uint32_t stored;
    uint32_t max;
    size_t object_size; /* at least a pointer's */
} vireo__pool;

static inline void vireo__pool_init(vireo__pool *p, size_t object_size, uint32_t max)
{
    *p = (vireo__pool){.object_size = object_size, .max = max};
}

/* vireo__pool_take returns an object with undefined content, or NULL when memory runs out. */
static inline void *vireo__pool_take(vireo__pool *p)
{
    void *object = p->free;
    if (object == NULL)
        return malloc(p->object_size);
    p->free = *(void **)object;
    p->stored--;
    return object;
}

static inline void vireo__pool_give(vireo__pool *p, void *object)
{
    if (p->stored >= p->max) {
        free(object);
        return;
    }
    *(void **)object = p->free;
    p->free = object;
    p->stored++;
}

static inline void vireo__pool_deinit(vireo__pool *p)
{
    while (p->free != NULL) {
        void *next = *(void **)p->free;
        free(p->free);
        p->free = next;
    }
    p->stored = 0;
}

#endif
