/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/group.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "http/app.h"
#include "http/settle.h"

/* What all share; found by its key and name, and by how often a worker has asked for that. */
typedef struct shared {
    vireo__list node;
    const void *key;
    char *name; /* "" for those without one */
    void *object;
    void (*free)(void *object);
    bool taken[]; /* by each worker; the name stands behind */
} shared;

/* --- life ------------------------------------------------------------------------------------- */

vireo__group *vireo__group_new(unsigned count)
{
    vireo__group *g = calloc(1, sizeof *g);
    if (g == NULL)
        return NULL;
    g->count = count;
    vireo__list_init(&g->ports);
    vireo__list_init(&g->shared);
    uv_mutex_init(&g->lock);
    uv_cond_init(&g->changed);
    g->apps = calloc(count, sizeof *g->apps);
    g->load = calloc(count, sizeof *g->load);
    g->settlings = vireo__settlings_new(g);
    g->loop = vireo__loop_new(NULL);
    if (g->apps != NULL && g->load != NULL && g->settlings != NULL && g->loop != NULL)
        return g;
    vireo__group_free(g);
    return NULL;
}

static void free_shared(vireo__group *g)
{
    while (!vireo__list_empty(&g->shared)) {
        shared *s = vireo__container(g->shared.prev, shared, node);
        vireo__list_remove(&s->node);
        s->free(s->object);
        free(s);
    }
}

void vireo__group_free(vireo__group *g)
{
    if (g == NULL)
        return;
    free_shared(g);
    vireo__group_close_ports(g);
    while (g->open_ports > 0)
        uv_run(g->loop->uv, UV_RUN_ONCE);
    vireo__loop_free(g->loop);
    while (!vireo__list_empty(&g->ports)) {
        vireo__port *port = vireo__container(g->ports.next, vireo__port, node);
        vireo__list_remove(&port->node);
        vireo_tls_free(port->tls);
        free(port);
    }
    uv_cond_destroy(&g->changed);
    uv_mutex_destroy(&g->lock);
    vireo__settlings_free(g->settlings);
    free(g->apps);
    free(g->load);
    free(g);
}

void vireo__group_join(vireo__group *g, unsigned index, vireo_app *app)
{
    app->group = g;
    app->worker = index;
    g->apps[index] = app;
}

/* --- setting up ------------------------------------------------------------------------------- */

void vireo__group_serve(vireo__group *g)
{
    uv_mutex_lock(&g->lock);
    while (!g->set_up) {
        if (g->wanted == NULL) {
            uv_cond_wait(&g->changed, &g->lock);
            continue;
        }
        g->answer = g->wanted(g->argument);
        g->wanted = NULL;
        uv_cond_broadcast(&g->changed);
    }
    g->set_up = false;
    uv_mutex_unlock(&g->lock);
}

void vireo__group_set_up(vireo__group *g)
{
    uv_mutex_lock(&g->lock);
    g->set_up = true;
    uv_cond_broadcast(&g->changed);
    uv_mutex_unlock(&g->lock);
}

void vireo__group_begin(vireo__group *g, unsigned count, bool start)
{
    uv_mutex_lock(&g->lock);
    g->left = start ? count + 1 : count; /* the main thread accepts as long as it is started */
    g->state = start ? VIREO__GROUP_STARTED : VIREO__GROUP_GIVEN_UP;
    uv_cond_broadcast(&g->changed);
    uv_mutex_unlock(&g->lock);
}

bool vireo__group_await(vireo__group *g)
{
    uv_mutex_lock(&g->lock);
    while (g->state == VIREO__GROUP_SETTING_UP)
        uv_cond_wait(&g->changed, &g->lock);
    bool start = g->state == VIREO__GROUP_STARTED;
    uv_mutex_unlock(&g->lock);
    return start;
}

int vireo__group_call(vireo__group *g, int (*fn)(void *argument), void *argument)
{
    uv_mutex_lock(&g->lock);
    g->wanted = fn;
    g->argument = argument;
    uv_cond_broadcast(&g->changed);
    while (g->wanted != NULL)
        uv_cond_wait(&g->changed, &g->lock);
    int answer = g->answer;
    uv_mutex_unlock(&g->lock);
    return answer;
}

