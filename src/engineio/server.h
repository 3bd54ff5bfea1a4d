/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* server.h: the Engine.IO server, as the floor above sees it: sessions that carry messages over
 * polling or WebSocket, and survive the change from one to the other.
 *
 *     on_open -> on_message* [on_upgrade] -> on_close -> gone
 */

#ifndef VIREO_ENGINEIO_SERVER_H
#define VIREO_ENGINEIO_SERVER_H

#include <vireo/app.h>
#include <vireo/http.h>
#include <vireo/socket.h>
#include <vireo/ws.h>

#include "base/shared.h"
#include "engineio/counts.h"
#include "engineio/id.h"
#include "engineio/outbox.h"
#include "http/exposition.h"
#include "http/server.h"
#include "net/wqueue.h"

typedef struct vireo__eio_server vireo__eio_server;
typedef struct vireo__eio_session vireo__eio_session;

#define VIREO__EIO_POLLING   1u
#define VIREO__EIO_WEBSOCKET 2u

typedef struct vireo__eio_options {
    const char *path;       /* "/engine.io": requests below path + "/" are ours; copied */
    bool no_trailing_slash; /* all that begins with path */
    uint32_t ping_interval_ms;
    uint32_t ping_timeout_ms;
    uint32_t upgrade_timeout_ms;
    size_t max_payload;           /* bytes of a POST body or a WebSocket message */
    uint32_t max_payload_packets; /* of a POST body */
    uint32_t max_fragments;       /* of a WebSocket message */
    size_t max_queued_bytes;      /* for one session */
    size_t owner_size;            /* bytes of the owner in each session: vireo__eio_owner */
    unsigned transports;
    bool no_upgrades;
    vireo_ws_deflate deflate;
    vireo_http_compression http_compression; /* complete */
    bool allow_v3;                           /* clients that speak Engine.IO v3 */
    /* a message sent with the handshake, or NULL; copied */
    const char *initial_packet;
    /* NULL: all; see <vireo/socket.h> */
    int (*allow_request)(vireo_req *r);
    int (*generate_id)(vireo_req *r, char id[VIREO__ID_SIZE]); /* NULL: vireo__id_make */
    bool watched;                                              /* on_packet is wanted */
    bool flushes_watched;                                      /* on_flush is wanted */
} vireo__eio_options;

/* A request that was refused: the official server's code and text, and what exactly was wrong:
 * {"transport", "carrier-pigeon"}, {"name", "INVALID_ORIGIN"} .. Borrowed for the call. */
typedef struct vireo__eio_refusal {
    int code;
    const char *message;
    const char *key;
    const char *value;
} vireo__eio_refusal;

/* Why a session was closed; the texts are those of the official server. */
typedef struct vireo__eio_close_info {
    const char *reason;      /* static */
    const char *description; /* "" if nothing more is known; borrowed for the call */
    uint32_t queued;         /* bytes that the client had not taken */
    uint16_t code;           /* of the client's close frame; 0: there was none */
} vireo__eio_close_info;

typedef struct vireo__eio_events {
    /* A session is open. Returns 0; a negative number closes it at once (and on_close does not
     * come). */
    int (*on_open)(vireo__eio_session *s);
    /* A message; a text is UTF-8. The bytes may be changed in place and are gone after the
     * return. */
    void (*on_message)(vireo__eio_session *s, bool binary, uint8_t *data, size_t len);
    void (*on_upgrade)(vireo__eio_session *s); /* from polling to WebSocket */
    /* for who looks on (options.watched, .flushes_watched); must not act on sessions */
    void (*on_packet)(vireo__eio_session *s, const vireo_conn_info *c, const vireo_packet_info *p);
    void (*on_flush)(vireo__eio_session *s, const vireo_conn_info *c, const vireo_flush_info *f);
    void (*on_drain)(vireo__eio_session *s); /* writable again after it was not */
    /* exactly once, at the end of a turn */
    void (*on_close)(vireo__eio_session *s, const vireo__eio_close_info *why);
    /* Asked first for a request that is no upgrade: answers it and returns true, or leaves it to
     * the engine. May be NULL. */
    bool (*on_request)(void *owner, vireo_req *r);
    /* A request was refused; told before it is answered. May be NULL. */
    void (*on_refusal)(void *owner, vireo_req *r, const vireo__eio_refusal *why);
    /* The head of an answer is about to be made: vireo_reply_header adds to it. Called with
     * |new_id| for an answer that opens a session, and then, as for any other, with NULL. May be
     * NULL. */
    void (*on_headers)(void *owner, vireo_req *r, const char *new_id);
    /* The session is to leave a server that is going away: close it with vireo__eio_close, as is
     * done where this is NULL. */
    void (*on_leave)(vireo__eio_session *s);
    /* vireo_metrics is read: tell what is counted. May be NULL. */
    void (*on_measure)(void *owner, vireo__exposition *x);
    /* The application stops; the sessions are closed after the return. May be NULL. */
    void (*on_stop)(void *owner);
    /* The application is freed and all sessions are gone: free the owner. May be NULL. */
    void (*on_free)(void *owner);
} vireo__eio_events;

