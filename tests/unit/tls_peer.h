/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* tls_peer.h: OpenSSL itself as the other side of a connection: it speaks through memory, so that a
 * test decides which of its bytes are sent, and when. */

#ifndef VIREO_TESTS_TLS_PEER_H
#define VIREO_TESTS_TLS_PEER_H

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "certs.h"

typedef struct tls_peer {
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *in;  /* what the server's bytes go into */
    BIO *out; /* what it has to say */
    char *say;
    size_t say_len, say_cap;
    int fd;
    bool ended, reset;
} tls_peer;

static inline tls_peer tls_peer_new(int fd, bool server, const cert *identity, const cert *trusted)
{
    tls_peer p = {.fd = fd, .ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method())};
    if (identity != NULL) {
        SSL_CTX_use_certificate(p.ctx, identity->x509);
        SSL_CTX_use_PrivateKey(p.ctx, identity->key);
    }
    if (trusted != NULL) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(p.ctx), trusted->x509);
        SSL_CTX_set_verify(p.ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    p.say_cap = 65536; /* for most tests it never grows: memory runs out in some of them */
    p.say = malloc(p.say_cap);
    p.ssl = SSL_new(p.ctx);
    p.in = BIO_new(BIO_s_mem());
    p.out = BIO_new(BIO_s_mem());
    SSL_set_bio(p.ssl, p.in, p.out);
    if (server)
        SSL_set_accept_state(p.ssl);
    else
        SSL_set_connect_state(p.ssl);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return p;
}

static inline void tls_peer_free(tls_peer *p)
{
    if (p->fd >= 0)
        close(p->fd);
    SSL_free(p->ssl);
    SSL_CTX_free(p->ctx);
    free(p->say);
    ERR_clear_error();
}

/* Takes what has arrived at the socket. */
static inline void tls_peer_take(tls_peer *p)
{
    char bytes[65536];
    ssize_t n;
    while ((n = recv(p->fd, bytes, sizeof bytes, 0)) > 0)
        BIO_write(p->in, bytes, (int)n);
    if (n == 0)
        p->ended = true;
    else if (errno != EAGAIN)
        p->ended = p->reset = true;
}

/* tls_peer_say returns what it has to say and has not sent; |*n| its length. */
static inline char *tls_peer_say(tls_peer *p, size_t *n)
{
    size_t more = BIO_ctrl_pending(p->out);
    if (p->say_len + more > p->say_cap) {
        p->say_cap = p->say_len + more;
        p->say = realloc(p->say, p->say_cap);
    }
    if (more > 0)
        p->say_len += (size_t)BIO_read(p->out, p->say + p->say_len, (int)more);
    *n = p->say_len;
    return p->say;
}

/* Sends at most |max| bytes of that. Returns how many. */
static inline size_t tls_peer_give(tls_peer *p, size_t max)
{
    size_t n;
    char *data = tls_peer_say(p, &n);
    n = n < max ? n : max;
    ssize_t sent = n > 0 ? send(p->fd, data, n, MSG_NOSIGNAL) : 0;
    if (sent <= 0)
        return 0;
    p->say_len -= (size_t)sent;
    memmove(data, data + sent, p->say_len);
    return (size_t)sent;
}

#endif
