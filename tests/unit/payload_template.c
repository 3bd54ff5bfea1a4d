/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* payload/template.h: every conversion, every part of the grammar, what is refused, and that
 * nothing an argument holds gets out of its place. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/value.h>

#include "guard.h"
#include "oom.h"
#include "payload/json_read.h"
#include "payload/template.h"

typedef int template_fn(vireo__buf *out, vireo__attachments *collect, const char *tmpl,
                        va_list args);

VIREO_PRINTF(4, 5)
static int fill(template_fn *fn, vireo__buf *out, vireo__attachments *collect, const char *tmpl,
                ...)
{
    va_list args;
    va_start(args, tmpl);
    int result = fn(out, collect, tmpl, args);
    va_end(args);
    return result;
}

/* The arguments are checked by the compiler, as those of the public functions are. */
#define assert_filled(wanted, ...)                                                                 \
    do {                                                                                           \
        vireo__buf filled;                                                                         \
        vireo__buf_init(&filled, VIREO__BUF_UNLIMITED);                                            \
        int count = fill(vireo__template_write, &filled, NULL, __VA_ARGS__);                       \
        if (count < 0)                                                                             \
            fail_msg("%s: %s", wanted, vireo_errname(count));                                      \
        assert_string_equal(vireo__buf_cstr(&filled), wanted);                                     \
        assert_int_equal(filled.len, strlen(wanted));                                              \
        vireo__buf_deinit(&filled);                                                                \
    } while (0)

/* A refused template leaves the buffer as it was. */
#define assert_refused(code, ...)                                                                  \
    do {                                                                                           \
        vireo__buf refused;                                                                        \
        vireo__buf_init(&refused, VIREO__BUF_UNLIMITED);                                           \
        vireo__buf_append_str(&refused, "before");                                                 \
        int got = fill(vireo__template_write, &refused, NULL, __VA_ARGS__);                        \
        if (got != (code))                                                                         \
            fail_msg("%s instead of %s", vireo_errname(got), vireo_errname(code));                 \
        assert_int_equal(refused.error, 0);                                                        \
        assert_string_equal(vireo__buf_cstr(&refused), "before");                                  \
        vireo__buf_deinit(&refused);                                                               \
    } while (0)

static void test_integers(void **state)
{
    (void)state;
    assert_filled("0,-1,2147483647,-2147483648", "%d, %i, %d, %d", 0, -1, INT_MAX, INT_MIN);
    assert_filled("-5,9223372036854775807,-9223372036854775808", "%ld, %lld, %lld", -5L, LLONG_MAX,
                  LLONG_MIN);
    assert_filled("-7,-8", "%zd, %jd", (ssize_t)-7, (intmax_t)-8);
    assert_filled("4294967295,1,18446744073709551615", "%u, %lu, %llu", UINT_MAX, 1UL, ULLONG_MAX);
    assert_filled("3,4", "%zu, %ju", (size_t)3, (uintmax_t)4);
    assert_filled("-6,7,8", "%" PRId64 ",%" PRIu64 ",%" PRIu32, (int64_t)-6, (uint64_t)7,
                  (uint32_t)8);
}

static void test_booleans(void **state)
{
    (void)state;
    assert_filled("true,false,true,true", "%hhd, %hhd, %hhd, %hhi", (bool)true, (bool)false,
                  (signed char)-1, (signed char)2);
}

static void test_doubles(void **state)
{
    (void)state;
    assert_filled("0.1,1,1e+21,-0.5,0", "%g, %f, %lg, %lf, %g", 0.1, 1.0, 1e21, -0.5, -0.0);
    assert_filled("[null,null,null]", "[%g,%g,%g]", (double)NAN, (double)INFINITY,
                  -(double)INFINITY);
    assert_filled("0.30000000000000004", "%g", 0.1 + 0.2);
}

