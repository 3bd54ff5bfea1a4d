/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* payload/msgpack_read.h and msgpack_write.h (S22). Every input ends at an unreadable page and is
 * cut at each of its bytes: no part of a value is one. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "guard.h"
#include "oom.h"
#include "payload/json_read.h"
#include "payload/msgpack_read.h"
#include "payload/msgpack_write.h"

static size_t from_hex(uint8_t *out, const char *hex)
{
    size_t n = 0;
    for (unsigned byte; *hex != '\0'; hex += *hex == ' ') {
        assert_int_equal(sscanf(hex, "%2x", &byte), 1);
        out[n++] = (uint8_t)byte;
        hex += 2;
    }
    return n;
}

static int read_all(vireo__doc *doc, const uint8_t *data, size_t n, vireo_error *error)
{
    return vireo__msgpack_read(doc, data, n, UINT32_MAX, error);
}

/* Reads |n| bytes at the end of a page; what binary leaves point to is freed with them. */
static int read_guarded(const uint8_t *data, size_t n, char **json, vireo_error *error)
{
    vireo__doc doc;
    uint8_t *copy = guard_copy(data, n);
    vireo__doc_init(&doc);
    int code = read_all(&doc, copy, n, error);
    assert_true((code == 0) == (vireo__doc_root(&doc) != NULL));
    *json = code == 0 ? vireo_json(vireo__doc_root(&doc), NULL) : NULL;
    vireo__doc_deinit(&doc);
    guard_free(copy, n);
    return code;
}

static void check_cut(const uint8_t *data, size_t n)
{
    char *json;
    vireo_error error;
    for (size_t cut = 0; cut < n; cut++) {
        assert_int_equal(read_guarded(data, cut, &json, &error), VIREO_EPROTO);
        assert_non_null(strstr(error.text, "the end is missing"));
    }
}

