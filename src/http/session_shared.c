/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* session_shared.c: a store of one worker that all of a group use: what the others ask goes to its
 * thread, and the answer comes back.
 *
 *     worker 2: get, set .. --> job ~~~> worker 0: the store --> answer ~~~> worker 2: done
 *
 * A job is held by who has asked, in whose list it stands, and by the thread where it is. What is
 * still away when the asker ends is told VIREO_ECANCELLED, and freed by the other one. */

#include <stdatomic.h>
#include <stdlib.h>

#include "http/group.h"
#include "http/session.h"

/* The same for all. |store| is touched on the thread of |app| alone. */
typedef struct owner {
    vireo_app *app;
    vireo_session_store *store; /* NULL: closed */
} owner;

typedef struct asker {
    vireo_session_store base;
    vireo_app *app;
    owner *owner;
    vireo__list jobs;
} asker;

typedef enum task { GET, SET, TOUCH, DESTROY } task;

typedef struct job {
    vireo__list node; /* asker->jobs */
    atomic_uint holders;
    unsigned worker; /* of the asker */
    owner *owner;
    vireo_store_done done;
    void *context;
    task task;
    uint32_t ttl_s;
    bool fresh;
    int error;
    char *json; /* to be written; then what was read; NULL: nothing */
    size_t len;
    char id[VIREO_SESSION_ID_SIZE];
} job;

static void drop(job *j)
{
    if (atomic_fetch_sub(&j->holders, 1) != 1)
        return;
    free(j->json);
    free(j);
}

/* --- back at who has asked -------------------------------------------------------------------- */

static void finish(vireo_app *app, void *user)
{
    job *j = user;
    (void)app;
    vireo__list_remove(&j->node);
    j->done(j->context, j->error, j->json, j->len);
    drop(j);
    drop(j);
}

/* --- at the owner ----------------------------------------------------------------------------- */

static char *copy_of(const char *json, size_t len)
{
    char *copy = malloc(len + 1);
    if (copy != NULL) {
        memcpy(copy, json, len);
        copy[len] = '\0';
    }
    return copy;
}

static void on_answer(void *context, int error, const char *json, size_t len)
{
    job *j = context;
    free(j->json);
    j->error = error;
    j->json = json != NULL ? copy_of(json, len) : NULL;
    j->len = j->json != NULL ? len : 0;
    if (json != NULL && j->json == NULL)
        j->error = VIREO_ENOMEM;
    if (vireo__group_post(j->owner->app->group, j->worker, finish, j) < 0)
        drop(j); /* the asker has ended */
}

static int ask_store(job *j)
{
    vireo_session_store *s = j->owner->store;
    if (s == NULL)
        return VIREO_ECANCELLED;
    switch (j->task) {
    case GET:
        return s->get(s, j->id, on_answer, j);
    case SET:
        return s->set(s, j->id, j->json, j->len, j->ttl_s, j->fresh, on_answer, j);
    case TOUCH:
        return s->touch(s, j->id, j->ttl_s, on_answer, j);
    default:
        return s->destroy(s, j->id, on_answer, j);
    }
}

static void perform(vireo_app *app, void *user)
{
    int error = ask_store(user);
    (void)app;
    if (error < 0)
        on_answer(user, error, NULL, 0);
}

/* --- asking ----------------------------------------------------------------------------------- */

static int send_job(vireo_session_store *store, const job *what, const char *id, const char *json)
{
    asker *from = vireo__container(store, asker, base);
    if (strlen(id) >= VIREO_SESSION_ID_SIZE)
        return VIREO_EINVAL;
    job *j = malloc(sizeof *j);
    if (j == NULL)
        return VIREO_ENOMEM;
    *j = *what;
    atomic_init(&j->holders, 2);
    j->worker = from->app->worker;
    j->owner = from->owner;
    strcpy(j->id, id);
    j->json = json != NULL ? copy_of(json, what->len) : NULL;
    vireo__list_append(&from->jobs, &j->node);
    int error = json != NULL && j->json == NULL ? VIREO_ENOMEM : 0;
    if (error == 0)
        error = vireo__group_post(from->app->group, j->owner->app->worker, perform, j);
    if (error < 0) {
        vireo__list_remove(&j->node);
        drop(j);
        drop(j);
    }
    return error;
}

static int get(vireo_session_store *store, const char *id, vireo_store_done done, void *context)
{
    return send_job(store, &(job){.task = GET, .done = done, .context = context}, id, NULL);
}

static int set(vireo_session_store *store, const char *id, const char *json, size_t len,
               uint32_t ttl_s, bool fresh, vireo_store_done done, void *context)
{
    job what = {.task = SET, .done = done, .context = context, .len = len, .ttl_s = ttl_s};
    what.fresh = fresh;
    return send_job(store, &what, id, json);
}

static int touch(vireo_session_store *store, const char *id, uint32_t ttl_s, vireo_store_done done,
                 void *context)
{
    return send_job(store, &(job){.task = TOUCH, .done = done, .context = context, .ttl_s = ttl_s},
                    id, NULL);
}

static int destroy(vireo_session_store *store, const char *id, vireo_store_done done, void *context)
{
    return send_job(store, &(job){.task = DESTROY, .done = done, .context = context}, id, NULL);
}

/* All workers have finished, and answers are posted to nobody any more. */
static void close_asker(vireo_session_store *store)
{
    asker *a = vireo__container(store, asker, base);
    if (a->app == a->owner->app && a->owner->store != NULL) {
        vireo_session_store *real = a->owner->store;
        a->owner->store = NULL;
        real->close(real);
    }
    while (!vireo__list_empty(&a->jobs)) {
        job *j = vireo__container(a->jobs.next, job, node);
        vireo__list_remove(&j->node);
        j->done(j->context, VIREO_ECANCELLED, NULL, 0);
        drop(j);
    }
    free(a);
}

/* --- life ------------------------------------------------------------------------------------- */

static void *make_owner(void *made)
{
    owner *o = calloc(1, sizeof *o);
    if (o != NULL)
        *o = *(const owner *)made;
    return o;
}

vireo_session_store *vireo__session_store_share(vireo_app *app, const void *key,
                                                vireo_session_store *(*make)(vireo_app *app,
                                                                             const void *options),
                                                const void *options)
{
    asker *a = calloc(1, sizeof *a);
    owner first = {.app = app, .store = app->worker == 0 ? make(app, options) : NULL};
    if (a != NULL && (app->worker != 0 || first.store != NULL))
        a->owner = vireo__group_share(app, key, make_owner, &first, free);
    if (a == NULL || a->owner == NULL) {
        if (first.store != NULL)
            first.store->close(first.store);
        free(a);
        return NULL;
    }
    a->base = (vireo_session_store){get, set, touch, destroy, close_asker};
    a->app = app;
    vireo__list_init(&a->jobs);
    return &a->base;
}
