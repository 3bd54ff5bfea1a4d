/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* router.h: patterns of paths. A codec: texts in, texts out.
 *
 *     /users/:id/files/:name   matches   /users/7/files/a%20b.txt   with  id = 7, name = a b.txt
 *
 * A path is cut at its slashes before it is decoded, so that an encoded slash (%2F) never makes a
 * part into two. A :part matches one part that is not empty, a *part at the end all that is left,
 * which may be nothing. A :part? may be missing with its slash; only its like may follow it.
 * Matching is exact otherwise: case counts, and so does a slash at the end.
 */

#ifndef VIREO_HTTP_ROUTER_H
#define VIREO_HTTP_ROUTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define VIREO__MAX_PARAMS 16 /* named parts of one pattern */

/* One named part: views into the pattern and into the path, the latter still encoded. */
typedef struct vireo__param {
    vireo__str name;
    vireo__str value;
} vireo__param;

typedef struct vireo__params {
    size_t count;
    vireo__param at[VIREO__MAX_PARAMS];
} vireo__params;

/* vireo__pattern_valid tells whether |pattern| is one: begins with a slash, named parts have names,
 * * stands last, not too many. */
bool vireo__pattern_valid(const char *pattern);

/* vireo__pattern_match tells whether |path| (encoded, without query) matches, and fills in |out|,
 * which borrows from both. */
bool vireo__pattern_match(const char *pattern, vireo__str path, vireo__params *out);

/* vireo__pattern_covers is the same for the beginning of |path|, up to one of its slashes or its
 * end: "/a" covers /a, /a/ and /a/b but not /ab; "/" covers all. |prefix| has no slash at its end.
 */
bool vireo__pattern_covers(const char *prefix, vireo__str path, vireo__params *out);

#endif
