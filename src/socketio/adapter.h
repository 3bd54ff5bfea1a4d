/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* adapter.h: how a namespace reaches its sockets on other servers (loops, processes, machines). A
 * namespace whose server is alone has no adapter: then all is local (local.h).
 *
 * The namespace asks its adapter to do something to a vireo_to; the adapter has it done on the
 * other servers, and does the local part with the functions of local.h, at once or when it is its
 * turn (an adapter that hears its own publications does it then). What is already encoded is handed
 * over as it is: vireo__sio_message_json gives the text of [event, args..] and its parts, the
 * frames are for local receivers. What comes from another server is delivered with
 * vireo__deliver_for_other, or vireo__ask_for_other (ask.h).
 *
 * Whoever waits for results stands in a vireo__request (request.h): an adapter says how many
 * servers are asked, gives it the answers as they come, and forgets it at |over|. Time-outs, the
 * end, and calling the user are the request's business.
 *
 * Never called for a vireo_to with VIREO_LOCAL. |to| and what it points to are borrowed for the
 * call; to->but is a socket of this server, for the others its id is one more room in |except|. */

#ifndef VIREO_SOCKETIO_ADAPTER_H
#define VIREO_SOCKETIO_ADAPTER_H

#include <vireo/socket.h>

#include "socketio/message.h"
#include "socketio/request.h"

typedef struct vireo__adapter_ops {
    /* Returns the number of local sockets it was sent to by now, or a negative number if nothing
     * was done. */
    int (*broadcast)(vireo_adapter *a, const vireo_to *to, const vireo__sio_message *message);
    /* A broadcast that asks for an answer of each socket; the local part is vireo__ask_local. */
    int (*ask)(vireo_adapter *a, const vireo_to *to, const vireo__sio_message *message,
               vireo__request *r);
    /* |rooms| ends with a NULL */
    int (*join)(vireo_adapter *a, const vireo_to *to, const char *const *rooms);
    int (*leave)(vireo_adapter *a, const vireo_to *to, const char *const *rooms);
    int (*disconnect)(vireo_adapter *a, const vireo_to *to, bool close);
    /* Descriptions of the sockets in |to|; the local part is vireo__fetch_local. */
    int (*fetch)(vireo_adapter *a, const vireo_to *to, vireo__request *r);
    /* An event for the other servers. This one is done for |r| at once, which is NULL where no
     * answer is wanted. */
    int (*server_emit)(vireo_adapter *a, const vireo__sio_message *message, vireo__request *r);
    /* |r| has ended, answered or not; nothing may be given to it any more. */
    void (*over)(vireo_adapter *a, vireo__request *r);
    /* A room of this server changed; may be NULL. Must not join, leave or disconnect anybody. */
    void (*on_room)(vireo_adapter *a, vireo_room_event event, const char *room);
    /* The server ends: say goodbye to the others. Comes before |free|, or not at all. May be
     * NULL. */
    void (*close)(vireo_adapter *a);
    void (*free)(vireo_adapter *a);
} vireo__adapter_ops;

struct vireo_adapter {
    const vireo__adapter_ops *ops;
    vireo_ns *ns;
};

/* vireo__adapter_for returns the adapter that must be asked for |to|; NULL when it is a matter of
 * this server alone. */
vireo_adapter *vireo__adapter_for(const vireo_to *to);

/* vireo__deliver_for_other delivers another server's broadcast to the sockets here.
 *
 * to      its namespace may be a pattern: then it is for the children here
 * stamp   of another worker's; else 0
 * json    [event, args..] with placeholders in the places of its |count| parts; checked by the
 *         caller (vireo__sio_payload_valid)
 * Returns how many took it, or a negative number. Calls users' catch-all listeners. */
int vireo__deliver_for_other(const vireo_to *to, uint64_t stamp, vireo__str json,
                             const vireo__attachment *parts, size_t count);

/* vireo__fetch_local gives the request the descriptions of the sockets here. 0 or VIREO_ENOMEM. */
int vireo__fetch_local(const vireo_to *to, vireo__request *r);

#endif
