/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* Every n-th allocation fails once, while a server is made and while it serves. Whatever it was,
 * the server goes on, nothing leaks, and who was not served properly sees the connection end or an
 * honest refusal, never half an answer that looks whole. */

#include "oom.h"

#include "http_peer.h"

#include <vireo/upload.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static int say(vireo_req *r)
{
    size_t n;
    if (vireo_reply_header(r, "X-Path", vireo_path(r)) < 0)
        return VIREO_ENOMEM;
    vireo_header(r, "x");
    vireo_query(r, "q");
    vireo_body_json(r, NULL);
    vireo_body(r, &n);
    return vireo_reply_json(r, 200, "{id:%s}", vireo_param(r, "id"));
}

static int large(vireo_req *r)
{
    static char bytes[600000];
    memset(bytes, 'x', sizeof bytes);
    return vireo_reply(r, 200, NULL, bytes, sizeof bytes);
}

static int file(vireo_req *r)
{
    return vireo_reply_file(r, vireo_req_user(r));
}

static const char key;

static void hook(vireo_req *r, void *user)
{
    (void)user;
    vireo_reply_header(r, "X-Late", "1");
}

static void finish(vireo_req *r, const vireo_finish *what, void *user)
{
    (void)r;
    (void)what;
    (void)user;
}

static int hang_on(vireo_req *r)
{
    char *copy = strdup("value");
    int error = copy != NULL ? vireo_req_set(r, &key, copy, free) : VIREO_ENOMEM;
    if (error < 0)
        free(copy);
    else if (vireo_on_headers(r, hook, NULL) < 0 || vireo_on_finish(r, finish, NULL) < 0)
        error = VIREO_ENOMEM;
    return error < 0 ? error : vireo_pass(r);
}

static int pieces(vireo_req *r)
{
    vireo_reply_header(r, "ETag", "\"a\"");
    int error = vireo_reply_begin(r, 200, "text/plain");
    if (error < 0)
        return error;
    vireo_reply_write(r, "hello", 5);
    vireo_reply_trailer(r, "X-Done", "1");
    vireo_reply_end(r);
    return 0;
}

static int say_form(vireo_req *r)
{
    vireo_attachment(r, "n\xc3\xa4me");
    return vireo_reply_value(r, 200, vireo_body_form(r, NULL));
}

static int on_form(vireo_req *r, int error, void *user)
{
    (void)user;
    return error < 0 ? error : vireo_reply_text(r, 200, "a text that is long enough to compress");
}

static int upload(vireo_req *r)
{
    return vireo_multipart(r, .folder = "/tmp", .on_end = on_form);
}

static int say_error(vireo_req *r, int error, const char *text)
{
    return vireo_reply_json(r, vireo_error_status(error), "%s", text);
}

static const vireo_route_entry table[] = {
    VIREO_USE("/", hang_on),       VIREO_GET("/pieces", pieces),
    VIREO_POST("/form", say_form), VIREO_POST("/upload", upload, .stream = true),
    VIREO_ROUTE("*", "/:id", say), {0},
};

static int fill(vireo_app *app, char *path)
{
    int error = vireo_route(app, "*", "/say/:id", say, NULL);
    if (error == 0)
        error = vireo_mount(app, "/hooked", table, NULL);
    if (error == 0)
        error = vireo_on_error(app, "/hooked", say_error, NULL);
    if (error == 0)
        error = vireo_route(app, "GET", "/large", large, NULL);
    if (error == 0)
        error = vireo_route(app, "GET", "/file", file, path);
    if (error == 0)
        error = vireo_static(app, "/", "/tmp");
    if (error == 0)
        error = vireo_compress(app, .threshold = 20);
    return error == 0 ? vireo_listen(app, .host = "127.0.0.1") : error;
}

static void makes_an_application(void **state)
{
    (void)state;
    char path[] = "/etc/passwd";
    for (int n = 1;; n++) {
        oom_fail_at(n);
        vireo_app *app = vireo_app_new();
        int error = app != NULL ? fill(app, path) : VIREO_ENOMEM;
        bool failed = oom_failed();
        vireo_app_free(app);
        if (!failed) {
            assert_int_equal(error, 0);
            assert_true(n > 10);
            return;
        }
        assert_true(error < 0);
    }
}

/* The length of a body in chunks, with its trailers; SIZE_MAX while it is not whole. */
static size_t whole_chunks(const peer *p, const char *body)
{
    const char *at = body, *limit = p->got + p->len;
    for (;;) {
        char *line;
        size_t n = strtoul(at, &line, 16);
        if (line + 2 > limit)
            return SIZE_MAX;
        if (n == 0) {
            const char *end = strstr(line, "\r\n\r\n");
            return end != NULL ? (size_t)(end + 4 - body) : SIZE_MAX;
        }
        if (n + 4 > (size_t)(limit - line))
            return SIZE_MAX;
        at = line + 2 + n + 2;
    }
}

