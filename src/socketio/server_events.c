/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "socketio/server_events.h"

#include <string.h>

#include <vireo/error.h>

#include "payload/json_write.h"
#include "payload/template.h"
#include "socketio/adapter.h"
#include "socketio/inside.h"

/* --- sending ---------------------------------------------------------------------------------- */

/* What the official server keeps for itself. */
static bool is_reserved(const char *event)
{
    return strcmp(event, "connect") == 0 || strcmp(event, "connection") == 0 ||
           strcmp(event, "new_namespace") == 0;
}

static int emit(vireo_ns *ns, vireo__request *r, const char *event, const vireo__sio_args *args)
{
    vireo__sio_message message;
    vireo__sio_head head = {VIREO__SIO_EVENT, ns->name, NULL, event};
    vireo__sio_codec plain = {.loop = ns->io->loop}; /* no client sees it */
    int error = vireo__sio_message_make(&message, &plain, &head, args);
    if (error < 0)
        return error;
    if (ns->adapter != NULL)
        error = ns->adapter->ops->server_emit(ns->adapter, &message, r);
    else if (r != NULL)
        vireo__request_server_done(r, 0);
    vireo__sio_message_release(&message);
    return error;
}

int vireo_server_side_emit(vireo_ns *ns, const char *event, const char *tmpl, ...)
{
    va_list list;
    if (is_reserved(event))
        return VIREO_ERESERVED;
    va_start(list, tmpl);
    int error = emit(ns, NULL, event, &(vireo__sio_args){.tmpl = tmpl, .list = &list});
    va_end(list);
    return error;
}

int vireo_server_side_emit_ack(vireo_ns *ns, uint32_t timeout_ms, vireo_results_fn on_results,
                               void *user, const char *event, const char *tmpl, ...)
{
    va_list list;
    if (is_reserved(event))
        return VIREO_ERESERVED;
    vireo__request *r;
    int error = vireo__request_new(&r, ns, VIREO__REQUEST_LIST, timeout_ms, on_results, user);
    if (error < 0)
        return error;
    va_start(list, tmpl);
    error = emit(ns, r, event, &(vireo__sio_args){.tmpl = tmpl, .list = &list});
    va_end(list);
    if (error < 0)
        vireo__request_drop(r);
    return error;
}

/* --- receiving -------------------------------------------------------------------------------- */

/* The first row for an event counts. */
static const vireo_server_handler *find_handler(const vireo_ns *ns, const char *event)
{
    for (const vireo_server_handler *h = ns->options.server_events; h && h->event != NULL; h++)
        if (strcmp(h->event, event) == 0)
            return h;
    return NULL;
}

void vireo__server_event(vireo_ns *ns, const vireo_value *packet, vireo__server_reply *reply)
{
    vireo_msg m = {.args = packet, .reply = reply};
    m.event = vireo_str(vireo_at(packet, 0));
    if (m.event == NULL)
        return;
    const vireo_server_handler *row = find_handler(ns, m.event);
    if (row != NULL)
        row->handle(ns, &m);
}

static int write_answer(vireo__buf *json, vireo__attachments *parts, const vireo__sio_args *args)
{
    if (args->tmpl == NULL)
        return vireo__json_write(json, parts, vireo_at(args->values, args->skip), 0);
    int count = vireo__template_write_one(json, parts, args->tmpl, *args->list);
    return count < 0 ? count : 0;
}

int vireo__server_answer(const vireo_msg *m, const vireo__sio_args *args)
{
    vireo__buf json;
    vireo__attachments parts;
    vireo__server_reply *reply = m->reply;
    if (reply == NULL)
        return VIREO_ENOTFOUND;
    if (reply->sent)
        return VIREO_EANSWERED;
    vireo__buf_init(&json, VIREO__BUF_UNLIMITED);
    vireo__attachments_init(&parts);
    int error = write_answer(&json, &parts, args);
    if (error == 0) {
        reply->sent = true;
        error = reply->send(reply, (vireo__str){(const char *)json.data, json.len},
                            vireo__attachments_list(&parts), parts.count);
    }
    vireo__attachments_deinit(&parts);
    vireo__buf_deinit(&json);
    return error;
}
