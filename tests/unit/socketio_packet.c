/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* socketio_packet.c: heads of Socket.IO packets, read and written. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <vireo/error.h>

#include "guard.h"
#include "payload/json_read.h"
#include "socketio/packet.h"

enum { MAX_ATTACHMENTS = 10 };

typedef struct head_case {
    const char *text;
    vireo__sio_type type;
    uint32_t attachments;
    const char *ns;
    const char *id;
    const char *json;
} head_case;

static const head_case heads[] = {
    {"0", VIREO__SIO_CONNECT, 0, "/", "", ""},
    {"0{\"token\":\"x\"}", VIREO__SIO_CONNECT, 0, "/", "", "{\"token\":\"x\"}"},
    {"0/admin,{\"a\":1}", VIREO__SIO_CONNECT, 0, "/admin", "", "{\"a\":1}"},
    {"0/custom", VIREO__SIO_CONNECT, 0, "/custom", "", ""},
    {"0/custom,", VIREO__SIO_CONNECT, 0, "/custom", "", ""},
    {"0/custom?a=b,", VIREO__SIO_CONNECT, 0, "/custom?a=b", "", ""},
    {"0/", VIREO__SIO_CONNECT, 0, "/", "", ""},
    {"1", VIREO__SIO_DISCONNECT, 0, "/", "", ""},
    {"1/admin,", VIREO__SIO_DISCONNECT, 0, "/admin", "", ""},
    {"2[\"hello\",1]", VIREO__SIO_EVENT, 0, "/", "", "[\"hello\",1]"},
    {"2/admin,13[\"q\"]", VIREO__SIO_EVENT, 0, "/admin", "13", "[\"q\"]"},
    {"213[\"q\"]", VIREO__SIO_EVENT, 0, "/", "13", "[\"q\"]"},
    {"2", VIREO__SIO_EVENT, 0, "/", "", ""},
    {"2[\"/a,b\"]", VIREO__SIO_EVENT, 0, "/", "", "[\"/a,b\"]"},
    {"3/admin,13[]", VIREO__SIO_ACK, 0, "/admin", "13", "[]"},
    {"4{\"message\":\"no\"}", VIREO__SIO_CONNECT_ERROR, 0, "/", "", "{\"message\":\"no\"}"},
    {"51-[\"up\",{}]", VIREO__SIO_BINARY_EVENT, 1, "/", "", "[\"up\",{}]"},
    {"510-/b,7[]", VIREO__SIO_BINARY_EVENT, 10, "/b", "7", "[]"},
    {"61-/admin,5[]", VIREO__SIO_BINARY_ACK, 1, "/admin", "5", "[]"},
    {"501-[]", VIREO__SIO_BINARY_EVENT, 1, "/", "", "[]"},
};

static void assert_view(vireo__str view, const char *expected)
{
    assert_int_equal(view.len, strlen(expected));
    assert_memory_equal(view.at ? view.at : "", expected, view.len);
}

static void heads_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        char why[64];
        vireo__sio_packet packet;
        size_t n = strlen(heads[i].text);
        char *text = guard_copy(heads[i].text, n);
        assert_int_equal(vireo__sio_decode(&packet, text, n, MAX_ATTACHMENTS, why), 0);
        assert_int_equal(packet.type, heads[i].type);
        assert_int_equal(packet.attachments, heads[i].attachments);
        assert_view(packet.ns, heads[i].ns);
        assert_view(packet.id, heads[i].id);
        assert_view(packet.json, heads[i].json);
        guard_free(text, n);
    }
}

static const struct {
    const char *text;
    const char *why;
} wrong[] = {
    {"", "unknown packet type NaN"},     {"7", "unknown packet type 7"},
    {"9[]", "unknown packet type 9"},    {"a", "unknown packet type NaN"},
    {"5[\"x\"]", "Illegal attachments"}, {"5", "Illegal attachments"},
    {"51", "Illegal attachments"},       {"5-[]", "Illegal attachments"},
    {"50-[]", "Illegal attachments"},    {"5x-[]", "Illegal attachments"},
    {"51.5-[]", "Illegal attachments"},  {"5-1-[]", "Illegal attachments"},
    {"511-[]", "too many attachments"},  {"599999999999999999999999999-[]", "too many attachments"},
};

