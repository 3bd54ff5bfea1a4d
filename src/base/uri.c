/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "base/uri.h"

#include <stdlib.h>

#include <vireo/error.h>

#include "base/url.h"

static int fail(const char **why, const char *text)
{
    if (why != NULL)
        *why = text;
    return VIREO_EINVAL;
}

/* --- characters ------------------------------------------------------------------------------- */

static bool is_alpha(char c)
{
    c = vireo__ascii_lower(c);
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool all_printable(vireo__str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] <= ' ' || s.at[i] >= 0x7f)
            return false;
    return true;
}

/* Of a name or an IPv4 address: what DNS knows, and the underscore that some use. */
static bool host_valid(vireo__str host)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = host.at[i];
        if (!is_alpha(c) && !is_digit(c) && c != '-' && c != '.' && c != '_')
            return false;
    }
    return host.len > 0 && host.len <= VIREO__MAX_HOST;
}

static bool ipv6_valid(vireo__str host)
{
    bool colon = false;
    for (size_t i = 0; i < host.len; i++) {
        char c = vireo__ascii_lower(host.at[i]);
        colon |= c == ':';
        if (!is_digit(c) && !(c >= 'a' && c <= 'f') && c != ':' && c != '.')
            return false;
    }
    return colon && host.len <= VIREO__MAX_HOST;
}

/* --- parts ------------------------------------------------------------------------------------ */

/* Takes what stands before the first of |stops| off the front of |*rest|. */
static vireo__str take_until(vireo__str *rest, const char *stops)
{
    size_t n = 0;
    while (n < rest->len && strchr(stops, rest->at[n]) == NULL)
        n++;
    vireo__str taken = {rest->at, n};
    *rest = (vireo__str){rest->at + n, rest->len - n};
    return taken;
}

static size_t scheme_len(const char *text)
{
    size_t n = 0;
    if (!is_alpha(text[0]))
        return 0;
    while (is_alpha(text[n]) || is_digit(text[n]) || text[n] == '+' || text[n] == '-' ||
           text[n] == '.')
        n++;
    return text[n] == ':' ? n : 0;
}

/* The user ends at the last @, so that nobody who writes one into a password reaches a host that he
 * did not mean. */
static void split_user(vireo__uri *out, vireo__str *authority)
{
    size_t at = authority->len;
    while (at > 0 && authority->at[at - 1] != '@')
        at--;
    if (at == 0)
        return;
    vireo__str info = {authority->at, at - 1};
    *authority = (vireo__str){authority->at + at, authority->len - at};
    out->user = take_until(&info, ":");
    if (info.len > 0)
        out->password = (vireo__str){info.at + 1, info.len - 1};
}

static int read_port(vireo__uri *out, vireo__str digits, const char **why)
{
    uint32_t port = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (!is_digit(digits.at[i]) || port > UINT16_MAX)
            return fail(why, "the port is no number from 1 to 65535");
        port = port * 10 + (uint32_t)(digits.at[i] - '0');
    }
    if (digits.len > 0 && (port == 0 || port > UINT16_MAX))
        return fail(why, "the port is no number from 1 to 65535");
    out->port = (uint16_t)port;
    return 0;
}

static int read_authority(vireo__uri *out, vireo__str rest, const char **why)
{
    split_user(out, &rest);
    out->ipv6 = rest.len > 0 && rest.at[0] == '[';
    if (out->ipv6) {
        rest = (vireo__str){rest.at + 1, rest.len - 1};
        out->host = take_until(&rest, "]");
        if (rest.len == 0 || !ipv6_valid(out->host))
            return fail(why, "what stands in [] is no IPv6 address");
        rest = (vireo__str){rest.at + 1, rest.len - 1};
    } else {
        out->host = take_until(&rest, ":");
        if (!host_valid(out->host))
            return fail(why, out->host.len == 0 ? "there is no host" : "the host is no name");
    }
    if (rest.len == 0)
        return 0;
    if (rest.at[0] != ':')
        return fail(why, "something other than a port stands behind the host");
    return read_port(out, (vireo__str){rest.at + 1, rest.len - 1}, why);
}

int vireo__uri_parse(vireo__uri *out, const char *text, const char **why)
{
    *out = (vireo__uri){0};
    size_t n = scheme_len(text);
    vireo__str rest = vireo__str_of(text);
    if (rest.len > VIREO__MAX_URL)
        return fail(why, "it is too long");
    if (!all_printable(rest))
        return fail(why, "it has a blank, a control or a non-ASCII character; encode it as %XX");
    if (n == 0 || strncmp(text + n, "://", 3) != 0)
        return fail(why, "it does not begin with a scheme and ://");
    out->scheme = (vireo__str){text, n};
    rest = (vireo__str){text + n + 3, rest.len - n - 3};
    vireo__str authority = take_until(&rest, "/?#");
    int error = read_authority(out, authority, why);
    if (error < 0)
        return error;
    out->target = take_until(&rest, "#");
    if (rest.len > 0)
        out->fragment = (vireo__str){rest.at + 1, rest.len - 1};
    return 0;
}

