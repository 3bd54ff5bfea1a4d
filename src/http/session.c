/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* session.c: sessions of requests (vireo/session.h).
 *
 *     request -- cookie --> store: get -- found --> handlers -- head of the reply --> store: set,
 *            \-- no cookie, or not found --> a fresh one ->/                          touch
 *
 * An id that the store does not know is never taken over: the client would choose it. */

#include <stdlib.h>
#include <time.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/random.h"
#include "http/cookies.h"
#include "http/session.h"

enum {
    ID_BYTES = 24,
    DAY_S = 86400,
};

const char vireo__session_key = 0;

/* --- one session ------------------------------------------------------------------------------ */

static void make_id(char id[VIREO_SESSION_ID_SIZE])
{
    uint8_t bytes[ID_BYTES];
    vireo__random(bytes, sizeof bytes);
    vireo__base64_encode(id, bytes, sizeof bytes);
    id[VIREO_SESSION_ID_SIZE - 1] = '\0';
    for (; *id != '\0'; id++)
        *id = *id == '+' ? '-' : *id == '/' ? '_' : *id;
}

static bool id_valid(const char *id)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t n = strspn(id, letters);
    return id[n] == '\0' && n == VIREO_SESSION_ID_SIZE - 1;
}

static vireo_session *new_session(vireo__sessions *all)
{
    vireo_session *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->refs = 1;
    s->all = all;
    s->fresh = true;
    vireo__list_init(&s->members);
    make_id(s->id);
    return s;
}

vireo_session *vireo_session_ref(vireo_session *s)
{
    if (s != NULL)
        s->refs++;
    return s;
}

void vireo_session_unref(vireo_session *s)
{
    if (s == NULL || --s->refs > 0)
        return;
    vireo__session_clear(s);
    free(s);
}

static void unref(void *session)
{
    vireo_session_unref(session);
}

vireo_session *vireo_session_of(const vireo_req *r)
{
    return vireo_req_get(r, &vireo__session_key);
}

const char *vireo_session_id(const vireo_session *s)
{
    return s->id;
}

/* --- reading and writing ---------------------------------------------------------------------- */

/* An operation of the store under way. */
typedef struct operation {
    vireo_session *session;
    vireo_session_done done;
    void *user;
    bool reads;
    bool fresh; /* it was not in the store before */
} operation;

static uint32_t ttl(const vireo__sessions *all)
{
    return all->options.max_age_s > 0 ? all->options.max_age_s : DAY_S;
}

static void log_failure(const vireo__sessions *all, const char *what, int error)
{
    vireo__log_line(&all->app->loop->log, VIREO_ERROR, "session", "cannot %s a session: %s", what,
                    vireo_strerror(error));
}

static operation *begin(vireo_session *s, vireo_session_done done, void *user, bool reads)
{
    operation *op = malloc(sizeof *op);
    if (op != NULL)
        *op = (operation){vireo_session_ref(s), done, user, reads, s->fresh};
    return op;
}

/* Ends an operation that was not begun after all. */
static int undo(operation *op, int error)
{
    if (error >= 0)
        return error;
    vireo_session_unref(op->session);
    free(op);
    return error;
}

static void on_done(void *context, int error, const char *json, size_t len)
{
    operation op = *(operation *)context;
    vireo_session *s = op.session;
    free(context);
    if (op.reads) {
        if (error == 0 && json == NULL)
            error = VIREO_ENOTFOUND;
        if (error == 0)
            error = vireo__session_read(s, json, len);
        else if (error == VIREO_ENOTFOUND)
            vireo__session_clear(s);
        s->changed = false;
    } else if (error == VIREO_ENOTFOUND) {
        s->destroyed = true;
    } else if (error < 0) {
        s->fresh = op.fresh;
        s->changed = true;
    }
    if (op.done != NULL)
        op.done(s, error, op.user);
    else if (error < 0 && error != VIREO_ENOTFOUND && error != VIREO_ECANCELLED)
        log_failure(s->all, "write", error);
    vireo_session_unref(s);
}

