/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "engineio/directory.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/map.h"
#include "engineio/id.h"
#include "http/group.h"
#include "http/server.h"

enum { PARTS = 64 };

typedef struct entry {
    vireo_app *app;
    char id[VIREO__ID_SIZE];
} entry;

struct vireo__directory {
    atomic_size_t count;
    atomic_uint number;
    struct part {
        uv_mutex_t lock;
        vireo__map by_id; /* of entry */
    } parts[PARTS];
};

static void *make(void *unused)
{
    vireo__directory *d = calloc(1, sizeof *d);
    vireo__hash_key key = vireo__hash_key_random();
    (void)unused;
    if (d == NULL)
        return NULL;
    for (int i = 0; i < PARTS; i++) {
        uv_mutex_init(&d->parts[i].lock);
        vireo__map_init(&d->parts[i].by_id, key);
    }
    return d;
}

static void free_directory(void *directory)
{
    vireo__directory *d = directory;
    for (int i = 0; i < PARTS; i++) {
        uint32_t at = 0;
        for (entry *e; (e = vireo__map_next(&d->parts[i].by_id, &at)) != NULL;)
            free(e);
        vireo__map_deinit(&d->parts[i].by_id);
        uv_mutex_destroy(&d->parts[i].lock);
    }
    free(d);
}

vireo__directory *vireo__directory_of(vireo_app *app, bool *needed)
{
    static const char key;
    *needed = vireo__app_group(app) != NULL;
    return *needed ? vireo__group_share(app, &key, make, NULL, free_directory) : NULL;
}

/* Ids of ours are random in their first letters; of others the spread is their matter. */
static struct part *part_of(vireo__directory *d, const char *id, size_t n)
{
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++)
        sum = sum * 31 + (unsigned char)id[i];
    return &d->parts[sum % PARTS];
}

static int put(struct part *p, entry *e)
{
    size_t n = strlen(e->id);
    if (vireo__map_get(&p->by_id, e->id, n) != NULL)
        return VIREO_EINVAL;
    return vireo__map_put(&p->by_id, e->id, n, e);
}

int vireo__directory_add(vireo__directory *d, const char *id, vireo_app *app)
{
    struct part *p = part_of(d, id, strlen(id));
    entry *e = malloc(sizeof *e);
    if (e == NULL)
        return VIREO_ENOMEM;
    e->app = app;
    strcpy(e->id, id);
    uv_mutex_lock(&p->lock);
    int error = put(p, e);
    uv_mutex_unlock(&p->lock);
    if (error < 0)
        free(e);
    else
        atomic_fetch_add_explicit(&d->count, 1, memory_order_relaxed);
    return error;
}

void vireo__directory_remove(vireo__directory *d, const char *id)
{
    size_t n = strlen(id);
    struct part *p = part_of(d, id, n);
    uv_mutex_lock(&p->lock);
    entry *e = vireo__map_remove(&p->by_id, id, n);
    uv_mutex_unlock(&p->lock);
    free(e);
    if (e != NULL)
        atomic_fetch_sub_explicit(&d->count, 1, memory_order_relaxed);
}

static void remove_now(void *directory, void *id)
{
    vireo__directory_remove(directory, id);
    free(id);
}

void vireo__directory_remove_soon(vireo__directory *d, vireo_loop *loop, const char *id)
{
    char *copy = strdup(id);
    if (copy != NULL && vireo__loop_post(loop, remove_now, d, copy) == 0)
        return;
    vireo__directory_remove(d, id);
    free(copy);
}

vireo_app *vireo__directory_find(vireo__directory *d, vireo__str id)
{
    struct part *p = part_of(d, id.at, id.len);
    uv_mutex_lock(&p->lock);
    const entry *e = vireo__map_get(&p->by_id, id.at, id.len);
    vireo_app *app = e != NULL ? e->app : NULL;
    uv_mutex_unlock(&p->lock);
    return app;
}

uint32_t vireo__directory_number(vireo__directory *d)
{
    return atomic_fetch_add_explicit(&d->number, 1, memory_order_relaxed);
}

size_t vireo__directory_count(const vireo__directory *d)
{
    return atomic_load_explicit(&d->count, memory_order_relaxed);
}
