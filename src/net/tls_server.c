/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* tls_server.c: vireo_tls: the options, and the context made from them last.
 *
 *     vireo_tls --> options, copied
 *               --> context (counted) --> SSL_CTX of the first certificate
 *                      ^                  SSL_CTX of each further name
 *     connections -----+                  keys of tickets
 *
 * To reload is to make another context; the old one goes with its last connection.
 */

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "net/tls_context.h"

enum { DEFAULT_HANDSHAKES = 1024, DEFAULT_HANDSHAKE_MS = 10000, MAX_NAME = 255 };

struct vireo_tls {
    atomic_uint refs;
    uv_mutex_t lock;
    vireo_tls_options options; /* its texts stand in |texts| */
    char *texts;
    size_t texts_size;
    vireo__tls_ctx *now; /* NULL: broken, and |why| */
    vireo_error why;
};

/* What vireo_tls_new returns when there is no memory for anything better. */
static const vireo_tls no_memory;

static bool is_no_memory(const vireo_tls *tls)
{
    return tls == &no_memory;
}

/* --- names ------------------------------------------------------------------------------------ */

struct vireo__tls_hosts {
    vireo__map by_name; /* of SSL_CTX */
    size_t count;
    struct {
        char name[MAX_NAME + 1]; /* in lower case */
        SSL_CTX *ssl;
    } list[];
};

void vireo__tls_hosts_free(struct vireo__tls_hosts *hosts)
{
    if (hosts == NULL)
        return;
    vireo__map_deinit(&hosts->by_name);
    for (size_t i = 0; i < hosts->count; i++)
        SSL_CTX_free(hosts->list[i].ssl);
    free(hosts);
}

/* Returns its length; 0 for what can be no name. */
static size_t normalise(char out[MAX_NAME + 1], const char *name)
{
    size_t n = strlen(name);
    if (n > 0 && name[n - 1] == '.')
        n--;
    if (n > MAX_NAME)
        return 0;
    for (size_t i = 0; i < n; i++)
        out[i] = vireo__ascii_lower(name[i]);
    out[n] = '\0';
    return n;
}

static SSL_CTX *find_host(const struct vireo__tls_hosts *hosts, const char *asked)
{
    char name[MAX_NAME + 1];
    size_t n = normalise(name, asked);
    SSL_CTX *exact = n > 0 ? vireo__map_get(&hosts->by_name, name, n) : NULL;
    char *dot = n > 0 ? strchr(name, '.') : NULL;
    if (exact != NULL || dot == NULL || dot == name)
        return exact;
    dot[-1] = '*';
    return vireo__map_get(&hosts->by_name, dot - 1, strlen(dot - 1));
}

static int on_server_name(SSL *ssl, int *alert, void *user)
{
    const vireo__tls_ctx *ctx = user;
    const char *asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    (void)alert;
    if (asked == NULL)
        return SSL_TLSEXT_ERR_NOACK;
    SSL_CTX *host = ctx->hosts != NULL ? find_host(ctx->hosts, asked) : NULL;
    if (host != NULL)
        SSL_set_SSL_CTX(ssl, host);
    return SSL_TLSEXT_ERR_OK;
}

/* --- making a context ------------------------------------------------------------------------- */

static size_t count_hosts(const vireo_tls_host *hosts)
{
    size_t n = 0;
    while (hosts != NULL && hosts[n].name != NULL)
        n++;
    return n;
}

/* A connection that changes to another name's SSL_CTX verifies with what that one trusts. */
static int trust_as(SSL_CTX *ssl, SSL_CTX *first)
{
    STACK_OF(X509_NAME) *names = SSL_dup_CA_list(SSL_CTX_get_client_CA_list(first));
    SSL_CTX_set_verify(ssl, SSL_CTX_get_verify_mode(first), NULL);
    SSL_CTX_set1_cert_store(ssl, SSL_CTX_get_cert_store(first));
    SSL_CTX_set_client_CA_list(ssl, names);
    return names != NULL || SSL_CTX_get_client_CA_list(first) == NULL ? 0 : VIREO_ENOMEM;
}

static int add_host(vireo__tls_ctx *ctx, const vireo__tls_settings *settings,
                    const vireo_tls_host *host, vireo_error *error)
{
    struct vireo__tls_hosts *hosts = ctx->hosts;
    char *name = hosts->list[hosts->count].name;
    size_t n = normalise(name, host->name);
    vireo__tls_identity from = {host->cert_file, host->key_file, host->cert_pem, host->key_pem,
                                host->key_password};
    if (n == 0 || strchr(name + 1, '*') != NULL || (name[0] == '*' && name[1] != '.'))
        return vireo__error_set(error, VIREO_EINVAL, "\"%s\" is no host's name", host->name);
    SSL_CTX *ssl = vireo__tls_ssl_new(ctx, settings, &from, error);
    if (ssl == NULL)
        return VIREO_ETLS;
    hosts->list[hosts->count++].ssl = ssl;
    int result = trust_as(ssl, ctx->ssl);
    return result < 0 ? result : vireo__map_put(&hosts->by_name, name, n, ssl);
}

