/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws_fixture.h: an endpoint and its clients, over a loopback socket, in one thread: a client is a
 * plain non-blocking socket, and the server's loop turns while the client waits.
 *
 * What the handlers see is written down as a text:
 *     open  T(text)  B(binary)  i(ping)  o(pong)  error-NAME  close1000(reason)  drain
 */

#ifndef VIREO_TESTS_WS_FIXTURE_H
#define VIREO_TESTS_WS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>
#include <vireo/vireo.h>

#include "base/buf.h"
#include "http/server.h"
#include "loop/loop.h"

enum {
    DEADLINE_MS = 10000,
    FIN = 0x80,
    TEXT = 1,
    BINARY = 2,
    CLOSE = FIN | 8,
    PING = FIN | 9,
    PONG = FIN | 10
};

typedef struct fixture fixture;

/* What a handler does beside writing down. */
typedef void (*action)(fixture *f, vireo_ws *ws);

struct fixture {
    uv_loop_t uv;
    vireo_app *app;
    vireo_ws_endpoint *endpoint;
    vireo__buf log;
    vireo_ws *ws; /* the newest connection; NULL when it is closed */
    action in_open, in_message, in_ping, in_pong, in_error, in_close, in_drain;
    bool echo;
    bool inside; /* a handler is running */
    int upgrade_result;
    int upgrade_status; /* 0: do not answer */
};

/* --- the server's side ------------------------------------------------------------------------ */

static inline void note(fixture *f, const char *what, const void *data, size_t len)
{
    vireo__buf_append_str(&f->log, what);
    if (data != NULL) {
        vireo__buf_append_byte(&f->log, '(');
        vireo__buf_append(&f->log, data, len);
        vireo__buf_append_byte(&f->log, ')');
    }
    vireo__buf_append_byte(&f->log, ' ');
}

/* No handler may be called inside a call that another one makes. */
static inline void act(fixture *f, action what, vireo_ws *ws)
{
    assert_false(f->inside);
    f->inside = true;
    if (what != NULL)
        what(f, ws);
    f->inside = false;
}

static inline int on_upgrade(vireo_req *r)
{
    vireo_ws_endpoint *endpoint = vireo_req_user(r);
    assert_non_null(endpoint);
    fixture *f = vireo_app_user(vireo_req_app(r));
    if (f->upgrade_status != 0)
        vireo_reply_text(r, f->upgrade_status, "no");
    return f->upgrade_result;
}

static inline void on_open(vireo_ws *ws)
{
    fixture *f = vireo_ws_user(ws);
    f->ws = ws;
    note(f, "open", NULL, 0);
    act(f, f->in_open, ws);
}

static inline void on_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    fixture *f = vireo_ws_user(ws);
    note(f, binary ? "B" : "T", data, len);
    if (f->echo)
        vireo_ws_send(ws, data, len, binary);
    act(f, f->in_message, ws);
}

static inline void on_ping(vireo_ws *ws, const void *data, size_t len)
{
    fixture *f = vireo_ws_user(ws);
    note(f, "i", data, len);
    act(f, f->in_ping, ws);
}

static inline void on_pong(vireo_ws *ws, const void *data, size_t len)
{
    fixture *f = vireo_ws_user(ws);
    note(f, "o", data, len);
    act(f, f->in_pong, ws);
}

static inline void on_error(vireo_ws *ws, int error, const char *text)
{
    fixture *f = vireo_ws_user(ws);
    char name[64];
    assert_non_null(text);
    snprintf(name, sizeof name, "error-%s", vireo_errname(error));
    note(f, name, NULL, 0);
    act(f, f->in_error, ws);
}

static inline void on_drain(vireo_ws *ws)
{
    fixture *f = vireo_ws_user(ws);
    note(f, "drain", NULL, 0);
    act(f, f->in_drain, ws);
}

static inline void on_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    fixture *f = vireo_ws_user(ws);
    char what[32];
    snprintf(what, sizeof what, "close%u", code);
    note(f, what, reason, strlen(reason));
    assert_int_equal(vireo_ws_ready_state(ws), VIREO_WS_CLOSED);
    act(f, f->in_close, ws);
    if (f->ws == ws)
        f->ws = NULL;
}

static inline void start(fixture *f, const vireo_ws_options *more, size_t max_queued)
{
    *f = (fixture){.echo = true};
    vireo__buf_init(&f->log, VIREO__BUF_UNLIMITED);
    assert_int_equal(uv_loop_init(&f->uv), 0);
    f->app = vireo_app_new(.uv_loop = &f->uv, .max_queued_bytes = max_queued);
    vireo_app_set_user(f->app, f);
    vireo_ws_options options = more ? *more : (vireo_ws_options){.size = sizeof options};
    options.size = sizeof options;
    options.user = f;
    options.on_upgrade = on_upgrade;
    options.on_open = on_open;
    options.on_message = on_message;
    options.on_ping = on_ping;
    options.on_pong = on_pong;
    options.on_error = on_error;
    options.on_drain = on_drain;
    options.on_close = on_close;
    f->endpoint = vireo_ws_register(f->app, "/ws", &options);
    assert_non_null(f->endpoint);
    assert_int_equal(vireo_listen(f->app, .host = "127.0.0.1", .port = 0), 0);
}

