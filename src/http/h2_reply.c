/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/h2_reply.h"

#include <string.h>

#include <vireo/error.h>

void vireo__h2_reply_init(vireo__h2_reply *r)
{
    *r = (vireo__h2_reply){.state = VIREO__H2_HEAD};
    vireo__buf_init(&r->head, VIREO__BUF_UNLIMITED); /* our own words */
}

void vireo__h2_reply_deinit(vireo__h2_reply *r)
{
    vireo__buf_deinit(&r->head);
}

/* Collects lines up to the empty one. Returns whether it has come. */
static bool collect(vireo__h2_reply *r, vireo__str *bytes)
{
    while (bytes->len > 0) {
        const char *end = memchr(bytes->at, '\n', bytes->len);
        size_t n = end != NULL ? (size_t)(end - bytes->at) + 1 : bytes->len;
        if (vireo__buf_append(&r->head, bytes->at, n) < 0) {
            r->state = VIREO__H2_FAILED;
            return false;
        }
        *bytes = (vireo__str){bytes->at + n, bytes->len - n};
        size_t len = r->head.len;
        const uint8_t *last = r->head.data + len;
        bool empty = len >= 2 && memcmp(last - 2, "\r\n", 2) == 0 &&
                     (len == 2 || (len >= 4 && memcmp(last - 4, "\r\n", 2) == 0));
        if (end != NULL && empty)
            return true;
    }
    return false;
}

/* --- fields ----------------------------------------------------------------------------------- */

/* "An endpoint MUST NOT generate an HTTP/2 message containing connection-specific header fields."
 * (RFC 9113 section 8.2.2) */
