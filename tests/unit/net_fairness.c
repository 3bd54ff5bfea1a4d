/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* What one peer does must not be paid for by the others: reading in turns, and the limit of what
 * waits for all slow readers together. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vireo/error.h>

#include "net/listener.h"

enum { PEERS = 3, CROWD = 3 * VIREO__ACCEPTS_PER_TURN, MUCH = 16 * 1024 * 1024, PATIENCE = 20000 };

typedef struct guest {
    vireo__stream *stream; /* NULL: closed */
    int fd;                /* the peer */
    int error;
    size_t read; /* bytes, in this turn */
    size_t received;
} guest;

typedef struct fixture {
    vireo_loop *loop;
    vireo__listener *listener;
    guest guests[PEERS];
    unsigned count;
    guest crowd[CROWD];
    bool gone;
} fixture;

static void on_data(vireo__stream *s, uint8_t *bytes, size_t n)
{
    guest *g = s->owner;
    (void)bytes;
    g->read += n;
    g->received += n;
}

static void on_end(vireo__stream *s)
{
    vireo__stream_close(s, 0);
}

static void on_close(vireo__stream *s, int error)
{
    guest *g = s->owner;
    g->stream = NULL;
    g->error = error;
}

static const vireo__stream_events events = {
    .on_data = on_data, .on_end = on_end, .on_close = on_close};

static void on_accept(vireo__listener *l, vireo__stream *s)
{
    fixture *f = vireo__listener_owner(l);
    guest *g = f->count < PEERS ? &f->guests[f->count] : &f->crowd[f->count - PEERS];
    f->count++;
    g->stream = s;
    vireo__stream_set_events(s, &events, g);
    vireo__stream_start(s);
}