static void wrong_heads_are_refused_with_the_official_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char why[64] = "";
        vireo__sio_packet packet;
        size_t n = strlen(wrong[i].text);
        char *text = guard_copy(wrong[i].text, n);
        assert_int_equal(vireo__sio_decode(&packet, text, n, MAX_ATTACHMENTS, why), VIREO_EPROTO);
        assert_string_equal(why, wrong[i].why);
        guard_free(text, n);
    }
}

/* Every front part of every packet is read without looking beyond it. */
static void heads_may_be_cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        for (size_t n = 0; n <= strlen(heads[i].text); n++) {
            char why[64];
            vireo__sio_packet packet;
            char *text = guard_copy(heads[i].text, n);
            if (vireo__sio_decode(&packet, text, n, MAX_ATTACHMENTS, why) == 0)
                assert_true(packet.json.len <= n);
            guard_free(text, n);
        }
    }
}

static const struct {
    vireo__sio_type type;
    const char *json;
    bool valid;
} payloads[] = {
    {VIREO__SIO_CONNECT, "{}", true},
    {VIREO__SIO_CONNECT, "[]", false},
    {VIREO__SIO_CONNECT, "null", false},
    {VIREO__SIO_CONNECT, "\"a\"", false},
    {VIREO__SIO_DISCONNECT, "{}", false},
    {VIREO__SIO_DISCONNECT, "null", false},
    {VIREO__SIO_EVENT, "[\"a\"]", true},
    {VIREO__SIO_EVENT, "[7,1]", true},
    {VIREO__SIO_EVENT, "[]", false},
    {VIREO__SIO_EVENT, "{}", false},
    {VIREO__SIO_EVENT, "[true]", false},
    {VIREO__SIO_EVENT, "[null]", false},
    {VIREO__SIO_EVENT, "[\"connect\"]", false},
    {VIREO__SIO_EVENT, "[\"disconnecting\"]", false},
    {VIREO__SIO_EVENT, "[\"error\"]", true},
    {VIREO__SIO_BINARY_EVENT, "[\"newListener\"]", false},
    {VIREO__SIO_ACK, "[]", true},
    {VIREO__SIO_ACK, "{}", false},
    {VIREO__SIO_BINARY_ACK, "[1]", true},
    {VIREO__SIO_CONNECT_ERROR, "\"a\"", true},
    {VIREO__SIO_CONNECT_ERROR, "{}", true},
    {VIREO__SIO_CONNECT_ERROR, "[]", false},
};

static void payloads_must_fit_their_type(void **state)
{
    vireo__doc doc;
    (void)state;
    vireo__doc_init(&doc);
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        assert_int_equal(
            vireo__json_read(&doc, payloads[i].json, strlen(payloads[i].json), NULL, NULL), 0);
        assert_int_equal(vireo__sio_payload_valid(payloads[i].type, vireo__doc_root(&doc)),
                         payloads[i].valid);
    }
    assert_true(vireo__sio_payload_valid(VIREO__SIO_DISCONNECT, NULL));
    vireo__doc_deinit(&doc);
}

static void heads_are_written(void **state)
{
    static const struct {
        vireo__sio_type type;
        size_t attachments;
        const char *ns, *id, *text;
    } cases[] = {
        {VIREO__SIO_CONNECT, 0, "/", NULL, "0"},
        {VIREO__SIO_DISCONNECT, 0, "/admin", NULL, "1/admin,"},
        {VIREO__SIO_EVENT, 0, "/", "12", "212"},
        {VIREO__SIO_BINARY_ACK, 2, "/admin", "5", "62-/admin,5"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vireo__buf out;
        vireo__buf_init(&out, 100);
        assert_int_equal(vireo__sio_write_head(&out, cases[i].type, cases[i].attachments,
                                               cases[i].ns, cases[i].id),
                         0);
        assert_string_equal(vireo__buf_cstr(&out), cases[i].text);
        vireo__buf_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_read),
        cmocka_unit_test(wrong_heads_are_refused_with_the_official_text),
        cmocka_unit_test(heads_may_be_cut_anywhere),
        cmocka_unit_test(payloads_must_fit_their_type),
        cmocka_unit_test(heads_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
