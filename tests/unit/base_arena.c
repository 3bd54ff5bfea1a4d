/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* base/arena.h: alignment, pieces that stay, what a reset keeps, memory that runs out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "oom.h"

static void test_pieces_do_not_move_or_overlap(void **state)
{
    (void)state;
    vireo__arena a;
    unsigned char *pieces[500];
    vireo__arena_init(&a);
    for (size_t i = 0; i < 500; i++) {
        pieces[i] = vireo__arena_take(&a, i, 1);
        assert_non_null(pieces[i]);
        memset(pieces[i], (int)(i & 255), i);
    }
    for (size_t i = 0; i < 500; i++)
        for (size_t k = 0; k < i; k++)
            assert_int_equal(pieces[i][k], i & 255);
    vireo__arena_deinit(&a);
}

static void test_alignment(void **state)
{
    (void)state;
    vireo__arena a;
    vireo__arena_init(&a);
    for (size_t align = 1; align <= 16; align *= 2)
        for (size_t size = 0; size < 50; size++)
            assert_int_equal((uintptr_t)vireo__arena_take(&a, size, align) % align, 0);
    vireo__arena_deinit(&a);
}

static void test_reset_keeps_one_chunk(void **state)
{
    (void)state;
    vireo__arena a;
    vireo__arena_init(&a);
    vireo__arena_reset(&a); /* nothing was taken */
    void *first = vireo__arena_take(&a, 100, 1);
    vireo__arena_reset(&a);
    oom_fail_at(1);
    assert_ptr_equal(vireo__arena_take(&a, VIREO__ARENA_CHUNK, 1), first);
    assert_false(oom_failed());
    assert_non_null(vireo__arena_take(&a, 1, 1));
    vireo__arena_reset(&a);
    assert_null(a.chunk);
    assert_non_null(vireo__arena_take(&a, 1 << 20, 1));
    vireo__arena_reset(&a);
    assert_null(a.chunk);
    vireo__arena_deinit(&a);
}

static void test_what_cannot_be_had(void **state)
{
    (void)state;
    vireo__arena a;
    vireo__arena_init(&a);
    assert_null(vireo__arena_take(&a, SIZE_MAX, 16));
    assert_null(vireo__arena_take(&a, SIZE_MAX - 64, 1));
    oom_fail_at(1);
    assert_null(vireo__arena_take(&a, 1, 1));
    assert_true(oom_failed());
    char *piece = vireo__arena_take(&a, 4, 1);
    memcpy(piece, "kept", 4);
    oom_fail_at(1);
    assert_null(vireo__arena_take(&a, VIREO__ARENA_CHUNK, 1));
    assert_true(oom_failed());
    assert_memory_equal(piece, "kept", 4);
    vireo__arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_do_not_move_or_overlap),
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_reset_keeps_one_chunk),
        cmocka_unit_test(test_what_cannot_be_had),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
