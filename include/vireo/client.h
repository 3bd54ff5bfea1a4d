/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client.h: the Socket.IO client. A client's socket is a vireo_socket as a server's: the same
 * handlers, the same tables, the same verbs (socket.h: vireo_emit, vireo_emit_ack, vireo_ack,
 * vireo_arg, vireo_on, vireo_data, vireo_id, vireo_disconnect ..).
 *
 *     static void on_connect(vireo_socket *s)
 *     {
 *         vireo_emit(s, "hello", "{from:%s}", "C");
 *     }
 *     ...
 *     vireo_socket *s = vireo_connect(app, "http://localhost:3000", .on_connect = on_connect,
 *                                     .events = events);
 *     vireo_run_loop(app);
 *
 * A socket is valid from vireo_connect on, through all its reconnections, until vireo_drop or the
 * end of its application. Sockets for several namespaces of one server share one connection.
 *
 * Rooms, guards and handshakes belong to servers: vireo_ns_of is NULL here, vireo_join answers
 * VIREO_EINVAL.
 */

#ifndef VIREO_CLIENT_H
#define VIREO_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vireo/app.h>
#include <vireo/parser.h>
#include <vireo/socket.h>
#include <vireo/tls.h>
#include <vireo/value.h>
#include <vireo/version.h>
#include <vireo/ws.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Why a connection could not be made, or a namespace not be joined. All is borrowed for the
 * call. */
typedef struct vireo_connect_error {
    /* "xhr poll error", "xhr post error", "websocket error", "server error", "timeout"; "io server
     * disconnect", when it was put out before it was let in; or what the server says */
    const char *message;
    const vireo_value *data; /* what the server adds to its refusal, or NULL */
    /* The server has refused this socket: it does not try again by itself, vireo_open does. All
     * else is tried again. */
    bool refused;
    const char *description; /* in words: what was tried, and what came of it; "" if nothing more */
    int code;                /* VIREO_ETIMEDOUT, -ECONNREFUSED .. */
    unsigned status;         /* of an HTTP answer that was none of Engine.IO's; 0 */
} vireo_connect_error;

#define VIREO_CLIENT_NEVER UINT32_MAX

/* Options of a socket and of its connection; names and defaults are those of the official client.
 * What is 0 or NULL has the default. All texts are copied. */
