/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* vireo/value.h, getters and copies: every getter with every type and NULL, members, copies that
 * outlive their source. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/value.h>

#include "payload/value.h"

#include "oom.h"

static vireo_value *parse(const char *text)
{
    vireo_error error;
    vireo_value *v = vireo_parse(text, strlen(text), &error);
    if (v == NULL)
        fail_msg("%s: %s", text, error.text);
    return v;
}

static void assert_json(const vireo_value *v, const char *wanted)
{
    size_t len;
    char *text = vireo_json(v, &len);
    assert_string_equal(text, wanted);
    assert_int_equal(len, strlen(wanted));
    free(text);
}

static void test_every_getter_accepts_every_type(void **state)
{
    (void)state;
    vireo_value *all = parse("[null,true,7,\"text\",[],{}]");
    size_t len;
    for (const vireo_value *v = NULL;;) {
        v = vireo_next(all, v);
        vireo_type type = vireo_type_of(v);
        assert_int_equal(vireo_str(v) != NULL, type == VIREO_STRING);
        len = 99;
        assert_int_equal(vireo_str_len(v, &len) != NULL, type == VIREO_STRING);
        assert_int_equal(len, type == VIREO_STRING ? 4 : 0);
        assert_string_equal(vireo_str_or(v, "else"), type == VIREO_STRING ? "text" : "else");
        assert_int_equal(vireo_int(v, -1), type == VIREO_NUMBER ? 7 : -1);
        assert_true(vireo_num(v, -1) == (type == VIREO_NUMBER ? 7 : -1));
        assert_int_equal(vireo_bool(v, false), type == VIREO_BOOL);
        assert_true(vireo_bool(v, true));
        len = 99;
        assert_null(vireo_bytes(v, &len));
        assert_int_equal(len, 0);
        assert_null(vireo_bytes(v, NULL));
        assert_null(vireo_get(v, "a"));
        assert_null(vireo_at(v, 0));
        assert_int_equal(vireo_count(v), 0);
        assert_null(vireo_next(v, NULL));
        assert_null(vireo_key(v));
        if (v == NULL)
            break;
    }
    assert_null(vireo_str_len(NULL, NULL));
    assert_int_equal(vireo_type_of(NULL), VIREO_ABSENT);
    vireo_value_free(all);
    vireo_value_free(NULL);
}

static void test_types(void **state)
{
    (void)state;
    static const vireo_type types[] = {VIREO_NULL,   VIREO_BOOL,  VIREO_BOOL,  VIREO_NUMBER,
                                       VIREO_STRING, VIREO_ARRAY, VIREO_OBJECT};
    vireo_value *all = parse("[null,true,false,1,\"\",[],{}]");
    assert_int_equal(vireo_count(all), 7);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(vireo_type_of(vireo_at(all, i)), types[i]);
    assert_null(vireo_at(all, 7));
    assert_null(vireo_at(all, SIZE_MAX));
    vireo_value_free(all);
}

static void test_members(void **state)
{
    (void)state;
    vireo_value *v =
        parse("{\"a\":{\"a\":1},\"b\":[{\"a\":2},3],\"\":4,\"a\\u0000b\":5,\"a\":6,\"\\u00e9\":7}");
    assert_int_equal(vireo_count(v), 6);
    assert_int_equal(vireo_int(vireo_get(v, "a"), 0), 6); /* the last one counts */
    assert_int_equal(vireo_int(vireo_get(v, ""), 0), 4);
    assert_int_equal(vireo_int(vireo_get(v, "\xC3\xA9"), 0), 7);
    assert_int_equal(vireo_int(vireo_get(vireo_at(vireo_get(v, "b"), 0), "a"), 0), 2);
    assert_int_equal(vireo_int(vireo_at(vireo_get(v, "b"), 1), 0), 3);
    assert_null(vireo_get(v, "c"));
    assert_null(vireo_get(v, NULL));
    assert_null(vireo_at(v, 0)); /* an object has no elements */
    vireo_value_free(v);
}

