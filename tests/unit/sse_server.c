/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* <vireo/sse.h> as a client sees it, byte by byte (E01, E02, E03): events, rooms, replay,
 * heartbeat, slow readers, ends of every kind, memory that runs out. */

#include "http_peer.h"

#include <vireo/sse.h>

#include "oom.h"

#define HEAD                                                                                       \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nConnection: close\r\n"   \
    "Cache-Control: no-cache\r\nX-Accel-Buffering: no\r\n\r\n"
#define GET       "GET /events HTTP/1.1\r\nHost: x\r\n\r\n"
#define AFTER(id) "GET /events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: " id "\r\n\r\n"

typedef struct fixture {
    vireo_app *app;
    vireo_sse_endpoint *endpoint;
    vireo_sse *last; /* opened */
    int opened;
    int closed;
    int drained;
    int error;
    bool close_in_open;
    bool join_room;
    const char *say_in_open;
    bool starved; /* memory runs out */
} fixture;

static fixture f;

static int refuse_some(vireo_req *r)
{
    if (vireo_query(r, "gone") != NULL)
        return vireo_reply(r, 204, NULL, NULL, 0);
    return vireo_query(r, "bad") != NULL ? VIREO_EINVAL : 0;
}

static void on_open(vireo_sse *e, vireo_req *r)
{
    f.last = e;
    f.opened++;
    if (!f.starved)
        assert_string_equal(vireo_sse_address(e), "127.0.0.1");
    assert_ptr_equal(vireo_req_user(r), f.endpoint);
    if (f.join_room)
        assert_int_equal(vireo_sse_join(e, "room"), 0);
    if (f.say_in_open != NULL)
        assert_int_equal(vireo_sse_publish_text(f.endpoint, NULL, NULL, f.say_in_open), 1);
    if (f.close_in_open)
        vireo_sse_close(e);
}

static void on_drain(vireo_sse *e)
{
    (void)e;
    f.drained++;
}

static void on_close(vireo_sse *e, int error)
{
    assert_int_equal(vireo_sse_send_text(e, NULL, "late"), VIREO_ECLOSED);
    assert_int_equal(vireo_sse_join(e, "late"), VIREO_ECLOSED);
    f.closed++;
    f.error = error;
}

#define set_up(...)                                                                                \
    do {                                                                                           \
        f = (fixture){.app = peer_listen(vireo_app_new())};                                        \
        f.endpoint =                                                                               \
            vireo_event_stream(f.app, "/events", .on_request = refuse_some, .on_open = on_open,    \
                               .on_close = on_close, .on_drain = on_drain, __VA_ARGS__);           \
        assert_non_null(f.endpoint);                                                               \
    } while (0)

static peer open_stream(const char *request)
{
    peer p = peer_open(f.app);
    int before = f.opened;
    peer_send(&p, request);
    peer_until(f.app, &f.opened, before + 1);
    return p;
}

static void test_events_of_every_kind(void **state)
{
    (void)state;
    set_up(.retry_ms = 2500, .data_size = 16);
    peer p = open_stream(GET);
    peer_expect(&p, HEAD "retry: 2500\n\n");
    memset(vireo_sse_data(f.last), 1, 16);
    assert_int_equal(vireo_sse_send(f.last, "news", "{a:%d,b:%s}", 1, "x\ny"), 0);
    assert_int_equal(vireo_sse_send_text(f.last, NULL, "two\nlines"), 0);
    assert_int_equal(vireo_sse_comment(f.last, "psst"), 0);
    assert_int_equal(vireo_sse_publish(f.endpoint, NULL, "all", "%d", 7), 1);
    assert_int_equal(vireo_sse_send_text(f.last, "a\nb", "x"), VIREO_EINVAL);
    assert_int_equal(vireo_sse_send_text(f.last, NULL, "\xFF"), VIREO_EUTF8);
    assert_int_equal(vireo_sse_publish_text(f.endpoint, NULL, NULL, "\xFF"), VIREO_EUTF8);
    peer_expect(&p, "event: news\ndata: {\"a\":1,\"b\":\"x\\ny\"}\n\n"
                    "data: two\ndata: lines\n\n: psst\n\nevent: all\ndata: 7\n\n");
    peer_close(&p);
    peer_until(f.app, &f.closed, 1);
    assert_int_equal(vireo_sse_count(f.endpoint, NULL), 0);
    vireo_app_free(f.app);
}

