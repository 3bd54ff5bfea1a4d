/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http/router.h, http/reply.h and http/mime.h: patterns, dates, heads, types. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "guard.h"
#include "http/mime.h"
#include "http/reply.h"
#include "http/router.h"

static const struct {
    const char *pattern;
    const char *path;
    const char *params; /* "name=value;..", encoded; NULL: no match */
} matches[] = {
    {"/", "/", ""},
    {"/", "", NULL},
    {"/", "//", NULL},
    {"/", "/a", NULL},
    {"/a", "/a", ""},
    {"/a", "/a/", NULL},
    {"/a", "/A", NULL},
    {"/a", "/ab", NULL},
    {"/a", "/%61", ""},
    {"/a", "/%41", NULL},
    {"/a", "/%6", NULL},
    {"/a", "/%", NULL},
    {"/a b", "/a%20b", ""},
    {"/a/", "/a/", ""},
    {"/a/", "/a", NULL},
    {"/a/b", "/a%2Fb", NULL},
    {"/:id", "/x", "id=x;"},
    {"/:id", "/", NULL},
    {"/:id", "/x/", NULL},
    {"/:id", "/x%2Fy", "id=x%2Fy;"},
    {"/:a/:b", "/1/2", "a=1;b=2;"},
    {"/:a/:b", "/1//", NULL},
    {"/u/:id/f/:name", "/u/7/f/x.y", "id=7;name=x.y;"},
    {"/u/:id/f/:name", "/u/7/g/x.y", NULL},
    {"/*rest", "/", "rest=;"},
    {"/*rest", "/a/b//c", "rest=a/b//c;"},
    {"/a/*rest", "/a", NULL},
    {"/a/*rest", "/a/", "rest=;"},
    {"/a/:b/*rest", "/a/x/y/z", "b=x;rest=y/z;"},
    {"/a/:b/*rest", "/a/x", NULL},
    {"/a/:b?", "/a", ""},
    {"/a/:b?", "/a/x", "b=x;"},
    {"/a/:b?", "/a/", NULL},
    {"/a/:b?", "/a/x/y", NULL},
    {"/a/:b?/:c?", "/a", ""},
    {"/a/:b?/:c?", "/a/x", "b=x;"},
    {"/a/:b?/:c?", "/a/x/y", "b=x;c=y;"},
    {"/a/:b/:c?", "/a", NULL},
    {"/:a?", "/", ""},
    {"/:a?", "/x", "a=x;"},
    {"/:a?", "//", NULL},
};

static const struct {
    const char *prefix;
    const char *path;
    const char *params;
} covered[] = {
    {"/", "/", ""},          {"/", "/a", ""},
    {"/", "*", NULL},        {"/", "", NULL},
    {"/a", "/a", ""},        {"/a", "/a/", ""},
    {"/a", "/a/b/c", ""},    {"/a", "/ab", NULL},
    {"/a", "/", NULL},       {"/a", "/%61/b", ""},
    {"/a", "/a%2Fb", NULL},  {"/a/b", "/a", NULL},
    {"/:x", "/a/b", "x=a;"}, {"/:x", "/", NULL},
    {"/a/:x?", "/a", ""},    {"/a/*x", "/a/b/c", "x=b/c;"},
};

static void check_match(const char *pattern, const char *text, bool whole, const char *expected)
{
    vireo__params params;
    char found[200] = "";
    size_t n = strlen(text);
    char *path = guard_copy(text, n);
    bool matched = whole ? vireo__pattern_match(pattern, (vireo__str){path, n}, &params)
                         : vireo__pattern_covers(pattern, (vireo__str){path, n}, &params);
    if (matched != (expected != NULL))
        fail_msg("%s with %s: %d", pattern, text, matched);
    for (size_t k = 0; matched && k < params.count; k++)
        sprintf(found + strlen(found), "%.*s=%.*s;", (int)params.at[k].name.len,
                params.at[k].name.at, (int)params.at[k].value.len, params.at[k].value.at);
    if (matched)
        assert_string_equal(found, expected);
    guard_free(path, n);
}

static void matches_patterns(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof matches / sizeof matches[0]; i++)
        check_match(matches[i].pattern, matches[i].path, true, matches[i].params);
    for (size_t i = 0; i < sizeof covered / sizeof covered[0]; i++)
        check_match(covered[i].prefix, covered[i].path, false, covered[i].params);
}

