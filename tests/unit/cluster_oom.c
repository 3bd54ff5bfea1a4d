/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* cluster_oom.c: every n-th allocation fails once while two servers tell each other something, and
 * once while a server joins them. Nothing crashes or leaks; what was begun ends, once; what was not
 * begun says so; and the next time all goes well. */

#include "oom.h"

#include "loopback.h"
#include "socketio_peer.h"

#include <vireo/error.h>

#include "socketio/inside.h"

/* --- two servers ------------------------------------------------------------------------------ */

static struct {
    uv_loop_t uv;
    loopback *hub;
    loopback_server places[2];
    vireo_app *apps[2];
    vireo_ns *ns[2];
    client client; /* of the second one */
    int results;
    int status;
} world;

static void on_question(vireo_ns *ns, const vireo_msg *m)
{
    (void)ns;
    vireo_ack(m, "%p", (const void *)vireo_arg(m, 0));
}

static const vireo_server_handler server_events[] = {{"q", on_question}, {0}};

static void see(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    (void)m;
}

static void ignore_line(void *user, vireo_level level, const char *area, const char *text)
{
    (void)user;
    (void)level;
    (void)area;
    (void)text;
}

static vireo_ns *join_cluster(int i)
{
    world.places[i] = (loopback_server){world.hub, i};
    return vireo_namespace(world.apps[i], "/", .adapter = loopback_adapter,
                           .adapter_user = &world.places[i], .server_events = server_events,
                           .on_any_outgoing = see);
}

static void open_world(void)
{
    static const vireo__cluster_options defaults;
    world.results = 0;
    uv_loop_init(&world.uv);
    world.hub = loopback_new(&defaults);
    for (int i = 0; i < 2; i++) {
        world.apps[i] = peer_listen(vireo_app_new(.uv_loop = &world.uv, .log = ignore_line));
        world.ns[i] = join_cluster(i);
        assert_non_null(world.ns[i]);
    }
    assert_true(client_join(&world.client, world.apps[1], true));
    peer_settle(world.apps[0]);
}

static void close_world(void)
{
    client_close(&world.client);
    vireo_app_free(world.apps[0]);
    vireo_app_free(world.apps[1]);
    uv_run(&world.uv, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&world.uv), 0);
    loopback_free(world.hub);
}

/* --- what one of them asks -------------------------------------------------------------------- */

static void on_results(vireo_ns *ns, int status, const vireo_value *results, void *user)
{
    (void)ns;
    (void)user;
    world.results++;
    world.status = status == 0 && vireo_count(results) != 1 ? VIREO_EPROTO : status;
}

static int server_ask(void)
{
    return vireo_server_side_emit_ack(world.ns[0], 0, on_results, NULL, "q", "%p",
                                      vireo_binary("abc", 3));
}

static int fetch(void)
{
    return vireo_fetch_sockets(vireo_all(world.ns[0]), 0, on_results, NULL);
}

static int ask_all(void)
{
    return vireo_broadcast_ack(vireo_all(world.ns[0]), 0, on_results, NULL, "q", "%p",
                               vireo_binary("abc", 3));
}

/* Others may miss what nobody waits for, and only the next time tells. */
static int tell(void)
{
    vireo_to some = {.ns = world.ns[0],
                     .rooms = {"r"},
                     .except = {"x"},
                     .more_rooms = (const char *[]){"7", NULL}};
    vireo_broadcast(some, "news", "%p", vireo_binary("abc", 3));
    vireo_sockets_join(vireo_all(world.ns[0]), (const char *[]){"r", NULL});
    vireo_sockets_leave(some, (const char *[]){"r", NULL});
    vireo_disconnect_sockets(some, false);
    return fetch();
}

/* The client's answer, without its connection. */
static void answer(void)
{
    static const char text[] = "[1]";
    vireo_ns *ns = world.ns[1];
    vireo_value *args = vireo_parse(text, strlen(text), NULL);
    for (vireo__list *at = ns->list.next, *next; at != &ns->list; at = next) {
        next = at->next;
        vireo__ack_received(vireo__container(at, vireo_socket, in_ns), vireo__str_of("0"), args);
    }
    vireo_value_free(args);
}

/* Returns whether the |n|-th allocation was reached. */
static bool try(int (*ask)(void), int n)
{
    open_world();
    oom_fail_at(n);
    int error = ask();
    peer_settle(world.apps[0]);
    answer();
    peer_settle(world.apps[0]);
    bool failed = oom_failed();
    vireo__loop_advance(vireo__app_loop(world.apps[0]), 5000);
    assert_int_equal(world.results, error == 0);
    if (!failed)
        assert_true(error == 0 && world.status == 0);
    world.results = 0;
    if (failed && world.ns[1]->sockets.len == 1) { /* it was not thrown out */
        assert_int_equal(fetch(), 0);
        peer_settle(world.apps[0]);
        assert_true(world.results == 1 && world.status == 0);
    }
    close_world();
    return failed;
}

static void try_all(int (*ask)(void))
{
    int n = 1;
    while (try(ask, n))
        n++;
    assert_true(n > 20);
}

static void test_servers_are_asked(void **state)
{
    (void)state;
    try_all(server_ask);
}

static void test_sockets_are_fetched(void **state)
{
    (void)state;
    try_all(fetch);
}

static void test_clients_are_asked(void **state)
{
    (void)state;
    try_all(ask_all);
}

static void test_what_nobody_waits_for(void **state)
{
    (void)state;
    try_all(tell);
}

/* --- a server that joins ---------------------------------------------------------------------- */

static void test_joining(void **state)
{
    bool failed = true;
    (void)state;
    for (int n = 1; failed; n++) {
        open_world();
        vireo_app *third = vireo_app_new(.uv_loop = &world.uv);
        loopback_server place = {world.hub, 2};
        oom_fail_at(n);
        vireo_ns *ns =
            vireo_namespace(third, "/", .adapter = loopback_adapter, .adapter_user = &place);
        peer_settle(world.apps[0]);
        failed = oom_failed();
        assert_true(ns != NULL || failed);
        vireo_app_free(third);
        close_world();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_servers_are_asked), cmocka_unit_test(test_sockets_are_fetched),
        cmocka_unit_test(test_clients_are_asked), cmocka_unit_test(test_what_nobody_waits_for),
        cmocka_unit_test(test_joining),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
