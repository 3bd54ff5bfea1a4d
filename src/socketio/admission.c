/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* admission.c: a client that wants to join a namespace: its guards, one after the other, each of
 * which may answer later; then the CONNECT reply and on_connect, or a CONNECT_ERROR.
 *
 * While a guard owes its answer the client has no socket yet in the eyes of the protocol: what it
 * sends to the namespace ends its connection, as with the official server. Only another CONNECT is
 * in order: a client sends one when it was told to disconnect and to connect again in the meantime.
 * The new one takes the place of the old one, so that the client gets one reply.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "socketio/inside.h"
#include "socketio/local.h"

struct vireo__admission {
    vireo__later later;
    vireo_socket *socket;
    size_t next_guard;
    bool begins; /* no guard, but another worker is asked whom it was */
};

/* --- the end of it ---------------------------------------------------------------------------- */

/* No longer a client: it can do nothing and is in no room. */
static void shut_out(vireo_socket *s)
{
    if (s->closed)
        return;
    s->closed = true;
    vireo__local_leave_all(s);
    vireo__ack_fail_all(s); /* a guard may have asked it */
    vireo__recovery_withdraw(s);
}

static void drop(vireo_socket *s)
{
    shut_out(s);
    vireo__socket_bury(s);
}

static const char *refusal_of(const vireo_socket *s)
{
    return s->more != NULL ? s->more->refusal : NULL;
}

/* send_refusal tells the client. One that hears nothing would wait for ever. */
static void send_refusal(vireo_socket *s, int error)
{
    if (refusal_of(s) == NULL)
        vireo__socket_note_refusal(s, vireo_strerror(error));
    bool told = refusal_of(s) != NULL &&
                vireo__socket_send_raw(s, VIREO__SIO_CONNECT_ERROR, vireo__str_of(refusal_of(s))) !=
                    VIREO_ENOMEM;
    if (!told)
        vireo__sio_conn_close(s->conn);
}

/* The CONNECT reply: {"sid":..,"pid":..}, for clients of Socket.IO 2 nothing. */
static int send_reply(vireo_socket *s)
{
    char reply[96] = "";
    if (s->presence != NULL)
        snprintf(reply, sizeof reply, "{\"sid\":\"%s\",\"pid\":\"%s\"}", s->id,
                 s->presence->stay->pid);
    else if (!vireo__v2_is(s->conn))
        snprintf(reply, sizeof reply, "{\"sid\":\"%s\"}", s->id);
    return vireo__socket_send_raw(s, VIREO__SIO_CONNECT, vireo__str_of(reply));
}

static int enter(vireo_socket *s)
{
    vireo_ns *ns = s->ns;
    if (vireo__table_put(&ns->sockets, &s->by_id) < 0)
        return VIREO_ENOMEM;
    vireo__recovery_send_missed(s);
    if (send_reply(s) == VIREO_ENOMEM) {
        vireo__table_remove(&ns->sockets, &s->by_id);
        return VIREO_ENOMEM;
    }
    vireo__list_append(&ns->list, &s->in_ns);
    s->connected = true;
    ns->io->counts.connected++;
    vireo__trail_connect(s);
    vireo__local_add(s);
    vireo__recovery_enter(s);
    vireo__sio_conn_joined(s->conn);
    return 0;
}

static void finish(vireo_socket *s, int verdict)
{
    if (s->conn->closed) { /* a guard, or what happened meanwhile, has ended this connection */
        drop(s);
        return;
    }
    if (verdict == 0)
        verdict = enter(s);
    if (verdict != 0) {
        send_refusal(s, verdict);
        drop(s);
    } else if (s->ns->options.on_connect != NULL) {
        s->ns->options.on_connect(s);
    }
}

/* --- guards ----------------------------------------------------------------------------------- */

/* The guard at |i|: first .guard, then those of .guards. NULL behind the last. */
static vireo_guard_fn guard_at(const vireo_ns *ns, size_t i)
{
    const vireo_ns_options *o = &ns->options;
    if (o->guard != NULL && i-- == 0)
        return o->guard;
    return o->guards != NULL ? o->guards[i] : NULL;
}

