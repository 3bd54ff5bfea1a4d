/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* streams_fixture.h: a house: a loop with a listener, whose guests are streams and count what they
 * hear (and say it again, if the house echoes). The other end of each is a plain socket of the same
 * thread. Whoever waits turns the loop. */

#ifndef VIREO_TESTS_STREAMS_FIXTURE_H
#define VIREO_TESTS_STREAMS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vireo/error.h>

#include "net/streams.h"

enum { PATIENCE = 20000 };

/* A test for each kind of streams, which it finds with KIND_OF; where there is no io_uring it is
 * libuv's turn twice. */
static const vireo_io_kind libuv_kind = VIREO_IO_UV, uring_kind = VIREO_IO_AUTO;
#define KIND_OF(state) (**(const vireo_io_kind **)(state))
#define ON_BOTH(test)                                                                              \
    {#test ", libuv", test, NULL, NULL, (void *)(uintptr_t)&libuv_kind},                           \
    {                                                                                              \
#test ", io_uring", test, NULL, NULL, (void *)(uintptr_t)&uring_kind                       \
    }

typedef struct guest {
    vireo__stream *stream; /* NULL: closed, or not accepted yet */
    int fd;                /* the other end; -1: closed */
    size_t heard;          /* bytes */
    uint64_t sum;          /* of them */
    int closed;
    int error;
} guest;

typedef struct house {
    vireo_loop *loop;
    vireo__listener *listener;
    guest *guests; /* in the order in which they came */
    unsigned room; /* for so many */
    unsigned count;
    bool echo;
    bool gone;
    void (*on_heard)(struct house *h, guest *g, const uint8_t *bytes, size_t n); /* or NULL */
    void (*on_left)(struct house *h, guest *g);                                  /* or NULL */
} house;

static inline house *house_of(vireo__stream *s)
{
    return vireo__listener_owner(s->listener);
}

static inline void on_guest_data(vireo__stream *s, uint8_t *bytes, size_t n)
{
    house *h = house_of(s);
    guest *g = s->owner;
    g->heard += n;
    for (size_t i = 0; i < n; i++)
        g->sum += bytes[i];
    if (h->echo)
        vireo__stream_write_copy(s, bytes, n);
    if (h->on_heard != NULL)
        h->on_heard(h, g, bytes, n);
}

static inline void on_guest_end(vireo__stream *s)
{
    vireo__stream_end(s);
}

static inline void on_guest_close(vireo__stream *s, int error)
{
    house *h = house_of(s);
    guest *g = s->owner;
    g->stream = NULL;
    g->error = error;
    g->closed++;
    if (h->on_left != NULL)
        h->on_left(h, g);
}

static inline void on_guest(vireo__listener *l, vireo__stream *s)
{
    static const vireo__stream_events events = {
        .on_data = on_guest_data, .on_end = on_guest_end, .on_close = on_guest_close};
    house *h = vireo__listener_owner(l);
    assert_true(h->count < h->room);
    guest *g = &h->guests[h->count++];
    g->stream = s;
    vireo__stream_set_events(s, &events, g);
    vireo__stream_start(s);
}

static inline void house_turn(house *h)
{
    uv_run(h->loop->uv, UV_RUN_NOWAIT);
}

/* One turn, after something has happened or a millisecond. */
static inline void house_wait(house *h)
{
    struct pollfd fd = {.fd = uv_backend_fd(h->loop->uv), .events = POLLIN};
    house_turn(h);
    poll(&fd, 1, 1);
}

#define HOUSE_UNTIL(h, condition)                                                                  \
    do {                                                                                           \
        for (int patience_ = PATIENCE; patience_ > 0 && !(condition); patience_--)                 \
            house_wait(h);                                                                         \
        assert_true(condition);                                                                    \
    } while (0)

static inline void house_open(house *h, vireo_io_kind io, unsigned room)
{
    *h = (house){.loop = vireo__loop_new(NULL), .room = room};
    h->guests = calloc(room, sizeof *h->guests);
    assert_non_null(h->loop);
    assert_non_null(h->guests);
    for (unsigned i = 0; i < room; i++)
        h->guests[i].fd = -1;
    h->loop->io = io;
    vireo_listen_options where = {.host = "127.0.0.1"};
    assert_int_equal(vireo__listener_open(&h->listener, h->loop, &where, on_guest, h), 0);
}

static inline struct sockaddr_in house_address(const house *h)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(vireo__listener_port(h->listener)),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

/* Returns a socket that is connected, whether or not it was accepted. */
static inline int house_knock(const house *h)
{
    struct sockaddr_in to = house_address(h);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static inline guest *house_invite(house *h)
{
    guest *g = &h->guests[h->count];
    g->fd = house_knock(h);
    HOUSE_UNTIL(h, g->stream != NULL);
    return g;
}

/* Sends |text| and waits until it came back. */
static inline void house_expect_echo(house *h, int fd, const char *text)
{
    char got[64];
    size_t len = strlen(text), n = 0;
    assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), len);
    for (int patience = PATIENCE; patience > 0 && n < len; patience--) {
        house_wait(h);
        ssize_t more = recv(fd, got + n, sizeof got - n, MSG_DONTWAIT);
        n += more > 0 ? (size_t)more : 0;
    }
    assert_int_equal(n, len);
    assert_memory_equal(got, text, len);
}

static inline void on_house_gone(void *owner)
{
    ((house *)owner)->gone = true;
}

static inline void house_close(house *h)
{
    vireo__listener_close(h->listener, on_house_gone);
    vireo__listener_close_streams(h->listener);
    HOUSE_UNTIL(h, h->gone);
    assert_int_equal(h->loop->backlog, 0);
    for (unsigned i = 0; i < h->room; i++) {
        if (h->guests[i].fd >= 0)
            close(h->guests[i].fd);
        if (i < h->count)
            assert_int_equal(h->guests[i].closed, 1);
    }
    vireo__loop_free(h->loop);
    free(h->guests);
}

#endif
