/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* net/tunnel: what is said to proxies (W11): each conversation whole, byte by byte and cut at every
 * offset. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include <vireo/error.h>

#include "guard.h"
#include "net/tunnel.h"
#include "oom.h"

#define BYTES(text) text, sizeof(text) - 1

typedef struct conversation {
    const char *proxy;
    const char *host;
    uint16_t port;
    const char *answer; /* of the proxy, and of the destination behind it */
    size_t answer_len;
    size_t taken; /* of these are the proxy's */
    int result;
    const char *said; /* by us, in all */
    size_t said_len;
    const char *text; /* stands in the text of the failure */
} conversation;

#define ASKED                                                                                      \
    "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n"                                \
    "\r\n"
#define OK "HTTP/1.1 200 OK\r\n\r\n"

static const conversation conversations[] = {
    {"http://p", "example.org", 443, BYTES(OK), sizeof OK - 1, 1, BYTES(ASKED), NULL},
    {"http://p", "example.org", 443, BYTES(OK "early"), sizeof OK - 1, 1, BYTES(ASKED), NULL},
    {"http://p", "example.org", 443, BYTES("HTTP/1.0 299\r\nContent-Length: 5\r\nX: y\r\n\r\n"), 41,
     1, BYTES(ASKED), NULL},
    {"http://p", "example.org", 443, BYTES("HTTP/1.1 103 Hm\r\nLink: x\r\n\r\n" OK), 47, 1,
     BYTES(ASKED), NULL},
    {"http://us%65r:p%40ss@p", "::1", 80, BYTES(OK), sizeof OK - 1, 1,
     BYTES("CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\n"
           "Proxy-Authorization: Basic dXNlcjpwQHNz\r\n\r\n"),
     NULL},
    {"http://user@p", "h", 1, BYTES(OK), sizeof OK - 1, 1,
     BYTES("CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\nProxy-Authorization: Basic dXNlcjo=\r\n\r\n"),
     NULL},
    {"http://p", "example.org", 443, BYTES("HTTP/1.1 407 Who are you\r\nX: y\r\n\r\nbody"), 34,
     VIREO_EREFUSED, BYTES(ASKED), "407 Who are you; give it the right user and password"},
    {"http://p", "example.org", 443, BYTES("HTTP/1.1 502\r\n\r\n"), 16, VIREO_EREFUSED,
     BYTES(ASKED), "answered 502"},
    {"http://p", "example.org", 443, BYTES("HTTP/1.1 500 a\x1b[2J\xff\r\n\r\n"), 23, VIREO_EREFUSED,
     BYTES(ASKED), "answered 500 a?[2J?"},
    {"http://p", "example.org", 443, BYTES("HTTP/1.1 301 Moved\r\n\r\n"), 22, VIREO_EREFUSED,
     BYTES(ASKED), "301"},
    {"http://p", "example.org", 443, BYTES("HTTP/1.1 101 Hm\r\n\r\n"), 19, VIREO_EREFUSED,
     BYTES(ASKED), "101"},
    {"http://p", "example.org", 443, BYTES("SSH-2.0-x\r\n\r\n"), 13, VIREO_EPROTO, BYTES(ASKED),
     "no HTTP"},
    {"http://p", "example.org", 443, BYTES("HTTP/2.0 200 OK\r\n\r\n"), 19, VIREO_EPROTO,
     BYTES(ASKED), "no HTTP"},
    {"http://p", "example.org", 443, BYTES("HTTP/1.1 2000\r\n\r\n"), 17, VIREO_EPROTO, BYTES(ASKED),
     "no HTTP"},
    {"http://p", "example.org", 443, BYTES("HTTP/1.1 099 x\r\n\r\n"), 18, VIREO_EPROTO,
     BYTES(ASKED), "no HTTP"},
    {"http://p", "example.org", 443, BYTES("\r\n\r\n"), 4, VIREO_EPROTO, BYTES(ASKED), "no HTTP"},
    {"http://p", "example.org", 443, BYTES("HTTP/1.1 200 OK\r\n"), 17, 0, BYTES(ASKED), NULL},

#define NAME                                                                                       \
    "\x05\x01\x00\x03\x0b"                                                                         \
    "example.org\x01\xbb"
#define YES4 "\x05\x00\x00\x01\x01\x02\x03\x04\x00\x50"
    {"socks5://p", "example.org", 443, BYTES("\x05\x00" YES4), 12, 1, BYTES("\x05\x01\x00" NAME),
     NULL},
    {"socks5h://p", "example.org", 443, BYTES("\x05\x00" YES4 "early"), 12, 1,
     BYTES("\x05\x01\x00" NAME), NULL},
    {"socks5://p", "127.0.0.1", 80,
     BYTES("\x05\x00\x05\x00\x00\x04"
           "0123456789abcdef\x00\x50"),
     24, 1, BYTES("\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50"), NULL},
    {"socks5://p", "::1", 80, BYTES("\x05\x00\x05\x00\x00\x03\x02xy\x00\x50"), 11, 1,
     BYTES("\x05\x01\x00\x05\x01\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
           "\x00\x01\x00\x50"),
     NULL},
    {"socks5://p", "::1", 80, BYTES("\x05\x00\x05\x00\x00\x03\x00\x00\x50x"), 9, 1,
     BYTES("\x05\x01\x00\x05\x01\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
           "\x00\x01\x00\x50"),
     NULL},
    {"socks5://u:pw@p", "example.org", 443, BYTES("\x05\x02\x01\x00" YES4), 14, 1,
     BYTES("\x05\x02\x00\x02"
           "\x01\x01u\x02pw" NAME),
     NULL},
    {"socks5://u@p", "example.org", 443, BYTES("\x05\x02\x01\x00" YES4), 14, 1,
     BYTES("\x05\x02\x00\x02"
           "\x01\x01u\x00" NAME),
     NULL},
    {"socks5://u:pw@p", "example.org", 443, BYTES("\x05\x00" YES4), 12, 1,
     BYTES("\x05\x02\x00\x02" NAME), NULL},
    {"socks5://u:pw@p", "example.org", 443, BYTES("\x05\x02\x01\x01"), 4, VIREO_EREFUSED,
     BYTES("\x05\x02\x00\x02"
           "\x01\x01u\x02pw"),
     "refused the user and password"},
    {"socks5://p", "example.org", 443, BYTES("\x05\xff"), 2, VIREO_EREFUSED, BYTES("\x05\x01\x00"),
     "wants a user and a password"},
    {"socks5://u:pw@p", "example.org", 443, BYTES("\x05\xff"), 2, VIREO_EREFUSED,
     BYTES("\x05\x02\x00\x02"), "neither"},
    {"socks5://p", "example.org", 443, BYTES("\x05\x02"), 2, VIREO_EPROTO, BYTES("\x05\x01\x00"),
     "not offered"},
    {"socks5://p", "example.org", 443, BYTES("\x04\x00"), 2, VIREO_EPROTO, BYTES("\x05\x01\x00"),
     "no SOCKS5"},
    {"socks5://u:pw@p", "example.org", 443, BYTES("\x05\x02\x05\x00"), 4, VIREO_EPROTO,
     BYTES("\x05\x02\x00\x02"
           "\x01\x01u\x02pw"),
     "no SOCKS5"},
    {"socks5://p", "example.org", 443, BYTES("\x05\x00\x05\x05"), 4, VIREO_EREFUSED,
     BYTES("\x05\x01\x00" NAME), "connection refused"},
    {"socks5://p", "example.org", 443, BYTES("\x05\x00\x05\x09"), 4, VIREO_EREFUSED,
     BYTES("\x05\x01\x00" NAME), "unknown error"},
    {"socks5://p", "example.org", 443, BYTES("\x05\x00\x05\x00\x00\x02\x00\x00\x00"), 9,
     VIREO_EPROTO, BYTES("\x05\x01\x00" NAME), "type of address"},
    {"socks5://p", "example.org", 443,
     BYTES("\x05\x00\x05\x00\x00\x03\xff"
           "x"),
     8, 0, BYTES("\x05\x01\x00" NAME), NULL},
};

