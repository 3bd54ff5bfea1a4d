/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client_inside.h: the inside of a client's session, shared by its files:
 *
 *   client.c             states, heartbeat, what packets mean, sending, leaving
 *   client_polling.c     the transport that is a pending GET and POSTs
 *   client_websocket.c   the transport that is a WebSocket, and the probe that may become it
 *   client_jar.c         cookies
 */

#ifndef VIREO_ENGINEIO_CLIENT_INSIDE_H
#define VIREO_ENGINEIO_CLIENT_INSIDE_H

#include "engineio/client.h"
#include "engineio/outbox.h"
#include "engineio/packet.h"
#include "http/agent.h"
#include "http/server.h"
#include "loop/deadline.h"

typedef enum vireo__eio_client_state {
    VIREO__EIO_CLIENT_OPENING,
    VIREO__EIO_CLIENT_OPEN,
    VIREO__EIO_CLIENT_FAILED,  /* on_close comes at the end of the turn */
    VIREO__EIO_CLIENT_LEAVING, /* what is queued is still sent */
    VIREO__EIO_CLIENT_GONE     /* freed at the end of the turn */
} vireo__eio_client_state;

typedef struct vireo__eio_call vireo__eio_call; /* a GET or a POST: client_polling.c */
typedef struct vireo__eio_wire vireo__eio_wire; /* a WebSocket: client_websocket.c */

/* A cookie of the server. */
typedef struct vireo__eio_cookie {
    vireo__list node;
    uint64_t until; /* of the loop's clock; UINT64_MAX: as long as the session */
    size_t name_len;
    char text[]; /* "name=value" */
} vireo__eio_cookie;

struct vireo__eio_client {
    vireo_app *app;
    vireo_loop *loop;
    vireo__eio_place *place;
    const vireo__eio_client_events *events;
    void *owner;
    vireo__guest guest;
    vireo__turn_task turn;     /* sends what is queued; tells the end; frees */
    vireo__deadline heartbeat; /* the next PING; while leaving, how long that may take */
    uint64_t expires;          /* the same by the clock that goes on while the machine sleeps */
    vireo__outbox outbox;
    vireo__eio_call *get;   /* polling: the pending GET */
    vireo__eio_call *post;  /* .. and the POST under way */
    vireo__eio_wire *wire;  /* the transport; NULL while it is polling */
    vireo__eio_wire *probe; /* a WebSocket that wants to become it */
    vireo__list cookies;
    char *sid;     /* as it came */
    char *url_sid; /* .. encoded */
    size_t max_payload;
    uint32_t ping_ms; /* within which a PING must come */
    /* of a failure */
    const char *reason;
    const char *message;
    char *text;
    int error;
    unsigned status;
    vireo__eio_client_state state;
    uint8_t kind_at;    /* of place->kinds: the transport that is tried */
    bool upgrading : 1; /* the probe was answered: polling comes to its end */
    bool websocket_works : 1;
    bool taking : 1; /* what a transport has brought is being handled */
};

/* --- client.c --------------------------------------------------------------------------------- */

/* vireo__eio_client_packet acts on a packet. False: |c| has no more use for what follows. */
bool vireo__eio_client_packet(vireo__eio_client *c, const vireo__eio_packet *packet);

/* vireo__eio_client_lost: its transport, or what was going to be it, has failed.
 *
 * message  static
 * text     copied; may be NULL */
void vireo__eio_client_lost(vireo__eio_client *c, const char *message, int error, unsigned status,
                            const char *text);

/* vireo__eio_client_closed: its transport was closed by the server; |text| is copied. */
void vireo__eio_client_closed(vireo__eio_client *c, const char *text);

/* vireo__eio_client_go_on: something has left, or has arrived: more may be done. */
void vireo__eio_client_go_on(vireo__eio_client *c);

static inline bool vireo__eio_client_lives(const vireo__eio_client *c)
{
    return c->state == VIREO__EIO_CLIENT_OPENING || c->state == VIREO__EIO_CLIENT_OPEN;
}

/* vireo__eio_client_url returns new: the URL of a request; NULL when memory runs out. */
char *vireo__eio_client_url(const vireo__eio_client *c, vireo__eio_kind kind);

/* --- client_polling.c ------------------------------------------------------------------------- */

void vireo__eio_client_poll(vireo__eio_client *c); /* sends a GET */
void vireo__eio_client_post(vireo__eio_client *c); /* .. what is queued */
/* Forgets the GET and the POST. |say_it|: a POST of its own says good-bye, and the pending GET may
 * still be answered, for at most VIREO__EIO_LEAVE_MS; else they break off. */
void vireo__eio_client_stop_polling(vireo__eio_client *c, bool say_it);

/* --- client_websocket.c ----------------------------------------------------------------------- */

/* vireo__eio_client_dial opens a WebSocket. */
void vireo__eio_client_dial(vireo__eio_client *c, bool probe);
int vireo__eio_wire_send(vireo__eio_wire *w, vireo__shared *frame);
bool vireo__eio_wire_stands(const vireo__eio_wire *w); /* it is not closing */
bool vireo__eio_wire_writable(const vireo__eio_wire *w);
size_t vireo__eio_wire_queued(const vireo__eio_wire *w);
/* vireo__eio_wire_switch: polling has come to its end, the probe is the transport now. */
void vireo__eio_wire_switch(vireo__eio_client *c);
/* vireo__eio_wire_leave closes it and forgets the session; NULL is allowed. |cut|: at once. */
void vireo__eio_wire_leave(vireo__eio_wire *w, bool cut);

/* --- client_jar.c ----------------------------------------------------------------------------- */

/* vireo__eio_jar_take keeps the cookies of an answer. */
void vireo__eio_jar_take(vireo__eio_client *c, const vireo__answer *answer);

/* vireo__eio_jar_headers returns new: the headers of a request, with the cookies, and |more| (at
 * most two names and values by turns, ended by NULL; or NULL); NULL when memory runs out. */
char **vireo__eio_jar_headers(vireo__eio_client *c, vireo__eio_kind kind, const char *const *more);
void vireo__eio_jar_free(vireo__eio_client *c);

#endif
