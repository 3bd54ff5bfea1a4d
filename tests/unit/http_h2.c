/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http/h2: clients of HTTP/2 that do what they must not, each limit exactly and one beyond, time,
 * and windows (T29, W15). */

#include "h2_peer.h"

#include <vireo/error.h>
#include <vireo/middleware.h>
#include <vireo/ws.h>

#include "http/h2.h"
#include "http/h2_request.h"

enum { HEAD_BYTES = 1000, HEADERS = 12, QUEUED = 1024 * 1024 };

/* --- the server ------------------------------------------------------------------------------- */

typedef struct doings {
    int aborts, hanging, ws_closed, bytes;
    vireo_req *held;
} doings;

static doings *doings_of(vireo_req *r)
{
    return vireo_app_user(vireo_req_app(r));
}

static int on_hi(vireo_req *r)
{
    return vireo_reply_text(r, 200, "hi");
}

static int on_echo(vireo_req *r)
{
    size_t n;
    const char *body = vireo_body(r, &n);
    return vireo_reply(r, 200, NULL, body, n);
}

static int on_big(vireo_req *r)
{
    static char bytes[300000];
    memset(bytes, 'x', sizeof bytes);
    return vireo_reply(r, 200, NULL, bytes, sizeof bytes);
}

static void on_abort(vireo_req *r, void *user)
{
    (void)r;
    ((doings *)user)->aborts++;
}

static int on_hang(vireo_req *r)
{
    doings_of(r)->hanging++;
    vireo_on_abort(r, on_abort, doings_of(r));
    return 0;
}

static void on_piece(vireo_req *r, const void *data, size_t n, bool last, void *user)
{
    (void)data;
    ((doings *)user)->bytes += (int)n;
    if (last)
        vireo_reply_text(r, 200, "all");
}

static int on_hold(vireo_req *r)
{
    doings_of(r)->held = r;
    vireo_on_abort(r, on_abort, doings_of(r));
    int error = vireo_on_body(r, on_piece, doings_of(r));
    vireo_body_pause(r);
    return error;
}

static void ws_message(vireo_ws *ws, const void *data, size_t n, bool binary)
{
    if (n == 3 && memcmp(data, "end", 3) == 0)
        vireo_ws_terminate(ws);
    else
        vireo_ws_send(ws, data, n, binary);
}

static void ws_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    (void)reason;
    ((doings *)vireo_app_user(vireo_ws_app(ws)))->ws_closed = code;
}

static const vireo_route_entry routes[] = {
    VIREO_GET("/hi", on_hi),
    VIREO_POST("/echo", on_echo, .max_body_bytes = 400000),
    VIREO_GET("/big", on_big),
    VIREO_GET("/hang", on_hang),
    VIREO_POST("/hold", on_hold, .stream = true, .max_body_bytes = 2000000),
    {0},
};

static vireo_app *serve(doings *d)
{
    *d = (doings){0};
    vireo_app *app = vireo_app_new(.max_head_bytes = HEAD_BYTES, .max_headers = HEADERS,
                                   .max_queued_bytes = QUEUED, .debug = "");
    assert_non_null(app);
    assert_int_equal(vireo_mount(app, "/", routes, NULL), 0);
    assert_non_null(vireo_websocket(app, "/ws", .on_message = ws_message, .on_close = ws_close));
    vireo_app_set_user(app, d);
    assert_int_equal(vireo_listen(app, .host = "127.0.0.1", .http2 = true), 0);
    return app;
}

/* --- how it begins ---------------------------------------------------------------------------- */

static void begin_cut_at(vireo_app *app, size_t cut)
{
    h2_peer p = h2_open_silent(app);
    peer_send_bytes(&p.tcp, H2_PREFACE, cut);
    peer_settle(app);
    vireo__buf_append(&p.out, &H2_PREFACE[cut], strlen(H2_PREFACE) - cut);
    h2_frame(&p.out, NGHTTP2_SETTINGS, 0, 0, NULL, 0);
    h2_get(&p.out, 1, "/hi");
    h2_flush(&p);
    h2_expect(&p, "data 1 hi end\n");
    h2_close(&p);
}

