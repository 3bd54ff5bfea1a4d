/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* mask.c: the mask of RFC 6455 section 5.3.
 *
 *     "Octet i of the transformed data is the XOR of octet i of the original data with octet at
 * index i modulo 4 of the masking key."
 *
 * Nothing outside of the |n| bytes is touched. */

#include <string.h>

#include "base/wide.h"
#include "ws/frame.h"

enum { WORD = sizeof(uint64_t), LONG = 256 };

void vireo__ws_mask(uint8_t *bytes, size_t n, const uint8_t mask[4], size_t offset)
{
    uint8_t turned[WORD];
    for (size_t i = 0; i < WORD; i++)
        turned[i] = mask[(offset + i) & 3];
    uint64_t key;
    memcpy(&key, turned, WORD);

    size_t i = 0;
    if (n >= LONG) {
        const vireo__wide *wide = vireo__wide_best();
        i = n & ~(wide->block - 1);
        wide->exclusive_or(bytes, i, key);
    }
    for (; n - i >= WORD; i += WORD) {
        uint64_t word;
        memcpy(&word, bytes + i, WORD);
        word ^= key;
        memcpy(bytes + i, &word, WORD);
    }
    for (; i < n; i++)
        bytes[i] ^= turned[i & (WORD - 1)];
}
