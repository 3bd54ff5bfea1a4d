/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "engineio/packet.h"

#include <string.h>

#include <vireo/error.h>

#include "base/base64.h"

int vireo__eio_decode(vireo__eio_packet *packet, uint8_t *text, size_t n)
{
    if (n == 0)
        return VIREO_EPROTO;
    *packet = (vireo__eio_packet){.data = text + 1, .len = n - 1};
    if (text[0] == 'b') {
        ptrdiff_t len = vireo__base64_decode(packet->data, (const char *)packet->data, packet->len);
        if (len < 0)
            return VIREO_EPROTO;
        packet->type = VIREO__EIO_MESSAGE;
        packet->binary = true;
        packet->len = (size_t)len;
        return 0;
    }
    if (text[0] < '0' || text[0] > '6')
        return VIREO_EPROTO;
    packet->type = (vireo__eio_type)(text[0] - '0');
    return 0;
}

bool vireo__eio_payload_next(uint8_t *payload, size_t n, size_t *at, uint8_t **text, size_t *len)
{
    if (*at > n)
        return false;
    *text = n > 0 ? payload + *at : payload; /* NULL, if there is nothing */
    uint8_t *end = *at < n ? memchr(*text, VIREO__EIO_SEPARATOR, n - *at) : NULL;
    *len = end ? (size_t)(end - *text) : n - *at;
    *at += *len + 1;
    return true;
}

int vireo__eio_write_base64(vireo__buf *out, const uint8_t *data, size_t len)
{
    vireo__buf_append_byte(out, 'b');
    return vireo__base64_append(out, data, len);
}

int vireo__eio_payload_add(vireo__buf *payload, bool binary, const uint8_t *data, size_t len)
{
    if (payload->len > 0)
        vireo__buf_append_byte(payload, VIREO__EIO_SEPARATOR);
    return binary ? vireo__eio_write_base64(payload, data, len)
                  : vireo__buf_append(payload, data, len);
}

int vireo__eio_write_open(vireo__buf *out, const vireo__eio_handshake_data *data)
{
    vireo__buf_append_str(out, "0{\"sid\":\"");
    vireo__buf_append_str(out, data->sid);
    vireo__buf_append_str(out, data->upgrade_to_websocket ? "\",\"upgrades\":[\"websocket\"]"
                                                          : "\",\"upgrades\":[]");
    vireo__buf_append_str(out, ",\"pingInterval\":");
    vireo__buf_append_u64(out, data->ping_interval_ms);
    vireo__buf_append_str(out, ",\"pingTimeout\":");
    vireo__buf_append_u64(out, data->ping_timeout_ms);
    vireo__buf_append_str(out, ",\"maxPayload\":");
    vireo__buf_append_u64(out, data->max_payload);
    return vireo__buf_append_byte(out, '}');
}
