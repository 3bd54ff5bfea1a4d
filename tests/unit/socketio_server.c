/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* socketio_server.c: what clients and handlers can do to a server that no well-behaved client does:
 * limits hit exactly and by one more, guards that ask and look around, names that are none. What
 * needs a real client stands in tests/interop; reentrancy in socketio_callbacks.c. */

#include "socketio_peer.h"

#include <vireo/error.h>

#include "socketio/inside.h"

typedef struct notes {
    vireo_app *app;
    vireo_ns *ns;
    int connects;
    int disconnects;
    int answers;
    int status;
    int events;
    int others;
    char name[64];
    char reason[64];
    char description[64];
    int (*guard)(vireo_socket *s, const vireo_value *auth);
} notes;

static notes seen;

static int guard(vireo_socket *s, const vireo_value *auth)
{
    /* who is gone does not stay until the end of the turn: a payload can bring thousands */
    assert_true(vireo__list_empty(&vireo_ns_of(s)->io->graveyard));
    return seen.guard != NULL ? seen.guard(s, auth) : 0;
}

static void on_connect(vireo_socket *s)
{
    (void)s;
    seen.connects++;
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    (void)s;
    seen.disconnects++;
    snprintf(seen.reason, sizeof seen.reason, "%s", why->reason);
    snprintf(seen.description, sizeof seen.description, "%s", why->description);
}

static void on_event(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    seen.events++;
    snprintf(seen.name, sizeof seen.name, "%s", vireo_event(m));
    vireo_ack(m, NULL);
}

static void on_other(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    (void)m;
    seen.others++;
}

static const vireo_event_handler events[] = {{"a", on_event}, {0}};

static void start_with(vireo_app *app)
{
    seen = (notes){.app = peer_listen(app)};
    seen.ns = vireo_namespace(app, "/", .data_size = 100, .guard = guard, .on_connect = on_connect,
                              .on_disconnect = on_disconnect, .on_any = on_other, .events = events);
    assert_non_null(seen.ns);
}

static void start(void)
{
    start_with(vireo_app_new());
}

#define START(...)                                                                                 \
    do {                                                                                           \
        vireo_app *app_ = vireo_app_new();                                                         \
        assert_non_null(vireo_socketio(app_, __VA_ARGS__));                                        \
        start_with(app_);                                                                          \
    } while (0)

static void finish(client *c)
{
    if (c != NULL)
        client_close(c);
    vireo_app_free(seen.app);
    assert_int_equal(seen.connects, seen.disconnects);
}

static void expect(client *c, const char *packet)
{
    const char *got = client_take(c);
    if (got == NULL || strcmp(got, packet) != 0)
        fail_msg("received %s, expected %s", got ? got : "the end", packet);
}

/* --- guards ----------------------------------------------------------------------------------- */

static void on_answer(vireo_socket *s, int status, const vireo_value *args, void *user)
{
    assert_ptr_equal(user, &seen);
    assert_null(args);
    assert_false(vireo_connected(s));
    seen.answers++;
    seen.status = status;
}

static int ask_and_refuse(vireo_socket *s, const vireo_value *auth)
{
    (void)auth;
    assert_int_equal(vireo_emit_ack(s, 1000, on_answer, &seen, "q", NULL), 0);
    assert_int_equal(vireo_emit_ack(s, 0, on_answer, &seen, "q", NULL), 0);
    assert_int_equal(seen.answers, 0);
    return vireo_refuse(s, "no", NULL);
}

static void questions_of_a_guard_end_with_its_refusal(void **state)
{
    (void)state;
    client c;
    start();
    seen.guard = ask_and_refuse;
    assert_true(client_open(&c, seen.app, true, ""));
    client_send(&c, "40");
    expect(&c, "420[\"q\"]");
    expect(&c, "421[\"q\"]");
    expect(&c, "44{\"message\":\"no\"}");
    assert_int_equal(seen.answers, 2);
    assert_int_equal(seen.status, VIREO_ECLOSED);
    peer_advance(seen.app, 2000);
    assert_int_equal(seen.answers, 2);
    finish(&c);
}