static void test_preface(void **state)
{
    doings d;
    (void)state;
    vireo_app *app = serve(&d);
    for (size_t cut = 0; cut <= strlen(H2_PREFACE); cut++)
        begin_cut_at(app, cut);
    vireo_app_free(app);
}

static void test_no_preface(void **state)
{
    static const char post[] = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
    static const char hi[] = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
    doings d;
    (void)state;
    vireo_app *app = serve(&d);
    peer p = peer_open(app);
    for (size_t i = 0; i < sizeof post - 1; i++) {
        peer_send_bytes(&p, post + i, 1);
        peer_turn(app);
    }
    peer_expect(&p, hi);
    peer_close(&p);
    p = peer_open(app);
    peer_send(&p, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r");
    peer_settle(app);
    peer_send(&p, "x");
    for (int i = 0; i < PEER_PATIENCE && !p.ended; i++)
        peer_wait(&p);
    assert_memory_equal(p.got, "HTTP/1.1 505 ", 13);
    peer_close(&p);
    vireo_app_free(app);
}

/* Frames byte by byte. */
static void test_bytes(void **state)
{
    const h2_field post[] = {H2_ASK("POST", "/echo"), {NULL, NULL}};
    doings d;
    (void)state;
    vireo_app *app = serve(&d);
    h2_peer p = h2_open_silent(app);
    vireo__buf_append_str(&p.out, H2_PREFACE);
    h2_frame(&p.out, NGHTTP2_SETTINGS, 0, 0, NULL, 0);
    h2_headers(&p.out, 1, END_HEADERS, post);
    h2_frame(&p.out, NGHTTP2_DATA, 0, 1, "bo", 2);
    h2_frame(&p.out, NGHTTP2_DATA, PADDED, 1, "\3d\0\0\0", 5);
    h2_frame(&p.out, NGHTTP2_DATA, END_STREAM, 1, "y", 1);
    for (size_t i = 0; i < p.out.len; i++) {
        peer_send_bytes(&p.tcp, p.out.data + i, 1);
        peer_turn(app);
    }
    h2_expect(&p, "data 1 body end\n");
    h2_close(&p);
    vireo_app_free(app);
}

/* --- what must not be ------------------------------------------------------------------------- */

typedef struct malformed {
    const char *what;
    h2_field fields[9];
} malformed;

/* RFC 9113 section 8.1.1: "a stream error of type PROTOCOL_ERROR" */
static const malformed malformed_requests[] = {
    {"upper case", {H2_ASK("GET", "/hi"), {"X-A", "1"}}},
    {"Connection", {H2_ASK("GET", "/hi"), {"connection", "close"}}},
    {"Transfer-Encoding", {H2_ASK("POST", "/echo"), {"transfer-encoding", "chunked"}}},
    {"Upgrade", {H2_ASK("GET", "/hi"), {"upgrade", "websocket"}}},
    {"Keep-Alive", {H2_ASK("GET", "/hi"), {"keep-alive", "1"}}},
    {"TE", {H2_ASK("GET", "/hi"), {"te", "gzip"}}},
    {"no :path", {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}}},
    {"no :method", {{":scheme", "http"}, {":authority", "a"}, {":path", "/hi"}}},
    {"no :scheme", {{":method", "GET"}, {":authority", "a"}, {":path", "/hi"}}},
    {"two :path", {H2_ASK("GET", "/hi"), {":path", "/hi"}}},
    {"unknown pseudo", {H2_ASK("GET", "/hi"), {":color", "red"}}},
    {"pseudo behind", {H2_ASK("GET", "/hi"), {"a", "b"}, {":authority", "a"}}},
    {"of a response", {H2_ASK("GET", "/hi"), {":status", "200"}}},
    {"line end in a value", {H2_ASK("GET", "/hi"), {"a", "b\r\nc: d"}}},
    {"line end in a name", {H2_ASK("GET", "/hi"), {"a\r\nb", "c"}}},
    {"blank in a name", {H2_ASK("GET", "/hi"), {"a b", "c"}}},
    {"no length", {H2_ASK("POST", "/echo"), {"content-length", "x"}}},
    {"two lengths", {H2_ASK("POST", "/echo"), {"content-length", "1"}, {"content-length", "1"}}},
    {"a length without a body", {H2_ASK("POST", "/echo"), {"content-length", "5"}}},
    {":protocol without CONNECT", {H2_ASK("GET", "/ws"), {":protocol", "websocket"}}},
};

