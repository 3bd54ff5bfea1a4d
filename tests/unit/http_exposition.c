/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* Numbers in Prometheus' text format (O01). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "http/exposition.h"

static const vireo__metric apples = {"apples_total", "Apples eaten.", VIREO__COUNTER, VIREO__UNITS},
                           pears = {"pears", "Pears left.", VIREO__GAUGE, VIREO__UNITS},
                           seconds = {"wait_seconds", "Waited.", VIREO__GAUGE, VIREO__MICROS};

static void expect(const vireo__exposition *x, const char *text)
{
    vireo__buf out;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    assert_int_equal(vireo__exposition_write(x, &out), 0);
    assert_string_equal(vireo__buf_cstr(&out), text);
    vireo__buf_deinit(&out);
}

static void nothing_is_an_empty_text(void **state)
{
    vireo__exposition x;
    (void)state;
    vireo__exposition_init(&x);
    expect(&x, "");
    vireo__exposition_deinit(&x);
}

static void families_stand_together(void **state)
{
    vireo__exposition x;
    (void)state;
    vireo__exposition_init(&x);
    vireo__expose(&x, &apples, 1, VIREO__LABELS("who", "ann"));
    vireo__expose(&x, &pears, UINT64_MAX, NULL);
    vireo__expose(&x, &apples, 2, VIREO__LABELS("who", "bob", "how", "raw"));
    vireo__expose(&x, &pears, 0, VIREO__LABELS("where", "tree"));
    expect(&x, "# HELP apples_total Apples eaten.\n"
               "# TYPE apples_total counter\n"
               "apples_total{who=\"ann\"} 1\n"
               "apples_total{who=\"bob\",how=\"raw\"} 2\n"
               "# HELP pears Pears left.\n"
               "# TYPE pears gauge\n"
               "pears 18446744073709551615\n"
               "pears{where=\"tree\"} 0\n");
    vireo__exposition_deinit(&x);
}

static void the_same_labels_add_up(void **state)
{
    vireo__exposition x;
    (void)state;
    vireo__exposition_init(&x);
    vireo__expose(&x, &pears, 1, NULL);
    vireo__expose(&x, &apples, 3, VIREO__LABELS("who", "ann"));
    vireo__expose(&x, &apples, 4, VIREO__LABELS("who", "ann"));
    vireo__expose(&x, &pears, 5, NULL);
    expect(&x, "# HELP pears Pears left.\n# TYPE pears gauge\npears 6\n"
               "# HELP apples_total Apples eaten.\n# TYPE apples_total counter\n"
               "apples_total{who=\"ann\"} 7\n");
    vireo__exposition_deinit(&x);
}

static void values_of_labels_are_escaped(void **state)
{
    vireo__exposition x;
    (void)state;
    vireo__exposition_init(&x);
    vireo__expose(&x, &pears, 1, VIREO__LABELS("x", "a\"b\\c\nd", "y", ""));
    expect(&x, "# HELP pears Pears left.\n# TYPE pears gauge\n"
               "pears{x=\"a\\\"b\\\\c\\nd\",y=\"\"} 1\n");
    vireo__exposition_deinit(&x);
}

static void seconds_have_six_digits(void **state)
{
    static const struct {
        uint64_t micros;
        const char *text;
    } rows[] = {
        {0, "0.000000"}, {1, "0.000001"}, {1500000, "1.500000"}, {86400000001, "86400.000001"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[200];
        vireo__exposition x;
        vireo__exposition_init(&x);
        vireo__expose(&x, &seconds, rows[i].micros, NULL);
        snprintf(text, sizeof text,
                 "# HELP wait_seconds Waited.\n# TYPE wait_seconds gauge\nwait_seconds %s\n",
                 rows[i].text);
        expect(&x, text);
        vireo__exposition_deinit(&x);
    }
}

static void there_is_room_for_many(void **state)
{
    vireo__exposition x;
    char name[16];
    (void)state;
    vireo__exposition_init(&x);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "%d", i);
        vireo__expose(&x, &pears, 1, VIREO__LABELS("n", name));
    }
    assert_int_equal(x.count, 1000);
    assert_int_equal(x.error, 0);
    vireo__exposition_deinit(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_an_empty_text), cmocka_unit_test(families_stand_together),
        cmocka_unit_test(the_same_labels_add_up),   cmocka_unit_test(values_of_labels_are_escaped),
        cmocka_unit_test(seconds_have_six_digits),  cmocka_unit_test(there_is_room_for_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
