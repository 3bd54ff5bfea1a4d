/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* tls_context.h: what servers' and clients' contexts have in common. For the files tls*.c only. */

#ifndef VIREO_NET_TLS_CONTEXT_H
#define VIREO_NET_TLS_CONTEXT_H

#include <stdatomic.h>

#include <openssl/ssl.h>

#include "net/tls.h"

struct vireo__tls_ctx {
    atomic_uint refs;
    SSL_CTX *ssl; /* its app data is the context */
    BIO_METHOD *bio;
    uint8_t *alpn; /* as on the wire: length, name, length, name .. */
    unsigned alpn_len;
    char *server_name; /* of a client: instead of the host; NULL: none */
    bool insecure;     /* of a client: nothing is verified */
    struct vireo__tls_hosts *hosts;
    struct vireo__tls_tickets *tickets;
};

/* Where a certificate and its key come from; borrowed. */
typedef struct vireo__tls_identity {
    const char *cert_file;
    const char *key_file;
    const char *cert_pem;
    const char *key_pem;
    const char *key_password;
} vireo__tls_identity;

/* The settings that both sides know; borrowed. */
typedef struct vireo__tls_settings {
    vireo__tls_identity identity;
    const char *alpn;
    const char *ciphers;
    const char *ciphersuites;
    vireo_tls_version min_version;
    bool server;
} vireo__tls_settings;

/* vireo__tls_ctx_new returns new: a context with its identity loaded, one reference; NULL, and
 * |error| says why. */
vireo__tls_ctx *vireo__tls_ctx_new(const vireo__tls_settings *settings, vireo_error *error);

/* vireo__tls_ssl_new returns new: another SSL_CTX with the settings and |identity|, for |ctx|. */
SSL_CTX *vireo__tls_ssl_new(vireo__tls_ctx *ctx, const vireo__tls_settings *settings,
                            const vireo__tls_identity *identity, vireo_error *error);

/* vireo__tls_trust has |ssl| trust the CAs in |file| and in |pem| (either may be NULL). */
int vireo__tls_trust(SSL_CTX *ssl, const char *file, const char *pem, vireo_error *error);

/* vireo__tls_reason returns the text of OpenSSL's last error, and forgets it. Valid until the
 * thread's next error. */
const char *vireo__tls_reason(void);

/* tls_server.c: frees the table of names. NULL is allowed. */
void vireo__tls_hosts_free(struct vireo__tls_hosts *hosts);

/* tls.c: the BIO through which OpenSSL reads from the loop's read buffer and writes to the loop's
 * buffer for records. New, or NULL. */
BIO_METHOD *vireo__tls_bio_method(void);

/* tls.c: what the TLS streams of one loop share. NULL when memory runs out. */
typedef struct vireo__tls_loop {
    vireo__loop_part part;
    vireo__buf records;     /* on their way out */
    vireo__buf offered;     /* .. with the others of the turn (vireo__stream_io.offer) */
    size_t offers;          /* that the kernel has not answered */
    vireo__tls_ctx *client; /* the loop's own client context; NULL until it is asked for */
    uint8_t plain[];        /* on its way in */
} vireo__tls_loop;
vireo__tls_loop *vireo__tls_of_loop(vireo_loop *loop);

#endif