static int add_hosts(vireo__tls_ctx *ctx, const vireo__tls_settings *settings,
                     const vireo_tls_host *list, vireo_error *error)
{
    size_t n = count_hosts(list);
    if (n == 0)
        return 0;
    ctx->hosts = calloc(1, sizeof *ctx->hosts + n * sizeof ctx->hosts->list[0]);
    if (ctx->hosts == NULL)
        return VIREO_ENOMEM;
    vireo__map_init(&ctx->hosts->by_name, vireo__hash_key_random());
    int result = 0;
    for (size_t i = 0; i < n && result == 0; i++)
        result = add_host(ctx, settings, &list[i], error);
    return result;
}

static int ask_clients(SSL_CTX *ssl, const vireo_tls_options *o, vireo_error *error)
{
    if (o->verify_client == VIREO_TLS_VERIFY_NONE)
        return 0;
    if (o->client_ca_file == NULL && o->client_ca_pem == NULL)
        return vireo__error_set(error, VIREO_EINVAL,
                                "verify_client needs client_ca_file or client_ca_pem");
    int mode = SSL_VERIFY_PEER;
    if (o->verify_client == VIREO_TLS_VERIFY_REQUIRED)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(ssl, mode, NULL);
    return vireo__tls_trust(ssl, o->client_ca_file, o->client_ca_pem, error);
}

static vireo__tls_ctx *make_context(const vireo_tls_options *o, vireo_error *error)
{
    vireo__tls_settings settings = {
        .identity = {o->cert_file, o->key_file, o->cert_pem, o->key_pem, o->key_password},
        .alpn = o->alpn == NULL && o->http2 ? "h2,http/1.1" : o->alpn,
        .ciphers = o->ciphers,
        .ciphersuites = o->ciphersuites,
        .min_version = o->min_version,
        .server = true,
    };
    error->code = 0;
    vireo__tls_ctx *ctx = vireo__tls_ctx_new(&settings, error);
    if (ctx == NULL)
        return NULL;
    SSL_CTX_set_tlsext_servername_callback(ctx->ssl, on_server_name);
    SSL_CTX_set_tlsext_servername_arg(ctx->ssl, ctx);
    int result = ask_clients(ctx->ssl, o, error);
    if (result == 0)
        result = add_hosts(ctx, &settings, o->hosts, error);
    if (result == 0)
        return ctx;
    if (error->code == 0)
        vireo__error_set(error, result, "%s", vireo_strerror(result));
    vireo__tls_ctx_unref(ctx);
    return NULL;
}

/* --- copying the options ---------------------------------------------------------------------- */

static const size_t option_texts[] = {
    offsetof(vireo_tls_options, cert_file),     offsetof(vireo_tls_options, key_file),
    offsetof(vireo_tls_options, cert_pem),      offsetof(vireo_tls_options, key_pem),
    offsetof(vireo_tls_options, key_password),  offsetof(vireo_tls_options, client_ca_file),
    offsetof(vireo_tls_options, client_ca_pem), offsetof(vireo_tls_options, alpn),
    offsetof(vireo_tls_options, ciphers),       offsetof(vireo_tls_options, ciphersuites),
};

static const size_t host_texts[] = {
    offsetof(vireo_tls_host, name),     offsetof(vireo_tls_host, cert_file),
    offsetof(vireo_tls_host, key_file), offsetof(vireo_tls_host, cert_pem),
    offsetof(vireo_tls_host, key_pem),  offsetof(vireo_tls_host, key_password),
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* Moves the texts of |object| to |*at| (only counts when |*at| is NULL). Returns their size. */
static size_t move_texts(void *object, const size_t *members, size_t count, char **at)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        const char **text = (const char **)(void *)((char *)object + members[i]);
        size_t n = *text != NULL ? strlen(*text) + 1 : 0;
        total += n;
        if (n == 0 || *at == NULL)
            continue;
        *text = memcpy(*at, *text, n);
        *at += n;
    }
    return total;
}