static shared *find_shared(vireo__group *g, unsigned worker, const void *key, const char *name)
{
    for (vireo__list *at = g->shared.next; at != &g->shared; at = at->next) {
        shared *s = vireo__container(at, shared, node);
        if (s->key == key && !s->taken[worker] && strcmp(s->name, name) == 0)
            return s;
    }
    return NULL;
}

static shared *make_shared(vireo__group *g, const void *key, const char *name, void *object,
                           void (*free_fn)(void *object))
{
    size_t size = g->count * sizeof(bool);
    shared *s = object != NULL ? calloc(1, sizeof *s + size + strlen(name) + 1) : NULL;
    if (s == NULL) {
        if (object != NULL)
            free_fn(object);
        return NULL;
    }
    s->key = key;
    s->name = strcpy((char *)s->taken + size, name);
    s->object = object;
    s->free = free_fn;
    vireo__list_append(&g->shared, &s->node);
    return s;
}

void *vireo__group_share(vireo_app *app, const void *key, void *(*make)(void *argument),
                         void *argument, void (*free)(void *object))
{
    return vireo__group_share_named(app, key, "", make, argument, free);
}

void *vireo__group_share_named(vireo_app *app, const void *key, const char *name,
                               void *(*make)(void *argument), void *argument,
                               void (*free)(void *object))
{
    vireo__group *g = app->group;
    uv_mutex_lock(&g->lock);
    shared *s = find_shared(g, app->worker, key, name);
    if (s == NULL)
        s = make_shared(g, key, name, make(argument), free);
    if (s != NULL)
        s->taken[app->worker] = true;
    uv_mutex_unlock(&g->lock);
    return s != NULL ? s->object : NULL;
}

/* --- running ---------------------------------------------------------------------------------- */

int vireo__group_post(vireo__group *g, unsigned index, void (*fn)(vireo_app *app, void *user),
                      void *user)
{
    return vireo__group_over(g) ? VIREO_ECLOSED : vireo_post(g->apps[index], fn, user);
}

void vireo__group_others(const vireo_app *app, void (*fn)(vireo_app *app, void *user), void *user)
{
    vireo__group *g = app->group;
    for (unsigned i = 0; i < g->count; i++)
        while (i != app->worker && g->apps[i] != NULL &&
               vireo__group_post(g, i, fn, user) == VIREO_ENOMEM)
            uv_sleep(1);
}

int vireo__group_tell(const vireo_app *app, const vireo__news *news)
{
    const vireo__group *g = app->group;
    return g != NULL && g->count > 1 && g->tell != NULL ? g->tell(app, news) : 0;
}

void vireo__group_hear(const vireo_app *app, vireo__hearing *h)
{
    if (app->group->hear != NULL)
        app->group->hear(app, h);
    else
        h->run(h);
}

size_t vireo__group_connections(const vireo__group *g)
{
    size_t n = 0;
    for (unsigned i = 0; i < g->count; i++)
        n += atomic_load_explicit(&g->load[i], memory_order_relaxed);
    return n;
}

static void close_ports(void *group, void *unused)
{
    (void)unused;
    vireo__group_close_ports(group);
}

bool vireo__group_stop(vireo__group *g)
{
    if (atomic_exchange(&g->stopping, true))
        return false;
    while (vireo__loop_post(g->loop, close_ports, g, NULL) == VIREO_ENOMEM)
        uv_sleep(1);
    return true;
}

static void one_less(vireo__group *g)
{
    if (--g->left == 0)
        atomic_store(&g->over, true);
    uv_cond_broadcast(&g->changed);
}

void vireo__group_finish(vireo__group *g)
{
    uv_mutex_lock(&g->lock);
    one_less(g);
    while (g->left > 0)
        uv_cond_wait(&g->changed, &g->lock);
    uv_mutex_unlock(&g->lock);
}

void vireo__group_finish_main(vireo__group *g)
{
    uv_mutex_lock(&g->lock);
    one_less(g);
    uv_mutex_unlock(&g->lock);
}
