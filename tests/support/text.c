/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_add(char **text, const char *format, ...)
{
    char *more;
    va_list args;
    va_start(args, format);
    int more_len = vasprintf(&more, format, args);
    va_end(args);
    if (more_len < 0)
        abort();
    size_t len = *text != NULL ? strlen(*text) : 0;
    char *all = realloc(*text, len + (size_t)more_len + 1);
    if (all == NULL)
        abort();
    memcpy(all + len, more, (size_t)more_len + 1);
    free(more);
    *text = all;
}
