/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* engineio_server.c: sessions over polling, driven byte by byte, with a clock that the test moves
 * (real time passes besides, hence the second of slack): time-outs, ids, who is let in (T11, T13,
 * T16, T17, T37). What needs a real client stands in tests/interop. */

#include "http_peer.h"

#include <vireo/error.h>

#include "engineio/server.h"
#include "ws/frame.h"

/* --- a server that notes what it is told ------------------------------------------------------ */

typedef struct notes {
    vireo__eio_session *session; /* the newest; NULL once it is closed */
    int opened;
    int closed;
    char reason[32];
    int sent;
    int sent_status;
    int allow; /* what allow_request answers */
    const char *next_id;
} notes;

static notes seen;

static int on_open(vireo__eio_session *s)
{
    seen.session = s;
    seen.opened++;
    return 0;
}

static void on_message(vireo__eio_session *s, bool binary, uint8_t *data, size_t len)
{
    char text[100];
    int n = snprintf(text, sizeof text, "4%.*s", (int)len, (const char *)data);
    vireo__shared *frame =
        vireo__ws_frame_copy(binary ? VIREO__WS_BINARY : VIREO__WS_TEXT, text, (size_t)n);
    assert_int_equal(vireo__eio_send(s, frame, NULL, NULL), 0);
    vireo__shared_unref(frame);
}

static void on_close(vireo__eio_session *s, const vireo__eio_close_info *why)
{
    assert_ptr_equal(s, seen.session);
    seen.session = NULL;
    seen.closed++;
    snprintf(seen.reason, sizeof seen.reason, "%s", why->reason);
}

static int allow_request(vireo_req *r)
{
    (void)r;
    return seen.allow;
}

static int generate_id(vireo_req *r, char id[VIREO__ID_SIZE])
{
    (void)r;
    if (seen.next_id == NULL)
        return VIREO_ENOMEM;
    snprintf(id, VIREO__ID_SIZE, "%s", seen.next_id);
    return 0;
}

static const vireo__eio_events events = {
    .on_open = on_open, .on_message = on_message, .on_close = on_close};

static vireo_app *new_app(bool own_ids)
{
    vireo_app *app = peer_listen(vireo_app_new());
    seen = (notes){0};
    assert_non_null(
        vireo__eio_server_new(app,
                              &(vireo__eio_options){
                                  .path = "/engine.io",
                                  .ping_interval_ms = 25000,
                                  .ping_timeout_ms = 20000,
                                  .upgrade_timeout_ms = 10000,
                                  .max_payload = 1000,
                                  .max_payload_packets = 1000,
                                  .max_fragments = 1000,
                                  .max_queued_bytes = 1000000,
                                  .transports = VIREO__EIO_POLLING | VIREO__EIO_WEBSOCKET,
                                  .allow_request = allow_request,
                                  .generate_id = own_ids ? generate_id : NULL,
                              },
                              &events, NULL));
    return app;
}

/* --- a client --------------------------------------------------------------------------------- */

#define PATH "/engine.io/?EIO=4&transport=polling"

static void send_request(peer *p, const char *method, const char *query, const char *body)
{
    char text[1000];
    snprintf(text, sizeof text,
             "%s " PATH "%s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n%s", method, query,
             strlen(body), body);
    peer_send(p, text);
}

/* Waits for a whole reply; returns its body, which is gone with the next call. Checks the
 * status. */
static const char *receive(peer *p, int status)
{
    static char body[2000];
    char *end = NULL;
    size_t length = 0;
    for (int patience = PEER_PATIENCE; patience > 0; patience--) {
        end = strstr(p->got, "\r\n\r\n");
        char *announced = end ? strcasestr(p->got, "Content-Length: ") : NULL;
        length = announced ? (size_t)atoi(announced + 16) : 0;
        if (end != NULL && p->len >= (size_t)(end + 4 - p->got) + length)
            break;
        peer_wait(p);
    }
    assert_non_null(end);
    assert_int_equal(atoi(p->got + 9), status);
    memcpy(body, end + 4, length);
    body[length] = '\0';
    p->len = 0;
    p->got[0] = '\0';
    return body;
}

