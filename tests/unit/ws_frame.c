/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws_frame.c: heads of frames, close codes and the mask. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <vireo/error.h>

#include "guard.h"
#include "ws/frame.h"

/* --- reading heads ---------------------------------------------------------------------------- */

typedef struct head_case {
    const char *what;
    uint8_t bytes[14];
    unsigned n;        /* how many of them there are */
    int result;        /* of all of them */
    unsigned error_at; /* bytes that must be there for the error to be found */
    bool from_server;
    bool allow_rsv1;
    int opcode;
    bool fin;
    bool rsv1;
    uint64_t payload_len;
} head_case;

#define CASE(what_, n_, ...) .what = (what_), .bytes = {__VA_ARGS__}, .n = (n_)
#define BAD(at)              .result = VIREO_EPROTO, .error_at = (at)

static const head_case heads[] = {
    {CASE("text of 5", 6, 0x81, 0x85, 1, 2, 3, 4), .result = 6, .opcode = 1, .fin = true,
     .payload_len = 5},
    {CASE("first fragment", 6, 0x01, 0x80, 1, 2, 3, 4), .result = 6, .opcode = 1},
    {CASE("continuation", 6, 0x80, 0x80, 1, 2, 3, 4), .result = 6, .opcode = 0, .fin = true},
    {CASE("binary of 125", 6, 0x82, 0xFD, 1, 2, 3, 4), .result = 6, .opcode = 2, .fin = true,
     .payload_len = 125},
    {CASE("binary of 126", 8, 0x82, 0xFE, 0, 126, 1, 2, 3, 4), .result = 8, .opcode = 2,
     .fin = true, .payload_len = 126},
    {CASE("binary of 65535", 8, 0x82, 0xFE, 255, 255, 1, 2, 3, 4), .result = 8, .opcode = 2,
     .fin = true, .payload_len = 65535},
    {CASE("binary of 65536", 14, 0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4), .result = 14,
     .opcode = 2, .fin = true, .payload_len = 65536},
    {CASE("binary of 2^63-1", 14, 0x82, 0xFF, 0x7F, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4),
     .result = 14, .opcode = 2, .fin = true, .payload_len = INT64_MAX},
    {CASE("close", 6, 0x88, 0x82, 1, 2, 3, 4), .result = 6, .opcode = 8, .fin = true,
     .payload_len = 2},
    {CASE("ping of 125", 6, 0x89, 0xFD, 1, 2, 3, 4), .result = 6, .opcode = 9, .fin = true,
     .payload_len = 125},
    {CASE("pong", 6, 0x8A, 0x80, 1, 2, 3, 4), .result = 6, .opcode = 10, .fin = true},
    {CASE("compressed", 6, 0xC1, 0x80, 1, 2, 3, 4), .result = 6, .allow_rsv1 = true, .opcode = 1,
     .fin = true, .rsv1 = true},
    {CASE("of a server", 2, 0x81, 0x05), .result = 2, .from_server = true, .opcode = 1, .fin = true,
     .payload_len = 5},
    {CASE("of a server, 126", 4, 0x81, 126, 0, 126), .result = 4, .from_server = true, .opcode = 1,
     .fin = true, .payload_len = 126},

    {CASE("RSV1", 1, 0xC1), BAD(1)},
    {CASE("RSV2", 1, 0xA1), BAD(1)},
    {CASE("RSV3", 1, 0x91), BAD(1)},
    {CASE("RSV2 with an extension", 1, 0xE1), .allow_rsv1 = true, BAD(1)},
    {CASE("RSV1 on a ping with an extension", 1, 0xC9), .allow_rsv1 = true, BAD(1)},
    {CASE("opcode 3", 1, 0x83), BAD(1)},
    {CASE("opcode 7", 1, 0x87), BAD(1)},
    {CASE("opcode 11", 1, 0x8B), BAD(1)},
    {CASE("opcode 15", 1, 0x8F), BAD(1)},
    {CASE("fragmented close", 1, 0x08), BAD(1)},
    {CASE("fragmented ping", 1, 0x09), BAD(1)},
    {CASE("fragmented pong", 1, 0x0A), BAD(1)},
    {CASE("client without mask", 2, 0x81, 0x05), BAD(2)},
    {CASE("server with mask", 2, 0x81, 0x85), .from_server = true, BAD(2)},
    {CASE("ping of 126", 2, 0x89, 0xFE), BAD(2)},
    {CASE("close of 64 bits", 2, 0x88, 0xFF), BAD(2)},
    {CASE("125 in 16 bits", 4, 0x82, 0xFE, 0, 125), BAD(4)},
    {CASE("0 in 16 bits", 4, 0x82, 0xFE, 0, 0), BAD(4)},
    {CASE("65535 in 64 bits", 10, 0x82, 0xFF, 0, 0, 0, 0, 0, 0, 255, 255), BAD(8)},
    {CASE("64th bit set", 3, 0x82, 0xFF, 0x80), BAD(3)},
};

