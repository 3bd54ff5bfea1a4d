/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "engineio/batch.h"

/* Base64 makes a binary message longer by a third, rounded up; a text has its type in front, which
 * the official client counts apart. */
static size_t size_of(vireo__shared *frame)
{
    size_t len = vireo__ws_payload_len(frame);
    bool binary = vireo__ws_frame_opcode(frame) == VIREO__WS_BINARY;
    return binary ? len + (33 * len + 99) / 100 : len - 1;
}

size_t vireo__eio_batch(const vireo__outbox *box, size_t max_payload)
{
    enum { TYPE = 1, SEPARATOR = 1 };
    const struct vireo__outbox_node *at = NULL;
    const vireo__outbox_item *item;
    size_t count = 0, bytes = TYPE;
    while ((item = vireo__outbox_next(box, &at)) != NULL) {
        bytes += size_of(item->frame);
        if (max_payload > 0 && count > 0 && bytes > max_payload)
            break;
        bytes += SEPARATOR + TYPE;
        count++;
    }
    return count;
}
