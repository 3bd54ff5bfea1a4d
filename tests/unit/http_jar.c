/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* vireo/cookie.h: H09, cookies of requests and replies. */

#include "http_peer.h"
#include "oom.h"

#include <vireo/cookie.h>

#define OK(headers, len, body)                                                                     \
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " len           \
    "\r\n" headers "\r\n" body
#define SIGNED "s%3Ahello.DGDUkGlIkCzPz%2BC0B064FNgHdEjox7ch8tOBGslZ5QI"

static int show(vireo_req *r)
{
    char text[200];
    const char *a = vireo_cookie(r, "a"), *s = vireo_signed_cookie(r, "s");
    snprintf(text, sizeof text, "%s,%s", a ? a : "-", s ? s : "-");
    return vireo_reply_text(r, 200, text);
}

static void reads_cookies(void **state)
{
    (void)state;
    vireo_app *app = peer_listen(vireo_app_new());
    vireo_route(app, "GET", "/", show, NULL);
    assert_int_equal(vireo_secrets(app, "tobiiscool", NULL), 0);
#define SHOWS(headers, len, text)                                                                  \
    peer_converse(app, "GET / HTTP/1.1\r\nHost: a\r\n" headers "\r\n", OK("", len, text), false)
    SHOWS("", "3", "-,-");
    SHOWS("Cookie: a=1; b=2\r\n", "3", "1,-");
    SHOWS("Cookie: b=2, a=1\r\n", "3", "-,-");
    SHOWS("Cookie: b=2\r\nCookie: a=1; a=3\r\nCookie: a=4\r\n", "3", "1,-");
    SHOWS("X-Cookie: a=1\r\n", "3", "-,-");
    SHOWS("Cookie: a=%C3%A9%20x\r\n", "6", "\xc3\xa9 x,-");
    SHOWS("Cookie: a=100%\r\n", "6", "100%,-");
    SHOWS("Cookie: a=x%00y\r\n", "7", "x%00y,-");
    SHOWS("Cookie: a=\"\"\r\n", "2", ",-");
    SHOWS("Cookie: s=" SIGNED "\r\n", "7", "-,hello");
    SHOWS("Cookie: s=hello\r\n", "3", "-,-");
    SHOWS("Cookie: s=s%3Ahallo.DGDUkGlIkCzPz%2BC0B064FNgHdEjox7ch8tOBGslZ5QI\r\n", "3", "-,-");
    /* the secret is changed: what the old one signed still holds, until it is left out */
    assert_int_equal(vireo_secrets(app, "newer", "tobiiscool", NULL), 0);
    SHOWS("Cookie: s=" SIGNED "\r\n", "7", "-,hello");
    assert_int_equal(vireo_secrets(app, "newer", NULL), 0);
    SHOWS("Cookie: s=" SIGNED "\r\n", "3", "-,-");
    vireo_app_free(app);
}

static int set(vireo_req *r)
{
    assert_int_equal(vireo_set_cookie(r, "a", "x y", .max_age_s = 60, .http_only = true), 0);
    assert_int_equal(vireo_set_cookie(r, "s", "hello", .path = "", .sign = true), 0);
    assert_int_equal(vireo_clear_cookie(r, "old", .path = "/p"), 0);
    assert_int_equal(vireo_set_cookie(r, "a b", "1"), VIREO_EINVAL);
    assert_int_equal(vireo_set_cookie(r, "a", "1", .path = "/\r\nX: 1"), VIREO_EINVAL);
    assert_int_equal(vireo_reply_text(r, 200, "ok"), 0);
    return vireo_set_cookie(r, "late", "1") == VIREO_EANSWERED ? 0 : -1;
}

static void sets_cookies(void **state)
{
    (void)state;
    vireo_app *app = peer_listen(vireo_app_new());
    vireo_route(app, "GET", "/", set, NULL);
    vireo_secrets(app, "tobiiscool", "older", NULL);
    peer_converse(app, "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                  OK("Set-Cookie: a=x%20y; Max-Age=60; Path=/; HttpOnly\r\n"
                     "Set-Cookie: s=" SIGNED "\r\n"
                     "Set-Cookie: old=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; "
                     "Path=/p\r\n",
                     "2", "ok"),
                  false);
    vireo_app_free(app);
}

static int set_unsigned(vireo_req *r)
{
    bool refused = vireo_set_cookie(r, "s", "x", .sign = true) == VIREO_EINVAL;
    return vireo_reply_text(r, 200, refused ? "refused" : "set");
}

static void wants_secrets(void **state)
{
    (void)state;
    vireo_app *app = peer_listen(vireo_app_new());
    const char *many[18];
    vireo_route(app, "GET", "/", set_unsigned, NULL);
    vireo_route(app, "GET", "/show", show, NULL);
    peer_converse(app, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", OK("", "7", "refused"), false);
    peer_converse(app, "GET /show HTTP/1.1\r\nHost: a\r\nCookie: s=" SIGNED "\r\n\r\n",
                  OK("", "3", "-,-"), false);
    assert_int_equal(vireo_secrets(app, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_secrets(app, "a", "", NULL), VIREO_EINVAL);
    for (int i = 0; i < 17; i++)
        many[i] = "secret";
    many[16] = NULL;
    assert_int_equal(vireo_secrets_list(app, many), 0);
    many[16] = "secret";
    many[17] = NULL;
    assert_int_equal(vireo_secrets_list(app, many), VIREO_EINVAL);
    assert_int_equal(vireo_secrets(app, "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11",
                                   "12", "13", "14", "15", "16", "17", NULL),
                     VIREO_EINVAL);
    for (int n = 1;; n++) {
        oom_fail_at(n);
        int error = vireo_secrets(app, "one", "two", NULL);
        if (!oom_failed()) {
            assert_int_equal(error, 0);
            break;
        }
        assert_int_equal(error, VIREO_ENOMEM);
    }
    vireo_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_cookies),
        cmocka_unit_test(sets_cookies),
        cmocka_unit_test(wants_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
