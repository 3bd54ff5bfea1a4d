/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "net/tls_context.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "net/tls_tickets.h"

/* Of TLS 1.2. Forward secrecy, so that a key that is stolen tomorrow opens nothing of today, and
 * AEAD, so that no padding can be asked about. */
#define DEFAULT_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"
#define DEFAULT_ALPN    "http/1.1"

const char *vireo__tls_reason(void)
{
    unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    if (ERR_SYSTEM_ERROR(code))
        return strerror(ERR_GET_REASON(code));
    const char *reason = ERR_reason_error_string(code);
    return reason != NULL ? reason : "unknown error";
}

/* --- certificates ----------------------------------------------------------------------------- */

/* OpenSSL would ask at the terminal if there were no callback. */
static int give_password(char *out, int size, int writing, void *user)
{
    const char *password = user;
    (void)writing;
    size_t n = password != NULL ? strlen(password) : 0;
    if (n == 0 || n > (size_t)size)
        return -1;
    memcpy(out, password, n);
    return (int)n;
}

static BIO *open_pem(const char *file, const char *pem)
{
    return file != NULL ? BIO_new_file(file, "r") : BIO_new_mem_buf(pem, -1);
}

static const char *name_of(const char *file)
{
    return file != NULL ? file : "the PEM text";
}

static int unreadable(vireo_error *error, const char *what, const char *file)
{
    int reason = ERR_GET_REASON(ERR_peek_last_error());
    bool none = reason == PEM_R_NO_START_LINE || reason == ERR_R_UNSUPPORTED;
    const char *text = vireo__tls_reason();
    return vireo__error_set(error, VIREO_ETLS, "cannot read the %s of %s: %s", what, name_of(file),
                            none ? "it holds none that can be read, as PEM (-----BEGIN ..)" : text);
}

static int use_chain(SSL_CTX *ssl, BIO *in)
{
    X509 *cert = PEM_read_bio_X509_AUX(in, NULL, give_password, NULL);
    if (cert == NULL || SSL_CTX_use_certificate(ssl, cert) != 1) {
        X509_free(cert);
        return VIREO_ETLS;
    }
    X509_free(cert);
    while ((cert = PEM_read_bio_X509(in, NULL, give_password, NULL)) != NULL) {
        if (SSL_CTX_add0_chain_cert(ssl, cert) != 1) {
            X509_free(cert);
            return VIREO_ETLS;
        }
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        return VIREO_ETLS; /* not the end, but something broken */
    ERR_clear_error();
    return 0;
}

static int load_chain(SSL_CTX *ssl, const vireo__tls_identity *from, vireo_error *error)
{
    BIO *in = open_pem(from->cert_file, from->cert_pem);
    int result = in != NULL ? use_chain(ssl, in) : VIREO_ETLS;
    if (result < 0)
        unreadable(error, "certificate", from->cert_file);
    BIO_free(in);
    return result;
}

static int load_key(SSL_CTX *ssl, const vireo__tls_identity *from, vireo_error *error)
{
    bool own = from->key_file != NULL || from->key_pem != NULL;
    const char *file = own ? from->key_file : from->cert_file;
    BIO *in = open_pem(file, own ? from->key_pem : from->cert_pem);
    EVP_PKEY *key = NULL;
    if (in != NULL)
        key =
            PEM_read_bio_PrivateKey(in, NULL, give_password, (void *)(uintptr_t)from->key_password);
    BIO_free(in);
    if (key == NULL)
        return unreadable(error, "private key", file);
    int done = SSL_CTX_use_PrivateKey(ssl, key);
    EVP_PKEY_free(key);
    if (done == 1)
        return 0;
    return vireo__error_set(error, VIREO_ETLS,
                            "the key of %s does not belong to the certificate of %s: %s",
                            name_of(file), name_of(from->cert_file), vireo__tls_reason());
}

static int load_identity(SSL_CTX *ssl, const vireo__tls_identity *from, vireo_error *error)
{
    int result = load_chain(ssl, from, error);
    return result < 0 ? result : load_key(ssl, from, error);
}

static int trust_all(SSL_CTX *ssl, STACK_OF(X509_INFO) * all)
{
    int count = 0;
    for (int i = 0; i < sk_X509_INFO_num(all); i++) {
        X509 *cert = sk_X509_INFO_value(all, i)->x509;
        if (cert == NULL)
            continue;
        if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ssl), cert) != 1 ||
            SSL_CTX_add_client_CA(ssl, cert) != 1)
            return VIREO_ETLS;
        count++;
    }
    return count > 0 ? 0 : VIREO_ENOTFOUND;
}

