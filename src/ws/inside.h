/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* inside.h: what the files of a connection tell each other:
 *
 *     accept.c    the opening handshake of a server
 *     receive.c   bytes to events; paused reading
 *     send.c      messages, whole or in pieces, pings and pongs
 *     alive.c     silence and age
 *     conn.c      the states, closing, the end
 */

#ifndef VIREO_WS_INSIDE_H
#define VIREO_WS_INSIDE_H

#include "ws/conn.h"

enum { VIREO__WS_GOING_AWAY = 1001, VIREO__WS_NO_STATUS = 1005, VIREO__WS_ABNORMAL = 1006 };

/* Where messages that do not fit are left out, control frames still do: pongs (send.c), pings, the
 * close frame. */
#define VIREO__WS_CONTROL_ROOM 65536

/* Neither side has sent a close frame, the stream is fine. */
static inline bool vireo__ws_is_open(const vireo__ws *ws)
{
    return !ws->dead && !ws->close_sent && !ws->close_received;
}

/* --- conn.c ----------------------------------------------------------------------------------- */

/* vireo__ws_init fills in all but the stream. Returns 0 or VIREO_ENOMEM: then nothing is held. */
int vireo__ws_init(vireo__ws *ws, vireo_loop *loop, const vireo__ws_agreed *agreed,
                   const vireo__ws_limits *limits, const vireo__ws_events *events);

/* vireo__ws_begin takes the stream. */
void vireo__ws_begin(vireo__ws *ws, vireo__stream *stream);

/* vireo__ws_drop closes the stream now. */
void vireo__ws_drop(vireo__ws *ws, int error);

/* vireo__ws_begin_close sends a close frame and waits |timeout_ms| for the peer's. On error the
 * connection is dropped. */
int vireo__ws_begin_close(vireo__ws *ws, uint16_t code, const char *reason, size_t reason_len,
                          uint32_t timeout_ms);

/* vireo__ws_closed_by_peer answers a close frame; vireo__ws_fail a violation of the protocol. */
void vireo__ws_closed_by_peer(vireo__ws *ws, const vireo__ws_event *close);
void vireo__ws_fail(vireo__ws *ws, const vireo__ws_event *event);

/* --- send.c ----------------------------------------------------------------------------------- */

/* vireo__ws_write queues a frame in whatever state, masked where we are the client. */
int vireo__ws_write(vireo__ws *ws, vireo__shared *frame, vireo__written_fn done, void *user);

/* vireo__ws_send_held sends what waited behind a message in pieces, which is over. */
void vireo__ws_send_held(vireo__ws *ws);

void vireo__ws_answer_ping(vireo__ws *ws, const vireo__ws_event *ping);

/* --- receive.c -------------------------------------------------------------------------------- */

/* vireo__ws_received is the stream's on_data. */
void vireo__ws_received(vireo__stream *s, uint8_t *bytes, size_t n);

/* vireo__ws_reading tells whether we take what the peer sends. */
static inline bool vireo__ws_reading(const vireo__ws *ws)
{
    return !ws->paused && ws->unread == NULL;
}

/* vireo__ws_forget_unread frees what was read and not handled. */
void vireo__ws_forget_unread(vireo__ws *ws);

/* --- alive.c ---------------------------------------------------------------------------------- */

/* vireo__ws_live starts to watch silence and age as the limits say; without memory for that the
 * connection is dropped. */
void vireo__ws_live(vireo__ws *ws);
void vireo__ws_live_no_more(vireo__ws *ws);

#endif
