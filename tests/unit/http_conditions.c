/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http/conditions.h: H07, conditional requests (RFC 9110 section 13). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "http/conditions.h"

#define OLD  "Sun, 06 Nov 1994 08:49:36 GMT"
#define THEN "Sun, 06 Nov 1994 08:49:37 GMT"
#define NEW  "Sun, 06 Nov 1994 08:49:38 GMT"

static const vireo__validators strong = {"\"a,b\"", 784111777, true, true};
static const vireo__validators weak = {"W/\"a,b\"", 784111777, true, false};

static const struct {
    const char *match, *none_match, *modified, *unmodified;
    int with_strong, with_weak; /* what is decided when the validator is strong, or weak */
} table[] = {
    {NULL, NULL, NULL, NULL, 0, 0},
    {"*", NULL, NULL, NULL, 0, 0},
    {"\"a,b\"", NULL, NULL, NULL, 0, 412},
    {"W/\"a,b\"", NULL, NULL, NULL, 412, 412},
    {"\"x\", \"a,b\"", NULL, NULL, NULL, 0, 412},
    {"\"x\",,\t\"a,b\"  ", NULL, NULL, NULL, 0, 412},
    {"\"x\" \"a,b\"", NULL, NULL, NULL, 412, 412},
    {"\"x\"", NULL, NULL, NULL, 412, 412},
    {"", NULL, NULL, NULL, 412, 412},
    {"a,b", NULL, NULL, NULL, 412, 412},
    {"\"a,b", NULL, NULL, NULL, 412, 412},
    {"w/\"a,b\"", NULL, NULL, NULL, 412, 412},
    {"\"a b\", \"a,b\"", NULL, NULL, NULL, 412, 412}, /* a space in a tag */
    {NULL, "*", NULL, NULL, 304, 304},
    {NULL, "\"a,b\"", NULL, NULL, 304, 304},
    {NULL, "W/\"a,b\"", NULL, NULL, 304, 304},
    {NULL, "W/\"x\" , W/\"a,b\"", NULL, NULL, 304, 304},
    {NULL, "\"a\",\"b\"", NULL, NULL, 0, 0},
    {NULL, "\"\"", NULL, NULL, 0, 0},
    {NULL, "* , \"a\"", NULL, NULL, 0, 0},
    {NULL, "\"x\"", THEN, NULL, 0, 0}, /* If-Modified-Since does not count beside it */
    {NULL, NULL, THEN, NULL, 304, 304},
    {NULL, NULL, NEW, NULL, 304, 304},
    {NULL, NULL, OLD, NULL, 0, 0},
    {NULL, NULL, "yesterday", NULL, 0, 0},
    {NULL, NULL, NULL, THEN, 0, 0},
    {NULL, NULL, NULL, NEW, 0, 0},
    {NULL, NULL, NULL, OLD, 412, 412},
    {NULL, NULL, NULL, "tomorrow", 0, 0},
    {"\"a,b\"", NULL, NULL, OLD, 0, 412}, /* nor does If-Unmodified-Since beside If-Match */
    {"\"a,b\"", "\"a,b\"", NULL, NULL, 304, 412},
    {"*", NULL, THEN, NULL, 304, 304},
};

static void decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        vireo__conditions c = {table[i].match, table[i].none_match, table[i].modified,
                               table[i].unmodified, true};
        if (vireo__conditions_check(&c, &strong) != table[i].with_strong ||
            vireo__conditions_check(&c, &weak) != table[i].with_weak)
            fail_msg("row %zu: %d, %d", i, vireo__conditions_check(&c, &strong),
                     vireo__conditions_check(&c, &weak));
    }
}

static void refuses_what_would_change_it(void **state)
{
    (void)state;
    vireo__conditions c = {.if_none_match = "*"};
    assert_int_equal(vireo__conditions_check(&c, &strong), 412);
    c = (vireo__conditions){.if_modified_since = THEN}; /* only for GET and HEAD */
    assert_int_equal(vireo__conditions_check(&c, &strong), 0);
}

static void knows_what_has_no_validators(void **state)
{
    (void)state;
    static const vireo__validators none = {0};
    vireo__conditions c = {.if_match = "\"a\"", .reads = true};
    assert_int_equal(vireo__conditions_check(&c, &none), 412);
    c = (vireo__conditions){.if_none_match = "\"a\"", .if_modified_since = NEW, .reads = true};
    assert_int_equal(vireo__conditions_check(&c, &none), 0);
    c = (vireo__conditions){.if_unmodified_since = OLD, .reads = true};
    assert_int_equal(vireo__conditions_check(&c, &none), 0);
}

static void obeys_ranges_of_what_is_there(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool with_strong, with_weak;
    } rows[] = {
        {NULL, true, true},         {"\"a,b\"", true, false}, {"W/\"a,b\"", false, false},
        {"\"a\"", false, false},    {"", false, false},       {THEN, true, false},
        {OLD, false, false},        {NEW, false, false},      {"W/", false, false},
        {"\"a,b\" ", false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(vireo__if_range(rows[i].text, &strong), rows[i].with_strong);
        assert_int_equal(vireo__if_range(rows[i].text, &weak), rows[i].with_weak);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decides),
        cmocka_unit_test(refuses_what_would_change_it),
        cmocka_unit_test(knows_what_has_no_validators),
        cmocka_unit_test(obeys_ranges_of_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
