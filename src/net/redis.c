/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "net/redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/adapters/libuv.h>
#include <hiredis/async.h>
#include <vireo/error.h>

#include "base/str.h"
#include "loop/deadline.h"

struct vireo__redis {
    vireo_loop *loop;
    redisAsyncContext *context; /* NULL: there is none */
    vireo__deadline patience;   /* runs while an answer is due */
    uint64_t failed_at;
    unsigned pending;
    bool failed;  /* at |failed_at| */
    bool closing; /* vireo__redis_close is on the stack */
    vireo__redis_options options;
    char *texts; /* of the options */
};

typedef struct command {
    vireo__redis *redis;
    vireo__redis_done done; /* NULL: nobody wants to know */
    void *user;
} command;

/* --- options ---------------------------------------------------------------------------------- */

static bool copy_texts(vireo__redis *r)
{
    vireo__redis_options *o = &r->options;
    r->texts = vireo__texts_pack(
        (const char **const[]){&o->host, &o->unix_path, &o->user, &o->password}, 4);
    return r->texts != NULL;
}

vireo__redis *vireo__redis_new(vireo_loop *loop, const vireo__redis_options *options)
{
    vireo__redis *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->loop = loop;
    r->options = *options;
    if (copy_texts(r))
        return r;
    free(r);
    return NULL;
}

/* --- the connection --------------------------------------------------------------------------- */

static void lost(vireo__redis *r)
{
    r->context = NULL;
    r->failed = true;
    r->failed_at = vireo__loop_now(r->loop);
    vireo__deadline_stop(&r->patience);
}

static void on_connect(const redisAsyncContext *context, int status)
{
    vireo__redis *r = context->data;
    if (status != REDIS_OK && r->context == context)
        lost(r);
    else
        r->failed = false;
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
    vireo__redis *r = context->data;
    (void)status;
    if (r->context == context)
        lost(r);
}

/* hiredis ends all commands of the connection. */
static void on_patience(vireo__deadline *d)
{
    vireo__redis *r = vireo__container(d, vireo__redis, patience);
    redisAsyncContext *context = r->context;
    lost(r);
    redisAsyncFree(context);
}

static int issue(vireo__redis *r, int argc, const char **argv, const size_t *lengths,
                 vireo__redis_done done, void *user);

/* What every connection begins with; if it is refused, so is what follows. */
static int greet(vireo__redis *r)
{
    const vireo__redis_options *o = &r->options;
    char number[16];
    int error = 0;
    snprintf(number, sizeof number, "%u", o->database);
    const char *as_user[] = {"AUTH", o->user, o->password};
    const char *as_default[] = {"AUTH", o->password};
    const char *select[] = {"SELECT", number};
    if (o->password != NULL && o->user != NULL)
        error = issue(r, 3, as_user, NULL, NULL, NULL);
    else if (o->password != NULL)
        error = issue(r, 2, as_default, NULL, NULL, NULL);
    if (error == 0 && o->database > 0)
        error = issue(r, 2, select, NULL, NULL, NULL);
    return error;
}

static redisAsyncContext *begin(const vireo__redis_options *o)
{
    const char *host = o->host != NULL && strcmp(o->host, "localhost") != 0 ? o->host : "127.0.0.1";
    redisAsyncContext *context = o->unix_path != NULL ? redisAsyncConnectUnix(o->unix_path)
                                                      : redisAsyncConnect(host, o->port);
    if (context == NULL || context->err == 0)
        return context;
    redisAsyncFree(context);
    return NULL;
}

static int connect_now(vireo__redis *r)
{
    if (r->failed && vireo__loop_now(r->loop) - r->failed_at < VIREO__REDIS_RETRY_MS)
        return VIREO_ECLOSED;
    redisAsyncContext *context = begin(&r->options);
    if (context == NULL || redisLibuvAttach(context, r->loop->uv) != REDIS_OK) {
        lost(r);
        if (context != NULL)
            redisAsyncFree(context);
        return VIREO_ECLOSED;
    }
    context->data = r;
    r->context = context;
    redisAsyncSetConnectCallback(context, on_connect);
    redisAsyncSetDisconnectCallback(context, on_disconnect);
    return greet(r);
}

/* --- commands --------------------------------------------------------------------------------- */

static int watch(vireo__redis *r)
{
    return vireo__deadline_start(r->loop, &r->patience, r->options.timeout_ms, on_patience);
}

static int error_of(const vireo__redis *r, const redisReply *reply)
{
    if (reply == NULL)
        return r->closing ? VIREO_ECANCELLED : VIREO_ECLOSED;
    return reply->type == REDIS_REPLY_ERROR ? VIREO_EREFUSED : 0;
}

static void on_reply(redisAsyncContext *context, void *reply, void *user)
{
    command c = *(command *)user;
    vireo__redis *r = c.redis;
    free(user);
    r->pending--;
    if (r->context == context) {
        vireo__deadline_stop(&r->patience);
        if (r->pending > 0)
            watch(r);
    }
    if (c.done != NULL)
        c.done(c.user, error_of(r, reply), reply);
}

static int issue(vireo__redis *r, int argc, const char **argv, const size_t *lengths,
                 vireo__redis_done done, void *user)
{
    command *c = malloc(sizeof *c);
    if (c == NULL)
        return VIREO_ENOMEM;
    *c = (command){r, done, user};
    if (!vireo__deadline_running(&r->patience) && watch(r) < 0) {
        free(c);
        return VIREO_ENOMEM;
    }
    if (redisAsyncCommandArgv(r->context, on_reply, c, argc, argv, lengths) == REDIS_OK) {
        r->pending++;
        return 0;
    }
    free(c);
    return VIREO_ECLOSED;
}

int vireo__redis_command(vireo__redis *r, int argc, const char **argv, const size_t *lengths,
                         vireo__redis_done done, void *user)
{
    if (r->closing)
        return VIREO_ECLOSED;
    if (r->pending >= VIREO__REDIS_MAX_PENDING)
        return VIREO_EFULL;
    int error = r->context == NULL ? connect_now(r) : 0;
    return error < 0 ? error : issue(r, argc, argv, lengths, done, user);
}

void vireo__redis_close(vireo__redis *r)
{
    redisAsyncContext *context = r->context;
    r->closing = true;
    lost(r);
    if (context != NULL)
        redisAsyncFree(context);
    free(r->texts);
    free(r);
}
