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

static bool ends_at(vireo__str s, size_t quote)
{
    return line_over((vireo__str){s.at + quote + 1, s.len - quote - 1});
}

/* The quote that ends the text: the first one that has no backslash before it, or else the last one
 * that has. 0 for none. */
static size_t find_quote(vireo__str s)
{
    size_t end = 1, escaped = 0;
    for (; end < s.len && s.at[end] != s.at[0]; end++) {
        if (s.at[end] != '\\' || end + 1 == s.len || s.at[end + 1] != s.at[0])
            continue;
        end++;
        if (ends_at(s, end))
            escaped = end;
    }
    return end < s.len && ends_at(s, end) ? end : escaped;
}

static bool take_quoted(vireo__str *s, vireo__dotenv *out)
{
    if (s->len == 0 || (s->at[0] != '\'' && s->at[0] != '"' && s->at[0] != '`'))
        return false;
    size_t end = find_quote(*s);
    if (end == 0)
        return false;
    out->value = (vireo__str){s->at + 1, end - 1};
    out->escapes = s->at[0] == '"';
    skip(s, end + 1);
    return true;
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

/* A line's end is a line feed, whatever it is in the file. */
size_t vireo__dotenv_value(const vireo__dotenv *setting, char *out)
{
    size_t n = 0;
    vireo__str v = setting->value;
    for (size_t i = 0; i < v.len; i++) {
        char c = v.at[i], next = i + 1 < v.len ? v.at[i + 1] : '\0';
        if (c == '\r') {
            i += next == '\n';
            c = '\n';
        } else if (setting->escapes && c == '\\' && (next == 'n' || next == 'r')) {
            i++;
            c = next == 'n' ? '\n' : '\r';
        }
        out[n++] = c;
    }
    return n;
}
