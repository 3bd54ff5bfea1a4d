/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* O06: every n-th allocation fails once while a request is taken to the worker of its session, with
 * its connection or, of HTTP/2, over a bridge; and while two workers tell each other something.
 * Whatever it was: nothing leaks, the client is answered or sees the connection end, what was begun
 * ends once, and the next time all goes well. */

#include "oom.h"

#include "h2_peer.h"
#include "two_workers.h"

#include <vireo/error.h>
#include <vireo/vireo.h>

static vireo_sse_endpoint *streams[2];
static vireo_ns *namespaces[2];

static void answer_server(vireo_ns *ns, const vireo_msg *m)
{
    (void)ns;
    vireo_ack(m, "%p", (const void *)vireo_arg(m, 0));
}

static const vireo_server_handler server_events[] = {{"q", answer_server}, {0}};

static int setup(vireo_app *app, void *unused)
{
    (void)unused;
    streams[vireo_worker(app)] = vireo_event_stream(app, "/events", .history_events = 10);
    namespaces[vireo_worker(app)] = vireo_namespace(app, "/", .server_events = server_events);
    return vireo_listen(app, .host = "127.0.0.1", .http2 = true);
}

/* --- a request -------------------------------------------------------------------------------- */

static void open_session(char sid[21])
{
    static const char ask[] = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n";
    peer p = peer_open(two.apps[0]);
    peer_send(&p, ask);
    const char *at = NULL;
    for (int patience = PEER_PATIENCE; at == NULL && patience > 0; patience--) {
        peer_wait(&p);
        at = strstr(p.got, "\"sid\":\"");
    }
    assert_non_null(at);
    assert_int_equal(sscanf(at, "\"sid\":\"%20[^\"]", sid), 1);
    peer_close(&p);
}

/* Sends |bytes|, and lets the |n|-th allocation of the server fail that follows. Returns whether it
 * did. */
static bool send_failing(peer *p, const void *bytes, size_t len, int n)
{
    oom_fail_at(n);
    peer_send_bytes(p, bytes, len);
    for (int i = 0; i < 3; i++)
        peer_settle(p->app);
    return oom_failed();
}

/* By HTTP/1.1. Returns whether it was answered well; |*failed|: whether the |n|-th was reached. */
static bool post(const char *sid, int n, bool *failed)
{
    char text[200];
    peer p = peer_open(two.apps[0]);
    peer_settle(two.apps[0]);
    snprintf(text, sizeof text,
             "POST /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: a\r\n"
             "Content-Length: 2\r\n\r\n40",
             sid);
    *failed = send_failing(&p, text, strlen(text), n);
    for (int patience = PEER_PATIENCE; !p.ended && strstr(p.got, "\r\n\r\n") == NULL; patience--) {
        assert_true(patience > 0);
        peer_wait(&p);
    }
    peer_settle(two.apps[0]);
    peer_take(&p, SIZE_MAX);
    bool well = strstr(p.got, "\r\n\r\nok") != NULL;
    peer_close(&p);
    return well;
}

static bool h2_over(h2_peer *p)
{
    const char *log = h2_log(p);
    return p->tcp.ended || strstr(log, "data 1 end") != NULL || strstr(log, "ok end") != NULL ||
           strstr(log, "rst 1") != NULL || strstr(log, "unknown\"} end") != NULL ||
           strstr(log, "goaway") != NULL;
}

/* By HTTP/2, in two pieces. */
static bool h2_post(const char *sid, int n, bool *failed)
{
    char path[100];
    h2_peer p = h2_open(two.apps[0]);
    h2_expect(&p, "settings ack\n");
    snprintf(path, sizeof path, "/socket.io/?EIO=4&transport=polling&sid=%s", sid);
    const h2_field fields[] = {H2_ASK("POST", path), {NULL, NULL}};
    h2_headers(&p.out, 1, END_HEADERS, fields);
    h2_frame(&p.out, NGHTTP2_DATA, 0, 1, "4", 1);
    *failed = send_failing(&p.tcp, p.out.data, p.out.len, n);
    vireo__buf_reset(&p.out, VIREO__BUF_UNLIMITED);
    h2_frame(&p.out, NGHTTP2_DATA, END_STREAM, 1, "0", 1);
    h2_flush(&p);
    for (int patience = PEER_PATIENCE; !h2_over(&p); patience--) {
        if (patience == 0)
            fail_msg("no answer, but:\n%s", h2_log(&p));
        peer_wait(&p.tcp);
        h2_take(&p);
    }
    bool well = strstr(h2_log(&p), "headers 1 200") != NULL && strstr(h2_log(&p), "ok") != NULL;
    h2_close(&p);
    return well;
}

