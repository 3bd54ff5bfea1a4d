/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* agent_inside.h: how an agent lies in memory.
 *
 *     agent.c        exchanges: what is asked, redirects, retries, time-outs
 *     agent_conn.c   connections: one exchange at a time; those that wait for the next one
 */

#ifndef VIREO_HTTP_AGENT_INSIDE_H
#define VIREO_HTTP_AGENT_INSIDE_H

#include "base/uri.h"
#include "http/agent.h"
#include "http/server.h"
#include "net/connect.h"

struct vireo__agent {
    vireo_app *app;
    vireo_loop *loop;
    vireo__guest guest;    /* in the application while anything is open */
    vireo__list exchanges; /* that are not over */
    vireo__list conns;     /* all of them */
    vireo__list idle;      /* oldest first */
    size_t idle_count;
    size_t open; /* exchanges and connections */
};

typedef struct vireo__agent_conn {
    vireo__list node;    /* in agent->conns */
    vireo__list in_idle; /* in agent->idle */
    vireo__agent *agent;
    vireo__stream *stream;
    vireo__exchange *x; /* NULL: it is idle, or closing */
    vireo__answer answer;
    vireo__deadline deadline; /* while it is idle */
    char *key;                /* where it leads to, and how */
    vireo__tls_ctx *tls;      /* its address stands in the key */
    bool idle;
    bool reused;   /* it has served an exchange before this one */
    bool heard;    /* a byte of the answer has come */
    bool detached; /* the stream has another owner */
} vireo__agent_conn;

struct vireo__exchange {
    vireo__list node; /* in agent->exchanges */
    vireo__agent *agent;
    const vireo__exchange_events *events;
    void *user;
    char *method;
    char *url;
    vireo__uri uri; /* views into |url| */
    char *host;
    uint16_t port;
    bool secure;        /* https */
    vireo__buf headers; /* "name\0value\0.." */
    vireo__shared *body;
    vireo__proxy *proxy;
    vireo__tls_ctx *tls; /* NULL: none was given, and none was needed yet */
    char *unix_path;
    vireo__ask limits; /* time-outs and limits of it are read; the pointers are not */
    vireo__connect *connect;
    vireo__agent_conn *conn;
    vireo__deadline deadline;
    vireo__turn_task task; /* begins; or tells of the end */
    uint64_t body_bytes;
    unsigned redirects;
    bool fresh;   /* only a new connection will do */
    bool crossed; /* a redirect led to another origin */
    bool over;    /* nothing more comes but on_done */
};

/* vireo__agent_hold and _release count what is open. */
void vireo__agent_hold(vireo__agent *agent);
void vireo__agent_release(vireo__agent *agent);

/* --- agent_conn.c --- */

/* vireo__conn_key returns new: what two exchanges must share to use one connection. NULL when
 * memory runs out. */
char *vireo__conn_key(const vireo__exchange *x);

/* vireo__conn_take_idle finds a connection that waits; NULL if there is none. */
vireo__agent_conn *vireo__conn_take_idle(vireo__agent *agent, const char *key);

/* vireo__conn_new takes the stream that was made for |x|; NULL when memory runs out: the stream is
 * not taken then. */
vireo__agent_conn *vireo__conn_new(const vireo__exchange *x, vireo__stream *stream);

/* vireo__conn_ask sends |head| and the exchange's body, and reads the answer. Returns 0 or a
 * negative number. */
int vireo__conn_ask(vireo__agent_conn *c, vireo__exchange *x, const vireo__buf *head);

/* vireo__conn_close gives the connection up, and tells its exchange nothing. */
void vireo__conn_close(vireo__agent_conn *c);

/* vireo__conn_close_idle closes those that wait. */
void vireo__conn_close_idle(vireo__agent *agent);

/* --- agent.c, for agent_conn.c --- */

void vireo__exchange_head(vireo__exchange *x);
bool vireo__exchange_body(vireo__exchange *x, const uint8_t *bytes, size_t n);
void vireo__exchange_done(vireo__exchange *x);
void vireo__exchange_failed(vireo__exchange *x, int error, const char *why);
/* The connection ended before the answer did. */
void vireo__exchange_lost(vireo__exchange *x, int error);
void vireo__exchange_detached(vireo__exchange *x);

#endif
