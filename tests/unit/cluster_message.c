/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* cluster_message.c: what servers tell each other, written and read (K01). The texts are those of
 * the official adapters. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include <vireo/error.h>

#include "cluster/message.h"
#include "guard.h"
#include "payload/json_read.h"

#define FROM ",\"uid\":\"851bc8b06311145d\",\"nsp\":\"/\"}"
#define OPTS "\"opts\":{\"rooms\":[\"r\"],\"except\":[],\"flags\":{}}"

/* Read and written again, each gives itself. */
static const char *const texts[] = {
    "{\"type\":1" FROM,
    "{\"type\":2" FROM,
    "{\"type\":13" FROM,
    "{\"type\":3,\"data\":{\"packet\":{\"type\":2,\"data\":[\"hello\"]},"
    "\"opts\":{\"rooms\":[\"room1\"],\"except\":[],\"flags\":{}}}" FROM,
    "{\"type\":3,\"data\":{\"packet\":{\"type\":2,\"data\":[\"q\",{\"a\":[1.50,null,\"\\ud800\"]}]}"
    ","
    "\"requestId\":\"0123456789abcdef\",\"opts\":{\"rooms\":[\"a\",\"b\"],\"except\":[\"c\",\"d\"],"
    "\"flags\":{\"volatile\":true,\"compress\":false,\"newest\":\"x:1\",\"timeout\":5000}}}" FROM,
    "{\"type\":4,\"data\":{" OPTS ",\"rooms\":[\"x\",\"y\"]}" FROM,
    "{\"type\":5,\"data\":{" OPTS ",\"rooms\":[]}" FROM,
    "{\"type\":6,\"data\":{" OPTS ",\"close\":true}" FROM,
    "{\"type\":6,\"data\":{" OPTS ",\"close\":false}" FROM,
    "{\"type\":7,\"data\":{\"requestId\":\"0123456789abcdef\",\"opts\":{\"rooms\":[],\"except\":[],"
    "\"flags\":{\"timeout\":1}}}" FROM,
    "{\"type\":8,\"data\":{\"sockets\":[{\"id\":\"a\"}],\"requestId\":\"0123456789abcdef\"}" FROM,
    "{\"type\":9,\"data\":{\"packet\":[\"disconnect\",1]}" FROM,
    "{\"type\":9,\"data\":{\"packet\":[\"who\"],\"requestId\":\"0123456789abcdef\"}" FROM,
    "{\"type\":10,\"data\":{\"packet\":null,\"requestId\":\"0123456789abcdef\"}" FROM,
    "{\"type\":11,\"data\":{\"requestId\":\"0123456789abcdef\",\"clientCount\":4294967295}" FROM,
    "{\"type\":12,\"data\":{\"packet\":\"an answer\",\"requestId\":\"r\"}" FROM,
    "{\"type\":2,\"uid\":\"emitter\"}",
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- helpers ---------------------------------------------------------------------------------- */

typedef struct reading {
    vireo__doc doc;
    vireo__arena memory;
    vireo__cluster_message m;
    int error;
} reading;

static void read_text(reading *r, const char *text, size_t n)
{
    char *copy = guard_copy(text, n);
    vireo__doc_init(&r->doc);
    vireo__arena_init(&r->memory);
    r->error = vireo__json_read(&r->doc, copy, n, NULL, NULL);
    if (r->error == 0)
        r->error = vireo__cluster_read(&r->m, vireo__doc_root(&r->doc), &r->memory);
    guard_free(copy, n);
}

static void end_reading(reading *r)
{
    vireo__doc_deinit(&r->doc);
    vireo__arena_deinit(&r->memory);
}

static int error_of(const char *text)
{
    reading r;
    read_text(&r, text, strlen(text));
    end_reading(&r);
    return r.error;
}

static void assert_writes(const vireo__cluster_message *m, const char *expected)
{
    vireo__buf out;
    vireo__attachments parts;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    vireo__attachments_init(&parts);
    assert_int_equal(vireo__cluster_write(&out, &parts, m), 0);
    assert_string_equal(vireo__buf_cstr(&out), expected);
    assert_int_equal(parts.count, m->part_count);
    vireo__attachments_deinit(&parts);
    vireo__buf_deinit(&out);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void test_there_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        reading r;
        read_text(&r, texts[i], strlen(texts[i]));
        if (r.error < 0)
            fail_msg("%s: %s", texts[i], vireo_strerror(r.error));
        assert_writes(&r.m, texts[i]);
        end_reading(&r);
    }
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        for (size_t n = 0; n < strlen(texts[i]); n++) {
            reading r;
            read_text(&r, texts[i], n);
            assert_true(r.error < 0);
            end_reading(&r);
        }
}

