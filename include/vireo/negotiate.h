/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* negotiate.h: which of several representations a client likes best (RFC 9110 section 12.5).
 *
 *     const char *type = vireo_accepts(r, "html", "json", NULL);
 *     vireo_vary(r, "Accept");
 *     if (type == NULL)
 *         return vireo_reply_text(r, 406, "html or json");
 */

#ifndef VIREO_NEGOTIATE_H
#define VIREO_NEGOTIATE_H

#include <vireo/app.h>
#include <vireo/http.h>
#include <vireo/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* vireo_accepts tells which of several media types the client likes best (Accept).
 *
 * ...   types ("text/html") or extensions ("html"), the preferred one first, ended by NULL
 * Returns the one of them that suits best, NULL when none does. */
VIREO_API const char *vireo_accepts(const vireo_req *r, ...) VIREO_SENTINEL;

/* The same for encodings ("gzip", "identity"), languages ("en", "pt-BR") and character sets. */
VIREO_API const char *vireo_accepts_encodings(const vireo_req *r, ...) VIREO_SENTINEL;
VIREO_API const char *vireo_accepts_languages(const vireo_req *r, ...) VIREO_SENTINEL;
VIREO_API const char *vireo_accepts_charsets(const vireo_req *r, ...) VIREO_SENTINEL;

/* vireo_vary adds a name to the reply's Vary header, unless it is there: the reply depends on that
 * request header, and caches must know. Call it when vireo_accepts and the like have decided.
 * Returns as vireo_reply_header. */
VIREO_API int vireo_vary(vireo_req *r, const char *name);

#ifdef __cplusplus
}
#endif
#endif
