/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "net/tls_info.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/buf.h"

enum { MAX_NAME = 4096, FINGERPRINT = 32 };

static const size_t texts[] = {
    offsetof(vireo_tls_info, version),          offsetof(vireo_tls_info, cipher),
    offsetof(vireo_tls_info, server_name),      offsetof(vireo_tls_info, alpn),
    offsetof(vireo_tls_info, peer_subject),     offsetof(vireo_tls_info, peer_issuer),
    offsetof(vireo_tls_info, peer_fingerprint),
};

enum { TEXTS = sizeof texts / sizeof texts[0] };

static const char **text_at(vireo_tls_info *info, size_t i)
{
    return (const char **)(void *)((char *)info + texts[i]);
}

vireo_tls_info *vireo__tls_info_copy(const vireo_tls_info *info)
{
    if (info == NULL)
        return NULL;
    vireo_tls_info from = *info;
    size_t size = sizeof from;
    for (size_t i = 0; i < TEXTS; i++)
        size += *text_at(&from, i) != NULL ? strlen(*text_at(&from, i)) + 1 : 0;
    vireo_tls_info *copy = malloc(size);
    if (copy == NULL)
        return NULL;
    char *at = (char *)(copy + 1);
    *copy = from;
    for (size_t i = 0; i < TEXTS; i++) {
        const char *text = *text_at(&from, i);
        if (text == NULL)
            continue;
        *text_at(copy, i) = strcpy(at, text);
        at += strlen(text) + 1;
    }
    return copy;
}

/* Appends the text and its NUL. UTF-8 stays as it is; control characters are escaped. */
static void put_name(vireo__buf *out, const X509_NAME *name)
{
    unsigned long flags = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
    BIO *text = BIO_new(BIO_s_mem());
    char *data = NULL;
    if (text == NULL || X509_NAME_print_ex(text, name, 0, flags) < 0)
        out->error = VIREO_ENOMEM;
    long n = text != NULL ? BIO_get_mem_data(text, &data) : 0;
    vireo__buf_append(out, data, n > 0 ? (size_t)n : 0);
    vireo__buf_append_byte(out, 0);
    BIO_free(text);
}

static void put_fingerprint(vireo__buf *out, const X509 *cert)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (X509_digest(cert, EVP_sha256(), digest, &n) != 1)
        out->error = VIREO_ENOMEM;
    for (unsigned i = 0; i < n; i++) {
        vireo__buf_append_byte(out, (uint8_t)digits[digest[i] >> 4]);
        vireo__buf_append_byte(out, (uint8_t)digits[digest[i] & 15]);
    }
    vireo__buf_append_byte(out, 0);
}

static vireo_tls_info *with_certificate(vireo_tls_info *info, const X509 *cert)
{
    vireo__buf names;
    vireo__buf_init(&names, 3 * MAX_NAME);
    put_name(&names, X509_get_subject_name(cert));
    size_t issuer = names.len;
    put_name(&names, X509_get_issuer_name(cert));
    size_t fingerprint = names.len;
    put_fingerprint(&names, cert);
    vireo_tls_info *copy = NULL;
    if (names.error == 0) {
        info->peer_subject = (const char *)names.data;
        info->peer_issuer = (const char *)names.data + issuer;
        info->peer_fingerprint = (const char *)names.data + fingerprint;
        copy = vireo__tls_info_copy(info);
    }
    vireo__buf_deinit(&names);
    return copy;
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

vireo_tls_info *vireo__tls_info_new(const SSL *ssl)
{
    char alpn[256] = "";
    const unsigned char *chosen;
    unsigned len;
    SSL_get0_alpn_selected(ssl, &chosen, &len);
    memcpy(alpn, chosen != NULL ? chosen : (const unsigned char *)"", chosen ? len : 0);
    vireo_tls_info info = {
        .version = SSL_get_version(ssl),
        .cipher = or_empty(SSL_get_cipher_name(ssl)),
        .server_name = or_empty(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)),
        .alpn = alpn,
        .resumed = SSL_session_reused(ssl) == 1,
    };
    X509 *cert = SSL_get0_peer_certificate(ssl);
    return cert != NULL ? with_certificate(&info, cert) : vireo__tls_info_copy(&info);
}
