/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* base64.h: RFC 4648 section 4, the standard alphabet with padding. */

#ifndef VIREO_BASE_BASE64_H
#define VIREO_BASE_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* vireo__base64_size returns how many characters |n| bytes become. */
static inline size_t vireo__base64_size(size_t n)
{
    return (n + 2) / 3 * 4;
}

/* vireo__base64_encode writes vireo__base64_size(n) characters to |out|, no NUL. */
void vireo__base64_encode(char *out, const void *data, size_t n);

/* vireo__base64_append appends the characters of |n| bytes. Returns the buffer's sticky error. */
int vireo__base64_append(vireo__buf *out, const void *data, size_t n);

/* vireo__base64_decode writes at most n / 4 * 3 + 2 bytes to |out|, which may be |text| itself.
 * Padding may be missing; anything else that is no base64 is an error. Returns the number of bytes,
 * or -1. */
ptrdiff_t vireo__base64_decode(uint8_t *out, const char *text, size_t n);

#endif
