/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* The client of event streams (E04) against an application in the same process: events, loss and
 * return with the id of the last event, answers that end it, leaving in every callback, want of
 * memory. */

#include "http_peer.h"

#include <vireo/sse.h>

#include "oom.h"

typedef struct fixture {
    vireo_app *app;
    vireo_sse_endpoint *endpoint;
    vireo_sse *stream; /* the newest at the server; NULL when it is gone */
    vireo_sse_client *client;
    int streams;
    int opened;
    int events;
    int retries;
    int closed;
    int error;
    uint32_t delay;
    int status; /* with which the server answers; 0: a stream */
    int asked;
    bool leave_in_open, leave_in_event, leave_in_retry;
    char last_id[64]; /* of the newest request */
    char log[500];
} fixture;

static fixture f;

/* --- the server ------------------------------------------------------------------------------- */

static int on_request(vireo_req *r)
{
    const char *id = vireo_header(r, "last-event-id");
    snprintf(f.last_id, sizeof f.last_id, "%s", id != NULL ? id : "");
    f.asked++;
    assert_string_equal(vireo_header(r, "accept"), "text/event-stream");
    assert_string_equal(vireo_header(r, "x-mine"), "1");
    if (f.status == 200)
        return vireo_reply_text(r, 200, "no stream");
    return f.status != 0 ? vireo_reply_text(r, f.status, "") : 0;
}

static void on_stream(vireo_sse *e, vireo_req *r)
{
    (void)r;
    f.stream = e;
    f.streams++;
}

static void on_stream_close(vireo_sse *e, int error)
{
    (void)error;
    if (f.stream == e)
        f.stream = NULL;
}

/* --- the client ------------------------------------------------------------------------------- */

static void leave(vireo_sse_client *c)
{
    int closed = f.closed;
    vireo_sse_disconnect(c);
    vireo_sse_disconnect(c);
    assert_int_equal(f.closed, closed); /* never inside the call */
}

static void on_open(vireo_sse_client *c)
{
    assert_ptr_equal(vireo_sse_client_user(c), &f);
    f.opened++;
    if (f.leave_in_open)
        leave(c);
}

static void on_event(vireo_sse_client *c, const vireo_sse_event *e)
{
    size_t n = strlen(f.log);
    f.events++;
    assert_int_equal(strlen(e->data), e->len);
    snprintf(f.log + n, sizeof f.log - n, "%s:%s;", e->event, e->data);
    if (f.leave_in_event)
        leave(c);
}

static void on_retry(vireo_sse_client *c, uint32_t delay_ms, int error, const char *text)
{
    (void)error;
    assert_true(strlen(text) > 0);
    f.delay = delay_ms;
    f.retries++;
    if (f.leave_in_retry)
        leave(c);
}

static void on_close(vireo_sse_client *c, int error, const char *text)
{
    (void)c;
    assert_non_null(text);
    f.closed++;
    f.error = error;
    f.client = NULL;
}

static void set_up(uint32_t server_retry_ms)
{
    f = (fixture){.app = peer_listen(vireo_app_new())};
    f.endpoint = vireo_event_stream(f.app, "/events", .on_request = on_request,
                                    .on_open = on_stream, .on_close = on_stream_close,
                                    .history_events = 10, .retry_ms = server_retry_ms);
    assert_non_null(f.endpoint);
}

#define connect_client(...)                                                                        \
    do {                                                                                           \
        static const char *const mine[] = {"X-Mine", "1", NULL};                                   \
        char url[64];                                                                              \
        snprintf(url, sizeof url, "http://127.0.0.1:%u/events", vireo_port(f.app));                \
        f.client = vireo_sse_connect(f.app, url, .user = &f, .on_open = on_open,                   \
                                     .on_event = on_event, .on_retry = on_retry,                   \
                                     .on_close = on_close, .headers = mine, __VA_ARGS__);          \
    } while (0)

static void test_events(void **state)
{
    (void)state;
    set_up(0);
    connect_client(.retry_ms = 100);
    assert_non_null(f.client);
    assert_int_equal(f.opened, 0);
    peer_until(f.app, &f.opened, 1);
    vireo_sse_send_text(f.stream, NULL, "two\nlines");
    vireo_sse_comment(f.stream, "nothing");
    vireo_sse_send(f.stream, "news", "{a:%d}", 1);
    peer_until(f.app, &f.events, 2);
    assert_string_equal(f.log, "message:two\nlines;news:{\"a\":1};");
    leave(f.client);
    peer_until(f.app, &f.closed, 1);
    assert_int_equal(f.error, 0);
    vireo_app_free(f.app);
}

