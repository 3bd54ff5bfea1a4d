/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* engineio/v3.h and jsonp.h: packets and payloads of Engine.IO v3 and of JSONP polling (T31, T07).
 * The bytes are those of the official packages. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "engineio/jsonp.h"
#include "engineio/v3.h"
#include "guard.h"

/* --- payloads --------------------------------------------------------------------------------- */

typedef struct payload_case {
    const char *payload;
    size_t len; /* 0: strlen */
    bool octets;
    const char *packets; /* "type:data," with a * for binary, and "!" for a fault */
} payload_case;

static const payload_case payloads[] = {
    {"3:4hi", 0, false, "4:hi,"},
    {"3:4hi1:2", 0, false, "4:hi,2:,"},
    {"2:4\xe2\x82\xac", 0, false, "4:\xe2\x82\xac,"},         /* one code unit */
    {"3:4\xf0\x9f\x98\x80", 0, false, "4:\xf0\x9f\x98\x80,"}, /* two */
    {"3:4\xf0\x9f\x98\x80"
     "2:4x",
     0, false, "4:\xf0\x9f\x98\x80,4:x,"},
    {"2:4\xf0\x9f\x98\x80", 0, false, "!"}, /* cut in the middle */
    {"10:b4AQIDBA==", 0, false, "4*\1\2\3\4,"},
    {"2:b4", 0, false, "4*,"},
    {"1:b", 0, false, "!"},
    {"3:b9A", 0, false, "!"},
    {"0:", 0, false, ""},
    {"0:2:4x", 0, false, "4:x,"},
    {"", 0, false, "!"},
    {":4", 0, false, "!"},
    {"x:4", 0, false, "!"},
    {"-1:4", 0, false, "!"},
    {"+1:4", 0, false, "!"},
    {"4:4hi", 0, false, "!"},
    {"3:4hi2", 0, false, "4:hi,!"},
    {"3:4hi2:", 0, false, "4:hi,!"},
    {"1:7", 0, false, "!"},
    {"99999999999:4", 0, false, "!"},
    {"\x00\x03\xff"
     "4hi",
     6, true, "4:hi,"},
    {"\x01\x04\xff\x04\x01\x02\x03", 7, true, "4*\1\2\3,"},
    {"\x00\x01\xff"
     "2\x01\x01\xff\x04",
     8, true, "2:,4*,"},
    {"\x00\x01\x02\xff"
     "4hello world",
     16, true, "4:hello world,"},
    {"\x01\x02\xff\x04\x01\x00\x01\xff"
     "2",
     9, true, "4*\1,2:,"},
    {"", 0, true, ""},
    {"\x00", 1, true, "!"},
    {"\x00\xff", 2, true, "!"},
    {"\x00\x0a\xff"
     "4",
     4, true, "!"},
    {"\x00\x03\xff"
     "4h",
     5, true, "!"},
    {"\x01\x01\xff\x07", 4, true, "!"},
    {"\x01\x00\xff", 3, true, "!"},
    {"\x00\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\xff"
     "4",
     15, true, "!"},
};

/* Reads up to the first fault, as the session does. */
static void read_all(uint8_t *payload, size_t n, bool octets, char *seen, size_t size)
{
    size_t at = 0, len = 0;
    int more;
    vireo__eio_packet packet;
    seen[0] = '\0';
    while ((more = vireo__eio3_payload_next(&packet, payload, n, octets, &at)) > 0)
        len +=
            (size_t)snprintf(seen + len, size - len, "%d%c%.*s,", (int)packet.type,
                             packet.binary ? '*' : ':', (int)packet.len, (const char *)packet.data);
    assert_true(more == 0 || more == VIREO_EPROTO);
    snprintf(seen + len, size - len, "%s", more < 0 ? "!" : "");
}

