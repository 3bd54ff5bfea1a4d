/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "socketio/message.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "payload/json_read.h"
#include "payload/json_write.h"
#include "payload/template.h"
#include "ws/frame.h"

/* --- the JSON of a packet --------------------------------------------------------------------- */

/* Text that claims to be values with commas between them is one array when it stands in brackets,
 * and nothing else is. */
static int write_json_args(vireo__buf *out, vireo__str json)
{
    size_t start = out->len;
    vireo__buf_append_byte(out, '[');
    vireo__buf_append(out, json.at, json.len);
    if (vireo__buf_append_byte(out, ']') < 0)
        return out->error;
    int error = vireo__json_check((const char *)out->data + start, out->len - start, NULL, NULL);
    if (error < 0)
        return error;
    memmove(out->data + start, out->data + start + 1, json.len);
    out->len = start + json.len;
    return 0;
}

static int write_values(vireo__buf *out, vireo__attachments *parts, const vireo_value *values,
                        size_t skip)
{
    size_t i = 0;
    for (const vireo_value *v = NULL; (v = vireo_next(values, v)) != NULL; i++) {
        if (i < skip)
            continue;
        if (i > skip)
            vireo__buf_append_byte(out, ',');
        vireo__json_write(out, parts, v, 0);
    }
    return out->error;
}

static int write_args(vireo__buf *out, vireo__attachments *parts, const vireo__sio_args *args)
{
    if (args->tmpl != NULL) {
        int count = vireo__template_write(out, parts, args->tmpl, *args->list);
        return count < 0 ? count : 0;
    }
    if (args->values != NULL)
        return write_values(out, parts, args->values, args->skip);
    return args->json.len > 0 ? write_json_args(out, args->json) : 0;
}

static int write_array(vireo__buf *out, vireo__attachments *parts, const char *event,
                       const vireo__sio_args *args)
{
    vireo__buf_append_byte(out, '[');
    if (event != NULL) {
        vireo__json_write_string(out, event, strlen(event));
        vireo__buf_append_byte(out, ',');
    }
    size_t before = out->len;
    int error = write_args(out, parts, args);
    if (error < 0)
        return error;
    if (event != NULL && out->len == before && out->error == 0)
        out->len--; /* no arguments: no comma */
    return vireo__buf_append_byte(out, ']');
}

/* --- frames ----------------------------------------------------------------------------------- */

/* The JSON is all of |scratch|; the head is written behind it, and copied in front of it. */
static int make_text(vireo__sio_message *message, vireo__buf *scratch, const vireo__sio_head *head,
                     vireo__sio_type type)
{
    size_t json_len = scratch->len;
    vireo__buf_append_byte(scratch, '4'); /* the Engine.IO MESSAGE that carries it */
    if (vireo__sio_write_head(scratch, type, message->part_count, head->ns, head->id) < 0)
        return VIREO_ENOMEM;
    size_t head_len = scratch->len - json_len;
    vireo__shared *frame = vireo__ws_frame_new(VIREO__WS_TEXT, head_len + json_len);
    if (frame == NULL)
        return VIREO_ENOMEM;
    memcpy(vireo__ws_payload(frame), scratch->data + json_len, head_len);
    memcpy(vireo__ws_payload(frame) + head_len, scratch->data, json_len);
    message->text = frame;
    message->json_at = head_len;
    return 0;
}

static int copy_parts(vireo__sio_message *message, const vireo__attachment *list, size_t count)
{
    if (count == 0)
        return 0;
    message->parts = calloc(count, sizeof *message->parts);
    if (message->parts == NULL)
        return VIREO_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        message->parts[i] = vireo__ws_frame_copy(VIREO__WS_BINARY, list[i].data, list[i].size);
        if (message->parts[i] == NULL)
            return VIREO_ENOMEM;
        message->part_count++;
    }
    return 0;
}

static vireo__sio_type binary_type(vireo__sio_type type)
{
    return type == VIREO__SIO_EVENT ? VIREO__SIO_BINARY_EVENT : VIREO__SIO_BINARY_ACK;
}

/* finish makes the frames of the array that stands in |scratch|. */
static int finish(vireo__sio_message *message, const vireo__sio_codec *codec, vireo__buf *scratch,
                  const vireo__sio_head *head, const vireo__attachment *parts, size_t count)
{
    int error = copy_parts(message, parts, count);
    if (error == 0)
        error = make_text(message, scratch, head, count > 0 ? binary_type(head->type) : head->type);
    if (error == 0 && codec->parser != NULL)
        error = vireo__sio_encode(&message->coded, codec, head->type, head->ns, head->id,
                                  vireo__sio_message_json(message), parts, count);
    if (error < 0)
        vireo__sio_message_release(message);
    return error;
}

int vireo__sio_message_make(vireo__sio_message *message, const vireo__sio_codec *codec,
                            const vireo__sio_head *head, const vireo__sio_args *args)
{
    vireo__attachments parts;
    vireo__buf *scratch = vireo__loop_scratch(codec->loop);
    *message = (vireo__sio_message){0};
    vireo__attachments_init(&parts);
    int error = write_array(scratch, &parts, head->event, args);
    if (error == 0)
        error = finish(message, codec, scratch, head, vireo__attachments_list(&parts), parts.count);
    vireo__attachments_deinit(&parts);
    return error;
}

int vireo__sio_message_wrap(vireo__sio_message *message, const vireo__sio_codec *codec,
                            const vireo__sio_head *head, vireo__str json,
                            const vireo__attachment *parts, size_t count)
{
    vireo__buf *scratch = vireo__loop_scratch(codec->loop);
    *message = (vireo__sio_message){0};
    if (vireo__buf_append(scratch, json.at, json.len) < 0)
        return VIREO_ENOMEM;
    return finish(message, codec, scratch, head, parts, count);
}

