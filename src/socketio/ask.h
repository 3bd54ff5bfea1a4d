/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ask.h: a broadcast that asks each of its sockets here for an answer. All of them are asked under
 * one number, so that the packet is the same for all. */

#ifndef VIREO_SOCKETIO_ASK_H
#define VIREO_SOCKETIO_ASK_H

#include <vireo/socket.h>

#include "socketio/message.h"
#include "socketio/request.h"

/* Who hears of the answers: for another server the adapter, which embeds it. */
typedef struct vireo__asker {
    size_t waiting; /* sockets that have not answered yet */
    /* one has answered; |first| is the first value of its answer, NULL if it gave none */
    void (*answered)(struct vireo__asker *asker, const vireo_value *first);
    /* one has gone, or has let its time pass */
    void (*lost)(struct vireo__asker *asker);
    void (*over)(struct vireo__asker *asker); /* no more will come: free it */
} vireo__asker;

/* vireo__ask sends |message|, which carries the ack id |number|, to all in |to|. Returns how many
 * were asked; when there are none |over| was called. Answers come later. */
size_t vireo__ask(const vireo_to *to, const vireo__sio_message *message, uint64_t number,
                  uint32_t timeout_ms, vireo__asker *asker);

/* vireo__ask_for_request is the same for a request of this server: its part of the answers. The
 * message must be the one the request was begun with. 0 or VIREO_ENOMEM. */
int vireo__ask_for_request(const vireo_to *to, const vireo__sio_message *message,
                           vireo__request *r);

/* vireo__ask_for_other is the same for another server: |json| is [event, args..]. Returns how many
 * were asked, or a negative number: then |over| was not called. */
int64_t vireo__ask_for_other(const vireo_to *to, vireo__str json, const vireo__attachment *parts,
                             size_t count, uint32_t timeout_ms, vireo__asker *asker);

#endif
