/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http/h2_request: fields of HTTP/2 become a head of HTTP/1.1, or a refusal (T29, W15). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include <vireo/error.h>

#include "guard.h"
#include "http/h2_request.h"
#include "http/parse.h"
#include "oom.h"

enum { MAX_FIELDS = 12, MAX_BYTES = 1000 };

typedef struct field {
    const char *name;
    const char *value;
} field;

#define ASK(path)                                                                                  \
    {":method", "GET"}, {":scheme", "https"}, {":authority", "a.example"},                         \
    {                                                                                              \
        ":path", path                                                                              \
    }
#define TUNNEL(protocol)                                                                           \
    {":method", "CONNECT"}, {":protocol", protocol}, {":scheme", "https"}, {":path", "/ws"},       \
    {                                                                                              \
        ":authority", "a.example"                                                                  \
    }
#define KEY "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"

typedef struct example {
    field fields[MAX_FIELDS];
    bool goes_on; /* a body follows */
    int result;
    const char *head;
} example;

static const example examples[] = {
    {{ASK("/")}, false, 0, "GET / HTTP/1.1\r\nhost: a.example\r\n\r\n"},
    {{ASK("/x?y=z"), {"accept", "*/*"}, {"x-a", "1"}, {"x-a", "2"}},
     false,
     0,
     "GET /x?y=z HTTP/1.1\r\nhost: a.example\r\naccept: */*\r\nx-a: 1\r\nx-a: 2\r\n\r\n"},
    {{{":path", "*"}, {":method", "OPTIONS"}, {":scheme", "http"}, {"host", "b"}},
     false,
     0,
     "OPTIONS * HTTP/1.1\r\nhost: b\r\n\r\n"},
    {{ASK("/"), {"host", "A.EXAMPLE"}}, false, 0, "GET / HTTP/1.1\r\nhost: a.example\r\n\r\n"},
    {{ASK("/"), {"host", "b.example"}}, false, 400, NULL},
    {{ASK("/"), {"host", "a.example"}, {"host", "a.example"}}, false, 400, NULL},
    {{ASK("/"), {"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}, {"cookie", "c"}},
     false,
     0,
     "GET / HTTP/1.1\r\nhost: a.example\r\nx: y\r\ncookie: a=1; b=2; c\r\n\r\n"},
    {{ASK("/"), {"content-length", "5"}},
     true,
     0,
     "GET / HTTP/1.1\r\nhost: a.example\r\ncontent-length: 5\r\n\r\n"},
    {{ASK("/")},
     true,
     0,
     "GET / HTTP/1.1\r\nhost: a.example\r\ntransfer-encoding: chunked\r\n\r\n"},
    /* what would be another request in the other notation */
    {{ASK("/ HTTP/1.1\r\nx: y")}, false, 400, NULL},
    {{ASK("/a b")}, false, 400, NULL},
    {{ASK("/a\tb")}, false, 400, NULL},
    {{ASK("/\x7f")}, false, 400, NULL},
    {{ASK("")}, false, 400, NULL},
    {{{":method", "GET / HTTP/1.1\r\n"}, {":path", "/"}}, false, 400, NULL},
    {{{":method", ""}, {":path", "/"}}, false, 400, NULL},
    {{{":method", "FIFTEEN-LETTERS"}, {":path", "/"}},
     false,
     0,
     "FIFTEEN-LETTERS / HTTP/1.1\r\nhost: \r\n\r\n"},
    {{{":method", "SIXTEEN--LETTERS"}, {":path", "/"}}, false, 501, NULL},
    {{{":method", "CONNECT"}, {":authority", "b:443"}}, false, 501, NULL},
    {{TUNNEL("webtransport")}, true, 501, NULL},
    {{TUNNEL("websocket"), {"sec-websocket-version", "13"}},
     true,
     0,
     "GET /ws HTTP/1.1\r\nhost: a.example\r\nconnection: upgrade\r\nupgrade: websocket\r\n" KEY
     "sec-websocket-version: 13\r\n\r\n"},
    {{TUNNEL("websocket"), {"content-length", "5"}, {"sec-websocket-key", "x"}, {"cookie", "a"}},
     true,
     0,
     "GET /ws HTTP/1.1\r\nhost: a.example\r\nconnection: upgrade\r\nupgrade: websocket\r\n" KEY
     "cookie: a\r\n\r\n"},
};

static int give(vireo__h2_request *q, const field *f)
{
    size_t n = strlen(f->name), v = strlen(f->value);
    uint8_t *name = guard_copy(f->name, n), *value = guard_copy(f->value, v);
    int error = vireo__h2_request_field(q, name, n, value, v);
    guard_free(name, n);
    guard_free(value, v);
    return error;
}

static int run(const example *e, vireo__buf *out)
{
    vireo__h2_request q;
    int result = 0;
    vireo__h2_request_init(&q, MAX_BYTES);
    for (const field *f = e->fields; f->name != NULL && result == 0; f++)
        result = give(&q, f);
    if (result == 0)
        result = vireo__h2_request_head(&q, !e->goes_on, out);
    vireo__h2_request_deinit(&q);
    return result;
}

static void test_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        vireo__buf out;
        vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
        assert_int_equal(run(&examples[i], &out), examples[i].result);
        if (examples[i].head != NULL)
            assert_string_equal(vireo__buf_cstr(&out), examples[i].head);
        vireo__buf_deinit(&out);
    }
}

/* Whatever is translated is read as one request, with no byte left. */
static void test_one_request(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        vireo__parser p;
        vireo__buf out;
        vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
        if (run(&examples[i], &out) == 0) {
            vireo__parser_init(&p, MAX_BYTES, 20);
            assert_int_equal(vireo__parser_feed(&p, out.data, out.len), out.len);
            assert_true(p.state == VIREO__PARSE_HEAD_DONE || p.status == 501);
            vireo__parser_deinit(&p);
        }
        vireo__buf_deinit(&out);
    }
}

/* A field counts its texts and 32 bytes: the last one that fits, and one byte more. */
static void test_limit(void **state)
{
    (void)state;
    for (int more = 0; more < 2; more++) {
        const field ask[] = {{":method", "GET"}, {":path", "/"}, {":authority", "a"}};
        size_t left = MAX_BYTES - (7 + 3 + 32) - (5 + 1 + 32) - (10 + 1 + 32);
        char value[MAX_BYTES] = "";
        vireo__h2_request q;
        vireo__buf out;
        vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
        vireo__h2_request_init(&q, MAX_BYTES);
        for (int i = 0; i < 3; i++)
            assert_int_equal(give(&q, &ask[i]), 0);
        memset(value, 'v', left - 32 - 1 + (size_t)more);
        assert_int_equal(give(&q, &(field){"n", value}), 0);
        assert_int_equal(vireo__h2_request_head(&q, true, &out), more == 0 ? 0 : 431);
        size_t kept = q.lines.len;
        assert_int_equal(give(&q, &(field){"n", value}), 0);
        assert_int_equal(q.lines.len, kept); /* nothing beyond is kept */
        vireo__h2_request_deinit(&q);
        vireo__buf_deinit(&out);
    }
}

static void test_out_of_memory(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        vireo__buf out;
        vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
        oom_fail_at(n);
        int result = run(&examples[6], &out);
        bool failed = oom_failed();
        assert_int_equal(result, failed ? VIREO_ENOMEM : 0);
        vireo__buf_deinit(&out);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_one_request),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
