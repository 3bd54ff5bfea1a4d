/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* tls_filter.h: what the two halves of the TLS filter share: tls.c (the handshake, bytes in, life)
 * and tls_write.c (bytes out). */

#ifndef VIREO_NET_TLS_FILTER_H
#define VIREO_NET_TLS_FILTER_H

#include "net/tls_context.h"

enum {
    VIREO__TLS_RECORD = 16384, /* bytes of plaintext in one record at most (RFC 8446 section 5.1) */
    /* What TLS itself (alerts, new keys) may have to say to a peer that does not read. */
    VIREO__TLS_HELD_BACK = 65536,
    VIREO__TLS_OFFERED =
        256 * 1024, /* records of all streams in one turn; more are written at once */
};

enum vireo__tls_state { VIREO__TLS_HANDSHAKE, VIREO__TLS_OPEN, VIREO__TLS_FAILED };

typedef struct vireo__tls {
    vireo__filter base;
    vireo__stream *stream;
    vireo__tls_loop *shared;
    vireo__tls_ctx *ctx;
    SSL *ssl;
    const uint8_t
        *in; /* ciphertext that OpenSSL has not read; in the loop's read buffer or |kept| */
    size_t in_len;
    vireo__buf kept;    /* ciphertext that waits for a paused owner */
    vireo__buf *sink;   /* where OpenSSL writes to */
    vireo__buf flying;  /* records that write_later has */
    vireo__buf next;    /* records that must go behind them */
    size_t unconfirmed; /* plaintext, at the head of the stream's queue, of |flying| */
    size_t offered;     /* .. of the records that are offered; 0: none are */
    size_t offered_at;  /* where they begin, in the loop's buffer */
    vireo__turn_task resume;
    vireo__tls_done_fn done;
    void *user;
    char *problem;
    vireo_tls_info *info;
    uint8_t state;
    bool wanted : 1;         /* the stream waits for vireo__stream_written */
    bool shutdown_later : 1; /* .. and for the end of our direction */
} vireo__tls;

static inline vireo__tls *vireo__tls_of(const vireo__stream *s)
{
    return (vireo__tls *)s->filter;
}

/* vireo__tls_forget_errors empties OpenSSL's queue of errors. To clear an empty one costs as much
 * as to decipher a short message. */
void vireo__tls_forget_errors(void);

/* Every call of OpenSSL that may write stands between these two. The second has the records
 * written, or kept until the kernel takes them, and returns 0 or a negative number. */
void vireo__tls_begin_output(vireo__tls *t);
int vireo__tls_end_output(vireo__tls *t);

/* vireo__tls_release_writer lets the stream write (again), where it waits. */
void vireo__tls_release_writer(vireo__tls *t);

/* vireo__tls_shut_below ends our direction when all records are written. */
int vireo__tls_shut_below(vireo__tls *t);

/* Of vireo__stream_io and vireo__filter_events. */
ptrdiff_t vireo__tls_try_write(vireo__stream *s, const uv_buf_t *bufs, unsigned count);
bool vireo__tls_offer(vireo__stream *s, const uv_buf_t *bufs, unsigned count, size_t total);
int vireo__tls_write_later(vireo__stream *s, const uv_buf_t *bufs, unsigned count);
void vireo__tls_written(vireo__stream *s, size_t n, int status);
void vireo__tls_taken(vireo__stream *s, size_t len, ptrdiff_t n);

#endif
