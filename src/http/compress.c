/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* compress.c: replies of handlers, compressed for clients that can read it. A whole reply is
 * compressed at once; one in pieces at the end of each turn as far as it has come, so that nothing
 * that was written is held back. */

#include <stdlib.h>

#include <vireo/error.h>

#include <vireo/negotiate.h>

#include "http/accept.h"
#include "http/coding.h"
#include "http/request.h"

struct vireo__compression {
    vireo_compress_options options;
    vireo__buf coded; /* the reply under construction */
};

/* --- whether ---------------------------------------------------------------------------------- */

/* What is worth it: text, in its many disguises. An event stream is not: it lives long, and each
 * compressor holds 256 KiB. */
static bool worth_it(vireo__str type)
{
    static const char *const types[] = {
        "application/json",          "application/javascript", "application/xml",
        "application/wasm",          "application/rtf",        "application/x-ndjson",
        "application/manifest+json", "image/svg+xml",          "image/bmp"};
    static const char *const ends[] = {"+json", "+xml"};
    vireo__str name;
    if (!vireo__str_next_item(&type, ';', &name))
        return false;
    if (vireo__str_equal_nocase(name, "text/event-stream"))
        return false;
    if (name.len > 5 && vireo__str_equal_nocase((vireo__str){name.at, 5}, "text/"))
        return true;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (vireo__str_equal_nocase(name, types[i]))
            return true;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t n = strlen(ends[i]);
        if (name.len > n &&
            vireo__str_equal_nocase((vireo__str){name.at + name.len - n, n}, ends[i]))
            return true;
    }
    return false;
}

static bool has(const vireo_req *r, const char *name, vireo__str *value)
{
    size_t from = 0;
    return vireo__reply_header_next(&r->reply_headers, &from, name, value);
}

bool vireo__compress_may(const vireo_req *r, const char *type, uint64_t len)
{
    const vireo__compression *c = r->app->compression;
    return c != NULL && type != NULL && len >= c->options.threshold &&
           len <= c->options.max_bytes && worth_it(vireo__str_of(type));
}

/* RFC 9110 section 7.7, and what is coded already or is a part of something. */
static bool may_change(const vireo_req *r, int status)
{
    vireo__str value;
    if (r->mount != NULL || status == 204 || status == 206 || status == 304 ||
        has(r, "content-encoding:", &value) || has(r, "content-range:", &value))
        return false;
    return !has(r, "cache-control:", &value) || !vireo__str_has_token(value, "no-transform");
}

static vireo__coding choose(const vireo_req *r)
{
    static const char *const offers[] = {"br", "gzip", "deflate", "identity"};
    static const vireo__coding codings[] = {VIREO__CODING_BROTLI, VIREO__CODING_GZIP,
                                            VIREO__CODING_DEFLATE, VIREO__CODING_NONE};
    int skip = vireo__encodes(VIREO__CODING_BROTLI) ? 0 : 1;
    int best = vireo__accept_best(VIREO__ACCEPT_ENCODING, vireo_header(r, "accept-encoding"),
                                  offers + skip, 4 - (size_t)skip);
    return best >= 0 ? codings[best + skip] : VIREO__CODING_NONE;
}

/* An entity tag names exact bytes unless it is weak: RFC 9110 section 8.8.1. */
static int weaken_etag(vireo_req *r)
{
    vireo__buf *b = &r->reply_headers;
    vireo__str value;
    if (!has(r, "etag:", &value))
        return 0;
    value = vireo__str_trim(value);
    if (value.len == 0 || value.at[0] != '"')
        return 0;
    size_t at = (size_t)(value.at - (const char *)b->data);
    if (vireo__buf_reserve(b, 2) == NULL)
        return VIREO_ENOMEM;
    memmove(b->data + at + 2, b->data + at, b->len - at);
    memcpy(b->data + at, "W/", 2);
    b->len += 2;
    return 0;
}

/* Decides, and tells caches that it depends on the client. */
static vireo__coding coding_for(vireo_req *r, int status, const char *type)
{
    vireo__str value = type != NULL ? vireo__str_of(type) : (vireo__str){NULL, 0};
    if (r->app->compression == NULL || (type == NULL && !has(r, "content-type:", &value)) ||
        !worth_it(value) || !may_change(r, status) || vireo_vary(r, "Accept-Encoding") < 0)
        return VIREO__CODING_NONE;
    return vireo__req_is_head(r) ? VIREO__CODING_NONE : choose(r);
}

static int tell(vireo_req *r, vireo__coding coding)
{
    int error = weaken_etag(r);
    return error < 0 ? error
                     : vireo__reply_header_append(&r->reply_headers, "Content-Encoding",
                                                  vireo__coding_name(coding));
}

/* --- a whole reply ---------------------------------------------------------------------------- */

bool vireo__compress_whole(vireo_req *r, int status, const char *type, const void **body,
                           size_t *len)
{
    vireo__compression *c = r->app->compression;
    if (c == NULL || *len < c->options.threshold || *len > c->options.max_bytes)
        return false;
    vireo__coding coding = coding_for(r, status, type);
    if (coding == VIREO__CODING_NONE ||
        !vireo__encode_whole(&c->coded, coding, (int)c->options.level, *body, *len) ||
        tell(r, coding) < 0)
        return false;
    *body = c->coded.data;
    *len = c->coded.len;
    return true;
}

/* --- one in pieces ---------------------------------------------------------------------------- */

vireo__encoder *vireo__compress_pieces(vireo_req *r, int status, const char *type)
{
    vireo__coding coding = coding_for(r, status, type);
    if (coding == VIREO__CODING_NONE)
        return NULL;
    vireo__encoder *d = vireo__encoder_new(coding, (int)r->app->compression->options.level);
    if (d != NULL && tell(r, coding) < 0) {
        vireo__encoder_free(d);
        return NULL;
    }
    return d;
}

/* --- life ------------------------------------------------------------------------------------- */

int vireo_app_compress(vireo_app *app, const vireo_compress_options *options)
{
    vireo_compress_options o = {0};
    memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    if (o.threshold == 0)
        o.threshold = 1024;
    if (o.level == 0)
        o.level = 6;
    if (o.max_bytes == 0)
        o.max_bytes = 1000000;
    if (o.level > 9)
        return VIREO_EINVAL;
    if (app->compression == NULL &&
        (app->compression = calloc(1, sizeof *app->compression)) == NULL)
        return VIREO_ENOMEM;
    app->compression->options = o;
    app->compression->coded.max = VIREO__BUF_UNLIMITED; /* no larger than what it is made from */
    return 0;
}

void vireo__compression_free(vireo__compression *c)
{
    if (c == NULL)
        return;
    vireo__buf_deinit(&c->coded);
    free(c);
}
