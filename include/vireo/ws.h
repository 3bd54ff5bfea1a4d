/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws.h: raw WebSocket (RFC 6455): endpoints on the application's port, and connections to others.
 *
 *     static void on_message(vireo_ws *ws, const void *data, size_t len, bool binary)
 *     {
 *         vireo_ws_send(ws, data, len, binary);
 *     }
 *     ...
 *     vireo_websocket(app, "/echo", .on_message = on_message);
 *
 *     vireo_ws_connect(app, "wss://example.org/echo", .on_open = greet, .on_message = on_message);
 */

#ifndef VIREO_WS_H
#define VIREO_WS_H

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

/* A vireo_ws is one connection; valid from on_open until on_close has returned. Of a client: from
 * vireo_ws_connect on, and through all its reconnections. */
typedef struct vireo_ws vireo_ws;

/* A vireo_ws_endpoint is all that was registered under one path. It lives as long as the
 * application. */
typedef struct vireo_ws_endpoint vireo_ws_endpoint;

/* Compression of messages: permessage-deflate (RFC 7692). What is 0 has the default.
 *
 * By default no side's compressor remembers earlier messages ("no context takeover"): a connection
 * then owns no memory for it while no message is in work, and a broadcast is compressed once for
 * all. With takeover, small messages that resemble each other get much smaller, for 256 KiB (what
 * the server sends) and 40 KiB (what it receives) per connection; smaller windows take less. */
typedef struct vireo_ws_deflate {
    bool on; /* default: no compression */
    bool server_context_takeover;
    bool client_context_takeover;
    uint8_t server_max_window_bits; /* 8..15: log2 of the bytes looked back; default 15 */
    /* the same; below 15, a client that does not say that it can is served without compression */
    uint8_t client_max_window_bits;
    uint8_t level;     /* 1 (fast) .. 9 (small); default 6 */
    uint8_t mem_level; /* 1 .. 9: memory of the compressor; default 8 */
    /* a shorter message is sent as it is; default 1024 bytes, with takeover 1 */
    size_t threshold;
} vireo_ws_deflate;

#define VIREO_WS_NEVER UINT32_MAX

/* What happens to a message for a peer that reads too slowly. */
typedef enum vireo_ws_full {
    VIREO_WS_CLOSE, /* the connection is closed (on_close gets 1006) */
    VIREO_WS_SKIP /* the message is left out, VIREO_EFULL returned; on_drain tells the end of it */
} vireo_ws_full;

/* When a client's connection is lost, or cannot be made, it is made again, except after
 * vireo_ws_close and vireo_ws_terminate. What is 0 has the default. The wait before an attempt is
 * |factor| times the one before it, and shorter or longer by a random part of at most |jitter| of
 * it; it begins anew after a connection that was open for VIREO_WS_STABLE_MS. */
typedef struct vireo_ws_reconnect {
    bool on;           /* default: not */
    uint32_t min_ms;   /* before the first attempt; default 1,000 */
    uint32_t max_ms;   /* default 30,000 */
    double factor;     /* default 2 */
    double jitter;     /* 0..1; default 0.5; negative: none */
    uint32_t attempts; /* in a row, then it is given up: on_close; default: no limit */
} vireo_ws_reconnect;

#define VIREO_WS_STABLE_MS 5000

