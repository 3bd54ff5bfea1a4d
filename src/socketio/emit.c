/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* emit.c: events that are sent: to one socket, or to all in a vireo_to. */

#include <string.h>

#include <vireo/error.h>

#include "payload/value.h"
#include "socketio/adapter.h"
#include "socketio/inside.h"

/* --- to one ----------------------------------------------------------------------------------- */

/* |to| says in what manner; may be NULL. */
static int emit_to(vireo_socket *s, const char *event, vireo__ack *ack, const vireo__sio_args *args,
                   const vireo_to *to)
{
    const vireo_io *io = s->ns->io;
    const char *id = ack != NULL ? vireo__ack_id(ack) : NULL;
    vireo__sio_head head = {VIREO__SIO_EVENT, s->ns->name, id, event};
    vireo__sio_message message;
    if (event != NULL && vireo__sio_reserved(event))
        return VIREO_ERESERVED;
    if (s->closed)
        return VIREO_ECLOSED;
    int error = vireo__sio_message_make(&message, &io->codec, &head, args);
    if (error < 0)
        return error;
    vireo__manner how = to != NULL ? vireo__manner_of(to, &message) : (vireo__manner){0};
    error = io->end->send(s, &message, VIREO__SIO_EVENT, ack, &how);
    vireo__sio_message_release(&message);
    return error;
}

static int emit(vireo_socket *s, const char *event, vireo__ack *ack, const vireo__sio_args *args)
{
    return emit_to(s, event, ack, args, NULL);
}

int vireo__socket_send_raw(vireo_socket *s, vireo__sio_type type, vireo__str json)
{
    vireo__sio_message message;
    vireo__sio_head head = {type, s->ns->name, NULL, NULL};
    int error = vireo__sio_message_raw(&message, &s->ns->io->codec, &head, json);
    if (error < 0)
        return error;
    error = vireo__sio_message_send(&message, s->conn->session);
    vireo__sio_message_release(&message);
    return error;
}

int vireo_emit(vireo_socket *s, const char *event, const char *tmpl, ...)
{
    va_list list;
    va_start(list, tmpl);
    int error = emit(s, event, NULL, &(vireo__sio_args){.tmpl = tmpl, .list = &list});
    va_end(list);
    return error;
}

int vireo_send(vireo_socket *s, const char *tmpl, ...)
{
    va_list list;
    va_start(list, tmpl);
    int error = emit(s, "message", NULL, &(vireo__sio_args){.tmpl = tmpl, .list = &list});
    va_end(list);
    return error;
}

int vireo_emit_value(vireo_socket *s, const char *event, const vireo_value *args)
{
    return emit(s, event, NULL, &(vireo__sio_args){.values = args});
}

int vireo_emit_json(vireo_socket *s, const char *event, const char *args, size_t len)
{
    return emit(s, event, NULL, &(vireo__sio_args){.json = {args, len}});
}

static int emit_ack(vireo_socket *s, uint32_t timeout_ms, vireo_ack_fn on_ack, void *user,
                    const char *event, const vireo__sio_args *args)
{
    vireo__ack *ack = vireo__ack_expect(s, timeout_ms, on_ack, user);
    if (ack == NULL)
        return VIREO_ENOMEM;
    int error = emit(s, event, ack, args);
    if (error < 0)
        vireo__ack_cancel(ack);
    return error;
}

int vireo_emit_ack(vireo_socket *s, uint32_t timeout_ms, vireo_ack_fn on_ack, void *user,
                   const char *event, const char *tmpl, ...)
{
    va_list list;
    va_start(list, tmpl);
    int error = emit_ack(s, timeout_ms, on_ack, user, event,
                         &(vireo__sio_args){.tmpl = tmpl, .list = &list});
    va_end(list);
    return error;
}

int vireo_emit_ack_value(vireo_socket *s, uint32_t timeout_ms, vireo_ack_fn on_ack, void *user,
                         const char *event, const vireo_value *args)
{
    return emit_ack(s, timeout_ms, on_ack, user, event, &(vireo__sio_args){.values = args});
}

/* --- to many ---------------------------------------------------------------------------------- */

/* The stamps of a worker's events grow in every history (history.h): an event has its own when
 * nothing can come between that and its sending, not even what a listener sends. */
static uint64_t stamp_for(const vireo_to *to)
{
    return vireo__adapter_for(to) != NULL ? vireo__recovery_stamp(to->ns) : 0;
}

static int make(vireo__sio_message *message, const vireo_to *to, const char *event,
                const vireo__sio_args *args)
{
    vireo__sio_head head = {VIREO__SIO_EVENT, to->ns->name, NULL, event};
    return vireo__sio_message_make(message, &to->ns->io->codec, &head, args);
}

