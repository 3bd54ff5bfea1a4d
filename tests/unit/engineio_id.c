/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* engineio_id.c: ids of sessions and sockets (T11). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "engineio/id.h"

enum { MANY = 5000 };

static void ids_have_20_characters_and_end_with_the_counter(void **state)
{
    static const char *const ends[] = {"AAAA", "AAAB", "AAAC"};
    vireo__id_source source = {0};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char id[VIREO__ID_SIZE];
        vireo__id_make(&source, id);
        assert_int_equal(strlen(id), 20);
        assert_string_equal(id + 16, ends[i]);
    }
}

static void ids_use_only_letters_that_a_url_may_carry(void **state)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    vireo__id_source source = {0};
    bool seen[128] = {false};
    (void)state;
    for (int i = 0; i < MANY; i++) {
        char id[VIREO__ID_SIZE];
        vireo__id_make(&source, id);
        assert_int_equal(strspn(id, letters), 20);
        for (const char *c = id; *c; c++)
            seen[(unsigned char)*c] = true;
    }
    assert_true(seen['_'] && seen['-']);
}

static void ids_do_not_repeat(void **state)
{
    static char ids[MANY][VIREO__ID_SIZE];
    vireo__id_source source = {0};
    (void)state;
    for (int i = 0; i < MANY; i++) {
        vireo__id_make(&source, ids[i]);
        ids[i][16] = '\0'; /* the random part alone */
    }
    for (int i = 0; i < MANY; i++)
        for (int k = i + 1; k < MANY; k++)
            assert_true(memcmp(ids[i], ids[k], 16) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_have_20_characters_and_end_with_the_counter),
        cmocka_unit_test(ids_use_only_letters_that_a_url_may_carry),
        cmocka_unit_test(ids_do_not_repeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
