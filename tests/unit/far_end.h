/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* far_end.h: an application as a client, and the server it talks to: a plain listening socket of
 * the same thread, whose every word the test says itself. Whoever waits turns the loop. */

#ifndef VIREO_TESTS_FAR_END_H
#define VIREO_TESTS_FAR_END_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vireo/vireo.h>

#include "http/server.h"

enum { PATIENCE = 20000 };

typedef struct far_end {
    vireo_app *app;
    int listener; /* on 127.0.0.1 */
    int fd;       /* the newest connection; -1: none */
    uint16_t port;
} far_end;

static inline void far_listen(far_end *f)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(f->port)};
    socklen_t n = sizeof at;
    int on = 1;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(f->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(f->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(f->listener, 64), 0);
    getsockname(f->listener, (struct sockaddr *)&at, &n);
    f->port = ntohs(at.sin_port);
}

static inline void far_begin(far_end *f)
{
    *f = (far_end){.app = vireo_app_new(), .fd = -1};
    assert_non_null(f->app);
    far_listen(f);
}

static inline void far_hang_up(far_end *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

static inline void far_reset(far_end *f)
{
    struct linger reset = {1, 0};
    setsockopt(f->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    far_hang_up(f);
}

static inline void far_stop_listening(far_end *f)
{
    if (f->listener >= 0)
        close(f->listener);
    f->listener = -1;
}

static inline void far_finish(far_end *f)
{
    vireo_app_free(f->app);
    far_hang_up(f);
    far_stop_listening(f);
}

static inline void far_turn(far_end *f)
{
    vireo_loop *loop = vireo__app_loop(f->app);
    struct pollfd fd = {.fd = uv_backend_fd(loop->uv), .events = POLLIN};
    uv_run(loop->uv, UV_RUN_NOWAIT);
    poll(&fd, 1, 1);
}

/* For events that shall not come. */
static inline void far_settle(far_end *f)
{
    for (int i = 0; i < 20; i++)
        far_turn(f);
}

static inline void far_advance(far_end *f, uint64_t ms)
{
    far_settle(f);
    vireo__loop_advance(vireo__app_loop(f->app), ms);
}

/* Waits for the next connection. */
static inline void far_accept(far_end *f)
{
    far_hang_up(f);
    for (int i = 0; i < PATIENCE && f->fd < 0; i++) {
        far_turn(f);
        f->fd = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK);
    }
    assert_true(f->fd >= 0);
}

static inline bool far_has_caller(far_end *f)
{
    struct pollfd fd = {.fd = f->listener, .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

static inline void far_say_bytes(far_end *f, const void *bytes, size_t n)
{
    const char *at = bytes;
    for (int i = 0; i < PATIENCE && n > 0; i++) {
        ssize_t sent = send(f->fd, at, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            return; /* the client has left: the test sees what it said of it */
        at += sent > 0 ? sent : 0;
        n -= sent > 0 ? (size_t)sent : 0;
        if (n > 0)
            far_turn(f);
    }
}

static inline void far_say(far_end *f, const char *text)
{
    far_say_bytes(f, text, strlen(text));
}

/* Reads |n| bytes, or fewer when the end comes first. */
static inline size_t far_read(far_end *f, void *out, size_t n)
{
    size_t at = 0;
    for (int i = 0; i < PATIENCE && at < n; i++) {
        ssize_t got = recv(f->fd, (char *)out + at, n - at, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN))
            break;
        at += got > 0 ? (size_t)got : 0;
        far_turn(f);
    }
    return at;
}

/* Reads a request's head, as a text. */
static inline void far_read_head(far_end *f, char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    while (strstr(out, "\r\n\r\n") == NULL) {
        assert_true(n + 1 < size);
        assert_int_equal(far_read(f, out + n, 1), 1);
        out[++n] = '\0';
    }
}

static inline void far_expect(far_end *f, const char *text)
{
    char got[2000] = "";
    size_t n = strlen(text);
    assert_true(n < sizeof got);
    got[far_read(f, got, n)] = '\0';
    assert_string_equal(got, text);
}

static inline void far_expect_end(far_end *f)
{
    char byte;
    assert_int_equal(far_read(f, &byte, 1), 0);
}

#endif
