/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "socketio/encode.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/utf8.h"
#include "payload/json_read.h"
#include "ws/frame.h"

enum { MOST_PIECES = 1 << 20 }; /* of one packet: nobody has that many */

/* --- pieces ----------------------------------------------------------------------------------- */

static int fail(vireo_pieces *pieces, int error)
{
    if (pieces->error == 0)
        pieces->error = error;
    return pieces->error;
}

static int make_room(vireo_pieces *pieces)
{
    if (pieces->count < pieces->room)
        return 0;
    uint32_t room = pieces->room ? pieces->room * 2 : 1;
    if (pieces->room > MOST_PIECES / 2)
        return fail(pieces, VIREO_ETOOBIG);
    vireo__shared **frames = realloc(pieces->frames, room * sizeof(vireo__shared *));
    if (frames == NULL)
        return fail(pieces, VIREO_ENOMEM);
    pieces->frames = frames;
    pieces->room = room;
    return 0;
}

/* add appends a frame with |prefix| in front of the bytes. */
static int add(vireo_pieces *pieces, vireo__ws_opcode opcode, const char *prefix, const void *data,
               size_t size)
{
    size_t head = strlen(prefix);
    if (size > UINT32_MAX)
        return fail(pieces, VIREO_ETOOBIG);
    if (pieces->error || make_room(pieces) < 0)
        return pieces->error;
    vireo__shared *frame = vireo__ws_frame_new(opcode, head + size);
    if (frame == NULL)
        return fail(pieces, VIREO_ENOMEM);
    memcpy(vireo__ws_payload(frame), prefix, head);
    if (size > 0)
        memcpy(vireo__ws_payload(frame) + head, data, size);
    pieces->frames[pieces->count++] = frame;
    return 0;
}

int vireo_piece_text(vireo_pieces *out, const char *text, size_t len)
{
    enum { BETWEEN_PACKETS = 0x1E };
    if (len > 0 && (!vireo__utf8_valid(text, len) || memchr(text, BETWEEN_PACKETS, len) != NULL))
        return fail(out, VIREO_EUTF8);
    return add(out, VIREO__WS_TEXT, "4", text, len); /* "4": the Engine.IO MESSAGE */
}

int vireo_piece_binary(vireo_pieces *out, const void *data, size_t size)
{
    return add(out, VIREO__WS_BINARY, "", data, size);
}

void vireo__pieces_release(vireo_pieces *pieces)
{
    for (size_t i = 0; i < pieces->count; i++)
        vireo__shared_unref(pieces->frames[i]);
    free(pieces->frames);
    *pieces = (vireo_pieces){0};
}

int vireo__pieces_copy(vireo_pieces *to, const vireo_pieces *from)
{
    *to = (vireo_pieces){0};
    if (from->count == 0)
        return 0;
    to->frames = malloc(from->count * sizeof *to->frames);
    if (to->frames == NULL)
        return VIREO_ENOMEM;
    to->room = from->count;
    for (; to->count < from->count; to->count++)
        to->frames[to->count] = vireo__shared_ref(from->frames[to->count]);
    return 0;
}

/* --- packets ---------------------------------------------------------------------------------- */

static int read_data(vireo__doc *doc, vireo__str json, const vireo__attachment *parts, size_t count)
{
    int error = json.len > 0 ? vireo__json_read(doc, json.at, json.len, NULL, NULL) : 0;
    if (error == 0 && count > 0)
        error = vireo__doc_fill_attachments(doc, parts, count);
    return error;
}

int vireo__sio_encode(vireo_pieces *pieces, const vireo__sio_codec *codec, vireo__sio_type type,
                      const char *ns, const char *id, vireo__str json,
                      const vireo__attachment *parts, size_t count)
{
    vireo__doc doc;
    vireo__doc_init(&doc);
    int error = read_data(&doc, json, parts, count);
    if (error == 0) {
        vireo_packet packet = {.type = (vireo_packet_type)type,
                               .ns = ns,
                               .ns_len = strlen(ns),
                               .has_id = id != NULL,
                               .id = id != NULL ? strtoull(id, NULL, 10) : 0,
                               .data = vireo__doc_root(&doc)};
        error = codec->parser->encode(codec->user, &packet, pieces);
    }
    if (error == 0)
        error = pieces->error;
    if (error == 0 && pieces->count == 0)
        error = VIREO_EINVAL;
    vireo__doc_deinit(&doc);
    return error;
}
