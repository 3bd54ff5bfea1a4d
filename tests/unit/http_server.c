/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* Requests and replies as a client sees them: routes, bodies, keep-alive, pipelining, refusals. */

#include "http_peer.h"

#define OK(body_len, rest)                                                                         \
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " body_len      \
    "\r\n" rest
#define TEXT(status, body_len, rest)                                                               \
    "HTTP/1.1 " status "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " body_len  \
    "\r\n" rest
#define CLOSE     "Connection: close\r\n\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

typedef struct probe {
    vireo_req *kept;
    vireo_req *second;
    int aborted;
    int abort_status;
    int heads;
    int posted;
} probe;

static probe seen;

static int say_hello(vireo_req *r)
{
    return vireo_reply_text(r, 200, "hello");
}

static int say_user(vireo_req *r)
{
    char text[256];
    snprintf(text, sizeof text, "%s|%s|%s|%s|%s", vireo_path(r), vireo_param(r, "id"),
             vireo_query(r, "q"), vireo_target(r), (const char *)vireo_req_user(r));
    return vireo_reply_text(r, 200, text);
}

static int say_headers(vireo_req *r)
{
    char text[256];
    snprintf(text, sizeof text, "%s|%s|%s|%s", vireo_header(r, "X-One"), vireo_header(r, "x-TWO"),
             vireo_header(r, "x-three"), vireo_address(r));
    return vireo_reply_text(r, 200, text);
}

static int echo(vireo_req *r)
{
    size_t n;
    const char *body = vireo_body(r, &n);
    assert_int_equal(body[n], 0);
    return vireo_reply(r, 200, "text/plain", body, n);
}

static int echo_json(vireo_req *r)
{
    vireo_error error = {0};
    const vireo_value *v = vireo_body_json(r, &error);
    if (v == NULL)
        return VIREO_EJSON;
    return vireo_reply_json(r, 201, "{got:%p,again:%hhd}", (const void *)v,
                            (bool)(vireo_body_json(r, NULL) == v));
}

static void on_abort(vireo_req *r, void *user)
{
    probe *p = user;
    p->aborted++;
    p->abort_status = vireo__req_status(r);
    p->kept = NULL;
}

static int keep(vireo_req *r)
{
    seen.kept = r;
    vireo_on_abort(r, on_abort, &seen);
    return 0;
}

static int fail_as_told(vireo_req *r)
{
    return atoi(vireo_query(r, "code"));
}

static int reply_twice(vireo_req *r)
{
    assert_int_equal(vireo_reply_text(r, 200, "once"), 0);
    assert_int_equal(vireo_reply_text(r, 200, "twice"), VIREO_EANSWERED);
    assert_int_equal(vireo_reply_header(r, "A", "b"), VIREO_EANSWERED);
    return VIREO_ENOTFOUND; /* too late to matter */
}

static int reply_headers(vireo_req *r)
{
    assert_int_equal(vireo_reply_header(r, "X-A", "1"), 0);
    assert_int_equal(vireo_reply_header(r, "Set-Cookie", "a=b"), 0);
    assert_int_equal(vireo_reply_header(r, "Content-length", "1"), VIREO_EINVAL);
    assert_int_equal(vireo_reply_header(r, "Connection", "x"), VIREO_EINVAL);
    assert_int_equal(vireo_reply_header(r, "X-B", "a\r\nEvil: b"), VIREO_EINVAL);
    assert_int_equal(vireo_reply_header(r, "X B", "a"), VIREO_EINVAL);
    assert_int_equal(vireo_reply(r, 200, "text/html\r\nEvil: b", "", 0), VIREO_EINVAL);
    assert_int_equal(vireo_reply(r, 99, NULL, "", 0), VIREO_EINVAL);
    return vireo_reply(r, 204, NULL, "", 0);
}

static int redirect(vireo_req *r)
{
    return vireo_redirect(r, 302, "/there");
}