static void test_malformed(void **state)
{
    doings d;
    (void)state;
    vireo_app *app = serve(&d);
    for (size_t i = 0; i < sizeof malformed_requests / sizeof malformed_requests[0]; i++) {
        h2_peer p = h2_open(app);
        h2_headers(&p.out, 1, END_STREAM | END_HEADERS, malformed_requests[i].fields);
        h2_get(&p.out, 3, "/hi");
        h2_flush(&p);
        h2_expect(&p, "data 3 hi end\n");
        if (strstr(h2_log(&p), "rst 1 1\n") == NULL || strstr(h2_log(&p), "headers 1") != NULL)
            fail_msg("%s:\n%s", malformed_requests[i].what, h2_log(&p));
        h2_close(&p);
    }
    vireo_app_free(app);
}

/* What HTTP/2 lets pass and HTTP/1.1 does not. */
static void test_refused(void **state)
{
    static const struct {
        h2_field fields[9];
        const char *answer;
    } cases[] = {
        {{H2_ASK("GET", "/hi"), {"host", "b"}}, "headers 1 400"},
        {{{":method", "CONNECT"}, {":authority", "a:1"}}, "headers 1 501"},
        {{H2_ASK("GET", "/hi"), {"expect", "miracles"}, {"content-length", "0"}}, "headers 1 417"},
    };
    doings d;
    (void)state;
    vireo_app *app = serve(&d);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        h2_peer p = h2_open(app);
        h2_headers(&p.out, 1, END_STREAM | END_HEADERS, cases[i].fields);
        h2_get(&p.out, 3, "/hi");
        h2_flush(&p);
        h2_expect(&p, cases[i].answer);
        h2_expect(&p, "data 3 hi end\n");
        h2_close(&p);
    }
    vireo_app_free(app);
}

/* A frame that breaks the connection. */
static void test_broken(void **state)
{
    static const struct {
        uint8_t type, flags;
        uint32_t id;
        size_t n;
        const char *goaway; /* NULL: any */
    } cases[] = {
        {NGHTTP2_DATA, 0, 0, 1, "goaway 0 1\n"},          /* on no stream */
        {NGHTTP2_DATA, 0, 1, 1, "goaway 0 1\n"},          /* on one that is not open */
        {NGHTTP2_HEADERS, END_HEADERS, 2, 1, "goaway 0"}, /* on one of ours */
        {NGHTTP2_PING, 0, 0, 7, "goaway 0 6\n"},          /* of another size */
        {NGHTTP2_SETTINGS, 0, 0, 5, "goaway 0 6\n"},
        {NGHTTP2_SETTINGS, 0, 1, 6, "goaway 0 1\n"},
        {NGHTTP2_CONTINUATION, 0, 1, 1, "goaway 0 1\n"}, /* of nothing */
        {NGHTTP2_PUSH_PROMISE, END_HEADERS, 1, 5, "goaway 0 1\n"},
        {NGHTTP2_WINDOW_UPDATE, 0, 0, 4, "goaway 0 1\n"}, /* by nothing */
        {NGHTTP2_DATA, 0, 1, 16385, "goaway 0 6\n"},      /* larger than we take */
    };
    static const uint8_t zero[16385];
    doings d;
    (void)state;
    vireo_app *app = serve(&d);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        h2_peer p = h2_open(app);
        h2_frame(&p.out, cases[i].type, cases[i].flags, cases[i].id, zero, cases[i].n);
        h2_flush(&p);
        h2_expect(&p, cases[i].goaway);
        h2_expect_end(&p);
        h2_close(&p);
    }
    vireo_app_free(app);
}

