/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* payload/number.h: known texts and doubles both ways, the table of powers calculated again, a
 * foreign locale. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <string.h>

#include "guard.h"
#include "payload/number.h"
#include "payload/powers.h"

static const char *text_of(double number)
{
    static char text[VIREO__DOUBLE_TEXT + 1];
    size_t n = vireo__double_write(text, number);
    assert_true(n <= VIREO__DOUBLE_TEXT - 7);
    text[n] = 0;
    return text;
}

static double read_guarded(const char *text)
{
    size_t n = strlen(text);
    char *copy = guard_copy(text, n);
    double number = vireo__double_read(copy, n);
    guard_free(copy, n);
    return number;
}

static const struct {
    double number;
    const char *text;
} written[] = {
    {0, "0"},
    {-0.0, "0"},
    {1, "1"},
    {-1, "-1"},
    {0.1, "0.1"},
    {-1.5, "-1.5"},
    {100, "100"},
    {0.1 + 0.2, "0.30000000000000004"},
    {123456789.125, "123456789.125"},
    {1e20, "100000000000000000000"},
    {123456789012345680000.0, "123456789012345680000"},
    {999999999999999900000.0, "999999999999999900000"},
    {1e21, "1e+21"},
    {1.5e300, "1.5e+300"},
    {0.000001, "0.000001"},
    {0.00000123, "0.00000123"},
    {0.0000001, "1e-7"},
    {1.5e-9, "1.5e-9"},
    {5e-324, "5e-324"},
    {-2.2250738585072014e-308, "-2.2250738585072014e-308"},
    {1.7976931348623157e308, "1.7976931348623157e+308"},
    {9007199254740991.0, "9007199254740991"},
    {9007199254740992.0, "9007199254740992"},
    {9007199254740994.0, "9007199254740994"},
    {1e23, "1e+23"},
    {2e-323, "2e-323"},
    {4.35, "4.35"},
    {-0.0000011234567890123456, "-0.0000011234567890123457"},
};

/* ECMA-262 section 6.1.6.1.20, Number::toString */
static void test_written_as_javascript_writes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
        assert_string_equal(text_of(written[i].number), written[i].text);
        assert_true(read_guarded(written[i].text) == written[i].number);
    }
}

static const struct {
    const char *text;
    double number;
} readings[] = {
    {"-0", -0.0},
    {"1e400", HUGE_VAL},
    {"-1e400", -HUGE_VAL},
    {"1e-400", 0},
    {"1e99999999999999999999", HUGE_VAL},
    {"-1e-99999999999999999999", -0.0},
    {"0e99999999999999999999", 0},
    {"2.4703282292062327e-324", 0},      /* below half of the smallest */
    {"2.4703282292062328e-324", 5e-324}, /* above */
    {"1.7976931348623158e308", 1.7976931348623157e308},
    {"1.7976931348623159e308", HUGE_VAL},
    {"9007199254740993", 9007199254740992.0}, /* half-way: to the even one */
    {"9007199254740993.0000000000000000000000000000001", 9007199254740994.0},
    {"9007199254740995", 9007199254740996.0},
    {"0.00000000000000000000000000000000000000000001e44", 1},
    {"100000000000000000000000000000000000000000000e-44", 1},
    {"123456789012345678901234567890", 1.2345678901234568e29},
    {"1E+2", 100},
    {"0.1e1", 1},
};

static void test_read_to_the_nearest(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof readings / sizeof readings[0]; i++) {
        double got = read_guarded(readings[i].text);
        assert_true(got == readings[i].number);
        assert_int_equal(signbit(got) != 0, signbit(readings[i].number) != 0);
    }
}

/* Half-way between 1 and the next double there are 53 digits; whatever stands behind thousands of
 * zeros decides. */
static void test_digits_far_behind_decide(void **state)
{
    (void)state;
    static char text[6000] = "1.00000000000000011102230246251565404236316680908203125";
    assert_true(vireo__double_read(text, strlen(text)) == 1.0);
    memset(text + strlen(text), '0', 5000);
    assert_true(vireo__double_read(text, strlen(text)) == 1.0);
    text[strlen(text)] = '1';
    assert_true(vireo__double_read(text, strlen(text)) == 1.0000000000000002);
}

static void test_zeros_and_exponents_cancel_out(void **state)
{
    (void)state;
    static char text[20100] = "0.";
    memset(text + 2, '0', 20000);
    strcat(text, "15e20001");
    assert_true(vireo__double_read(text, strlen(text)) == 1.5);
    memset(text, '0', 20000);
    text[0] = '1';
    strcpy(text + 20000, "e-20000");
    assert_true(vireo__double_read(text, strlen(text)) == 0.1);
}

/* A locale whose decimal point is a comma must change nothing. */
static void test_the_locale_has_no_say(void **state)
{
    (void)state;
    static const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8", "fr_FR.utf8"};
    const char *found = NULL;
    for (size_t i = 0; i < 4 && found == NULL; i++)
        found = setlocale(LC_ALL, commas[i]);
    if (found == NULL)
        skip();
    assert_string_equal(localeconv()->decimal_point, ",");
    assert_string_equal(text_of(1.25e-9), "1.25e-9");
    assert_true(read_guarded("3.14159265358979323846264338") == 3.141592653589793);
    setlocale(LC_ALL, "C");
}

