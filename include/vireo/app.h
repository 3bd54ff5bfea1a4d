/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* app.h: an application: one loop, one listener, HTTP routes, WebSocket endpoints and Socket.IO on
 * one port.
 *
 *     vireo_app *app = vireo_app_new();
 *     vireo_static(app, "/", "public");
 *     return vireo_run(app, .port = 3000);
 */

#ifndef VIREO_APP_H
#define VIREO_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vireo/error.h>
#include <vireo/log.h>
#include <vireo/tls.h>
#include <vireo/version.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vireo_app vireo_app;
typedef struct vireo_loop vireo_loop;

/* How the bytes of connections move. */
typedef enum vireo_io_kind {
    /* as VIREO_IO_URING, without a warning, for an application that listens and makes its own loop;
     * else as VIREO_IO_UV */
    VIREO_IO_AUTO,
    VIREO_IO_UV, /* libuv's streams */
    /* io_uring where the kernel lets us and is new enough (6.17); else libuv's, with a warning */
    VIREO_IO_URING,
} vireo_io_kind;

/* Options of an application. What is 0 or NULL has the default. */
typedef struct vireo_app_options {
    size_t size; /* filled in by the macro */
    /* a uv_loop_t of yours, borrowed until vireo_app_free; NULL: the application makes its own */
    void *uv_loop;
    vireo_log_fn log; /* NULL: warnings and errors go to stderr */
    void *log_user;
    /* beyond it a new connection is closed at once, and a Socket.IO session refused with 503;
     * default 1,000,000 */
    uint32_t max_connections;
    uint32_t max_head_bytes; /* request line and headers; default 16,384; beyond: 431 */
    uint32_t max_headers;    /* default 100; beyond: 431 */
    /* of a request, where the route sets no limit; default 1,000,000; beyond: 413 */
    size_t max_body_bytes;
    /* queued for one connection that reads too slowly; default 16 MiB; beyond it, or beyond one
     * message for each 32 of these bytes (but 1,024 of them), it is closed */
    size_t max_queued_bytes;
    /* for a whole request head, from its first byte (or the accept); default 10,000 */
    uint32_t header_timeout_ms;
    uint32_t body_timeout_ms;       /* without a byte of the body; default 30,000 */
    uint32_t keep_alive_timeout_ms; /* idle between requests; default 65,000 */
    /* for connections that are busy when the graceful end begins, then they are cut; default 8,000:
     * process managers commonly kill after 10 s */
    uint32_t stop_timeout_ms;
    /* In vireo_run the first SIGTERM does not stop the application, but drains it over this time
     * (vireo_drain); a second one stops it. Default 0: it stops. */
    uint32_t drain_ms;
    /* queued for all that read too slowly together; default 256 MiB. Beyond it those are closed who
     * have more than 64 KiB of it */
    size_t max_queued_total;
    /* What the library tells of its own doings, to the log at VIREO_DEBUG (or to stderr): patterns
     * as of npm's debug, "engine*,-engine:socket". Areas: http, engine, engine:socket,
     * socket.io:client, socket.io:socket, socket.io-parser. Ids and auths are not shown. Default:
     * the environment's VIREO_DEBUG; "" for nothing. */
    const char *debug;
    /* Default: what the environment's VIREO_IO says, "uv" or "uring"; else VIREO_IO_AUTO. Both
     * behave the same. With io_uring all that a turn of the loop has to say leaves with one system
     * call, and a uv_loop_t of yours must be run by one and the same thread. */
    vireo_io_kind io;
} vireo_app_options;

/* vireo_app_new returns new: an application that listens nowhere yet; NULL when memory runs out.
 * Ended by vireo_run, or by vireo_app_free.
 *
 * After fork() the child may run an application on a loop of its own that has not run yet, so that
 * several processes can serve one port. A client on that loop connects after fork(): before, its
 * connection would be the parent's too, and the child may be unable to run it. An application that
 * has run is the parent's: the child leaves it alone. */
