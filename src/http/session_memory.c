/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* session_memory.c: sessions in memory: a map by id, a list in the order of their last use, and a
 * deadline for each. Answers come at the end of the turn. */

#include <stdlib.h>

#include "base/map.h"
#include "http/session.h"

enum { DEFAULT_SESSIONS = 100000 };

typedef struct kept {
    vireo__list node;
    struct memory_store *store;
    vireo__deadline deadline;
    uint64_t due; /* of the loop's clock, ms: beyond what one deadline holds */
    char *json;
    size_t len;
    char id[VIREO_SESSION_ID_SIZE];
} kept;

typedef struct answer {
    vireo__list node;
    vireo_store_done done;
    void *context;
    int error;
    size_t len;
    bool found;
    char json[];
} answer;

typedef struct memory_store {
    vireo_session_store store;
    vireo_loop *loop;
    vireo__map sessions;
    vireo__list used;    /* the one used longest ago first */
    vireo__list answers; /* to be given at the end of the turn */
    vireo__turn_task turn;
    uint32_t max_sessions;
} memory_store;

static memory_store *of(vireo_session_store *store)
{
    return vireo__container(store, memory_store, store);
}

/* --- answers ---------------------------------------------------------------------------------- */

static void give(vireo__list *answers, bool cancelled)
{
    while (!vireo__list_empty(answers)) {
        answer *a = vireo__container(answers->next, answer, node);
        vireo__list_remove(&a->node);
        a->done(a->context, cancelled ? VIREO_ECANCELLED : a->error,
                a->found && !cancelled ? a->json : NULL, a->len);
        free(a);
    }
}

/* Those that are asked for meanwhile wait for the next time. */
static void on_turn(vireo__turn_task *task)
{
    memory_store *m = vireo__container(task, memory_store, turn);
    vireo__list now;
    vireo__list_move(&now, &m->answers);
    give(&now, false);
}

static int reply(memory_store *m, vireo_store_done done, void *context, int error, const kept *k)
{
    size_t len = k != NULL ? k->len : 0;
    answer *a = malloc(sizeof *a + len + 1);
    if (a == NULL)
        return VIREO_ENOMEM;
    *a = (answer){.done = done, .context = context, .error = error, .len = len, .found = k != NULL};
    if (len > 0)
        memcpy(a->json, k->json, len);
    a->json[len] = '\0';
    vireo__list_append(&m->answers, &a->node);
    vireo__turn_add(m->loop, &m->turn);
    return 0;
}

/* --- sessions --------------------------------------------------------------------------------- */

static kept *find(const memory_store *m, const char *id)
{
    return vireo__map_get(&m->sessions, id, strlen(id));
}

static void forget(kept *k)
{
    vireo__map_remove(&k->store->sessions, k->id, strlen(k->id));
    vireo__deadline_stop(&k->deadline);
    vireo__list_remove(&k->node);
    free(k->json);
    free(k);
}

static int wait_for_end(kept *k);

static void on_deadline(vireo__deadline *d)
{
    kept *k = vireo__container(d, kept, deadline);
    if (vireo__loop_now(k->store->loop) >= k->due || wait_for_end(k) < 0)
        forget(k);
}

static int wait_for_end(kept *k)
{
    uint64_t left = k->due - vireo__loop_now(k->store->loop);
    return vireo__deadline_start(k->store->loop, &k->deadline,
                                 left < UINT32_MAX ? (uint32_t)left : UINT32_MAX, on_deadline);
}

static int use_again(kept *k, uint32_t ttl_s)
{
    vireo__list_remove(&k->node);
    vireo__list_append(&k->store->used, &k->node);
    k->due = vireo__loop_now(k->store->loop) + (uint64_t)ttl_s * 1000;
    return wait_for_end(k);
}

static kept *add(memory_store *m, const char *id)
{
    if (strlen(id) >= VIREO_SESSION_ID_SIZE)
        return NULL;
    kept *k = calloc(1, sizeof *k);
    if (k == NULL)
        return NULL;
    k->store = m;
    vireo__list_init(&k->node);
    strcpy(k->id, id);
    if (vireo__map_put(&m->sessions, k->id, strlen(k->id), k) == 0)
        return k;
    free(k);
    return NULL;
}

static int get(vireo_session_store *store, const char *id, vireo_store_done done, void *context)
{
    return reply(of(store), done, context, 0, find(of(store), id));
}

static int keep(memory_store *m, kept *k, const char *json, size_t len, uint32_t ttl_s)
{
    char *copy = malloc(len + 1);
    if (copy == NULL)
        return VIREO_ENOMEM;
    memcpy(copy, json, len);
    free(k->json);
    k->json = copy;
    k->len = len;
    if (m->sessions.len > m->max_sessions)
        forget(vireo__container(m->used.next, kept, node)); /* not |k|: it is not in the list yet */
    return use_again(k, ttl_s);
}

static int set(vireo_session_store *store, const char *id, const char *json, size_t len,
               uint32_t ttl_s, bool fresh, vireo_store_done done, void *context)
{
    memory_store *m = of(store);
    kept *k = find(m, id);
    if (k == NULL && !fresh)
        return reply(m, done, context, VIREO_ENOTFOUND, NULL);
    bool added = k == NULL;
    if (added)
        k = add(m, id);
    int error = k != NULL ? keep(m, k, json, len, ttl_s) : VIREO_ENOMEM;
    if (error == 0)
        error = reply(m, done, context, 0, NULL);
    if (error < 0 && k != NULL && (added || !vireo__deadline_running(&k->deadline)))
        forget(k);
    return error;
}

static int touch(vireo_session_store *store, const char *id, uint32_t ttl_s, vireo_store_done done,
                 void *context)
{
    kept *k = find(of(store), id);
    int error = k != NULL ? use_again(k, ttl_s) : 0;
    if (error == 0)
        return reply(of(store), done, context, k != NULL ? 0 : VIREO_ENOTFOUND, NULL);
    forget(k); /* rather than keep it for ever */
    return error;
}

static int destroy(vireo_session_store *store, const char *id, vireo_store_done done, void *context)
{
    kept *k = find(of(store), id);
    int error = reply(of(store), done, context, k != NULL ? 0 : VIREO_ENOTFOUND, NULL);
    if (error == 0 && k != NULL)
        forget(k);
    return error;
}

static void close_store(vireo_session_store *store)
{
    memory_store *m = of(store);
    vireo__turn_remove(&m->turn);
    give(&m->answers, true);
    while (!vireo__list_empty(&m->used))
        forget(vireo__container(m->used.next, kept, node));
    vireo__map_deinit(&m->sessions);
    free(m);
}

static vireo_session_store *make(vireo_app *app, const void *given)
{
    const vireo_memory_store_options *options = given;
    vireo_memory_store_options o = {0};
    memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    memory_store *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->store = (vireo_session_store){get, set, touch, destroy, close_store};
    m->loop = app->loop;
    m->max_sessions = o.max_sessions > 0 ? o.max_sessions : DEFAULT_SESSIONS;
    m->turn.run = on_turn;
    vireo__map_init(&m->sessions, app->loop->hash_key);
    vireo__list_init(&m->used);
    vireo__list_init(&m->answers);
    return &m->store;
}

vireo_session_store *vireo_memory_store_new(vireo_app *app,
                                            const vireo_memory_store_options *options)
{
    static const char key;
    return app->group != NULL ? vireo__session_store_share(app, &key, make, options)
                              : make(app, options);
}
