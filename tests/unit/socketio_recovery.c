/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* socketio/recovery.h on the wire, with a clock of the test's own (V01, V02, V05): the bytes of
 * offsets and replies, what guests, adapters and catch-all listeners see, times, guards that answer
 * later. What the official client makes of it stands in tests/interop/recovery.test.mjs. */

#include "socketio_peer.h"

#include <vireo/error.h>

#include "socketio/adapter.h"
#include "socketio/inside.h"
#include "socketio/local.h"

/* Time goes on while the test runs, so what is not due yet is so by a wide margin. */
enum { RECOVERY_MS = 1000000, PING_MS = 3000000, PONG_MS = 2000000, MARGIN_MS = 200000 };

typedef struct notes {
    vireo_app *app;
    vireo_ns *ns;
    int connects;
    int disconnects;
    int expired;
    bool recovered;
    bool recoverable;
    vireo_socket *last;
    int (*guard)(vireo_socket *s, const vireo_value *auth);
    char expired_id[VIREO_ID_SIZE];
    char expired_data[16];
    char outgoing[64]; /* the last argument that a catch-all listener saw */
    char relayed[64];  /* what the adapter was given */
} notes;

static notes seen;

static int guard(vireo_socket *s, const vireo_value *auth)
{
    return seen.guard != NULL ? seen.guard(s, auth) : 0;
}

static void on_connect(vireo_socket *s)
{
    seen.connects++;
    seen.last = s;
    seen.recovered = vireo_recovered(s);
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    (void)s;
    seen.disconnects++;
    seen.recoverable = why->recoverable;
}

static void on_expired(vireo_ns *ns, const char *id, void *data)
{
    assert_ptr_equal(ns, seen.ns);
    seen.expired++;
    snprintf(seen.expired_id, sizeof seen.expired_id, "%s", id);
    snprintf(seen.expired_data, sizeof seen.expired_data, "%s", (const char *)data);
}

static void on_any_outgoing(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    size_t count = vireo_arg_count(m);
    snprintf(seen.outgoing, sizeof seen.outgoing, "%zu:%s", count,
             vireo_str_or(vireo_arg(m, count - 1), ""));
}

#define START(...)                                                                                 \
    do {                                                                                           \
        vireo_app *app_ = vireo_app_new();                                                         \
        assert_non_null(vireo_socketio(app_, .ping_interval_ms = PING_MS,                          \
                                       .ping_timeout_ms = PONG_MS,                                 \
                                       .connect_timeout_ms = 10 * RECOVERY_MS, __VA_ARGS__));      \
        seen = (notes){.app = peer_listen(app_)};                                                  \
        seen.ns = vireo_namespace(app_, "/", .data_size = 16, .guard = guard,                      \
                                  .on_connect = on_connect, .on_disconnect = on_disconnect,        \
                                  .on_expired = on_expired, .on_any_outgoing = on_any_outgoing);   \
        assert_non_null(seen.ns);                                                                  \
    } while (0)

static void finish(void)
{
    vireo_app_free(seen.app);
    assert_int_equal(seen.connects, seen.disconnects);
}

/* --- clients ---------------------------------------------------------------------------------- */

typedef struct visitor {
    client c;
    char sid[VIREO_ID_SIZE];
    char pid[VIREO_ID_SIZE];
} visitor;

static void read_reply(visitor *v, const char *reply)
{
    assert_non_null(reply);
    if (sscanf(reply, "40{\"sid\":\"%20[^\"]\",\"pid\":\"%20[^\"]\"}", v->sid, v->pid) != 2)
        fail_msg("the reply %s", reply);
}

static void come(visitor *v, const char *connect)
{
    assert_true(client_open(&v->c, seen.app, true, ""));
    assert_true(client_send(&v->c, connect));
}

static void enter(visitor *v)
{
    come(v, "40");
    read_reply(v, client_take(&v->c));
}

