/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* H05: bodies that come in pieces, or coded: gzip and deflate, limits while inflating, pausing. */

#include "http_peer.h"

#include <zlib.h>

#define TEXT(status, body_len, rest)                                                               \
    "HTTP/1.1 " status "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " body_len  \
    "\r\n" rest
#define CLOSE "Connection: close\r\n\r\n"

enum { LIMIT = 100000 };

static struct {
    vireo_req *reader;
    char *text; /* all that was read */
    size_t len;
    int pieces, lasts, aborted, status;
    bool pause_each, reply_early;
} seen;

static void on_abort(vireo_req *r, void *user)
{
    (void)user;
    seen.aborted++;
    seen.status = vireo_reply_status(r);
    seen.reader = NULL;
}

static void on_piece(vireo_req *r, const void *data, size_t len, bool last, void *user)
{
    assert_string_equal(user, "user");
    assert_non_null(data);
    assert_int_equal(seen.lasts, 0);
    memcpy(seen.text + seen.len, data, len);
    seen.len += len;
    seen.pieces++;
    seen.lasts += last;
    if (seen.reply_early) {
        seen.reader = NULL;
        vireo_reply_text(r, 200, "enough");
    } else if (last) {
        char text[32];
        snprintf(text, sizeof text, "%zu", seen.len);
        seen.reader = NULL;
        vireo_reply_text(r, 200, text);
    } else if (seen.pause_each) {
        vireo_body_pause(r);
    }
}

static int read_pieces(vireo_req *r)
{
    seen.reader = r;
    vireo_on_abort(r, on_abort, NULL);
    assert_string_equal(vireo_body(r, NULL), "");
    assert_int_equal(vireo_on_body(r, on_piece, (void *)(uintptr_t) "user"), 0);
    assert_int_equal(vireo_on_body(r, on_piece, NULL), VIREO_EINVAL);
    return 0;
}

static int read_collected(vireo_req *r)
{
    seen.reader = r;
    return vireo_on_body(r, on_piece, (void *)(uintptr_t) "user");
}

static int middleware(vireo_req *r)
{
    return vireo_pass(r);
}

static int echo(vireo_req *r)
{
    size_t n;
    const char *body = vireo_body(r, &n);
    assert_int_equal(body[n], 0);
    return vireo_reply(r, 200, "text/plain", body, n);
}

static int say_length(vireo_req *r)
{
    size_t n;
    char text[32];
    vireo_body(r, &n);
    snprintf(text, sizeof text, "%zu", n);
    return vireo_reply_text(r, 200, text);
}

static vireo_app *new_app(void)
{
    static const vireo_route_entry table[] = {
        VIREO_USE("/", middleware),
        VIREO_POST("/stream", read_pieces, .stream = true, .max_body_bytes = LIMIT),
        VIREO_POST("/collected", read_collected, .max_body_bytes = LIMIT),
        VIREO_POST("/echo", echo, .max_body_bytes = 100),
        VIREO_POST("/length", say_length, .max_body_bytes = LIMIT),
        {0},
    };
    char *text = seen.text;
    memset(&seen, 0, sizeof seen);
    seen.text = text;
    vireo_app *app = vireo_app_new();
    vireo_mount(app, "/", table, NULL);
    return peer_listen(app);
}

/* Encodes |n| bytes. */
static size_t encode(const void *data, size_t n, bool gzip, uint8_t *out, size_t room)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)data,
                  .avail_in = (unsigned)n,
                  .next_out = out,
                  .avail_out = (unsigned)room};
    deflateInit2(&z, 9, Z_DEFLATED, gzip ? 31 : 15, 8, Z_DEFAULT_STRATEGY);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return room - z.avail_out;
}

static void send_body(peer *p, const char *path, const char *headers, const void *body, size_t n)
{
    char head[300];
    snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: a\r\n%sContent-Length: %zu\r\n\r\n",
             path, headers, n);
    peer_send(p, head);
    peer_send_bytes(p, body, n);
}

static void expect_body(vireo_app *app, const char *path, const char *headers, const void *body,
                        size_t n, const char *reply)
{
    peer p = peer_open(app);
    send_body(&p, path, headers, body, n);
    peer_expect(&p, reply);
    peer_close(&p);
}

/* --- in pieces -------------------------------------------------------------------------------- */

