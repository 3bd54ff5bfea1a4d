/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* rewrite.h: a copy of a tree in which a hook may put other values in the places of those it
 * sees: as the replacer of JSON.stringify and the reviver of JSON.parse do. */

#ifndef VIREO_PAYLOAD_REWRITE_H
#define VIREO_PAYLOAD_REWRITE_H

#include "payload/build.h"

/* Returns 0: |v| stays; 1: what was built into |out| takes its place, and if nothing was built it
 * is left out, in an array null; or a negative number, which ends all.
 *
 * key  of the member that |v| is; NULL for an element and for the root */
typedef int (*vireo__rewrite_fn)(const char *key, const vireo_value *v, vireo_builder *out,
                                 void *user);

/* vireo__replace asks for each value before what stands in it, and then for what stands in its
 * substitute (ECMA-262 section 25.5.2.2, SerializeJSONProperty); vireo__revive asks for each value
 * after what stands in it (section 25.5.1.1, InternalizeJSONProperty). The root may be left out:
 * then nothing is built.
 *
 * out  stands where a value may be added; at most VIREO__JSON_DEPTH levels, else VIREO_EDEPTH
 * Return 0, what the hook returned, or the error of a builder. */
int vireo__replace(vireo_builder *out, const vireo_value *v, vireo__rewrite_fn hook, void *user);
int vireo__revive(vireo_builder *out, const vireo_value *v, vireo__rewrite_fn hook, void *user);

#endif
