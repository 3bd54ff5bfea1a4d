/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "cli/event_line.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "payload/json_write.h"
#include "payload/value.h"

#define KEY "$base64"

/* --- writing ---------------------------------------------------------------------------------- */

static void put_key(vireo__buf *out, const vireo_value *member)
{
    const vireo_value *key = member - 1;
    vireo__json_write_string(out, key->as.text, key->len);
    vireo__buf_append_byte(out, ':');
}

/* As deep as the reader of what came allows. */
void cli_line_put(vireo__buf *out, const vireo_value *v,
                  void (*bytes)(vireo__buf *out, const void *data, size_t n))
{
    size_t n;
    const void *data = vireo_bytes(v, &n);
    bool object = vireo_type_of(v) == VIREO_OBJECT;
    if (data != NULL) {
        bytes(out, data, n);
        return;
    }
    if (!object && vireo_type_of(v) != VIREO_ARRAY) {
        vireo__json_write(out, NULL, v, 0);
        return;
    }
    vireo__buf_append_byte(out, object ? '{' : '[');
    for (const vireo_value *e = NULL, *before = NULL; (e = vireo_next(v, e)) != NULL; before = e) {
        if (before != NULL)
            vireo__buf_append_byte(out, ',');
        if (object)
            put_key(out, e);
        cli_line_put(out, e, bytes);
    }
    vireo__buf_append_byte(out, object ? '}' : ']');
}

void cli_line_write_bytes(vireo__buf *out, const void *data, size_t n)
{
    vireo__buf_append_str(out, "{\"" KEY "\":\"");
    vireo__base64_append(out, data, n);
    vireo__buf_append_str(out, "\"}");
}

void cli_line_write(vireo__buf *out, const vireo_value *v)
{
    cli_line_put(out, v, cli_line_write_bytes);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Makes {"$base64":".."} a binary leaf, its text the bytes. It keeps its span (payload/value.h). */
static bool make_bytes(vireo_value *object, const vireo_value *text)
{
    uint8_t *bytes = (uint8_t *)(uintptr_t)text->as.text; /* the tree is ours */
    ptrdiff_t n = vireo__base64_decode(bytes, text->as.text, text->len);
    object->tag = VIREO__VALUE_MARK | (object->tag & VIREO__VALUE_MEMBER) | VIREO_BINARY;
    object->len = n > 0 ? (uint32_t)n : 0;
    object->as.bytes = bytes;
    return n >= 0;
}

vireo_value *cli_line_read(const char *text, size_t n, vireo_error *error)
{
    vireo_value *v = vireo_parse(text, n, error);
    for (size_t i = 0; v != NULL && i < v->span; i++) {
        const vireo_value *base64 = vireo_count(&v[i]) == 1 ? vireo_get(&v[i], KEY) : NULL;
        if (vireo_type_of(base64) != VIREO_STRING || make_bytes(&v[i], base64))
            continue;
        vireo_value_free(v);
        *error = (vireo_error){.code = VIREO_EINVAL, .text = "{\"" KEY "\":..} holds no base64"};
        return NULL;
    }
    return v;
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
        args->at[args->count++] = e;
    }
    return event;
}
