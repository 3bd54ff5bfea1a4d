/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* uri.h: where to connect: absolute URLs and their parts (RFC 3986), and the resolution of a
 * relative reference such as a Location header may carry.
 *
 *     wss://user:password@[::1]:8443/chat/room?x=1#part
 *     ^scheme ^user ^password ^host ^port ^target  ^fragment
 */

#ifndef VIREO_BASE_URI_H
#define VIREO_BASE_URI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define VIREO__MAX_URL 8192 /* bytes; no server takes more */
/* characters of a name: RFC 1035 section 2.3.4, less the root's dot */
#define VIREO__MAX_HOST 253

/* Views into the text that was parsed; what is missing is empty. */
typedef struct vireo__uri {
    vireo__str scheme;
    vireo__str user; /* still encoded, as the password; at == NULL: none was given */
    vireo__str password;
    vireo__str host;   /* without the brackets of an IPv6 address; not empty */
    vireo__str target; /* path and query; may be empty, does not begin with a slash then */
    vireo__str fragment;
    uint16_t port; /* 0: none was given */
    bool ipv6;     /* the host stood in brackets */
} vireo__uri;

/* vireo__uri_parse reads "scheme://authority[path][?query][#fragment]", and nothing else.
 *
 * why   static, what is wrong with it; may be NULL
 * Returns 0 or VIREO_EINVAL. Only printable ASCII is taken, so that no part of a URL can break out
 * of the line of a request in which it will stand. */
int vireo__uri_parse(vireo__uri *out, const char *text, const char **why);

/* vireo__uri_resolve writes |reference| (absolute or relative: RFC 3986 section 5.2) as seen from
 * |base| to |out|, which is empty, as a text ended by a NUL. Returns 0, VIREO_EINVAL or
 * VIREO_ENOMEM. */
int vireo__uri_resolve(vireo__buf *out, const vireo__uri *base, const char *reference);

/* vireo__uri_secure tells whether its scheme asks for TLS: https or wss. */
bool vireo__uri_secure(const vireo__uri *uri);

/* vireo__uri_append_authority writes host and port as a Host header carries them: brackets around
 * an IPv6 address; no port if it is 0. */
void vireo__uri_append_authority(vireo__buf *out, vireo__str host, bool ipv6, uint16_t port);

/* vireo__uri_decode returns new: |part| with its %XX decoded, ended by a NUL. NULL when memory runs
 * out or the encoding is malformed; a decoded NUL is malformed. */
char *vireo__uri_decode(vireo__str part);

#endif
