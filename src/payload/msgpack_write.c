/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* msgpack_write.c: a tree is one array of nodes in preorder, and so is its msgpack: each node is
 * written where it stands. */

#include "payload/msgpack_write.h"

#include <math.h>
#include <string.h>

#include <msgpack.h>

#include "payload/number.h"
#include "payload/scan.h"

static int append(void *data, const char *bytes, size_t n)
{
    return vireo__buf_append(data, bytes, n);
}

static msgpack_packer packer(vireo__buf *out)
{
    return (msgpack_packer){out, append};
}

int vireo__msgpack_write_map(vireo__buf *out, size_t n)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_map(&pk, n);
    return out->error;
}

int vireo__msgpack_write_text(vireo__buf *out, const char *text, size_t n)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_str(&pk, n);
    return vireo__buf_append(out, text, n);
}

int vireo__msgpack_write_uint(vireo__buf *out, uint64_t number)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_uint64(&pk, number);
    return out->error;
}

/* --- texts ------------------------------------------------------------------------------------ */

/* next_surrogate returns where the next one begins, or |end|. ED begins no other character that
 * could be taken for it. */
static const uint8_t *next_surrogate(const uint8_t *p, const uint8_t *end)
{
    while (p < end && (p = memchr(p, 0xED, (size_t)(end - p))) != NULL)
        if (vireo__is_surrogate(p, end))
            return p;
        else
            p++;
    return end;
}

/* U+FFFD has three bytes, as a surrogate: the length stays. */
static void write_text(vireo__buf *out, msgpack_packer *pk, const vireo_value *v)
{
    const uint8_t *p = (const uint8_t *)v->as.text;
    const uint8_t *end = p + v->len;
    msgpack_pack_str(pk, v->len);
    for (;;) {
        const uint8_t *surrogate = v->tag & VIREO__VALUE_PLAIN ? end : next_surrogate(p, end);
        vireo__buf_append(out, p, (size_t)(surrogate - p));
        if (surrogate == end)
            return;
        vireo__buf_append(out, "\xEF\xBF\xBD", 3);
        p = surrogate + 3;
    }
}

/* --- numbers ---------------------------------------------------------------------------------- */

#define TWO_TO_63 9223372036854775808.0

static void write_double(msgpack_packer *pk, double number)
{
    int64_t whole;
    if (vireo__int_of(number, &whole))
        msgpack_pack_int64(pk, whole);
    else if (number >= TWO_TO_63 && number < 2 * TWO_TO_63)
        msgpack_pack_uint64(pk, (uint64_t)number);
    else
        msgpack_pack_double(pk, number);
}

/* read_uint reads digits; false if there is something else, or too many. */
static bool read_uint(const char *text, size_t n, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned digit = (unsigned)(text[i] - '0');
        if (digit > 9 || *number > (UINT64_MAX - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    return true;
}

static void write_number(msgpack_packer *pk, const vireo_value *v)
{
    int64_t whole;
    uint64_t large;
    if (!(v->tag & VIREO__VALUE_RAW))
        write_double(pk, v->as.number);
    else if (vireo__is_integer(v->as.text, v->len) && vireo__int_read(v->as.text, v->len, &whole))
        msgpack_pack_int64(pk, whole);
    else if (read_uint(v->as.text, v->len, &large))
        msgpack_pack_uint64(pk, large);
    else
        write_double(pk, vireo_num(v, 0));
}

/* --- trees ------------------------------------------------------------------------------------ */

static void write_node(vireo__buf *out, msgpack_packer *pk, const vireo_value *v)
{
    switch (vireo__value_type(v)) {
    case VIREO_BOOL:
        v->len != 0 ? msgpack_pack_true(pk) : msgpack_pack_false(pk);
        break;
    case VIREO_NUMBER:
        write_number(pk, v);
        break;
    case VIREO_STRING:
        write_text(out, pk, v);
        break;
    case VIREO_BINARY:
        msgpack_pack_bin(pk, v->len);
        vireo__buf_append(out, v->as.bytes, v->len);
        break;
    case VIREO_ARRAY:
        msgpack_pack_array(pk, v->len);
        break;
    case VIREO_OBJECT:
        msgpack_pack_map(pk, v->len);
        break;
    default:
        msgpack_pack_nil(pk);
    }
}

int vireo__msgpack_write(vireo__buf *out, const vireo_value *v)
{
    msgpack_packer pk = packer(out);
    const vireo_value *end = v + v->span;
    for (; v < end && !out->error; v = vireo__value_after(v))
        write_node(out, &pk, v);
    return out->error;
}
