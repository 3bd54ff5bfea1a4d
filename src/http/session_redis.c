/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* session_redis.c: sessions in Redis, as npm's connect-redis keeps them: one string for each, under
 * "sess:ID". */

#include <stdio.h>
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "http/session.h"
#include "net/redis.h"

enum { MAX_KEY = 256, DEFAULT_PORT = 6379, DEFAULT_TIMEOUT_MS = 5000 };

typedef struct redis_store {
    vireo_session_store store;
    vireo__redis *redis;
    char *prefix;
} redis_store;

typedef struct asked {
    vireo_store_done done;
    void *context;
} asked;

static redis_store *of(vireo_session_store *store)
{
    return vireo__container(store, redis_store, store);
}

/* GET answers with a string or nil, SET with a status, or nil when XX finds nothing, EXPIRE and DEL
 * with the number of keys. */
static void on_reply(void *user, int error, const redisReply *reply)
{
    asked a = *(asked *)user;
    const char *json = NULL;
    size_t len = 0;
    free(user);
    if (error == 0 && reply->type == REDIS_REPLY_STRING) {
        json = reply->str;
        len = (size_t)reply->len;
    } else if (error == 0 && reply->type == REDIS_REPLY_INTEGER && reply->integer == 0) {
        error = VIREO_ENOTFOUND;
    }
    a.done(a.context, error, json, len);
}

static void on_set(void *user, int error, const redisReply *reply)
{
    asked a = *(asked *)user;
    free(user);
    if (error == 0 && reply->type == REDIS_REPLY_NIL)
        error = VIREO_ENOTFOUND;
    a.done(a.context, error, NULL, 0);
}

/* |argv[1]| becomes the key. */
static int ask(vireo_session_store *store, const char *id, int argc, const char **argv,
               const size_t *lengths, vireo__redis_done on_done, asked what)
{
    char key[MAX_KEY];
    size_t own[8];
    if ((size_t)snprintf(key, sizeof key, "%s%s", of(store)->prefix, id) >= sizeof key)
        return VIREO_EINVAL;
    argv[1] = key;
    for (int i = 0; i < argc; i++)
        own[i] = lengths != NULL && lengths[i] > 0 ? lengths[i] : strlen(argv[i]);
    asked *copy = malloc(sizeof *copy);
    if (copy == NULL)
        return VIREO_ENOMEM;
    *copy = what;
    int error = vireo__redis_command(of(store)->redis, argc, argv, own, on_done, copy);
    if (error < 0)
        free(copy);
    return error;
}

static int get(vireo_session_store *store, const char *id, vireo_store_done done, void *context)
{
    const char *argv[] = {"GET", NULL};
    return ask(store, id, 2, argv, NULL, on_reply, (asked){done, context});
}

static int set(vireo_session_store *store, const char *id, const char *json, size_t len,
               uint32_t ttl_s, bool fresh, vireo_store_done done, void *context)
{
    char ttl[16];
    const char *argv[] = {"SET", NULL, json, "EX", ttl, "XX"};
    const size_t lengths[] = {0, 0, len, 0, 0, 0};
    snprintf(ttl, sizeof ttl, "%u", ttl_s);
    return ask(store, id, fresh ? 5 : 6, argv, lengths, on_set, (asked){done, context});
}

static int touch(vireo_session_store *store, const char *id, uint32_t ttl_s, vireo_store_done done,
                 void *context)
{
    char ttl[16];
    const char *argv[] = {"EXPIRE", NULL, ttl};
    snprintf(ttl, sizeof ttl, "%u", ttl_s);
    return ask(store, id, 3, argv, NULL, on_reply, (asked){done, context});
}

static int destroy(vireo_session_store *store, const char *id, vireo_store_done done, void *context)
{
    const char *argv[] = {"DEL", NULL};
    return ask(store, id, 2, argv, NULL, on_reply, (asked){done, context});
}

static void close_store(vireo_session_store *store)
{
    redis_store *s = of(store);
    vireo__redis_close(s->redis);
    free(s->prefix);
    free(s);
}

vireo_session_store *vireo_redis_store_new(vireo_app *app, const vireo_redis_store_options *options)
{
    vireo_redis_store_options o = {0};
    memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    redis_store *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->store = (vireo_session_store){get, set, touch, destroy, close_store};
    s->prefix = strdup(o.prefix != NULL ? o.prefix : "sess:");
    s->redis = vireo__redis_new(
        app->loop, &(vireo__redis_options){.host = o.host,
                                           .port = o.port > 0 ? o.port : DEFAULT_PORT,
                                           .unix_path = o.unix_path,
                                           .user = o.user,
                                           .password = o.password,
                                           .database = o.database,
                                           .timeout_ms = o.timeout_ms > 0 ? o.timeout_ms
                                                                          : DEFAULT_TIMEOUT_MS});
    if (s->prefix != NULL && s->redis != NULL)
        return &s->store;
    if (s->redis != NULL)
        vireo__redis_close(s->redis);
    free(s->prefix);
    free(s);
    return NULL;
}