static const struct {
    const char *text;
    bool fits;
    int64_t number;
} integers[] = {
    {"0", true, 0},
    {"-0", true, 0},
    {"42", true, 42},
    {"-42", true, -42},
    {"9223372036854775807", true, INT64_MAX},
    {"9223372036854775808", false, 0},
    {"-9223372036854775808", true, INT64_MIN},
    {"-9223372036854775809", false, 0},
    {"18446744073709551616", false, 0},
    {"18446744073709551617", false, 0},
    {"100000000000000000000000000000000000000000", false, 0},
};

static void test_integers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
        size_t n = strlen(integers[i].text);
        char *copy = guard_copy(integers[i].text, n);
        int64_t got;
        assert_true(vireo__is_integer(copy, n));
        assert_int_equal(vireo__int_read(copy, n, &got), integers[i].fits);
        if (integers[i].fits)
            assert_true(got == integers[i].number);
        guard_free(copy, n);
    }
    assert_false(vireo__is_integer("1.0", 3));
    assert_false(vireo__is_integer("1e0", 3));
    assert_false(vireo__is_integer("1E0", 3));
}

static void test_whole_doubles(void **state)
{
    (void)state;
    int64_t got;
    assert_true(vireo__int_of(-3.0, &got) && got == -3);
    assert_true(vireo__int_of(-9223372036854775808.0, &got) && got == INT64_MIN);
    assert_true(vireo__int_of(9223372036854774784.0, &got) && got == INT64_C(9223372036854774784));
    static const double others[] = {
        0.5, -0.5, 9223372036854775808.0, -9223372036854777856.0, 1e300, HUGE_VAL, -HUGE_VAL, NAN};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(vireo__int_of(others[i], &got));
}

/* --- the table, calculated with big integers -------------------------------------------------- */

enum { LIMBS = 48 };

struct big {
    uint32_t limb[LIMBS]; /* the lowest first */
};

static void times_ten(struct big *b)
{
    uint64_t carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        carry += (uint64_t)b->limb[i] * 10;
        b->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    assert_int_equal(carry, 0);
}

static void add_one(struct big *b)
{
    int i = 0;
    while (++b->limb[i] == 0)
        i++;
}

/* Rounding up at each of several divisions gives what rounding up once at the end gives. */
static void divide_by_ten_rounding_up(struct big *b)
{
    uint64_t rest = 0;
    for (int i = LIMBS; i-- > 0;) {
        rest = rest << 32 | b->limb[i];
        b->limb[i] = (uint32_t)(rest / 10);
        rest %= 10;
    }
    if (rest > 0)
        add_one(b);
}

static int bits(const struct big *b)
{
    int top = LIMBS - 1;
    while (b->limb[top] == 0)
        top--;
    return top * 32 + 32 - __builtin_clz(b->limb[top]);
}

static int bit(const struct big *b, int i)
{
    return i < 0 ? 0 : (int)(b->limb[i / 32] >> i % 32 & 1);
}

/* top_bits gives the 128 highest bits, rounded up. */
static void top_bits(const struct big *b, uint64_t out[2])
{
    int lowest = bits(b) - 128;
    bool rest = false;
    out[0] = out[1] = 0;
    for (int i = 0; i < 128; i++)
        out[i / 64] = out[i / 64] << 1 | (uint64_t)bit(b, lowest + 127 - i);
    for (int i = 0; i < lowest; i++)
        rest |= bit(b, i);
    out[1] += rest;
    out[0] += rest && out[1] == 0;
}

static void test_positive_powers(void **state)
{
    (void)state;
    struct big power = {{1}};
    for (int k = 0; k <= VIREO__HIGHEST_POWER; k++) {
        uint64_t wanted[2];
        top_bits(&power, wanted);
        assert_memory_equal(vireo__powers[k - VIREO__LOWEST_POWER], wanted, sizeof wanted);
        times_ten(&power);
    }
}

static void test_negative_powers(void **state)
{
    (void)state;
    for (int k = VIREO__LOWEST_POWER; k < 0; k++) {
        struct big power = {{0}};
        uint64_t wanted[2];
        int shift = 127 - (k * 1741647 >> 19); /* 2^shift / 10^-k has 128 bits */
        power.limb[shift / 32] = UINT32_C(1) << shift % 32;
        for (int i = k; i < 0; i++)
            divide_by_ten_rounding_up(&power);
        assert_int_equal(bits(&power), 128);
        top_bits(&power, wanted);
        assert_memory_equal(vireo__powers[k - VIREO__LOWEST_POWER], wanted, sizeof wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_as_javascript_writes),
        cmocka_unit_test(test_read_to_the_nearest),
        cmocka_unit_test(test_digits_far_behind_decide),
        cmocka_unit_test(test_zeros_and_exponents_cancel_out),
        cmocka_unit_test(test_the_locale_has_no_say),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_whole_doubles),
        cmocka_unit_test(test_positive_powers),
        cmocka_unit_test(test_negative_powers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