static int rest(vireo_req *r)
{
    return vireo_reply_text(r, 200, vireo_param(r, "path"));
}

static int fall(vireo_req *r)
{
    vireo_stop(vireo_req_app(r));
    return vireo_reply_text(r, 200, "bye");
}

static vireo_app *new_app(void)
{
    static char user[] = "mine";
    vireo_app *app = vireo_app_new(.max_head_bytes = 500, .max_headers = 5, .max_body_bytes = 20);
    seen = (probe){0};
    vireo_route(app, "GET", "/hello", say_hello, NULL);
    vireo_route(app, "GET", "/users/:id", say_user, user);
    vireo_route(app, "GET", "/headers", say_headers, NULL);
    vireo_route(app, "POST", "/echo", echo, NULL);
    vireo_route(app, "PUT", "/echo", echo, NULL);
    vireo_route(app, "POST", "/json", echo_json, NULL);
    vireo_route(app, "*", "/keep", keep, NULL);
    vireo_route(app, "GET", "/fail", fail_as_told, NULL);
    vireo_route(app, "GET", "/twice", reply_twice, NULL);
    vireo_route(app, "GET", "/reply-headers", reply_headers, NULL);
    vireo_route(app, "GET", "/redirect", redirect, NULL);
    vireo_route(app, "GET", "/files/*path", rest, NULL);
    vireo_route(app, "GET", "/stop", fall, NULL);
    return peer_listen(app);
}

typedef struct exchange {
    const char *request;
    const char *reply;
} exchange;

static void run_all(vireo_app *app, const exchange *table, size_t count, bool end)
{
    for (size_t i = 0; i < count; i++)
        peer_converse(app, table[i].request, table[i].reply, end);
}

#define RUN_ALL(app, table, end) run_all((app), (table), sizeof(table) / sizeof(table)[0], (end))

/* --- replies ---------------------------------------------------------------------------------- */

static void answers_routes(void **state)
{
    (void)state;
    static const exchange table[] = {
        {GET("/hello"), OK("5", "\r\nhello")},
        {GET("/h%65llo"), OK("5", "\r\nhello")},
        {"GET http://a.b:1/hello?x HTTP/1.1\r\nHost: A.b:1\r\n\r\n", OK("5", "\r\nhello")},
        {"GET http://a/hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
         OK("5", "Connection: keep-alive\r\n\r\nhello")},
        {GET("/users/a%2Fb%20c?x=1&q=%41+b&q=2"),
         OK("60", "\r\n/users/a/b c|a/b c|A b|/users/a%2Fb%20c?x=1&q=%41+b&q=2|mine")},
        {"GET /headers HTTP/1.1\r\nHost: a\r\nX-ONE: 1\r\nX-Two: a\r\nx-two: b\r\n\r\n",
         OK("23", "\r\n1|a, b|(null)|127.0.0.1")},
        {GET("/twice"), OK("4", "\r\nonce")},
        {GET("/reply-headers"), "HTTP/1.1 204 No Content\r\nX-A: 1\r\nSet-Cookie: a=b\r\n\r\n"},
        {GET("/redirect"), TEXT("302 Found", "5", "Location: /there\r\n\r\nFound")},
        {GET("/files/a/b%2fc"), OK("5", "\r\na/b/c")},
        {GET("/files/"), OK("0", "\r\n")},
        {"HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n", OK("5", "\r\n")},
    };
    vireo_app *app = new_app();
    RUN_ALL(app, table, false);
    vireo_app_free(app);
}

