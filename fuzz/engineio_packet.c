/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* engineio_packet.c: any bytes as a polling payload: split, decoded, and what was decoded written
 * again and decoded to the same. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engineio/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const vireo__eio_packet *packet)
{
    vireo__buf out;
    vireo__eio_packet again;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    if (vireo__eio_payload_add(&out, true, packet->data, packet->len) < 0 ||
        vireo__eio_decode(&again, out.data, out.len) < 0 || again.len != packet->len ||
        (again.len > 0 && memcmp(again.data, packet->data, again.len) != 0))
        abort();
    vireo__buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t at = 0, len;
    uint8_t *text;
    uint8_t *payload = malloc(size + !size);
    if (payload == NULL)
        return 0;
    memcpy(payload, data, size);
    while (vireo__eio_payload_next(payload, size, &at, &text, &len)) {
        vireo__eio_packet packet;
        if (vireo__eio_decode(&packet, text, len) == 0 && packet.binary)
            check_round_trip(&packet);
    }
    free(payload);
    return 0;
}
