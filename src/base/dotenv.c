/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "base/dotenv.h"

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

static bool is_name(char c)
{
    char lower = vireo__ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
}

static void skip(vireo__str *s, size_t n)
{
    *s = (vireo__str){s->at + n, s->len - n};
}

static void skip_line(vireo__str *s)
{
    while (s->len > 0 && !is_line_end(s->at[0]))
        skip(s, 1);
}

static void skip_blanks(vireo__str *s)
{
    while (s->len > 0 && is_space(s->at[0]) && !is_line_end(s->at[0]))
        skip(s, 1);
}

static vireo__str take_name(vireo__str *s)
{
    vireo__str name = {s->at, 0};
    while (s->len > 0 && is_name(s->at[0])) {
        name.len++;
        skip(s, 1);
    }
    return name;
}

/* "NAME =", "NAME: ", with "export " before it or not. */
static bool take_key(vireo__str *s, vireo__str *name)
{
    *name = take_name(s);
    if (vireo__str_equal(*name, "export") && s->len > 0 && is_space(s->at[0])) {
        vireo__str after = *s;
        skip_blanks(&after);
        vireo__str exported = take_name(&after);
        if (exported.len > 0) {
            *name = exported;
            *s = after;
        }
    }
    if (name->len == 0)
        return false;
    if (s->len >= 2 && s->at[0] == ':' && is_space(s->at[1])) {
        skip(s, 1);
        return true;
    }
    skip_blanks(s);
    if (s->len == 0 || s->at[0] != '=')
        return false;
    skip(s, 1);
    return true;
}

/* Behind a text in quotes there may be a comment, and nothing else. */
static bool line_over(vireo__str s)
{
    skip_blanks(&s);
    return s.len == 0 || s.at[0] == '#' || is_line_end(s.at[0]);
}

/* The quote that ends the text: one behind a backslash only if there is no other. 0 for none. */
static size_t find_quote(vireo__str s, bool escaped)
{
    for (size_t i = 1; i < s.len; i++) {
        if (escaped && s.at[i] == '\\' && i + 1 < s.len)
            i++;
        else if (s.at[i] == s.at[0])
            return i;
    }
    return 0;
}

static bool take_quoted(vireo__str *s, vireo__dotenv *out)
{
    if (s->len == 0 || (s->at[0] != '\'' && s->at[0] != '"' && s->at[0] != '`'))
        return false;
    for (int escaped = 1; escaped >= 0; escaped--) {
        size_t end = find_quote(*s, escaped);
        if (end == 0 || !line_over((vireo__str){s->at + end + 1, s->len - end - 1}))
            continue;
        out->value = (vireo__str){s->at + 1, end - 1};
        out->escapes = s->at[0] == '"';
        skip(s, end + 1);
        return true;
    }
    return false;
}

static void take_bare(vireo__str *s, vireo__dotenv *out)
{
    vireo__str value = {s->at, 0};
    while (s->len > 0 && !is_line_end(s->at[0]) && s->at[0] != '#') {
        skip(s, 1);
        value.len++;
    }
    while (value.len > 0 && is_space(value.at[value.len - 1]))
        value.len--;
    out->escapes = value.len > 0 && value.at[0] == '"';
    if (value.len >= 2 && strchr("'\"`", value.at[0]) != NULL &&
        value.at[value.len - 1] == value.at[0])
        value = (vireo__str){value.at + 1, value.len - 2}; /* 'a' 'b' */
    out->value = value;
}

bool vireo__dotenv_next(vireo__str *rest, vireo__dotenv *out)
{
    while (rest->len > 0) {
        while (rest->len > 0 && is_space(rest->at[0]))
            skip(rest, 1);
        bool found = take_key(rest, &out->name);
        if (found) {
            skip_blanks(rest);
            if (!take_quoted(rest, out))
                take_bare(rest, out);
        }
        skip_line(rest);
        if (found)
            return true;
    }
    return false;
}

size_t vireo__dotenv_value(const vireo__dotenv *setting, char *out)
{
    size_t n = 0;
    vireo__str v = setting->value;
    for (size_t i = 0; i < v.len; i++) {
        bool escape = setting->escapes && v.at[i] == '\\' && i + 1 < v.len &&
                      (v.at[i + 1] == 'n' || v.at[i + 1] == 'r');
        if (escape)
            i++;
        out[n++] = !escape ? v.at[i] : v.at[i] == 'n' ? '\n' : '\r';
    }
    return n;
}
