/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* scan.h: the bytes of JSON, shared by reader, writer and templates: runs of text that need no
 * care, characters of UTF-8, numbers. Every function looks at [p, end) only.
 */

#ifndef VIREO_PAYLOAD_SCAN_H
#define VIREO_PAYLOAD_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VIREO__EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* vireo__needs_care returns not 0 if one of eight bytes is a quote, a backslash, a control
 * character or not ASCII.
 *
 * In x - 0x20.. the high bit of each byte that was below 0x20 comes up, and so it does in x ^ quote
 * - 0x01.. where a byte was the quote. A borrow may bring up more of them, but only to the left of
 * one that is right: the answer is exact. */
static inline uint64_t vireo__needs_care(uint64_t x)
{
    uint64_t control = x - VIREO__EACH_BYTE(0x20);
    uint64_t quote = (x ^ VIREO__EACH_BYTE('"')) - VIREO__EACH_BYTE(0x01);
    uint64_t backslash = (x ^ VIREO__EACH_BYTE('\\')) - VIREO__EACH_BYTE(0x01);
    return (control | quote | backslash | x) & VIREO__EACH_BYTE(0x80);
}

static inline bool vireo__is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* vireo__plain_run returns where the ASCII that stands in JSON as it is ends: the first byte from
 * |p| on that is a quote, a backslash, a control character or not ASCII, or |end|. */
static inline const uint8_t *vireo__plain_run(const uint8_t *p, const uint8_t *end)
{
    for (; end - p >= 8; p += 8) {
        uint64_t eight;
        memcpy(&eight, p, 8);
        if (vireo__needs_care(eight))
            break;
    }
    while (p < end && vireo__is_plain(*p))
        p++;
    return p;
}

/* vireo__character returns the length (2 to 4) of the character of UTF-8 that begins at |p| with a
 * byte that is not ASCII; 0 if there is none, also for a surrogate. */
size_t vireo__character(const uint8_t *p, const uint8_t *end);

/* vireo__clean_run is vireo__plain_run that goes on over valid UTF-8. */
const uint8_t *vireo__clean_run(const uint8_t *p, const uint8_t *end);

/* vireo__wrong_part returns how many bytes (>= 1) at |p|, where no character begins, are the
 * longest part of one: what is replaced by one U+FFFD (Unicode 15, section 3.9, "U+FFFD
 * Substitution of Maximal Subparts"). */
size_t vireo__wrong_part(const uint8_t *p, const uint8_t *end);

/* vireo__is_surrogate tells whether the three bytes of a surrogate (ED A0..BF 80..BF) stand at
 * |p|. */
static inline bool vireo__is_surrogate(const uint8_t *p, const uint8_t *end)
{
    return end - p >= 3 && p[0] == 0xED && (p[1] & 0xE0) == 0xA0 && (p[2] & 0xC0) == 0x80;
}

/* vireo__number_run returns where the JSON number that begins at |p| ends; NULL if none does. */
const uint8_t *vireo__number_run(const uint8_t *p, const uint8_t *end);

/* vireo__hex4 returns the value of the four hexadecimal digits at |p|; -1 if they are not there. */
int vireo__hex4(const uint8_t *p, const uint8_t *end);

static inline bool vireo__is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

#endif
