/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* H07: files as replies, and folders of them: what may be had, what may not, and what need not be
 * sent again. */

#include <sys/stat.h>

#include "http_peer.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

/* A folder with files; beside it one that nobody may have. */
typedef struct site {
    char root[64];
    vireo_app *app;
} site;

static void path_in(const site *s, const char *name, char out[300])
{
    snprintf(out, 300, "%s/%s", s->root, name);
}

static void put(const site *s, const char *name, const char *content)
{
    char path[300];
    path_in(s, name, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
    struct timespec then[2] = {{784111777, 0}, {784111777, 0}}; /* Sun, 06 Nov 1994 08:49:37 GMT */
    assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
}

static void make_links(const site *s)
{
    char path[300];
    path_in(s, "public/out", path);
    assert_int_equal(symlink("../secret.txt", path), 0);
    path_in(s, "public/absolute", path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    path_in(s, "public/outer", path);
    assert_int_equal(symlink("..", path), 0);
    path_in(s, "public/inside.html", path);
    assert_int_equal(symlink("index.html", path), 0);
    path_in(s, "public/circle", path);
    assert_int_equal(symlink("circle", path), 0);
    path_in(s, "public/fifo", path);
    assert_int_equal(mkfifo(path, 0600), 0);
}

static site make_site(void)
{
    static const char *const folders[] = {"public", "public/sub", "public/empty", "public/.hidden",
                                          "public-too"};
    site s = {.root = "/tmp/vireo-static-XXXXXX"};
    char path[300];
    assert_non_null(mkdtemp(s.root));
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        path_in(&s, folders[i], path);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    put(&s, "secret.txt", "secret");
    put(&s, "public-too/secret.txt", "secret");
    put(&s, "public/index.html", "<p>hi");
    put(&s, "public/sub/index.html", "<p>sub");
    put(&s, "public/sub/a b.txt", "text");
    put(&s, "public/app.JS", "1");
    put(&s, "public/none", "");
    put(&s, "public/.env", "secret");
    put(&s, "public/.hidden/x", "secret");
    put(&s, "public/back\\slash", "secret");
    make_links(&s);
    s.app = vireo_app_new();
    return s;
}

static void end_site(site *s)
{
    char command[200];
    vireo_app_free(s->app);
    snprintf(command, sizeof command, "rm -r %s", s->root);
    assert_int_equal(system(command), 0);
}

static void serve(site *s, const char *prefix)
{
    char path[300];
    path_in(s, "public", path);
    assert_int_equal(vireo_static(s->app, prefix, path, .headers = "X-Mine: 1\r\n"), 0);
    peer_listen(s->app);
}

#define FILE_HEAD(type, len, etag)                                                                 \
    "HTTP/1.1 200 OK\r\n" type "Content-Length: " len                                              \
    "\r\nX-Mine: 1\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"                            \
    "Cache-Control: public, max-age=0\r\nETag: \"" etag "\"\r\nAccept-Ranges: bytes\r\n\r\n"
#define HTML      "Content-Type: text/html; charset=utf-8\r\n"
#define PLAIN     "Content-Type: text/plain; charset=utf-8\r\n"
#define INDEX_TAG "5-2ebc98a100000000"
#define NOT_FOUND "HTTP/1.1 404 Not Found\r\n" PLAIN "Content-Length: 9\r\n\r\nNot Found"

static void serves_files(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        const char *reply;
    } table[] = {
        {GET("/"), FILE_HEAD(HTML, "5", INDEX_TAG) "<p>hi"},
        {GET("/?v=1"), FILE_HEAD(HTML, "5", INDEX_TAG) "<p>hi"},
        {GET("/index.html"), FILE_HEAD(HTML, "5", INDEX_TAG) "<p>hi"},
        {GET("/inside.html"), FILE_HEAD(HTML, "5", INDEX_TAG) "<p>hi"},
        {GET("/s%75b/"), FILE_HEAD(HTML, "6", "6-2ebc98a100000000") "<p>sub"},
        {GET("/sub/a%20b.txt"), FILE_HEAD(PLAIN, "4", "4-2ebc98a100000000") "text"},
        {GET("/app.JS"), FILE_HEAD("Content-Type: text/javascript; charset=utf-8\r\n", "1",
                                   "1-2ebc98a100000000") "1"},
        {GET("/none"),
         FILE_HEAD("Content-Type: application/octet-stream\r\n", "0", "0-2ebc98a100000000")},
        {"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", FILE_HEAD(HTML, "5", INDEX_TAG)},
        {GET("/sub"), "HTTP/1.1 301 Moved Permanently\r\n" PLAIN
                      "Content-Length: 17\r\nLocation: /sub/\r\n\r\nMoved Permanently"},
        {GET("/sub?a=b"), "HTTP/1.1 301 Moved Permanently\r\n" PLAIN
                          "Content-Length: 17\r\nLocation: /sub/?a=b\r\n\r\nMoved Permanently"},
        {"POST / HTTP/1.1\r\nHost: a\r\n\r\n", NOT_FOUND},
    };
    site s = make_site();
    serve(&s, "/");
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        peer_converse(s.app, table[i].request, table[i].reply, false);
    end_site(&s);
}

static void gives_nothing_else(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "/nothing",
        "/sub/nothing",
        "/empty/",
        "/index.html/",
        "/index.html/x",
        "/fifo",
        "/circle",
        "/.env",
        "/.hidden/x",
        "/%2eenv",
        "/sub/.",
        "/./index.html",
        "/../secret.txt",
        "/sub/../../secret.txt",
        "/..",
        "/../",
        "/../public-too/secret.txt",
        "/../public/index.html",
        "/%2e%2e/secret.txt",
        "/%2E./secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/sub%2f..%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/back\\slash",
        "/back%5cslash",
        "/%252e%252e/secret.txt",
        "//etc/passwd",
        "/sub//index.html",
        "//",
        "/%2fetc%2fpasswd",
        "///../secret.txt",
        "/out",
        "/absolute",
        "/outer/secret.txt",
        "/outer/public/index.html",
    };
    site s = make_site();
    serve(&s, "/");
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char request[300];
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", paths[i]);
        peer_converse(s.app, request, NOT_FOUND, false);
    }
    peer_converse(s.app, GET("/%00"),
                  "HTTP/1.1 400 Bad Request\r\n" PLAIN "Content-Length: 11\r\n\r\nBad Request",
                  false);
    peer_converse(s.app, GET("/index.html%00.png"),
                  "HTTP/1.1 400 Bad Request\r\n" PLAIN "Content-Length: 11\r\n\r\nBad Request",
                  false);
    end_site(&s);
}