static void turn(fixture *f)
{
    for (unsigned i = 0; i < PEERS; i++)
        f->guests[i].read = 0;
    uv_run(f->loop->uv, UV_RUN_NOWAIT);
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void begin(fixture *f)
{
    *f = (fixture){.loop = vireo__loop_new(NULL)};
    assert_non_null(f->loop);
    vireo_listen_options where = {.host = "127.0.0.1"};
    assert_int_equal(vireo__listener_open(&f->listener, f->loop, &where, on_accept, f), 0);
    for (unsigned i = 0; i < PEERS; i++) {
        f->guests[i].fd = connect_to(vireo__listener_port(f->listener));
        for (int tries = 0; tries < PATIENCE && f->count == i; tries++)
            turn(f);
        assert_int_equal(f->count, i + 1);
    }
}

static void on_gone(void *owner)
{
    fixture *f = owner;
    f->gone = true;
}

static void finish(fixture *f)
{
    vireo__listener_close(f->listener, on_gone);
    vireo__listener_close_streams(f->listener);
    for (int i = 0; i < PATIENCE && !f->gone; i++)
        turn(f);
    assert_true(f->gone);
    assert_int_equal(f->loop->backlog, 0);
    for (unsigned i = 0; i < PEERS; i++)
        close(f->guests[i].fd);
    vireo__loop_free(f->loop);
}

/* send_much sends until the kernel takes no more. Returns how much that was. */
static size_t send_much(int fd)
{
    static const char bytes[65536];
    size_t sent = 0;
    for (ssize_t n; (n = send(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0;)
        sent += (size_t)n;
    return sent;
}

static void reads_in_turns(void **state)
{
    fixture f;
    (void)state;
    begin(&f);
    guest *loud = &f.guests[0];
    guest *quiet = &f.guests[1];
    size_t sent = send_much(loud->fd);
    assert_true(sent > 3 * VIREO__READ_BUFFER);
    assert_int_equal(send(quiet->fd, "x", 1, 0), 1);
    for (int i = 0; i < PATIENCE && loud->received < sent; i++) {
        turn(&f);
        assert_true(loud->read <= VIREO__READ_BUFFER);
        /* whoever has said little is heard before the other is heard a second time */
        assert_true(loud->received <= VIREO__READ_BUFFER || quiet->received == 1);
    }
    assert_int_equal(loud->received, sent); /* and nothing is lost */
    finish(&f);
}

static void reads_in_turns_after_a_pause(void **state)
{
    fixture f;
    (void)state;
    begin(&f);
    guest *loud = &f.guests[0];
    size_t sent = send_much(loud->fd);
    while (loud->received < sent) {
        size_t before = loud->received;
        for (int i = 0; i < PATIENCE && loud->received == before; i++)
            turn(&f);
        vireo__stream_pause(loud->stream);
        before = loud->received;
        turn(&f);
        assert_int_equal(loud->received, before);
        vireo__stream_start(loud->stream);
    }
    assert_int_equal(loud->received, sent);
    finish(&f);
}

/* Has more queued for |g| than the kernel takes. */
static void fall_behind(fixture *f, guest *g)
{
    vireo__shared *much = vireo__shared_new(MUCH);
    assert_non_null(much);
    for (size_t i = 0; i < MUCH; i++)
        much->data[i] = 'x';
    size_t before = f->loop->backlog;
    assert_int_equal(vireo__stream_write(g->stream, much, 0, MUCH, NULL, NULL), 0);
    vireo__shared_unref(much);
    turn(f);
    assert_int_equal(vireo__stream_writable(g->stream), 0);
    assert_true(vireo__stream_queued(g->stream) > VIREO__BACKLOG_EACH);
    assert_int_equal(f->loop->backlog, before + vireo__stream_queued(g->stream));
}

static int write_bytes(guest *g, size_t n)
{
    static const char bytes[2000];
    assert_true(n <= sizeof bytes);
    return vireo__stream_write_copy(g->stream, bytes, n);
}

static void closes_who_is_behind_when_all_together_have_too_much(void **state)
{
    fixture f;
    (void)state;
    begin(&f);
    fall_behind(&f, &f.guests[0]);
    fall_behind(&f, &f.guests[1]);
    size_t second = vireo__stream_queued(f.guests[1].stream);
    f.loop->max_backlog = f.loop->backlog + 1000;
    assert_int_equal(write_bytes(&f.guests[0], 1000), 0);
    assert_int_equal(f.loop->backlog, f.loop->max_backlog);
    assert_int_equal(write_bytes(&f.guests[2], 2000), 0); /* it is not behind */
    assert_int_equal(write_bytes(&f.guests[0], 1), VIREO_EFULL);
    for (int i = 0; i < PATIENCE && f.guests[0].stream != NULL; i++)
        turn(&f);
    assert_int_equal(f.guests[0].error, VIREO_EFULL);
    assert_int_equal(f.loop->backlog, second); /* and there is room again */
    assert_int_equal(write_bytes(&f.guests[1], 2000), 0);
    vireo__stream_close(f.guests[1].stream, 0);
    for (int i = 0; i < PATIENCE && f.guests[1].stream != NULL; i++)
        turn(&f);
    finish(&f);
}

static void forgets_what_was_read_at_last(void **state)
{
    static char bytes[65536];
    fixture f;
    (void)state;
    begin(&f);
    guest *g = &f.guests[0];
    fall_behind(&f, g);
    for (size_t got = 0; got < MUCH;) {
        ssize_t n = recv(g->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        got += n > 0 ? (size_t)n : 0;
        turn(&f);
    }
    for (int i = 0; i < PATIENCE && !vireo__stream_writable(g->stream); i++)
        turn(&f);
    assert_int_equal(f.loop->backlog, 0);
    finish(&f);
}

static void lets_everybody_have_a_little(void **state)
{
    vireo_loop loop = {.backlog = 1000, .max_backlog = 1000};
    (void)state;
    assert_false(vireo__loop_too_far_behind(&loop, 0, VIREO__BACKLOG_EACH));
    assert_true(vireo__loop_too_far_behind(&loop, 0, VIREO__BACKLOG_EACH + 1));
    assert_false(vireo__loop_too_far_behind(&loop, VIREO__BACKLOG_EACH - 1, 1));
    assert_true(vireo__loop_too_far_behind(&loop, VIREO__BACKLOG_EACH, 1));
}

static void gives_less_to_each_of_many(void **state)
{
    vireo_loop loop = {0};
    (void)state;
    assert_int_equal(vireo__loop_read_share(&loop), VIREO__READ_BUFFER);
    loop.greedy_of_late = 15;
    assert_int_equal(vireo__loop_read_share(&loop), VIREO__READ_BUFFER);
    loop.greedy_of_late = 31;
    assert_int_equal(vireo__loop_read_share(&loop), VIREO__READ_BUFFER / 2);
    loop.greedy_of_late = 255;
    assert_int_equal(vireo__loop_read_share(&loop), VIREO__READ_LEAST);
    loop.greedy_of_late = 256;
    assert_int_equal(vireo__loop_read_share(&loop), VIREO__READ_LEAST);
}

/* All of a crowd have much to say: a turn takes about as much as from a few, and all is read. */
static void shares_a_turn_among_many(void **state)
{
    static fixture f;
    size_t sent[CROWD], left = CROWD, most = 0;
    (void)state;
    begin(&f);
    for (unsigned i = 0; i < CROWD; i++)
        f.crowd[i].fd = connect_to(vireo__listener_port(f.listener));
    for (int i = 0; i < PATIENCE && f.count < PEERS + CROWD; i++)
        turn(&f);
    for (unsigned i = 0; i < CROWD; i++)
        sent[i] = send_much(f.crowd[i].fd);
    for (int turns = 0; turns < PATIENCE && left > 0; turns++) {
        size_t before = 0, after = 0;
        for (unsigned i = 0; i < CROWD; i++)
            before += f.crowd[i].received;
        turn(&f);
        left = 0;
        for (unsigned i = 0; i < CROWD; i++) {
            after += f.crowd[i].received;
            left += f.crowd[i].received < sent[i];
        }
        if (turns > 0 && after - before > most) /* the first one does not know of them yet */
            most = after - before;
    }
    assert_int_equal(left, 0);
    assert_true(most <= 2 * VIREO__READ_TURN);
    for (unsigned i = 0; i < CROWD; i++)
        close(f.crowd[i].fd);
    finish(&f);
}

static void accepts_a_crowd_over_several_turns(void **state)
{
    static fixture f;
    (void)state;
    begin(&f);
    for (unsigned i = 0; i < CROWD; i++)
        f.crowd[i].fd = connect_to(vireo__listener_port(f.listener));
    for (int i = 0; i < PATIENCE && f.count < PEERS + CROWD; i++) {
        unsigned before = f.count;
        turn(&f);
        /* and the one that has waited since the last turn */
        assert_true(f.count - before <= VIREO__ACCEPTS_PER_TURN + 1);
    }
    assert_int_equal(f.count, PEERS + CROWD);
    for (unsigned i = 0; i < CROWD; i++)
        assert_int_equal(send(f.crowd[i].fd, "x", 1, 0), 1);
    for (int i = 0; i < PATIENCE && f.crowd[CROWD - 1].received == 0; i++)
        turn(&f);
    for (unsigned i = 0; i < CROWD; i++) {
        assert_int_equal(f.crowd[i].received, 1);
        close(f.crowd[i].fd);
    }
    finish(&f);
}

static void ends_while_a_crowd_waits(void **state)
{
    static fixture f;
    (void)state;
    begin(&f);
    for (unsigned i = 0; i < CROWD; i++)
        f.crowd[i].fd = connect_to(vireo__listener_port(f.listener));
    turn(&f);
    assert_true(f.count < PEERS + CROWD);
    finish(&f);
    for (unsigned i = 0; i < CROWD; i++)
        close(f.crowd[i].fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_in_turns),
        cmocka_unit_test(reads_in_turns_after_a_pause),
        cmocka_unit_test(closes_who_is_behind_when_all_together_have_too_much),
        cmocka_unit_test(forgets_what_was_read_at_last),
        cmocka_unit_test(lets_everybody_have_a_little),
        cmocka_unit_test(gives_less_to_each_of_many),
        cmocka_unit_test(shares_a_turn_among_many),
        cmocka_unit_test(accepts_a_crowd_over_several_turns),
        cmocka_unit_test(ends_while_a_crowd_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
