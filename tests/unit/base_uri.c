/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* base/uri: where clients connect to (W11). The table of resolutions is RFC 3986 section 5.4. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include <vireo/error.h>

#include "base/uri.h"
#include "guard.h"

/* The parts with a | between them: what is missing is "-", what is empty is nothing. */
static void show(char *out, size_t size, const vireo__uri *u)
{
    snprintf(out, size, "%.*s|%s%.*s|%s%.*s|%.*s%s|%u|%.*s|%.*s", (int)u->scheme.len, u->scheme.at,
             u->user.at ? "" : "-", (int)u->user.len, u->user.at ? u->user.at : "",
             u->password.at ? "" : "-", (int)u->password.len, u->password.at ? u->password.at : "",
             (int)u->host.len, u->host.at, u->ipv6 ? " (6)" : "", u->port, (int)u->target.len,
             u->target.at, (int)u->fragment.len, u->fragment.at ? u->fragment.at : "");
}

static void is_parsed(void **state)
{
    static const struct {
        const char *text;
        const char *parts; /* NULL: refused */
    } cases[] = {
        {"ws://example.org", "ws|-|-|example.org|0||"},
        {"ws://example.org:0080/", "ws|-|-|example.org|80|/|"},
        {"WSS://Example.ORG:8443/a/b?x=1&y=//2#c?d", "WSS|-|-|Example.ORG|8443|/a/b?x=1&y=//2|c?d"},
        {"http://example.org?x", "http|-|-|example.org|0|?x|"},
        {"http://example.org:/", "http|-|-|example.org|0|/|"},
        {"http://u@h/", "http|u|-|h|0|/|"},
        {"http://u:@h/", "http|u||h|0|/|"},
        {"http://:@h/", "http|||h|0|/|"},
        {"http://u:p:q@h:1/", "http|u|p:q|h|1|/|"},
        {"http://u:p@evil@h/", "http|u|p@evil|h|0|/|"},
        {"http://h/@x:y", "http|-|-|h|0|/@x:y|"},
        {"http://127.0.0.1:65535", "http|-|-|127.0.0.1|65535||"},
        {"http://[::1]", "http|-|-|::1 (6)|0||"},
        {"http://[::ffff:1.2.3.4]:80/", "http|-|-|::ffff:1.2.3.4 (6)|80|/|"},
        {"svn+ssh.1-x://h", "svn+ssh.1-x|-|-|h|0||"},
        {"http://a_b-c.d/", "http|-|-|a_b-c.d|0|/|"},
        {"", NULL},
        {"example.org", NULL},
        {"//example.org", NULL},
        {"/path", NULL},
        {"http:", NULL},
        {"http:/h", NULL},
        {"http://", NULL},
        {"http:///path", NULL},
        {"http://:80/", NULL},
        {"http://u@/", NULL},
        {"1http://h", NULL},
        {"ht_tp://h", NULL},
        {"http://h:0/", NULL},
        {"http://h:65536/", NULL},
        {"http://h:99999999999999999999/", NULL},
        {"http://h:8o/", NULL},
        {"http://h:-1/", NULL},
        {"http://h:80:80/", NULL},
        {"http://[::1/", NULL},
        {"http://[]/", NULL},
        {"http://[1.2.3.4]/", NULL},
        {"http://[::1]x/", NULL},
        {"http://[::g]/", NULL},
        {"http://a%41/", NULL},
        {"http://a\\b/", NULL},
        {"http://h/a b", NULL},
        {"http://h/a\r\nX: y", NULL},
        {"http://h/\x7f", NULL},
        {"http://h/\xc3\xa4", NULL},
        {"http://h\t/", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char parts[256];
        vireo__uri u;
        const char *why = NULL;
        size_t n = strlen(cases[i].text) + 1;
        char *text = guard_copy(cases[i].text, n);
        int error = vireo__uri_parse(&u, text, &why);
        if (cases[i].parts == NULL) {
            if (error != VIREO_EINVAL || why == NULL)
                fail_msg("taken: %s", cases[i].text);
        } else {
            if (error != 0)
                fail_msg("refused: %s: %s", cases[i].text, why);
            show(parts, sizeof parts, &u);
            assert_string_equal(parts, cases[i].parts);
        }
        guard_free(text, n);
    }
}

static void asks_for_tls(void **state)
{
    static const struct {
        const char *text;
        bool secure;
    } cases[] = {
        {"https://h", true}, {"wss://h", true},     {"HttpS://h", true},   {"WSS://h", true},
        {"http://h", false}, {"ws://h:443", false}, {"httpss://h", false}, {"ws-s://h", false},
    };
    vireo__uri uri;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(vireo__uri_parse(&uri, cases[i].text, NULL), 0);
        assert_int_equal(vireo__uri_secure(&uri), cases[i].secure);
    }
}

