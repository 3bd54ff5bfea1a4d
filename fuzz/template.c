/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* template.c: any template with any argument. What is accepted must be JSON with as many values as
 * was said, what is refused must leave no trace.
 *
 *     byte 0    what the arguments are: a text, a tree, a JSON text, a binary leaf
 *     then      the template, up to a NUL
 *     then      what the argument is made of
 *
 * A template decides which arguments are read, so a random one reads any mixture of types. All
 * arguments are therefore one and the same pointer, to something that %s and %p may both be given,
 * after eight doubles: on the machines where this runs these come from registers of their own, and
 * a pointer read as a number is some number. No compiler would let a program do this. */

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/value.h>

#include "payload/json_read.h"
#include "payload/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARGUMENTS = 32 };

static void demand(bool truth)
{
    if (!truth)
        abort();
}

typedef int template_fn(vireo__buf *out, vireo__attachments *collect, const char *tmpl,
                        va_list args);

static int fill(template_fn *fn, vireo__buf *out, vireo__attachments *collect, const char *tmpl,
                ...)
{
    va_list args;
    va_start(args, tmpl);
    int result = fn(out, collect, tmpl, args);
    va_end(args);
    return result;
}

#define P8 p, p, p, p, p, p, p, p
#define FILL(fn, out, collect, tmpl)                                                               \
    fill(fn, out, collect, tmpl, 0.1, 1e21, -5e-324, 1.0, 123456.789, 1e-7, 2.5, 0.0, P8, P8, P8,  \
         P8)

static void check_values(const char *text, size_t n, int values)
{
    vireo__buf array;
    vireo__doc doc;
    vireo__doc_init(&doc);
    vireo__buf_init(&array, VIREO__BUF_UNLIMITED);
    vireo__buf_append_byte(&array, '[');
    vireo__buf_append(&array, text, n);
    vireo__buf_append_byte(&array, ']');
    /* Deeper than what a %p may bring, by the template's own levels. */
    vireo__json_limits limits = {.max_depth = VIREO__JSON_DEPTH + VIREO__TEMPLATE_DEPTH + 1};
    demand(vireo__json_read(&doc, (const char *)array.data, array.len, &limits, NULL) == 0);
    demand(vireo_count(vireo__doc_root(&doc)) == (size_t)values);
    vireo__buf_deinit(&array);
    vireo__doc_deinit(&doc);
}

static void try_template(const char *tmpl, const void *p)
{
    vireo__buf out, one;
    vireo__attachments collect;
    vireo__attachments_init(&collect);
    vireo__buf_init(&out, 1 << 20);
    vireo__buf_init(&one, 1 << 20);
    vireo__buf_append_str(&out, "x");
    int values = FILL(vireo__template_write, &out, &collect, tmpl);
    demand(out.error == 0 && out.data[0] == 'x');
    if (values < 0)
        demand(out.len == 1 && collect.count == 0);
    else
        check_values((const char *)out.data + 1, out.len - 1, values);
    int single = FILL(vireo__template_write_one, &one, NULL, tmpl);
    demand((single == 1) == (values == 1) || single == VIREO_ETOOBIG);
    vireo__buf_deinit(&out);
    vireo__buf_deinit(&one);
    vireo__attachments_deinit(&collect);
}

static size_t conversions(const char *tmpl)
{
    size_t n = 0;
    for (; *tmpl; tmpl++)
        n += *tmpl == '%' ? 2 : 0; /* %.*s takes two arguments */
    return n;
}

static void with_text(const char *tmpl, const char *rest, size_t n)
{
    char *text = malloc(n + 5);
    demand(text != NULL);
    memcpy(text, "\"\xED\xA0\xBD", 4); /* no tag of a value or leaf */
    memcpy(text + 4, rest, n);
    text[n + 4] = 0;
    try_template(tmpl, text);
    free(text);
}

static void with_tree(const char *tmpl, const char *rest, size_t n)
{
    vireo_value *v = vireo_parse(rest, n, NULL);
    if (v != NULL)
        try_template(tmpl, v);
    vireo_value_free(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || memchr(data + 1, 0, size - 1) == NULL)
        return 0;
    const char *tmpl = (const char *)data + 1;
    const char *rest = tmpl + strlen(tmpl) + 1;
    size_t n = (size_t)((const char *)data + size - rest);
    if (conversions(tmpl) > ARGUMENTS)
        return 0;
    switch (data[0] % 4) {
    case 0:
        with_text(tmpl, rest, n);
        break;
    case 1:
        with_tree(tmpl, rest, n);
        break;
    case 2:
        try_template(tmpl, vireo_json_text(rest, n));
        break;
    default:
        try_template(tmpl, vireo_binary(rest, n));
    }
    return 0;
}
