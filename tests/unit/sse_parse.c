/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* sse/parse.h (E04): streams whole, byte by byte and cut everywhere; limits; memory that runs
 * out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "guard.h"
#include "oom.h"
#include "sse/parse.h"

typedef struct row {
    const char *text;
    size_t len;         /* 0: strlen */
    const char *events; /* "event|data|id;" */
    int error;
} row;

static const row rows[] = {
    {"data: a\n\n", 0, "message|a|;", 0},
    {"data:a\r\rdata: b\r\n\r\n", 0, "message|a|;message|b|;", 0},
    {"data: a\ndata:  b\ndata\n\n", 0, "message|a\n b\n|;", 0},
    {"event: x\nid: 7\ndata: a\n\ndata: b\n\n", 0, "x|a|7;message|b|7;", 0},
    {"id: 1\ndata: a\n\nid\ndata: b\n\n", 0, "message|a|1;message|b|;", 0},
    {"id: a\0b\ndata: c\n\n", 17, "message|c|;", 0},
    {"event: a\0b\ndata: c\n\n", 20, "message|c|;", 0},
    {"event: x\n\ndata: a\n\n", 0, "message|a|;", 0},
    {": comment\n:\ndata: a\n\n", 0, "message|a|;", 0},
    {"data: lost", 0, "", 0},
    {"data: lost\n", 0, "", 0},
    {"unknown: x\ndata : y\nDATA: z\n\n", 0, "", 0},
    {"data\n\n", 0, "message||;", 0},
    {"data\ndata\n\n", 0, "message|\n|;", 0},
    {"\xef\xbb\xbf"
     "data: a\n\n",
     0, "message|a|;", 0},
    {"\xef\xbb\xbf\xef\xbb\xbf"
     "data: a\n\n",
     0, "", 0},
    {"data: \xef\xbb\xbf\n\n", 0, "message|\xef\xbb\xbf|;", 0},
    {"data: \xed\x95\x9c\n\n", 0, "message|\xed\x95\x9c|;", 0},
    {"data: a\n\ndata: \xff\n\n", 0, "message|a|;", VIREO_EUTF8},
    {"\xef\xbb"
     "data: a\n\n",
     0, "", VIREO_EUTF8},
};

static char seen[500];

static bool on_event(void *user, const char *event, vireo__str data, const char *id)
{
    size_t n = strlen(seen);
    (void)user;
    assert_int_equal(data.at[data.len], '\0');
    snprintf(seen + n, sizeof seen - n, "%s|%.*s|%s;", event, (int)data.len, data.at, id);
    return strcmp(event, "stop") != 0;
}

static int parse_in_two(const row *r, size_t n, size_t cut)
{
    vireo__sse_parser p;
    vireo__sse_parser_init(&p, 1000);
    p.on_event = on_event;
    seen[0] = '\0';
    uint8_t *first = guard_copy(r->text, cut), *second = guard_copy(r->text + cut, n - cut);
    int error = vireo__sse_parse(&p, first, cut);
    if (error == 0)
        error = vireo__sse_parse(&p, second, n - cut);
    guard_free(first, cut);
    guard_free(second, n - cut);
    vireo__sse_parser_deinit(&p);
    return error;
}

static int parse_by_bytes(const row *r, size_t n)
{
    vireo__sse_parser p;
    int error = 0;
    vireo__sse_parser_init(&p, 1000);
    p.on_event = on_event;
    seen[0] = '\0';
    for (size_t i = 0; i < n && error == 0; i++)
        error = vireo__sse_parse(&p, (const uint8_t *)r->text + i, 1);
    vireo__sse_parser_deinit(&p);
    return error;
}

static void test_streams(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const row *r = &rows[i];
        size_t n = r->len ? r->len : strlen(r->text);
        for (size_t cut = 0; cut <= n; cut++) {
            assert_int_equal(parse_in_two(r, n, cut), r->error);
            assert_string_equal(seen, r->events);
        }
        assert_int_equal(parse_by_bytes(r, n), r->error);
        assert_string_equal(seen, r->events);
    }
}

static int parse(vireo__sse_parser *p, const char *text)
{
    return vireo__sse_parse(p, (const uint8_t *)text, strlen(text));
}

static void test_limit_and_restart(void **state)
{
    (void)state;
    vireo__sse_parser p;
    vireo__sse_parser_init(&p, 20);
    p.on_event = on_event;
    seen[0] = '\0';
    assert_int_equal(parse(&p, "id: 5\ndata: 12345678901234\n\n"), 0); /* a line of 20 bytes */
    assert_string_equal(seen, "message|12345678901234|5;");
    assert_int_equal(parse(&p, "data: 123456789012345"), VIREO_ETOOBIG);
    vireo__sse_parser_restart(&p);
    assert_int_equal(parse(&p, "data: 1234567890\ndata: 12345"), VIREO_ETOOBIG);
    vireo__sse_parser_restart(&p);
    seen[0] = '\0';
    assert_int_equal(parse(&p, "retry: 2500\nretry: x\nretry:\nretry: 9999999999\ndata: x\n\n"), 0);
    assert_string_equal(seen, "message|x|5;");
    assert_int_equal(p.retry_ms, 2500);
    assert_int_equal(parse(&p, "event: stop\ndata\n\ndata: y\n\n"), VIREO_ECANCELLED);
    vireo__sse_parser_deinit(&p);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        vireo__sse_parser p;
        vireo__sse_parser_init(&p, 1000);
        p.on_event = on_event;
        seen[0] = '\0';
        oom_fail_at(n);
        int error = parse(&p, "event: e\nid: 1\nda");
        if (error == 0)
            error = parse(&p, "ta: d\n\n");
        bool failed = oom_failed();
        assert_int_equal(error, failed ? VIREO_ENOMEM : 0);
        vireo__sse_parser_deinit(&p);
        if (!failed) {
            assert_true(n > 4);
            assert_string_equal(seen, "e|d|1;");
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_limit_and_restart),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
