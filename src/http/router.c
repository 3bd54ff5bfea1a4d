/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/router.h"

#include "base/url.h"

/* Takes what stands before the next slash off the front of |*rest|, and the slash too. */
static vireo__str next_part(vireo__str *rest, bool *more)
{
    const char *slash = rest->len > 0 ? memchr(rest->at, '/', rest->len) : NULL;
    vireo__str part = {rest->at, slash ? (size_t)(slash - rest->at) : rest->len};
    *more = slash != NULL;
    size_t taken = part.len + (slash != NULL);
    rest->at += taken;
    rest->len -= taken;
    return part;
}

static bool named(vireo__str part)
{
    return part.len > 0 && (part.at[0] == ':' || part.at[0] == '*');
}

bool vireo__pattern_valid(const char *pattern)
{
    if (pattern[0] != '/')
        return false;
    vireo__str rest = vireo__str_of(pattern + 1);
    size_t names = 0;
    for (bool more = true; more;) {
        vireo__str part = next_part(&rest, &more);
        if (named(part) &&
            (part.len == 1 || ++names > VIREO__MAX_PARAMS || (part.at[0] == '*' && more)))
            return false;
    }
    return true;
}

/* A literal part, which the client may have written with escapes where none are needed. */
static bool literal_matches(vireo__str literal, vireo__str part)
{
    if (part.len == literal.len && (part.len == 0 || memcmp(part.at, literal.at, part.len) == 0))
        return true;
    for (; part.len > 0 && literal.len > 0; literal.at++, literal.len--) {
        char c;
        size_t taken = part.at[0] == '%' && part.len >= 3 ? 3 : 1;
        if (vireo__url_decode(&c, part.at, taken, false) != 1 || c != literal.at[0])
            return false;
        part.at += taken;
        part.len -= taken;
    }
    return part.len == 0 && literal.len == 0;
}

static void add_param(vireo__params *out, vireo__str part, vireo__str value)
{
    out->at[out->count++] = (vireo__param){{part.at + 1, part.len - 1}, value};
}

bool vireo__pattern_match(const char *pattern, vireo__str path, vireo__params *out)
{
    out->count = 0;
    if (path.len == 0 || path.at[0] != '/')
        return false;
    vireo__str wanted = vireo__str_of(pattern + 1);
    vireo__str rest = {path.at + 1, path.len - 1};
    for (bool more_wanted = true, more = true; more_wanted;) {
        vireo__str part = next_part(&wanted, &more_wanted);
        if (!more) /* the path is at its end and the pattern is not */
            return false;
        if (part.len > 0 && part.at[0] == '*') {
            add_param(out, part, rest);
            return true;
        }
        vireo__str given = next_part(&rest, &more);
        if (!named(part)) {
            if (!literal_matches(part, given))
                return false;
        } else if (given.len == 0) {
            return false;
        } else {
            add_param(out, part, given);
        }
        if (!more_wanted)
            return !more;
    }
    return false;
}