static int after(vireo_req *r)
{
    return vireo_reply_text(r, 200, "later route");
}

static void goes_on_to_later_routes(void **state)
{
    (void)state;
    char path[300];
    site s = make_site();
    path_in(&s, "public", path);
    vireo_static(s.app, "/p", path, .index = "", .dotfiles = true, .max_age_s = 60);
    vireo_route(s.app, "GET", "/p/*rest", after, NULL);
    peer_listen(s.app);
    static const char later[] = "HTTP/1.1 200 OK\r\n" PLAIN "Content-Length: 11\r\n\r\nlater route";
    peer_converse(s.app, GET("/p/nothing"), later, false);
    peer_converse(s.app, GET("/p/"), later, false);
    peer_converse(s.app, GET("/p"),
                  "HTTP/1.1 301 Moved Permanently\r\n" PLAIN
                  "Content-Length: 17\r\nLocation: /p/\r\n\r\nMoved Permanently",
                  false);
    peer_converse(s.app, GET("/pq"), NOT_FOUND, false);
    peer_converse(
        s.app, GET("/p/.env"),
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 6\r\n"
        "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nCache-Control: public, "
        "max-age=60\r\nETag: \"6-2ebc98a100000000\"\r\nAccept-Ranges: bytes\r\n\r\n"
        "secret",
        false);
    peer_converse(s.app, GET("/p/../secret.txt"), later, false);
    end_site(&s);
}