/* --- limits ----------------------------------------------------------------------------------- */

/* The last byte of fields that is taken, and one more. */
static void test_head_bytes(void **state)
{
    doings d;
    (void)state;
    vireo_app *app = serve(&d);
    for (size_t more = 0; more < 2; more++) {
        char value[HEAD_BYTES] = "";
        size_t fixed = (7 + 3) + (7 + 4) + (10 + 1) + (5 + 3) + 1 + 5 * VIREO__H2_FIELD_OVERHEAD;
        const h2_field fields[] = {H2_ASK("GET", "/hi"), {"n", value}, {NULL, NULL}};
        memset(value, 'v', HEAD_BYTES - fixed + more);
        h2_peer p = h2_open(app);
        h2_headers(&p.out, 1, END_STREAM | END_HEADERS, fields);
        h2_get(&p.out, 3, "/hi");
        h2_flush(&p);
        h2_expect(&p, more == 0 ? "headers 1 200" : "headers 1 431 content-length=0");
        h2_expect(&p, "data 3 hi end\n");
        h2_close(&p);
    }
    vireo_app_free(app);
}

static void test_head_fields(void **state)
{
    doings d;
    (void)state;
    vireo_app *app = serve(&d);
    for (int more = 0; more < 2; more++) {
        h2_field fields[HEADERS + 6] = {H2_ASK("GET", "/hi")};
        for (int i = 0; i < HEADERS - 1 + more; i++) /* Host is the first */
            fields[4 + i] = (h2_field){"n", "v"};
        h2_peer p = h2_open(app);
        h2_headers(&p.out, 1, END_STREAM | END_HEADERS, fields);
        h2_flush(&p);
        h2_expect(&p, more == 0 ? "headers 1 200" : "headers 1 431");
        h2_close(&p);
    }
    vireo_app_free(app);
}

static void test_streams(void **state)
{
    doings d;
    (void)state;
    vireo_app *app = serve(&d);
    h2_peer p = h2_open_silent(app); /* it has not seen our SETTINGS yet */
    vireo__buf_append_str(&p.out, H2_PREFACE);
    h2_frame(&p.out, NGHTTP2_SETTINGS, 0, 0, NULL, 0);
    for (uint32_t i = 0; i < VIREO__H2_MAX_STREAMS; i++)
        h2_get(&p.out, 2 * i + 1, "/hang");
    h2_round_trip(&p);
    peer_until(app, &d.hanging, VIREO__H2_MAX_STREAMS);
    assert_null(strstr(h2_log(&p), "rst"));
    h2_get(&p.out, 201, "/hi");
    h2_flush(&p);
    h2_expect(&p, "rst 201 7\n"); /* REFUSED_STREAM: may be tried again */
    h2_number(&p.out, NGHTTP2_RST_STREAM, 1, NGHTTP2_CANCEL);
    h2_get(&p.out, 203, "/hi");
    h2_flush(&p);
    h2_expect(&p, "data 203 hi end\n");
    assert_int_equal(d.aborts, 1);
    h2_frame(&p.out, NGHTTP2_SETTINGS, ACK, 0, NULL, 0); /* now it has */
    h2_get(&p.out, 205, "/hang");
    h2_get(&p.out, 207, "/hang");
    h2_flush(&p);
    h2_expect(&p, "goaway 205 1\n");
    h2_close(&p);
    peer_until(app, &d.aborts, VIREO__H2_MAX_STREAMS + 1);
    vireo_app_free(app);
}

