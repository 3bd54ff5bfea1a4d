/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* remote.c: what users ask of all servers of a namespace at once: answers to a broadcast,
 * descriptions of sockets, joining, leaving, disconnecting. With an adapter it does it, else it is
 * done here. */

#include <string.h>

#include <vireo/error.h>

#include "socketio/adapter.h"
#include "socketio/ask.h"
#include "socketio/describe.h"
#include "socketio/inside.h"
#include "socketio/local.h"

/* A pattern of namespaces has no sockets, and its children no common adapter; at a client's end
 * there are no others. */
static bool is_one(vireo_to *to)
{
    vireo__to_settle(to);
    return to->ns != NULL && to->ns->as_parent == NULL && to->ns->io->end == &vireo__sio_server_end;
}

vireo_adapter *vireo__adapter_for(const vireo_to *to)
{
    return to->flags & VIREO_LOCAL || to->only != NULL ? NULL : to->ns->adapter;
}

int vireo__broadcast(const vireo_to *to, const vireo__sio_message *message)
{
    vireo_adapter *a = vireo__adapter_for(to);
    return a != NULL ? a->ops->broadcast(a, to, message) : vireo__local_broadcast(to, message);
}

static int deliver(const vireo_to *to, uint64_t stamp, vireo__str json,
                   const vireo__attachment *parts, size_t count)
{
    vireo__sio_message message;
    vireo__sio_head head = {VIREO__SIO_EVENT, to->ns->name, NULL, NULL};
    int error = vireo__sio_message_wrap(&message, &to->ns->io->codec, &head, json, parts, count);
    if (error < 0)
        return error;
    message.stamp = stamp;
    vireo__outgoing_many(to, &message);
    int taken = vireo__local_broadcast(to, &message);
    vireo__sio_message_release(&message);
    return taken;
}

/* What is for a pattern is for its children here. */
int vireo__deliver_for_other(const vireo_to *to, uint64_t stamp, vireo__str json,
                             const vireo__attachment *parts, size_t count)
{
    int sum = 0;
    vireo_to in_child = *to;
    if (to->ns->as_parent == NULL)
        return deliver(to, stamp, json, parts, count);
    in_child.ns = NULL;
    while ((in_child.ns = vireo__ns_go_on(to->ns, in_child.ns)) != NULL) {
        int taken = sum >= 0 ? deliver(&in_child, stamp, json, parts, count) : 0;
        sum = taken < 0 ? taken : sum + taken;
    }
    return sum;
}

/* --- a broadcast with answers ----------------------------------------------------------------- */

static int make_question(vireo__sio_message *message, vireo_ns *ns, uint64_t number,
                         const char *event, const vireo__sio_args *args)
{
    char id[VIREO__ACK_ID_SIZE];
    vireo__sio_head head = {VIREO__SIO_EVENT, ns->name, vireo__ack_digits(id, number), event};
    return vireo__sio_message_make(message, &ns->io->codec, &head, args);
}

static int ask(const vireo_to *to, vireo__request *r, const char *event,
               const vireo__sio_args *args)
{
    vireo__sio_message message;
    vireo_adapter *a = vireo__adapter_for(to);
    r->ack = to->ns->next_ack++;
    int error = make_question(&message, to->ns, r->ack, event, args);
    if (error < 0)
        return error;
    error = a != NULL ? a->ops->ask(a, to, &message, r) : vireo__ask_for_request(to, &message, r);
    vireo__sio_message_release(&message);
    return error;
}

/* begin_asking sends the question, or takes the request back. */
static int begin_asking(vireo_to *to, vireo__request_kind kind, uint32_t timeout_ms,
                        vireo_results_fn fn, void *user, const char *event,
                        const vireo__sio_args *args)
{
    if (!is_one(to))
        return VIREO_EINVAL;
    if (vireo__sio_reserved(event))
        return VIREO_ERESERVED;
    vireo__request *r;
    int error = vireo__request_new(&r, to->ns, kind, timeout_ms, fn, user);
    if (error < 0)
        return error;
    error = ask(to, r, event, args);
    if (error < 0)
        vireo__request_drop(r);
    return error;
}