static void test_comes_back(void **state)
{
    (void)state;
    set_up(50);
    connect_client(.retry_ms = 20000);
    peer_until(f.app, &f.opened, 1);
    vireo_sse_publish_text(f.endpoint, NULL, NULL, "one");
    peer_until(f.app, &f.events, 1);
    vireo_sse_close(f.stream);
    peer_until(f.app, &f.retries, 1);
    assert_int_equal(f.delay, 50); /* as the server has told */
    vireo_sse_publish_text(f.endpoint, NULL, NULL, "missed");
    peer_until(f.app, &f.opened, 2);
    assert_int_equal(strlen(f.last_id), 10); /* xxxxxxxx-1 */
    peer_until(f.app, &f.events, 2);
    assert_string_equal(f.log, "message:one;message:missed;");
    vireo_app_free(f.app); /* ends it */
    assert_int_equal(f.closed, 1);
    assert_int_equal(f.error, 0);
}

static void test_answers_that_end_it(void **state)
{
    (void)state;
    static const int statuses[] = {204, 200, 404, 401};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        set_up(0);
        f.status = statuses[i];
        connect_client(.retry_ms = 1);
        peer_until(f.app, &f.closed, 1);
        assert_int_equal(f.error, VIREO_EREFUSED);
        assert_int_equal(f.asked, 1);
        assert_int_equal(f.opened + f.retries, 0);
        vireo_app_free(f.app);
    }
}

static void test_answers_that_do_not(void **state)
{
    (void)state;
    set_up(0);
    f.status = 503;
    connect_client(.retry_ms = 1, .max_retry_ms = 2, .attempts = 3, .last_event_id = "from-here");
    peer_until(f.app, &f.closed, 1);
    assert_int_equal(f.error, VIREO_EREFUSED);
    assert_int_equal(f.asked, 4);
    assert_int_equal(f.retries, 3);
    assert_string_equal(f.last_id, "from-here");
    vireo_app_free(f.app);
}

static void test_too_large(void **state)
{
    (void)state;
    set_up(0);
    connect_client(.retry_ms = 1, .max_event_bytes = 20);
    peer_until(f.app, &f.opened, 1);
    vireo_sse_send_text(f.stream, NULL, "123456789012345"); /* a line of 21 bytes */
    peer_until(f.app, &f.opened, 2);
    assert_int_equal(f.events, 0);
    vireo_app_free(f.app);
}

static void test_leaving_everywhere(void **state)
{
    (void)state;
    for (int place = 0; place < 4; place++) {
        set_up(0);
        f.leave_in_open = place == 0;
        f.leave_in_event = place == 1;
        f.leave_in_retry = place == 2;
        f.status = place == 2 ? 500 : 0;
        connect_client(.retry_ms = 1);
        if (place == 3)
            leave(f.client); /* before anything has happened */
        if (place == 1) {
            peer_until(f.app, &f.opened, 1);
            vireo_sse_send_text(f.stream, NULL, "a");
            vireo_sse_send_text(f.stream, NULL, "b");
        }
        peer_until(f.app, &f.closed, 1);
        assert_int_equal(f.error, 0);
        assert_int_equal(f.events, place == 1);
        vireo_app_free(f.app);
    }
}

static void test_options(void **state)
{
    (void)state;
    static const char *const odd[] = {"X", NULL};
    vireo_error error;
    set_up(0);
    assert_null(vireo_sse_connect(f.app, "ftp://x/", .error = &error));
    assert_true(strlen(error.text) > 0);
    assert_null(vireo_sse_connect(f.app, "http://x/", .headers = odd, .error = &error));
    assert_int_equal(error.code, VIREO_EINVAL);
    vireo_app_free(f.app);
}

/* Whatever fails: no client and nothing said, or one that ends or goes on. */
static void test_memory_runs_out(void **state)
{
    (void)state;
    for (int n = 1, failed = 1; failed; n++) {
        set_up(0);
        oom_fail_at(n);
        connect_client(.retry_ms = 1, .last_event_id = "x");
        for (int i = 0; i < 40 && f.opened + f.closed == 0; i++)
            peer_turn(f.app);
        failed = oom_failed();
        if (f.client == NULL && f.closed == 0) {
            vireo_app_free(f.app);
            continue;
        }
        for (int patience = PEER_PATIENCE; f.opened + f.closed == 0 && patience > 0; patience--)
            peer_turn(f.app);
        assert_true(f.opened + f.closed > 0);
        vireo_app_free(f.app);
        assert_int_equal(f.closed, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_comes_back),
        cmocka_unit_test(test_answers_that_end_it),
        cmocka_unit_test(test_answers_that_do_not),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_leaving_everywhere),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