/* The bytes, what they mean as JSON, and how that is written: NULL: as it was read. */
static const struct {
    const char *hex;
    const char *json;
    const char *written;
} values[] = {
    {"c0", "null", NULL},
    {"c2", "false", NULL},
    {"c3", "true", NULL},
    {"00", "0", NULL},
    {"7f", "127", NULL},
    {"e0", "-32", NULL},
    {"ff", "-1", NULL},
    {"cc 80", "128", NULL},
    {"cc 05", "5", "05"},
    {"cd 0100", "256", NULL},
    {"ce 00010000", "65536", NULL},
    {"ce ffffffff", "4294967295", NULL},
    {"cf 0000000100000000", "4294967296", NULL},
    {"cf 0020000000000000", "9007199254740992", NULL},
    {"cf 0020000000000001", "9007199254740993", NULL},
    {"cf ffffffffffffffff", "18446744073709551615", NULL},
    {"d0 df", "-33", NULL},
    {"d0 80", "-128", NULL},
    {"d0 05", "5", "05"},
    {"d1 ff7f", "-129", NULL},
    {"d1 8000", "-32768", NULL},
    {"d2 ffff7fff", "-32769", NULL},
    {"d2 80000000", "-2147483648", NULL},
    {"d3 ffffffff7fffffff", "-2147483649", NULL},
    {"d3 8000000000000000", "-9223372036854775808", NULL},
    {"d3 ffffffffffffffff", "-1", "ff"},
    {"ca 3fc00000", "1.5", "cb 3ff8000000000000"},
    {"cb 3ff8000000000000", "1.5", NULL},
    {"cb 3ff0000000000000", "1", "01"},
    {"cb 7ff0000000000000", "null", NULL},
    {"cb 43f0000000000000", "18446744073709552000", NULL},
    {"cb 43e0000000000000", "9223372036854776000", "cf 8000000000000000"},
    {"a0", "\"\"", NULL},
    {"a2 6869", "\"hi\"", NULL},
    {"d9 02 6869", "\"hi\"", "a2 6869"},
    {"da 0002 6869", "\"hi\"", "a2 6869"},
    {"db 00000002 6869", "\"hi\"", "a2 6869"},
    {"a5 6922 0a c3a9", "\"i\\\"\\n\xC3\xA9\"", NULL},
    {"a1 ff", "\"\xEF\xBF\xBD\"", "a3 efbfbd"},
    {"a5 61 eda0bd 62", "\"a\\ud83db\"", "a5 61 efbfbd 62"},
    {"c4 00", "{\"type\":\"Buffer\",\"data\":[]}", NULL},
    {"c4 02 0102", "{\"type\":\"Buffer\",\"data\":[1,2]}", NULL},
    {"c5 0001 07", "{\"type\":\"Buffer\",\"data\":[7]}", "c4 01 07"},
    {"c6 00000001 07", "{\"type\":\"Buffer\",\"data\":[7]}", "c4 01 07"},
    {"90", "[]", NULL},
    {"93 01 90 91 02", "[1,[],[2]]", NULL},
    {"dc 0001 01", "[1]", "91 01"},
    {"dd 00000001 01", "[1]", "91 01"},
    {"80", "{}", NULL},
    {"82 a161 80 a162 92 c0 81 a163 01", "{\"a\":{},\"b\":[null,{\"c\":1}]}", NULL},
    {"de 0001 a161 01", "{\"a\":1}", "81 a161 01"},
    {"df 00000001 a161 01", "{\"a\":1}", "81 a161 01"},
    {"82 a161 01 a161 02", "{\"a\":1,\"a\":2}", NULL},
    {"82 07 01 d0df 02", "{\"7\":1,\"-33\":2}", "82 a137 01 a32d3333 02"},
    /* undefined, Date, ArrayBuffer, and what nobody knows */
    {"d40000", "null", "c0"},
    {"92 d40000 01", "[null,1]", "92 c0 01"},
    {"83 a161 d40000 a162 01 a163 d40000", "{\"b\":1}", "81 a162 01"},
    {"81 a161 91 d40000", "{\"a\":[null]}", "81 a161 91 c0"},
    {"d700 0000000000000000", "\"1970-01-01T00:00:00.000Z\"", "-"},
    {"d700 000001890a3c2f15", "\"2023-06-30T02:57:43.701Z\"", "-"},
    {"d700 ffffffffffffffff", "\"1969-12-31T23:59:59.999Z\"", "-"},
    {"d700 ffffc77590fba000", "\"0000-01-01T00:00:00.000Z\"", "-"},
    {"d700 ffffc77590fb9fff", "\"-000001-12-31T23:59:59.999Z\"", "-"},
    {"d700 001eb208c2dc0000", "\"+275760-09-13T00:00:00.000Z\"", "-"},
    {"d700 001eb208c2dc0001", "null", "c0"},
    {"d700 ffe14df73d240000", "\"-271821-04-20T00:00:00.000Z\"", "-"},
    {"d700 8000000000000000", "null", "c0"},
    {"c701 00 09", "{\"type\":\"Buffer\",\"data\":[9]}", "c401 09"},
    {"c700 00", "{\"type\":\"Buffer\",\"data\":[]}", "c400"},
    {"c708 00 0102030405060708", "{\"type\":\"Buffer\",\"data\":[1,2,3,4,5,6,7,8]}",
     "c408 0102030405060708"},
    {"c80001 00 09", "{\"type\":\"Buffer\",\"data\":[9]}", "c401 09"},
    {"c900000001 00 09", "{\"type\":\"Buffer\",\"data\":[9]}", "c401 09"},
    {"d401 09", "[1,{\"type\":\"Buffer\",\"data\":[9]}]", "92 01 c401 09"},
    {"d500 0102", "[0,{\"type\":\"Buffer\",\"data\":[1,2]}]", "92 00 c402 0102"},
    {"81 a161 d6ff 01020304", "{\"a\":[-1,{\"type\":\"Buffer\",\"data\":[1,2,3,4]}]}",
     "81 a161 92 ff c404 01020304"},
    {"92 c70205 0102 03", "[[5,{\"type\":\"Buffer\",\"data\":[1,2]}],3]", "92 92 05 c402 0102 03"},
};