static int decode(const head_case *c, unsigned n, vireo__ws_head *head)
{
    const char *why = NULL;
    uint8_t *bytes = guard_copy(c->bytes, n);
    int result = vireo__ws_head_decode(head, bytes, n, !c->from_server, c->allow_rsv1, &why);
    if (result < 0)
        assert_non_null(why);
    guard_free(bytes, n);
    return result;
}

static void expect_head(const head_case *c, const vireo__ws_head *head)
{
    assert_int_equal(head->opcode, c->opcode);
    assert_int_equal(head->fin, c->fin);
    assert_int_equal(head->rsv1, c->rsv1);
    assert_int_equal(head->masked, !c->from_server);
    assert_true(head->payload_len == c->payload_len);
    assert_int_equal(head->head_len, c->n);
    if (head->masked)
        assert_memory_equal(head->mask, c->bytes + c->n - 4, 4);
}

/* Cut at every offset: incomplete before its end, an error from the byte on that shows it. */
static void test_heads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        const head_case *c = &heads[i];
        for (unsigned n = 0; n <= c->n; n++) {
            vireo__ws_head head;
            int result = decode(c, n, &head);
            int expected =
                c->result < 0 ? (n >= c->error_at ? VIREO_EPROTO : 0) : (n == c->n ? c->result : 0);
            if (result != expected)
                fail_msg("%s, %u bytes: %d, not %d", c->what, n, result, expected);
            if (result > 0)
                expect_head(c, &head);
        }
    }
}

/* The length must be known before the mask is. */
static void test_length_before_mask(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x82, 0xFF, 0, 0, 0, 0, 0x80, 0, 0, 0};
    vireo__ws_head head;
    const char *why;
    assert_int_equal(vireo__ws_head_decode(&head, bytes, 9, true, false, &why), 0);
    assert_int_equal(head.head_len, 0);
    assert_int_equal(vireo__ws_head_decode(&head, bytes, 10, true, false, &why), 0);
    assert_int_equal(head.head_len, 14);
    assert_true(head.payload_len == 0x80000000);
}

/* --- writing heads ---------------------------------------------------------------------------- */

/* What is written is read back, on both sides of each change of form. */
static void test_frames_made(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 125, 126, 127, 65535, 65536, 100000};
    static const unsigned head_sizes[] = {2, 2, 2, 4, 4, 4, 10, 10};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        vireo__shared *frame = vireo__ws_frame_new(VIREO__WS_BINARY, sizes[i]);
        assert_non_null(frame);
        assert_int_equal(vireo__ws_payload_len(frame), sizes[i]);
        memset(vireo__ws_payload(frame), 'x', sizes[i]);
        size_t head_size = vireo__ws_head_size(sizes[i]);
        assert_int_equal(head_size, head_sizes[i]);
        vireo__ws_head head;
        const char *why = "";
        const uint8_t *start = vireo__ws_payload(frame) - head_size;
        assert_int_equal(vireo__ws_head_decode(&head, start, head_size, false, false, &why),
                         head_size);
        assert_int_equal(head.opcode, VIREO__WS_BINARY);
        assert_true(head.fin);
        assert_true(head.payload_len == sizes[i]);
        vireo__ws_frame_unfinish(frame);
        vireo__ws_head_decode(&head, start, head_size, false, false, &why);
        assert_false(head.fin);
        assert_int_equal(head.opcode, VIREO__WS_BINARY);
        vireo__shared_unref(frame);
    }
}