static void test_rooms(void **state)
{
    (void)state;
    set_up(.max_rooms = 2);
    peer a = open_stream(GET);
    vireo_sse *first = f.last;
    peer b = open_stream(GET);
    peer_expect(&a, HEAD);
    peer_expect(&b, HEAD);
    assert_int_equal(vireo_sse_join(first, "red"), 0);
    assert_int_equal(vireo_sse_join(first, "red"), 0);
    assert_int_equal(vireo_sse_join(first, "blue"), 0);
    assert_int_equal(vireo_sse_join(first, "third"), VIREO_ETOOBIG);
    assert_int_equal(vireo_sse_join(first, ""), VIREO_EINVAL);
    assert_int_equal(vireo_sse_join(f.last, "blue"), 0);
    assert_int_equal(vireo_sse_publish_text(f.endpoint, "red", NULL, "1"), 1);
    assert_int_equal(vireo_sse_publish_text(f.endpoint, "blue", NULL, "2"), 2);
    assert_int_equal(vireo_sse_publish_text(f.endpoint, "green", NULL, "3"), 0);
    assert_int_equal(vireo_sse_leave(first, "blue"), 0);
    assert_int_equal(vireo_sse_publish_text(f.endpoint, "blue", NULL, "4"), 1);
    peer_expect(&a, "data: 1\n\ndata: 2\n\n");
    peer_expect(&b, "data: 2\n\ndata: 4\n\n");
    assert_int_equal(vireo_sse_count(f.endpoint, "blue"), 1);
    peer_close(&b);
    peer_until(f.app, &f.closed, 1);
    assert_int_equal(vireo_sse_count(f.endpoint, "blue"), 0);
    peer_close(&a);
    vireo_app_free(f.app);
}

