/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http/multipart.h: H06, forms with files, fed whole, byte by byte and cut at every offset. */

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
#include "http/multipart.h"

#define PART(name)       "--B\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define DISPOSE(rest)    "--B\r\nContent-Disposition: " rest "\r\n\r\n1\r\n--B--"
#define HEADERS(headers) "--B\r\n" headers "\r\n1\r\n--B--"

static const struct {
    const char *form;
    const char *log; /* <name|filename|type:content> of each part */
    int error;
} forms[] = {
    {PART("a") "1\r\n--B--\r\n", "<a|-|-:1>", 0},
    {PART("a") "1\r\n--B--", "<a|-|-:1>", 0},
    {"\r\n" PART("a") "1\r\n--B--\r\n", "<a|-|-:1>", 0},
    {"--B--\r\n", "", 0},
    {"--B--", "", 0},
    {PART("a") "\r\n--B--", "<a|-|-:>", 0},
    {PART("a") "1\r\n" PART("b") "2\r\n--B--", "<a|-|-:1><b|-|-:2>", 0},
    {"--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.txt\"\r\nContent-Type: "
     "text/plain\r\n\r\nhello\r\nyou\r\n--B--",
     "<f|x.txt|text/plain:hello\r\nyou>", 0},
    /* what is almost a boundary */
    {PART("a") "\r\n-\r\n--\r\n--b\r\r\n\r--B\n--B--B\r\n--B--",
     "<a|-|-:\r\n-\r\n--\r\n--b\r\r\n\r--B\n--B--B>", 0},
    {PART("a") "\r\r\n\r\n--B--", "<a|-|-:\r\r\n>", 0},
    {PART("a") "--B--\r\n--B--", "<a|-|-:--B-->", 0},
    /* names */
    {DISPOSE("form-data; name=\"%22a%0D%0a%20\""), "<\"a\r\n%20|-|-:1>", 0},
    {DISPOSE("form-data; name=\"\"; filename=\"\""), "<||-:1>", 0},
    {DISPOSE("FORM-DATA;name=a;filename=b"), "<a|b|-:1>", 0},
    {DISPOSE("form-data ;\tNAME=\"a\" ; FileName=\"C:\\x\\\""), "<a|C:\\x\\|-:1>", 0},
    {DISPOSE("form-data; name=\"a;b=c\"; x=\"y\"; filename*=UTF-8''z"), "<a;b=c|-|-:1>", 0},
    {DISPOSE("form-data; name=\"\xc3\xa4\"; filename=\"../\xe2\x82\xac\""),
     "<\xc3\xa4|../\xe2\x82\xac|-:1>", 0},
    {HEADERS("content-disposition:form-data; name=a\r\nX-Other: 1\r\nContent-Type: \tx/y \r\n"
             "Content-Transfer-Encoding: 8BIT\r\n"),
     "<a|-|x/y:1>", 0},
    /* not whole */
    {"", "", 1},
    {"--B", "", 1},
    {"--B-", "", 1},
    {PART("a") "1", "<a|-|-:1", 1},
    {PART("a") "1\r\n--", "<a|-|-:1", 1},
    {PART("a") "1\r\n--B\r\n", "<a|-|-:1>", 1},
    {"--B--\r", "", 1},
    /* refused */
    {"preamble\r\n--B--", "", VIREO_EPROTO},
    {"\r\n\r\n--B--", "", VIREO_EPROTO},
    {"\n--B--", "", VIREO_EPROTO},
    {"--C--", "", VIREO_EPROTO},
    {"--B--\r\nepilogue", "", VIREO_EPROTO},
    {"--B--epilogue", "", VIREO_EPROTO},
    {"--B --", "", VIREO_EPROTO},
    {"--B\n", "", VIREO_EPROTO},
    {"--B-x", "", VIREO_EPROTO},
    {PART("a") "1\r\n--Bx", "<a|-|-:1>", VIREO_EPROTO},
    {HEADERS(""), "", VIREO_EPROTO},
    {HEADERS("Content-Type: x/y\r\n"), "", VIREO_EPROTO},
    {HEADERS(": x\r\n"), "", VIREO_EPROTO},
    {HEADERS("Content-Disposition\r\n"), "", VIREO_EPROTO},
    {HEADERS("Content-Disposition : form-data; name=a\r\n"), "", VIREO_EPROTO},
    {HEADERS(" Content-Disposition: form-data; name=a\r\n"), "", VIREO_EPROTO},
    {HEADERS("Content-Disposition: form-data; name=a\r\n X: y\r\n"), "", VIREO_EPROTO},
    {HEADERS("Content-Disposition: form-data;\n name=a\r\n"), "", VIREO_EPROTO},
    {HEADERS("Content-Disposition: form-data; name=a\rx\r\n"), "", VIREO_EPROTO},
    {HEADERS("Content-Disposition: form-data; name=a\x01\r\n"), "", VIREO_EPROTO},
    {HEADERS("Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; "
             "name=b\r\n"),
     "", VIREO_EPROTO},
    {HEADERS("Content-Disposition: form-data; name=a\r\nContent-Type: x/y\r\nContent-Type: "
             "x/z\r\n"),
     "", VIREO_EPROTO},
    {HEADERS("Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n"), "",
     VIREO_EPROTO},
    {DISPOSE("attachment; name=a"), "", VIREO_EPROTO},
    {DISPOSE("form-data"), "", VIREO_EPROTO},
    {DISPOSE("form-data; filename=a"), "", VIREO_EPROTO},
    {DISPOSE("form-data; name=a; name=b"), "", VIREO_EPROTO},
    {DISPOSE("form-data; name=a; filename=b; filename=c"), "", VIREO_EPROTO},
    {DISPOSE("form-data; name"), "", VIREO_EPROTO},
    {DISPOSE("form-data; name="), "", VIREO_EPROTO},
    {DISPOSE("form-data; name=\"a"), "", VIREO_EPROTO},
    {DISPOSE("form-data; name=\"a\"b"), "", VIREO_EPROTO},
    {DISPOSE("form-data; name=a;"), "", VIREO_EPROTO},
    {DISPOSE("form-dataname=a"), "", VIREO_EPROTO},
    {DISPOSE("form-data; name=\"\xff\""), "", VIREO_EPROTO},
};

