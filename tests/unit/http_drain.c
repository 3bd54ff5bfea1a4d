/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* The slow end of an application (O04): how many clients leave, and when; and what comes after. */

#include "http_peer.h"

/* On the tests' clock, so long that the time that really passes does not count. */
enum { QUARTER_MS = 4000000, WINDOW_MS = 4 * QUARTER_MS, STEP_MS = 20000, PATIENCE_MS = 100000 };
enum { LINGER_MS = 250 }; /* of drain.c */

/* A crowd of clients, some of whom never leave. */
typedef struct crowd {
    vireo__part part;
    size_t open, stubborn;
    int counted;
} crowd;

static size_t drain(void *owner, size_t keep)
{
    crowd *c = owner;
    c->counted += keep == SIZE_MAX;
    if (c->open > keep)
        c->open = keep;
    return c->open + c->stubborn;
}

static void on_stop(vireo_app *app, void *user)
{
    (void)app;
    ++*(int *)user;
}

typedef struct fixture {
    vireo_app *app;
    crowd few, many;
    int stopped;
} fixture;

static void open_fixture(fixture *f, size_t few, size_t many)
{
    *f = (fixture){.few.open = few, .many.open = many};
    f->app = peer_listen(vireo_app_new(.stop_timeout_ms = PATIENCE_MS));
    f->few.part = (vireo__part){.owner = &f->few, .drain = drain};
    f->many.part = (vireo__part){.owner = &f->many, .drain = drain};
    vireo__app_add_part(f->app, &f->few.part);
    vireo__app_add_part(f->app, &f->many.part);
    vireo_on_stop(f->app, on_stop, &f->stopped);
}

static void pass(const fixture *f, uint64_t ms)
{
    for (; ms >= STEP_MS; ms -= STEP_MS)
        peer_advance(f->app, STEP_MS);
    peer_advance(f->app, ms);
}

/* All have left; what they have sent before is still answered. */
static void assert_stops_after_a_moment(const fixture *f)
{
    peer_settle(f->app);
    assert_int_equal(f->stopped, 0);
    pass(f, LINGER_MS - 1);
    peer_settle(f->app);
    assert_int_equal(f->stopped, 0);
    pass(f, 1);
    peer_settle(f->app);
    assert_int_equal(f->stopped, 1);
}

static void they_leave_evenly(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f, 8, 200);
    assert_false(vireo_draining(f.app));
    assert_int_equal(vireo_drain(f.app, WINDOW_MS), 0);
    assert_true(vireo_draining(f.app));
    assert_int_equal(f.few.open + f.many.open, 208); /* nobody inside the call */
    for (size_t quarter = 1; quarter <= 4; quarter++) {
        assert_int_equal(f.stopped, 0);
        pass(&f, QUARTER_MS);
        assert_int_equal(f.few.open, 8 - 2 * quarter);
        assert_int_equal(f.many.open, 200 - 50 * quarter);
    }
    assert_int_equal(f.few.counted, 1);
    assert_stops_after_a_moment(&f);
    vireo_app_free(f.app);
}

static void whoever_left_before_is_not_asked_for_again(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f, 0, 100);
    vireo_drain(f.app, WINDOW_MS);
    f.many.open = 60; /* by themselves */
    pass(&f, QUARTER_MS);
    assert_int_equal(f.many.open, 60);
    pass(&f, QUARTER_MS);
    assert_int_equal(f.many.open, 50);
    vireo_app_free(f.app);
}

static void it_is_over_when_all_have_left(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f, 0, 10);
    vireo_drain(f.app, WINDOW_MS);
    pass(&f, QUARTER_MS);
    assert_int_equal(f.stopped, 0);
    f.many.open = 0;
    pass(&f, STEP_MS);
    assert_stops_after_a_moment(&f);
    vireo_app_free(f.app);
}

static void who_never_leaves_is_not_waited_for(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f, 0, 4);
    f.few.stubborn = 1;
    vireo_drain(f.app, WINDOW_MS);
    pass(&f, WINDOW_MS + PATIENCE_MS - STEP_MS);
    peer_settle(f.app);
    assert_int_equal(f.many.open, 0);
    assert_int_equal(f.stopped, 0);
    pass(&f, STEP_MS);
    peer_settle(f.app);
    assert_int_equal(f.stopped, 1);
    vireo_app_free(f.app);
}

static void a_window_of_nothing_is_one_step(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f, 3, 100000);
    vireo_drain(f.app, 0);
    assert_int_equal(f.many.open, 100000);
    pass(&f, STEP_MS);
    assert_int_equal(f.many.open + f.few.open, 0);
    vireo_app_free(f.app);
}

static void it_begins_once_and_gives_way_to_the_end(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f, 0, 4);
    assert_int_equal(vireo_drain(f.app, WINDOW_MS), 0);
    assert_int_equal(vireo_drain(f.app, WINDOW_MS), VIREO_ECLOSED);
    vireo_stop(f.app);
    pass(&f, QUARTER_MS);
    assert_int_equal(f.stopped, 1);
    assert_int_equal(f.many.open, 4);
    vireo_app_free(f.app);

    open_fixture(&f, 0, 4);
    vireo_stop(f.app);
    assert_int_equal(vireo_drain(f.app, WINDOW_MS), VIREO_ECLOSED);
    vireo_app_free(f.app);
}

static int say_hello(vireo_req *r)
{
    return vireo_reply_text(r, 200, vireo_draining(vireo_req_app(r)) ? "leaving" : "hello");
}

static void plain_requests_are_answered(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f, 0, 4);
    vireo_route(f.app, "GET", "/", say_hello, NULL);
    vireo_drain(f.app, WINDOW_MS);
    peer p = peer_open(f.app); /* a new connection, too */
    peer_send(&p, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    peer_expect(&p, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
                    "Content-Length: 7\r\n\r\nleaving");
    peer_close(&p);
    vireo_app_free(f.app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_leave_evenly),
        cmocka_unit_test(whoever_left_before_is_not_asked_for_again),
        cmocka_unit_test(it_is_over_when_all_have_left),
        cmocka_unit_test(who_never_leaves_is_not_waited_for),
        cmocka_unit_test(a_window_of_nothing_is_one_step),
        cmocka_unit_test(it_begins_once_and_gives_way_to_the_end),
        cmocka_unit_test(plain_requests_are_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
