/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* json_echo: reader and writer behind a pipe, for the comparison with JSON.parse and
 * JSON.stringify. One line in, one line out; what may be any bytes travels in base64.
 *
 *     in    j <base64 of a JSON text>
 *     out   + <base64 of the text rewritten> <base64 of it rewritten with numbers by value>
 *           - <base64 of the error's text>
 *     in    s <base64 of any bytes>
 *     out   + <base64 of them as a JSON string>
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/value.h>

#include "base/base64.h"
#include "base/buf.h"
#include "payload/json_read.h"
#include "payload/json_write.h"

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

static void echo_json(const char *text, size_t n)
{
    vireo__doc doc;
    vireo__buf out;
    vireo_error error;
    vireo__doc_init(&doc);
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    int code = vireo__json_read(&doc, text, n, NULL, &error);
    if (code != vireo__json_check(text, n, NULL, NULL))
        abort();
    putchar(code ? '-' : '+');
    if (code) {
        print_base64(error.text, strlen(error.text));
    } else {
        size_t len;
        char *rewritten = vireo_json(vireo__doc_root(&doc), &len);
        print_base64(rewritten, len);
        free(rewritten);
        vireo__json_write(&out, NULL, vireo__doc_root(&doc), VIREO__JSON_BY_VALUE);
        print_base64(out.data, out.len);
    }
    vireo__buf_deinit(&out);
    vireo__doc_deinit(&doc);
}

static void echo_string(const char *text, size_t n)
{
    vireo__buf out;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    vireo__json_write_string(&out, text, n);
    putchar('+');
    print_base64(out.data, out.len);
    vireo__buf_deinit(&out);
}

int main(void)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t got;
    setvbuf(stdout, NULL, _IOLBF, 0);
    while ((got = getline(&line, &cap, stdin)) > 2) {
        size_t n = (size_t)got - 2 - (line[got - 1] == '\n');
        ptrdiff_t len = vireo__base64_decode((uint8_t *)line + 2, line + 2, n);
        if (len < 0)
            return 1;
        /* Of its own size, so that a sanitizer sees a look beyond its end. */
        char *input = malloc((size_t)len + (len == 0));
        if (input == NULL)
            return 1;
        memcpy(input, line + 2, (size_t)len);
        (line[0] == 's' ? echo_string : echo_json)(input, (size_t)len);
        putchar('\n');
        free(input);
    }
    free(line);
    return 0;
}
