/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* vireo/build.h and the leaves of payload/doc.h: what is built, what has no place, limits. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "oom.h"
#include "payload/build.h"
#include "payload/json_read.h"

static vireo_builder *builder_new(void)
{
    vireo_builder *b = malloc(sizeof *b);
    vireo__doc *doc = malloc(sizeof *doc);
    assert_non_null(b);
    assert_non_null(doc);
    vireo__doc_init(doc);
    vireo__builder_init(b, doc, UINT32_MAX);
    return b;
}

static void builder_free(vireo_builder *b)
{
    vireo__doc_deinit(b->doc);
    free(b->doc);
    free(b);
}

static void assert_built(vireo_builder *b, const char *wanted)
{
    char *text = vireo_json(vireo_built(b), NULL);
    assert_int_equal(vireo_builder_error(b), 0);
    assert_non_null(vireo_built(b));
    assert_string_equal(text, wanted);
    free(text);
    builder_free(b);
}

static void assert_refused(vireo_builder *b, int error)
{
    assert_null(vireo_built(b));
    assert_int_equal(vireo_builder_error(b), error);
    assert_int_equal(vireo_build_null(b), error); /* the first one sticks */
    assert_int_equal(vireo_build_end(b), error);
    assert_int_equal(vireo_build(b, "1"), error);
    assert_int_equal(vireo_build_json(b, "1", 1), error);
    builder_free(b);
}

static void test_leaves(void **state)
{
    (void)state;
    vireo_builder *b = builder_new();
    assert_null(vireo_built(b));
    vireo_build_array(b);
    assert_null(vireo_built(b));
    vireo_build_null(b);
    vireo_build_bool(b, true);
    vireo_build_bool(b, false);
    vireo_build_num(b, 0.5);
    vireo_build_int(b, -7);
    vireo_build_str(b, "a \"b\"\n");
    vireo_build_str(b, NULL);
    vireo_build_str_len(b, "cut", 2);
    vireo_build_str_len(b, NULL, 0);
    vireo_build_bytes(b, "\1\2", 2);
    vireo_build_bytes(b, NULL, 0);
    vireo_build_end(b);
    size_t n;
    assert_int_equal(vireo_build_end(b), VIREO_EINVAL);
    assert_null(vireo_built(b));
    builder_free(b);
    b = builder_new();
    vireo_build_bytes(b, "", 0);
    assert_non_null(vireo_bytes(vireo_built(b), &n));
    assert_int_equal(n, 0);
    builder_free(b);
}

static void test_all_leaves_as_json(void **state)
{
    (void)state;
    vireo_builder *b = builder_new();
    vireo_build_array(b);
    vireo_build_null(b);
    vireo_build_bool(b, true);
    vireo_build_num(b, 0.5);
    vireo_build_int(b, -7);
    vireo_build_str(b, "a \"b\"\n");
    vireo_build_str(b, NULL);
    vireo_build_bytes(b, "\1\2", 2);
    vireo_build_end(b);
    assert_built(b,
                 "[null,true,0.5,-7,\"a \\\"b\\\"\\n\",null,{\"type\":\"Buffer\",\"data\":[1,2]}]");
}

/* What a double cannot hold stays as it is. */
static void test_whole_numbers_stay_exact(void **state)
{
    (void)state;
    static const struct {
        int64_t number;
        const char *text;
    } cases[] = {
        {0, "0"},
        {INT64_C(9007199254740992), "9007199254740992"},
        {INT64_C(9007199254740993), "9007199254740993"},
        {-INT64_C(9007199254740993), "-9007199254740993"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vireo_builder *b = builder_new();
        vireo_build_int(b, cases[i].number);
        assert_true(vireo_int(vireo_built(b), 1) == cases[i].number);
        assert_built(b, cases[i].text);
    }
    vireo__doc doc;
    vireo__doc_init(&doc);
    assert_int_equal(vireo__doc_add_uint(&doc, UINT64_MAX), 0);
    char *text = vireo_json(vireo__doc_root(&doc), NULL);
    assert_string_equal(text, "18446744073709551615");
    free(text);
    vireo__doc_deinit(&doc);
}

static void test_wrong_utf8_is_replaced(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        const char *text;
    } cases[] = {
        {"ok \xC3\xA9", "ok \xC3\xA9"},
        {"\xFF", "\xEF\xBF\xBD"},
        {"a\xE2\x82", "a\xEF\xBF\xBD"},
        {"\xE2\x82z\xC0\xAF", "\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\"\xFF\"", "\"\xEF\xBF\xBD\""},
        {"\xED\xA0\xBD!", "\xED\xA0\xBD!"}, /* half an emoji */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vireo_builder *b = builder_new();
        vireo_build_str(b, cases[i].bytes);
        assert_string_equal(vireo_str(vireo_built(b)), cases[i].text);
        builder_free(b);
    }
}

