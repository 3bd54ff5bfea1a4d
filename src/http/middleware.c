/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* middleware.c: what ready-made middleware has in common: its state belongs to the application. */

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

int vireo__app_own(vireo_app *app, void *user, void (*free_fn)(void *))
{
    owned *o = calloc(1, sizeof *o);
    if (o == NULL) {
        free_fn(user);
        return VIREO_ENOMEM;
    }
    o->user = user;
    o->free_fn = free_fn;
    o->part.owner = o;
    o->part.on_free = free_owned;
    vireo__app_add_part(app, &o->part);
    return 0;
}

int vireo__app_use(vireo_app *app, const char *prefix, vireo_handler handler, void *user,
                   void (*free_fn)(void *))
{
    int error = vireo__app_own(app, user, free_fn);
    return error < 0 ? error : vireo_use(app, prefix, handler, user);
}
