/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* outgoing.c: catch-all listeners of what is sent. They see values, but an event is written
 * straight to its bytes; so, only where somebody listens, the bytes are read again, once for all
 * receivers. */

#include <stdlib.h>

#include "payload/json_read.h"
#include "socketio/inside.h"
#include "ws/frame.h"

/* An event that is on its way, as a message that could have come in. */
typedef struct copy {
    vireo__doc doc;
    vireo_msg msg;
    bool valid;
} copy;

static bool fill_attachments(copy *c, const vireo__sio_message *message)
{
    if (message->part_count == 0)
        return true;
    vireo__attachment *parts = calloc(message->part_count, sizeof *parts);
    for (size_t i = 0; parts != NULL && i < message->part_count; i++)
        parts[i] = (vireo__attachment){vireo__ws_payload(message->parts[i]),
                                       vireo__ws_payload_len(message->parts[i])};
    bool filled =
        parts != NULL && vireo__doc_fill_attachments(&c->doc, parts, message->part_count) == 0;
    free(parts);
    return filled;
}

static bool read_event(copy *c, const vireo__sio_message *message)
{
    vireo__str json = vireo__sio_message_json(message);
    if (vireo__json_read(&c->doc, json.at, json.len, NULL, NULL) < 0 ||
        !fill_attachments(c, message))
        return false;
    c->msg.args = vireo__doc_root(&c->doc);
    c->msg.event = vireo_str_len(vireo_at(c->msg.args, 0), &c->msg.event_len);
    return c->msg.event != NULL;
}

static void open_copy(copy *c, const vireo__sio_message *message)
{
    c->msg = (vireo_msg){.answered = true};
    vireo__doc_init(&c->doc);
    c->valid = read_event(c, message);
}

static bool heard_by(const vireo_socket *s)
{
    return s->ns->options.on_any_outgoing != NULL || vireo__listeners_outgoing(s);
}

static void show(vireo_socket *s, void *user)
{
    copy *c = user;
    if (!c->valid || !heard_by(s))
        return;
    c->msg.socket = s;
    if (s->ns->options.on_any_outgoing != NULL)
        s->ns->options.on_any_outgoing(s, &c->msg);
    if (!s->closed && vireo__listeners_outgoing(s))
        vireo__listeners_call_outgoing(s, &c->msg);
}

void vireo__outgoing_one(vireo_socket *s, const vireo__sio_message *message, vireo__ack *ack)
{
    vireo__list hidden;
    copy c;
    if (!heard_by(s))
        return;
    vireo__list_init(&hidden);
    if (ack != NULL)
        vireo__ack_move(ack, &hidden);
    open_copy(&c, message);
    show(s, &c);
    vireo__doc_deinit(&c.doc);
    if (ack != NULL)
        vireo__ack_move(ack, &s->more->acks);
}

bool vireo__outgoing_heard(const vireo_ns *ns)
{
    return ns->listening > 0 || ns->options.on_any_outgoing != NULL;
}

void vireo__outgoing_many(const vireo_to *to, const vireo__sio_message *message)
{
    copy c;
    if (!vireo__outgoing_heard(to->ns))
        return;
    open_copy(&c, message);
    vireo_each(*to, show, &c);
    vireo__doc_deinit(&c.doc);
}