int vireo_session_save(vireo_session *s, vireo_session_done done, void *user)
{
    vireo__buf json;
    if (s == NULL || s->destroyed)
        return VIREO_EINVAL;
    vireo_session_store *store = s->all->options.store;
    vireo__buf_init(&json, VIREO_SESSION_MAX_BYTES);
    int error = vireo__session_write(s, vireo__wall_clock_ms(), &json);
    operation *op = error == 0 ? begin(s, done, user, false) : NULL;
    if (op != NULL)
        error = undo(op, store->set(store, s->id, (const char *)json.data, json.len, ttl(s->all),
                                    s->fresh, on_done, op));
    else if (error == 0)
        error = VIREO_ENOMEM;
    vireo__buf_deinit(&json);
    if (error == 0)
        s->fresh = s->changed = false;
    return error;
}

int vireo_session_reload(vireo_session *s, vireo_session_done done, void *user)
{
    if (s == NULL || s->destroyed)
        return VIREO_EINVAL;
    vireo_session_store *store = s->all->options.store;
    operation *op = begin(s, done, user, true);
    return op != NULL ? undo(op, store->get(store, s->id, on_done, op)) : VIREO_ENOMEM;
}

static void touch(vireo_session *s)
{
    vireo_session_store *store = s->all->options.store;
    operation *op = begin(s, NULL, NULL, false);
    int error =
        op != NULL ? undo(op, store->touch(store, s->id, ttl(s->all), on_done, op)) : VIREO_ENOMEM;
    if (error < 0)
        log_failure(s->all, "touch", error);
}

static void on_ended(void *context, int error, const char *json, size_t len)
{
    (void)json;
    (void)len;
    if (error < 0 && error != VIREO_ENOTFOUND && error != VIREO_ECANCELLED)
        log_failure(context, "end", error);
}

static void end_in_store(const vireo_session *s)
{
    vireo_session_store *store = s->all->options.store;
    if (s->fresh)
        return;
    int error = store->destroy(store, s->id, on_ended, s->all);
    if (error < 0)
        log_failure(s->all, "end", error);
}

int vireo_session_regenerate(vireo_req *r)
{
    vireo_session *old = vireo_session_of(r);
    if (r->answered)
        return VIREO_EANSWERED;
    if (old == NULL)
        return VIREO_EINVAL;
    vireo_session *s = new_session(old->all);
    if (s == NULL)
        return VIREO_ENOMEM;
    end_in_store(old);
    old->destroyed = true;
    s->changed = true;
    return vireo_req_set(r, &vireo__session_key, s, unref); /* cannot fail: it takes a place */
}

int vireo_session_destroy(vireo_req *r)
{
    vireo_session *s = vireo_session_of(r);
    if (r->answered)
        return VIREO_EANSWERED;
    if (s == NULL)
        return VIREO_EINVAL;
    end_in_store(s);
    vireo__session_clear(s);
    s->destroyed = true;
    return 0;
}

/* --- the head of the reply -------------------------------------------------------------------- */

static vireo_cookie_options cookie_options(const vireo_session_options *o)
{
    return (vireo_cookie_options){
        .size = sizeof(vireo_cookie_options),
        .path = o->path,
        .domain = o->domain,
        .max_age_s = o->max_age_s,
        .expires = o->max_age_s > 0 ? (int64_t)time(NULL) + o->max_age_s : 0,
        .secure = o->secure,
        .http_only = !o->for_scripts,
        .sign = true,
        .same_site = o->same_site,
    };
}

/* A cookie that must not travel in the clear is not sent there. */
static void set_cookie(vireo_req *r, const vireo_session *s)
{
    const vireo_session_options *o = &s->all->options;
    vireo_cookie_options cookie = cookie_options(o);
    if (o->secure && strcmp(vireo_protocol(r), "https") != 0)
        return;
    int error = vireo_cookie_set(r, o->cookie, s->id, &cookie);
    if (error < 0)
        log_failure(s->all, "set the cookie of", error);
}

static void on_headers(vireo_req *r, void *user)
{
    vireo_session *s = vireo_session_of(r);
    (void)user;
    if (s == NULL)
        return;
    const vireo_session_options *o = &s->all->options;
    bool was_fresh = s->fresh;
    if (s->destroyed) {
        vireo_cookie_options cookie = cookie_options(o);
        if (!was_fresh)
            vireo_cookie_clear(r, o->cookie, &cookie);
        return;
    }
    if (was_fresh && !s->changed)
        return;
    int error = s->changed ? vireo_session_save(s, NULL, NULL) : 0;
    if (error < 0)
        log_failure(s->all, "write", error);
    else if (!s->changed && !was_fresh)
        touch(s);
    if (error == 0 && (was_fresh || o->rolling))
        set_cookie(r, s);
}

/* --- the middleware --------------------------------------------------------------------------- */