static void test_strings(void **state)
{
    (void)state;
    const char *volatile none = NULL; /* so that the compiler does not see it coming */
    assert_filled("\"a\",\"\",null", "%s, %s, %s", "a", "", none);
    assert_filled("\"ab\",\"abc\",\"\",null", "%.*s, %.*s, %.*s, %.*s", 2, "abc", 5, "abc", 0,
                  "abc", 3, none);
    assert_filled("\"abc\"", "%.*s", -1, "abc");
    assert_filled("\"caf\xC3\xA9 \\\"x\\\" \\n\"", "%s", "caf\xC3\xA9 \"x\" \n");
    assert_filled("\"\xEF\xBF\xBD\"", "%s", "\xFF");
    assert_filled("\"\\ud83d\"", "%s", "\xED\xA0\xBD");
}

static void test_a_piece_is_not_read_beyond_its_end(void **state)
{
    (void)state;
    char *three = guard_copy("abc", 3);
    assert_filled("\"abc\",{\"abc\":1}", "%.*s, {%.*s:1}", 3, three, 3, three);
    guard_free(three, 3);
}

static void test_structure(void **state)
{
    (void)state;
    assert_filled("1,{\"x\":2}", "%d, {x:%g}", 1, 2.0);
    assert_filled("[]", "[]");
    assert_filled("{}", " { } ");
    assert_filled("[[],{}],[]", "[ [ ] , { } ] , [ ]");
    assert_filled("{\"a\":{\"b\":[1,{\"c\":\"x\"}]},\"d\":null}", "{a:{b:[%d,{c:%s}]},d:null}", 1,
                  "x");
    assert_filled("{\"_$a1\":1,\"2\":2,\"true\":3,\"B\":4}", "{_$a1:1, 2:2, true:3, B : 4}");
    assert_filled("{\"a b\":1,\"c'd\":2,\"e\\\"f\":3}", "{'a b':1, \"c'd\":2, 'e\"f':3}");
    assert_filled("{\"k\":1,\"ke\":2,\"q\\\"\":3}", "{%s:%d, %.*s:%d, %s:3}", "k", 1, 2, "key", 2,
                  "q\"");
}

static void test_literals(void **state)
{
    (void)state;
    assert_filled("true,false,null", "true, false, null");
    assert_filled("0,-1,1.50,2e-3", "0, -1, 1.50, 2e-3");
    assert_filled("\"a\",\"b\",\"\"", "'a', \"b\", ''");
    assert_filled("\"it's\",\"it's\",\"say \\\"hi\\\"\",\"say \\\"hi\\\"\"",
                  "\"it's\", 'it\\'s', 'say \"hi\"', \"say \\\"hi\\\"\"");
    assert_filled("\"\\n\\u00e9\\\\\\/\",\"caf\xC3\xA9\"", "'\\n\\u00e9\\\\\\/', 'caf\xC3\xA9'");
    assert_filled("\"{[:,]}\"", "'{[:,]}'");
}

static void test_how_many_values(void **state)
{
    (void)state;
    vireo__buf out;
    const char *no_template = NULL, *blank = "  ";
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    assert_int_equal(fill(vireo__template_write, &out, NULL, no_template, 0), 0);
    assert_int_equal(fill(vireo__template_write, &out, NULL, blank, 0), 0);
    assert_int_equal(out.len, 0);
    assert_int_equal(fill(vireo__template_write, &out, NULL, "%d", 1), 1);
    assert_int_equal(fill(vireo__template_write, &out, NULL, "[1,2,3], {a:1,b:[1,2]}, 3"), 3);

    assert_int_equal(fill(vireo__template_write_one, &out, NULL, no_template, 0), VIREO_ETEMPLATE);
    assert_int_equal(fill(vireo__template_write_one, &out, NULL, blank, 0), VIREO_ETEMPLATE);
    assert_int_equal(fill(vireo__template_write_one, &out, NULL, "1, 2"), VIREO_ETEMPLATE);
    out.len = 0;
    assert_int_equal(fill(vireo__template_write_one, &out, NULL, "{a:%d}", 5), 1);
    assert_string_equal(vireo__buf_cstr(&out), "{\"a\":5}");
    vireo__buf_deinit(&out);
}

