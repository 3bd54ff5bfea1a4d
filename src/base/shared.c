/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "base/shared.h"

#include <stdlib.h>
#include <string.h>

vireo__shared *vireo__shared_new(size_t len)
{
    if (len > SIZE_MAX / 2)
        return NULL;
    vireo__shared *s = malloc(sizeof *s + len);
    if (s == NULL)
        return NULL;
    atomic_init(&s->refs, 1);
    s->plain = false;
    s->len = len;
    return s;
}

vireo__shared *vireo__shared_copy(const void *data, size_t len)
{
    vireo__shared *s = vireo__shared_new(len);
    if (s != NULL && len > 0)
        memcpy(s->data, data, len);
    return s;
}

void vireo__shared_unref(vireo__shared *s)
{
    /* acquire is for the last one alone; as a fence of its own ThreadSanitizer would not see it */
    if (s != NULL && atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1)
        free(s);
}