static void knows_what_is_a_pattern(void **state)
{
    (void)state;
    static const char *const good[] = {
        "/",           "/a",
        "/:a",         "/*a",
        "/a/:b/c/*d",  "/a:b",
        "//",          "/a/:b?",
        "/:a/:b?/:c?", "/:1/:2/:3/:4/:5/:6/:7/:8/:9/:10/:11/:12/:13/:14/:15/:16"};
    static const char *const bad[] = {
        "",       "a",       "/:",
        "/*",     "/a/:/b",  "/:?",
        "/:a?/b", "/:a?/:b", "/:a?/*b",
        "/*a/b",  "/*a/",    "/:1/:2/:3/:4/:5/:6/:7/:8/:9/:10/:11/:12/:13/:14/:15/:16/:17"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(vireo__pattern_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(vireo__pattern_valid(bad[i]));
}

static const struct {
    int64_t seconds;
    const char *text;
} dates[] = {
    {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
    {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
    {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
    {951868800, "Wed, 01 Mar 2000 00:00:00 GMT"},
    {1709251199, "Thu, 29 Feb 2024 23:59:59 GMT"},
    {4107542400, "Mon, 01 Mar 2100 00:00:00 GMT"},
    {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
};

static void writes_and_reads_dates(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        char text[VIREO__HTTP_DATE_SIZE];
        int64_t seconds = -1;
        vireo__http_date_write(text, dates[i].seconds);
        assert_string_equal(text, dates[i].text);
        assert_true(vireo__http_date_read(text, &seconds));
        assert_int_equal(seconds, dates[i].seconds);
    }
}

static void reads_old_dates_and_refuses_others(void **state)
{
    (void)state;
    static const char *const old[] = {"Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"};
    static const char *const bad[] = {
        "",
        "now",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1894 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMTSun, 06 Nov 1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994 x",
    };
    for (size_t i = 0; i < sizeof old / sizeof old[0]; i++) {
        int64_t seconds = -1;
        assert_true(vireo__http_date_read(old[i], &seconds));
        assert_int_equal(seconds, 784111777);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t seconds;
        if (vireo__http_date_read(bad[i], &seconds))
            fail_msg("%s was read", bad[i]);
    }
}

static const struct {
    vireo__reply_head head;
    const char *text;
} heads[] = {
    {{.status = 200, .type = "text/html", .length = 3},
     "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 3\r\nDate: "
     "D\r\n\r\n"},
    {{.status = 200, .type = "TEXT/plain; charset=UTF-16"},
     "HTTP/1.1 200 OK\r\nContent-Type: TEXT/plain; charset=UTF-16\r\nContent-Length: 0\r\nDate: "
     "D\r\n\r\n"},
    {{.status = 200, .type = "image/png", .connection = VIREO__CONNECTION_CLOSE},
     "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 0\r\nDate: D\r\nConnection: "
     "close\r\n\r\n"},
    {{.status = 204, .length = 7, .connection = VIREO__CONNECTION_KEEP},
     "HTTP/1.1 204 No Content\r\nDate: D\r\nConnection: keep-alive\r\n\r\n"},
    {{.status = 304, .no_length = true, .extra = "A: b\r\n", .extra_len = 6},
     "HTTP/1.1 304 Not Modified\r\nDate: D\r\nA: b\r\n\r\n"},
    {{.status = 599, .length = 18446744073709551615u},
     "HTTP/1.1 599 \r\nContent-Length: 18446744073709551615\r\nDate: D\r\n\r\n"},
};

static void writes_heads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        vireo__buf out;
        vireo__reply_head head = heads[i].head;
        head.date = "D";
        vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
        vireo__reply_head_write(&out, &head);
        assert_string_equal(vireo__buf_cstr(&out), heads[i].text);
        vireo__buf_deinit(&out);
    }
}

static void knows_types(void **state)
{
    (void)state;
    static const char *const types[][2] = {
        {"index.html", "text/html; charset=utf-8"}, {"/a.b/x.JS", "text/javascript; charset=utf-8"},
        {"a.tar.gz", "application/gzip"},           {"/a.html/x", "application/octet-stream"},
        {".html", "application/octet-stream"},      {"a.", "application/octet-stream"},
        {"", "application/octet-stream"},           {"a.unknown", "application/octet-stream"},
        {"i.svg", "image/svg+xml; charset=utf-8"},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        assert_string_equal(vireo__mime_type(types[i][0]), types[i][1]);
}

static void knows_header_values(void **state)
{
    (void)state;
    assert_true(vireo__header_value_valid("a\tb \xc3\xa4"));
    assert_true(vireo__header_value_valid(""));
    assert_false(vireo__header_value_valid("a\r\nb"));
    assert_false(vireo__header_value_valid("a\nb"));
    assert_false(vireo__header_value_valid("\x01"));
    assert_false(vireo__header_value_valid("\x7f"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_patterns),
        cmocka_unit_test(knows_what_is_a_pattern),
        cmocka_unit_test(writes_and_reads_dates),
        cmocka_unit_test(reads_old_dates_and_refuses_others),
        cmocka_unit_test(writes_heads),
        cmocka_unit_test(knows_types),
        cmocka_unit_test(knows_header_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