typedef struct vireo_ws_options {
    size_t size;
    size_t data_size; /* bytes of your own in each connection, zeroed: vireo_ws_data */
    void *user;       /* vireo_ws_user; borrowed as long as the application lives */

    /* Asked before the handshake is answered. Return 0 to accept; or answer yourself
     * (vireo_reply..) or return a negative number to refuse (as a route's handler). The handshake
     * itself is in order. vireo_req_user(r) is the vireo_ws_endpoint; vireo_ws_upgrade_data(r) is
     * the place for what on_open shall know. */
    int (*on_upgrade)(vireo_req *r);
    void (*on_open)(vireo_ws *ws);
    /* A whole message; a text is valid UTF-8. |data| is borrowed for the call. None comes after
     * vireo_ws_close. */
    void (*on_message)(vireo_ws *ws, const void *data, size_t len, bool binary);
    /* Instead of on_message: what of a message has arrived, without collecting it; may be empty
     * when it is the |last|. A text is valid UTF-8 as a whole; a piece may end inside a character.
     * |data| is borrowed for the call. */
    void (*on_piece)(vireo_ws *ws, const void *data, size_t len, bool binary, bool last);
    /* A ping; the library has answered it. */
    void (*on_ping)(vireo_ws *ws, const void *data, size_t len);
    void (*on_pong)(vireo_ws *ws, const void *data, size_t len);
    /* Something went wrong, on_close follows; |text| says what, e.g. "invalid UTF-8". */
    void (*on_error)(vireo_ws *ws, int error, const char *text);
    /* The end, exactly once. |code| 1005: a close without code; 1006: no close frame came. |reason|
     * is "" where there is none. */
    void (*on_close)(vireo_ws *ws, uint16_t code, const char *reason);
    void (*on_drain)(vireo_ws *ws); /* the kernel has taken all that was queued, after it had not */

    size_t max_message_bytes;  /* default 1,000,000; beyond: close 1009 */
    uint32_t max_fragments;    /* per message; default 131,072; beyond: close 1008 */
    uint32_t close_timeout_ms; /* for the peer's answer to our close; default 30,000 */

    /* Sub-protocols, e.g. "chat.v2, chat.v1"; copied. The first of the client's that is among them
     * is agreed on: vireo_ws_protocol. Default: none. Of a client: those that it asks for; a server
     * that chooses none of them is refused. */
    const char *protocols;
    /* Whose pages may connect, e.g. "self, https://example.com"; copied. "self" is the host that
     * the browser asked. A handshake with another Origin gets 403; one without any comes from no
     * browser and passes. Default: all. */
    const char *origins;

    /* Silence of the peer, ended with close 1001 (up to a quarter later); after half of it the peer
     * is pinged, and its answer is a sign of life. Default 120,000; VIREO_WS_NEVER. */
    uint32_t idle_timeout_ms;
    bool no_ping; /* who says nothing of its own accord is closed, even if it is well */
    /* of a connection; then it is closed with 1001, so that clients come to newer servers; default:
     * no limit */
    uint32_t max_lifetime_ms;

    size_t max_queued_bytes; /* of one connection; default: the application's */
    vireo_ws_full when_full; /* what a message beyond that causes */
    uint32_t max_topics;     /* of one connection; default 1024 */

    vireo_ws_deflate deflate;

    /* --- of clients only (vireo_ws_connect); all is copied --- */

    /* Further headers of the request: names and values by turns, ended by NULL. */
    const char *const *headers;
    const char *origin; /* the header Origin, for servers that want one */
    const char *proxy;  /* "http://[user:password@]host[:port]" (CONNECT) or "socks5://.." */
    /* Connect to this unix socket; the URL only tells what to ask for there. */
    const char *unix_path;
    /* For wss: which CAs to trust, a certificate of our own. Default: the system's CAs. */
    vireo_tls_client *tls;
    /* until the connection stands, and once more until the server has answered; default 10,000 */
    uint32_t connect_timeout_ms;
    uint8_t max_redirects; /* to follow; default 0: an answer that redirects is a refusal */
    bool allow_downgrade;  /* follow a redirect from wss to ws */
    vireo_ws_reconnect reconnect;
    /* The connection is lost (|code| and |reason| as of on_close) or could not be made (1006, after
     * on_error), and will be made again in |delay_ms|. vireo_ws_close here prevents that. */
    void (*on_retry)(vireo_ws *ws, uint16_t code, const char *reason, uint32_t delay_ms);
    vireo_error *error; /* what is wrong with these options, in words; may be NULL */
} vireo_ws_options;

/* vireo_websocket registers an endpoint. |path| is a route's pattern; copied. A plain GET there
 * gets 426. Returns the endpoint (borrowed from the application), or NULL: see vireo_route for the
 * causes; or an option is out of its range. */
#define vireo_websocket(app, path, ...)                                                            \
    vireo_ws_register((app), (path),                                                               \
                      &(const vireo_ws_options){.size = sizeof(vireo_ws_options), __VA_ARGS__})
