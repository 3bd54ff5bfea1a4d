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

static bool optional(vireo__str part)
{
    return part.len > 0 && part.at[0] == ':' && part.at[part.len - 1] == '?';
}

static bool part_valid(vireo__str part, bool last, bool after_optional)
{
    size_t sigils = named(part) ? 1 + (size_t)optional(part) : 0;
    if (after_optional && !optional(part))
        return false;
    return sigils == 0 || (part.len > sigils && (part.at[0] != '*' || last));
}

bool vireo__pattern_valid(const char *pattern)
{
    if (pattern[0] != '/')
        return false;
    vireo__str rest = vireo__str_of(pattern + 1);
    size_t names = 0;
    bool after_optional = false;
    for (bool more = true; more;) {
        vireo__str part = next_part(&rest, &more);
        if (!part_valid(part, !more, after_optional) ||
            (named(part) && ++names > VIREO__MAX_PARAMS))
            return false;
        after_optional = optional(part);
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
    size_t sigils = 1 + (size_t)optional(part);
    out->at[out->count++] = (vireo__param){{part.at + 1, part.len - sigils}, value};
}

/* One part against one part. */
static bool part_matches(vireo__str wanted, vireo__str given, vireo__params *out)
{
    if (!named(wanted))
        return literal_matches(wanted, given);
    if (given.len == 0)
        return false;
    add_param(out, wanted, given);
    return true;
}

static bool match(const char *pattern, vireo__str path, bool whole, vireo__params *out)
{
    out->count = 0;
    if (path.len == 0 || path.at[0] != '/')
        return false;
    vireo__str wanted = vireo__str_of(pattern + 1);
    vireo__str rest = {path.at + 1, path.len - 1};
    for (bool more_wanted = true, more = true; more_wanted;) {
        vireo__str part = next_part(&wanted, &more_wanted);
        if (!more) /* the path is at its end and the pattern is not */
            return optional(part);
        if (part.len > 0 && part.at[0] == '*') {
            add_param(out, part, rest);
            return true;
        }
        if (optional(part) && path.len == 1) /* "/" has no parts */
            return true;
        if (!part_matches(part, next_part(&rest, &more), out))
            return false;
        if (!more_wanted)
            return !whole || !more;
    }
    return false;
}

bool vireo__pattern_match(const char *pattern, vireo__str path, vireo__params *out)
{
    return match(pattern, path, true, out);
}

bool vireo__pattern_covers(const char *prefix, vireo__str path, vireo__params *out)
{
    out->count = 0;
    if (prefix[1] == '\0')
        return path.len > 0 && path.at[0] == '/';
    return match(prefix, path, false, out);
}