static void test_frame_copy(void **state)
{
    (void)state;
    vireo__shared *frame = vireo__ws_frame_copy(VIREO__WS_TEXT, "hello", 5);
    assert_memory_equal(vireo__ws_payload(frame) - 2, "\x81\x05hello", 7);
    vireo__shared_unref(frame);
    frame = vireo__ws_frame_copy(VIREO__WS_PONG, NULL, 0);
    assert_memory_equal(vireo__ws_payload(frame) - 2, "\x8A\x00", 2);
    vireo__shared_unref(frame);
    assert_null(vireo__ws_frame_new(VIREO__WS_TEXT, SIZE_MAX));
    assert_null(vireo__ws_frame_new(VIREO__WS_TEXT, SIZE_MAX - 5));
}

/* --- the mask --------------------------------------------------------------------------------- */

/* Every alignment, every offset into the mask, every length up to some words; nothing before or
 * behind is touched. */
static void test_mask(void **state)
{
    (void)state;
    static const uint8_t mask[4] = {0x37, 0xFA, 0x21, 0x3D};
    enum { AROUND = 16, MOST = 70 };
    for (size_t align = 0; align < 8; align++)
        for (size_t offset = 0; offset < 8; offset++)
            for (size_t n = 0; n <= MOST; n++) {
                _Alignas(8) uint8_t bytes[AROUND + 8 + MOST + AROUND];
                for (size_t i = 0; i < sizeof bytes; i++)
                    bytes[i] = (uint8_t)(i * 7);
                vireo__ws_mask(bytes + AROUND + align, n, mask, offset);
                for (size_t i = 0; i < sizeof bytes; i++) {
                    bool inside = i >= AROUND + align && i < AROUND + align + n;
                    uint8_t key = inside ? mask[(i - AROUND - align + offset) % 4] : 0;
                    assert_int_equal(bytes[i], (uint8_t)(i * 7) ^ key);
                }
            }
}

static void test_mask_at_the_end_of_memory(void **state)
{
    (void)state;
    static const uint8_t mask[4] = {1, 2, 3, 4};
    for (size_t n = 0; n < 40; n++) {
        uint8_t *bytes = guard_copy("0123456789012345678901234567890123456789", n);
        vireo__ws_mask(bytes, n, mask, 3);
        vireo__ws_mask(bytes, n, mask, 3);
        assert_memory_equal(bytes, "0123456789012345678901234567890123456789", n);
        guard_free(bytes, n);
    }
}

/* Lengths for which the widest registers are used. */
static void test_mask_of_long_payloads(void **state)
{
    (void)state;
    static const uint8_t mask[4] = {0x37, 0xFA, 0x21, 0x3D};
    uint8_t plain[700];
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)(i * 31);
    for (size_t n = 240; n < sizeof plain; n++) {
        uint8_t *bytes = guard_copy(plain, n);
        vireo__ws_mask(bytes, n, mask, n);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(bytes[i], plain[i] ^ mask[(i + n) % 4]);
        guard_free(bytes, n);
    }
}

/* "5.7. Examples": a single-frame masked text message, "Hello". */
static void test_mask_of_the_rfc(void **state)
{
    (void)state;
    uint8_t bytes[] = {0x7f, 0x9f, 0x4d, 0x51, 0x58};
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    vireo__ws_mask(bytes, sizeof bytes, mask, 0);
    assert_memory_equal(bytes, "Hello", 5);
}

/* --- close codes ------------------------------------------------------------------------------ */

static void test_close_codes(void **state)
{
    (void)state;
    static const struct {
        unsigned from, to;
        bool valid;
    } ranges[] = {
        {0, 999, false},     {1000, 1003, true}, {1004, 1006, false},  {1007, 1014, true},
        {1015, 2999, false}, {3000, 4999, true}, {5000, 65536, false},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        for (unsigned code = ranges[i].from; code <= ranges[i].to; code++)
            assert_int_equal(vireo__ws_close_code_valid(code), ranges[i].valid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_length_before_mask),
        cmocka_unit_test(test_frames_made),
        cmocka_unit_test(test_frame_copy),
        cmocka_unit_test(test_mask),
        cmocka_unit_test(test_mask_at_the_end_of_memory),
        cmocka_unit_test(test_mask_of_long_payloads),
        cmocka_unit_test(test_mask_of_the_rfc),
        cmocka_unit_test(test_close_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
