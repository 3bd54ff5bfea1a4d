/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* conditions.h: under which conditions a representation is wanted (RFC 9110 section 13). A codec:
 * texts in, a decision out. */

#ifndef VIREO_HTTP_CONDITIONS_H
#define VIREO_HTTP_CONDITIONS_H

#include <stdbool.h>
#include <stdint.h>

/* What tells one state of a representation from another. */
typedef struct vireo__validators {
    const char *etag; /* "\"abc\"", or "W/\"abc\"" for a weak one; NULL if there is none */
    int64_t modified; /* seconds since 1970; as Last-Modified tells it */
    bool has_modified;
    bool settled; /* it has not changed twice within the second of |modified| (section 8.8.2.2) */
} vireo__validators;

/* The values of the headers of the same names; NULL for what the request does not have. */
typedef struct vireo__conditions {
    const char *if_match;
    const char *if_none_match;
    const char *if_modified_since;
    const char *if_unmodified_since;
    bool reads; /* the method is GET or HEAD */
} vireo__conditions;

/* vireo__conditions_check evaluates them in the order of section 13.2.2. Returns 0 (go on), 304 or
 * 412. */
int vireo__conditions_check(const vireo__conditions *conditions, const vireo__validators *now);

/* vireo__if_range tells whether Range may be obeyed: |text| (the value of If-Range, or NULL) names
 * the state that is there now. A weak validator never does (section 13.1.5). */
bool vireo__if_range(const char *text, const vireo__validators *now);

#endif
