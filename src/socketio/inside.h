/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* inside.h: the structures of this floor, shared by its files.
 *
 *   vireo_io                 one server: its engine, its namespaces; an application may have
 * several vireo_ns               a namespace: handlers, sockets, rooms, adapter vireo__sio_conn a
 * client's session; one client has one socket per namespace it joined vireo_socket         a client
 * in a namespace
 */

#ifndef VIREO_SOCKETIO_INSIDE_H
#define VIREO_SOCKETIO_INSIDE_H

#include <vireo/socket.h>

#include "base/map.h"
#include "base/rooms.h"
#include "base/table.h"
#include "engineio/server.h"
#include "http/server.h"
#include "loop/deadline.h"
#include "payload/doc.h"
#include "socketio/common.h"
#include "socketio/decode.h"
#include "socketio/guests.h"
#include "socketio/manner.h"
#include "socketio/message.h"
#include "socketio/packet.h"
#include "socketio/recovery.h"

#define VIREO__ROOM_NAME_MAX             255  /* bytes */
#define VIREO__NAMESPACE_NAME_MAX        512  /* bytes */
#define VIREO__NAMESPACES_PER_CONNECTION 1000 /* the most that max_namespaces may be */
#define VIREO__DATA_SIZE_MAX             (1 << 30)

typedef struct vireo__ack vireo__ack; /* acks.c */

/* What a socket needs of the end of the connection at which it stands: a server's (socket.c), or a
 * client's (client_socket.c). */
typedef struct vireo__sio_end {
    /* Sends an event, or an acknowledgement; |ack|: what waits for the answer to the event, or
     * NULL; |how|: see manner.h. Returns 0 or a negative number; VIREO_EFULL for what |how| leaves
     * out. */
    int (*send)(vireo_socket *s, const vireo__sio_message *message, vireo__sio_type type,
                vireo__ack *ack, const vireo__manner *how);
    void (*disconnect)(vireo_socket *s, bool close);
    const char *(*conn_id)(const vireo_socket *s);
    const char *(*transport)(const vireo_socket *s);
    size_t (*queued)(const vireo_socket *s);
    bool (*writable)(const vireo_socket *s);
} vireo__sio_end;

typedef struct vireo__io_counts {
    uint64_t connected;
    uint64_t disconnected[VIREO__REASONS];
    uint64_t received; /* events */
    uint64_t sent;
    uint64_t dropped;
} vireo__io_counts;

struct vireo_io {
    const vireo__sio_end *end;
    vireo_app *app;
    vireo_io *next; /* of the same application; the first stands in its extension */
    vireo_loop *loop;
    vireo_io_options options;
    vireo__sio_codec codec; /* how packets are written and read */
    vireo_cookie_options cookie;
    vireo__eio_server *engine;
    char *path; /* of the options, owned, without a slash at its end */
    vireo__io_counts counts;
    /* while the sockets of a session that has ended are closed: whose, and how it ended */
    const struct vireo__sio_conn *ending;
    const vireo__eio_close_info *why;
    vireo__map namespaces;    /* by name */
    vireo__list parents;      /* of vireo__parent, in the order of registration */
    uint32_t parents_made;    /* so far: their names are counted */
    uint32_t children;        /* namespaces that clients have brought to life */
    vireo__io_common *common; /* NULL: this is the only worker */
    uint64_t stamps;          /* that it has given to events (history.h) */
    vireo__id_source ids;
    vireo__doc doc; /* the packet being handled */
    /* sockets that are gone; freed after the packet or at the end of the turn, when no handler can
     * be using them */
    vireo__list graveyard;
    vireo__list empty_namespaces; /* the same for namespaces, by vireo_ns.in_parent */
    vireo__turn_task bury;
    vireo__list undecided; /* of vireo__later: the user owes an answer */
    vireo__list decided;   /* answered, settled at the end of the turn */
    vireo__turn_task settle;
};