VIREO_API vireo_ws_endpoint *vireo_ws_register(vireo_app *app, const char *path,
                                               const vireo_ws_options *options);

/* vireo_ws_connect begins a connection to a server.
 *
 * url    ws:// or wss:// (http:// and https:// mean the same); user and password in it become Basic
 *        authorization
 * Then on_open comes, or on_error with words that say what went wrong, and on_close with 1006.
 * Until on_open there is nothing to send to: VIREO_ECLOSED. Handlers and options are those of an
 * endpoint, save on_upgrade and .origins, which have no meaning here. The connection ends with its
 * application: vireo_stop closes it with 1001.
 *
 * Returns the connection, in the state VIREO_WS_CONNECTING; NULL, and .error, for what is no URL,
 * an option out of its range, want of memory, and an application that is ending. */
#define vireo_ws_connect(app, url, ...)                                                            \
    vireo_ws_dial((app), (url),                                                                    \
                  &(const vireo_ws_options){.size = sizeof(vireo_ws_options), __VA_ARGS__})
VIREO_API vireo_ws *vireo_ws_dial(vireo_app *app, const char *url, const vireo_ws_options *options);

/* vireo_ws_send queues one message; it is written at the end of the loop's turn.
 *
 * data   copied; a text must be valid UTF-8
 * Returns 0, VIREO_EUTF8, VIREO_ECLOSED (closing or closed), VIREO_EFULL (over max_queued_bytes:
 * the connection is being closed, or the message is left out: .when_full), VIREO_ENOMEM. */
VIREO_API int vireo_ws_send(vireo_ws *ws, const void *data, size_t len, bool binary);

/* vireo_ws_send_text sends a text ended by a NUL. */
VIREO_API int vireo_ws_send_text(vireo_ws *ws, const char *text);

/* vireo_ws_send_json sends one text message made from a template (value.h). */
VIREO_API int vireo_ws_send_json(vireo_ws *ws, const char *tmpl, ...) VIREO_PRINTF(2, 3);

/* vireo_ws_send_piece sends the next part of a message whose length is not known yet. Other
 * messages sent before its |last| part wait for that, pings do not.
 *
 * data   copied; a text must be valid UTF-8 as a whole, a piece may end inside a character
 * Returns as vireo_ws_send; VIREO_EINVAL when |binary| changes in the middle. After VIREO_EUTF8,
 * VIREO_EINVAL, VIREO_ENOMEM, and VIREO_EFULL with VIREO_WS_SKIP, nothing of this part was sent: it
 * may be tried again. Such a message is not compressed. */
VIREO_API int vireo_ws_send_piece(vireo_ws *ws, const void *data, size_t len, bool binary,
                                  bool last);

/* vireo_ws_broadcast sends one message to all open connections of |endpoint| except |except| (may
 * be NULL); framed once, shared by all. With several workers (workers.h) those of all get it, of
 * the endpoints with this path. Returns the number of connections of this worker it was queued for,
 * or a negative number. */
VIREO_API int vireo_ws_broadcast(vireo_ws_endpoint *endpoint, const vireo_ws *except,
                                 const void *data, size_t len, bool binary);

/* Topics. A topic is any text of at most 1,024 bytes, compared byte by byte; it exists while
 * somebody has subscribed, on whichever endpoint of the application, on whichever worker. A
 * connection's subscriptions end with it.
 *
 * vireo_ws_subscribe: 0, a second time too; VIREO_EFULL (max_topics), VIREO_ETOOBIG (the name),
 * VIREO_ECLOSED, VIREO_ENOMEM. |topic| is copied. */
VIREO_API int vireo_ws_subscribe(vireo_ws *ws, const char *topic);
VIREO_API void vireo_ws_unsubscribe(vireo_ws *ws, const char *topic); /* nothing if it had not */
VIREO_API bool vireo_ws_subscribed(const vireo_ws *ws, const char *topic);

/* vireo_ws_publish sends one message to all who have subscribed to |topic| except |except| (may be
 * NULL); framed, and compressed, once for all. Returns the number of connections of this worker it
 * was queued for, or a negative number. */
