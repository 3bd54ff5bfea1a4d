/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* socketio_limits.c: how many events a socket may send: limits hit exactly and by one more, on a
 * clock that the test turns. */

#include "socketio_peer.h"

#include "socketio/inside.h"

typedef struct notes {
    vireo_app *app;
    vireo_ns *ns;
    int events;
    int any;
    int limited;
    int disconnects;
    char error[64];
    char name[64];
} notes;

static notes seen;

static void on_event(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    (void)m;
    seen.events++;
}

static void on_sync(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    vireo_ack(m, NULL);
}

static void on_any(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    (void)m;
    seen.any++;
}

static void on_error(vireo_socket *s, const char *text)
{
    (void)s;
    snprintf(seen.error, sizeof seen.error, "%s", text);
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    (void)s;
    (void)why;
    seen.disconnects++;
}

static void on_limit(vireo_socket *s, const vireo_msg *m)
{
    seen.limited++;
    snprintf(seen.name, sizeof seen.name, "%s", vireo_event(m));
    vireo_ack(m, "{error:%s}", "slow down");
    if (vireo_arg_count(m) > 0)
        vireo_disconnect(s, true);
}

static const vireo_event_handler events[] = {
    {"chat", on_event}, {"free", on_event}, {"sync", on_sync}, {0}};

static const vireo_event_limit limits[] = {
    {"chat", .per_second = 5, .burst = 10},
    {"rare", .per_second = 0.5},
    {"many", .per_second = 3.5},
    {"none", .per_second = 0},
    {0},
};

static vireo_ns_options options(void)
{
    return (vireo_ns_options){.size = sizeof(vireo_ns_options),
                              .events = events,
                              .limits = limits,
                              .on_any = on_any,
                              .on_error = on_error,
                              .on_disconnect = on_disconnect};
}

static vireo_socket *start(client *c, const vireo_ns_options *o)
{
    vireo_app *app = vireo_app_new();
    assert_non_null(vireo_socketio(app, .ping_interval_ms = 1000000000)); /* the clock is turned */
    seen = (notes){.app = peer_listen(app)};
    seen.ns = vireo_ns_create(app, "/", o);
    assert_non_null(seen.ns);
    assert_true(client_join(c, app, true));
    return vireo__container(seen.ns->list.next, vireo_socket, in_ns);
}

static void finish(client *c)
{
    client_close(c);
    vireo_app_free(seen.app);
}

/* Sends |packet| so often, and returns how many events were handled. */
static int handled(client *c, const char *packet, int times)
{
    int before = seen.events;
    for (int i = 0; i < times; i++)
        assert_true(client_send(c, packet));
    assert_true(client_send(c, "420[\"sync\"]"));
    assert_non_null(client_await(c, "430[]"));
    return seen.events - before;
}

static void later(uint64_t ms)
{
    vireo__loop_advance(vireo__app_loop(seen.app), ms);
}

/* --- one event -------------------------------------------------------------------------------- */

static void a_burst_and_then_what_refills(void **state)
{
    (void)state;
    client c;
    vireo_ns_options o = options();
    vireo_socket *s = start(&c, &o);
    assert_null(s->more);
    assert_int_equal(handled(&c, "42[\"free\"]", 50), 50);
    assert_null(s->more); /* nothing is held for who sends nothing that is limited */
    assert_int_equal(handled(&c, "42[\"chat\"]", 10), 10);
    assert_string_equal(seen.error, "");
    int any = seen.any;
    assert_int_equal(handled(&c, "42[\"chat\"]", 1), 0);
    assert_string_equal(seen.error, "too many events");
    assert_int_equal(seen.any, any + 1); /* of "sync" */
    assert_int_equal(handled(&c, "42[\"free\"]", 1), 1);
    later(10000); /* longer than it takes to refill */
    assert_int_equal(handled(&c, "42[\"chat\"]", 12), 10);
    finish(&c);
}

/* The time in which the test runs passes too: what must not be there yet is asked for at once. */
static void one_in_each_interval(void **state)
{
    (void)state;
    client c;
    vireo_ns_options o = options();
    static const vireo_event_limit slow[] = {{"chat", .per_second = 0.001, .burst = 2}, {0}};
    o.limits = slow;
    start(&c, &o);
    assert_int_equal(handled(&c, "42[\"chat\"]", 3), 2);
    later(900000);
    assert_int_equal(handled(&c, "42[\"chat\"]", 1), 0);
    later(100000);
    assert_int_equal(handled(&c, "42[\"chat\"]", 2), 1);
    later(1000000);
    assert_int_equal(handled(&c, "42[\"chat\"]", 2), 1);
    later(5000000); /* no more than the burst gathers */
    assert_int_equal(handled(&c, "42[\"chat\"]", 4), 2);
    finish(&c);
}