typedef struct vireo_client_options {
    size_t size;

    /* --- the socket --- */

    size_t data_size;                    /* bytes of your own in it, zeroed: vireo_data */
    void *user;                          /* vireo_client_user; borrowed */
    const vireo_event_handler *events;   /* borrowed as long as the socket; ends with { 0 } */
    void (*on_connect)(vireo_socket *s); /* each time; vireo_id(s) is another one then */
    void (*on_connect_error)(vireo_socket *s, const vireo_connect_error *error);
    /* Once for each on_connect. "io server disconnect" and "io client disconnect": it does not
     * connect again by itself; "ping timeout", "transport close", "transport error", "parse error":
     * it does; "forced close": vireo_disconnect of another socket has closed the connection. */
    void (*on_disconnect)(vireo_socket *s, const vireo_disconnect_info *why);
    vireo_event_fn on_any; /* every event, before its handler */
    /* every event, when it is sent and not while it waits in the send buffer */
    vireo_event_fn on_any_outgoing;

    /* What the server's guards are given: an object, as a template without conversions
     * ("{token:'abc'}"). vireo_auth changes it. */
    const char *auth;
    /* .. or ask for it: called before each CONNECT, which waits until vireo_auth is called, now or
     * later. */
    void (*on_auth)(vireo_socket *s);
    uint32_t ack_timeout_ms; /* of a vireo_emit_ack with timeout_ms 0; default: none */
    /* At least once: an event waits in a queue until the server has acknowledged it, or 1 + so many
     * tries have failed. One event is under way at a time. Set ack_timeout_ms with it, else a try
     * lasts as long as its connection. Default: events are sent once. */
    uint32_t retries;
    bool no_connect; /* autoConnect: false: vireo_open begins */
    bool force_new;  /* a connection of its own */

    /* --- what happens to the connection; told to each socket on it --- */

    void (*on_open)(vireo_socket *s); /* Engine.IO's session stands; on_connect follows */
    void (*on_close)(vireo_socket *s, const vireo_disconnect_info *why); /* once for each on_open */
    void (*on_error)(vireo_socket *s, const vireo_connect_error *error); /* it could not be made */
    void (*on_ping)(vireo_socket *s);                                    /* of the server */
    void (*on_upgrade)(vireo_socket *s, const char *transport);
    /* All that was queued has left, after it could not at once: over polling after a POST, over
     * WebSocket when the server had been slow. */
    void (*on_drain)(vireo_socket *s);
    void (*on_reconnect_attempt)(vireo_socket *s, uint32_t attempt); /* the first is 1 */
    void (*on_reconnect)(vireo_socket *s, uint32_t attempt);
    void (*on_reconnect_error)(vireo_socket *s, const vireo_connect_error *error);
    void (*on_reconnect_failed)(vireo_socket *s); /* after reconnect_attempts of them */

    /* --- the connection; those of its first socket count --- */

    const char *path;       /* default "/socket.io" */
    bool no_trailing_slash; /* addTrailingSlash: false */
    /* names and values by turns, ended by NULL; NULL: the query of the URL */
    const char *const *query;
    /* more headers of all requests, of polling's, of the WebSocket's (transportOptions); names and
     * values by turns, ended by NULL */
    const char *const *headers;
    const char *const *polling_headers;
    const char *const *websocket_headers;
    /* Transports in the order in which they are tried, default "polling,websocket"; the first one
     * opens the session. */
    const char *transports;
    bool try_all_transports; /* when the first one cannot be had, try the next one */
    bool no_upgrade;         /* stay with the first one */
    bool remember_upgrade;   /* begin with the WebSocket if it worked the last time */
    bool force_base64;       /* binary as base64, over the WebSocket too */
    bool no_timestamps;      /* do not make each poll's URL a different one */
    bool websocket_timestamps;
    const char *timestamp_param; /* default "t" */
    bool cookies;                /* withCredentials: keep the server's cookies for a session */
    vireo_tls_client *tls;       /* for https; default: the system's CAs */
    const char *proxy;           /* "http://[user:password@]host[:port]" (CONNECT), "socks5://.." */
    const char *unix_path;       /* connect to this unix socket, whatever the URL's host is */
    const char *protocols;       /* sub-protocols of the WebSocket */
    vireo_ws_deflate deflate;    /* of the WebSocket; see ws.h */
    uint32_t request_timeout_ms; /* of one poll or POST; default: none */
    uint32_t timeout_ms;         /* of one attempt to connect; default 20,000; VIREO_CLIENT_NEVER */
    size_t max_message_bytes;    /* of one that arrives; default 100,000,000 */
    uint32_t max_attachments;    /* binary parts of one packet that arrives; default 10 */
    /* Waiting to be sent on this connection, and once more in each socket's send buffer while it is
     * not connected; default: the application's. Beyond: VIREO_EFULL. */
    size_t max_queued_bytes;

    bool no_reconnect;               /* reconnection: false */
    uint32_t reconnect_attempts;     /* default: no limit */
    uint32_t reconnect_delay_ms;     /* before the first; default 1,000; then twice as long .. */
    uint32_t reconnect_delay_max_ms; /* .. up to this; default 5,000 */
    /* 0..1: the part of it that is left to chance; default 0.5; negative: none */
    double randomization;

    /* Other URLs of the same service, ended by NULL; only their scheme, host and port count. The
     * first connection goes to one of all by chance, and each further attempt to the next one. */
    const char *const *more_urls;

    vireo_error *error; /* what is wrong with these options, in words; may be NULL */

    /* How packets are written and read, see parser.h: as the server does it; NULL: the JSON of
     * Socket.IO. Both are borrowed as long as the application lives. */
    const vireo_parser *parser;
    void *parser_user;

    /* --- more that happens to the connection; told to each socket on it --- */

    /* To look on: each packet of Engine.IO, as it comes, or as it is queued (.sent), from inside
     * what sends it. The first is the server's handshake, '0' and its JSON. Those of the probe are
     * not shown. Must not send, disconnect or drop. */
    void (*on_packet)(vireo_socket *s, const vireo_packet_info *packet);
    /* The server has answered on the WebSocket; on_upgrade follows when polling has come to its
     * end, or on_upgrade_error. */
    void (*on_upgrading)(vireo_socket *s, const char *transport);
    /* There will be no WebSocket on this connection: "probe error", and why. Polling goes on. */
    void (*on_upgrade_error)(vireo_socket *s, const vireo_connect_error *error);
} vireo_client_options;

