/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "ws/handshake.h"

#include <string.h>

#include <openssl/evp.h>
#include <vireo/error.h>

#include "base/base64.h"
#include "base/str.h"
#include "http/parse.h"

enum {
    KEY_TEXT = 24, /* characters of base64 of .. */
    KEY_BYTES = 16,
    SHA1_BYTES = 20
};

static bool key_valid(const char *key)
{
    uint8_t bytes[KEY_TEXT];
    return strlen(key) == KEY_TEXT && vireo__base64_decode(bytes, key, KEY_TEXT) == KEY_BYTES;
}

/* "The value of this header field is constructed by concatenating /key/ [..] with the string
 * "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", taking the SHA-1 hash of this concatenated value to
 * obtain a 20-byte value and base64-encoding [..] this 20-byte hash." (section 4.2.2) */
int vireo__ws_accept_key(const char *key, char out[VIREO__WS_ACCEPT_SIZE])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char text[KEY_TEXT + sizeof guid - 1];
    uint8_t hash[SHA1_BYTES];
    if (!key_valid(key))
        return VIREO_EINVAL;
    memcpy(text, key, KEY_TEXT);
    memcpy(text + KEY_TEXT, guid, sizeof guid - 1);
    if (EVP_Digest(text, sizeof text, hash, NULL, EVP_sha1(), NULL) != 1)
        return VIREO_ENOMEM;
    vireo__base64_encode(out, hash, sizeof hash);
    out[VIREO__WS_ACCEPT_SIZE - 1] = '\0';
    return 0;
}

static bool has_token(const char *list, const char *token)
{
    return list != NULL && vireo__str_has_token(vireo__str_of(list), token);
}

static int refuse(int status, const char *text, const char **why)
{
    *why = text;
    return status;
}

/* Section 4.2.1 lists what a client's handshake consists of; section 4.4 what happens to other
 * versions. */
int vireo__ws_check(const vireo__ws_request *request, char accept[VIREO__WS_ACCEPT_SIZE],
                    const char **why)
{
    /* "An HTTP/1.1 or higher GET request" */
    if (request->method == NULL || strcmp(request->method, "GET") != 0)
        return refuse(405, "a WebSocket handshake is a GET request", why);
    if (request->http_minor < 1)
        return refuse(400, "a WebSocket handshake needs HTTP/1.1", why);
    /* "An |Upgrade| header field containing the value "websocket", treated as an ASCII
     * case-insensitive value." */
    if (!has_token(request->upgrade, "websocket"))
        return refuse(400, "the Upgrade header does not name websocket", why);
    /* "A |Connection| header field that includes the token "Upgrade", treated as an ASCII
     * case-insensitive value." */
    if (!has_token(request->connection, "upgrade"))
        return refuse(400, "the Connection header does not name Upgrade", why);
    /* "If this version does not match a version understood by the server, the server MUST abort the
     * WebSocket handshake described in this section and instead send an appropriate HTTP error code
     * (such as 426 Upgrade Required) and a |Sec-WebSocket-Version| header field indicating the
     * version(s) the server is capable of understanding." (4.2.2) */
    if (request->version == NULL || strcmp(request->version, "13") != 0)
        return refuse(426, "the WebSocket version is not 13", why);
    /* "A |Sec-WebSocket-Key| header field with a base64-encoded [..] value that, when decoded, is
     * 16 bytes in length." */
    int error = request->key == NULL ? VIREO_EINVAL : vireo__ws_accept_key(request->key, accept);
    if (error == VIREO_EINVAL)
        return refuse(400, "the Sec-WebSocket-Key is missing or malformed", why);
    if (error < 0)
        return refuse(500, "the answer could not be computed", why);
    *why = "";
    return 101;
}

/* --- sub-protocols ---------------------------------------------------------------------------- */

/* Cuts the next element, without blanks around it, from the front of |*list|. */
static bool next_element(const char **list, vireo__str *element)
{
    const char *at = *list;
    if (at == NULL)
        return false;
    size_t len = strcspn(at, ",");
    *list = at[len] == ',' ? at + len + 1 : NULL;
    while (len > 0 && (*at == ' ' || *at == '\t')) {
        at++;
        len--;
    }
    while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
        len--;
    *element = (vireo__str){at, len};
    return true;
}

static bool same(vireo__str a, vireo__str b)
{
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

static bool list_has(const char *list, vireo__str wanted)
{
    for (vireo__str element; next_element(&list, &element);)
        if (same(element, wanted))
            return true;
    return false;
}

/* "The elements that comprise this value MUST be non-empty strings with characters in the range
 * U+0021 to U+007E not including separator characters [..] and MUST all be unique strings."
 * (section 4.1) "[A] value [..] of the subprotocol names [..] ordered by preference" */
int vireo__ws_choose_protocol(const char *offered, const char *ours, vireo__str *chosen)
{
    vireo__str seen[VIREO__WS_PROTOCOLS_MAX];
    size_t count = 0;
    *chosen = (vireo__str){"", 0};
    for (vireo__str element; next_element(&offered, &element);) {
        if (!vireo__http_token(element.at, element.len) || count == VIREO__WS_PROTOCOLS_MAX)
            return VIREO_EINVAL;
        for (size_t i = 0; i < count; i++)
            if (same(seen[i], element))
                return VIREO_EINVAL;
        seen[count++] = element;
        if (chosen->len == 0 && list_has(ours, element))
            *chosen = element;
    }
    return 0;
}

/* --- origins ---------------------------------------------------------------------------------- */

/* "https://example.com:8000" names "example.com:8000". */
static bool names_host(const char *origin, const char *host)
{
    const char *authority = strstr(origin, "://");
    return authority != NULL && host != NULL &&
           vireo__str_equal_nocase(vireo__str_of(authority + 3), host);
}

/* "If the origin indicated is unacceptable to the server, then it SHOULD respond to the WebSocket
 * handshake with a reply containing HTTP 403 Forbidden status code." (section 10.2) */
bool vireo__ws_origin_allowed(const char *origin, const char *host, const char *allowed)
{
    if (origin == NULL || allowed == NULL)
        return true;
    for (vireo__str element; next_element(&allowed, &element);)
        if (vireo__str_equal_nocase(element, origin) ||
            (vireo__str_equal(element, "self") && names_host(origin, host)))
            return true;
    return false;
}
