/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* W14: heads of the PROXY protocol, versions 1 and 2: whole, with bytes behind them, byte by byte
 * and cut at each offset, from memory that ends at an unreadable page. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <vireo/error.h>

#include "net/proxy_protocol.h"

#include "guard.h"

static int read_guarded(const void *bytes, size_t n, vireo__proxy *out)
{
    uint8_t *copy = guard_copy(bytes, n);
    int result = vireo__proxy_read(copy, n, out);
    guard_free(copy, n);
    return result;
}

/* Every beginning of a valid head asks for more; the head with something behind it is as long as
 * without. */
static void expect_head(const void *bytes, size_t n, bool own, bool secure, const char *address,
                        unsigned port)
{
    vireo__proxy out;
    for (size_t cut = 0; cut < n; cut++)
        assert_int_equal(read_guarded(bytes, cut, &out), 0);
    for (size_t behind = 0; behind < 3; behind++) {
        uint8_t *longer = calloc(1, n + behind);
        memcpy(longer, bytes, n);
        memset(longer + n, 'x', behind);
        assert_int_equal(read_guarded(longer, n + behind, &out), n);
        free(longer);
        assert_int_equal(out.own, own);
        assert_int_equal(out.secure, secure);
        assert_string_equal(out.address, address);
        assert_int_equal(out.port, port);
    }
}

/* It is refused, at the latest when it is whole, and no beginning is taken for a whole head. */
static void expect_refusal(const void *bytes, size_t n, int error)
{
    vireo__proxy out;
    int result = 0;
    for (size_t cut = 0; cut <= n; cut++) {
        int now = read_guarded(bytes, cut, &out);
        assert_true(now <= 0);
        assert_true(result == 0 || now == result); /* once refused is refused for ever */
        result = now;
    }
    if (result != error)
        fail_msg("%.*s: %d", (int)n, (const char *)bytes, result);
}

static void version_1(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        bool own;
        const char *address;
        unsigned port;
    } good[] = {
        {"PROXY TCP4 203.0.113.7 198.51.100.1 56324 443\r\n", false, "203.0.113.7", 56324},
        {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", false, "255.255.255.255",
         65535},
        {"PROXY TCP4 1.2.3.4 5.6.7.8 0 0\r\n", false, "1.2.3.4", 0},
        {"PROXY TCP6 2001:db8::1 ::1 1 2\r\n", false, "2001:db8::1", 1},
        {"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
         false, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535},
        {"PROXY TCP6 2001:DB8:0::01 ::ffff:1.2.3.4 1 2\r\n", false, "2001:db8::1", 1},
        {"PROXY UNKNOWN\r\n", true, "", 0},
        {"PROXY UNKNOWN \x01 whatever 1 2 3 4 5 6 7\r\n", true, "", 0},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        expect_head(good[i].head, strlen(good[i].head), good[i].own, false, good[i].address,
                    good[i].port);
    static const char *const bad[] = {
        "GET / HTTP/1.1\r\n",
        "proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 \r\n",
        "PROXY TCP4 1.2.3.4\r\n",
        "PROXY TCP4\r\n",
        "PROXY \r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY UNKNOWNS 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY TCP4 1.2.3.256 5.6.7.8 1 2\r\n",
        "PROXY TCP4 1.2.3.04 5.6.7.8 1 2\r\n",
        "PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n",
        "PROXY TCP4 1.2.3.4 localhost 1 2\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 100000\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\rx",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1\n2\r\n",
        "PROXY TCP6 12345678:12345678:12345678:12345678:12345678:12345 ::1 1 2\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect_refusal(bad[i], strlen(bad[i]), VIREO_EPROTO);
}

/* "the maximum line length the receiver must support including the CRLF is .. 107 chars" */
static void version_1_has_a_limit(void **state)
{
    (void)state;
    char line[120];
    vireo__proxy out;
    memset(line, 'x', sizeof line);
    memcpy(line, "PROXY UNKNOWN ", 14);
    memcpy(line + 105, "\r\n", 2);
    expect_head(line, 107, true, false, "", 0);
    memcpy(line + 105, "x\r\n", 3);
    expect_refusal(line, 108, VIREO_EPROTO);
    memset(line + 105, 'x', 15);
    assert_int_equal(read_guarded(line, 105, &out), 0);
    assert_int_equal(read_guarded(line, 106, &out), VIREO_EPROTO);
}

/* --- version 2 -------------------------------------------------------------------------------- */

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4        "\xcb\x00\x71\x07\xc6\x33\x64\x01\xdc\x04\x01\xbb"
#define V6                                                                                         \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"                                                     \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"                                                             \
    "\0\1\0\2"

typedef struct text {
    const char *at;
    size_t n;
} text;

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }

