/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws_handshake.c: which requests are handshakes, and their answer. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
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

/* --- W09: sub-protocols and origins ----------------------------------------------------------- */

static const struct {
    const char *offered, *ours, *chosen; /* NULL: malformed */
} protocols[] = {
    {NULL, "chat", ""},
    {"chat", NULL, ""},
    {"chat", "chat", "chat"},
    {"chat", "Chat", ""},
    {"v3, v2 ,\tv1", "v1, v2", "v2"}, /* the client's order */
    {"v1,v2", " v2 ,v1 ", "v1"},
    {"chat", "chatter", ""},
    {"chatter", "chat", ""},
    {"a.b-c_d!#$%&'*+^`|~", "a.b-c_d!#$%&'*+^`|~", "a.b-c_d!#$%&'*+^`|~"},
    {"", "chat", NULL},
    {"a,", "a", NULL},
    {",a", "a", NULL},
    {"a,,b", "a", NULL},
    {"a b", "a", NULL},
    {"a;b", "a", NULL},
    {"\"a\"", "a", NULL},
    {"a, b, a", "b", NULL}, /* "MUST all be unique" */
    {"\xC3\xA9", "a", NULL},
};

static void test_protocols(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
        vireo__str chosen;
        int error = vireo__ws_choose_protocol(protocols[i].offered, protocols[i].ours, &chosen);
        assert_int_equal(error, protocols[i].chosen != NULL ? 0 : VIREO_EINVAL);
        if (error == 0 && !vireo__str_equal(chosen, protocols[i].chosen))
            fail_msg("%s: %.*s", protocols[i].offered, (int)chosen.len, chosen.at);
    }
}

static void test_number_of_protocols(void **state)
{
    (void)state;
    char list[1000] = "p0";
    vireo__str chosen;
    for (int i = 1; i < VIREO__WS_PROTOCOLS_MAX; i++)
        sprintf(list + strlen(list), ",p%d", i);
    assert_int_equal(vireo__ws_choose_protocol(list, "p63", &chosen), 0);
    assert_true(vireo__str_equal(chosen, "p63"));
    strcat(list, ",p64");
    assert_int_equal(vireo__ws_choose_protocol(list, "p63", &chosen), VIREO_EINVAL);
}

static const struct {
    const char *origin, *host, *allowed;
    bool passes;
} origins[] = {
    {NULL, "x", "https://a.example", true},
    {"https://b.example", "x", NULL, true},
    {"https://a.example", "x", "https://a.example", true},
    {"HTTPS://A.example", "x", "https://a.example", true},
    {"https://b.example", "x", "https://a.example , https://b.example", true},
    {"https://b.example", "x", "https://a.example", false},
    {"https://a.example.evil", "x", "https://a.example", false},
    {"http://a.example", "x", "https://a.example", false},
    {"https://a.example:8000", "x", "https://a.example", false},
    {"null", "x", "https://a.example", false},
    {"null", "x", "null", true},
    {"", "x", "https://a.example", false},
    {"https://a.example", "a.example", "self", true},
    {"http://A.example:8000", "a.example:8000", "self", true},
    {"http://a.example:8000", "a.example", "self", false},
    {"http://evil", "a.example", "self", false},
    {"a.example", "a.example", "self", false},
    {"self", "a.example", "self", true}, /* no browser sends it */
    {"https://a.example", NULL, "self", false},
    {"https://b.example", "a.example", "self, https://b.example", true},
};

static void test_origins(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++)
        if (vireo__ws_origin_allowed(origins[i].origin, origins[i].host, origins[i].allowed) !=
            origins[i].passes)
            fail_msg("%s to %s", origins[i].origin, origins[i].allowed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checks),    cmocka_unit_test(test_accept_key),
        cmocka_unit_test(test_protocols), cmocka_unit_test(test_number_of_protocols),
        cmocka_unit_test(test_origins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