/* Sends |n| of them at once, so that no time passes, and returns whether that was too much. */
static bool too_many(vireo_app *app, uint32_t n, void (*one)(vireo__buf *out, uint32_t id))
{
    h2_peer p = h2_open(app);
    h2_round_trip(&p);
    for (uint32_t i = 0; i < n; i++)
        one(&p.out, 2 * i + 1);
    h2_frame(&p.out, NGHTTP2_PING, 0, 0, "12345678", 8);
    vireo__buf_reset(&p.log, VIREO__BUF_UNLIMITED);
    h2_flush(&p);
    for (int i = 0; i < PEER_PATIENCE && strstr(h2_log(&p), "ping ack") == NULL && !p.tcp.ended;
         i++) {
        peer_wait(&p.tcp);
        h2_take(&p);
    }
    bool calmed = strstr(h2_log(&p), "goaway") != NULL;
    assert_true(calmed == (strstr(h2_log(&p), " 11\n") != NULL)); /* ENHANCE_YOUR_CALM */
    if (calmed)
        h2_expect_end(&p);
    h2_close(&p);
    peer_settle(app);
    return calmed;
}

static void give_up(vireo__buf *out, uint32_t id)
{
    h2_get(out, id, "/hang");
    h2_number(out, NGHTTP2_RST_STREAM, id, NGHTTP2_CANCEL);
}

/* CVE-2023-44487: requests that are given up as soon as they are made. */
static void test_resets(void **state)
{
    doings d;
    (void)state;
    vireo_app *app = serve(&d);
    assert_false(too_many(app, VIREO__H2_RESETS, give_up));
    assert_true(too_many(app, VIREO__H2_RESETS + 1, give_up));
    vireo_app_free(app);
}

/* Requests with mistakes, for which the server has to end the stream, are the same. Time passes
 * here: some more of them are forgiven. */
static void test_mistakes(void **state)
{
    const h2_field wrong[] = {H2_ASK("GET", "/hi"), {"X", "y"}, {NULL, NULL}};
    doings d;
    (void)state;
    vireo_app *app = serve(&d);
    h2_peer p = h2_open(app);
    uint32_t n = 0;
    for (; n < 20 * VIREO__H2_RESETS && strstr(h2_log(&p), "goaway") == NULL; n++) {
        h2_headers(&p.out, 2 * n + 1, END_STREAM | END_HEADERS, wrong);
        if (n % 50 == 49 && n < VIREO__H2_RESETS)
            h2_round_trip(&p);
        else if (n >= VIREO__H2_RESETS)
            h2_look(&p);
    }
    assert_true(n >= VIREO__H2_RESETS);
    h2_expect(&p, "goaway");
    assert_non_null(strstr(h2_log(&p), " 11\n"));
    h2_close(&p);
    vireo_app_free(app);
}

static void flood(h2_peer *p, uint8_t type, uint32_t id, size_t size, int count)
{
    static const uint8_t zero[8];
    for (int i = 0; i < count; i++) {
        h2_frame(&p->out, type, 0, id, zero, size);
        if (i % 500 == 499) /* a client that reads what it is answered */
            h2_round_trip(p);
    }
}

/* Frames that want nothing; the pings of the round trips count too. */
static void test_idle_frames(void **state)
{
    static const struct {
        uint8_t type;
        uint32_t id;
        size_t size;
    } cases[] = {
        {NGHTTP2_PRIORITY, 1, 5},
        {NGHTTP2_DATA, 1, 0},
    };
    const h2_field post[] = {H2_ASK("POST", "/hold"), {NULL, NULL}};
    const int rounds = 18, first = rounds * 500, /* and two frames of SETTINGS */
        left = VIREO__H2_IDLE_FRAMES - first - rounds - 2;
    doings d;
    (void)state;
    vireo_app *app = serve(&d);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        h2_peer p = h2_open(app);
        h2_headers(&p.out, 1, END_HEADERS, post);
        h2_round_trip(&p);
        flood(&p, cases[i].type, cases[i].id, cases[i].size, first);
        assert_null(strstr(h2_log(&p), "goaway"));
        for (int k = 0; k < left + VIREO__H2_IDLE_PER_SECOND * 30; k++)
            h2_frame(&p.out, cases[i].type, 0, cases[i].id, "\0\0\0\0\0\0\0", cases[i].size);
        h2_flush(&p);
        h2_expect(&p, "goaway");
        assert_non_null(strstr(h2_log(&p), " 11\n"));
        h2_close(&p);
        peer_settle(app);
    }
    vireo_app_free(app);
}

