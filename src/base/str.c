/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "base/str.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static vireo__str trim(vireo__str s)
{
    while (s.len > 0 && is_blank(s.at[0])) {
        s.at++;
        s.len--;
    }
    while (s.len > 0 && is_blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

bool vireo__str_has_token(vireo__str list, const char *token)
{
    while (list.len > 0) {
        const char *comma = memchr(list.at, ',', list.len);
        size_t len = comma ? (size_t)(comma - list.at) : list.len;
        if (vireo__str_equal_nocase(trim((vireo__str){list.at, len}), token))
            return true;
        if (comma == NULL)
            return false;
        list.at += len + 1;
        list.len -= len + 1;
    }
    return false;
}
