/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* Streams of either kind under random treatment, the same for both by its seed: writes of any
 * length, peers that read late, pauses, ends and aborts from both sides. Every byte that arrives
 * is the right one; whatever began ends once; and a connection that nobody cut has carried all. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vireo/error.h>

#include "net/listener.h"

enum { CONNS = 24, STEPS = 3000, SEEDS = 6, PATIENCE = 200000, MUCH = 150000 };

typedef struct conn {
    unsigned number;
    vireo__stream *stream; /* NULL: closed */
    int fd;                /* the peer; -1: closed */
    size_t sent, heard;    /* of what the peer has sent */
    size_t queued, got;    /* of what the stream was given to write */
    unsigned pieces, told, closed;
    bool paused, cut, ended;
    int error;
} conn;

typedef struct world {
    vireo_loop *loop;
    vireo__listener *listener;
    conn conns[CONNS];
    unsigned accepted;
    uint32_t seed;
    bool gone;
} world;

static uint32_t pick(world *w, uint32_t below)
{
    w->seed ^= w->seed << 13;
    w->seed ^= w->seed >> 17;
    w->seed ^= w->seed << 5;
    return w->seed % below;
}

/* What stands at |offset| of one direction of one connection. */
static uint8_t content(const conn *c, size_t offset, unsigned direction)
{
    return (uint8_t)(offset * 7 + (offset >> 8) * 13 + c->number * 31 + direction * 101);
}

static void fill(const conn *c, uint8_t *bytes, size_t n, size_t offset, unsigned direction)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = content(c, offset + i, direction);
}

static void check(const conn *c, const uint8_t *bytes, size_t n, size_t offset, unsigned direction)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != content(c, offset + i, direction))
            fail_msg("connection %u: wrong byte at %zu", c->number, offset + i);
}

/* --- the streams ------------------------------------------------------------------------------ */

static void on_data(vireo__stream *s, uint8_t *bytes, size_t n)
{
    conn *c = s->owner;
    assert_false(c->paused);
    check(c, bytes, n, c->heard, 0);
    memset(bytes, 0, n); /* they are ours for now */
    c->heard += n;
}

static void on_end(vireo__stream *s)
{
    vireo__stream_end(s);
}

static void on_close(vireo__stream *s, int error)
{
    conn *c = s->owner;
    c->closed++;
    c->stream = NULL;
    c->error = error;
}

static void on_written(void *user, int status)
{
    conn *c = user;
    (void)status;
    c->told++;
}

static const vireo__stream_events events = {
    .on_data = on_data, .on_end = on_end, .on_close = on_close};

static void on_accept(vireo__listener *l, vireo__stream *s)
{
    world *w = vireo__listener_owner(l);
    conn *c = &w->conns[w->accepted++];
    c->stream = s;
    vireo__stream_set_events(s, &events, c);
    vireo__stream_start(s);
}

static void turn(world *w)
{
    uv_run(w->loop->uv, UV_RUN_NOWAIT);
}