enum { COUNT = sizeof conversations / sizeof conversations[0] };

/* The proxy's bytes arrive in pieces: |cut| bytes, then pieces of |step|. */
static int converse(const conversation *c, size_t cut, size_t step)
{
    const char *why;
    vireo__tunnel t;
    vireo__buf said;
    size_t taken = 0, used;
    vireo__proxy *proxy = vireo__proxy_new(c->proxy, &why);
    assert_non_null(proxy);
    vireo__buf_init(&said, VIREO__BUF_UNLIMITED);
    int result = vireo__tunnel_init(&t, proxy, c->host, c->port, &said);
    assert_int_equal(result, 0);
    for (size_t at = 0; at < c->answer_len && result == 0;) {
        size_t n = at < cut ? cut - at : step;
        if (n > c->answer_len - at)
            n = c->answer_len - at;
        uint8_t *bytes = guard_copy(c->answer + at, n);
        result = vireo__tunnel_feed(&t, bytes, n, &used, &said);
        guard_free(bytes, n);
        at += used;
        taken += used;
        assert_true(used == n || result != 0);
    }
    assert_int_equal(result, c->result);
    assert_int_equal(taken, c->taken);
    assert_int_equal(said.len, c->said_len);
    assert_memory_equal(said.data, c->said, c->said_len);
    if (c->text != NULL && strstr(t.text, c->text) == NULL)
        fail_msg("\"%s\" instead of \"%s\"", t.text, c->text);
    vireo__buf_deinit(&said);
    vireo__tunnel_deinit(&t);
    vireo__proxy_free(proxy);
    return result;
}

