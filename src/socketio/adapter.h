/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* adapter.h: who is in which room, and how a broadcast reaches them. One adapter per namespace. The
 * in-memory one (adapter_memory.c) knows the sockets of this loop; an adapter that knows other
 * loops or machines delivers here through it and passes the same encoded message on.
 *
 * Rules: room names are checked by the caller; a socket is in the room of its own id from
 * vireo__adapter.add on; nothing here calls a user's code but the room event hook.
 */

#ifndef VIREO_SOCKETIO_ADAPTER_H
#define VIREO_SOCKETIO_ADAPTER_H

#include <vireo/socket.h>

#include "socketio/message.h"

typedef struct vireo__adapter vireo__adapter;

typedef struct vireo__adapter_ops {
    /* a socket connects: its own room. 0 or VIREO_ENOMEM */
    int (*add)(vireo__adapter *a, vireo_socket *s);
    int (*join)(vireo__adapter *a, vireo_socket *s, const char *room);
    int (*leave)(vireo__adapter *a, vireo_socket *s, const char *room);
    void (*leave_all)(vireo__adapter *a, vireo_socket *s);
    bool (*in_room)(const vireo__adapter *a, const vireo_socket *s, const char *room);
    size_t (*room_count)(const vireo__adapter *a, const char *room);
    void (*each_room)(const vireo__adapter *a, const vireo_socket *s,
                      void (*fn)(const char *room, void *user), void *user);
    /* Calls |fn| once for each local socket in |to|. |fn| must not join, leave or disconnect. */
    void (*each)(vireo__adapter *a, const vireo_to *to, void (*fn)(vireo_socket *s, void *user),
                 void *user);
    /* Sends |message| to all in |to|. Returns the number of local sockets. */
    int (*broadcast)(vireo__adapter *a, const vireo_to *to, const vireo__sio_message *message);
    void (*free)(vireo__adapter *a);
} vireo__adapter_ops;

struct vireo__adapter {
    const vireo__adapter_ops *ops;
    vireo_ns *ns;
};

/* vireo__adapter_memory_new returns new; NULL when memory runs out. */
vireo__adapter *vireo__adapter_memory_new(vireo_ns *ns);

#endif