static void begin(world *w, vireo_io_kind io, uint32_t seed)
{
    *w = (world){.seed = seed, .loop = vireo__loop_new(NULL)};
    w->loop->io = io;
    vireo_listen_options where = {.host = "127.0.0.1"};
    assert_int_equal(vireo__listener_open(&w->listener, w->loop, &where, on_accept, w), 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(vireo__listener_port(w->listener)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    for (unsigned i = 0; i < CONNS; i++) {
        conn *c = &w->conns[i];
        c->number = i;
        c->fd = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(c->fd, (struct sockaddr *)&to, sizeof to), 0);
        for (int tries = 0; tries < PATIENCE && w->accepted == i; tries++)
            turn(w);
        assert_int_equal(w->accepted, i + 1);
    }
}

/* --- what happens to them --------------------------------------------------------------------- */

static void peer_sends(conn *c, size_t n)
{
    static uint8_t bytes[MUCH];
    if (c->fd < 0)
        return;
    fill(c, bytes, n, c->sent, 0);
    ssize_t sent = send(c->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    c->sent += sent > 0 ? (size_t)sent : 0;
}

/* Returns whether there was something. */
static bool peer_reads(conn *c, size_t n)
{
    static uint8_t bytes[MUCH];
    ssize_t got = c->fd < 0 ? 0 : recv(c->fd, bytes, n, MSG_DONTWAIT);
    if (got <= 0)
        return false;
    check(c, bytes, (size_t)got, c->got, 1);
    c->got += (size_t)got;
    return true;
}

static void stream_writes(conn *c, size_t n)
{
    if (c->stream == NULL || c->stream->ending != NULL || c->stream->closing)
        return;
    vireo__shared *piece = vireo__shared_new(n);
    fill(c, piece->data, n, c->queued, 1);
    assert_int_equal(vireo__stream_write(c->stream, piece, 0, n, on_written, c), 0);
    vireo__shared_unref(piece);
    c->queued += n;
    c->pieces++;
}

static void stream_pauses(conn *c, bool pause)
{
    if (c->stream == NULL || c->stream->ending != NULL || c->stream->closing)
        return;
    c->paused = pause;
    if (pause)
        vireo__stream_pause(c->stream);
    else
        vireo__stream_start(c->stream);
}

static void peer_aborts(conn *c)
{
    struct linger reset = {1, 0};
    if (c->fd < 0)
        return;
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(c->fd);
    c->fd = -1;
    c->cut = true;
}

static void stream_closes(conn *c)
{
    if (c->stream != NULL)
        vireo__stream_close(c->stream, -EIO);
    c->cut = true;
}

static void stream_ends(conn *c)
{
    if (c->stream != NULL)
        vireo__stream_end(c->stream);
    c->ended = true;
}

static void step(world *w)
{
    conn *c = &w->conns[pick(w, CONNS)];
    size_t length = pick(w, 8) == 0 ? 1 + pick(w, MUCH) : 1 + pick(w, 400);
    switch (pick(w, 12)) {
    case 0:
    case 1:
        peer_sends(c, length);
        break;
    case 2:
        peer_reads(c, length);
        break;
    case 3:
    case 4:
    case 5:
        stream_writes(c, length);
        break;
    case 6:
        stream_pauses(c, true);
        break;
    case 7:
        stream_pauses(c, false);
        break;
    case 8: /* seldom */
        if (pick(w, 60) == 0)
            peer_aborts(c);
        else if (pick(w, 60) == 0)
            stream_closes(c);
        else if (pick(w, 60) == 0)
            stream_ends(c);
        break;
    default:
        turn(w);
    }
}

static bool all_closed(const world *w)
{
    for (unsigned i = 0; i < CONNS; i++)
        if (w->conns[i].stream != NULL)
            return false;
    return true;
}

/* The peers say goodbye, and read what is left. */
static void come_to_an_end(world *w)
{
    for (unsigned i = 0; i < CONNS; i++) {
        stream_pauses(&w->conns[i], false);
        if (w->conns[i].fd >= 0)
            shutdown(w->conns[i].fd, SHUT_WR);
    }
    for (int tries = 0; tries < PATIENCE && !all_closed(w); tries++) {
        for (unsigned i = 0; i < CONNS; i++)
            while (peer_reads(&w->conns[i], MUCH))
                continue;
        turn(w);
    }
    assert_true(all_closed(w));
    for (unsigned i = 0; i < CONNS; i++)
        while (peer_reads(&w->conns[i], MUCH))
            continue;
}

static void judge(const conn *c)
{
    assert_int_equal(c->closed, 1);
    assert_int_equal(c->told, c->pieces);
    assert_true(c->heard <= c->sent);
    assert_true(c->got <= c->queued);
    if (c->cut)
        return;
    assert_int_equal(c->got, c->queued);
    assert_int_equal(c->error, 0);
    if (!c->ended)
        assert_int_equal(c->heard, c->sent);
}

static void on_gone(void *owner)
{
    ((world *)owner)->gone = true;
}

static void run(vireo_io_kind io, uint32_t seed)
{
    static world w;
    begin(&w, io, seed);
    for (int i = 0; i < STEPS; i++)
        step(&w);
    come_to_an_end(&w);
    for (unsigned i = 0; i < CONNS; i++) {
        judge(&w.conns[i]);
        if (w.conns[i].fd >= 0)
            close(w.conns[i].fd);
    }
    vireo__listener_close(w.listener, on_gone);
    for (int i = 0; i < PATIENCE && !w.gone; i++)
        turn(&w);
    assert_true(w.gone);
    assert_int_equal(w.loop->backlog, 0);
    vireo__loop_free(w.loop);
}

static void survives_libuv(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= SEEDS; seed++)
        run(VIREO_IO_UV, seed);
}

static void survives_io_uring(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= SEEDS; seed++)
        run(VIREO_IO_URING, seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_libuv),
        cmocka_unit_test(survives_io_uring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