/* Opens a session; |query| gets "&sid=..". */
static void open_session(peer *p, char query[64])
{
    send_request(p, "GET", "", "");
    const char *body = receive(p, 200);
    const char *sid = strstr(body, "\"sid\":\"");
    assert_non_null(sid);
    snprintf(query, 64, "&sid=%.20s", sid + 7);
    assert_int_equal(seen.opened, 1);
}

/* --- heartbeat -------------------------------------------------------------------------------- */

static void a_poll_gets_a_ping_and_a_missing_pong_ends_the_session(void **state)
{
    char query[64];
    vireo_app *app = new_app(false);
    peer p = peer_open(app);
    (void)state;
    open_session(&p, query);
    send_request(&p, "GET", query, "");
    peer_advance(app, 24000);
    peer_settle(app);
    assert_int_equal(p.len, 0);
    peer_advance(app, 1000);
    assert_string_equal(receive(&p, 200), "2");
    send_request(&p, "GET", query, "");
    peer_advance(app, 19000);
    assert_int_equal(seen.closed, 0);
    peer_advance(app, 1000);
    assert_string_equal(receive(&p, 200), "1");
    assert_int_equal(seen.closed, 1);
    assert_string_equal(seen.reason, "ping timeout");
    send_request(&p, "GET", query, "");
    assert_string_equal(receive(&p, 400), "{\"code\":1,\"message\":\"Session ID unknown\"}");
    peer_close(&p);
    vireo_app_free(app);
}

static void a_pong_starts_the_interval_anew(void **state)
{
    char query[64];
    vireo_app *app = new_app(false);
    peer p = peer_open(app);
    (void)state;
    open_session(&p, query);
    for (int i = 0; i < 3; i++) {
        send_request(&p, "GET", query, "");
        peer_advance(app, 25000);
        assert_string_equal(receive(&p, 200), "2");
        peer_advance(app, 19000);
        send_request(&p, "POST", query, "3");
        assert_string_equal(receive(&p, 200), "ok");
    }
    assert_int_equal(seen.closed, 0);
    peer_close(&p);
    vireo_app_free(app);
}

/* The first other packet after a PING moves the deadline, a second one does not. */
static void another_packet_extends_the_wait_for_a_pong_once(void **state)
{
    char query[64];
    vireo_app *app = new_app(false);
    peer p = peer_open(app);
    (void)state;
    open_session(&p, query);
    peer_advance(app, 25000);
    for (int i = 0; i < 2; i++) {
        peer_advance(app, 15000);
        assert_int_equal(seen.closed, 0);
        send_request(&p, "POST", query, "4a");
        receive(&p, 200);
    }
    peer_advance(app, 4000);
    assert_int_equal(seen.closed, 0);
    peer_advance(app, 1000);
    assert_int_equal(seen.closed, 1);
    peer_close(&p);
    vireo_app_free(app);
}

/* --- closing ---------------------------------------------------------------------------------- */

static void note_sent(void *user, int status)
{
    (void)user;
    seen.sent++;
    seen.sent_status = status;
}

static void send_noted(const char *text)
{
    vireo__shared *frame = vireo__ws_frame_copy(VIREO__WS_TEXT, text, strlen(text));
    assert_int_equal(vireo__eio_send(seen.session, frame, note_sent, NULL), 0);
    vireo__shared_unref(frame);
}

static void a_close_waits_for_the_poll_that_takes_the_last_messages(void **state)
{
    char query[64];
    vireo_app *app = new_app(false);
    peer p = peer_open(app);
    (void)state;
    open_session(&p, query);
    send_noted("4last");
    vireo__eio_close(seen.session, false);
    peer_advance(app, 29000);
    assert_int_equal(seen.closed, 0);
    send_request(&p, "GET", query, "");
    assert_string_equal(receive(&p, 200), "4last");
    assert_int_equal(seen.sent, 1);
    assert_int_equal(seen.sent_status, 0);
    send_request(&p, "GET", query, "");
    assert_string_equal(receive(&p, 200), "6\x1e"
                                          "1");
    peer_settle(app);
    assert_int_equal(seen.closed, 1);
    assert_string_equal(seen.reason, "forced close");
    peer_close(&p);
    vireo_app_free(app);
}