static void count(vireo_socket *s, void *user)
{
    assert_true(vireo_connected(s));
    ++*(int *)user;
}

static int join_and_refuse(vireo_socket *s, const vireo_value *auth)
{
    (void)auth;
    assert_int_equal(vireo_join(s, "room"), 0);
    assert_true(vireo_in_room(s, "room"));
    return vireo_refuse(s, "no", NULL);
}

/* "socket leaves rooms it joined" */
static void who_is_refused_leaves_the_rooms_of_its_guard(void **state)
{
    static client c;
    (void)state;
    start();
    seen.guard = join_and_refuse;
    assert_true(client_open(&c, seen.app, true, ""));
    assert_true(client_send(&c, "40"));
    expect(&c, "44{\"message\":\"no\"}");
    assert_int_equal(vireo_room_count(seen.ns, "room"), 0);
    finish(&c);
}

static int join_and_look_around(vireo_socket *s, const vireo_value *auth)
{
    int met = 0;
    (void)auth;
    assert_int_equal(vireo_join(s, "room"), 0);
    vireo_each(vireo_room(s, "room"), count, &met);
    assert_int_equal(met, seen.connects);
    assert_int_equal(vireo_broadcast(vireo_room(s, "room"), "n", NULL), seen.connects);
    assert_int_equal(vireo_room_count(vireo_ns_of(s), "room"), seen.connects + 1);
    return 0;
}

static void who_is_not_admitted_yet_is_not_reached(void **state)
{
    (void)state;
    client c[3];
    start();
    seen.guard = join_and_look_around;
    for (int i = 0; i < 3; i++) {
        assert_true(client_open(&c[i], seen.app, true, ""));
        client_send(&c[i], "40");
        assert_int_equal(strncmp(client_take(&c[i]), "40{", 3), 0);
    }
    expect(&c[0], "42[\"n\"]");
    expect(&c[0], "42[\"n\"]");
    expect(&c[1], "42[\"n\"]");
    for (int i = 0; i < 3; i++)
        client_close(&c[i]);
    finish(NULL);
}

static int refuse_odd(vireo_socket *s, const vireo_value *auth)
{
    return vireo_get(auth, "odd") ? vireo_refuse(s, "odd", NULL) : 0;
}

/* guard() checks that none of them is kept. */
static void sockets_of_one_payload_are_freed_as_they_end(void **state)
{
    (void)state;
    client c;
    start();
    seen.guard = refuse_odd;
    assert_true(client_open(&c, seen.app, false, ""));
    client_send(&c, "40\x1e"
                    "41\x1e"
                    "40{\"odd\":1}\x1e"
                    "40{\"odd\":1}\x1e"
                    "40\x1e"
                    "41\x1e"
                    "40");
    assert_int_equal(seen.connects, 3);
    finish(&c);
}

/* --- names ------------------------------------------------------------------------------------ */

