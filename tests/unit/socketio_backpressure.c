/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* socketio_backpressure.c: clients that do not take what is sent to them: how much may wait for
 * one, for all together, hit exactly and by one more, and what they and their program are told. A
 * slow reader among a hundred stands in tests/interop/backpressure.test.mjs. */

#include "socketio_peer.h"

#include <vireo/error.h>

#include "socketio/inside.h"

enum { LIMIT = 200000, FILLER = 100000 };

typedef struct notes {
    vireo_app *app;
    vireo_ns *ns;
    int disconnects;
    char reason[64];
    char description[64];
} notes;

static notes seen;

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    (void)s;
    seen.disconnects++;
    snprintf(seen.reason, sizeof seen.reason, "%s", why->reason);
    snprintf(seen.description, sizeof seen.description, "%s", why->description);
}

static void listen_with(vireo_app *app, size_t max_queued_bytes)
{
    assert_non_null(vireo_socketio(app, .max_queued_bytes = max_queued_bytes));
    seen = (notes){.app = peer_listen(app)};
    seen.ns = vireo_namespace(app, "/", .on_disconnect = on_disconnect);
    assert_non_null(seen.ns);
}

static vireo_socket *last_socket(void)
{
    return vireo__container(seen.ns->list.prev, vireo_socket, in_ns);
}

/* Sends an event whose payload has |bytes| bytes. */
static int send_bytes(vireo_socket *s, size_t bytes)
{
    enum { AROUND = 10 }; /* 42["a",".."] */
    static char text[LIMIT + 1];
    memset(text, 'x', bytes - AROUND);
    text[bytes - AROUND] = '\0';
    return vireo_emit(s, "a", "%s", text);
}

static void expect_thrown_out(void)
{
    for (int i = 0; i < PEER_PATIENCE && seen.disconnects == 0; i++)
        peer_turn(seen.app);
    assert_int_equal(seen.disconnects, 1);
    assert_string_equal(seen.reason, "transport error");
    assert_string_equal(seen.description, "the client reads too slowly");
}

/* Until the kernel takes no more for this client. */
static void fill(vireo_socket *s)
{
    for (int i = 0; i < 1000 && vireo_writable(s); i++) {
        assert_int_equal(send_bytes(s, FILLER), 0);
        peer_turn(seen.app);
    }
    assert_false(vireo_writable(s));
}

/* --- one client ------------------------------------------------------------------------------- */

static void between_polls_as_much_as_the_limit_waits(void **state)
{
    (void)state;
    client c;
    listen_with(vireo_app_new(), LIMIT);
    assert_true(client_join(&c, seen.app, false));
    vireo_socket *s = last_socket();
    assert_int_equal(send_bytes(s, LIMIT - 100), 0);
    assert_int_equal(vireo_queued(s), LIMIT - 100);
    assert_int_equal(send_bytes(s, 100), 0);
    assert_int_equal(vireo_queued(s), LIMIT);
    assert_int_equal(send_bytes(s, 10), VIREO_EFULL);
    assert_int_equal(vireo_emit(s, "a", NULL), VIREO_ECLOSED);
    expect_thrown_out();
    client_close(&c);
    vireo_app_free(seen.app);
}

static void one_byte_more_at_once_is_too_much(void **state)
{
    (void)state;
    client c;
    listen_with(vireo_app_new(), LIMIT);
    assert_true(client_join(&c, seen.app, false));
    assert_int_equal(send_bytes(last_socket(), LIMIT), 0);
    client_close(&c);
    assert_true(client_join(&c, seen.app, false));
    assert_int_equal(send_bytes(last_socket(), LIMIT + 1), VIREO_EFULL);
    client_close(&c);
    vireo_app_free(seen.app);
}

/* Over WebSocket a frame's head counts too: 10 bytes for what is longer than 65,535, 2 for what is
 * shorter than 126. */
static void a_websocket_has_the_same_limit(void **state)
{
    (void)state;
    client c;
    listen_with(vireo_app_new(), LIMIT);
    assert_true(client_join(&c, seen.app, true));
    vireo_socket *s = last_socket();
    fill(s);
    assert_int_equal(send_bytes(s, LIMIT - vireo_queued(s) - 10 - 102), 0);
    assert_int_equal(vireo_queued(s), LIMIT - 102);
    assert_int_equal(send_bytes(s, 100), 0);
    assert_int_equal(vireo_queued(s), LIMIT);
    assert_int_equal(send_bytes(s, 10), VIREO_EFULL);
    expect_thrown_out();
    client_close(&c);
    vireo_app_free(seen.app);
}

