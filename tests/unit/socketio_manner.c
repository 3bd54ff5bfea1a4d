/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* socketio_manner.c: how events go to those that a target names: to one of them with flags (S10,
 * S11), only the newest of several. What needs a real client stands in
 * tests/interop/sending.test.mjs. */

#include "socketio_peer.h"

#include <vireo/client.h>
#include <vireo/error.h>

#include "socketio/inside.h"

typedef struct notes {
    vireo_app *app;
    vireo_ns *ns;
    int visits;
    int results;
    int status;
    char outgoing[64];
} notes;

static notes seen;

static void on_any_outgoing(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    snprintf(seen.outgoing, sizeof seen.outgoing, "%s", vireo_event(m));
}

static void start(void)
{
    vireo_app *app = vireo_app_new();
    seen = (notes){.app = peer_listen(app)};
    seen.ns = vireo_namespace(app, "/", .on_any_outgoing = on_any_outgoing);
    assert_non_null(seen.ns);
}

static void expect(client *c, const char *packet)
{
    const char *got = client_take(c);
    if (got == NULL || strcmp(got, packet) != 0)
        fail_msg("received %s, expected %s", got ? got : "the end", packet);
}

static vireo_socket *newest_socket(void)
{
    return vireo__container(seen.ns->list.prev, vireo_socket, in_ns);
}

static void count_visit(vireo_socket *s, void *user)
{
    assert_ptr_equal(s, user);
    seen.visits++;
}

static void on_results(vireo_ns *ns, int status, const vireo_value *results, void *user)
{
    (void)ns;
    (void)user;
    seen.results = (int)vireo_count(results);
    seen.status = status;
}

/* --- one -------------------------------------------------------------------------------------- */

static void a_target_may_be_one_socket(void **state)
{
    (void)state;
    client a, b;
    start();
    assert_true(client_join(&a, seen.app, true));
    vireo_socket *s = newest_socket();
    assert_true(client_join(&b, seen.app, true));
    assert_int_equal(vireo_broadcast(vireo_only(s), "one", "%d", 1), 1);
    /* whatever else is named */
    vireo_to to = {.only = s, .rooms = {"nobody"}, .except = {vireo_id(s)}, .but = s};
    assert_int_equal(vireo_broadcast(to, "two", NULL), 1);
    assert_string_equal(seen.outgoing, "two");
    assert_int_equal(vireo_broadcast(vireo_all(seen.ns), "all", NULL), 2);
    expect(&a, "42[\"one\",1]");
    expect(&a, "42[\"two\"]");
    expect(&a, "42[\"all\"]");
    expect(&b, "42[\"all\"]");
    client_close(&a);
    client_close(&b);
    vireo_app_free(seen.app);
}

static void what_is_done_to_many_can_be_done_to_one(void **state)
{
    (void)state;
    client a, b;
    start();
    assert_true(client_join(&a, seen.app, true));
    vireo_socket *s = newest_socket();
    assert_true(client_join(&b, seen.app, true));
    vireo_each((vireo_to){.only = s}, count_visit, s);
    assert_int_equal(seen.visits, 1);
    assert_int_equal(vireo_sockets_join((vireo_to){.only = s}, (const char *[]){"r", NULL}), 0);
    assert_int_equal(vireo_room_count(seen.ns, "r"), 1);
    assert_true(vireo_in_room(s, "r"));
    assert_int_equal(vireo_broadcast_ack(vireo_only(s), 1000, on_results, NULL, "q", NULL), 0);
    const char *question = client_await(&a, "420[\"q\"]");
    assert_non_null(question);
    assert_true(client_send(&a, "430[7]"));
    for (int i = 0; i < PEER_PATIENCE && seen.results == 0; i++)
        peer_turn(seen.app);
    assert_int_equal(seen.results, 1);
    assert_int_equal(seen.status, 0);
    assert_int_equal(vireo_disconnect_sockets(vireo_only(s), false), 0);
    assert_int_equal(vireo_ns_count(seen.ns), 1);
    client_close(&a);
    client_close(&b);
    vireo_app_free(seen.app);
}

static void mistakes_are_told(void **state)
{
    (void)state;
    client a;
    start();
    assert_true(client_join(&a, seen.app, true));
    vireo_to to = vireo_only(newest_socket());
    assert_int_equal(vireo_broadcast(to, "connect", NULL), VIREO_ERESERVED);
    assert_int_equal(vireo_broadcast_json(to, "a", "[", 1), VIREO_EJSON);
    assert_int_equal(vireo_broadcast((vireo_to){0}, "a", NULL), VIREO_EINVAL);
    client_close(&a);
    vireo_app_free(seen.app);
}

