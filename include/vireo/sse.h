/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* sse.h: Server-Sent Events (WHATWG HTML, section 9.2): streams of events over plain HTTP, which a
 * browser's EventSource reads and opens again when they break.
 *
 *     vireo_sse_endpoint *clock = vireo_event_stream(app, "/clock", .history_events = 100);
 *     ...
 *     vireo_sse_publish(clock, NULL, "tick", "{now:%lld}", now);
 *
 * A stream that was cut off comes back with the id of the last event it has seen. With a history,
 * the endpoint then sends what was published since, before anything new.
 *
 * The library sends "Cache-Control: no-cache" and "X-Accel-Buffering: no", compresses nothing here
 * and writes at the end of each turn, so that no event waits in a buffer of ours or of a proxy. */

#ifndef VIREO_SSE_H
#define VIREO_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vireo/app.h>
#include <vireo/http.h>
#include <vireo/tls.h>
#include <vireo/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A vireo_sse is one open event stream; valid from on_open until on_close has returned. */
typedef struct vireo_sse vireo_sse;

/* A vireo_sse_endpoint is all streams of one path. It lives as long as the application. */
typedef struct vireo_sse_endpoint vireo_sse_endpoint;

typedef struct vireo_sse_options {
    size_t size;
    size_t data_size; /* bytes of your own in each stream, zeroed: vireo_sse_data */
    void *user;       /* vireo_sse_user; borrowed as long as the application lives */

    /* Asked before the stream begins. Return 0 to accept; or answer yourself (vireo_reply..) or
     * return a negative number to refuse, as a route's handler. A 204 tells the client to stay
     * away. vireo_req_user(r) is the vireo_sse_endpoint. */
    int (*on_request)(vireo_req *r);
    /* |r| is the request; gone when this returns. Rooms joined here count for the replay, which
     * follows. */
    void (*on_open)(vireo_sse *e, vireo_req *r);
    void (*on_drain)(vireo_sse *e); /* the kernel has taken all that was queued, after it had not */
    /* The end, exactly once. |error| 0: the client has gone, or vireo_sse_close; VIREO_EFULL: it
     * read too slowly. */
    void (*on_close)(vireo_sse *e, int error);

    uint32_t heartbeat_ms; /* a comment after so long without an event; default 15,000 */
    uint32_t retry_ms;     /* tells the client how long to wait before it comes back; 0: nothing */
    uint32_t history_events; /* published events kept for replay; default 0: none */
    size_t history_bytes;    /* .. and their size together; default 1 MiB */
    size_t
        max_queued_bytes; /* for one stream that reads too slowly; default 1 MiB; beyond: closed */
    uint32_t max_rooms;   /* joined by one stream; default 1,000 */
} vireo_sse_options;

/* vireo_event_stream registers an endpoint for GET. |path| is a route's pattern; copied. Returns
 * the endpoint (borrowed from the application), or NULL: see vireo_route for the causes. */
#define vireo_event_stream(app, path, ...)                                                         \
    vireo_sse_register((app), (path),                                                              \
                       &(const vireo_sse_options){.size = sizeof(vireo_sse_options), __VA_ARGS__})
VIREO_API vireo_sse_endpoint *vireo_sse_register(vireo_app *app, const char *path,
                                                 const vireo_sse_options *options);

/* --- to one stream ---------------------------------------------------------------------------- */

/* The events below return 0, VIREO_EINVAL (a line break in |event|), VIREO_EUTF8, VIREO_ECLOSED,
 * VIREO_EFULL (over max_queued_bytes: the stream is being closed), VIREO_ENOMEM; with a template
 * VIREO_ETEMPLATE too.
 *
 * event   its type, which the page names in addEventListener; NULL: "message". Copied. */

/* vireo_sse_send sends an event whose data is one JSON value made from a template (value.h). */
VIREO_API int vireo_sse_send(vireo_sse *e, const char *event, const char *tmpl, ...)
    VIREO_PRINTF(3, 4);

/* vireo_sse_send_text sends an event whose data is |text|, of any number of lines. */
VIREO_API int vireo_sse_send_text(vireo_sse *e, const char *event, const char *text);

/* vireo_sse_comment sends a line that clients pass over. */
VIREO_API int vireo_sse_comment(vireo_sse *e, const char *text);

/* vireo_sse_close ends the stream when all that is queued has been sent; on_close comes later. The
 * client will come back: to send it away for good, answer 204 in on_request. */
VIREO_API void vireo_sse_close(vireo_sse *e);

/* --- to many ---------------------------------------------------------------------------------- */

/* vireo_sse_publish sends an event to all streams in |room|, to all of the endpoint when |room| is
 * NULL; written once, shared by all, kept in the history under an id of its own. With several
 * workers (workers.h) those of the endpoints with this path on all of them get it, in the same
 * order, and they have one history: it does not matter to which of them a client comes back.
 *
 * Returns the number of streams of this worker it was queued for, or a negative number as above. */
VIREO_API int vireo_sse_publish(vireo_sse_endpoint *endpoint, const char *room, const char *event,
                                const char *tmpl, ...) VIREO_PRINTF(4, 5);
VIREO_API int vireo_sse_publish_text(vireo_sse_endpoint *endpoint, const char *room,
                                     const char *event, const char *text);

