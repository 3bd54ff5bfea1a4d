/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client.h: the client's structures, shared by its files:
 *
 *   vireo__clients              all of an application          client_app.c
 *     vireo__manager            a connection, made again when it is lost     client_manager.c
 *       vireo__client           a socket of it: a namespace    client_socket.c
 *
 *   client_options.c   what users say about all of them
 *   client_packets.c   what arrives
 *   client_send.c      what is sent, or waits for it
 *   client_retry.c     events that are sent until they are acknowledged
 *   client_thread.c    what other threads may do
 *
 * A client's socket stands in a vireo_ns of its own, which nobody finds, and a manager has the part
 * of a vireo_io that both ends have: so events, acknowledgements and listeners are those of
 * servers. */

#ifndef VIREO_SOCKETIO_CLIENT_H
#define VIREO_SOCKETIO_CLIENT_H

#include <vireo/client.h>

#include "base/backoff.h"
#include "engineio/client.h"
#include "socketio/inside.h"

typedef struct vireo__clients {
    vireo__part part;         /* of the application */
    vireo__loop_part in_loop; /* where it is found */
    vireo__list managers;
    bool websocket_worked; /* the last time */
} vireo__clients;

typedef enum vireo__manager_state {
    VIREO__MANAGER_CLOSED,
    VIREO__MANAGER_OPENING,
    VIREO__MANAGER_OPEN
} vireo__manager_state;

typedef struct vireo__manager {
    vireo_io io;
    vireo__clients *clients;
    vireo__list node;    /* clients->managers */
    vireo__list sockets; /* of vireo__client, also those that are dropped, until they are freed */
    char *key;           /* server and path */
    vireo__eio_place **places; /* one for each URL */
    uint32_t place_count;
    uint32_t place_at;
    vireo__eio_client *engine; /* unless CLOSED */
    vireo__sio_decoder decoder;
    vireo__deadline timer; /* of an attempt; or until the next one */
    vireo__turn_task turn; /* begins; sends CONNECTs; frees */
    vireo__backoff backoff;
    uint32_t max_attempts; /* 0: no limit */
    uint32_t attempts;     /* in a row */
    uint32_t timeout_ms;
    size_t max_queued_bytes;
    vireo__manager_state state;
    bool shared : 1; /* others may come to it */
    bool remember_upgrade : 1;
    bool reconnection : 1;
    bool reconnecting : 1;
    bool skip_reconnect : 1;
    bool ended : 1;   /* with the application */
    bool watched : 1; /* a socket has .on_packet */
} vireo__manager;

/* An event that waits until its socket is connected. */
typedef struct vireo__unsent {
    vireo__list node;
    struct vireo__client *client;
    vireo__sio_message message;
    vireo__ack *ack; /* or NULL */
    size_t bytes;
} vireo__unsent;

typedef struct vireo__client {
    vireo__manager *manager;
    vireo__list node;
    vireo_socket *socket;
    vireo_client_options options; /* its texts and lists are not ours */
    char *auth;                   /* JSON of an object; NULL: none */
    char *pid;                    /* for the recovery of the connection's state; NULL: none */
    char *offset;                 /* of the last event that carried one; NULL: none */
    vireo__list unsent;           /* of vireo__unsent */
    vireo__list unsent_acks;      /* what waits for their answers */
    size_t unsent_count;
    size_t unsent_bytes; /* of both, and of the queue */
    vireo__list early;   /* events that came before the CONNECT reply: client_packets.c */
    size_t early_bytes;
    vireo__list queue; /* client_retry.c */
    bool active : 1;
    bool told_open : 1;   /* on_open was called, on_close was not */
    bool connecting : 1;  /* CONNECT is to be sent, or was */
    bool connect_due : 1; /* .. is to be */
    bool asked_auth : 1;  /* .on_auth was called, vireo_auth was not yet */
    bool ending : 1;      /* it is not opened any more */
    bool dropped : 1;     /* .. nor used */
} vireo__client;

/* vireo__client_of returns what a socket is as a client's; NULL for a server's. */
static inline vireo__client *vireo__client_of(const vireo_socket *s)
{
    return s->ns->client;
}

/* --- client_options.c ------------------------------------------------------------------------- */

/* What a URL says. */
typedef struct vireo__client_url {
    vireo__uri uri;
    char *text;
    char *ns;    /* the namespace */
    char *query; /* as it came; "" if none */
} vireo__client_url;

/* vireo__client_url_read reads a user's URL. Returns 0, VIREO_EINVAL and a static |*why|, or
 * VIREO_ENOMEM. Free what it holds in any case. */
int vireo__client_url_read(vireo__client_url *out, const char *text, const char **why);
void vireo__client_url_free(vireo__client_url *url);

