/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* socketio_packet.c: any text as a Socket.IO packet: its head, its JSON, its attachments. The first
 * byte of the input says how many parts are there. */

#include <stdint.h>
#include <stdlib.h>

#include "payload/json_read.h"
#include "socketio/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const vireo_value *v)
{
    size_t len;
    vireo_str_len(v, &len);
    vireo_bytes(v, &len);
    vireo_num(v, 0);
    for (const vireo_value *child = NULL; (child = vireo_next(v, child)) != NULL;)
        read_all(child);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const vireo__attachment parts[4] = {{"abc", 3}, {"", 0}, {"d", 1}, {NULL, 0}};
    char why[64];
    vireo__doc doc;
    vireo__sio_packet packet;
    if (size < 1 || vireo__sio_decode(&packet, (const char *)data + 1, size - 1, 10, why) < 0)
        return 0;
    vireo__doc_init(&doc);
    if (packet.json.len > 0 &&
        vireo__json_read(&doc, packet.json.at, packet.json.len, NULL, NULL) == 0 &&
        vireo__sio_payload_valid(packet.type, vireo__doc_root(&doc)) &&
        vireo__doc_fill_attachments(&doc, parts, data[0] % 5u) == 0)
        read_all(vireo__doc_root(&doc));
    vireo__doc_deinit(&doc);
    return 0;
}
