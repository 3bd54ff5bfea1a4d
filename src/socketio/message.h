/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* message.h: a packet on its way out: encoded once, then sent to one client or to thousands. */

#ifndef VIREO_SOCKETIO_MESSAGE_H
#define VIREO_SOCKETIO_MESSAGE_H

#include <stdarg.h>

#include <vireo/value.h>

#include "engineio/server.h"
#include "payload/attachments.h"
#include "socketio/codec.h"
#include "socketio/encode.h"
#include "socketio/packet.h"

/* Frames (ws/frame.h) of one packet: its text, and one binary frame for each attachment. Holds a
 * reference to each. They are what is sent, unless a parser has written something else; guests,
 * adapters and listeners look at the text in any case. */
typedef struct vireo__sio_message {
    vireo__shared *text;
    vireo__shared **parts; /* NULL when there are none */
    size_t part_count;
    size_t json_at;     /* of the payload of |text|: what is in front of it is the packet's head */
    vireo_pieces coded; /* what a parser has written of it; empty: there is none */
    uint64_t stamp;     /* by which all workers know the event (history.h); 0: it is not theirs */
} vireo__sio_message;

/* Where the arguments of an event come from; exactly one of the four, or none. */
typedef struct vireo__sio_args {
    const char *tmpl; /* with |list| */
    va_list *list;
    const vireo_value *values; /* an array: its elements from |skip| on */
    size_t skip;
    vireo__str json; /* values with commas between them */
} vireo__sio_args;

/* What stands in front of them. */
typedef struct vireo__sio_head {
    vireo__sio_type type; /* EVENT or ACK; becomes the binary type where there are attachments */
    const char *ns;
    const char *id;    /* digits, or NULL */
    const char *event; /* NULL for an ACK */
} vireo__sio_head;

/* vireo__sio_message_make encodes an event or an acknowledgement.
 *
 * Returns 0 and the message (release it), or VIREO_ETEMPLATE, VIREO_EJSON, VIREO_EINVAL,
 * VIREO_ENOMEM .. */
int vireo__sio_message_make(vireo__sio_message *message, const vireo__sio_codec *codec,
                            const vireo__sio_head *head, const vireo__sio_args *args);

/* vireo__sio_message_raw encodes a packet whose JSON is written already ("" for none). Returns 0 or
 * VIREO_ENOMEM. */
int vireo__sio_message_raw(vireo__sio_message *message, const vireo__sio_codec *codec,
                           const vireo__sio_head *head, vireo__str json);

/* vireo__sio_message_wrap encodes an event or an acknowledgement whose array is written already,
 * placeholders in the places of its |count| parts (copied). Returns 0 or VIREO_ENOMEM. */
int vireo__sio_message_wrap(vireo__sio_message *message, const vireo__sio_codec *codec,
                            const vireo__sio_head *head, vireo__str json,
                            const vireo__attachment *parts, size_t count);

/* vireo__sio_message_append makes |message|, an event without an ack id for namespace |ns|, anew
 * with one more argument behind the others: |text|, which needs no escapes. Its parts are shared.
 * Returns 0 and the message (release it), VIREO_EINVAL for what is no array, VIREO_ENOMEM, or what
 * the parser returned. */
int vireo__sio_message_append(vireo__sio_message *out, const vireo__sio_codec *codec,
                              const char *ns, const vireo__sio_message *message, const char *text);

/* vireo__sio_message_json returns the array of an event: [name, args..]; valid as long as
 * |message|. */
vireo__str vireo__sio_message_json(const vireo__sio_message *message);

/* vireo__sio_message_parts returns new: views of its binary parts, message->part_count of them,
 * free() them; NULL when memory runs out. */
vireo__attachment *vireo__sio_message_parts(const vireo__sio_message *message);

/* What is sent: one frame, and |*count| more that must follow it at once; borrowed. */
static inline vireo__shared *vireo__sio_message_first(const vireo__sio_message *message)
{
    return message->coded.count > 0 ? message->coded.frames[0] : message->text;
}

static inline vireo__shared *const *vireo__sio_message_rest(const vireo__sio_message *message,
                                                            size_t *count)
{
    bool coded = message->coded.count > 0;
    *count = coded ? message->coded.count - 1 : message->part_count;
    return coded ? message->coded.frames + 1 : message->parts;
}

/* vireo__sio_message_plain has its frames sent uncompressed. */
void vireo__sio_message_plain(const vireo__sio_message *message);

/* vireo__sio_message_copy takes references of its own to all frames. Returns 0 or VIREO_ENOMEM. */
int vireo__sio_message_copy(vireo__sio_message *to, const vireo__sio_message *from);

void vireo__sio_message_release(vireo__sio_message *message);

/* vireo__sio_message_send queues all its frames. Returns 0 or what vireo__eio_send returned; when
 * only some could be queued, the session is closed. */
int vireo__sio_message_send(const vireo__sio_message *message, vireo__eio_session *session);

/* vireo__sio_message_send_newest queues it in the place of an older one: see
 * vireo__eio_send_newest. Returns the same. */
int vireo__sio_message_send_newest(const vireo__sio_message *message, vireo__eio_session *session,
                                   const vireo__outbox_name *name);

#endif
