/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "engineio/v3.h"

#include <string.h>

#include <vireo/error.h>

#include "base/base64.h"

enum { LENGTH_DIGITS = 10 }; /* no payload is longer: the HTTP server bounds it far below */

/* --- packets ---------------------------------------------------------------------------------- */

static int read_type(vireo__eio_packet *packet, unsigned type)
{
    if (type > VIREO__EIO_NOOP)
        return VIREO_EPROTO;
    packet->type = (vireo__eio_type)type;
    return 0;
}

static int decode_base64(vireo__eio_packet *packet, uint8_t *text, size_t n)
{
    if (n == 0 || read_type(packet, (unsigned)text[0] - '0') < 0)
        return VIREO_EPROTO;
    ptrdiff_t len = vireo__base64_decode(text + 1, (const char *)text + 1, n - 1);
    if (len < 0)
        return VIREO_EPROTO;
    packet->binary = packet->type == VIREO__EIO_MESSAGE;
    packet->data = text + 1;
    packet->len = (size_t)len;
    return 0;
}

int vireo__eio3_decode(vireo__eio_packet *packet, uint8_t *text, size_t n)
{
    if (n == 0)
        return VIREO_EPROTO;
    *packet = (vireo__eio_packet){.data = text + 1, .len = n - 1};
    if (text[0] == 'b')
        return decode_base64(packet, text + 1, n - 1);
    return read_type(packet, (unsigned)text[0] - '0');
}

int vireo__eio3_decode_bytes(vireo__eio_packet *packet, uint8_t *bytes, size_t n)
{
    if (n == 0)
        return VIREO_EPROTO;
    *packet = (vireo__eio_packet){.data = bytes + 1, .len = n - 1};
    if (read_type(packet, bytes[0]) < 0)
        return VIREO_EPROTO;
    packet->binary = packet->type == VIREO__EIO_MESSAGE;
    return 0;
}

int vireo__eio3_write_base64(vireo__buf *out, const uint8_t *data, size_t len)
{
    vireo__buf_append_str(out, "b4");
    return vireo__base64_append(out, data, len);
}

/* --- lengths ---------------------------------------------------------------------------------- */

/* Code units of UTF-16 that the character beginning with this byte of UTF-8 takes; 0 within one. */
static unsigned units(uint8_t byte)
{
    if ((byte & 0xc0) == 0x80)
        return 0;
    return byte >= 0xf0 ? 2 : 1;
}

static size_t utf16_length(const uint8_t *text, size_t n)
{
    size_t length = 0;
    for (size_t i = 0; i < n; i++)
        length += units(text[i]);
    return length;
}

/* The bytes that |length| code units take; SIZE_MAX if |text| has fewer, or if they end within a
 * character. */
static size_t utf16_bytes(const uint8_t *text, size_t n, size_t length)
{
    size_t i = 0;
    while (i < n && (length > 0 || units(text[i]) == 0)) {
        unsigned size = units(text[i]);
        if (size > length)
            return SIZE_MAX;
        length -= size;
        i++;
    }
    return length == 0 ? i : SIZE_MAX;
}

/* Reads digits, counted from |zero|, up to |end|. Moves |*at| behind it. */
static int read_length(const uint8_t *payload, size_t n, size_t *at, uint8_t zero, uint8_t end,
                       size_t *length)
{
    size_t start = *at;
    for (*length = 0; *at < n && payload[*at] != end; ++*at) {
        unsigned digit = (unsigned)payload[*at] - zero;
        if (digit > 9 || *at - start >= LENGTH_DIGITS)
            return VIREO_EPROTO;
        *length = *length * 10 + digit;
    }
    if (*at == n || *at == start)
        return VIREO_EPROTO;
    ++*at;
    return 0;
}

/* --- payloads --------------------------------------------------------------------------------- */

static int next_octets(vireo__eio_packet *packet, uint8_t *payload, size_t n, size_t *at)
{
    size_t length;
    if (*at == n)
        return 0;
    bool binary = payload[(*at)++] != 0;
    if (read_length(payload, n, at, 0, 0xff, &length) < 0 || length > n - *at)
        return VIREO_EPROTO;
    uint8_t *data = payload + *at;
    *at += length;
    int error = binary ? vireo__eio3_decode_bytes(packet, data, length)
                       : vireo__eio3_decode(packet, data, length);
    return error < 0 ? error : 1;
}

static int next_text(vireo__eio_packet *packet, uint8_t *payload, size_t n, size_t *at)
{
    size_t length, bytes;
    do { /* an empty packet says nothing */
        if (*at == n && n > 0)
            return 0;
        if (read_length(payload, n, at, '0', ':', &length) < 0)
            return VIREO_EPROTO;
        bytes = utf16_bytes(payload + *at, n - *at, length);
        if (bytes == SIZE_MAX)
            return VIREO_EPROTO;
    } while (bytes == 0);
    uint8_t *data = payload + *at;
    *at += bytes;
    int error = vireo__eio3_decode(packet, data, bytes);
    return error < 0 ? error : 1;
}

int vireo__eio3_payload_next(vireo__eio_packet *packet, uint8_t *payload, size_t n, bool octets,
                             size_t *at)
{
    return octets ? next_octets(packet, payload, n, at) : next_text(packet, payload, n, at);
}

static void add_octets(vireo__buf *payload, bool binary, const uint8_t *data, size_t len)
{
    vireo__buf_append_byte(payload, binary);
    size_t digits = payload->len;
    if (vireo__buf_append_u64(payload, len + binary) < 0)
        return;
    for (size_t i = digits; i < payload->len; i++)
        payload->data[i] = (uint8_t)(payload->data[i] - '0');
    vireo__buf_append_byte(payload, 0xff);
    if (binary)
        vireo__buf_append_byte(payload, VIREO__EIO_MESSAGE);
    vireo__buf_append(payload, data, len);
}

static void add_base64(vireo__buf *payload, const uint8_t *data, size_t len)
{
    vireo__buf_append_u64(payload, 2 + vireo__base64_size(len));
    vireo__buf_append_byte(payload, ':');
    vireo__eio3_write_base64(payload, data, len);
}

int vireo__eio3_payload_add(vireo__buf *payload, bool octets, bool binary, const uint8_t *data,
                            size_t len)
{
    if (octets) {
        add_octets(payload, binary, data, len);
    } else if (binary) {
        add_base64(payload, data, len);
    } else {
        vireo__buf_append_u64(payload, utf16_length(data, len));
        vireo__buf_append_byte(payload, ':');
        vireo__buf_append(payload, data, len);
    }
    return payload->error;
}
