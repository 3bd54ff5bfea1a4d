/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* recovery.h: connection state recovery: a client whose connection broke comes back as the socket
 * that it was, and gets what it has missed (protocol/server.md 1.9).
 *
 *     client                                server
 *       40                              ->
 *                                       <-  40{"sid":"ID","pid":"PID"}
 *                                       <-  42["news",1,"OFFSET"]
 *       (the connection breaks)
 *       40{"pid":"PID","offset":"OFFSET"} ->
 *                                       <-  42["news",2,"OFFSET'"]      what was missed, first
 *                                       <-  40{"sid":"ID","pid":"PID"}
 *
 * The presence of a client in a namespace lasts over such breaks. It belongs to the one who knows
 * its pid. The events that were sent stand in the namespace's history, by number; whom they were
 * for is told by their rooms, and by when the client has joined these.
 *
 * This is how the original does it, except for what follows.
 *
 * - An offset is a number, known to this history or not. Since a presence knows the number of the
 *   last event that was sent to it, a client that has that one has missed nothing until it left,
 *   though the history may not reach back so far.
 * - A client that has no offset yet, since no event was sent to it, needs none: what it has missed
 *   are the events since it came. An offset of another life of this server is none.
 * - The stock client takes the last argument of any event for an offset if it is a text. So each
 *   event that it gets ends in one: a volatile event too, which is not kept, in that of the event
 *   before; but for those with an ack id, which end in a function there.
 * - A client may be back before the server has noticed that it was gone: its old socket is
 *   disconnected then ("transport close").
 *
 * All of it is NULL and costs one comparison per event where it is not wanted. */

#ifndef VIREO_SOCKETIO_RECOVERY_H
#define VIREO_SOCKETIO_RECOVERY_H

#include <vireo/socket.h>

#include "base/map.h"
#include "engineio/id.h"
#include "loop/deadline.h"
#include "socketio/history.h"
#include "socketio/manner.h"
#include "socketio/message.h"

/* Of a namespace. */
typedef struct vireo__recovery {
    vireo_ns *ns;
    vireo__history history;
    vireo__deadline sweep; /* runs while events are kept */
    uint32_t keep_ms;      /* how long: a break is noticed late */
    vireo__map by_pid;     /* all presences */
    vireo__list away;      /* of vireo__presence, those that may come back; who left first, first */
    uint32_t away_count;
    size_t away_bytes;
    uint64_t recovered; /* since the start */
    uint64_t expired;
    uint64_t unknown;
} vireo__recovery;

/* Of a client in it. */
typedef struct vireo__presence {
    vireo__recovery *home;
    vireo__list node;               /* home->away */
    vireo__deadline deadline;       /* runs while it is away */
    struct vireo__luggage *luggage; /* its rooms and data while it has no connected socket */
    vireo_socket *socket;           /* NULL while it is away */
    uint64_t since;                 /* the newest event when it came; */
    uint64_t last;                  /* the newest that was sent to it; */
    uint64_t left;                  /* the newest when it left; */
    uint64_t resume;                /* what it has missed begins behind this */
    bool in_own_room;               /* when it left */
    char pid[VIREO__ID_SIZE];
    char id[VIREO__ID_SIZE];
} vireo__presence;

/* An event with its offset, made beside the one without: for the sockets that have a presence. */
typedef struct vireo__numbered {
    vireo__sio_message message;
    uint64_t number; /* 0: it is not kept */
} vireo__numbered;

/* vireo__recovery_open gives the namespace one, if its server has .recovery_ms. Returns 0 or
 * VIREO_ENOMEM. */
int vireo__recovery_open(vireo_ns *ns);

/* vireo__recovery_forget_all: nobody comes back any more. Calls users (.on_expired). */
void vireo__recovery_forget_all(vireo_ns *ns);
void vireo__recovery_free(vireo_ns *ns); /* all of its sockets have gone */

/* --- a socket comes and goes ------------------------------------------------------------------ */

/* vireo__recovery_begin makes the new socket of a CONNECT the one that its client had before, if
 * that can be; s->recovered tells. Its guards are still to be asked. Returns 0 or VIREO_ENOMEM. */
int vireo__recovery_begin(vireo_socket *s);

/* vireo__recovery_send_missed: it is admitted, and gets what it has missed before it is told so;
 * vireo__recovery_enter: it was told. */
void vireo__recovery_send_missed(vireo_socket *s);
void vireo__recovery_enter(vireo_socket *s);

/* vireo__recovery_withdraw: it is not. Who was to come back may try again. */
void vireo__recovery_withdraw(vireo_socket *s);

/* A connected socket ends: _leaving when nothing is sent to it any more, _pack while it still has
 * its rooms, if the former is true; both tell whether it may come back. _leave when its user has
 * done with it. */
bool vireo__recovery_leaving(vireo_socket *s, const char *reason);
bool vireo__recovery_pack(vireo_socket *s);
void vireo__recovery_leave(vireo_socket *s, bool packed);

/* --- events ----------------------------------------------------------------------------------- */

/* vireo__recovery_wanted tells whether there is anybody whom an offset is for. */
static inline bool vireo__recovery_wanted(const vireo__recovery *r)
{
    return r != NULL && r->by_pid.len > 0;
}

/* vireo__recovery_number gives an event for all in |to| its offset, and keeps it unless it is
 * volatile. Release what it made with vireo__sio_message_release. Returns 0 or a negative
 * number. */
int vireo__recovery_number(vireo__numbered *numbered, const vireo_to *to,
                           const vireo__sio_message *message);

/* vireo__recovery_pick returns which of both is for |s|, which is going to get it. */
static inline const vireo__sio_message *vireo__recovery_pick(vireo__presence *presence,
                                                             const vireo__sio_message *message,
                                                             const vireo__numbered *numbered)
{
    if (presence == NULL)
        return message;
    if (numbered->number != 0)
        presence->last = numbered->number;
    return &numbered->message;
}

/* vireo__recovery_send sends an event to one socket that has a presence. Returns as
 * vireo__manner_send. */
int vireo__recovery_send(vireo_socket *s, const vireo__sio_message *message,
                         const vireo__manner *how);

#endif
