/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* payload/doc.h: building by hand, memory across resets, binary leaves in the place of
 * placeholders. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "payload/doc.h"
#include "payload/json_read.h"
#include "payload/json_write.h"

static void read_text(vireo__doc *doc, const char *text)
{
    assert_int_equal(vireo__json_read(doc, text, strlen(text), NULL, NULL), 0);
}

static void assert_json(const vireo_value *v, const char *wanted)
{
    char *text = vireo_json(v, NULL);
    assert_string_equal(text, wanted);
    free(text);
}

static void test_building_by_hand(void **state)
{
    (void)state;
    vireo__doc doc;
    vireo__doc_init(&doc);
    assert_null(vireo__doc_root(&doc));
    vireo__doc_add(&doc, VIREO_OBJECT);
    vireo_value *v = vireo__doc_add(&doc, VIREO_STRING | VIREO__VALUE_KEY);
    v->as.text = "half";
    v->len = 4;
    vireo__doc_add(&doc, VIREO_NUMBER)->as.number = 0.5;
    v = vireo__doc_add(&doc, VIREO_STRING | VIREO__VALUE_KEY);
    v->as.text = "list";
    v->len = 4;
    vireo__doc_add(&doc, VIREO_ARRAY);
    vireo__doc_add(&doc, VIREO_BOOL)->len = 1;
    vireo__doc_add(&doc, VIREO_ARRAY);
    vireo__doc_close(&doc);
    vireo__doc_close(&doc);
    vireo__doc_close(&doc);
    assert_int_equal(doc.open, VIREO__DOC_CLOSED);
    assert_json(vireo__doc_root(&doc), "{\"half\":0.5,\"list\":[true,[]]}");
    assert_true(vireo_num(vireo_get(vireo__doc_root(&doc), "half"), 0) == 0.5);
    assert_int_equal(vireo_int(vireo_get(vireo__doc_root(&doc), "half"), -1), -1);
    vireo__doc_deinit(&doc);
}

static void test_reset_gives_large_memory_back(void **state)
{
    (void)state;
    vireo__doc doc;
    static char large[20002]; /* [1,1,...,1] */
    for (size_t i = 0; i < 20001; i++)
        large[i] = i % 2 ? '1' : ',';
    large[0] = '[';
    large[20000] = ']';
    vireo__doc_init(&doc);
    read_text(&doc, "[1]");
    vireo_value *nodes = doc.nodes;
    vireo__doc_reset(&doc);
    assert_null(vireo__doc_root(&doc));
    assert_ptr_equal(doc.nodes, nodes);
    read_text(&doc, large);
    assert_true(doc.cap > VIREO__DOC_KEEP);
    vireo__doc_reset(&doc);
    assert_null(doc.nodes);
    assert_null(doc.arena.chunk);
    vireo__doc_deinit(&doc);
}

static const vireo__attachment parts[] = {{"zero", 4}, {NULL, 0}, {"\x01\x02\x03", 3}};

#define PLACEHOLDER(num) "{\"_placeholder\":true,\"num\":" num "}"

static const struct {
    const char *text;
    const char *filled; /* binary leaves as Node's buffers; NULL: illegal */
} fillings[] = {
    {"[1,\"a\"]", "[1,\"a\"]"},
    {PLACEHOLDER("1"), "{\"type\":\"Buffer\",\"data\":[]}"},
    {"[" PLACEHOLDER("2") ",7]", "[{\"type\":\"Buffer\",\"data\":[1,2,3]},7]"},
    {"{\"a\":{\"b\":[" PLACEHOLDER("2") "]},\"c\":1}",
     "{\"a\":{\"b\":[{\"type\":\"Buffer\",\"data\":[1,2,3]}]},\"c\":1}"},
    {"[" PLACEHOLDER("1") "," PLACEHOLDER("1") "]",
     "[{\"type\":\"Buffer\",\"data\":[]},{\"type\":\"Buffer\",\"data\":[]}]"},
    /* More members, another order, members of its own below: still one. */
    {"[{\"x\":[[1],{\"y\":2}],\"num\":1,\"_placeholder\":true},3]",
     "[{\"type\":\"Buffer\",\"data\":[]},3]"},
    {"[" PLACEHOLDER("1.0") "," PLACEHOLDER("1e0") "," PLACEHOLDER("-0") "]",
     "[{\"type\":\"Buffer\",\"data\":[]},{\"type\":\"Buffer\",\"data\":[]},{\"type\":\"Buffer\","
     "\"data\":[122,101,114,111]}]"},
    /* What is below a placeholder is never looked at. */
    {"{\"_placeholder\":true,\"num\":1,\"z\":" PLACEHOLDER("99") "}",
     "{\"type\":\"Buffer\",\"data\":[]}"},
    /* These are no placeholders. */
    {"[{\"_placeholder\":1,\"num\":0}]", "[{\"_placeholder\":1,\"num\":0}]"},
    {"[{\"_placeholder\":\"true\",\"num\":0}]", "[{\"_placeholder\":\"true\",\"num\":0}]"},
    {"[{\"_placeholder\":false,\"num\":9}]", "[{\"_placeholder\":false,\"num\":9}]"},
    {"[{\"_placeholder\":true,\"_placeholder\":false}]",
     "[{\"_placeholder\":true,\"_placeholder\":false}]"},
    {"[\"_placeholder\",true]", "[\"_placeholder\",true]"},
    /* These are, but stand for nothing. */
    {"[" PLACEHOLDER("3") "]", NULL},
    {"[" PLACEHOLDER("-1") "]", NULL},
    {"[" PLACEHOLDER("0.5") "]", NULL},
    {"[" PLACEHOLDER("\"0\"") "]", NULL},
    {"[" PLACEHOLDER("null") "]", NULL},
    {"[" PLACEHOLDER("1e400") "]", NULL},
    {"[" PLACEHOLDER("18446744073709551616") "]", NULL},
    {"[{\"_placeholder\":true}]", NULL},
    {"[" PLACEHOLDER("0") "," PLACEHOLDER("7") "]", NULL},
};

