/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* json_write.h: values in, JSON text out, as JSON.stringify writes it: no spaces, the short
 * escapes, lone surrogates as \udxxx.
 *
 * All functions append to |out| and return its sticky error, unless they say otherwise.
 */

#ifndef VIREO_PAYLOAD_JSON_WRITE_H
#define VIREO_PAYLOAD_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "payload/attachments.h"
#include "payload/value.h"

/* vireo__json_write_string writes |n| bytes as a string in quotes. What is not UTF-8 is replaced by
 * U+FFFD, one for each maximal part of a character (as TextDecoder does); the three bytes of a
 * surrogate are written as \udxxx. */
int vireo__json_write_string(vireo__buf *out, const char *text, size_t n);

/* vireo__json_write_double writes a number as JavaScript does; null if it is not finite. */
int vireo__json_write_double(vireo__buf *out, double number);

int vireo__json_write_int(vireo__buf *out, int64_t number);
int vireo__json_write_bool(vireo__buf *out, bool truth);
int vireo__json_write_null(vireo__buf *out);

/* vireo__json_write_binary writes a binary leaf.
 *
 * collect   gets the part, and {"_placeholder":true,"num":K} is written for it; NULL:
 *           {"type":"Buffer","data":[..]} is written, as JSON.stringify does with a Buffer
 * data      borrowed as long as |collect| is used */
int vireo__json_write_binary(vireo__buf *out, vireo__attachments *collect, const void *data,
                             size_t size);

#define VIREO__JSON_BY_VALUE 1u /* 1.0 becomes 1, as JSON.stringify writes it; else it stays */

/* vireo__json_write writes |v| and all below it; NULL is written as null.
 *
 * collect   see vireo__json_write_binary; may be NULL
 * flags     0 or VIREO__JSON_BY_VALUE
 * Returns |out|'s sticky error, in which a failed allocation for |collect| shows too. */
int vireo__json_write(vireo__buf *out, vireo__attachments *collect, const vireo_value *v,
                      unsigned flags);

#endif
