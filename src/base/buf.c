/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

enum { FIRST_CAPACITY = 64 };

void vireo__buf_init(vireo__buf *b, size_t max)
{
    *b = (vireo__buf){.max = max < VIREO__BUF_UNLIMITED ? max : VIREO__BUF_UNLIMITED};
}

void vireo__buf_deinit(vireo__buf *b)
{
    free(b->data);
    vireo__buf_init(b, b->max);
}

void vireo__buf_reset(vireo__buf *b, size_t keep)
{
    if (b->cap > keep) {
        vireo__buf_deinit(b);
        return;
    }
    b->len = 0;
    b->error = 0;
}

static int grow(vireo__buf *b, size_t needed)
{
    size_t cap = b->cap ? b->cap : FIRST_CAPACITY;
    while (cap < needed)
        cap *= 2;
    uint8_t *data = realloc(b->data, cap);
    if (data == NULL)
        return VIREO_ENOMEM;
    b->data = data;
    b->cap = cap;
    return 0;
}

uint8_t *vireo__buf_reserve(vireo__buf *b, size_t extra)
{
    if (b->error)
        return NULL;
    if (extra > b->max || b->len > b->max - extra) {
        b->error = VIREO_ETOOBIG;
        return NULL;
    }
    if (b->len + extra > b->cap || b->data == NULL)
        b->error = grow(b, b->len + extra);
    return b->error ? NULL : b->data + b->len;
}

int vireo__buf_append(vireo__buf *b, const void *data, size_t n)
{
    uint8_t *to = vireo__buf_reserve(b, n);
    if (to != NULL && n > 0) {
        memcpy(to, data, n);
        b->len += n;
    }
    return b->error;
}

int vireo__buf_append_str(vireo__buf *b, const char *text)
{
    return vireo__buf_append(b, text, strlen(text));
}

int vireo__buf_append_byte(vireo__buf *b, uint8_t byte)
{
    return vireo__buf_append(b, &byte, 1);
}

int vireo__buf_append_u64(vireo__buf *b, uint64_t n)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    return vireo__buf_append(b, digits + at, sizeof digits - at);
}

void vireo__buf_consume(vireo__buf *b, size_t n)
{
    if (n >= b->len) {
        b->len = 0;
        return;
    }
    memmove(b->data, b->data + n, b->len - n);
    b->len -= n;
}

const char *vireo__buf_cstr(vireo__buf *b)
{
    size_t max = b->max;
    b->max = VIREO__BUF_UNLIMITED; /* the NUL is not content and does not count */
    uint8_t *end = vireo__buf_reserve(b, 1);
    b->max = max;
    if (end == NULL)
        return NULL;
    *end = 0;
    return (const char *)b->data;
}