static void test_placeholders_as_socket_io_parser_takes_them(void **state)
{
    (void)state;
    vireo__doc doc;
    vireo__doc_init(&doc);
    for (size_t i = 0; i < sizeof fillings / sizeof fillings[0]; i++) {
        read_text(&doc, fillings[i].text);
        int error = vireo__doc_fill_attachments(&doc, parts, 3);
        assert_int_equal(error, fillings[i].filled ? 0 : VIREO_EPROTO);
        if (fillings[i].filled)
            assert_json(vireo__doc_root(&doc), fillings[i].filled);
    }
    vireo__doc_deinit(&doc);
}

static void test_a_binary_leaf_is_a_view(void **state)
{
    (void)state;
    vireo__doc doc;
    size_t len;
    vireo__doc_init(&doc);
    read_text(&doc, "[{\"k\":{\"num\":0,\"_placeholder\":true}},\"after\"," PLACEHOLDER("1") "]");
    assert_int_equal(vireo__doc_fill_attachments(&doc, parts, 3), 0);
    const vireo_value *root = vireo__doc_root(&doc);
    const vireo_value *leaf = vireo_get(vireo_at(root, 0), "k");
    assert_int_equal(vireo_type_of(leaf), VIREO_BINARY);
    assert_ptr_equal(vireo_bytes(leaf, &len), parts[0].data);
    assert_int_equal(len, 4);
    assert_string_equal(vireo_key(leaf), "k");
    assert_int_equal(vireo_count(leaf), 0);
    assert_null(vireo_get(leaf, "num"));
    assert_null(vireo_next(leaf, NULL));
    assert_null(vireo_next(vireo_at(root, 0), leaf));
    assert_string_equal(vireo_str(vireo_at(root, 1)), "after");
    assert_non_null(vireo_bytes(vireo_at(root, 2), &len)); /* empty, but there */
    assert_int_equal(len, 0);
    vireo__doc_deinit(&doc);
}

static void test_a_copy_owns_the_bytes(void **state)
{
    (void)state;
    vireo__doc doc;
    char bytes[] = "mine";
    size_t len;
    vireo__doc_init(&doc);
    read_text(&doc, "[\"a\"," PLACEHOLDER("0") ",\"b\"]");
    assert_int_equal(vireo__doc_fill_attachments(&doc, &(vireo__attachment){bytes, 4}, 1), 0);
    vireo_value *copy = vireo_copy(vireo__doc_root(&doc));
    vireo_value *leaf = vireo_copy(vireo_at(vireo__doc_root(&doc), 1));
    vireo__doc_deinit(&doc);
    memset(bytes, 'x', sizeof bytes);
    assert_memory_equal(vireo_bytes(vireo_at(copy, 1), &len), "mine", 4);
    assert_int_equal(len, 4);
    assert_string_equal(vireo_str(vireo_at(copy, 2)), "b");
    assert_memory_equal(vireo_bytes(leaf, &len), "mine", 4);
    vireo_value_free(copy);
    vireo_value_free(leaf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_building_by_hand),
        cmocka_unit_test(test_reset_gives_large_memory_back),
        cmocka_unit_test(test_placeholders_as_socket_io_parser_takes_them),
        cmocka_unit_test(test_a_binary_leaf_is_a_view),
        cmocka_unit_test(test_a_copy_owns_the_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