static void a_room_without_a_name_has_nobody_in_it(void **state)
{
    (void)state;
    client c;
    start();
    assert_true(client_join(&c, seen.app, true));
    vireo_socket *s = vireo__container(seen.ns->list.next, vireo_socket, in_ns);
    assert_int_equal(vireo_join(s, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_leave(s, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_join(s, ""), VIREO_EINVAL);
    assert_false(vireo_in_room(s, NULL));
    assert_int_equal(vireo_room_count(seen.ns, NULL), 0);
    assert_null(vireo_find(seen.ns, NULL));
    assert_int_equal(vireo_broadcast(vireo_room(s, NULL), "n", NULL), 0);
    assert_int_equal(vireo_broadcast(vireo_ns_room(seen.ns, NULL), "n", NULL), 0);
    assert_int_equal(vireo_broadcast(vireo_room_others(s, NULL), "n", NULL), 0);
    assert_int_equal(vireo_broadcast(vireo_all(seen.ns), "n", NULL), 1);
    finish(&c);
}

/* S02: a name is compared as a whole. */
static void a_name_with_a_nul_is_not_what_stands_before_it(void **state)
{
    (void)state;
    client c;
    start();
    assert_true(client_join(&c, seen.app, true));
    client_send(&c, "421[\"a\\u0000b\"]");
    client_send(&c, "422[\"a\"]");
    expect(&c, "432[]");
    assert_int_equal(seen.events, 1);
    assert_int_equal(seen.others, 2);
    finish(&c);
}

static int check_query(vireo_socket *s, const vireo_value *auth)
{
    (void)auth;
    assert_string_equal(vireo_handshake_query(s, "q"), "la st");
    assert_string_equal(vireo_handshake_query(s, "a b"), "");
    assert_null(vireo_handshake_query(s, "c"));
    return 0;
}

/* N11 */
static void the_last_of_repeated_query_names_counts(void **state)
{
    (void)state;
    client c;
    start();
    seen.guard = check_query;
    assert_true(client_open(&c, seen.app, false, "&q=first&a%20b&q=la+st"));
    client_send(&c, "40");
    assert_int_equal(seen.connects, 1);
    finish(&c);
}

/* --- limits ----------------------------------------------------------------------------------- */

static void the_values_of_a_packet_are_limited(void **state)
{
    (void)state;
    client c;
    START(.max_values = 5);
    assert_true(client_join(&c, seen.app, true));
    client_send(&c, "421[\"a\",1,2,3]");
    expect(&c, "431[]");
    client_send(&c, "422[\"a\",{\"b\":1},2]");
    assert_null(client_take(&c));
    assert_int_equal(seen.events, 1);
    peer_until(seen.app, &seen.disconnects, 1);
    assert_string_equal(seen.reason, "forced close");
    assert_string_equal(seen.description, "too many values");
    finish(&c);
}

/* A million bytes of nothing but numbers are more than a quarter of a million values. */
static void the_values_of_a_packet_are_limited_from_the_start(void **state)
{
    (void)state;
    start();
    assert_int_equal(seen.ns->io->options.max_values, 250000);
    finish(NULL);
    START(.max_message_bytes = 1000);
    assert_int_equal(seen.ns->io->options.max_values, 100000);
    finish(NULL);
}

static void the_auth_of_a_connection_is_limited(void **state)
{
    (void)state;
    client c;
    char packet[200];
    START(.max_auth_bytes = 200);
    assert_non_null(vireo_namespace(seen.app, "/two"));
    assert_true(client_open(&c, seen.app, true, ""));
    /* an object, a key and a string: 72, their texts 2 and 126 */
    snprintf(packet, sizeof packet, "40{\"a\":\"%0125d\"}", 0);
    client_send(&c, packet);
    assert_non_null(client_await(&c, "40{"));
    client_send(&c, "40/two,{\"a\":1}");
    expect(&c, "44/two,{\"message\":\"Too much auth\"}");
    client_send(&c, "40/two,");
    assert_non_null(client_await(&c, "40/two,{"));
    client_send(&c, "41/two,");
    client_send(&c, "41");
    snprintf(packet, sizeof packet, "40{\"a\":\"%0126d\"}", 0);
    client_send(&c, packet);
    expect(&c, "44{\"message\":\"Too much auth\"}");
    packet[strlen(packet) - 3] = '"';
    packet[strlen(packet) - 2] = '}';
    packet[strlen(packet) - 1] = '\0';
    client_send(&c, packet);
    assert_non_null(client_await(&c, "40{"));
    finish(&c);
}

/* A part of a message that stands in many places would be sent as often by who passes it on. */
static void placeholders_are_not_more_than_attachments(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int events;
    } cases[] = {
        {"451-[\"a\",{\"_placeholder\":true,\"num\":0}]", 1},
        {"451-[\"a\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":0}]", 0},
    };
    for (size_t i = 0; i < 2; i++) {
        client c;
        start();
        assert_true(client_join(&c, seen.app, true));
        client_send(&c, cases[i].text);
        client_send_binary(&c);
        client_send(&c, "429[\"a\"]");
        assert_true((client_await(&c, "439[]") != NULL) == (cases[i].events == 1));
        assert_int_equal(seen.events, 2 * cases[i].events);
        finish(&c);
    }
}

