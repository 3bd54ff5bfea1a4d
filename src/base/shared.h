/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* shared.h: a reference-counted piece of bytes. Written once by who makes it, never changed after
 * it was handed on; every write queue that still has to send it holds a reference.
 *
 * References may be taken and dropped on any thread. */

#ifndef VIREO_BASE_SHARED_H
#define VIREO_BASE_SHARED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct vireo__shared {
    atomic_uint refs;
    bool plain; /* whoever made it does not want it compressed */
    size_t len;
    uint8_t data[];
} vireo__shared;

/* vireo__shared_new returns new: |len| bytes to be filled in, one reference; NULL when memory runs
 * out. */
vireo__shared *vireo__shared_new(size_t len);

/* vireo__shared_copy returns new: a copy of |data|, one reference; NULL when memory runs out. */
vireo__shared *vireo__shared_copy(const void *data, size_t len);

static inline vireo__shared *vireo__shared_ref(vireo__shared *s)
{
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

/* vireo__shared_unref drops one reference; the last one frees. NULL is allowed. */
void vireo__shared_unref(vireo__shared *s);

#endif
