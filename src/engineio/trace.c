/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* trace.c: packets as VIREO_DEBUG=engine:socket shows them: readable, cut, without what would let a
 * reader of the log act for the client. */

#include <string.h>

#include "engineio/session.h"

/* Of a CONNECT packet ("0/admin,{..}") only the namespace: behind it stand the client's auth, and
 * the ids that the server gives. Clients of Socket.IO 2 write theirs behind a '?'. */
static size_t shown(const char *text, size_t len)
{
    size_t n = 0;
    if (len == 0 || text[0] != '0')
        return len;
    while (n < len && text[n] != '{' && text[n] != '?' && text[n] != '"')
        n++;
    return n;
}

void vireo__eio_trace(const vireo__eio_session *s, const char *direction, bool binary,
                      const void *data, size_t len)
{
    const vireo__log *log = &s->server->loop->log;
    size_t n = binary ? 0 : shown(data, len);
    if (binary)
        vireo__debug_line(log, VIREO__DEBUG_ENGINE_SOCKET, "%.*s.. %s message, %zu bytes",
                          VIREO__DEBUG_ID, s->id, direction, len);
    else
        vireo__debug_line(log, VIREO__DEBUG_ENGINE_SOCKET, "%.*s.. %s message %.*s%s",
                          VIREO__DEBUG_ID, s->id, direction,
                          vireo__debug_cut(data, n, VIREO__DEBUG_PACKET), (const char *)data,
                          n < len || n > VIREO__DEBUG_PACKET ? ".." : "");
}

void vireo__eio_trace_frame(const vireo__eio_session *s, const vireo__shared *frame)
{
    bool binary = vireo__ws_frame_opcode(frame) == VIREO__WS_BINARY;
    const uint8_t *data = vireo__ws_payload((vireo__shared *)(uintptr_t)frame);
    size_t len = vireo__ws_payload_len(frame);
    if (binary)
        vireo__eio_trace(s, "->", true, data, len);
    else if (len > 0 && data[0] == '4')
        vireo__eio_trace(s, "->", false, data + 1, len - 1);
    else
        vireo__debug_line(&s->server->loop->log, VIREO__DEBUG_ENGINE_SOCKET, "%.*s.. -> %s",
                          VIREO__DEBUG_ID, s->id,
                          len == 1 && data[0] == '2'   ? "ping"
                          : len == 1 && data[0] == '3' ? "pong"
                                                       : "packet");
}
