/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws_extension.c: W05: what permessage-deflate negotiates, both roles. A header is read from memory
 * that ends at an unreadable page. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <vireo/error.h>

#include "guard.h"
#include "ws/extension.h"

#define PMD "permessage-deflate"

/* What was agreed as a text: "out 15t in 12" (bits, t: takeover), "none". */
static const char *describe(const vireo__ws_agreed *a, char text[64])
{
    if (!a->deflate)
        return "none";
    snprintf(text, 64, "out %u%s in %u%s", a->out_bits, a->out_takeover ? "t" : "", a->in_bits,
             a->in_takeover ? "t" : "");
    return text;
}

/* --- the server ------------------------------------------------------------------------------- */

#define LEAN                                                                                       \
    {                                                                                              \
        .on = true                                                                                 \
    }
#define KEEP                                                                                       \
    {                                                                                              \
        .on = true, .server_context_takeover = true, .client_context_takeover = true               \
    }
#define SMALL                                                                                      \
    {                                                                                              \
        .on = true, .server_context_takeover = true, .client_context_takeover = true,              \
        .server_max_window_bits = 10, .client_max_window_bits = 9                                  \
    }

typedef struct row {
    vireo_ws_deflate wanted;
    const char *header;
    const char *answer; /* NULL: malformed */
    const char *agreed;
} row;

static const row accepted[] = {
    {KEEP, PMD, PMD, "out 15t in 15t"},
    {KEEP, PMD "; client_max_window_bits", PMD, "out 15t in 15t"},
    {LEAN, PMD "; client_max_window_bits",
     PMD "; server_no_context_takeover; client_no_context_takeover", "out 15 in 15"},
    {KEEP, PMD "; server_no_context_takeover", PMD "; server_no_context_takeover", "out 15 in 15t"},
    {KEEP, PMD "; client_no_context_takeover", PMD "; client_no_context_takeover", "out 15t in 15"},
    {KEEP, PMD "; server_max_window_bits=8", PMD "; server_max_window_bits=8", "out 8t in 15t"},
    {KEEP, PMD "; server_max_window_bits=15", PMD "; server_max_window_bits=15", "out 15t in 15t"},
    {KEEP, PMD "; client_max_window_bits=8", PMD "; client_max_window_bits=8", "out 15t in 8t"},
    {KEEP, PMD "; client_max_window_bits=15", PMD "; client_max_window_bits=15", "out 15t in 15t"},
    {KEEP, PMD "; client_max_window_bits=\"12\"", PMD "; client_max_window_bits=12",
     "out 15t in 12t"},
    {KEEP, PMD "; client_max_window_bits=\"1\\2\"", PMD "; client_max_window_bits=12",
     "out 15t in 12t"},
    {KEEP,
     PMD ";server_no_context_takeover\t;client_no_context_takeover ; server_max_window_bits = 11 "
         ";client_max_window_bits=10",
     PMD "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11; "
         "client_max_window_bits=10",
     "out 11 in 10"},
    /* our own windows */
    {SMALL, PMD "; client_max_window_bits",
     PMD "; server_max_window_bits=10; client_max_window_bits=9", "out 10t in 9t"},
    {SMALL, PMD "; client_max_window_bits=8; server_max_window_bits=9",
     PMD "; server_max_window_bits=9; client_max_window_bits=8", "out 9t in 8t"},
    {SMALL, PMD "; client_max_window_bits=12; server_max_window_bits=12",
     PMD "; server_max_window_bits=10; client_max_window_bits=9", "out 10t in 9t"},
    /* the client does not say that it can */
    {SMALL, PMD, "", "none"},
    {SMALL, PMD ", " PMD "; client_max_window_bits",
     PMD "; server_max_window_bits=10; client_max_window_bits=9", "out 10t in 9t"},
    /* the first offer that can be had */
    {KEEP, "x-webkit-deflate-frame, " PMD "; server_max_window_bits=9, " PMD,
     PMD "; server_max_window_bits=9", "out 9t in 15t"},
    {KEEP, PMD "; x=1, " PMD, PMD, "out 15t in 15t"},
    {KEEP, ", ," PMD " ,, ", PMD, "out 15t in 15t"},
    {KEEP, "foo; a=b; c=\"d\"; e, bar", "", "none"},
    {KEEP, "", "", "none"},
    {KEEP, "permessage-deflate-x", "", "none"},
    /* declined: unknown, repeated, bad value */
    {KEEP, PMD "; unknown", "", "none"},
    {KEEP, PMD "; Server_no_context_takeover", "", "none"},
    {KEEP, PMD "; server_no_context_takeover; server_no_context_takeover", "", "none"},
    {KEEP, PMD "; client_no_context_takeover; client_no_context_takeover", "", "none"},
    {KEEP, PMD "; server_max_window_bits=9; server_max_window_bits=9", "", "none"},
    {KEEP, PMD "; client_max_window_bits; client_max_window_bits=9", "", "none"},
    {KEEP, PMD "; server_no_context_takeover=true", "", "none"},
    {KEEP, PMD "; client_no_context_takeover=\"1\"", "", "none"},
    {KEEP, PMD "; server_max_window_bits", "", "none"},
    {KEEP, PMD "; server_max_window_bits=7", "", "none"},
    {KEEP, PMD "; server_max_window_bits=16", "", "none"},
    {KEEP, PMD "; server_max_window_bits=08", "", "none"},
    {KEEP, PMD "; server_max_window_bits=150", "", "none"},
    {KEEP, PMD "; server_max_window_bits=+9", "", "none"},
    {KEEP, PMD "; server_max_window_bits=10000000000000000000010", "", "none"},
    {KEEP, PMD "; client_max_window_bits=0", "", "none"},
    {KEEP, PMD "; client_max_window_bits=1", "", "none"},
    {KEEP, PMD "; client_max_window_bits=x", "", "none"},
    {KEEP, PMD "; client_max_window_bits=\"16\"", "", "none"},
    /* not in the form of section 9.1 */
    {KEEP, PMD ";", NULL, "none"},
    {KEEP, ";" PMD, NULL, "none"},
    {KEEP, PMD " x", NULL, "none"},
    {KEEP, PMD "; a=", NULL, "none"},
    {KEEP, PMD "; =1", NULL, "none"},
    {KEEP, PMD "; a=\"\"", NULL, "none"},
    {KEEP, PMD "; a=\"b", NULL, "none"},
    {KEEP, PMD "; a=\"b\\", NULL, "none"},
    {KEEP, PMD "; a=\"b c\"", NULL, "none"},
    {KEEP, PMD "; a=\"\\\"\"", NULL, "none"},
    {KEEP, PMD "; a=b\"c\"", NULL, "none"},
    {KEEP, PMD ", a@b", NULL, "none"},
    {KEEP, PMD "; \xC3\xA9", NULL, "none"},
};

