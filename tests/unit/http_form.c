/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http/form.h: H05, forms to trees of values. How names nest is compared with qs, in
 * tests/interop/form-differential.test.mjs; here are the limits, and what lies behind the text. */

#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "http/form.h"

static const struct {
    const char *text;
    const char *json; /* NULL: refused with |error| */
    int error;
} forms[] = {
    {"", "{}", 0},
    {"&&", "{}", 0},
    {"=1", "{}", 0},
    {"a", "{\"a\":\"\"}", 0},
    {"a=1&b=2", "{\"a\":\"1\",\"b\":\"2\"}", 0},
    {"a=1=2", "{\"a\":\"1=2\"}", 0},
    {"a+b=%41+%zz", "{\"a b\":\"A %zz\"}", 0},
    {"a%00=%00", "{\"a\\u0000\":\"\\u0000\"}", 0},
    {"a=1&a=2", "{\"a\":[\"1\",\"2\"]}", 0},
    {"a[b]=1&a[c]=2", "{\"a\":{\"b\":\"1\",\"c\":\"2\"}}", 0},
    {"a%5Bb%5D=1", "{\"a\":{\"b\":\"1\"}}", 0},
    {"a[]=1&a[]=2", "{\"a\":[\"1\",\"2\"]}", 0},
    {"a[2]=y&a[0]=x", "{\"a\":[\"x\",\"y\"]}", 0},
    {"a[100]=x&a[101]=y", "{\"a\":{\"100\":\"x\",\"101\":\"y\"}}", 0},
    {"a[01]=x", "{\"a\":{\"01\":\"x\"}}", 0},
    {"a[][b]=1&a[][c]=2", "{\"a\":[{\"b\":\"1\",\"c\":\"2\"}]}", 0},
    {"__proto__[x]=1", "{\"__proto__\":{\"x\":\"1\"}}", 0},
    {"a[b=c]=d", "{\"a\":{\"b=c\":\"d\"}}", 0},
    {"a[b=c", "{\"a[b\":\"c\"}", 0},
    {"[]=1&[]=2", "{\"0\":\"1\",\"1\":\"2\"}", 0},
    {"a=%ff", NULL, VIREO_EUTF8},
    {"%c3=1", NULL, VIREO_EUTF8},
};

static int read_text(const char *text, size_t n, char *json, size_t size)
{
    vireo__doc doc;
    vireo_error error = {0};
    char *copy = guard_copy(text, n);
    vireo__doc_init(&doc);
    int result = vireo__form_read(&doc, (vireo__str){copy, n}, &error);
    guard_free(copy, n); /* the tree does not need it */
    assert_int_equal(error.code, result);
    assert_int_equal(vireo__doc_root(&doc) != NULL, result == 0);
    if (result == 0 && json != NULL) {
        char *written = vireo_json(vireo__doc_root(&doc), NULL);
        snprintf(json, size, "%s", written);
        free(written);
    }
    vireo__doc_deinit(&doc);
    return result;
}

static void reads_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char json[300] = "";
        int error = read_text(forms[i].text, strlen(forms[i].text), json, sizeof json);
        assert_int_equal(error, forms[i].error);
        if (forms[i].json != NULL)
            assert_string_equal(json, forms[i].json);
    }
}

static char *repeat(const char *text, int count)
{
    char *all = calloc((size_t)count, strlen(text) + 1);
    for (char *at = all; count > 0; count--)
        at = stpcpy(at, text);
    return all;
}

static void has_limits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int most, error;
    } limits[] = {{"a&", VIREO__FORM_PARAMS, VIREO_ETOOBIG},
                  {"[x]", VIREO__FORM_DEPTH, VIREO_EDEPTH}};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        for (int beyond = 0; beyond <= 1; beyond++) {
            char *text = repeat(limits[i].text, limits[i].most + beyond);
            assert_int_equal(read_text(text, strlen(text), NULL, 0), beyond ? limits[i].error : 0);
            free(text);
        }
    }
}

static void may_run_out_of_memory(void **state)
{
    (void)state;
    static const char text[] = "a=1&a=2&b[c][]=3&b[c][x]=4&b=5&c[7]=8";
    char *pad = repeat("x", 9000); /* more than one piece of memory for the tree */
    char *whole = malloc(10000);
    sprintf(whole, "%s&p=%s", text, pad);
    for (int n = 1;; n++) {
        vireo__doc doc;
        vireo__doc_init(&doc);
        oom_fail_at(n);
        int error = vireo__form_read(&doc, vireo__str_of(whole), NULL);
        bool failed = oom_failed();
        vireo__doc_deinit(&doc);
        assert_int_equal(error, failed ? VIREO_ENOMEM : 0);
        if (!failed)
            break;
    }
    free(pad);
    free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_forms),
        cmocka_unit_test(has_limits),
        cmocka_unit_test(may_run_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
