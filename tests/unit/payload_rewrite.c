/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* payload/rewrite.h (S20): in which order values are seen, what takes their place, what ends it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "oom.h"
#include "payload/json_read.h"
#include "payload/rewrite.h"

typedef int (*rewrite)(vireo_builder *out, const vireo_value *v, vireo__rewrite_fn hook,
                       void *user);

/* Rewrites |text| with |hook|; asserts what comes of it, "" for nothing, or the error. */
static void check(rewrite how, vireo__rewrite_fn hook, void *user, const char *text,
                  const char *wanted, int error)
{
    vireo__doc doc;
    vireo_builder b;
    vireo_value *v = vireo_parse(text, strlen(text), NULL);
    assert_non_null(v);
    vireo__doc_init(&doc);
    vireo__builder_init(&b, &doc, 1000);
    assert_int_equal(how(&b, v, hook, user), error);
    if (error == 0 && *wanted == '\0') {
        assert_null(vireo_built(&b));
    } else if (error == 0) {
        char *json = vireo_json(vireo_built(&b), NULL);
        assert_string_equal(json, wanted);
        free(json);
    }
    vireo__doc_deinit(&doc);
    vireo_value_free(v);
}

/* Notes what is seen. */
static int note(const char *key, const vireo_value *v, vireo_builder *out, void *user)
{
    (void)out;
    char *seen = user;
    char *json = vireo_json(v, NULL);
    size_t n = strlen(seen);
    snprintf(seen + n, 256 - n, "%s=%s ", key ? key : "", json);
    free(json);
    return 0;
}

static void test_order(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,{\"b\":2}],\"c\":{}}";
    char seen[256] = "";
    check(vireo__replace, note, seen, text, text, 0);
    assert_string_equal(seen, "={\"a\":[1,{\"b\":2}],\"c\":{}} a=[1,{\"b\":2}] =1 ={\"b\":2} b=2 "
                              "c={} ");
    seen[0] = '\0';
    check(vireo__revive, note, seen, text, text, 0);
    assert_string_equal(seen, "=1 b=2 ={\"b\":2} a=[1,{\"b\":2}] c={} "
                              "={\"a\":[1,{\"b\":2}],\"c\":{}} ");
}

/* 1 becomes {"one":1,"was":true}, a "gone" is left out, so is every null. */
static int change(const char *key, const vireo_value *v, vireo_builder *out, void *user)
{
    (void)user;
    if (vireo_type_of(v) == VIREO_NULL || (key != NULL && strcmp(key, "gone") == 0))
        return 1;
    if (vireo_int(v, 0) != 1 || (key != NULL && strcmp(key, "one") == 0))
        return 0;
    vireo_build(out, "{one:%d, was:%hhd}", 1, (bool)1);
    return 1;
}

static void test_substitutes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"1", "{\"one\":1,\"was\":true}"},
        {"null", ""},
        {"[null,1,[null],2]", "[null,{\"one\":1,\"was\":true},[null],2]"},
        {"{\"a\":1,\"b\":null,\"gone\":[1],\"c\":{\"gone\":0}}",
         "{\"a\":{\"one\":1,\"was\":true},\"c\":{}}"},
        {"{\"gone\":1}", "{}"},
        {"[[],{},\"x\"]", "[[],{},\"x\"]"},
        {"12345678901234567890", "12345678901234567890"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check(vireo__replace, change, NULL, cases[i].text, cases[i].wanted, 0);
        check(vireo__revive, change, NULL, cases[i].text, cases[i].wanted, 0);
    }
}

/* What a substitute holds is replaced in turn, and not revived again. */
static int wrap(const char *key, const vireo_value *v, vireo_builder *out, void *user)
{
    int *times = user;
    (void)key;
    if (vireo_type_of(v) != VIREO_NUMBER || (*times)-- <= 0)
        return 0;
    vireo_build(out, "[%p]", (const void *)v);
    return 1;
}

static void test_what_a_substitute_holds(void **state)
{
    (void)state;
    int times = 3;
    check(vireo__replace, wrap, &times, "5", "[[[5]]]", 0);
    times = 3;
    check(vireo__revive, wrap, &times, "5", "[5]", 0);
    times = VIREO__JSON_DEPTH;
    check(vireo__revive, wrap, &times, "[5]", "[[5]]", 0);
    times = VIREO__JSON_DEPTH + 1; /* without end */
    check(vireo__replace, wrap, &times, "5", NULL, VIREO_EDEPTH);
}

static int misuse(const char *key, const vireo_value *v, vireo_builder *out, void *user)
{
    (void)key;
    if (vireo_type_of(v) != VIREO_NUMBER)
        return 0;
    const char *how = user;
    if (strcmp(how, "refuse") == 0)
        return VIREO_EREFUSED;
    vireo_build_array(out);
    if (strcmp(how, "twice") == 0) {
        vireo_build_end(out);
        vireo_build_array(out);
    }
    return 1;
}

static void test_what_ends_it(void **state)
{
    (void)state;
    static const rewrite both[] = {vireo__replace, vireo__revive};
    for (size_t i = 0; i < 2; i++) {
        check(both[i], misuse, (void *)(uintptr_t) "refuse", "[{\"a\":1}]", NULL, VIREO_EREFUSED);
        check(both[i], misuse, (void *)(uintptr_t) "open", "[{\"a\":1}]", NULL, VIREO_EINVAL);
        check(both[i], misuse, (void *)(uintptr_t) "twice", "[{\"a\":1}]", NULL, VIREO_EINVAL);
    }
}

static void test_out_of_memory(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,\"text\"],\"gone\":2}";
    static const rewrite both[] = {vireo__replace, vireo__revive};
    vireo_value *v = vireo_parse(text, strlen(text), NULL);
    for (size_t i = 0; i < 2; i++)
        for (int n = 1, failed = 1; failed; n++) {
            vireo__doc doc;
            vireo_builder b;
            vireo__doc_init(&doc);
            vireo__builder_init(&b, &doc, 1000);
            oom_fail_at(n);
            int error = both[i](&b, v, change, NULL);
            failed = oom_failed();
            assert_int_equal(error, failed ? VIREO_ENOMEM : 0);
            vireo__doc_deinit(&doc);
        }
    vireo_value_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_substitutes),
        cmocka_unit_test(test_what_a_substitute_holds),
        cmocka_unit_test(test_what_ends_it),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
