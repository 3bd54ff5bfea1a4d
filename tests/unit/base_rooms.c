/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* base/rooms.h: joining, leaving, visiting each member once, what is told of changes, memory that
 * runs out at every point. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/rooms.h"
#include "oom.h"

static const vireo__hash_key key = {1, 2};

typedef struct fixture {
    vireo__rooms rooms;
    vireo__member members[3];
    char changes[256];
} fixture;

static void note_change(vireo__rooms *rooms, vireo__rooms_event event, const char *name,
                        vireo__member *member)
{
    fixture *f = vireo__container(rooms, fixture, rooms);
    size_t n = strlen(f->changes);
    snprintf(f->changes + n, sizeof f->changes - n, "%c%s%c ", "CJLD"[event], name,
             member ? (char)('0' + (member - f->members)) : '-');
}

static void set_up(fixture *f)
{
    *f = (fixture){0};
    vireo__rooms_init(&f->rooms, key);
    f->rooms.on_change = note_change;
    for (int i = 0; i < 3; i++)
        vireo__member_init(&f->members[i], (uint8_t)i);
}

static void tear_down(fixture *f)
{
    for (int i = 0; i < 3; i++)
        vireo__rooms_leave_all(&f->rooms, &f->members[i]);
    vireo__rooms_deinit(&f->rooms);
}

static void test_changes_are_told_in_order(void **state)
{
    (void)state;
    fixture f;
    set_up(&f);
    assert_int_equal(vireo__rooms_join(&f.rooms, &f.members[0], "a"), 0);
    assert_int_equal(vireo__rooms_join(&f.rooms, &f.members[0], "a"), 0);
    assert_int_equal(vireo__rooms_join(&f.rooms, &f.members[1], "a"), 0);
    assert_int_equal(vireo__rooms_count(&f.rooms, "a"), 2);
    assert_int_equal(f.members[0].count, 1);
    vireo__rooms_leave(&f.rooms, &f.members[2], "a");
    vireo__rooms_leave(&f.rooms, &f.members[2], "nowhere");
    vireo__rooms_leave(&f.rooms, &f.members[0], "a");
    assert_false(vireo__rooms_has(&f.rooms, &f.members[0], "a"));
    assert_true(vireo__rooms_has(&f.rooms, &f.members[1], "a"));
    vireo__rooms_leave_all(&f.rooms, &f.members[1]);
    assert_int_equal(vireo__rooms_count(&f.rooms, "a"), 0);
    assert_string_equal(f.changes, "Ca- Ja0 Ja1 La0 La1 Da- ");
    tear_down(&f);
}

static void test_since_when(void **state)
{
    (void)state;
    fixture f;
    set_up(&f);
    f.rooms.now = 7;
    assert_int_equal(vireo__rooms_join(&f.rooms, &f.members[0], "a"), 0);
    f.rooms.now = 8;
    assert_int_equal(vireo__rooms_join(&f.rooms, &f.members[0], "a"), 0);
    assert_int_equal(vireo__rooms_join(&f.rooms, &f.members[0], "b"), 0);
    assert_int_equal(vireo__rooms_since(&f.rooms, &f.members[0], "a"), 7);
    assert_int_equal(vireo__rooms_since(&f.rooms, &f.members[0], "b"), 8);
    assert_true(vireo__rooms_since(&f.rooms, &f.members[1], "a") == UINT64_MAX);
    assert_true(vireo__rooms_since(&f.rooms, &f.members[0], "nowhere") == UINT64_MAX);
    vireo__rooms_leave_all(&f.rooms, &f.members[0]);
    tear_down(&f);
}

static void note_visit(vireo__member *member, void *user)
{
    char *met = user;
    met[strlen(met)] = (char)('0' + member->kind);
}

static void test_each_is_met_once(void **state)
{
    (void)state;
    fixture f;
    char met[8] = "";
    set_up(&f);
    for (int i = 0; i < 3; i++)
        assert_int_equal(vireo__rooms_join(&f.rooms, &f.members[i], "all"), 0);
    assert_int_equal(vireo__rooms_join(&f.rooms, &f.members[1], "some"), 0);
    assert_int_equal(vireo__rooms_join(&f.rooms, &f.members[2], "none"), 0);
    vireo__visit v = vireo__visit_begin(&f.rooms);
    vireo__visit_room(&v, "none", NULL, NULL);
    vireo__visit_room(&v, "some", note_visit, met);
    vireo__visit_room(&v, "all", note_visit, met);
    vireo__visit_room(&v, "nowhere", note_visit, met);
    assert_string_equal(met, "10");

    memset(met, 0, sizeof met);
    v = vireo__visit_begin(&f.rooms);
    vireo__visit_skip(&v, &f.members[0]);
    vireo__visit_room(&v, "all", note_visit, met);
    assert_string_equal(met, "12");
    tear_down(&f);
}

static void note_name(const char *name, void *user)
{
    strcat(user, name);
}

static void test_a_member_knows_its_rooms(void **state)
{
    (void)state;
    fixture f;
    char names[16] = "";
    set_up(&f);
    vireo__rooms_join(&f.rooms, &f.members[0], "b");
    vireo__rooms_join(&f.rooms, &f.members[0], "a");
    vireo__rooms_join(&f.rooms, &f.members[0], "c");
    vireo__rooms_leave(&f.rooms, &f.members[0], "a");
    vireo__member_each(&f.members[0], note_name, names);
    assert_string_equal(names, "bc");
    tear_down(&f);
}

static void note_count(const char *name, size_t count, void *user)
{
    size_t *counts = user;
    counts[name[0] - 'a'] = count;
}

static void test_all_rooms_with_their_counts(void **state)
{
    (void)state;
    fixture f;
    size_t counts[3] = {0};
    set_up(&f);
    vireo__rooms_join(&f.rooms, &f.members[0], "a");
    vireo__rooms_join(&f.rooms, &f.members[1], "a");
    vireo__rooms_join(&f.rooms, &f.members[0], "b");
    vireo__rooms_join(&f.rooms, &f.members[0], "c");
    vireo__rooms_leave(&f.rooms, &f.members[0], "c");
    vireo__rooms_each(&f.rooms, note_count, counts);
    assert_int_equal(counts[0], 2);
    assert_int_equal(counts[1], 1);
    assert_int_equal(counts[2], 0);
    tear_down(&f);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        fixture f;
        set_up(&f);
        oom_fail_at(n);
        int error = vireo__rooms_join(&f.rooms, &f.members[0], "a");
        bool failed = oom_failed();
        assert_int_equal(error, failed ? VIREO_ENOMEM : 0);
        assert_int_equal(vireo__rooms_has(&f.rooms, &f.members[0], "a"), !failed);
        assert_int_equal(f.rooms.by_name.len, !failed);
        tear_down(&f);
        if (!failed) {
            assert_true(n > 4); /* room, membership, and their maps */
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_since_when),
        cmocka_unit_test(test_changes_are_told_in_order),
        cmocka_unit_test(test_each_is_met_once),
        cmocka_unit_test(test_a_member_knows_its_rooms),
        cmocka_unit_test(test_all_rooms_with_their_counts),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