static void test_trees(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,{\"b\":[]}],\"c\":{},\"d\":12345678901234567890}";
    vireo_value *v = vireo_parse(text, strlen(text), NULL);
    vireo_builder *b = builder_new();
    vireo_build_object(b);
    vireo_build_key(b, "all");
    vireo_build_value(b, v);
    vireo_build_key_len(b, "partly", 4);
    vireo_build_value(b, vireo_at(vireo_get(v, "a"), 1));
    vireo_build_key(b, "json");
    vireo_build_json(b, "[1.50]", 6);
    vireo_build_key(b, "template");
    vireo_build(b, "{x:%d, y:%p}", 1, vireo_binary("\3", 1));
    vireo_build_key(b, "none");
    vireo_build_value(b, NULL);
    vireo_value_free(v);
    vireo_build_end(b);
    assert_built(b,
                 "{\"all\":{\"a\":[1,{\"b\":[]}],\"c\":{},\"d\":12345678901234567890},"
                 "\"part\":{\"b\":[]},\"json\":[1.50],"
                 "\"template\":{\"x\":1,\"y\":{\"type\":\"Buffer\",\"data\":[3]}},\"none\":null}");
}

/* A binary leaf that was filled in covers nodes of its placeholder; its copy does not. */
static void test_tree_with_a_leaf_that_covers_others(void **state)
{
    (void)state;
    static const vireo__attachment part = {"\7", 1};
    static const char text[] = "[[{\"_placeholder\":true,\"num\":0}],{\"k\":{}}]";
    vireo__doc doc;
    vireo__doc_init(&doc);
    assert_int_equal(vireo__json_read(&doc, text, strlen(text), NULL, NULL), 0);
    assert_int_equal(vireo__doc_fill_attachments(&doc, &part, 1), 0);
    vireo_builder *b = builder_new();
    vireo_build_array(b);
    vireo_build_value(b, vireo__doc_root(&doc));
    vireo_build_int(b, 1);
    vireo_build_end(b);
    vireo__doc_deinit(&doc);
    assert_int_equal(vireo_count(vireo_built(b)), 2);
    assert_built(b, "[[[{\"type\":\"Buffer\",\"data\":[7]}],{\"k\":{}}],1]");
}

static void test_what_has_no_place(void **state)
{
    (void)state;
    vireo_builder *b = builder_new();
    vireo_build_int(b, 1);
    vireo_build_int(b, 2); /* a second root */
    assert_refused(b, VIREO_EINVAL);

    b = builder_new();
    vireo_build_object(b);
    vireo_build_int(b, 2); /* without a key */
    assert_refused(b, VIREO_EINVAL);

    b = builder_new();
    vireo_build_object(b);
    vireo_build_key(b, "a");
    vireo_build_key(b, "b"); /* without a value */
    assert_refused(b, VIREO_EINVAL);

    b = builder_new();
    vireo_build_object(b);
    vireo_build_key(b, "a");
    vireo_build_end(b);
    assert_refused(b, VIREO_EINVAL);

    b = builder_new();
    vireo_build_array(b);
    vireo_build_key(b, "a");
    assert_refused(b, VIREO_EINVAL);

    b = builder_new();
    vireo_build_key(b, NULL);
    assert_refused(b, VIREO_EINVAL);

    b = builder_new();
    vireo_build_json(b, "[1,]", 4);
    assert_refused(b, VIREO_EJSON);

    b = builder_new();
    assert_int_equal(vireo_build(b, "1, 2"), VIREO_ETEMPLATE);
    assert_refused(b, VIREO_ETEMPLATE);
}

static void test_depth(void **state)
{
    (void)state;
    vireo_builder *b = builder_new();
    for (int i = 0; i < VIREO__JSON_DEPTH; i++)
        assert_int_equal(vireo_build_array(b), 0);
    assert_int_equal(vireo_build_array(b), VIREO_EDEPTH);
    assert_refused(b, VIREO_EDEPTH);
}

static void test_number_of_values(void **state)
{
    (void)state;
    vireo_builder b;
    vireo__doc doc;
    vireo__doc_init(&doc);
    for (uint32_t most = 3; most <= 4; most++) {
        vireo__builder_init(&b, &doc, most);
        vireo_build_object(&b);
        vireo_build_key(&b, "a");
        vireo_build_json(&b, "[1]", 3);
        vireo_build_end(&b);
        assert_int_equal(b.error, most == 4 ? 0 : VIREO_ETOOBIG);
    }
    vireo__doc_deinit(&doc);
}

static bool build_something(vireo_builder *b)
{
    vireo_build_array(b);
    vireo_build_str(b, "text");
    vireo_build_str(b, "\xFF");
    vireo_build_int(b, INT64_MAX);
    vireo_build_bytes(b, "12", 2);
    vireo_build(b, "{a:[%d], b:%p}", 1, vireo_binary("x", 1));
    vireo_build_end(b);
    return vireo_built(b) != NULL;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        vireo_builder *b = builder_new();
        oom_fail_at(n);
        bool built = build_something(b);
        bool failed = oom_failed();
        assert_true(built == !failed);
        assert_int_equal(vireo_builder_error(b), failed ? VIREO_ENOMEM : 0);
        builder_free(b);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaves),
        cmocka_unit_test(test_all_leaves_as_json),
        cmocka_unit_test(test_whole_numbers_stay_exact),
        cmocka_unit_test(test_wrong_utf8_is_replaced),
        cmocka_unit_test(test_trees),
        cmocka_unit_test(test_tree_with_a_leaf_that_covers_others),
        cmocka_unit_test(test_what_has_no_place),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_number_of_values),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
