/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* Requests, right and wrong, each fed whole, byte by byte and cut at every offset, from memory that
 * ends at an unreadable page. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"
#include "http/parse.h"

enum { MAX_HEAD = 300, MAX_HEADERS = 5, MAX_BODY = 20 };

/* What came out, as text: "GET /a?b [host: x] [a: 1] keep : body", or "400". */
static void describe(const vireo__parser *p, char *out, size_t size)
{
    if (p->state == VIREO__PARSE_FAILED) {
        snprintf(out, size, "%d", p->status);
        return;
    }
    if (p->state == VIREO__PARSE_HEAD) {
        snprintf(out, size, "incomplete");
        return;
    }
    int n = snprintf(out, size, "%s %s", vireo__parser_method(p), vireo__parser_target(p));
    const char *end = (const char *)p->head.data + p->head.len;
    for (const char *name = (const char *)p->head.data + p->headers_at; name < end;) {
        const char *value = name + strlen(name) + 1;
        n += snprintf(out + n, size - (size_t)n, " [%s: %s]", name, value);
        name = value + strlen(value) + 1;
    }
    n += snprintf(out + n, size - (size_t)n, " %s%s%s",
                  vireo__parser_keep_alive(p) ? "keep" : "close",
                  vireo__parser_upgrade(p) ? " upgrade" : "", p->expect_continue ? " expects" : "");
    if (p->state == VIREO__PARSE_DONE && p->body.len > 0)
        snprintf(out + n, size - (size_t)n, " : %.*s", (int)p->body.len,
                 (const char *)p->body.data);
    else if (p->state != VIREO__PARSE_DONE)
        snprintf(out + n, size - (size_t)n, " incomplete");
}

/* Feeds pieces of |first|, then of |rest| bytes each, until the request is over. Returns how many
 * bytes it took. */
static size_t feed(vireo__parser *p, const uint8_t *text, size_t n, size_t first, size_t rest)
{
    size_t at = 0;
    while (p->state != VIREO__PARSE_DONE && p->state != VIREO__PARSE_FAILED) {
        if (p->state == VIREO__PARSE_HEAD_DONE) {
            p->max_body_bytes = MAX_BODY;
            vireo__parser_feed(p, NULL, 0);
            continue;
        }
        size_t piece = at == 0 ? first : rest;
        if (piece > n - at)
            piece = n - at;
        if (piece == 0)
            break;
        uint8_t *copy = guard_copy(text + at, piece);
        size_t taken = vireo__parser_feed(p, copy, piece);
        guard_free(copy, piece);
        assert_true(taken <= piece);
        at += taken;
    }
    return at;
}

static size_t run(const char *text, size_t n, size_t first, size_t rest, char *out, size_t size)
{
    vireo__parser p;
    vireo__parser_init(&p, MAX_HEAD, MAX_HEADERS);
    size_t taken = feed(&p, (const uint8_t *)text, n, first, rest);
    describe(&p, out, size);
    if (p.state == VIREO__PARSE_FAILED)
        taken = 0;
    vireo__parser_deinit(&p);
    return taken;
}

static void check(const char *text, size_t n, const char *expected, size_t behind)
{
    char out[2048];
    size_t whole =
        strcmp(expected, "incomplete") == 0 || strtoul(expected, NULL, 10) > 0 ? 0 : n - behind;
    for (size_t cut = 0; cut <= n; cut++) {
        size_t taken =
            cut == 0 ? run(text, n, 1, 1, out, sizeof out) : run(text, n, cut, n, out, sizeof out);
        if (strcmp(out, expected) != 0 || (whole > 0 && taken != whole))
            fail_msg("cut at %zu: %s\ngives     %s (%zu of %zu bytes taken)\nexpected  %s", cut,
                     text, out, taken, whole, expected);
    }
}

typedef struct expectation {
    const char *text;
    const char *expected;
} expectation;

static void check_all(const expectation *table, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(table[i].text, strlen(table[i].text), table[i].expected, 0);
}

#define CHECK_ALL(table) check_all(table, sizeof(table) / sizeof(table)[0])
#define H                "Host: a\r\n"
#define CH               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
#define CH_OK            "POST / [host: a] [transfer-encoding: chunked] keep"

