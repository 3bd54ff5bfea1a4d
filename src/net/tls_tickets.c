/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "net/tls_tickets.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <uv.h>
#include <vireo/error.h>

#include "net/tls_context.h"

enum { KEYS = 1 + VIREO__TLS_TICKET_SECONDS / VIREO__TLS_TICKET_ROTATE };

struct vireo__tls_tickets {
    uv_mutex_t lock;
    struct {
        vireo__tls_ticket key;
        uint64_t made;
        bool set;
    } keys[KEYS]; /* the newest first */
};

vireo__tls_tickets *vireo__tls_tickets_new(void)
{
    vireo__tls_tickets *t = calloc(1, sizeof *t);
    if (t != NULL && uv_mutex_init(&t->lock) < 0) {
        free(t);
        return NULL;
    }
    return t;
}

void vireo__tls_tickets_free(vireo__tls_tickets *t)
{
    if (t == NULL)
        return;
    uv_mutex_destroy(&t->lock);
    OPENSSL_cleanse(t->keys, sizeof t->keys);
    free(t);
}

static int rotate(vireo__tls_tickets *t, uint64_t now)
{
    if (t->keys[0].set && now - t->keys[0].made < VIREO__TLS_TICKET_ROTATE)
        return 0;
    vireo__tls_ticket fresh;
    if (RAND_bytes((unsigned char *)&fresh, sizeof fresh) != 1)
        return VIREO_ETLS;
    memmove(&t->keys[1], &t->keys[0], sizeof t->keys - sizeof t->keys[0]);
    t->keys[0].key = fresh;
    t->keys[0].made = now;
    t->keys[0].set = true;
    OPENSSL_cleanse(&fresh, sizeof fresh);
    return 0;
}

int vireo__tls_tickets_seal(vireo__tls_tickets *t, uint64_t now, vireo__tls_ticket *out)
{
    uv_mutex_lock(&t->lock);
    int error = rotate(t, now);
    if (error == 0)
        *out = t->keys[0].key;
    uv_mutex_unlock(&t->lock);
    return error;
}

int vireo__tls_tickets_open(vireo__tls_tickets *t, uint64_t now, const unsigned char name[16],
                            vireo__tls_ticket *out)
{
    int result = 0;
    uv_mutex_lock(&t->lock);
    for (int i = 0; i < KEYS && result == 0; i++) {
        uint64_t age = now - t->keys[i].made;
        if (!t->keys[i].set || memcmp(t->keys[i].key.name, name, sizeof out->name) != 0 ||
            age >= VIREO__TLS_TICKET_ROTATE + VIREO__TLS_TICKET_SECONDS)
            continue;
        *out = t->keys[i].key;
        result = age < VIREO__TLS_TICKET_ROTATE ? 1 : 2;
    }
    uv_mutex_unlock(&t->lock);
    return result;
}

static int set_up(EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, vireo__tls_ticket *key,
                  const unsigned char *iv, int sealing)
{
    char digest[] = "sha256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->hmac, sizeof key->hmac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, params) == 1 &&
           EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->aes, iv, sealing) == 1;
}

int vireo__tls_ticket_key(SSL *ssl, unsigned char name[16], unsigned char *iv,
                          EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int sealing)
{
    vireo__tls_ctx *ctx = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    uint64_t now = uv_hrtime() / 1000000000;
    vireo__tls_ticket key;
    int result = 1;
    if (!sealing) {
        result = vireo__tls_tickets_open(ctx->tickets, now, name, &key);
        if (result == 0)
            return 0; /* an ordinary handshake follows */
    } else if (vireo__tls_tickets_seal(ctx->tickets, now, &key) < 0 ||
               RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) {
        return -1;
    } else {
        memcpy(name, key.name, sizeof key.name);
    }
    if (!set_up(cipher, mac, &key, iv, sealing))
        result = -1;
    OPENSSL_cleanse(&key, sizeof key);
    return result;
}
