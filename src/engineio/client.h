/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client.h: one session with an Engine.IO server, as the floor above sees it: messages over polling
 * or WebSocket, and over one after the other. A session that is over is over: who wants to go on
 * opens another one.
 *
 *     open -> on_open -> on_message* [on_upgrade] -> on_close -> gone
 *        \---------------- it cannot be opened -------^
 *
 * None of the events but on_packet comes inside a call of a function below. After
 * vireo__eio_client_leave none comes at all. */

#ifndef VIREO_ENGINEIO_CLIENT_H
#define VIREO_ENGINEIO_CLIENT_H

#include <vireo/app.h>
#include <vireo/socket.h>

#include "base/shared.h"
#include "engineio/place.h"

typedef struct vireo__eio_client vireo__eio_client;

/* Why a session ended. All is borrowed for the call. */
typedef struct vireo__eio_failure {
    const char *reason;  /* "transport error", "transport close", "ping timeout", "parse error" */
    const char *message; /* of an error, the official client's: "xhr poll error" ..; "" if none */
    const char *text;    /* in words; "" if nothing is known */
    int error;           /* 0, or a negative number */
    unsigned status;     /* of an HTTP answer that was wrong; 0 */
} vireo__eio_failure;

typedef struct vireo__eio_client_events {
    void (*on_open)(vireo__eio_client *c);
    /* A message; a text is UTF-8. The bytes may be changed in place and are gone after the
     * return. */
    void (*on_message)(vireo__eio_client *c, bool binary, uint8_t *data, size_t len);
    void (*on_ping)(vireo__eio_client *c);
    /* A packet has come, and is going to be acted on; or is queued, inside the call that does it.
     * Nothing may be done to |c|. */
    void (*on_packet)(vireo__eio_client *c, const vireo_packet_info *packet);
    void (*on_upgrading)(vireo__eio_client *c); /* the probe was answered */
    void (*on_upgrade)(vireo__eio_client *c);
    /* .. or has failed; polling goes on. |text| is borrowed; "" if nothing is known */
    void (*on_upgrade_error)(vireo__eio_client *c, int error, const char *text);
    void (*on_drain)(vireo__eio_client *c); /* all that was queued has left */
    /* Exactly once; |c| is gone after the return. */
    void (*on_close)(vireo__eio_client *c, const vireo__eio_failure *why);
} vireo__eio_client_events; /* none is NULL */

/* vireo__eio_client_open begins a session.
 *
 * place      takes a reference
 * websocket  begin with a WebSocket, if the place knows that transport at all
 * Returns NULL when memory runs out. */
vireo__eio_client *vireo__eio_client_open(vireo_app *app, vireo__eio_place *place, bool websocket,
                                          const vireo__eio_client_events *events, void *owner);

/* vireo__eio_client_send queues a message made with vireo__ws_frame_new (a text's payload begins
 * with "4"); takes a reference of its own. Returns 0, VIREO_ECLOSED (not open), VIREO_ENOMEM. Where
 * one part of several cannot follow: vireo__eio_client_fail. */
int vireo__eio_client_send(vireo__eio_client *c, vireo__shared *frame);

/* vireo__eio_client_fail ends it: on_close comes, at the end of the turn. */
void vireo__eio_client_fail(vireo__eio_client *c, const char *reason, int error);

/* vireo__eio_client_leave ends it without an event: what is queued is sent first, for at most
 * VIREO__EIO_LEAVE_MS. |c| is not ours any more. */
void vireo__eio_client_leave(vireo__eio_client *c);
#define VIREO__EIO_LEAVE_MS 5000

/* vireo__eio_client_stands tells whether a message would have a way to the server. False also when
 * the end is only still to be told: and when the server's PING is overdue, though no timer has told
 * it yet, as after a sleep of the machine; then it is being closed. */
bool vireo__eio_client_stands(vireo__eio_client *c);

void *vireo__eio_client_owner(const vireo__eio_client *c);
const char *vireo__eio_client_id(const vireo__eio_client *c); /* "" until it is open */
vireo__eio_kind vireo__eio_client_kind(const vireo__eio_client *c);
bool vireo__eio_client_writable(const vireo__eio_client *c); /* would a message leave now */
size_t vireo__eio_client_queued(const vireo__eio_client *c);
/* the session has a WebSocket, or had one, and no transport has failed since */
bool vireo__eio_client_websocket_works(const vireo__eio_client *c);

#endif