static void reads_heads(void **state)
{
    (void)state;
    static const expectation table[] = {
        {"GET / HTTP/1.1\r\n" H "\r\n", "GET / [host: a] keep"},
        {"\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", "GET / [host: a] keep"},
        {"HEAD /a%20b?x=1&y HTTP/1.1\r\nHOST:a:80\r\nX-Y: \t p q \t \r\nEmpty:\r\n\r\n",
         "HEAD /a%20b?x=1&y [host: a:80] [x-y: p q] [empty: ] keep"},
        {"GET http://a/b HTTP/1.1\r\nHost: [::1]:1\r\n\r\n", "GET http://a/b [host: [::1]:1] keep"},
        {"OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n", "OPTIONS * [host: ] keep"},
        {"GET /\xed\x95\x9c HTTP/1.1\r\n" H "N: \xed\x95\x9c\r\n\r\n",
         "GET /\xed\x95\x9c [host: a] [n: \xed\x95\x9c] keep"},
        {"GET / HTTP/1.0\r\n\r\n", "GET / close"},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET / [connection: Keep-Alive] keep"},
        {"GET / HTTP/1.1\r\n" H "Connection: x, CLOSE\r\n\r\n",
         "GET / [host: a] [connection: x, CLOSE] close"},
        {"GET / HTTP/1.1\r\n" H "Connection: close\r\nConnection: keep-alive\r\n\r\n",
         "GET / [host: a] [connection: close] [connection: keep-alive] close"},
        {"M-SEARCH / HTTP/1.1\r\n" H "\r\n", "M-SEARCH / [host: a] keep"},
    };
    CHECK_ALL(table);
}

static void reads_upgrades(void **state)
{
    (void)state;
    static const expectation table[] = {
        {"GET / HTTP/1.1\r\n" H "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n",
         "GET / [host: a] [connection: keep-alive, Upgrade] [upgrade: WebSocket] keep upgrade"},
        {"GET / HTTP/1.1\r\n" H "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
         "GET / [host: a] [connection: Upgrade] [upgrade: h2c] keep"},
        {"GET / HTTP/1.1\r\n" H "Upgrade: websocket\r\n\r\n",
         "GET / [host: a] [upgrade: websocket] keep"},
        {"GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
         "GET / [connection: Upgrade] [upgrade: websocket] close"},
        {"POST / HTTP/1.1\r\n" H
         "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nab",
         "POST / [host: a] [connection: Upgrade] [upgrade: websocket] [content-length: 2] keep : "
         "ab"},
    };
    CHECK_ALL(table);
}

static void reads_bodies(void **state)
{
    (void)state;
    static const expectation table[] = {
        {"POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello",
         "POST / [host: a] [content-length: 5] keep : hello"},
        {"POST / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n",
         "POST / [host: a] [content-length: 0] keep"},
        {"POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhell",
         "POST / [host: a] [content-length: 5] keep incomplete"},
        {"GET / HTTP/1.1\r\n" H "Content-Length: 002\r\n\r\n\r\n",
         "GET / [host: a] [content-length: 002] keep : \r\n"},
        {"POST / HTTP/1.1\r\n" H "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx",
         "POST / [host: a] [expect: 100-Continue] [content-length: 1] keep expects : x"},
        {"POST / HTTP/1.1\r\n" H "Expect: 100-continue\r\n\r\n",
         "POST / [host: a] [expect: 100-continue] keep"},
        {CH "0\r\n\r\n", CH_OK},
        {CH "5\r\nhello\r\n0\r\n\r\n", CH_OK " : hello"},
        {CH "A\r\n0123456789\r\n1\r\na\r\n00\r\n\r\n", CH_OK " : 0123456789a"},
        {CH "2;x;name=\"y z\"\r\nhi\r\n0;last\r\nTrailer: thrown away\r\nNext: too\r\n\r\n",
         CH_OK " : hi"},
        {CH "2\r\nhi\r\n0\r\n", CH_OK " incomplete"},
    };
    CHECK_ALL(table);
}

