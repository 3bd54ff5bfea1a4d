/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* Files that are compressed as they are sent (H07): for whom, which, and what stays as it is. */

#include "http_peer.h"

#include <sys/stat.h>
#include <zlib.h>

#include "oom.h"

static char folder[] = "/tmp/vireo-coding-XXXXXX";
static char text[5001];

static void put(const char *name, const char *bytes, size_t n)
{
    char path[100];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
}

static int make_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = "some text, "[i % 11];
    assert_non_null(mkdtemp(folder));
    put("a.txt", text, sizeof text - 1);
    put("b.png", text, sizeof text - 1);
    put("limit.txt", text, 1024);
    put("short.txt", text, 1023);
    return 0;
}

static int remove_files(void **state)
{
    static const char *const names[] = {"a.txt", "b.png", "limit.txt", "short.txt"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char path[100];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

typedef struct answer {
    char head[1000];
    unsigned char body[6000];
    size_t len;
} answer;

static bool has(const answer *a, const char *line)
{
    return strstr(a->head, line) != NULL;
}

static answer get(vireo_app *app, const char *method, const char *target, const char *headers)
{
    answer a = {.len = 0};
    char request[400];
    peer p = peer_open(app);
    snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n",
             method, target, headers);
    peer_send(&p, request);
    for (int patience = PEER_PATIENCE; !p.ended && patience > 0; patience--)
        peer_wait(&p);
    assert_true(p.ended);
    char *end = memmem(p.got, p.len, "\r\n\r\n", 4);
    if (end != NULL) {
        size_t n = (size_t)(end + 4 - p.got);
        memcpy(a.head, p.got, n);
        a.len = p.len - n;
        memcpy(a.body, p.got + n, a.len);
    }
    peer_close(&p);
    return a;
}

static void expect_gzip(const answer *a, size_t n)
{
    unsigned char out[6000];
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)a->body,
                  .avail_in = (unsigned)a->len,
                  .next_out = out,
                  .avail_out = sizeof out};
    assert_true(has(a, "Content-Encoding: gzip\r\n"));
    assert_true(a->len < n / 4);
    assert_int_equal(inflateInit2(&z, 31), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.total_out, n);
    assert_memory_equal(out, text, n);
    inflateEnd(&z);
}

static vireo_app *new_app(void)
{
    vireo_app *app = peer_listen(vireo_app_new());
    assert_int_equal(vireo_static(app, "/", folder, .max_age_s = 60), 0);
    assert_int_equal(vireo_compress(app, .threshold = 1024), 0);
    return app;
}

static void test_who_accepts_it_gets_it(void **state)
{
    (void)state;
    vireo_app *app = new_app();
    answer a = get(app, "GET", "/a.txt", "Accept-Encoding: deflate;q=0.5, gzip\r\n");
    assert_true(has(&a, "HTTP/1.1 200 "));
    assert_true(has(&a, "ETag: W/\""));
    assert_true(has(&a, "Vary: Accept-Encoding\r\n"));
    assert_true(has(&a, "Content-Type: text/plain; charset=utf-8\r\n"));
    expect_gzip(&a, sizeof text - 1);

    char again[300];
    const char *etag = strstr(a.head, "ETag: ") + 6;
    snprintf(again, sizeof again, "Accept-Encoding: gzip\r\nIf-None-Match: %.*s\r\n",
             (int)strcspn(etag, "\r"), etag);
    a = get(app, "GET", "/a.txt", again);
    assert_true(has(&a, "HTTP/1.1 304 "));
    assert_true(has(&a, "Vary: Accept-Encoding\r\n"));

    a = get(app, "GET", "/limit.txt", "Accept-Encoding: gzip\r\n");
    expect_gzip(&a, 1024);
    vireo_app_free(app);
}

static void test_what_stays_as_it_is(void **state)
{
    static const struct {
        const char *method, *target, *headers;
        int status;
        size_t len;
        bool varies;
    } rows[] = {
        {"GET", "/a.txt", "", 200, sizeof text - 1, true},
        {"GET", "/a.txt", "Accept-Encoding: gzip;q=0\r\n", 200, sizeof text - 1, true},
        {"GET", "/a.txt", "Accept-Encoding: gzip\r\nRange: bytes=0-9\r\n", 206, 10, true},
        {"HEAD", "/a.txt", "Accept-Encoding: gzip\r\n", 200, 0, true},
        {"GET", "/short.txt", "Accept-Encoding: gzip\r\n", 200, 1023, false},
        {"GET", "/b.png", "Accept-Encoding: gzip\r\n", 200, sizeof text - 1, false},
    };
    (void)state;
    vireo_app *app = new_app();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        answer a = get(app, rows[i].method, rows[i].target, rows[i].headers);
        assert_int_equal(atoi(a.head + 9), rows[i].status);
        assert_int_equal(a.len, rows[i].len);
        assert_memory_equal(a.body, text, a.len);
        assert_false(has(&a, "Content-Encoding"));
        assert_int_equal(has(&a, "Vary: Accept-Encoding\r\n"), rows[i].varies);
    }
    vireo_app_free(app);
}

/* A client gets the file, an error, or the end; the next one gets the file. */
static void test_memory_runs_out(void **state)
{
    (void)state;
    for (int n = 1, failed = 1; failed; n++) {
        vireo_app *app = new_app();
        peer p = peer_open(app);
        peer_settle(app);
        oom_fail_at(n);
        peer_send(&p, "GET /a.txt HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
        peer_settle(app);
        failed = oom_failed();
        answer a = get(app, "GET", "/a.txt", "Accept-Encoding: gzip\r\n");
        expect_gzip(&a, sizeof text - 1);
        peer_close(&p);
        vireo_app_free(app);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_accepts_it_gets_it),
        cmocka_unit_test(test_what_stays_as_it_is),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
