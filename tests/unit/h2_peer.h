/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* h2_peer.h: a raw client of HTTP/2: frames made by hand, right or wrong, and a record of the
 * frames that come back, one line each:
 *
 *     settings            headers 1 200 content-length=2     data 1 hi       window 0 8192
 *     settings ack        headers 1 304 end                  data 1 end      rst 3 1
 *     ping ack            goaway 5 0          data 1 16384 (of more than 100 bytes)
 */

#ifndef VIREO_TESTS_H2_PEER_H
#define VIREO_TESTS_H2_PEER_H

#include "http_peer.h"

#include <nghttp2/nghttp2.h>

#include "base/buf.h"

#define H2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4, PADDED = 8 };

/* --- frames ----------------------------------------------------------------------------------- */

static inline void h2_frame(vireo__buf *out, uint8_t type, uint8_t flags, uint32_t id,
                            const void *payload, size_t n)
{
    const uint8_t head[9] = {
        (uint8_t)(n >> 16),  (uint8_t)(n >> 8),   (uint8_t)n,         type,       flags,
        (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id};
    vireo__buf_append(out, head, sizeof head);
    if (n > 0)
        vireo__buf_append(out, payload, n);
}

static inline void h2_word(vireo__buf *out, uint32_t n)
{
    const uint8_t bytes[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
                              (uint8_t)n};
    vireo__buf_append(out, bytes, 4);
}

/* A frame whose payload is one number. */
static inline void h2_number(vireo__buf *out, uint8_t type, uint32_t id, uint32_t n)
{
    vireo__buf payload;
    vireo__buf_init(&payload, 4);
    h2_word(&payload, n);
    h2_frame(out, type, 0, id, payload.data, 4);
    vireo__buf_deinit(&payload);
}

/* RFC 7541 section 5.1, with seven bits in the first byte. */
static inline void hpack_text(vireo__buf *out, const char *text)
{
    size_t n = strlen(text);
    vireo__buf_append_byte(out, n < 127 ? (uint8_t)n : 127);
    if (n >= 127) {
        for (n -= 127; n >= 128; n >>= 7)
            vireo__buf_append_byte(out, (uint8_t)(128 | (n & 127)));
        vireo__buf_append_byte(out, (uint8_t)n);
    }
    vireo__buf_append_str(out, text);
}

/* A literal field that is not indexed (section 6.2.2). */
static inline void hpack_field(vireo__buf *out, const char *name, const char *value)
{
    vireo__buf_append_byte(out, 0);
    hpack_text(out, name);
    hpack_text(out, value);
}

typedef struct h2_field {
    const char *name;
    const char *value;
} h2_field;

#define H2_ASK(method, path)                                                                       \
    {":method", method}, {":scheme", "http"}, {":authority", "a"},                                 \
    {                                                                                              \
        ":path", path                                                                              \
    }

/* HEADERS with these fields, up to one without a name. */
static inline void h2_headers(vireo__buf *out, uint32_t id, uint8_t flags, const h2_field *fields)
{
    vireo__buf block;
    vireo__buf_init(&block, VIREO__BUF_UNLIMITED);
    for (; fields->name != NULL; fields++)
        hpack_field(&block, fields->name, fields->value);
    h2_frame(out, NGHTTP2_HEADERS, flags, id, block.data, block.len);
    vireo__buf_deinit(&block);
}

static inline void h2_get(vireo__buf *out, uint32_t id, const char *path)
{
    const h2_field fields[] = {H2_ASK("GET", path), {NULL, NULL}};
    h2_headers(out, id, END_STREAM | END_HEADERS, fields);
}

/* --- the other side --------------------------------------------------------------------------- */

typedef struct h2_peer {
    peer tcp;
    vireo__buf out; /* to be sent */
    vireo__buf log;
    nghttp2_hd_inflater *inflater;
} h2_peer;

static inline void h2_flush(h2_peer *p)
{
    peer_send_bytes(&p->tcp, p->out.data, p->out.len);
    vireo__buf_reset(&p->out, VIREO__BUF_UNLIMITED);
}

/* Connected, with nothing said. */
static inline h2_peer h2_open_silent(vireo_app *app)
{
    h2_peer p = {.tcp = peer_open(app)};
    vireo__buf_init(&p.out, VIREO__BUF_UNLIMITED);
    vireo__buf_init(&p.log, VIREO__BUF_UNLIMITED);
    vireo__buf_reserve(&p.out, 1);
    assert_int_equal(nghttp2_hd_inflate_new(&p.inflater), 0);
    return p;
}

static inline h2_peer h2_open(vireo_app *app)
{
    h2_peer p = h2_open_silent(app);
    vireo__buf_append_str(&p.out, H2_PREFACE);
    h2_frame(&p.out, NGHTTP2_SETTINGS, 0, 0, NULL, 0);
    h2_frame(&p.out, NGHTTP2_SETTINGS, ACK, 0, NULL, 0);
    h2_flush(&p);
    return p;
}

static inline void h2_close(h2_peer *p)
{
    peer_close(&p->tcp);
    vireo__buf_deinit(&p->out);
    vireo__buf_deinit(&p->log);
    nghttp2_hd_inflate_del(p->inflater);
}

static inline void h2_say(h2_peer *p, const char *text)
{
    vireo__buf_append_str(&p->log, text);
}

static inline void h2_say_number(h2_peer *p, uint64_t n)
{
    h2_say(p, " ");
    vireo__buf_append_u64(&p->log, n);
}

static inline void h2_log_fields(h2_peer *p, const uint8_t *at, size_t n)
{
    for (int flags = 0; (flags & NGHTTP2_HD_INFLATE_FINAL) == 0;) {
        nghttp2_nv nv;
        ssize_t took = nghttp2_hd_inflate_hd2(p->inflater, &nv, &flags, at, n, 1);
        assert_true(took >= 0);
        at += took;
        n -= (size_t)took;
        if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0)
            continue;
        h2_say(p, " ");
        if (nv.namelen == 4 && memcmp(nv.name, "date", 4) == 0) {
            h2_say(p, "date");
            continue;
        }
        if (nv.name[0] != ':') {
            vireo__buf_append(&p->log, nv.name, nv.namelen);
            h2_say(p, "=");
        }
        vireo__buf_append(&p->log, nv.value, nv.valuelen);
    }
    nghttp2_hd_inflate_end_headers(p->inflater);
}

