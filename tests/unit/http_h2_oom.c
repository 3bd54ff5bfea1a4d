/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http/h2: every n-th allocation fails once, ours or nghttp2's, while a connection of HTTP/2 is
 * accepted and serves (T29). Whatever it was, nothing leaks, the server goes on, and no client gets
 * half an answer that looks whole. */

#include "oom.h"

#include "h2_peer.h"

#include <vireo/ws.h>

static int on_echo(vireo_req *r)
{
    size_t n;
    const char *body = vireo_body(r, &n);
    return vireo_reply(r, 200, NULL, body, n);
}

static int on_pieces(vireo_req *r)
{
    int error = vireo_reply_begin(r, 200, "text/plain");
    if (error < 0)
        return error;
    vireo_reply_write(r, "one", 3);
    vireo_reply_write(r, "two", 3);
    vireo_reply_trailer(r, "X-End", "1");
    vireo_reply_end(r);
    return 0;
}

static void ws_message(vireo_ws *ws, const void *data, size_t n, bool binary)
{
    vireo_ws_send(ws, data, n, binary);
}

static void quiet(void *user, vireo_level level, const char *area, const char *text)
{
    (void)user;
    (void)level;
    (void)area;
    (void)text;
}

static vireo_app *serve(void)
{
    vireo_app *app = vireo_app_new(.log = quiet, .debug = "");
    assert_non_null(app);
    assert_int_equal(vireo_route(app, "POST", "/echo", on_echo, NULL), 0);
    assert_int_equal(vireo_route(app, "GET", "/pieces", on_pieces, NULL), 0);
    assert_non_null(vireo_websocket(app, "/ws", .on_message = ws_message));
    assert_int_equal(vireo_listen(app, .host = "127.0.0.1", .http2 = true), 0);
    return app;
}

static void ask_all(h2_peer *p)
{
    const h2_field post[] = {H2_ASK("POST", "/echo"), {"cookie", "a=b"}, {NULL, NULL}};
    const h2_field tunnel[] = {{":method", "CONNECT"},
                               {":protocol", "websocket"},
                               {":scheme", "http"},
                               {":authority", "a"},
                               {":path", "/ws"},
                               {"sec-websocket-version", "13"},
                               {NULL, NULL}};
    vireo__buf_append_str(&p->out, H2_PREFACE);
    h2_frame(&p->out, NGHTTP2_SETTINGS, 0, 0, NULL, 0);
    h2_headers(&p->out, 1, END_HEADERS, post);
    h2_frame(&p->out, NGHTTP2_DATA, 0, 1, "bo", 2);
    h2_frame(&p->out, NGHTTP2_DATA, END_STREAM, 1, "dy", 2);
    h2_get(&p->out, 3, "/pieces");
    h2_headers(&p->out, 5, END_HEADERS, tunnel);
    h2_frame(&p->out, NGHTTP2_DATA, 0, 5, "\x81\x82\0\0\0\0hi", 8);
    h2_get(&p->out, 7, "/none");
    h2_flush(p);
}

/* Of what ended well, all of it came. */
static void check(h2_peer *p, bool failed)
{
    const char *log = h2_log(p);
    assert_true(failed || (strstr(log, "data 1 body end\n") != NULL &&
                           strstr(log, "headers 3 x-end=1 end\n") != NULL &&
                           strstr(log, "data 5 \x81\x02hi\n") != NULL &&
                           strstr(log, "headers 7 404") != NULL));
    if (strstr(log, "headers 1 200") != NULL && strstr(log, "data 1 end\n") != NULL)
        fail_msg("half an answer:\n%s", log);
    if (strstr(log, "headers 3 x-end=1 end\n") != NULL)
        assert_non_null(strstr(log, "data 3 onetwo\n"));
}

/* Returns whether the n-th allocation was reached. */
static bool run(vireo_app *app, int n)
{
    h2_peer p = h2_open_silent(app);
    ask_all(&p);
    oom_fail_at(n);
    peer_settle(app);
    bool failed = oom_failed();
    for (int i = 0; i < 5; i++)
        h2_look(&p);
    check(&p, failed);
    h2_close(&p);
    peer_settle(app);
    return failed;
}

static void test_every_allocation(void **state)
{
    (void)state;
    vireo_app *app = serve();
    int n = 1;
    while (run(app, n))
        n++;
    assert_true(n > 50);
    assert_false(run(app, 1 << 20)); /* it still serves, all of it */
    vireo_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