static void without_a_burst_it_is_what_a_second_allows(void **state)
{
    (void)state;
    client c;
    vireo_ns_options o = options();
    static const vireo_event_handler all[] = {
        {"rare", on_event}, {"many", on_event}, {"none", on_event}, {"sync", on_sync}, {0}};
    o.events = all;
    o.on_limit = on_limit;
    vireo_socket *s = start(&c, &o);
    assert_int_equal(handled(&c, "42[\"none\"]", 50), 50);
    assert_null(s->more);
    assert_int_equal(handled(&c, "42[\"rare\"]", 2), 1);
    assert_int_equal(handled(&c, "42[\"many\"]", 3), 3);
    finish(&c);
}

/* --- all events ------------------------------------------------------------------------------- */

static void all_events_together(void **state)
{
    (void)state;
    client c;
    vireo_ns_options o = options();
    o.limits = NULL;
    o.limit = (vireo_event_limit){.per_second = 0.001, .burst = 5};
    start(&c, &o);
    assert_int_equal(handled(&c, "42[\"free\"]", 4), 4); /* and "sync" */
    assert_string_equal(seen.error, "");
    for (int i = 0; i < 3; i++)
        assert_true(client_send(&c, "42[\"free\"]"));
    assert_true(client_send(&c, "41"));
    for (int i = 0; i < PEER_PATIENCE && seen.disconnects == 0; i++)
        client_wait(&c.main);
    assert_int_equal(seen.events, 4);
    assert_string_equal(seen.error, "too many events");
    finish(&c);
}

static void what_is_beyond_one_limit_counts_for_none(void **state)
{
    (void)state;
    client c;
    vireo_ns_options o = options();
    static const vireo_event_limit slow[] = {{"chat", .per_second = 0.001, .burst = 2}, {0}};
    o.limits = slow;
    o.limit = (vireo_event_limit){.per_second = 0.001, .burst = 6};
    start(&c, &o);
    assert_int_equal(handled(&c, "42[\"chat\"]", 20), 2); /* and "sync": 3 */
    assert_int_equal(handled(&c, "42[\"free\"]", 2), 2);  /* and "sync": 6 */
    assert_true(client_send(&c, "42[\"free\"]"));
    assert_true(client_send(&c, "41"));
    for (int i = 0; i < PEER_PATIENCE && seen.disconnects == 0; i++)
        client_wait(&c.main);
    assert_int_equal(seen.events, 4);
    finish(&c);
}

/* --- what happens then ------------------------------------------------------------------------ */

static void the_program_may_answer_instead(void **state)
{
    (void)state;
    client c;
    vireo_ns_options o = options();
    o.on_limit = on_limit;
    start(&c, &o);
    assert_int_equal(handled(&c, "42[\"chat\"]", 10), 10);
    assert_true(client_send(&c, "427[\"chat\"]"));
    assert_string_equal(client_take(&c), "437[{\"error\":\"slow down\"}]");
    assert_int_equal(seen.limited, 1);
    assert_string_equal(seen.name, "chat");
    assert_string_equal(seen.error, "");
    finish(&c);
}

static void or_disconnect(void **state)
{
    (void)state;
    client c;
    vireo_ns_options o = options();
    o.on_limit = on_limit;
    start(&c, &o);
    assert_int_equal(handled(&c, "42[\"chat\"]", 10), 10);
    for (int i = 0; i < 5; i++)
        assert_true(client_send(&c, "42[\"chat\",\"leave\"]"));
    assert_string_equal(client_take(&c), "41");
    assert_null(client_take(&c));
    assert_int_equal(seen.limited, 1);
    assert_int_equal(seen.disconnects, 1);
    finish(&c);
}

/* --- where ------------------------------------------------------------------------------------ */

static void each_socket_has_its_own_and_children_have_their_parents_limits(void **state)
{
    (void)state;
    client a, b;
    vireo_ns_options o = options();
    start(&a, &o);
    assert_non_null(vireo_ns_create_matching(seen.app, "^/child[0-9]$", &o));
    assert_true(client_join(&b, seen.app, true));
    assert_int_equal(handled(&a, "42[\"chat\"]", 11), 10);
    assert_int_equal(handled(&b, "42[\"chat\"]", 11), 10);
    assert_true(client_send(&a, "40/child1,"));
    assert_non_null(client_await(&a, "40/child1,"));
    assert_int_equal(handled(&a, "42/child1,[\"chat\"]", 11), 10);
    client_close(&b);
    finish(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_and_then_what_refills),
        cmocka_unit_test(one_in_each_interval),
        cmocka_unit_test(without_a_burst_it_is_what_a_second_allows),
        cmocka_unit_test(all_events_together),
        cmocka_unit_test(what_is_beyond_one_limit_counts_for_none),
        cmocka_unit_test(the_program_may_answer_instead),
        cmocka_unit_test(or_disconnect),
        cmocka_unit_test(each_socket_has_its_own_and_children_have_their_parents_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
