/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* bare.c: a server on the same streams as all of Vireo that does nothing but copy frames: what the
 * floors above the streams cost is its distance from bench-server. It believes whatever it is told:
 * no limits, no UTF-8, no pings, nothing of HTTP but one answer. For measurements only.
 *
 *     bench-bare PORT         GET /bcast ..: every frame goes to all of those;
 *                             GET any other: back to its sender */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "net/listener.h"

typedef struct bare {
    vireo__list everyone; /* of /bcast */
} bare;

typedef struct client {
    bare *server;
    vireo__stream *stream;
    vireo__list node;
    vireo__buf held; /* what is not complete */
    bool upgraded, broadcasts;
} client;

/* The load program sends the key of RFC 6455, section 1.3. */
static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\n"
                             "Upgrade: websocket\r\n"
                             "Connection: Upgrade\r\n"
                             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

static size_t read_upgrade(client *c, const uint8_t *bytes, size_t n)
{
    static const char broadcast[] = "GET /bcast ";
    const uint8_t *end = memmem(bytes, n, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    c->upgraded = true;
    c->broadcasts = memcmp(bytes, broadcast, sizeof broadcast - 1) == 0;
    if (c->broadcasts)
        vireo__list_append(&c->server->everyone, &c->node);
    vireo__stream_write_copy(c->stream, answer, sizeof answer - 1);
    return (size_t)(end + 4 - bytes);
}

static void unmask(uint8_t *to, const uint8_t *from, size_t n, const uint8_t key[4])
{
    for (size_t i = 0; i < n; i++)
        to[i] = from[i] ^ key[i & 3];
}

static void answer_frame(client *c, uint8_t first, const uint8_t *payload, size_t n,
                         const uint8_t key[4])
{
    size_t head = n < 126 ? 2 : 4;
    vireo__shared *frame = vireo__shared_new(head + n);
    if (frame == NULL)
        abort();
    frame->data[0] = first;
    frame->data[1] = (uint8_t)(head == 2 ? n : 126);
    if (head == 4) {
        frame->data[2] = (uint8_t)(n >> 8);
        frame->data[3] = (uint8_t)n;
    }
    unmask(frame->data + head, payload, n, key);
    if (!c->broadcasts) {
        vireo__stream_write(c->stream, frame, 0, frame->len, NULL, NULL);
    } else {
        for (vireo__list *at = c->server->everyone.next; at != &c->server->everyone; at = at->next)
            vireo__stream_write(vireo__container(at, client, node)->stream, frame, 0, frame->len,
                                NULL, NULL);
    }
    vireo__shared_unref(frame);
}

/* Up to 65,535 bytes. */
static size_t read_frame(client *c, const uint8_t *bytes, size_t n)
{
    size_t head = n > 1 && (bytes[1] & 127) == 126 ? 8 : 6;
    if (n < head)
        return 0;
    size_t len = head == 6 ? bytes[1] & 127u : (size_t)(bytes[2] << 8 | bytes[3]);
    if (n - head < len)
        return 0;
    answer_frame(c, bytes[0], bytes + head, len, bytes + head - 4);
    if ((bytes[0] & 15) == 8)
        vireo__stream_end(c->stream);
    return head + len;
}

static size_t read_all(client *c, uint8_t *bytes, size_t n)
{
    size_t used = 0;
    for (size_t step = 1; step > 0 && used < n; used += step)
        step = c->upgraded ? read_frame(c, bytes + used, n - used)
                           : read_upgrade(c, bytes + used, n - used);
    return used;
}

static void on_data(vireo__stream *s, uint8_t *bytes, size_t n)
{
    client *c = s->owner;
    if (c->held.len > 0) {
        vireo__buf_append(&c->held, bytes, n);
        vireo__buf_consume(&c->held, read_all(c, c->held.data, c->held.len));
        return;
    }
    size_t used = read_all(c, bytes, n);
    if (used < n)
        vireo__buf_append(&c->held, bytes + used, n - used);
}

static void on_end(vireo__stream *s)
{
    vireo__stream_close(s, 0);
}

static void on_close(vireo__stream *s, int error)
{
    client *c = s->owner;
    (void)error;
    vireo__list_remove(&c->node);
    vireo__buf_deinit(&c->held);
    free(c);
}

static const vireo__stream_events events = {
    .on_data = on_data, .on_end = on_end, .on_close = on_close};

static void on_accept(vireo__listener *listener, vireo__stream *s)
{
    client *c = calloc(1, sizeof *c);
    if (c == NULL)
        abort();
    *c = (client){.server = vireo__listener_owner(listener), .stream = s};
    vireo__list_init(&c->node);
    vireo__buf_init(&c->held, VIREO__BUF_UNLIMITED);
    vireo__stream_set_events(s, &events, c);
    vireo__stream_start(s);
}

static void on_signal(uv_signal_t *signal, int number)
{
    (void)number;
    vireo__listener *listener = signal->data;
    vireo__listener_close_streams(listener);
    vireo__listener_close(listener, NULL);
    uv_close((uv_handle_t *)signal, NULL);
}

int main(int argc, char **argv)
{
    bare server;
    vireo__listener *listener;
    vireo_error error = {0};
    uv_signal_t stop;
    unsigned long port = argc == 2 ? strtoul(argv[1], NULL, 10) : UINT16_MAX + 1ul;
    if (port > UINT16_MAX) {
        fputs("usage: bench-bare PORT\n", stderr);
        return 2;
    }
    vireo__list_init(&server.everyone);
    vireo_loop *loop = vireo__loop_new(NULL);
    vireo_listen_options where = {
        .size = sizeof where, .host = "127.0.0.1", .port = (uint16_t)port, .error = &error};
    if (loop == NULL || vireo__listener_open(&listener, loop, &where, on_accept, &server) < 0) {
        fprintf(stderr, "bench-bare: %s\n", error.text);
        return 1;
    }
    uv_signal_init(loop->uv, &stop);
    stop.data = listener;
    uv_signal_start(&stop, on_signal, SIGTERM);
    printf("bench-bare: listening on http://127.0.0.1:%u\n", vireo__listener_port(listener));
    fflush(stdout);
    uv_run(loop->uv, UV_RUN_DEFAULT);
    vireo__loop_free(loop);
    return 0;
}
