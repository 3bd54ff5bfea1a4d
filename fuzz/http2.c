/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http2.c fuzzes a whole connection of HTTP/2, from its bytes to handlers and back, in memory: a
 * stream whose other end is the input. The first two bytes say in pieces of which size the rest
 * arrives, and how much the other end takes at a time. The preface and the first SETTINGS are given
 * where the input does not begin with them, so that less of it is wasted. Whatever comes, the
 * connection ends when its stream does, and nothing is left. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/vireo.h>

#include "http/h2.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition) ((condition) ? (void)0 : abort())

static const char greeting[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";

/* --- the other end ---------------------------------------------------------------------------- */

typedef struct line {
    vireo__stream stream;
    vireo__turn_task closing;
    vireo__turn_task writing;
    size_t takes;  /* bytes at a time; 0: none */
    size_t flying; /* of write_later */
    bool gone;
} line;

static int read_start(vireo__stream *s)
{
    (void)s;
    return 0;
}

static void read_stop(vireo__stream *s)
{
    (void)s;
}

static ptrdiff_t try_write(vireo__stream *s, const uv_buf_t *bufs, unsigned count)
{
    size_t left = vireo__container(s, line, stream)->takes, total = 0;
    for (unsigned i = 0; i < count && left > 0; i++) {
        size_t n = bufs[i].len < left ? bufs[i].len : left;
        total += n;
        left -= n;
    }
    return (ptrdiff_t)total;
}

static void on_taken(vireo__turn_task *task)
{
    line *l = vireo__container(task, line, writing);
    size_t n = l->flying;
    l->flying = 0;
    vireo__stream_io_written(&l->stream, n, 0);
}

static int write_later(vireo__stream *s, const uv_buf_t *bufs, unsigned count)
{
    line *l = vireo__container(s, line, stream);
    for (unsigned i = 0; i < count; i++)
        l->flying += bufs[i].len;
    return 0;
}

static int shutdown_write(vireo__stream *s)
{
    (void)s;
    return 0;
}

static void on_closing(vireo__turn_task *task)
{
    line *l = vireo__container(task, line, closing);
    vireo__turn_remove(&l->writing);
    l->flying = 0;
    vireo__stream_closed(&l->stream);
    l->gone = true;
}

static void close_line(vireo__stream *s)
{
    vireo__turn_add(s->loop, &vireo__container(s, line, stream)->closing);
}

static void peer_address(const vireo__stream *s, char *out, size_t size)
{
    (void)s;
    snprintf(out, size, "127.0.0.1");
}

static const vireo__stream_io line_io = {
    .read_start = read_start,
    .read_stop = read_stop,
    .try_write = try_write,
    .write_later = write_later,
    .shutdown_write = shutdown_write,
    .close = close_line,
    .peer_address = peer_address,
};

/* --- the server ------------------------------------------------------------------------------- */

static int on_any(vireo_req *r)
{
    size_t n;
    const char *body = vireo_body(r, &n);
    vireo_header(r, "cookie");
    return vireo_reply(r, 200, "text/plain", body, n);
}

static int on_pieces(vireo_req *r)
{
    if (vireo_reply_begin(r, 200, "text/plain") < 0)
        return VIREO_ENOMEM;
    for (int i = 0; i < 10; i++)
        vireo_reply_write(r, "0123456789", 10);
    vireo_reply_trailer(r, "X-End", "1");
    vireo_reply_end(r);
    return 0;
}

static int on_hang(vireo_req *r)
{
    vireo_body_pause(r);
    return 0;
}

static void ws_message(vireo_ws *ws, const void *data, size_t n, bool binary)
{
    vireo_ws_send(ws, data, n, binary);
}

static const vireo_route_entry routes[] = {
    VIREO_GET("/p", on_pieces),
    VIREO_POST("/h", on_hang, .stream = true),
    VIREO_ROUTE("*", "/*rest", on_any),
    {0},
};

static void quiet(void *user, vireo_level level, const char *area, const char *text)
{
    (void)user;
    (void)level;
    (void)area;
    (void)text;
}

static vireo_app *server(void)
{
    vireo_app *app =
        vireo_app_new(.max_head_bytes = 2000, .max_body_bytes = 100000, .log = quiet, .debug = "");
    CHECK(app != NULL);
    vireo_websocket(app, "/ws", .on_message = ws_message);
    vireo_event_stream(app, "/e");
    CHECK(vireo_mount(app, "/", routes, NULL) == 0);
    return app;
}

/* --- one connection --------------------------------------------------------------------------- */

static void turn(vireo_app *app, line *l)
{
    uv_run(vireo__app_loop(app)->uv, UV_RUN_NOWAIT);
    if (l->flying > 0 && !l->stream.closing && l->takes > 0)
        vireo__turn_add(l->stream.loop, &l->writing);
}

static void receive(vireo_app *app, line *l, const uint8_t *at, size_t n)
{
    uint8_t *bytes = malloc(n); /* of exactly this size */
    CHECK(bytes != NULL);
    memcpy(bytes, at, n);
    if (!l->stream.closing)
        vireo__stream_received(&l->stream, bytes, n);
    memset(bytes, 0xee, n);
    free(bytes);
    turn(app, l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t takes[] = {SIZE_MAX, 0, 1, 1000};
    static vireo_app *app; /* each input is a connection of its own */
    if (size < 2 || size > 50000)
        return 0;
    if (app == NULL)
        app = server();
    line l = {.closing.run = on_closing, .writing.run = on_taken, .takes = takes[data[1] % 4]};
    size_t step = data[0] % 2 == 0 ? size : 1u + data[0] % 64u;
    vireo__stream_init(&l.stream, vireo__app_loop(app), &line_io);
    CHECK(vireo__h2_accept(app, &l.stream) == 0);
    data += 2;
    size -= 2;
    if (size < 3 || memcmp(data, "PRI", 3) != 0)
        receive(app, &l, (const uint8_t *)greeting, sizeof greeting - 1);
    for (size_t at = 0; at < size; at += step)
        receive(app, &l, data + at, size - at < step ? size - at : step);
    l.takes = SIZE_MAX;
    turn(app, &l);
    turn(app, &l);
    vireo__stream_close(&l.stream, 0);
    for (int i = 0; i < 5; i++)
        uv_run(vireo__app_loop(app)->uv, UV_RUN_NOWAIT);
    CHECK(l.gone);
    return 0;
}
