/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* base/buf.h: growing, the limit, the error that sticks, memory that runs out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/buf.h"
#include "oom.h"

static void assert_holds(const vireo__buf *b, const char *text)
{
    assert_int_equal(b->len, strlen(text));
    assert_memory_equal(b->data, text, b->len);
}

static void test_appends_in_order(void **state)
{
    (void)state;
    vireo__buf b;
    vireo__buf_init(&b, 1000);
    assert_null(b.data);
    assert_int_equal(vireo__buf_append(&b, "ab", 2), 0);
    assert_int_equal(vireo__buf_append(&b, NULL, 0), 0);
    assert_int_equal(vireo__buf_append_byte(&b, 'c'), 0);
    assert_int_equal(vireo__buf_append_str(&b, "de"), 0);
    assert_int_equal(vireo__buf_append_u64(&b, 0), 0);
    assert_int_equal(vireo__buf_append_u64(&b, UINT64_MAX), 0);
    assert_holds(&b, "abcde018446744073709551615");
    assert_string_equal(vireo__buf_cstr(&b), "abcde018446744073709551615");
    assert_int_equal(b.len, 26);
    vireo__buf_deinit(&b);
}

static void test_content_survives_growth(void **state)
{
    (void)state;
    vireo__buf b;
    vireo__buf_init(&b, VIREO__BUF_UNLIMITED);
    for (unsigned i = 0; i < 100000; i++)
        vireo__buf_append_byte(&b, (uint8_t)(i * 7));
    assert_int_equal(b.error, 0);
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal(b.data[i], (uint8_t)(i * 7));
    vireo__buf_deinit(&b);
}

static void test_the_maximum_is_reached_but_not_passed(void **state)
{
    (void)state;
    vireo__buf b;
    vireo__buf_init(&b, 5);
    assert_int_equal(vireo__buf_append(&b, "12345", 5), 0);
    assert_string_equal(vireo__buf_cstr(&b), "12345"); /* the NUL does not count */
    assert_int_equal(vireo__buf_append(&b, NULL, 0), 0);
    assert_int_equal(vireo__buf_append_byte(&b, '6'), VIREO_ETOOBIG);
    assert_holds(&b, "12345");
    vireo__buf_consume(&b, 5);
    assert_int_equal(vireo__buf_append_byte(&b, '1'), VIREO_ETOOBIG); /* it sticks */
    assert_null(vireo__buf_reserve(&b, 1));
    assert_null(vireo__buf_cstr(&b));
    vireo__buf_reset(&b, SIZE_MAX);
    assert_int_equal(vireo__buf_append_byte(&b, '1'), 0);
    vireo__buf_deinit(&b);
}

static void test_sizes_that_would_overflow(void **state)
{
    (void)state;
    vireo__buf b;
    vireo__buf_init(&b, SIZE_MAX);
    vireo__buf_append(&b, "x", 1);
    assert_null(vireo__buf_reserve(&b, SIZE_MAX));
    assert_int_equal(b.error, VIREO_ETOOBIG);
    vireo__buf_reset(&b, 1000);
    assert_null(vireo__buf_reserve(&b, SIZE_MAX - 1));
    assert_int_equal(b.error, VIREO_ETOOBIG);
    vireo__buf_deinit(&b);
}

static void test_consume(void **state)
{
    (void)state;
    vireo__buf b;
    vireo__buf_init(&b, 100);
    vireo__buf_consume(&b, 0); /* nothing was appended yet */
    vireo__buf_append_str(&b, "hello world");
    vireo__buf_consume(&b, 0);
    vireo__buf_consume(&b, 6);
    assert_holds(&b, "world");
    vireo__buf_consume(&b, 100);
    assert_int_equal(b.len, 0);
    vireo__buf_deinit(&b);
}

static void test_reset_keeps_a_little_memory(void **state)
{
    (void)state;
    vireo__buf b;
    vireo__buf_init(&b, VIREO__BUF_UNLIMITED);
    vireo__buf_append_str(&b, "x");
    uint8_t *data = b.data;
    vireo__buf_reset(&b, 64);
    assert_ptr_equal(b.data, data);
    assert_int_equal(b.len, 0);
    assert_non_null(vireo__buf_reserve(&b, 1000));
    vireo__buf_reset(&b, 64);
    assert_null(b.data);
    vireo__buf_deinit(&b);
}

static void test_out_of_memory_sticks_and_keeps_the_content(void **state)
{
    (void)state;
    vireo__buf b;
    vireo__buf_init(&b, VIREO__BUF_UNLIMITED);
    vireo__buf_append_str(&b, "kept");
    oom_fail_at(1);
    assert_null(vireo__buf_reserve(&b, 1000));
    assert_true(oom_failed());
    assert_int_equal(b.error, VIREO_ENOMEM);
    assert_int_equal(vireo__buf_append_byte(&b, 'x'), VIREO_ENOMEM);
    assert_holds(&b, "kept");
    vireo__buf_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appends_in_order),
        cmocka_unit_test(test_content_survives_growth),
        cmocka_unit_test(test_the_maximum_is_reached_but_not_passed),
        cmocka_unit_test(test_sizes_that_would_overflow),
        cmocka_unit_test(test_consume),
        cmocka_unit_test(test_reset_keeps_a_little_memory),
        cmocka_unit_test(test_out_of_memory_sticks_and_keeps_the_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
