/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* base/url.h: percent-decoding and query strings. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "base/url.h"
#include "guard.h"

static const struct {
    const char *text;
    const char *path; /* NULL: refused */
    const char *query;
} decodings[] = {
    {"", "", ""},
    {"plain", "plain", "plain"},
    {"a%20b", "a b", "a b"},
    {"a+b", "a+b", "a b"},
    {"%2f%2F", "//", "//"},
    {"%C3%a9", "\xC3\xA9", "\xC3\xA9"},
    {"%", NULL, "%"},
    {"%4", NULL, "%4"},
    {"%4g", NULL, "%4g"},
    {"%g4", NULL, "%g4"},
    {"%%41", NULL, "%A"},
    {"100%", NULL, "100%"},
    {"%2B+%25", "++%", "+ %"},
};

static void check(const char *text, const char *wanted, bool plus_is_space)
{
    size_t n = strlen(text);
    char *copy = guard_copy(text, n);
    ptrdiff_t len = vireo__url_decode(copy, copy, n, plus_is_space);
    assert_int_equal(len, wanted ? (ptrdiff_t)strlen(wanted) : -1);
    if (len > 0)
        assert_memory_equal(copy, wanted, (size_t)len);
    guard_free(copy, n);
}

static void test_decoding_in_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof decodings / sizeof decodings[0]; i++) {
        check(decodings[i].text, decodings[i].path, false);
        check(decodings[i].text, decodings[i].query, true);
    }
}

static void test_a_nul_is_decoded_like_any_byte(void **state)
{
    (void)state;
    char out[4];
    assert_int_equal(vireo__url_decode(out, "a%00b", 5, false), 3);
    assert_memory_equal(out, "a\0b", 3);
}

static const struct {
    const char *query;
    const char *pairs; /* name>value;.. */
} queries[] = {
    {"", ""},
    {"a=1", "a>1;"},
    {"a=1&b=2", "a>1;b>2;"},
    {"a", "a>;"},
    {"a=", "a>;"},
    {"=1", ">1;"},
    {"a=b=c", "a>b=c;"},
    {"a=1&", "a>1;"},
    {"&a=1&&b", ">;a>1;>;b>;"},
    {"EIO=4&transport=polling&t=x", "EIO>4;transport>polling;t>x;"},
};

static void test_pairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        char got[100] = "";
        size_t n = strlen(queries[i].query);
        char *copy = guard_copy(queries[i].query, n);
        vireo__str query = {copy, n}, name, value;
        while (vireo__url_next_pair(&query, &name, &value)) {
            strncat(got, name.at, name.len);
            strcat(got, ">");
            strncat(got, value.at, value.len);
            strcat(got, ";");
        }
        assert_string_equal(got, queries[i].pairs);
        guard_free(copy, n);
    }
}

static void test_looking_up_takes_the_last(void **state)
{
    (void)state;
    vireo__str query = vireo__str_of("sidx=0&sid=abc&s%69d=d%20f&x&a+b=1"), value;
    assert_true(vireo__url_query(query, "sid", &value));
    assert_true(vireo__str_equal(value, "d%20f"));
    assert_true(vireo__url_query(query, "a b", &value));
    assert_true(vireo__str_equal(value, "1"));
    assert_true(vireo__url_query(query, "x", &value));
    assert_int_equal(value.len, 0);
    assert_false(vireo__url_query(query, "si", &value));
    assert_false(vireo__url_query(query, "abc", &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decoding_in_place),
        cmocka_unit_test(test_a_nul_is_decoded_like_any_byte),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_looking_up_takes_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