/* What follows a request is not touched: it is the next one. */
static void leaves_what_follows(void **state)
{
    (void)state;
    static const char next[] = "GET /next HTTP/1.1\r\n";
    static const expectation table[] = {
        {"GET / HTTP/1.1\r\n" H "\r\nGET /next HTTP/1.1\r\n", "GET / [host: a] keep"},
        {"GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\nGET /next HTTP/1.1\r\n",
         "GET / [host: a] [connection: close] close"},
        {"POST / HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\nabGET /next HTTP/1.1\r\n",
         "POST / [host: a] [content-length: 2] keep : ab"},
        {CH "2\r\nab\r\n0\r\n\r\nGET /next HTTP/1.1\r\n", CH_OK " : ab"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        check(table[i].text, strlen(table[i].text), table[i].expected, sizeof next - 1);
}

static void refuses_bad_lines(void **state)
{
    (void)state;
    static const expectation table[] = {
        {"GET / HTTP/1.1\n" H "\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost: a\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n" H "\n", "400"},
        {"\nGET / HTTP/1.1\r\n" H "\r\n", "400"},
        {"GET / HTTP/1.1\r\n" H "A: b\rC: d\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\r\n" H "\r\n", "400"},
        {"GET / HTTP/1.1\r\n" H "\r\r\n", "400"},
        {"GET / HTTP/1.1\r\n" H "A: b\r\n c\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n" H "A: b\r\n\tc\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n " H "\r\n", "400"},
        {" GET / HTTP/1.1\r\n" H "\r\n", "400"},
        {"GET  / HTTP/1.1\r\n" H "\r\n", "400"},
        {"GET /  HTTP/1.1\r\n" H "\r\n", "400"},
        {"GET / HTTP/1.1 \r\n" H "\r\n", "400"},
        {"GET\t/ HTTP/1.1\r\n" H "\r\n", "400"},
        {"GET /\r\n\r\n", "400"},
        {"GET /a b HTTP/1.1\r\n" H "\r\n", "400"},
        {"GET /a#b HTTP/1.1\r\n" H "\r\n", "400"},
        {"GET /\x01 HTTP/1.1\r\n" H "\r\n", "400"},
        {"GET /\x7f HTTP/1.1\r\n" H "\r\n", "400"},
        {"\x16\x03\x01\x02", "400"}, /* TLS */
        {"GET / HTTQ/1.1\r\n" H "\r\n", "400"},
        {"GET / HTTP/1.2\r\n" H "\r\n", "505"},
        {"GET / HTTP/2.0\r\n" H "\r\n", "505"},
        {"GET / HTTP/0.9\r\n\r\n", "505"},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
        {"FOO / HTTP/1.1\r\n" H "\r\n", "501"},
        {"get / HTTP/1.1\r\n" H "\r\n", "501"},
        {"CONNECT a:80 HTTP/1.1\r\n" H "\r\n", "501"},
        {"SOURCE / ICE/1.0\r\n\r\n", "400"},
        {"OPTIONS / RTSP/1.0\r\n" H "\r\n", "400"},
    };
    CHECK_ALL(table);
    check("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 28, "400", 0);
    check("GET / HTTP/1.1\r\nHost: a\r\nA: b\0c\r\n\r\n", 35, "400", 0);
    check("GET / HTTP/1.1\r\nHost: a\r\nA\0: b\r\n\r\n", 34, "400", 0);
}

static void refuses_bad_headers(void **state)
{
    (void)state;
    static const expectation table[] = {
        {"GET / HTTP/1.1\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n" H "Host: b\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n" H H "\r\n", "400"},
        {"GET / HTTP/1.0\r\n" H H "\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost: u@b\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n" H "Foo bar: 1\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n" H "F(): 1\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n" H "\xc3\xa4: 1\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n" H ": 1\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n" H "Foo\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n" H "A: \x01\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n" H "A: \x7f\r\n\r\n", "400"},
        {"POST / HTTP/1.1\r\n" H "Expect: more\r\nContent-Length: 1\r\n\r\n", "417"},
    };
    CHECK_ALL(table);
}

static void refuses_unclear_lengths(void **state)
{
    (void)state;
    static const expectation table[] = {
        {"POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", "400"},
        {"POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", "400"},
        {"POST / HTTP/1.1\r\n" H "Content-Length: 1, 1\r\n\r\nx", "400"},
        {"POST / HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\nx", "400"},
        {"POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\nx", "400"},
        {"POST / HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\nx", "400"},
        {"POST / HTTP/1.1\r\n" H "Content-Length: 1 0\r\n\r\nx", "400"},
        {"POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", "400"},
        {"POST / HTTP/1.1\r\n" H "Content-Length : 1\r\n\r\nx", "400"},
        {"POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551616\r\n\r\nx", "400"},
        {"POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         "400"},
        {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
         "400"},
        {"POST / HTTP/1.1\r\n" H
         "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         "400"},
        {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", "400"},
        {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n", "400"},
        {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"},
        {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "400"},
        {"POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n", "400"},
        {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
    };
    CHECK_ALL(table);
}

static void refuses_bad_chunks(void **state)
{
    (void)state;
    static const expectation table[] = {
        {CH "\r\n", "400"},
        {CH "x\r\n", "400"},
        {CH "-1\r\n", "400"},
        {CH "0x1\r\na\r\n", "400"},
        {CH "1 \r\na\r\n0\r\n\r\n", "400"},
        {CH " 1\r\na\r\n0\r\n\r\n", "400"},
        {CH "1\na\r\n0\r\n\r\n", "400"},
        {CH "1\r\na\n0\r\n\r\n", "400"},
        {CH "1\r\nab\r\n0\r\n\r\n", "400"},
        {CH "2\r\na\r\n0\r\n\r\n", "400"},
        {CH "1\r\na\r\n0\n\n", "400"},
        {CH "1;\x01\r\na\r\n0\r\n\r\n", "400"},
        {CH "1;a\rb\r\na\r\n0\r\n\r\n", "400"},
        {CH "1;a\nb\r\na\r\n0\r\n\r\n", "400"},
        {CH "0\r\nA: b\r\n c\r\n\r\n", "400"},
        {CH "0\r\nA : b\r\n\r\n", "400"},
        {CH "0\r\n: b\r\n\r\n", "400"},
        {CH "0\r\nContent-Length: 1\r\n\r\n", "400"},
        {CH "0\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
        {CH "10000000000000000\r\n", "400"},
    };
    CHECK_ALL(table);
}

/* --- limits: hit exactly, and one beyond ------------------------------------------------------ */

/* A request whose head has |n| bytes. */
static char *head_of(size_t n)
{
    static const char begin[] = "GET / HTTP/1.1\r\nHost: a\r\nX: ", end[] = "\r\n\r\n";
    char *text = calloc(1, n + 1);
    memset(text, 'x', n);
    memcpy(text, begin, sizeof begin - 1);
    memcpy(text + n - 4, end, 4);
    return text;
}

static void limits_head_bytes(void **state)
{
    (void)state;
    char out[2048];
    for (size_t step = 1; step <= MAX_HEAD + 1; step += MAX_HEAD) {
        char *text = head_of(MAX_HEAD);
        assert_int_equal(run(text, MAX_HEAD, step, step, out, sizeof out), MAX_HEAD);
        assert_memory_equal(out, "GET /", 5);
        free(text);
        text = head_of(MAX_HEAD + 1);
        run(text, MAX_HEAD + 1, step, step, out, sizeof out);
        assert_string_equal(out, "431");
        free(text);
    }
}

static void limits_header_count(void **state)
{
    (void)state;
    static const expectation table[] = {
        {"GET / HTTP/1.1\r\n" H "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n",
         "GET / [host: a] [a: 1] [b: 2] [c: 3] [d: 4] keep"},
        {"GET / HTTP/1.1\r\n" H "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\n\r\n", "431"},
        {CH "0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", CH_OK},
        {CH "0\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n", "431"},
    };
    CHECK_ALL(table);
}

static void limits_target(void **state)
{
    (void)state;
    for (size_t n = VIREO__MAX_TARGET; n <= VIREO__MAX_TARGET + 1; n++) {
        vireo__parser p;
        char *target = malloc(n + 1);
        char *text = malloc(n + 64);
        memset(target, '/', n);
        target[n] = '\0';
        size_t len = (size_t)sprintf(text, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target);
        vireo__parser_init(&p, 16384, 10);
        feed(&p, (const uint8_t *)text, len, len, len);
        assert_int_equal(p.state, n > VIREO__MAX_TARGET ? VIREO__PARSE_FAILED : VIREO__PARSE_DONE);
        assert_int_equal(p.status, n > VIREO__MAX_TARGET ? 414 : 0);
        vireo__parser_deinit(&p);
        free(target);
        free(text);
    }
}

/* A target that fills the whole head is too long a target, whatever the limits are. */
static void limits_request_line(void **state)
{
    (void)state;
    char text[MAX_HEAD + 10], out[2048];
    memset(text, 'x', sizeof text);
    memcpy(text, "GET /", 5);
    run(text, sizeof text, 7, 7, out, sizeof out);
    assert_string_equal(out, "414");
}

static void limits_body(void **state)
{
    (void)state;
    static const expectation table[] = {
        {"POST / HTTP/1.1\r\n" H "Content-Length: 20\r\n\r\n01234567890123456789",
         "POST / [host: a] [content-length: 20] keep : 01234567890123456789"},
        {"POST / HTTP/1.1\r\n" H "Content-Length: 21\r\n\r\n", "413"},
        {"POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551615\r\n\r\n", "413"},
        {CH "14\r\n01234567890123456789\r\n0\r\n\r\n", CH_OK " : 01234567890123456789"},
        {CH "13\r\n0123456789012345678\r\n1\r\n9\r\n0\r\n\r\n", CH_OK " : 01234567890123456789"},
        {CH "15\r\n", "413"},
        {CH "14\r\n01234567890123456789\r\n1\r\n", "413"},
        {CH "ffffffffffffffff\r\n", "413"},
    };
    CHECK_ALL(table);
}

/* Extensions of chunks count together, as a head does. */
static void limits_chunk_extensions(void **state)
{
    (void)state;
    char out[2048];
    for (int beyond = 0; beyond <= 1; beyond++) {
        char text[2048], extension[MAX_HEAD + 64];
        /* Eighteen bytes of each line are free: "1;" and "\r\n" and fourteen more. */
        size_t n = (size_t)(MAX_HEAD + 14 + beyond);
        memset(extension, 'e', n);
        extension[n] = '\0';
        size_t len = (size_t)sprintf(text, CH "1;%s\r\na\r\n0\r\n\r\n", extension);
        run(text, len, 11, 11, out, sizeof out);
        assert_string_equal(out, beyond ? "431" : CH_OK " : a");
    }
}

/* What was announced and did not come costs nothing. */
static void allocates_what_came(void **state)
{
    (void)state;
    static const char text[] =
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\nabc";
    vireo__parser p;
    vireo__parser_init(&p, 1000, 10);
    size_t at = vireo__parser_feed(&p, (const uint8_t *)text, sizeof text - 1);
    p.max_body_bytes = SIZE_MAX;
    vireo__parser_feed(&p, (const uint8_t *)text + at, sizeof text - 1 - at);
    assert_int_equal(p.state, VIREO__PARSE_BODY);
    assert_int_equal(p.body.len, 3);
    assert_true(p.body.cap <= 64);
    vireo__parser_deinit(&p);
}

static void discards(void **state)
{
    (void)state;
    static const char text[] = CH "5\r\nhello\r\n0\r\n\r\n";
    vireo__parser p;
    vireo__parser_init(&p, 1000, 10);
    size_t at = vireo__parser_feed(&p, (const uint8_t *)text, sizeof text - 1);
    p.max_body_bytes = 5;
    p.discard = true;
    vireo__parser_feed(&p, (const uint8_t *)text + at, sizeof text - 1 - at);
    assert_int_equal(p.state, VIREO__PARSE_DONE);
    assert_int_equal(p.body.len, 0);
    assert_int_equal(p.body_bytes, 5);
    vireo__parser_deinit(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_heads),
        cmocka_unit_test(reads_upgrades),
        cmocka_unit_test(reads_bodies),
        cmocka_unit_test(leaves_what_follows),
        cmocka_unit_test(refuses_bad_lines),
        cmocka_unit_test(refuses_bad_headers),
        cmocka_unit_test(refuses_unclear_lengths),
        cmocka_unit_test(refuses_bad_chunks),
        cmocka_unit_test(limits_head_bytes),
        cmocka_unit_test(limits_header_count),
        cmocka_unit_test(limits_target),
        cmocka_unit_test(limits_request_line),
        cmocka_unit_test(limits_body),
        cmocka_unit_test(limits_chunk_extensions),
        cmocka_unit_test(allocates_what_came),
        cmocka_unit_test(discards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
