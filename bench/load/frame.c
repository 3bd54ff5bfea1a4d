/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "frame.h"

#include <string.h>

enum { FINAL = 0x80, COMPRESSED = 0x40, MASKED = 0x80, LONG = 126, HUGE = 127, KEY = 4 };

static size_t head_size(size_t n)
{
    return n < LONG ? 2 : n <= UINT16_MAX ? 4 : 10;
}

size_t frame_size(size_t n)
{
    return head_size(n) + KEY + n;
}

size_t frame_write(uint8_t *out, unsigned opcode, const void *payload, size_t n)
{
    static const uint8_t key[KEY] = {0x5a, 0x13, 0xc7, 0x21};
    size_t head = head_size(n);
    out[0] = (uint8_t)(FINAL | opcode);
    out[1] = (uint8_t)(MASKED | (head == 2 ? n : head == 4 ? LONG : HUGE));
    for (size_t i = 2; i < head; i++)
        out[i] = (uint8_t)(n >> (8 * (head - 1 - i)));
    memcpy(out + head, key, KEY);
    out += head + KEY;
    for (size_t i = 0; i < n; i++)
        out[i] = ((const uint8_t *)payload)[i] ^ key[i % KEY];
    return head + KEY + n;
}

ptrdiff_t frame_read(frame *f, uint8_t *bytes, size_t n)
{
    if (n < 2)
        return 0;
    if ((bytes[0] & FINAL) == 0 || (bytes[0] & 0x30) != 0 || (bytes[0] & 15) == 0 ||
        (bytes[1] & MASKED) != 0)
        return -1;
    size_t head = bytes[1] < LONG ? 2 : bytes[1] == LONG ? 4 : 10;
    if (n < head)
        return 0;
    uint64_t len = head == 2 ? bytes[1] : 0;
    for (size_t i = 2; i < head; i++)
        len = len << 8 | bytes[i];
    if (n - head < len)
        return 0;
    *f = (frame){.opcode = bytes[0] & 15,
                 .compressed = (bytes[0] & COMPRESSED) != 0,
                 .payload = bytes + head,
                 .len = (size_t)len};
    return (ptrdiff_t)(head + len);
}
