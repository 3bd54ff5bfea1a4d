/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* engineio_packet.c: packets, payloads and the handshake of Engine.IO (T01, T02, T10). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <vireo/error.h>

#include "engineio/packet.h"
#include "guard.h"

/* --- one packet ------------------------------------------------------------------------------- */

typedef struct packet_case {
    const char *text;
    int error;
    vireo__eio_type type;
    bool binary;
    const char *data;
} packet_case;

static const packet_case packets[] = {
    {"0{}", 0, VIREO__EIO_OPEN, false, "{}"},
    {"1", 0, VIREO__EIO_CLOSE, false, ""},
    {"2probe", 0, VIREO__EIO_PING, false, "probe"},
    {"3", 0, VIREO__EIO_PONG, false, ""},
    {"4hello", 0, VIREO__EIO_MESSAGE, false, "hello"},
    {"4", 0, VIREO__EIO_MESSAGE, false, ""},
    {"5", 0, VIREO__EIO_UPGRADE, false, ""},
    {"6", 0, VIREO__EIO_NOOP, false, ""},
    {"bAQID", 0, VIREO__EIO_MESSAGE, true, "\1\2\3"},
    {"bAQI=", 0, VIREO__EIO_MESSAGE, true, "\1\2"},
    {"bAQ==", 0, VIREO__EIO_MESSAGE, true, "\1"},
    {"bAQI", 0, VIREO__EIO_MESSAGE, true, "\1\2"}, /* padding may be missing */
    {"b", 0, VIREO__EIO_MESSAGE, true, ""},
    {"", VIREO_EPROTO, 0, false, NULL},
    {"7", VIREO_EPROTO, 0, false, NULL},
    {"/", VIREO_EPROTO, 0, false, NULL},
    {"a", VIREO_EPROTO, 0, false, NULL},
    {"\x80", VIREO_EPROTO, 0, false, NULL},
    {"bA", VIREO_EPROTO, 0, false, NULL},
    {"bAQ=I", VIREO_EPROTO, 0, false, NULL},
    {"bA===", VIREO_EPROTO, 0, false, NULL},
    {"b====", VIREO_EPROTO, 0, false, NULL},
    {"bAQ\n=", VIREO_EPROTO, 0, false, NULL},
};

static void packets_are_decoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
        const packet_case *c = &packets[i];
        size_t n = strlen(c->text);
        uint8_t *text = guard_copy(c->text, n);
        vireo__eio_packet packet;
        assert_int_equal(vireo__eio_decode(&packet, text, n), c->error);
        if (c->error == 0) {
            assert_int_equal(packet.type, c->type);
            assert_int_equal(packet.binary, c->binary);
            assert_int_equal(packet.len, strlen(c->data));
            assert_memory_equal(packet.data, c->data, packet.len);
        }
        guard_free(text, n);
    }
}

/* --- payloads --------------------------------------------------------------------------------- */

static const struct {
    const char *payload;
    const char *texts[4];
} payloads[] = {
    {"4hi\x1e"
     "bAQID",
     {"4hi", "bAQID"}},
    {"3", {"3"}},
    {"", {""}},
    {"\x1e", {"", ""}},
    {"4a\x1e", {"4a", ""}},
    {"4a\x1e\x1e"
     "4b",
     {"4a", "", "4b"}},
};

static void payloads_are_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        size_t n = strlen(payloads[i].payload), at = 0, len, count = 0;
        uint8_t *payload = guard_copy(payloads[i].payload, n);
        uint8_t *text;
        while (vireo__eio_payload_next(payload, n, &at, &text, &len)) {
            assert_non_null(payloads[i].texts[count]);
            assert_int_equal(len, strlen(payloads[i].texts[count]));
            assert_memory_equal(text, payloads[i].texts[count], len);
            count++;
        }
        assert_true(count == 4 || payloads[i].texts[count] == NULL);
        guard_free(payload, n);
    }
}

static void payloads_are_written(void **state)
{
    vireo__buf out;
    (void)state;
    vireo__buf_init(&out, 1000);
    vireo__eio_payload_add(&out, false, (const uint8_t *)"4hi", 3);
    vireo__eio_payload_add(&out, true, (const uint8_t *)"\1\2\3", 3);
    vireo__eio_payload_add(&out, true, (const uint8_t *)"", 0);
    assert_int_equal(vireo__eio_payload_add(&out, false, (const uint8_t *)"1", 1), 0);
    assert_string_equal(vireo__buf_cstr(&out), "4hi\x1e"
                                               "bAQID\x1e"
                                               "b\x1e"
                                               "1");
    vireo__buf_deinit(&out);
}

static void a_payload_that_is_too_large_is_an_error(void **state)
{
    vireo__buf out;
    (void)state;
    vireo__buf_init(&out, 4);
    assert_int_equal(vireo__eio_payload_add(&out, false, (const uint8_t *)"4abc", 4), 0);
    assert_int_equal(vireo__eio_payload_add(&out, false, (const uint8_t *)"4", 1), VIREO_ETOOBIG);
    vireo__buf_deinit(&out);
}

/* --- the handshake ---------------------------------------------------------------------------- */

static void the_open_packet_has_the_five_keys_in_their_order(void **state)
{
    vireo__buf out;
    vireo__eio_handshake_data data = {"lv_VI97HAXpY6yYWAAAC", true, 25000, 20000, 1000000};
    (void)state;
    vireo__buf_init(&out, 1000);
    vireo__eio_write_open(&out, &data);
    assert_string_equal(vireo__buf_cstr(&out),
                        "0{\"sid\":\"lv_VI97HAXpY6yYWAAAC\",\"upgrades\":[\"websocket\"],"
                        "\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}");
    vireo__buf_reset(&out, 1000);
    data.upgrade_to_websocket = false;
    vireo__eio_write_open(&out, &data);
    assert_non_null(strstr(vireo__buf_cstr(&out), "\"upgrades\":[],"));
    vireo__buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_are_decoded),
        cmocka_unit_test(payloads_are_split),
        cmocka_unit_test(payloads_are_written),
        cmocka_unit_test(a_payload_that_is_too_large_is_an_error),
        cmocka_unit_test(the_open_packet_has_the_five_keys_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
