/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* decode_packet.c: texts that are packets of Engine.IO or Socket.IO, or payloads of several.
 *
 * Some texts are packets of both: 2["a"] is an event of Socket.IO and, as Engine.IO, a ping with
 * ["a"]. What nobody sends is not assumed: a ping carries nothing or "probe", only a message and
 * the handshake carry more. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/value.h>

#include "cli/decode.h"
#include "engineio/v3.h"
#include "payload/msgpack_read.h"
#include "socketio/packet.h"

static const char *const engine_names[] = {"open",    "close",   "ping", "pong",
                                           "message", "upgrade", "noop"};

/* --- Socket.IO -------------------------------------------------------------------------------- */

static const char *const socket_names[] = {
    "connect", "disconnect", "event", "ack", "connect error", "event", "ack",
};

/* Reads the packet's JSON only to see whether it is right. */
static const char *check_json(const vireo__sio_packet *p, vireo_error *error)
{
    vireo_value *v = NULL;
    const char *wrong = NULL;
    if (p->json.len > 0 && (v = vireo_parse(p->json.at, p->json.len, error)) == NULL)
        return error->text;
    if (!vireo__sio_payload_valid(p->type, v))
        wrong = "a packet of this type does not carry that";
    if (v == NULL && (p->type == VIREO__SIO_EVENT || p->type >= VIREO__SIO_BINARY_EVENT))
        wrong = "it carries nothing";
    vireo_value_free(v);
    return wrong;
}

static void show_socket(cli_decoder *d, const char *engine, const char *text, size_t n)
{
    char why[64];
    vireo_error error;
    vireo__sio_packet p;
    cli_item item = {.engine = engine, .data = {text, n}};
    if (vireo__sio_decode(&p, text, n, UINT32_MAX, why) < 0) {
        item.wrong = why;
        cli_decode_show(d, &item);
        return;
    }
    item = (cli_item){.engine = engine,
                      .socket = socket_names[p.type],
                      .ns = p.ns,
                      .id = p.id,
                      .data = p.json,
                      .parts = p.attachments,
                      .wrong = check_json(&p, &error)};
    item.values = p.type != VIREO__SIO_CONNECT && p.type != VIREO__SIO_CONNECT_ERROR;
    if (item.wrong == NULL)
        d->parts = d->missing = p.attachments;
    cli_decode_show(d, &item);
}

/* .. and what only Socket.IO sends: a refusal carries something, and nobody answers it. */
static bool is_socket(const char *text, size_t n)
{
    char why[64];
    vireo_error error;
    vireo__sio_packet p;
    if (vireo__sio_decode(&p, text, n, UINT32_MAX, why) < 0 || check_json(&p, &error) != NULL)
        return false;
    if (p.type == VIREO__SIO_CONNECT_ERROR)
        return p.id.len == 0 && p.json.len > 0;
    return p.type != VIREO__SIO_CONNECT || p.id.len == 0;
}

/* {type, data, nsp, id} */
bool cli_decode_msgpack(cli_decoder *d, const char *engine, const uint8_t *bytes, size_t n)
{
    vireo__doc doc;
    char id[24] = "";
    vireo__doc_init(&doc);
    int error = vireo__msgpack_read(&doc, bytes, n, UINT32_MAX, NULL);
    const vireo_value *packet = error == 0 ? vireo__doc_root(&doc) : NULL;
    const char *ns = vireo_str(vireo_get(packet, "nsp"));
    int64_t type = vireo_int(vireo_get(packet, "type"), -1);
    bool is = ns != NULL && type >= VIREO__SIO_CONNECT && type <= VIREO__SIO_BINARY_ACK;
    const vireo_value *data = vireo_get(packet, "data");
    char *json = is && data != NULL ? vireo_json(data, NULL) : NULL;
    if (vireo_get(packet, "id") != NULL)
        snprintf(id, sizeof id, "%lld", (long long)vireo_int(vireo_get(packet, "id"), 0));
    if (is)
        cli_decode_show(d, &(cli_item){.engine = engine,
                                       .socket = socket_names[type],
                                       .ns = vireo__str_of(ns),
                                       .id = vireo__str_of(id),
                                       .data = vireo__str_of(json ? json : ""),
                                       .values = vireo_type_of(data) == VIREO_ARRAY});
    free(json);
    vireo__doc_deinit(&doc);
    return is;
}

/* --- Engine.IO -------------------------------------------------------------------------------- */

void cli_decode_bytes(cli_decoder *d, uint8_t *bytes, size_t n)
{
    cli_item item = {.engine = "message", .binary = true, .data = {(char *)bytes, n}};
    if (d->eio3 && n > 0 && bytes[0] == VIREO__EIO_MESSAGE)
        item.data = (vireo__str){(char *)bytes + 1, n - 1};
    if (d->missing > 0) {
        item.parts = d->parts;
        item.part = d->parts - --d->missing;
    } else if (cli_decode_msgpack(d, "message", bytes, n)) {
        return;
    }
    cli_decode_show(d, &item);
}

