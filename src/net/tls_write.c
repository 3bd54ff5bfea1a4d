/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* tls_write.c: what is written becomes records, which stand in a buffer of the loop's until the
 * kernel has taken them, within the turn. What it has not taken, the connection keeps:
 *
 *     at once       records --try_write--> kernel
 *     as an offer   records behind those of other streams --offer--> .. --taken--> kernel
 *     the rest      |flying| --write_later--> kernel --written--> |next| becomes |flying|
 */

#include <string.h>

#include <openssl/err.h>

#include "net/tls_filter.h"

enum {
    /* Plaintext turned into records at a time: what is held twice for a peer that does not read. */
    CHUNK = 65536,
    RECORDS_KEPT = 2 * CHUNK,
    RECORD_EXTRA = 256, /* what a record is longer than its plaintext, at most */
};

/* --- records ---------------------------------------------------------------------------------- */

void vireo__tls_forget_errors(void)
{
    if (ERR_peek_error() != 0)
        ERR_clear_error();
}

void vireo__tls_begin_output(vireo__tls *t)
{
    vireo__tls_forget_errors();
    vireo__buf_reset(&t->shared->records, RECORDS_KEPT);
    t->sink = t->flying.len > 0 || t->offered > 0 ? &t->next : &t->shared->records;
}

static int fly(vireo__tls *t)
{
    uv_buf_t buf = uv_buf_init((char *)t->flying.data, (unsigned)t->flying.len);
    return t->base.below->write_later(t->stream, &buf, 1);
}

/* The kernel did not take these records: they go when it does. */
static int fly_rest(vireo__tls *t, const uint8_t *records, size_t n)
{
    return vireo__buf_append(&t->flying, records, n) < 0 ? VIREO_ENOMEM : fly(t);
}

static int fly_next(vireo__tls *t)
{
    t->flying = t->next;
    vireo__buf_init(&t->next, VIREO__TLS_HELD_BACK);
    return fly(t);
}

int vireo__tls_end_output(vireo__tls *t)
{
    vireo__buf *out = t->sink;
    t->sink = NULL;
    if (out == &t->next || out->len == 0)
        return 0;
    uv_buf_t buf = uv_buf_init((char *)out->data, (unsigned)out->len);
    ptrdiff_t n = t->base.below->try_write(t->stream, &buf, 1);
    if (n < 0 || (size_t)n == out->len)
        return n < 0 ? (int)n : 0;
    return fly_rest(t, out->data + n, out->len - (size_t)n);
}

void vireo__tls_release_writer(vireo__tls *t)
{
    size_t n = t->unconfirmed;
    if (!t->wanted || t->state != VIREO__TLS_OPEN)
        return;
    t->wanted = false;
    t->unconfirmed = 0;
    vireo__stream_written(t->stream, n, 0);
}

int vireo__tls_shut_below(vireo__tls *t)
{
    t->shutdown_later = t->flying.len > 0;
    return t->shutdown_later ? 0 : t->base.below->shutdown_write(t->stream);
}

/* --- plaintext -------------------------------------------------------------------------------- */

/* What is still to be read of a list of pieces. */
typedef struct cursor {
    const uv_buf_t *bufs;
    unsigned count;
    size_t offset; /* in the first of them */
} cursor;

static void skip_empty(cursor *c)
{
    while (c->count > 0 && c->offset == c->bufs->len) {
        c->bufs++;
        c->count--;
        c->offset = 0;
    }
}

/* Gathers the content of one record: small pieces share one, since each costs 22 bytes and a
 * computation of its own. Returns its length, 0 at the end. */
static size_t next_record(cursor *c, uint8_t room[VIREO__TLS_RECORD], const uint8_t **record)
{
    size_t len = 0;
    for (skip_empty(c); c->count > 0 && len < VIREO__TLS_RECORD; skip_empty(c)) {
        const uint8_t *piece = (const uint8_t *)c->bufs->base + c->offset;
        size_t n = c->bufs->len - c->offset;
        if (n > VIREO__TLS_RECORD - len)
            n = VIREO__TLS_RECORD - len;
        c->offset += n;
        if (n == VIREO__TLS_RECORD) {
            *record = piece;
            return n;
        }
        memcpy(room + len, piece, n);
        len += n;
    }
    *record = room;
    return len;
}

/* Turns |most| bytes into records, and what fills the last of them. Returns how many, or a negative
 * number. */
static ptrdiff_t encrypt(vireo__tls *t, cursor *c, size_t most)
{
    uint8_t room[VIREO__TLS_RECORD];
    const uint8_t *record;
    size_t total = 0;
    while (total < most) {
        size_t written, n = next_record(c, room, &record);
        if (n == 0)
            break;
        if (SSL_write_ex(t->ssl, record, n, &written) != 1)
            return t->sink->error < 0 ? VIREO_ENOMEM : VIREO_ETLS;
        total += n;
    }
    return (ptrdiff_t)total;
}

