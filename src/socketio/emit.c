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

static uint64_t stamp_for(const vireo_to *to)
{
    return vireo__adapter_for(to) != NULL ? vireo__recovery_stamp(to->ns) : 0;
}

/* |stamp| is that of an event which other workers get too, by this call or by another one. */
static int broadcast_in(const vireo_to *to, uint64_t stamp, const char *event,
                        const vireo__sio_args *args)
{
    vireo_ns *ns = to->ns;
    vireo__sio_message message;
    vireo__sio_head head = {VIREO__SIO_EVENT, ns->name, NULL, event};
    int error = vireo__sio_message_make(&message, &ns->io->codec, &head, args);
    if (error < 0)
        return error;
    message.stamp = stamp;
    vireo__outgoing_many(to, &message);
    int count = vireo__broadcast(to, &message);
    vireo__sio_message_release(&message);
    return count;
}

/* A packet names its namespace: each child needs one of its own, made from the arguments anew. */
static int broadcast_in_one(vireo_ns *ns, const vireo_to *to, uint64_t stamp, const char *event,
                            const vireo__sio_args *args)
{
    va_list list;
    vireo_to in_it = *to;
    vireo__sio_args again = *args;
    in_it.ns = ns;
    if (args->list == NULL)
        return broadcast_in(&in_it, stamp, event, args);
    va_copy(list, *args->list);
    again.list = &list;
    int count = broadcast_in(&in_it, stamp, event, &again);
    va_end(list);
    return count;
}

/* Other workers are told once, and send it to their children. */
static int broadcast_in_others(const vireo_to *to, uint64_t stamp, const char *event,
                               const vireo__sio_args *args)
{
    int error =
        vireo__adapter_for(to) != NULL ? broadcast_in_one(to->ns, to, stamp, event, args) : 0;
    return error < 0 ? error : 0;
}

static int broadcast_in_children(const vireo_to *to, const char *event, const vireo__sio_args *args)
{
    vireo_to here = *to;
    vireo_ns *child = NULL;
    uint64_t stamp = stamp_for(to);
    int sum = broadcast_in_others(to, stamp, event, args);
    if (to->ns->adapter != NULL)
        here.flags |= VIREO_LOCAL;
    while ((child = vireo__ns_go_on(to->ns, child)) != NULL) {
        int count = sum >= 0 ? broadcast_in_one(child, &here, stamp, event, args) : 0;
        sum = count < 0 ? count : sum + count;
    }
    return sum;
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
    return broadcast_in(to, stamp_for(to), event, args);
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
