/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* What is hard on streams, for both kinds: floods for which there are not buffers enough, more to
 * do in a turn than fits into a ring's queues, resets in the middle of a turn's writes, numbers of
 * descriptors that are used again at once, an end with everything under way; and a bystander, whom
 * all of that must not delay. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>

#include "streams_fixture.h"

enum {
    FLOODS = 120,
    FLOOD = 256 * 1024, /* bytes of each */
    PIECE = 16384,
    MANY = 4500, /* more than completions fit into the queue of a ring */
    BATCH = 600, /* more than requests do */
    REUSES = 300,
    NUMBERS = 1024,
    BYSTANDER_ROUNDS = 300,
    BYSTANDER_TURNS = 3,
    MUCH = 16 * 1024 * 1024,
    WAITS_AT_MOST = 2, /* of rounds in which all others are heard */
};

/* --- floods ----------------------------------------------------------------------------------- */

static uint8_t content(size_t who, size_t at)
{
    return (uint8_t)(who * 37 + at * 11 + (at >> 8) * 5);
}

static void check_content(house *h, guest *g, const uint8_t *bytes, size_t n)
{
    size_t who = (size_t)(g - h->guests), from = g->heard - n;
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != content(who, from + i))
            fail_msg("guest %zu: wrong byte at %zu", who, from + i);
}

/* Sends more of its flood, as much as the kernel takes. */
static void pour(size_t who, int fd, size_t *sent)
{
    uint8_t bytes[PIECE];
    while (*sent < FLOOD) {
        size_t n = FLOOD - *sent < PIECE ? FLOOD - *sent : PIECE;
        for (size_t i = 0; i < n; i++)
            bytes[i] = content(who, *sent + i);
        ssize_t taken = send(fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (taken <= 0)
            return;
        *sent += (size_t)taken;
    }
}

/* Everybody gets everything, and nobody waits while all others are heard again and again. */
static void many_floods_at_once(void **state)
{
    static size_t sent[FLOODS], heard[FLOODS], hungry[FLOODS];
    size_t left = FLOODS, longest = 0;
    house h;
    memset(sent, 0, sizeof sent);
    house_open(&h, KIND_OF(state), FLOODS);
    h.on_heard = check_content;
    for (int i = 0; i < FLOODS; i++)
        house_invite(&h);
    for (int turns = 0; turns < PATIENCE && left > 0; turns++) {
        size_t served = 0;
        for (size_t i = 0; i < FLOODS; i++) {
            pour(i, h.guests[i].fd, &sent[i]);
            heard[i] = h.guests[i].heard;
        }
        house_wait(&h);
        left = 0;
        for (size_t i = 0; i < FLOODS; i++)
            served += h.guests[i].heard > heard[i];
        for (size_t i = 0; i < FLOODS; i++) {
            bool waits = h.guests[i].heard == heard[i] && heard[i] < sent[i];
            hungry[i] = waits ? hungry[i] + served : 0;
            longest = hungry[i] > longest ? hungry[i] : longest;
            left += h.guests[i].heard < FLOOD;
        }
    }
    assert_int_equal(left, 0);
    assert_true(longest <= (size_t)WAITS_AT_MOST * FLOODS);
    house_close(&h);
}

/* --- more than fits --------------------------------------------------------------------------- */

/* Returns how many of |wanted| connections there are descriptors for. */
static unsigned affordable(unsigned wanted)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit.rlim_cur / 2 - 50 < wanted ? (unsigned)(limit.rlim_cur / 2 - 50) : wanted;
}