int vireo_broadcast_ack(vireo_to to, uint32_t timeout_ms, vireo_results_fn on_results, void *user,
                        const char *event, const char *tmpl, ...)
{
    va_list list;
    va_start(list, tmpl);
    int error = begin_asking(&to, VIREO__REQUEST_LIST, timeout_ms, on_results, user, event,
                             &(vireo__sio_args){.tmpl = tmpl, .list = &list});
    va_end(list);
    return error;
}

int vireo_emit_ack_to(vireo_ns *ns, const char *id, uint32_t timeout_ms, vireo_results_fn on_answer,
                      void *user, const char *event, const char *tmpl, ...)
{
    va_list list;
    vireo_to to = vireo_ns_room(ns, id);
    va_start(list, tmpl);
    int error = begin_asking(&to, VIREO__REQUEST_ONE, timeout_ms, on_answer, user, event,
                             &(vireo__sio_args){.tmpl = tmpl, .list = &list});
    va_end(list);
    return error;
}

/* --- descriptions ----------------------------------------------------------------------------- */

int vireo__fetch_local(const vireo_to *to, vireo__request *r)
{
    vireo__buf json;
    vireo__buf_init(&json, VIREO__BUF_UNLIMITED);
    int error = vireo__describe_all(&json, to);
    vireo_value *sockets = error == 0 ? vireo_parse((const char *)json.data, json.len, NULL) : NULL;
    vireo__buf_deinit(&json);
    if (sockets == NULL)
        return VIREO_ENOMEM;
    vireo__request_results(r, sockets);
    vireo_value_free(sockets);
    vireo__request_server_done(r, 0);
    return 0;
}

static int fetch(vireo_to *to, vireo__request_kind kind, uint32_t timeout_ms, vireo_results_fn fn,
                 void *user)
{
    if (!is_one(to))
        return VIREO_EINVAL;
    vireo_adapter *a = vireo__adapter_for(to);
    vireo__request *r;
    int error = vireo__request_new(&r, to->ns, kind, timeout_ms, fn, user);
    if (error < 0)
        return error;
    error = a != NULL ? a->ops->fetch(a, to, r) : vireo__fetch_local(to, r);
    if (error < 0)
        vireo__request_drop(r);
    return error;
}

int vireo_fetch_sockets(vireo_to to, uint32_t timeout_ms, vireo_results_fn on_sockets, void *user)
{
    return fetch(&to, VIREO__REQUEST_LIST, timeout_ms, on_sockets, user);
}

int vireo_all_sockets(vireo_to to, uint32_t timeout_ms, vireo_results_fn on_ids, void *user)
{
    return fetch(&to, VIREO__REQUEST_IDS, timeout_ms, on_ids, user);
}

/* --- joining, leaving, disconnecting ---------------------------------------------------------- */

static bool rooms_valid(const char *const *rooms)
{
    for (; *rooms != NULL; rooms++)
        if (!vireo__room_name_valid(*rooms))
            return false;
    return true;
}

int vireo_sockets_join(vireo_to to, const char *const *rooms)
{
    if (!is_one(&to) || !rooms_valid(rooms))
        return VIREO_EINVAL;
    vireo_adapter *a = vireo__adapter_for(&to);
    if (a != NULL)
        return a->ops->join(a, &to, rooms);
    vireo__local_join_rooms(&to, rooms);
    return 0;
}

int vireo_sockets_leave(vireo_to to, const char *const *rooms)
{
    if (!is_one(&to) || !rooms_valid(rooms))
        return VIREO_EINVAL;
    vireo_adapter *a = vireo__adapter_for(&to);
    if (a != NULL)
        return a->ops->leave(a, &to, rooms);
    vireo__local_leave_rooms(&to, rooms);
    return 0;
}

int vireo_disconnect_sockets(vireo_to to, bool close)
{
    if (!is_one(&to))
        return VIREO_EINVAL;
    vireo_adapter *a = vireo__adapter_for(&to);
    if (a != NULL)
        return a->ops->disconnect(a, &to, close);
    vireo__local_disconnect(&to, close);
    return 0;
}