static void test_malformed_templates(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "[",       "]",        "{",         "}",         "[1",     "{a:1",    "[1}",       "{a:1]",
        "1,",      ",1",       "1,,2",      "[1,]",      "[,1]",   "{a:1,}",  "{,a:1}",    "{a}",
        "{a:}",    "{:1}",     "{a 1}",     "{a:1 b:2}", "{a::1}", "{a-b:1}", "{a.b:1}",   "1 2",
        "[1 2]",   "x",        "tru",       "truex",     "nul",    "NaN",     "undefined", "01",
        "1.",      ".5",       "+1",        "1e",        "-",      "'a",      "\"a",       "'a\"",
        "'\\",     "'\\x'",    "'\\u12g4'", "'\\u1",     "'a\nb'", "'\x01'",  "'\xFF'",    "{'a:1}",
        "{'a' 1}", "{\"a\"1}", "{{}:1}",    "{[]:1}",    "{a:1}}", "[]]",     "//",        "1;",
        "\xFF",    "(1)",      "'a''b'",    "'a'b",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        vireo__buf out;
        size_t n = strlen(wrong[i]);
        char *copy = guard_copy(
            wrong[i],
            n + 1); /* a template is a C string: its NUL is the last byte that may be read */
        vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
        const char *tmpl = copy;
        int code = fill(vireo__template_write, &out, NULL, tmpl, 0);
        if (code != VIREO_ETEMPLATE)
            fail_msg("%s: %s", wrong[i], vireo_errname(code));
        assert_int_equal(out.len, 0);
        vireo__buf_deinit(&out);
        guard_free(copy, n + 1);
    }
}

/* Conversions of printf that templates do not know. No argument is taken for them. */
static void test_other_conversions(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "%",    "%%",     "%x",       "%c",     "%5d",    "%-d",     "%+d",  "%.2f",     "%.3s",
        "%*d",  "%hd",    "%hhu",     "%hhs",   "%ls",    "%Lf",     "%zg",  "%n",       "%e",
        "%a",   "%o",     "%lp",      "%.*d",   "%l",     "%hh",     "%d%d", "%dx",      "x%d",
        "'%s'", "\"%s\"", "{a:'%d'}", "{%d:1}", "{%p:1}", "{a%d:1}", "-%d",  "{'%s':1}", "'100%'"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *tmpl = wrong[i];
        assert_refused(VIREO_ETEMPLATE, tmpl, 0, 0);
    }
}

static void test_arguments_cannot_leave_their_place(void **state)
{
    (void)state;
    static const char *const evil[] = {"\"},evil",
                                       "\",\"x\":\"",
                                       "\\",
                                       "\\\"",
                                       "\"",
                                       "]",
                                       "%s%s%n",
                                       "\n42[\"x\"]",
                                       "\x1e[]",
                                       "</script>",
                                       "\xED\xA0\xBD\"",
                                       "\xF0\x9F\"",
                                       "\xC3\"]"};
    for (size_t i = 0; i < sizeof evil / sizeof evil[0]; i++) {
        vireo__doc doc;
        vireo__buf out;
        vireo__doc_init(&doc);
        vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
        assert_int_equal(
            fill(vireo__template_write, &out, NULL, "[{%s:%s,last:1}]", evil[i], evil[i]), 1);
        assert_int_equal(vireo__json_read(&doc, (char *)out.data, out.len, NULL, NULL), 0);
        assert_null(
            memchr(out.data, 0x1e, out.len)); /* what separates packets cannot be written either */
        const vireo_value *object = vireo_at(vireo__doc_root(&doc), 0);
        assert_int_equal(vireo_count(vireo__doc_root(&doc)), 1);
        assert_int_equal(vireo_count(object), 2);
        assert_int_equal(vireo_int(vireo_get(object, "last"), 0), 1);
        if (strchr(evil[i], '\xF0') == NULL && strchr(evil[i], '\xC3') == NULL)
            assert_string_equal(vireo_str(vireo_get(object, evil[i])), evil[i]);
        vireo__buf_deinit(&out);
        vireo__doc_deinit(&doc);
    }
}

