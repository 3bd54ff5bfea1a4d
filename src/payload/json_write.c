/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "payload/json_write.h"

#include <math.h>
#include <string.h>

#include <vireo/error.h>

#include "payload/number.h"
#include "payload/scan.h"

/* --- strings ---------------------------------------------------------------------------------- */

static const char hex_digits[] = "0123456789abcdef";

/* write_unit writes one UTF-16 code unit as \uxxxx, in lower case as JSON.stringify does. */
static void write_unit(vireo__buf *out, unsigned unit)
{
    char text[6] = {'\\',
                    'u',
                    hex_digits[unit >> 12 & 15],
                    hex_digits[unit >> 8 & 15],
                    hex_digits[unit >> 4 & 15],
                    hex_digits[unit & 15]};
    vireo__buf_append(out, text, sizeof text);
}

/* ECMA-262 section 25.5.2.3 (QuoteJSONString): seven characters have short escapes, the other
 * control characters long ones. */
static void write_escape(vireo__buf *out, uint8_t c)
{
    static const char special[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    const char *found = memchr(special, c, sizeof special - 1);
    if (found == NULL) {
        write_unit(out, c);
        return;
    }
    char text[2] = {'\\', letters[found - special]};
    vireo__buf_append(out, text, sizeof text);
}

/* write_careful writes what stands at |p| and cannot be copied; returns where to go on. */
static const uint8_t *write_careful(vireo__buf *out, const uint8_t *p, const uint8_t *end)
{
    if (*p < 0x80) {
        write_escape(out, *p);
        return p + 1;
    }
    /* ECMA-262 section 25.5.2.3: what "has the same numeric value as a leading surrogate or
     * trailing surrogate" (halves that belong together are one character, and did not come here) */
    if (vireo__is_surrogate(p, end)) {
        write_unit(out, 0xD000u | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu));
        return p + 3;
    }
    vireo__buf_append(out, "\xEF\xBF\xBD", 3);
    return p + vireo__wrong_part(p, end);
}

static int write_quoted(vireo__buf *out, const char *text, size_t n)
{
    uint8_t *to = n < VIREO__BUF_UNLIMITED - 2 ? vireo__buf_reserve(out, n + 2) : NULL;
    if (to == NULL)
        return out->error ? out->error : (out->error = VIREO_ETOOBIG);
    to[0] = '"';
    memcpy(to + 1, text, n);
    to[n + 1] = '"';
    out->len += n + 2;
    return 0;
}

int vireo__json_write_string(vireo__buf *out, const char *text, size_t n)
{
    if (n == 0)
        text = ""; /* NULL is allowed for nothing, but not for memcpy */
    const uint8_t *p = (const uint8_t *)text;
    const uint8_t *end = p + n;
    const uint8_t *run = vireo__clean_run(p, end);
    if (run == end)
        return write_quoted(out, text, n);
    vireo__buf_append_byte(out, '"');
    while (!out->error) {
        vireo__buf_append(out, p, (size_t)(run - p));
        if (run == end)
            break;
        p = write_careful(out, run, end);
        run = vireo__clean_run(p, end);
    }
    return vireo__buf_append_byte(out, '"');
}

/* --- other leaves ----------------------------------------------------------------------------- */

int vireo__json_write_double(vireo__buf *out, double number)
{
    char text[VIREO__DOUBLE_TEXT];
    if (!isfinite(number))
        return vireo__json_write_null(out);
    return vireo__buf_append(out, text, vireo__double_write(text, number));
}