static void sessions_are_as_many_as_connections_may_be(void **state)
{
    (void)state;
    client c[4];
    start_with(vireo_app_new(.max_connections = 3));
    assert_true(client_open(&c[0], seen.app, true, ""));
    peer_close(&c[0].post);
    for (int i = 0; i < 2; i++) {
        assert_true(client_open(&c[1], seen.app, false, ""));
        client_close(&c[1]);
        peer_settle(seen.app);
    }
    assert_int_equal(vireo__eio_server_count(seen.ns->io->engine), 3);
    assert_false(client_open(&c[2], seen.app, false, ""));
    client_close(&c[2]);
    peer_settle(seen.app);
    assert_false(client_open(&c[3], seen.app, true, ""));
    client_close(&c[3]);
    finish(&c[0]);
}

static void packets_that_wait_for_a_poll_are_limited(void **state)
{
    (void)state;
    client c;
    start_with(vireo_app_new(.max_queued_bytes = 40000));
    assert_true(client_join(&c, seen.app, false));
    for (int i = 0; i < 1250; i++)
        assert_int_equal(vireo_broadcast(vireo_all(seen.ns), "n", NULL), 1);
    assert_int_equal(vireo_broadcast(vireo_all(seen.ns), "n", NULL), 0);
    peer_settle(seen.app);
    assert_int_equal(seen.disconnects, 1);
    finish(&c);
}

/* --- volatile events (S10) -------------------------------------------------------------------- */

static int emit_volatile(vireo_socket *s, const char *event)
{
    vireo_to to = {.ns = seen.ns, .rooms = {vireo_id(s)}, .flags = VIREO_VOLATILE};
    return vireo_broadcast(to, event, NULL);
}

static void a_volatile_event_is_dropped_for_who_has_no_poll_pending(void **state)
{
    (void)state;
    client c;
    start();
    assert_true(client_join(&c, seen.app, false));
    vireo_socket *s = vireo__container(seen.ns->list.next, vireo_socket, in_ns);
    assert_int_equal(emit_volatile(s, "lost"), 0);
    client_poll(&c);
    for (int i = 0; i < PEER_PATIENCE && !vireo_writable(s); i++)
        peer_turn(seen.app);
    assert_int_equal(emit_volatile(s, "seen"), 1);
    expect(&c, "42[\"seen\"]");
    finish(&c);
}

static void a_volatile_event_is_dropped_for_who_does_not_read(void **state)
{
    (void)state;
    static char text[100000];
    client c;
    start();
    memset(text, 'x', sizeof text - 1);
    assert_true(client_join(&c, seen.app, true));
    vireo_socket *s = vireo__container(seen.ns->list.next, vireo_socket, in_ns);
    for (int i = 0; i < 150 && vireo_writable(s); i++) {
        assert_int_equal(vireo_emit(s, "x", "%s", text), 0);
        peer_turn(seen.app);
    }
    assert_false(vireo_writable(s));
    assert_int_equal(emit_volatile(s, "lost"), 0);
    finish(&c);
}

/* --- set-up ----------------------------------------------------------------------------------- */

/* What a program knows that was compiled with an older header. */
static void shorter_options_have_defaults_for_the_rest(void **state)
{
    (void)state;
    const size_t known = offsetof(vireo_ns_options, on_disconnecting);
    vireo_ns_options *o = malloc(known);
    vireo_app *app = vireo_app_new();
    client c;
    memset(o, 0, known);
    o->size = known;
    o->on_connect = on_connect;
    seen = (notes){.app = peer_listen(app)};
    assert_non_null(vireo_ns_create(app, "/", o));
    free(o);
    assert_true(client_join(&c, app, true));
    assert_int_equal(seen.connects, 1);
    seen.disconnects = 1;
    finish(&c);
}

