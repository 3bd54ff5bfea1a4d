/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* number.c: doubles and their decimal texts.
 *
 * Writing follows Raffaele Giulietti, "The Schubfach way to render doubles" (2021). A double v = c
 * 2^q stands for all reals nearer to it than to its neighbours. k is chosen so that 10^k is the
 * largest power of ten not longer than that interval: then among the multiples of 10^(k+1) at most
 * one lies inside, and it is the shortest text; if none does, the multiples of 10^k next to v are
 * tried, and the nearer one wins. All of it is done with integers: the interval's ends are
 * multiplied by 10^-k (128 bits, powers.h), and of what is cut off only "there was something" is
 * remembered.
 *
 * Reading is exact by Clinger's fast path (both operands exact, one rounding), else by strtod,
 * which gets at most so many digits as can matter, and no radix character, so that the locale has
 * no say.
 */

#include "payload/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "payload/powers.h"
#include "payload/scan.h"

/* --- writing ---------------------------------------------------------------------------------- */

/* A decimal: digits * 10^exponent. */
struct decimal {
    uint64_t digits;
    int exponent;
};

enum { FRACTION_BITS = 52, BIAS = 1075 };

/* floor(e * log10(2)), floor(log10(3/4 * 2^e)) and floor(e * log2(10)), exact for all exponents of
 * a double. */
static int log10_of_pow2(int e)
{
    return (e * 1262611) >> 22;
}

static int log10_of_three_quarters_pow2(int e)
{
    return (e * 1262611 - 524031) >> 22;
}

static int log2_of_pow10(int e)
{
    return (e * 1741647) >> 19;
}

/* multiply gives the 128 bits of a * b. */
static void multiply(uint64_t a, uint64_t b, uint64_t *high, uint64_t *low)
{
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t middle = a1 * b0 + (a0 * b0 >> 32);
    uint64_t other = a0 * b1 + (uint32_t)middle;
    *high = a1 * b1 + (middle >> 32) + (other >> 32);
    *low = a * b;
}

/* scale returns the bits of power * n from 2^128 up; the lowest one is set too if anything below
 * was not 0 (round to odd). */
static uint64_t scale(const uint64_t power[2], uint64_t n)
{
    uint64_t high, low, carry, rest;
    multiply(power[1], n, &carry, &rest);
    multiply(power[0], n, &high, &low);
    low += carry;
    high += low < carry;
    return high | (low > 1);
}

/* choose returns the shortest decimal in the interval whose ends and middle are given as 4 * value
 * / 10^k. */
static struct decimal choose(uint64_t lower, uint64_t value, uint64_t upper, int k)
{
    uint64_t s = value / 4;
    if (s >= 10) {
        uint64_t tens = s / 10;
        bool below = lower <= 40 * tens;
        bool above = 40 * tens + 40 <= upper;
        if (below != above)
            return (struct decimal){tens + above, k + 1};
    }
    bool below = lower <= 4 * s;
    bool above = 4 * s + 4 <= upper;
    if (below != above)
        return (struct decimal){s + above, k};
    uint64_t half = 4 * s + 2;
    bool up = value > half || (value == half && s & 1);
    return (struct decimal){s + up, k};
}

/* shortest returns the decimal with the fewest digits that reads back as the double, the nearest
 * one if there are several. */
static struct decimal shortest(uint64_t fraction, int biased)
{
    uint64_t c = biased ? fraction | UINT64_C(1) << FRACTION_BITS : fraction;
    int q = (biased ? biased : 1) - BIAS;
    bool odd = c & 1;
    bool lower_is_closer = fraction == 0 && biased > 1; /* doubles are denser below */
    int k = lower_is_closer ? log10_of_three_quarters_pow2(q) : log10_of_pow2(q);
    int shift = q + log2_of_pow10(-k) + 1;
    const uint64_t *power = vireo__powers[-k - VIREO__LOWEST_POWER];
    uint64_t lower = scale(power, (4 * c - 2 + lower_is_closer) << shift);
    uint64_t value = scale(power, (4 * c) << shift);
    uint64_t upper = scale(power, (4 * c + 2) << shift);
    return choose(lower + odd, value, upper - odd, k); /* the ends belong to even c */
}

/* put_digits writes |n| in decimal and returns how many digits it has. */
static int put_digits(char *out, uint64_t n)
{
    char digits[20];
    int at = sizeof digits;
    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    memcpy(out, digits + at, sizeof digits - (size_t)at);
    return (int)sizeof digits - at;
}

static char *put_zeros(char *out, int n)
{
    memset(out, '0', (size_t)n);
    return out + n;
}

static char *put(char *out, const char *text, int n)
{
    memcpy(out, text, (size_t)n);
    return out + n;
}

/* place writes digits with the point after the first |point| of them: the cases 6 to 12 of ECMA-262
 * section 6.1.6.1.20. */
