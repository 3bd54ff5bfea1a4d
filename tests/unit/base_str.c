/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* base/str.h: comparing views, tokens of a list. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/str.h"
#include "guard.h"

static void test_comparing(void **state)
{
    (void)state;
    assert_true(vireo__str_equal((vireo__str){NULL, 0}, ""));
    assert_false(vireo__str_equal((vireo__str){NULL, 0}, "a"));
    assert_true(vireo__str_equal((vireo__str){"abcd", 3}, "abc"));
    assert_false(vireo__str_equal((vireo__str){"abcd", 4}, "abc"));
    assert_false(vireo__str_equal(vireo__str_of("ABC"), "abc"));
    assert_true(vireo__str_equal_nocase(vireo__str_of("ABC-z09"), "abc-Z09"));
    assert_false(vireo__str_equal_nocase(vireo__str_of("abc"), "abcd"));
    /* Only letters have a case: these differ by the bit that tells A from a. */
    assert_false(vireo__str_equal_nocase(vireo__str_of("@"), "`"));
    assert_false(vireo__str_equal_nocase(vireo__str_of("["), "{"));
    assert_false(vireo__str_equal_nocase(vireo__str_of("\xC9"), "\xE9"));
}

static void test_tokens(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        bool has;
    } cases[] = {
        {"", false},
        {"upgrade", true},
        {"Upgrade", true},
        {"keep-alive, Upgrade", true},
        {"keep-alive,\tUPGRADE ,x", true},
        {",,upgrade", true},
        {"upgrade,", true},
        {" , ", false},
        {"upgraded", false},
        {"up grade", false},
        {"x-upgrade, upgrade-x", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = strlen(cases[i].list);
        char *list = guard_copy(cases[i].list, n);
        assert_int_equal(vireo__str_has_token((vireo__str){list, n}, "upgrade"), cases[i].has);
        guard_free(list, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comparing),
        cmocka_unit_test(test_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