/* Counts the replies that have arrived whole. */
static int whole_replies(const peer *p)
{
    int count = 0;
    for (const char *at = p->got, *end; (end = strstr(at, "\r\n\r\n")) != NULL; count++) {
        const char *length = strstr(at, "Content-Length: ");
        size_t n = length != NULL && length < end ? strtoul(length + 16, NULL, 10) : 0;
        const char *chunked = strstr(at, "Transfer-Encoding: chunked");
        if (chunked != NULL && chunked < end)
            n = whole_chunks(p, end + 4);
        if (n > (size_t)(p->got + p->len - end - 4))
            break;
        at = end + 4 + n;
    }
    return count;
}

/* Only the server's allocations count, not the client's. */
static void turn_and_take(peer *p)
{
    struct pollfd fds[2] = {{.fd = p->fd, .events = POLLIN},
                            {.fd = uv_backend_fd(vireo__app_loop(p->app)->uv), .events = POLLIN}};
    peer_turn(p->app);
    int left = oom__left;
    oom__left = 0;
    poll(fds, 2, 1);
    peer_take(p, SIZE_MAX);
    oom__left = left;
}

/* Sends |request| while the |n|-th allocation fails, until there are |replies| or the connection
 * ends. Returns whether one failed. */
static bool serve_with(vireo_app *app, const char *request, int n, int replies)
{
    peer p = peer_open(app);
    oom_fail_at(n);
    peer_send(&p, request);
    for (int patience = PEER_PATIENCE; !p.ended && whole_replies(&p) < replies && patience > 0;
         patience--)
        turn_and_take(&p);
    bool failed = oom_failed();
    if (!p.ended && whole_replies(&p) < replies)
        fail_msg("allocation %d of %s: neither answered nor closed: %s", n, request, p.got);
    if (!failed)
        assert_int_equal(whole_replies(&p), replies);
    peer_close(&p);
    peer_settle(app);
    return failed;
}

static void count_line(void *user, vireo_level level, const char *area, const char *text)
{
    (void)level;
    (void)area;
    assert_non_null(strstr(text, "out of memory"));
    ++*(int *)user;
}

static void serves(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int replies;
    } requests[] = {
        {"POST /say/x?q=1 HTTP/1.1\r\nHost: a\r\nX: 1\r\nX: 2\r\nTransfer-Encoding: "
         "chunked\r\n\r\n3\r\n[1]\r\n0\r\n\r\n",
         1},
        {GET("/large") GET("/say/y"), 2},
        {GET("/file"), 1},
        {GET("/hooked/x"), 1},
        {GET("/hooked"), 1},
        {"GET /hooked/pieces HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n", 1},
        {GET("/hooked/pieces") GET("/nothing"), 2},
        {"POST /hooked/form HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\na[b]=1&c=2&c", 1},
        {"POST /hooked/upload HTTP/1.1\r\nHost: a\r\nAccept-Encoding: deflate\r\nContent-Type: "
         "multipart/form-data; boundary=B\r\nContent-Length: 119\r\n\r\n"
         "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n"
         "--B\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n1\r\n--B--\r\n",
         1},
        {GET("/nothing"), 1},
        {"POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 1},
        {"GET / HTTP/1.1\r\n\r\n", 1},
    };
    char path[] = "/tmp/vireo-oom-XXXXXX";
    int fd = mkstemp(path), lines = 0;
    assert_int_equal(ftruncate(fd, 400000), 0);
    close(fd);
    vireo_app *app = vireo_app_new(.log = count_line, .log_user = &lines);
    assert_int_equal(fill(app, path), 0);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        int n = 1;
        for (; serve_with(app, requests[i].text, n, requests[i].replies); n++)
            serve_with(app, GET("/nothing"), 0, 1); /* the others are served */
        assert_true(n > 3);
    }
    assert_true(lines > 0);
    vireo_app_free(app);
    unlink(path);
}

static void on_post(vireo_app *app, void *user)
{
    (void)app;
    ++*(int *)user;
}

static void on_timer(vireo_timer *timer, void *user)
{
    (void)timer;
    (void)user;
}

static void tells_the_caller(void **state)
{
    (void)state;
    int count = 0;
    vireo_app *app = vireo_app_new();
    for (int n = 1; n <= 2; n++) {
        oom_fail_at(n);
        assert_int_equal(vireo_post(app, on_post, &count), VIREO_ENOMEM);
        assert_true(oom_failed());
        oom_fail_at(n);
        assert_null(vireo_after(app, 1, on_timer, NULL));
        assert_true(oom_failed());
    }
    vireo_app_free(app);
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_an_application),
        cmocka_unit_test(serves),
        cmocka_unit_test(tells_the_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