static int trust_in(SSL_CTX *ssl, const char *file, const char *pem, vireo_error *error)
{
    BIO *in = open_pem(file, pem);
    STACK_OF(X509_INFO) *all = in ? PEM_X509_INFO_read_bio(in, NULL, give_password, NULL) : NULL;
    BIO_free(in);
    int result = all != NULL ? trust_all(ssl, all) : VIREO_ETLS;
    sk_X509_INFO_pop_free(all, X509_INFO_free);
    if (result == VIREO_ENOTFOUND)
        return vireo__error_set(error, VIREO_ETLS, "there is no CA certificate in %s",
                                name_of(file));
    return result < 0 ? unreadable(error, "CA certificates", file) : 0;
}

int vireo__tls_trust(SSL_CTX *ssl, const char *file, const char *pem, vireo_error *error)
{
    int result = file != NULL ? trust_in(ssl, file, NULL, error) : 0;
    if (result == 0 && pem != NULL)
        result = trust_in(ssl, NULL, pem, error);
    /* Whom the user names is trusted, whether it is a root or not. */
    X509_STORE_set_flags(SSL_CTX_get_cert_store(ssl), X509_V_FLAG_PARTIAL_CHAIN);
    return result;
}

/* --- settings --------------------------------------------------------------------------------- */

