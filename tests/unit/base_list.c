/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* base/list.h: order, removal, moving all. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/list.h"

struct item {
    int number;
    vireo__list node;
};

static int numbers(const vireo__list *head)
{
    int all = 0;
    for (vireo__list *n = head->next; n != head; n = n->next) {
        assert_ptr_equal(n->next->prev, n);
        all = all * 10 + vireo__container(n, struct item, node)->number;
    }
    return all;
}

static void fill(vireo__list *head, struct item items[3])
{
    vireo__list_init(head);
    for (int i = 0; i < 3; i++) {
        items[i].number = i + 1;
        vireo__list_append(head, &items[i].node);
    }
}

static void test_keeps_the_order(void **state)
{
    (void)state;
    vireo__list head;
    struct item items[3];
    vireo__list_init(&head);
    assert_true(vireo__list_empty(&head));
    fill(&head, items);
    assert_false(vireo__list_empty(&head));
    assert_int_equal(numbers(&head), 123);
}

static void test_removing(void **state)
{
    (void)state;
    vireo__list head;
    struct item items[3];
    fill(&head, items);
    vireo__list_remove(&items[1].node);
    assert_int_equal(numbers(&head), 13);
    vireo__list_remove(&items[1].node); /* twice does no harm */
    assert_int_equal(numbers(&head), 13);
    vireo__list_append(&head, &items[1].node);
    assert_int_equal(numbers(&head), 132);
    for (int i = 0; i < 3; i++)
        vireo__list_remove(&items[i].node);
    assert_true(vireo__list_empty(&head));
}

static void test_moving_all(void **state)
{
    (void)state;
    vireo__list from, to;
    struct item items[3];
    fill(&from, items);
    vireo__list_move(&to, &from);
    assert_true(vireo__list_empty(&from));
    assert_int_equal(numbers(&to), 123);
    vireo__list_remove(&items[0].node);
    vireo__list_remove(&items[2].node);
    assert_int_equal(numbers(&to), 2);
    vireo__list_move(&to, &from); /* nothing */
    assert_true(vireo__list_empty(&to));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_the_order),
        cmocka_unit_test(test_removing),
        cmocka_unit_test(test_moving_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