static inline uint32_t h2_number_at(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline void h2_log_frame(h2_peer *p, const uint8_t *head, const uint8_t *at, size_t n)
{
    static const char *const names[] = {"data",    "headers", "priority", "rst",    "settings",
                                        "promise", "ping",    "goaway",   "window", "continuation"};
    uint8_t type = head[3], flags = head[4];
    uint32_t id = h2_number_at(head + 5);
    assert_true(type < sizeof names / sizeof names[0]);
    h2_say(p, names[type]);
    if (type != NGHTTP2_SETTINGS && type != NGHTTP2_PING && type != NGHTTP2_GOAWAY)
        h2_say_number(p, id);
    if (type == NGHTTP2_HEADERS)
        h2_log_fields(p, at, n);
    if (type == NGHTTP2_DATA && n > 0 && n <= 100) {
        h2_say(p, " ");
        vireo__buf_append(&p->log, at, n);
    } else if (type == NGHTTP2_DATA && n > 0) {
        h2_say_number(p, n);
    }
    if (type == NGHTTP2_RST_STREAM || type == NGHTTP2_WINDOW_UPDATE)
        h2_say_number(p, h2_number_at(at));
    if (type == NGHTTP2_GOAWAY) {
        h2_say_number(p, h2_number_at(at));
        h2_say_number(p, h2_number_at(at + 4));
    }
    if ((type == NGHTTP2_SETTINGS || type == NGHTTP2_PING) && (flags & ACK) != 0)
        h2_say(p, " ack");
    if ((type == NGHTTP2_DATA || type == NGHTTP2_HEADERS) && (flags & END_STREAM) != 0)
        h2_say(p, " end");
    h2_say(p, "\n");
}

/* Moves whole frames from what was received to the record. */
static inline void h2_take(h2_peer *p)
{
    const uint8_t *at = (const uint8_t *)p->tcp.got;
    size_t left = p->tcp.len;
    while (left >= 9) {
        size_t n = (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2];
        if (left < 9 + n)
            break;
        h2_log_frame(p, at, at + 9, n);
        at += 9 + n;
        left -= 9 + n;
    }
    memmove(p->tcp.got, at, left);
    p->tcp.len = left;
    p->tcp.got[left] = '\0';
}

static inline const char *h2_log(h2_peer *p)
{
    return vireo__buf_cstr(&p->log);
}

/* Waits until |line| stands in the record. */
static inline void h2_expect(h2_peer *p, const char *line)
{
    for (int patience = PEER_PATIENCE; patience > 0; patience--) {
        h2_take(p);
        if (strstr(h2_log(p), line) != NULL)
            return;
        if (p->tcp.ended)
            break;
        peer_wait(&p->tcp);
    }
    fail_msg("no \"%s\" in:\n%s", line, h2_log(p));
}

/* Sends, and takes what has come. */
static inline void h2_look(h2_peer *p)
{
    h2_flush(p);
    peer_settle(p->tcp.app);
    peer_wait(&p->tcp);
    h2_take(p);
}

/* Has the server answer something that comes after all that it was sent before. */
static inline void h2_round_trip(h2_peer *p)
{
    static const uint8_t zero[8];
    vireo__buf_reset(&p->log, VIREO__BUF_UNLIMITED);
    h2_frame(&p->out, NGHTTP2_PING, 0, 0, zero, 8);
    h2_flush(p);
    h2_expect(p, "ping ack\n");
}

static inline void h2_expect_end(h2_peer *p)
{
    for (int patience = PEER_PATIENCE; !p->tcp.ended && patience > 0; patience--)
        peer_wait(&p->tcp);
    h2_take(p);
    if (!p->tcp.ended)
        fail_msg("no end, but:\n%s", h2_log(p));
}

#endif
