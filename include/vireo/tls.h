/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* tls.h: TLS for what listens (https, wss) and for what connects. TLS 1.2 and 1.3, by OpenSSL.
 *
 *     vireo_run(app, .port = 443, .cert_file = "cert.pem", .key_file = "key.pem");
 *
 * is all that a server with one certificate needs. More names, client certificates and certificates
 * that are renewed while the server runs need an object:
 *
 *     vireo_tls *tls = vireo_tls_new(.cert_file = "cert.pem", .key_file = "key.pem");
 *     vireo_listen(app, .port = 443, .tls = tls);
 *     ...
 *     vireo_tls_reload(tls, NULL);       new connections get the renewed certificate
 *     vireo_tls_free(tls);               the listeners keep it as long as they need it
 */

#ifndef VIREO_TLS_H
#define VIREO_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vireo/error.h>
#include <vireo/version.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum vireo_tls_version {
    VIREO_TLS_1_2 = 12,
    VIREO_TLS_1_3 = 13,
} vireo_tls_version;

typedef enum vireo_tls_verify {
    VIREO_TLS_VERIFY_NONE,     /* clients are not asked for a certificate */
    VIREO_TLS_VERIFY_OPTIONAL, /* asked, may have none; one that does not verify is refused */
    VIREO_TLS_VERIFY_REQUIRED  /* without a certificate that verifies there is no connection */
} vireo_tls_verify;

/* A further certificate, for clients that ask for |name| (SNI). */
typedef struct vireo_tls_host {
    const char *name; /* "www.example.org"; "*.example.org" stands for exactly one label more */
    const char *cert_file;
    const char *key_file;
    const char *cert_pem;
    const char *key_pem;
    const char *key_password;
} vireo_tls_host;

/* Options of a server's TLS. All texts are copied. */
typedef struct vireo_tls_options {
    size_t size;
    /* The certificate and, behind it, those that lead to its CA, in PEM; and its private key (NULL:
     * it stands in the same place). From a file, or from memory. For clients that ask for no name
     * or for none in |hosts|. */
    const char *cert_file;
    const char *key_file;
    const char *cert_pem;
    const char *key_pem;
    const char *key_password;    /* of an encrypted key; NULL: it must not be encrypted */
    const vireo_tls_host *hosts; /* ended by {0}; NULL: none */

    vireo_tls_verify verify_client; /* default: not asked for */
    const char *client_ca_file;     /* who may sign the clients' certificates, in PEM */
    const char *client_ca_pem;

    /* Application protocols in order of preference, with commas; default "http/1.1" (see |http2|;
     * who agrees on "h2" is served so). A client that
     * offers some, but none of these, is refused (RFC 7301). */
    const char *alpn;
    vireo_tls_version min_version; /* default VIREO_TLS_1_2 */
    /* of TLS 1.2, as OpenSSL writes them; default: those with forward secrecy and AEAD */
    const char *ciphers;
    const char *ciphersuites; /* of TLS 1.3; default OpenSSL's */

    /* Handshakes in progress for each listener; default 1024. Further ones wait for their turn,
     * unread, until their time is over. */
    uint32_t max_handshakes;
    uint32_t handshake_timeout_ms; /* from the accept; default 10,000; beyond: closed */

    vireo_error *error; /* what is wrong, in words that say what to do; may be NULL */

    /* HTTP/2 for clients that ask for it: the default of |alpn| is then "h2,http/1.1". Where |alpn|
     * is given, it decides. */
    bool http2;
} vireo_tls_options;

/* A vireo_tls is what a server shows of itself, and asks of its clients. It may serve several
 * listeners, on several threads. */
typedef struct vireo_tls vireo_tls;

/* vireo_tls_new returns new: never NULL, so that no mistake in a certificate makes a server speak
 * without TLS. Where something is wrong |error| tells it, and so does every vireo_listen that is
 * given the object. Free it with vireo_tls_free. */
#define vireo_tls_new(...)                                                                         \
    vireo_tls_create(&(const vireo_tls_options){.size = sizeof(vireo_tls_options), __VA_ARGS__})
VIREO_API vireo_tls *vireo_tls_create(const vireo_tls_options *options);

/* vireo_tls_reload reads the files again. New connections get what is there now; those that are
 * open, or in their handshake, keep what they have. Sessions of before are not resumed. When
 * something is wrong, all stays as it was.
 *
 * error   may be NULL
 * Returns 0, or a negative number. Any thread. */
VIREO_API int vireo_tls_reload(vireo_tls *tls, vireo_error *error);

/* vireo_tls_free gives the object back; listeners that were given it keep it as long as they live.
 * NULL is allowed. Any thread. */
VIREO_API void vireo_tls_free(vireo_tls *tls);

/* Options of a client's TLS. All texts are copied. The server's certificate is verified, and that
 * it is made out to the host (name or IP address) that was asked for. */
typedef struct vireo_tls_client_options {
    size_t size;
    const char *ca_file; /* who may sign the server's certificate, in PEM; default: the system's */
    const char *ca_pem;
    const char *cert_file; /* ours, for servers that ask for one; as of a server */
    const char *key_file;
    const char *cert_pem;
    const char *key_pem;
    const char *key_password;
    const char *server_name; /* the name to ask for and to verify instead of the URL's host */
    const char *alpn;        /* protocols to offer, with commas; default "http/1.1"; "": none */
    vireo_tls_version min_version;
    const char *ciphers;
    const char *ciphersuites;
    bool insecure; /* takes any certificate: for tests only, anybody can read and change all */
    vireo_error *error;
} vireo_tls_client_options;

typedef struct vireo_tls_client vireo_tls_client;

/* vireo_tls_client_new returns new: what may be used for many connections; NULL, and |error|, when
 * something is wrong. (Where no object is given the system's CAs hold: a mistake makes nothing less
 * secure.) Free it with vireo_tls_client_free; connections keep what they need. */
#define vireo_tls_client_new(...)                                                                  \
    vireo_tls_client_create(                                                                       \
        &(const vireo_tls_client_options){.size = sizeof(vireo_tls_client_options), __VA_ARGS__})
VIREO_API vireo_tls_client *vireo_tls_client_create(const vireo_tls_client_options *options);

/* NULL is allowed. Any thread. */
VIREO_API void vireo_tls_client_free(vireo_tls_client *client);

/* What a connection has agreed on. Texts are never NULL, save those of a certificate that is not
 * there. */
typedef struct vireo_tls_info {
    const char *version;     /* "TLSv1.3" */
    const char *cipher;      /* "TLS_AES_256_GCM_SHA384" */
    const char *server_name; /* what the client asked for; "" if nothing */
    const char *alpn;        /* "http/1.1"; "" if nothing was agreed on */
    bool resumed;            /* without a new exchange of certificates */
    /* The peer's certificate, which has been verified (unless .insecure). NULL: it has shown none.
     * Names as in RFC 2253: "CN=alice,O=Example". */
    const char *peer_subject;
    const char *peer_issuer;
    const char *peer_fingerprint; /* SHA-256 in 64 hexadecimal digits, lower case */
} vireo_tls_info;

#ifdef __cplusplus
}
#endif
#endif
