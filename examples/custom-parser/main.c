/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* custom-parser: packets in a form of one's own. A cursor moves many times a second: its event is
 * four bytes here, where JSON takes thirty. All else is one JSON text, {type, nsp, data, id}, id -1
 * for none. public/parser.js is the other half, for pages and for Node.
 *
 * page to server   to all others
 * move({x, y})     move({x, y}), whole numbers from 0 to 65535
 * say(text)        said(text); acknowledges how many heard it */

#include <vireo/vireo.h>

#include "cli.h"

/* --- the parser ------------------------------------------------------------------------------- */

static bool is_move(const vireo_packet *packet)
{
    const char *event = vireo_str(vireo_at(packet->data, 0));
    return packet->type == VIREO_PACKET_EVENT && packet->ns_len == 1 && !packet->has_id &&
           event != NULL && strcmp(event, "move") == 0;
}

static int encode(void *user, const vireo_packet *packet, vireo_pieces *out)
{
    (void)user;
    if (is_move(packet)) {
        int64_t x = vireo_int(vireo_get(vireo_at(packet->data, 1), "x"), 0);
        int64_t y = vireo_int(vireo_get(vireo_at(packet->data, 1), "y"), 0);
        uint8_t move[] = {(uint8_t)(x >> 8), (uint8_t)x, (uint8_t)(y >> 8), (uint8_t)y};
        return vireo_piece_binary(out, move, sizeof move);
    }
    size_t n;
    long long id = packet->has_id ? (long long)packet->id : -1;
    char *text = vireo_format(&n, "{type:%d, nsp:%s, data:%p, id:%lld}", (int)packet->type,
                              packet->ns, (const void *)packet->data, id);
    int error = text != NULL ? vireo_piece_text(out, text, n) : VIREO_ENOMEM;
    free(text);
    return error;
}

static int decode_move(const vireo_piece *piece, vireo_builder *b, vireo_packet *packet)
{
    const uint8_t *move = piece->data;
    if (piece->size != 4)
        return VIREO_EPROTO;
    vireo_build_array(b);
    vireo_build_str(b, "move");
    vireo_build(b, "{x:%d, y:%d}", move[0] << 8 | move[1], move[2] << 8 | move[3]);
    vireo_build_end(b);
    packet->type = VIREO_PACKET_EVENT;
    packet->data = vireo_built(b);
    return 1;
}

static int decode(void *user, void *state, const vireo_piece *piece, vireo_builder *b,
                  vireo_packet *packet, vireo_error *error)
{
    (void)user, (void)state, (void)error;
    if (piece->binary)
        return decode_move(piece, b, packet);
    vireo_build_json(b, piece->data, piece->size);
    const vireo_value *all = vireo_built(b);
    int64_t id = vireo_int(vireo_get(all, "id"), -1);
    packet->type = (vireo_packet_type)vireo_int(vireo_get(all, "type"), -1);
    packet->ns = vireo_str_len(vireo_get(all, "nsp"), &packet->ns_len);
    packet->data = vireo_get(all, "data");
    packet->has_id = id >= 0;
    packet->id = packet->has_id ? (uint64_t)id : 0;
    return 1;
}

static const vireo_parser parser = VIREO_PARSER(.encode = encode, .decode = decode);

/* --- the server ------------------------------------------------------------------------------- */

static void on_move(vireo_socket *s, const vireo_msg *m)
{
    vireo_relay(vireo_others(s), NULL, m);
}

static void on_say(vireo_socket *s, const vireo_msg *m)
{
    vireo_ack(m, "%d", vireo_relay(vireo_others(s), "said", m));
}

static const vireo_event_handler events[] = {{"move", on_move}, {"say", on_say}, {0}};

int main(int argc, char **argv)
{
    struct cli cli = cli_parse(argc, argv, 3000);
    vireo_app *app = vireo_app_new();
    vireo_static(app, "/", PUBLIC_FOLDER);
    vireo_socketio(app, .parser = &parser);
    vireo_namespace(app, "/", .events = events);
    return vireo_run(app, .host = cli.host, .port = cli.port, .name = "custom-parser");
}