static void tells_what_has_not_changed(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        bool fresh;
    } table[] = {
        {"If-None-Match: W/\"" INDEX_TAG "\"\r\n", true},
        {"If-None-Match: \"" INDEX_TAG "\"\r\n", true},
        {"If-None-Match: \"a,b\", W/\"" INDEX_TAG "\" , \"c\"\r\n", true},
        {"If-None-Match: \"x\"\r\nIf-None-Match: \"" INDEX_TAG "\"\r\n", true},
        {"If-None-Match: *\r\n", true},
        {"If-None-Match: \"other\"\r\n", false},
        {"If-None-Match: " INDEX_TAG "\r\n", false},
        {"If-None-Match: \"" INDEX_TAG "\r\n", false},
        {"If-None-Match: \"\"\r\n", false},
        {"If-None-Match:\r\n", false},
        {"If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", true},
        {"If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", true},
        {"If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n", true},
        {"If-Modified-Since: Mon, 07 Nov 1994 08:49:37 GMT\r\n", true},
        {"If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", false},
        {"If-Modified-Since: yesterday\r\n", false},
        {"If-None-Match: \"other\"\r\nIf-Modified-Since: Mon, 07 Nov 1994 08:49:37 GMT\r\n", false},
    };
    static const char fresh[] =
        "HTTP/1.1 304 Not Modified\r\nX-Mine: 1\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        "Cache-Control: public, max-age=0\r\nETag: \"" INDEX_TAG "\"\r\n\r\n";
    site s = make_site();
    serve(&s, "/");
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char request[400];
        snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", table[i].headers);
        peer_converse(s.app, request,
                      table[i].fresh ? fresh : FILE_HEAD(HTML, "5", INDEX_TAG) "<p>hi", false);
    }
    end_site(&s);
}

/* --- vireo_reply_file ------------------------------------------------------------------------- */

static int send_one(vireo_req *r)
{
    char path[300];
    const char *root = vireo_req_user(r);
    snprintf(path, sizeof path, "%s/%s", root, vireo_query(r, "name"));
    if (vireo_query(r, "type") != NULL)
        vireo_reply_header(r, "content-type", vireo_query(r, "type"));
    return vireo_reply_file(r, path);
}

static void sends_one_file(void **state)
{
    (void)state;
    site s = make_site();
    vireo_route(s.app, "GET", "/one", send_one, s.root);
    peer_listen(s.app);
#define REST                                                                                       \
    "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nETag: \"6-2ebc98a100000000\"\r\n"             \
    "Accept-Ranges: bytes\r\n\r\nsecret"
    peer_converse(s.app, GET("/one?name=secret.txt"),
                  "HTTP/1.1 200 OK\r\n" PLAIN "Content-Length: 6\r\n" REST, false);
    peer_converse(s.app, GET("/one?name=secret.txt&type=text/x"),
                  "HTTP/1.1 200 OK\r\nContent-Length: 6\r\ncontent-type: text/x\r\n" REST, false);
    peer_converse(s.app, GET("/one?name=nothing"), NOT_FOUND, false);
    peer_converse(s.app, GET("/one?name=public"), NOT_FOUND, false);
    peer_converse(s.app, GET("/one?name=public/fifo"), NOT_FOUND, false);
    peer_converse(s.app, GET("/one?name=secret.txt/x"), NOT_FOUND, false);
    end_site(&s);
}

enum { LARGE = 3000001 };

static void put_large(const site *s)
{
    char path[300];
    path_in(s, "large", path);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < LARGE; i++)
        fputc('a' + i % 23, file);
    fclose(file);
}

