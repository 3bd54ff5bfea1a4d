/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "socketio/packet.h"

#include <stdio.h>
#include <string.h>

#include <vireo/error.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t count_digits(vireo__str s)
{
    size_t n = 0;
    while (n < s.len && is_digit(s.at[n]))
        n++;
    return n;
}

static vireo__str skip(vireo__str s, size_t n)
{
    return (vireo__str){s.at + n, s.len - n};
}

static int fail(char why[64], const char *text)
{
    snprintf(why, 64, "%s", text);
    return VIREO_EPROTO;
}

static int read_attachments(vireo__sio_packet *packet, vireo__str *rest, uint32_t max, char why[64])
{
    uint64_t count = 0;
    size_t digits = count_digits(*rest);
    if (digits == 0 || digits == rest->len || rest->at[digits] != '-')
        return fail(why, "Illegal attachments");
    for (size_t i = 0; i < digits && count <= UINT32_MAX; i++)
        count = count * 10 + (uint64_t)(rest->at[i] - '0');
    if (count == 0)
        return fail(why, "Illegal attachments");
    if (count > max)
        return fail(why, "too many attachments");
    packet->attachments = (uint32_t)count;
    *rest = skip(*rest, digits + 1);
    return 0;
}

static void read_namespace(vireo__sio_packet *packet, vireo__str *rest)
{
    if (rest->len == 0 || rest->at[0] != '/') {
        packet->ns = vireo__str_of("/");
        return;
    }
    const char *comma = memchr(rest->at, ',', rest->len);
    packet->ns = (vireo__str){rest->at, comma ? (size_t)(comma - rest->at) : rest->len};
    *rest = skip(*rest, packet->ns.len + (comma != NULL));
}

int vireo__sio_decode(vireo__sio_packet *packet, const char *text, size_t n,
                      uint32_t max_attachments, char why[64])
{
    vireo__str rest = {text, n};
    if (n == 0 || text[0] < '0' || text[0] > '6') {
        bool digit = n > 0 && is_digit(text[0]);
        snprintf(why, 64, "unknown packet type %.*s", digit ? 1 : 3, digit ? text : "NaN");
        return VIREO_EPROTO;
    }
    *packet = (vireo__sio_packet){.type = (vireo__sio_type)(text[0] - '0')};
    rest = skip(rest, 1);
    if (packet->type >= VIREO__SIO_BINARY_EVENT &&
        read_attachments(packet, &rest, max_attachments, why) < 0)
        return VIREO_EPROTO;
    read_namespace(packet, &rest);
    packet->id = (vireo__str){rest.at, count_digits(rest)};
    packet->json = skip(rest, packet->id.len);
    return 0;
}

bool vireo__sio_reserved(const char *event)
{
    static const char *const names[] = {
        "connect",     "connect_error",  "disconnect", "disconnecting",
        "newListener", "removeListener", NULL};
    for (const char *const *name = names; *name != NULL; name++)
        if (**name == *event && strcmp(*name, event) == 0)
            return true;
    return false;
}

static bool event_valid(const vireo_value *payload)
{
    const vireo_value *name = vireo_at(payload, 0);
    const char *text = vireo_str(name);
    return vireo_type_of(name) == VIREO_NUMBER || (text != NULL && !vireo__sio_reserved(text));
}

bool vireo__sio_payload_valid(vireo__sio_type type, const vireo_value *payload)
{
    vireo_type have = vireo_type_of(payload);
    if (have == VIREO_ABSENT)
        return true;
    switch (type) {
    case VIREO__SIO_CONNECT:
        return have == VIREO_OBJECT;
    case VIREO__SIO_DISCONNECT:
        return false;
    case VIREO__SIO_CONNECT_ERROR:
        return have == VIREO_STRING || have == VIREO_OBJECT;
    case VIREO__SIO_EVENT:
    case VIREO__SIO_BINARY_EVENT:
        return have == VIREO_ARRAY && event_valid(payload);
    default:
        return have == VIREO_ARRAY;
    }
}

int vireo__sio_write_head(vireo__buf *out, vireo__sio_type type, size_t attachments, const char *ns,
                          const char *id)
{
    vireo__buf_append_byte(out, (uint8_t)('0' + type));
    if (attachments > 0) {
        vireo__buf_append_u64(out, attachments);
        vireo__buf_append_byte(out, '-');
    }
    if (strcmp(ns, "/") != 0) {
        vireo__buf_append_str(out, ns);
        vireo__buf_append_byte(out, ',');
    }
    if (id != NULL)
        vireo__buf_append_str(out, id);
    return out->error;
}