static void answers_what_is_not_there(void **state)
{
    (void)state;
    static const exchange table[] = {
        {GET("/nothing"), TEXT("404 Not Found", "9", "\r\nNot Found")},
        {GET("/hello/"), TEXT("404 Not Found", "9", "\r\nNot Found")},
        {GET("/Hello"), TEXT("404 Not Found", "9", "\r\nNot Found")},
        {GET("/users/"), TEXT("404 Not Found", "9", "\r\nNot Found")},
        {GET("/users/a/b"), TEXT("404 Not Found", "9", "\r\nNot Found")},
        {GET("/a%zz"), TEXT("400 Bad Request", "11", "\r\nBad Request")},
        {GET("/a%00"), TEXT("400 Bad Request", "11", "\r\nBad Request")},
        {GET("/echo"),
         TEXT("405 Method Not Allowed", "18", "Allow: POST, PUT\r\n\r\nMethod Not Allowed")},
        {"DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n",
         TEXT("405 Method Not Allowed", "18", "Allow: GET, HEAD\r\n\r\nMethod Not Allowed")},
        {"OPTIONS /echo HTTP/1.1\r\nHost: a\r\n\r\n",
         "HTTP/1.1 204 No Content\r\nAllow: POST, PUT, OPTIONS\r\n\r\n"},
        {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"},
        {GET("/fail?code=-20014"), TEXT("404 Not Found", "9", "\r\nNot Found")},
        {GET("/fail?code=-2"), TEXT("404 Not Found", "9", "\r\nNot Found")},
        {GET("/fail?code=-20003"), TEXT("413 Payload Too Large", "17", "\r\nPayload Too Large")},
        {GET("/fail?code=-20001"), TEXT("400 Bad Request", "11", "\r\nBad Request")},
    };
    vireo_app *app = new_app();
    RUN_ALL(app, table, false);
    vireo_app_free(app);
}

static void count_line(void *user, vireo_level level, const char *area, const char *text)
{
    assert_int_equal(level, VIREO_ERROR);
    assert_string_equal(area, "http");
    assert_non_null(strstr(text, "/fail?code=-5"));
    ++*(int *)user;
}

static void a_failing_handler_is_a_500_and_a_log_line(void **state)
{
    (void)state;
    int lines = 0;
    vireo_app *app = vireo_app_new(.log = count_line, .log_user = &lines);
    vireo_route(app, "GET", "/fail", fail_as_told, NULL);
    peer_listen(app);
    peer_converse(app, GET("/fail?code=-5"),
                  TEXT("500 Internal Server Error", "21", "\r\nInternal Server Error"), false);
    assert_int_equal(lines, 1);
    vireo_app_free(app);
}

static void reads_bodies(void **state)
{
    (void)state;
    static const exchange table[] = {
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", OK("3", "\r\nabc")},
        {"POST /echo HTTP/1.1\r\nHost: a\r\n\r\n", OK("0", "\r\n")},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
         "chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
         OK("3", "\r\nabc")},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n01234567890123456789",
         OK("20", "\r\n01234567890123456789")},
        {"POST /json HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n[1,\"x\"]",
         "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: "
         "28\r\n\r\n{\"got\":[1,\"x\"],\"again\":true}"},
        {"POST /json HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{a",
         TEXT("400 Bad Request", "11", "\r\nBad Request")},
    };
    vireo_app *app = new_app();
    RUN_ALL(app, table, false);
    vireo_app_free(app);
}

/* --- connections ------------------------------------------------------------------------------ */

