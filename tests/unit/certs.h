/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* certs.h: certificates for tests, made when they are needed. */

#ifndef VIREO_TESTS_CERTS_H
#define VIREO_TESTS_CERTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

typedef struct cert {
    X509 *x509;
    EVP_PKEY *key;
    char *pem; /* of the certificate */
    char *key_pem;
} cert;

static inline void cert__check(int good)
{
    if (good)
        return;
    ERR_print_errors_fp(stderr);
    abort();
}

static inline char *cert__text(BIO *bio)
{
    char *data;
    long n = BIO_get_mem_data(bio, &data);
    char *text = strndup(data, (size_t)n);
    BIO_free(bio);
    return text;
}

static inline void cert__extension(X509 *x509, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    cert__check(e != NULL && X509_add_ext(x509, e, -1));
    X509_EXTENSION_free(e);
}

/* cert_make returns new: a certificate of CN=|name|, signed by |ca|, or by itself for NULL.
 *
 * names      subjectAltName, such as "DNS:a.example,IP:127.0.0.1"; NULL: a CA
 * password   its key_pem is encrypted with it; NULL: not */
static inline cert cert_make(const char *name, const char *names, const cert *ca,
                             const char *password)
{
    cert c = {.x509 = X509_new(), .key = EVP_EC_gen("P-256")};
    static long serial = 1;
    cert__check(c.x509 != NULL && c.key != NULL);
    X509_set_version(c.x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c.x509), serial++);
    X509_gmtime_adj(X509_getm_notBefore(c.x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(c.x509), 86400);
    X509_set_pubkey(c.x509, c.key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c.x509), "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(c.x509, X509_get_subject_name(ca != NULL ? ca->x509 : c.x509));
    cert__extension(c.x509, NID_basic_constraints, names == NULL ? "critical,CA:TRUE" : "CA:FALSE");
    if (names != NULL)
        cert__extension(c.x509, NID_subject_alt_name, names);
    cert__check(X509_sign(c.x509, ca != NULL ? ca->key : c.key, EVP_sha256()) > 0);
    BIO *pem = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_mem());
    cert__check(PEM_write_bio_X509(pem, c.x509));
    cert__check(PEM_write_bio_PrivateKey(key, c.key, password ? EVP_aes_256_cbc() : NULL, NULL, 0,
                                         NULL, (void *)(uintptr_t)password));
    c.pem = cert__text(pem);
    c.key_pem = cert__text(key);
    return c;
}

static inline void cert_free(cert *c)
{
    X509_free(c->x509);
    EVP_PKEY_free(c->key);
    free(c->pem);
    free(c->key_pem);
}

#endif