/* vireo__client_place returns new: where the server is. NULL and |error|. */
vireo__eio_place *vireo__client_place(vireo_app *app, const vireo__client_url *url,
                                      const vireo_client_options *o, vireo_error *error);

/* vireo__client_defaults copies the options, with the defaults filled in. */
vireo_client_options vireo__client_defaults(vireo_app *app, const vireo_client_options *given);

/* --- client_manager.c ------------------------------------------------------------------------- */

/* vireo__manager_new returns new: a connection that is closed; NULL and |error|. */
vireo__manager *vireo__manager_new(vireo__clients *clients, vireo_app *app,
                                   const vireo__client_url *url, const vireo_client_options *o,
                                   vireo_error *error);
void vireo__manager_free(vireo__manager *m); /* all its sockets are gone */

/* vireo__manager_open begins to connect, unless it does already. */
void vireo__manager_open(vireo__manager *m);

/* vireo__manager_fail: the connection is of no use any more; the end of the turn tells it. Nothing
 * if there is none. */
void vireo__manager_fail(vireo__manager *m, int error);

/* vireo__manager_lost: the connection is to be closed, or was, and is made again as far as that is
 * wanted. */
void vireo__manager_lost(vireo__manager *m, const char *reason, const char *description);

/* vireo__manager_close closes it for good. */
void vireo__manager_close(vireo__manager *m, const char *reason);

/* vireo__manager_each calls |fn| for each socket that is not dropped; |fn| may do anything. */
void vireo__manager_each(vireo__manager *m, void (*fn)(vireo__client *c, const void *arg),
                         const void *arg);

/* --- client_socket.c -------------------------------------------------------------------------- */

extern const vireo__sio_end vireo__sio_client_end;

vireo__client *vireo__client_new(vireo__manager *m, const char *ns, const vireo_client_options *o);
void vireo__client_free(vireo__client *c);

/* vireo__client_opened: the connection stands, CONNECT is to be sent. */
void vireo__client_opened(vireo__client *c);
void vireo__client_send_connect(vireo__client *c);
void vireo__client_connected(vireo__client *c, const vireo_value *reply);
void vireo__client_refused(vireo__client *c, const vireo_value *error);
void vireo__client_put_out(vireo__client *c); /* DISCONNECT has come */
/* vireo__client_lost: it is not connected any more, or will not be. */
void vireo__client_lost(vireo__client *c, const char *reason, const char *description);
/* vireo__client_deactivate: it does not connect again by itself. Without an active socket the
 * connection is closed. */
void vireo__client_deactivate(vireo__client *c);
/* vireo__client_end ends the socket; its memory goes later. */
void vireo__client_end(vireo__client *c);

/* --- client_packets.c ------------------------------------------------------------------------- */

void vireo__client_received(vireo__manager *m, bool binary, const uint8_t *data, size_t len);
void vireo__client_deliver_early(vireo__client *c);
void vireo__client_forget_early(vireo__client *c);

/* --- client_send.c ---------------------------------------------------------------------------- */

/* vireo__client_hold makes a copy of a message that is going to wait, and counts its bytes, in
 * |*bytes| too. Returns 0, VIREO_EFULL or VIREO_ENOMEM. */
int vireo__client_hold(vireo__client *c, const vireo__sio_message *message,
                       vireo__sio_message *copy, size_t *bytes);
void vireo__client_let_go(vireo__client *c, vireo__sio_message *copy, size_t bytes);

int vireo__client_send(vireo_socket *s, const vireo__sio_message *message, vireo__sio_type type,
                       vireo__ack *ack, const vireo__manner *how);
/* vireo__client_send_now sends a packet over the connection, which stands. Returns 0 or a negative
 * number. */
int vireo__client_send_now(vireo__client *c, const vireo__sio_message *message);
/* vireo__client_unsendable: what must be sent could not be: when there is room again it is tried
 * again by itself; else the connection is made anew. */
void vireo__client_unsendable(vireo__client *c, int error);
int vireo__client_send_raw(vireo__client *c, vireo__sio_type type, vireo__str json);
void vireo__client_flush(vireo__client *c); /* what has waited is sent */
void vireo__client_forget_unsent(vireo__client *c);

/* --- client_retry.c --------------------------------------------------------------------------- */

int vireo__client_queue(vireo__client *c, const vireo__sio_message *message, vireo__ack *ack);
/* vireo__client_drain sends the head of the queue; |again|: although it was sent already, over a
 * connection that is gone. */
void vireo__client_drain(vireo__client *c, bool again);
void vireo__client_forget_queue(vireo__client *c);

#endif
