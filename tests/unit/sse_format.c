/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* sse/format.h (E01): fields, lines of every kind, what is refused, memory that runs out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "oom.h"
#include "sse/format.h"

typedef struct row {
    const char *id;
    const char *event;
    const char *data;
    const char *text; /* NULL: refused */
    int error;
} row;

static const row rows[] = {
    {NULL, NULL, "", "data: \n\n", 0},
    {NULL, NULL, "x", "data: x\n\n", 0},
    {"7", "tick", "x", "id: 7\nevent: tick\ndata: x\n\n", 0},
    {"", NULL, "x", "id: \ndata: x\n\n", 0},
    {NULL, NULL, "a\nb", "data: a\ndata: b\n\n", 0},
    {NULL, NULL, "a\rb", "data: a\ndata: b\n\n", 0},
    {NULL, NULL, "a\r\nb", "data: a\ndata: b\n\n", 0},
    {NULL, NULL, "a\n\rb", "data: a\ndata: \ndata: b\n\n", 0},
    {NULL, NULL, "\n", "data: \ndata: \n\n", 0},
    {NULL, NULL, "a\n", "data: a\ndata: \n\n", 0},
    {NULL, NULL, " blank", "data:  blank\n\n", 0},
    {NULL, NULL, "id: no field\n\nevent: none", "data: id: no field\ndata: \ndata: event: none\n\n",
     0},
    {NULL, NULL, "\xED\x95\x9C", "data: \xED\x95\x9C\n\n", 0},
    {NULL, NULL, "\xED\x95", NULL, VIREO_EUTF8},
    {NULL, "\xFF", "x", NULL, VIREO_EUTF8},
    {NULL, "a\nb", "x", NULL, VIREO_EINVAL},
    {NULL, "a\rdata: b", "x", NULL, VIREO_EINVAL},
    {"1\n", NULL, "x", NULL, VIREO_EINVAL},
};

static void test_events(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vireo__buf out;
        vireo__buf_init(&out, 1000);
        vireo__buf_append_str(&out, "|");
        int error =
            vireo__sse_format_event(&out, rows[i].id, rows[i].event, vireo__str_of(rows[i].data));
        assert_int_equal(error, rows[i].error);
        assert_string_equal(vireo__buf_cstr(&out) + 1, rows[i].text ? rows[i].text : "");
        vireo__buf_deinit(&out);
    }
}

static void test_comments_and_retry(void **state)
{
    (void)state;
    vireo__buf out;
    vireo__buf_init(&out, 1000);
    assert_int_equal(vireo__sse_format_comment(&out, vireo__str_of("a\nb")), 0);
    assert_int_equal(vireo__sse_format_comment(&out, vireo__str_of("\xC0")), VIREO_EUTF8);
    assert_int_equal(vireo__sse_format_retry(&out, 2500), 0);
    assert_string_equal(vireo__buf_cstr(&out), ": a\n: b\n\nretry: 2500\n\n");
    vireo__buf_deinit(&out);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        vireo__buf out;
        vireo__buf_init(&out, 1000);
        oom_fail_at(n);
        int error = vireo__sse_format_event(&out, "1", "e", vireo__str_of("data"));
        bool failed = oom_failed();
        assert_int_equal(error, failed ? VIREO_ENOMEM : 0);
        assert_int_equal(out.len > 0, !failed);
        vireo__buf_deinit(&out);
        if (!failed)
            return;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_comments_and_retry),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
