/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* Raw WebSockets and event streams in the rooms of a namespace (E03, W08): who is reached, and with
 * which bytes. */

#include "oom.h"
#include "socketio_peer.h"

static vireo_ws *last_ws;
static vireo_sse *last_sse;
static int opened;
static int closed;

static void on_ws_open(vireo_ws *ws)
{
    last_ws = ws;
    opened++;
}

static void on_ws_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    (void)code;
    (void)reason;
    assert_int_equal(vireo_join_ws(vireo_of(vireo_ws_app(ws), "/"), ws, "late"), VIREO_ECLOSED);
    closed++;
}

static void on_sse_open(vireo_sse *e, vireo_req *r)
{
    (void)r;
    last_sse = e;
    opened++;
}

static void on_sse_close(vireo_sse *e, int error)
{
    (void)e;
    (void)error;
    closed++;
}

static vireo_app *new_app(void)
{
    vireo_app *app = peer_listen(vireo_app_new());
    vireo_websocket(app, "/ws", .on_open = on_ws_open, .on_close = on_ws_close);
    vireo_event_stream(app, "/sse", .on_open = on_sse_open, .on_close = on_sse_close);
    assert_non_null(vireo_socketio(app, .max_rooms = 2));
    assert_non_null(vireo_namespace(app, "/", .user = NULL));
    assert_non_null(vireo_namespace(app, "/a[1", .user = NULL));
    opened = closed = 0;
    return app;
}

/* Opens a guest and takes what it is greeted with. */
static peer open_guest(vireo_app *app, const char *request)
{
    peer p = peer_open(app);
    int before = opened;
    peer_send(&p, request);
    peer_until(app, &opened, before + 1);
    while (strstr(p.got, "\r\n\r\n") == NULL)
        peer_wait(&p);
    assert_string_equal(strstr(p.got, "\r\n\r\n"), "\r\n\r\n");
    p.len = 0;
    p.got[0] = '\0';
    return p;
}