bool vireo__uri_secure(const vireo__uri *uri)
{
    return vireo__str_equal_nocase(uri->scheme, "https") ||
           vireo__str_equal_nocase(uri->scheme, "wss");
}

/* --- resolution ------------------------------------------------------------------------------- */

/* RFC 3986 section 5.2.4, for a path that begins with a slash. |at| is where it begins in |out|. */
static void remove_dots(vireo__buf *out, size_t at, vireo__str path)
{
    while (path.len > 0) {
        vireo__str rest = {path.at + 1, path.len - 1};
        vireo__str part = take_until(&rest, "/");
        bool up = vireo__str_equal(part, "..");
        if (up)
            while (out->len > at && out->data[--out->len] != '/')
                continue;
        if (!up && !vireo__str_equal(part, ".")) {
            vireo__buf_append_byte(out, '/');
            vireo__buf_append(out, part.at, part.len);
        } else if (rest.len == 0) {
            vireo__buf_append_byte(out, '/');
        }
        path = rest;
    }
}

static vireo__str path_of(vireo__str target)
{
    return take_until(&target, "?");
}

static void append(vireo__buf *out, vireo__str s)
{
    vireo__buf_append(out, s.at, s.len);
}

/* Section 5.2.3: the directory of the base's path, and behind it the reference's. */
static int merge(vireo__buf *merged, const vireo__uri *base, vireo__str path)
{
    vireo__str dir = path_of(base->target);
    while (dir.len > 0 && dir.at[dir.len - 1] != '/')
        dir.len--;
    if (dir.len == 0)
        dir = vireo__str_of("/");
    append(merged, dir);
    append(merged, path);
    return merged->error;
}

static int resolve_path(vireo__buf *out, const vireo__uri *base, vireo__str reference)
{
    vireo__buf merged;
    vireo__str path = take_until(&reference, "?");
    if (path.len == 0) {
        append(out, reference.len > 0 ? path_of(base->target) : base->target);
        append(out, reference);
        return out->error;
    }
    vireo__buf_init(&merged, VIREO__BUF_UNLIMITED);
    int error = path.at[0] == '/' ? vireo__buf_append(&merged, path.at, path.len)
                                  : merge(&merged, base, path);
    if (error == 0)
        remove_dots(out, out->len, (vireo__str){(const char *)merged.data, merged.len});
    append(out, reference);
    vireo__buf_deinit(&merged);
    return error < 0 ? error : out->error;
}

int vireo__uri_resolve(vireo__buf *out, const vireo__uri *base, const char *reference)
{
    vireo__uri checked;
    vireo__str rest = vireo__str_of(reference);
    vireo__str whole = take_until(&rest, "#");
    if (scheme_len(reference) > 0) {
        append(out, whole);
    } else {
        append(out, base->scheme);
        vireo__buf_append_str(out, ":");
        if (strncmp(reference, "//", 2) == 0) {
            append(out, whole);
        } else {
            vireo__buf_append_str(out, "//");
            vireo__uri_append_authority(out, base->host, base->ipv6, base->port);
            resolve_path(out, base, whole);
        }
    }
    const char *text = vireo__buf_cstr(out);
    if (text == NULL)
        return VIREO_ENOMEM;
    return vireo__uri_parse(&checked, text, NULL);
}

/* --- writing ---------------------------------------------------------------------------------- */

void vireo__uri_append_authority(vireo__buf *out, vireo__str host, bool ipv6, uint16_t port)
{
    if (ipv6)
        vireo__buf_append_byte(out, '[');
    append(out, host);
    if (ipv6)
        vireo__buf_append_byte(out, ']');
    if (port == 0)
        return;
    vireo__buf_append_byte(out, ':');
    vireo__buf_append_u64(out, port);
}

char *vireo__uri_decode(vireo__str part)
{
    char *text = malloc(part.len + 1);
    if (text == NULL)
        return NULL;
    ptrdiff_t n = vireo__url_decode(text, part.at, part.len, false);
    if (n < 0 || memchr(text, '\0', (size_t)n) != NULL) {
        free(text);
        return NULL;
    }
    text[n] = '\0';
    return text;
}