static int broadcast_in(const vireo_to *to, const char *event, const vireo__sio_args *args)
{
    vireo__sio_message message;
    int error = make(&message, to, event, args);
    if (error < 0)
        return error;
    vireo__outgoing_many(to, &message);
    message.stamp = stamp_for(to);
    int count = vireo__broadcast(to, &message);
    vireo__sio_message_release(&message);
    return count;
}

/* What is done in a pattern, and in each of its children. Returns as a broadcast does. */
typedef int (*step)(const vireo_to *to, uint64_t stamp, const char *event,
                    const vireo__sio_args *args);

static int show_event(const vireo_to *to, uint64_t stamp, const char *event,
                      const vireo__sio_args *args)
{
    vireo__sio_message message;
    (void)stamp;
    if (!vireo__outgoing_heard(to->ns))
        return 0;
    int error = make(&message, to, event, args);
    if (error < 0)
        return error;
    vireo__outgoing_many(to, &message);
    vireo__sio_message_release(&message);
    return 0;
}

static int send_event(const vireo_to *to, uint64_t stamp, const char *event,
                      const vireo__sio_args *args)
{
    vireo__sio_message message;
    int error = make(&message, to, event, args);
    if (error < 0)
        return error;
    message.stamp = stamp;
    int count = vireo__broadcast(to, &message);
    vireo__sio_message_release(&message);
    return count;
}

/* A packet names its namespace: each needs one of its own, made from the arguments anew. */
static int take_step(step fn, vireo_ns *ns, const vireo_to *to, uint64_t stamp, const char *event,
                     const vireo__sio_args *args)
{
    va_list list;
    vireo_to in_it = *to;
    vireo__sio_args again = *args;
    in_it.ns = ns;
    if (args->list == NULL)
        return fn(&in_it, stamp, event, args);
    va_copy(list, *args->list);
    again.list = &list;
    int count = fn(&in_it, stamp, event, &again);
    va_end(list);
    return count;
}

static int take_steps(step fn, const vireo_to *to, uint64_t stamp, const char *event,
                      const vireo__sio_args *args)
{
    int sum = 0;
    vireo_ns *child = NULL;
    while ((child = vireo__ns_go_on(to->ns, child)) != NULL) {
        int count = sum >= 0 ? take_step(fn, child, to, stamp, event, args) : 0;
        sum = count < 0 ? count : sum + count;
    }
    return sum;
}

/* Other workers are told once, and send it to their children. */
static int broadcast_in_children(const vireo_to *to, const char *event, const vireo__sio_args *args)
{
    vireo_to here = *to;
    int error = take_steps(show_event, to, 0, event, args);
    uint64_t stamp = stamp_for(to);
    if (error >= 0 && vireo__adapter_for(to) != NULL)
        error = take_step(send_event, to->ns, to, stamp, event, args);
    if (to->ns->adapter != NULL)
        here.flags |= VIREO_LOCAL;
    return error < 0 ? error : take_steps(send_event, &here, stamp, event, args);
}

/* A broadcast to one counts who was reached, too. */
static int broadcast_to_one(const vireo_to *to, const char *event, const vireo__sio_args *args)
{
    int error = emit_to(to->only, event, NULL, args, to);
    if (error == VIREO_EFULL || error == VIREO_ECLOSED)
        return 0;
    return error < 0 ? error : 1;
}

static int broadcast(const vireo_to *to, const char *event, const vireo__sio_args *args)
{
    if (to->newest != NULL && strlen(to->newest) > VIREO__OUTBOX_TEXT_MAX)
        return VIREO_EINVAL;
    if (to->only != NULL)
        return broadcast_to_one(to, event, args);
    if (to->ns == NULL)
        return VIREO_EINVAL;
    if (event != NULL && vireo__sio_reserved(event))
        return VIREO_ERESERVED;
    if (to->ns->as_parent != NULL)
        return broadcast_in_children(to, event, args);
    return broadcast_in(to, event, args);
}

int vireo_broadcast(vireo_to to, const char *event, const char *tmpl, ...)
{
    va_list list;
    va_start(list, tmpl);
    int count = broadcast(&to, event, &(vireo__sio_args){.tmpl = tmpl, .list = &list});
    va_end(list);
    return count;
}

int vireo_broadcast_value(vireo_to to, const char *event, const vireo_value *args)
{
    return broadcast(&to, event, &(vireo__sio_args){.values = args});
}

int vireo_broadcast_json(vireo_to to, const char *event, const char *args, size_t len)
{
    return broadcast(&to, event, &(vireo__sio_args){.json = {args, len}});
}

int vireo_relay(vireo_to to, const char *event, const vireo_msg *m)
{
    return broadcast(&to, event, &(vireo__sio_args){.values = m->args, .skip = event != NULL});
}
