/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* offer.h: the opening handshake of RFC 6455 section 4.1, the client's side, no I/O. */

#ifndef VIREO_WS_OFFER_H
#define VIREO_WS_OFFER_H

#include "ws/extension.h"
#include "ws/handshake.h"

#define VIREO__WS_KEY_SIZE 25 /* bytes of Sec-WebSocket-Key with its NUL */

/* vireo__ws_key_new makes a Sec-WebSocket-Key. */
void vireo__ws_key_new(char out[VIREO__WS_KEY_SIZE]);

/* What a server has answered; any header may be NULL (absent). */
typedef struct vireo__ws_answer {
    int status;
    const char *connection;
    const char *upgrade;
    const char *accept;
    const char *protocol;
    const char *extensions;
    bool repeated; /* one of the last three stands there more than once */
} vireo__ws_answer;

/* What we had asked for. */
typedef struct vireo__ws_offer {
    const char *key;
    const char *protocols; /* NULL: none */
    const vireo_ws_deflate *deflate;
} vireo__ws_offer;

/* vireo__ws_check_answer tells whether the server has accepted, and what was agreed on.
 *
 * agreed   on compression
 * why      static, what is wrong with the answer
 * Returns 0; VIREO_EREFUSED for a status other than 101; VIREO_EPROTO when the server broke the
 * protocol or chose what was not offered; VIREO_ENOMEM. The sub-protocol is answer->protocol. */
int vireo__ws_check_answer(const vireo__ws_answer *answer, const vireo__ws_offer *offer,
                           vireo__ws_agreed *agreed, const char **why);

#endif
