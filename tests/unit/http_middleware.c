/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* vireo/middleware.h: H11, H12, H18: access log, CORS, rate limits. */

#include "http_peer.h"
#include "oom.h"

#include <vireo/middleware.h>
#include <vireo/proxy.h>

#define GET(path, headers) "GET " path " HTTP/1.1\r\nHost: a\r\n" headers "\r\n"
#define OK(headers)                                                                                \
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n" headers  \
    "\r\nok"
#define PREFLIGHT(path, headers)                                                                   \
    "OPTIONS " path " HTTP/1.1\r\nHost: a\r\nAccess-Control-Request-Method: PUT\r\n" headers "\r"  \
                                                                                             "\n"
#define NO_CONTENT(headers) "HTTP/1.1 204 No Content\r\n" headers "\r\n"

static int ok(vireo_req *r)
{
    return vireo_reply_text(r, 200, "ok");
}

/* --- CORS ------------------------------------------------------------------------------------- */

static bool allow_b(const vireo_req *r, const char *origin)
{
    (void)r;
    return strcmp(origin, "https://b.example") == 0;
}

static void tells_other_origins(void **state)
{
    (void)state;
    static const char *const origins[] = {"https://a.example", "https://*.c.example", NULL};
    vireo_app *app = peer_listen(vireo_app_new());
    vireo_cors(app, "/any");
    vireo_cors(app, "/some", .origins = origins, .credentials = true, .max_age_s = 60,
               .methods = "GET,PUT", .allowed_headers = "X-One", .exposed_headers = "X-Two");
    vireo_cors(app, "/fn", .allow = allow_b, .pass_preflight = true);
    vireo_route(app, "*", "/any", ok, NULL);
    vireo_route(app, "*", "/some", ok, NULL);
    vireo_route(app, "*", "/fn", ok, NULL);
#define ANY       "Access-Control-Allow-Origin: *\r\n"
#define METHODS   "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\r\n"
#define ASKED     "Vary: Access-Control-Request-Headers\r\n"
#define VARY      "Vary: Origin\r\n"
#define ORIGIN(o) "Origin: " o "\r\n"
#define MAY(o)    "Access-Control-Allow-Origin: " o "\r\n"
#define CREDIT    "Access-Control-Allow-Credentials: true\r\n"
#define EXPOSED   "Access-Control-Expose-Headers: X-Two\r\n"
    static const struct {
        const char *request;
        const char *reply;
    } table[] = {
        {GET("/any", ""), OK(ANY)},
        {GET("/any", ORIGIN("null")), OK(ANY)},
        {PREFLIGHT("/any", ORIGIN("https://x")), NO_CONTENT(ANY METHODS ASKED)},
        {PREFLIGHT("/any", "Access-Control-Request-Headers: X-A, X-B\r\n"),
         NO_CONTENT(ANY METHODS ASKED "Access-Control-Allow-Headers: X-A, X-B\r\n")},
        {GET("/some", ""), OK(VARY CREDIT EXPOSED)},
        {GET("/some", ORIGIN("https://a.example")),
         OK(MAY("https://a.example") VARY CREDIT EXPOSED)},
        {GET("/some", ORIGIN("https://x.c.example")),
         OK(MAY("https://x.c.example") VARY CREDIT EXPOSED)},
        {GET("/some", ORIGIN("https://x.y-1.c.example")),
         OK(MAY("https://x.y-1.c.example") VARY CREDIT EXPOSED)},
        {GET("/some", ORIGIN("https://.c.example")), OK(VARY CREDIT EXPOSED)},
        {GET("/some", ORIGIN("https://c.example")), OK(VARY CREDIT EXPOSED)},
        {GET("/some", ORIGIN("https://evil/.c.example")), OK(VARY CREDIT EXPOSED)},
        {GET("/some", ORIGIN("https://evil:1.c.example")), OK(VARY CREDIT EXPOSED)},
        {GET("/some", ORIGIN("https://a.example.evil")), OK(VARY CREDIT EXPOSED)},
        {GET("/some", ORIGIN("http://a.example")), OK(VARY CREDIT EXPOSED)},
        {GET("/some", ORIGIN("null")), OK(VARY CREDIT EXPOSED)},
        {PREFLIGHT("/some", ORIGIN("https://a.example")),
         NO_CONTENT(MAY("https://a.example") VARY CREDIT "Access-Control-Allow-Methods: GET,PUT\r\n"
                                                         "Access-Control-Allow-Headers: X-One\r\n"
                                                         "Access-Control-Max-Age: 60\r\n" EXPOSED)},
        {GET("/fn", ORIGIN("https://b.example")), OK(MAY("https://b.example") VARY)},
        {GET("/fn", ORIGIN("https://a.example")), OK(VARY)},
        {PREFLIGHT("/fn", ORIGIN("https://b.example")),
         OK(MAY("https://b.example") VARY METHODS ASKED)},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        peer_converse(app, table[i].request, table[i].reply, false);
    assert_int_equal(vireo_cors(app, "/", .credentials = true), VIREO_EINVAL);
    assert_int_equal(vireo_cors(app, "/", .methods = "GET\r\nX: 1"), VIREO_EINVAL);
    assert_int_equal(vireo_cors(app, "no-slash"), VIREO_EINVAL);
    vireo_app_free(app);
}

/* --- rate limits ------------------------------------------------------------------------------ */

#define TOO_MANY(headers)                                                                          \
    "HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain; charset=utf-8\r\n"                \
    "Content-Length: 17\r\n" headers "\r\nToo Many Requests"
#define LIMIT(n, w, left, t)                                                                       \
    "RateLimit-Policy: \"default\";q=" n ";w=" w "\r\nRateLimit: \"default\";r=" left ";t=" t "\r" \
                                                                                              "\n"

/* To the begin of a window, so that times are known. */
static void align(vireo_app *app, uint64_t window_ms)
{
    vireo_loop *loop = vireo__app_loop(app);
    peer_settle(app);
    vireo__loop_advance(loop, window_ms - vireo__loop_now(loop) % window_ms);
}

static void limits_requests(void **state)
{
    (void)state;
    vireo_app *app = peer_listen(vireo_app_new(.keep_alive_timeout_ms = UINT32_MAX));
    vireo_rate_limit(app, "/a", .limit = 3, .window_ms = 1000000000);
    vireo_route(app, "*", "/a/x", ok, NULL);
    vireo_route(app, "GET", "/b", ok, NULL);
    align(app, 1000000000);
    peer_converse(app, GET("/a/x", ""), OK(LIMIT("3", "1000000", "2", "1000000")), false);
    peer_converse(app, GET("/a/x", ""), OK(LIMIT("3", "1000000", "1", "1000000")), false);
    peer_converse(app, GET("/a/none", ""),
                  "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\n"
                  "Content-Length: 9\r\n" LIMIT("3", "1000000", "0", "1333334") "\r\nNot Found",
                  false);
    for (int i = 0; i < 2; i++) /* a refusal does not count */
        peer_converse(app, GET("/a/x", ""),
                      TOO_MANY(LIMIT("3", "1000000", "0", "1333334") "Retry-After: 1333334\r\n"),
                      false);
    peer_converse(app, GET("/b", ""), OK(""), false);
    vireo__loop_advance(vireo__app_loop(app), 1333334000);
    peer_converse(app, GET("/a/x", ""), OK(LIMIT("3", "1000000", "0", "333333")), false);
    vireo_app_free(app);
}

static const char *by_header(vireo_req *r)
{
    return vireo_header(r, "x-key");
}

static void counts_for_whom_it_is_told(void **state)
{
    (void)state;
    vireo_app *app = peer_listen(vireo_app_new());
    vireo_rate_limit(app, "/key", .limit = 1, .key = by_header, .silent = true);
    vireo_rate_limit(app, "/few", .limit = 1, .key = by_header, .silent = true, .max_clients = 2,
                     .window_ms = UINT32_MAX);
    vireo_route(app, "GET", "/key", ok, NULL);
    vireo_route(app, "GET", "/few", ok, NULL);
    align(app, 60000);
    peer_converse(app, GET("/key", "X-Key: a\r\n"), OK(""), false);
    peer_converse(app, GET("/key", "X-Key: b\r\n"), OK(""), false);
    peer_converse(app, GET("/key", "X-Key: a\r\n"), TOO_MANY("Retry-After: 120\r\n"), false);
    peer_converse(app, GET("/key", ""), OK(""), false);
    peer_converse(app, GET("/key", ""), OK(""), false);
    /* two are remembered: the third makes the first be forgotten */
    peer_converse(app, GET("/few", "X-Key: a\r\n"), OK(""), false);
    peer_converse(app, GET("/few", "X-Key: b\r\n"), OK(""), false);
    peer p = peer_open(app);
    peer_send(&p, GET("/few", "X-Key: a\r\n"));
    while (p.len == 0)
        peer_wait(&p);
    assert_non_null(strstr(p.got, "429"));
    peer_close(&p);
    peer_converse(app, GET("/few", "X-Key: c\r\n"), OK(""), false);
    peer_converse(app, GET("/few", "X-Key: b\r\n"), OK(""), false);
    vireo_app_free(app);
}

static void counts_networks_of_ipv6_as_one(void **state)
{
    (void)state;
    vireo_app *app = peer_listen(vireo_app_new());
    vireo_trust_proxy(app, .hops = 1);
    vireo_rate_limit(app, "/", .limit = 1, .silent = true, .window_ms = UINT32_MAX);
    vireo_route(app, "GET", "/", ok, NULL);
    static const struct {
        const char *address;
        bool allowed;
    } rows[] = {{"2001:db8:0:5::1", true},  {"2001:db8:0:5:ffff::2", false},
                {"2001:db8:0:6::1", true},  {"10.0.0.1", true},
                {"::ffff:10.0.0.1", false}, {"10.0.0.2", true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char request[200];
        snprintf(request, sizeof request, GET("/", "X-Forwarded-For: %s\r\n"), rows[i].address);
        peer p = peer_open(app);
        peer_send(&p, request);
        while (p.len == 0)
            peer_wait(&p);
        if ((strncmp(p.got, "HTTP/1.1 200", 12) == 0) != rows[i].allowed)
            fail_msg("%s", rows[i].address);
        peer_close(&p);
    }
    vireo_app_free(app);
}

/* --- access log ------------------------------------------------------------------------------- */

typedef struct lines {
    char text[20000];
    int count;
} lines;

static void keep_line(const char *line, size_t len, void *user)
{
    lines *l = user;
    assert_int_equal(strlen(line), len);
    assert_int_equal(line[len - 1], '\n');
    strcpy(l->text, line);
    l->count++;
}

static void logged(vireo_app *app, lines *l, const char *request)
{
    int before = l->count;
    peer p = peer_open(app);
    peer_send(&p, request);
    peer_until(app, &l->count, before + 1);
    peer_close(&p);
}

/* Replaces the time by T. */
static void hide_time(char *text)
{
    char *begin = strchr(text, '['), *end = strchr(text, ']');
    assert_non_null(begin);
    assert_int_equal(end - begin, 27); /* [06/Nov/1994:08:49:37 +0000] */
    begin[1] = 'T';
    memmove(begin + 2, end, strlen(end) + 1);
}

static void writes_what_servers_write(void **state)
{
    (void)state;
    static lines common, combined;
    vireo_app *app = peer_listen(vireo_app_new());
    vireo_access_log(app, "/", .format = VIREO_LOG_COMMON, .write = keep_line, .user = &common);
    vireo_access_log(app, "/", .format = VIREO_LOG_COMBINED, .write = keep_line, .user = &combined);
    vireo_route(app, "GET", "/a", ok, NULL);
    static const struct {
        const char *request;
        const char *common;
        const char *more;
    } table[] = {
        {GET("/a?b=%20", ""), "127.0.0.1 - - [T] \"GET /a?b=%20 HTTP/1.1\" 200 2", " \"-\" \"-\""},
        {"HEAD /a HTTP/1.0\r\nReferer: http://x/\r\nUser-Agent: y z\r\n\r\n",
         "127.0.0.1 - - [T] \"HEAD /a HTTP/1.0\" 200 -", " \"http://x/\" \"y z\""},
        {GET("/none", "Authorization: Basic QWRhOnB3\r\nUser-Agent: \"\\\t\r\n"),
         "127.0.0.1 - Ada [T] \"GET /none HTTP/1.1\" 404 9", " \"-\" \"\\\"\\\\\""},
        {GET("/a", "Authorization: Basic !!\r\n"), "127.0.0.1 - - [T] \"GET /a HTTP/1.1\" 200 2",
         " \"-\" \"-\""},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char expected[300];
        logged(app, &combined, table[i].request);
        assert_int_equal(common.count, combined.count);
        hide_time(common.text);
        hide_time(combined.text);
        snprintf(expected, sizeof expected, "%s\n", table[i].common);
        assert_string_equal(common.text, expected);
        snprintf(expected, sizeof expected, "%s%s\n", table[i].common, table[i].more);
        assert_string_equal(combined.text, expected);
    }
    vireo_app_free(app);
}

static int own_line(const vireo_req *r, const vireo_finish *what, char *out, size_t size)
{
    if (strcmp(vireo_path(r), "/quiet") == 0)
        return -1;
    if (strcmp(vireo_path(r), "/long") == 0)
        memset(out, 'x', size - 1);
    if (strcmp(vireo_path(r), "/long") == 0)
        return 100000;
    return snprintf(out, size, "%s %d", vireo_path(r), what->status);
}

static int never(vireo_req *r)
{
    (void)r;
    return 0;
}

static void writes_lines_of_yours(void **state)
{
    (void)state;
    static lines own, dev, coloured;
    vireo_app *app = peer_listen(vireo_app_new());
    vireo_access_log(app, "/", .write = keep_line, .user = &dev);
    vireo_access_log(app, "/", .write = keep_line, .user = &coloured, .colours = 1);
    vireo_access_log(app, "/", .line = own_line, .write = keep_line, .user = &own);
    vireo_route(app, "GET", "/a", ok, NULL);
    vireo_route(app, "GET", "/quiet", ok, NULL);
    vireo_route(app, "GET", "/never", never, NULL);
    logged(app, &dev, GET("/a", ""));
    unsigned a, b;
    int end = 0;
    assert_string_equal(own.text, "/a 200\n");
    assert_int_equal(sscanf(dev.text, "GET /a 200 %u.%3u ms - 2\n%n", &a, &b, &end), 2);
    assert_int_equal(end, strlen(dev.text));
    assert_memory_equal(coloured.text, "\x1b[0mGET /a \x1b[32m200\x1b[0m ", 24);
    logged(app, &own, GET("/long", ""));
    assert_int_equal(strlen(own.text), 8192);
    logged(app, &dev, GET("/quiet", ""));
    assert_int_equal(own.count, 2);
    /* a client that goes away */
    peer p = peer_open(app);
    peer_send(&p, GET("/never", ""));
    peer_settle(app);
    peer_close(&p);
    peer_until(app, &own.count, 3);
    assert_string_equal(own.text, "/never 0\n");
    assert_memory_equal(dev.text, "GET /never - ", 13);
    vireo_app_free(app);
}

static void cuts_long_lines(void **state)
{
    (void)state;
    static lines l;
    char request[9000] = "GET /", *at = request + 5;
    memset(at, 'x', 8000);
    strcpy(at + 8000, " HTTP/1.1\r\nHost: a\r\nUser-Agent: ");
    memset(request + strlen(request), '"', 500);
    strcat(request, "\r\n\r\n");
    vireo_app *app = peer_listen(vireo_app_new());
    vireo_access_log(app, "/", .format = VIREO_LOG_COMBINED, .write = keep_line, .user = &l);
    logged(app, &l, request);
    assert_true(strlen(l.text) <= 8193);
    assert_true(strlen(l.text) > 8000);
    vireo_app_free(app);
}

static void bears_want_of_memory(void **state)
{
    (void)state;
    vireo_app *app = vireo_app_new();
    for (int n = 1, done = 0; !done; n++) {
        oom_fail_at(n);
        int errors[] = {vireo_cors(app, "/"), vireo_rate_limit(app, "/"),
                        vireo_access_log(app, "/")};
        done = !oom_failed();
        for (int i = 0; i < 3; i++)
            assert_true(errors[i] == 0 || (!done && errors[i] == VIREO_ENOMEM));
    }
    vireo_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_other_origins),
        cmocka_unit_test(limits_requests),
        cmocka_unit_test(counts_for_whom_it_is_told),
        cmocka_unit_test(counts_networks_of_ipv6_as_one),
        cmocka_unit_test(writes_what_servers_write),
        cmocka_unit_test(writes_lines_of_yours),
        cmocka_unit_test(cuts_long_lines),
        cmocka_unit_test(bears_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