static void test_what_is_read(void **state)
{
    reading r;
    (void)state;
    const char *text = texts[4];
    read_text(&r, text, strlen(text));
    assert_int_equal(r.error, 0);
    assert_int_equal(r.m.type, VIREO__CLUSTER_BROADCAST);
    assert_string_equal(r.m.uid, "851bc8b06311145d");
    assert_string_equal(r.m.ns, "/");
    assert_string_equal(r.m.request, "0123456789abcdef");
    assert_string_equal(r.m.rooms[1], "b");
    assert_null(r.m.rooms[2]);
    assert_string_equal(r.m.except[0], "c");
    assert_null(r.m.except[2]);
    assert_true(r.m.volatile_ && r.m.uncompressed);
    assert_string_equal(r.m.newest, "x:1");
    assert_int_equal(r.m.timeout_ms, 5000);
    assert_string_equal(vireo_str(vireo_at(r.m.value, 0)), "q");
    end_reading(&r);
}

static void test_texts_with_parts(void **state)
{
    (void)state;
    const vireo__attachment part = {"abc", 3};
    const vireo__cluster_message m = {
        .type = VIREO__CLUSTER_SERVER_ANSWER,
        .uid = "u",
        .request = "r",
        .json = vireo__str_of("{\"_placeholder\":true,\"num\":0}"),
        .parts = &part,
        .part_count = 1,
    };
    assert_writes(&m, "{\"type\":10,\"data\":{\"packet\":{\"_placeholder\":true,\"num\":0},"
                      "\"requestId\":\"r\"},\"uid\":\"u\"}");
}

static void test_names_that_need_escapes(void **state)
{
    (void)state;
    const vireo__cluster_message m = {
        .type = VIREO__CLUSTER_JOIN,
        .uid = "u",
        .ns = "/\"\n",
        .rooms = (const char *[]){"\\", NULL},
        .names = (const char *[]){"a\"", NULL},
    };
    assert_writes(&m,
                  "{\"type\":4,\"data\":{\"opts\":{\"rooms\":[\"\\\\\"],\"except\":[],\"flags\":{"
                  "}},\"rooms\":[\"a\\\"\"]},\"uid\":\"u\",\"nsp\":\"/\\\"\\n\"}");
}

static void test_limits_of_ids_and_numbers(void **state)
{
    char text[400];
    char id[VIREO__CLUSTER_ID_MAX + 2];
    (void)state;
    for (int beyond = 0; beyond < 2; beyond++) {
        memset(id, 'a', sizeof id);
        int expected = beyond ? VIREO_EPROTO : 0;
        id[VIREO__CLUSTER_ID_MAX + beyond] = '\0';
        snprintf(text, sizeof text, "{\"type\":2,\"uid\":\"%s\"}", id);
        assert_int_equal(error_of(text), expected);
        snprintf(text, sizeof text,
                 "{\"type\":12,\"uid\":\"u\",\"data\":{\"requestId\":\"%s\",\"packet\":1}}", id);
        assert_int_equal(error_of(text), expected);
        snprintf(text, sizeof text,
                 "{\"type\":11,\"uid\":\"u\",\"data\":{\"requestId\":\"r\",\"clientCount\":%lld}}",
                 (long long)VIREO__CLUSTER_COUNT_MAX + beyond);
        assert_int_equal(error_of(text), expected);
        snprintf(text, sizeof text, "{\"type\":%d,\"uid\":\"u\"}", 13 + beyond);
        assert_int_equal(error_of(text), expected);
    }
    assert_int_equal(error_of("{\"type\":0,\"uid\":\"u\"}"), VIREO_EPROTO);
    assert_int_equal(error_of("{\"type\":2,\"uid\":\"\"}"), VIREO_EPROTO);
}