struct vireo_ns {
    vireo_io *io;
    char *name;
    vireo_ns_options options;
    vireo__map own_handlers;    /* event name -> const vireo_event_handler */
    const vireo__map *handlers; /* of its own, or its parent's */
    vireo__map own_limits;      /* event name -> const vireo_event_limit */
    const vireo__map *limits;   /* of its own, or its parent's */
    size_t limit_count;         /* rows of options.limits */
    vireo__table sockets;       /* the connected ones by id */
    vireo__list list;           /* of the same */
    vireo__rooms rooms;         /* of the same */
    vireo__map acks;            /* number and socket -> vireo__ack that is waited for */
    uint64_t next_ack;
    uint32_t ack_timeout_ms; /* of a question that has none of its own; 0: none */
    vireo_adapter *adapter;  /* to those on other servers; NULL: there are none */
    vireo__list requests;    /* of vireo__request */
    vireo__map requests_by_id;
    struct vireo__parent *as_parent; /* what it is beside, if its name is a pattern; else NULL */
    struct vireo__parent *parent;    /* NULL: it has none */
    vireo__list in_parent;           /* parent->children */
    /* sockets, connected or not, and whatever else needs the namespace: a child with none may be
     * cleaned up */
    uint32_t users;
    uint32_t listening;           /* sockets with catch-all listeners for what is sent */
    bool dynamic;                 /* a client has brought it to life */
    bool counted;                 /* in common->using */
    bool of_workers;              /* its adapter is that of the group */
    bool forgotten;               /* nobody finds it any more: it goes with its last user */
    vireo__ns_common *common;     /* NULL: this is the only worker */
    vireo__guests *guests;        /* NULL until the first comes */
    vireo__recovery *recovery;    /* NULL: off */
    struct vireo__client *client; /* client.h: whose socket's it is; NULL: a server's */
};

/* An answer that the user of the library gives later (later.c). It stays in memory until it is
 * given, whatever happens meanwhile: then nobody waits for it any more, and it is |moot|. */
typedef struct vireo__later {
    vireo__list node; /* io->undecided, io->decided */
    vireo__deadline deadline;
    vireo_io *io;
    const struct vireo__later_ops *ops;
    int verdict;
    bool given;
    bool moot;
} vireo__later;

typedef struct vireo__later_ops {
    void (*expire)(vireo__later *l); /* its time is over: whoever waits is told; now it is moot */
    /* The answer was given: act on it unless it is moot, and free |l|. */
    void (*settle)(vireo__later *l, int verdict);
} vireo__later_ops;

/* Stands inside its session: gone with that. */
typedef struct vireo__sio_conn {
    vireo_io *io;
    vireo__eio_session *session;
    vireo__list sockets;  /* of vireo_socket.in_conn */
    vireo__list requests; /* of vireo_ns_request.in_conn */
    uint32_t auth_bytes;  /* of all their auths */
    uint16_t joining;     /* of both lists; at most VIREO__NAMESPACES_PER_CONNECTION */
    bool closed;
    struct arrival *arrival; /* until the first namespace is joined; then NULL */
    vireo__sio_decoder decoder;
    char *query_value; /* what vireo_handshake_query returned last */
} vireo__sio_conn;

/* The life of a socket:
 *
 *     guards -> connected -> closed
 *        \-> (VIREO_LATER) admission -> connected, or closed
 */
struct vireo_socket {
    vireo_ns *ns;
    vireo__sio_conn *conn;   /* NULL once that is gone, while a guard still owes its answer */
    vireo__list in_ns;       /* ns->list, later the graveyard */
    vireo__table_link by_id; /* ns->sockets */
    vireo__list in_conn;
    vireo__member member;               /* of rooms; its own room is not counted */
    struct vireo__socket_more *more;    /* NULL until some of it is needed */
    vireo_value *auth;                  /* NULL: it is empty */
    struct vireo__admission *admission; /* a guard owes its answer */
    vireo__presence *presence;          /* NULL: it cannot come back */
    char *id; /* |own_id|, or allocated: that of a v2 client's namespace */
    bool connected : 1;
    bool closed : 1; /* or being closed: nothing can be sent any more */
    bool left_own_room : 1;
    bool in_guard : 1;
    bool admitted : 1; /* by vireo_admit, before the guard has returned */
    bool recovered : 1;
    char own_id[VIREO__ID_SIZE];
    /* of the user; where he wants none, the allocation ends behind |own_id| */
    _Alignas(16) unsigned char data[];
};