/* vireo_connect begins to connect a socket to a namespace of a server.
 *
 * url    http, https, ws or wss; the path is the namespace; without a scheme: https. User and
 *        password in it become Basic authorization.
 *
 * A second socket for the same server and path shares the connection of the first one, unless it
 * is for the same namespace, or .force_new.
 *
 * Returns the socket (borrowed: see above), which may be used at once: what is emitted waits until
 * it is connected. NULL, and .error, for what is no URL, an option out of its range, want of
 * memory, and an application that is ending. */
#define vireo_connect(app, url, ...)                                                               \
    vireo_client_connect(                                                                          \
        (app), (url),                                                                              \
        &(const vireo_client_options){.size = sizeof(vireo_client_options), __VA_ARGS__})
VIREO_API vireo_socket *vireo_client_connect(vireo_app *app, const char *url,
                                             const vireo_client_options *options);

/* vireo_open connects a socket that is not active: one that was refused or disconnected, or was
 * made with .no_connect; and begins anew after on_reconnect_failed. Nothing if it is connecting.
 * Returns 0; VIREO_EINVAL for a server's socket; VIREO_ECLOSED once the application ends. */
VIREO_API int vireo_open(vireo_socket *s);

/* vireo_drop disconnects the socket, if it is connected, and ends it: what it waits for is told
 * VIREO_ECLOSED, what still waited to be sent is thrown away. |s| must not be used after it; inside
 * a handler of its own it is valid until that returns. NULL is allowed. */
VIREO_API void vireo_drop(vireo_socket *s);

/* vireo_auth sets what is sent with each CONNECT from now on, and is the answer to .on_auth.
 *
 * tmpl   one object; NULL: nothing
 * Returns 0, VIREO_EINVAL (no object, a server's socket), VIREO_ETEMPLATE, VIREO_ENOMEM. */
VIREO_API int vireo_auth(vireo_socket *s, const char *tmpl, ...) VIREO_PRINTF(2, 3);

/* vireo_active tells whether the socket is connected, or is going to be. */
VIREO_API bool vireo_active(const vireo_socket *s);

VIREO_API void *vireo_client_user(const vireo_socket *s); /* .user */

/* vireo_set_reconnect switches the reconnection of a socket's connection on or off. */
VIREO_API void vireo_set_reconnect(vireo_socket *s, bool on);

/* vireo_buffered returns how many events wait until the socket is connected. */
VIREO_API size_t vireo_buffered(const vireo_socket *s);

/* --- from other threads -----------------------------------------------------------------------

 * For programs without a loop, whose application runs on a thread of its own (vireo_thread_start). A
 * socket that other threads use is dropped when none of them uses it any more, or with the
 * application: vireo_thread_end. */

/* vireo_post_emit hands an event over to be emitted on the loop's thread, after what was handed
 * over before. Any thread. Returns 0, VIREO_EINVAL (a server's socket), VIREO_ERESERVED,
 * VIREO_ETEMPLATE, VIREO_ENOMEM, VIREO_ECLOSED (the application has ended). */
VIREO_API int vireo_post_emit(vireo_socket *s, const char *event, const char *tmpl, ...)
    VIREO_PRINTF(3, 4);

/* vireo_post_ask emits an event and waits for its answer. Any thread but the loop's, which must be
 * running.
 *
 * timeout_ms  0: .ack_timeout_ms; without that as long as the connection lasts
 * answer      new: the array that the server has answered, for vireo_value_free; NULL unless 0 is
 *             returned
 * Returns 0; VIREO_ETIMEDOUT; VIREO_ECLOSED: the connection, or the application, has ended before;
 * and as vireo_post_emit. */
VIREO_API int vireo_post_ask(vireo_socket *s, uint32_t timeout_ms, vireo_value **answer,
                             const char *event, const char *tmpl, ...) VIREO_PRINTF(5, 6);

#ifdef __cplusplus
}
#endif
#endif
