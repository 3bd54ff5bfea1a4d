/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void vireo__base64_encode(char *out, const void *data, size_t n)
{
    const uint8_t *in = data;
    size_t i = 0;
    for (; n - i >= 3; i += 3) {
        uint32_t three = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 | in[i + 2];
        *out++ = alphabet[three >> 18];
        *out++ = alphabet[three >> 12 & 63];
        *out++ = alphabet[three >> 6 & 63];
        *out++ = alphabet[three & 63];
    }
    if (i == n)
        return;
    uint32_t rest = (uint32_t)in[i] << 16 | (i + 1 < n ? (uint32_t)in[i + 1] << 8 : 0);
    *out++ = alphabet[rest >> 18];
    *out++ = alphabet[rest >> 12 & 63];
    *out++ = i + 1 < n ? alphabet[rest >> 6 & 63] : '=';
    *out++ = '=';
}

static int digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

ptrdiff_t vireo__base64_decode(uint8_t *out, const char *text, size_t n)
{
    if (n > 0 && n % 4 == 0 && text[n - 1] == '=')
        n -= text[n - 2] == '=' ? 2 : 1;
    if (n % 4 == 1)
        return -1;
    uint8_t *at = out;
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < n; i++) {
        int d = digit(text[i]);
        if (d < 0)
            return -1;
        bits = bits << 6 | (uint32_t)d;
        have += 6;
        if (have >= 8) {
            have -= 8;
            *at++ = (uint8_t)(bits >> have & 255);
        }
    }
    return at - out;
}

int vireo__base64_append(vireo__buf *out, const void *data, size_t n)
{
    size_t size = vireo__base64_size(n);
    uint8_t *to = vireo__buf_reserve(out, size);
    if (to != NULL) {
        vireo__base64_encode((char *)to, data, n);
        out->len += size;
    }
    return out->error;
}