static inline void finish(fixture *f)
{
    vireo_app_free(f->app);
    assert_int_equal(uv_loop_close(&f->uv), 0);
    vireo__buf_deinit(&f->log);
}

static inline uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* One turn of the server; blocks for a moment at most, so that waiting costs no CPU time. */
static inline void turn(fixture *f, int fd)
{
    struct pollfd p[2] = {{.fd = fd, .events = POLLIN},
                          {.fd = uv_backend_fd(&f->uv), .events = POLLIN}};
    int timeout = uv_backend_timeout(&f->uv);
    poll(p, 2, timeout < 0 || timeout > 10 ? 10 : timeout);
    uv_run(&f->uv, UV_RUN_NOWAIT);
}

/* Turns until the server has written down |text|, and nothing else before or behind it. */
static inline void expect_log(fixture *f, const char *text)
{
    uint64_t end = now_ms() + DEADLINE_MS;
    while (f->log.len < strlen(text) && now_ms() < end)
        turn(f, -1);
    assert_string_equal(vireo__buf_cstr(&f->log), text);
    vireo__buf_reset(&f->log, 0);
}

static inline void advance(fixture *f, uint64_t ms)
{
    vireo__loop_advance(vireo__app_loop(f->app), ms);
}

/* --- the client's side ------------------------------------------------------------------------ */

static inline void client_write(fixture *f, int fd, const void *data, size_t n)
{
    uint64_t end = now_ms() + DEADLINE_MS;
    for (size_t at = 0; at < n;) {
        ssize_t got = send(fd, (const char *)data + at, n - at, MSG_NOSIGNAL);
        if (got > 0)
            at += (size_t)got;
        else
            assert_true(errno == EAGAIN && now_ms() < end);
        turn(f, -1);
    }
}

/* Reads |n| bytes; fewer only when the server ends the connection. */
static inline size_t client_read(fixture *f, int fd, void *out, size_t n)
{
    uint64_t end = now_ms() + DEADLINE_MS;
    size_t at = 0;
    while (at < n) {
        ssize_t got = recv(fd, (char *)out + at, n - at, 0);
        if (got == 0 || (got < 0 && errno == ECONNRESET))
            break;
        if (got > 0) {
            at += (size_t)got;
            continue;
        }
        assert_true(now_ms() < end);
        turn(f, fd);
    }
    return at;
}

static inline void expect_bytes(fixture *f, int fd, const void *bytes, size_t n)
{
    char got[70000];
    assert_true(n <= sizeof got);
    assert_int_equal(client_read(f, fd, got, n), n);
    assert_memory_equal(got, bytes, n);
}

#define EXPECT(f, fd, text) expect_bytes((f), (fd), (text), sizeof(text) - 1)

static inline void expect_end(fixture *f, int fd)
{
    char byte;
    assert_int_equal(client_read(f, fd, &byte, 1), 0);
}

static inline int client_connect(fixture *f)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(vireo_port(f->app))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_true(connect(fd, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS);
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
    return fd;
}

#define REQUEST(version)                                                                           \
    "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"                 \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: " version "\r\n\r\n"
#define ANSWER                                                                                     \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"            \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

static inline int client_open(fixture *f)
{
    int fd = client_connect(f);
    client_write(f, fd, REQUEST("13"), sizeof REQUEST("13") - 1);
    EXPECT(f, fd, ANSWER);
    return fd;
}

static inline int client_open_noted(fixture *f)
{
    int fd = client_open(f);
    expect_log(f, "open ");
    return fd;
}

static inline size_t make_frame(uint8_t *out, int first, const void *payload, size_t len)
{
    static const uint8_t mask[4] = {1, 2, 3, 4};
    size_t at = 0;
    out[at++] = (uint8_t)first;
    out[at++] = (uint8_t)(0x80 | (len < 126 ? len : 126));
    if (len >= 126) {
        out[at++] = (uint8_t)(len >> 8);
        out[at++] = (uint8_t)len;
    }
    memcpy(out + at, mask, 4);
    at += 4;
    for (size_t i = 0; i < len; i++)
        out[at++] = ((const uint8_t *)payload)[i] ^ mask[i % 4];
    return at;
}

static inline void client_frame(fixture *f, int fd, int first, const char *payload)
{
    uint8_t bytes[70000];
    client_write(f, fd, bytes, make_frame(bytes, first, payload, strlen(payload)));
}

/* Several texts in one write, so that the server most likely reads them at once. */
static inline void client_texts(fixture *f, int fd, const char *const *texts)
{
    uint8_t bytes[4096];
    size_t n = 0;
    for (; *texts != NULL; texts++)
        n += make_frame(bytes + n, FIN | TEXT, *texts, strlen(*texts));
    client_write(f, fd, bytes, n);
}

#endif
