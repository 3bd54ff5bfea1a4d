/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* extension.h: the header Sec-WebSocket-Extensions (RFC 6455 section 9.1) and what
 * permessage-deflate (RFC 7692 section 7.1) negotiates with it, both roles, no I/O.
 *
 *     client: permessage-deflate; client_max_window_bits=12, permessage-deflate
 *             '------------- first offer ---------------------'  '-- second --'
 *     server: permessage-deflate; server_no_context_takeover; client_max_window_bits=12
 */

#ifndef VIREO_WS_EXTENSION_H
#define VIREO_WS_EXTENSION_H

#include <stdbool.h>
#include <stdint.h>

#include <vireo/ws.h>

#include "base/buf.h"

#define VIREO__WS_BITS_MIN 8 /* section 7.1.2: log2 of the smallest and the largest window */
#define VIREO__WS_BITS_MAX 15

/* What was agreed, as seen from here: |out| is what we compress, |in| what the peer does. */
typedef struct vireo__ws_agreed {
    bool deflate;      /* false: nothing; all else is 0 then */
    bool out_takeover; /* a message may refer back to those before it */
    bool in_takeover;
    uint8_t out_bits; /* 8..15: the window must not be larger */
    uint8_t in_bits;
} vireo__ws_agreed;

/* vireo__ws_extension_accept is the server's part: takes the first of the client's offers that can
 * be had, and appends the value of the answer's header to |answer| (nothing if none can; a failed
 * append sticks there).
 *
 * "A server MUST decline an extension negotiation offer for this extension if [it] contains an
 * extension parameter not defined for use in an offer[,] with an invalid value[, or] multiple
 * extension parameters with the same name[, or if] the server doesn't support the offered
 * configuration." (section 7.1)
 *
 * header   of the request; NULL: absent
 * Returns 0; or VIREO_EINVAL when |header| is not in the form of RFC 6455 section 9.1: the
 * handshake has failed. */
int vireo__ws_extension_accept(const char *header, const vireo_ws_deflate *wanted,
                               vireo__ws_agreed *agreed, vireo__buf *answer);

/* vireo__ws_extension_offer appends the value of the client's header: one offer. Nothing when
 * |wanted| is not on. */
void vireo__ws_extension_offer(const vireo_ws_deflate *wanted, vireo__buf *offer);

/* vireo__ws_extension_confirm is the client's part: reads the server's answer to that offer.
 *
 * header   of the response; NULL: the server has declined
 * Returns 0; or VIREO_EPROTO and a static text in |*why|: the connection must be failed. */
int vireo__ws_extension_confirm(const char *header, const vireo_ws_deflate *wanted,
                                vireo__ws_agreed *agreed, const char **why);

#endif
