/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* cors.c: which other origins' pages may read replies (vireo/middleware.h); the headers are those
 * of npm's cors, in its order. */

#include <stdio.h>
#include <stdlib.h>

#include <vireo/middleware.h>
#include <vireo/negotiate.h>

#include "http/request.h"

static bool in_wildcard(char c)
{
    char lower = vireo__ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static bool origin_fits(const char *pattern, const char *origin)
{
    const char *star = strchr(pattern, '*');
    if (star == NULL)
        return strcmp(pattern, origin) == 0;
    size_t before = (size_t)(star - pattern), behind = strlen(star + 1), n = strlen(origin);
    if (n <= before + behind || strncmp(pattern, origin, before) != 0 ||
        strcmp(origin + n - behind, star + 1) != 0)
        return false;
    for (size_t i = before; i < n - behind; i++)
        if (!in_wildcard(origin[i]))
            return false;
    return true;
}

static bool allowed(const vireo_cors_options *o, const vireo_req *r, const char *origin)
{
    if (o->allow != NULL)
        return o->allow(r, origin);
    for (const char *const *at = o->origins; *at != NULL; at++)
        if (origin_fits(*at, origin))
            return true;
    return false;
}

static bool any_origin(const vireo_cors_options *o)
{
    return o->allow == NULL && o->origins == NULL;
}

static void add(vireo_req *r, const char *name, const char *value)
{
    if (value != NULL && *value != '\0')
        vireo_reply_header(r, name, value);
}

static void add_origin(vireo_req *r, const vireo_cors_options *o)
{
    const char *origin = vireo_header(r, "origin");
    if (any_origin(o)) {
        add(r, "Access-Control-Allow-Origin", "*");
        return;
    }
    if (origin != NULL && allowed(o, r, origin))
        add(r, "Access-Control-Allow-Origin", origin);
    vireo_vary(r, "Origin");
}

static void add_preflight(vireo_req *r, const vireo_cors_options *o)
{
    char age[16];
    add(r, "Access-Control-Allow-Methods", o->methods);
    if (o->allowed_headers == NULL)
        vireo_vary(r, "Access-Control-Request-Headers");
    add(r, "Access-Control-Allow-Headers",
        o->allowed_headers != NULL ? o->allowed_headers
                                   : vireo_header(r, "access-control-request-headers"));
    snprintf(age, sizeof age, "%u", o->max_age_s);
    add(r, "Access-Control-Max-Age", o->max_age_s > 0 ? age : NULL);
}

static int cors(vireo_req *r)
{
    const vireo_cors_options *o = vireo_req_user(r);
    bool preflight = r->parse.llhttp.method == HTTP_OPTIONS;
    add_origin(r, o);
    add(r, "Access-Control-Allow-Credentials", o->credentials ? "true" : NULL);
    if (preflight)
        add_preflight(r, o);
    add(r, "Access-Control-Expose-Headers", o->exposed_headers);
    if (r->reply_headers.error != 0)
        return VIREO_ENOMEM;
    return preflight && !o->pass_preflight ? vireo_reply(r, 204, NULL, NULL, 0) : vireo_pass(r);
}

static bool clean(const char *text)
{
    return text == NULL || vireo__header_value_valid(text);
}

int vireo_cors_use(vireo_app *app, const char *prefix, const vireo_cors_options *options)
{
    vireo_cors_options *o = calloc(1, sizeof *o);
    if (o == NULL)
        return VIREO_ENOMEM;
    memcpy(o, options, options->size < sizeof *o ? options->size : sizeof *o);
    if (o->methods == NULL)
        o->methods = "GET,HEAD,PUT,PATCH,POST,DELETE";
    if ((o->credentials && any_origin(o)) || !clean(o->methods) || !clean(o->allowed_headers) ||
        !clean(o->exposed_headers)) {
        free(o);
        return VIREO_EINVAL;
    }
    return vireo__app_use(app, prefix, cors, o, free);
}