/* All have said something before they are listened to, in one turn; and all are answered in one. */
static void all_have_something_to_say_in_one_turn(void **state)
{
    unsigned count = affordable(MANY), heard = 0;
    char got[9] = "";
    house h;
    house_open(&h, KIND_OF(state), count);
    for (unsigned i = 0; i < count; i++) {
        h.guests[i].fd = house_knock(&h);
        if (i % VIREO__ACCEPTS_PER_TURN == 0)
            house_turn(&h);
    }
    HOUSE_UNTIL(&h, h.count == count);
    for (unsigned i = 0; i < count; i++)
        vireo__stream_pause(h.guests[i].stream);
    house_turn(&h);
    house_turn(&h);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(send(h.guests[i].fd, "question", 8, 0), 8);
    for (unsigned i = 0; i < count; i++)
        vireo__stream_start(h.guests[i].stream);
    for (int patience = PATIENCE; patience > 0 && heard < count; patience--) {
        house_wait(&h);
        for (heard = 0; heard < count && h.guests[heard].heard == 8;)
            heard++;
    }
    assert_int_equal(heard, count);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(vireo__stream_write_copy(h.guests[i].stream, "answered", 8), 0);
    house_turn(&h);
    for (unsigned i = 0; i < count; i++) {
        for (int patience = PATIENCE; patience > 0 && vireo__stream_queued(h.guests[i].stream) > 0;)
            patience--, house_wait(&h);
        assert_int_equal(recv(h.guests[i].fd, got, sizeof got, MSG_DONTWAIT), 8);
        assert_memory_equal(got, "answered", 8);
    }
    house_close(&h);
}

/* --- resets ----------------------------------------------------------------------------------- */

static void reset(guest *g)
{
    struct linger abort_ = {.l_onoff = 1};
    setsockopt(g->fd, SOL_SOCKET, SO_LINGER, &abort_, sizeof abort_);
    close(g->fd);
    g->fd = -1;
}

/* Every third has gone when the turn's words leave; the others hear theirs. */
static void some_reset_while_all_are_written_to(void **state)
{
    char got[16];
    house h;
    house_open(&h, KIND_OF(state), BATCH);
    for (int i = 0; i < BATCH; i++)
        house_invite(&h);
    for (int i = 0; i < BATCH; i++)
        assert_int_equal(vireo__stream_write_copy(h.guests[i].stream, "to all of you", 13), 0);
    for (int i = 0; i < BATCH; i += 3)
        reset(&h.guests[i]);
    for (int i = 0; i < BATCH; i++)
        HOUSE_UNTIL(&h, i % 3 == 0 ? h.guests[i].closed == 1
                                   : vireo__stream_queued(h.guests[i].stream) == 0);
    for (int i = 0; i < BATCH; i++) {
        if (i % 3 == 0) {
            assert_true(h.guests[i].error < 0);
            continue;
        }
        assert_int_equal(recv(h.guests[i].fd, got, sizeof got, MSG_DONTWAIT), 13);
        assert_int_equal(h.guests[i].closed, 0);
    }
    house_close(&h);
}

/* --- descriptors that are used again ---------------------------------------------------------- */

/* Returns the number of our end of the connection whose other end is |fd|. */
static int number_of_other_end(int fd)
{
    struct sockaddr_in own, other;
    socklen_t len = sizeof own;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &len), 0);
    for (int number = 0; number < NUMBERS; number++) {
        len = sizeof other;
        if (getpeername(number, (struct sockaddr *)&other, &len) == 0 &&
            other.sin_family == AF_INET && other.sin_port == own.sin_port)
            return number;
    }
    fail();
    return -1;
}

static void expect_only(house *h, guest *g, const uint8_t *bytes, size_t n)
{
    uint8_t mine = (uint8_t)('a' + (g - h->guests) % 26);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(bytes[i], mine);
}

static void write_many(vireo__stream *s, int byte, size_t n)
{
    vireo__shared *piece = vireo__shared_new(n);
    assert_non_null(piece);
    memset(piece->data, byte, n);
    vireo__stream_write(s, piece, 0, n, NULL, NULL);
    vireo__shared_unref(piece);
}

static void read_only(int fd, int byte, bool to_the_end)
{
    char got[PIECE];
    for (;;) {
        ssize_t n = recv(fd, got, sizeof got, MSG_DONTWAIT);
        if (n <= 0) {
            assert_true(!to_the_end || n == 0 || errno == ECONNRESET || errno == EAGAIN);
            return;
        }
        for (ssize_t i = 0; i < n; i++)
            assert_int_equal(got[i], byte);
    }
}

/* One is closed in the turn in which its bytes are submitted, or while they wait; the next one
 * stands at the door already and gets its number. Nobody hears what was meant for another. */