/* "h2,http/1.1" becomes 2 'h' '2' 8 'h' .. */
static int set_alpn(vireo__tls_ctx *ctx, const char *list, vireo_error *error)
{
    size_t n = strlen(list);
    if (n == 0)
        return 0;
    ctx->alpn = malloc(n + 1);
    if (ctx->alpn == NULL)
        return vireo__error_set(error, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
    memcpy(ctx->alpn + 1, list, n);
    for (size_t at = 0; at <= n;) {
        size_t len = strcspn(list + at, ",");
        if (len == 0 || len > 255 || n > UINT16_MAX)
            return vireo__error_set(error, VIREO_EINVAL, "\"%s\" is no list of protocols", list);
        ctx->alpn[at] = (uint8_t)len;
        at += len + 1;
    }
    ctx->alpn_len = (unsigned)n + 1;
    return 0;
}

static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *offered, unsigned offered_len, void *user)
{
    const vireo__tls_ctx *ctx = user;
    unsigned char *chosen;
    (void)ssl;
    if (ctx->alpn == NULL)
        return SSL_TLSEXT_ERR_NOACK;
    /* "In the event that the server supports no protocols that the client advertises, then the
     * server SHALL respond with a fatal "no_application_protocol" alert." (RFC 7301 section 3.2) */
    if (SSL_select_next_proto(&chosen, out_len, ctx->alpn, ctx->alpn_len, offered, offered_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static int set_ciphers(SSL_CTX *ssl, const vireo__tls_settings *s, vireo_error *error)
{
    const char *ciphers = s->ciphers != NULL ? s->ciphers : DEFAULT_CIPHERS;
    if (SSL_CTX_set_cipher_list(ssl, ciphers) != 1)
        return vireo__error_set(error, VIREO_EINVAL, "\"%s\" names no cipher: %s", ciphers,
                                vireo__tls_reason());
    if (s->ciphersuites != NULL && SSL_CTX_set_ciphersuites(ssl, s->ciphersuites) != 1)
        return vireo__error_set(error, VIREO_EINVAL, "\"%s\" names no suite of TLS 1.3: %s",
                                s->ciphersuites, vireo__tls_reason());
    return 0;
}

static int set_version(SSL_CTX *ssl, vireo_tls_version min, vireo_error *error)
{
    if (min != 0 && min != VIREO_TLS_1_2 && min != VIREO_TLS_1_3)
        return vireo__error_set(error, VIREO_EINVAL, "min_version: VIREO_TLS_1_2 or VIREO_TLS_1_3");
    SSL_CTX_set_min_proto_version(ssl, min == VIREO_TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
    return 0;
}

static void set_ways(vireo__tls_ctx *ctx, SSL_CTX *ssl, bool server)
{
    SSL_CTX_set_app_data(ssl, ctx);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF); /* tickets: the client remembers */
    if (!server) {
        SSL_CTX_set_alpn_protos(ssl, ctx->alpn, ctx->alpn_len);
        return;
    }
    static const unsigned char sessions_of[] = "vireo";
    SSL_CTX_set_session_id_context(ssl, sessions_of, sizeof sessions_of - 1);
    SSL_CTX_set_timeout(ssl, VIREO__TLS_TICKET_SECONDS);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl, vireo__tls_ticket_key);
    SSL_CTX_set_alpn_select_cb(ssl, select_alpn, ctx);
}

SSL_CTX *vireo__tls_ssl_new(vireo__tls_ctx *ctx, const vireo__tls_settings *s,
                            const vireo__tls_identity *identity, vireo_error *error)
{
    bool has_identity = identity->cert_file != NULL || identity->cert_pem != NULL;
    SSL_CTX *ssl = SSL_CTX_new(s->server ? TLS_server_method() : TLS_client_method());
    if (ssl == NULL) {
        vireo__error_set(error, VIREO_ETLS, "OpenSSL: %s", vireo__tls_reason());
        return NULL;
    }
    set_ways(ctx, ssl, s->server);
    int result = set_version(ssl, s->min_version, error);
    if (result == 0)
        result = set_ciphers(ssl, s, error);
    if (result == 0 && has_identity)
        result = load_identity(ssl, identity, error);
    else if (result == 0 && s->server)
        result = vireo__error_set(error, VIREO_EINVAL, "a server needs cert_file or cert_pem");
    if (result < 0) {
        SSL_CTX_free(ssl);
        return NULL;
    }
    return ssl;
}

/* --- life ------------------------------------------------------------------------------------- */

vireo__tls_ctx *vireo__tls_ctx_ref(vireo__tls_ctx *ctx)
{
    atomic_fetch_add_explicit(&ctx->refs, 1, memory_order_relaxed);
    return ctx;
}

void vireo__tls_ctx_unref(vireo__tls_ctx *ctx)
{
    if (ctx == NULL || atomic_fetch_sub_explicit(&ctx->refs, 1, memory_order_acq_rel) != 1)
        return;
    vireo__tls_hosts_free(ctx->hosts);
    SSL_CTX_free(ctx->ssl);
    vireo__tls_tickets_free(ctx->tickets);
    BIO_meth_free(ctx->bio);
    free(ctx->alpn);
    free(ctx->server_name);
    free(ctx);
}

vireo__tls_ctx *vireo__tls_ctx_new(const vireo__tls_settings *settings, vireo_error *error)
{
    vireo__tls_ctx *ctx = calloc(1, sizeof *ctx);
    if (ctx == NULL) {
        vireo__error_set(error, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
        return NULL;
    }
    ERR_clear_error();
    atomic_init(&ctx->refs, 1);
    ctx->bio = vireo__tls_bio_method();
    if (settings->server)
        ctx->tickets = vireo__tls_tickets_new();
    if (ctx->bio == NULL || (settings->server && ctx->tickets == NULL))
        vireo__error_set(error, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
    else if (set_alpn(ctx, settings->alpn != NULL ? settings->alpn : DEFAULT_ALPN, error) == 0)
        ctx->ssl = vireo__tls_ssl_new(ctx, settings, &settings->identity, error);
    if (ctx->ssl == NULL) {
        vireo__tls_ctx_unref(ctx);
        return NULL;
    }
    return ctx;
}
