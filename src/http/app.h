/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* app.h (http): how an application lies in memory. server.h is for the floors above; this is for
 * the files of this one.
 *
 *     app.c       options, mounts; the graceful end
 *     routes.c    what is registered;  chain.c  the way of a request along it
 *     drain.c     the slow end before that
 *     run.c       vireo_run: signals, and the program around an application
 *     conn.c      a connection: bytes to requests, one after the other; time-outs; its end
 *     h2.c        HTTP/2: many requests at a time;  h2_stream.c  each of them
 *     request.c   what a handler reads from a request
 *     respond.c   what a handler answers;  hooks.c  who wants to know of it
 *     sending.c   replies too large to queue at once;  streaming.c  replies in pieces
 *     compress.c  replies made smaller
 *     intake.c    bodies that come in pieces, or coded;  upload.c  forms with files
 *     file.c      a file as a reply;  static.c  a folder of them
 *     session.c   sessions; session.h names their other files
 *     connlog.c   who comes and goes;  system.c  what the system allows us, told by advice.c
 *     group.c ports.c handover.c bridge.c settle.c   several applications that are one server
 *                 (group.h)
 *     gather.c    a request whose answer is of all of these
 *     metrics.c   what is counted, for Prometheus;  exposition.c  its format, a codec
 *     middleware.c cors.c ratelimit.c accesslog.c   ready-made middleware
 *     jar.c       cookies;  client.c  who the client is;  negotiate.c  what it likes best
 *     agent.c     requests to other servers;  agent_conn.c  their connections
 *     parse.c answer.c router.c reply.c mime.c coding.c form.c multipart.c range.c conditions.c
 * accept.c cookies.c forwarded.c h2_request.c h2_reply.c codecs
 */

#ifndef VIREO_HTTP_APP_H
#define VIREO_HTTP_APP_H

#include "http/forwarded.h"
#include "http/reply.h"
#include "http/server.h"
#include "loop/deadline.h"
#include "net/listener.h"

/* One entry of the list of routes, which is searched in the order of registration. */
typedef struct vireo__route {
    vireo__list node;
    enum { VIREO__ROUTE, VIREO__ROUTE_USE, VIREO__ROUTE_UPGRADE, VIREO__ROUTE_FOLDER } kind;
    bool stream;   /* called at the head */
    char *pattern; /* of a folder: its prefix, ended by a slash */
    const char *method;
    vireo_handler handler;
    void *user;
    size_t max_body_bytes; /* 0: the application's */
    struct vireo__folder *folder;
} vireo__route;

/* A handler of errors; the list is searched in its order. */
typedef struct vireo__error_route {
    vireo__list node; /* longest prefix first */
    char *prefix;
    vireo_error_handler handler;
    void *user;
} vireo__error_route;

/* A listener of the application; gone when its last stream is. */
typedef struct vireo__listening {
    vireo__list node;
    vireo_app *app;
    vireo__listener *listener;
    bool http2;    /* without TLS, for clients that begin with it */
    unsigned port; /* of a group: its number there */
} vireo__listening;

/* What vireo_trust_proxy was told. */
typedef struct vireo__proxies {
    bool forwarded; /* they speak Forwarded */
    vireo__trust whom;
} vireo__proxies;

/* The slow end (drain.c). */
typedef struct vireo__drain {
    vireo__deadline tick;
    uint64_t begin; /* of vireo__loop_now */
    uint32_t window_ms;
    bool on;
    bool empty; /* nobody is left; of a group: all wait for that */
} vireo__drain;

#define VIREO__STATUSES 500 /* 100 to 599 */

