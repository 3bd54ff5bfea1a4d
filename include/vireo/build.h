/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* build.h: values made piece by piece, by what reads them from somewhere: parsers (parser.h). To
 * send something templates and lists are simpler (value.h).
 *
 *     vireo_build_array(b);
 *     vireo_build_str(b, "moved");
 *     vireo_build(b, "{x:%d, y:%d}", x, y);
 *     vireo_build_end(b);
 *     packet->data = vireo_built(b);
 *
 * Every vireo_build_* adds one value where the builder stands: as the root, as the next element of
 * the open array, or, behind a key, as a member of the open object. All return 0 or the builder's
 * first error, which sticks: one test at the end, vireo_built, is enough. VIREO_EINVAL: a value
 * that has no place (a second root, a member without a key, an end of nothing). VIREO_ETOOBIG: more
 * values than who has made the builder allows. */

#ifndef VIREO_BUILD_H
#define VIREO_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vireo/value.h>
#include <vireo/version.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vireo_builder vireo_builder; /* borrowed from the library for a call */

/* vireo_built returns what was built, whole and without an error, else NULL; valid as long
 * as the packet is handled, and until the next call with |b|. */
VIREO_API const vireo_value *vireo_built(const vireo_builder *b);

/* vireo_builder_error returns its first error; 0 if there was none. */
VIREO_API int vireo_builder_error(const vireo_builder *b);

/* Leaves. Texts and bytes are copied. A NULL text gives null; what is not UTF-8 in it is replaced
 * by U+FFFD. */
VIREO_API int vireo_build_null(vireo_builder *b);
VIREO_API int vireo_build_bool(vireo_builder *b, bool truth);
VIREO_API int vireo_build_int(vireo_builder *b, int64_t number);
VIREO_API int vireo_build_num(vireo_builder *b, double number);
VIREO_API int vireo_build_str(vireo_builder *b, const char *text);
VIREO_API int vireo_build_str_len(vireo_builder *b, const char *text, size_t len);
VIREO_API int vireo_build_bytes(vireo_builder *b, const void *data, size_t size);

/* An array or an object is open until vireo_build_end; at most 512 stand in each other, else
 * VIREO_EDEPTH. */
VIREO_API int vireo_build_array(vireo_builder *b);
VIREO_API int vireo_build_object(vireo_builder *b);
VIREO_API int vireo_build_end(vireo_builder *b);

/* The key of the value that is added next. */
VIREO_API int vireo_build_key(vireo_builder *b, const char *key);
VIREO_API int vireo_build_key_len(vireo_builder *b, const char *key, size_t len);

/* Whole values: one that exists (copied; NULL gives null), a JSON text, a template of exactly one
 * value. */
VIREO_API int vireo_build_value(vireo_builder *b, const vireo_value *v);
VIREO_API int vireo_build_json(vireo_builder *b, const char *text, size_t len);
VIREO_API int vireo_build(vireo_builder *b, const char *tmpl, ...) VIREO_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif
#endif
