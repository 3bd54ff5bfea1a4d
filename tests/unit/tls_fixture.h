/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* tls_fixture.h: a listener with one connection, whose other side is OpenSSL (tls_peer.h), and the
 * certificates that both know. */

#ifndef VIREO_TESTS_TLS_FIXTURE_H
#define VIREO_TESTS_TLS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <limits.h>
#include <poll.h>

#include <vireo/error.h>

#include "net/listener.h"
#include "net/tls.h"

#include "tls_peer.h"

enum { PATIENCE = 20000 };

typedef struct fixture {
    vireo_loop *loop;
    vireo__listener *listener;
    vireo__stream *stream;
    tls_peer peer;
    vireo_listen_options where; /* what else the listener is told */
    vireo_tls *tls;             /* of the listener; NULL: none */
    vireo_tls_client *client;   /* we are the client, by the accepted stream */
    const char *host;
    bool pause, end_in_done;
    vireo__buf got;
    int accepted, ended, drained, closed, gone, done;
    int error, done_error;
    char problem[200];
} fixture;

static cert ca, site, wild, alice, stranger;

/* --- our side --------------------------------------------------------------------------------- */

static inline void on_data(vireo__stream *s, uint8_t *bytes, size_t n)
{
    fixture *f = s->owner;
    assert_int_equal(f->closed, 0);
    assert_int_equal(f->ended, 0);
    vireo__buf_append(&f->got, bytes, n);
    memset(bytes, 0xee, n); /* they are ours to change */
    if (f->pause)
        vireo__stream_pause(s);
}

static inline void on_end(vireo__stream *s)
{
    ((fixture *)s->owner)->ended++;
}

static inline void on_drain(vireo__stream *s)
{
    ((fixture *)s->owner)->drained++;
}

static inline void on_close(vireo__stream *s, int error)
{
    fixture *f = s->owner;
    f->closed++;
    f->error = error;
    snprintf(f->problem, sizeof f->problem, "%s", vireo__tls_problem(s));
    f->stream = NULL;
}

static const vireo__stream_events events = {
    .on_data = on_data, .on_end = on_end, .on_drain = on_drain, .on_close = on_close};

static inline void on_done(vireo__stream *s, void *user, int error)
{
    fixture *f = user;
    assert_ptr_equal(f->stream, s);
    f->done++;
    f->done_error = error;
    if (f->end_in_done)
        vireo__stream_close(s, VIREO_ECANCELLED);
}

static inline void on_accept(vireo__listener *l, vireo__stream *s)
{
    fixture *f = vireo__listener_owner(l);
    f->stream = s;
    f->accepted++;
    vireo__stream_set_events(s, &events, f);
    if (f->host == NULL) {
        vireo__stream_start(s);
        return;
    }
    vireo__tls_ctx *ctx = vireo__tls_client_ctx(f->loop, f->client, NULL);
    assert_int_equal(vireo__tls_connect(s, ctx, f->host, on_done, f), 0);
    vireo__tls_ctx_unref(ctx);
    assert_int_equal(f->done, 0);
}

/* --- both sides ------------------------------------------------------------------------------- */

static inline void turn(fixture *f)
{
    struct pollfd fds[2] = {{.fd = uv_backend_fd(f->loop->uv), .events = POLLIN},
                            {.fd = f->peer.fd, .events = POLLIN}};
    uv_run(f->loop->uv, UV_RUN_NOWAIT);
    poll(fds, f->peer.ended ? 1 : 2, 1);
    if (!f->peer.ended)
        tls_peer_take(&f->peer);
}

/* .. and the peer does not read. */
static inline void turn_deaf(fixture *f)
{
    struct pollfd fd = {.fd = uv_backend_fd(f->loop->uv), .events = POLLIN};
    uv_run(f->loop->uv, UV_RUN_NOWAIT);
    poll(&fd, 1, 1);
}

static inline void settle(fixture *f)
{
    for (int i = 0; i < 20; i++)
        uv_run(f->loop->uv, UV_RUN_NOWAIT);
    if (!f->peer.ended)
        tls_peer_take(&f->peer);
}