/* vireo_sse_join and vireo_sse_leave: 0 (twice is once), VIREO_EINVAL (no name, or more than 255
 * bytes), VIREO_ETOOBIG (max_rooms), VIREO_ECLOSED, VIREO_ENOMEM. */
VIREO_API int vireo_sse_join(vireo_sse *e, const char *room);
VIREO_API int vireo_sse_leave(vireo_sse *e, const char *room);

/* vireo_sse_each calls |fn| for each open stream. Closing any of them inside |fn| is allowed. */
VIREO_API void vireo_sse_each(vireo_sse_endpoint *endpoint, void (*fn)(vireo_sse *e, void *user),
                              void *user);

/* vireo_sse_count returns how many streams this worker has open; in |room| unless it is NULL. */
VIREO_API size_t vireo_sse_count(const vireo_sse_endpoint *endpoint, const char *room);

/* --- what is known of a stream ---------------------------------------------------------------- */

/* vireo_sse_missed tells whether the client may have missed events that are not replayed: the
 * history has no longer, or never had, what its Last-Event-ID stands for. */
VIREO_API bool vireo_sse_missed(const vireo_sse *e);

VIREO_API void *vireo_sse_data(vireo_sse *e); /* .data_size bytes; NULL when it is 0 */
VIREO_API void *vireo_sse_user(const vireo_sse *e);
VIREO_API vireo_sse_endpoint *vireo_sse_endpoint_of(const vireo_sse *e);
VIREO_API size_t vireo_sse_queued(const vireo_sse *e); /* bytes not yet taken by the kernel */
VIREO_API void *vireo_sse_endpoint_user(const vireo_sse_endpoint *endpoint);

/* vireo_sse_address returns the client's IP address, "" on a unix socket; valid as long as |e|. */
VIREO_API const char *vireo_sse_address(const vireo_sse *e);

/* --- the client ------------------------------------------------------------------------------- */

/* A vireo_sse_client reads an event stream of another server, as a browser's EventSource does, and
 * opens it again when it breaks. Valid until on_close has returned. */
typedef struct vireo_sse_client vireo_sse_client;

typedef struct vireo_sse_event {
    const char *event; /* its type; "message" if the server names none, or one with a NUL in it */
    const char *data;  /* ended by a NUL; valid UTF-8 */
    size_t len;
    const char *id; /* the newest of the stream; "" for none */
} vireo_sse_event;

typedef struct vireo_sse_client_options {
    size_t size;
    void *user; /* vireo_sse_client_user; borrowed until on_close */

    void (*on_open)(vireo_sse_client *c);
    /* |e| is borrowed for the call. */
    void (*on_event)(vireo_sse_client *c, const vireo_sse_event *e);
    /* The stream was lost or not reached, and is opened again in |delay_ms|; |text| says why. */
    void (*on_retry)(vireo_sse_client *c, uint32_t delay_ms, int error, const char *text);
    /* The end, exactly once. |error| 0: vireo_sse_disconnect, or the application's end;
     * VIREO_EREFUSED: an answer that is no event stream (a 204, another status below 500, another
     * type), which a server gives who wants no one to come back; else .attempts is exhausted. */
    void (*on_close)(vireo_sse_client *c, int error, const char *text);

    const char *const *headers;  /* names and values by turns, ended by NULL; copied */
    const char *last_event_id;   /* where to go on; NULL: at the newest; copied */
    const char *proxy;           /* "http://..", "socks5://.."; copied */
    const char *unix_path;       /* a unix socket, whatever the URL's host is; copied */
    vireo_tls_client *tls;       /* NULL: the system's certificates; borrowed for the call */
    uint32_t connect_timeout_ms; /* also for the head of the answer; default 10,000 */
    /* silence after which the connection is taken for dead; default 60,000; UINT32_MAX: never */
    uint32_t idle_timeout_ms;
    /* before it is opened again, where the server says nothing; longer each time it fails in a
     * row, up to max_retry_ms; defaults 3,000 and 30,000 */
    uint32_t retry_ms;
    uint32_t max_retry_ms;
    uint32_t attempts;      /* to open it, in a row; default: no limit */
    size_t max_event_bytes; /* default 1,000,000; beyond, the stream counts as lost */
    vireo_error *error;     /* what is wrong with the options; may be NULL */
} vireo_sse_client_options;

/* vireo_sse_connect opens |url| (http or https; copied). Redirects are followed.
 *
 * Returns the client, before any event of it; NULL, and .error, for options that cannot be, or when
 * memory runs out. */
#define vireo_sse_connect(app, url, ...)                                                           \
    vireo_sse_client_open(                                                                         \
        (app), (url),                                                                              \
        &(const vireo_sse_client_options){.size = sizeof(vireo_sse_client_options), __VA_ARGS__})
VIREO_API vireo_sse_client *vireo_sse_client_open(vireo_app *app, const char *url,
                                                  const vireo_sse_client_options *options);

/* vireo_sse_disconnect ends it: no more events, on_close comes at the end of the turn. Allowed in
 * any of its callbacks. */
VIREO_API void vireo_sse_disconnect(vireo_sse_client *c);

VIREO_API void *vireo_sse_client_user(const vireo_sse_client *c);

#ifdef __cplusplus
}
#endif
#endif
