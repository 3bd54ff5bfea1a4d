/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* utf8.h: UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
 * Bytes may arrive in any pieces, and the first byte that cannot be right is an error at once (RFC
 * 6455 section 8.1 allows no later). */

#ifndef VIREO_BASE_UTF8_H
#define VIREO_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known in the middle of a character; all zero is the start of a text. */
typedef struct vireo__utf8 {
    uint8_t missing; /* continuation bytes still to come */
    uint8_t lowest;  /* the range in which the next one must lie */
    uint8_t highest;
} vireo__utf8;

/* vireo__utf8_feed checks |n| more bytes. Returns the number of bytes that are right: |n|, or the
 * index of the first wrong one. */
size_t vireo__utf8_feed(vireo__utf8 *u, const uint8_t *bytes, size_t n);

/* vireo__utf8_complete tells whether a text may end here. */
static inline bool vireo__utf8_complete(const vireo__utf8 *u)
{
    return u->missing == 0;
}

/* vireo__utf8_valid checks a whole text. */
bool vireo__utf8_valid(const void *text, size_t n);

#endif