/* The next connection will be this worker's. */
static void aim_at(unsigned worker)
{
    for (int i = 0; i < 3; i++)
        peer_settle(two.apps[0]);
    assert_int_equal(vireo__group_connections(two.group), 0);
    two.group->last = 1 - worker;
}

static bool try_request(bool (*ask)(const char *sid, int n, bool *failed), int n)
{
    char sid[21];
    bool failed, unused;
    two_open(setup, 0, 0);
    aim_at(0);
    open_session(sid);
    aim_at(1);
    bool well = ask(sid, n, &failed);
    assert_true(well || failed);
    aim_at(1);
    open_session(sid);
    aim_at(0);
    assert_true(ask(sid, 0, &unused));
    two_close();
    return failed;
}

static void try_requests(bool (*ask)(const char *sid, int n, bool *failed))
{
    int n = 1;
    while (try_request(ask, n))
        n++;
    assert_true(n > 20);
}

static void by_http1(void **state)
{
    (void)state;
    try_requests(post);
}

static void by_http2(void **state)
{
    (void)state;
    try_requests(h2_post);
}

/* --- what workers tell each other ------------------------------------------------------------- */

static int results, last_status;

static void on_results(vireo_ns *ns, int status, const vireo_value *list, void *user)
{
    (void)ns;
    (void)user;
    results++;
    last_status = status == 0 && vireo_count(list) != 1 ? VIREO_EPROTO : status;
}

static int ask_server(void)
{
    return vireo_server_side_emit_ack(namespaces[0], 0, on_results, NULL, "q", "%p",
                                      vireo_binary("abc", 3));
}

/* What nobody waits for may be missed. */
static int tell_server(void)
{
    vireo_ns *ns = namespaces[0];
    vireo_to some = {.ns = ns, .rooms = {"r"}, .except = {"x"}};
    vireo_broadcast(some, "news", "%p", vireo_binary("abc", 3));
    vireo_sockets_join(vireo_all(ns), (const char *[]){"r", NULL});
    vireo_ws_publish(two.apps[0], "topic", NULL, "text", 4, false);
    vireo_sse_publish_text(streams[0], "room", "event", "text");
    vireo_sse_publish_text(streams[1], NULL, NULL, "text");
    return ask_server();
}

static bool try_telling(int (*tell)(void), int n)
{
    two_open(setup, 0, 0);
    peer_settle(two.apps[0]);
    results = 0;
    oom_fail_at(n);
    int error = tell();
    peer_settle(two.apps[0]);
    bool failed = oom_failed();
    vireo__loop_advance(two.apps[0]->loop, 5000); /* an answer that was lost is not waited for */
    assert_int_equal(results, error == 0);
    assert_true(failed || (error == 0 && last_status == 0));
    results = 0;
    assert_int_equal(tell(), 0);
    peer_settle(two.apps[0]);
    assert_true(results == 1 && last_status == 0);
    two_close();
    return failed;
}

static void try_tellings(int (*tell)(void))
{
    int n = 1;
    while (try_telling(tell, n))
        n++;
    assert_true(n > 10);
}

static void a_question(void **state)
{
    (void)state;
    try_tellings(ask_server);
}

static void all_kinds_of_news(void **state)
{
    (void)state;
    try_tellings(tell_server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_http1),
        cmocka_unit_test(by_http2),
        cmocka_unit_test(a_question),
        cmocka_unit_test(all_kinds_of_news),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