VIREO_API int vireo_ws_publish(vireo_app *app, const char *topic, const vireo_ws *except,
                               const void *data, size_t len, bool binary);

/* vireo_ws_publish_json publishes a text made from a template (value.h). */
VIREO_API int vireo_ws_publish_json(vireo_app *app, const char *topic, const vireo_ws *except,
                                    const char *tmpl, ...) VIREO_PRINTF(4, 5);

/* vireo_ws_subscribers returns how many connections of this worker have subscribed to |topic|. */
VIREO_API size_t vireo_ws_subscribers(vireo_app *app, const char *topic);

/* vireo_ws_each calls |fn| for each open connection of |endpoint|. Closing any of them inside |fn|
 * is allowed. */
VIREO_API void vireo_ws_each(vireo_ws_endpoint *endpoint, void (*fn)(vireo_ws *ws, void *user),
                             void *user);

/* vireo_ws_pause: nothing of the peer is told any more, from the next message on, nor read, so that
 * the peer must wait; until vireo_ws_resume. A connection that is closed resumes, and its end is
 * told in any case. Events do not come inside vireo_ws_resume. */
VIREO_API void vireo_ws_pause(vireo_ws *ws);
VIREO_API void vireo_ws_resume(vireo_ws *ws);

/* vireo_ws_ping sends a ping with at most 125 bytes. */
VIREO_API int vireo_ws_ping(vireo_ws *ws, const void *data, size_t len);

/* vireo_ws_close starts the close handshake. A client that is not connected gives it up: on_close
 * comes with 1006.
 *
 * code     1000..1003, 1007..1014 or 3000..4999; 0 for a close frame without code
 * reason   at most 123 bytes of UTF-8; NULL for none
 * Returns 0, VIREO_EINVAL, VIREO_ECLOSED when it is closing already; VIREO_EFULL or VIREO_ENOMEM
 * when the frame could not be queued: the connection is dropped instead. */
VIREO_API int vireo_ws_close(vireo_ws *ws, uint16_t code, const char *reason);

/* vireo_ws_terminate drops the connection without a close handshake; on_close gets 1006, unless the
 * peer's close frame had come. */
VIREO_API void vireo_ws_terminate(vireo_ws *ws);

typedef enum vireo_ws_state {
    VIREO_WS_OPEN,
    VIREO_WS_CLOSING,
    VIREO_WS_CLOSED,
    VIREO_WS_CONNECTING /* a client, until on_open, or waiting to connect again */
} vireo_ws_state;
VIREO_API vireo_ws_state vireo_ws_ready_state(const vireo_ws *ws);

VIREO_API void *vireo_ws_data(vireo_ws *ws); /* .data_size bytes; NULL when it is 0 */
/* Inside on_upgrade: the data of the connection it will be; NULL when .data_size is 0. */
VIREO_API void *vireo_ws_upgrade_data(const vireo_req *r);
VIREO_API void *vireo_ws_user(const vireo_ws *ws);
VIREO_API vireo_app *vireo_ws_app(const vireo_ws *ws);
/* vireo_ws_endpoint_of returns the endpoint that accepted |ws|; NULL for a client. */
VIREO_API vireo_ws_endpoint *vireo_ws_endpoint_of(const vireo_ws *ws);
VIREO_API size_t vireo_ws_queued(const vireo_ws *ws); /* bytes not yet taken by the kernel */

/* vireo_ws_address returns the peer's IP address, "" on a unix socket; valid as long as |ws|. */
VIREO_API const char *vireo_ws_address(const vireo_ws *ws);

/* vireo_ws_tls returns what the connection's TLS has agreed on, with the peer's certificate; NULL
 * without TLS, and inside on_close. Valid until on_close. */
VIREO_API const vireo_tls_info *vireo_ws_tls(const vireo_ws *ws);

/* vireo_ws_protocol returns the sub-protocol that was agreed on, "" for none; valid as long as
 * |ws|. */
VIREO_API const char *vireo_ws_protocol(const vireo_ws *ws);

/* vireo_ws_count returns how many connections are open. */
VIREO_API size_t vireo_ws_count(const vireo_ws_endpoint *endpoint);

#ifdef __cplusplus
}
#endif
#endif
