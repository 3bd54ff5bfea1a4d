/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* engineio_v3.c: any bytes as a payload of Engine.IO v3, of text or of octets, bare or in a form:
 * what can be read is written again and reads as the same. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engineio/jsonp.h"
#include "engineio/v3.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const vireo__eio_packet *packet, bool octets)
{
    vireo__buf out;
    vireo__eio_packet again;
    size_t at = 0;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    if (vireo__eio3_payload_add(&out, octets, true, packet->data, packet->len) < 0 ||
        vireo__eio3_payload_next(&again, out.data, out.len, octets, &at) != 1 || !again.binary ||
        again.len != packet->len ||
        (again.len > 0 && memcmp(again.data, packet->data, again.len) != 0))
        abort();
    vireo__buf_deinit(&out);
}

static void read_payload(uint8_t *payload, size_t size, bool octets)
{
    size_t at = 0;
    vireo__eio_packet packet;
    while (vireo__eio3_payload_next(&packet, payload, size, octets, &at) > 0)
        if (packet.binary)
            check_round_trip(&packet, octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vireo__str payload;
    if (size == 0)
        return 0;
    uint8_t *copy = malloc(size);
    if (copy == NULL)
        return 0;
    memcpy(copy, data, size);
    if (data[0] != 'd')
        read_payload(copy + 1, size - 1, data[0] & 1);
    else if (vireo__eio_jsonp_read(copy, size, &payload))
        read_payload((uint8_t *)(uintptr_t)payload.at, payload.len, false);
    free(copy);
    return 0;
}