static void keeps_connections_or_closes_them(void **state)
{
    (void)state;
    static const exchange closing[] = {
        {"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", OK("5", CLOSE "hello")},
        {"GET /hello HTTP/1.0\r\n\r\n", OK("5", CLOSE "hello")},
    };
    vireo_app *app = new_app();
    RUN_ALL(app, closing, true);
    peer p = peer_open(app);
    for (int i = 0; i < 3; i++) {
        peer_send(&p, GET("/hello"));
        peer_expect(&p, OK("5", "\r\nhello"));
    }
    peer_send(&p, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    peer_expect(&p, OK("5", "Connection: keep-alive\r\n\r\nhello"));
    peer_send(&p, "\r\n" GET("/hello")); /* an empty line in front is forgiven */
    peer_expect(&p, OK("5", "\r\nhello"));
    peer_close(&p);
    vireo_app_free(app);
}

static void answers_byte_by_byte(void **state)
{
    (void)state;
    static const char text[] = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                               "chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n" GET("/hello");
    vireo_app *app = new_app();
    peer p = peer_open(app);
    for (size_t i = 0; i < sizeof text - 1; i++) {
        peer_send_bytes(&p, text + i, 1);
        peer_turn(app);
    }
    peer_expect(&p, OK("2", "\r\nab") OK("5", "\r\nhello"));
    peer_close(&p);
    vireo_app_free(app);
}

/* More than are taken in one turn, and more than one reading. */
static void pipelines_in_order(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    vireo_app *app = new_app();
    peer p = peer_open(app);
    char *requests = calloc(COUNT, 64), *expected = calloc(COUNT, 128);
    char *to = requests, *want = expected;
    for (int i = 0; i < COUNT; i++) {
        char rest_of[16];
        int n = sprintf(rest_of, "%d", i);
        to += sprintf(to, GET("/files/%d"), i);
        want += sprintf(want, OK("%d", "\r\n%d"), n, i);
    }
    peer_send_bytes(&p, requests, (size_t)(to - requests));
    for (int patience = PEER_PATIENCE; patience > 0 && !p.ended; patience--) {
        size_t dates = COUNT * strlen("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
        if (p.len >= (size_t)(want - expected) + dates)
            break;
        peer_wait(&p);
    }
    peer_expect(&p, expected);
    free(requests);
    free(expected);
    peer_close(&p);
    vireo_app_free(app);
}

static void a_pending_reply_holds_the_next_request_back(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    peer p = peer_open(app);
    peer_send(&p, GET("/keep") GET("/hello") "GET /files/");
    peer_settle(app);
    assert_non_null(seen.kept);
    peer_expect(&p, "");
    vireo_reply_text(seen.kept, 200, "at last");
    peer_expect(&p, OK("7", "\r\nat last") OK("5", "\r\nhello"));
    peer_send(&p, "x HTTP/1.1\r\nHost: a\r\n\r\n");
    peer_expect(&p, OK("1", "\r\nx"));
    assert_int_equal(seen.aborted, 0);
    peer_close(&p);
    vireo_app_free(app);
}

/* Takes all replies that are whole out of what was received, and counts them. */
static size_t count_replies(peer *p)
{
    size_t count = 0;
    char *from = p->got;
    for (char *at; (at = strstr(from, "\r\n\r\nhello")) != NULL; count++)
        from = at + 9;
    p->len -= (size_t)(from - p->got);
    memmove(p->got, from, p->len + 1);
    return count;
}

/* Sends until the server takes no more. Returns how many bytes it took. */
static size_t flood(peer *p, const char *bytes, size_t n)
{
    size_t sent = 0;
    for (int idle = 0; sent < n && idle < 300;) {
        ssize_t now = send(p->fd, bytes + sent, n - sent, MSG_NOSIGNAL);
        struct pollfd fd = {.fd = uv_backend_fd(vireo__app_loop(p->app)->uv), .events = POLLIN};
        sent += now > 0 ? (size_t)now : 0;
        idle = now > 0 ? 0 : idle + 1;
        poll(&fd, 1, 1);
        peer_turn(p->app);
    }
    return sent;
}

/* A client that does not read its replies is not answered further and not read from, and takes them
 * later. */
static void does_not_answer_who_does_not_read(void **state)
{
    (void)state;
    enum { COUNT = 1000000, SIZE = sizeof GET("/hello") - 1 };
    vireo_app *app = new_app();
    peer p = peer_open(app);
    char *requests = malloc(COUNT * SIZE);
    for (size_t i = 0; i < COUNT; i++)
        memcpy(requests + i * SIZE, GET("/hello"), SIZE);
    size_t sent = flood(&p, requests, COUNT * SIZE), replies = 0;
    assert_true(sent < COUNT * SIZE);
    for (int patience = PEER_PATIENCE * 10; replies < sent / SIZE && patience > 0; patience--) {
        peer_wait(&p);
        replies += count_replies(&p);
    }
    assert_int_equal(replies, sent / SIZE);
    free(requests);
    peer_close(&p);
    vireo_app_free(app);
}

/* --- bodies that are not wanted --------------------------------------------------------------- */

static void continues_when_asked(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    peer p = peer_open(app);
    peer_send(
        &p, "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    peer_expect(&p, "HTTP/1.1 100 Continue\r\n\r\n");
    peer_send(&p, "hi");
    peer_expect(&p, OK("2", "\r\nhi"));
    peer_send(
        &p,
        "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi");
    peer_expect(&p, OK("2", "\r\nhi")); /* it did not wait */
    peer_close(&p);
    vireo_app_free(app);
}

static void refuses_and_closes(void **state)
{
    (void)state;
    static const exchange table[] = {
        {"GET / HTTP/1.1\r\n\r\n", TEXT("400 Bad Request", "11", CLOSE "Bad Request")},
        {"GET / HTTP/1.1\nHost: a\n\n", TEXT("400 Bad Request", "11", CLOSE "Bad Request")},
        {"GET noslash HTTP/1.1\r\nHost: a\r\n\r\n",
         TEXT("400 Bad Request", "11", CLOSE "Bad Request")},
        {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", TEXT("400 Bad Request", "11", CLOSE "Bad Request")},
        {"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
         TEXT("400 Bad Request", "11", CLOSE "Bad Request")},
        {"GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n",
         TEXT("400 Bad Request", "11", CLOSE "Bad Request")},
        {"GET / HTTP/3.0\r\nHost: a\r\n\r\n",
         TEXT("505 HTTP Version Not Supported", "26", CLOSE "HTTP Version Not Supported")},
        {"BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
         TEXT("501 Not Implemented", "15", CLOSE "Not Implemented")},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: "
         "chunked\r\n\r\n0\r\n\r\n",
         TEXT("400 Bad Request", "11", CLOSE "Bad Request")},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 21\r\n\r\n",
         TEXT("413 Payload Too Large", "17", CLOSE "Payload Too Large")},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 21\r\n\r\n",
         TEXT("413 Payload Too Large", "17", CLOSE "Payload Too Large")},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n",
         TEXT("413 Payload Too Large", "17", CLOSE "Payload Too Large")},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
         TEXT("400 Bad Request", "11", CLOSE "Bad Request")},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 2\r\n\r\n",
         TEXT("417 Expectation Failed", "18", CLOSE "Expectation Failed")},
        {"GET / HTTP/1.1\r\nHost: a\r\na: 1\r\nb: 1\r\nc: 1\r\nd: 1\r\ne: 1\r\n\r\n",
         TEXT("431 Request Header Fields Too Large", "31",
              CLOSE "Request Header Fields Too Large")},
    };
    vireo_app *app = new_app();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        peer p = peer_open(app);
        peer_send(&p, table[i].request);
        peer_expect(&p, table[i].reply);
        peer_send(&p, GET("/hello")); /* what follows is not read */
        peer_expect_end(&p);
        assert_false(p.reset); /* .. but does not cost the client the answer */
        peer_close(&p);
    }
    vireo_app_free(app);
}

