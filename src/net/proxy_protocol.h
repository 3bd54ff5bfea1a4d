/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* proxy_protocol.h: the head that a load balancer puts before a client's bytes, to tell whose they
 * are (HAProxy's "The PROXY protocol", versions 1 and 2). A codec.
 *
 *     1   PROXY TCP4 203.0.113.7 198.51.100.1 56324 443 CR LF       at most 107 bytes
 *
 *     2   0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A | 2, command | family, transport | length (2)
 *         source address, destination address, source port (2), destination port (2)
 *         { type, length (2), value } ...                           "length" bytes in all
 *
 * Strict: who sends it is a machine of ours, so that what is odd is an attack or a mistake in a
 * configuration.
 */

#ifndef VIREO_NET_PROXY_PROTOCOL_H
#define VIREO_NET_PROXY_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a head at most, here. Version 2 could announce 65 KB, for certificates that nobody
 * sends. */
#define VIREO__PROXY_MAX 4096

#define VIREO__PROXY_ADDRESS 46 /* of the longest IPv6 address with its NUL */

typedef struct vireo__proxy {
    /* The proxy speaks for itself, or does not know: the connection's own address holds. */
    bool own;
    bool secure;                        /* the client speaks TLS with the proxy */
    char address[VIREO__PROXY_ADDRESS]; /* the client's, as text; "": it came by a unix socket */
    uint16_t port;
} vireo__proxy;

/* vireo__proxy_read reads the head at the beginning of |bytes|.
 *
 * Returns its length, and |*out| is filled in; 0 when more bytes are needed; VIREO_EPROTO as soon
 * as the bytes can be the beginning of no valid head; VIREO_ETOOBIG beyond VIREO__PROXY_MAX. */
int vireo__proxy_read(const uint8_t *bytes, size_t n, vireo__proxy *out);

#endif