static void test_visiting(void **state)
{
    (void)state;
    vireo_value *v = parse("{\"x\":[1,[2,3]],\"y\":{\"z\":4},\"x\":5}");
    char keys[16] = "";
    size_t count = 0;
    for (const vireo_value *m = NULL; (m = vireo_next(v, m)) != NULL; count++)
        strcat(keys, vireo_key(m));
    assert_string_equal(keys, "xyx");
    assert_int_equal(count, vireo_count(v));
    assert_null(vireo_key(v));
    const vireo_value *x = vireo_next(v, NULL);
    assert_null(vireo_key(vireo_next(x, NULL))); /* an element has none */
    assert_string_equal(vireo_key(x), "x");
    vireo_value_free(v);
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t as_int; /* -1: not one */
        double as_num;
    } cases[] = {
        {"0", 0, 0},
        {"-0", 0, 0},
        {"1.0", 1, 1},
        {"1e3", 1000, 1000},
        {"1.5", -1, 1.5},
        {"9223372036854775807", INT64_MAX, 9223372036854775808.0},
        {"9223372036854775808", -1, 9223372036854775808.0},
        {"-9223372036854775808", INT64_MIN, -9223372036854775808.0},
        {"-9223372036854775809", -1, -9223372036854775808.0},
        {"12345678901234567890", -1, 12345678901234567890.0},
        {"1e400", -1, HUGE_VAL},
        {"-1e400", -1, -HUGE_VAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vireo_value *v = parse(cases[i].text);
        assert_true(vireo_int(v, -1) == cases[i].as_int);
        assert_true(vireo_num(v, 0.25) == cases[i].as_num);
        vireo_value_free(v);
    }
}

static void test_a_text_with_nul_inside(void **state)
{
    (void)state;
    size_t len;
    vireo_value *v = parse("\"a\\u0000b\"");
    assert_string_equal(vireo_str(v), "a");
    assert_memory_equal(vireo_str_len(v, &len), "a\0b", 4);
    assert_int_equal(len, 3);
    vireo_value_free(v);
}

static void test_a_copy_outlives_its_source(void **state)
{
    (void)state;
    vireo_value *v = parse("{\"a\":[1.50,\"x\",{\"k\":true}],\"b\":null}");
    vireo_value *whole = vireo_copy(v);
    vireo_value *part = vireo_copy(vireo_get(v, "a"));
    vireo_value *leaf = vireo_copy(vireo_at(vireo_get(v, "a"), 1));
    vireo_value_free(v);
    assert_json(whole, "{\"a\":[1.50,\"x\",{\"k\":true}],\"b\":null}");
    assert_json(part, "[1.50,\"x\",{\"k\":true}]");
    assert_string_equal(vireo_str(leaf), "x");
    assert_null(vireo_key(part)); /* it is no member any more */
    assert_string_equal(vireo_key(vireo_get(vireo_at(part, 2), "k")), "k");
    vireo_value_free(whole);
    vireo_value_free(part);
    vireo_value_free(leaf);
    assert_null(vireo_copy(NULL));
}

static void test_json_of_a_part(void **state)
{
    (void)state;
    vireo_value *v = parse("[1,{\"a\":[[],{}],\"b\":\"c\"},2]");
    assert_json(vireo_at(v, 1), "{\"a\":[[],{}],\"b\":\"c\"}");
    assert_json(vireo_get(vireo_at(v, 1), "a"), "[[],{}]");
    assert_json(vireo_at(v, 2), "2");
    assert_json(NULL, "null");
    vireo_value_free(v);
}

static void test_a_list_of_copies(void **state)
{
    (void)state;
    vireo_value *object = parse("{\"a\":[1,{\"b\":\"c\"}],\"n\":null}");
    vireo_value *items[] = {vireo_copy(vireo_get(object, "a")), NULL, object};
    vireo_value *list = vireo__value_list(items, 3);
    assert_json(list, "[[1,{\"b\":\"c\"}],null,{\"a\":[1,{\"b\":\"c\"}],\"n\":null}]");
    assert_int_equal(vireo_count(list), 3);
    assert_string_equal(vireo_str(vireo_get(vireo_at(vireo_at(list, 0), 1), "b")), "c");
    assert_null(vireo_key(vireo_at(list, 2)));
    vireo_value_free(list);
    list = vireo__value_list(NULL, 0);
    assert_json(list, "[]");
    vireo_value_free(list);
    oom_fail_at(1);
    assert_null(vireo__value_list(items, 3));
    assert_true(oom_failed());
    vireo_value_free(items[0]);
    vireo_value_free(object);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,2,3,\"text\"]}";
    vireo_value *v = NULL;
    for (int n = 1;; n++) {
        vireo_error error = {0, ""};
        oom_fail_at(n);
        v = vireo_parse(text, sizeof text - 1, &error);
        if (!oom_failed())
            break;
        assert_null(v);
        assert_int_equal(error.code, VIREO_ENOMEM);
    }
    assert_non_null(v);
    oom_fail_at(1);
    assert_null(vireo_copy(v));
    assert_true(oom_failed());
    oom_fail_at(1);
    assert_null(vireo_json(v, NULL));
    assert_true(oom_failed());
    assert_json(v, text);
    vireo_value_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_getter_accepts_every_type),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_visiting),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_a_text_with_nul_inside),
        cmocka_unit_test(test_a_copy_outlives_its_source),
        cmocka_unit_test(test_json_of_a_part),
        cmocka_unit_test(test_a_list_of_copies),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
