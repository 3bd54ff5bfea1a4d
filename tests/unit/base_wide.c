/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* base_wide.c: each implementation that this processor can run does what the obvious loop does, at
 * every alignment, next to an unreadable page, and touches nothing else. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/wide.h"
#include "guard.h"

enum { MOST = 300 };

static void fill(uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(i * 37 + 11);
}

static void check_xor(const vireo__wide *w, size_t n)
{
    static const uint8_t key_bytes[8] = {1, 2, 3, 4, 0xF1, 0xF2, 0xF3, 0xF4};
    uint8_t plain[MOST];
    uint64_t key;
    memcpy(&key, key_bytes, 8);
    fill(plain, n);
    for (size_t shift = 0; shift < 9; shift++) { /* bytes behind it, up to the page */
        uint8_t *at = guard_copy(plain, n + shift);
        w->exclusive_or(at, n, key);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(at[i], plain[i] ^ key_bytes[i % 8]);
        assert_memory_equal(at + n, plain + n, shift);
        guard_free(at, n + shift);
    }
}

static void check_ascii(const vireo__wide *w, size_t n)
{
    uint8_t text[MOST];
    memset(text, 0x7F, sizeof text);
    for (size_t wrong = 0; wrong <= n; wrong++) {
        uint8_t *at = guard_copy(text, n);
        if (wrong < n)
            at[wrong] = 0x80;
        assert_int_equal(w->ascii(at, n), wrong / w->block * w->block);
        guard_free(at, n);
    }
}

static void test_each(void **state)
{
    (void)state;
    const vireo__wide *w;
    size_t i = 0;
    for (; (w = vireo__wide_nth(i)) != NULL; i++) {
        assert_int_equal(w->block & (w->block - 1), 0);
        if (!w->is_there()) {
            printf("%s is not there\n", w->name);
            continue;
        }
        for (size_t n = 0; n + 9 < MOST; n += w->block) {
            check_xor(w, n);
            check_ascii(w, n);
        }
    }
    assert_true(i > 0 && vireo__wide_nth(i - 1)->is_there());
    assert_true(vireo__wide_best()->is_there());
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
