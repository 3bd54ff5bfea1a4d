/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* vireo/error.h: every code has a name, a text and a number of its own. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <vireo/error.h>

#include "base/log.h"

static void test_the_table(void **state)
{
    (void)state;
    static const struct {
        int code;
        const char *name;
    } rows[] = {
#define ROW(name, number, text) {name, #name},
        VIREO_ERRORS(ROW)
#undef ROW
    };
    size_t n = sizeof rows / sizeof rows[0];
    for (size_t i = 0; i < n; i++) {
        assert_true(rows[i].code < -4095); /* below every -errno */
        assert_string_equal(vireo_errname(rows[i].code), rows[i].name);
        assert_string_not_equal(vireo_strerror(rows[i].code), "unknown error");
        for (size_t k = 0; k < i; k++)
            assert_true(rows[i].code != rows[k].code);
    }
    assert_string_equal(vireo_strerror(VIREO_ETOOBIG), "larger than its limit");
}

static void test_what_is_not_in_the_table(void **state)
{
    (void)state;
    assert_string_equal(vireo_strerror(0), "success");
    assert_string_equal(vireo_errname(0), "OK");
    assert_string_equal(vireo_strerror(-EADDRINUSE), strerror(EADDRINUSE));
    assert_string_equal(vireo_errname(-EADDRINUSE), "OS");
    assert_string_equal(vireo_strerror(5), "unknown error");
    assert_string_equal(vireo_errname(-30000), "UNKNOWN");
}

static void test_filling_in_an_error(void **state)
{
    (void)state;
    vireo_error error;
    assert_int_equal(vireo__error_set(&error, VIREO_EJSON, "%s at byte %d", "colon expected", 7),
                     VIREO_EJSON);
    assert_int_equal(error.code, VIREO_EJSON);
    assert_string_equal(error.text, "colon expected at byte 7");
    assert_int_equal(vireo__error_set(NULL, VIREO_ENOMEM, "out of memory"), VIREO_ENOMEM);
    vireo__error_set(&error, VIREO_EINVAL, "%0300d", 0); /* longer than there is room */
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
}

static void test_the_version_is_that_of_its_numbers(void **state)
{
    (void)state;
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", VIREO_VERSION_MAJOR, VIREO_VERSION_MINOR,
             VIREO_VERSION_PATCH);
    assert_string_equal(vireo_version(), text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table),
        cmocka_unit_test(test_what_is_not_in_the_table),
        cmocka_unit_test(test_filling_in_an_error),
        cmocka_unit_test(test_the_version_is_that_of_its_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