/* What most sockets never need. */
typedef struct vireo__socket_more {
    vireo__list acks; /* vireo__ack it is asked for */
    vireo__list owed; /* vireo__owed: what its client waits for */
    uint32_t owed_count;
    char *refusal; /* what vireo_refuse was told: the JSON of a CONNECT_ERROR */
    struct vireo__listeners *listeners; /* vireo_on and its kin; NULL while there are none */
    double *buckets;                    /* limits.c; NULL: it has sent nothing that is limited */
} vireo__socket_more;

struct vireo_msg {
    vireo_socket *socket;
    const char *event;
    size_t event_len;
    const vireo_value *args; /* the array, the event's name first */
    vireo__str id;
    bool answered;
    /* while the guards of the event are asked */
    size_t guard;
    bool in_guard;
    struct vireo_held *held;           /* made by the guard */
    char *why;                         /* of vireo_deny, or NULL */
    struct vireo__server_reply *reply; /* of an event of another server; it has no socket */
};

/* --- server.c --------------------------------------------------------------------------------- */

/* vireo__io_of returns the application's first server, made with the defaults if there is none;
 * NULL when memory runs out. */
vireo_io *vireo__io_of(vireo_app *app);
void vireo__io_close_sockets(vireo_io *io, const char *reason);

/* vireo__io_default_values returns how many values and keys a packet may have. */
uint32_t vireo__io_default_values(size_t message_bytes);

/* vireo__io_init fills in what a server and a client have in common; |io| is all zero. What it
 * holds is freed by vireo__io_free. */
void vireo__io_init(vireo_io *io, vireo_app *app, const vireo__sio_end *end);

/* vireo__io_bury frees the sockets that are gone. Not below a handler. A client can make and end
 * thousands of them in one turn: they go with the packet that ended them. */
void vireo__io_bury(vireo_io *io);
void vireo__io_free(vireo_io *io);

/* --- conn.c: what a session brings ------------------------------------------------------------ */

extern const vireo__eio_events vireo__sio_engine_events;

/* vireo__sio_conn_close ends the session because the client broke the rules, or took too long. */
void vireo__sio_conn_close(vireo__sio_conn *conn);

/* vireo__sio_conn_close_sockets disconnects all its sockets with this reason. */
void vireo__sio_conn_close_sockets(vireo__sio_conn *conn, const char *reason,
                                   const char *description);

/* vireo__sio_conn_refuse sends a CONNECT_ERROR for a namespace that the client has no socket in. */
void vireo__sio_conn_refuse(vireo__sio_conn *conn, vireo__str ns, const char *message);

/* vireo__sio_conn_first_open returns a connected socket that is not being closed, or NULL. */
vireo_socket *vireo__sio_conn_first_open(const vireo__sio_conn *conn);

void vireo__sio_conn_joined(vireo__sio_conn *conn); /* a namespace: the connect deadline is over */

/* --- rooms.c ---------------------------------------------------------------------------------- */

/* vireo__room_name_valid: names come from clients, and what vireo_str answers for a value that is
 * no text is no name. */
bool vireo__room_name_valid(const char *room);

/* --- later.c: answers that come later --------------------------------------------------------- */

/* vireo__later_start begins to wait. It cannot fail, since the user has been given his pointer:
 * where there is no memory for the time-out, that comes at once.
 *
 * l           all zero, embedded in what the user was given
 * timeout_ms  0: as long as it takes */
void vireo__later_start(vireo_io *io, vireo__later *l, uint32_t timeout_ms,
                        const vireo__later_ops *ops);

/* vireo__later_give is the answer; settled at the end of the turn. Returns 0; VIREO_ECLOSED when it
 * is moot; VIREO_EANSWERED. */
int vireo__later_give(vireo__later *l, int verdict);

/* vireo__later_drop: nobody waits for it any more. */
void vireo__later_drop(vireo__later *l);

void vireo__later_settle_all(vireo__turn_task *task); /* io->settle */
void vireo__later_free_all(vireo_io *io);             /* all become moot, and are settled */

/* --- namespace.c ------------------------------------------------------------------------------ */

vireo_ns *vireo__ns_find(const vireo_io *io, vireo__str name);

/* vireo__ns_take returns the same, held, so that no worker ends it meanwhile. */
vireo_ns *vireo__ns_take(vireo_io *io, vireo__str name);