int vireo__sio_message_raw(vireo__sio_message *message, const vireo__sio_codec *codec,
                           const vireo__sio_head *head, vireo__str json)
{
    return vireo__sio_message_wrap(message, codec, head, json, NULL, 0);
}

static int share_parts(vireo__sio_message *out, const vireo__sio_message *message)
{
    if (message->part_count == 0)
        return 0;
    out->parts = malloc(message->part_count * sizeof *out->parts);
    if (out->parts == NULL)
        return VIREO_ENOMEM;
    for (; out->part_count < message->part_count; out->part_count++)
        out->parts[out->part_count] = vireo__shared_ref(message->parts[out->part_count]);
    return 0;
}

static int append_text(vireo__sio_message *out, const vireo__sio_message *message, const char *text)
{
    size_t more = strlen(text) + 4; /* ,"text"] in the place of ] */
    size_t len = vireo__ws_payload_len(message->text);
    const uint8_t *from = vireo__ws_payload(message->text);
    out->json_at = message->json_at;
    while (len > message->json_at && from[len - 1] != ']')
        len--; /* another server may have written blanks */
    if (len-- <= message->json_at)
        return VIREO_EINVAL;
    out->text = vireo__ws_frame_new(VIREO__WS_TEXT, len + more);
    if (out->text == NULL)
        return VIREO_ENOMEM;
    uint8_t *at = vireo__ws_payload(out->text);
    memcpy(at, from, len);
    memcpy(at + len, ",\"", 2);
    memcpy(at + len + 2, text, more - 4);
    memcpy(at + len + more - 2, "\"]", 2);
    return 0;
}

vireo__attachment *vireo__sio_message_parts(const vireo__sio_message *message)
{
    vireo__attachment *parts = calloc(message->part_count + 1, sizeof *parts);
    for (size_t i = 0; parts != NULL && i < message->part_count; i++)
        parts[i] = (vireo__attachment){vireo__ws_payload(message->parts[i]),
                                       vireo__ws_payload_len(message->parts[i])};
    return parts;
}

/* code_event has the parser write an event that is made already. */
static int code_event(vireo__sio_message *message, const vireo__sio_codec *codec, const char *ns)
{
    vireo__attachment *parts = vireo__sio_message_parts(message);
    if (parts == NULL)
        return VIREO_ENOMEM;
    int error = vireo__sio_encode(&message->coded, codec, VIREO__SIO_EVENT, ns, NULL,
                                  vireo__sio_message_json(message), parts, message->part_count);
    free(parts);
    return error;
}

int vireo__sio_message_append(vireo__sio_message *out, const vireo__sio_codec *codec,
                              const char *ns, const vireo__sio_message *message, const char *text)
{
    *out = (vireo__sio_message){0};
    int error = append_text(out, message, text);
    if (error == 0)
        error = share_parts(out, message);
    if (error == 0 && codec->parser != NULL)
        error = code_event(out, codec, ns);
    if (error < 0)
        vireo__sio_message_release(out);
    else if (vireo__sio_message_first(message)->plain)
        vireo__sio_message_plain(out);
    return error;
}

vireo__str vireo__sio_message_json(const vireo__sio_message *message)
{
    const char *payload = (const char *)vireo__ws_payload(message->text);
    size_t len = vireo__ws_payload_len(message->text);
    return (vireo__str){payload + message->json_at, len - message->json_at};
}

void vireo__sio_message_plain(const vireo__sio_message *message)
{
    size_t count;
    vireo__shared *const *rest = vireo__sio_message_rest(message, &count);
    vireo__sio_message_first(message)->plain = true;
    for (size_t i = 0; i < count; i++)
        rest[i]->plain = true;
}

int vireo__sio_message_copy(vireo__sio_message *to, const vireo__sio_message *from)
{
    *to = (vireo__sio_message){.json_at = from->json_at};
    int error = share_parts(to, from);
    if (error == 0)
        error = vireo__pieces_copy(&to->coded, &from->coded);
    if (error == 0)
        to->text = vireo__shared_ref(from->text);
    else
        vireo__sio_message_release(to);
    return error;
}

void vireo__sio_message_release(vireo__sio_message *message)
{
    vireo__shared_unref(message->text);
    for (size_t i = 0; i < message->part_count; i++)
        vireo__shared_unref(message->parts[i]);
    free(message->parts);
    if (message->coded.room > 0)
        vireo__pieces_release(&message->coded);
    *message = (vireo__sio_message){0};
}

/* What belongs together must follow at once; since all of it is queued in one call, nothing comes
 * between. Where one part cannot follow, the client would take the next packet for it. */
int vireo__sio_message_send(const vireo__sio_message *message, vireo__eio_session *session)
{
    size_t count;
    vireo__shared *const *rest = vireo__sio_message_rest(message, &count);
    int error = vireo__eio_send(session, vireo__sio_message_first(message), NULL, NULL);
    if (error < 0)
        return error;
    for (size_t i = 0; i < count && error == 0; i++)
        error = vireo__eio_send(session, rest[i], NULL, NULL);
    if (error < 0)
        vireo__eio_close(session, true);
    return error;
}

int vireo__sio_message_send_newest(const vireo__sio_message *message, vireo__eio_session *session,
                                   const vireo__outbox_name *name)
{
    size_t count;
    vireo__shared *const *rest = vireo__sio_message_rest(message, &count);
    int error =
        vireo__eio_send_newest(session, name, vireo__sio_message_first(message), rest, count);
    if (error < 0 && count > 0)
        vireo__eio_close(session, true);
    return error;
}
