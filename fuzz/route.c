/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* A pattern, a line feed and a path; the path is a date and a header's value too. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/mime.h"
#include "http/reply.h"
#include "http/router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *copy_text(const uint8_t *data, size_t n)
{
    char *text = malloc(n + 1);
    if (text == NULL)
        abort();
    memcpy(text, data, n);
    text[n] = '\0';
    return text;
}

static void check_params(const vireo__params *params, const uint8_t *path, size_t n)
{
    for (size_t i = 0; i < params->count; i++) {
        vireo__str value = params->at[i].value;
        if (value.len > n || (value.len > 0 && (value.at < (const char *)path ||
                                                value.at + value.len > (const char *)path + n)))
            abort();
    }
}

static void match(const char *pattern, const uint8_t *path, size_t n)
{
    vireo__params params;
    vireo__str text = {(const char *)path, n};
    bool matched = false;
    if (!vireo__pattern_valid(pattern))
        return;
    if (vireo__pattern_match(pattern, text, &params)) {
        check_params(&params, path, n);
        matched = true;
    }
    if (vireo__pattern_covers(pattern, text, &params))
        check_params(&params, path, n);
    else if (matched) /* what matches as a whole begins so too */
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *feed = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t n = feed != NULL ? (size_t)(feed - data) : size;
    char *pattern = copy_text(data, n);
    if (feed != NULL) {
        size_t rest = size - n - 1;
        char *text = copy_text(feed + 1, rest);
        char again[VIREO__HTTP_DATE_SIZE];
        int64_t seconds, same;
        match(pattern, feed + 1, rest);
        vireo__mime_type(text);
        vireo__header_value_valid(text);
        if (vireo__http_date_read(text, &seconds)) {
            vireo__http_date_write(again, seconds);
            if (!vireo__http_date_read(again, &same) || same != seconds)
                abort();
        }
        free(text);
    }
    free(pattern);
    return 0;
}