/* All texts in one piece of memory, which can be wiped: some of them are secret. */
static int copy_options(vireo_tls *tls, const vireo_tls_options *given)
{
    vireo_tls_options *o = &tls->options;
    memcpy(o, given, given->size < sizeof *o ? given->size : sizeof *o);
    o->error = NULL;
    size_t n = count_hosts(o->hosts), table = (n + 1) * sizeof(vireo_tls_host);
    char *at = NULL;
    tls->texts_size = table + move_texts(o, option_texts, COUNT(option_texts), &at);
    for (size_t i = 0; i < n; i++)
        tls->texts_size +=
            move_texts((void *)(uintptr_t)&o->hosts[i], host_texts, COUNT(host_texts), &at);
    tls->texts = calloc(1, tls->texts_size);
    if (tls->texts == NULL)
        return VIREO_ENOMEM;
    vireo_tls_host *hosts = (vireo_tls_host *)(void *)tls->texts;
    if (n > 0)
        memcpy(hosts, o->hosts, n * sizeof *hosts);
    o->hosts = hosts;
    at = tls->texts + table;
    move_texts(o, option_texts, COUNT(option_texts), &at);
    for (size_t i = 0; i < n; i++)
        move_texts(&hosts[i], host_texts, COUNT(host_texts), &at);
    return 0;
}

/* --- life ------------------------------------------------------------------------------------- */

static void destroy(vireo_tls *tls)
{
    vireo__tls_ctx_unref(tls->now);
    uv_mutex_destroy(&tls->lock);
    if (tls->texts != NULL)
        OPENSSL_cleanse(tls->texts, tls->texts_size);
    free(tls->texts);
    free(tls);
}

static vireo_tls *new_object(void)
{
    vireo_tls *tls = calloc(1, sizeof *tls);
    if (tls != NULL && uv_mutex_init(&tls->lock) < 0) {
        free(tls);
        return NULL;
    }
    if (tls != NULL)
        atomic_init(&tls->refs, 1);
    return tls;
}

vireo_tls *vireo_tls_create(const vireo_tls_options *options)
{
    vireo_error *error = options->error;
    if (error != NULL)
        error->code = 0;
    vireo_tls *tls = new_object();
    if (tls == NULL || copy_options(tls, options) < 0) {
        if (tls != NULL)
            destroy(tls);
        vireo__error_set(error, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
        return (vireo_tls *)(uintptr_t)&no_memory;
    }
    if (tls->options.max_handshakes == 0)
        tls->options.max_handshakes = DEFAULT_HANDSHAKES;
    if (tls->options.handshake_timeout_ms == 0)
        tls->options.handshake_timeout_ms = DEFAULT_HANDSHAKE_MS;
    tls->now = make_context(&tls->options, &tls->why);
    if (tls->now == NULL && error != NULL)
        *error = tls->why;
    return tls;
}

int vireo_tls_reload(vireo_tls *tls, vireo_error *error)
{
    vireo_error why = {0};
    if (is_no_memory(tls))
        return vireo__error_set(error, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
    vireo__tls_ctx *next = make_context(&tls->options, &why);
    if (next == NULL) {
        if (error != NULL)
            *error = why;
        return why.code;
    }
    uv_mutex_lock(&tls->lock);
    vireo__tls_ctx *old = tls->now;
    tls->now = next;
    uv_mutex_unlock(&tls->lock);
    vireo__tls_ctx_unref(old);
    return 0;
}

vireo_tls *vireo__tls_ref(vireo_tls *tls)
{
    if (!is_no_memory(tls))
        atomic_fetch_add_explicit(&tls->refs, 1, memory_order_relaxed);
    return tls;
}

void vireo_tls_free(vireo_tls *tls)
{
    if (tls == NULL || is_no_memory(tls))
        return;
    if (atomic_fetch_sub_explicit(&tls->refs, 1, memory_order_acq_rel) == 1)
        destroy(tls);
}

/* --- for listeners ---------------------------------------------------------------------------- */

vireo__tls_ctx *vireo__tls_server_ctx(vireo_tls *tls, vireo_error *error)
{
    if (is_no_memory(tls)) {
        vireo__error_set(error, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
        return NULL;
    }
    uv_mutex_lock(&tls->lock);
    vireo__tls_ctx *ctx = tls->now;
    if (ctx != NULL)
        atomic_fetch_add_explicit(&ctx->refs, 1, memory_order_relaxed);
    else if (error != NULL)
        *error = tls->why;
    uv_mutex_unlock(&tls->lock);
    return ctx;
}

uint32_t vireo__tls_max_handshakes(const vireo_tls *tls)
{
    return tls->options.max_handshakes;
}

uint32_t vireo__tls_handshake_ms(const vireo_tls *tls)
{
    return tls->options.handshake_timeout_ms;
}
