/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* L04: the histogram of vireo bench, against a sorted list of all values. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/histogram.h"

static void is_empty_at_first(void **state)
{
    cli_histogram h = {0};
    (void)state;
    assert_int_equal(cli_histogram_at(&h, 0.5), 0);
    assert_true(cli_histogram_mean(&h) == 0);
    assert_int_equal(cli_histogram_between(&h, 0, CLI_HISTOGRAM_MAX + 1), 0);
}

/* Each value alone: what is told lies within one part in 64 above it, and never above the
 * maximum. */
static void tells_one_value(void **state)
{
    (void)state;
    for (uint64_t value = 0; value <= CLI_HISTOGRAM_MAX; value = value * 17 / 16 + 1) {
        cli_histogram *h = calloc(1, sizeof *h);
        assert_non_null(h);
        cli_histogram_add(h, value);
        assert_int_equal(cli_histogram_at(h, 0.5), value); /* the maximum bounds it */
        cli_histogram_add(h, CLI_HISTOGRAM_MAX);
        uint64_t told = cli_histogram_at(h, 0.5);
        assert_true(told >= value && told - value <= value / 64);
        assert_int_equal(h->min, value);
        free(h);
    }
}

static void bounds_what_is_beyond(void **state)
{
    cli_histogram h = {0};
    (void)state;
    cli_histogram_add(&h, CLI_HISTOGRAM_MAX);
    cli_histogram_add(&h, CLI_HISTOGRAM_MAX + 1);
    cli_histogram_add(&h, UINT64_MAX);
    assert_int_equal(h.max, CLI_HISTOGRAM_MAX);
    assert_int_equal(cli_histogram_at(&h, 1), CLI_HISTOGRAM_MAX);
    assert_int_equal(h.count, 3);
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void agrees_with_a_sorted_list(void **state)
{
    enum { COUNT = 10000 };
    static uint64_t values[COUNT];
    static cli_histogram halves[2], all;
    uint64_t random = 88172645463325252u;
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        values[i] = random % (UINT64_C(1) << (i % 40));
        cli_histogram_add(&halves[i % 2], values[i]);
    }
    cli_histogram_merge(&all, &halves[0]);
    cli_histogram_merge(&all, &halves[1]);
    qsort(values, COUNT, sizeof values[0], by_size);
    for (unsigned permille = 1; permille <= 1000; permille++) {
        uint64_t right = values[(size_t)permille * COUNT / 1000 - 1];
        uint64_t told = cli_histogram_at(&all, permille / 1000.0);
        assert_true(told >= right && told - right <= right / 64);
    }
    assert_int_equal(all.min, values[0]);
    assert_int_equal(all.max, values[COUNT - 1]);
    assert_int_equal(cli_histogram_between(&all, 0, 128) +
                         cli_histogram_between(&all, 128, CLI_HISTOGRAM_MAX + 1),
                     COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_empty_at_first),
        cmocka_unit_test(tells_one_value),
        cmocka_unit_test(bounds_what_is_beyond),
        cmocka_unit_test(agrees_with_a_sorted_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