/* Only as much is read as the client takes. */
static void sends_large_files_piece_by_piece(void **state)
{
    (void)state;
    site s = make_site();
    put_large(&s);
    vireo_route(s.app, "GET", "/one", send_one, s.root);
    peer_listen(s.app);
    peer p = peer_open(s.app);
    peer_send(&p, GET("/one?name=large"));
    size_t at = 0;
    for (int patience = PEER_PATIENCE; at < LARGE && !p.ended && patience > 0; patience--) {
        peer_wait(&p);
        char *begin = p.got;
        if (at == 0 && (begin = strstr(p.got, "\r\n\r\n")) == NULL)
            continue;
        begin += at == 0 ? 4 : 0;
        for (; begin < p.got + p.len && at < LARGE; begin++, at++)
            if (*begin != (char)('a' + at % 23))
                fail_msg("byte %zu is wrong", at);
        p.len -= (size_t)(begin - p.got);
        memmove(p.got, begin, p.len + 1);
    }
    assert_int_equal(at, LARGE);
    peer_send(&p, GET("/one?name=nothing")); /* and the connection goes on */
    peer_expect(&p, NOT_FOUND);
    peer_close(&p);
    end_site(&s);
}

/* A length that cannot be kept is told by the end of the connection. */
static void cuts_when_a_file_shrinks(void **state)
{
    (void)state;
    char path[300];
    site s = make_site();
    path_in(&s, "large", path);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(ftruncate(fd, (off_t)1 << 34), 0); /* sparse, and more than any buffer holds */
    vireo_route(s.app, "GET", "/one", send_one, s.root);
    peer_listen(s.app);
    peer p = peer_open(s.app);
    peer_send(&p, GET("/one?name=large"));
    while (p.len == 0)
        peer_wait(&p);
    assert_int_equal(ftruncate(fd, 1), 0);
    close(fd);
    for (int patience = PEER_PATIENCE; !p.ended && patience > 0; patience--) {
        peer_wait(&p);
        p.len = 0;
    }
    assert_true(p.ended);
    peer_close(&p);
    end_site(&s);
}

/* --- ranges and conditions -------------------------------------------------------------------- */

#define DIGITS_TAG "a-2ebc98a100000000"
#define VALIDATORS                                                                                 \
    "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nCache-Control: public, max-age=0\r\n"         \
    "ETag: \"" DIGITS_TAG "\"\r\n"
#define WHOLE                                                                                      \
    "HTTP/1.1 200 OK\r\n" PLAIN "Content-Length: 10\r\n" VALIDATORS                                \
    "Accept-Ranges: bytes\r\n\r\n0123456789"
#define PART(len, range, body)                                                                     \
    "HTTP/1.1 206 Partial Content\r\n" PLAIN "Content-Length: " len "\r\n" VALIDATORS              \
    "Accept-Ranges: bytes\r\nContent-Range: bytes " range "/10\r\n\r\n" body
#define NO_PART                                                                                    \
    "HTTP/1.1 416 Range Not Satisfiable\r\n" PLAIN "Content-Length: 21\r\n"                        \
    "Content-Range: bytes */10\r\n\r\nRange Not Satisfiable"
#define NOT_SO                                                                                     \
    "HTTP/1.1 412 Precondition Failed\r\n" PLAIN "Content-Length: 19\r\n\r\nPrecondition Failed"

static site make_digits(void)
{
    site s = make_site();
    char path[300];
    put(&s, "public/digits.txt", "0123456789");
    path_in(&s, "public", path);
    vireo_static(s.app, "/", path);
    peer_listen(s.app);
    return s;
}

