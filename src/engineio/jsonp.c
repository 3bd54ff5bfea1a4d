/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "engineio/jsonp.h"

#include <string.h>

#include "base/url.h"
#include "payload/json_write.h"

/* --- replies ---------------------------------------------------------------------------------- */

/* A string of JSON is one of JavaScript but for two characters, which old engines take for the end
 * of a line: U+2028 and U+2029, in UTF-8 E2 80 A8 and E2 80 A9. */
static bool is_line_separator(const uint8_t *at)
{
    return at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9);
}

/* Writes each of them behind |start| as an escape, which is longer by 3 bytes: from the end, so
 * that every byte moves once. */
static void escape_line_separators(vireo__buf *out, size_t start)
{
    size_t count = 0;
    for (size_t i = start; i + 2 < out->len; i++)
        count += is_line_separator(out->data + i);
    if (count == 0 || vireo__buf_reserve(out, 3 * count) == NULL)
        return;
    size_t from = out->len, to = out->len + 3 * count;
    out->len = to;
    while (from < to) {
        if (from >= start + 3 && is_line_separator(out->data + from - 3)) {
            from -= 3;
            to -= 6;
            memcpy(out->data + to, out->data[from + 2] == 0xa8 ? "\\u2028" : "\\u2029", 6);
        } else {
            out->data[--to] = out->data[--from];
        }
    }
}

int vireo__eio_jsonp_write(vireo__buf *out, vireo__str j, vireo__str payload)
{
    vireo__buf_append_str(out, "___eio[");
    for (size_t i = 0; i < j.len; i++)
        if (j.at[i] >= '0' && j.at[i] <= '9')
            vireo__buf_append_byte(out, (uint8_t)j.at[i]);
    vireo__buf_append_str(out, "](");
    size_t start = out->len;
    if (vireo__json_write_string(out, payload.at, payload.len) == 0)
        escape_line_separators(out, start);
    return vireo__buf_append_str(out, ");");
}

/* --- forms ------------------------------------------------------------------------------------ */

/* Forms may change the ends of lines, so the client writes a line feed as \n, and what was \n as
 * \\n. In place; returns the new length. */
static size_t read_line_feeds(char *text, size_t n)
{
    size_t to = 0;
    for (size_t at = 0; at < n;) {
        if (n - at >= 3 && memcmp(text + at, "\\\\n", 3) == 0) {
            at++; /* what is left of it is \n */
            text[to++] = text[at++];
            text[to++] = text[at++];
        } else if (n - at >= 2 && memcmp(text + at, "\\n", 2) == 0) {
            text[to++] = '\n';
            at += 2;
        } else {
            text[to++] = text[at++];
        }
    }
    return to;
}

bool vireo__eio_jsonp_read(uint8_t *form, size_t n, vireo__str *payload)
{
    vireo__str value;
    if (!vireo__url_query((vireo__str){(const char *)form, n}, "d", &value))
        return false;
    char *text = (char *)form + (value.at - (const char *)form);
    ptrdiff_t len = vireo__url_decode(text, text, value.len, true);
    *payload = (vireo__str){text, read_line_feeds(text, (size_t)len)};
    return true;
}