static char *place(char *out, const char *digits, int n, int point)
{
    if (point > 21 || point < -5) {
        *out++ = digits[0];
        if (n > 1) {
            *out++ = '.';
            out = put(out, digits + 1, n - 1);
        }
        *out++ = 'e';
        *out++ = point > 0 ? '+' : '-';
        return out + put_digits(out, (uint64_t)abs(point - 1));
    }
    if (point <= 0) {
        out = put_zeros(put(out, "0.", 2), -point);
        return put(out, digits, n);
    }
    if (n <= point)
        return put_zeros(put(out, digits, n), point - n);
    out = put(out, digits, point);
    *out++ = '.';
    return put(out, digits + point, n - point);
}

size_t vireo__double_write(char *out, double number)
{
    char digits[20];
    char *at = out;
    int64_t whole;
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    if (number < 0)
        *at++ = '-';
    double magnitude = fabs(number);
    if (magnitude < 9007199254740992.0 && vireo__int_of(magnitude, &whole))
        return (size_t)(at - out) + (size_t)put_digits(at, (uint64_t)whole);
    struct decimal d =
        shortest(bits & ((UINT64_C(1) << FRACTION_BITS) - 1), (int)(bits >> FRACTION_BITS & 0x7ff));
    while (d.digits % 10 == 0) {
        d.digits /= 10;
        d.exponent++;
    }
    int n = put_digits(digits, d.digits);
    return (size_t)(place(at, digits, n, n + d.exponent) - out);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Half-way between two doubles lies a decimal of at most 767 significant digits; of what stands
 * behind them it only counts whether it is 0. */
enum { MAX_DIGITS = 770 };

/* What a text says: |digits| (|n| of them, leading zeros left out) * 10^exponent. */
struct parts {
    bool negative;
    bool rest; /* digits were left out that are not 0 */
    int n;
    int64_t exponent;
    char digits[MAX_DIGITS + 16]; /* and room for an exponent */
};

static void add_digit(struct parts *p, char digit)
{
    if (p->n == 0 && digit == '0')
        return;
    if (p->n < MAX_DIGITS) {
        p->digits[p->n++] = digit;
    } else {
        p->rest |= digit != '0';
        p->exponent++;
    }
}

/* read_exponent stops counting where the result is 0 or infinite whatever the digits are (there are
 * less than 2^32). */
static int64_t read_exponent(const char *at, const char *end)
{
    int64_t value = 0;
    bool negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    for (; at < end && value < INT64_C(1) << 40; at++)
        value = value * 10 + (*at - '0');
    return negative ? -value : value;
}

static void split(struct parts *p, const char *at, const char *end)
{
    p->negative = *at == '-';
    p->rest = false;
    p->n = 0;
    p->exponent = 0;
    if (p->negative)
        at++;
    while (at < end && vireo__is_digit((uint8_t)*at))
        add_digit(p, *at++);
    if (at < end && *at == '.') {
        at++;
        for (; at < end && vireo__is_digit((uint8_t)*at); at++) {
            add_digit(p, *at);
            p->exponent--;
        }
    }
    if (at < end)
        p->exponent += read_exponent(at + 1, end);
}

/* fast answers where the digits and the power of ten are both exact doubles: then one division or
 * product rounds once. */
static bool fast(const struct parts *p, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    uint64_t digits = 0;
    if (p->n > 15 || p->exponent > 22 || p->exponent < -22)
        return false;
    for (int i = 0; i < p->n; i++)
        digits = digits * 10 + (uint64_t)(p->digits[i] - '0');
    *out = p->exponent < 0 ? (double)digits / powers[-p->exponent]
                           : (double)digits * powers[p->exponent];
    return true;
}

static double slow(struct parts *p)
{
    int64_t exponent = p->exponent;
    if (p->n + exponent > 400)
        return HUGE_VAL;
    if (p->n + exponent < -400)
        return 0;
    char *at = p->digits + p->n;
    if (p->rest) {
        *at++ = '1';
        exponent--;
    }
    *at++ = 'e';
    if (exponent < 0)
        *at++ = '-';
    at += put_digits(at, (uint64_t)llabs(exponent));
    *at = 0;
    return strtod(p->digits, NULL);
}

double vireo__double_read(const char *text, size_t n)
{
    struct parts p;
    double number;
    split(&p, text, text + n);
    if (p.n == 0)
        number = 0;
    else if (!fast(&p, &number))
        number = slow(&p);
    return p.negative ? -number : number;
}

bool vireo__is_integer(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text[i] == '.' || text[i] == 'e' || text[i] == 'E')
            return false;
    return true;
}

bool vireo__int_read(const char *text, size_t n, int64_t *out)
{
    bool negative = text[0] == '-';
    uint64_t limit = (uint64_t)INT64_MAX + negative;
    uint64_t value = 0;
    for (size_t i = negative; i < n; i++) {
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

bool vireo__int_of(double number, int64_t *out)
{
    if (!(number >= -9223372036854775808.0 && number < 9223372036854775808.0))
        return false;
    int64_t whole = (int64_t)number;
    if ((double)whole != number)
        return false;
    *out = whole;
    return true;
}