static void a_cookie_that_cannot_be_is_refused(void **state)
{
    (void)state;
    const vireo_cookie_options none = {.size = sizeof none, .same_site = VIREO_SAME_SITE_NONE},
                               shorter = {.size = offsetof(vireo_cookie_options, same_site),
                                          .same_site = VIREO_SAME_SITE_NONE};
    vireo_app *app = vireo_app_new();
    assert_null(vireo_socketio(app, .cookie = "io", .cookie_options = &none));
    assert_null(vireo_socketio(app, .cookie = "two words"));
    assert_non_null(vireo_socketio(app, .cookie = "io", .cookie_options = &shorter));
    assert_non_null(vireo_socketio(app, .path = "/other", .cookie = "io"));
    vireo_app_free(app);
}

static void data_that_cannot_be_is_refused(void **state)
{
    (void)state;
    vireo_app *app = vireo_app_new();
    assert_null(vireo_namespace(app, "/", .data_size = SIZE_MAX));
    assert_non_null(vireo_namespace(app, "/"));
    vireo_app_free(app);
}

/* --- patterns --------------------------------------------------------------------------------- */

static void on_nothing(vireo_ns *ns, int status, const vireo_value *results, void *user)
{
    (void)ns;
    (void)status;
    (void)results;
    fail_msg("called for %p", user);
}

/* "fetchSockets() is not supported on parent namespaces" */
static void a_pattern_has_no_sockets_to_ask(void **state)
{
    const char *const rooms[] = {"room", NULL};
    (void)state;
    start();
    vireo_ns *parent = vireo_namespace_matching(seen.app, "^/p");
    vireo_to all = vireo_all(parent);
    assert_int_equal(vireo_fetch_sockets(all, 0, on_nothing, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_all_sockets(all, 0, on_nothing, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_broadcast_ack(all, 0, on_nothing, NULL, "q", NULL), VIREO_EINVAL);
    assert_int_equal(vireo_sockets_join(all, rooms), VIREO_EINVAL);
    assert_int_equal(vireo_sockets_leave(all, rooms), VIREO_EINVAL);
    assert_int_equal(vireo_disconnect_sockets(all, true), VIREO_EINVAL);
    assert_string_equal(vireo_ns_name(parent), "/_0");
    finish(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_of_a_guard_end_with_its_refusal),
        cmocka_unit_test(who_is_refused_leaves_the_rooms_of_its_guard),
        cmocka_unit_test(a_pattern_has_no_sockets_to_ask),
        cmocka_unit_test(who_is_not_admitted_yet_is_not_reached),
        cmocka_unit_test(sockets_of_one_payload_are_freed_as_they_end),
        cmocka_unit_test(a_room_without_a_name_has_nobody_in_it),
        cmocka_unit_test(a_name_with_a_nul_is_not_what_stands_before_it),
        cmocka_unit_test(the_last_of_repeated_query_names_counts),
        cmocka_unit_test(the_values_of_a_packet_are_limited),
        cmocka_unit_test(the_values_of_a_packet_are_limited_from_the_start),
        cmocka_unit_test(the_auth_of_a_connection_is_limited),
        cmocka_unit_test(placeholders_are_not_more_than_attachments),
        cmocka_unit_test(sessions_are_as_many_as_connections_may_be),
        cmocka_unit_test(packets_that_wait_for_a_poll_are_limited),
        cmocka_unit_test(a_volatile_event_is_dropped_for_who_has_no_poll_pending),
        cmocka_unit_test(a_volatile_event_is_dropped_for_who_does_not_read),
        cmocka_unit_test(shorter_options_have_defaults_for_the_rest),
        cmocka_unit_test(data_that_cannot_be_is_refused),
        cmocka_unit_test(a_cookie_that_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
