/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* server_events.h: events from server to server, which no client sees. */

#ifndef VIREO_SOCKETIO_SERVER_EVENTS_H
#define VIREO_SOCKETIO_SERVER_EVENTS_H

#include <vireo/socket.h>

#include "base/str.h"
#include "payload/attachments.h"
#include "socketio/message.h"

/* Takes the answer of a handler to the server that asked; an adapter embeds it. */
typedef struct vireo__server_reply {
    /* |json| is one value with placeholders for its parts. Called at most once. 0 or a negative
     * number. */
    int (*send)(struct vireo__server_reply *reply, vireo__str json, const vireo__attachment *parts,
                size_t count);
    bool sent;
} vireo__server_reply;

/* vireo__server_event has the namespace's handler called for an event of another server.
 *
 * packet  the array [event, args..]
 * reply   NULL where no answer is wanted; valid for the call */
void vireo__server_event(vireo_ns *ns, const vireo_value *packet, vireo__server_reply *reply);

/* vireo__server_answer is vireo_ack for such an event: its first value goes to the server that
 * asked. */
int vireo__server_answer(const vireo_msg *m, const vireo__sio_args *args);

#endif