static void a_close_gives_up_after_30_seconds(void **state)
{
    char query[64];
    vireo_app *app = new_app(false);
    peer p = peer_open(app);
    (void)state;
    open_session(&p, query);
    send_noted("4never");
    vireo__eio_close(seen.session, false);
    peer_advance(app, 29000);
    assert_int_equal(seen.closed, 0);
    peer_advance(app, 1000);
    assert_int_equal(seen.closed, 1);
    assert_int_equal(seen.sent, 1);
    assert_int_equal(seen.sent_status, VIREO_ECLOSED);
    peer_close(&p);
    vireo_app_free(app);
}

static void a_discarding_close_answers_the_pending_poll(void **state)
{
    char query[64];
    vireo_app *app = new_app(false);
    peer p = peer_open(app);
    (void)state;
    open_session(&p, query);
    send_request(&p, "GET", query, "");
    peer_settle(app);
    vireo__eio_close(seen.session, true);
    assert_string_equal(receive(&p, 200), "1");
    assert_int_equal(seen.closed, 1);
    peer_close(&p);
    vireo_app_free(app);
}

static void the_end_of_the_application_ends_its_sessions(void **state)
{
    char query[64];
    vireo_app *app = new_app(false);
    peer p = peer_open(app);
    (void)state;
    open_session(&p, query);
    send_noted("4never");
    vireo_app_free(app);
    assert_int_equal(seen.closed, 1);
    assert_int_equal(seen.sent, 1);
    peer_close(&p);
}

/* --- who is let in, and under which id -------------------------------------------------------- */

static void a_request_that_is_not_allowed_gets_403(void **state)
{
    vireo_app *app = new_app(false);
    peer p = peer_open(app);
    (void)state;
    seen.allow = VIREO_EREFUSED;
    send_request(&p, "GET", "", "");
    assert_string_equal(receive(&p, 403), "{\"code\":4,\"message\":\"Forbidden\"}");
    assert_int_equal(seen.opened, 0);
    peer_close(&p);
    vireo_app_free(app);
}

static void only_a_request_without_a_session_is_asked_about(void **state)
{
    char query[64];
    vireo_app *app = new_app(false);
    peer p = peer_open(app);
    (void)state;
    open_session(&p, query);
    seen.allow = VIREO_EREFUSED;
    send_request(&p, "POST", query, "4x");
    assert_string_equal(receive(&p, 200), "ok");
    peer_close(&p);
    vireo_app_free(app);
}

static void ids_may_be_the_applications_own(void **state)
{
    vireo_app *app = new_app(true);
    peer p = peer_open(app);
    (void)state;
    seen.next_id = "my-id_1";
    send_request(&p, "GET", "", "");
    assert_non_null(strstr(receive(&p, 200), "0{\"sid\":\"my-id_1\","));
    send_request(&p, "POST", "&sid=my-id_1", "4x");
    assert_string_equal(receive(&p, 200), "ok");
    peer_close(&p);
    vireo_app_free(app);
}

static void ids_that_are_none_or_taken_are_refused(void **state)
{
    static const char *const wrong[] = {"taken", "", "a b", "a&b", "\xc3\xa4", NULL};
    vireo_app *app = new_app(true);
    peer p = peer_open(app);
    (void)state;
    seen.next_id = "taken";
    send_request(&p, "GET", "", "");
    receive(&p, 200);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        seen.next_id = wrong[i];
        send_request(&p, "GET", "", "");
        assert_string_equal(receive(&p, 400), "{\"code\":3,\"message\":\"Bad request\"}");
    }
    assert_int_equal(seen.opened, 1);
    peer_close(&p);
    vireo_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_poll_gets_a_ping_and_a_missing_pong_ends_the_session),
        cmocka_unit_test(a_pong_starts_the_interval_anew),
        cmocka_unit_test(another_packet_extends_the_wait_for_a_pong_once),
        cmocka_unit_test(a_close_waits_for_the_poll_that_takes_the_last_messages),
        cmocka_unit_test(a_close_gives_up_after_30_seconds),
        cmocka_unit_test(a_discarding_close_answers_the_pending_poll),
        cmocka_unit_test(the_end_of_the_application_ends_its_sessions),
        cmocka_unit_test(a_request_that_is_not_allowed_gets_403),
        cmocka_unit_test(only_a_request_without_a_session_is_asked_about),
        cmocka_unit_test(ids_may_be_the_applications_own),
        cmocka_unit_test(ids_that_are_none_or_taken_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
