/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* recovery.h: connection state recovery: a client whose connection broke comes back as the socket
 * that it was, and gets what it has missed.
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
 * Workers of one server (moving.h): each keeps a history, and a client may come back to another one
 * than it has left.
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
#include "socketio/stays.h"

/* Of a namespace. */
typedef struct vireo__recovery {
    vireo_ns *ns;
    vireo__history history;
    vireo__stays *stays;   /* of all presences; those of other workers too, if it is |shared| */
    bool shared;           /* its own otherwise */
    unsigned worker;       /* this one */
    vireo__deadline sweep; /* runs while events are kept */
    uint32_t keep_ms;      /* how long: a break is noticed late */
    vireo__map by_pid;     /* the presences of this worker */
    vireo__list away;      /* .. those that may come back */
    vireo__list arrears;   /* of vireo__arrears, the oldest first */
    size_t arrears_bytes;
    vireo__list moves; /* of vireo__move, for which a socket waits */
} vireo__recovery;

/* What a client was sent that came from another worker: what it had missed, in the order of that
 * worker. It is needed no more when the client has more than that. */
typedef struct vireo__arrears {
    vireo__list node; /* home->arrears */
    struct vireo__presence *presence;
    uint64_t at_ms;
    uint64_t claimed; /* the stamp that the client had before them, 0: none */
    size_t bytes;
    size_t next; /* the first of them that is missed */
    size_t count;
    vireo__past *events[];
} vireo__arrears;

/* Of a client in it. */
typedef struct vireo__presence {
    vireo__recovery *home;
    vireo__stay *stay;              /* NULL once it is another worker's */
    vireo__list node;               /* home->away */
    vireo__deadline deadline;       /* runs while it is away */
    struct vireo__luggage *luggage; /* its rooms and data while it has no connected socket */
    vireo_socket *socket;           /* NULL while it is away */
    vireo__arrears *arrears;        /* NULL: it has none */
    uint64_t floor;                 /* where it came in from another worker, behind its arrears */
    uint64_t since;                 /* the newest event when it came; */
    uint64_t last;                  /* the newest that was sent to it; */
    uint64_t last_stamp;            /* .. its stamp */
    uint64_t left;                  /* the newest when it left; */
    uint64_t resume;                /* what it has missed begins behind this */
    bool in_own_room;               /* when it left */
    bool dropped;                   /* it had arrears, and they are not known any more */
    char id[VIREO__ID_SIZE];
} vireo__presence;

/* An event with its offset, made beside the one without: for the sockets that have a presence. */
typedef struct vireo__numbered {
    vireo__sio_message message;
    uint64_t number; /* 0: it is not kept */
    uint64_t stamp;
} vireo__numbered;

/* vireo__recovery_open gives the namespace one, if its server has .recovery_ms. Returns 0 or
 * VIREO_ENOMEM. */
int vireo__recovery_open(vireo_ns *ns);

/* vireo__recovery_share makes it one with that of other workers; before the first event. Returns 0
 * or VIREO_ENOMEM. */
int vireo__recovery_share(vireo_ns *ns);

/* vireo__recovery_forget_all: nobody comes back any more. Calls users (.on_expired). */
void vireo__recovery_forget_all(vireo_ns *ns);
void vireo__recovery_free(vireo_ns *ns); /* all of its sockets have gone */

/* --- a socket comes and goes ------------------------------------------------------------------ */

/* vireo__recovery_begin makes the new socket of a CONNECT the one that its client had before, if
 * that can be; s->recovered tells. Its guards are still to be asked. Returns 0 or VIREO_ENOMEM;
 * VIREO_LATER when another worker must be asked first: vireo__admission_go_on follows. */
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
    return r != NULL && vireo__stays_any(r->stays);
}

/* vireo__recovery_stamp returns a stamp for an event that other workers get too; 0 where none has
 * to be kept. */
uint64_t vireo__recovery_stamp(const vireo_ns *ns);

/* vireo__recovery_pass: an event for |to| that nobody can have missed yet. */
void vireo__recovery_pass(const vireo_to *to, const vireo__sio_message *message);

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
    if (numbered->number != 0) {
        presence->last = numbered->number;
        presence->last_stamp = numbered->stamp;
    }
    return &numbered->message;
}

/* vireo__recovery_send sends an event to one socket that has a presence. Returns as
 * vireo__manner_send. */
int vireo__recovery_send(vireo_socket *s, const vireo__sio_message *message,
                         const vireo__manner *how);

/* --- between recovery.c and moving.c ---------------------------------------------------------- */

/* What a presence needs to become a socket again: the data, and behind it each room with the number
 * of the newest event when it was joined:
 *
 *     data | since (8 bytes) name NUL | since name NUL | ..
 */
typedef struct vireo__luggage {
    size_t size; /* of all of it */
    size_t data_size;
    uint32_t rooms;
    bool foreign; /* packed by another worker, whose numbers say nothing here */
    _Alignas(16) unsigned char data[];
} vireo__luggage;

/* vireo__presence_away finds the presence of |pid| on this worker, even if it was not noticed yet
 * that the client is gone; NULL if there is none that could come back now. Calls users. */
vireo__presence *vireo__presence_away(const vireo__recovery *r, const char *pid);

/* vireo__presence_place finds where a client with this |offset| (NULL: it has none) goes on. False
 * if it may have missed what is not kept any more. */
bool vireo__presence_place(vireo__presence *p, const char *offset);

/* vireo__past_meant tells whether an event was for the socket |id|; |was_in| says of a room whether
 * it was in that then. */
bool vireo__past_meant(const vireo__past *past, const char *id,
                       bool (*was_in)(const char *room, const void *user), const void *user);

/* vireo__presence_make returns new: one that is nowhere yet, with |stay| (takes, unless it fails;
 * NULL: a new one, of |pid|); NULL when memory runs out. */
vireo__presence *vireo__presence_make(vireo__recovery *r, vireo__stay *stay, const char *pid);
void vireo__presence_free(vireo__presence *p);

/* vireo__presence_fetch takes it back from where it is away; vireo__presence_put_away puts it
 * there: it holds its namespace then; vireo__presence_expire: it does not come back. Calls users.
 */
void vireo__presence_fetch(vireo__presence *p);
void vireo__presence_put_away(vireo__presence *p);
void vireo__presence_expire(vireo__presence *p);

/* vireo__presence_take_over makes |s| its socket. Returns 0 or VIREO_ENOMEM. */
int vireo__presence_take_over(vireo__presence *p, vireo_socket *s);

/* vireo__recovery_new_stay gives |s| a presence of its own. Returns 0 or VIREO_ENOMEM. */
int vireo__recovery_new_stay(vireo_socket *s);

/* vireo__recovery_mark has an event that is for nobody, and whose stamp is not |unlike|, be the
 * newest: who has that one has all that he was sent before. */
void vireo__recovery_mark(vireo__recovery *r, uint64_t unlike);

/* vireo__arrears_drop: what of them the client has not got is not known any more. */
void vireo__arrears_drop(vireo__arrears *arrears);

#endif
