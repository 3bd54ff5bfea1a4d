/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* socket.h: the Socket.IO server: namespaces, sockets, events, acknowledgements. What acts on many
 * sockets at once, rooms and broadcasts, stands in rooms.h, which comes with it.
 *
 * A vireo_socket is one client in one namespace. It is valid from the guard until on_disconnect has
 * returned. To remember a client for longer keep its id (vireo_id) and look it up (vireo_find),
 * which answers NULL when it has gone.
 *
 * Event names are texts ended by a NUL. A numeric one (42[7,..]) arrives as its decimal text; one
 * with a NUL in it reaches catch-all handlers only.
 */

#ifndef VIREO_SOCKET_H
#define VIREO_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vireo/app.h>
#include <vireo/cookie.h>
#include <vireo/http.h>
#include <vireo/parser.h>
#include <vireo/rooms.h>
#include <vireo/value.h>
#include <vireo/version.h>
#include <vireo/ws.h>

#ifdef __cplusplus
extern "C" {
#endif

/* vireo_ns, vireo_socket and vireo_msg are declared in rooms.h. */
typedef struct vireo_io vireo_io; /* a Socket.IO server on one path of an application */
/* a client's question whether a namespace may exist */
typedef struct vireo_ns_request vireo_ns_request;
/* connects a namespace to the same one of other servers, see vireo_io_options.adapter */
typedef struct vireo_adapter vireo_adapter;

/* --- the server ------------------------------------------------------------------------------- */

#define VIREO_POLLING   1u /* bits of vireo_io_options.transports */
#define VIREO_WEBSOCKET 2u

#define VIREO_ID_SIZE 21 /* bytes of an id with its NUL */

/* Why a request was refused, before there was a session: the official server's codes and texts.
 *
 *     0  "Transport unknown"              {"transport", what it asked for}
 *     1  "Session ID unknown"             {"sid", ..}
 *     2  "Bad handshake method"           {"method", ..}
 *     3  "Bad request"                    {"name", "INVALID_ORIGIN", "TRANSPORT_HANDSHAKE_ERROR",
 *                                         "TRANSPORT_MISMATCH", "PROTOCOL_MISMATCH",
 *                                         "ID_GENERATION_ERROR"}
 *     4  "Forbidden"                      {"message", what the client is told}
 *     5  "Unsupported protocol version"   {"protocol", "3"}
 *
 * All is borrowed for the call. */
typedef struct vireo_connection_error {
    int code;
    const char *message;
    const char *key; /* the context */
    const char *value;
} vireo_connection_error;

/* A client's connection, below its sockets: a session of Engine.IO. Borrowed for the call. */
typedef struct vireo_conn_info {
    const char *id;        /* a secret of this client */
    const char *transport; /* "polling" or "websocket" */
    const char *address;
    int protocol;      /* of Engine.IO: 4, or 3 */
    bool writable;     /* see vireo_writable */
    size_t queued;     /* bytes that wait for it */
    int64_t issued_ms; /* of its handshake, since 1970 */
} vireo_conn_info;

/* A packet of Engine.IO. Borrowed for the call. */
typedef struct vireo_packet_info {
    bool sent;        /* it was queued for the peer; else it came from it */
    char type;        /* '2' ping, '3' pong, '4' message .. */
    bool binary;      /* a message of bytes */
    const void *data; /* without the type: of a message the packet of Socket.IO */
    size_t len;
} vireo_packet_info;

/* Packets that leave together: in one answer to a poll, or in one write to a WebSocket. */
typedef struct vireo_flush_info {
    size_t packets;
    size_t bytes; /* of them with their types, without what frames and encodings add */
} vireo_flush_info;

/* A vireo_adapter_fn makes the adapter of a namespace: returns new, NULL on failure, upon which the
 * namespace is not registered. */
typedef vireo_adapter *(*vireo_adapter_fn)(vireo_ns *ns, void *user);

/* Compression of the answers to polls, with gzip or deflate for clients that read it. What is 0 has
 * the default. */
typedef struct vireo_http_compression {
    bool off;
    uint8_t level;    /* 1 (fast) .. 9 (small); default 6 */
    size_t threshold; /* a shorter answer is sent as it is; default 1,024 bytes; 1: none is */
    size_t max_bytes; /* and a longer one, since all others wait meanwhile; default 1,000,000 */
} vireo_http_compression;

/* Options of a Socket.IO server; names and defaults are those of the official one. What is 0 or
 * NULL has the default. */
typedef struct vireo_io_options {
    size_t size;
    const char *path;            /* default "/socket.io"; copied */
    bool no_client;              /* do not serve the browser's client below path */
    uint32_t ping_interval_ms;   /* default 25,000 */
    uint32_t ping_timeout_ms;    /* default 20,000 */
    uint32_t upgrade_timeout_ms; /* default 10,000 */
    /* a session that has joined no namespace is closed after it; default 45,000 */
    uint32_t connect_timeout_ms;
    /* maxHttpBufferSize: one POST body or one WebSocket message; default 1,000,000 */
    size_t max_message_bytes;
    unsigned transports;      /* VIREO_POLLING | VIREO_WEBSOCKET; default both */
    bool no_upgrades;         /* allowUpgrades: false */
    bool no_trailing_slash;   /* addTrailingSlash: false */
    uint32_t max_attachments; /* binary parts of one packet; default 10 */
    uint32_t max_namespaces;  /* joined over one connection; default 100 */
    uint32_t max_rooms;       /* joined by one socket; default 10,000 */

    /* perMessageDeflate: of the WebSocket transport; see ws.h */
    vireo_ws_deflate deflate;
    bool allow_eio3; /* clients of Socket.IO 1 and 2, and JSONP's; default: refused */
    /* a message of Engine.IO that is sent with the handshake; copied; NULL: none */
    const char *initial_packet;

    /* Asked for each request that wants a new session, before it has one. Return 0 to allow it; a
     * negative number, or vireo_deny_request's result, to refuse it with 403 and code 4 (WebSocket:
     * 400); VIREO_LATER to keep |r| and decide with vireo_allow_request or vireo_deny_request
     * within 10 s, after which it is refused. Must not reply. */
    int (*allow_request)(vireo_req *r);
    /* Writes an id of a session: 1 to 20 of [A-Za-z0-9_-], ended by a NUL, which nobody else has
     * and nobody can guess. A negative number (or no such id) refuses the request with code 3;
     * VIREO_LATER as above, with vireo_name_request. Default: 20 characters, 12 random bytes and a
     * counter. */
    int (*generate_id)(vireo_req *r, char id[VIREO_ID_SIZE]);

    /* Values and keys in one packet, each of which takes 24 bytes while it is handled; default a
     * quarter of max_message_bytes, but at least 100,000. Beyond: the connection is closed, "too
     * many values". */
    uint32_t max_values;
    /* memory for what the clients of one connection gave as their auth, in bytes, a value counting
     * 24 and its text; default 1,000,000. Beyond: connect_error, "Too much auth" */
    size_t max_auth_bytes;

    /* A request was refused, and will be told so; see vireo_connection_error. */
    void (*on_connection_error)(vireo_io *io, vireo_req *r, const vireo_connection_error *error);
    /* The head of an answer is about to be made: add to it with vireo_reply_header.
     * on_initial_headers comes once for each session, with the answer that opens it; on_headers
     * with every answer of Engine.IO, the 101 of WebSocket included. */
    void (*on_initial_headers)(vireo_io *io, vireo_req *r);
    void (*on_headers)(vireo_io *io, vireo_req *r);
    /* Name of a cookie with the session's id, for load balancers; NULL: none. Sent with the answer
     * that opens a session over polling. */
    const char *cookie;
    /* .. and its attributes; default: path "/", http_only, same_site Lax; copied, its texts are
     * borrowed as long as the application lives */
    const vireo_cookie_options *cookie_options;

    /* Dynamic namespaces: free a child when nobody is in it any more, also when the only client was
     * refused. With several workers: in it on any of them. Default: it stays. */
    bool cleanup_empty_child_namespaces;
    /* children that may exist at a time; beyond, a client is refused with "Too many namespaces";
     * default 10,000 */
    uint32_t max_child_namespaces;
    /* answers owed to one socket at a time (vireo_ack_later, vireo_hold); default 10,000 */
    uint32_t max_owed;
    /* A namespace other than "/" exists now: registered, or brought to life by a client. It may be
     * given a vireo_ns_set_user. Each of several workers has one of its own, and is told of that;
     * so it is with its end. */
    void (*on_new_namespace)(vireo_ns *ns);
    /* It is going to be freed, by the clean-up or with the application; nobody is in it. */
    void (*on_namespace_gone)(vireo_ns *ns);

    /* Called for each namespace that has none of its own; NULL: this server is alone.
     * |adapter_user| is borrowed as long as the application lives. */
    vireo_adapter_fn adapter;
    void *adapter_user;

    vireo_http_compression http_compression; /* httpCompression */

    /* Connection state recovery: how long a client whose connection broke may take to come back as
     * the socket that it was; 0: off. What follows holds for each namespace, of all workers
     * together. */
    uint32_t recovery_ms;
    /* memory for events that it may have missed; what it has missed must also fit into half of
     * max_queued_bytes; default 8 MiB. The oldest leave first. Each worker has so much */
    size_t recovery_bytes;
    uint32_t recovery_clients;    /* that are away at a time; default 100,000 */
    size_t recovery_client_bytes; /* memory for their rooms and data; default 64 MiB */
    bool recovery_asks_guards;    /* guards are asked for them too; default: they are not */

    /* How packets are written and read, see parser.h; NULL: the JSON of Socket.IO. Both are
     * borrowed as long as the application lives. */
    const vireo_parser *parser;
    void *parser_user;

    /* that wait for one client which reads too slowly, or does not poll; default: max_queued_bytes
     * of the application. Beyond, or beyond one frame for each 32 of these bytes (but 1,024 of
     * them), it is disconnected: "transport error", "the client reads too slowly" */
    size_t max_queued_bytes;
    /* packets in the body of one POST; default an eighth of max_message_bytes, which no events get
     * to, but at least 1,000. Beyond: "transport error", "too many packets in a payload" */
    uint32_t max_payload_packets;
    uint32_t max_fragments; /* frames of one WebSocket message; default 131,072; beyond: 1008 */

    /* To look on: called for each packet of an open connection, as it comes, or as it is queued,
     * from inside what sends it. Those of the change of transports, and the client's close, are not
     * shown. Must not send, or disconnect anybody. */
    void (*on_packet)(vireo_io *io, const vireo_conn_info *c, const vireo_packet_info *p);
    /* To look on: called when the packets that were queued for a client, as on_packet shows them,
     * are handed to its transport: over polling just before a poll is answered with them; over
     * WebSocket at the end of the turn in which they were queued, or, while the kernel takes
     * nothing, once it has taken all of them. Must not send, or disconnect anybody. */
    void (*on_flush)(vireo_io *io, const vireo_conn_info *c, const vireo_flush_info *f);
} vireo_io_options;

/* vireo_socketio sets up a Socket.IO server of the application; before the first vireo_namespace,
 * which otherwise does it with the defaults. An application may have several, each on a path of its
 * own, with its own options, clients and namespaces: the functions that take an application mean
 * the first, vireo_io_namespace and its kin any of them. What is not below one of their paths goes
 * to the application's routes and WebSocket endpoints.
 *
 *     vireo_io *game = vireo_socketio(app, .path = "/game");
 *     vireo_io *chat = vireo_socketio(app, .path = "/chat", .max_message_bytes = 4096);
 *     vireo_io_namespace(chat, "/", .on_connect = on_chat);
 *
 * Returns the server (borrowed from the application); NULL when there is one on that path already,
 * for options out of range (a cookie that no browser would take, too), or when memory runs out. */
#define vireo_socketio(app, ...)                                                                   \
    vireo_io_create((app), &(const vireo_io_options){.size = sizeof(vireo_io_options), __VA_ARGS__})
VIREO_API vireo_io *vireo_io_create(vireo_app *app, const vireo_io_options *options);

/* vireo_io_app and vireo_io_path return what a server belongs to and where it stands: its path
 * without a slash at the end, borrowed. */
VIREO_API vireo_app *vireo_io_app(const vireo_io *io);
VIREO_API const char *vireo_io_path(const vireo_io *io);

/* vireo_io_each_conn calls |fn| for each connection of a client, those included that have joined no
 * namespace yet or are being closed. |fn| must not disconnect anybody. How many there are:
 * metrics.h. */
VIREO_API void vireo_io_each_conn(vireo_io *io, void (*fn)(const vireo_conn_info *c, void *user),
                                  void *user);

/* vireo_allow_request, vireo_deny_request and vireo_name_request decide about a request that
 * allow_request or generate_id has kept. If the client goes away before, the request is gone:
 * vireo_on_abort tells.
 *
 * message  what the client is told instead of "Forbidden"; copied; NULL: that
 * id       see generate_id; copied
 * Return 0 (vireo_deny_request VIREO_EREFUSED, so that allow_request may return it), VIREO_EINVAL
 * when nothing is to be decided, VIREO_EANSWERED. */
VIREO_API int vireo_allow_request(vireo_req *r);
VIREO_API int vireo_deny_request(vireo_req *r, const char *message);
VIREO_API int vireo_name_request(vireo_req *r, const char *id);

/* --- namespaces ------------------------------------------------------------------------------- */

typedef void (*vireo_event_fn)(vireo_socket *s, const vireo_msg *m);

/* One row of a namespace's table of handlers; a table ends with { 0 }. */
typedef struct vireo_event_handler {
    const char *event;
    vireo_event_fn handle;
} vireo_event_handler;

/* One row of a namespace's table of handlers of events of other servers
 * (vireo_server_side_emit): vireo_event, vireo_arg and vireo_ack work with |m| as with that of a
 * client, and vireo_ack gives the other server one value. */
typedef struct vireo_server_handler {
    const char *event;
    void (*handle)(vireo_ns *ns, const vireo_msg *m);
} vireo_server_handler;

/* How often one socket may send an event: |burst| times at once (default: as often as in a second,
 * at least once), and |per_second| times a second in the long run; 0.2 is once in five seconds, 0
 * as often as it likes. */
typedef struct vireo_event_limit {
    const char *event; /* its name */
    double per_second;
    uint32_t burst;
} vireo_event_limit;

/* Why a socket was disconnected. |reason| is one of the official texts: "transport close",
 * "transport error", "ping timeout", "parse error", "forced close", "forced server close", "server
 * namespace disconnect", "client namespace disconnect", "server shutting down". */
typedef struct vireo_disconnect_info {
    const char *reason;      /* static */
    const char *description; /* what is known beyond it, "" if nothing; borrowed for the call */
    /* The client may come back as the same socket: what vireo_data holds is kept after
     * on_disconnect, see on_expired. */
    bool recoverable;
} vireo_disconnect_info;

/* What happened to a room (vireo_ns_options.on_room). */
typedef enum vireo_room_event {
    VIREO_ROOM_CREATE, /* before the first socket joins */
    VIREO_ROOM_JOIN,
    VIREO_ROOM_LEAVE,
    VIREO_ROOM_DELETE /* after the last socket left */
} vireo_room_event;

/* A vireo_guard_fn is the middleware of a namespace: asked for each client that wants to join.
 *
 * auth     what the client gave as its auth, an empty object if nothing; valid as long as |s|
 * Returns 0: admitted, as far as this guard is concerned; `return vireo_refuse(..)`: the client is
 * sent a connect_error; VIREO_LATER: it is not known yet. The socket may join rooms and emit
 * already: the client receives that before it is told that it is connected. */
typedef int (*vireo_guard_fn)(vireo_socket *s, const vireo_value *auth);

/* A vireo_event_guard_fn is the middleware of events: asked for each one that arrives, after the
 * catch-all handlers and before its own.
 *
 * Returns 0: let it pass; a negative number, or vireo_deny's result: the event is dropped, on_error
 * hears of it and the client does not; VIREO_LATER after vireo_hold: it is not known yet. Events
 * behind it are not held up. */
typedef int (*vireo_event_guard_fn)(vireo_socket *s, const vireo_msg *m);

typedef struct vireo_ns_options {
    size_t size;
    size_t data_size; /* bytes of your own in each socket, zeroed before the guard: vireo_data */
    void *user;       /* vireo_ns_user; borrowed as long as the application lives */

    vireo_guard_fn guard;
    void (*on_connect)(vireo_socket *s);
    /* rooms are still joined */
    void (*on_disconnecting)(vireo_socket *s, const vireo_disconnect_info *why);
    /* rooms are left */
    void (*on_disconnect)(vireo_socket *s, const vireo_disconnect_info *why);
    /* a packet of the client could not be read, or one of the event_guards refused an event */
    void (*on_error)(vireo_socket *s, const char *text);
    vireo_event_fn on_any; /* every event, before its handler */
    /* its connection changed to |transport| */
    void (*on_upgrade)(vireo_socket *s, const char *transport);
    /* its connection takes data again after it had been blocked */
    void (*on_drain)(vireo_socket *s);
    /* A room changed; |socket_id| is NULL for create and delete. Must not join, leave or disconnect
     * anybody. */
    void (*on_room)(vireo_ns *ns, vireo_room_event event, const char *room, const char *socket_id);
    /* borrowed as long as the application lives; ends with { 0 } */
    const vireo_event_handler *events;
    /* more guards, asked in this order behind |guard|, until one refuses; ends with NULL; borrowed
     * as long as the application lives */
    const vireo_guard_fn *guards;
    /* A guard that has said VIREO_LATER must answer in this time, else the client is refused with
     * "operation has timed out". Default: no limit but the connect_timeout_ms of a session that is
     * in no namespace yet. */
    uint32_t guard_timeout_ms;
    /* asked in this order, until one refuses; ends with NULL; borrowed as long as the application
     * lives */
    const vireo_event_guard_fn *event_guards;
    vireo_event_fn on_any_outgoing; /* every event to a socket; see vireo_on_any_outgoing */

    /* What others are told of |s| (the "data" of vireo_fetch_sockets): returns new, one JSON value
     * as vireo_format makes it, free()d by the library; NULL: {}. Must not join, leave or
     * disconnect anybody. */
    char *(*describe)(vireo_socket *s);
    /* events of other servers; borrowed as long as the application lives; ends with { 0 } */
    const vireo_server_handler *server_events;
    vireo_adapter_fn adapter; /* of this namespace; NULL: that of the server */
    void *adapter_user;

    /* A client that could have come back (vireo_disconnect_info.recoverable) will not: its time is
     * over, a limit was reached, or the namespace ends. |data| is what its vireo_data held after
     * on_disconnect, NULL for a data_size of 0: free what it points to. So of each socket either
     * this comes, or it is recovered with that data. */
    void (*on_expired)(vireo_ns *ns, const char *id, void *data);

    /* Rate limits of each socket: of single events (ends with { 0 }; borrowed as long as the
     * application lives), and of all of them together (its |event| is not looked at).
     *
     *     .limits = (const vireo_event_limit[]){{"chat", .per_second = 5, .burst = 10}, {0}},
     *     .limit = {.per_second = 50, .burst = 100},
     *
     * An event beyond one of them is dropped, and counts for none: no handler, catch-all handler or
     * guard hears of it. Instead of those |on_limit| is called, which may acknowledge it, or
     * disconnect the socket; without it on_error hears "too many events". A socket owns memory for
     * this, 8 bytes for each row, from the first event on that is limited. */
    const vireo_event_limit *limits;
    vireo_event_limit limit;
    vireo_event_fn on_limit;
} vireo_ns_options;

/* vireo_namespace registers a namespace of the application's Socket.IO server (vireo_io_namespace:
 * of this one); a leading "/" is added if missing. Returns the namespace (borrowed from the
 * application); NULL if it exists already or memory runs out. */
#define vireo_namespace(app, name, ...)                                                            \
    vireo_ns_create((app), (name),                                                                 \
                    &(const vireo_ns_options){.size = sizeof(vireo_ns_options), __VA_ARGS__})
VIREO_API vireo_ns *vireo_ns_create(vireo_app *app, const char *name,
                                    const vireo_ns_options *options);
#define vireo_io_namespace(io, name, ...)                                                          \
    vireo_io_ns_create((io), (name),                                                               \
                       &(const vireo_ns_options){.size = sizeof(vireo_ns_options), __VA_ARGS__})
VIREO_API vireo_ns *vireo_io_ns_create(vireo_io *io, const char *name,
                                       const vireo_ns_options *options);

/* Dynamic namespaces: a parent stands for all names that match. On the first client that asks for
 * an unknown name the parents are asked in the order of their registration; the first that allows
 * it gets a child of that name, which has the parent's options. A vireo_to whose .ns is the parent
 * reaches all its children.
 *
 *     vireo_namespace_matching(app, "^/dyn-[0-9]+$", .on_connect = on_connect);
 *
 * A pattern should end where the name must end: "^/dyn-" matches whatever a client writes behind
 * it, and each such name costs memory. The options on_new_namespace, max_child_namespaces and
 * cleanup_empty_child_namespaces stand in vireo_io_options.
 *
 * A name that vireo_namespace registers later and that matches a pattern keeps its own options and
 * is a child too; it is never cleaned up. */

/* vireo_namespace_matching takes a POSIX extended regular expression; only names of at most 512
 * bytes are tried. Returns the parent (borrowed from the application); NULL when memory runs out
 * or the pattern is malformed, which is told to the log. */
#define vireo_namespace_matching(app, pattern, ...)                                                \
    vireo_ns_create_matching(                                                                      \
        (app), (pattern),                                                                          \
        &(const vireo_ns_options){.size = sizeof(vireo_ns_options), __VA_ARGS__})
VIREO_API vireo_ns *vireo_ns_create_matching(vireo_app *app, const char *pattern,
                                             const vireo_ns_options *options);
#define vireo_io_namespace_matching(io, pattern, ...)                                              \
    vireo_io_ns_create_matching(                                                                   \
        (io), (pattern), &(const vireo_ns_options){.size = sizeof(vireo_ns_options), __VA_ARGS__})
VIREO_API vireo_ns *vireo_io_ns_create_matching(vireo_io *io, const char *pattern,
                                                const vireo_ns_options *options);

/* A vireo_ns_decide_fn decides whether |name| may exist.
 *
 * name, auth  the client's; valid as long as |q|
 * Returns 0: it may; a negative number: the next parent is asked; VIREO_LATER: vireo_ns_answer
 * follows. */
typedef int (*vireo_ns_decide_fn)(vireo_ns_request *q, const char *name, const vireo_value *auth);

/* vireo_namespace_dynamic asks a function. Returns the parent (borrowed from the application), or
 * NULL when memory runs out. */
#define vireo_namespace_dynamic(app, decide, ...)                                                  \
    vireo_ns_create_dynamic(                                                                       \
        (app), (decide), &(const vireo_ns_options){.size = sizeof(vireo_ns_options), __VA_ARGS__})
VIREO_API vireo_ns *vireo_ns_create_dynamic(vireo_app *app, vireo_ns_decide_fn decide,
                                            const vireo_ns_options *options);
#define vireo_io_namespace_dynamic(io, decide, ...)                                                \
    vireo_io_ns_create_dynamic(                                                                    \
        (io), (decide), &(const vireo_ns_options){.size = sizeof(vireo_ns_options), __VA_ARGS__})
VIREO_API vireo_ns *vireo_io_ns_create_dynamic(vireo_io *io, vireo_ns_decide_fn decide,
                                               const vireo_ns_options *options);

/* vireo_of returns the namespace |name| of the application's Socket.IO server (vireo_io_of: of this
 * one), or NULL. A child is valid as long as somebody is in it; without
 * cleanup_empty_child_namespaces, as long as the application. */
VIREO_API vireo_ns *vireo_of(vireo_app *app, const char *name);
VIREO_API vireo_ns *vireo_io_of(const vireo_io *io, const char *name);

VIREO_API const char *vireo_ns_name(const vireo_ns *ns); /* of a parent "/_0", "/_1" .. */
VIREO_API vireo_app *vireo_ns_app(const vireo_ns *ns);
VIREO_API vireo_io *vireo_ns_io(const vireo_ns *ns);
VIREO_API vireo_ns *vireo_ns_parent(const vireo_ns *ns); /* NULL: it has none */

/* vireo_ns_user returns .user of the options; of a child its parent's, until vireo_ns_set_user
 * gives it another one. */
VIREO_API void *vireo_ns_user(const vireo_ns *ns);
VIREO_API void vireo_ns_set_user(vireo_ns *ns, void *user);

/* vireo_ns_count returns how many sockets are connected; of a parent, in all its children. */
VIREO_API size_t vireo_ns_count(const vireo_ns *ns);

/* What connection state recovery has done in a namespace since it exists, and what it holds: on all
 * workers, but for the events, which each keeps for itself. */
typedef struct vireo_recovery_info {
    size_t size;
    uint64_t recovered; /* clients that came back as the socket that they were */
    uint64_t expired;   /* that did not come back: see on_expired */
    uint64_t unknown;   /* that came back too late, or had missed more than is kept */
    size_t away;        /* that may still come back */
    size_t away_bytes;  /* of memory for them */
    size_t events;      /* kept */
    size_t event_bytes; /* of memory for them */
} vireo_recovery_info;

/* vireo_ns_recovery fills |*info|, all zero where recovery is off. */
#define vireo_ns_recovery(ns, info) vireo_ns_get_recovery((ns), (info), sizeof(vireo_recovery_info))
VIREO_API void vireo_ns_get_recovery(const vireo_ns *ns, vireo_recovery_info *info, size_t size);

/* vireo_find returns the connected socket with this id, or NULL. */
VIREO_API vireo_socket *vireo_find(vireo_ns *ns, const char *id);

/* --- a socket --------------------------------------------------------------------------------- */

/* Answers that come later. Whoever has returned VIREO_LATER owes an answer and must give it exactly
 * once, on the loop's thread, before the application ends. What it was asked about stays valid
 * until then, even when the client has gone meanwhile (its connection is known no more, and what is
 * sent to it is lost), its time is over, or it has asked anew: then the answer does nothing. What
 * an answer sets in motion happens at the end of the turn.
 *
 *   a guard               vireo_admit(s) or vireo_refuse(s, ..)
 *   vireo_ns_decide_fn    vireo_ns_answer(q, true or false)
 *   a guard of events     vireo_held_pass(h) or vireo_held_reject(h, ..)
 *   vireo_ack_later       vireo_answer(p, ..), vireo_answer_value or vireo_answer_drop: whoever
 *                         wants to acknowledge an event after its handler has returned */

/* vireo_admit is the later answer of a guard: the next guard is asked, or the client is in. Returns
 * 0; VIREO_ECLOSED when nobody waits for it any more: |s| is gone then; VIREO_EINVAL when no answer
 * is owed. */
VIREO_API int vireo_admit(vireo_socket *s);

/* vireo_ns_answer is the later answer to a vireo_ns_request, which is gone then. Returns 0 or
 * VIREO_ECLOSED. */
VIREO_API int vireo_ns_answer(vireo_ns_request *q, bool allow);
VIREO_API const char *vireo_ns_request_name(const vireo_ns_request *q);
VIREO_API const vireo_value *vireo_ns_request_auth(const vireo_ns_request *q);
VIREO_API vireo_ns *vireo_ns_request_parent(const vireo_ns_request *q); /* that was asked */

/* vireo_refuse notes why a guard refuses; return its result from the guard. Or it is the guard's
 * later answer.
 *
 * message  the client's connect_error message; copied
 * tmpl     the error's data: one value, or NULL for none
 * Returns VIREO_EREFUSED. */
VIREO_API int vireo_refuse(vireo_socket *s, const char *message, const char *tmpl, ...)
    VIREO_PRINTF(3, 4);

/* 20 characters; of a client of Socket.IO 2: the session's id, in other namespaces than "/" with
 * their name and "#" in front. Valid as long as |s|. */
VIREO_API const char *vireo_id(const vireo_socket *s);
VIREO_API bool vireo_connected(const vireo_socket *s);
/* has it come back with connection state recovery: id, rooms and data are those it had */
VIREO_API bool vireo_recovered(const vireo_socket *s);
VIREO_API void *vireo_data(const vireo_socket *s); /* .data_size bytes, NULL when it is 0 */
VIREO_API vireo_ns *vireo_ns_of(const vireo_socket *s);
VIREO_API vireo_app *vireo_app_of(const vireo_socket *s);

/* Its connection. */
/* the session's id: a secret of this client */
VIREO_API const char *vireo_conn_id(const vireo_socket *s);
VIREO_API const char *vireo_transport(const vireo_socket *s); /* "polling" or "websocket" */
/* bytes not yet taken by the kernel or a poll */
VIREO_API size_t vireo_queued(const vireo_socket *s);
/* would a volatile event be sent now */
VIREO_API bool vireo_writable(const vireo_socket *s);

/* The handshake: what is known of the request that opened the connection. Valid as long as |s|. */
VIREO_API const char *vireo_handshake_address(const vireo_socket *s);
VIREO_API const char *vireo_handshake_url(const vireo_socket *s);
/* NULL if none */
VIREO_API const char *vireo_handshake_header(const vireo_socket *s, const char *name);
/* vireo_handshake_query returns the value of |name| (the last of several), decoded, or NULL; valid
 * until the next call for this connection. */
VIREO_API const char *vireo_handshake_query(vireo_socket *s, const char *name);
VIREO_API const vireo_value *vireo_handshake_auth(const vireo_socket *s);
VIREO_API int64_t vireo_handshake_issued(const vireo_socket *s); /* milliseconds since 1970 */
VIREO_API bool vireo_handshake_secure(const vireo_socket *s);
/* what middleware has set with vireo_req_set on the request that opened the connection, or NULL */
VIREO_API void *vireo_handshake_get(const vireo_socket *s, const void *key);
/* what TLS had agreed on, with the client's certificate; NULL without TLS */
VIREO_API const vireo_tls_info *vireo_handshake_tls(const vireo_socket *s);
VIREO_API bool vireo_handshake_xdomain(const vireo_socket *s); /* an Origin header was sent */

/* vireo_disconnect removes the client from this namespace ("server namespace disconnect"); with
 * |close| from all, and ends its connection. on_disconnect runs before it returns. */
VIREO_API void vireo_disconnect(vireo_socket *s, bool close);

/* --- sending ---------------------------------------------------------------------------------- */

/* vireo_emit sends one event to one client; templates are described in value.h.
 *
 * Returns 0, VIREO_ERESERVED (connect, connect_error, disconnect, disconnecting, newListener,
 * removeListener), VIREO_ETEMPLATE, VIREO_ECLOSED, VIREO_ETOOBIG (more than max_attachments
 * binaries are not refused here: the peer decides), VIREO_ENOMEM. */
VIREO_API int vireo_emit(vireo_socket *s, const char *event, const char *tmpl, ...)
    VIREO_PRINTF(3, 4);

/* vireo_send sends the event "message", as socket.send of the official server. */
VIREO_API int vireo_send(vireo_socket *s, const char *tmpl, ...) VIREO_PRINTF(2, 3);

/* vireo_emit_value sends an event whose arguments are the elements of |args| (an array; NULL for
 * none). */
VIREO_API int vireo_emit_value(vireo_socket *s, const char *event, const vireo_value *args);

/* vireo_emit_json sends an event whose arguments are JSON text already: "1, {\"a\":2}". Checked,
 * not trusted. */
VIREO_API int vireo_emit_json(vireo_socket *s, const char *event, const char *args, size_t len);

/* A vireo_ack_fn receives the answer to vireo_emit_ack, exactly once.
 *
 * s       the socket; still valid, even when it is being disconnected
 * status  0; VIREO_ETIMEDOUT; VIREO_ECLOSED when the socket was disconnected before the answer
 * args    the array of what the client answered; NULL unless status is 0; valid until the return */
typedef void (*vireo_ack_fn)(vireo_socket *s, int status, const vireo_value *args, void *user);

/* vireo_emit_ack sends an event and has the client's answer given to |on_ack|. timeout_ms 0: no
 * time-out. |user| is borrowed until then. When it returns a negative number |on_ack| is not
 * called. */
VIREO_API int vireo_emit_ack(vireo_socket *s, uint32_t timeout_ms, vireo_ack_fn on_ack, void *user,
                             const char *event, const char *tmpl, ...) VIREO_PRINTF(6, 7);

/* vireo_emit_ack_value is the same with the elements of |args| (an array; NULL for none). */
VIREO_API int vireo_emit_ack_value(vireo_socket *s, uint32_t timeout_ms, vireo_ack_fn on_ack,
                                   void *user, const char *event, const vireo_value *args);

/* --- receiving -------------------------------------------------------------------------------- */

VIREO_API const char *vireo_event(const vireo_msg *m); /* the name */
/* argument |i|, the first is 0; or NULL */
VIREO_API const vireo_value *vireo_arg(const vireo_msg *m, size_t i);
VIREO_API size_t vireo_arg_count(const vireo_msg *m);

/* vireo_args returns all that came, as an array whose element 0 is the event's name. */
VIREO_API const vireo_value *vireo_args(const vireo_msg *m);

/* vireo_wants_ack tells whether the client waits for an acknowledgement. */
VIREO_API bool vireo_wants_ack(const vireo_msg *m);

/* vireo_ack answers it with the values of a template; a second answer, or one that nobody waits
 * for, does nothing. Returns 0, VIREO_EANSWERED, VIREO_ENOTFOUND (nobody waits), VIREO_ECLOSED,
 * VIREO_ETEMPLATE, VIREO_ENOMEM. */
VIREO_API int vireo_ack(const vireo_msg *m, const char *tmpl, ...) VIREO_PRINTF(2, 3);
VIREO_API int vireo_ack_value(const vireo_msg *m, const vireo_value *args);

/* vireo_ack_later takes over the duty to acknowledge |m|. Returns new: answer or drop it exactly
 * once; the socket may have gone by then. NULL when nobody waits, it was answered, max_owed is
 * reached, or memory runs out. */
typedef struct vireo_pending_ack vireo_pending_ack;
VIREO_API vireo_pending_ack *vireo_ack_later(const vireo_msg *m);

/* vireo_answer sends the acknowledgement with the values of a template.
 *
 * p   takes, whatever the result
 * Returns 0, VIREO_ECLOSED (the client has gone), VIREO_ETEMPLATE, VIREO_ENOMEM. */
VIREO_API int vireo_answer(vireo_pending_ack *p, const char *tmpl, ...) VIREO_PRINTF(2, 3);
VIREO_API int vireo_answer_value(vireo_pending_ack *p, const vireo_value *args);
/* takes, NULL is allowed; the client waits in vain */
VIREO_API void vireo_answer_drop(vireo_pending_ack *p);
VIREO_API vireo_socket *vireo_answer_socket(const vireo_pending_ack *p); /* NULL: it has gone */

/* vireo_deny notes why a guard of events refuses; return its result from the guard. |text| is
 * copied. Returns VIREO_EREFUSED. */
VIREO_API int vireo_deny(const vireo_msg *m, const char *text);

/* vireo_hold keeps an event for a guard that is going to return VIREO_LATER. Returns new: pass or
 * reject it exactly once; the socket may have gone by then. NULL outside such a guard, for a second
 * call, when max_owed is reached, or memory runs out: return VIREO_ENOMEM then. */
typedef struct vireo_held vireo_held;
VIREO_API vireo_held *vireo_hold(const vireo_msg *m);
VIREO_API const vireo_msg *vireo_held_msg(const vireo_held *h); /* a copy; valid as long as |h| */
VIREO_API vireo_socket *vireo_held_socket(const vireo_held *h); /* NULL: it has gone */

/* vireo_held_pass lets the event go on to the next guard, or its handlers; vireo_held_reject is
 * vireo_deny later. |h| is gone after the call.
 *
 * text   copied; may be NULL
 * Return 0, or VIREO_ECLOSED when the client has gone. */
VIREO_API int vireo_held_pass(vireo_held *h);
VIREO_API int vireo_held_reject(vireo_held *h, const char *text);

/* Handlers that come and go with one socket, beside its namespace's table. They run after the
 * table's, in the order of registration. Return 0 or VIREO_ENOMEM, vireo_off VIREO_ENOTFOUND.
 * |event| is copied. */
VIREO_API int vireo_on(vireo_socket *s, const char *event, vireo_event_fn handle);
VIREO_API int vireo_once(vireo_socket *s, const char *event, vireo_event_fn handle);
VIREO_API int vireo_off(vireo_socket *s, const char *event, vireo_event_fn handle);

/* Catch-all listeners of one socket: called for every event before its handlers, after the
 * namespace's on_any. */
VIREO_API int vireo_on_any(vireo_socket *s, vireo_event_fn handle);
/* in front of the others */
VIREO_API int vireo_prepend_any(vireo_socket *s, vireo_event_fn handle);
VIREO_API int vireo_off_any(vireo_socket *s, vireo_event_fn handle); /* NULL: all of them */
VIREO_API size_t vireo_any_count(const vireo_socket *s);

/* Catch-all listeners of what is sent to one socket: called for every event that is emitted to it
 * or broadcast to a room of it, before it is queued; not for acknowledgements, and also for what a
 * volatile flag drops then. After the namespace's on_any_outgoing. What is in vireo_arg is what the
 * client will see. Where nobody listens, nothing is paid for it. */
VIREO_API int vireo_on_any_outgoing(vireo_socket *s, vireo_event_fn handle);
VIREO_API int vireo_prepend_any_outgoing(vireo_socket *s, vireo_event_fn handle);
VIREO_API int vireo_off_any_outgoing(vireo_socket *s, vireo_event_fn handle);
VIREO_API size_t vireo_any_outgoing_count(const vireo_socket *s);

#ifdef __cplusplus
}
#endif
#endif
