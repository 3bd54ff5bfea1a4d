/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ratelimit.c: how many requests a client may send (vireo/middleware.h). Clients stand in a map and
 * in a list, the one seen longest ago first. Workers of one group count together, under a lock that
 * is held for one look-up. */

#include <stdio.h>
#include <stdlib.h>

#include <vireo/middleware.h>

#include "base/map.h"
#include "http/group.h"
#include "http/request.h"
#include "http/window.h"

enum {
    DEFAULT_LIMIT = 60,
    DEFAULT_WINDOW_MS = 60000,
    DEFAULT_CLIENTS = 100000,
    MAX_KEY = 128, /* bytes of a key that count */
    /* clients whose time is over, forgotten with each request: more than one comes */
    FORGET = 2,
};

typedef struct client {
    vireo__list node;
    vireo__window window;
    uint8_t key_len;
    char key[];
} client;

typedef struct limiter {
    vireo_rate_options options;
    uv_mutex_t lock;
    uint64_t now; /* the latest of the clocks of all loops, which are some milliseconds apart */
    vireo__map clients;
    vireo__list seen;
} limiter;

static void forget(limiter *l, client *c)
{
    vireo__map_remove(&l->clients, c->key, c->key_len);
    vireo__list_remove(&c->node);
    free(c);
}

static client *oldest(const limiter *l)
{
    return vireo__list_empty(&l->seen) ? NULL : vireo__container(l->seen.next, client, node);
}

static void free_limiter(void *user)
{
    limiter *l = user;
    for (client *c; (c = oldest(l)) != NULL;)
        forget(l, c);
    vireo__map_deinit(&l->clients);
    uv_mutex_destroy(&l->lock);
    free(l);
}

static void forget_old(limiter *l, uint64_t now)
{
    uint64_t over = 2 * (uint64_t)l->options.window_ms;
    client *c;
    for (int i = 0; i < FORGET && (c = oldest(l)) != NULL && now - c->window.began >= over; i++)
        forget(l, c);
    if (l->clients.len >= l->options.max_clients)
        forget(l, oldest(l));
}

static client *add_client(limiter *l, const char *key, size_t n, uint64_t now)
{
    forget_old(l, now);
    client *c = malloc(sizeof *c + n);
    if (c == NULL)
        return NULL;
    c->window = (vireo__window){0};
    c->key_len = (uint8_t)n;
    memcpy(c->key, key, n);
    vireo__list_init(&c->node);
    if (vireo__map_put(&l->clients, c->key, n, c) == 0)
        return c;
    free(c);
    return NULL;
}

static client *find_client(limiter *l, const char *key, uint64_t now)
{
    size_t n = strnlen(key, MAX_KEY);
    client *c = vireo__map_get(&l->clients, key, n);
    if (c == NULL)
        c = add_client(l, key, n, now);
    if (c == NULL)
        return NULL;
    vireo__list_remove(&c->node);
    vireo__list_append(&l->seen, &c->node);
    return c;
}

/* Of an IPv6 address, the network: "2001:db8:0:5::/64". */
static const char *address_key(const vireo_req *r, char out[VIREO__IP_TEXT])
{
    vireo__ip ip;
    const char *address = vireo_address(r);
    if (strchr(address, ':') == NULL || !vireo__ip_read(vireo__str_of(address), &ip))
        return address;
    memset(ip.bytes + 8, 0, 8);
    vireo__ip_write(&ip, out);
    return out;
}

/* What one request has taken. */
typedef struct taken {
    vireo__window_result result;
    uint64_t end_ms; /* until the window ends, and more is left */
} taken;

static int take(limiter *l, const char *key, uint64_t now, taken *t)
{
    l->now = now > l->now ? now : l->now;
    client *c = find_client(l, key, l->now);
    if (c == NULL)
        return VIREO_ENOMEM;
    t->result = vireo__window_take(&c->window, l->now, l->options.limit, l->options.window_ms);
    t->end_ms = c->window.began + l->options.window_ms - l->now;
    return 0;
}

static unsigned long long seconds(uint64_t ms)
{
    return (ms + 999) / 1000;
}

static void tell(vireo_req *r, const limiter *l, const taken *t)
{
    const vireo_rate_options *o = &l->options;
    const vireo__window_result *w = &t->result;
    char text[80];
    snprintf(text, sizeof text, "\"default\";q=%u;w=%llu", o->limit, seconds(o->window_ms));
    if (!o->silent)
        vireo_reply_header(r, "RateLimit-Policy", text);
    snprintf(text, sizeof text, "\"default\";r=%u;t=%llu", w->left,
             seconds(w->wait_ms > 0 ? w->wait_ms : t->end_ms));
    if (!o->silent)
        vireo_reply_header(r, "RateLimit", text);
}

static int refuse(vireo_req *r, const vireo__window_result *w)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", seconds(w->wait_ms > 0 ? w->wait_ms : 1));
    vireo_reply_header(r, "Retry-After", text);
    r->own_headers = r->reply_headers.len; /* they belong to the refusal and stay */
    return VIREO_STATUS(429);
}

static int limit(vireo_req *r)
{
    limiter *l = vireo_req_user(r);
    char text[VIREO__IP_TEXT];
    taken t;
    const char *key = l->options.key != NULL ? l->options.key(r) : address_key(r, text);
    if (key == NULL)
        return vireo_pass(r);
    uv_mutex_lock(&l->lock);
    int error = take(l, key, vireo__loop_now(r->app->loop), &t);
    uv_mutex_unlock(&l->lock);
    if (error < 0)
        return error;
    tell(r, l, &t);
    return t.result.allowed ? vireo_pass(r) : refuse(r, &t.result);
}

static void *make_limiter(void *options)
{
    limiter *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    l->options = *(const vireo_rate_options *)options;
    uv_mutex_init(&l->lock);
    vireo__map_init(&l->clients, vireo__hash_key_random());
    vireo__list_init(&l->seen);
    return l;
}

static void leave_to_group(void *shared)
{
    (void)shared;
}

int vireo_rate_limit_use(vireo_app *app, const char *prefix, const vireo_rate_options *options)
{
    static const char key;
    vireo_rate_options o = {0};
    memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    o.limit = o.limit ? o.limit : DEFAULT_LIMIT;
    o.window_ms = o.window_ms ? o.window_ms : DEFAULT_WINDOW_MS;
    o.max_clients = o.max_clients ? o.max_clients : DEFAULT_CLIENTS;
    limiter *l = app->group != NULL ? vireo__group_share(app, &key, make_limiter, &o, free_limiter)
                                    : make_limiter(&o);
    if (l == NULL)
        return VIREO_ENOMEM;
    return vireo__app_use(app, prefix, limit, l,
                          app->group != NULL ? leave_to_group : free_limiter);
}
