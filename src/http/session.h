/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* session.h (http): the inside of sessions.
 *
 *     session.c        the middleware: cookie, reading, writing
 *     session_data.c   the members, and their JSON
 *     session_memory.c session_redis.c   stores
 *     session_shared.c   one store for all workers
 */

#ifndef VIREO_HTTP_SESSION_H
#define VIREO_HTTP_SESSION_H

#include <vireo/session.h>

#include "base/list.h"
#include "http/request.h"

/* The key under which a request has its session. */
extern const char vireo__session_key;

/* What vireo_sessions was told. */
typedef struct vireo__sessions {
    vireo_app *app;
    vireo_session_options options;
    char *texts; /* of the options */
} vireo__sessions;

struct vireo_session {
    unsigned refs;
    vireo__sessions *all;
    vireo__list members; /* of session_data.c */
    bool fresh;          /* not in the store */
    bool changed;
    bool destroyed;
    char id[VIREO_SESSION_ID_SIZE];
};

/* vireo__session_clear removes all members. */
void vireo__session_clear(vireo_session *s);

/* vireo__session_read takes the members of a JSON object in the place of those there. Returns 0,
 * VIREO_EJSON, VIREO_ENOMEM; after an error the session is empty. */
int vireo__session_read(vireo_session *s, const char *json, size_t len);

/* vireo__session_write appends the session as JSON.
 *
 * now_ms   since 1970, for the member "cookie"
 * Returns the buffer's sticky error. */
int vireo__session_write(const vireo_session *s, int64_t now_ms, vireo__buf *out);

/* vireo__session_store_share returns new: for a worker of a group, a store that is the same for all
 * of them: |make| makes it for the first. |key| as in vireo__group_share. NULL when memory runs
 * out. */
vireo_session_store *vireo__session_store_share(vireo_app *app, const void *key,
                                                vireo_session_store *(*make)(vireo_app *app,
                                                                             const void *options),
                                                const void *options);

#endif
