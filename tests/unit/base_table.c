/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* base/table.h: against a plain array, growing and shrinking; what it costs at any size; memory
 * that runs out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/list.h"
#include "base/table.h"
#include "oom.h"

static const vireo__hash_key key = {3, 4};

typedef struct thing {
    vireo__table_link link;
    char name[24];
    bool inside;
} thing;

static const void *name_of(const vireo__table_link *link, size_t *n)
{
    const thing *t = vireo__container(link, thing, link);
    *n = strlen(t->name);
    return t->name;
}

static thing *make_things(size_t count)
{
    thing *all = calloc(count, sizeof *all);
    for (size_t i = 0; i < count; i++)
        snprintf(all[i].name, sizeof all[i].name, "t%zu", i);
    return all;
}

static bool found(const vireo__table *t, const thing *which)
{
    return vireo__table_get(t, which->name, strlen(which->name)) == &which->link;
}

static void test_empty(void **state)
{
    (void)state;
    vireo__table t;
    thing other = {.name = "a"};
    vireo__table_init(&t, key, name_of);
    assert_null(vireo__table_get(&t, "a", 1));
    vireo__table_remove(&t, &other.link);
    vireo__table_deinit(&t);
}

static void test_of_two_with_one_key_the_newest_counts(void **state)
{
    (void)state;
    vireo__table t;
    thing first = {.name = "same"}, second = {.name = "same"};
    vireo__table_init(&t, key, name_of);
    assert_int_equal(vireo__table_put(&t, &first.link), 0);
    assert_int_equal(vireo__table_put(&t, &second.link), 0);
    assert_true(found(&t, &second));
    vireo__table_remove(&t, &second.link);
    assert_true(found(&t, &first));
    vireo__table_remove(&t, &second.link); /* it is out already */
    assert_int_equal(t.len, 1);
    assert_null(vireo__table_get(&t, "sam", 3));
    assert_null(vireo__table_get(&t, "same ", 5));
    vireo__table_deinit(&t);
}

/* In and out in a mixed order, with the share of those inside swinging between all and none. */
static void test_against_an_array(void **state)
{
    (void)state;
    enum { THINGS = 3000, STEPS = 120000, SWING = 20000 };
    thing *all = make_things(THINGS);
    vireo__table t;
    uint32_t count = 0, random = 7;
    vireo__table_init(&t, key, name_of);
    for (uint32_t step = 0; step < STEPS; step++) {
        random = random * 1103515245u + 12345u;
        thing *one = &all[(random >> 8) % THINGS];
        bool in = step / SWING % 2 == 0 ? (random >> 4) % 8 != 0 : (random >> 4) % 8 == 0;
        if (in && !one->inside)
            assert_int_equal(vireo__table_put(&t, &one->link), 0);
        if (!in)
            vireo__table_remove(&t, &one->link);
        count += (uint32_t)in - (uint32_t)one->inside;
        one->inside = in;
        assert_int_equal(t.len, count);
        assert_true(found(&t, &all[step % THINGS]) == all[step % THINGS].inside);
    }
    for (int i = 0; i < THINGS; i++)
        assert_true(found(&t, &all[i]) == all[i].inside);
    vireo__table_deinit(&t);
    free(all);
}

/* As many buckets as objects, at every size: no size is worse than another. */
static void test_it_costs_the_same_at_any_size(void **state)
{
    (void)state;
    enum { THINGS = 5000 };
    thing *all = make_things(THINGS);
    vireo__table t;
    vireo__table_init(&t, key, name_of);
    for (uint32_t i = 0; i < THINGS; i++) {
        assert_int_equal(vireo__table_put(&t, &all[i].link), 0);
        assert_int_equal(t.buckets, i + 1);
    }
    for (uint32_t i = THINGS; i > 0; i--) {
        vireo__table_remove(&t, &all[i - 1].link);
        assert_true(t.buckets <= 2 * (i - 1));
    }
    assert_null(t.segments); /* all is given back */
    free(all);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    enum { THINGS = 200 };
    thing *all = make_things(THINGS);
    for (int n = 1;; n++) {
        vireo__table t;
        uint32_t inside = 0;
        vireo__table_init(&t, key, name_of);
        oom_fail_at(n);
        for (int i = 0; i < THINGS; i++) {
            int error = vireo__table_put(&t, &all[i].link);
            assert_true(error == 0 || (error == VIREO_ENOMEM && i == 0));
            inside += error == 0;
        }
        bool failed = oom_failed();
        assert_int_equal(t.len, inside);
        assert_true(inside >= THINGS - 1); /* only the first can be refused */
        for (uint32_t i = THINGS - inside; i < THINGS; i++)
            assert_true(found(&t, &all[i]));
        vireo__table_deinit(&t);
        if (!failed)
            break;
    }
    free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_of_two_with_one_key_the_newest_counts),
        cmocka_unit_test(test_against_an_array),
        cmocka_unit_test(test_it_costs_the_same_at_any_size),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