static void leave(visitor *v)
{
    int before = seen.disconnects;
    client_close(&v->c);
    peer_until(seen.app, &seen.disconnects, before + 1);
}

/* Comes back; the offset may be NULL. */
static void come_back(visitor *v, const char *offset)
{
    char connect[128];
    snprintf(connect, sizeof connect,
             offset ? "40{\"pid\":\"%s\",\"offset\":\"%s\"}" : "40{\"pid\":\"%s\"}", v->pid,
             offset);
    come(v, connect);
}

/* Takes an event that must be |start|, an offset, and |end|. Returns the offset. */
static const char *take_event(visitor *v, const char *start, const char *end)
{
    static char offset[32];
    const char *got = client_take(&v->c);
    size_t n = strlen(start);
    if (got == NULL || strncmp(got, start, n) != 0 ||
        sscanf(got + n, "%31[A-Za-z0-9_-]", offset) != 1 ||
        strcmp(got + n + strlen(offset), end) != 0)
        fail_msg("received %s, expected %sOFFSET%s", got ? got : "the end", start, end);
    return offset;
}

static void expect(visitor *v, const char *packet)
{
    const char *got = client_take(&v->c);
    if (got == NULL || strcmp(got, packet) != 0)
        fail_msg("received %s, expected %s", got ? got : "the end", packet);
}

/* It is the socket that it was. */
static void expect_recovered(visitor *v)
{
    visitor again = *v;
    read_reply(&again, client_take(&v->c));
    assert_string_equal(again.sid, v->sid);
    assert_string_equal(again.pid, v->pid);
    assert_true(seen.recovered);
}

static void expect_fresh(visitor *v)
{
    visitor again = *v;
    read_reply(&again, client_take(&v->c));
    assert_string_not_equal(again.sid, v->sid);
    assert_string_not_equal(again.pid, v->pid);
    assert_false(seen.recovered);
}

/* --- bytes ------------------------------------------------------------------------------------ */

static void test_the_offset_is_one_more_value(void **state)
{
    (void)state;
    visitor v;
    START(.recovery_ms = RECOVERY_MS);
    enter(&v);
    assert_int_equal(vireo_emit(seen.last, "a", NULL), 0);
    take_event(&v, "42[\"a\",\"", "\"]");
    assert_int_equal(vireo_emit(seen.last, "b", "%d,[%s]", 1, "]"), 0);
    take_event(&v, "42[\"b\",1,[\"]\"],\"", "\"]");
    assert_int_equal(vireo_broadcast(vireo_all(seen.ns), "c", "%p", vireo_binary("\1\2\3", 3)), 1);
    take_event(&v, "451-[\"c\",{\"_placeholder\":true,\"num\":0},\"", "\"]");
    expect(&v, "b(3)");
    leave(&v);
    finish();
}

static void test_off_there_is_nothing(void **state)
{
    (void)state;
    visitor v;
    vireo_recovery_info info;
    START(.recovery_ms = 0);
    come(&v, "40{\"pid\":\"AAAAAAAAAAAAAAAAAAAA\",\"offset\":\"x\"}");
    const char *got = client_take(&v.c);
    assert_non_null(got);
    assert_int_equal(strlen(got), strlen("40{\"sid\":\"AAAAAAAAAAAAAAAAAAAA\"}"));
    assert_int_equal(vireo_emit(seen.last, "a", NULL), 0);
    expect(&v, "42[\"a\"]");
    memset(&info, 1, sizeof info);
    vireo_ns_recovery(seen.ns, &info);
    assert_int_equal(info.size, sizeof info);
    assert_int_equal(info.unknown + info.recovered + info.events + info.away, 0);
    leave(&v);
    assert_false(seen.recoverable);
    finish();
}