int vireo__json_write_int(vireo__buf *out, int64_t number)
{
    if (number < 0)
        vireo__buf_append_byte(out, '-');
    return vireo__buf_append_u64(out, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

int vireo__json_write_bool(vireo__buf *out, bool truth)
{
    return truth ? vireo__buf_append(out, "true", 4) : vireo__buf_append(out, "false", 5);
}

int vireo__json_write_null(vireo__buf *out)
{
    return vireo__buf_append(out, "null", 4);
}

/* Node's Buffer.prototype.toJSON. */
static int write_buffer(vireo__buf *out, const uint8_t *data, size_t size)
{
    vireo__buf_append_str(out, "{\"type\":\"Buffer\",\"data\":[");
    for (size_t i = 0; i < size && !out->error; i++) {
        if (i > 0)
            vireo__buf_append_byte(out, ',');
        vireo__buf_append_u64(out, data[i]);
    }
    return vireo__buf_append_str(out, "]}");
}

int vireo__json_write_binary(vireo__buf *out, vireo__attachments *collect, const void *data,
                             size_t size)
{
    if (collect == NULL)
        return write_buffer(out, data, size);
    vireo__buf_append_str(out, "{\"_placeholder\":true,\"num\":");
    vireo__buf_append_u64(out, collect->count);
    vireo__buf_append_byte(out, '}');
    if (!out->error)
        out->error = vireo__attachments_add(collect, data, size);
    return out->error;
}

/* --- trees ------------------------------------------------------------------------------------ */

struct writer {
    vireo__buf *out;
    vireo__attachments *collect;
    unsigned flags;
};

static void write_text(const struct writer *w, const vireo_value *v)
{
    if (v->tag & VIREO__VALUE_PLAIN)
        write_quoted(w->out, v->as.text, v->len);
    else
        vireo__json_write_string(w->out, v->as.text, v->len);
}

static void write_number(const struct writer *w, const vireo_value *v)
{
    if (v->tag & VIREO__VALUE_RAW && !(w->flags & VIREO__JSON_BY_VALUE))
        vireo__buf_append(w->out, v->as.text, v->len);
    else
        vireo__json_write_double(w->out, vireo_num(v, 0));
}

/* write_one writes a leaf, or the opening bracket of an array or object. */
static void write_one(const struct writer *w, const vireo_value *v)
{
    switch (vireo__value_type(v)) {
    case VIREO_BOOL:
        vireo__json_write_bool(w->out, v->len != 0);
        break;
    case VIREO_NUMBER:
        write_number(w, v);
        break;
    case VIREO_STRING:
        write_text(w, v);
        break;
    case VIREO_BINARY:
        vireo__json_write_binary(w->out, w->collect, v->as.bytes, v->len);
        break;
    case VIREO_ARRAY:
        vireo__buf_append_byte(w->out, '[');
        break;
    case VIREO_OBJECT:
        vireo__buf_append_byte(w->out, '{');
        break;
    default:
        vireo__json_write_null(w->out);
    }
}

/* with_key writes the key of a member and its colon; returns the value behind it. */
static const vireo_value *with_key(const struct writer *w, const vireo_value *v)
{
    if (!(v->tag & VIREO__VALUE_KEY))
        return v;
    write_text(w, v);
    vireo__buf_append_byte(w->out, ':');
    return v + 1;
}

/* step_in returns the first child of |v|; NULL if it has none. */
static const vireo_value *step_in(const struct writer *w, const vireo_value *v)
{
    return vireo_count(v) > 0 ? with_key(w, v + 1) : NULL;
}

/* step_on writes the comma and returns the next sibling of |v|; NULL if it is the last one. */
static const vireo_value *step_on(const struct writer *w, const vireo_value *v)
{
    const vireo_value *parent = v - v->up;
    const vireo_value *next = v + v->span;
    if (next == parent + parent->span)
        return NULL;
    vireo__buf_append_byte(w->out, ',');
    return with_key(w, next);
}

static void close_bracket(const struct writer *w, const vireo_value *v)
{
    vireo_type type = vireo__value_type(v);
    if (type == VIREO_ARRAY || type == VIREO_OBJECT)
        vireo__buf_append_byte(w->out, type == VIREO_ARRAY ? ']' : '}');
}

int vireo__json_write(vireo__buf *out, vireo__attachments *collect, const vireo_value *root,
                      unsigned flags)
{
    struct writer w = {out, collect, flags};
    if (root == NULL)
        return vireo__json_write_null(out);
    for (const vireo_value *v = root; !out->error;) {
        write_one(&w, v);
        const vireo_value *next = step_in(&w, v);
        while (next == NULL) {
            close_bracket(&w, v);
            if (v == root)
                return out->error;
            next = step_on(&w, v);
            v -= next == NULL ? v->up : 0;
        }
        v = next;
    }
    return out->error;
}

char *vireo_json(const vireo_value *v, size_t *len)
{
    vireo__buf out;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    vireo__json_write(&out, NULL, v, 0);
    if (vireo__buf_cstr(&out) == NULL) {
        vireo__buf_deinit(&out);
        return NULL;
    }
    if (len != NULL)
        *len = out.len;
    return (char *)out.data; /* the buffer's memory goes to the caller */
}
