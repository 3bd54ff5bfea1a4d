/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* socketio/history.h (V01, V05): what is kept of an event, bounds by bytes and age, offsets of ours
 * and of others, memory that runs out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oom.h"
#include "socketio/history.h"

#define PLENTY 100000

/* Adds an event of |size| bytes for all. */
static void add(vireo__history *h, size_t size, uint64_t now)
{
    vireo__shared *text = vireo__shared_new(size);
    memset(text->data, 'x', size);
    vireo__history_add(
        h, &(vireo__history_event){.text = text, .to = &(const vireo_to){.ns = NULL}}, now);
    vireo__shared_unref(text);
}

static void test_keeps_frames_and_targets(void **state)
{
    (void)state;
    vireo__history h;
    vireo__shared *text = vireo__shared_copy("text", 4);
    vireo__shared *part = vireo__shared_copy("part", 4);
    vireo_to to = {.rooms = {"a", "b"},
                   .more_rooms = (const char *[]){"c", NULL},
                   .except = {"d"},
                   .more_except = (const char *[]){"e", "", NULL}};
    vireo__history_event event = {
        .text = text, .parts = &part, .part_count = 1, .to = &to, .but = "f"};
    vireo__history_init(&h, PLENTY);
    vireo__history_add(&h, &event, 5);
    event.only = "one";
    event.part_count = 0;
    vireo__history_add(&h, &event, 5);
    vireo__shared_unref(text);
    vireo__shared_unref(part);

    const vireo__past *p = vireo__history_get(&h, 1);
    assert_int_equal(p->frame_count, 2);
    assert_memory_equal(p->frames[0]->data, "text", 4);
    assert_memory_equal(p->frames[1]->data, "part", 4);
    assert_int_equal(p->rooms, 3);
    assert_int_equal(p->except, 4);
    assert_memory_equal(vireo__past_names(p), "a\0b\0c\0d\0e\0\0f", 14);
    assert_false(p->to_one);

    p = vireo__history_get(&h, 2);
    assert_int_equal(p->frame_count, 1);
    assert_true(p->to_one);
    assert_string_equal(vireo__past_names(p), "one");
    vireo__history_deinit(&h);
}

static void test_numbers_stay_while_it_grows_and_shrinks(void **state)
{
    (void)state;
    vireo__history h;
    vireo__history_init(&h, PLENTY);
    for (uint64_t n = 1; n <= 300; n++) {
        add(&h, (size_t)n, n);
        if (n == 150)
            vireo__history_expire(&h, 100);
    }
    assert_int_equal(h.count, 200);
    for (uint64_t n = 101; n <= 300; n++)
        assert_int_equal(vireo__history_get(&h, n)->frames[0]->len, n);
    assert_true(vireo__history_reaches(&h, 100));
    assert_false(vireo__history_reaches(&h, 99));
    vireo__history_deinit(&h);
}

static void test_bounded_by_bytes(void **state)
{
    (void)state;
    vireo__history h;
    vireo__history_init(&h, PLENTY);
    add(&h, 100, 1);
    size_t one = h.bytes;
    assert_true(one > 100); /* what it needs beside its text counts */
    vireo__history_deinit(&h);

    vireo__history_init(&h, 3 * one);
    for (int i = 0; i < 3; i++)
        add(&h, 100, 1);
    assert_int_equal(h.count, 3); /* exactly */
    assert_int_equal(h.bytes, 3 * one);
    add(&h, 101, 1); /* and one byte beyond: one gives way, and one more */
    assert_int_equal(h.count, 2);
    assert_int_equal(h.bytes, 2 * one + 1);
    assert_true(vireo__history_reaches(&h, 2));
    assert_false(vireo__history_reaches(&h, 1));
    vireo__history_deinit(&h);

    vireo__history_init(&h, one);
    add(&h, 100, 1);
    assert_int_equal(h.count, 1);
    add(&h, 101, 1); /* alone too large: it is missing, and so is all before it */
    assert_int_equal(h.count, 0);
    assert_int_equal(h.bytes, 0);
    assert_int_equal(h.last, 2);
    assert_false(vireo__history_reaches(&h, 1));
    assert_true(vireo__history_reaches(&h, 2));
    add(&h, 100, 1);
    assert_true(vireo__history_reaches(&h, 2));
    vireo__history_deinit(&h);
}