/* A target that does not say its rooms would mean everybody. */
static void test_targets_are_whole(void **state)
{
    static const char *const refused[] = {
        "",
        "\"opts\":{}",
        "\"opts\":[]",
        "\"opts\":{\"rooms\":[]}",
        "\"opts\":{\"except\":[]}",
        "\"opts\":{\"rooms\":\"a\",\"except\":[]}",
        "\"opts\":{\"rooms\":[null],\"except\":[]}",
        "\"opts\":{\"rooms\":[\"a\\u0000b\"],\"except\":[]}",
        "\"opts\":{\"rooms\":[],\"except\":[[]]}",
    };
    char text[200];
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        snprintf(text, sizeof text, "{\"type\":6,\"uid\":\"u\",\"data\":{%s}}", refused[i]);
        if (error_of(text) != VIREO_EPROTO)
            fail_msg("%s", text);
    }
}

static void test_rooms_that_are_numbers(void **state)
{
    reading r;
    (void)state;
    const char *text = "{\"type\":6,\"uid\":\"u\",\"data\":{\"opts\":{\"rooms\":[7,1.50,-0,1e3],"
                       "\"except\":[]}}}";
    static const char *const names[] = {"7", "1.5", "0", "1000"};
    read_text(&r, text, strlen(text));
    assert_int_equal(r.error, 0);
    for (size_t i = 0; i < COUNT(names); i++)
        assert_string_equal(r.m.rooms[i], names[i]);
    assert_null(r.m.rooms[4]);
    end_reading(&r);
}

static void test_newest_has_its_limit(void **state)
{
    char key[VIREO__CLUSTER_NEWEST_MAX + 2];
    char text[500];
    (void)state;
    for (int beyond = 0; beyond < 2; beyond++) {
        memset(key, 'k', sizeof key);
        key[VIREO__CLUSTER_NEWEST_MAX + beyond] = '\0';
        snprintf(text, sizeof text,
                 "{\"type\":6,\"uid\":\"u\",\"data\":{\"opts\":{\"rooms\":[],\"except\":[],"
                 "\"flags\":{\"newest\":\"%s\"}}}}",
                 key);
        assert_int_equal(error_of(text), beyond ? VIREO_EPROTO : 0);
    }
}

static void test_timeouts(void **state)
{
    static const struct {
        const char *text;
        uint32_t ms;
    } cases[] = {{"5", 5},    {"-5", 0},    {"1.5", 0},           {"4294967295", UINT32_MAX},
                 {"null", 0}, {"\"5\"", 0}, {"9e15", UINT32_MAX}, {"1e400", 0}};
    char text[200];
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        reading r;
        snprintf(text, sizeof text,
                 "{\"type\":6,\"uid\":\"u\",\"data\":{\"opts\":{\"rooms\":[],\"except\":[],"
                 "\"flags\":{\"timeout\":%s}}}}",
                 cases[i].text);
        read_text(&r, text, strlen(text));
        assert_int_equal(r.error, 0);
        assert_int_equal(r.m.timeout_ms, cases[i].ms);
        end_reading(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_what_is_read),
        cmocka_unit_test(test_texts_with_parts),
        cmocka_unit_test(test_names_that_need_escapes),
        cmocka_unit_test(test_limits_of_ids_and_numbers),
        cmocka_unit_test(test_targets_are_whole),
        cmocka_unit_test(test_rooms_that_are_numbers),
        cmocka_unit_test(test_newest_has_its_limit),
        cmocka_unit_test(test_timeouts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