static void has_limits(void **state)
{
    static char text[VIREO__MAX_URL + 2];
    vireo__uri u;
    (void)state;
    memset(text, 'a', sizeof text - 1);
    memcpy(text, "http://h/", 9);
    assert_int_equal(vireo__uri_parse(&u, text, NULL), VIREO_EINVAL);
    text[VIREO__MAX_URL] = '\0';
    assert_int_equal(vireo__uri_parse(&u, text, NULL), 0);
    memset(text, 'a', 7 + VIREO__MAX_HOST + 1);
    memcpy(text, "http://", 7);
    text[7 + VIREO__MAX_HOST + 1] = '\0';
    assert_int_equal(vireo__uri_parse(&u, text, NULL), VIREO_EINVAL);
    text[7 + VIREO__MAX_HOST] = '\0';
    assert_int_equal(vireo__uri_parse(&u, text, NULL), 0);
    assert_int_equal(u.host.len, VIREO__MAX_HOST);
}

static void is_resolved(void **state)
{
    static const struct {
        const char *reference;
        const char *result; /* NULL: refused */
    } cases[] = {
        {"http://g", "http://g"},
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g"},
        {"//g:80/x", "http://g:80/x"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q"},
        {"g#s", "http://a/b/c/g"},
        {"g?y#s", "http://a/b/c/g?y"},
        {";x", "http://a/b/c/;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"wss://[::1]:8/x", "wss://[::1]:8/x"},
        {"g h", NULL},
        {"http:g", NULL},
        {"mailto:x@y", NULL},
        {"//", NULL},
        {"/\r\nx", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vireo__uri base;
        vireo__buf out;
        vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
        assert_int_equal(vireo__uri_parse(&base, "http://a/b/c/d;p?q", NULL), 0);
        int error = vireo__uri_resolve(&out, &base, cases[i].reference);
        if (cases[i].result == NULL) {
            assert_int_equal(error, VIREO_EINVAL);
        } else {
            assert_int_equal(error, 0);
            assert_string_equal(out.data, cases[i].result);
        }
        vireo__buf_deinit(&out);
    }
}

static void keeps_the_authority(void **state)
{
    static const char *const cases[][3] = {
        {"ws://[::1]:81", "x", "ws://[::1]:81/x"},
        {"ws://u:p@h:81/a", "b?c", "ws://h:81/b?c"},
        {"ws://h?x", "", "ws://h?x"},
        {"ws://h", "?y", "ws://h?y"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vireo__uri base;
        vireo__buf out;
        vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
        assert_int_equal(vireo__uri_parse(&base, cases[i][0], NULL), 0);
        vireo__uri_resolve(&out, &base, cases[i][1]);
        assert_string_equal(vireo__buf_cstr(&out), cases[i][2]);
        vireo__buf_deinit(&out);
    }
}

static void is_decoded(void **state)
{
    static const char *const cases[][2] = {{"", ""},      {"a%20b%3A", "a b:"}, {"%", NULL},
                                           {"a%0", NULL}, {"a%00b", NULL},      {"+", "+"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = vireo__uri_decode(vireo__str_of(cases[i][0]));
        if (cases[i][1] == NULL)
            assert_null(text);
        else
            assert_string_equal(text, cases[i][1]);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_parsed),           cmocka_unit_test(asks_for_tls),
        cmocka_unit_test(has_limits),          cmocka_unit_test(is_resolved),
        cmocka_unit_test(keeps_the_authority), cmocka_unit_test(is_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