static peer open_ws(vireo_app *app)
{
    return open_guest(
        app, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
}

static peer open_sse(vireo_app *app)
{
    return open_guest(app, "GET /sse HTTP/1.1\r\nHost: x\r\n\r\n");
}

static void test_each_kind_in_its_framing(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    vireo_ns *ns = vireo_of(app, "/");
    peer ws = open_ws(app), sse = open_sse(app);
    assert_int_equal(vireo_join_ws(ns, last_ws, "r"), 0);
    assert_int_equal(vireo_join_sse(ns, last_sse, "r"), 0);
    assert_int_equal(vireo_join_sse(ns, last_sse, "r"), 0);
    vireo_to room = vireo_ns_room(ns, "r");
    assert_int_equal(vireo_broadcast(room, "one", "{a:%d}", 1), 2);
    assert_int_equal(vireo_broadcast(room, "two", "%d,%s", 1, "x\ny"), 2);
    assert_int_equal(vireo_broadcast(room, "none", NULL), 2);
    assert_int_equal(vireo_broadcast(room, "bad\nname", "%d", 1), 1);
    assert_int_equal(vireo_broadcast(room, "bin", "%p", vireo_binary("\1\2", 2)), 1);
    peer_expect(&ws, "\x81\x0f[\"one\",{\"a\":1}]\x81\x10[\"two\",1,\"x\\ny\"]\x81\x08[\"none\"]"
                     "\x81\x0f[\"bad\\nname\",1]"
                     "\x81\x25[\"bin\",{\"_placeholder\":true,\"num\":0}]\x82\x02\1\2");
    peer_expect(&sse, "event: one\ndata: {\"a\":1}\n\nevent: two\ndata: [1,\"x\\ny\"]\n\n"
                      "event: none\ndata: []\n\n");
    peer_close(&ws);
    peer_close(&sse);
    vireo_app_free(app);
}

static void test_rooms_and_exceptions(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    vireo_ns *ns = vireo_of(app, "/"), *other = vireo_of(app, "/a[1");
    peer sse = open_sse(app);
    vireo_sse *e = last_sse;
    assert_int_equal(vireo_join_sse(ns, e, ""), VIREO_EINVAL);
    assert_int_equal(vireo_join_sse(ns, e, "a"), 0);
    assert_int_equal(vireo_join_sse(ns, e, "b"), 0);
    assert_int_equal(vireo_join_sse(ns, e, "c"), VIREO_ETOOBIG);
    assert_int_equal(vireo_join_sse(other, e, "x"), 0);
    assert_int_equal(vireo_broadcast((vireo_to){.ns = ns, .rooms = {"a", "b"}}, "1", NULL), 1);
    assert_int_equal(vireo_broadcast((vireo_to){.ns = ns, .except = {"b"}}, "2", NULL), 0);
    assert_int_equal(vireo_broadcast(vireo_all(ns), "3", NULL), 1);
    assert_int_equal(vireo_broadcast(vireo_ns_room(ns, "x"), "4", NULL), 0);
    assert_int_equal(vireo_broadcast(vireo_ns_room(other, "x"), "5", NULL), 1);
    vireo_leave_sse(ns, e, "a");
    vireo_leave_sse(ns, e, "a");
    vireo_leave_sse(ns, e, "b");
    assert_int_equal(vireo_broadcast(vireo_all(ns), "6", NULL), 0);
    peer_expect(&sse, "event: 1\ndata: []\n\nevent: 3\ndata: []\n\nevent: 5\ndata: []\n\n");
    peer_close(&sse);
    peer_until(app, &closed, 1);
    assert_int_equal(vireo_broadcast(vireo_all(other), "7", NULL), 0);
    vireo_app_free(app);
}

static void note_socket(vireo_socket *s, void *user)
{
    *(vireo_socket **)user = s;
}

static void test_who_follows_the_sender_is_no_other(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    vireo_ns *ns = vireo_of(app, "/");
    vireo_socket *s = NULL;
    client c;
    assert_true(client_join(&c, app, true));
    vireo_each(vireo_all(ns), note_socket, &s);
    peer follows = open_ws(app);
    assert_int_equal(vireo_join_ws(ns, last_ws, vireo_id(s)), 0);
    peer other = open_ws(app);
    assert_int_equal(vireo_join_ws(ns, last_ws, "r"), 0);
    assert_int_equal(vireo_broadcast(vireo_others(s), "e", NULL), 1);
    assert_int_equal(vireo_broadcast(vireo_all(ns), "f", NULL), 3);
    peer_expect(&follows, "\x81\x05[\"f\"]");
    peer_expect(&other, "\x81\x05[\"e\"]\x81\x05[\"f\"]");
    assert_string_equal(client_take(&c), "42[\"f\"]");
    client_close(&c);
    peer_close(&follows);
    peer_close(&other);
    vireo_app_free(app);
}

static void test_a_guest_leaves_with_its_end(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    vireo_ns *ns = vireo_of(app, "/");
    peer ws = open_ws(app);
    assert_int_equal(vireo_join_ws(ns, last_ws, "r"), 0);
    peer stays = open_ws(app);
    assert_int_equal(vireo_join_ws(ns, last_ws, "r"), 0);
    vireo_leave_ws(ns, last_ws, "r");
    assert_int_equal(vireo_join_ws(ns, last_ws, "r"), 0);
    peer_close(&ws);
    peer_until(app, &closed, 1);
    assert_int_equal(vireo_broadcast(vireo_all(ns), "e", NULL), 1);
    peer_expect(&stays, "\x81\x05[\"e\"]");
    peer_close(&stays);
    vireo_app_free(app);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    for (int n = 1, failed = 1; failed; n++) {
        vireo_app *app = new_app();
        vireo_ns *ns = vireo_of(app, "/");
        peer ws = open_ws(app), sse = open_sse(app);
        oom_fail_at(n);
        vireo_join_ws(ns, last_ws, "r");
        vireo_join_sse(ns, last_sse, "r");
        vireo_broadcast(vireo_all(ns), "e", "%d", 1);
        failed = oom_failed();
        assert_int_equal(vireo_join_ws(ns, last_ws, "r"), 0);
        assert_int_equal(vireo_join_sse(ns, last_sse, "r"), 0);
        assert_int_equal(vireo_broadcast(vireo_all(ns), "e", "%d", 1), 2);
        peer_close(&ws);
        peer_close(&sse);
        vireo_app_free(app);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind_in_its_framing),
        cmocka_unit_test(test_rooms_and_exceptions),
        cmocka_unit_test(test_who_follows_the_sender_is_no_other),
        cmocka_unit_test(test_a_guest_leaves_with_its_end),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