static void test_bounded_by_age(void **state)
{
    (void)state;
    vireo__history h;
    vireo__history_init(&h, PLENTY);
    for (uint64_t n = 1; n <= 4; n++)
        add(&h, 10, n * 100);
    vireo__history_expire(&h, 99);
    assert_int_equal(h.count, 4);
    vireo__history_expire(&h, 100);
    assert_int_equal(h.count, 3);
    vireo__history_expire(&h, 1000);
    assert_int_equal(h.count, 0);
    assert_int_equal(h.bytes, 0);
    assert_null(h.ring);
    assert_true(vireo__history_reaches(&h, 4));
    assert_false(vireo__history_reaches(&h, 3));
    add(&h, 10, 2000);
    assert_true(vireo__history_reaches(&h, 4));
    vireo__history_deinit(&h);
}

static void test_offsets_are_read_back(void **state)
{
    (void)state;
    static const uint64_t numbers[] = {0,    1,          63,         64,        4095,
                                       4096, 1000000000, UINT32_MAX, UINT64_MAX};
    vireo__history h;
    char offset[VIREO__OFFSET_SIZE];
    vireo__history_init(&h, PLENTY);
    h.last = UINT64_MAX;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        uint64_t number;
        vireo__history_offset(&h, numbers[i], offset);
        assert_true(strlen(offset) < VIREO__OFFSET_SIZE);
        assert_int_equal(strspn(offset, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                        "0123456789-_"),
                         strlen(offset));
        assert_true(vireo__history_stamp(&h, offset, &number));
        assert_true(number == numbers[i]);
    }
    h.last = 0;
    vireo__history_deinit(&h);
}

static void test_offsets_of_others(void **state)
{
    (void)state;
    vireo__history h;
    uint64_t number;
    char offset[VIREO__OFFSET_SIZE + 16];
    static const char *const behind[] = {"",
                                         "AB",
                                         "C",
                                         "B ",
                                         "B=",
                                         "+",
                                         "B\x80",
                                         "AAAAAAAAAAAAB",
                                         "QAAAAAAAAAB",
                                         "_________________"};
    vireo__history_init(&h, PLENTY);
    add(&h, 10, 1);
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
        snprintf(offset, sizeof offset, "%s%s", h.epoch, behind[i]);
        assert_false(vireo__history_stamp(&h, offset, &number));
    }
    snprintf(offset, sizeof offset, "%sB", h.epoch);
    assert_true(vireo__history_stamp(&h, offset, &number));
    for (size_t i = 0; i < VIREO__EPOCH_LEN; i++) {
        snprintf(offset, sizeof offset, "%sB", h.epoch);
        offset[i] = offset[i] == 'x' ? 'y' : 'x';
        assert_false(vireo__history_stamp(&h, offset, &number));
        offset[i] = '\0';
        assert_false(vireo__history_stamp(&h, offset, &number));
    }
    vireo__history_deinit(&h);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        vireo__history h;
        vireo__shared *text = vireo__shared_copy("b", 1);
        vireo__history_init(&h, PLENTY);
        oom_fail_at(n);
        vireo__history_add(&h, &(vireo__history_event){.text = text, .only = "a"}, 1);
        bool failed = oom_failed();
        vireo__shared_unref(text);
        assert_int_equal(vireo__history_reaches(&h, 0), !failed);
        assert_true(vireo__history_reaches(&h, 1));
        vireo__history_deinit(&h);
        if (!failed) {
            assert_true(n > 2);
            return;
        }
    }
}

/* --- one of several workers ------------------------------------------------------------------- */

#define WORKERS            3
#define STAMP(worker, nth) ((nth)*WORKERS + (worker))