/* vireo__eio_server_new hangs an engine into the application, which frees it. |events| is borrowed
 * as long as that lives. Returns NULL when memory runs out. */
vireo__eio_server *vireo__eio_server_new(vireo_app *app, const vireo__eio_options *options,
                                         const vireo__eio_events *events, void *owner);
size_t vireo__eio_server_count(const vireo__eio_server *server); /* open sessions */

/* vireo__eio_server_each calls |fn| for each of them. */
void vireo__eio_server_each(const vireo__eio_server *server,
                            void (*fn)(const vireo_conn_info *c, void *user), void *user);
const vireo__eio_counts *vireo__eio_server_counts(const vireo__eio_server *server);

/* vireo__eio_send queues a message for the session, made with vireo__ws_frame_new: a text frame's
 * payload begins with "4".
 *
 * done   may be NULL; see net/wqueue.h
 * Returns 0, VIREO_ECLOSED, VIREO_EFULL (the session is being closed), VIREO_ENOMEM. */
int vireo__eio_send(vireo__eio_session *s, vireo__shared *frame, vireo__written_fn done,
                    void *user);

/* vireo__eio_send_newest queues a text and the binary messages that belong to it, as
 * vireo__eio_send does, unless they have to wait for the transport (it is not writable): then they
 * take the place of what waits under the same name, at the end of the queue.
 *
 * Returns as vireo__eio_send. After a negative number only some of it may be queued. */
int vireo__eio_send_newest(vireo__eio_session *s, const vireo__outbox_name *name,
                           vireo__shared *text, vireo__shared *const *parts, size_t count);

/* vireo__eio_close ends the session with the reason "forced close": what is queued is sent first,
 * over polling with the client's next GET (or given up after 30 s). |discard|: at once, without
 * what is queued. */
void vireo__eio_close(vireo__eio_session *s, bool discard);

/* vireo__eio_owner returns the session's place for its owner: options.owner_size bytes, all zero at
 * first; if that is 0, what vireo__eio_set_owner was given. */
void *vireo__eio_owner(const vireo__eio_session *s);
void vireo__eio_set_owner(vireo__eio_session *s, void *owner);
/* what vireo__eio_server_new was given */
void *vireo__eio_server_owner(const vireo__eio_session *s);
const char *vireo__eio_id(const vireo__eio_session *s);
/* "polling" or "websocket" */
const char *vireo__eio_transport(const vireo__eio_session *s);
/* would a message leave now: a GET is pending, the kernel takes data */
bool vireo__eio_writable(const vireo__eio_session *s);
/* 4, or 3 */
int vireo__eio_protocol(const vireo__eio_session *s);
size_t vireo__eio_queued(const vireo__eio_session *s);

/* The request that opened the session; freed with it. */
typedef struct vireo__eio_handshake {
    int64_t issued_ms;    /* since 1970 */
    vireo_tls_info *tls;  /* NULL without TLS */
    vireo__values values; /* what middleware has set on the request */
    uint32_t lines_size;
    bool secure;
    bool xdomain;
    char address[]; /* behind its NUL: |lines_size| bytes of engineio/lines.h, the URL first */
} vireo__eio_handshake;

const vireo__eio_handshake *vireo__eio_handshake_of(const vireo__eio_session *s);
const char *vireo__eio_url(const vireo__eio_session *s);

/* vireo__eio_header returns its first header of that name (lower case), or NULL. */
const char *vireo__eio_header(const vireo__eio_session *s, const char *name);

/* vireo__eio_each_header calls |fn| for all of them, in order. */
void vireo__eio_each_header(const vireo__eio_session *s,
                            void (*fn)(const char *name, const char *value, void *user),
                            void *user);

#endif
