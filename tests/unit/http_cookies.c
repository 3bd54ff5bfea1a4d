/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http/cookies.h: H09, cookies and signatures (RFC 6265). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "guard.h"
#include "http/cookies.h"

static const struct {
    const char *text;
    const char *pairs; /* "name=value|.." */
} cookies[] = {
    {"", ""},
    {"a=1", "a=1|"},
    {"a=1; b=2", "a=1|b=2|"},
    {"a=1;b=2;", "a=1|b=2|"},
    {" a = 1 ;\tb=2 ", "a=1|b=2|"},
    {"a=1; a=2", "a=1|a=2|"},
    {"a", ""},
    {"a; b=2", "b=2|"},
    {"=1", "=1|"},
    {"a=", "a=|"},
    {"a=b=c", "a=b=c|"},
    {"a=\"1 2\"", "a=1 2|"},
    {"a=\"", "a=\"|"},
    {"a=\"\"", "a=|"},
    {"a=%20", "a=%20|"},
    {";;;", ""},
};

static void reads_cookies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cookies / sizeof cookies[0]; i++) {
        char text[200];
        size_t n = strlen(cookies[i].text);
        for (size_t cut = 0; cut <= n; cut++) {
            char *copy = guard_copy(cookies[i].text, cut);
            vireo__str rest = {copy, cut}, name, value;
            text[0] = '\0';
            while (vireo__cookie_next(&rest, &name, &value))
                sprintf(text + strlen(text), "%.*s=%.*s|", (int)name.len, name.at, (int)value.len,
                        value.at);
            guard_free(copy, cut);
        }
        if (strcmp(text, cookies[i].pairs) != 0)
            fail_msg("%s: %s, not %s", cookies[i].text, text, cookies[i].pairs);
    }
}

static const struct {
    const char *name, *value;
    vireo_cookie_options options;
    const char *text; /* NULL: VIREO_EINVAL */
} headers[] = {
    {"a", "1", {0}, "a=1; Path=/"},
    {"a", "", {.path = ""}, "a="},
    {"a", "x y;\"\xc3\xa9", {.path = ""}, "a=x%20y%3B%22%C3%A9"},
    {"a", "-_.!~*'()", {.path = ""}, "a=-_.!~*'()"},
    {"a",
     "1",
     {.path = "/x",
      .domain = "a.example",
      .max_age_s = 60,
      .expires = 784111777,
      .http_only = true,
      .secure = true,
      .partitioned = true,
      .same_site = VIREO_SAME_SITE_NONE},
     "a=1; Max-Age=60; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Domain=a.example; Path=/x; HttpOnly; "
     "Secure; Partitioned; SameSite=None"},
    {"a", "", {.max_age_s = -1}, "a=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/"},
    {"a", "1", {.same_site = VIREO_SAME_SITE_LAX}, "a=1; Path=/; SameSite=Lax"},
    {"a", "1", {.priority = VIREO_PRIORITY_LOW}, "a=1; Path=/; Priority=Low"},
    {"a", "1", {.priority = VIREO_PRIORITY_MEDIUM}, "a=1; Path=/; Priority=Medium"},
    {"a", "1", {.priority = (vireo_cookie_priority)4}, NULL},
    {"a", "1", {.same_site = VIREO_SAME_SITE_STRICT}, "a=1; Path=/; SameSite=Strict"},
    {"__Secure-a", "1", {.secure = true, .path = ""}, "__Secure-a=1; Secure"},
    {"__Host-a", "1", {.secure = true}, "__Host-a=1; Path=/; Secure"},
    {"", "1", {0}, NULL},
    {"a b", "1", {0}, NULL},
    {"a=b", "1", {0}, NULL},
    {"a;b", "1", {0}, NULL},
    {"a\r\n", "1", {0}, NULL},
    {"a", "1", {.path = "/;x"}, NULL},
    {"a", "1", {.path = "/\r\nSet-Cookie: b=2"}, NULL},
    {"a", "1", {.domain = "a\n"}, NULL},
    {"a", "1", {.domain = "a;b"}, NULL},
    {"a", "1", {.same_site = (vireo_same_site)4}, NULL},
    {"a", "1", {.same_site = VIREO_SAME_SITE_NONE}, NULL},
    {"a", "1", {.partitioned = true}, NULL},
    {"__secure-a", "1", {0}, NULL},
    {"__Host-a", "1", {0}, NULL},
    {"__Host-a", "1", {.secure = true, .path = "/x"}, NULL},
    {"__host-a", "1", {.secure = true, .domain = "a"}, NULL},
};

