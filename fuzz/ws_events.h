/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws_events.h: what the fuzz targets of WebSocket messages compare: the events of a reader. */

#ifndef VIREO_FUZZ_WS_EVENTS_H
#define VIREO_FUZZ_WS_EVENTS_H

#include <stdlib.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "ws/message.h"

/* Not assert(), which a release build leaves out. */
#define CHECK(condition) ((condition) ? (void)0 : abort())

/* Events in a canonical form: kind, code, length, data; the pieces of a message joined. */
static inline void note(vireo__buf *log, vireo__buf *piece, const vireo__ws_event *e)
{
    vireo__ws_kind kind = e->kind;
    const uint8_t *data = e->data;
    size_t len = e->len;
    if (kind == VIREO__WS_PIECE) {
        vireo__buf_append(piece, e->data, e->len);
        if (!e->last)
            return;
        kind = VIREO__WS_MESSAGE;
        data = piece->data;
        len = piece->len;
    }
    if (kind == VIREO__WS_MESSAGE && !e->binary)
        CHECK(vireo__utf8_valid(data, len));
    vireo__buf_append_byte(log, (uint8_t)kind);
    vireo__buf_append_u64(log, e->code);
    vireo__buf_append_byte(log, e->binary ? 'b' : 't');
    vireo__buf_append_u64(log, len);
    vireo__buf_append(log, data, len);
    if (e->kind == VIREO__WS_PIECE)
        vireo__buf_reset(piece, SIZE_MAX);
}

#endif