typedef struct log {
    char text[1000];
    size_t len;
    int fail_at, events;
} log;

static int add(log *l, const char *text, size_t n)
{
    assert_true(l->len + n < sizeof l->text);
    memcpy(l->text + l->len, text, n);
    l->len += n;
    l->text[l->len] = '\0';
    return 0;
}

static int count(log *l)
{
    return ++l->events == l->fail_at ? -7 : 0;
}

static int on_part(void *user, const vireo__form_part *part)
{
    char text[200];
    add(user, text,
        (size_t)snprintf(text, sizeof text, "<%s|%s|%s:", part->name,
                         part->filename != NULL ? part->filename : "-",
                         part->type != NULL ? part->type : "-"));
    return count(user);
}

static int on_data(void *user, const void *data, size_t len)
{
    assert_true(len > 0);
    add(user, data, len);
    return count(user);
}

static int on_end(void *user)
{
    add(user, ">", 1);
    return count(user);
}

static const vireo__multipart_events events = {.part = on_part, .data = on_data, .end = on_end};

static int feed(vireo__multipart *m, const char *data, size_t n)
{
    char *copy = guard_copy(data, n);
    int error = vireo__multipart_feed(m, copy, n);
    guard_free(copy, n);
    return error;
}

/* Feeds |n| bytes: the first |cut| of them in one go, the rest in pieces of |piece|. */
static int read_form(log *l, const char *form, size_t n, size_t cut, size_t piece)
{
    vireo__multipart m;
    vireo__multipart_init(&m, (vireo__str){"B", 1}, &events, l);
    int error = feed(&m, form, cut);
    for (size_t at = cut; at < n && error == 0; at += piece)
        error = feed(&m, form + at, n - at < piece ? n - at : piece);
    if (error == 0 && !vireo__multipart_complete(&m))
        error = 1;
    vireo__multipart_deinit(&m);
    return error;
}

