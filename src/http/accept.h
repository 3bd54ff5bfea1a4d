/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* accept.h: which of several representations a client likes best (RFC 9110 section 12.5). A codec.
 *
 *     Accept-Language: de-CH, de;q=0.9, *;q=0.5
 *
 * Each thing on offer has the quality of the most specific range that fits it: de-CH 1, de 0.9, fr
 * 0.5. The highest quality wins, then the more specific range, then the one that the client names
 * first (but not of encodings, which clients name in no particular order), then the one that is
 * offered first.
 */

#ifndef VIREO_HTTP_ACCEPT_H
#define VIREO_HTTP_ACCEPT_H

#include <stddef.h>

typedef enum vireo__accept {
    VIREO__ACCEPT_TYPE,     /* offers: "text/html", with parameters if they matter */
    VIREO__ACCEPT_ENCODING, /* "gzip", "identity" */
    /* the same where the client's order counts, as npm's negotiator has it */
    VIREO__ACCEPT_ENCODING_IN_ORDER,
    VIREO__ACCEPT_LANGUAGE, /* "en", "pt-BR"; en fits en-US, with less weight */
    VIREO__ACCEPT_CHARSET
} vireo__accept;

/* Ranges of one header that are looked at; those behind them are not. */
#define VIREO__MAX_ACCEPT 64

/* vireo__accept_best chooses.
 *
 * header   the value; NULL when the request has none: then all is welcome, save that no encoding
 *          but "identity" is
 * offers   |n| texts
 * Returns the index of the best one, or -1 when none is acceptable. */
int vireo__accept_best(vireo__accept kind, const char *header, const char *const *offers, size_t n);

#endif
