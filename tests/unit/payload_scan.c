/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* payload/scan.h: each kind of byte at each place of a run, characters, wrong parts, numbers. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "guard.h"
#include "payload/scan.h"

static bool plain_to_the_letter(uint8_t c)
{
    return c != '"' && c != '\\' && c >= 0x20 && c < 0x80;
}

/* Every byte value at every place of a run of up to 20, before an unreadable page. */
static void test_plain_run_stops_at_the_right_byte(void **state)
{
    (void)state;
    char text[20];
    memset(text, 'x', sizeof text);
    for (size_t n = 0; n <= sizeof text; n++) {
        uint8_t *copy = guard_copy(text, n);
        assert_ptr_equal(vireo__plain_run(copy, copy + n), copy + n);
        for (size_t at = 0; at < n; at++) {
            for (unsigned c = 0; c < 256; c++) {
                copy[at] = (uint8_t)c;
                size_t wanted = plain_to_the_letter((uint8_t)c) ? n : at;
                assert_int_equal(vireo__plain_run(copy, copy + n) - copy, wanted);
            }
            copy[at] = 'x';
        }
        guard_free(copy, n);
    }
}

/* A borrow of the arithmetic must not hide a byte or invent one: all pairs of neighbours. */
static void test_needs_care_with_every_pair_of_bytes(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            uint8_t eight[8] = {'a', 'b', 'c', (uint8_t)a, (uint8_t)b, 'd', 'e', 'f'};
            uint64_t word;
            memcpy(&word, eight, 8);
            bool plain = plain_to_the_letter((uint8_t)a) && plain_to_the_letter((uint8_t)b);
            assert_int_equal(vireo__needs_care(word) == 0, plain);
        }
    }
}

static const struct {
    const char *bytes;
    size_t length; /* of the character; 0: none */
    size_t wrong;  /* bytes of the wrong part, if none */
} characters[] = {
    {"\xC2\x80x", 2, 0},
    {"\xDF\xBF", 2, 0},
    {"\xE0\xA0\x80", 3, 0},
    {"\xED\x9F\xBF", 3, 0},
    {"\xEE\x80\x80", 3, 0},
    {"\xF0\x90\x80\x80", 4, 0},
    {"\xF4\x8F\xBF\xBF", 4, 0},
    {"\x80", 0, 1},
    {"\xC0\x80", 0, 1},
    {"\xC2", 0, 1},
    {"\xC2x", 0, 1},
    {"\xE0\x80\x80", 0, 1},
    {"\xE1\x80", 0, 2},
    {"\xE1\x80x", 0, 2},
    {"\xED\xA0\x80", 0, 1},
    {"\xF0\x80\x80\x80", 0, 1},
    {"\xF1\x80\x80", 0, 3},
    {"\xF1\x80\x80x", 0, 3},
    {"\xF4\x90\x80\x80", 0, 1},
    {"\xF5\x80", 0, 1},
    {"\xFF", 0, 1},
};

static void test_characters(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof characters / sizeof characters[0]; i++) {
        size_t n = strlen(characters[i].bytes);
        uint8_t *copy = guard_copy(characters[i].bytes, n);
        assert_int_equal(vireo__character(copy, copy + n), characters[i].length);
        if (characters[i].length == 0)
            assert_int_equal(vireo__wrong_part(copy, copy + n), characters[i].wrong);
        guard_free(copy, n);
    }
}

static void test_surrogates(void **state)
{
    (void)state;
    const uint8_t *s = (const uint8_t *)"\xED\xA0\x80";
    assert_true(vireo__is_surrogate(s, s + 3));
    assert_false(vireo__is_surrogate(s, s + 2));
    s = (const uint8_t *)"\xED\xBF\xBF";
    assert_true(vireo__is_surrogate(s, s + 3));
    s = (const uint8_t *)"\xED\x9F\xBF";
    assert_false(vireo__is_surrogate(s, s + 3));
    s = (const uint8_t *)"\xED\xA0x";
    assert_false(vireo__is_surrogate(s, s + 3));
}

static const struct {
    const char *text;
    int end; /* -1: no number */
} numbers[] = {
    {"0", 1},
    {"-0", 2},
    {"7x", 1},
    {"10,", 2},
    {"1.5]", 3},
    {"-1.25e10", 8},
    {"1E+2", 4},
    {"1e-22", 5},
    {"0.0", 3},
    {"0e0", 3},
    {"123456789012345678901234567890", 30},
    {"", -1},
    {"-", -1},
    {"+1", -1},
    {"01", -1},
    {"-01", -1},
    {"00", -1},
    {".5", -1},
    {"1.", -1},
    {"1.e5", -1},
    {"1e", -1},
    {"1e+", -1},
    {"1e-x", -1},
    {"-x", -1},
    {"x", -1},
    {"0x10", 1},
    {"1.5.5", 3},
    {"1-1", 1},
};

static void test_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        size_t n = strlen(numbers[i].text);
        uint8_t *copy = guard_copy(numbers[i].text, n);
        const uint8_t *end = vireo__number_run(copy, copy + n);
        assert_int_equal(end ? end - copy : -1, numbers[i].end);
        guard_free(copy, n);
    }
}

static void test_hex(void **state)
{
    (void)state;
    const uint8_t *digits = (const uint8_t *)"09aFx";
    assert_int_equal(vireo__hex4(digits, digits + 4), 0x09af);
    assert_int_equal(vireo__hex4(digits, digits + 3), -1);
    assert_int_equal(vireo__hex4(digits + 1, digits + 5), -1);
    static const char *const wrong[] = {"00g0", "/000", ":000", "@000", "G000", "`000", " 000"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(vireo__hex4((const uint8_t *)wrong[i], (const uint8_t *)wrong[i] + 4), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_run_stops_at_the_right_byte),
        cmocka_unit_test(test_needs_care_with_every_pair_of_bytes),
        cmocka_unit_test(test_characters),
        cmocka_unit_test(test_surrogates),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_hex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
