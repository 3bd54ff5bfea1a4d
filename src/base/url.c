/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "base/url.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = vireo__ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

ptrdiff_t vireo__url_decode(char *out, const char *text, size_t n, bool plus_is_space)
{
    char *at = out;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (c == '%') {
            int high = n - i > 2 ? hex(text[i + 1]) : -1;
            int low = n - i > 2 ? hex(text[i + 2]) : -1;
            if (high >= 0 && low >= 0) {
                c = (char)(high << 4 | low);
                i += 2;
            } else if (!plus_is_space) {
                return -1;
            }
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        *at++ = c;
    }
    return at - out;
}

static bool stays(char c)
{
    char lower = vireo__ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-_.!~*'()", c) != NULL);
}

int vireo__url_encode(vireo__buf *out, const char *text, size_t n)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < n; i++) {
        uint8_t c = (uint8_t)text[i];
        if (stays(text[i])) {
            vireo__buf_append_byte(out, c);
            continue;
        }
        vireo__buf_append(out, (char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
    }
    return out->error;
}

bool vireo__url_next_pair(vireo__str *query, vireo__str *name, vireo__str *value)
{
    if (query->len == 0)
        return false;
    const char *end = memchr(query->at, '&', query->len);
    size_t len = end ? (size_t)(end - query->at) : query->len;
    const char *equals = memchr(query->at, '=', len);
    *name = (vireo__str){query->at, equals ? (size_t)(equals - query->at) : len};
    *value = equals ? (vireo__str){equals + 1, len - name->len - 1} : (vireo__str){query->at, 0};
    size_t taken = end ? len + 1 : len;
    query->at += taken;
    query->len -= taken;
    return true;
}

static bool has_escapes(vireo__str encoded)
{
    for (size_t i = 0; i < encoded.len; i++)
        if (encoded.at[i] == '%' || encoded.at[i] == '+')
            return true;
    return false;
}

bool vireo__url_name_is(vireo__str encoded, const char *name)
{
    char decoded[256];
    char first = encoded.len > 0 ? *encoded.at : '\0';
    if (first != *name && first != '%' && first != '+')
        return false; /* as most are */
    if (!has_escapes(encoded))
        return vireo__str_equal(encoded, name);
    if (encoded.len > sizeof decoded)
        return false;
    ptrdiff_t n = vireo__url_decode(decoded, encoded.at, encoded.len, true);
    return n >= 0 && vireo__str_equal((vireo__str){decoded, (size_t)n}, name);
}

bool vireo__url_query(vireo__str query, const char *name, vireo__str *value)
{
    vireo__str key, one;
    bool found = false;
    while (vireo__url_next_pair(&query, &key, &one)) {
        if (vireo__url_name_is(key, name)) {
            *value = one;
            found = true;
        }
    }
    return found;
}
