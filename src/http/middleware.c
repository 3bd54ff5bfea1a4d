/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* middleware.c: what ready-made middleware has in common: it owns its state. */

#include <stdlib.h>

#include "http/app.h"

typedef struct owned {
    vireo__part part;
    void *user;
    void (*free_fn)(void *);
} owned;

static void free_owned(void *owner)
{
    owned *o = owner;
    o->free_fn(o->user);
    free(o);
}

int vireo__app_use(vireo_app *app, const char *prefix, vireo_handler handler, void *user,
                   void (*free_fn)(void *))
{
    owned *o = calloc(1, sizeof *o);
    int error = o != NULL ? vireo_use(app, prefix, handler, user) : VIREO_ENOMEM;
    if (error < 0) {
        free_fn(user);
        free(o);
        return error;
    }
    o->user = user;
    o->free_fn = free_fn;
    o->part.owner = o;
    o->part.on_free = free_owned;
    vireo__app_add_part(app, &o->part);
    return 0;
}