/* What asks several is not for the socket of a client. */
static void a_clients_own_socket_may_be_the_one(void **state)
{
    (void)state;
    vireo_app *app = vireo_app_new();
    vireo_socket *s = vireo_connect(app, "http://127.0.0.1:9");
    assert_non_null(s);
    vireo_to to = {.only = s, .flags = VIREO_VOLATILE};
    assert_int_equal(vireo_broadcast(to, "a", NULL), 0); /* it is not connected */
    assert_int_equal(vireo_broadcast_ack(to, 1000, on_results, NULL, "q", NULL), VIREO_EINVAL);
    assert_int_equal(vireo_fetch_sockets(to, 1000, on_results, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_sockets_join(to, (const char *[]){"r", NULL}), VIREO_EINVAL);
    vireo_app_free(app);
}

/* --- the newest ------------------------------------------------------------------------------- */

static void a_name_of_255_bytes_is_the_longest(void **state)
{
    (void)state;
    char name[257];
    client a;
    start();
    assert_true(client_join(&a, seen.app, false));
    memset(name, 'n', sizeof name);
    vireo_to to = {.only = newest_socket(), .newest = name};
    name[256] = '\0';
    assert_int_equal(vireo_broadcast(to, "a", NULL), VIREO_EINVAL);
    name[255] = '\0';
    assert_int_equal(vireo_broadcast(to, "a", NULL), 1);
    assert_int_equal(vireo_broadcast(to, "b", NULL), 1);
    name[254] = '\0';
    assert_int_equal(vireo_broadcast(to, "c", NULL), 1);
    expect(&a, "42[\"b\"]");
    expect(&a, "42[\"c\"]");
    client_close(&a);
    vireo_app_free(seen.app);
}

static void each_namespace_has_its_own_names(void **state)
{
    (void)state;
    client a;
    start();
    vireo_ns *other = vireo_namespace(seen.app, "/other");
    assert_true(client_join(&a, seen.app, false));
    assert_true(client_send(&a, "40/other,"));
    assert_non_null(client_await(&a, "40/other,"));
    assert_int_equal(vireo_broadcast((vireo_to){.ns = seen.ns, .newest = "n"}, "a", NULL), 1);
    assert_int_equal(vireo_broadcast((vireo_to){.ns = other, .newest = "n"}, "b", NULL), 1);
    expect(&a, "42[\"a\"]");
    expect(&a, "42/other,[\"b\"]");
    client_close(&a);
    vireo_app_free(seen.app);
}

/* What waits costs no more, however often it is replaced. */
static void memory_is_bounded_by_the_names(void **state)
{
    (void)state;
    static char text[1001];
    client a;
    start();
    memset(text, 'x', sizeof text - 1);
    assert_true(client_join(&a, seen.app, false));
    vireo_to to = {.only = newest_socket(), .newest = "n"};
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(vireo_broadcast(to, "a", "%s", text), 1);
        assert_int_equal(vireo_queued(to.only), 1010);
    }
    client_close(&a);
    vireo_app_free(seen.app);
}

/* --- who is gone ------------------------------------------------------------------------------ */

static void say_good_bye(vireo_socket *s, const vireo_disconnect_info *why)
{
    (void)why;
    seen.status = vireo_broadcast(vireo_only(s), "too late", NULL);
}

static void nobody_is_reached_who_is_going(void **state)
{
    (void)state;
    client a;
    start();
    seen.ns->options.on_disconnecting = say_good_bye;
    seen.status = -1;
    assert_true(client_join(&a, seen.app, true));
    vireo_disconnect(newest_socket(), false);
    assert_int_equal(seen.status, 0);
    expect(&a, "41");
    client_close(&a);
    vireo_app_free(seen.app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_target_may_be_one_socket),
        cmocka_unit_test(what_is_done_to_many_can_be_done_to_one),
        cmocka_unit_test(mistakes_are_told),
        cmocka_unit_test(a_clients_own_socket_may_be_the_one),
        cmocka_unit_test(a_name_of_255_bytes_is_the_longest),
        cmocka_unit_test(each_namespace_has_its_own_names),
        cmocka_unit_test(memory_is_bounded_by_the_names),
        cmocka_unit_test(nobody_is_reached_who_is_going),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
