/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* url.h: percent-encoding (RFC 3986 section 2.1) and query strings
 * (application/x-www-form-urlencoded). */

#ifndef VIREO_BASE_URL_H
#define VIREO_BASE_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* vireo__url_decode writes |text| with its %XX decoded to |out|, which has room for |n| bytes and
 * may be |text| itself. No NUL is added.
 *
 * plus_is_space   true in a query
 * Returns the length, or -1 for a % that is not followed by two hexadecimal digits (where
 * |plus_is_space|, such a % stands for itself, as in browsers). */
ptrdiff_t vireo__url_decode(char *out, const char *text, size_t n, bool plus_is_space);

/* vireo__url_encode appends |n| bytes with all but letters, digits and -_.!~*'() as %XX, as
 * JavaScript's encodeURIComponent does. Returns the buffer's sticky error. */
int vireo__url_encode(vireo__buf *out, const char *text, size_t n);

/* vireo__url_next_pair takes the next "name=value" off the front of |*query|; both parts still
 * encoded. False at the end. */
bool vireo__url_next_pair(vireo__str *query, vireo__str *name, vireo__str *value);

/* vireo__url_name_is tells whether an |encoded| name of at most 256 bytes is |name|. */
bool vireo__url_name_is(vireo__str encoded, const char *name);

/* vireo__url_query finds the last value of |name| in |query|, still encoded: of repeated names the
 * last one counts, as where JavaScript makes an object of them. False if there is none; |*value| is
 * untouched then. */
bool vireo__url_query(vireo__str query, const char *name, vireo__str *value);

#endif
