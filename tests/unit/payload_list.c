/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* payload/list.h: arrays that grow, what they are in a template, and what a failed one refuses. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <vireo/value.h>

#include "oom.h"

static void assert_json(vireo_list *list, const char *wanted)
{
    size_t len;
    char *text = vireo_format(&len, "{list:%p}, 1", (void *)list);
    assert_non_null(text);
    assert_string_equal(text, wanted);
    assert_int_equal(len, strlen(wanted));
    free(text);
}

static void test_elements(void **state)
{
    (void)state;
    vireo_list *list = vireo_list_new();
    assert_json(list, "{\"list\":[]},1");
    assert_int_equal(vireo_list_add(list, "%d", 7), 0);
    assert_json(list, "{\"list\":[7]},1");
    assert_int_equal(vireo_list_add(list, "{name:%s, on:%hhd}", "a\"]", (bool)true), 0);
    assert_int_equal(vireo_list_add(list, "%p", vireo_binary("x", 1)), 0);
    assert_json(list, "{\"list\":[7,{\"name\":\"a\\\"]\",\"on\":true},"
                      "{\"type\":\"Buffer\",\"data\":[120]}]},1");
    assert_int_equal(vireo_list_count(list), 3);
    vireo_list_free(list);
    vireo_list_free(NULL);
}

static void test_lists_in_lists(void **state)
{
    (void)state;
    vireo_list *outer = vireo_list_new(), *inner = vireo_list_new();
    vireo_list_add(outer, "%p", (void *)inner);
    vireo_list_add(inner, "1");
    vireo_list_add(outer, "{of:%p}", (void *)inner); /* as it is now, and not as it will be */
    vireo_list_add(inner, "2");
    assert_json(outer, "{\"list\":[[],{\"of\":[1]}]},1");
    assert_json(inner, "{\"list\":[1,2]},1");
    vireo_list_free(outer);
    vireo_list_free(inner);
}

/* An element that is none spoils the list, and all that the list is put into. */
static void assert_spoilt(vireo_list *list, int error)
{
    assert_int_equal(vireo_list_add(list, "1"), error);
    assert_null(vireo_format(NULL, "%p", (void *)list));
    vireo_list *outer = vireo_list_new();
    assert_int_equal(vireo_list_add(outer, "{of:%p}", (void *)list), error);
    assert_null(vireo_format(NULL, "%p", (void *)outer));
    vireo_list_free(outer);
    vireo_list_free(list);
}

static void test_refused(void **state)
{
    static const char *const bad[] = {NULL, "", "1, 2", "{a:1", "%p"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vireo_list *list = vireo_list_new();
        assert_int_equal(vireo_list_add(list, "1"), 0);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
        int error = vireo_list_add(list, bad[i], "neither value nor list");
#pragma GCC diagnostic pop
        assert_int_equal(error, i < 4 ? VIREO_ETEMPLATE : VIREO_EINVAL);
        assert_spoilt(list, error);
    }
    vireo_list *list = vireo_list_new();
    assert_int_equal(vireo_list_add(list, "%p", (void *)list), VIREO_EINVAL);
    assert_spoilt(list, VIREO_EINVAL);
}

static void test_no_memory(void **state)
{
    (void)state;
    oom_fail_at(1);
    vireo_list *list = vireo_list_new();
    assert_int_equal(vireo_list_count(list), 0);
    assert_spoilt(list, VIREO_ENOMEM);
    list = vireo_list_new();
    oom_fail_at(1);
    assert_int_equal(vireo_list_add(list, "1"), VIREO_ENOMEM);
    assert_spoilt(list, VIREO_ENOMEM);
    char *long_text = calloc(1, 100000);
    assert_non_null(long_text);
    memset(long_text, 'x', 99999);
    list = vireo_list_new();
    assert_int_equal(vireo_list_add(list, "1"), 0);
    oom_fail_at(1);
    assert_int_equal(vireo_list_add(list, "%s", long_text), VIREO_ENOMEM);
    assert_spoilt(list, VIREO_ENOMEM);
    free(long_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_lists_in_lists),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