static void test_listeners_of_what_is_sent_see_the_event(void **state)
{
    (void)state;
    visitor v;
    START(.recovery_ms = RECOVERY_MS);
    enter(&v);
    vireo_emit(seen.last, "a", "%s", "mine");
    assert_string_equal(seen.outgoing, "1:mine");
    seen.outgoing[0] = '\0';
    vireo_broadcast(vireo_all(seen.ns), "a", "%s", "mine");
    assert_string_equal(seen.outgoing, "1:mine");
    leave(&v);
    finish();
}

static void test_an_event_of_another_server_may_have_blanks(void **state)
{
    (void)state;
    visitor v;
    vireo__sio_message m;
    vireo_to all;
    START(.recovery_ms = RECOVERY_MS);
    enter(&v);
    all = vireo_all(seen.ns);
    vireo__sio_head head = {VIREO__SIO_EVENT, "/", NULL, NULL};
    vireo__sio_codec codec = {.loop = vireo__app_loop(seen.app)};
    assert_int_equal(vireo__sio_message_raw(&m, &codec, &head, vireo__str_of("[\"a\", 1 ] \n")), 0);
    assert_int_equal(vireo__local_broadcast(&all, &m), 1);
    vireo__sio_message_release(&m);
    take_event(&v, "42[\"a\", 1 ,\"", "\"]");
    assert_int_equal(vireo__sio_message_raw(&m, &codec, &head, vireo__str_of("\"a\"")), 0);
    assert_int_equal(vireo__local_broadcast(&all, &m), VIREO_EINVAL);
    vireo__sio_message_release(&m);
    leave(&v);
    finish();
}

/* --- others ----------------------------------------------------------------------------------- */

static int relay(vireo_adapter *a, const vireo_to *to, const vireo__sio_message *message)
{
    vireo__str json = vireo__sio_message_json(message);
    (void)a;
    snprintf(seen.relayed, sizeof seen.relayed, "%.*s", (int)json.len, json.at);
    return vireo__local_broadcast(to, message);
}

static void free_adapter(vireo_adapter *a)
{
    free(a);
}

static vireo_adapter *make_adapter(vireo_ns *ns, void *user)
{
    static const vireo__adapter_ops ops = {.broadcast = relay, .free = free_adapter};
    vireo_adapter *a = calloc(1, sizeof *a);
    (void)user;
    *a = (vireo_adapter){&ops, ns};
    return a;
}

static int opened;
static vireo_ws *guest;

static void on_guest(vireo_ws *ws)
{
    guest = ws;
    opened++;
}

