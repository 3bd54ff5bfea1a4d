/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws_handshake.c: which requests are handshakes, and their answer. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <vireo/error.h>

#include "ws/handshake.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="

typedef struct check_case {
    const char *what;
    vireo__ws_request request;
    int status;
} check_case;

#define REQUEST(...)                                                                               \
    {                                                                                              \
        .method = "GET", .http_minor = 1, .connection = "Upgrade", .upgrade = "websocket",         \
        .key = KEY, .version = "13", __VA_ARGS__                                                   \
    }

/* A row changes one thing of a sound request: the later initialiser counts. */
#pragma GCC diagnostic push
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init"
#endif
static const check_case checks[] = {
    {"sound", REQUEST(), 101},
    {"other case", REQUEST(.connection = "UPGRADE", .upgrade = "WebSocket"), 101},
    {"among other tokens",
     REQUEST(.connection = "keep-alive, Upgrade", .upgrade = "foo , websocket"), 101},
    {"POST", REQUEST(.method = "POST"), 405},
    {"method in small letters", REQUEST(.method = "get"), 405},
    {"no method", REQUEST(.method = NULL), 405},
    {"HTTP/1.0", REQUEST(.http_minor = 0), 400},
    {"no Connection", REQUEST(.connection = NULL), 400},
    {"Connection: keep-alive", REQUEST(.connection = "keep-alive"), 400},
    {"Connection: Upgraded", REQUEST(.connection = "Upgraded"), 400},
    {"no Upgrade", REQUEST(.upgrade = NULL), 400},
    {"Upgrade: h2c", REQUEST(.upgrade = "h2c"), 400},
    {"Upgrade: websockets", REQUEST(.upgrade = "websockets"), 400},
    {"no version", REQUEST(.version = NULL), 426},
    {"version 8", REQUEST(.version = "8"), 426},
    {"version 130", REQUEST(.version = "130"), 426},
    {"version twice", REQUEST(.version = "13, 13"), 426},
    {"no version and no key", REQUEST(.version = NULL, .key = NULL), 426},
    {"no key", REQUEST(.key = NULL), 400},
    {"empty key", REQUEST(.key = ""), 400},
    {"key of 15 bytes", REQUEST(.key = "AAAAAAAAAAAAAAAAAAAA"), 400},
    {"key of 17 bytes", REQUEST(.key = "AAAAAAAAAAAAAAAAAAAAAAA="), 400},
    {"key of 18 bytes", REQUEST(.key = "AAAAAAAAAAAAAAAAAAAAAAAA"), 400},
    {"key without padding", REQUEST(.key = "AAAAAAAAAAAAAAAAAAAAAA"), 400},
    {"key of another alphabet", REQUEST(.key = "dGhlIHNhbXBsZSBub25j_Q=="), 400},
    {"two keys", REQUEST(.key = KEY ", " KEY), 400},
};
#pragma GCC diagnostic pop

static void test_checks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        char accept[VIREO__WS_ACCEPT_SIZE] = "";
        const char *why = NULL;
        int status = vireo__ws_check(&checks[i].request, accept, &why);
        if (status != checks[i].status)
            fail_msg("%s: %d, not %d", checks[i].what, status, checks[i].status);
        assert_non_null(why);
        assert_string_equal(accept, status == 101 ? "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" : "");
    }
}

/* The example of section 1.3, and one more. */
static void test_accept_key(void **state)
{
    (void)state;
    char accept[VIREO__WS_ACCEPT_SIZE];
    assert_int_equal(vireo__ws_accept_key(KEY, accept), 0);
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_int_equal(vireo__ws_accept_key("AAAAAAAAAAAAAAAAAAAAAA==", accept), 0);
    assert_string_equal(accept, "ICX+Yqv66kxgM0FcWaLWlFLwTAI=");
    assert_int_equal(vireo__ws_accept_key("x", accept), VIREO_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checks),
        cmocka_unit_test(test_accept_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
