/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "ws/offer.h"

#include <string.h>

#include <vireo/error.h>

#include "base/base64.h"
#include "base/random.h"
#include "base/str.h"

enum { KEY_BYTES = 16, SWITCHING_PROTOCOLS = 101 };

/* "The value of this header field MUST be a nonce consisting of a randomly selected 16-byte value
 * that has been base64-encoded. The nonce MUST be selected randomly for each connection." */
void vireo__ws_key_new(char out[VIREO__WS_KEY_SIZE])
{
    uint8_t bytes[KEY_BYTES];
    vireo__random(bytes, sizeof bytes);
    vireo__base64_encode(out, bytes, sizeof bytes);
    out[VIREO__WS_KEY_SIZE - 1] = '\0';
}

/* --- the answer ------------------------------------------------------------------------------- */

static bool has_token(const char *list, const char *token)
{
    return list != NULL && vireo__str_has_token(vireo__str_of(list), token);
}

static int fail(const char *text, const char **why)
{
    *why = text;
    return VIREO_EPROTO;
}

static int check_accept(const vireo__ws_answer *answer, const char *key, const char **why)
{
    char expected[VIREO__WS_ACCEPT_SIZE];
    int error = vireo__ws_accept_key(key, expected);
    if (error < 0) {
        *why = vireo_strerror(error);
        return error;
    }
    /* "If the response lacks a |Sec-WebSocket-Accept| header field or [it] contains a value other
     * than the base64-encoded SHA-1 of [the key], the client MUST _Fail the WebSocket
     * Connection_." */
    if (answer->accept == NULL || strcmp(answer->accept, expected) != 0)
        return fail("its Sec-WebSocket-Accept does not belong to our key", why);
    return 0;
}

/* "If the response includes a |Sec-WebSocket-Protocol| header field and this header field indicates
 * the use of a subprotocol that was not present in the client's handshake [..], the client MUST
 * _Fail the WebSocket Connection_." That it must choose one if some were offered is the rule of
 * browsers. */
static int check_protocol(const char *header, const char *offered, const char **why)
{
    vireo__str chosen;
    if (header == NULL)
        return offered == NULL ? 0 : fail("it chose none of our sub-protocols", why);
    if (vireo__ws_choose_protocol(header, offered, &chosen) < 0 || chosen.len == 0 ||
        chosen.len != strlen(header))
        return fail("it chose a sub-protocol that was not offered", why);
    return 0;
}

int vireo__ws_check_answer(const vireo__ws_answer *answer, const vireo__ws_offer *offer,
                           vireo__ws_agreed *agreed, const char **why)
{
    *agreed = (vireo__ws_agreed){0};
    *why = "";
    if (answer->status != SWITCHING_PROTOCOLS)
        return VIREO_EREFUSED;
    if (!has_token(answer->upgrade, "websocket"))
        return fail("its Upgrade header does not name websocket", why);
    if (!has_token(answer->connection, "upgrade"))
        return fail("its Connection header does not name Upgrade", why);
    if (answer->repeated)
        return fail("it has a header of the handshake twice", why);
    int error = check_accept(answer, offer->key, why);
    if (error == 0)
        error = check_protocol(answer->protocol, offer->protocols, why);
    if (error < 0)
        return error;
    /* "If the response includes a |Sec-WebSocket-Extensions| header field and this header field
     * indicates the use of an extension that was not present in the client's handshake [..], the
     * client MUST _Fail the WebSocket Connection_." */
    if (!offer->deflate->on)
        return answer->extensions == NULL ? 0 : fail("it chose an extension not offered", why);
    error = vireo__ws_extension_confirm(answer->extensions, offer->deflate, agreed, why);
    if (error < 0)
        *agreed = (vireo__ws_agreed){0};
    return error;
}
