/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* vireo_reply_page: H20, pages as replies. */

#include "http_peer.h"

#include <vireo/page.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define HTML(len, body)                                                                            \
    "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: " len            \
    "\r\n\r\n" body

static int greet(vireo_req *r)
{
    return vireo_reply_page(r, 200, vireo_req_user(r), "greet", "{user:{name:%s}}",
                            vireo_query(r, "name"));
}

static int plain(vireo_req *r)
{
    return vireo_reply_page(r, 200, vireo_req_user(r), "greet", NULL);
}

static int from_tree(vireo_req *r)
{
    vireo_value *v = vireo_parse("{\"user\":{\"name\":\"tree\"}}", 24, NULL);
    int result = vireo_reply_page_value(r, 200, vireo_req_user(r), "greet", v);
    vireo_value_free(v);
    assert_int_equal(vireo_reply_page(r, 200, vireo_req_user(r), "greet", NULL), VIREO_EANSWERED);
    return result;
}

static int broken(vireo_req *r)
{
    return vireo_reply_page(r, 200, vireo_req_user(r), "absent", NULL);
}

static int malformed(vireo_req *r)
{
    const char *tmpl = "{a:";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-security"
    return vireo_reply_page(r, 200, vireo_req_user(r), "greet", tmpl);
#pragma GCC diagnostic pop
}

static void to_string(void *user, vireo_level level, const char *area, const char *text)
{
    (void)level;
    if (strcmp(area, "page") == 0)
        snprintf(user, 100, "%s", text);
}

static void answers_with_pages(void **state)
{
    (void)state;
    char logged[100] = "";
    vireo_pages *pages = vireo_pages_new();
    vireo_app *app = peer_listen(vireo_app_new(.log = to_string, .log_user = logged));
    assert_int_equal(vireo_pages_add(pages, "greet", "<p>{{ user.name }}", NULL), 0);
    vireo_route(app, "GET", "/greet", greet, pages);
    vireo_route(app, "GET", "/plain", plain, pages);
    vireo_route(app, "GET", "/tree", from_tree, pages);
    vireo_route(app, "GET", "/broken", broken, pages);
    vireo_route(app, "GET", "/malformed", malformed, pages);
    peer_converse(app, GET("/greet?name=%3Cb%3E"), HTML("12", "<p>&lt;b&gt;"), false);
    peer_converse(app, GET("/plain"), HTML("3", "<p>"), false);
    peer_converse(app, GET("/tree"), HTML("7", "<p>tree"), false);
    static const char failed[] =
        "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Length: 21\r\n\r\nInternal Server Error";
    peer_converse(app, GET("/malformed"), failed, false);
    peer_converse(app, GET("/broken"), failed, false);
    assert_string_equal(logged, "absent: no such page: absent");
    vireo_app_free(app);
    vireo_pages_free(pages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_with_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
