/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* sse/history.h (E02): bounds by number and bytes, ids of ours and of others, memory that runs
 * out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oom.h"
#include "sse/history.h"

#define EPOCH UINT64_C(0x10000beef)

static void add(vireo__sse_history *h, const char *text, const char *room)
{
    vireo__shared *shared = vireo__shared_copy(text, strlen(text));
    vireo__sse_history_add(h, shared, room);
    vireo__shared_unref(shared);
}

/* What a client with this last id gets, up to now: "3:text room;". "lost" if that is not known. */
static const char *since(const vireo__sse_history *h, const char *id)
{
    static char out[512];
    uint64_t number;
    out[0] = '\0';
    if (!vireo__sse_history_find(h, id, &number))
        return "lost";
    while (number++ < h->last) {
        const vireo__sse_past *past = vireo__sse_history_get(h, number);
        assert_non_null(past);
        size_t n = strlen(out);
        snprintf(out + n, sizeof out - n, "%.*s%s%s;", (int)past->text->len,
                 (const char *)past->text->data, past->room ? " " : "",
                 past->room ? past->room : "");
    }
    return out;
}

static void test_bounded_by_number(void **state)
{
    (void)state;
    vireo__sse_history h;
    char id[VIREO__SSE_ID_SIZE];
    vireo__sse_history_init(&h, 3, 1000, EPOCH);
    vireo__sse_history_next_id(&h, id);
    assert_string_equal(id, "0000beef-1");
    assert_string_equal(since(&h, "0000beef-0"), "");
    add(&h, "a", NULL);
    add(&h, "b", "room");
    assert_string_equal(since(&h, "0000beef-0"), "a;b room;");
    add(&h, "c", NULL);
    add(&h, "d", NULL);
    vireo__sse_history_next_id(&h, id);
    assert_string_equal(id, "0000beef-5");
    assert_string_equal(since(&h, "0000beef-0"), "lost");
    assert_string_equal(since(&h, "0000beef-1"), "b room;c;d;");
    assert_string_equal(since(&h, "0000beef-3"), "d;");
    assert_string_equal(since(&h, "0000beef-4"), "");
    vireo__sse_history_deinit(&h);
}

static void test_ids_of_others(void **state)
{
    (void)state;
    static const char *const ids[] = {
        "",
        "4",
        "0000beef",
        "0000beef-",
        "0000beef--1",
        "0000beef-5",
        "0000bee0-1",
        "0000BEEF-1",
        "beef-1",
        "0000beef-01",
        "0000beef-1 ",
        "0000beef-+1",
        "0000beef- 1",
        "0x00beef-1",
        "0000beef-18446744073709551615",
        "0000beef-99999999999999999999999",
    };
    vireo__sse_history h;
    vireo__sse_history_init(&h, 3, 1000, EPOCH);
    add(&h, "a", NULL);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        assert_string_equal(since(&h, ids[i]), "lost");
    vireo__sse_history_deinit(&h);
}

static void test_bounded_by_bytes(void **state)
{
    (void)state;
    vireo__sse_history h;
    vireo__sse_history_init(&h, 100, 10, EPOCH);
    add(&h, "aaaa", NULL);
    add(&h, "bbbb", NULL);
    add(&h, "cc", NULL); /* exactly */
    assert_string_equal(since(&h, "0000beef-0"), "aaaa;bbbb;cc;");
    add(&h, "d", NULL);
    assert_string_equal(since(&h, "0000beef-0"), "lost");
    assert_string_equal(since(&h, "0000beef-1"), "bbbb;cc;d;");
    assert_int_equal(h.bytes, 7);
    add(&h, "eeeeeeeeeee", NULL); /* more than all together */
    assert_int_equal(h.count, 0);
    assert_int_equal(h.bytes, 0);
    assert_string_equal(since(&h, "0000beef-4"), "lost");
    assert_string_equal(since(&h, "0000beef-5"), "");
    add(&h, "f", NULL);
    assert_string_equal(since(&h, "0000beef-5"), "f;");
    vireo__sse_history_deinit(&h);
}

static void test_nothing_is_kept(void **state)
{
    (void)state;
    vireo__sse_history h;
    vireo__sse_history_init(&h, 0, 1000, EPOCH);
    add(&h, "a", NULL);
    assert_null(vireo__sse_history_get(&h, 1));
    assert_string_equal(since(&h, "0000beef-0"), "lost");
    vireo__sse_history_deinit(&h);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        vireo__sse_history h;
        vireo__shared *b = vireo__shared_copy("b", 1);
        vireo__sse_history_init(&h, 3, 1000, EPOCH);
        oom_fail_at(n);
        vireo__sse_history_add(&h, b, "room");
        bool failed = oom_failed();
        vireo__shared_unref(b);
        assert_string_equal(since(&h, "0000beef-0"), failed ? "lost" : "b room;");
        assert_string_equal(since(&h, "0000beef-1"), "");
        vireo__sse_history_deinit(&h);
        if (!failed) {
            assert_true(n > 2);
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounded_by_number), cmocka_unit_test(test_ids_of_others),
        cmocka_unit_test(test_bounded_by_bytes),  cmocka_unit_test(test_nothing_is_kept),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
