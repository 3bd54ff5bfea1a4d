/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* tls_client.c: vireo_tls_client is a context under another name. */

#include <stdlib.h>
#include <string.h>

#include "net/tls_context.h"

struct vireo_tls_client {
    vireo__tls_ctx ctx; /* nothing else: vireo__tls_ctx_new makes it */
};

static int trust_system(SSL_CTX *ssl, vireo_error *error)
{
    if (SSL_CTX_set_default_verify_paths(ssl) == 1)
        return 0;
    return vireo__error_set(error, VIREO_ETLS, "cannot read the system's CAs: %s",
                            vireo__tls_reason());
}

static int set_trust(vireo__tls_ctx *ctx, const vireo_tls_client_options *o, vireo_error *error)
{
    ctx->insecure = o->insecure;
    SSL_CTX_set_verify(ctx->ssl, o->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (o->insecure)
        return 0;
    if (o->ca_file == NULL && o->ca_pem == NULL)
        return trust_system(ctx->ssl, error);
    return vireo__tls_trust(ctx->ssl, o->ca_file, o->ca_pem, error);
}

static int set_name(vireo__tls_ctx *ctx, const char *name, vireo_error *error)
{
    if (name == NULL)
        return 0;
    ctx->server_name = strdup(name);
    if (ctx->server_name != NULL)
        return 0;
    return vireo__error_set(error, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
}

vireo_tls_client *vireo_tls_client_create(const vireo_tls_client_options *options)
{
    vireo_tls_client_options o = {0};
    memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    vireo__tls_settings settings = {
        .identity = {o.cert_file, o.key_file, o.cert_pem, o.key_pem, o.key_password},
        .alpn = o.alpn,
        .ciphers = o.ciphers,
        .ciphersuites = o.ciphersuites,
        .min_version = o.min_version,
    };
    if (o.error != NULL)
        o.error->code = 0;
    vireo__tls_ctx *ctx = vireo__tls_ctx_new(&settings, o.error);
    if (ctx == NULL)
        return NULL;
    if (set_trust(ctx, &o, o.error) < 0 || set_name(ctx, o.server_name, o.error) < 0) {
        vireo__tls_ctx_unref(ctx);
        return NULL;
    }
    return vireo__container(ctx, vireo_tls_client, ctx);
}

void vireo_tls_client_free(vireo_tls_client *client)
{
    if (client != NULL)
        vireo__tls_ctx_unref(&client->ctx);
}

vireo__tls_ctx *vireo__tls_client_ctx(vireo_loop *loop, vireo_tls_client *client,
                                      vireo_error *error)
{
    if (client == NULL) {
        vireo__tls_loop *shared = vireo__tls_of_loop(loop);
        if (shared == NULL) {
            vireo__error_set(error, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
            return NULL;
        }
        if (shared->client == NULL)
            client = vireo_tls_client_new(.error = error);
        if (client != NULL)
            shared->client = &client->ctx;
        if (shared->client == NULL)
            return NULL;
        client = vireo__container(shared->client, vireo_tls_client, ctx);
    }
    return vireo__tls_ctx_ref(&client->ctx);
}
