/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/conditions.h"

#include "base/str.h"
#include "http/reply.h"

static const char *opaque(const char *tag)
{
    return strncmp(tag, "W/", 2) == 0 ? tag + 2 : tag;
}

/* The character behind a tag that begins at |at|, or NULL if none begins there. A tag may hold
 * commas (section 8.8.3). */
static const char *tag_end(const char *at)
{
    at = opaque(at);
    if (*at != '"')
        return NULL;
    for (at++; *at != '"'; at++)
        if ((unsigned char)*at < 0x21 || *at == 0x7f)
            return NULL;
    return at + 1;
}

/* Section 8.8.3.2: strong comparison wants both not to be weak, weak comparison does not care. */
static bool same_tag(const char *tag, size_t n, const char *etag, bool strong)
{
    if (strong)
        return tag[0] == '"' && n == strlen(etag) && memcmp(tag, etag, n) == 0;
    const char *a = opaque(tag), *b = opaque(etag);
    n -= (size_t)(a - tag);
    return n == strlen(b) && memcmp(a, b, n) == 0;
}

/* Looks for |etag| in a list of tags, up to the first thing in it that is none. */
static bool listed(const char *list, const char *etag, bool strong)
{
    if (strcmp(list, "*") == 0)
        return true;
    for (const char *at = list, *end; etag != NULL; at = end) {
        at += strspn(at, " \t,");
        end = tag_end(at);
        if (end == NULL)
            return false;
        if (same_tag(at, (size_t)(end - at), etag, strong))
            return true;
        end += strspn(end, " \t");
        if (*end != ',')
            return false;
    }
    return false;
}

/* -1 when |text| is no date, and is ignored (sections 13.1.3 and 13.1.4); else whether the
 * representation is as old as it. */
static int unmodified_since(const char *text, const vireo__validators *now)
{
    int64_t seconds;
    if (text == NULL || !now->has_modified || !vireo__http_date_read(text, &seconds))
        return -1;
    return now->modified <= seconds;
}

int vireo__conditions_check(const vireo__conditions *c, const vireo__validators *now)
{
    if (c->if_match != NULL) {
        if (!listed(c->if_match, now->etag, true))
            return 412;
    } else if (unmodified_since(c->if_unmodified_since, now) == 0) {
        return 412;
    }
    if (c->if_none_match != NULL) {
        if (listed(c->if_none_match, now->etag, false))
            return c->reads ? 304 : 412;
    } else if (c->reads && unmodified_since(c->if_modified_since, now) == 1) {
        return 304;
    }
    return 0;
}

bool vireo__if_range(const char *text, const vireo__validators *now)
{
    int64_t seconds;
    if (text == NULL)
        return true;
    if (text[0] == '"' || strncmp(text, "W/", 2) == 0)
        return now->etag != NULL && same_tag(text, strlen(text), now->etag, true);
    return now->has_modified && now->settled && vireo__http_date_read(text, &seconds) &&
           seconds == now->modified;
}
