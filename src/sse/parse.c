/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "sse/parse.h"

#include <string.h>

#include <vireo/error.h>

#include "base/utf8.h"

static const uint8_t byte_order_mark[3] = {0xef, 0xbb, 0xbf};

void vireo__sse_parser_init(vireo__sse_parser *p, size_t max_bytes)
{
    *p = (vireo__sse_parser){.max_bytes = max_bytes};
    vireo__buf_init(&p->line, max_bytes + 1);
    vireo__buf_init(&p->event, max_bytes + 1);
    vireo__buf_init(&p->data, max_bytes + 1);
    vireo__buf_init(&p->id, max_bytes + 1);
}

void vireo__sse_parser_deinit(vireo__sse_parser *p)
{
    vireo__buf_deinit(&p->line);
    vireo__buf_deinit(&p->event);
    vireo__buf_deinit(&p->data);
    vireo__buf_deinit(&p->id);
}

static void forget_event(vireo__sse_parser *p)
{
    vireo__buf_reset(&p->event, SIZE_MAX);
    vireo__buf_reset(&p->data, SIZE_MAX);
}

void vireo__sse_parser_restart(vireo__sse_parser *p)
{
    vireo__buf_reset(&p->line, SIZE_MAX);
    forget_event(p);
    p->mark = 0;
    p->after_cr = false;
}

/* --- fields ----------------------------------------------------------------------------------- */

static int set(vireo__buf *b, vireo__str value)
{
    vireo__buf_reset(b, SIZE_MAX);
    return vireo__buf_append(b, value.at, value.len);
}

/* "If the field value consists of only ASCII digits, then interpret the field value as an integer
 * in base ten [..] Otherwise, ignore the field." */
static void set_retry(vireo__sse_parser *p, vireo__str value)
{
    uint32_t ms = 0;
    if (value.len == 0 || value.len > 9)
        return;
    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] < '0' || value.at[i] > '9')
            return;
        ms = ms * 10 + (uint32_t)(value.at[i] - '0');
    }
    p->retry_ms = ms;
}

static int take_field(vireo__sse_parser *p, vireo__str name, vireo__str value)
{
    if (vireo__str_equal(name, "data")) {
        vireo__buf_append(&p->data, value.at, value.len);
        return vireo__buf_append_byte(&p->data, '\n');
    }
    /* "If the field value does not contain U+0000 NULL, then set the last event ID buffer". A type
     * with one is passed over too: told up to its NUL it would be another type. */
    bool is_text = memchr(value.at, '\0', value.len) == NULL;
    if (vireo__str_equal(name, "event") && is_text)
        return set(&p->event, value);
    if (vireo__str_equal(name, "id") && is_text)
        return set(&p->id, value);
    if (vireo__str_equal(name, "retry"))
        set_retry(p, value);
    return 0;
}

/* "If the data buffer's last character is a U+000A LINE FEED (LF) character, then remove the last
 * character from the data buffer." An event without data is none. */
static int dispatch(vireo__sse_parser *p)
{
    if (p->data.len == 0) {
        forget_event(p);
        return 0;
    }
    p->data.len--;
    const char *event = p->event.len > 0 ? vireo__buf_cstr(&p->event) : "message";
    const char *data = vireo__buf_cstr(&p->data);
    const char *id = vireo__buf_cstr(&p->id);
    if (event == NULL || data == NULL || id == NULL)
        return VIREO_ENOMEM;
    bool more = p->on_event(p->user, event, (vireo__str){data, p->data.len}, id);
    forget_event(p);
    return more ? 0 : VIREO_ECANCELLED;
}

static int take_line(vireo__sse_parser *p, vireo__str line)
{
    if (line.len == 0)
        return dispatch(p);
    if (!vireo__utf8_valid(line.at, line.len))
        return VIREO_EUTF8;
    const char *colon = memchr(line.at, ':', line.len);
    if (colon == line.at)
        return 0; /* a comment */
    vireo__str name = {line.at, colon ? (size_t)(colon - line.at) : line.len};
    vireo__str value = {line.at + line.len, 0};
    if (colon != NULL)
        value = (vireo__str){colon + 1, line.len - name.len - 1};
    if (value.len > 0 && value.at[0] == ' ')
        value = (vireo__str){value.at + 1, value.len - 1};
    return take_field(p, name, value);
}

/* --- lines ------------------------------------------------------------------------------------ */

static size_t to_line_end(const uint8_t *bytes, size_t n)
{
    size_t i = 0;
    while (i < n && bytes[i] != '\n' && bytes[i] != '\r')
        i++;
    return i;
}

static bool fits(const vireo__sse_parser *p, size_t more)
{
    size_t used = p->line.len + p->event.len + p->data.len;
    return used <= p->max_bytes && more <= p->max_bytes - used;
}

/* A line is whole: in the piece itself, or with what came before it. */
static int end_line(vireo__sse_parser *p, const uint8_t *bytes, size_t n)
{
    if (p->line.len == 0)
        return take_line(p, (vireo__str){(const char *)bytes, n});
    if (vireo__buf_append(&p->line, bytes, n) < 0)
        return p->line.error;
    int error = take_line(p, (vireo__str){(const char *)p->line.data, p->line.len});
    vireo__buf_reset(&p->line, SIZE_MAX);
    return error;
}

/* "The UTF-8 decode algorithm strips one leading UTF-8 Byte Order Mark (BOM), if any." Returns how
 * many bytes of it these begin with; one that is not whole was text after all. */
static size_t pass_mark(vireo__sse_parser *p, const uint8_t *bytes, size_t n)
{
    size_t i = 0;
    while (p->mark < 3 && i < n && bytes[i] == byte_order_mark[p->mark]) {
        p->mark++;
        i++;
    }
    if (p->mark < 3 && i < n) {
        vireo__buf_append(&p->line, byte_order_mark, p->mark);
        p->mark = 3;
    }
    return i;
}

int vireo__sse_parse(vireo__sse_parser *p, const uint8_t *bytes, size_t n)
{
    size_t at = pass_mark(p, bytes, n);
    while (at < n) {
        if (p->after_cr && bytes[at] == '\n')
            at++;
        p->after_cr = false;
        size_t len = to_line_end(bytes + at, n - at);
        if (!fits(p, len))
            return VIREO_ETOOBIG;
        if (at + len == n)
            return vireo__buf_append(&p->line, bytes + at, len);
        p->after_cr = bytes[at + len] == '\r';
        int error = end_line(p, bytes + at, len);
        if (error < 0)
            return error;
        at += len + 1;
    }
    return 0;
}