static void test_accept(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        const row *r = &accepted[i];
        vireo__ws_agreed agreed;
        vireo__buf answer;
        char text[64];
        char *header = guard_copy(r->header, strlen(r->header) + 1);
        vireo__buf_init(&answer, VIREO__BUF_UNLIMITED);
        int result = vireo__ws_extension_accept(header, &r->wanted, &agreed, &answer);
        guard_free(header, strlen(r->header) + 1);
        if (result != (r->answer != NULL ? 0 : VIREO_EINVAL))
            fail_msg("%s: result %d", r->header, result);
        if (r->answer == NULL) {
            vireo__buf_deinit(&answer);
            continue;
        }
        if (strcmp(vireo__buf_cstr(&answer), r->answer) != 0)
            fail_msg("%s: answered %s", r->header, (char *)answer.data);
        if (strcmp(describe(&agreed, text), r->agreed) != 0)
            fail_msg("%s: agreed %s", r->header, describe(&agreed, text));
        vireo__buf_deinit(&answer);
    }
}

static void test_no_header(void **state)
{
    (void)state;
    vireo_ws_deflate wanted = LEAN;
    vireo__ws_agreed agreed = {.deflate = true};
    vireo__buf answer;
    const char *why;
    vireo__buf_init(&answer, VIREO__BUF_UNLIMITED);
    assert_int_equal(vireo__ws_extension_accept(NULL, &wanted, &agreed, &answer), 0);
    assert_false(agreed.deflate);
    assert_int_equal(answer.len, 0);
    agreed.deflate = true;
    assert_int_equal(vireo__ws_extension_confirm(NULL, &wanted, &agreed, &why), 0);
    assert_false(agreed.deflate);
}

/* --- the client ------------------------------------------------------------------------------- */

static const struct {
    vireo_ws_deflate wanted;
    const char *offer;
} offers[] = {
    {{0}, ""},
    {KEEP, PMD "; client_max_window_bits"},
    {LEAN, PMD "; server_no_context_takeover; client_no_context_takeover; client_max_window_bits"},
    {SMALL, PMD "; server_max_window_bits=10; client_max_window_bits=9"},
    {{.on = true, .server_max_window_bits = 15, .client_max_window_bits = 15},
     PMD "; server_no_context_takeover; client_no_context_takeover; client_max_window_bits"},
};