static void test_guests_and_adapters_see_no_offset(void **state)
{
    (void)state;
    visitor v;
    START(.recovery_ms = RECOVERY_MS, .adapter = make_adapter);
    vireo_websocket(seen.app, "/ws", .on_open = on_guest);
    enter(&v);
    peer ws = peer_open(seen.app);
    opened = 0;
    peer_send(&ws,
              "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
              "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    peer_until(seen.app, &opened, 1);
    assert_int_equal(vireo_join_ws(seen.ns, guest, "room"), 0);
    while (strstr(ws.got, "\r\n\r\n") == NULL)
        peer_wait(&ws);
    client_drop(&ws, ws.len);
    assert_int_equal(vireo_broadcast(vireo_all(seen.ns), "a", "%d", 1), 2);
    take_event(&v, "42[\"a\",1,\"", "\"]");
    assert_string_equal(seen.relayed, "[\"a\",1]");
    while (ws.len < 9)
        peer_wait(&ws);
    assert_memory_equal(ws.got, "\x81\x07[\"a\",1]", 9);
    peer_close(&ws);
    leave(&v);
    finish();
}

/* --- time ------------------------------------------------------------------------------------- */

static void test_a_client_may_be_away_for_so_long(void **state)
{
    (void)state;
    visitor v;
    START(.recovery_ms = RECOVERY_MS);
    enter(&v);
    strcpy(vireo_data(seen.last), "data");
    leave(&v);
    assert_true(seen.recoverable);
    peer_advance(seen.app, RECOVERY_MS - MARGIN_MS);
    assert_int_equal(seen.expired, 0);
    come_back(&v, NULL);
    expect_recovered(&v);
    assert_string_equal(vireo_data(seen.last), "data");
    peer_advance(seen.app, MARGIN_MS); /* what was to end it does so no more */
    assert_int_equal(seen.expired, 0);
    leave(&v);
    peer_advance(seen.app, RECOVERY_MS);
    assert_int_equal(seen.expired, 1);
    assert_string_equal(seen.expired_id, v.sid);
    assert_string_equal(seen.expired_data, "data");
    come_back(&v, NULL);
    expect_fresh(&v);
    leave(&v);
    finish();
    assert_int_equal(seen.expired, 2);
}

/* The end of a connection is noticed up to PING_MS + PONG_MS late: what was sent in that time is
 * still there when the client comes back in its last millisecond. */
static void test_events_are_kept_as_long_as_they_may_be_missed(void **state)
{
    (void)state;
    visitor v, other;
    vireo_recovery_info info;
    START(.recovery_ms = RECOVERY_MS);
    enter(&v);
    enter(&other);
    vireo_emit(seen.last, "a", NULL);
    vireo_broadcast(vireo_all(seen.ns), "lost", "%d", 1);
    peer_advance(seen.app, PING_MS);
    peer_advance(seen.app, PONG_MS); /* both have answered no ping */
    peer_until(seen.app, &seen.disconnects, 2);
    peer_advance(seen.app, RECOVERY_MS - MARGIN_MS);
    vireo_ns_recovery(seen.ns, &info);
    assert_int_equal(info.events, 2);
    client_close(&v.c);
    come_back(&v, NULL);
    take_event(&v, "42[\"lost\",1,\"", "\"]");
    expect_recovered(&v);
    peer_advance(seen.app, MARGIN_MS);
    vireo_ns_recovery(seen.ns, &info);
    assert_int_equal(info.events, 0);
    assert_int_equal(info.event_bytes, 0);
    client_close(&other.c);
    leave(&v);
    finish();
}

/* --- limits ----------------------------------------------------------------------------------- */

/* |count| clients leave; returns how it stands then. */
static vireo_recovery_info after_leaving(size_t client_bytes, uint32_t clients, int count)
{
    visitor v;
    vireo_recovery_info info;
    START(.recovery_ms = RECOVERY_MS, .recovery_client_bytes = client_bytes,
          .recovery_clients = clients);
    for (int i = 0; i < count; i++) {
        enter(&v);
        vireo_join(seen.last, "room");
        leave(&v);
    }
    vireo_ns_recovery(seen.ns, &info);
    finish();
    assert_int_equal(seen.expired, seen.recoverable ? count : 0);
    return info;
}

static void test_memory_for_who_is_away(void **state)
{
    (void)state;
    size_t one = after_leaving(0, 0, 1).away_bytes;
    assert_true(one > 0);
    vireo_recovery_info info = after_leaving(2 * one, 0, 2); /* exactly */
    assert_int_equal(info.away, 2);
    assert_int_equal(info.away_bytes, 2 * one);
    info = after_leaving(2 * one - 1, 0, 2);
    assert_int_equal(info.away, 1);
    assert_int_equal(info.expired, 1);
    assert_int_equal(after_leaving(one, 0, 1).away, 1);
    assert_true(seen.recoverable);
    assert_int_equal(after_leaving(one - 1, 0, 1).away, 0);
    assert_false(seen.recoverable);
}

static void test_how_many_are_away(void **state)
{
    (void)state;
    assert_int_equal(after_leaving(0, 3, 3).expired, 0);
    vireo_recovery_info info = after_leaving(0, 3, 4);
    assert_int_equal(info.expired, 1);
    assert_int_equal(info.away, 3);
}

/* --- guards that answer later ----------------------------------------------------------------- */

static vireo_socket *asked;

static int ask_later(vireo_socket *s, const vireo_value *auth)
{
    (void)auth;
    asked = s;
    return VIREO_LATER;
}

static void test_what_is_sent_while_a_guard_is_asked_is_missed_too(void **state)
{
    (void)state;
    visitor v;
    START(.recovery_ms = RECOVERY_MS, .recovery_asks_guards = true);
    enter(&v);
    vireo_join(seen.last, "room");
    leave(&v);
    vireo_broadcast(vireo_ns_room(seen.ns, "room"), "before", NULL);
    seen.guard = ask_later;
    asked = NULL;
    come_back(&v, NULL);
    while (asked == NULL)
        peer_turn(seen.app);
    vireo_broadcast(vireo_ns_room(seen.ns, "room"), "meanwhile", NULL);
    peer_advance(seen.app, RECOVERY_MS); /* it is not away any more */
    vireo_admit(asked);
    take_event(&v, "42[\"before\",\"", "\"]");
    take_event(&v, "42[\"meanwhile\",\"", "\"]");
    expect_recovered(&v);
    leave(&v);
    finish();
}

static void test_who_goes_before_the_answer_may_come_again(void **state)
{
    (void)state;
    visitor v;
    vireo_recovery_info info;
    START(.recovery_ms = RECOVERY_MS, .recovery_asks_guards = true);
    enter(&v);
    strcpy(vireo_data(seen.last), "old");
    leave(&v);
    seen.guard = ask_later;
    asked = NULL;
    come_back(&v, NULL);
    while (asked == NULL)
        peer_turn(seen.app);
    assert_string_equal(vireo_data(asked), "old");
    strcpy(vireo_data(asked), "new");
    vireo_ns_recovery(seen.ns, &info);
    assert_int_equal(info.away, 0);
    client_close(&v.c);
    for (int i = 0; i < PEER_PATIENCE && info.away == 0; i++) {
        peer_turn(seen.app);
        vireo_ns_recovery(seen.ns, &info);
    }
    assert_int_equal(info.away, 1);
    assert_int_equal(vireo_admit(asked), VIREO_ECLOSED);
    seen.guard = NULL;
    come_back(&v, NULL);
    expect_recovered(&v);
    assert_string_equal(vireo_data(seen.last), "new");
    leave(&v);
    finish();
    assert_int_equal(seen.expired, 1);
}

/* Whoever knows the pid meanwhile is a new client: one socket has one presence. */
static void test_two_come_at_once(void **state)
{
    (void)state;
    visitor v, second;
    START(.recovery_ms = RECOVERY_MS, .recovery_asks_guards = true);
    enter(&v);
    leave(&v);
    seen.guard = ask_later;
    asked = NULL;
    come_back(&v, NULL);
    while (asked == NULL)
        peer_turn(seen.app);
    seen.guard = NULL;
    second = v;
    come_back(&second, NULL);
    expect_fresh(&second);
    vireo_admit(asked);
    expect_recovered(&v);
    leave(&v);
    leave(&second);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_offset_is_one_more_value),
        cmocka_unit_test(test_off_there_is_nothing),
        cmocka_unit_test(test_listeners_of_what_is_sent_see_the_event),
        cmocka_unit_test(test_an_event_of_another_server_may_have_blanks),
        cmocka_unit_test(test_guests_and_adapters_see_no_offset),
        cmocka_unit_test(test_a_client_may_be_away_for_so_long),
        cmocka_unit_test(test_events_are_kept_as_long_as_they_may_be_missed),
        cmocka_unit_test(test_memory_for_who_is_away),
        cmocka_unit_test(test_how_many_are_away),
        cmocka_unit_test(test_what_is_sent_while_a_guard_is_asked_is_missed_too),
        cmocka_unit_test(test_who_goes_before_the_answer_may_come_again),
        cmocka_unit_test(test_two_come_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
