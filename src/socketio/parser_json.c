/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* parser_json.c: the JSON of Socket.IO as a parser like any other, so that hooks see every value.
 * What has no hooks does not come here. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>
#include <vireo/parser.h>

#include "payload/json_write.h"
#include "payload/rewrite.h"
#include "socketio/decode.h"

enum { MAX_ATTACHMENTS = 10 };

static const vireo_json_hooks none = VIREO_JSON_HOOKS(.replace = NULL);

/* --- out -------------------------------------------------------------------------------------- */

static int write_packet(vireo__buf *out, const vireo_packet *packet, const vireo_value *data,
                        vireo__attachments *parts)
{
    char id[VIREO__ACK_ID_SIZE];
    vireo__buf json;
    vireo__buf_init(&json, VIREO__BUF_UNLIMITED);
    snprintf(id, sizeof id, "%llu", (unsigned long long)packet->id);
    int error = data != NULL ? vireo__json_write(&json, parts, data, 0) : 0;
    vireo__sio_type type = (vireo__sio_type)packet->type;
    if (parts->count > 0)
        type = type == VIREO__SIO_EVENT ? VIREO__SIO_BINARY_EVENT : VIREO__SIO_BINARY_ACK;
    vireo__sio_write_head(out, type, parts->count, packet->ns, packet->has_id ? id : NULL);
    vireo__buf_append(out, json.data, json.len);
    vireo__buf_deinit(&json);
    return error < 0 ? error : out->error;
}

static int add_pieces(vireo_pieces *pieces, const vireo_packet *packet, const vireo_value *data)
{
    vireo__buf text;
    vireo__attachments parts;
    vireo__buf_init(&text, VIREO__BUF_UNLIMITED);
    vireo__attachments_init(&parts);
    int error = write_packet(&text, packet, data, &parts);
    if (error == 0)
        error = vireo_piece_text(pieces, (const char *)text.data, text.len);
    const vireo__attachment *list = vireo__attachments_list(&parts);
    for (size_t i = 0; i < parts.count && error == 0; i++)
        error = vireo_piece_binary(pieces, list[i].data, list[i].size);
    vireo__attachments_deinit(&parts);
    vireo__buf_deinit(&text);
    return error;
}

static int encode(void *user, const vireo_packet *packet, vireo_pieces *pieces)
{
    const vireo_json_hooks *hooks = user != NULL ? user : &none;
    vireo__doc doc;
    vireo_builder b;
    if (hooks->replace == NULL || packet->data == NULL)
        return add_pieces(pieces, packet, packet->data);
    vireo__doc_init(&doc);
    vireo__builder_init(&b, &doc, UINT32_MAX);
    int error = vireo__replace(&b, packet->data, hooks->replace, hooks->user);
    if (error == 0)
        error = add_pieces(pieces, packet, vireo_built(&b));
    vireo__doc_deinit(&doc);
    return error;
}

/* --- in --------------------------------------------------------------------------------------- */

static vireo__sio_codec codec_of(const vireo_json_hooks *hooks, uint32_t max_values)
{
    uint32_t max_attachments = hooks->max_attachments ? hooks->max_attachments : MAX_ATTACHMENTS;
    return (vireo__sio_codec){.max_values = max_values, .max_attachments = max_attachments};
}

/* keep copies the namespace, which may stand in what ends before the packet is handled. */
static int keep_name(vireo_builder *b, vireo__str ns, vireo_packet *packet)
{
    char *copy = vireo__arena_take(&b->doc->arena, ns.len, 1);
    if (copy == NULL)
        return VIREO_ENOMEM;
    memcpy(copy, ns.at, ns.len);
    packet->ns = copy;
    packet->ns_len = ns.len;
    return 0;
}

static void take_id(vireo__str digits, vireo_packet *packet)
{
    char id[VIREO__ACK_ID_SIZE] = "";
    if (digits.len == 0 || digits.len > VIREO__ACK_ID_MAX)
        return;
    memcpy(id, digits.at, digits.len);
    packet->has_id = true;
    packet->id = strtoull(id, NULL, 10);
}

static vireo_packet_type plain_type(vireo__sio_type type)
{
    switch (type) {
    case VIREO__SIO_BINARY_EVENT:
        return VIREO_PACKET_EVENT;
    case VIREO__SIO_BINARY_ACK:
        return VIREO_PACKET_ACK;
    default:
        return (vireo_packet_type)type;
    }
}

static int take_packet(const vireo_json_hooks *hooks, const vireo__sio_packet *from,
                       vireo_builder *b, vireo_packet *packet)
{
    packet->type = plain_type(from->type);
    take_id(from->id, packet);
    int error = keep_name(b, from->ns, packet);
    if (error == 0 && from->payload != NULL)
        error = hooks->revive != NULL ? vireo__revive(b, from->payload, hooks->revive, hooks->user)
                                      : vireo_build_value(b, from->payload);
    packet->data = vireo_built(b);
    return error < 0 ? error : 1;
}

static int decode(void *user, void *state, const vireo_piece *piece, vireo_builder *b,
                  vireo_packet *packet, vireo_error *error)
{
    const vireo_json_hooks *hooks = user != NULL ? user : &none;
    vireo__sio_codec codec = codec_of(hooks, b->max_nodes);
    vireo__sio_packet from;
    vireo__doc doc;
    vireo__doc_init(&doc);
    int found = vireo__sio_decoder_feed(state, &codec, &doc, piece, &from, error);
    if (found > 0)
        found = take_packet(hooks, &from, b, packet);
    vireo__sio_decoder_done(&from, &doc);
    vireo__doc_deinit(&doc);
    return found;
}

static void reset(void *user, void *state)
{
    vireo__sio_codec codec = codec_of(user != NULL ? user : &none, 0);
    vireo__sio_decoder_deinit(state, &codec);
}

const vireo_parser *vireo_parser_json(void)
{
    static const vireo_parser json =
        VIREO_PARSER(.state_size = sizeof(vireo__sio_decoder), .encode = encode, .decode = decode,
                     .reset = reset);
    return &json;
}
