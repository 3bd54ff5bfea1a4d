/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http/h2_reply: replies of HTTP/1.1, read again: whole, byte by byte, cut at every offset, and
 * with room for one byte of the body at a time (T29). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include <vireo/error.h>

#include "guard.h"
#include "http/h2_reply.h"
#include "oom.h"

typedef struct example {
    const char *text;
    bool to_head;
    int state;        /* at the end */
    const char *told; /* "[status name=value,..]" for each head, the body, "[name=value,..]" */
} example;

#define OK "HTTP/1.1 200 OK\r\n"

static const example examples[] = {
    {OK "Content-Length: 5\r\n\r\nhello", false, VIREO__H2_DONE, "[200 content-length=5,]hello"},
    {OK "Content-Length: 0\r\n\r\n", false, VIREO__H2_DONE, "[200 content-length=0,]"},
    {OK "Content-Length: 5\r\n\r\nhel", false, VIREO__H2_LENGTH, "[200 content-length=5,]hel"},
    {OK "Content-Length: 5\r\n\r\n", true, VIREO__H2_DONE, "[200 content-length=5,]"},
    {OK "Transfer-Encoding: chunked\r\nConnection: close\r\nA: b\r\n\r\n"
        "5\r\nhello\r\nB\r\n, you there\r\n0\r\n\r\n",
     false, VIREO__H2_DONE, "[200 a=b,]hello, you there"},
    {OK "Transfer-Encoding: chunked\r\n\r\n1f\r\n0123456789abcdef0123456789abcde\r\n0\r\n"
        "X-Sum: 7\r\nKeep-Alive: 5\r\ny:z\r\n\r\n",
     false, VIREO__H2_DONE, "[200 ]0123456789abcdef0123456789abcde[x-sum=7,y=z,]"},
    {OK "Transfer-Encoding: chunked\r\n\r\n", true, VIREO__H2_DONE, "[200 ]"},
    {OK "Transfer-Encoding: chunked\r\n\r\nz\r\n", false, VIREO__H2_FAILED, "[200 ]"},
    {OK "Content-Type: text/event-stream\r\n\r\ndata: 1\n\n", false, VIREO__H2_OPEN,
     "[200 content-type=text/event-stream,]data: 1\n\n"},
    {OK "\r\n", false, VIREO__H2_OPEN, "[200 ]"},
    {"HTTP/1.1 204 No Content\r\nA: \r\n\r\n", false, VIREO__H2_DONE, "[204 a=,]"},
    {"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n", false, VIREO__H2_DONE,
     "[304 etag=\"x\",]"},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx", false,
     VIREO__H2_DONE, "[100 ][201 content-length=1,]x"},
    {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
     "Sec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: p\r\n\r\n\x81\x01y",
     false, VIREO__H2_OPEN, "[101 sec-websocket-protocol=p,]\x81\x01y"},
    {"HTTP/2 200\r\n\r\n", false, VIREO__H2_FAILED, ""},
    {"HTTP/1.1 2x0\r\n\r\n", false, VIREO__H2_FAILED, ""},
    {"HTTP/1.1 200 OK\r\nA: b\r\n", false, VIREO__H2_HEAD, ""},
    {"\r\n", false, VIREO__H2_FAILED, ""},
};

static void tell_fields(vireo__h2_reply *r, vireo__buf *told)
{
    vireo__str name, value;
    for (size_t at = 0; vireo__h2_reply_next(r, &at, &name, &value);) {
        vireo__buf_append(told, name.at, name.len);
        vireo__buf_append(told, "=", 1);
        vireo__buf_append(told, value.at, value.len);
        vireo__buf_append(told, ",", 1);
    }
}

/* Feeds one piece; what is not taken was behind the end. */
static void feed(vireo__h2_reply *r, vireo__buf *told, const char *text, size_t n, size_t room)
{
    char *copy = guard_copy(text, n);
    vireo__str bytes = {copy, n}, body;
    vireo__h2_found found;
    while ((found = vireo__h2_reply_take(r, &bytes, room, &body)) != VIREO__H2_NOTHING) {
        if (found == VIREO__H2_FOUND_BODY) {
            assert_true(body.len > 0 && body.len <= room);
            vireo__buf_append(told, body.at, body.len);
            continue;
        }
        vireo__buf_append_byte(told, '[');
        vireo__buf_append_u64(told, r->status);
        vireo__buf_append_byte(told, ' ');
        tell_fields(r, told);
        vireo__buf_append_byte(told, ']');
        if (r->state != VIREO__H2_HEAD)
            vireo__buf_deinit(&r->head);
    }
    guard_free(copy, n);
}

static void expect(const example *e, size_t cut, size_t step, size_t room)
{
    vireo__h2_reply r;
    vireo__buf told;
    size_t n = strlen(e->text);
    vireo__h2_reply_init(&r);
    r.to_head = e->to_head;
    vireo__buf_init(&told, VIREO__BUF_UNLIMITED);
    feed(&r, &told, e->text, cut, room);
    for (size_t at = cut; at < n; at += step)
        feed(&r, &told, e->text + at, n - at < step ? n - at : step, room);
    if (r.state == VIREO__H2_DONE && r.head.len > 2) {
        vireo__buf_append_byte(&told, '[');
        tell_fields(&r, &told);
        vireo__buf_append_byte(&told, ']');
    }
    assert_int_equal(r.state, e->state);
    assert_string_equal(vireo__buf_cstr(&told), e->told);
    vireo__buf_deinit(&told);
    vireo__h2_reply_deinit(&r);
}

static void test_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        size_t n = strlen(examples[i].text);
        expect(&examples[i], n, 1, SIZE_MAX);
        expect(&examples[i], n, 1, 1);
        expect(&examples[i], 0, 1, SIZE_MAX);
        for (size_t cut = 0; cut < n; cut++)
            expect(&examples[i], cut, n, SIZE_MAX);
    }
}

/* Without room nothing of the body is taken, but all that is no body. */
static void test_no_room(void **state)
{
    static const char head[] = OK "Transfer-Encoding: chunked\r\n\r\n5\r\n";
    static const char text[] = OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    (void)state;
    vireo__h2_reply r;
    vireo__str bytes = {text, sizeof text - 1}, body;
    vireo__h2_reply_init(&r);
    assert_int_equal(vireo__h2_reply_take(&r, &bytes, 0, &body), VIREO__H2_FOUND_HEAD);
    assert_int_equal(vireo__h2_reply_take(&r, &bytes, 0, &body), VIREO__H2_NOTHING);
    assert_ptr_equal(bytes.at, text + sizeof head - 1);
    assert_int_equal(vireo__h2_reply_take(&r, &bytes, 5, &body), VIREO__H2_FOUND_BODY);
    assert_int_equal(vireo__h2_reply_take(&r, &bytes, 0, &body), VIREO__H2_NOTHING);
    assert_int_equal(bytes.len, 0);
    assert_int_equal(r.state, VIREO__H2_DONE);
    vireo__h2_reply_deinit(&r);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        vireo__h2_reply r;
        vireo__str bytes = {OK "A: b\r\n\r\n", strlen(OK "A: b\r\n\r\n")}, body;
        vireo__h2_reply_init(&r);
        oom_fail_at(n);
        vireo__h2_found found = vireo__h2_reply_take(&r, &bytes, 0, &body);
        bool failed = oom_failed();
        assert_int_equal(found, failed ? VIREO__H2_NOTHING : VIREO__H2_FOUND_HEAD);
        if (failed)
            assert_int_equal(r.state, VIREO__H2_FAILED);
        vireo__h2_reply_deinit(&r);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
