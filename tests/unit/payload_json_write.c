/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* payload/json_write.h: strings of any bytes, numbers, binary leaves with and without a collector,
 * limits of the buffer. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "guard.h"
#include "oom.h"
#include "payload/json_read.h"
#include "payload/json_write.h"

static void assert_holds(vireo__buf *out, const char *wanted)
{
    assert_int_equal(out->error, 0);
    assert_string_equal(vireo__buf_cstr(out), wanted);
    assert_int_equal(out->len, strlen(wanted));
    vireo__buf_deinit(out);
}

static const struct {
    const char *text;
    size_t n;
    const char *json;
} strings[] = {
#define TEXT(literal) literal, sizeof(literal) - 1
    {TEXT(""), "\"\""},
    {TEXT("plain"), "\"plain\""},
    {TEXT("a\"b"), "\"a\\\"b\""},
    {TEXT("a\\b/c"), "\"a\\\\b/c\""},
    {TEXT("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\""},
    {TEXT("\0\x01\x0b\x1f\x7f"), "\"\\u0000\\u0001\\u000b\\u001f\x7f\""},
    {TEXT("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"), "\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\""},
    {TEXT("\xE2\x80\xA8"), "\"\xE2\x80\xA8\""},
    {TEXT("\xED\xA0\x80"), "\"\\ud800\""},
    {TEXT("\xED\xBF\xBF"), "\"\\udfff\""},
    {TEXT("\xED\xA0\xBDx\xED\xB8\x80"), "\"\\ud83dx\\ude00\""},
    {TEXT("\xED\xA0"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
    {TEXT("\x80"), "\"\xEF\xBF\xBD\""},
    {TEXT("a\xFFz"), "\"a\xEF\xBF\xBDz\""},
    {TEXT("\xF0\x9F\x98"), "\"\xEF\xBF\xBD\""}, /* one for the longest part */
    {TEXT("\xF0\x9F\x98z"), "\"\xEF\xBF\xBDz\""},
    {TEXT("\xC0\xAF"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
    {TEXT("\xE2\x82\xC3\xA9"), "\"\xEF\xBF\xBD\xC3\xA9\""},
    {TEXT("\"},evil"), "\"\\\"},evil\""},
    {TEXT("12345678\n12345678\n"), "\"12345678\\n12345678\\n\""},
};

static void test_strings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        vireo__buf out;
        char *copy = guard_copy(strings[i].text, strings[i].n);
        vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
        assert_int_equal(vireo__json_write_string(&out, copy, strings[i].n), 0);
        assert_int_equal(vireo__json_check((char *)out.data, out.len, NULL, NULL), 0);
        assert_holds(&out, strings[i].json);
        guard_free(copy, strings[i].n);
    }
}

/* What is written is JSON whatever the bytes are. */
static void test_every_pair_of_bytes(void **state)
{
    (void)state;
    vireo__buf out;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            const char pair[2] = {(char)a, (char)b};
            out.len = 0;
            assert_int_equal(vireo__json_write_string(&out, pair, 2), 0);
            assert_int_equal(vireo__json_check((char *)out.data, out.len, NULL, NULL), 0);
        }
    }
    vireo__buf_deinit(&out);
}

static void test_numbers_and_words(void **state)
{
    (void)state;
    vireo__buf out;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    vireo__json_write_int(&out, 0);
    vireo__json_write_int(&out, INT64_MIN);
    vireo__json_write_int(&out, INT64_MAX);
    vireo__buf_append_byte(&out, ' ');
    vireo__json_write_double(&out, 0.5);
    vireo__buf_append_byte(&out, ' ');
    vireo__json_write_double(&out, -0.0);
    vireo__json_write_double(&out, NAN);
    vireo__json_write_double(&out, HUGE_VAL);
    vireo__json_write_double(&out, -HUGE_VAL);
    vireo__json_write_bool(&out, true);
    vireo__json_write_bool(&out, false);
    vireo__json_write_null(&out);
    assert_holds(&out, "0-92233720368547758089223372036854775807 0.5 0nullnullnulltruefalsenull");
}

static void read_text(vireo__doc *doc, const char *text)
{
    assert_int_equal(vireo__json_read(doc, text, strlen(text), NULL, NULL), 0);
}

static void test_numbers_raw_and_by_value(void **state)
{
    (void)state;
    static const char text[] = "[1.0,-0,1e2,1e21,1e400,-1e400,12345678901234567890,0.10]";
    vireo__doc doc;
    vireo__buf out;
    vireo__doc_init(&doc);
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    read_text(&doc, text);
    vireo__json_write(&out, NULL, vireo__doc_root(&doc), 0);
    assert_holds(&out, text);
    vireo__json_write(&out, NULL, vireo__doc_root(&doc), VIREO__JSON_BY_VALUE);
    assert_holds(&out, "[1,0,100,1e+21,null,null,12345678901234567000,0.1]");
    vireo__doc_deinit(&doc);
}

static void test_binary_leaves(void **state)
{
    (void)state;
    static const vireo__attachment parts[] = {{"\x00\xff", 2}, {"", 0}};
    vireo__doc doc;
    vireo__buf out;
    vireo__attachments collect;
    vireo__doc_init(&doc);
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    vireo__attachments_init(&collect);
    read_text(&doc,
              "[{\"b\":{\"_placeholder\":true,\"num\":1}},{\"_placeholder\":true,\"num\":0},1]");
    assert_int_equal(vireo__doc_fill_attachments(&doc, parts, 2), 0);

    /* Without a collector as Node's Buffer. */
    vireo__json_write(&out, NULL, vireo__doc_root(&doc), 0);
    assert_holds(
        &out,
        "[{\"b\":{\"type\":\"Buffer\",\"data\":[]}},{\"type\":\"Buffer\",\"data\":[0,255]},1]");

    /* With one they are numbered in the order of the text, on from what it holds. */
    vireo__attachments_add(&collect, "first", 5);
    vireo__json_write(&out, &collect, vireo__doc_root(&doc), 0);
    assert_holds(&out,
                 "[{\"b\":{\"_placeholder\":true,\"num\":1}},{\"_placeholder\":true,\"num\":2},1]");
    assert_int_equal(collect.count, 3);
    assert_int_equal(vireo__attachments_list(&collect)[1].size, 0);
    assert_ptr_equal(vireo__attachments_list(&collect)[2].data, parts[0].data);
    vireo__attachments_deinit(&collect);
    vireo__doc_deinit(&doc);
}

/* A buffer that is too small refuses, whatever it is that no longer fits, and never grows beyond
 * its maximum. */
static void test_the_buffers_maximum(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,-2.5,\"x\\n\",true,null,{}],\"b\":\"plain\"}";
    vireo__doc doc;
    vireo__doc_init(&doc);
    read_text(&doc, text);
    for (size_t max = 0; max < sizeof text; max++) {
        vireo__buf out;
        vireo__buf_init(&out, max);
        bool fits = max == sizeof text - 1;
        assert_int_equal(vireo__json_write(&out, NULL, vireo__doc_root(&doc), 0),
                         fits ? 0 : VIREO_ETOOBIG);
        assert_true(out.len <= max);
        vireo__buf_deinit(&out);
    }
    vireo__doc_deinit(&doc);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    vireo__doc doc;
    vireo__attachments collect;
    vireo__doc_init(&doc);
    read_text(&doc, "[[[\"a long text that makes the buffer grow, and another one, and another "
                    "one\"]],{\"b\":true}]");
    for (int n = 1;; n++) {
        vireo__buf out;
        vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
        oom_fail_at(n);
        int error = vireo__json_write(&out, NULL, vireo__doc_root(&doc), 0);
        bool failed = oom_failed();
        assert_int_equal(error, failed ? VIREO_ENOMEM : 0);
        vireo__buf_deinit(&out);
        if (!failed)
            break;
    }
    vireo__buf out;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    vireo__buf_reserve(&out, 1000);
    vireo__attachments_init(&collect);
    oom_fail_at(1);
    for (int i = 0; i < VIREO__FEW_ATTACHMENTS; i++)
        assert_int_equal(vireo__json_write_binary(&out, &collect, "x", 1), 0);
    assert_int_equal(vireo__json_write_binary(&out, &collect, "x", 1), VIREO_ENOMEM);
    assert_true(oom_failed());
    vireo__attachments_deinit(&collect);
    vireo__buf_deinit(&out);
    vireo__doc_deinit(&doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),           cmocka_unit_test(test_every_pair_of_bytes),
        cmocka_unit_test(test_numbers_and_words), cmocka_unit_test(test_numbers_raw_and_by_value),
        cmocka_unit_test(test_binary_leaves),     cmocka_unit_test(test_the_buffers_maximum),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