static void check_written(const uint8_t *data, size_t n, const char *wanted)
{
    uint8_t bytes[64];
    vireo__doc doc;
    vireo__buf out;
    vireo__doc_init(&doc);
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    assert_int_equal(read_all(&doc, data, n, NULL), 0);
    assert_int_equal(vireo__msgpack_write(&out, vireo__doc_root(&doc)), 0);
    size_t len = n;
    if (wanted != NULL)
        len = from_hex(bytes, wanted);
    assert_int_equal(out.len, len);
    assert_memory_equal(out.data, wanted != NULL ? bytes : data, len);
    vireo__buf_deinit(&out);
    vireo__doc_deinit(&doc);
}

static void test_values(void **state)
{
    (void)state;
    uint8_t bytes[64];
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char *json;
        vireo_error error = {0};
        size_t n = from_hex(bytes, values[i].hex);
        int code = read_guarded(bytes, n, &json, &error);
        if (code < 0 || strcmp(json, values[i].json) != 0)
            fail_msg("%s: %s instead of %s", values[i].hex, json ? json : error.text,
                     values[i].json);
        free(json);
        check_cut(bytes, n);
        if (values[i].written == NULL || strcmp(values[i].written, "-") != 0)
            check_written(bytes, n, values[i].written);
    }
}

static void test_what_is_none(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        int code;
        const char *text;
    } cases[] = {
        {"c1", VIREO_EPROTO, "no value begins so at byte 0"},
        {"91 c1", VIREO_EPROTO, "no value begins so at byte 1"},
        {"01 02", VIREO_EPROTO, "end of the bytes expected at byte 1"},
        {"81 c0 01", VIREO_EPROTO, "a key that is no text"},
        {"81 c3 01", VIREO_EPROTO, "a key that is no text"},
        {"81 90 01", VIREO_EPROTO, "a key that is no text"},
        {"81 80 01", VIREO_EPROTO, "a key that is no text"},
        {"81 c401 00 01", VIREO_EPROTO, "a key that is no text"},
        {"81 cb3ff8000000000000 01", VIREO_EPROTO, "a key that is no text"},
        {"81 d40000 01", VIREO_EPROTO, "a key that is no text"},
        {"81 d40100 01", VIREO_EPROTO, "a key that is no text"},
        {"81 a161 81 c0 01", VIREO_EPROTO, "a key that is no text"},
        /* lengths that are only announced */
        {"dd ffffffff", VIREO_EPROTO, "the end is missing"},
        {"df ffffffff", VIREO_EPROTO, "the end is missing"},
        {"db ffffffff", VIREO_EPROTO, "the end is missing"},
        {"c6 ffffffff", VIREO_EPROTO, "the end is missing"},
        {"c9 fffffffe 00", VIREO_EPROTO, "the end is missing"},
        {"c9 ffffffff 00", VIREO_EPROTO, "an extension without type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[64];
        char *json;
        vireo_error error = {0};
        size_t n = from_hex(bytes, cases[i].hex);
        assert_int_equal(read_guarded(bytes, n, &json, &error), cases[i].code);
        if (strncmp(error.text, cases[i].text, strlen(cases[i].text)) != 0)
            fail_msg("%s: %s", cases[i].hex, error.text);
    }
}

static void test_depth(void **state)
{
    (void)state;
    uint8_t bytes[VIREO__MSGPACK_DEPTH + 2];
    char *json;
    vireo_error error;
    memset(bytes, 0x91, sizeof bytes);
    bytes[VIREO__MSGPACK_DEPTH] = 0xC0;
    assert_int_equal(read_guarded(bytes, VIREO__MSGPACK_DEPTH + 1, &json, &error), 0);
    free(json);
    bytes[VIREO__MSGPACK_DEPTH] = 0x91;
    bytes[VIREO__MSGPACK_DEPTH + 1] = 0xC0;
    assert_int_equal(read_guarded(bytes, sizeof bytes, &json, &error), VIREO_EDEPTH);
}