ptrdiff_t vireo__tls_try_write(vireo__stream *s, const uv_buf_t *bufs, unsigned count)
{
    vireo__tls *t = vireo__tls_of(s);
    cursor c = {bufs, count, 0};
    size_t total = 0;
    for (skip_empty(&c); c.count > 0 && t->state == VIREO__TLS_OPEN && t->flying.len == 0;
         skip_empty(&c)) {
        vireo__tls_begin_output(t);
        ptrdiff_t n = encrypt(t, &c, CHUNK);
        int error = vireo__tls_end_output(t);
        if (n < 0 || error < 0)
            return n < 0 ? n : error;
        if (t->flying.len > 0)
            t->unconfirmed = (size_t)n;
        else
            total += (size_t)n;
    }
    return (ptrdiff_t)total;
}

static ptrdiff_t encrypt_to(vireo__tls *t, vireo__buf *sink, cursor *c, size_t most)
{
    vireo__tls_forget_errors();
    t->sink = sink;
    ptrdiff_t n = encrypt(t, c, most);
    t->sink = NULL;
    return n;
}

/* Nothing that is offered may move: the loop's buffer has one size. */
static bool offer_fits(const vireo__tls *t, size_t total)
{
    vireo__buf *out = &t->shared->offered;
    size_t most = total + (total / VIREO__TLS_RECORD + 1) * RECORD_EXTRA;
    return most <= VIREO__TLS_OFFERED - out->len &&
           (out->cap > 0 || vireo__buf_reserve(out, VIREO__TLS_OFFERED) != NULL);
}

bool vireo__tls_offer(vireo__stream *s, const uv_buf_t *bufs, unsigned count, size_t total)
{
    vireo__tls *t = vireo__tls_of(s);
    vireo__buf *out = &t->shared->offered;
    if (t->base.below->offer == NULL || t->state != VIREO__TLS_OPEN || t->flying.len > 0 ||
        !offer_fits(t, total))
        return false;
    cursor c = {bufs, count, 0};
    t->offered_at = out->len;
    ptrdiff_t n = encrypt_to(t, out, &c, total);
    if (n < 0) {
        vireo__stream_close(s, (int)n);
        return true;
    }
    size_t len = out->len - t->offered_at;
    uv_buf_t records = uv_buf_init((char *)out->data + t->offered_at, (unsigned)len);
    if (t->base.below->offer(s, &records, 1, len)) {
        t->offered = total;
        t->shared->offers++;
        return true;
    }
    t->unconfirmed = total;
    int error = fly_rest(t, out->data + t->offered_at, len);
    if (error < 0)
        vireo__stream_close(s, error);
    return error < 0;
}

/* The kernel took |n| of |len| bytes of records, or none of an offer that came to nothing. */
static int settle_offer(vireo__tls *t, size_t len, ptrdiff_t n)
{
    if (n < 0)
        return (int)n;
    if ((size_t)n < len)
        return fly_rest(t, t->shared->offered.data + t->offered_at + n, len - (size_t)n);
    return t->next.len > 0 ? fly_next(t) : 0;
}

void vireo__tls_taken(vireo__stream *s, size_t len, ptrdiff_t n)
{
    vireo__tls *t = vireo__tls_of(s);
    size_t plain = t->offered;
    t->offered = 0;
    int error = s->closing ? 0 : settle_offer(t, len, n);
    if (--t->shared->offers == 0)
        vireo__buf_reset(&t->shared->offered, VIREO__TLS_OFFERED);
    bool all = n >= 0 && (size_t)n == len;
    t->unconfirmed = all ? 0 : plain;
    vireo__stream_taken(s, plain, error < 0 ? error : all ? (ptrdiff_t)plain : 0);
}

/* What the kernel did not take is in |flying| already, or waits for the handshake. */
int vireo__tls_write_later(vireo__stream *s, const uv_buf_t *bufs, unsigned count)
{
    vireo__tls *t = vireo__tls_of(s);
    t->wanted = true;
    if (t->state != VIREO__TLS_OPEN || t->flying.len > 0)
        return 0;
    cursor c = {bufs, count, 0};
    ptrdiff_t n = encrypt_to(t, &t->flying, &c, CHUNK);
    if (n < 0)
        return (int)n;
    t->unconfirmed = (size_t)n;
    return fly(t);
}

void vireo__tls_written(vireo__stream *s, size_t n, int status)
{
    vireo__tls *t = vireo__tls_of(s);
    int error = status;
    (void)n;
    if (s->closing)
        return;
    vireo__buf_deinit(&t->flying);
    if (error == 0 && t->next.len > 0) {
        error = fly_next(t);
    } else if (error == 0 && t->shutdown_later) {
        error = vireo__tls_shut_below(t);
    } else if (error == 0) {
        vireo__tls_release_writer(t);
    }
    if (error < 0)
        vireo__stream_close(s, error);
}
