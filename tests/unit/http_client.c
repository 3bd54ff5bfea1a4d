/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* vireo/proxy.h and vireo/negotiate.h: H13, H15, who the client is and what it likes. */

#include "http_peer.h"

#include <vireo/negotiate.h>
#include <vireo/proxy.h>

#define OK(headers, len, body)                                                                     \
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " len           \
    "\r\n" headers "\r\n" body
#define X                                                                                          \
    "X-Forwarded-For: 6.6.6.6, 1.1.1.1\r\nX-Forwarded-Proto: https\r\n"                            \
    "X-Forwarded-Host: a.example:8\r\n"
#define FORWARDED "Forwarded: for=\"[2001:db8::5]:9\";proto=https;host=b.example\r\n"

static int show(vireo_req *r)
{
    char text[200];
    snprintf(text, sizeof text, "%s %s %s", vireo_address(r), vireo_protocol(r), vireo_host(r));
    return vireo_reply_text(r, 200, text);
}

static void believes_only_trusted_proxies(void **state)
{
    (void)state;
    vireo_app *app = peer_listen(vireo_app_new());
    vireo_route(app, "GET", "/", show, NULL);
#define SHOWS(headers, len, text)                                                                  \
    peer_converse(app, "GET / HTTP/1.1\r\nHost: own\r\n" headers "\r\n", OK("", len, text), false)
    SHOWS("", "18", "127.0.0.1 http own");
    SHOWS(X FORWARDED, "18", "127.0.0.1 http own");
    assert_int_equal(vireo_trust_proxy(app, .addresses = "10.0.0.0/8"), 0);
    SHOWS(X FORWARDED, "18", "127.0.0.1 http own");
    assert_int_equal(vireo_trust_proxy(app, .addresses = "10.0.0.0/8, loopback"), 0);
    SHOWS(X FORWARDED, "25", "1.1.1.1 https a.example:8");
    vireo_app_free(app);
}

static void believes_as_told(void **state)
{
    (void)state;
    vireo_app *app = peer_listen(vireo_app_new());
    vireo_route(app, "GET", "/", show, NULL);
    vireo_trust_proxy(app, .hops = 2);
    SHOWS(X FORWARDED, "25", "6.6.6.6 https a.example:8");
    vireo_trust_proxy(app, .hops = 1, .forwarded = true);
    SHOWS(X FORWARDED, "27", "2001:db8::5 https b.example");
    SHOWS(X, "18", "127.0.0.1 http own");
    SHOWS("X-Forwarded-For: 1.1.1.1\r\n", "18", "127.0.0.1 http own");
    assert_int_equal(vireo_trust_proxy(app, .addresses = "everybody"), VIREO_EINVAL);
    SHOWS(X, "18", "127.0.0.1 http own"); /* as before */
    vireo_app_free(app);
}

static void knows_proxies_on_unix_sockets(void **state)
{
    (void)state;
    char path[60];
    snprintf(path, sizeof path, "/tmp/vireo-client-%d.sock", (int)getpid());
    vireo_app *app = vireo_app_new();
    vireo_route(app, "GET", "/", show, NULL);
    vireo_trust_proxy(app, .addresses = "loopback");
    assert_int_equal(vireo_listen(app, .unix_path = path), 0);
    peer p = peer_open_unix(app, path);
    peer_send(&p, "GET / HTTP/1.1\r\nHost: own\r\n" X "\r\n");
    peer_expect(&p, OK("", "25", "1.1.1.1 https a.example:8"));
    peer_send(&p, "GET / HTTP/1.1\r\nHost: own\r\n\r\n");
    peer_expect(&p, OK("", "9", " http own"));
    peer_close(&p);
    vireo_app_free(app);
}

static int negotiate(vireo_req *r)
{
    char text[200];
    const char *type = vireo_accepts(r, "html", "json", "text", "image/png", NULL);
    const char *language = vireo_accepts_languages(r, "en", "de", NULL);
    const char *encoding = vireo_accepts_encodings(r, "gzip", "identity", NULL);
    const char *charset = vireo_accepts_charsets(r, "utf-8", NULL);
    vireo_vary(r, "Accept");
    vireo_vary(r, "accept");
    assert_int_equal(vireo_reply_header(r, "vary", "X-One, X-Two"), 0);
    vireo_vary(r, "X-Two");
    vireo_vary(r, "Accept-Language");
    assert_int_equal(vireo_vary(r, "a b"), VIREO_EINVAL);
    assert_int_equal(vireo_vary(r, "a\r\nb: c"), VIREO_EINVAL);
    snprintf(text, sizeof text, "%s %s %s %s", type ? type : "-", language ? language : "-",
             encoding ? encoding : "-", charset ? charset : "-");
    return vireo_reply_text(r, 200, text);
}

static void negotiates(void **state)
{
    (void)state;
    vireo_app *app = peer_listen(vireo_app_new());
    vireo_route(app, "GET", "/", negotiate, NULL);
#define VARY "Vary: Accept\r\nvary: X-One, X-Two\r\nVary: Accept-Language\r\n"
#define LIKES(headers, len, text)                                                                  \
    peer_converse(app, "GET / HTTP/1.1\r\nHost: a\r\n" headers "\r\n", OK(VARY, len, text), false)
    LIKES("", "22", "html en identity utf-8");
    LIKES("Accept: application/json;q=0.9, */*;q=0.1\r\nAccept-Language: de-AT, en;q=0.5\r\n"
          "Accept-Encoding: gzip\r\nAccept-Charset: x\r\n",
          "14", "json de gzip -");
    LIKES("Accept: text/plain\r\nAccept: image/*\r\nAccept-Language: fr\r\n", "21",
          "text - identity utf-8");
    LIKES("Accept: video/mp4\r\n", "19", "- en identity utf-8");
    vireo_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(believes_only_trusted_proxies),
        cmocka_unit_test(believes_as_told),
        cmocka_unit_test(knows_proxies_on_unix_sockets),
        cmocka_unit_test(negotiates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
