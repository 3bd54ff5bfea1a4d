/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http_peer.h: an application and raw clients in one thread. The clients' sockets do not block;
 * whoever waits for something turns the loop until it has come, so that no test depends on how fast
 * anything is. */

#ifndef VIREO_TESTS_HTTP_PEER_H
#define VIREO_TESTS_HTTP_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <vireo/http.h>

#include "http/server.h"

typedef struct peer {
    vireo_app *app;
    int fd;
    char *got; /* all that was received and not yet looked at, ended by a NUL */
    size_t len;
    size_t cap;
    bool ended; /* the server has ended its direction */
    bool reset; /* .. or the whole connection */
} peer;

#define PEER_PATIENCE 20000 /* turns of at most 1 ms */

static inline void peer_turn(vireo_app *app)
{
    uv_run(vireo__app_loop(app)->uv, UV_RUN_NOWAIT);
}

/* Turns until nothing more happens by itself: for events that shall not come. */
static inline void peer_settle(vireo_app *app)
{
    for (int i = 0; i < 20; i++)
        peer_turn(app);
}

static inline void peer_watch(peer *p, int fd)
{
    assert_true(fd >= 0);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    p->fd = fd;
    p->len = 0;
    p->cap = 1;
    p->got = calloc(1, 1);
    p->ended = p->reset = false;
}

static inline peer peer_open(vireo_app *app)
{
    peer p = {.app = app};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(vireo_port(app)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)); /* nobody waits for an ACK */
    peer_watch(&p, fd);
    return p;
}

static inline peer peer_open_unix(vireo_app *app, const char *path)
{
    peer p = {.app = app};
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    peer_watch(&p, fd);
    return p;
}

static inline void peer_close(peer *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
    free(p->got);
    p->got = NULL;
}

static inline void peer_send_bytes(peer *p, const void *data, size_t n)
{
    const char *at = data;
    for (int patience = PEER_PATIENCE; n > 0 && patience > 0; patience--) {
        ssize_t sent = send(p->fd, at, n, MSG_NOSIGNAL);
        if (sent > 0) {
            at += sent;
            n -= (size_t)sent;
        } else if (errno != EAGAIN) {
            return; /* the server has closed: the test will see what it said */
        }
        peer_turn(p->app);
    }
}

static inline void peer_send(peer *p, const char *text)
{
    peer_send_bytes(p, text, strlen(text));
}

/* Takes what has arrived, at most |max| bytes. */
static inline void peer_take(peer *p, size_t max)
{
    char bytes[65536];
    ssize_t n = recv(p->fd, bytes, max < sizeof bytes ? max : sizeof bytes, 0);
    if (n == 0)
        p->ended = true;
    if (n < 0 && errno != EAGAIN)
        p->ended = p->reset = true;
    if (n <= 0)
        return;
    if (p->len + (size_t)n >= p->cap) {
        p->cap = 2 * (p->len + (size_t)n) + 1;
        p->got = realloc(p->got, p->cap);
    }
    memcpy(p->got + p->len, bytes, (size_t)n);
    p->len += (size_t)n;
    p->got[p->len] = '\0';
}

static inline void peer_wait(peer *p)
{
    struct pollfd fds[2] = {{.fd = p->fd, .events = POLLIN},
                            {.fd = uv_backend_fd(vireo__app_loop(p->app)->uv), .events = POLLIN}};
    peer_turn(p->app);
    poll(fds, 2, 1);
    peer_take(p, SIZE_MAX);
}

/* Takes the Date headers out: they differ from run to run. */
static inline void peer_hide_dates(char *text)
{
    for (char *at; (at = strstr(text, "Date: ")) != NULL;)
        memmove(at, strstr(at, "\r\n") + 2, strlen(strstr(at, "\r\n") + 2) + 1);
}

/* Waits for exactly |text| (without Date headers), and no more than it, and takes it. */
static inline void peer_expect(peer *p, const char *text)
{
    char *copy = NULL;
    size_t n = strlen(text);
    for (int patience = PEER_PATIENCE; patience > 0; patience--) {
        peer_turn(p->app);
        free(copy);
        copy = strdup(p->got);
        peer_hide_dates(copy);
        if (strlen(copy) >= n || p->ended)
            break;
        peer_wait(p);
    }
    if (strcmp(copy, text) != 0)
        fail_msg("received:\n%s\nexpected:\n%s", copy, text);
    free(copy);
    p->len = 0;
    p->got[0] = '\0';
}

/* Waits for the end of the connection. */
static inline void peer_expect_end(peer *p)
{
    for (int patience = PEER_PATIENCE; !p->ended && patience > 0; patience--)
        peer_wait(p);
    if (!p->ended || p->len > 0)
        fail_msg("no end, but:\n%s", p->got);
}

/* Sends |text| on a connection of its own and expects |answer|, and the end of the connection if
 * |end|. */
static inline void peer_converse(vireo_app *app, const char *text, const char *answer, bool end)
{
    peer p = peer_open(app);
    peer_send(&p, text);
    peer_expect(&p, answer);
    if (end)
        peer_expect_end(&p);
    peer_close(&p);
}

/* Waits until |*flag| is |value|. */
static inline void peer_until(vireo_app *app, const int *flag, int value)
{
    for (int patience = PEER_PATIENCE; *flag != value && patience > 0; patience--) {
        struct pollfd fd = {.fd = uv_backend_fd(vireo__app_loop(app)->uv), .events = POLLIN};
        peer_turn(app);
        if (*flag != value)
            poll(&fd, 1, 1);
    }
    assert_int_equal(*flag, value);
}

static inline void peer_advance(vireo_app *app, uint64_t ms)
{
    peer_settle(app);
    vireo__loop_advance(vireo__app_loop(app), ms);
}

static inline vireo_app *peer_listen(vireo_app *app)
{
    assert_non_null(app);
    assert_int_equal(vireo_listen(app, .host = "127.0.0.1"), 0);
    return app;
}

#endif