/* vireo__ns_new returns new: a namespace that nobody can find yet, or NULL.
 *
 * name    takes, also when it fails
 * parent  whose child it is, or NULL; a child of NULL |options| has its parent's */
vireo_ns *vireo__ns_new(vireo_io *io, char *name, struct vireo__parent *parent,
                        const vireo_ns_options *options);

/* vireo__ns_announce makes it known under its name. Returns 0 or VIREO_ENOMEM. */
int vireo__ns_announce(vireo_ns *ns);
void vireo__ns_free(vireo_ns *ns);

/* vireo__ns_hold keeps a namespace alive that is going to be needed; vireo__ns_release lets go: a
 * child that nobody needs any more is cleaned up, if that is wanted. */
void vireo__ns_hold(vireo_ns *ns);
void vireo__ns_release(vireo_ns *ns);

/* vireo__ns_forget: nobody finds the child any more. It goes at the end of the turn, if nobody
 * needs it, else with the last who does. */
void vireo__ns_forget(vireo_ns *ns);

/* vireo__ns_join_workers connects it with those of other workers, unless it has an adapter of its
 * own. Returns 0 or VIREO_ENOMEM. */
int vireo__ns_join_workers(vireo_ns *ns);

/* vireo__ns_bury says good-bye to a namespace that nobody can find any more, and frees it. */
void vireo__ns_bury(vireo_ns *ns);

/* vireo__ns_next_child returns the child behind |last| (NULL: the first), or NULL. */
vireo_ns *vireo__ns_next_child(const vireo_ns *parent, const vireo_ns *last);

/* vireo__ns_go_on returns the same; |last| was held, since something was done that may be its end,
 * and is released. The one returned is held. */
vireo_ns *vireo__ns_go_on(const vireo_ns *parent, vireo_ns *last);

/* --- dynamic.c: namespaces that clients bring to life ----------------------------------------- */

/* The other half of a namespace whose name is a pattern. */
typedef struct vireo__parent {
    vireo_ns *ns;
    vireo__list node;               /* io->parents */
    vireo__list children;           /* of vireo_ns.in_parent */
    uint32_t number;                /* in the order of registration */
    struct vireo__pattern *pattern; /* NULL: |decide| is asked */
    int (*decide)(vireo_ns_request *q, const char *name, const vireo_value *auth);
} vireo__parent;

void vireo__parent_free(vireo__parent *parent);

/* vireo__ns_of_common returns this worker's, or NULL. */
vireo_ns *vireo__ns_of_common(vireo_app *app, const vireo__ns_common *common);

/* vireo__child_news: another worker has brought the child |common| (takes its reference) to life,
 * or has ended it. */
void vireo__child_news(vireo_app *app, void *common);

/* vireo__parent_of_static returns the first parent whose pattern matches, or NULL. */
vireo__parent *vireo__parent_of_static(const vireo_io *io, const char *name);

/* vireo__dynamic_connect: a client's CONNECT to a namespace that does not exist. */
void vireo__dynamic_connect(vireo__sio_conn *conn, vireo__str name, const vireo_value *auth);

/* vireo__dynamic_abandon: the connection ends, or asks for |name| anew (NULL: all). */
void vireo__dynamic_abandon(vireo__sio_conn *conn, const vireo__str *name);

/* --- admission.c: from CONNECT to on_connect -------------------------------------------------- */

/* vireo__ns_connect is a client's CONNECT: guards, CONNECT reply, on_connect; or a
 * CONNECT_ERROR. */
void vireo__ns_connect(vireo_ns *ns, vireo__sio_conn *conn, const vireo_value *auth);

/* vireo__admission_go_on: what vireo__recovery_begin has left for later is done. Below 0 it has
 * failed. */
void vireo__admission_go_on(vireo_socket *s, int error);

/* vireo__admission_refused: vireo_refuse was called, perhaps as the answer that is owed. */
void vireo__admission_refused(vireo_socket *s);

/* vireo__admission_abandon: the client of a socket whose guard owes its answer has gone, or asks
 * anew. */
void vireo__admission_abandon(vireo_socket *s);

/* --- socket.c --------------------------------------------------------------------------------- */

extern const vireo__sio_end vireo__sio_server_end;

vireo_socket *vireo__socket_new(vireo_ns *ns, vireo__sio_conn *conn, const vireo_value *auth);

