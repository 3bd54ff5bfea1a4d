/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* base/utf8.h: right and wrong texts, whole, byte by byte and cut at every offset; the index of the
 * first wrong byte. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/utf8.h"
#include "guard.h"

static const struct {
    const char *text;
    int wrong; /* index of the first byte that cannot be right; -1: none */
    bool complete;
} cases[] = {
    {"", -1, true},
    {"plain ASCII, longer than eight bytes \x7f", -1, true},
    {"\xC2\x80", -1, true},
    {"\xDF\xBF", -1, true},
    {"\xE0\xA0\x80", -1, true},
    {"\xED\x9F\xBF", -1, true},
    {"\xEE\x80\x80", -1, true},
    {"\xEF\xBF\xBF", -1, true},
    {"\xF0\x90\x80\x80", -1, true},
    {"\xF4\x8F\xBF\xBF", -1, true},
    {"12345678\xC3\xA9"
     "12345678\xF0\x9F\x98\x80",
     -1, true},
    {"a\xC3", -1, false},
    {"a\xE2\x82", -1, false},
    {"a\xF0\x9F\x98", -1, false},
    {"\x80", 0, false},
    {"\xBF", 0, false},
    {"\xC0\x80", 0, false}, /* overlong */
    {"\xC1\xBF", 0, false},
    {"\xE0\x9F\xBF", 1, false},
    {"\xF0\x8F\xBF\xBF", 1, false},
    {"\xED\xA0\x80", 1, false}, /* surrogates */
    {"\xED\xBF\xBF", 1, false},
    {"\xF4\x90\x80\x80", 1, false}, /* beyond U+10FFFF */
    {"\xF5\x80\x80\x80", 0, false},
    {"\xFF", 0, false},
    {"\xC3(", 1, false},
    {"\xE2\x82(", 2, false},
    {"\xF0\x9F\x98(", 3, false},
    {"12345678abc\xC3\xC3", 12, false},
};

enum { CASES = sizeof cases / sizeof cases[0] };

static size_t expected(size_t i)
{
    return cases[i].wrong < 0 ? strlen(cases[i].text) : (size_t)cases[i].wrong;
}

static void test_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        size_t n = strlen(cases[i].text);
        uint8_t *text = guard_copy(cases[i].text, n);
        vireo__utf8 u = {0};
        assert_int_equal(vireo__utf8_feed(&u, text, n), expected(i));
        if (cases[i].wrong < 0)
            assert_int_equal(vireo__utf8_complete(&u), cases[i].complete);
        assert_int_equal(vireo__utf8_valid(text, n), cases[i].wrong < 0 && cases[i].complete);
        guard_free(text, n);
    }
}

static void test_in_two_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        size_t n = strlen(cases[i].text);
        for (size_t cut = 0; cut <= n; cut++) {
            uint8_t *first = guard_copy(cases[i].text, cut);
            uint8_t *second = guard_copy(cases[i].text + cut, n - cut);
            vireo__utf8 u = {0};
            size_t right = vireo__utf8_feed(&u, first, cut);
            if (right == cut)
                right += vireo__utf8_feed(&u, second, n - cut);
            assert_int_equal(right, expected(i));
            if (cases[i].wrong < 0)
                assert_int_equal(vireo__utf8_complete(&u), cases[i].complete);
            guard_free(first, cut);
            guard_free(second, n - cut);
        }
    }
}

static void test_byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        vireo__utf8 u = {0};
        size_t right = 0, n = strlen(cases[i].text);
        while (right < n && vireo__utf8_feed(&u, (const uint8_t *)cases[i].text + right, 1) == 1)
            right++;
        assert_int_equal(right, expected(i));
    }
}

/* Every code point in the bytes that RFC 3629 gives it, surrogates refused. */
static void test_every_code_point(void **state)
{
    (void)state;
    for (uint32_t c = 0x800; c < 0x10000; c++) {
        uint8_t three[3] = {(uint8_t)(0xE0 | c >> 12), (uint8_t)(0x80 | (c >> 6 & 63)),
                            (uint8_t)(0x80 | (c & 63))};
        assert_int_equal(vireo__utf8_valid(three, 3), c < 0xD800 || c > 0xDFFF);
    }
    for (uint32_t c = 0x10000; c < 0x120000; c++) {
        uint8_t four[4] = {(uint8_t)(0xF0 | c >> 18), (uint8_t)(0x80 | (c >> 12 & 63)),
                           (uint8_t)(0x80 | (c >> 6 & 63)), (uint8_t)(0x80 | (c & 63))};
        assert_int_equal(vireo__utf8_valid(four, 4), c < 0x110000);
    }
}

/* --- long texts ------------------------------------------------------------------------------- */

/* Byte by byte, there are no shortcuts. */
static size_t slowly(const uint8_t *text, size_t n, bool *complete)
{
    vireo__utf8 u = {0};
    size_t i = 0;
    while (i < n && vireo__utf8_feed(&u, text + i, 1) == 1)
        i++;
    *complete = vireo__utf8_complete(&u);
    return i;
}

static void compare(const uint8_t *text, size_t n)
{
    bool complete;
    vireo__utf8 u = {0};
    uint8_t *copy = guard_copy(text, n);
    size_t right = slowly(text, n, &complete);
    assert_int_equal(vireo__utf8_feed(&u, copy, n), right);
    if (right == n)
        assert_int_equal(vireo__utf8_complete(&u), complete);
    guard_free(copy, n);
}

/* Each case behind and before ASCII of many lengths. */
static void test_cases_in_long_texts(void **state)
{
    (void)state;
    uint8_t text[1200];
    for (size_t i = 0; i < CASES; i++)
        for (size_t before = 0; before < 700; before += before < 40 ? 1 : 37)
            for (size_t after = 0; after < 400; after += after < 10 ? 1 : 131) {
                size_t len = strlen(cases[i].text);
                memset(text, 'x', sizeof text);
                memcpy(text + before, cases[i].text, len);
                compare(text, before + len + after);
            }
}

/* Texts of all kinds of characters, with a wrong byte or without. */
static void test_mixed_texts(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a",
                                         "bc",
                                         "plain text, of some length",
                                         "\xC3\xA9",
                                         "\xE2\x82\xAC",
                                         "\xED\x95\x9C\xEA\xB8\x80",
                                         "\xF0\x9F\x90\xA6",
                                         "\x7F"};
    uint32_t random = 7;
    uint8_t text[2000];
    for (int round = 0; round < 20000; round++) {
        size_t n = 0, most = (random >> 8) % 900;
        while (n < most) {
            const char *piece = pieces[(random = random * 1664525 + 1013904223) >> 29];
            memcpy(text + n, piece, strlen(piece));
            n += strlen(piece);
        }
        if (round % 2 && n > 0)
            text[(random >> 4) % n] = (uint8_t)(random >> 20);
        compare(text, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_in_two_pieces),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_cases_in_long_texts),
        cmocka_unit_test(test_mixed_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
