/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "cli/advice.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <vireo/error.h>

/* --- a connection ----------------------------------------------------------------------------- */

/* What OpenSSL says of a certificate, by a word of it. */
static const char *about_tls(const char *text)
{
    static const struct {
        const char *word, *advice;
    } known[] = {
        {"mismatch", "; it is made out to another name: use that one in the URL"},
        {"expired", "; the server needs a new one, or this machine's clock is wrong"},
        {"not yet valid", "; is this machine's clock right?"},
        {"wrong version", "; this port speaks no TLS: http: or ws: instead of https: or wss:"},
        {"self-signed", "; --cacert FILE with this certificate trusts it, --insecure takes any"},
        {"issuer",
         "; --cacert FILE names who has signed it, unless the server leaves out a part of "
         "its chain"},
        {"alert", "; does the server want a certificate of ours? --cert and --key"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strstr(text, known[i].word) != NULL)
            return known[i].advice;
    return "; --cacert FILE names who has signed it, --insecure takes any certificate";
}

static const char *about_proxy(int code, const char *text)
{
    if (code == -ECONNREFUSED && strncmp(text, "cannot connect to the proxy", 27) == 0)
        return "; is the proxy running, and is this its port?";
    if (strstr(text, "SOCKS5") != NULL)
        return "; is it another kind of proxy? --proxy http://.. or socks5://..";
    if (strstr(text, " 407 ") != NULL)
        return "";
    return "; can the proxy reach this server, and may it?";
}

static const char *about_status(unsigned status, bool raw)
{
    switch (status) {
    case 400:
        return raw ? "; is this URL that of a WebSocket? (Of Socket.IO: http: instead of ws:)"
                   : "; is it Socket.IO 3 or newer? vireo doctor looks closer";
    case 401:
    case 403:
        return "; it wants to know who asks: --header 'Authorization: ..', or 'Cookie: ..'";
    case 404:
        return raw ? "; is there a WebSocket at this path? (Of Socket.IO: http: instead of ws:)"
                   : "; is Socket.IO there, and at this --path?";
    case 426:
        return raw ? "; does a proxy in front pass upgrades on?"
                   : "; that is a raw WebSocket: its URL begins with ws:";
    case 429:
        return "; it was asked too often: wait a little";
    default:
        break;
    }
    if (status >= 500)
        return "; look at the log of the server, or of the proxy in front of it";
    if (raw)
        return "; what is there is no WebSocket: is the path right?";
    return "; vireo doctor looks closer";
}

static const char *about_error(int code, const char *text, bool raw)
{
    switch (code) {
    case -ECONNREFUSED:
        return "; is the server running, and is this its port?";
    case -ENOENT:
        return "; is the server running, and is this its socket?";
    case -ENETUNREACH:
    case -EHOSTUNREACH:
        return "; is this machine connected, and is the address right?";
    case VIREO_ENOTFOUND:
        return "; is the name spelled right?";
    case VIREO_ETLS:
        return about_tls(text);
    case VIREO_ETIMEDOUT:
    case -ETIMEDOUT:
        return "; is there a firewall between? --connect-timeout gives it more time";
    case VIREO_ECLOSED:
    case -ECONNRESET:
        return raw ? "; does the port speak TLS (wss:), and is there a WebSocket at this path?"
                   : "; does the port speak TLS (https:), or no HTTP at all?";
    case VIREO_EPROTO:
        return raw || strstr(text, "HTTP") != NULL
                   ? "; does something else listen on this port?"
                   : "; that is no Socket.IO 3 or 4: vireo doctor looks closer";
    default:
        return raw ? "" : "; vireo doctor looks closer";
    }
}

const char *cli_advice_connect(int code, unsigned status, const char *text, bool raw)
{
    sscanf(text, "the server answered %u", &status); /* a raw WebSocket's */
    if (status != 0)
        return about_status(status, raw);
    if (strstr(text, "proxy") != NULL)
        return about_proxy(code, text);
    return about_error(code, text, raw);
}

const char *cli_advice_refused(const char *text)
{
    return strcmp(text, "Invalid namespace") == 0
               ? "; it has no such namespace, which is the URL's path"
               : "; what does it want? --auth JSON, or --header 'Cookie: ..'";
}

/* --- its end ---------------------------------------------------------------------------------- */

const char *cli_advice_lost(const char *reason)
{
    static const struct {
        const char *reason, *advice;
    } known[] = {
        {"io server disconnect", "; the server has closed it: its log may say why"},
        {"transport close", "; the server ended, or something between cut it"},
        {"transport error", "; the server ended, or something between cut it"},
        {"ping timeout", "; the server, or what is between, went silent"},
        {"parse error", "; it speaks otherwise: does it want --msgpack?"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(reason, known[i].reason) == 0)
            return known[i].advice;
    return "";
}

/* RFC 6455 section 7.4.1, and the registry of IANA. */
const char *cli_advice_code(unsigned code)
{
    static const char *const meanings[] = {
        ", all is done",
        ", the server is going away",
        ", somebody broke the protocol",
        ", such messages are not taken",
        "",
        ", no code was given",
        ", cut off without a goodbye",
        ", a message was not UTF-8",
        ", forbidden",
        ", too large a message",
        ", an extension is missing",
        ", the server has failed",
        ", the server restarts",
        ", try again later",
        ", bad gateway",
    };
    return code >= 1000 && code <= 1014 ? meanings[code - 1000] : "";
}

/* --- messages, files -------------------------------------------------------------------------- */

const char *cli_advice_send(int code)
{
    switch (code) {
    case VIREO_ERESERVED:
        return "; connect, disconnect and their like are Socket.IO's own: take another name";
    case VIREO_ETOOBIG:
        return "; cut it into several";
    case VIREO_EFULL:
        return "; the server does not read as fast as it is sent";
    case VIREO_ECLOSED:
        return "; /reconnect connects again";
    default:
        return "";
    }
}

const char *cli_advice_file(int error)
{
    switch (error) {
    case ENOENT:
        return "; is the name right?";
    case EACCES:
    case EPERM:
        return "; whose is it?";
    case EISDIR:
        return "; name a file in it";
    case ENOSPC:
        return "; make room, or name another disk";
    default:
        return "";
    }
}