static void sends_a_range(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        const char *reply;
    } table[] = {
        {"Range: bytes=0-3\r\n", PART("4", "0-3", "0123")},
        {"Range: bytes=-3\r\n", PART("3", "7-9", "789")},
        {"Range: bytes=9-\r\n", PART("1", "9-9", "9")},
        {"Range: bytes=0-\r\n", PART("10", "0-9", "0123456789")},
        {"Range: bytes=5-6,4-5\r\n", PART("3", "4-6", "456")},
        {"Range: bytes=5-6\r\nRange: bytes=1-1\r\n", WHOLE}, /* joined, it is none */
        {"Range: lines=1-2\r\n", WHOLE},
        {"Range: bytes=5-4\r\n", WHOLE},
        {"Range: bytes=10-\r\n", NO_PART},
        {"Range: bytes=-0\r\n", NO_PART},
        {"Range: bytes=1-2\r\nIf-Range: \"" DIGITS_TAG "\"\r\n", PART("2", "1-2", "12")},
        {"Range: bytes=1-2\r\nIf-Range: W/\"" DIGITS_TAG "\"\r\n", WHOLE},
        {"Range: bytes=1-2\r\nIf-Range: \"other\"\r\n", WHOLE},
        {"Range: bytes=99-\r\nIf-Range: \"other\"\r\n", WHOLE},
        {"Range: bytes=1-2\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n", PART("2", "1-2", "12")},
        {"Range: bytes=1-2\r\nIf-Range: Mon, 07 Nov 1994 08:49:37 GMT\r\n", WHOLE},
        /* conditions come first */
        {"Range: bytes=1-2\r\nIf-Match: \"other\"\r\n", NOT_SO},
        {"Range: bytes=1-2\r\nIf-Match: \"" DIGITS_TAG "\"\r\n", PART("2", "1-2", "12")},
        {"Range: bytes=1-2\r\nIf-None-Match: \"" DIGITS_TAG "\"\r\n",
         "HTTP/1.1 304 Not Modified\r\n" VALIDATORS "\r\n"},
        {"If-Match: *\r\n", WHOLE},
        {"If-Match: W/\"" DIGITS_TAG "\"\r\n", NOT_SO},
        {"If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", NOT_SO},
        {"If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", WHOLE},
    };
    site s = make_digits();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char request[400];
        snprintf(request, sizeof request, "GET /digits.txt HTTP/1.1\r\nHost: a\r\n%s\r\n",
                 table[i].headers);
        peer_converse(s.app, request, table[i].reply, false);
    }
    /* of HEAD no range is sent */
    peer_converse(s.app, "HEAD /digits.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=0-3\r\n\r\n",
                  "HTTP/1.1 200 OK\r\n" PLAIN "Content-Length: 10\r\n" VALIDATORS
                  "Accept-Ranges: bytes\r\n\r\n",
                  false);
    /* nothing is in an empty file */
    peer_converse(s.app, "GET /none HTTP/1.1\r\nHost: a\r\nRange: bytes=0-3\r\n\r\n",
                  "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
                  "Content-Length: 0\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                  "Cache-Control: public, max-age=0\r\nETag: \"0-2ebc98a100000000\"\r\n"
                  "Accept-Ranges: bytes\r\n\r\n",
                  false);
    end_site(&s);
}

/* The boundary differs from reply to reply: it is cut out. */
static void expect_parts(peer *p, const char *text)
{
    char boundary[30] = "", *at;
    for (int patience = PEER_PATIENCE; patience > 0; patience--) {
        peer_wait(p);
        at = strstr(p->got, "boundary=");
        if (at == NULL)
            continue;
        snprintf(boundary, sizeof boundary, "%.24s", at + 9);
        char last[40];
        snprintf(last, sizeof last, "--%s--\r\n", boundary);
        if (strstr(p->got, last) != NULL)
            break;
    }
    assert_int_equal(strlen(boundary), 24);
    while ((at = strstr(p->got, boundary)) != NULL)
        memmove(at, at + 24, strlen(at + 24) + 1);
    p->len = strlen(p->got);
    peer_expect(p, text);
}