static void hear(vireo__history *h, uint64_t stamp, bool own, uint64_t now)
{
    vireo__shared *text = vireo__shared_copy("event", 5);
    vireo__history_event event = {.text = text, .stamp = stamp, .own = own};
    event.to = &(const vireo_to){.ns = NULL};
    vireo__history_add(h, &event, now);
    vireo__shared_unref(text);
}

static void test_stamps_of_several_workers(void **state)
{
    (void)state;
    static const uint64_t stamps[] = {STAMP(1, 1), STAMP(0, 4), STAMP(1, 2),
                                      STAMP(2, 1), STAMP(0, 5), STAMP(1, 9)};
    vireo__history h;
    uint64_t number;
    vireo__history_init(&h, PLENTY);
    assert_int_equal(vireo__history_share(&h, WORKERS, "abcdef"), 0);
    for (size_t i = 0; i < 6; i++)
        hear(&h, stamps[i], false, i + 1);
    for (size_t i = 0; i < 6; i++) {
        assert_true(vireo__history_find(&h, stamps[i], &number));
        assert_int_equal(number, i + 1);
        assert_int_equal(vireo__history_get(&h, i + 1)->stamp, stamps[i]);
    }
    assert_false(vireo__history_find(&h, STAMP(1, 3), &number));
    assert_false(vireo__history_find(&h, STAMP(0, 6), &number));
    assert_true(vireo__history_find(&h, 0, &number));
    assert_int_equal(number, 0);
    assert_int_equal(h.origins[1].heard, STAMP(1, 9));
    assert_int_equal(h.origins[1].newest, 6);
    assert_int_equal(h.origins[2].heard, STAMP(2, 1));
    vireo__history_deinit(&h);
}

static void test_what_is_lost_of_each_worker(void **state)
{
    (void)state;
    vireo__history h;
    uint64_t number;
    vireo__history_init(&h, PLENTY);
    assert_int_equal(vireo__history_share(&h, WORKERS, "abcdef"), 0);
    vireo__history_pass(&h, STAMP(2, 7));
    assert_int_equal(h.origins[2].heard, STAMP(2, 7));
    assert_int_equal(h.origins[2].lost, STAMP(2, 7));
    hear(&h, STAMP(0, 1), false, 1);
    hear(&h, STAMP(1, 1), true, 2); /* that others never have */
    hear(&h, STAMP(0, 2), false, 3);
    vireo__history_expire(&h, 2);
    assert_int_equal(h.origins[0].lost, STAMP(0, 1));
    assert_int_equal(h.origins[1].lost, 0);
    assert_false(vireo__history_find(&h, STAMP(0, 1), &number));
    assert_true(vireo__history_find(&h, STAMP(0, 2), &number));
    vireo__history_expire(&h, 3);
    assert_int_equal(h.origins[0].lost, STAMP(0, 2));
    assert_true(vireo__history_find(&h, STAMP(0, 2), &number)); /* the newest of all is known */
    vireo__history_deinit(&h);
}

static void test_held_events_outlive_their_history(void **state)
{
    (void)state;
    vireo__history h;
    vireo__history_init(&h, PLENTY);
    add(&h, 10, 1);
    vireo__past *past = vireo__past_ref(vireo__history_get(&h, 1));
    vireo__history_deinit(&h);
    assert_memory_equal(past->frames[0]->data, "xxxxxxxxxx", 10);
    vireo__past_unref(past);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_frames_and_targets),
        cmocka_unit_test(test_numbers_stay_while_it_grows_and_shrinks),
        cmocka_unit_test(test_bounded_by_bytes),
        cmocka_unit_test(test_bounded_by_age),
        cmocka_unit_test(test_offsets_are_read_back),
        cmocka_unit_test(test_offsets_of_others),
        cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_stamps_of_several_workers),
        cmocka_unit_test(test_what_is_lost_of_each_worker),
        cmocka_unit_test(test_held_events_outlive_their_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