static void check(const char *form, const char *expected, int error, size_t cut, size_t piece)
{
    log l = {.len = 0};
    int result = read_form(&l, form, strlen(form), cut, piece);
    if (result != error || strcmp(l.text, expected) != 0)
        fail_msg("%s\ncut at %zu, pieces of %zu: %d, %s", form, cut, piece, result, l.text);
}

static void reads_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        size_t n = strlen(forms[i].form);
        check(forms[i].form, forms[i].log, forms[i].error, n, 1);
        check(forms[i].form, forms[i].log, forms[i].error, 0, 1);
        for (size_t cut = 0; cut < n; cut++)
            check(forms[i].form, forms[i].log, forms[i].error, cut, n);
    }
}

static void has_limits(void **state)
{
    (void)state;
    static const char form[] = PART("a") "1\r\n" PART("b") "2\r\n--B--";
    const size_t head = strlen("Content-Disposition: form-data; name=\"a\"\r\n");
    static const struct {
        int parts, head, error;
    } table[] = {{2, 0, 0}, {1, 0, VIREO_ETOOBIG}, {0, 0, VIREO_ETOOBIG}, {2, -1, VIREO_ETOOBIG}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        log l = {.len = 0};
        vireo__multipart m;
        vireo__multipart_init(&m, (vireo__str){"B", 1}, &events, &l);
        m.parts_left = (uint32_t)table[i].parts;
        /* the CR of the empty line is counted until it is known as such */
        m.max_head_bytes = (uint32_t)((int)head + 1 + table[i].head);
        assert_int_equal(feed(&m, form, sizeof form - 1), table[i].error);
        vireo__multipart_deinit(&m);
    }
}

static void an_event_may_end_it(void **state)
{
    (void)state;
    static const char form[] = PART("a") "1\r\n" PART("b") "2\r\n--B--";
    for (int at = 1; at <= 6; at++) {
        log l = {.fail_at = at};
        assert_int_equal(read_form(&l, form, sizeof form - 1, sizeof form - 1, 1), -7);
        assert_int_equal(l.events, at);
    }
}

static void finds_boundaries(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        const char *boundary; /* NULL: none */
    } table[] = {
        {"multipart/form-data; boundary=abc", "abc"},
        {"Multipart/Form-Data;Boundary=\"a b\"; charset=utf-8", "a b"},
        {"multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
         "----WebKitFormBoundary7MA4YWxkTrZu0gW"},
        {"multipart/form-data; boundary="
         "1234567890123456789012345678901234567890123456789012345678901234567890",
         "1234567890123456789012345678901234567890123456789012345678901234567890"},
        {"multipart/form-data; boundary="
         "12345678901234567890123456789012345678901234567890123456789012345678901",
         NULL},
        {"multipart/form-data", NULL},
        {"multipart/form-data; boundary=", NULL},
        {"multipart/form-data; boundary=\"\"", NULL},
        {"multipart/form-data; boundary=\"a \"", NULL},
        {"multipart/form-data; boundary=a; boundary=b", NULL},
        {"multipart/form-data; boundary=a\"b", NULL},
        {"multipart/mixed; boundary=a", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        vireo__str found;
        bool is = vireo__multipart_boundary(table[i].type, &found);
        if (is != (table[i].boundary != NULL) ||
            (is && !vireo__str_equal(found, table[i].boundary)))
            fail_msg("%s", table[i].type);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_forms),
        cmocka_unit_test(has_limits),
        cmocka_unit_test(an_event_may_end_it),
        cmocka_unit_test(finds_boundaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
