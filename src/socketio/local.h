/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* local.h: the sockets of a namespace that are connected to this server: who of them is in which
 * room, and what is done to those whom a vireo_to names. What lies beyond this server is the
 * adapter's business (adapter.h), which comes back to these functions for its local part.
 *
 * Rules: room names are checked by the caller; nothing here calls a user's code but the room event
 * hook, and vireo__local_disconnect. A vireo_to of which only rooms and sockets that do not exist
 * are named reaches nobody. */

#ifndef VIREO_SOCKETIO_LOCAL_H
#define VIREO_SOCKETIO_LOCAL_H

#include <vireo/socket.h>

#include "socketio/message.h"

void vireo__local_init(vireo_ns *ns);
void vireo__local_deinit(vireo_ns *ns); /* all sockets have left */

/* A socket connects: it is in its own room from now on. */
void vireo__local_add(vireo_socket *s);
int vireo__local_join(vireo_socket *s, const char *room); /* 0 or VIREO_ENOMEM */
void vireo__local_leave(vireo_socket *s, const char *room);
void vireo__local_leave_all(vireo_socket *s);

bool vireo__local_in_room(const vireo_socket *s, const char *room);
size_t vireo__local_room_count(const vireo_ns *ns, const char *room);

/* vireo__local_each calls |fn| once for each connected socket in |to|. |fn| must not join, leave or
 * disconnect. */
void vireo__local_each(const vireo_to *to, void (*fn)(vireo_socket *s, void *user), void *user);

/* vireo__local_crowd is the same for an |fn| that may do all that. */
void vireo__local_crowd(const vireo_to *to, void (*fn)(vireo_socket *s, void *user), void *user);

/* vireo__local_broadcast sends |message| to all in |to|. Returns how many took it. */
int vireo__local_broadcast(const vireo_to *to, const vireo__sio_message *message);

/* All in |to| join or leave |rooms| (ended by a NULL). What one of them cannot do, since it has
 * reached max_rooms, the others still do. */
void vireo__local_join_rooms(const vireo_to *to, const char *const *rooms);
void vireo__local_leave_rooms(const vireo_to *to, const char *const *rooms);

/* All in |to| are disconnected; with |close| their connections too. Calls users. */
void vireo__local_disconnect(const vireo_to *to, bool close);

#endif