static inline int connect_socket(fixture *f)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(vireo__listener_port(f->listener)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0), small = 65536;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small); /* a slow reader is soon seen */
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static inline void begin(fixture *f, const cert *identity, const cert *trusted)
{
    f->loop = vireo__loop_new(NULL);
    f->where.host = "127.0.0.1";
    f->where.tls = f->tls;
    vireo__buf_init(&f->got, VIREO__BUF_UNLIMITED);
    assert_int_equal(vireo__listener_open(&f->listener, f->loop, &f->where, on_accept, f), 0);
    f->peer = tls_peer_new(connect_socket(f), f->host != NULL, identity, trusted);
}

static inline void on_gone(void *owner)
{
    ((fixture *)owner)->gone++;
}

static inline void finish(fixture *f)
{
    vireo__listener_close(f->listener, on_gone);
    vireo__listener_close_streams(f->listener);
    for (int i = 0; i < PATIENCE && f->gone == 0; i++)
        turn(f);
    assert_int_equal(f->gone, 1);
    assert_int_equal(f->closed, f->accepted);
    tls_peer_free(&f->peer);
    vireo__buf_deinit(&f->got);
    vireo_tls_free(f->tls);
    vireo_tls_client_free(f->client);
    vireo__loop_free(f->loop);
}

/* Sends all that the peer has to say, in pieces of |step| bytes, each seen alone. */
static inline void give(fixture *f, size_t step)
{
    while (tls_peer_give(&f->peer, step) > 0)
        settle(f);
}

/* Returns whether the peer sees the handshake done. */
static inline bool shake(fixture *f, size_t step)
{
    for (int i = 0; i < PATIENCE && !f->peer.ended; i++) {
        int done = SSL_do_handshake(f->peer.ssl);
        bool failed = done != 1 && SSL_get_error(f->peer.ssl, done) != SSL_ERROR_WANT_READ;
        give(f, step);
        if (failed)
            return false;
        if (done == 1 && f->host == NULL ? f->accepted == 1 : done == 1)
            return true;
        turn(f);
    }
    return false;
}

static inline void peer_send(fixture *f, const void *data, size_t n)
{
    assert_int_equal(SSL_write(f->peer.ssl, data, (int)n), (int)n);
}

static inline void expect_got(fixture *f, const char *text)
{
    for (int i = 0; i < PATIENCE && f->got.len < strlen(text); i++)
        turn(f);
    assert_int_equal(f->got.len, strlen(text));
    assert_memory_equal(f->got.data, text, strlen(text));
}

/* What the peer reads, until |n| bytes or an end: returns how many; |*why| the end. */
static inline size_t peer_read(fixture *f, char *out, size_t n, int *why)
{
    size_t at = 0;
    *why = SSL_ERROR_NONE;
    for (int i = 0; i < PATIENCE && at < n; i++) {
        int got = SSL_read(f->peer.ssl, out + at, n - at > INT_MAX ? INT_MAX : (int)(n - at));
        if (got > 0) {
            at += (size_t)got;
            continue;
        }
        *why = SSL_get_error(f->peer.ssl, got);
        if (*why != SSL_ERROR_WANT_READ || f->peer.ended)
            break;
        turn(f);
    }
    return at;
}

static inline void until(fixture *f, const int *flag)
{
    for (int i = 0; i < PATIENCE && *flag == 0; i++)
        turn(f);
    assert_int_equal(*flag, 1);
}

static inline void begin_server(fixture *f)
{
    *f = (fixture){.tls = vireo_tls_new(.cert_pem = site.pem, .key_pem = site.key_pem)};
    begin(f, NULL, &ca);
}

static inline int set_up(void **state)
{
    (void)state;
    ca = cert_make("Test CA", NULL, NULL, NULL);
    stranger = cert_make("Nobody's CA", NULL, NULL, NULL);
    site = cert_make("site.example", "DNS:site.example,IP:127.0.0.1,IP:::1", &ca, NULL);
    wild = cert_make("wild.example", "DNS:*.wild.example", &ca, NULL);
    alice = cert_make("alice", "email:alice@example.org", &ca, "secret");
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    cert_free(&ca);
    cert_free(&stranger);
    cert_free(&site);
    cert_free(&wild);
    cert_free(&alice);
    return 0;
}

#endif
