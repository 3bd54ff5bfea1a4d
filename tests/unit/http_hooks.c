/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* What hangs onto a request (H03): functions for the head of its reply and for its end, and
 * values. */

#include "chain_fixture.h"

static const char first_key, second_key;

static void count_free(void *value)
{
    assert_non_null(value);
    seen.freed++;
}

static void add_late_header(vireo_req *r, void *user)
{
    char status[16];
    snprintf(status, sizeof status, "%d", vireo_reply_status(r));
    assert_int_equal(vireo_reply_header(r, user, status), 0);
    assert_int_equal(vireo_reply_text(r, 200, "x"), VIREO_EANSWERED);
    assert_int_equal(vireo_reply_json(r, 200, "1"), VIREO_EANSWERED);
    assert_int_equal(vireo_reply_file(r, "/etc/passwd"), VIREO_EANSWERED);
    assert_int_equal(vireo_pass(r), VIREO_EANSWERED);
    assert_int_equal(vireo_fail(r, VIREO_EINVAL, NULL), VIREO_EANSWERED);
}

static void on_finish(vireo_req *r, const vireo_finish *what, void *user)
{
    assert_string_equal(user, "u");
    assert_string_equal(vireo_req_get(r, &first_key), "value");
    assert_int_equal(seen.freed, 1);
    assert_non_null(vireo_path(r));
    seen.finish = *what;
    seen.finished++;
}

static int hang_on(vireo_req *r)
{
    static char value[] = "value";
    assert_null(vireo_req_get(r, &first_key));
    vireo_req_set(r, &first_key, NAMED("old"), count_free);
    vireo_req_set(r, &first_key, value, count_free);
    vireo_req_set(r, &second_key, value, NULL);
    vireo_on_headers(r, add_late_header, NAMED("X-Last"));
    vireo_on_headers(r, add_late_header, NAMED("X-First"));
    vireo_on_finish(r, on_finish, NAMED("u"));
    return vireo_pass(r);
}

static int see_values(vireo_req *r)
{
    assert_string_equal(vireo_req_get(r, &first_key), "value");
    assert_string_equal(vireo_req_get(r, &second_key), "value");
    return vireo_reply_json(r, 201, "{a:%d}", 1);
}

static int large(vireo_req *r)
{
    static char bytes[3000000];
    memset(bytes, 'x', sizeof bytes);
    return vireo_reply(r, 200, NULL, bytes, sizeof bytes);
}

static int send_file(vireo_req *r)
{
    return vireo_reply_file(r, vireo_req_user(r));
}

static void hooks_see_the_reply(void **state)
{
    (void)state;
    char path[] = "/tmp/vireo-chain-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(ftruncate(fd, 1000000), 0);
    close(fd);
    static const struct {
        const char *request;
        int status;
        size_t body;
    } table[] = {
        {GET("/json"), 201, 7},
        {"HEAD /json HTTP/1.1\r\nHost: a\r\n\r\n", 201, 0},
        {GET("/nothing"), 404, 9},
        {GET("/large"), 200, 3000000},
        {GET("/file"), 200, 1000000},
        {"HEAD /file HTTP/1.1\r\nHost: a\r\n\r\n", 200, 0},
        {"GET /file HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n", 304, 0},
    };
    vireo_app *app = new_app();
    vireo_use(app, "/", hang_on, NULL);
    vireo_route(app, "GET", "/json", see_values, NULL);
    vireo_route(app, "GET", "/large", large, NULL);
    vireo_route(app, "GET", "/file", send_file, path);
    peer_listen(app);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        peer p = peer_open(app);
        char headers[64];
        memset(&seen, 0, sizeof seen);
        snprintf(headers, sizeof headers, "X-First: %d\r\nX-Last: %d\r\n", table[i].status,
                 table[i].status);
        peer_send(&p, table[i].request);
        for (int patience = PEER_PATIENCE; patience > 0 && !seen.finished; patience--)
            peer_wait(&p);
        assert_int_equal(seen.finished, 1);
        assert_int_equal(seen.finish.status, table[i].status);
        assert_int_equal(seen.finish.body_bytes, table[i].body);
        assert_false(seen.finish.aborted);
        assert_true(seen.finish.microseconds > 0 && seen.finish.microseconds < 600000000);
        assert_int_equal(seen.freed, 2);
        while (strstr(p.got, "\r\n\r\n") == NULL)
            peer_wait(&p);
        assert_non_null(strstr(p.got, headers));
        peer_close(&p);
    }
    vireo_app_free(app);
    unlink(path);
}

/* .. of clients that go away before it, and in its midst. */
static void hooks_see_the_end(void **state)
{
    (void)state;
    static const char *const requests[] = {GET("/keep"), GET("/large"), GET("/file")};
    static const int statuses[] = {0, 200, 200};
    char path[] = "/tmp/vireo-chain-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(ftruncate(fd, 40000000), 0);
    close(fd);
    vireo_app *app = new_app();
    vireo_use(app, "/", hang_on, NULL);
    vireo_route(app, "GET", "/keep", keep, NULL);
    vireo_route(app, "GET", "/large", large, NULL);
    vireo_route(app, "GET", "/file", send_file, path);
    peer_listen(app);
    for (int i = 0; i < 3; i++) {
        peer p = peer_open(app);
        memset(&seen, 0, sizeof seen);
        int small = 4096;
        setsockopt(p.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        peer_send(&p, requests[i]);
        peer_settle(app);
        peer_close(&p);
        peer_until(app, &seen.finished, 1);
        assert_int_equal(seen.finish.status, statuses[i]);
        assert_true(seen.finish.aborted);
        assert_int_equal(seen.freed, 2);
        assert_int_equal(seen.aborted, i == 0);
    }
    vireo_app_free(app);
    unlink(path);
}

static void count_finish(vireo_req *r, const vireo_finish *what, void *user)
{
    assert_string_equal(vireo_path(r), "/json");
    assert_int_equal(what->status, 200);
    assert_non_null(vireo_address(r));
    assert_non_null(vireo_req_app(r));
    ++*(int *)user;
}

static int count_end(vireo_req *r)
{
    vireo_on_finish(r, count_finish, vireo_req_user(r));
    return vireo_reply_text(r, 200, "x");
}

/* The next request may be under way before the end of this one is seen. */
static void hooks_and_pipelining(void **state)
{
    (void)state;
    int count = 0;
    vireo_app *app = new_app();
    vireo_route(app, "GET", "/json", count_end, &count);
    peer_listen(app);
    peer p = peer_open(app);
    peer_send(&p, GET("/json") GET("/json") GET("/json"));
    peer_expect(&p, OK("1", "\r\nx") OK("1", "\r\nx") OK("1", "\r\nx"));
    assert_int_equal(count, 3);
    peer_close(&p);
    vireo_app_free(app);
}

/* The stream may have another owner before the end of an earlier reply is seen. */
static void hooks_and_upgrades(void **state)
{
    (void)state;
    int count = 0;
    vireo_app *app = new_app();
    vireo_route(app, "GET", "/json", count_end, &count);
    vireo__route_upgrade(app, "/line", upgrade, NULL);
    peer_listen(app);
    peer p = peer_open(app);
    peer_send(&p, GET("/json") UPGRADE("/line") "abc");
    peer_expect(&p, OK("1", "\r\nx") "line:abc");
    assert_int_equal(count, 1);
    peer_close(&p);
    vireo_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hooks_see_the_reply),
        cmocka_unit_test(hooks_see_the_end),
        cmocka_unit_test(hooks_and_pipelining),
        cmocka_unit_test(hooks_and_upgrades),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
