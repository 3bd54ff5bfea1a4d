/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* parting.h: hearing of the end of something on a floor below, without that floor knowing who
 * listens. Whoever listens embeds a vireo__parting; whoever ends keeps a list of them. */

#ifndef VIREO_BASE_PARTING_H
#define VIREO_BASE_PARTING_H

#include "base/list.h"

typedef struct vireo__parting {
    vireo__list node;
    void (*fn)(struct vireo__parting *p); /* called once, taken out of the list already */
} vireo__parting;

/* vireo__partings_tell calls all in |list| and leaves it empty. */
static inline void vireo__partings_tell(vireo__list *list)
{
    while (!vireo__list_empty(list)) {
        vireo__parting *p = vireo__container(list->next, vireo__parting, node);
        vireo__list_remove(&p->node);
        p->fn(p);
    }
}

#endif
