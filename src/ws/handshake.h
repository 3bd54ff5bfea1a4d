/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* handshake.h: the opening handshake of RFC 6455 section 4.2, the server's side, no I/O. */

#ifndef VIREO_WS_HANDSHAKE_H
#define VIREO_WS_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define VIREO__WS_ACCEPT_SIZE 29 /* bytes of Sec-WebSocket-Accept with its NUL */

/* vireo__ws_accept_key computes the answer to a Sec-WebSocket-Key, ended by a NUL. Returns 0,
 * VIREO_EINVAL when |key| is not the base64 of 16 bytes, or VIREO_ENOMEM. */
int vireo__ws_accept_key(const char *key, char out[VIREO__WS_ACCEPT_SIZE]);

/* What a request must carry; any may be NULL (absent). */
typedef struct vireo__ws_request {
    const char *method;
    int http_minor; /* of HTTP/1.x */
    const char *connection;
    const char *upgrade;
    const char *key;
    const char *version;
} vireo__ws_request;

/* vireo__ws_check returns 101 and the accept key when the request is a proper handshake, else the
 * HTTP status to refuse it with (400, 405, 426; 500 when memory runs out) and a text that says why
 * in |*why|. */
int vireo__ws_check(const vireo__ws_request *request, char accept[VIREO__WS_ACCEPT_SIZE],
                    const char **why);

/* vireo__ws_choose_protocol finds the first of the sub-protocols in |offered| (a request's
 * Sec-WebSocket-Protocol; NULL: none) that stands in |ours| (NULL: none), both lists with commas.
 *
 * chosen   borrowed from |offered|; empty if there is none
 * Returns 0; VIREO_EINVAL when |offered| is no list of tokens, names one twice, or more than
 * VIREO__WS_PROTOCOLS_MAX. */
int vireo__ws_choose_protocol(const char *offered, const char *ours, vireo__str *chosen);
#define VIREO__WS_PROTOCOLS_MAX 64 /* each is compared with each */

/* vireo__ws_origin_allowed: may a page of |origin| (the header; NULL: absent) connect?
 *
 * host      the request's Host; NULL: absent
 * allowed   origins with commas between; "self": |origin| names |host|; NULL: all */
bool vireo__ws_origin_allowed(const char *origin, const char *host, const char *allowed);

#endif