/* A guard may answer inside itself and say "later" all the same. */
static int ask(vireo_socket *s, vireo_guard_fn guard)
{
    s->in_guard = true;
    s->admitted = false;
    int verdict = guard(s, vireo_handshake_auth(s));
    s->in_guard = false;
    if (verdict != VIREO_LATER)
        return verdict;
    if (s->admitted)
        return 0;
    return refusal_of(s) != NULL ? VIREO_EREFUSED : VIREO_LATER;
}

static void expire(vireo__later *l)
{
    vireo_socket *s = vireo__container(l, struct vireo__admission, later)->socket;
    if (!s->conn->closed)
        send_refusal(s, VIREO_ETIMEDOUT);
    shut_out(s);
}

static void ask_from(vireo_socket *s, size_t i);
static void begin(vireo_socket *s, int error);

static void settle(vireo__later *l, int verdict)
{
    struct vireo__admission *a = vireo__container(l, struct vireo__admission, later);
    vireo_socket *s = a->socket;
    size_t next = a->next_guard;
    bool begins = a->begins;
    bool moot = l->moot;
    s->admission = NULL;
    free(a);
    if (moot)
        drop(s);
    else if (begins)
        begin(s, verdict);
    else if (verdict == 0)
        ask_from(s, next);
    else
        finish(s, verdict);
}

static const vireo__later_ops admission_ops = {.expire = expire, .settle = settle};

/* The wait is prepared before a guard is asked: one that says "later" may rely on it. */
static void ask_from(vireo_socket *s, size_t i)
{
    int verdict = 0;
    struct vireo__admission *a = NULL;
    if (guard_at(s->ns, i) != NULL && (a = calloc(1, sizeof *a)) == NULL)
        verdict = VIREO_ENOMEM;
    for (vireo_guard_fn guard; verdict == 0 && (guard = guard_at(s->ns, i)) != NULL; i++)
        verdict = s->conn->closed ? VIREO_ECLOSED : ask(s, guard);
    if (verdict != VIREO_LATER) {
        free(a);
        finish(s, verdict);
        return;
    }
    *a = (struct vireo__admission){.socket = s, .next_guard = i};
    s->admission = a;
    vireo__later_start(s->ns->io, &a->later, s->ns->options.guard_timeout_ms, &admission_ops);
}

/* It is known whether it has come back. */
static void begin(vireo_socket *s, int error)
{
    if (error < 0) {
        vireo__sio_conn *conn = s->conn;
        drop(s);
        vireo__sio_conn_close(conn);
    } else if (s->recovered && !s->ns->io->options.recovery_asks_guards) {
        finish(s, 0);
    } else {
        ask_from(s, 0);
    }
}

/* The wait is prepared before another worker is asked. */
static int begin_recovery(vireo_socket *s)
{
    struct vireo__admission *a = calloc(1, sizeof *a);
    if (a == NULL)
        return VIREO_ENOMEM;
    int error = vireo__recovery_begin(s);
    if (error != VIREO_LATER) {
        free(a);
        return error;
    }
    *a = (struct vireo__admission){.socket = s, .begins = true};
    s->admission = a;
    vireo__later_start(s->ns->io, &a->later, 0, &admission_ops);
    return error;
}

void vireo__ns_connect(vireo_ns *ns, vireo__sio_conn *conn, const vireo_value *auth)
{
    vireo_socket *s = vireo__socket_new(ns, conn, auth);
    if (s == NULL) {
        vireo__sio_conn_close(conn);
        return;
    }
    int error = ns->recovery != NULL ? begin_recovery(s) : 0;
    if (error != VIREO_LATER)
        begin(s, error);
}

void vireo__admission_go_on(vireo_socket *s, int error)
{
    vireo__later_give(&s->admission->later, error);
}

/* --- the answer ------------------------------------------------------------------------------- */

int vireo_admit(vireo_socket *s)
{
    if (s->admission != NULL)
        return vireo__later_give(&s->admission->later, 0);
    if (!s->in_guard)
        return VIREO_EINVAL;
    s->admitted = true;
    return 0;
}

void vireo__admission_refused(vireo_socket *s)
{
    if (s->admission != NULL)
        vireo__later_give(&s->admission->later, VIREO_EREFUSED);
}

void vireo__admission_abandon(vireo_socket *s)
{
    vireo__later_drop(&s->admission->later);
    shut_out(s);
}
