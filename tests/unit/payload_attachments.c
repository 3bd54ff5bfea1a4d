/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* payload/attachments.h: order, growth, moving the struct, memory that runs out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <vireo/error.h>

#include "oom.h"
#include "payload/attachments.h"

static void test_keeps_order_and_borrows(void **state)
{
    (void)state;
    static const char bytes[100];
    vireo__attachments a;
    vireo__attachments_init(&a);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(vireo__attachments_add(&a, bytes + i, i), 0);
        vireo__attachments moved = a;
        memset(&a, 0xAA, sizeof a);
        a = moved;
        assert_int_equal(a.count, i + 1);
        for (size_t k = 0; k <= i; k++) {
            assert_ptr_equal(vireo__attachments_list(&a)[k].data, bytes + k);
            assert_int_equal(vireo__attachments_list(&a)[k].size, k);
        }
    }
    vireo__attachments_deinit(&a);
    assert_int_equal(a.count, 0);
}

static void test_out_of_memory_keeps_the_list(void **state)
{
    (void)state;
    vireo__attachments a;
    vireo__attachments_init(&a);
    oom_fail_at(1);
    for (int i = 0; i < VIREO__FEW_ATTACHMENTS; i++)
        assert_int_equal(vireo__attachments_add(&a, &a, 1), 0);
    assert_int_equal(vireo__attachments_add(&a, &a, 1), VIREO_ENOMEM);
    assert_true(oom_failed());
    assert_int_equal(a.count, VIREO__FEW_ATTACHMENTS);
    assert_int_equal(vireo__attachments_add(&a, &a, 1), 0);
    vireo__attachments_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_order_and_borrows),
        cmocka_unit_test(test_out_of_memory_keeps_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