static void payloads_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        const payload_case *c = &payloads[i];
        size_t n = c->len ? c->len : strlen(c->payload);
        for (size_t cut = 0; cut <= n; cut++) { /* nothing behind its end is touched */
            char seen[200];
            uint8_t *copy = guard_copy(c->payload, cut);
            read_all(copy, cut, c->octets, seen, sizeof seen);
            if (cut == n)
                assert_string_equal(seen, c->packets);
            guard_free(copy, cut);
        }
    }
}

static void payloads_are_written(void **state)
{
    (void)state;
    vireo__buf out;
    vireo__buf_init(&out, 1000);
    vireo__eio3_payload_add(&out, false, false, (const uint8_t *)"4\xe2\x82\xac", 4);
    vireo__eio3_payload_add(&out, false, false, (const uint8_t *)"4\xf0\x9f\x98\x80", 5);
    vireo__eio3_payload_add(&out, false, true, (const uint8_t *)"\1\2\3\4", 4);
    assert_string_equal(vireo__buf_cstr(&out), "2:4\xe2\x82\xac"
                                               "3:4\xf0\x9f\x98\x80"
                                               "10:b4AQIDBA==");
    vireo__buf_reset(&out, 1000);
    vireo__eio3_payload_add(&out, true, false, (const uint8_t *)"451-[\"b\",{}]", 12);
    vireo__eio3_payload_add(&out, true, true, (const uint8_t *)"\1\2\3", 3);
    assert_int_equal(out.len, 4 + 12 + 3 + 4);
    assert_memory_equal(out.data,
                        "\x00\x01\x02\xff"
                        "451-[\"b\",{}]\x01\x04\xff\x04\x01\x02\x03",
                        out.len);
    vireo__buf_deinit(&out);
}

/* --- JSONP ------------------------------------------------------------------------------------ */

static void scripts_are_written(void **state)
{
    (void)state;
    static const struct {
        const char *j;
        const char *payload;
        const char *script;
    } rows[] = {
        {"0", "2:40", "___eio[0](\"2:40\");"},
        {"12", "\"\n\\", "___eio[12](\"\\\"\\n\\\\\");"},
        {"1];alert(2", "x", "___eio[12](\"x\");"},
        {"", "x", "___eio[](\"x\");"},
        {"1",
         "a\xe2\x80\xa8\xe2\x80\xa9"
         "b",
         "___eio[1](\"a\\u2028\\u2029b\");"},
        {"1", "\xe2\x80\xa8", "___eio[1](\"\\u2028\");"},
        {"1", "\xe2\x80\xaa\xe2\x82\xac", "___eio[1](\"\xe2\x80\xaa\xe2\x82\xac\");"},
        {"1", "", "___eio[1](\"\");"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        vireo__buf out;
        vireo__buf_init(&out, 1000);
        assert_int_equal(
            vireo__eio_jsonp_write(&out, vireo__str_of(rows[i].j), vireo__str_of(rows[i].payload)),
            0);
        assert_string_equal(vireo__buf_cstr(&out), rows[i].script);
        vireo__buf_deinit(&out);
    }
}

static void forms_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *form;
        const char *payload;
    } rows[] = {
        {"d=4hi", "4hi"},
        {"d=4a%20b+c%26", "4a b c&"},
        {"x=1&d=4&y=2", "4"},
        {"d=", ""},
        {"d=a%5Cnb", "a\nb"},
        {"d=a%5C%5Cnb", "a\\nb"},
        {"d=%5C%5C%5Cn", "\\\\n"},
        {"d=%5C", "\\"},
        {"d=%5Cx%zz", "\\x%zz"},
        {"e=4", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = strlen(rows[i].form);
        uint8_t *form = guard_copy(rows[i].form, n);
        vireo__str payload;
        bool found = vireo__eio_jsonp_read(form, n, &payload);
        assert_int_equal(found, rows[i].payload != NULL);
        if (found) {
            assert_int_equal(payload.len, strlen(rows[i].payload));
            assert_memory_equal(payload.at, rows[i].payload, payload.len);
        }
        guard_free(form, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payloads_are_read),
        cmocka_unit_test(payloads_are_written),
        cmocka_unit_test(scripts_are_written),
        cmocka_unit_test(forms_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
