/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws/offer (W11): what a client asks and what it takes for an answer. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <vireo/error.h>

#include "ws/offer.h"

#define KEY    "dGhlIHNhbXBsZSBub25jZQ=="     /* section 1.3 */
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" /* the same */

static void makes_keys(void **state)
{
    char one[VIREO__WS_KEY_SIZE], two[VIREO__WS_KEY_SIZE], accept[VIREO__WS_ACCEPT_SIZE];
    (void)state;
    vireo__ws_key_new(one);
    vireo__ws_key_new(two);
    assert_string_not_equal(one, two);
    assert_int_equal(vireo__ws_accept_key(one, accept), 0);
}

static void checks_answers(void **state)
{
    static const struct {
        vireo__ws_answer answer;
        const char *protocols;
        int result;
        const char *why;
    } cases[] = {
        {{101, "Upgrade", "websocket", ACCEPT, NULL, NULL, false}, NULL, 0, ""},
        {{101, "keep-alive, UPGRADE", "WebSocket", ACCEPT, NULL, NULL, false}, NULL, 0, ""},
        {{101, "Upgrade", "websocket", ACCEPT, "b", NULL, false}, "a, b", 0, ""},
        {{200, "Upgrade", "websocket", ACCEPT, NULL, NULL, false}, NULL, VIREO_EREFUSED, ""},
        {{426, NULL, NULL, NULL, NULL, NULL, false}, NULL, VIREO_EREFUSED, ""},
        {{101, NULL, "websocket", ACCEPT, NULL, NULL, false}, NULL, VIREO_EPROTO, "Connection"},
        {{101, "close", "websocket", ACCEPT, NULL, NULL, false}, NULL, VIREO_EPROTO, "Connection"},
        {{101, "Upgrade", NULL, ACCEPT, NULL, NULL, false}, NULL, VIREO_EPROTO, "Upgrade"},
        {{101, "Upgrade", "h2c", ACCEPT, NULL, NULL, false}, NULL, VIREO_EPROTO, "Upgrade"},
        {{101, "Upgrade", "websocket", NULL, NULL, NULL, false}, NULL, VIREO_EPROTO, "Accept"},
        {{101, "Upgrade", "websocket", "", NULL, NULL, false}, NULL, VIREO_EPROTO, "Accept"},
        {{101, "Upgrade", "websocket", KEY, NULL, NULL, false}, NULL, VIREO_EPROTO, "Accept"},
        {{101, "Upgrade", "websocket", "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=", NULL, NULL, false},
         NULL,
         VIREO_EPROTO,
         "Accept"},
        {{101, "Upgrade", "websocket", ACCEPT, NULL, NULL, true}, NULL, VIREO_EPROTO, "twice"},
        {{101, "Upgrade", "websocket", ACCEPT, "b", NULL, false},
         NULL,
         VIREO_EPROTO,
         "not offered"},
        {{101, "Upgrade", "websocket", ACCEPT, "c", NULL, false},
         "a, b",
         VIREO_EPROTO,
         "not offered"},
        {{101, "Upgrade", "websocket", ACCEPT, "B", NULL, false},
         "a, b",
         VIREO_EPROTO,
         "not offered"},
        {{101, "Upgrade", "websocket", ACCEPT, "", NULL, false},
         "a, b",
         VIREO_EPROTO,
         "not offered"},
        {{101, "Upgrade", "websocket", ACCEPT, "a, b", NULL, false},
         "a, b",
         VIREO_EPROTO,
         "not offered"},
        {{101, "Upgrade", "websocket", ACCEPT, NULL, NULL, false}, "a, b", VIREO_EPROTO, "none"},
        {{101, "Upgrade", "websocket", ACCEPT, NULL, "permessage-deflate", false},
         NULL,
         VIREO_EPROTO,
         "not offered"},
        {{101, "Upgrade", "websocket", ACCEPT, NULL, "", false}, NULL, VIREO_EPROTO, "not offered"},
    };
    static const vireo_ws_deflate off = {0};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *why = NULL;
        vireo__ws_agreed agreed;
        vireo__ws_offer offer = {KEY, cases[i].protocols, &off};
        int result = vireo__ws_check_answer(&cases[i].answer, &offer, &agreed, &why);
        if (result != cases[i].result || strstr(why, cases[i].why) == NULL)
            fail_msg("case %zu: %d %s", i, result, why);
        assert_false(agreed.deflate);
    }
}

static void agrees_on_compression(void **state)
{
    static const struct {
        const char *extensions;
        int result;
        bool deflate;
    } cases[] = {
        {NULL, 0, false},
        {"permessage-deflate; server_no_context_takeover; client_no_context_takeover", 0, true},
        {"permessage-bzip2", VIREO_EPROTO, false},
        {"permessage-deflate; foo", VIREO_EPROTO, false},
    };
    static const vireo_ws_deflate on = {.on = true};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *why;
        vireo__ws_agreed agreed;
        vireo__ws_offer offer = {KEY, NULL, &on};
        vireo__ws_answer answer = {101,  "Upgrade",           "websocket", ACCEPT,
                                   NULL, cases[i].extensions, false};
        assert_int_equal(vireo__ws_check_answer(&answer, &offer, &agreed, &why), cases[i].result);
        assert_int_equal(agreed.deflate, cases[i].deflate);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_keys),
        cmocka_unit_test(checks_answers),
        cmocka_unit_test(agrees_on_compression),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