static void writes_cookies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        vireo__buf out;
        vireo__buf_init(&out, 10000);
        int error = vireo__cookie_write(&out, headers[i].name, vireo__str_of(headers[i].value),
                                        &headers[i].options);
        assert_int_equal(error, headers[i].text != NULL ? 0 : VIREO_EINVAL);
        assert_string_equal(vireo__buf_cstr(&out), headers[i].text != NULL ? headers[i].text : "");
        vireo__buf_deinit(&out);
    }
}

/* 4096 bytes of name and value are taken, one more is not. */
static void limits_their_size(void **state)
{
    (void)state;
    char value[4100];
    vireo__buf out;
    vireo_cookie_options o = {.path = ""};
    memset(value, 'x', sizeof value);
    vireo__buf_init(&out, 10000);
    assert_int_equal(vireo__cookie_write(&out, "name", (vireo__str){value, 4092}, &o), 0);
    assert_int_equal(out.len, 4097); /* the equals sign does not count */
    assert_int_equal(vireo__cookie_write(&out, "name", (vireo__str){value, 4093}, &o),
                     VIREO_ETOOBIG);
    assert_int_equal(out.len, 4097);
    vireo__buf_deinit(&out);
}

static void signs_as_express_does(void **state)
{
    (void)state;
    /* made with npm's cookie-signature: sign("hello", "tobiiscool") */
    static const char text[] = "s:hello.DGDUkGlIkCzPz+C0B064FNgHdEjox7ch8tOBGslZ5QI";
    static const char *const secrets[] = {"new", "tobiiscool", NULL}, *const others[] = {"x", NULL};
    static const char *const none[] = {NULL};
    vireo__buf out;
    vireo__str value;
    vireo__buf_init(&out, 1000);
    assert_int_equal(vireo__sign(&out, vireo__str_of("hello"), "tobiiscool"), 0);
    assert_string_equal(vireo__buf_cstr(&out), text);
    assert_true(vireo__unsign(vireo__str_of(text), secrets, &value));
    assert_true(vireo__str_equal(value, "hello"));
    assert_false(vireo__unsign(vireo__str_of(text), others, &value));
    assert_false(vireo__unsign(vireo__str_of(text), none, &value));
    vireo__buf_deinit(&out);
}

/* Whatever is changed, added or taken away: nobody has signed that. */
static void refuses_what_was_changed(void **state)
{
    (void)state;
    static const char *const secrets[] = {"secret", NULL};
    vireo__buf out;
    vireo__str value;
    vireo__buf_init(&out, 1000);
    vireo__sign(&out, vireo__str_of("a.b"), "secret");
    for (size_t i = 0; i < out.len; i++) {
        char *copy = guard_copy(out.data, out.len);
        assert_true(vireo__unsign((vireo__str){copy, out.len}, secrets, &value));
        assert_true(vireo__str_equal(value, "a.b"));
        copy[i] ^= 1;
        assert_false(vireo__unsign((vireo__str){copy, out.len}, secrets, &value));
        guard_free(copy, out.len);
        copy = guard_copy(out.data, i);
        assert_false(vireo__unsign((vireo__str){copy, i}, secrets, &value));
        guard_free(copy, i);
    }
    vireo__buf_append_str(&out, "=");
    assert_false(vireo__unsign((vireo__str){(char *)out.data, out.len}, secrets, &value));
    vireo__buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_cookies),
        cmocka_unit_test(writes_cookies),
        cmocka_unit_test(limits_their_size),
        cmocka_unit_test(signs_as_express_does),
        cmocka_unit_test(refuses_what_was_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
