/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* redis.h: a connection to a Redis server, on the loop (hiredis). It connects with the first
 * command, and again with the first one after the connection was lost. */

#ifndef VIREO_NET_REDIS_H
#define VIREO_NET_REDIS_H

#include "loop/loop.h"

typedef struct vireo__redis vireo__redis;
struct redisReply;

/* Texts are copied. */
typedef struct vireo__redis_options {
    const char *host; /* numeric address or "localhost" */
    uint16_t port;
    const char *unix_path; /* not NULL: instead of host and port */
    const char *user;      /* may be NULL */
    const char *password;  /* may be NULL */
    unsigned database;
    uint32_t timeout_ms; /* without an answer, while one is due: the connection is given up */
} vireo__redis_options;

/* Called exactly once for a command, never before it was given.
 *
 * error   0; VIREO_ECLOSED, VIREO_ECANCELLED; VIREO_EREFUSED when the server has answered with an
 *         error
 * reply   hiredis' struct redisReply; borrowed for the call; NULL unless |error| is 0 or
 *         VIREO_EREFUSED */
typedef void (*vireo__redis_done)(void *user, int error, const struct redisReply *reply);

/* vireo__redis_new returns new: a connection that is not made yet, or NULL. */
vireo__redis *vireo__redis_new(vireo_loop *loop, const vireo__redis_options *options);

/* Commands under way on one connection at most. */
#define VIREO__REDIS_MAX_PENDING 100000

/* vireo__redis_command sends one, of |argc| arguments (copied). Returns 0; VIREO_ECLOSED when there
 * is no connection and none can be made, or the last one failed less than VIREO__REDIS_RETRY_MS
 * ago; VIREO_EFULL; VIREO_ENOMEM. */
#define VIREO__REDIS_RETRY_MS 200
int vireo__redis_command(vireo__redis *redis, int argc, const char **argv, const size_t *lengths,
                         vireo__redis_done done, void *user);

/* vireo__redis_close ends what is under way with VIREO_ECANCELLED, during this call, and frees. Not
 * inside of a vireo__redis_done. */
void vireo__redis_close(vireo__redis *redis);

#endif
