/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* session.h: sessions: what is known of a visitor from request to request, and in the sockets that
 * he opens.
 *
 *     vireo_secrets(app, vireo_env("SECRET", NULL), NULL);
 *     vireo_sessions(app, "/", .store = vireo_redis_store(app, .host = "127.0.0.1"));
 *     ...
 *     vireo_session_regenerate(r);                              // at the login
 *     vireo_session_set(vireo_session_of(r), "user", "{id:%d}", id);
 *     ...
 *     const vireo_value *user = vireo_session_get(vireo_socket_session(socket), "user");
 *
 * The visitor's cookie holds an id that is signed and cannot be guessed; all else stays in a store.
 * A session is a JSON object. It is read with each request, and written when it was changed, when
 * the head of the reply is written; changes after that, and changes in sockets, are written by
 * vireo_session_save. A visitor who was never given anything gets no cookie and takes no place in
 * the store.
 *
 * Cookie, ids and what the store holds are those of npm's express-session with resave: false and
 * saveUninitialized: false: with the same secret, cookie name and store, a server on Node and this
 * one share their visitors.
 */

#ifndef VIREO_SESSION_H
#define VIREO_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vireo/app.h>
#include <vireo/cookie.h>
#include <vireo/http.h>
#include <vireo/socket.h>
#include <vireo/value.h>
#include <vireo/version.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VIREO_SESSION_ID_SIZE   33    /* of an id with its NUL */
#define VIREO_SESSION_MAX_BYTES 65536 /* of a session as JSON; more is not written */

/* --- stores ----------------------------------------------------------------------------------- */

/* Where sessions are kept. Two come with the library; others fill in this struct, first in one of
 * their own. An operation returns 0, and then calls |done| exactly once, after it returned; or a
 * negative number, and then never. */
typedef struct vireo_session_store vireo_session_store;

/* json   of |get|: the session, borrowed for the call; NULL when there is none
 * error  0, or why it could not be done; VIREO_ENOTFOUND where a session had to be there */
typedef void (*vireo_store_done)(void *context, int error, const char *json, size_t len);

struct vireo_session_store {
    int (*get)(vireo_session_store *store, const char *id, vireo_store_done done, void *context);
    /* id, json   borrowed for the call
     * ttl_s      to be forgotten after
     * fresh      false: only if it is there still, so that a session that was ended elsewhere in
     *            the meantime stays ended */
    int (*set)(vireo_session_store *store, const char *id, const char *json, size_t len,
               uint32_t ttl_s, bool fresh, vireo_store_done done, void *context);
    int (*touch)(vireo_session_store *store, const char *id, uint32_t ttl_s, vireo_store_done done,
                 void *context);
    int (*destroy)(vireo_session_store *store, const char *id, vireo_store_done done,
                   void *context);
    /* the application is freed: finish what is under way with VIREO_ECANCELLED, free */
    void (*close)(vireo_session_store *store);
};

/* Options of the store in memory. */
typedef struct vireo_memory_store_options {
    size_t size;
    uint32_t max_sessions; /* default 100,000; beyond, the one used longest ago is forgotten */
} vireo_memory_store_options;

/* vireo_memory_store returns new: a store for one process; NULL when memory runs out. Give it to
 * vireo_sessions. */
#define vireo_memory_store(app, ...)                                                               \
    vireo_memory_store_new((app), &(const vireo_memory_store_options){                             \
                                      .size = sizeof(vireo_memory_store_options), __VA_ARGS__})
VIREO_API vireo_session_store *vireo_memory_store_new(vireo_app *app,
                                                      const vireo_memory_store_options *options);

/* Options of the store in Redis. Texts are copied. */
typedef struct vireo_redis_store_options {
    size_t size;
    const char *host;      /* numeric address or "localhost"; default "127.0.0.1" */
    uint16_t port;         /* default 6379 */
    const char *unix_path; /* instead of host and port */
    const char *user;      /* of an ACL; default: the default user */
    const char *password;
    unsigned database;
    const char *prefix;  /* of the keys; default "sess:", as connect-redis has it */
    uint32_t timeout_ms; /* for an answer; default 5,000; then the connection is made anew */
} vireo_redis_store_options;

/* vireo_redis_store returns new: a store that several processes share; NULL when memory runs out.
 * It connects when it is first used, and again when the connection was lost; while there is none,
 * requests with a session fail with 500. Give it to vireo_sessions. */
#define vireo_redis_store(app, ...)                                                                \
    vireo_redis_store_new((app), &(const vireo_redis_store_options){                               \
                                     .size = sizeof(vireo_redis_store_options), __VA_ARGS__})
VIREO_API vireo_session_store *vireo_redis_store_new(vireo_app *app,
                                                     const vireo_redis_store_options *options);