static void test_keys_that_are_null(void **state)
{
    (void)state;
    const char *volatile none = NULL; /* so that the compiler does not see it coming */
    assert_refused(VIREO_EINVAL, "{%s:1}", none);
    assert_refused(VIREO_EINVAL, "{a:1,%.*s:1}", 3, none);
}

static void test_values_by_pointer(void **state)
{
    (void)state;
    vireo_value *v = vireo_parse("{\"a\":[1.0,\"x\"],\"b\":2}", 21, NULL);
    const void *none = NULL;
    assert_filled("null,{\"a\":[1.0,\"x\"],\"b\":2},{\"k\":[1.0,\"x\"]}", "%p, %p, {k:%p}", none,
                  (const void *)v, (const void *)vireo_get(v, "a"));
    assert_filled("null", "%p", (const void *)vireo_get(v, "nothing"));
    vireo_value_free(v);
}

static void test_json_texts(void **state)
{
    (void)state;
    char *text = guard_copy("[1]", 3);
    assert_filled("[1],{\"a\":{\"b\": 1.50}}", "%p, {a:%p}", vireo_json_text(text, 3),
                  vireo_json_text("{\"b\": 1.50}", 11));
    guard_free(text, 3);
    assert_refused(VIREO_EJSON, "%p", vireo_json_text("1,2", 3));
    assert_refused(VIREO_EJSON, "[%p]", vireo_json_text("1],[2", 5));
    assert_refused(VIREO_EJSON, "%p", vireo_json_text("", 0));
    assert_refused(VIREO_EJSON, "%p", vireo_json_text(NULL, 0));
    assert_refused(VIREO_EUTF8, "%p", vireo_json_text("\"\xFF\"", 3));
    char deep[VIREO__JSON_DEPTH + 1];
    memset(deep, '[', sizeof deep);
    assert_refused(VIREO_EDEPTH, "%p", vireo_json_text(deep, sizeof deep));
}

static void test_binary_leaves(void **state)
{
    (void)state;
    vireo__buf out;
    vireo__attachments collect;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    vireo__attachments_init(&collect);
    static const char bytes[] = "\1\2";
    assert_int_equal(fill(vireo__template_write, &out, &collect, "{name:%s, data:%p}, %p", "x",
                          vireo_binary(bytes, 2), vireo_binary(NULL, 0)),
                     2);
    assert_string_equal(vireo__buf_cstr(&out), "{\"name\":\"x\",\"data\":{\"_placeholder\":true,"
                                               "\"num\":0}},{\"_placeholder\":true,\"num\":1}");
    assert_int_equal(collect.count, 2);
    assert_ptr_equal(vireo__attachments_list(&collect)[0].data, bytes);

    /* A template that is refused takes its binary leaves with it. */
    size_t len = out.len;
    assert_int_equal(fill(vireo__template_write, &out, &collect, "%p, %p, [", vireo_binary("", 0),
                          vireo_binary("", 0)),
                     VIREO_ETEMPLATE);
    assert_int_equal(collect.count, 2);
    assert_int_equal(out.len, len);
    vireo__attachments_deinit(&collect);
    vireo__buf_deinit(&out);
    assert_filled("{\"type\":\"Buffer\",\"data\":[1,2]}", "%p", vireo_binary("\1\2", 2));
}

static void test_pointers_to_something_else(void **state)
{
    (void)state;
    uint32_t zero = 0;
    vireo_leaf leaf = vireo_leaf_of(VIREO_LEAF_JSON ^ 1, "1", 1);
    char *odd = guard_copy("?????", 5); /* not aligned, and nothing behind it */
    assert_refused(VIREO_EINVAL, "%p", (const void *)&zero);
    assert_refused(VIREO_EINVAL, "[1,%p]", (const void *)&leaf);
    assert_refused(VIREO_EINVAL, "%p", (const void *)odd);
    guard_free(odd, 5);
}

