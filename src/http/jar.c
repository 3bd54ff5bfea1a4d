/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* jar.c: the cookies of a request and its reply (vireo/cookie.h). */

#include <stdarg.h>
#include <stdlib.h>

#include "base/url.h"
#include "http/cookies.h"
#include "http/request.h"

enum { MAX_SECRETS = 16 };

/* --- reading ---------------------------------------------------------------------------------- */

static const char *decoded(vireo_req *r, vireo__str value)
{
    char *out = vireo__arena_take(&r->arena, value.len + 1, 1);
    if (out == NULL)
        return NULL;
    ptrdiff_t n = vireo__url_decode(out, value.at, value.len, false);
    if (n < 0 || memchr(out, 0, (size_t)n) != NULL) {
        memcpy(out, value.at, value.len);
        n = (ptrdiff_t)value.len;
    }
    out[n] = '\0';
    return out;
}

/* Each Cookie header by itself: joined by commas, as other headers are, they could be misread. */
const char *vireo_cookie(vireo_req *r, const char *wanted)
{
    size_t size;
    const char *at = vireo__req_headers(r, &size), *end = at + size;
    while (at < end) {
        const char *header = at + strlen(at) + 1;
        vireo__str rest = vireo__str_of(header), name, value;
        bool is_cookie = strcmp(at, "cookie") == 0;
        while (is_cookie && vireo__cookie_next(&rest, &name, &value))
            if (vireo__str_equal(name, wanted))
                return decoded(r, value);
        at = header + strlen(header) + 1;
    }
    return NULL;
}

const char *vireo_signed_cookie(vireo_req *r, const char *name)
{
    const vireo_app *app = r->app;
    const char *text = vireo_cookie(r, name);
    vireo__str value;
    if (text == NULL || app->secrets == NULL ||
        !vireo__unsign(vireo__str_of(text), (const char *const *)app->secrets, &value))
        return NULL;
    ((char *)(uintptr_t)value.at)[value.len] = '\0'; /* where the signature stood, in the arena */
    return value.at;
}

/* --- writing ---------------------------------------------------------------------------------- */

static int set(vireo_req *r, const char *name, vireo__str value, const vireo_cookie_options *o)
{
    vireo__buf *b = &r->reply_headers;
    size_t before = b->len;
    vireo__buf_append_str(b, "Set-Cookie: ");
    int error = vireo__cookie_write(b, name, value, o);
    if (error == 0)
        error = vireo__buf_append_str(b, "\r\n");
    if (error < 0) {
        b->len = before;
        b->error = 0;
    }
    return error;
}

static int set_signed(vireo_req *r, const char *name, const char *value,
                      const vireo_cookie_options *o)
{
    const vireo_app *app = r->app;
    vireo__buf text;
    if (app->secrets == NULL)
        return VIREO_EINVAL;
    vireo__buf_init(&text, VIREO__BUF_UNLIMITED);
    int error = vireo__sign(&text, vireo__str_of(value), app->secrets[0]);
    if (error == 0)
        error = set(r, name, (vireo__str){(const char *)text.data, text.len}, o);
    vireo__buf_deinit(&text);
    return error;
}

int vireo_cookie_set(vireo_req *r, const char *name, const char *value,
                     const vireo_cookie_options *options)
{
    vireo_cookie_options o = {0};
    memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    if (r->answered)
        return VIREO_EANSWERED;
    return o.sign ? set_signed(r, name, value, &o) : set(r, name, vireo__str_of(value), &o);
}

int vireo_cookie_clear(vireo_req *r, const char *name, const vireo_cookie_options *options)
{
    vireo_cookie_options o = {.size = sizeof o};
    memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    o.size = sizeof o;
    o.max_age_s = -1;
    o.sign = false;
    return vireo_cookie_set(r, name, "", &o);
}

/* --- secrets ---------------------------------------------------------------------------------- */

void vireo__secrets_free(char **secrets)
{
    for (char **at = secrets; at != NULL && *at != NULL; at++)
        free(*at);
    free(secrets);
}

int vireo_secrets_list(vireo_app *app, const char *const *secrets)
{
    size_t n = 0;
    while (secrets[n] != NULL && secrets[n][0] != '\0')
        n++;
    if (n == 0 || n > MAX_SECRETS || secrets[n] != NULL)
        return VIREO_EINVAL;
    char **copy = calloc(n + 1, sizeof *copy);
    for (size_t i = 0; copy != NULL && i < n; i++) {
        copy[i] = strdup(secrets[i]);
        if (copy[i] != NULL)
            continue;
        vireo__secrets_free(copy);
        copy = NULL;
    }
    if (copy == NULL)
        return VIREO_ENOMEM;
    vireo__secrets_free(app->secrets);
    app->secrets = copy;
    return 0;
}

int vireo_secrets(vireo_app *app, ...)
{
    const char *list[MAX_SECRETS + 2];
    size_t n = 0;
    va_list args;
    va_start(args, app);
    for (; n <= MAX_SECRETS && (list[n] = va_arg(args, const char *)) != NULL; n++)
        ;
    va_end(args);
    list[n] = NULL;
    return n > MAX_SECRETS ? VIREO_EINVAL : vireo_secrets_list(app, list);
}