static void speaks_with_proxies(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        const conversation *c = &conversations[i];
        converse(c, 0, c->answer_len);
        converse(c, 0, 1);
        for (size_t cut = 1; cut < c->answer_len; cut++)
            converse(c, cut, c->answer_len);
    }
}

/* The limit holds for all answers together: one that sends 1xx for ever meets it too. */
static void limits_the_head(void **state)
{
    (void)state;
    for (int interim = 0; interim <= 1; interim++)
        for (size_t more = 0; more <= 1; more++) {
            const char *why;
            vireo__tunnel t;
            vireo__buf said;
            size_t taken;
            vireo__proxy *proxy = vireo__proxy_new("http://p", &why);
            vireo__buf_init(&said, VIREO__BUF_UNLIMITED);
            vireo__tunnel_init(&t, proxy, "h", 1, &said);
            static const char first[] = "HTTP/1.1 100 \r\n\r\n", ok[] = "HTTP/1.1 200 ";
            size_t head = interim ? sizeof first - 1 : 0, n = VIREO__TUNNEL_MAX_HEAD + more;
            char *bytes = malloc(n);
            memset(bytes, 'x', n);
            memcpy(bytes, first, head);
            memcpy(bytes + head, ok, sizeof ok - 1);
            memcpy(bytes + n - 4, "\r\n\r\n", 4);
            int result = vireo__tunnel_feed(&t, (uint8_t *)bytes, n, &taken, &said);
            assert_int_equal(result, more ? VIREO_ETOOBIG : 1);
            free(bytes);
            vireo__buf_deinit(&said);
            vireo__tunnel_deinit(&t);
            vireo__proxy_free(proxy);
        }
}

static void reads_urls(void **state)
{
    static const char longest[] = "http://%s@p";
    static const struct {
        const char *url;
        int kind; /* -1: refused */
        uint16_t port;
    } cases[] = {
        {"http://p", VIREO__PROXY_HTTP, 80},
        {"HTTP://p:3128/", VIREO__PROXY_HTTP, 3128},
        {"socks5://p", VIREO__PROXY_SOCKS5, 1080},
        {"socks5h://p:9050", VIREO__PROXY_SOCKS5, 9050},
        {"https://p", -1, 0},
        {"socks4://p", -1, 0},
        {"p:3128", -1, 0},
        {"http://p/path", -1, 0},
        {"http://p?query", -1, 0},
        {"http://a%3Ab:c@p", -1, 0},
        {"http://a%zz@p", -1, 0},
        {"http://a:%00@p", -1, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *why = NULL;
        vireo__proxy *proxy = vireo__proxy_new(cases[i].url, &why);
        assert_int_equal(proxy ? (int)proxy->kind : -1, cases[i].kind);
        if (proxy == NULL)
            assert_non_null(why);
        else
            assert_int_equal(proxy->port, cases[i].port);
        vireo__proxy_free(proxy);
    }
    for (int n = 255; n <= 256; n++) {
        char user[300] = "", url[400];
        const char *why;
        memset(user, 'u', (size_t)n);
        snprintf(url, sizeof url, longest, user);
        vireo__proxy *proxy = vireo__proxy_new(url, &why);
        assert_int_equal(proxy != NULL, n == 255);
        vireo__proxy_free(proxy);
    }
}

static void survives_want_of_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        for (int n = 1;; n++) {
            const conversation *c = &conversations[i];
            const char *why;
            vireo__tunnel t = {0};
            vireo__buf said;
            size_t taken;
            vireo__buf_init(&said, VIREO__BUF_UNLIMITED);
            oom_fail_at(n);
            vireo__proxy *proxy = vireo__proxy_new(c->proxy, &why);
            int result =
                proxy ? vireo__tunnel_init(&t, proxy, c->host, c->port, &said) : VIREO_ENOMEM;
            if (result == 0)
                result = vireo__tunnel_feed(&t, (const uint8_t *)c->answer, c->answer_len, &taken,
                                            &said);
            bool failed = oom_failed();
            vireo__buf_deinit(&said);
            vireo__tunnel_deinit(&t);
            vireo__proxy_free(proxy);
            assert_int_equal(result, failed ? VIREO_ENOMEM : c->result);
            if (!failed)
                break;
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speaks_with_proxies),
        cmocka_unit_test(limits_the_head),
        cmocka_unit_test(reads_urls),
        cmocka_unit_test(survives_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