static void test_depth(void **state)
{
    (void)state;
    char text[2 * (VIREO__TEMPLATE_DEPTH + 1) + 1] = "";
    const char *tmpl = text;
    memset(text, '[', VIREO__TEMPLATE_DEPTH);
    memset(text + VIREO__TEMPLATE_DEPTH, ']', VIREO__TEMPLATE_DEPTH);
    assert_filled(text, tmpl, 0);
    memset(text, '[', VIREO__TEMPLATE_DEPTH + 1);
    memset(text + VIREO__TEMPLATE_DEPTH + 1, ']', VIREO__TEMPLATE_DEPTH + 1);
    assert_refused(VIREO_ETEMPLATE, tmpl, 0);
    assert_filled("[{\"a\":[[{\"b\":1}]]},{\"c\":[]}]", "[{a:[[{b:1}]]},{c:[]}]");
}

static void test_the_buffers_maximum(void **state)
{
    (void)state;
    static const char wanted[] = "{\"a\":[1,\"x\"],\"b\":0.5,\"c\":true,\"d\":null}";
    for (size_t max = 0; max < sizeof wanted; max++) {
        vireo__buf out;
        vireo__buf_init(&out, max);
        int got = fill(vireo__template_write, &out, NULL, "{a:[%d,'x'],%s:%g,\"c\":%hhd,d:null}", 1,
                       "b", 0.5, (bool)true);
        assert_int_equal(got, max == sizeof wanted - 1 ? 1 : VIREO_ETOOBIG);
        assert_int_equal(out.error, 0);
        assert_int_equal(out.len, got > 0 ? max : 0);
        vireo__buf_deinit(&out);
    }
}

static void test_a_buffer_in_error_stays_as_it_is(void **state)
{
    (void)state;
    vireo__buf out;
    vireo__buf_init(&out, 3);
    vireo__buf_append_str(&out, "abcd");
    assert_int_equal(fill(vireo__template_write, &out, NULL, "%d", 1), VIREO_ETOOBIG);
    assert_int_equal(out.error, VIREO_ETOOBIG);
    vireo__buf_deinit(&out);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        oom_fail_at(n);
        char *text = vireo_format(NULL, "[%s, %s, %d]",
                                  "a text that does not fit into the first piece of memory",
                                  "nor does this one", 1);
        if (!oom_failed()) {
            assert_string_equal(text, "[\"a text that does not fit into the first piece of "
                                      "memory\",\"nor does this one\",1]");
            free(text);
            assert_true(n > 2);
            break;
        }
        assert_null(text);
    }
}

static void test_format(void **state)
{
    (void)state;
    size_t len = 0;
    const char *volatile none = NULL; /* so that the compiler does not see it coming */
    char *text = vireo_format(&len, "%d, %s", 1, "x");
    assert_string_equal(text, "1,\"x\"");
    assert_int_equal(len, 5);
    free(text);
    text = vireo_format(NULL, none, 0);
    assert_string_equal(text, "");
    free(text);
    assert_null(vireo_format(NULL, "[%d", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_booleans),
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_a_piece_is_not_read_beyond_its_end),
        cmocka_unit_test(test_structure),
        cmocka_unit_test(test_literals),
        cmocka_unit_test(test_how_many_values),
        cmocka_unit_test(test_malformed_templates),
        cmocka_unit_test(test_other_conversions),
        cmocka_unit_test(test_arguments_cannot_leave_their_place),
        cmocka_unit_test(test_keys_that_are_null),
        cmocka_unit_test(test_values_by_pointer),
        cmocka_unit_test(test_json_texts),
        cmocka_unit_test(test_binary_leaves),
        cmocka_unit_test(test_pointers_to_something_else),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_the_buffers_maximum),
        cmocka_unit_test(test_a_buffer_in_error_stays_as_it_is),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