static void version_2(void **state)
{
    (void)state;
    static const struct {
        text head;
        bool own, secure;
        const char *address;
        unsigned port;
    } good[] = {
        {TEXT(SIGNATURE "\x21\x11\0\x0c" V4), false, false, "203.0.113.7", 56324},
        {TEXT(SIGNATURE "\x21\x21\0\x24" V6), false, false, "2001:db8::1", 1},
        {TEXT(SIGNATURE "\x20\0\0\0"), true, false, "", 0},        /* LOCAL */
        {TEXT(SIGNATURE "\x20\x11\0\x0c" V4), true, false, "", 0}, /* .. its addresses too */
        {TEXT(SIGNATURE "\x20\x77\0\2xx"), true, false, "", 0},    /* .. and all else */
        {TEXT(SIGNATURE "\x21\0\0\0"), true, false, "", 0},        /* UNSPEC */
        {TEXT(SIGNATURE "\x21\0\0\4\1\2\3\4"), true, false, "", 0},
        /* values: padding, an authority, TLS of the client */
        {TEXT(SIGNATURE "\x21\x11\0\x12" V4 "\4\0\3\0\0\0"), false, false, "203.0.113.7", 56324},
        {TEXT(SIGNATURE "\x21\x11\0\x17" V4 "\4\0\0\2\0\5a.org"), false, false, "203.0.113.7",
         56324},
        {TEXT(SIGNATURE "\x21\x11\0\x14" V4 "\x20\0\5\1\0\0\0\0"), false, true, "203.0.113.7",
         56324},
        {TEXT(SIGNATURE "\x21\x11\0\x14" V4 "\x20\0\5\6\0\0\0\0"), false, false, "203.0.113.7",
         56324},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        expect_head(good[i].head.at, good[i].head.n, good[i].own, good[i].secure, good[i].address,
                    good[i].port);
    static const text bad[] = {
        TEXT("\r\n\r\n\0\r\nQUIT\r"),
        TEXT("\r\n\r\nGET / HTTP/1.1"),
        TEXT(SIGNATURE "\x11\x11\0\x0c" V4), /* version 1 */
        TEXT(SIGNATURE "\x22\x11\0\x0c" V4), /* a third command */
        TEXT(SIGNATURE "\x21\x12\0\x0c" V4), /* datagrams */
        TEXT(SIGNATURE "\x21\x10\0\x0c" V4),
        TEXT(SIGNATURE "\x21\x41\0\x0c" V4), /* a fourth family */
        TEXT(SIGNATURE "\x21\x11\0\x0b" V4), /* too short for its addresses */
        TEXT(SIGNATURE "\x21\x21\0\x23" V6),
        TEXT(SIGNATURE "\x21\x31\0\xd7"),
        TEXT(SIGNATURE "\x21\x11\0\x0d" V4 "\4"), /* half a value's head */
        TEXT(SIGNATURE "\x21\x11\0\x0e" V4 "\4\0"),
        TEXT(SIGNATURE "\x21\x11\0\x0f" V4 "\4\0\1"), /* a value beyond the end */
        TEXT(SIGNATURE "\x21\x11\0\x12" V4 "\4\xff\xff\0\0\0"),
        TEXT(SIGNATURE "\x21\x11\0\x13" V4 "\x20\0\4\1\0\0\0"), /* TLS without its result */
        TEXT(SIGNATURE "\x21\x11\0\x12" V4 "\3\0\3\0\0\0"),     /* a checksum of three bytes */
        TEXT(SIGNATURE "\x21\x11\0\x13" V4 "\3\0\4\0\0\0\0"),   /* a wrong one */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect_refusal(bad[i].at, bad[i].n, VIREO_EPROTO);
}

static void version_2_unix(void **state)
{
    (void)state;
    uint8_t head[16 + 216] = SIGNATURE;
    memcpy(head + 12, "\x21\x31\0\xd8", 4);
    expect_head(head, sizeof head, false, false, "", 0);
}

static uint32_t slow_crc32c(const uint8_t *bytes, size_t n)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < 8 * n; i++) {
        uint32_t bit = (bytes[i / 8] >> i % 8 & 1) ^ (crc & 1);
        crc = crc >> 1 ^ (bit ? 0x82f63b78 : 0);
    }
    return ~crc;
}

static void version_2_checksum(void **state)
{
    (void)state;
    assert_int_equal(slow_crc32c((const uint8_t *)"123456789", 9), 0xe3069283); /* as published */
    uint8_t head[] = SIGNATURE "\x21\x11\0\x16" V4 "\3\0\4\0\0\0\0\4\0";
    size_t n = sizeof head; /* with the NUL, which is the last byte of the padding */
    uint32_t crc = slow_crc32c(head, n);
    for (int i = 0; i < 4; i++)
        head[31 + i] = (uint8_t)(crc >> (24 - 8 * i));
    expect_head(head, n, false, false, "203.0.113.7", 56324);
    for (size_t i = 16; i < n - 3; i++) { /* any change breaks it */
        vireo__proxy out;
        head[i] ^= 1;
        if (i != 28) /* then it is no checksum */
            assert_int_equal(read_guarded(head, n, &out), VIREO_EPROTO);
        head[i] ^= 1;
    }
}

static void version_2_has_a_limit(void **state)
{
    (void)state;
    uint8_t *head = calloc(1, VIREO__PROXY_MAX + 1);
    memcpy(head, SIGNATURE "\x20\0", 14);
    head[14] = (VIREO__PROXY_MAX - 16) >> 8;
    head[15] = (VIREO__PROXY_MAX - 16) & 255;
    vireo__proxy out;
    assert_int_equal(read_guarded(head, VIREO__PROXY_MAX - 1, &out), 0);
    assert_int_equal(read_guarded(head, VIREO__PROXY_MAX, &out), VIREO__PROXY_MAX);
    head[15]++;
    assert_int_equal(read_guarded(head, 16, &out), VIREO_ETOOBIG);
    free(head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_1),          cmocka_unit_test(version_1_has_a_limit),
        cmocka_unit_test(version_2),          cmocka_unit_test(version_2_unix),
        cmocka_unit_test(version_2_checksum), cmocka_unit_test(version_2_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
