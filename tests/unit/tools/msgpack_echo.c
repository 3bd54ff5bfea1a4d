/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* msgpack_echo: reader and writer behind a pipe, for the comparison with notepack.io. One line in,
 * one line out.
 *
 *     in    <base64 of msgpack>
 *     out   + <base64 of it as JSON text, numbers by value> <base64 of it written again>
 *           - <base64 of the error's text>
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "payload/json_write.h"
#include "payload/msgpack_read.h"
#include "payload/msgpack_write.h"

static void print_base64(const void *data, size_t n)
{
    char *text = malloc(vireo__base64_size(n) + 1);
    if (text == NULL)
        abort();
    vireo__base64_encode(text, data, n);
    text[vireo__base64_size(n)] = 0;
    printf(" %s", text);
    free(text);
}

static void print_value(const vireo_value *v)
{
    vireo__buf json, msgpack;
    vireo__buf_init(&json, VIREO__BUF_UNLIMITED);
    vireo__buf_init(&msgpack, VIREO__BUF_UNLIMITED);
    if (vireo__json_write(&json, NULL, v, VIREO__JSON_BY_VALUE) < 0 ||
        vireo__msgpack_write(&msgpack, v) < 0)
        abort();
    print_base64(json.data, json.len);
    print_base64(msgpack.data, msgpack.len);
    vireo__buf_deinit(&json);
    vireo__buf_deinit(&msgpack);
}

static void echo(const uint8_t *data, size_t n)
{
    vireo__doc doc;
    vireo_error error;
    vireo__doc_init(&doc);
    int code = vireo__msgpack_read(&doc, data, n, UINT32_MAX, &error);
    putchar(code < 0 ? '-' : '+');
    if (code < 0)
        print_base64(error.text, strlen(error.text));
    else
        print_value(vireo__doc_root(&doc));
    putchar('\n');
    fflush(stdout);
    vireo__doc_deinit(&doc);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    for (ssize_t got; (got = getline(&line, &room, stdin)) > 1;) {
        ptrdiff_t n = vireo__base64_decode((uint8_t *)line, line, (size_t)got - 1);
        /* Of its own size, so that a sanitizer sees a look beyond its end. */
        uint8_t *data = n >= 0 ? malloc((size_t)n + (n == 0)) : NULL;
        if (data == NULL)
            return 1;
        memcpy(data, line, (size_t)n);
        echo(data, (size_t)n);
        free(data);
    }
    free(line);
    return 0;
}
