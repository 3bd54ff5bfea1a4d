/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* proxy.h: an application behind proxies: who the client is, and what it sees.
 *
 *     vireo_trust_proxy(app, .addresses = "loopback, uniquelocal");
 *
 * From then on vireo_address, vireo_protocol and vireo_host tell the client's, and with them all
 * that asks these: rate limits, access log, the handshake of Socket.IO.
 */

#ifndef VIREO_PROXY_H
#define VIREO_PROXY_H

#include <stdbool.h>
#include <stddef.h>

#include <vireo/app.h>
#include <vireo/http.h>
#include <vireo/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Options of vireo_trust_proxy. */
typedef struct vireo_proxy_options {
    size_t size;
    /* whom to believe: "loopback, 10.0.0.0/8, 2001:db8::1"; also "linklocal" and "uniquelocal" (the
     * private networks); a unix socket's peer counts as loopback */
    const char *addresses;
    unsigned hops;  /* or the nearest so many proxies, whatever their address */
    bool forwarded; /* they speak Forwarded (RFC 7239) and not X-Forwarded-For, -Proto and -Host */
} vireo_proxy_options;

/* vireo_trust_proxy has vireo_address, vireo_protocol and vireo_host believe what proxies say of
 * the client. The list of addresses is read from its end: as long as who speaks is trusted, so is
 * what it says of the one before it. Only name proxies that set these headers themselves: a client
 * can send them too. The headers of the other kind are never looked at.
 *
 * Returns 0; VIREO_EINVAL for an address or a network that is none, or more than 64; VIREO_ENOMEM.
 */
#define vireo_trust_proxy(app, ...)                                                                \
    vireo_app_trust_proxy(                                                                         \
        (app), &(const vireo_proxy_options){.size = sizeof(vireo_proxy_options), __VA_ARGS__})
VIREO_API int vireo_app_trust_proxy(vireo_app *app, const vireo_proxy_options *options);

#ifdef __cplusplus
}
#endif
#endif