static void test_number_of_values(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x81, 0xA1, 'a', 0x93, 1, 2, 0xA1, 'b'}; /* 6 with the key */
    vireo__doc doc;
    vireo__doc_init(&doc);
    assert_int_equal(vireo__msgpack_read(&doc, bytes, sizeof bytes, 6, NULL), 0);
    assert_int_equal(vireo__msgpack_read(&doc, bytes, sizeof bytes, 5, NULL), VIREO_ETOOBIG);
    assert_null(vireo__doc_root(&doc));
    vireo__doc_deinit(&doc);
}

/* The same template of bytes in the three lengths of a text, an array, a map. */
static void test_lengths_that_are_written(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        uint8_t text[5], array[5];
    } cases[] = {
        {15, {0xAF}, {0x9F}},
        {16, {0xB0}, {0xDC, 0, 16}},
        {31, {0xBF}, {0xDC, 0, 31}},
        {32, {0xD9, 32}, {0xDC, 0, 32}},
        {255, {0xD9, 255}, {0xDC, 0, 255}},
        {256, {0xDA, 1, 0}, {0xDC, 1, 0}},
        {65535, {0xDA, 255, 255}, {0xDC, 255, 255}},
        {65536, {0xDB, 0, 1, 0, 0}, {0xDD, 0, 1, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vireo__doc doc;
        vireo__buf out;
        size_t n = cases[i].n;
        char *text = malloc(n);
        memset(text, 'x', n);
        vireo__doc_init(&doc);
        vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
        vireo__doc_add_text(&doc, 0, text, n);
        vireo__msgpack_write(&out, vireo__doc_root(&doc));
        assert_memory_equal(out.data, cases[i].text, out.len - n);
        vireo__doc_reset(&doc);
        vireo__buf_reset(&out, SIZE_MAX);
        vireo__doc_add(&doc, VIREO_ARRAY);
        for (size_t k = 0; k < n; k++)
            vireo__doc_add_null(&doc);
        vireo__doc_close(&doc);
        vireo__msgpack_write(&out, vireo__doc_root(&doc));
        assert_memory_equal(out.data, cases[i].array, out.len - n);
        assert_int_equal(read_all(&doc, out.data, out.len, NULL), 0);
        assert_int_equal(vireo_count(vireo__doc_root(&doc)), n);
        free(text);
        vireo__buf_deinit(&out);
        vireo__doc_deinit(&doc);
    }
}

/* Numbers of JSON texts, which are kept as they were written. */
static void test_numbers_of_json(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *hex;
    } cases[] = {
        {"1.0", "01"},
        {"1e2", "64"},
        {"-0", "00"},
        {"0.5", "cb 3fe0000000000000"},
        {"9223372036854775807", "cf 7fffffffffffffff"},
        {"9223372036854775808", "cf 8000000000000000"},
        {"18446744073709551615", "cf ffffffffffffffff"},
        {"18446744073709551616", "cb 43f0000000000000"},
        {"-9223372036854775809", "d3 8000000000000000"},
        {"1e400", "cb 7ff0000000000000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[16];
        vireo__buf out;
        vireo_value *v = vireo_parse(cases[i].json, strlen(cases[i].json), NULL);
        size_t n = from_hex(bytes, cases[i].hex);
        vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
        vireo__msgpack_write(&out, v);
        assert_int_equal(out.len, n);
        assert_memory_equal(out.data, bytes, n);
        vireo__buf_deinit(&out);
        vireo_value_free(v);
    }
}

static void test_out_of_memory(void **state)
{
    (void)state;
    uint8_t bytes[64];
    size_t n =
        from_hex(bytes, "84 a161 a5 61ff 62ff63 01 cf0020000000000001 a162 c401ff 02 d60101020304");
    for (int fail_at = 1;; fail_at++) {
        vireo__doc doc;
        vireo__doc_init(&doc);
        oom_fail_at(fail_at);
        int code = read_all(&doc, bytes, n, NULL);
        bool failed = oom_failed();
        assert_int_equal(code, failed ? VIREO_ENOMEM : 0);
        vireo__doc_deinit(&doc);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_what_is_none),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_number_of_values),
        cmocka_unit_test(test_lengths_that_are_written),
        cmocka_unit_test(test_numbers_of_json),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
