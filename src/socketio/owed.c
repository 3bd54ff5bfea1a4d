/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* owed.c: what users still owe a client: the acknowledgement of an event whose handler has
 * returned, the decision of a guard whether an event passes. The socket may be closed meanwhile;
 * what the user holds knows that and stays until the user gives it back. */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "payload/value.h"
#include "socketio/inside.h"

static bool owe(vireo_socket *s, vireo__owed *owed, void (*orphan)(vireo__owed *owed))
{
    vireo__socket_more *more = s->closed ? NULL : vireo__socket_more_of(s);
    if (more == NULL || more->owed_count >= s->ns->io->options.max_owed)
        return false;
    owed->socket = s;
    owed->orphan = orphan;
    vireo__list_append(&more->owed, &owed->node);
    more->owed_count++;
    return true;
}

static void forget(vireo__owed *owed)
{
    if (owed->socket == NULL)
        return;
    vireo__list_remove(&owed->node);
    owed->socket->more->owed_count--;
    owed->socket = NULL;
}

void vireo__owed_forget_all(vireo_socket *s)
{
    while (s->more != NULL && !vireo__list_empty(&s->more->owed)) {
        vireo__owed *owed = vireo__container(s->more->owed.next, vireo__owed, node);
        forget(owed);
        if (owed->orphan != NULL)
            owed->orphan(owed);
    }
}

/* --- acknowledgements ------------------------------------------------------------------------- */

struct vireo_pending_ack {
    vireo__owed owed;
    size_t id_len;
    char id[VIREO__ACK_ID_MAX];
};

vireo_pending_ack *vireo_ack_later(const vireo_msg *const_m)
{
    /* users hold it const: only we note that it is answered */
    vireo_msg *m = (vireo_msg *)(uintptr_t)const_m;
    vireo_pending_ack *p = vireo_wants_ack(m) && m->socket != NULL ? malloc(sizeof *p) : NULL;
    if (p == NULL)
        return NULL;
    if (!owe(m->socket, &p->owed, NULL)) {
        free(p);
        return NULL;
    }
    p->id_len = m->id.len;
    memcpy(p->id, m->id.at, m->id.len);
    m->answered = true;
    return p;
}

static int answer(vireo_pending_ack *p, const vireo__sio_args *args)
{
    int error = vireo__answer(p->owed.socket, (vireo__str){p->id, p->id_len}, args);
    vireo_answer_drop(p);
    return error;
}

int vireo_answer(vireo_pending_ack *p, const char *tmpl, ...)
{
    va_list list;
    va_start(list, tmpl);
    int error = answer(p, &(vireo__sio_args){.tmpl = tmpl, .list = &list});
    va_end(list);
    return error;
}

int vireo_answer_value(vireo_pending_ack *p, const vireo_value *args)
{
    return answer(p, &(vireo__sio_args){.values = args});
}

void vireo_answer_drop(vireo_pending_ack *p)
{
    if (p == NULL)
        return;
    forget(&p->owed);
    free(p);
}

vireo_socket *vireo_answer_socket(const vireo_pending_ack *p)
{
    return p->owed.socket;
}

/* --- guards of events ------------------------------------------------------------------------- */

struct vireo_held {
    vireo__owed owed;
    vireo__later later;
    vireo_msg msg;
    vireo_value *args;
    char *event;
    char id[VIREO__ACK_ID_MAX];
};

int vireo_deny(const vireo_msg *const_m, const char *text)
{
    vireo_msg *m = (vireo_msg *)(uintptr_t)const_m;
    free(m->why);
    m->why = strdup(text);
    return VIREO_EREFUSED;
}

static void free_held(vireo_held *h)
{
    forget(&h->owed);
    vireo_value_free(h->args);
    free(h->event);
    free(h->msg.why);
    free(h);
}

static void orphan(vireo__owed *owed)
{
    vireo_held *h = vireo__container(owed, vireo_held, owed);
    h->msg.socket = NULL;
    vireo__later_drop(&h->later);
}

/* The handlers run while |h| is still there: the event is made of what it holds. */
static void settle(vireo__later *l, int verdict)
{
    vireo_held *h = vireo__container(l, vireo_held, later);
    vireo_msg m = h->msg;
    h->msg.why = NULL;
    if (l->moot) {
        free(m.why);
    } else if (verdict == 0) {
        m.guard++;
        vireo__dispatch_from(&m);
    } else {
        vireo__dispatch_refuse(&m, verdict);
    }
    free_held(h);
}

static const vireo__later_ops held_ops = {.settle = settle};

static int copy_msg(vireo_held *h, const vireo_msg *m)
{
    h->args = vireo_copy(m->args);
    h->event = malloc(m->event_len + 1);
    if (h->args == NULL || h->event == NULL)
        return VIREO_ENOMEM;
    memcpy(h->event, m->event, m->event_len);
    h->event[m->event_len] = '\0';
    h->msg = (vireo_msg){.socket = m->socket,
                         .event = h->event,
                         .event_len = m->event_len,
                         .args = h->args,
                         .answered = m->answered || !vireo_wants_ack(m),
                         .guard = m->guard};
    if (vireo_wants_ack(m)) {
        memcpy(h->id, m->id.at, m->id.len);
        h->msg.id = (vireo__str){h->id, m->id.len};
    }
    return 0;
}

vireo_held *vireo_hold(const vireo_msg *const_m)
{
    vireo_msg *m = (vireo_msg *)(uintptr_t)const_m;
    vireo_held *h = m->in_guard && m->held == NULL ? calloc(1, sizeof *h) : NULL;
    if (h == NULL)
        return NULL;
    if (copy_msg(h, m) < 0 || !owe(m->socket, &h->owed, orphan)) {
        free_held(h);
        return NULL;
    }
    vireo__later_start(m->socket->ns->io, &h->later, 0, &held_ops);
    m->held = h;
    return h;
}

void vireo__held_drop(vireo_held *h)
{
    forget(&h->owed);
    orphan(&h->owed);
}

const vireo_msg *vireo_held_msg(const vireo_held *h)
{
    return &h->msg;
}

vireo_socket *vireo_held_socket(const vireo_held *h)
{
    return h->owed.socket;
}

int vireo_held_pass(vireo_held *h)
{
    return vireo__later_give(&h->later, 0);
}

int vireo_held_reject(vireo_held *h, const char *text)
{
    free(h->msg.why);
    h->msg.why = text != NULL ? strdup(text) : NULL;
    return vireo__later_give(&h->later, VIREO_EREFUSED);
}
