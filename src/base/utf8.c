/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "base/utf8.h"

#include <string.h>

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

static size_t skip_ascii(const uint8_t *bytes, size_t i, size_t n)
{
    for (; n - i >= 8; i += 8) {
        uint64_t eight;
        memcpy(&eight, bytes + i, 8);
        if (eight & UINT64_C(0x8080808080808080))
            break;
    }
    while (i < n && bytes[i] < 0x80)
        i++;
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
        i = skip_ascii(bytes, i, n);
        if (i == n)
            break;
        if (!begin_character(u, bytes[i]))
            return i;
        i++;
    }
    return n;
}

bool vireo__utf8_valid(const void *text, size_t n)
{
    vireo__utf8 u = {0};
    return vireo__utf8_feed(&u, text, n) == n && vireo__utf8_complete(&u);
}