/* A head in pieces without an end. */
static void test_continuations(void **state)
{
    doings d;
    (void)state;
    vireo_app *app = serve(&d);
    h2_peer p = h2_open(app);
    h2_frame(&p.out, NGHTTP2_HEADERS, END_STREAM, 1, "\0\1a\1b", 5);
    for (int i = 0; i < 100; i++)
        h2_frame(&p.out, NGHTTP2_CONTINUATION, 0, 1, "\0\1a\1b", 5);
    h2_flush(&p);
    h2_expect_end(&p);
    h2_close(&p);
    vireo_app_free(app);
}

/* --- time ------------------------------------------------------------------------------------- */

static void test_time(void **state)
{
    static const h2_field none[] = {{NULL, NULL}};
    doings d;
    (void)state;
    vireo_app *app = serve(&d);
    /* no SETTINGS */
    h2_peer p = h2_open_silent(app);
    peer_send(&p.tcp, H2_PREFACE);
    peer_advance(app, 9999);
    peer_settle(app);
    assert_false(p.tcp.ended);
    peer_advance(app, 1);
    h2_expect_end(&p);
    h2_close(&p);
    /* half a head, whatever else the connection does */
    p = h2_open(app);
    h2_get(&p.out, 1, "/hang");
    h2_headers(&p.out, 3, END_STREAM, none);
    h2_flush(&p);
    peer_until(app, &d.hanging, 1);
    peer_advance(app, 10000);
    h2_expect_end(&p);
    h2_close(&p);
    /* no request; pings do not count as one */
    p = h2_open(app);
    h2_get(&p.out, 1, "/hi");
    h2_round_trip(&p);
    peer_advance(app, 40000);
    h2_round_trip(&p);
    peer_advance(app, 25000);
    h2_expect(&p, "goaway 1 0\n");
    h2_expect_end(&p);
    h2_close(&p);
    vireo_app_free(app);
}

/* A body that does not come, and a reply that is not taken. */
static void test_stalls(void **state)
{
    const h2_field post[] = {H2_ASK("POST", "/echo"), {"content-length", "5"}, {NULL, NULL}};
    doings d;
    (void)state;
    vireo_app *app = serve(&d);
    h2_peer p = h2_open(app);
    h2_number(&p.out, NGHTTP2_WINDOW_UPDATE, 0, 1000000); /* that of the connection is not short */
    h2_headers(&p.out, 1, END_HEADERS, post);
    h2_get(&p.out, 3, "/big");
    h2_get(&p.out, 5, "/hang");
    h2_round_trip(&p);
    peer_advance(app, 30000);
    h2_expect(&p, "headers 1 408");
    h2_expect(&p, "rst 1 0\n");
    peer_advance(app, 30000);
    h2_expect(&p, "rst 3 2\n");
    h2_round_trip(&p); /* the others go on */
    assert_int_equal(d.aborts, 0);
    h2_close(&p);
    vireo_app_free(app);
}

/* --- windows ---------------------------------------------------------------------------------- */

static size_t count(h2_peer *p, const char *text)
{
    size_t n = 0;
    for (const char *at = h2_log(p); (at = strstr(at, text)) != NULL; at++)
        n++;
    return n;
}

/* What a paused handler does not read stops at the stream's window; when the stream is given up,
 * the connection has its window back. */