static void test_offer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
        vireo__buf offer;
        vireo__buf_init(&offer, VIREO__BUF_UNLIMITED);
        vireo__ws_extension_offer(&offers[i].wanted, &offer);
        assert_string_equal(vireo__buf_cstr(&offer), offers[i].offer);
        vireo__buf_deinit(&offer);
    }
}

static const row confirmed[] = {
    {KEEP, PMD, "", "out 15t in 15t"},
    {KEEP, PMD "; server_no_context_takeover", "", "out 15t in 15"},
    {KEEP, PMD "; client_no_context_takeover", "", "out 15 in 15t"},
    {KEEP, PMD "; server_max_window_bits=8; client_max_window_bits=\"9\"", "", "out 9t in 8t"},
    {LEAN, PMD "; server_no_context_takeover", "", "out 15 in 15"},
    {LEAN, PMD, "", "out 15 in 15t"}, /* we keep its window then */
    {SMALL, PMD "; server_max_window_bits=10; client_max_window_bits=8", "", "out 8t in 10t"},
    {SMALL, PMD, "", "out 9t in 15t"},
    {KEEP, "", "", "none"},
    {SMALL, PMD "; server_max_window_bits=11", NULL, ""},
    {SMALL, PMD "; client_max_window_bits=10", NULL, ""},
    {KEEP, PMD "; client_max_window_bits", NULL, ""},
    {KEEP, PMD "; server_max_window_bits", NULL, ""},
    {KEEP, PMD "; server_max_window_bits=16", NULL, ""},
    {KEEP, PMD "; server_no_context_takeover; server_no_context_takeover", NULL, ""},
    {KEEP, PMD "; unknown", NULL, ""},
    {KEEP, PMD ", " PMD, NULL, ""},
    {KEEP, "x-other", NULL, ""},
    {KEEP, PMD ", x-other", NULL, ""},
    {KEEP, PMD ";", NULL, ""},
    {{0}, PMD, NULL, ""},
};

static void test_confirm(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof confirmed / sizeof confirmed[0]; i++) {
        const row *r = &confirmed[i];
        vireo__ws_agreed agreed;
        const char *why;
        char text[64];
        char *header = guard_copy(r->header, strlen(r->header) + 1);
        int result = vireo__ws_extension_confirm(header, &r->wanted, &agreed, &why);
        guard_free(header, strlen(r->header) + 1);
        if (result != (r->answer != NULL ? 0 : VIREO_EPROTO))
            fail_msg("%s: result %d", r->header, result);
        assert_int_equal(why == NULL, r->answer != NULL);
        if (r->answer != NULL && strcmp(describe(&agreed, text), r->agreed) != 0)
            fail_msg("%s: agreed %s", r->header, describe(&agreed, text));
    }
}

/* Both roles with all settings: they end up with the same parameters. */
static void test_both_sides_agree(void **state)
{
    (void)state;
    static const uint8_t bits[] = {0, 8, 11, 15};
    for (unsigned i = 0; i < 4 * 4 * 4 * 4 * 16; i++) {
        vireo_ws_deflate server = {.on = true,
                                   .server_max_window_bits = bits[i & 3],
                                   .client_max_window_bits = bits[i >> 2 & 3],
                                   .server_context_takeover = i >> 8 & 1,
                                   .client_context_takeover = i >> 9 & 1};
        vireo_ws_deflate client = {.on = true,
                                   .server_max_window_bits = bits[i >> 4 & 3],
                                   .client_max_window_bits = bits[i >> 6 & 3],
                                   .server_context_takeover = i >> 10 & 1,
                                   .client_context_takeover = i >> 11 & 1};
        vireo__ws_agreed there, here;
        vireo__buf offer, answer;
        const char *why;
        vireo__buf_init(&offer, VIREO__BUF_UNLIMITED);
        vireo__buf_init(&answer, VIREO__BUF_UNLIMITED);
        vireo__ws_extension_offer(&client, &offer);
        assert_int_equal(
            vireo__ws_extension_accept(vireo__buf_cstr(&offer), &server, &there, &answer), 0);
        assert_true(there.deflate);
        assert_int_equal(
            vireo__ws_extension_confirm(vireo__buf_cstr(&answer), &client, &here, &why), 0);
        assert_int_equal(there.out_takeover, here.in_takeover);
        assert_int_equal(there.in_takeover, here.out_takeover);
        assert_int_equal(there.out_bits, here.in_bits);
        assert_int_equal(there.in_bits, here.out_bits);
        vireo__buf_deinit(&offer);
        vireo__buf_deinit(&answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accept),
        cmocka_unit_test(test_no_header),
        cmocka_unit_test(test_offer),
        cmocka_unit_test(test_confirm),
        cmocka_unit_test(test_both_sides_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
