/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* parser_msgpack.c: the parser of socket.io-msgpack-parser. A packet is one binary message, a map
 * whose order is free:
 *
 *     type   0 to 4
 *     data   see vireo_packet; left out where there is none: a null would be an error
 *     id     a whole number; left out where there is none
 *     nsp    "/", "/admin"
 *
 * What else stands in it is passed over; JavaScript's client sends "options". */

#include <stdio.h>

#include <vireo/error.h>
#include <vireo/parser.h>

#include "base/log.h"
#include "payload/build.h"
#include "payload/msgpack_read.h"
#include "payload/msgpack_write.h"

#define WRITE_KEY(out, key) vireo__msgpack_write_text((out), (key), sizeof(key) - 1)

static int write_packet(vireo__buf *out, const vireo_packet *packet)
{
    vireo__msgpack_write_map(out, 2u + (packet->data != NULL) + packet->has_id);
    WRITE_KEY(out, "type");
    vireo__msgpack_write_uint(out, packet->type);
    if (packet->data != NULL) {
        WRITE_KEY(out, "data");
        vireo__msgpack_write(out, packet->data);
    }
    if (packet->has_id) {
        WRITE_KEY(out, "id");
        vireo__msgpack_write_uint(out, packet->id);
    }
    WRITE_KEY(out, "nsp");
    return vireo__msgpack_write_text(out, packet->ns, packet->ns_len);
}

static int encode(void *user, const vireo_packet *packet, vireo_pieces *pieces)
{
    vireo__buf out;
    (void)user;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    int error = write_packet(&out, packet);
    if (error == 0)
        error = vireo_piece_binary(pieces, out.data, out.len);
    vireo__buf_deinit(&out);
    return error;
}

static int refuse(vireo_error *error, const char *text)
{
    return vireo__error_set(error, VIREO_EPROTO, "%s", text);
}

/* take_packet checks in the order of the official parser. */
static int take_packet(const vireo_value *map, vireo_packet *packet, vireo_error *error)
{
    int64_t type = vireo_int(vireo_get(map, "type"), -1);
    const vireo_value *id = vireo_get(map, "id");
    if (type < VIREO_PACKET_CONNECT || type > VIREO_PACKET_CONNECT_ERROR)
        return refuse(error, "invalid packet type");
    packet->type = (vireo_packet_type)type;
    packet->ns = vireo_str_len(vireo_get(map, "nsp"), &packet->ns_len);
    if (packet->ns == NULL)
        return refuse(error, "invalid namespace");
    packet->data = vireo_get(map, "data");
    if (packet->data == NULL && type > VIREO_PACKET_DISCONNECT)
        return refuse(error, "invalid payload");
    packet->has_id = id != NULL;
    packet->id = (uint64_t)vireo_int(id, -1);
    if (id != NULL && packet->id > INT64_MAX)
        return refuse(error, "invalid packet id");
    return 1;
}

static int decode(void *user, void *state, const vireo_piece *piece, vireo_builder *b,
                  vireo_packet *packet, vireo_error *error)
{
    (void)user;
    (void)state;
    if (!piece->binary)
        return refuse(error, "a text where msgpack was expected");
    int read = vireo__msgpack_read(b->doc, piece->data, piece->size, b->max_nodes, error);
    if (read == VIREO_ETOOBIG)
        return refuse(error, "too many values"); /* as with JSON */
    return read < 0 ? read : take_packet(vireo__doc_root(b->doc), packet, error);
}

const vireo_parser *vireo_parser_msgpack(void)
{
    static const vireo_parser msgpack = VIREO_PARSER(.encode = encode, .decode = decode);
    return &msgpack;
}
