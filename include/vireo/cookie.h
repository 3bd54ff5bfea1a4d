/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* cookie.h: cookies (RFC 6265), plain and signed.
 *
 *     vireo_secrets(app, "new secret", "old secret", NULL);
 *     ...
 *     vireo_set_cookie(r, "theme", "dark", .max_age_s = 86400, .http_only = true);
 *     const char *theme = vireo_cookie(r, "theme");
 *
 * A signed cookie can be read by its owner, but not changed: what comes back is what was set, or
 * nothing. The signature covers the value and not the name. Signed and plain cookies are those of
 * Express' cookie-parser: a server on Node with the same secret reads them, and the other way
 * round.
 */

#ifndef VIREO_COOKIE_H
#define VIREO_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vireo/app.h>
#include <vireo/http.h>
#include <vireo/version.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum vireo_same_site {
    VIREO_SAME_SITE_LAX = 1, /* 0: nothing is said, and browsers take it for Lax */
    VIREO_SAME_SITE_STRICT,
    VIREO_SAME_SITE_NONE /* only with |secure| */
} vireo_same_site;

/* Which cookies a browser drops last when it has too many; Chromium's alone. */
typedef enum vireo_cookie_priority {
    VIREO_PRIORITY_LOW = 1, /* 0: nothing is said, and it is medium */
    VIREO_PRIORITY_MEDIUM,
    VIREO_PRIORITY_HIGH
} vireo_cookie_priority;

/* What a browser is told about a cookie. */
typedef struct vireo_cookie_options {
    size_t size;
    const char *path;   /* default "/"; "" for the folder of the request */
    const char *domain; /* with its subdomains; NULL: only the host that sets it */
    /* seconds until it ends; 0 here and in |expires|: with the browser; below 0: at once */
    int64_t max_age_s;
    int64_t expires;  /* the same as seconds since 1970, for old browsers; 0: not said */
    bool secure;      /* only over TLS */
    bool http_only;   /* not for the page's scripts */
    bool partitioned; /* a jar for each site it is embedded in; only with |secure| */
    bool sign;        /* with the first of vireo_secrets; read it with vireo_signed_cookie */
    vireo_same_site same_site;
    vireo_cookie_priority priority;
} vireo_cookie_options;

/* vireo_cookie returns the value of the first cookie |name| that the client sent, percent-decoded
 * (as it came where it cannot be), or NULL. Borrowed, valid as long as |r|. */
VIREO_API const char *vireo_cookie(vireo_req *r, const char *name);

/* vireo_signed_cookie is vireo_cookie for one that was set with .sign = true: NULL too when its
 * signature is of none of the secrets. */
VIREO_API const char *vireo_signed_cookie(vireo_req *r, const char *name);

/* vireo_set_cookie sets a cookie with the reply to |r|; before the reply. A second one of the same
 * name does not replace the first.
 *
 * value   any text; copied
 * Returns 0; VIREO_EINVAL for a name that is no token, a control character or ';' in path or
 * domain, and for what browsers throw away: SameSite=None or Partitioned without Secure, a
 * __Secure- name without Secure, a __Host- name without Secure, with a domain or another path than
 * "/"; for .sign without secrets; VIREO_ETOOBIG for name and value of more than 4096 bytes together
 * (RFC 6265 section 6.1); VIREO_EANSWERED, VIREO_ENOMEM. */
#define vireo_set_cookie(r, name, value, ...)                                                      \
    vireo_cookie_set(                                                                              \
        (r), (name), (value),                                                                      \
        &(const vireo_cookie_options){.size = sizeof(vireo_cookie_options), __VA_ARGS__})
VIREO_API int vireo_cookie_set(vireo_req *r, const char *name, const char *value,
                               const vireo_cookie_options *options);

/* vireo_clear_cookie has the browser forget a cookie. Path, domain and the like must be those it
 * was set with. Returns as vireo_set_cookie. */
#define vireo_clear_cookie(r, name, ...)                                                           \
    vireo_cookie_clear(                                                                            \
        (r), (name),                                                                               \
        &(const vireo_cookie_options){.size = sizeof(vireo_cookie_options), __VA_ARGS__})
VIREO_API int vireo_cookie_clear(vireo_req *r, const char *name,
                                 const vireo_cookie_options *options);

/* vireo_secrets sets what signs cookies: the first signs, all of them are accepted, so that a
 * secret can be changed without throwing anybody out. At least 32 random bytes as hexadecimal or
 * base64 text are a good secret; take it from the environment.
 *
 * ...   texts, ended by NULL; copied. Replaces those before.
 * Returns 0; VIREO_EINVAL for an empty one, none at all, or more than 16; VIREO_ENOMEM. */
VIREO_API int vireo_secrets(vireo_app *app, ...) VIREO_SENTINEL;
VIREO_API int vireo_secrets_list(vireo_app *app, const char *const *secrets);

#ifdef __cplusplus
}
#endif
#endif
