/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "base/str.h"

#include <stdlib.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

vireo__str vireo__str_trim(vireo__str s)
{
    while (s.len > 0 && is_blank(s.at[0])) {
        s.at++;
        s.len--;
    }
    while (s.len > 0 && is_blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

bool vireo__str_next_item(vireo__str *rest, char separator, vireo__str *item)
{
    if (rest->len == 0)
        return false;
    const char *end = memchr(rest->at, separator, rest->len);
    size_t len = end ? (size_t)(end - rest->at) : rest->len;
    size_t taken = len + (end != NULL);
    *item = vireo__str_trim((vireo__str){rest->at, len});
    *rest = (vireo__str){rest->at + taken, rest->len - taken};
    return true;
}

bool vireo__str_next_part(vireo__str *rest, char separator, vireo__str *item)
{
    size_t n = 0;
    if (rest->len == 0)
        return false;
    for (bool quoted = false; n < rest->len && (quoted || rest->at[n] != separator); n++) {
        if (rest->at[n] == '"')
            quoted = !quoted;
        else if (quoted && rest->at[n] == '\\' && n + 1 < rest->len)
            n++;
    }
    size_t taken = n < rest->len ? n + 1 : n;
    *item = vireo__str_trim((vireo__str){rest->at, n});
    *rest = (vireo__str){rest->at + taken, rest->len - taken};
    return true;
}

bool vireo__str_has_token(vireo__str list, const char *token)
{
    for (vireo__str item; vireo__str_next_item(&list, ',', &item);)
        if (vireo__str_equal_nocase(item, token))
            return true;
    return false;
}

bool vireo__text_copy(char **to, const char *text)
{
    *to = text != NULL ? strdup(text) : NULL;
    return text == NULL || *to != NULL;
}

char *vireo__texts_pack(const char **const texts[], size_t count)
{
    size_t n = 1;
    for (size_t i = 0; i < count; i++)
        n += *texts[i] != NULL ? strlen(*texts[i]) + 1 : 0;
    char *all = malloc(n), *at = all;
    for (size_t i = 0; all != NULL && i < count; i++) {
        if (*texts[i] == NULL)
            continue;
        char *copy = at;
        at = stpcpy(at, *texts[i]) + 1;
        *texts[i] = copy;
    }
    return all;
}