/* A client that has seen one event, with this id, and went away. */
static void see_one(char id[32])
{
    peer p = open_stream(GET);
    peer_expect(&p, HEAD);
    vireo_sse_publish_text(f.endpoint, NULL, NULL, "seen");
    while (strstr(p.got, "seen\n\n") == NULL)
        peer_wait(&p);
    const char *at = strstr(p.got, "id: ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "id: %31s", id), 1);
    peer_close(&p);
    peer_until(f.app, &f.closed, 1);
}

static void test_replay(void **state)
{
    (void)state;
    char id[32], request[256], expected[512];
    set_up(.history_events = 10);
    f.join_room = true;
    see_one(id);
    vireo_sse_publish_text(f.endpoint, NULL, "e", "missed");
    vireo_sse_publish_text(f.endpoint, "elsewhere", NULL, "not mine");
    vireo_sse_publish_text(f.endpoint, "room", NULL, "mine");
    snprintf(request, sizeof request, AFTER("%s"), id);
    peer p = open_stream(request);
    assert_false(vireo_sse_missed(f.last));
    vireo_sse_publish_text(f.endpoint, NULL, NULL, "new");
    snprintf(expected, sizeof expected,
             HEAD "id: %.9s2\nevent: e\ndata: missed\n\nid: %.9s4\ndata: mine\n\n"
                  "id: %.9s5\ndata: new\n\n",
             id, id, id);
    peer_expect(&p, expected);
    peer_close(&p);

    p = open_stream(AFTER("12345678-1"));
    assert_true(vireo_sse_missed(f.last));
    peer_expect(&p, HEAD);
    peer_close(&p);
    vireo_app_free(f.app);
}

/* The ids that a client gets rise, also when on_open publishes: it comes back with the last one. */
static void test_published_while_it_opens(void **state)
{
    (void)state;
    char id[32], request[256], expected[512];
    set_up(.history_events = 10);
    see_one(id);
    vireo_sse_publish_text(f.endpoint, NULL, NULL, "missed");
    f.say_in_open = "hello";
    snprintf(request, sizeof request, AFTER("%s"), id);
    peer p = open_stream(request);
    snprintf(expected, sizeof expected,
             HEAD "id: %.9s2\ndata: missed\n\nid: %.9s3\ndata: hello\n\n", id, id);
    peer_expect(&p, expected);
    peer_close(&p);
    peer_until(f.app, &f.closed, 2);

    p = open_stream(GET); /* nothing was missed: at once */
    snprintf(expected, sizeof expected, HEAD "id: %.9s4\ndata: hello\n\n", id);
    peer_expect(&p, expected);
    peer_close(&p);
    peer_until(f.app, &f.closed, 3);

    f.close_in_open = true; /* then nothing of it is sent any more */
    p = open_stream(request);
    peer_expect(&p, HEAD);
    peer_expect_end(&p);
    peer_close(&p);
    vireo_app_free(f.app);
}

static void test_heartbeat(void **state)
{
    (void)state;
    set_up(.heartbeat_ms = 1000);
    peer p = open_stream(GET);
    peer_expect(&p, HEAD);
    peer_advance(f.app, 900);
    vireo_sse_send_text(f.last, NULL, "x");
    peer_expect(&p, "data: x\n\n");
    peer_advance(f.app, 900); /* not yet: something was said since */
    peer_settle(f.app);
    peer_take(&p, SIZE_MAX);
    assert_int_equal(p.len, 0);
    peer_advance(f.app, 100);
    peer_expect(&p, ":\n\n");
    peer_advance(f.app, 1000);
    peer_expect(&p, ":\n\n");
    peer_close(&p);
    vireo_app_free(f.app);
}

static void test_a_slow_reader_is_closed_alone(void **state)
{
    (void)state;
    static char big[100001];
    set_up(.max_queued_bytes = 300000);
    memset(big, 'x', sizeof big - 1);
    peer slow = open_stream(GET);
    peer other = open_stream(GET);
    peer_expect(&other, HEAD);
    for (int i = 0; i < 1000 && f.closed == 0; i++) {
        vireo_sse_publish_text(f.endpoint, NULL, NULL, big);
        while (other.len < sizeof big + 7 && !other.ended)
            peer_wait(&other);
        assert_false(other.ended);
        other.len = 0;
    }
    assert_int_equal(f.closed, 1);
    assert_int_equal(f.error, VIREO_EFULL);
    assert_int_equal(vireo_sse_count(f.endpoint, NULL), 1);
    peer_close(&slow);
    peer_close(&other);
    vireo_app_free(f.app);
}

static void test_drain_is_told(void **state)
{
    (void)state;
    static char big[900001];
    set_up(.max_queued_bytes = 64 << 20);
    memset(big, 'x', sizeof big - 1);
    peer p = open_stream(GET);
    for (int i = 0; i < 40; i++)
        assert_int_equal(vireo_sse_send_text(f.last, NULL, big), 0);
    peer_settle(f.app);
    assert_true(vireo_sse_queued(f.last) > 0);
    for (int patience = PEER_PATIENCE; f.drained == 0 && patience > 0; patience--) {
        peer_wait(&p);
        p.len = 0;
    }
    assert_int_equal(f.drained, 1);
    assert_int_equal(vireo_sse_queued(f.last), 0);
    peer_close(&p);
    vireo_app_free(f.app);
}

static void test_ends(void **state)
{
    (void)state;
    set_up(.user = &f);
    peer p = open_stream(GET); /* the server closes: what was sent before arrives */
    vireo_sse_send_text(f.last, NULL, "last");
    vireo_sse_close(f.last);
    vireo_sse_close(f.last);
    assert_int_equal(vireo_sse_send_text(f.last, NULL, "late"), VIREO_ECLOSED);
    assert_int_equal(vireo_sse_publish_text(f.endpoint, NULL, NULL, "late"), 0);
    peer_expect(&p, HEAD "data: last\n\n");
    peer_expect_end(&p);
    peer_close(&p);
    peer_until(f.app, &f.closed, 1);

    f.close_in_open = true; /* .. while it opens */
    p = open_stream(GET);
    peer_expect(&p, HEAD);
    peer_expect_end(&p);
    peer_close(&p);
    peer_until(f.app, &f.closed, 2);

    f.close_in_open = false; /* the client half-closes: it has gone */
    p = open_stream(GET);
    shutdown(p.fd, SHUT_WR);
    peer_expect(&p, HEAD);
    peer_expect_end(&p);
    peer_close(&p);
    peer_until(f.app, &f.closed, 3);

    p = open_stream(GET "what is this?"); /* more than a request */
    peer_send(&p, "nobody listens");
    peer_expect(&p, HEAD);
    vireo_stop(f.app); /* the application ends */
    peer_expect_end(&p);
    peer_close(&p);
    peer_until(f.app, &f.closed, 4);
    vireo_app_free(f.app);
}

static void test_other_requests(void **state)
{
    (void)state;
    set_up(.user = NULL);
    peer_converse(f.app, "GET /events?gone HTTP/1.1\r\nHost: x\r\n\r\n",
                  "HTTP/1.1 204 No Content\r\n\r\n", false);
    peer_converse(f.app, "HEAD /events HTTP/1.1\r\nHost: x\r\n\r\n",
                  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                  "Content-Length: 0\r\nCache-Control: no-cache\r\nX-Accel-Buffering: no\r\n\r\n",
                  false);
    /* HTTP/1.0, and behind another request */
    peer p = peer_open(f.app);
    peer_send(&p, "GET /events?gone HTTP/1.1\r\nHost: x\r\n\r\nGET /events HTTP/1.0\r\n\r\n");
    peer_expect(&p, "HTTP/1.1 204 No Content\r\n\r\n" HEAD);
    assert_int_equal(vireo_sse_count(f.endpoint, NULL), 1);
    peer_close(&p);
    vireo_app_free(f.app);
}

/* Whatever allocation fails: the client gets the stream, a 500 or an end, and the next is served.
 */
static void test_memory_runs_out(void **state)
{
    (void)state;
    for (int n = 1, failed = 1; failed; n++) {
        set_up(.history_events = 10);
        f.starved = true;
        peer p = peer_open(f.app);
        peer_settle(f.app);
        oom_fail_at(n);
        peer_send(&p, GET);
        for (int i = 0; i < 50 && f.opened == 0 && !p.ended; i++)
            peer_turn(f.app);
        if (f.opened > 0) {
            vireo_sse_join(f.last, "room");
            vireo_sse_publish_text(f.endpoint, "room", "event", "data");
            peer_settle(f.app);
        }
        failed = oom_failed();
        peer next = open_stream(GET);
        peer_expect(&next, HEAD);
        peer_close(&next);
        peer_close(&p);
        vireo_app_free(f.app);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_of_every_kind),
        cmocka_unit_test(test_rooms),
        cmocka_unit_test(test_replay),
        cmocka_unit_test(test_published_while_it_opens),
        cmocka_unit_test(test_heartbeat),
        cmocka_unit_test(test_a_slow_reader_is_closed_alone),
        cmocka_unit_test(test_drain_is_told),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_other_requests),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
