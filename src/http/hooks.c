/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* hooks.c: what handlers hang onto a request: functions for the head of the reply and for the end,
 * and values. One short list, the newest first. */

#include <stdlib.h>

#include <vireo/error.h>

#include "http/request.h"

/* A value that lives on with somebody else, and is freed by who lets go of it last. */
typedef struct vireo__held {
    unsigned refs;
    const void *key;
    void *value;
    void (*free_fn)(void *);
} held;

typedef struct vireo__hook {
    struct vireo__hook *next;
    enum { HOOK_HEADERS, HOOK_FINISH, HOOK_VALUE } kind;
    union {
        void (*headers)(vireo_req *r, void *user);
        void (*finish)(vireo_req *r, const vireo_finish *what, void *user);
        void (*free)(void *value);
    } fn;
    const void *key;
    void *user; /* or the value */
    held *held; /* who else has the value; NULL: nobody */
} hook;

static void let_go(held *h)
{
    if (--h->refs > 0)
        return;
    if (h->free_fn != NULL)
        h->free_fn(h->value);
    free(h);
}

static int add(vireo_req *r, const hook *h)
{
    hook *copy = vireo__arena_take(&r->arena, sizeof *copy, 16);
    if (copy == NULL)
        return VIREO_ENOMEM;
    *copy = *h;
    copy->next = r->hooks;
    r->hooks = copy;
    return 0;
}

int vireo_on_headers(vireo_req *r, void (*fn)(vireo_req *r, void *user), void *user)
{
    return add(r, &(hook){.kind = HOOK_HEADERS, .fn.headers = fn, .user = user});
}

int vireo_on_finish(vireo_req *r, void (*fn)(vireo_req *r, const vireo_finish *what, void *user),
                    void *user)
{
    return add(r, &(hook){.kind = HOOK_FINISH, .fn.finish = fn, .user = user});
}

static hook *find(const vireo_req *r, const void *key)
{
    hook *h = r->hooks;
    while (h != NULL && (h->kind != HOOK_VALUE || h->key != key))
        h = h->next;
    return h;
}

static void free_value(hook *h)
{
    if (h->held != NULL)
        let_go(h->held);
    else if (h->fn.free != NULL)
        h->fn.free(h->user);
    h->held = NULL;
    h->fn.free = NULL;
    h->user = NULL;
}

int vireo_req_set(vireo_req *r, const void *key, void *pointer, void (*free_fn)(void *))
{
    hook *h = find(r, key);
    if (h == NULL)
        return add(r, &(hook){.kind = HOOK_VALUE, .fn.free = free_fn, .key = key, .user = pointer});
    if (h->user == pointer && h->held != NULL)
        return 0;
    if (h->user != pointer)
        free_value(h);
    h->fn.free = free_fn;
    h->user = pointer;
    return 0;
}

void *vireo_req_get(const vireo_req *r, const void *key)
{
    const hook *h = find(r, key);
    return h != NULL ? h->user : NULL;
}

/* --- values that outlive their request -------------------------------------------------------- */

static held *hold(hook *h)
{
    if (h->held == NULL && (h->held = malloc(sizeof *h->held)) != NULL)
        *h->held = (held){.refs = 1, .key = h->key, .value = h->user, .free_fn = h->fn.free};
    if (h->held != NULL)
        h->held->refs++;
    return h->held;
}

int vireo__req_keep_values(vireo_req *r, vireo__values *out)
{
    size_t n = 0;
    *out = (vireo__values){0};
    for (const hook *h = r->hooks; h != NULL; h = h->next)
        n += h->kind == HOOK_VALUE && h->user != NULL;
    if (n == 0)
        return 0;
    out->list = calloc(n + 1, sizeof *out->list);
    if (out->list == NULL)
        return VIREO_ENOMEM;
    n = 0;
    for (hook *h = r->hooks; h != NULL; h = h->next) {
        if (h->kind != HOOK_VALUE || h->user == NULL)
            continue;
        held *kept = hold(h);
        if (kept == NULL) {
            vireo__values_free(out);
            return VIREO_ENOMEM;
        }
        out->list[n++] = kept;
    }
    return 0;
}

void *vireo__values_get(const vireo__values *values, const void *key)
{
    for (held *const *at = values->list; at != NULL && *at != NULL; at++)
        if ((*at)->key == key)
            return (*at)->value;
    return NULL;
}

void vireo__values_free(vireo__values *values)
{
    for (held **at = values->list; at != NULL && *at != NULL; at++)
        let_go(*at);
    free(values->list);
    *values = (vireo__values){0};
}

/* --- calling them ----------------------------------------------------------------------------- */

/* Each is forgotten before it is called: a reply that fails half-way begins its head anew. */
static void (*take_headers(vireo_req *r, void **user))(vireo_req *, void *)
{
    for (hook *h = r->hooks; h != NULL; h = h->next) {
        if (h->kind != HOOK_HEADERS || h->fn.headers == NULL)
            continue;
        void (*fn)(vireo_req *, void *) = h->fn.headers;
        h->fn.headers = NULL;
        *user = h->user;
        return fn;
    }
    return NULL;
}

void vireo__hooks_headers(vireo_req *r)
{
    void *user;
    vireo__buf body = vireo__loop_scratch_hide(r->app->loop); /* it may have been built there */
    r->replying = true;
    for (void (*fn)(vireo_req *, void *); (fn = take_headers(r, &user)) != NULL;)
        fn(r, user);
    r->replying = false;
    vireo__loop_scratch_show(r->app->loop, body);
}

const char *vireo__req_added_headers(vireo_req *r)
{
    vireo__hooks_headers(r);
    return vireo__buf_cstr(&r->reply_headers);
}

bool vireo__hooks_wait(const vireo_req *r)
{
    for (const hook *h = r->hooks; h != NULL; h = h->next)
        if (h->kind == HOOK_FINISH)
            return true;
    return false;
}

void vireo__hooks_finish(vireo_req *r)
{
    if (r->hooks == NULL)
        return;
    vireo_finish what = {.status = r->status,
                         .aborted = r->cut,
                         .body_bytes = r->reply_bytes,
                         .microseconds = (uv_hrtime() - r->began) / 1000};
    for (hook *h = r->hooks; h != NULL; h = h->next)
        if (h->kind == HOOK_FINISH)
            h->fn.finish(r, &what, h->user);
    for (hook *h = r->hooks; h != NULL; h = h->next)
        if (h->kind == HOOK_VALUE)
            free_value(h);
    r->hooks = NULL;
}