/* --- middleware ------------------------------------------------------------------------------- */

/* Options of sessions. Texts are copied. */
typedef struct vireo_session_options {
    size_t size;
    vireo_session_store *store; /* takes; NULL: vireo_memory_store */
    const char *cookie;         /* its name; default "sid" */
    const char *path;           /* of the cookie; default "/" */
    const char *domain;         /* of the cookie; NULL: this host */
    /* from the last request on; 0: the cookie ends with the browser, the session after a day */
    uint32_t max_age_s;
    bool rolling; /* the cookie is set with every reply, so that it ends max_age_s after the last */
    bool secure;  /* the cookie goes over TLS only; over plain HTTP it is not set (see proxy.h) */
    bool for_scripts;          /* the page's scripts may read the cookie: not HttpOnly */
    vireo_same_site same_site; /* default: nothing is said */
} vireo_session_options;

/* vireo_sessions gives every request at or below |prefix| its session: routes, WebSocket endpoints
 * and Socket.IO alike. vireo_secrets comes first.
 *
 * Returns 0; VIREO_EINVAL without secrets, or for a cookie that browsers would not take;
 * VIREO_ENOMEM. The store is closed then. */
#define vireo_sessions(app, prefix, ...)                                                           \
    vireo_sessions_use(                                                                            \
        (app), (prefix),                                                                           \
        &(const vireo_session_options){.size = sizeof(vireo_session_options), __VA_ARGS__})
VIREO_API int vireo_sessions_use(vireo_app *app, const char *prefix,
                                 const vireo_session_options *options);

/* --- a session -------------------------------------------------------------------------------- */

/* A vireo_session lives as long as its request or connection, or until vireo_session_unref. */
typedef struct vireo_session vireo_session;

/* vireo_session_of returns the request's session; NULL where vireo_sessions is not in charge. */
VIREO_API vireo_session *vireo_session_of(const vireo_req *r);

/* vireo_socket_session returns the session of the request that opened the connection, as it was
 * then; all sockets of the connection share it. NULL if it had none. */
VIREO_API vireo_session *vireo_socket_session(const vireo_socket *s);

/* vireo_session_id returns its id, which nobody should see. Valid until it is regenerated. */
VIREO_API const char *vireo_session_id(const vireo_session *s);

/* vireo_session_get returns a member, or NULL. |s| may be NULL. Valid until that member is set or
 * unset, or the session is reloaded. */
VIREO_API const vireo_value *vireo_session_get(const vireo_session *s, const char *key);

/* vireo_session_set sets a member, from a template of one value (value.h). The name "cookie" is
 * taken. Returns 0; VIREO_EINVAL for that name or a NULL session; VIREO_ETEMPLATE, VIREO_ENOMEM. */
VIREO_API int vireo_session_set(vireo_session *s, const char *key, const char *tmpl, ...)
    VIREO_PRINTF(3, 4);

/* vireo_session_unset removes a member. Nothing if it is not there, or |s| is NULL. */
VIREO_API void vireo_session_unset(vireo_session *s, const char *key);

/* vireo_session_regenerate gives the request's visitor a new session with a new id, and ends the
 * old one. To be done at each login, or an id that somebody planted beforehand would be good
 * afterwards. Before the reply. Returns 0, VIREO_EINVAL without a session, VIREO_EANSWERED. */
VIREO_API int vireo_session_regenerate(vireo_req *r);

/* vireo_session_destroy ends the request's session, and has the browser forget its cookie: a
 * logout. Before the reply. Returns as vireo_session_regenerate. */
VIREO_API int vireo_session_destroy(vireo_req *r);

/* vireo_session_save writes the session now; for sockets, and for handlers that must know that it
 * was written before they reply.
 *
 * done   may be NULL; called once, later. VIREO_ENOTFOUND: it was ended elsewhere
 * Returns 0; VIREO_EINVAL for a NULL or destroyed session; VIREO_ETOOBIG for more than
 * VIREO_SESSION_MAX_BYTES; or what the store fails with at once; then |done| is not called. */
typedef void (*vireo_session_done)(vireo_session *s, int error, void *user);
VIREO_API int vireo_session_save(vireo_session *s, vireo_session_done done, void *user);

/* vireo_session_reload reads the session again, for sockets that live long. Changes that were not
 * saved are lost. |done| and the result are those of vireo_session_save; after VIREO_ENOTFOUND the
 * session is empty. */
VIREO_API int vireo_session_reload(vireo_session *s, vireo_session_done done, void *user);

/* vireo_session_ref keeps a session for longer; not beyond the application. Returns |s|. NULL is
 * allowed in both. */
VIREO_API vireo_session *vireo_session_ref(vireo_session *s);
VIREO_API void vireo_session_unref(vireo_session *s);

#ifdef __cplusplus
}
#endif
#endif