static void test_windows(void **state)
{
    const h2_field post[] = {H2_ASK("POST", "/hold"), {NULL, NULL}};
    static const uint8_t zero[16384];
    doings d;
    (void)state;
    vireo_app *app = serve(&d);
    h2_peer p = h2_open(app);
    for (uint32_t round = 0; round < 20; round++) { /* more than the window of the connection */
        uint32_t id = 2 * round + 1;
        h2_headers(&p.out, id, END_HEADERS, post);
        for (int i = 0; i < VIREO__H2_STREAM_WINDOW / 16384; i++)
            h2_frame(&p.out, NGHTTP2_DATA, 0, id, zero, 16384);
        h2_round_trip(&p);
        assert_int_equal(count(&p, "rst"), 0);
        assert_int_equal(count(&p, "goaway"), 0);
        h2_number(&p.out, NGHTTP2_RST_STREAM, id, NGHTTP2_CANCEL);
        h2_round_trip(&p);
        peer_until(app, &d.aborts, (int)round + 1);
    }
    assert_int_equal(d.bytes, 0);
    h2_headers(&p.out, 101, END_HEADERS, post);
    for (int i = 0; i < VIREO__H2_STREAM_WINDOW / 16384; i++)
        h2_frame(&p.out, NGHTTP2_DATA, 0, 101, zero, 16384);
    h2_frame(&p.out, NGHTTP2_DATA, 0, 101, zero, 1); /* beyond it */
    h2_flush(&p);
    h2_expect(&p, "rst 101 3\n"); /* FLOW_CONTROL_ERROR */
    h2_close(&p);
    vireo_app_free(app);
}

/* The body is given to the handler when it goes on, and then there is a window again. */
static void test_resume(void **state)
{
    const h2_field post[] = {H2_ASK("POST", "/hold"), {NULL, NULL}};
    static const uint8_t zero[16384];
    doings d;
    (void)state;
    vireo_app *app = serve(&d);
    h2_peer p = h2_open(app);
    h2_headers(&p.out, 1, END_HEADERS, post);
    for (int i = 0; i < VIREO__H2_STREAM_WINDOW / 16384; i++)
        h2_frame(&p.out, NGHTTP2_DATA, 0, 1, zero, 16384);
    h2_round_trip(&p);
    assert_int_equal(count(&p, "window 1 "), 0);
    vireo_body_resume(d.held);
    h2_expect(&p, "window 1 ");
    h2_frame(&p.out, NGHTTP2_DATA, END_STREAM, 1, zero, 16384);
    h2_flush(&p);
    h2_expect(&p, "data 1 all end\n");
    assert_int_equal(d.bytes, VIREO__H2_STREAM_WINDOW + 16384);
    h2_close(&p);
    vireo_app_free(app);
}

/* A client with a window of 0, then of some bytes: it gets the head, and then just those. */
static void test_client_window(void **state)
{
    static const uint8_t none[] = {0, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0, 0, 0, 0};
    doings d;
    (void)state;
    vireo_app *app = serve(&d);
    h2_peer p = h2_open(app);
    h2_frame(&p.out, NGHTTP2_SETTINGS, 0, 0, none, sizeof none);
    h2_get(&p.out, 1, "/hi");
    h2_round_trip(&p);
    h2_round_trip(&p);
    assert_int_equal(count(&p, "data 1"), 0);
    h2_number(&p.out, NGHTTP2_WINDOW_UPDATE, 1, 1);
    h2_flush(&p);
    h2_expect(&p, "data 1 h\n");
    h2_number(&p.out, NGHTTP2_WINDOW_UPDATE, 1, 1);
    h2_flush(&p);
    h2_expect(&p, "data 1 i end\n");
    h2_close(&p);
    vireo_app_free(app);
}

/* --- what is told of it ----------------------------------------------------------------------- */

static void take_line(const char *line, size_t n, void *user)
{
    vireo__buf_append(user, line, n);
}

