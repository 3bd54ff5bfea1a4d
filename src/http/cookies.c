/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/cookies.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#include "base/base64.h"
#include "base/url.h"
#include "http/parse.h"
#include "http/reply.h"

enum {
    MAC_SIZE = 32,
    MAC_TEXT = 43,          /* of base64 without its padding */
    MAX_COOKIE_BYTES = 4096 /* RFC 6265 section 6.1: what a browser is bound to take */
};

bool vireo__cookie_next(vireo__str *rest, vireo__str *name, vireo__str *value)
{
    vireo__str pair;
    while (vireo__str_next_item(rest, ';', &pair)) {
        const char *equals = pair.len > 0 ? memchr(pair.at, '=', pair.len) : NULL;
        if (equals == NULL)
            continue; /* as browsers' own readers do */
        size_t n = (size_t)(equals - pair.at);
        *name = vireo__str_trim((vireo__str){pair.at, n});
        *value = vireo__str_trim((vireo__str){equals + 1, pair.len - n - 1});
        if (value->len >= 2 && value->at[0] == '"' && value->at[value->len - 1] == '"')
            *value = (vireo__str){value->at + 1, value->len - 2};
        return true;
    }
    return false;
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool attribute_clean(const char *text)
{
    return text == NULL || (vireo__header_value_valid(text) && strchr(text, ';') == NULL);
}

static bool begins(const char *name, const char *prefix)
{
    size_t n = strlen(prefix);
    return strlen(name) >= n && vireo__str_equal_nocase((vireo__str){name, n}, prefix);
}

/* RFC 6265bis sections 4.1.2.7 and 4.1.3: what a browser ignores as a whole. */
static bool browsers_take(const char *name, const char *path, const vireo_cookie_options *o)
{
    if (!o->secure && (o->same_site == VIREO_SAME_SITE_NONE || o->partitioned ||
                       begins(name, "__Secure-") || begins(name, "__Host-")))
        return false;
    return !begins(name, "__Host-") || (o->domain == NULL && strcmp(path, "/") == 0);
}

static void append_text(vireo__buf *out, const char *key, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    vireo__buf_append_str(out, key);
    vireo__buf_append_str(out, value);
}

static void append_times(vireo__buf *out, const vireo_cookie_options *o)
{
    char text[VIREO__HTTP_DATE_SIZE];
    bool over = o->max_age_s < 0;
    if (o->max_age_s > 0)
        snprintf(text, sizeof text, "%lld", (long long)o->max_age_s);
    if (o->max_age_s != 0)
        append_text(out, "; Max-Age=", over ? "0" : text);
    if (!over && o->expires == 0)
        return;
    vireo__http_date_write(text, over ? 0 : o->expires);
    append_text(out, "; Expires=", text);
}

static void append_attributes(vireo__buf *out, const char *path, const vireo_cookie_options *o)
{
    static const char *const same_site[] = {NULL, "Lax", "Strict", "None"};
    static const char *const priority[] = {NULL, "Low", "Medium", "High"};
    append_times(out, o);
    append_text(out, "; Domain=", o->domain);
    append_text(out, "; Path=", path);
    if (o->http_only)
        vireo__buf_append_str(out, "; HttpOnly");
    if (o->secure)
        vireo__buf_append_str(out, "; Secure");
    if (o->partitioned)
        vireo__buf_append_str(out, "; Partitioned");
    append_text(out, "; Priority=", priority[o->priority]);
    append_text(out, "; SameSite=", same_site[o->same_site]);
}

int vireo__cookie_write(vireo__buf *out, const char *name, vireo__str value,
                        const vireo_cookie_options *o)
{
    const char *path = o->path != NULL ? o->path : "/";
    size_t before = out->len;
    if (!vireo__http_token(name, strlen(name)) || !attribute_clean(path) ||
        !attribute_clean(o->domain) || (unsigned)o->same_site > VIREO_SAME_SITE_NONE ||
        (unsigned)o->priority > VIREO_PRIORITY_HIGH || !browsers_take(name, path, o))
        return VIREO_EINVAL;
    vireo__buf_append_str(out, name);
    vireo__buf_append_byte(out, '=');
    vireo__url_encode(out, value.at, value.len);
    if (out->error == 0 && out->len - before > MAX_COOKIE_BYTES + 1) {
        out->len = before;
        return VIREO_ETOOBIG;
    }
    append_attributes(out, path, o);
    return out->error;
}

/* --- signatures ------------------------------------------------------------------------------- */

static bool mac(char out[MAC_TEXT + 1], vireo__str value, const char *secret)
{
    unsigned char bytes[MAC_SIZE];
    unsigned n = 0;
    const unsigned char *data = (const unsigned char *)(value.len > 0 ? value.at : "");
    if (HMAC(EVP_sha256(), secret, (int)strlen(secret), data, value.len, bytes, &n) == NULL)
        return false;
    vireo__base64_encode(out, bytes, n);
    return n == MAC_SIZE;
}

int vireo__sign(vireo__buf *out, vireo__str value, const char *secret)
{
    char text[MAC_TEXT + 1];
    if (!mac(text, value, secret)) {
        out->error = out->error ? out->error : VIREO_ENOMEM;
        return out->error;
    }
    vireo__buf_append_str(out, "s:");
    vireo__buf_append(out, value.at, value.len);
    vireo__buf_append_byte(out, '.');
    return vireo__buf_append(out, text, MAC_TEXT);
}

bool vireo__unsign(vireo__str text, const char *const *secrets, vireo__str *value)
{
    char expected[MAC_TEXT + 1];
    bool found = false;
    if (text.len < MAC_TEXT + 3 || memcmp(text.at, "s:", 2) != 0 ||
        text.at[text.len - MAC_TEXT - 1] != '.')
        return false;
    vireo__str inner = {text.at + 2, text.len - MAC_TEXT - 3};
    for (; *secrets != NULL; secrets++)
        found |= mac(expected, inner, *secrets) &&
                 CRYPTO_memcmp(expected, text.at + text.len - MAC_TEXT, MAC_TEXT) == 0;
    *value = inner;
    return found;
}
