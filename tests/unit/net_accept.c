/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* Connections for which there is no descriptor: they wait, nobody is turned away, the loop sleeps
 * meanwhile, and they are accepted as soon as there is one. */

#include <fcntl.h>
#include <sys/resource.h>

#include "streams_fixture.h"

enum { CROWD = 20, FIT = 3 };

typedef struct shortage {
    house h;
    int lines; /* of the log */
} shortage;

static void count_line(void *user, vireo_level level, const char *area, const char *text)
{
    assert_int_equal(level, VIREO_WARN);
    assert_string_equal(area, "net");
    assert_non_null(strstr(text, "wait"));
    ++*(int *)user;
}

static void allow_descriptors(rlim_t count)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = count < limit.rlim_max ? count : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Returns a limit that leaves |count| free. */
static rlim_t limit_for(int count)
{
    int fd = 0;
    for (; count > 0; fd++)
        count -= fcntl(fd, F_GETFD) < 0;
    return (rlim_t)fd;
}

/* One is inside; a crowd stands at the door, and a few of them have room. */
static void begin(shortage *s, vireo_io_kind io)
{
    house_open(&s->h, io, 1 + CROWD);
    s->h.echo = true;
    s->lines = 0;
    s->h.loop->log = (vireo__log){count_line, &s->lines};
    house_invite(&s->h);
    for (int i = 1; i <= CROWD; i++)
        s->h.guests[i].fd = house_knock(&s->h);
    allow_descriptors(limit_for(FIT));
    HOUSE_UNTIL(&s->h, s->h.count == 1 + FIT);
}

static bool would_sleep(house *h)
{
    struct pollfd fd = {.fd = uv_backend_fd(h->loop->uv), .events = POLLIN};
    return uv_backend_timeout(h->loop->uv) != 0 && poll(&fd, 1, 0) == 0;
}

static void finish(shortage *s)
{
    allow_descriptors(RLIM_INFINITY);
    house_close(&s->h);
}

static void loop_sleeps_while_they_wait(void **state)
{
    shortage s;
    int slept = 0;
    begin(&s, KIND_OF(state));
    for (int i = 0; i < 3; i++)
        house_turn(&s.h); /* what is under way */
    for (int i = 0; i < 10; i++) {
        house_turn(&s.h);
        assert_int_equal(s.h.count, 1 + FIT);
        slept += would_sleep(&s.h);
    }
    assert_true(slept >= 8); /* a turn that comes late looks again */
    house_expect_echo(&s.h, s.h.guests[0].fd, "those inside are served");
    assert_int_equal(s.lines, 1);
    finish(&s);
}

/* Each that goes makes room for the next, at once and not some time later. */
static void all_come_in_one_after_the_other(void **state)
{
    shortage s;
    begin(&s, KIND_OF(state));
    for (unsigned i = 1; i <= CROWD; i++) {
        HOUSE_UNTIL(&s.h, s.h.count > i);
        house_expect_echo(&s.h, s.h.guests[i].fd, "I was not turned away");
        vireo__stream_close(s.h.guests[i].stream, 0);
        HOUSE_UNTIL(&s.h, s.h.guests[i].closed == 1);
    }
    assert_int_equal(s.lines, 1);
    finish(&s);
}

static void descriptors_may_come_from_elsewhere(void **state)
{
    shortage s;
    begin(&s, KIND_OF(state));
    allow_descriptors(RLIM_INFINITY);
    vireo__loop_advance(s.h.loop, VIREO__ACCEPT_PAUSE_MS);
    HOUSE_UNTIL(&s.h, s.h.count == 1 + CROWD);
    for (int i = 0; i <= CROWD; i++)
        house_expect_echo(&s.h, s.h.guests[i].fd, "we waited");
    assert_int_equal(s.lines, 1);
    finish(&s);
}

static void listener_is_closed_while_they_wait(void **state)
{
    shortage s;
    begin(&s, KIND_OF(state));
    finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(loop_sleeps_while_they_wait),
        ON_BOTH(all_come_in_one_after_the_other),
        ON_BOTH(descriptors_may_come_from_elsewhere),
        ON_BOTH(listener_is_closed_while_they_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
