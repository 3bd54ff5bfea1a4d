/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* tls_tickets.h: the keys of session tickets (RFC 5077, RFC 8446 section 4.6.1).
 *
 * A client that comes back shows a ticket, which the server has sealed and need not remember. The
 * keys change every hour, and each opens tickets for two hours more:
 *
 *     made        +1 h             +2 h             +3 h
 *      |- seals ---|---- opens ------------------------| forgotten
 *
 * so that a stolen key opens at most three hours of connections.
 */

#ifndef VIREO_NET_TLS_TICKETS_H
#define VIREO_NET_TLS_TICKETS_H

#include <stdint.h>

#include <openssl/ssl.h>

#define VIREO__TLS_TICKET_SECONDS 7200 /* for which a session may be resumed */
#define VIREO__TLS_TICKET_ROTATE  3600

typedef struct vireo__tls_tickets vireo__tls_tickets;

typedef struct vireo__tls_ticket {
    unsigned char name[16];
    unsigned char aes[32];
    unsigned char hmac[32];
} vireo__tls_ticket;

/* vireo__tls_tickets_new returns new, or NULL. Any thread may use it. */
vireo__tls_tickets *vireo__tls_tickets_new(void);
void vireo__tls_tickets_free(vireo__tls_tickets *t); /* NULL is allowed */

/* vireo__tls_tickets_seal gives the key for new tickets at |now| (seconds of any clock that never
 * goes back). Returns 0 or a negative number. */
int vireo__tls_tickets_seal(vireo__tls_tickets *t, uint64_t now, vireo__tls_ticket *out);

/* vireo__tls_tickets_open gives the key of this name. Returns 1; 2 when the ticket should be
 * replaced by a new one; 0 for an unknown one, or one too old. */
int vireo__tls_tickets_open(vireo__tls_tickets *t, uint64_t now, const unsigned char name[16],
                            vireo__tls_ticket *out);

/* vireo__tls_ticket_key is OpenSSL's callback; the SSL_CTX's app data is a vireo__tls_ctx. */
int vireo__tls_ticket_key(SSL *ssl, unsigned char name[16], unsigned char *iv,
                          EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int sealing);

#endif