static void refuses_long_heads(void **state)
{
    (void)state;
    char text[700];
    vireo_app *app = new_app();
    memset(text, 'x', sizeof text);
    memcpy(text, "GET /", 5);
    text[600] = '\0';
    peer_converse(app, text, TEXT("414 URI Too Long", "12", CLOSE "URI Too Long"), true);
    memcpy(text, "GET / HTTP/1.1\r\nHost: a\r\nX: ", 28);
    peer_converse(
        app, text,
        TEXT("431 Request Header Fields Too Large", "31", CLOSE "Request Header Fields Too Large"),
        true);
    vireo_app_free(app);
}

/* --- clients that go away --------------------------------------------------------------------- */

static void tells_of_aborts(void **state)
{
    (void)state;
    for (int half = 0; half <= 1; half++) {
        vireo_app *app = new_app();
        peer p = peer_open(app);
        peer_send(&p, GET("/keep"));
        peer_settle(app);
        assert_non_null(seen.kept);
        if (half)
            shutdown(p.fd, SHUT_WR);
        else
            peer_close(&p);
        peer_until(app, &seen.aborted, 1);
        assert_int_equal(seen.abort_status, 0);
        if (half) { /* as Node.js does */
            peer_expect_end(&p);
            peer_close(&p);
        }
        peer_settle(app);
        assert_int_equal(seen.aborted, 1);
        vireo_app_free(app);
    }
}

