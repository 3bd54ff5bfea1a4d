/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* watch.c: sessions and their packets, for programs that look on (vireo_io_each_conn, on_packet,
 * on_flush). */

#include "engineio/session.h"

static vireo_conn_info info_of(const vireo__eio_session *s)
{
    return (vireo_conn_info){
        .id = s->id,
        .transport = vireo__eio_transport(s),
        .address = vireo__eio_handshake_of(s)->address,
        .protocol = vireo__eio_protocol(s),
        .writable = vireo__eio_writable(s),
        .queued = vireo__eio_queued(s),
        .issued_ms = vireo__eio_handshake_of(s)->issued_ms,
    };
}

void vireo__eio_server_each(const vireo__eio_server *server,
                            void (*fn)(const vireo_conn_info *c, void *user), void *user)
{
    for (const vireo__list *at = server->list.next, *next; at != &server->list; at = next) {
        next = at->next;
        vireo_conn_info info = info_of(vireo__container(at, vireo__eio_session, node));
        fn(&info, user);
    }
}

static void tell(vireo__eio_session *s, const vireo_packet_info *packet)
{
    const vireo_conn_info info = info_of(s);
    s->server->events->on_packet(s, &info, packet);
}

void vireo__eio_watch_packet(vireo__eio_session *s, const vireo__eio_packet *packet)
{
    tell(s, &(vireo_packet_info){.type = (char)('0' + packet->type),
                                 .binary = packet->binary,
                                 .data = packet->data,
                                 .len = packet->len});
}

/* A text frame's payload begins with the packet's type. */
void vireo__eio_watch_frame(vireo__eio_session *s, vireo__shared *frame)
{
    const uint8_t *data = vireo__ws_payload(frame);
    size_t len = vireo__ws_payload_len(frame);
    bool binary = vireo__ws_frame_opcode(frame) == VIREO__WS_BINARY;
    size_t type = binary || len == 0 ? 0 : 1;
    tell(s, &(vireo_packet_info){.sent = true,
                                 .type = type ? (char)data[0] : '4',
                                 .binary = binary,
                                 .data = data + type,
                                 .len = len - type});
}

void vireo__eio_watch_flush(vireo__eio_session *s, size_t packets, size_t bytes)
{
    if (!s->server->options.flushes_watched || packets == 0)
        return;
    const vireo_conn_info info = info_of(s);
    s->server->events->on_flush(s, &info, &(vireo_flush_info){packets, bytes});
}
