/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* base/map.h: against a plain array, with removals; the hash against known values; memory that runs
 * out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/map.h"
#include "oom.h"

static const vireo__hash_key key = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};

static void test_empty(void **state)
{
    (void)state;
    vireo__map m;
    uint32_t at = 0;
    vireo__map_init(&m, key);
    assert_null(vireo__map_get(&m, "a", 1));
    assert_null(vireo__map_remove(&m, "a", 1));
    assert_null(vireo__map_next(&m, &at));
    vireo__map_deinit(&m);
}

static void test_put_replaces(void **state)
{
    (void)state;
    vireo__map m;
    char first[] = "room", second[] = "room";
    vireo__map_init(&m, key);
    assert_int_equal(vireo__map_put(&m, first, 4, first), 0);
    assert_int_equal(vireo__map_put(&m, second, 4, second), 0);
    assert_int_equal(m.len, 1);
    memset(first, 'x', 4); /* the key is now the second one's */
    assert_ptr_equal(vireo__map_get(&m, "room", 4), second);
    assert_null(vireo__map_get(&m, "roo", 3));
    assert_null(vireo__map_get(&m, "room", 5));
    vireo__map_deinit(&m);
}

static void test_the_empty_key_and_bytes_that_are_0(void **state)
{
    (void)state;
    vireo__map m;
    int a, b, c;
    vireo__map_init(&m, key);
    vireo__map_put(&m, "", 0, &a);
    vireo__map_put(&m, "\0", 1, &b);
    vireo__map_put(&m, "\0\0", 2, &c);
    assert_ptr_equal(vireo__map_get(&m, "", 0), &a);
    assert_ptr_equal(vireo__map_get(&m, "\0", 1), &b);
    assert_ptr_equal(vireo__map_get(&m, "\0\0", 2), &c);
    vireo__map_deinit(&m);
}

/* A thousand keys go in and out in a mixed order; the map must always agree with the array. */
static void test_against_an_array(void **state)
{
    (void)state;
    enum { KEYS = 1000, STEPS = 200000 };
    static char names[KEYS][16];
    static unsigned char present[KEYS];
    vireo__map m;
    uint32_t count = 0, random = 1;
    vireo__map_init(&m, key);
    for (int i = 0; i < KEYS; i++)
        snprintf(names[i], sizeof names[i], "k%d", i);
    for (int step = 0; step < STEPS; step++) {
        random = random * 1664525 + 1013904223;
        uint32_t i = (random >> 8) % KEYS;
        const char *name = names[i];
        void *there = present[i] ? names[i] : NULL;
        assert_ptr_equal(vireo__map_get(&m, name, strlen(name)), there);
        /* Mostly fuller in the first half, mostly emptier in the second. */
        bool one_in_four = (random >> 24) % 4 == 0;
        if (one_in_four == (step >= STEPS / 2)) {
            assert_int_equal(vireo__map_put(&m, name, strlen(name), names[i]), 0);
            count += present[i] ? 0 : 1;
            present[i] = 1;
        } else {
            assert_ptr_equal(vireo__map_remove(&m, name, strlen(name)), there);
            count -= present[i];
            present[i] = 0;
        }
        assert_int_equal(m.len, count);
    }
    uint32_t at = 0, visited = 0;
    for (char *value; (value = vireo__map_next(&m, &at)) != NULL; visited++)
        assert_true(present[(value - names[0]) / (ptrdiff_t)sizeof names[0]]);
    assert_int_equal(visited, count);
    vireo__map_deinit(&m);
}

/* SipHash-1-3 under the key of 16 zero bytes, as other implementations of it answer. */
static void test_hash_is_siphash_1_3(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t hash;
    } known[] = {
        {"a", UINT64_C(0x407448d2b89b1813)},
        {"abcdefg", UINT64_C(0x6db12aae9070f506)},
        {"abcdefgh", UINT64_C(0x3f7b849c0b8e35ea)},
        {"socket.io room name", UINT64_C(0xe9879b24567e0d3f)},
        {"The quick brown fox jumps over the lazy dog", UINT64_C(0x8df676d3d00c451e)},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_true(vireo__siphash((vireo__hash_key){0, 0}, known[i].text, strlen(known[i].text)) ==
                    known[i].hash);
    assert_true(vireo__siphash(key, "a", 1) != vireo__siphash((vireo__hash_key){0, 0}, "a", 1));
}

static void test_random_keys_differ(void **state)
{
    (void)state;
    vireo__hash_key a = vireo__hash_key_random(), b = vireo__hash_key_random();
    assert_memory_not_equal(&a, &b, sizeof a);
    assert_true(vireo__siphash(a, "a", 1) != vireo__siphash(b, "a", 1));
}

static void test_out_of_memory_changes_nothing(void **state)
{
    (void)state;
    vireo__map m;
    vireo__map_init(&m, key);
    oom_fail_at(1);
    assert_int_equal(vireo__map_put(&m, "a", 1, &m), VIREO_ENOMEM);
    assert_true(oom_failed());
    assert_null(vireo__map_get(&m, "a", 1));
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    for (int i = 0; i < 26; i++) {
        oom_fail_at(1);
        int error = vireo__map_put(&m, letters + i, 1, &m);
        if (oom_failed()) {
            assert_int_equal(error, VIREO_ENOMEM);
            assert_null(vireo__map_get(&m, letters + i, 1));
            assert_int_equal(vireo__map_put(&m, letters + i, 1, &m), 0);
        }
        assert_int_equal(m.len, i + 1);
        for (int k = 0; k <= i; k++)
            assert_non_null(vireo__map_get(&m, letters + k, 1));
    }
    vireo__map_deinit(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_put_replaces),
        cmocka_unit_test(test_the_empty_key_and_bytes_that_are_0),
        cmocka_unit_test(test_against_an_array),
        cmocka_unit_test(test_hash_is_siphash_1_3),
        cmocka_unit_test(test_random_keys_differ),
        cmocka_unit_test(test_out_of_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