/* vireo__socket_alloc returns new: a socket of either end, without connection and id; NULL when
 * memory runs out. */
vireo_socket *vireo__socket_alloc(vireo_ns *ns);

/* vireo__socket_more_of returns s->more, made if it is not there; NULL when memory runs out. */
vireo__socket_more *vireo__socket_more_of(vireo_socket *s);

/* vireo__sockets_init makes ns->sockets. */
void vireo__sockets_init(vireo_ns *ns);

/* vireo__socket_find returns the connected socket of that id, or NULL. */
vireo_socket *vireo__socket_find(const vireo_ns *ns, const char *id);

/* vireo__auth_or_empty returns |auth|, or an empty object for NULL. */
const vireo_value *vireo__auth_or_empty(const vireo_value *auth);

/* vireo__socket_close disconnects: the handlers hear of it, rooms are left, waiting acks are told.
 * Nothing if it is not connected. */
void vireo__socket_close(vireo_socket *s, const char *reason, const char *description);

/* vireo__socket_note_refusal notes why the socket is refused; nothing may follow |message|. */
void vireo__socket_note_refusal(vireo_socket *s, const char *message, ...);

/* vireo__socket_bury lets go of a socket that is not connected: see vireo__io_bury. */
void vireo__socket_bury(vireo_socket *s);
void vireo__socket_free(vireo_socket *s);

/* vireo__socket_send_raw sends a packet of |type| whose JSON is written already. */
int vireo__socket_send_raw(vireo_socket *s, vireo__sio_type type, vireo__str json);

/* --- v2.c: clients of Socket.IO 1 and 2 ------------------------------------------------------- */

/* vireo__v2_is tells whether a connection is of such a client. */
bool vireo__v2_is(const vireo__sio_conn *conn);

/* vireo__v2_name returns a namespace's name without its query, which any packet may have. */
vireo__str vireo__v2_name(vireo__str name);

/* vireo__v2_take_query cuts a query off a namespace's name and reads it into |doc| as the auth that
 * newer clients send: an object of texts. NULL if there is none. */
const vireo_value *vireo__v2_take_query(vireo__str *name, vireo__doc *doc);

/* vireo__v2_id gives a socket the id that such a client expects. Returns 0 or VIREO_ENOMEM. */
int vireo__v2_id(vireo_socket *s);

/* --- dispatch.c: events that arrive ----------------------------------------------------------- */

/* vireo__dispatch has the handlers called for an EVENT. |args| may be NULL: nothing happens
 * then. */
void vireo__dispatch(vireo_socket *s, const vireo_value *args, vireo__str ack_id);

/* vireo__dispatch_from has the event guards asked from |m->guard| on, and then the handlers
 * called. */
void vireo__dispatch_from(vireo_msg *m);

/* vireo__dispatch_refuse: a guard has refused it; frees m->why. */
void vireo__dispatch_refuse(vireo_msg *m, int error);

/* vireo__answer sends the acknowledgement |id|. Returns 0 or a negative number. */
int vireo__answer(vireo_socket *s, vireo__str id, const vireo__sio_args *args);

/* --- limits.c: how many events a socket may send ---------------------------------------------- */

/* vireo__limits_index makes ns->own_limits of its options. Returns 0 or VIREO_ENOMEM. */
int vireo__limits_index(vireo_ns *ns);

/* vireo__limits_allow counts an event. If it is one too many, the user is told, and false is
 * returned. */
bool vireo__limits_allow(vireo_socket *s, const vireo_msg *m);

/* --- owed.c: answers to events that users give later ------------------------------------------ */

/* Embedded in what a user holds who owes a client something. */
typedef struct vireo__owed {
    vireo__list node;                         /* socket->more->owed */
    vireo_socket *socket;                     /* NULL once it is closed */
    void (*orphan)(struct vireo__owed *owed); /* it is closed; may be NULL */
} vireo__owed;

/* vireo__owed_forget_all: the socket is closed. */
void vireo__owed_forget_all(vireo_socket *s);

/* vireo__held_drop: the guard that held the event has decided at once. */
void vireo__held_drop(struct vireo_held *held);

/* --- rooms.c, remote.c ------------------------------------------------------------------------ */

