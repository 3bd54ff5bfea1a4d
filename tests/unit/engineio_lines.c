/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* engineio/lines.h: what is kept is what was said, in order, however much of it is shared; what is
 * shared goes with the last who said it; memory that runs out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "engineio/lines.h"
#include "oom.h"

static const vireo__hash_key key = {5, 6};

static const char *const usual[][2] = {
    {":url", "/socket.io/?EIO=4&transport=websocket"},
    {"host", "example.org"},
    {"x", ""},
    {"user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"},
    {"accept-language", "en-US,en;q=0.9"},
};
enum { USUAL = sizeof usual / sizeof *usual, SHARED_BYTES = 4 };

static int keep(vireo__lines *lines, vireo__buf *kept, const char *own)
{
    vireo__buf_init(kept, VIREO__BUF_UNLIMITED);
    for (int i = 0; i < USUAL; i++)
        vireo__lines_add(lines, kept, usual[i][0], usual[i][1]);
    return vireo__lines_add(lines, kept, "sec-websocket-key", own);
}

static void let_go(vireo__lines *lines, vireo__buf *kept)
{
    vireo__lines_drop(lines, kept->data, kept->len);
    vireo__buf_deinit(kept);
}

static void assert_kept(const vireo__lines *lines, const vireo__buf *kept, const char *own)
{
    const uint8_t *at = kept->data;
    size_t n = kept->len;
    const char *name, *value;
    for (int i = 0; i < USUAL; i++) {
        assert_true(vireo__lines_next(lines, &at, &n, &name, &value));
        assert_string_equal(name, usual[i][0]);
        assert_string_equal(value, usual[i][1]);
    }
    assert_true(vireo__lines_next(lines, &at, &n, &name, &value));
    assert_string_equal(value, own);
    assert_false(vireo__lines_next(lines, &at, &n, &name, &value));
    assert_string_equal(vireo__lines_get(lines, kept->data, kept->len, "host"), "example.org");
    assert_null(vireo__lines_get(lines, kept->data, kept->len, "cookie"));
}

static void test_lines_that_many_say_are_kept_once(void **state)
{
    (void)state;
    enum { CLIENTS = 50 };
    vireo__lines lines;
    vireo__buf kept[CLIENTS];
    char own[16];
    vireo__lines_init(&lines, key);
    for (int i = 0; i < CLIENTS; i++) {
        snprintf(own, sizeof own, "own %d", i);
        assert_int_equal(keep(&lines, &kept[i], own), 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        snprintf(own, sizeof own, "own %d", i);
        assert_kept(&lines, &kept[i], own);
    }
    /* {"x", ""} is no longer than what would refer to it */
    size_t least = (USUAL - 1) * SHARED_BYTES + sizeof "x" + 1;
    assert_int_equal(kept[CLIENTS - 1].len, least + sizeof "sec-websocket-key" + sizeof "own 49");
    assert_int_equal(lines.shared.len, USUAL - 1);
    for (int i = 0; i < CLIENTS; i++)
        let_go(&lines, &kept[i]);
    assert_int_equal(lines.shared.len, 0);
    vireo__lines_deinit(&lines);
}

static void test_numbers_are_given_again(void **state)
{
    (void)state;
    vireo__lines lines;
    vireo__lines_init(&lines, key);
    for (int round = 0; round < 100; round++) {
        vireo__buf kept[3];
        char name[24];
        snprintf(name, sizeof name, "name %d", round);
        for (int i = 0; i < 3; i++) {
            vireo__buf_init(&kept[i], VIREO__BUF_UNLIMITED);
            vireo__lines_add(&lines, &kept[i], name, "first");
            vireo__lines_add(&lines, &kept[i], name, "second");
        }
        assert_int_equal(kept[2].len, 2 * SHARED_BYTES);
        assert_string_equal(vireo__lines_get(&lines, kept[2].data, kept[2].len, name), "first");
        for (int i = 0; i < 3; i++)
            let_go(&lines, &kept[i]);
    }
    assert_int_equal(lines.count, 2);
    vireo__lines_deinit(&lines);
}

/* However their hashes fall: no two of them keep each other from being remembered. */
static void test_all_usual_lines_are_shared_under_every_key(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 5000; n++) {
        vireo__lines lines;
        vireo__buf first, second;
        vireo__lines_init(&lines, (vireo__hash_key){n, ~n});
        assert_int_equal(keep(&lines, &first, "one"), 0);
        assert_int_equal(keep(&lines, &second, "two"), 0);
        assert_int_equal(lines.shared.len, USUAL - 1);
        let_go(&lines, &first);
        let_go(&lines, &second);
        vireo__lines_deinit(&lines);
    }
}

/* Lines that come once each: they are their owner's, and nothing of them stays behind. */
static void test_what_nobody_repeats_is_not_shared(void **state)
{
    (void)state;
    vireo__lines lines;
    vireo__lines_init(&lines, key);
    for (int i = 0; i < 5000; i++) {
        vireo__buf kept;
        char value[32];
        snprintf(value, sizeof value, "session=%d", i);
        vireo__buf_init(&kept, VIREO__BUF_UNLIMITED);
        vireo__lines_add(&lines, &kept, "cookie", value);
        assert_string_equal(vireo__lines_get(&lines, kept.data, kept.len, "cookie"), value);
        let_go(&lines, &kept);
    }
    assert_int_equal(lines.count, 0);
    vireo__lines_deinit(&lines);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        vireo__lines lines;
        vireo__buf kept[3];
        vireo__lines_init(&lines, key);
        oom_fail_at(n);
        int errors[3];
        for (int i = 0; i < 3; i++)
            errors[i] = keep(&lines, &kept[i], "own");
        bool failed = oom_failed();
        for (int i = 0; i < 3; i++) {
            assert_true(errors[i] == 0 || errors[i] == VIREO_ENOMEM);
            if (errors[i] == 0)
                assert_kept(&lines, &kept[i], "own");
            let_go(&lines, &kept[i]);
        }
        assert_int_equal(lines.shared.len, 0);
        vireo__lines_deinit(&lines);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_that_many_say_are_kept_once),
        cmocka_unit_test(test_all_usual_lines_are_shared_under_every_key),
        cmocka_unit_test(test_numbers_are_given_again),
        cmocka_unit_test(test_what_nobody_repeats_is_not_shared),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