static void comes_in_pieces(void **state)
{
    (void)state;
    static const char *const paths[] = {"/stream", "/collected"};
    for (int i = 0; i < 2; i++) {
        vireo_app *app = new_app();
        peer p = peer_open(app);
        char head[100];
        sprintf(head, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nab", paths[i]);
        peer_send(&p, head);
        peer_settle(app);
        assert_int_equal(seen.len, i == 0 ? 2 : 0);
        peer_send(&p, "cd");
        peer_settle(app);
        peer_send(&p, "efPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
        peer_expect(&p, TEXT("200 OK", "1", "\r\n6") TEXT("200 OK", "1", "\r\nx"));
        assert_memory_equal(seen.text, "abcdef", 6);
        assert_int_equal(seen.pieces, i == 0 ? 3 : 1);
        assert_int_equal(seen.lasts, 1);
        assert_int_equal(seen.aborted, 0);
        peer_close(&p);
        vireo_app_free(app);
    }
}

static void may_be_empty(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "POST /stream HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /collected HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        vireo_app *app = new_app();
        peer_converse(app, requests[i], TEXT("200 OK", "1", "\r\n0"), false);
        assert_int_equal(seen.lasts, 1);
        vireo_app_free(app);
    }
}

static void is_asked_for(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    peer p = peer_open(app);
    peer_send(&p, "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: "
                  "100-continue\r\n\r\n");
    peer_expect(&p, "HTTP/1.1 100 Continue\r\n\r\n");
    peer_send(&p, "ab");
    peer_expect(&p, TEXT("200 OK", "1", "\r\n2"));
    peer_close(&p);
    vireo_app_free(app);
}

/* While the reader is paused, no more than one reading is taken. */
static void pauses(void **state)
{
    (void)state;
    for (int coded = 0; coded <= 1; coded++) {
        static char body[LIMIT], out[LIMIT + 1000];
        for (int i = 0; i < LIMIT; i++)
            body[i] = (char)(i * 7 + i / 250);
        size_t n = LIMIT;
        memcpy(out, body, n);
        if (coded)
            n = encode(body, LIMIT, true, (uint8_t *)out, sizeof out);
        vireo_app *app = new_app();
        seen.pause_each = true;
        peer p = peer_open(app);
        send_body(&p, "/stream", coded ? "Content-Encoding: gzip\r\n" : "", out, n);
        for (int i = 0; i < 1000 && seen.lasts == 0; i++) {
            peer_settle(app);
            int pieces = seen.pieces;
            peer_settle(app);
            assert_int_equal(seen.pieces, pieces);
            peer_advance(app, 1000000); /* who pauses has all the time */
            if (seen.reader != NULL)
                vireo_body_resume(seen.reader);
        }
        peer_expect(&p, TEXT("200 OK", "6", "\r\n100000"));
        assert_memory_equal(seen.text, body, LIMIT);
        assert_true(seen.pieces > 1);
        peer_close(&p);
        vireo_app_free(app);
    }
}

/* After a pause the clock runs again. */
static void times_out(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    peer p = peer_open(app);
    seen.pause_each = true;
    peer_send(&p, "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nab");
    peer_settle(app);
    peer_advance(app, 100000);
    vireo_body_resume(seen.reader);
    peer_settle(app);
    peer_advance(app, 30001);
    peer_until(app, &seen.aborted, 1);
    assert_int_equal(seen.status, 408);
    peer_expect(&p, TEXT("408 Request Timeout", "15", CLOSE "Request Timeout"));
    peer_close(&p);
    vireo_app_free(app);
}

static void may_be_answered_early(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    peer p = peer_open(app);
    seen.reply_early = true;
    peer_send(&p, "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nab");
    peer_expect(&p, TEXT("200 OK", "6", "\r\nenough"));
    peer_send(&p, "cdefPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
    peer_expect(&p, TEXT("200 OK", "1", "\r\nx"));
    assert_int_equal(seen.pieces, 1);
    peer_close(&p);
    vireo_app_free(app);
}

static void the_end_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        const char *reply;
        int status;
    } table[] = {
        {"POST /stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nx",
         TEXT("400 Bad Request", "11", CLOSE "Bad Request"), 400},
        {"POST /stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
         "chunked\r\n\r\n2\r\nab\r\n1869f\r\n",
         TEXT("413 Payload Too Large", "17", CLOSE "Payload Too Large"), 413},
        {"POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n",
         TEXT("413 Payload Too Large", "17", CLOSE "Payload Too Large"), 413},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        vireo_app *app = new_app();
        peer_converse(app, table[i].request, table[i].reply, true);
        assert_int_equal(seen.aborted, 1);
        assert_int_equal(seen.status, table[i].status);
        assert_int_equal(seen.lasts, 0);
        vireo_app_free(app);
    }
    vireo_app *app = new_app();
    peer p = peer_open(app);
    peer_send(&p, "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nab");
    peer_settle(app);
    struct linger reset = {1, 0};
    setsockopt(p.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    peer_close(&p);
    peer_until(app, &seen.aborted, 1);
    assert_int_equal(seen.status, 0);
    vireo_app_free(app);
}

/* --- coded ------------------------------------------------------------------------------------ */

static void is_inflated(void **state)
{
    (void)state;
    static const char *const headers[] = {"Content-Encoding: deflate\r\n",
                                          "Content-Encoding: gzip\r\n",
                                          "Content-Encoding: X-GZIP\r\n"};
    uint8_t out[200];
    vireo_app *app = new_app();
    for (int i = 0; i < 3; i++) {
        size_t n = encode("hello hello hello", 17, i > 0, out, sizeof out);
        expect_body(app, "/echo", headers[i], out, n,
                    TEXT("200 OK", "17", "\r\nhello hello hello"));
        n = encode("", 0, i > 0, out, sizeof out);
        expect_body(app, "/echo", headers[i], out, n, TEXT("200 OK", "0", "\r\n"));
    }
    expect_body(app, "/echo", "Content-Encoding: identity\r\n", "x", 1,
                TEXT("200 OK", "1", "\r\nx"));
    expect_body(app, "/echo", "Content-Encoding: \r\n", "x", 1, TEXT("200 OK", "1", "\r\nx"));
    /* a series of members */
    size_t first = encode("one", 3, true, out, sizeof out);
    size_t second = encode("two", 3, true, out + first, sizeof out - first);
    expect_body(app, "/echo", headers[1], out, first + second, TEXT("200 OK", "6", "\r\nonetwo"));
    vireo_app_free(app);
}

static void inflates_byte_by_byte(void **state)
{
    (void)state;
    uint8_t out[200];
    vireo_app *app = new_app();
    size_t n = encode("hello hello hello", 17, true, out, sizeof out);
    peer p = peer_open(app);
    char head[200];
    sprintf(head,
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: "
            "%zu\r\n\r\n",
            n);
    peer_send(&p, head);
    for (size_t i = 0; i < n; i++) {
        peer_send_bytes(&p, out + i, 1);
        peer_turn(app);
    }
    peer_expect(&p, TEXT("200 OK", "17", "\r\nhello hello hello"));
    peer_close(&p);
    vireo_app_free(app);
}

static void refuses_what_it_cannot_inflate(void **state)
{
    (void)state;
    static const char gzip[] = "Content-Encoding: gzip\r\n";
    uint8_t out[200];
    size_t n = encode("hello hello hello", 17, true, out, sizeof out - 1);
    vireo_app *app = new_app();
    const char *bad = TEXT("400 Bad Request", "11", CLOSE "Bad Request");
    for (size_t cut = 1; cut < n; cut++)
        expect_body(app, "/echo", gzip, out, cut, bad);
    out[n] = 'x';
    expect_body(app, "/echo", gzip, out, n + 1, bad);
    out[n - 1] ^= 1; /* the length behind it */
    expect_body(app, "/echo", gzip, out, n, bad);
    out[n - 1] ^= 1;
    expect_body(app, "/echo", "Content-Encoding: deflate\r\n", out, n, bad);
    static const char *const unknown[] = {"Content-Encoding: br\r\n",
                                          "Content-Encoding: gzip, gzip\r\n"};
    for (int i = 0; i < 2; i++)
        expect_body(app, "/echo", unknown[i], out, n,
                    TEXT("415 Unsupported Media Type", "22", "\r\nUnsupported Media Type"));
    vireo_app_free(app);
}

/* The limit holds for what comes out, exactly, and while it comes out. */
static void limits_what_comes_out(void **state)
{
    (void)state;
    static uint8_t bomb[20000000], out[100000];
    static const char gzip[] = "Content-Encoding: gzip\r\n";
    const char *too_large = TEXT("413 Payload Too Large", "17", CLOSE "Payload Too Large");
    vireo_app *app = new_app();
    size_t n = encode(bomb, LIMIT, true, out, sizeof out);
    expect_body(app, "/length", gzip, out, n, TEXT("200 OK", "6", "\r\n100000"));
    expect_body(app, "/stream", gzip, out, n, TEXT("200 OK", "6", "\r\n100000"));
    assert_int_equal(seen.len, LIMIT);
    n = encode(bomb, LIMIT + 1, true, out, sizeof out);
    expect_body(app, "/length", gzip, out, n, too_large);
    vireo_app_free(app);
    app = new_app();
    n = encode(bomb, sizeof bomb, true, out, sizeof out);
    assert_true(n < LIMIT);
    expect_body(app, "/length", gzip, out, n, too_large);
    expect_body(app, "/stream", gzip, out, n, too_large);
    assert_int_equal(seen.status, 413);
    assert_true(seen.len <= LIMIT);
    vireo_app_free(app);
}

/* A large body out of a small one is not inflated in one go. */
static void inflates_in_turns(void **state)
{
    (void)state;
    enum { SIZE = 10000000 };
    static const vireo_route_entry table[] = {
        VIREO_POST("/length", say_length, .max_body_bytes = SIZE), {0}};
    static uint8_t body[SIZE], out[100000];
    vireo_app *app = vireo_app_new();
    vireo_mount(app, "/", table, NULL);
    peer_listen(app);
    size_t n = encode(body, sizeof body, true, out, sizeof out);
    expect_body(app, "/length", "Content-Encoding: gzip\r\n", out, n,
                TEXT("200 OK", "8", "\r\n10000000"));
    vireo_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_in_pieces),
        cmocka_unit_test(may_be_empty),
        cmocka_unit_test(is_asked_for),
        cmocka_unit_test(pauses),
        cmocka_unit_test(times_out),
        cmocka_unit_test(may_be_answered_early),
        cmocka_unit_test(the_end_is_told),
        cmocka_unit_test(is_inflated),
        cmocka_unit_test(inflates_byte_by_byte),
        cmocka_unit_test(refuses_what_it_cannot_inflate),
        cmocka_unit_test(limits_what_comes_out),
        cmocka_unit_test(inflates_in_turns),
    };
    seen.text = malloc(2 * LIMIT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(seen.text);
    return failed;
}