/* vireo__to_settle fills in what a target leaves out: one socket says its namespace. A client's is
 * nobody's to broadcast in. */
static inline void vireo__to_settle(vireo_to *to)
{
    if (to->only != NULL)
        to->ns = vireo_ns_of(to->only);
}

/* vireo__broadcast sends |message| to all in |to|, on all servers. Returns the number of local
 * sockets, or a negative number. */
int vireo__broadcast(const vireo_to *to, const vireo__sio_message *message);

/* --- listeners.c: vireo_on, vireo_on_any ------------------------------------------------------ */

void vireo__listeners_call(vireo_socket *s, const vireo_msg *m);
void vireo__listeners_call_any(vireo_socket *s, const vireo_msg *m);
void vireo__listeners_call_outgoing(vireo_socket *s, const vireo_msg *m);
bool vireo__listeners_outgoing(const vireo_socket *s);         /* has it such listeners */
static inline bool vireo__listeners_any(const vireo_socket *s) /* .. or others */
{
    return s->more != NULL && s->more->listeners != NULL;
}
void vireo__listeners_free(vireo_socket *s);

/* --- outgoing.c: who wants to see what is sent ------------------------------------------------ */

/* vireo__outgoing_one shows an event to the catch-all listeners of the socket that it is for;
 * vireo__outgoing_many, to those of all sockets in |to|, whose .ns is no parent. Costs nothing
 * where nobody listens. Whatever they end, |ack| (or NULL) stays, whose question it is going to
 * be. */
void vireo__outgoing_one(vireo_socket *s, const vireo__sio_message *message, vireo__ack *ack);
void vireo__outgoing_many(const vireo_to *to, const vireo__sio_message *message);
bool vireo__outgoing_heard(const vireo_ns *ns); /* does anybody listen */

/* --- acks.c: answers that the server waits for ------------------------------------------------ */

/* vireo__ack_expect notes that |s| is asked for an answer; |id| gets the digits for the packet. */
vireo__ack *vireo__ack_expect(vireo_socket *s, uint32_t timeout_ms, vireo_ack_fn fn, void *user);
/* The same with a number that several sockets are asked under. */
vireo__ack *vireo__ack_expect_number(vireo_socket *s, uint64_t number, uint32_t timeout_ms,
                                     vireo_ack_fn fn, void *user);
const char *vireo__ack_id(const vireo__ack *ack);
/* vireo__ack_digits writes the ack id |number|, and returns |id|. */
const char *vireo__ack_digits(char id[VIREO__ACK_ID_SIZE], uint64_t number);
/* the question was not sent */
void vireo__ack_cancel(vireo__ack *ack);
/* vireo__ack_take ends it too, and tells who waits, and how long he wanted to. */
void vireo__ack_take(vireo__ack *ack, vireo_ack_fn *fn, void **user, uint32_t *timeout_ms);
/* vireo__ack_move: in another list than its socket's, it does not end with that. */
void vireo__ack_move(vireo__ack *ack, vireo__list *list);
/* vireo__ack_park: the question is not sent yet, so that the end of the connection does not concern
 * it. It stands in |list| until vireo__ack_unpark; if its time-out comes before, |on_gone| is told.
 */
void vireo__ack_park(vireo__ack *ack, vireo__list *list, void (*on_gone)(void *parked),
                     void *parked);
void vireo__ack_unpark(vireo__ack *ack);
/* unknown ids are ignored */
void vireo__ack_received(vireo_socket *s, vireo__str id, const vireo_value *args);
/* the socket is closed */
void vireo__ack_fail_all(vireo_socket *s);

/* --- trail.c: who comes and goes -------------------------------------------------------------- */

/* vireo__trail_connect and vireo__trail_disconnect tell the log of connections, and who debugs. */
void vireo__trail_connect(vireo_socket *s);
void vireo__trail_disconnect(vireo_socket *s, const char *reason, const char *description);

/* --- stats.c ---------------------------------------------------------------------------------- */

void vireo__io_measure(const vireo_io *io, vireo__exposition *x);

/* --- bundle.c: the browser's client ----------------------------------------------------------- */

/* vireo__bundle_serve answers a request for one of the client's files; false if it is for something
 * else. */
bool vireo__bundle_serve(const vireo_io *io, vireo_req *r);

#endif
