/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "sse/format.h"

#include <string.h>

#include <vireo/error.h>

#include "base/utf8.h"

static size_t line_length(vireo__str text)
{
    size_t n = 0;
    while (n < text.len && text.at[n] != '\n' && text.at[n] != '\r')
        n++;
    return n;
}

static vireo__str behind(vireo__str text, size_t n)
{
    return (vireo__str){text.at + n, text.len - n};
}

/* "Lines must be separated by either a U+000D CARRIAGE RETURN U+000A LINE FEED (CRLF) character
 * pair, a single U+000A LINE FEED (LF) character, or a single U+000D CARRIAGE RETURN (CR)
 * character." */
static size_t break_length(vireo__str text)
{
    if (text.len >= 2 && text.at[0] == '\r' && text.at[1] == '\n')
        return 2;
    return text.len > 0;
}

/* Each line of |text| behind |field|; at least one. */
static void append_lines(vireo__buf *out, const char *field, vireo__str text)
{
    for (;;) {
        size_t n = line_length(text);
        vireo__buf_append_str(out, field);
        vireo__buf_append(out, text.at, n);
        vireo__buf_append_byte(out, '\n');
        text = behind(text, n);
        if (text.len == 0)
            return;
        text = behind(text, break_length(text));
    }
}

static int append_field(vireo__buf *out, const char *field, const char *value)
{
    vireo__str text = vireo__str_of(value);
    if (line_length(text) != text.len)
        return VIREO_EINVAL;
    if (!vireo__utf8_valid(text.at, text.len))
        return VIREO_EUTF8;
    append_lines(out, field, text);
    return 0;
}

static int finish(vireo__buf *out, size_t before, int error)
{
    vireo__buf_append_byte(out, '\n');
    if (error == 0)
        error = out->error;
    if (error < 0)
        out->len = before;
    return error;
}

int vireo__sse_format_event(vireo__buf *out, const char *id, const char *event, vireo__str data)
{
    size_t before = out->len;
    int error = vireo__utf8_valid(data.at, data.len) ? 0 : VIREO_EUTF8;
    if (error == 0 && id != NULL)
        error = append_field(out, "id: ", id);
    if (error == 0 && event != NULL)
        error = append_field(out, "event: ", event);
    if (error == 0)
        append_lines(out, "data: ", data);
    return finish(out, before, error);
}

int vireo__sse_format_comment(vireo__buf *out, vireo__str text)
{
    size_t before = out->len;
    if (!vireo__utf8_valid(text.at, text.len))
        return VIREO_EUTF8;
    append_lines(out, ": ", text);
    return finish(out, before, 0);
}

int vireo__sse_format_retry(vireo__buf *out, uint32_t retry_ms)
{
    size_t before = out->len;
    vireo__buf_append_str(out, "retry: ");
    vireo__buf_append_u64(out, retry_ms);
    vireo__buf_append_byte(out, '\n');
    return finish(out, before, 0);
}