static void answers_before_a_half_close(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    peer p = peer_open(app);
    peer_send(&p, GET("/hello") GET("/keep"));
    shutdown(p.fd, SHUT_WR);
    peer_expect(&p, OK("5", "\r\nhello"));
    peer_expect_end(&p);
    assert_int_equal(seen.aborted, 1);
    peer_close(&p);
    p = peer_open(app);
    peer_send(&p, "GET /hello HTTP/1.1\r\nHo");
    shutdown(p.fd, SHUT_WR);
    peer_expect(&p, TEXT("400 Bad Request", "11", CLOSE "Bad Request"));
    peer_expect_end(&p);
    peer_close(&p);
    vireo_app_free(app);
}

static void a_reply_from_outside_cancels_the_abort(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    peer p = peer_open(app);
    peer_send(&p, GET("/keep"));
    peer_settle(app);
    vireo_reply_text(seen.kept, 200, "x");
    peer_close(&p);
    peer_settle(app);
    assert_int_equal(seen.aborted, 0);
    vireo_app_free(app);
}

/* --- time-outs -------------------------------------------------------------------------------- */

static void times_heads_out(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    peer silent = peer_open(app), slow = peer_open(app);
    peer_settle(app);
    peer_send(&slow, "GET /");
    for (int i = 0; i < 9; i++) { /* a byte each second does not help */
        peer_advance(app, 1000);
        peer_send(&slow, "x");
    }
    peer_expect(&slow, "");
    assert_false(slow.ended);
    peer_advance(app, 1000);
    peer_expect_end(&silent);
    peer_expect(&slow, TEXT("408 Request Timeout", "15", CLOSE "Request Timeout"));
    peer_expect_end(&slow);
    peer_close(&silent);
    peer_close(&slow);
    vireo_app_free(app);
}