static void number_is_used_again_at_once(void **state)
{
    bool seen[NUMBERS] = {false};
    unsigned again = 0;
    house h;
    house_open(&h, KIND_OF(state), REUSES + 1);
    h.on_heard = expect_only;
    house_invite(&h);
    for (unsigned i = 0; i < REUSES; i++) {
        guest *old = &h.guests[i], *next = &h.guests[i + 1];
        char said[2] = {(char)('a' + i % 26), (char)('a' + (i + 1) % 26)};
        int number = number_of_other_end(old->fd);
        again += seen[number];
        seen[number] = true;
        write_many(old->stream, 'A' + (int)(i % 26), i % 2 == 0 ? 100 : 8 * 1024 * 1024);
        assert_int_equal(send(old->fd, &said[0], 1, MSG_NOSIGNAL), 1);
        next->fd = house_knock(&h);
        assert_int_equal(send(next->fd, &said[1], 1, MSG_NOSIGNAL), 1);
        for (unsigned turns = i % 3; turns > 0; turns--)
            house_turn(&h);
        vireo__stream_close(old->stream, 0);
        HOUSE_UNTIL(&h, next->heard == 1 && old->closed == 1);
        read_only(old->fd, 'A' + (int)(i % 26), true);
        read_only(next->fd, 'A' + (int)((i + 1) % 26), false);
        close(old->fd);
        old->fd = -1;
    }
    assert_true(again > REUSES / 2);
    house_close(&h);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* Reads, writes that wait, a connection that is being made and one at the door: the loop is freed
 * in the same breath. */
static void loop_is_freed_with_all_under_way(void **state)
{
    for (int turns = 0; turns < 4; turns++) {
        house h;
        house_open(&h, KIND_OF(state), 40);
        for (int i = 0; i < 30; i++)
            house_invite(&h);
        for (int i = 0; i < 30; i += 2)
            write_many(h.guests[i].stream, 'w', 8 * 1024 * 1024);
        for (int i = 0; i < 30; i += 3)
            assert_int_equal(send(h.guests[i].fd, "unheard", 7, MSG_NOSIGNAL), 7);
        for (int i = 0; i < turns; i++)
            house_turn(&h);
        int late = house_knock(&h);
        unsigned inside = h.count;
        vireo__listener_close(h.listener, on_house_gone);
        vireo__listener_close_streams(h.listener);
        vireo__loop_free(h.loop);
        assert_true(h.gone);
        for (unsigned i = 0; i < inside; i++) {
            assert_int_equal(h.guests[i].closed, 1);
            close(h.guests[i].fd);
        }
        close(late);
        free(h.guests);
    }
}

/* --- the bystander ---------------------------------------------------------------------------- */

static void only_third_echoes(house *h, guest *g, const uint8_t *bytes, size_t n)
{
    if (g == &h->guests[2])
        vireo__stream_write_copy(g->stream, bytes, n);
}

static void send_what_goes(int fd)
{
    static const char bytes[PIECE * 4];
    while (send(fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        continue;
}

/* The first floods, the second reads slowly what it is sent without end; the third gets its echo
 * within few turns, however much the others are up to. */
static void bystander_is_served_in_few_turns(void **state)
{
    static char sip[1000];
    unsigned longest = 0;
    char got;
    house h;
    house_open(&h, KIND_OF(state), 3);
    h.on_heard = only_third_echoes;
    for (int i = 0; i < 3; i++)
        house_invite(&h);
    for (int i = 0; i < BYSTANDER_ROUNDS || h.guests[0].heard < MUCH; i++) {
        unsigned turns = 0;
        assert_true(i < PATIENCE);
        assert_int_equal(send(h.guests[2].fd, "?", 1, 0), 1);
        do {
            send_what_goes(h.guests[0].fd);
            if (vireo__stream_queued(h.guests[1].stream) < MUCH / 2)
                write_many(h.guests[1].stream, 's', MUCH);
            (void)!recv(h.guests[1].fd, sip, sizeof sip, MSG_DONTWAIT);
            house_turn(&h);
            turns++;
        } while (recv(h.guests[2].fd, &got, 1, MSG_DONTWAIT) != 1 && turns < 1000);
        longest = turns > longest ? turns : longest;
    }
    if (longest > BYSTANDER_TURNS)
        fail_msg("the bystander waited for %u turns", longest);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(many_floods_at_once),
        ON_BOTH(all_have_something_to_say_in_one_turn),
        ON_BOTH(some_reset_while_all_are_written_to),
        ON_BOTH(number_is_used_again_at_once),
        ON_BOTH(loop_is_freed_with_all_under_way),
        ON_BOTH(bystander_is_served_in_few_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