#define vireo_app_new(...)                                                                         \
    vireo_app_create(&(const vireo_app_options){.size = sizeof(vireo_app_options), __VA_ARGS__})
VIREO_API vireo_app *vireo_app_create(const vireo_app_options *options);

/* Options of a listener. */
typedef struct vireo_listen_options {
    size_t size;
    const char *host; /* numeric address or "localhost"; NULL: all addresses, IPv6 and IPv4 */
    uint16_t port;    /* 0 lets the system choose, see vireo_port */
    /* a unix socket instead of host and port; an old socket file there is replaced */
    const char *unix_path;
    int backlog; /* default 4096 (the system may lower it) */
    /* printed by vireo_run as "NAME: listening on URL"; NULL: nothing is printed */
    const char *name;
    vireo_error *error; /* where to tell what went wrong; may be NULL (vireo_run prints it then) */
    /* TLS (https, wss): an object, borrowed for the call (the listener takes a reference of its
     * own); or, for one certificate, the two files (key_file NULL: the key stands in cert_file) */
    vireo_tls *tls;
    const char *cert_file;
    const char *key_file;
    /* Every connection begins with a head of the PROXY protocol (1 or 2), in which a load balancer
     * tells the client's address, before TLS if there is any. Only for ports that nobody else can
     * reach: whoever connects without one is turned away, whoever sends one is believed. */
    bool proxy_protocol;
    /* connections whose head or handshake is not complete; default 16,384; beyond: closed */
    uint32_t max_pending;
    /* a socket that is bound already, instead of host and port; the listener closes it, unless it
     * cannot listen: then it stays yours; 0: none */
    int fd;
    /* The socket that systemd has opened for us (socket activation), the first one or the one of
     * this name; where none was passed, host and port hold. */
    bool systemd;
    const char *systemd_name;
    /* HTTP/2 beside HTTP/1.1: with cert_file for clients that ask for it (with tls, its own option
     * decides); without TLS for those that begin with it, as gateways do and browsers do not */
    bool http2;
} vireo_listen_options;

/* vireo_listen starts to accept connections; may be called several times. Returns 0, -errno
 * (-EADDRINUSE ..), VIREO_EINVAL, VIREO_ETLS. */
#define vireo_listen(app, ...)                                                                     \
    vireo_app_listen(                                                                              \
        (app), &(const vireo_listen_options){.size = sizeof(vireo_listen_options), __VA_ARGS__})
VIREO_API int vireo_app_listen(vireo_app *app, const vireo_listen_options *options);

/* vireo_port returns the port of the first listener; 0 before there is one. */
VIREO_API uint16_t vireo_port(const vireo_app *app);

/* vireo_run listens, runs the loop until SIGINT, SIGTERM or vireo_stop, then ends everything and
 * frees the application. It raises the limit of descriptors as far as the system lets it (and
 * max_connections needs it), and tells the log, at VIREO_INFO, how many connections there is room
 * for and what stands in the way of more.
 *
 * app   takes
 * Returns what main should: 0 after a clean end, 1 when it could not start (told on stderr). */
#define vireo_run(app, ...)                                                                        \
    vireo_app_run(                                                                                 \
        (app), &(const vireo_listen_options){.size = sizeof(vireo_listen_options), __VA_ARGS__})
VIREO_API int vireo_app_run(vireo_app *app, const vireo_listen_options *options);

/* vireo_run_loop is vireo_run for an application that listens nowhere (a program that only connects
 * to others), or where vireo_listen has said it already: runs the loop until SIGINT, SIGTERM or
 * vireo_stop, ends everything and frees the application.
 *
 * app   takes */
VIREO_API void vireo_run_loop(vireo_app *app);

/* vireo_thread_start runs the application's loop on a thread of its own, for programs that have
 * none; all handlers run on that thread, and all of the application belongs to it from now on, save
 * vireo_post and the functions that say "any thread". Signals are left to the program. Returns 0,
 * VIREO_EINVAL (it runs already, or on a uv_loop_t of yours), -errno. */
VIREO_API int vireo_thread_start(vireo_app *app);