static void times_bodies_out(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    peer p = peer_open(app);
    peer_send(&p, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n1");
    for (int i = 0; i < 3; i++) { /* each byte gives it 30 s more */
        peer_advance(app, 29000);
        peer_send(&p, "2");
    }
    peer_settle(app);
    peer_expect(&p, "");
    peer_advance(app, 30000);
    peer_expect(&p, TEXT("408 Request Timeout", "15", CLOSE "Request Timeout"));
    peer_expect_end(&p);
    peer_close(&p);
    vireo_app_free(app);
}

static void times_idle_connections_out(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    peer p = peer_open(app);
    for (int i = 0; i < 2; i++) {
        peer_send(&p, GET("/hello"));
        peer_expect(&p, OK("5", "\r\nhello"));
        peer_advance(app, 64000);
        peer_settle(app);
    }
    assert_false(p.ended);
    peer_advance(app, 1000);
    peer_expect_end(&p);
    peer_close(&p);
    vireo_app_free(app);
}

static void a_pending_reply_has_no_time_out(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    peer p = peer_open(app);
    peer_send(&p, GET("/keep"));
    peer_settle(app);
    peer_advance(app, 3600 * 1000);
    peer_settle(app);
    vireo_reply_text(seen.kept, 200, "x");
    peer_expect(&p, OK("1", "\r\nx"));
    peer_close(&p);
    vireo_app_free(app);
}

/* --- large replies ---------------------------------------------------------------------------- */

enum { LARGE = 30 * 1000 * 1000 }; /* more than may be queued */

static int reply_large(vireo_req *r)
{
    char *bytes = malloc(LARGE);
    for (size_t i = 0; i < LARGE; i++)
        bytes[i] = (char)('a' + i % 23);
    int error = vireo_reply(r, 200, "application/octet-stream", bytes, LARGE);
    free(bytes);
    return error;
}

static void sends_large_replies(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    vireo_route(app, "GET", "/large", reply_large, NULL);
    peer p = peer_open(app);
    peer_send(&p, GET("/large") GET("/hello"));
    size_t at = 0;
    for (int patience = PEER_PATIENCE; at < LARGE && !p.ended && patience > 0; patience--) {
        peer_wait(&p);
        char *begin = p.got;
        if (at == 0 && (begin = strstr(p.got, "\r\n\r\n")) == NULL)
            continue;
        begin += at == 0 ? 4 : 0;
        for (char *c = begin; c < p.got + p.len && at < LARGE; c++, at++, begin = c)
            if (*c != (char)('a' + at % 23))
                fail_msg("byte %zu is wrong", at);
        p.len -= (size_t)(begin - p.got);
        memmove(p.got, begin, p.len + 1);
    }
    assert_int_equal(at, LARGE);
    peer_expect(&p, OK("5", "\r\nhello"));
    peer_close(&p);
    vireo_app_free(app);
}

static void cuts_who_stops_reading(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    vireo_route(app, "GET", "/large", reply_large, NULL);
    peer p = peer_open(app);
    peer_send(&p, GET("/large"));
    for (int i = 0; i < 300; i++) {
        struct pollfd fd = {.fd = uv_backend_fd(vireo__app_loop(app)->uv), .events = POLLIN};
        peer_turn(app);
        poll(&fd, 1, 1);
    }
    peer_take(&p, 60000); /* it is slow at first .. */
    peer_advance(app, 30000);
    peer_settle(app);
    for (int i = 0; i < 3; i++)
        peer_advance(app, 30000); /* .. then it reads nothing more */
    size_t received = p.len;
    for (int patience = PEER_PATIENCE; !p.ended && patience > 0; patience--) {
        peer_wait(&p);
        received += p.len;
        p.len = 0;
    }
    assert_true(p.ended);
    assert_true(received < LARGE);
    peer_close(&p);
    vireo_app_free(app);
}

static void drops_a_large_reply_with_its_client(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    vireo_route(app, "GET", "/large", reply_large, NULL);
    peer p = peer_open(app);
    peer_send(&p, GET("/large"));
    peer_turn(app);
    peer_close(&p);
    peer_settle(app);
    peer_converse(app, GET("/hello"), OK("5", "\r\nhello"), false);
    vireo_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_routes),
        cmocka_unit_test(answers_what_is_not_there),
        cmocka_unit_test(a_failing_handler_is_a_500_and_a_log_line),
        cmocka_unit_test(reads_bodies),
        cmocka_unit_test(keeps_connections_or_closes_them),
        cmocka_unit_test(answers_byte_by_byte),
        cmocka_unit_test(pipelines_in_order),
        cmocka_unit_test(a_pending_reply_holds_the_next_request_back),
        cmocka_unit_test(does_not_answer_who_does_not_read),
        cmocka_unit_test(continues_when_asked),
        cmocka_unit_test(refuses_and_closes),
        cmocka_unit_test(refuses_long_heads),
        cmocka_unit_test(tells_of_aborts),
        cmocka_unit_test(answers_before_a_half_close),
        cmocka_unit_test(a_reply_from_outside_cancels_the_abort),
        cmocka_unit_test(times_heads_out),
        cmocka_unit_test(times_bodies_out),
        cmocka_unit_test(times_idle_connections_out),
        cmocka_unit_test(a_pending_reply_has_no_time_out),
        cmocka_unit_test(sends_large_replies),
        cmocka_unit_test(cuts_who_stops_reading),
        cmocka_unit_test(drops_a_large_reply_with_its_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