static void test_access_log(void **state)
{
    doings d;
    vireo__buf lines;
    (void)state;
    vireo__buf_init(&lines, VIREO__BUF_UNLIMITED);
    vireo_app *app = vireo_app_new();
    assert_non_null(app);
    d = (doings){0};
    vireo_app_set_user(app, &d);
    assert_int_equal(
        vireo_access_log(app, "/", .format = VIREO_LOG_COMMON, .write = take_line, .user = &lines),
        0);
    assert_int_equal(vireo_route(app, "GET", "/hi", on_hi, NULL), 0);
    assert_int_equal(vireo_listen(app, .host = "127.0.0.1", .http2 = true), 0);
    h2_peer p = h2_open(app);
    h2_get(&p.out, 1, "/hi");
    h2_flush(&p);
    h2_expect(&p, "data 1 hi end\n");
    h2_round_trip(&p);
    assert_non_null(strstr(vireo__buf_cstr(&lines), "\"GET /hi HTTP/2.0\" 200 2\n"));
    h2_close(&p);
    vireo_app_free(app);
    vireo__buf_deinit(&lines);
}

/* --- tunnels ---------------------------------------------------------------------------------- */

static const h2_field tunnel[] = {{":method", "CONNECT"},
                                  {":protocol", "websocket"},
                                  {":scheme", "http"},
                                  {":authority", "a"},
                                  {":path", "/ws"},
                                  {"sec-websocket-version", "13"},
                                  {NULL, NULL}};

/* W15: frames cut anywhere; the server ends the stream, the client does, the connection breaks. */
static void test_tunnel(void **state)
{
    static const char hello[] = "\x81\x85\0\0\0\0hello", end[] = "\x81\x83\0\0\0\0end";
    doings d;
    (void)state;
    vireo_app *app = serve(&d);
    h2_peer p = h2_open(app);
    h2_headers(&p.out, 1, END_HEADERS, tunnel);
    for (size_t i = 0; i < sizeof hello - 1; i++)
        h2_frame(&p.out, NGHTTP2_DATA, 0, 1, hello + i, 1);
    h2_flush(&p);
    h2_expect(&p, "headers 1 200\n");
    h2_expect(&p, "data 1 \x81\x05hello\n");
    h2_frame(&p.out, NGHTTP2_DATA, 0, 1, end, sizeof end - 1);
    h2_flush(&p);
    h2_expect(&p, "rst 1 8\n"); /* CANCEL */
    peer_until(app, &d.ws_closed, 1006);
    h2_headers(&p.out, 3, END_HEADERS, tunnel);
    h2_round_trip(&p);
    d.ws_closed = 0;
    h2_frame(&p.out, NGHTTP2_DATA, END_STREAM, 3, "\x88\x82\0\0\0\0\x03\xe8", 8);
    h2_flush(&p);
    h2_expect(&p, "data 3 \x88\x02\x03\xe8");
    peer_until(app, &d.ws_closed, 1000);
    h2_round_trip(&p);
    h2_headers(&p.out, 5, END_HEADERS, tunnel);
    h2_round_trip(&p);
    d.ws_closed = 0;
    h2_close(&p);
    peer_until(app, &d.ws_closed, 1006);
    vireo_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preface),       cmocka_unit_test(test_no_preface),
        cmocka_unit_test(test_bytes),         cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_broken),
        cmocka_unit_test(test_head_bytes),    cmocka_unit_test(test_head_fields),
        cmocka_unit_test(test_streams),       cmocka_unit_test(test_resets),
        cmocka_unit_test(test_mistakes),      cmocka_unit_test(test_idle_frames),
        cmocka_unit_test(test_continuations), cmocka_unit_test(test_time),
        cmocka_unit_test(test_stalls),        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_resume),        cmocka_unit_test(test_client_window),
        cmocka_unit_test(test_tunnel),        cmocka_unit_test(test_access_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