static void sends_several_ranges(void **state)
{
    (void)state;
    site s = make_digits();
    peer p = peer_open(s.app);
    peer_send(&p, "GET /digits.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1, 8-, 4-4\r\n\r\n");
    expect_parts(&p, "HTTP/1.1 206 Partial Content\r\n"
                     "Content-Type: multipart/byteranges; boundary=\r\n"
                     "Content-Length: 343\r\n" VALIDATORS "Accept-Ranges: bytes\r\n\r\n"
                     "\r\n--\r\n" PLAIN "Content-Range: bytes 0-1/10\r\n\r\n01"
                     "\r\n--\r\n" PLAIN "Content-Range: bytes 8-9/10\r\n\r\n89"
                     "\r\n--\r\n" PLAIN "Content-Range: bytes 4-4/10\r\n\r\n4"
                     "\r\n----\r\n");
    peer_send(&p, GET("/digits.txt")); /* and the connection goes on */
    peer_expect(&p, WHOLE);
    /* more than are allowed are as good as none */
    peer_send(&p, "GET /digits.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=0-0,2-2,4-4,6-6,8-8,0-0,0-0,"
                  "0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0\r\n\r\n");
    peer_expect(&p, WHOLE);
    peer_close(&p);
    end_site(&s);
}

/* Parts that are larger than a slice, from a large file. */
static void sends_large_ranges(void **state)
{
    (void)state;
    site s = make_site();
    put_large(&s);
    vireo_route(s.app, "GET", "/one", send_one, s.root);
    peer_listen(s.app);
    peer p = peer_open(s.app);
    peer_send(&p, "GET /one?name=large HTTP/1.1\r\nHost: a\r\n"
                  "Range: bytes=10-200009, 1000000-1500000, -1\r\n\r\n");
    for (int patience = PEER_PATIENCE; patience > 0; patience--) {
        if (p.len > 700000 && memcmp(p.got + p.len - 4, "--\r\n", 4) == 0)
            break;
        peer_wait(&p);
    }
    static const uint64_t ranges[][2] = {{10, 200000}, {1000000, 500001}, {LARGE - 1, 1}};
    const char *at = p.got;
    for (int i = 0; i < 3; i++) {
        at = memmem(at, p.len - (size_t)(at - p.got), "/3000001\r\n\r\n", 12);
        assert_non_null(at);
        at += 12;
        for (uint64_t k = 0; k < ranges[i][1]; k++, at++)
            if (*at != (char)('a' + (ranges[i][0] + k) % 23))
                fail_msg("part %d, byte %llu is wrong", i, (unsigned long long)k);
    }
    assert_memory_equal(at, "\r\n--", 4);
    peer_close(&p);
    end_site(&s);
}

/* As long as a file may change again within the clock's grain, its tag is weak. */
static void trusts_no_fresh_file(void **state)
{
    (void)state;
    char path[300];
    site s = make_site();
    put(&s, "new.txt", "x");
    path_in(&s, "new.txt", path);
    struct timespec soon[2] = {{.tv_sec = time(NULL) + 60}, {.tv_sec = time(NULL) + 60}};
    assert_int_equal(utimensat(AT_FDCWD, path, soon, 0), 0);
    vireo_route(s.app, "GET", "/one", send_one, s.root);
    peer_listen(s.app);
    peer p = peer_open(s.app);
    peer_send(&p, GET("/one?name=new.txt"));
    while (p.len == 0 || strstr(p.got, "\r\n\r\n") == NULL)
        peer_wait(&p);
    assert_non_null(strstr(p.got, "\r\nETag: W/\"1-"));
    peer_close(&p);
    end_site(&s);
}

/* --- variants --------------------------------------------------------------------------------- */

#define VARIANT(len, tag, more, body)                                                              \
    "HTTP/1.1 200 OK\r\nContent-Type: text/javascript; charset=utf-8\r\nContent-Length: " len      \
    "\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"                                         \
    "Cache-Control: public, max-age=60, immutable\r\nETag: \"" tag                                 \
    "\"\r\nVary: Accept-Encoding\r\nAccept-Ranges: bytes\r\n" more "\r\n" body
