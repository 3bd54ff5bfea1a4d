/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* forwarded.h: what proxies say about a client (X-Forwarded-*, and Forwarded of RFC 7239), and whom
 * to believe. A codec.
 *
 *     X-Forwarded-For: 203.0.113.7, 198.51.100.4, 10.0.0.2      from the peer 10.0.0.1
 *                      whatever the  the client    <- trusted <- trusted
 *                      client says   |
 *
 * Each hop appends the address it was called from, so that the list is read from its end: as long
 * as who speaks is trusted, what it says of the one before it holds. The first one that is not
 * trusted is the client.
 */

#ifndef VIREO_HTTP_FORWARDED_H
#define VIREO_HTTP_FORWARDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* An IP address; one of IPv4 stands as ::ffff:a.b.c.d, so that both forms of it are the same. */
typedef struct vireo__ip {
    uint8_t bytes[16];
} vireo__ip;

/* vireo__ip_read reads an address of either kind: bare, with brackets, with a port behind it (which
 * is skipped). Names are none. */
bool vireo__ip_read(vireo__str text, vireo__ip *out);

#define VIREO__IP_TEXT 46 /* bytes of the longest address with its NUL */

/* vireo__ip_write writes the usual text. */
void vireo__ip_write(const vireo__ip *ip, char out[VIREO__IP_TEXT]);

typedef struct vireo__network {
    vireo__ip ip;
    unsigned bits; /* 0..128 */
} vireo__network;

#define VIREO__MAX_NETWORKS 64

/* Whom to believe. */
typedef struct vireo__trust {
    unsigned hops; /* the nearest so many, whoever they are */
    size_t count;
    vireo__network networks[VIREO__MAX_NETWORKS];
} vireo__trust;

/* vireo__trust_read reads a list such as "loopback, 10.0.0.0/8, 2001:db8::1": addresses, networks,
 * and the names loopback, linklocal and uniquelocal. Returns 0 or VIREO_EINVAL. */
int vireo__trust_read(vireo__trust *trust, const char *list);

/* Headers of a request; NULL for those it does not have. */
typedef struct vireo__forwarding {
    const char *forwarded; /* not NULL: this one alone is looked at */
    const char *x_for;
    const char *x_proto;
    const char *x_host;
} vireo__forwarding;

/* What is to be believed; empty texts where nothing is said. Views into the headers. */
typedef struct vireo__client {
    bool has_ip; /* false: the peer itself is the client */
    vireo__ip ip;
    vireo__str protocol; /* "http" or "https", in any case */
    vireo__str host;     /* with its port, if it has one */
} vireo__client;

/* Of longer lists the last so many hops are looked at. */
#define VIREO__MAX_HOPS 32

/* vireo__forwarded_find finds the client behind |peer| (NULL for a unix socket, which is trusted if
 * |hops| says so or loopback is). */
void vireo__forwarded_find(const vireo__trust *trust, const vireo__ip *peer,
                           const vireo__forwarding *headers, vireo__client *out);

#endif
