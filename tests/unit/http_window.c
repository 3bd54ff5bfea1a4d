/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http/window.h: H18, counting in a sliding window. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/window.h"

static void counts_to_the_limit(void **state)
{
    (void)state;
    vireo__window w = {0};
    for (uint32_t i = 0; i < 5; i++) {
        vireo__window_result r = vireo__window_take(&w, 1000, 5, 1000);
        assert_true(r.allowed);
        assert_int_equal(r.left, 4 - i);
    }
    vireo__window_result r = vireo__window_take(&w, 1000, 5, 1000);
    assert_false(r.allowed);
    assert_int_equal(r.left, 0);
    assert_int_equal(r.wait_ms, 1200); /* the next window, and a fifth of it */
}

/* The wait that is told is the least that helps. */
static void tells_how_long_to_wait(void **state)
{
    (void)state;
    static const uint32_t limits[] = {1, 2, 3, 7, 10, 1000};
    static const uint32_t windows[] = {1, 2, 10, 999, 1000, 60000, UINT32_MAX};
    for (int l = 0; l < 6; l++)
        for (int k = 0; k < 7; k++)
            for (uint64_t at = 5000000; at < 5000000 + windows[k]; at += windows[k] / 3 + 1) {
                vireo__window w = {0};
                vireo__window_result r;
                uint64_t now = at;
                while ((r = vireo__window_take(&w, now, limits[l], windows[k])).allowed)
                    ;
                for (int again = 0; again < 5; again++) {
                    assert_true(r.wait_ms > 0);
                    vireo__window copy = w;
                    assert_false(
                        vireo__window_take(&copy, now + r.wait_ms - 1, limits[l], windows[k])
                            .allowed);
                    now += r.wait_ms;
                    assert_true(vireo__window_take(&w, now, limits[l], windows[k]).allowed);
                    r = vireo__window_take(&w, now, limits[l], windows[k]);
                    while (r.allowed)
                        r = vireo__window_take(&w, now, limits[l], windows[k]);
                }
            }
}

/* Whoever asks all the time gets his limit in each window, and hardly more. */
static void holds_the_rate(void **state)
{
    (void)state;
    vireo__window w = {0};
    unsigned allowed = 0;
    for (uint64_t now = 0; now < 10000; now++)
        allowed += vireo__window_take(&w, now, 100, 1000).allowed;
    assert_in_range(allowed, 900, 1100);
}

static void forgets(void **state)
{
    (void)state;
    vireo__window w = {0};
    for (int i = 0; i < 10; i++)
        vireo__window_take(&w, 1999, 10, 1000);
    assert_false(vireo__window_take(&w, 2000, 10, 1000).allowed); /* just now */
    assert_int_equal(vireo__window_take(&w, 2500, 10, 1000).left, 4);
    assert_int_equal(vireo__window_take(&w, 9000, 10, 1000).left, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_to_the_limit),
        cmocka_unit_test(tells_how_long_to_wait),
        cmocka_unit_test(holds_the_rate),
        cmocka_unit_test(forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