#define BARE(body)   VARIANT("5", "5-2ebc98a100000000", "", body)
#define BROTLI(body) VARIANT("3", "3-2ebc98a100000000-br", "Content-Encoding: br\r\n", body)
#define GZIP(body)   VARIANT("4", "4-2ebc98a100000000-gzip", "Content-Encoding: gzip\r\n", body)

static void sends_what_is_compressed_already(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        const char *headers;
        const char *reply;
    } table[] = {
        {"both.js", "", BARE("plain")},
        {"both.js", "Accept-Encoding: gzip, deflate, br\r\n", BROTLI("br!")},
        {"both.js", "Accept-Encoding: gzip\r\n", GZIP("gzip")},
        {"both.js", "Accept-Encoding: br;q=0.5, gzip;q=0.9\r\n", GZIP("gzip")},
        {"both.js", "Accept-Encoding: *\r\n", BROTLI("br!")},
        {"both.js", "Accept-Encoding: identity, gzip;q=0.5\r\n", BARE("plain")},
        {"both.js", "Accept-Encoding: br;q=0, gzip;q=0\r\n", BARE("plain")},
        {"both.js", "Accept-Encoding: zstd\r\n", BARE("plain")},
        {"one.js", "Accept-Encoding: gzip, br\r\n", GZIP("gzip")},
        {"one.js", "Accept-Encoding: *\r\n", GZIP("gzip")},
        {"bare.js", "Accept-Encoding: gzip, br\r\n", BARE("plain")},
        {"bare.js", "Accept-Encoding: *, identity;q=0\r\n", BARE("plain")},
        {"stale.js", "Accept-Encoding: gzip, br\r\n", BARE("plain")},
        {"both.js", "Accept-Encoding: br\r\nIf-None-Match: \"3-2ebc98a100000000-br\"\r\n",
         "HTTP/1.1 304 Not Modified\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
         "Cache-Control: public, max-age=60, immutable\r\nETag: \"3-2ebc98a100000000-br\"\r\n"
         "Vary: Accept-Encoding\r\n\r\n"},
    };
    site s = make_site();
    char path[300];
    put(&s, "public/both.js", "plain");
    put(&s, "public/both.js.br", "br!");
    put(&s, "public/both.js.gz", "gzip");
    put(&s, "public/one.js", "plain");
    put(&s, "public/one.js.gz", "gzip");
    put(&s, "public/bare.js", "plain");
    put(&s, "public/stale.js", "plain");
    put(&s, "public/stale.js.br", "old");
    path_in(&s, "public/stale.js.br", path);
    struct timespec older[2] = {{784111776, 999999999}, {784111776, 999999999}};
    assert_int_equal(utimensat(AT_FDCWD, path, older, 0), 0);
    path_in(&s, "public", path);
    vireo_static(s.app, "/", path, .precompressed = true, .immutable = true, .max_age_s = 60);
    peer_listen(s.app);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char request[400];
        snprintf(request, sizeof request, "GET /%s HTTP/1.1\r\nHost: a\r\n%s\r\n", table[i].file,
                 table[i].headers);
        peer_converse(s.app, request, table[i].reply, false);
    }
    end_site(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_files),
        cmocka_unit_test(gives_nothing_else),
        cmocka_unit_test(goes_on_to_later_routes),
        cmocka_unit_test(tells_what_has_not_changed),
        cmocka_unit_test(sends_one_file),
        cmocka_unit_test(sends_large_files_piece_by_piece),
        cmocka_unit_test(cuts_when_a_file_shrinks),
        cmocka_unit_test(sends_a_range),
        cmocka_unit_test(sends_several_ranges),
        cmocka_unit_test(sends_large_ranges),
        cmocka_unit_test(trusts_no_fresh_file),
        cmocka_unit_test(sends_what_is_compressed_already),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
