/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "payload/scan.h"

/* follows counts how many of the |n| bytes that continue a character are there and right; only the
 * first one has a range of its own. */
static size_t follows(const uint8_t *p, const uint8_t *end, size_t n, uint8_t lowest,
                      uint8_t highest)
{
    size_t i = 0;
    while (i < n && p + i < end && p[i] >= lowest && p[i] <= highest) {
        lowest = 0x80;
        highest = 0xBF;
        i++;
    }
    return i;
}

/* begins returns how long the character that begins with |lead| has to be, and in which range its
 * second byte lies (RFC 3629 section 4); 0 if none begins so. */
static size_t begins(uint8_t lead, uint8_t *lowest, uint8_t *highest)
{
    *lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    *highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead < 0xC2 || lead > 0xF4)
        return 0;
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

size_t vireo__character(const uint8_t *p, const uint8_t *end)
{
    uint8_t lowest, highest;
    size_t n = begins(*p, &lowest, &highest);
    if (n == 0 || follows(p + 1, end, n - 1, lowest, highest) < n - 1)
        return 0;
    return n;
}

const uint8_t *vireo__clean_run(const uint8_t *p, const uint8_t *end)
{
    for (;;) {
        p = vireo__plain_run(p, end);
        if (p == end || *p < 0x80)
            return p;
        size_t n = vireo__character(p, end);
        if (n == 0)
            return p;
        p += n;
    }
}

size_t vireo__wrong_part(const uint8_t *p, const uint8_t *end)
{
    uint8_t lowest, highest;
    size_t n = begins(*p, &lowest, &highest);
    return n == 0 ? 1 : 1 + follows(p + 1, end, n - 1, lowest, highest);
}

static const uint8_t *digits(const uint8_t *p, const uint8_t *end)
{
    while (p < end && vireo__is_digit(*p))
        p++;
    return p;
}

/* RFC 8259 section 6: number = [ minus ] int [ frac ] [ exp ] */
const uint8_t *vireo__number_run(const uint8_t *p, const uint8_t *end)
{
    if (p < end && *p == '-')
        p++;
    const uint8_t *whole = p;
    p = digits(p, end);
    if (p == whole || (*whole == '0' && p - whole > 1))
        return NULL; /* "Leading zeros are not allowed." */
    if (p < end && *p == '.') {
        const uint8_t *fraction = p + 1;
        p = digits(fraction, end);
        if (p == fraction)
            return NULL;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        const uint8_t *exponent = p;
        p = digits(p, end);
        if (p == exponent)
            return NULL;
    }
    return p;
}

static int hex_digit(uint8_t c)
{
    if (vireo__is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int vireo__hex4(const uint8_t *p, const uint8_t *end)
{
    int value = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}