/* Attachments that do not fit behind their packet end it in the same way. */
static void a_packet_that_fits_in_part_is_too_much(void **state)
{
    (void)state;
    static const uint8_t bytes[FILLER];
    for (int websocket = 0; websocket < 2; websocket++) {
        client c;
        listen_with(vireo_app_new(), LIMIT);
        assert_true(client_join(&c, seen.app, websocket));
        vireo_socket *s = last_socket();
        if (websocket)
            fill(s);
        assert_int_equal(send_bytes(s, LIMIT - vireo_queued(s) - 1000), 0);
        assert_int_equal(vireo_emit(s, "a", "%p", vireo_binary(bytes, sizeof bytes)), VIREO_EFULL);
        expect_thrown_out();
        client_close(&c);
        vireo_app_free(seen.app);
    }
}

/* The heads of frames that wait beside the WebSocket's queue count as the longest. */
static void what_may_be_replaced_counts_too(void **state)
{
    (void)state;
    client c;
    listen_with(vireo_app_new(), LIMIT);
    assert_true(client_join(&c, seen.app, true));
    vireo_to to = {.only = last_socket(), .newest = "n"};
    fill(to.only);
    size_t before = vireo_queued(to.only);
    for (int i = 0; i < 3; i++)
        assert_int_equal(vireo_broadcast(to, "a", NULL), 1);
    assert_int_equal(vireo_queued(to.only), before + 7);
    assert_int_equal(send_bytes(to.only, LIMIT - before - 7 - 20), 0);
    assert_int_equal(vireo_queued(to.only), LIMIT - 20);
    assert_int_equal(send_bytes(to.only, 10), VIREO_EFULL);
    expect_thrown_out();
    client_close(&c);
    vireo_app_free(seen.app);
}

static void the_applications_limit_holds_where_the_server_has_none(void **state)
{
    (void)state;
    client c;
    listen_with(vireo_app_new(.max_queued_bytes = 5000), 0);
    assert_true(client_join(&c, seen.app, false));
    assert_int_equal(send_bytes(last_socket(), 5000), 0);
    assert_int_equal(send_bytes(last_socket(), 10), VIREO_EFULL);
    expect_thrown_out();
    client_close(&c);
    vireo_app_free(seen.app);
}

/* --- several ---------------------------------------------------------------------------------- */

static void a_broadcast_reaches_the_others(void **state)
{
    (void)state;
    client slow, other;
    listen_with(vireo_app_new(), LIMIT);
    assert_true(client_join(&slow, seen.app, false));
    assert_int_equal(send_bytes(last_socket(), LIMIT), 0);
    assert_true(client_join(&other, seen.app, false));
    assert_int_equal(vireo_broadcast(vireo_all(seen.ns), "b", NULL), 1);
    expect_thrown_out();
    assert_string_equal(client_take(&other), "42[\"b\"]");
    assert_int_equal(vireo_ns_count(seen.ns), 1);
    client_close(&slow);
    client_close(&other);
    vireo_app_free(seen.app);
}

/* 64 KiB may wait for each in any case; who has more pays when all together have too much. */
static void all_slow_clients_together_have_a_limit(void **state)
{
    (void)state;
    client a, b;
    listen_with(vireo_app_new(.max_queued_total = 150000), 0);
    assert_true(client_join(&a, seen.app, false));
    vireo_socket *large = last_socket();
    assert_true(client_join(&b, seen.app, false));
    vireo_socket *small = last_socket();
    assert_int_equal(send_bytes(large, 100000), 0);
    assert_int_equal(send_bytes(small, 50000), 0); /* exactly all */
    assert_int_equal(send_bytes(small, VIREO__BACKLOG_EACH - 50000), 0);
    assert_int_equal(send_bytes(large, 10), VIREO_EFULL);
    expect_thrown_out();
    assert_int_equal(send_bytes(small, 1000), 0); /* there is room again */
    assert_int_equal(vireo_ns_count(seen.ns), 1);
    client_close(&a);
    client_close(&b);
    vireo_app_free(seen.app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(between_polls_as_much_as_the_limit_waits),
        cmocka_unit_test(one_byte_more_at_once_is_too_much),
        cmocka_unit_test(a_websocket_has_the_same_limit),
        cmocka_unit_test(a_packet_that_fits_in_part_is_too_much),
        cmocka_unit_test(what_may_be_replaced_counts_too),
        cmocka_unit_test(the_applications_limit_holds_where_the_server_has_none),
        cmocka_unit_test(a_broadcast_reaches_the_others),
        cmocka_unit_test(all_slow_clients_together_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
