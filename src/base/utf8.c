/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "base/utf8.h"

#include <string.h>

#include "base/wide.h"

/* RFC 3629 section 4, "Syntax of UTF-8 Byte Sequences": the second byte's range depends on the
 * first byte:
 *
 *   C2..DF  80..BF
 *   E0      A0..BF  80..BF             (shorter forms would be overlong)
 *   ED      80..9F  80..BF             (above: the surrogates)
 *   E1..EF  80..BF  80..BF             (but E0 and ED)
 *   F0      90..BF  80..BF  80..BF     (shorter forms would be overlong)
 *   F1..F3  80..BF  80..BF  80..BF
 *   F4      80..8F  80..BF  80..BF     (above: beyond U+10FFFF)
 */
static bool begin_character(vireo__utf8 *u, uint8_t byte)
{
    u->lowest = 0x80;
    u->highest = 0xBF;
    if (byte < 0xC2 || byte > 0xF4)
        return false;
    if (byte < 0xE0) {
        u->missing = 1;
    } else if (byte < 0xF0) {
        u->missing = 2;
        if (byte == 0xE0)
            u->lowest = 0xA0;
        if (byte == 0xED)
            u->highest = 0x9F;
    } else {
        u->missing = 3;
        if (byte == 0xF0)
            u->lowest = 0x90;
        if (byte == 0xF4)
            u->highest = 0x8F;
    }
    return true;
}

static size_t skip_words(const uint8_t *bytes, size_t i, size_t n)
{
    for (; n - i >= 8; i += 8) {
        uint64_t eight;
        memcpy(&eight, bytes + i, 8);
        if (eight & UINT64_C(0x8080808080808080))
            break;
    }
    return i;
}

/* The first bytes decide whether more of the kind are worth a call. */
enum { NEAR = 32, LONG = 256 };

static size_t skip_ascii(const uint8_t *bytes, size_t i, size_t n)
{
    if (n - i >= LONG && skip_words(bytes, i, i + NEAR) == i + NEAR) {
        const vireo__wide *wide = vireo__wide_best();
        i += NEAR;
        i += wide->ascii(bytes + i, (n - i) & ~(wide->block - 1));
    }
    i = skip_words(bytes, i, n);
    while (i < n && bytes[i] < 0x80)
        i++;
    return i;
}

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

/* The length of the character at |at|, of which four bytes are there; 0 when it is wrong. */
static size_t whole_character(const uint8_t *at)
{
    vireo__utf8 u;
    if (!begin_character(&u, at[0]) || at[1] < u.lowest || at[1] > u.highest)
        return 0;
    if (u.missing == 1)
        return 2;
    if (!is_continuation(at[2]))
        return 0;
    if (u.missing == 2)
        return 3;
    return is_continuation(at[3]) ? 4 : 0;
}

/* Skips characters that are whole and right. */
static size_t skip_characters(const uint8_t *bytes, size_t i, size_t n)
{
    while (n - i >= 4) {
        size_t len = bytes[i] < 0x80 ? 1 : whole_character(bytes + i);
        if (len == 0)
            break;
        i += len;
        if (len == 1)
            i = skip_ascii(bytes, i, n);
    }
    return i;
}

size_t vireo__utf8_feed(vireo__utf8 *u, const uint8_t *bytes, size_t n)
{
    size_t i = 0;
    while (i < n) {
        if (u->missing > 0) {
            if (bytes[i] < u->lowest || bytes[i] > u->highest)
                return i;
            u->lowest = 0x80;
            u->highest = 0xBF;
            u->missing--;
            i++;
            continue;
        }
        i = skip_characters(bytes, skip_ascii(bytes, i, n), n);
        if (i == n)
            break;
        if (bytes[i] >= 0x80 && !begin_character(u, bytes[i]))
            return i;
        i++;
    }
    return n;
}

/* Looks at the last word twice, rather than at its bytes. */
static bool short_ascii(const uint8_t *bytes, size_t n)
{
    uint64_t word, all = 0;
    const uint8_t *last = bytes + n - 8;
    for (; bytes < last; bytes += 8) {
        memcpy(&word, bytes, 8);
        all |= word;
    }
    memcpy(&word, last, 8);
    return ((all | word) & UINT64_C(0x8080808080808080)) == 0;
}

bool vireo__utf8_valid(const void *text, size_t n)
{
    vireo__utf8 u = {0};
    if (n >= 8 && n < LONG && short_ascii(text, n))
        return true;
    return vireo__utf8_feed(&u, text, n) == n && vireo__utf8_complete(&u);
}
