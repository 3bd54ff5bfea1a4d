/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* str.h: a string view, borrowed bytes with a length. */

#ifndef VIREO_BASE_STR_H
#define VIREO_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct vireo__str {
    const char *at; /* may be NULL when len is 0 */
    size_t len;
} vireo__str;

static inline vireo__str vireo__str_of(const char *text)
{
    return (vireo__str){text, strlen(text)};
}

static inline bool vireo__str_equal(vireo__str a, const char *text)
{
    return a.len == strlen(text) && (a.len == 0 || memcmp(a.at, text, a.len) == 0);
}

static inline char vireo__ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* vireo__str_same_nocase and vireo__str_equal_nocase compare ASCII letters without their case. */
static inline bool vireo__str_same_nocase(vireo__str a, vireo__str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (vireo__ascii_lower(a.at[i]) != vireo__ascii_lower(b.at[i]))
            return false;
    return true;
}

static inline bool vireo__str_equal_nocase(vireo__str a, const char *text)
{
    return vireo__str_same_nocase(a, (vireo__str){text, strlen(text)});
}

/* vireo__str_trim takes spaces and tabs off both ends. */
vireo__str vireo__str_trim(vireo__str s);

/* vireo__str_next_item takes the next item of a list off the front of |*rest|: what stands before
 * |separator|, trimmed. What is behind the last separator is an item unless it is empty. False at
 * the end. */
bool vireo__str_next_item(vireo__str *rest, char separator, vireo__str *item);

/* vireo__str_next_part is vireo__str_next_item for a list whose items may hold texts in quotes (RFC
 * 9110 section 5.6.4), in which a separator does not count. */
bool vireo__str_next_part(vireo__str *rest, char separator, vireo__str *item);

/* vireo__str_has_token looks for |token| (any case) in a comma-separated list such as a Connection
 * header's. */
bool vireo__str_has_token(vireo__str list, const char *token);

/* --- texts ended by a NUL --------------------------------------------------------------------- */

/* vireo__text_copy sets |*to| to a new copy of |text|, NULL for NULL. False when memory runs out.
 */
bool vireo__text_copy(char **to, const char *text);

/* vireo__texts_pack copies the texts that |count| pointers stand for (NULL is allowed) into one
 * piece of memory, returned new, and lets the pointers point there. NULL when memory runs out. */
char *vireo__texts_pack(const char **const texts[], size_t count);

#endif