/* vireo_thread_end ends an application that vireo_thread_start has begun: stops it as vireo_stop,
 * waits for its end, and frees it. On any thread but its own.
 *
 * app   takes; NULL is allowed */
VIREO_API void vireo_thread_end(vireo_app *app);

/* vireo_stop begins the graceful end: no new connections, sockets are disconnected with "server
 * shutting down", event handlers run, connections are closed. vireo_run returns when all that is
 * done. Allowed in any callback; a second call does nothing. */
VIREO_API void vireo_stop(vireo_app *app);

/* vireo_drain is a slow beginning of that end, for a server whose clients shall go to another one
 * and not all at once: from now on who asks for a new session, a WebSocket or an event stream gets
 * 503, and those who have one are told to leave, in even steps over |window_ms|, after what is
 * queued for them. They see a lost connection, upon which the official clients connect anew by
 * themselves; the sockets' reason is "server shutting down". Plain requests are answered as before.
 * 250 ms after the last has left, or stop_timeout_ms after the window, comes vireo_stop.
 *
 * Returns 0, or VIREO_ECLOSED when the end has begun already. */
VIREO_API int vireo_drain(vireo_app *app, uint32_t window_ms);

/* vireo_draining tells whether vireo_drain or vireo_stop was called: what a load balancer that asks
 * for our health should be told. */
VIREO_API bool vireo_draining(const vireo_app *app);

/* vireo_on_stop has |fn| called once when the graceful end begins, before any socket is
 * disconnected. */
VIREO_API int vireo_on_stop(vireo_app *app, void (*fn)(vireo_app *app, void *user), void *user);

/* vireo_app_free ends an application that runs on a uv_loop_t of yours, or that never ran: closes
 * what is open, runs the loop until its own handles are closed, frees all. Not inside a callback.
 * NULL is allowed. */
VIREO_API void vireo_app_free(vireo_app *app);

/* vireo_log_connections has a line written for each Socket.IO socket, WebSocket and event stream
 * that comes or goes: at VIREO_INFO to the application's log, or to stderr where it has none. Keys,
 * where they apply:
 *
 *     path ns id address transport     who
 *     by                               "client", "server" or "network": who ended it
 *     reason description code          why; the code is that of a WebSocket's close frame
 *     queued                           bytes that it had not taken
 *     seconds                          since its handshake
 *
 * Off by default. docs/operation.md has examples. */
VIREO_API void vireo_log_connections(vireo_app *app, vireo_connections_format format);

/* vireo_app_set_user and vireo_app_user keep one pointer of yours with the application;
 * borrowed. */
VIREO_API void vireo_app_set_user(vireo_app *app, void *user);
VIREO_API void *vireo_app_user(const vireo_app *app);

/* Timers. A vireo_timer runs on the application's loop. */
typedef struct vireo_timer vireo_timer;
typedef void (*vireo_timer_fn)(vireo_timer *timer, void *user);

/* vireo_every returns a timer that calls |fn| each |interval_ms| (at least 1), first after one
 * interval. It lives until vireo_timer_stop or the application's end. NULL when memory runs out. */
VIREO_API vireo_timer *vireo_every(vireo_app *app, uint32_t interval_ms, vireo_timer_fn fn,
                                   void *user);

/* vireo_after returns a timer that calls |fn| once; it is gone when |fn| returns. */
VIREO_API vireo_timer *vireo_after(vireo_app *app, uint32_t delay_ms, vireo_timer_fn fn,
                                   void *user);

/* vireo_timer_stop ends and frees a timer; allowed inside its own callback. NULL is allowed. */
VIREO_API void vireo_timer_stop(vireo_timer *timer);

/* vireo_post has |fn| called on the application's loop soon. Any thread, while the application
 * lives. Returns 0, VIREO_ENOMEM, or VIREO_ECLOSED once the application has ended its loop's work.
 */
VIREO_API int vireo_post(vireo_app *app, void (*fn)(vireo_app *app, void *user), void *user);

#ifdef __cplusplus
}
#endif
#endif