struct vireo_app {
    vireo_app_options options; /* with the defaults filled in */
    vireo_loop *loop;
    void *user;
    void *extension;
    vireo__list mounts; /* longest prefix first */
    vireo__list parts;
    vireo__list routes;
    vireo__list error_routes;
    vireo__list conns;
    vireo__list h2;        /* connections of HTTP/2 */
    vireo__list listeners; /* of vireo__listening */
    vireo__list guests;    /* of vireo__guest */
    vireo__list stop_hooks;
    struct vireo__agent *agent; /* NULL until it is asked for */
    vireo__turn_task stop_task;
    vireo__drain drain;
    vireo__deadline time_box;               /* of the graceful end */
    uint64_t replies[VIREO__STATUSES];      /* counted; [0] is status 100 */
    vireo__pool requests;                   /* memory of vireo_req */
    vireo__buf head;                        /* of the reply under construction */
    char **secrets;                         /* of vireo_secrets, ended by NULL; NULL: none */
    vireo__proxies *trust;                  /* of vireo_trust_proxy; NULL: nobody */
    struct vireo__compression *compression; /* of vireo_compress; NULL: none */
    int64_t date_at;                        /* seconds; |date| is written for */
    struct vireo__group *group;             /* of workers; NULL: it is alone */
    unsigned worker;                        /* its number there */
    unsigned ports;                         /* how many of the group's it serves */
    struct metrics *metrics;                /* of vireo_metrics; NULL: none */
    uint16_t port;
    vireo_connections_format connlog;
    uv_thread_t thread; /* of vireo_thread_start */
    bool threaded;      /* .. which was called */
    bool stopping;      /* the graceful end has begun */
    bool stopped;       /* .. and everybody was told */
    bool finished;      /* all connections are closed */
    char date[VIREO__HTTP_DATE_SIZE];
};

/* vireo__app_date returns the text of a Date header for now; valid until the next second's. */
const char *vireo__app_date(vireo_app *app);

/* vireo__app_find_mount returns the mount of a path as it came, or NULL. */
const vireo__mount *vireo__app_find_mount(const vireo_app *app, vireo__str path);

/* vireo__app_add_route appends an entry. |pattern| is copied. */
int vireo__app_add_route(vireo_app *app, const vireo__route *entry, const char *pattern);

/* vireo__secrets_free frees a list of vireo_secrets. NULL is allowed. */
void vireo__secrets_free(char **secrets);

/* vireo__app_free_routes frees the lists of routes and of handlers of errors. */
void vireo__app_free_routes(vireo_app *app);

/* vireo__app_use registers middleware that owns |user|: |free_fn| is called with it when the
 * application is freed, or at once when memory runs out. Returns as vireo_use. */
int vireo__app_use(vireo_app *app, const char *prefix, vireo_handler handler, void *user,
                   void (*free_fn)(void *));

/* vireo__app_count counts a reply. */
static inline void vireo__app_count(vireo_app *app, unsigned status)
{
    if (status >= 100 && status < 100 + VIREO__STATUSES)
        app->replies[status - 100]++;
}

/* vireo__app_connections returns how many streams are open, detached ones too. */
size_t vireo__app_connections(const vireo_app *app);

/* vireo__app_full tells whether there are as many connections as there may be, here or in its
 * group. */
bool vireo__app_full(const vireo_app *app);

/* vireo__app_tell_address prints where |l| listens, for vireo_run. */
void vireo__app_tell_address(const vireo__listener *l, const vireo_listen_options *o);

/* vireo__app_run_loop runs its loop until the application has finished. Returns 0, or a negative
 * number when that is not possible in this process; it has told why. */
int vireo__app_run_loop(vireo_app *app);

/* vireo__compression_free frees what vireo_compress has made. NULL is allowed. */
void vireo__compression_free(struct vireo__compression *compression);

/* vireo__system_prepare takes what descriptors the system grants, and tells what it allows. */
void vireo__system_prepare(vireo_app *app, int backlog);

/* vireo__app_end_now cuts all connections; the rest of the end follows. */
void vireo__app_end_now(vireo_app *app);

/* vireo__folder_free frees what vireo_static has made. NULL is allowed. */
void vireo__folder_free(struct vireo__folder *folder);

/* vireo__folder_serve answers with a file of the folder. Returns 0, 1 when there is none (nothing
 * is answered), or a negative number. */
int vireo__folder_serve(const struct vireo__folder *folder, vireo_req *r, vireo__str path);

#endif
