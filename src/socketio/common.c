/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "socketio/common.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "http/app.h"
#include "http/group.h"
#include "http/server.h"
#include "socketio/stays.h"

struct vireo__io_common {
    uv_mutex_t lock;
    vireo__map by_name; /* of vireo__ns_common, those that are not over */
    uint32_t children;
};

/* --- of a server ------------------------------------------------------------------------------ */

static void *make(void *unused)
{
    vireo__io_common *common = calloc(1, sizeof *common);
    (void)unused;
    if (common == NULL)
        return NULL;
    uv_mutex_init(&common->lock);
    vireo__map_init(&common->by_name, vireo__hash_key_random());
    return common;
}

/* All namespaces have gone, and all messages were heard. */
static void free_common(void *object)
{
    vireo__io_common *common = object;
    vireo__map_deinit(&common->by_name);
    uv_mutex_destroy(&common->lock);
    free(common);
}

vireo__io_common *vireo__io_common_of(vireo_app *app, bool *needed)
{
    static const char key;
    *needed = vireo__app_group(app) != NULL;
    return *needed ? vireo__group_share(app, &key, make, NULL, free_common) : NULL;
}

/* --- of a namespace --------------------------------------------------------------------------- */

static vireo__ns_common *new_common(vireo__io_common *of, vireo__common_entry *entry)
{
    size_t n = strlen(entry->name);
    bool child = entry->parent != UINT32_MAX;
    entry->full = child && of->children >= entry->most;
    vireo__ns_common *c = entry->full ? NULL : calloc(1, sizeof *c + n + 1);
    if (c == NULL)
        return NULL;
    memcpy(c->name, entry->name, n + 1);
    c->of = of;
    c->parent = entry->parent;
    c->child = child;
    atomic_init(&c->over, false);
    if (vireo__map_put(&of->by_name, c->name, n, c) < 0) {
        free(c);
        return NULL;
    }
    of->children += child;
    entry->made = true;
    return c;
}

vireo__ns_common *vireo__common_enter(vireo__io_common *of, vireo__common_entry *entry)
{
    entry->made = entry->full = false;
    uv_mutex_lock(&of->lock);
    vireo__ns_common *c = vireo__map_get(&of->by_name, entry->name, strlen(entry->name));
    if (c == NULL)
        c = new_common(of, entry);
    if (c != NULL)
        c->refs++;
    uv_mutex_unlock(&of->lock);
    return c;
}

void vireo__common_ref(vireo__ns_common *c)
{
    uv_mutex_lock(&c->of->lock);
    c->refs++;
    uv_mutex_unlock(&c->of->lock);
}

static void end(vireo__ns_common *c)
{
    vireo__map_remove(&c->of->by_name, c->name, strlen(c->name));
    c->of->children -= c->child;
    atomic_store_explicit(&c->over, true, memory_order_release);
}

void vireo__common_unref(vireo__ns_common *c)
{
    if (c == NULL)
        return;
    vireo__io_common *of = c->of;
    uv_mutex_lock(&of->lock);
    bool last = --c->refs == 0;
    if (last && !vireo__common_over(c))
        end(c);
    uv_mutex_unlock(&of->lock);
    if (!last)
        return;
    vireo__stays_free(c->stays);
    free(c);
}

vireo__stays *vireo__common_stays(vireo__ns_common *c)
{
    uv_mutex_lock(&c->of->lock);
    if (c->stays == NULL)
        c->stays = vireo__stays_new();
    uv_mutex_unlock(&c->of->lock);
    return c->stays;
}

bool vireo__common_use(vireo__ns_common *c)
{
    uv_mutex_lock(&c->of->lock);
    bool alive = !vireo__common_over(c);
    c->using += alive;
    uv_mutex_unlock(&c->of->lock);
    return alive;
}

bool vireo__common_disuse(vireo__ns_common *c)
{
    uv_mutex_lock(&c->of->lock);
    bool last = --c->using == 0;
    if (last)
        end(c);
    uv_mutex_unlock(&c->of->lock);
    return last;
}

void vireo__common_tell(const vireo_app *app, vireo__ns_common *c,
                        void (*fn)(vireo_app *app, void *common))
{
    vireo__group *g = app->group;
    for (unsigned i = 0; i < g->count; i++) {
        int error;
        if (i == app->worker || g->apps[i] == NULL)
            continue;
        vireo__common_ref(c);
        while ((error = vireo__group_post(g, i, fn, c)) == VIREO_ENOMEM)
            uv_sleep(1);
        if (error < 0)
            vireo__common_unref(c);
    }
}