/* A request that waits for its session. */
typedef struct waiting {
    vireo_req *r; /* NULL: its client has gone away */
    vireo__sessions *all;
    char id[VIREO_SESSION_ID_SIZE];
} waiting;

/* Takes |s|. */
static int attach(vireo_req *r, vireo_session *s)
{
    if (s == NULL)
        return VIREO_ENOMEM;
    int error = vireo_req_set(r, &vireo__session_key, s, unref);
    if (error < 0) {
        vireo_session_unref(s);
        return error;
    }
    error = vireo_on_headers(r, on_headers, NULL);
    return error < 0 ? error : vireo_pass(r);
}

static void on_abort(vireo_req *r, void *user)
{
    (void)r;
    ((waiting *)user)->r = NULL;
}

static int use_loaded(const waiting *w, int error, const char *json, size_t len)
{
    if (error < 0)
        return error;
    vireo_session *s = new_session(w->all);
    if (s == NULL || json == NULL)
        return attach(w->r, s);
    error = vireo__session_read(s, json, len);
    if (error == VIREO_ENOMEM) {
        vireo_session_unref(s);
        return error;
    }
    if (error == 0) { /* what cannot be read is as good as none */
        memcpy(s->id, w->id, sizeof s->id);
        s->fresh = false;
    }
    return attach(w->r, s);
}

static void on_loaded(void *context, int error, const char *json, size_t len)
{
    waiting *w = context;
    if (w->r != NULL) {
        vireo_on_abort(w->r, NULL, NULL);
        error = use_loaded(w, error, json, len);
        if (error < 0)
            vireo_fail(w->r, error == VIREO_ENOMEM ? error : VIREO_STATUS(500),
                       vireo_strerror(error));
    }
    free(w);
}

static int load(vireo_req *r)
{
    vireo__sessions *all = vireo_req_user(r);
    if (vireo_session_of(r) != NULL) /* from another prefix */
        return vireo_pass(r);
    const char *id = vireo_signed_cookie(r, all->options.cookie);
    if (id == NULL || !id_valid(id))
        return attach(r, new_session(all));
    waiting *w = malloc(sizeof *w);
    if (w == NULL)
        return VIREO_ENOMEM;
    *w = (waiting){.r = r, .all = all};
    memcpy(w->id, id, sizeof w->id);
    vireo_on_abort(r, on_abort, w);
    int error = all->options.store->get(all->options.store, id, on_loaded, w);
    if (error == 0)
        return 0;
    vireo_on_abort(r, NULL, NULL);
    free(w);
    return error == VIREO_ENOMEM ? error : VIREO_STATUS(500);
}

static void free_sessions(void *user)
{
    vireo__sessions *all = user;
    if (all->options.store != NULL)
        all->options.store->close(all->options.store);
    free(all->texts);
    free(all);
}

static bool copy_texts(vireo__sessions *all)
{
    vireo_session_options *o = &all->options;
    all->texts = vireo__texts_pack((const char **const[]){&o->cookie, &o->path, &o->domain}, 3);
    return all->texts != NULL;
}

static int prepare(vireo__sessions *all)
{
    vireo_session_options *o = &all->options;
    vireo__buf probe;
    o->cookie = o->cookie != NULL ? o->cookie : "sid";
    o->path = o->path != NULL ? o->path : "/";
    vireo__buf_init(&probe, VIREO__BUF_UNLIMITED);
    vireo_cookie_options cookie = cookie_options(o);
    int error = vireo__cookie_write(&probe, o->cookie, (vireo__str){"x", 1}, &cookie);
    vireo__buf_deinit(&probe);
    if (error < 0 || all->app->secrets == NULL)
        return error < 0 ? error : VIREO_EINVAL;
    if (o->store == NULL)
        o->store = vireo_memory_store(all->app);
    return o->store != NULL && copy_texts(all) ? 0 : VIREO_ENOMEM;
}

int vireo_sessions_use(vireo_app *app, const char *prefix, const vireo_session_options *options)
{
    vireo__sessions *all = calloc(1, sizeof *all);
    vireo_session_options o = {0};
    memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    if (all == NULL) {
        if (o.store != NULL)
            o.store->close(o.store);
        return VIREO_ENOMEM;
    }
    all->app = app;
    all->options = o;
    int error = prepare(all);
    if (error < 0) {
        free_sessions(all);
        return error;
    }
    return vireo__app_use(app, prefix, load, all, free_sessions);
}
