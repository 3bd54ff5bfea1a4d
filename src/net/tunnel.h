/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* tunnel.h: what is said to a proxy until it passes bytes on to the destination, no I/O: HTTP
 * CONNECT (RFC 9110 section 9.3.6) with Basic authorization (RFC 7617), and SOCKS5 (RFC 1928) with
 * user and password (RFC 1929). Names are resolved by the proxy.
 *
 *     CONNECT:  CONNECT example.org:443 HTTP/1.1 ..   ->
 *                                                     <-  HTTP/1.1 200 ..
 *     SOCKS5:   05 methods                            ->
 *                                                     <-  05 method
 *              [01 user password                      ->
 *                                                     <-  01 00]
 *               05 01 00 name port                    ->
 *                                                     <-  05 00 00 address port
 */

#ifndef VIREO_NET_TUNNEL_H
#define VIREO_NET_TUNNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* A proxy, as its URL tells: http://[user:password@]host[:port] (port 80) or socks5://.. (port
 * 1080; socks5h:// is the same). */
typedef struct vireo__proxy {
    enum { VIREO__PROXY_HTTP, VIREO__PROXY_SOCKS5 } kind;
    char *host;
    char *user;     /* decoded; NULL: none */
    char *password; /* decoded; NULL: none */
    uint16_t port;
} vireo__proxy;

/* vireo__proxy_new returns new: the proxy of |url|; NULL and why (static) it is none, or memory ran
 * out. */
vireo__proxy *vireo__proxy_new(const char *url, const char **why);
void vireo__proxy_free(vireo__proxy *proxy); /* NULL is allowed */

#define VIREO__TUNNEL_MAX_HEAD 16384 /* bytes of the answers to one CONNECT */

typedef struct vireo__tunnel {
    const vireo__proxy *proxy; /* borrowed, as |host| */
    const char *host;
    uint16_t port;
    uint8_t state;
    vireo__buf in;  /* what has arrived of an answer */
    char text[160]; /* why it failed; what a proxy said in it is printable ASCII */
} vireo__tunnel;

/* vireo__tunnel_init begins; |out| gets what to write first. Returns 0, VIREO_ENOMEM, or
 * VIREO_EINVAL for a host of more than 255 characters. */
int vireo__tunnel_init(vireo__tunnel *t, const vireo__proxy *proxy, const char *host, uint16_t port,
                       vireo__buf *out);
void vireo__tunnel_deinit(vireo__tunnel *t);

/* vireo__tunnel_feed takes bytes of the proxy.
 *
 * taken   how many; what is behind them comes from the destination
 * out     gets what to write now
 * Returns 1 when the tunnel stands, 0 when more must come, or a negative number: VIREO_EREFUSED
 * (the proxy said no), VIREO_EPROTO, VIREO_ETOOBIG, VIREO_ENOMEM; t->text tells more. */
int vireo__tunnel_feed(vireo__tunnel *t, const uint8_t *bytes, size_t n, size_t *taken,
                       vireo__buf *out);

#endif
