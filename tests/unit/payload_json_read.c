/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* payload/json_read.h: what is JSON and what is not, whole and cut at every offset, before an
 * unreadable page; limits; where an error is. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "oom.h"
#include "payload/json_read.h"
#include "payload/json_write.h"

/* A text with its length, so that it may hold a NUL. */
#define TEXT(literal) literal, sizeof(literal) - 1

/* Texts that are JSON, and as what they are written again; NULL: unchanged. */
static const struct {
    const char *text;
    size_t n;
    const char *rewritten;
} valid[] = {
    {TEXT("null"), NULL},
    {TEXT("true"), NULL},
    {TEXT("false"), NULL},
    {TEXT("0"), NULL},
    {TEXT("-0"), NULL},
    {TEXT("1.0"), NULL}, /* numbers are relayed as they came */
    {TEXT("1E+2"), NULL},
    {TEXT("1e400"), NULL},
    {TEXT("12345678901234567890"), NULL},
    {TEXT("-0.000e-00"), NULL},
    {TEXT("\"\""), NULL},
    {TEXT("\"plain\""), NULL},
    {TEXT("\"longer than eight bytes, twice\""), NULL},
    {TEXT("[]"), NULL},
    {TEXT("{}"), NULL},
    {TEXT(" [ ] "), "[]"},
    {TEXT("\t\r\n {\n} \r"), "{}"},
    {TEXT("[1]"), NULL},
    {TEXT("[1,2,3]"), NULL},
    {TEXT("[ 1 , 2 ]"), "[1,2]"},
    {TEXT("[[],[[]],{}]"), NULL},
    {TEXT("{\"a\":1}"), NULL},
    {TEXT("{\"a\":1,\"b\":{\"c\":[]},\"d\":[{}]}"), NULL},
    {TEXT(" { \"a\" : 1 , \"b\" : [ ] } "), "{\"a\":1,\"b\":[]}"},
    {TEXT("{\"\":0}"), NULL},
    {TEXT("{\"a\":1,\"a\":2}"), NULL},
    {TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
    {TEXT("\"\\u0041\\u00e9\\u20AC\""), "\"A\xC3\xA9\xE2\x82\xAC\""},
    {TEXT("\"\\u0000\\u001F\""), "\"\\u0000\\u001f\""},
    {TEXT("\"\x7f\""), NULL},
    {TEXT("\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""), NULL},
    {TEXT("\"\xE2\x80\xA8\""), NULL}, /* U+2028 is no line end in JSON */
    {TEXT("\"\\uD83D\\uDE00\""), "\"\xF0\x9F\x98\x80\""},
    {TEXT("\"\\ud800\""), NULL}, /* halves of characters stay halves */
    {TEXT("\"\\uDFFF\""), "\"\\udfff\""},
    {TEXT("\"\\ude00\\ud83d\""), NULL},
    {TEXT("\"\\ud83d\\ud83d\\ude00\""), "\"\\ud83d\xF0\x9F\x98\x80\""},
    {TEXT("\"\\ud83dx\""), NULL},
    {TEXT("\"\\ud83d\\n\""), NULL},
    {TEXT("\"\\ud83d\\u0041\""), "\"\\ud83dA\""},
    {TEXT("{\"\\ud800\":\"\\\"\"}"), NULL},
    {TEXT("\"\\uFFFF\xEF\xBF\xBF\""), "\"\xEF\xBF\xBF\xEF\xBF\xBF\""},
};

/* Texts that are not, and the byte at which that shows. */
static const struct {
    const char *text;
    size_t n;
    int code;
    const char *where;
} invalid[] = {
    {TEXT(""), VIREO_EJSON, "value expected at byte 0"},
    {TEXT(" "), VIREO_EJSON, "value expected at byte 1"},
    {TEXT("\xEF\xBB\xBF"
          "1"),
     VIREO_EJSON, "value expected at byte 0"}, /* no byte order mark */
    {TEXT("nul"), VIREO_EJSON, "value expected at byte 0"},
    {TEXT("nulL"), VIREO_EJSON, "value expected at byte 0"},
    {TEXT("True"), VIREO_EJSON, "value expected at byte 0"},
    {TEXT("undefined"), VIREO_EJSON, "value expected at byte 0"},
    {TEXT("NaN"), VIREO_EJSON, "value expected at byte 0"},
    {TEXT("Infinity"), VIREO_EJSON, "value expected at byte 0"},
    {TEXT("-Infinity"), VIREO_EJSON, "malformed number at byte 0"},
    {TEXT("truefalse"), VIREO_EJSON, "end of the text expected at byte 4"},
    {TEXT("1 2"), VIREO_EJSON, "end of the text expected at byte 2"},
    {TEXT("null\0"), VIREO_EJSON, "end of the text expected at byte 4"},
    {TEXT("\0"), VIREO_EJSON, "value expected at byte 0"},
    {TEXT("01"), VIREO_EJSON, "malformed number at byte 0"},
    {TEXT("-"), VIREO_EJSON, "malformed number at byte 0"},
    {TEXT("+1"), VIREO_EJSON, "value expected at byte 0"},
    {TEXT(".5"), VIREO_EJSON, "value expected at byte 0"},
    {TEXT("1."), VIREO_EJSON, "malformed number at byte 0"},
    {TEXT("1.e1"), VIREO_EJSON, "malformed number at byte 0"},
    {TEXT("1e"), VIREO_EJSON, "malformed number at byte 0"},
    {TEXT("1e+"), VIREO_EJSON, "malformed number at byte 0"},
    {TEXT("0x1"), VIREO_EJSON, "end of the text expected at byte 1"},
    {TEXT("1_000"), VIREO_EJSON, "end of the text expected at byte 1"},
    {TEXT("["), VIREO_EJSON, "value expected at byte 1"},
    {TEXT("]"), VIREO_EJSON, "value expected at byte 0"},
    {TEXT("[1"), VIREO_EJSON, "comma or ] expected at byte 2"},
    {TEXT("[1,"), VIREO_EJSON, "value expected at byte 3"},
    {TEXT("[1,]"), VIREO_EJSON, "value expected at byte 3"},
    {TEXT("[,1]"), VIREO_EJSON, "value expected at byte 1"},
    {TEXT("[1,,2]"), VIREO_EJSON, "value expected at byte 3"},
    {TEXT("[1 2]"), VIREO_EJSON, "comma or ] expected at byte 3"},
    {TEXT("[1}"), VIREO_EJSON, "comma or ] expected at byte 2"},
    {TEXT("[]]"), VIREO_EJSON, "end of the text expected at byte 2"},
    {TEXT("{"), VIREO_EJSON, "key in quotes expected at byte 1"},
    {TEXT("}"), VIREO_EJSON, "value expected at byte 0"},
    {TEXT("{1:2}"), VIREO_EJSON, "key in quotes expected at byte 1"},
    {TEXT("{a:2}"), VIREO_EJSON, "key in quotes expected at byte 1"},
    {TEXT("{'a':2}"), VIREO_EJSON, "key in quotes expected at byte 1"},
    {TEXT("{\"a\"}"), VIREO_EJSON, "colon expected at byte 4"},
    {TEXT("{\"a\",1}"), VIREO_EJSON, "colon expected at byte 4"},
    {TEXT("{\"a\":}"), VIREO_EJSON, "value expected at byte 5"},
    {TEXT("{\"a\":1"), VIREO_EJSON, "comma or } expected at byte 6"},
    {TEXT("{\"a\":1,}"), VIREO_EJSON, "key in quotes expected at byte 7"},
    {TEXT("{\"a\":1]"), VIREO_EJSON, "comma or } expected at byte 6"},
    {TEXT("{\"a\":1 \"b\":2}"), VIREO_EJSON, "comma or } expected at byte 7"},
    {TEXT("{\"a\"::1}"), VIREO_EJSON, "value expected at byte 5"},
    {TEXT("[1]//x"), VIREO_EJSON, "end of the text expected at byte 3"},
    {TEXT("/*x*/1"), VIREO_EJSON, "value expected at byte 0"},
    {TEXT("[\v1]"), VIREO_EJSON, "value expected at byte 1"},
    {TEXT("[\xC2\xA0"
          "1]"),
     VIREO_EJSON, "value expected at byte 1"},
    {TEXT("'a'"), VIREO_EJSON, "value expected at byte 0"},
    {TEXT("\""), VIREO_EJSON, "string without end at byte 1"},
    {TEXT("\"a"), VIREO_EJSON, "string without end at byte 2"},
    {TEXT("\"a\\"), VIREO_EJSON, "string without end at byte 3"},
    {TEXT("\"a\\\""), VIREO_EJSON, "string without end at byte 4"},
    {TEXT("\"\\x41\""), VIREO_EJSON, "unknown escape at byte 2"},
    {TEXT("\"\\'\""), VIREO_EJSON, "unknown escape at byte 2"},
    {TEXT("\"\\\0\""), VIREO_EJSON, "unknown escape at byte 2"},
    {TEXT("\"\\U0041\""), VIREO_EJSON, "unknown escape at byte 2"},
    {TEXT("\"\\u\""), VIREO_EJSON, "four hexadecimal digits expected at byte 3"},
    {TEXT("\"\\u00\""), VIREO_EJSON, "four hexadecimal digits expected at byte 3"},
    {TEXT("\"\\u00g0\""), VIREO_EJSON, "four hexadecimal digits expected at byte 3"},
    {TEXT("\"\\ud83d\\u\""), VIREO_EJSON, "four hexadecimal digits expected at byte 9"},
    {TEXT("\"a\nb\""), VIREO_EJSON, "control character in a string at byte 2"},
    {TEXT("\"a\tb\""), VIREO_EJSON, "control character in a string at byte 2"},
    {TEXT("\"a\0b\""), VIREO_EJSON, "control character in a string at byte 2"},
    {TEXT("\"\x1f\""), VIREO_EJSON, "control character in a string at byte 1"},
    {TEXT("\"\x80\""), VIREO_EUTF8, "not valid UTF-8 at byte 1"},
    {TEXT("\"a\xC3\""), VIREO_EUTF8, "not valid UTF-8 at byte 2"},
    {TEXT("\"\xC0\xAF\""), VIREO_EUTF8, "not valid UTF-8 at byte 1"},
    {TEXT("\"\xED\xA0\x80\""), VIREO_EUTF8, "not valid UTF-8 at byte 1"},
    {TEXT("\"\xF4\x90\x80\x80\""), VIREO_EUTF8, "not valid UTF-8 at byte 1"},
    {TEXT("{\"\xFF\":1}"), VIREO_EUTF8, "not valid UTF-8 at byte 2"},
    {TEXT("[\x80]"), VIREO_EJSON, "value expected at byte 1"},
};

enum { VALID = sizeof valid / sizeof valid[0], INVALID = sizeof invalid / sizeof invalid[0] };

static int read_guarded(vireo__doc *doc, const char *text, size_t n,
                        const vireo__json_limits *limits, vireo_error *error)
{
    char *copy = guard_copy(text, n);
    int code = vireo__json_read(doc, copy, n, limits, error);
    assert_int_equal(vireo__json_check(copy, n, limits, NULL), code);
    guard_free(copy, n); /* the document must not look at the text any more */
    return code;
}

static void test_valid_texts(void **state)
{
    (void)state;
    vireo__doc doc;
    vireo__doc_init(&doc);
    for (size_t i = 0; i < VALID; i++) {
        assert_int_equal(read_guarded(&doc, valid[i].text, valid[i].n, NULL, NULL), 0);
        char *text = vireo_json(vireo__doc_root(&doc), NULL);
        assert_string_equal(text, valid[i].rewritten ? valid[i].rewritten : valid[i].text);
        free(text);
    }
    vireo__doc_deinit(&doc);
}

static void test_invalid_texts(void **state)
{
    (void)state;
    vireo__doc doc;
    vireo_error error;
    vireo__doc_init(&doc);
    for (size_t i = 0; i < INVALID; i++) {
        assert_int_equal(read_guarded(&doc, "[\"before\"]", 10, NULL, NULL), 0);
        assert_int_equal(read_guarded(&doc, invalid[i].text, invalid[i].n, NULL, &error),
                         invalid[i].code);
        assert_int_equal(error.code, invalid[i].code);
        assert_string_equal(error.text, invalid[i].where);
        assert_null(vireo__doc_root(&doc));
    }
    vireo__doc_deinit(&doc);
}

/* A text cut short is an error, unless it is a number or has blanks at its end. Nothing behind the
 * cut may be looked at. */
static void test_valid_texts_cut_at_every_offset(void **state)
{
    (void)state;
    vireo__doc doc;
    vireo__doc_init(&doc);
    for (size_t i = 0; i < VALID; i++) {
        bool whole_only =
            memchr("[{\"ntf", valid[i].text[0], 6) && valid[i].text[valid[i].n - 1] != ' ';
        for (size_t cut = 0; cut < valid[i].n; cut++) {
            int code = read_guarded(&doc, valid[i].text, cut, NULL, NULL);
            if (whole_only)
                assert_true(code == VIREO_EJSON || code == VIREO_EUTF8);
        }
    }
    vireo__doc_deinit(&doc);
}

static void test_one_wrong_byte_anywhere(void **state)
{
    (void)state;
    vireo__doc doc;
    vireo__doc_init(&doc);
    for (size_t i = 0; i < VALID; i++) {
        char copy[64];
        memcpy(copy, valid[i].text, valid[i].n);
        for (size_t at = 0; at < valid[i].n; at++) {
            copy[at] = '\x01'; /* allowed nowhere */
            assert_true(read_guarded(&doc, copy, valid[i].n, NULL, NULL) < 0);
            copy[at] = valid[i].text[at];
        }
    }
    vireo__doc_deinit(&doc);
}

static char *nested(size_t depth, char open, const char *middle, char close)
{
    size_t n = strlen(middle);
    char *text = malloc(2 * depth + n + 1);
    memset(text, open, depth);
    memcpy(text + depth, middle, n);
    memset(text + depth + n, close, depth);
    text[2 * depth + n] = 0;
    return text;
}

static void test_depth(void **state)
{
    (void)state;
    vireo__doc doc;
    vireo__doc_init(&doc);
    static const struct {
        uint32_t limit;
        size_t allowed;
    } cases[] = {{0, 512}, {1, 1}, {3, 3}, {64, 64}, {65, 65}, {4096, 4096}, {UINT32_MAX, 4096}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vireo__json_limits limits = {.max_depth = cases[i].limit};
        for (size_t more = 0; more < 2; more++) {
            char *text = nested(cases[i].allowed + more, '[', "", ']');
            int code = read_guarded(&doc, text, strlen(text), &limits, NULL);
            assert_int_equal(code, more ? VIREO_EDEPTH : 0);
            if (code == 0) {
                char *again = vireo_json(vireo__doc_root(&doc), NULL);
                assert_string_equal(again, text);
                free(again);
            }
            free(text);
        }
    }
    /* Depth, not count. */
    vireo__json_limits two = {.max_depth = 2};
    assert_int_equal(read_guarded(&doc, TEXT("[[],[],{},[1],{\"a\":1}]"), &two, NULL), 0);
    assert_int_equal(read_guarded(&doc, TEXT("[[],{\"a\":[]}]"), &two, NULL), VIREO_EDEPTH);
    vireo__doc_deinit(&doc);
}

static void test_objects_and_arrays_in_each_other_deeply(void **state)
{
    (void)state;
    vireo__doc doc;
    vireo__doc_init(&doc);
    char text[8 * 200 + 1] = "";
    for (int i = 0; i < 200; i++)
        strcat(text, i % 3 ? "{\"k\":" : "[");
    strcat(text, "1");
    for (int i = 200; i-- > 0;)
        strcat(text, i % 3 ? "}" : "]");
    assert_int_equal(read_guarded(&doc, text, strlen(text), NULL, NULL), 0);
    char *again = vireo_json(vireo__doc_root(&doc), NULL);
    assert_string_equal(again, text);
    free(again);
    text[strlen(text) - 1] = '}';
    assert_int_equal(read_guarded(&doc, text, strlen(text), NULL, NULL), VIREO_EJSON);
    vireo__doc_deinit(&doc);
}

static void test_number_of_values(void **state)
{
    (void)state;
    vireo__doc doc;
    vireo__doc_init(&doc);
    vireo__json_limits five = {.max_nodes = 5};
    assert_int_equal(read_guarded(&doc, TEXT("[1,2,3,4]"), &five, NULL), 0);
    assert_int_equal(read_guarded(&doc, TEXT("[1,2,3,4,5]"), &five, NULL), VIREO_ETOOBIG);
    assert_int_equal(read_guarded(&doc, TEXT("{\"a\":1,\"b\":2}"), &five, NULL), 0);
    assert_int_equal(read_guarded(&doc, TEXT("{\"a\":1,\"b\":[2]}"), &five, NULL), VIREO_ETOOBIG);
    vireo__doc_deinit(&doc);
}

/* Sizes at which the scan of eight bytes, the arena's chunk and the array of nodes meet their
 * ends. */
static void test_strings_of_every_size(void **state)
{
    (void)state;
    vireo__doc doc;
    vireo__doc_init(&doc);
    for (size_t n = 0; n < 40; n++) {
        char text[64];
        for (size_t quote = 0; quote <= n; quote++) {
            memset(text, 'x', sizeof text);
            text[0] = '"';
            text[1 + quote] = '"';
            int code = read_guarded(&doc, text, n + 2, NULL, NULL);
            assert_int_equal(code, quote == n ? 0 : VIREO_EJSON);
            if (code == 0) {
                assert_int_equal(vireo__doc_root(&doc)->len, n);
                assert_int_equal(vireo_str(vireo__doc_root(&doc))[n], 0);
            }
        }
    }
    vireo__doc_deinit(&doc);
}

static void test_many_values(void **state)
{
    (void)state;
    enum { COUNT = 10000 };
    vireo__doc doc;
    vireo__buf text;
    vireo__doc_init(&doc);
    vireo__buf_init(&text, VIREO__BUF_UNLIMITED);
    for (unsigned i = 0; i < COUNT; i++) {
        vireo__buf_append_byte(&text, i ? ',' : '[');
        vireo__buf_append_u64(&text, i);
    }
    vireo__buf_append_byte(&text, ']');
    assert_int_equal(read_guarded(&doc, (char *)text.data, text.len, NULL, NULL), 0);
    int64_t i = 0;
    for (const vireo_value *v = NULL; (v = vireo_next(vireo__doc_root(&doc), v)) != NULL; i++)
        assert_int_equal(vireo_int(v, -1), i);
    assert_int_equal(i, COUNT);
    vireo__buf_deinit(&text);
    vireo__doc_deinit(&doc);
}

static void test_plain_strings_are_known_as_such(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool plain;
    } cases[] = {{"\"a\"", true},
                 {"\"\xC3\xA9\"", true},
                 {"\"\"", true},
                 {"\"\\n\"", false},
                 {"\"\\ud800\"", false}};
    vireo__doc doc;
    vireo__doc_init(&doc);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(read_guarded(&doc, cases[i].text, strlen(cases[i].text), NULL, NULL), 0);
        assert_int_equal((vireo__doc_root(&doc)->tag & VIREO__VALUE_PLAIN) != 0, cases[i].plain);
    }
    vireo__doc_deinit(&doc);
}

static void test_a_document_is_used_again_without_allocating(void **state)
{
    (void)state;
    vireo__doc doc;
    vireo__doc_init(&doc);
    assert_int_equal(vireo__json_read(&doc, TEXT("[\"a\",{\"b\":1.5}]"), NULL, NULL), 0);
    oom_fail_at(1);
    for (int i = 0; i < 100; i++)
        assert_int_equal(vireo__json_read(&doc, TEXT("{\"other\":[\"values\",1,2,3]}"), NULL, NULL),
                         0);
    assert_false(oom_failed());
    vireo__doc_deinit(&doc);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    vireo__buf text;
    vireo__buf_init(&text, VIREO__BUF_UNLIMITED);
    vireo__buf_append_str(&text, "[0");
    for (int i = 0; i < 2000; i++)
        vireo__buf_append_str(&text, ",\"text\"");
    vireo__buf_append_byte(&text, ']');
    for (int n = 1;; n++) {
        vireo__doc doc;
        vireo_error error;
        vireo__doc_init(&doc);
        oom_fail_at(n);
        int code = vireo__json_read(&doc, (char *)text.data, text.len, NULL, &error);
        bool failed = oom_failed();
        assert_int_equal(code, failed ? VIREO_ENOMEM : 0);
        if (failed) {
            assert_null(vireo__doc_root(&doc));
            assert_int_equal(vireo__json_read(&doc, "[1]", 3, NULL, NULL),
                             0); /* it can be used on */
        }
        vireo__doc_deinit(&doc);
        if (!failed) {
            assert_true(n > 3);
            break;
        }
    }
    vireo__buf_deinit(&text);
}

static void test_no_text_at_all(void **state)
{
    (void)state;
    vireo__doc doc;
    vireo__doc_init(&doc);
    assert_int_equal(vireo__json_read(&doc, NULL, 0, NULL, NULL), VIREO_EJSON);
    assert_int_equal(vireo__json_check(NULL, 0, NULL, NULL), VIREO_EJSON);
    assert_int_equal(vireo__json_check("", SIZE_MAX, NULL, NULL), VIREO_ETOOBIG);
    assert_int_equal(vireo__json_read(&doc, "", UINT32_MAX, NULL, NULL), VIREO_ETOOBIG);
    vireo__doc_deinit(&doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid_texts),
        cmocka_unit_test(test_invalid_texts),
        cmocka_unit_test(test_valid_texts_cut_at_every_offset),
        cmocka_unit_test(test_one_wrong_byte_anywhere),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_objects_and_arrays_in_each_other_deeply),
        cmocka_unit_test(test_number_of_values),
        cmocka_unit_test(test_strings_of_every_size),
        cmocka_unit_test(test_many_values),
        cmocka_unit_test(test_plain_strings_are_known_as_such),
        cmocka_unit_test(test_a_document_is_used_again_without_allocating),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_no_text_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
