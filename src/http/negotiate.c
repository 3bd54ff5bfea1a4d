/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include <vireo/negotiate.h>

#include <stdarg.h>
#include <stdio.h>

#include "http/accept.h"
#include "http/mime.h"
#include "http/request.h"

/* "json" becomes "application/json". |out| is written only where a type must be made shorter. */
static const char *full_type(const char *name, char out[80])
{
    char path[32];
    if (strchr(name, '/') != NULL)
        return name;
    snprintf(path, sizeof path, "x.%s", name);
    const char *type = vireo__mime_type(path);
    snprintf(out, 80, "%.*s", (int)strcspn(type, ";"), type);
    return out;
}

static const char *choose(const vireo_req *r, vireo__accept kind, const char *header, va_list args)
{
    enum { MAX_OFFERS = 32 };
    const char *offers[MAX_OFFERS], *full[MAX_OFFERS];
    char texts[MAX_OFFERS][80];
    size_t n = 0;
    for (; n < MAX_OFFERS && (offers[n] = va_arg(args, const char *)) != NULL; n++)
        full[n] = kind == VIREO__ACCEPT_TYPE ? full_type(offers[n], texts[n]) : offers[n];
    int best = vireo__accept_best(kind, vireo_header(r, header), full, n);
    return best >= 0 ? offers[best] : NULL;
}

const char *vireo_accepts(const vireo_req *r, ...)
{
    va_list args;
    va_start(args, r);
    const char *best = choose(r, VIREO__ACCEPT_TYPE, "accept", args);
    va_end(args);
    return best;
}

const char *vireo_accepts_encodings(const vireo_req *r, ...)
{
    va_list args;
    va_start(args, r);
    const char *best = choose(r, VIREO__ACCEPT_ENCODING, "accept-encoding", args);
    va_end(args);
    return best;
}

const char *vireo_accepts_languages(const vireo_req *r, ...)
{
    va_list args;
    va_start(args, r);
    const char *best = choose(r, VIREO__ACCEPT_LANGUAGE, "accept-language", args);
    va_end(args);
    return best;
}

const char *vireo_accepts_charsets(const vireo_req *r, ...)
{
    va_list args;
    va_start(args, r);
    const char *best = choose(r, VIREO__ACCEPT_CHARSET, "accept-charset", args);
    va_end(args);
    return best;
}

int vireo_vary(vireo_req *r, const char *name)
{
    vireo__str value;
    if (!vireo__http_token(name, strlen(name))) /* "*" is one */
        return VIREO_EINVAL;
    for (size_t from = 0; vireo__reply_header_next(&r->reply_headers, &from, "vary:", &value);)
        if (vireo__str_has_token(value, name) || vireo__str_has_token(value, "*"))
            return r->answered ? VIREO_EANSWERED : 0;
    return vireo_reply_header(r, "Vary", name);
}
