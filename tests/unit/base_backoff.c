/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* base/backoff (W11): the waits between attempts, with a chance that the test chooses. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/backoff.h"

#define CHANCE(part) ((uint32_t)((part)*4294967296.0))

static void waits_as_told(void **state)
{
    static const struct {
        vireo__backoff b;
        uint32_t attempt;
        double chance;
        uint32_t ms;
    } cases[] = {
        {{1000, 5000, 2, 0}, 0, 0.5, 1000},
        {{1000, 5000, 2, 0}, 1, 0.5, 2000},
        {{1000, 5000, 2, 0}, 2, 0.5, 4000},
        {{1000, 5000, 2, 0}, 3, 0.5, 5000},
        {{1000, 5000, 2, 0}, UINT32_MAX, 0.5, 5000},
        {{1000, 5000, 1, 0}, UINT32_MAX, 0.5, 1000},
        {{1000, 5000, 1.5, 0}, 2, 0.5, 2250},
        {{1000, 5000, 2, 0.5}, 0, 0, 1000},
        {{1000, 5000, 2, 0.5}, 0, 0.25, 875},  /* an even last decimal: earlier */
        {{1000, 5000, 2, 0.5}, 0, 0.75, 1375}, /* an odd one: later */
        {{1000, 5000, 2, 0.5}, 1, 0.25, 1750},
        {{1000, 1200, 2, 0.5}, 0, 0.75, 1200}, /* the bound holds for chance too */
        {{1000, UINT32_MAX, 10, 1}, 100, 0.75, UINT32_MAX},
        {{1000, 5000, 10, 1}, UINT32_MAX, 0, 5000},
        {{0, 0, 2, 1}, 3, 0.75, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(
            vireo__backoff_delay(&cases[i].b, cases[i].attempt, CHANCE(cases[i].chance)),
            cases[i].ms);
}

static void stays_within_its_bounds(void **state)
{
    static const vireo__backoff b = {1000, 30000, 2, 0.5};
    (void)state;
    for (uint32_t attempt = 0; attempt < 8; attempt++) {
        uint32_t ms = 1000u << attempt;
        uint32_t bound = ms / 2 < 30000 ? ms / 2 : 30000;
        for (uint32_t chance = 0; chance < 0xff000000u; chance += 0x00fedcbau) {
            uint32_t delay = vireo__backoff_delay(&b, attempt, chance);
            assert_in_range(delay, bound, ms + ms / 2 < 30000 ? ms + ms / 2 : 30000);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_as_told),
        cmocka_unit_test(stays_within_its_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
