/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* conn.h: a WebSocket connection, driven by a stream, as the server (vireo__ws_accept) or the
 * client (vireo__ws_attach; limits->from_server is set then). Raw endpoints (<vireo/ws.h>) and
 * Engine.IO stand on it.
 *
 * It lives inside its owner, from accept or attach until on_close has returned; the owner frees the
 * memory in on_close.
 */

#ifndef VIREO_WS_CONN_H
#define VIREO_WS_CONN_H

#include <vireo/ws.h>

#include "http/server.h"
#include "loop/deadline.h"
#include "ws/frame.h"
#include "ws/handshake.h"
#include "ws/message.h"

typedef struct vireo__ws vireo__ws;

/* None of them comes inside a call of a function below, save on_closing. */
typedef struct vireo__ws_events {
    /* A whole message; a text is valid UTF-8. The bytes may be changed in place; gone after the
     * return. None comes after vireo__ws_close. */
    void (*on_message)(vireo__ws *ws, bool binary, uint8_t *data, size_t len);
    /* With limits->pieces instead of on_message: the next bytes of a message. */
    void (*on_piece)(vireo__ws *ws, bool binary, uint8_t *data, size_t len, bool last);
    /* May be NULL; the pong is sent already. */
    void (*on_ping)(vireo__ws *ws, const uint8_t *data, size_t len);
    void (*on_pong)(vireo__ws *ws, const uint8_t *data, size_t len); /* may be NULL */
    void (*on_drain)(vireo__ws *ws);                                 /* may be NULL */
    /* May be NULL; on_close follows. */
    void (*on_error)(vireo__ws *ws, int error, const char *text);
    /* It has left the state OPEN. May be NULL. Must only take note of it: it may come inside any
     * call. */
    void (*on_closing)(vireo__ws *ws);
    /* Exactly once. |code| as in ws.h; |reason| is ended by a NUL. */
    void (*on_close)(vireo__ws *ws, uint16_t code, const char *reason);
} vireo__ws_events;

/* vireo__ws_check_request checks the handshake of an upgrade request. Returns 0 and the key of the
 * answer; or a negative number, and the refusal is answered. */
int vireo__ws_check_request(vireo_req *r, char accept[VIREO__WS_ACCEPT_SIZE]);

/* vireo__ws_accept_checked answers an upgrade request: agrees on compression as limits->deflate
 * says, writes the 101 and takes the stream.
 *
 * ws      the caller's memory; initialised by this call
 * headers further headers of the 101, each line ended by \r\n; copied; NULL for none
 * Returns 0; or a negative number when the request was refused and the refusal answered, or memory
 * ran out and the connection is being closed: then on_close will not come. Messages arrive after
 * the return only. */
int vireo__ws_accept_checked(vireo__ws *ws, vireo_req *r, const char *accept, const char *headers,
                             const vireo__ws_limits *limits, const vireo__ws_events *events);

/* vireo__ws_accept does both. */
int vireo__ws_accept(vireo__ws *ws, vireo_req *r, const char *headers,
                     const vireo__ws_limits *limits, const vireo__ws_events *events);

/* vireo__ws_attach takes a stream whose opening handshake is done. What arrived behind the
 * handshake is given to vireo__stream_received afterwards.
 *
 * ws      the caller's memory; initialised by this call
 * agreed  see extension.h; copied
 * Returns 0, or VIREO_ENOMEM: then the stream is not taken. Messages arrive after the return only.
 */
int vireo__ws_attach(vireo__ws *ws, vireo__stream *stream, const vireo__ws_agreed *agreed,
                     const vireo__ws_limits *limits, const vireo__ws_events *events);

/* vireo__ws_send queues a frame made with vireo__ws_frame_new; takes a reference of its own.
 *
 * done   may be NULL: see net/wqueue.h. Not called when the result is negative.
 * Returns 0; VIREO_ECLOSED when it is closing or closed; VIREO_EFULL, and it is being closed, or
 * the message was left out (limits->skip_when_full); VIREO_ENOMEM. */
int vireo__ws_send(vireo__ws *ws, vireo__shared *frame, vireo__written_fn done, void *user);

/* vireo__ws_send_piece sends the next part of a message (copied). Frames given to vireo__ws_send
 * before its last part wait for that.
 *
 * Returns 0; VIREO_EUTF8 (the message so far is no text); VIREO_EINVAL (|binary| changed in the
 * middle); VIREO_ECLOSED, VIREO_EFULL, VIREO_ENOMEM. After VIREO_ENOMEM the same piece may be sent
 * again. */
int vireo__ws_send_piece(vireo__ws *ws, const void *data, size_t len, bool binary, bool last);

/* vireo__ws_queued returns the bytes that the kernel has not taken. */
size_t vireo__ws_queued(const vireo__ws *ws);

/* vireo__ws_ping sends a ping of at most 125 bytes (more: VIREO_EINVAL). Else as vireo__ws_send. */
int vireo__ws_ping(vireo__ws *ws, const void *data, size_t len);

/* vireo__ws_close sends a close frame (|code| 0: without one) and waits limits->close_timeout_ms
 * for the peer's.
 *
 * Returns 0, VIREO_EINVAL (a code or a reason that no close frame may carry), VIREO_ECLOSED
 * (closing or closed), VIREO_ENOMEM and VIREO_EFULL (the connection is dropped instead). */
int vireo__ws_close(vireo__ws *ws, uint16_t code, const char *reason, size_t reason_len);

/* vireo__ws_go_away closes with 1001 and waits at most VIREO__WS_GO_AWAY_MS, also where a close
 * handshake was under way. */
void vireo__ws_go_away(vireo__ws *ws);
#define VIREO__WS_GO_AWAY_MS 2000 /* the end of a server should not wait for its slowest client */

/* vireo__ws_terminate closes the stream at once. on_close comes later, with 1006 unless the peer's
 * close frame had come. */
void vireo__ws_terminate(vireo__ws *ws);

vireo_ws_state vireo__ws_ready_state(const vireo__ws *ws);

/* vireo__ws_pause: no message, ping, pong or close frame is told any more, nor read, until
 * vireo__ws_resume; events do not come inside that. Closing resumes. */
void vireo__ws_pause(vireo__ws *ws);
void vireo__ws_resume(vireo__ws *ws);

struct vireo__ws {
    vireo__stream *stream; /* NULL inside on_close */
    const vireo__ws_events *events;
    vireo__ws_reader reader; /* reader.limits and reader.deflate are for sending too */
    /* a message that we send in pieces; NULL: none is under way */
    struct vireo__ws_outgoing *outgoing;
    struct vireo__ws_unread *unread;     /* bytes that wait: receive.c; NULL: none */
    struct vireo__ws_lifetime *lifetime; /* alive.c; NULL: no limit */
    vireo__deadline timer; /* ticks (alive.c), then waits for the peer's close frame */
    vireo__shared *pong;   /* waits until the pongs before it are written; NULL: none */
    char *reason;          /* of the peer's close frame; NULL: none */
    uint32_t queued_then;  /* at the last tick */
    uint16_t code;         /* of the peer's close frame; 1006 until it comes */
    uint8_t pongs_queued : 7;
    bool close_sent : 1;
    uint8_t quiet : 3; /* ticks without a byte */
    bool close_received : 1;
    bool dead : 1; /* the stream is ended, ending or closing: nothing more is sent or read */
    bool paused : 1;
    bool taking : 1;     /* bytes are being handled */
    bool peer_first : 1; /* the close handshake was begun by the peer */
};

#endif
