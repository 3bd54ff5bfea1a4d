/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* json_read.h: JSON text in, values out. A strict reader (RFC 8259) that accepts exactly what
 * JSON.parse accepts, with limits.
 *
 * - Strings are decoded; a lone surrogate (\ud800), which JavaScript allows, becomes its three
 *   bytes (ED A0 80), and the writer writes it back as \ud800. Text that is not UTF-8 is an error.
 * - Numbers are kept as written, and only turned into a double when somebody asks: 1e400 and
 *   integers of 20 digits are relayed as they came.
 * - Not recursive, one pass. Memory is the text's length and one node (24 bytes, in an array that
 *   doubles) per value or key.
 */

#ifndef VIREO_PAYLOAD_JSON_READ_H
#define VIREO_PAYLOAD_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vireo/error.h>

#include "payload/doc.h"

#define VIREO__JSON_DEPTH     512  /* default; deeper texts only serve to do harm */
#define VIREO__JSON_MAX_DEPTH 4096 /* the highest depth that can be asked for */

/* Limits of one text; what is 0 has the default. */
typedef struct vireo__json_limits {
    uint32_t max_depth; /* default VIREO__JSON_DEPTH; 1 allows [] but not [[]] */
    uint32_t max_nodes; /* values and keys; default: as many as the text holds */
} vireo__json_limits;

/* vireo__json_read reads one text into |doc|; what the document held before ends.
 *
 * text     borrowed for the call; need not end with a NUL
 * limits   NULL for the defaults
 * error    may be NULL; says what is wrong and at which byte
 * Returns 0, VIREO_EJSON, VIREO_EUTF8, VIREO_EDEPTH, VIREO_ETOOBIG (max_nodes, or 4 GiB of text) or
 * VIREO_ENOMEM. After an error the document is empty. */
int vireo__json_read(vireo__doc *doc, const char *text, size_t n, const vireo__json_limits *limits,
                     vireo_error *error);

/* vireo__json_check reads one text and builds nothing. Same arguments and errors as
 * vireo__json_read. */
int vireo__json_check(const char *text, size_t n, const vireo__json_limits *limits,
                      vireo_error *error);

#endif