static bool is_of_connection(vireo__str name)
{
    static const char *const names[] = {"connection", "keep-alive",        "proxy-connection",
                                        "upgrade",    "transfer-encoding", "sec-websocket-accept"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (vireo__str_equal(name, names[i]))
            return true;
    return false;
}

static bool next_line(vireo__h2_reply *r, size_t *at, vireo__str *name, vireo__str *value)
{
    if (*at >= r->head.len)
        return false;
    char *line = (char *)r->head.data + *at;
    const char *end = memmem(line, r->head.len - *at, "\r\n", 2);
    if (end == NULL || end == line)
        return false;
    *at += (size_t)(end - line) + 2;
    char *colon = memchr(line, ':', (size_t)(end - line));
    if (colon == NULL)
        colon = line;
    for (char *c = line; c < colon; c++)
        *c = vireo__ascii_lower(*c);
    *name = (vireo__str){line, (size_t)(colon - line)};
    *value = vireo__str_trim((vireo__str){colon + 1, (size_t)(end - colon) - 1});
    return true;
}

bool vireo__h2_reply_next(vireo__h2_reply *r, size_t *at, vireo__str *name, vireo__str *value)
{
    bool head = r->head.len > 5 && memcmp(r->head.data, "HTTP/", 5) == 0;
    if (*at == 0 && head && !next_line(r, at, name, value))
        return false;
    while (next_line(r, at, name, value))
        if (name->len > 0 && !is_of_connection(*name))
            return true;
    return false;
}

/* --- the head --------------------------------------------------------------------------------- */

/* "HTTP/1.1 200 OK" */
static bool read_status(vireo__h2_reply *r)
{
    const uint8_t *text = r->head.data;
    if (r->head.len < 12 || memcmp(text, "HTTP/1.1 ", 9) != 0)
        return false;
    unsigned n = 0;
    for (size_t i = 9; i < 12; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        n = n * 10 + (unsigned)(text[i] - '0');
    }
    r->status = (uint16_t)n;
    return n >= 100;
}

/* How the body's end is told. */
static void choose_body(vireo__h2_reply *r)
{
    vireo__str name, value;
    size_t at = 0;
    r->state = VIREO__H2_OPEN;
    next_line(r, &at, &name, &value);
    while (next_line(r, &at, &name, &value)) {
        if (vireo__str_equal(name, "transfer-encoding")) {
            r->state = VIREO__H2_CHUNK_SIZE;
        } else if (vireo__str_equal(name, "content-length")) {
            r->state = VIREO__H2_LENGTH;
            r->left = 0;
            for (size_t i = 0; i < value.len; i++)
                r->left = r->left * 10 + (uint64_t)(value.at[i] - '0');
        }
    }
    bool none = r->to_head || r->status == 204 || r->status == 304;
    if (none || (r->state == VIREO__H2_LENGTH && r->left == 0))
        r->state = VIREO__H2_DONE;
}

static vireo__h2_found end_head(vireo__h2_reply *r)
{
    if (!read_status(r)) {
        r->state = VIREO__H2_FAILED;
        return VIREO__H2_NOTHING;
    }
    if (r->status == 101)
        r->state = VIREO__H2_OPEN;
    else if (r->status >= 200)
        choose_body(r);
    return VIREO__H2_FOUND_HEAD;
}

static vireo__h2_found take_head(vireo__h2_reply *r, vireo__str *bytes)
{
    if (r->status != 0) { /* what was found before is done with */
        r->status = 0;
        vireo__buf_deinit(&r->head);
    }
    return collect(r, bytes) ? end_head(r) : VIREO__H2_NOTHING;
}

/* --- the body --------------------------------------------------------------------------------- */

static vireo__h2_found take_body(vireo__h2_reply *r, vireo__str *bytes, size_t room,
                                 vireo__str *body)
{
    bool open = r->state == VIREO__H2_OPEN;
    size_t n = bytes->len < room ? bytes->len : room;
    if (!open && n > r->left)
        n = (size_t)r->left;
    if (n == 0)
        return VIREO__H2_NOTHING;
    *body = (vireo__str){bytes->at, n};
    *bytes = (vireo__str){bytes->at + n, bytes->len - n};
    r->left -= open ? 0 : n;
    if (!open && r->left == 0)
        r->state = r->state == VIREO__H2_LENGTH ? VIREO__H2_DONE : VIREO__H2_CHUNK_END;
    return VIREO__H2_FOUND_BODY;
}

static int digit_of(char c)
{
    char lower = vireo__ascii_lower(c);
    if (c >= '0' && c <= '9')
        return c - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The digits are counted into |left|, which is 0 before. */
static void take_size(vireo__h2_reply *r, char c)
{
    int digit = digit_of(c);
    if (digit >= 0)
        r->left = r->left * 16 + (uint64_t)digit;
    else if (c == '\n')
        r->state = r->left > 0 ? VIREO__H2_CHUNK : VIREO__H2_TRAILERS;
    else if (c != '\r')
        r->state = VIREO__H2_FAILED;
}

/* Returns whether the byte belongs to the framing of chunks. */
static bool take_framing(vireo__h2_reply *r, char c)
{
    if (r->state == VIREO__H2_CHUNK_SIZE)
        take_size(r, c);
    else if (r->state == VIREO__H2_CHUNK_END && c == '\n')
        r->state = VIREO__H2_CHUNK_SIZE;
    else if (r->state != VIREO__H2_CHUNK_END)
        return false;
    if (r->state == VIREO__H2_TRAILERS)
        vireo__buf_deinit(&r->head);
    return true;
}

vireo__h2_found vireo__h2_reply_take(vireo__h2_reply *r, vireo__str *bytes, size_t room,
                                     vireo__str *body)
{
    if (r->state == VIREO__H2_HEAD)
        return take_head(r, bytes);
    while (bytes->len > 0 && take_framing(r, bytes->at[0]))
        *bytes = (vireo__str){bytes->at + 1, bytes->len - 1};
    switch (r->state) {
    case VIREO__H2_LENGTH:
    case VIREO__H2_CHUNK:
    case VIREO__H2_OPEN:
        return take_body(r, bytes, room, body);
    case VIREO__H2_TRAILERS:
        if (collect(r, bytes))
            r->state = VIREO__H2_DONE;
        return VIREO__H2_NOTHING;
    default:
        return VIREO__H2_NOTHING;
    }
}
