/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* base/shared.h: the last reference frees, also across threads; memory that runs out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/shared.h"
#include "oom.h"

static void test_the_last_reference_frees(void **state)
{
    (void)state;
    vireo__shared *s = vireo__shared_copy("hello", 5);
    assert_int_equal(s->len, 5);
    assert_ptr_equal(vireo__shared_ref(s), s);
    vireo__shared_unref(s);
    assert_memory_equal(s->data, "hello",
                        5); /* still there: AddressSanitizer would say if it were not */
    vireo__shared_unref(s); /* and LeakSanitizer if it were not freed */
    vireo__shared_unref(NULL);
}

static void test_nothing_can_be_shared_too(void **state)
{
    (void)state;
    vireo__shared *s = vireo__shared_copy(NULL, 0);
    assert_int_equal(s->len, 0);
    vireo__shared_unref(s);
}

static void *take_and_drop(void *arg)
{
    for (int i = 0; i < 50000; i++)
        vireo__shared_unref(vireo__shared_ref(arg));
    vireo__shared_unref(arg);
    return NULL;
}

static void test_references_on_several_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    vireo__shared *s = vireo__shared_copy("x", 1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_drop, vireo__shared_ref(s)), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&s->refs), 1);
    vireo__shared_unref(s);
}

static void test_what_cannot_be_had(void **state)
{
    (void)state;
    assert_null(vireo__shared_new(SIZE_MAX));
    oom_fail_at(1);
    assert_null(vireo__shared_copy("x", 1));
    assert_true(oom_failed());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_reference_frees),
        cmocka_unit_test(test_nothing_can_be_shared_too),
        cmocka_unit_test(test_references_on_several_threads),
        cmocka_unit_test(test_what_cannot_be_had),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