static void show_packet(cli_decoder *d, const vireo__eio_packet *p)
{
    const char *name = engine_names[p->type];
    if (p->type != VIREO__EIO_MESSAGE) {
        cli_decode_show(d, &(cli_item){.engine = name, .data = {(char *)p->data, p->len}});
    } else if (p->binary) {
        bool eio3 = d->eio3;
        d->eio3 = false; /* its first byte has been taken off */
        cli_decode_bytes(d, p->data, p->len);
        d->eio3 = eio3;
    } else {
        show_socket(d, name, (char *)p->data, p->len);
    }
}

static void show_engine(cli_decoder *d, uint8_t *text, size_t n)
{
    vireo__eio_packet p;
    int error = d->eio3 ? vireo__eio3_decode(&p, text, n) : vireo__eio_decode(&p, text, n);
    if (error == 0)
        show_packet(d, &p);
    else
        cli_decode_show(
            d, &(cli_item){.engine = "packet",
                           .data = {(char *)text, n},
                           .wrong = n == 0 ? "it is empty" : "no packet of Engine.IO begins so"});
}

static void show_payload3(cli_decoder *d, uint8_t *text, size_t n)
{
    size_t at = 0;
    vireo__eio_packet p;
    bool octets = n > 0 && text[0] < 2;
    int more;
    bool eio3 = d->eio3;
    d->eio3 = true;
    while ((more = vireo__eio3_payload_next(&p, text, n, octets, &at)) > 0)
        show_packet(d, &p);
    if (more < 0)
        cli_decode_show(d, &(cli_item){.engine = "payload",
                                       .data = {(char *)text + at, n - at},
                                       .wrong = "no payload of revision 3: LENGTH:PACKET .."});
    d->eio3 = eio3;
}

static void show_payload(cli_decoder *d, uint8_t *text, size_t n)
{
    size_t at = 0, len;
    uint8_t *packet;
    if (d->eio3) {
        show_payload3(d, text, n);
        return;
    }
    while (vireo__eio_payload_next(text, n, &at, &packet, &len))
        show_engine(d, packet, len);
}

/* --- what is it? ------------------------------------------------------------------------------ */

/* 97:0{"sid".. */
static bool is_payload3(const uint8_t *text, size_t n)
{
    size_t digits = 0;
    while (digits < n && digits < 10 && text[digits] >= '0' && text[digits] <= '9')
        digits++;
    return digits > 0 && digits + 1 < n && text[digits] == ':' &&
           strchr("0123456b", text[digits + 1]);
}

static bool is_handshake(const uint8_t *text, size_t n)
{
    vireo_value *v =
        n > 0 && text[0] == '0' ? vireo_parse((const char *)text + 1, n - 1, NULL) : NULL;
    bool is = vireo_get(v, "pingInterval") != NULL;
    vireo_value_free(v);
    return is;
}

/* A packet of Engine.IO, and not one of Socket.IO alone. */
static bool is_engine(const uint8_t *text, size_t n)
{
    if (n == 0 || is_handshake(text, n))
        return true;
    switch (text[0]) {
    case '4':
        return n == 1 || is_socket((const char *)text + 1, n - 1) ||
               !is_socket((const char *)text, n);
    case '0':
        return false;
    default:
        return n == 1 || (n == 6 && memcmp(text + 1, "probe", 5) == 0) ||
               !is_socket((const char *)text, n);
    }
}

bool cli_decode_known(const cli_decoder *d, const uint8_t *text, size_t n)
{
    const char *rest = (const char *)text + 1;
    if (n == 0)
        return false;
    if (is_handshake(text, n) || is_socket((const char *)text, n))
        return true;
    if (text[0] == '4')
        return is_socket(rest, n - 1);
    return strchr("12356", text[0]) != NULL &&
           (n == 1 || (n == 6 && memcmp(rest, "probe", 5) == 0) || (d->eio3 && text[0] == '2'));
}

static cli_as guess(const cli_decoder *d, const uint8_t *text, size_t n)
{
    if (n > 0 && memchr(text, VIREO__EIO_SEPARATOR, n) != NULL && !d->eio3)
        return CLI_AS_PAYLOAD;
    if (is_payload3(text, n))
        return CLI_AS_PAYLOAD;
    return is_engine(text, n) ? CLI_AS_ENGINE : CLI_AS_SOCKET;
}

void cli_decode_text(cli_decoder *d, cli_as as, uint8_t *text, size_t n)
{
    bool guessed = as == CLI_AS_AUTO;
    if (guessed)
        as = guess(d, text, n);
    if (as == CLI_AS_PAYLOAD && guessed && is_payload3(text, n))
        show_payload3(d, text, n);
    else if (as == CLI_AS_PAYLOAD)
        show_payload(d, text, n);
    else if (as == CLI_AS_SOCKET)
        show_socket(d, NULL, (char *)text, n);
    else
        show_engine(d, text, n);
}
