/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "cli/event_line.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"

#define KEY "$base64"

void cli_line_write_bytes(vireo__buf *out, const void *data, size_t n)
{
    vireo__buf_append_str(out, "{\"" KEY "\":\"");
    vireo__base64_append(out, data, n);
    vireo__buf_append_str(out, "\"}");
}

void cli_line_write(vireo__buf *out, const vireo_msg *m)
{
    const vireo_value *list = vireo_args(m);
    char before = '[';
    for (const vireo_value *e = NULL; (e = vireo_next(list, e)) != NULL; before = ',') {
        size_t n;
        const void *bytes = vireo_bytes(e, &n);
        char *json = bytes == NULL ? vireo_json(e, NULL) : NULL;
        vireo__buf_append_byte(out, (uint8_t)before);
        if (bytes != NULL)
            cli_line_write_bytes(out, bytes, n);
        else
            vireo__buf_append_str(out, json ? json : "null");
        free(json);
    }
    vireo__buf_append_byte(out, ']');
}

void *cli_line_bytes(const vireo_value *v, size_t *n)
{
    size_t len = 0;
    const char *text = vireo_count(v) == 1 ? vireo_str_len(vireo_get(v, KEY), &len) : NULL;
    uint8_t *bytes = text != NULL ? malloc(len + 1) : NULL;
    ptrdiff_t size = bytes != NULL ? vireo__base64_decode(bytes, text, len) : -1;
    *n = size > 0 ? (size_t)size : 0;
    if (size >= 0)
        return bytes;
    free(bytes);
    return NULL;
}

static void add(cli_args *args, const vireo_value *e)
{
    size_t n = 0;
    uint32_t tag = VIREO_LEAF_BINARY;
    char *data = cli_line_bytes(e, &n);
    if (data == NULL) {
        tag = VIREO_LEAF_JSON;
        data = vireo_json(e, &n);
    }
    args->owned[args->count] = data;
    args->leaves[args->count++] = vireo_leaf_of(tag, data, n);
}

const char *cli_line_args(const vireo_value *array, cli_args *args)
{
    const vireo_value *e = vireo_next(array, NULL);
    const char *event = vireo_type_of(array) == VIREO_ARRAY ? vireo_str(e) : NULL;
    if (event == NULL)
        snprintf(args->wrong, sizeof args->wrong,
                 "an event looks like [\"name\",{\"any\":\"thing\"}]");
    while (event != NULL && (e = vireo_next(array, e)) != NULL) {
        if (args->count == CLI_ARGS_MAX) {
            snprintf(args->wrong, sizeof args->wrong, "more than %d arguments", CLI_ARGS_MAX);
            return NULL;
        }
        add(args, e);
    }
    return event;
}
