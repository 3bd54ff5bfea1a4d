/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* An application as the floors above and the program around it see it: mounts, upgrades, listeners,
 * the graceful end. */

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "http_peer.h"

#define OK(body_len, rest)                                                                         \
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " body_len      \
    "\r\n" rest
#define TEXT(status, body_len, rest)                                                               \
    "HTTP/1.1 " status "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " body_len  \
    "\r\n" rest
#define CLOSE     "Connection: close\r\n\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define UPGRADE(path)                                                                              \
    "GET " path " HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

static int say_hello(vireo_req *r)
{
    return vireo_reply_text(r, 200, "hello");
}

/* --- mounts ----------------------------------------------------------------------------------- */

typedef struct tier {
    vireo__mount mount;
    vireo__part part;
    const char *name;
    vireo_req *kept;
    int heads, requests, aborted, abort_status, stopped, freed;
    bool answer_heads, keep;
} tier;

static void on_aborted(vireo_req *r, void *user)
{
    tier *t = user;
    t->aborted++;
    t->abort_status = vireo__req_status(r);
    t->kept = NULL;
}

static void on_head(vireo_req *r)
{
    tier *t = vireo_req_user(r);
    size_t n;
    t->heads++;
    assert_string_equal(vireo_body(r, &n), "");
    vireo_on_abort(r, on_aborted, t);
    if (t->answer_heads)
        vireo_reply_text(r, 403, "no");
}

static int on_request(vireo_req *r)
{
    tier *t = vireo_req_user(r);
    size_t size;
    const char *headers = vireo__req_headers(r, &size);
    t->requests++;
    assert_string_equal(vireo__headers_get(headers, size, "host"), "a");
    assert_null(vireo__headers_get(headers, size, "hos"));
    assert_null(vireo__headers_get(headers, size, "a"));
    if (t->keep) {
        t->kept = r;
        return 0;
    }
    const char *target = vireo_target(r);
    char text[100];
    snprintf(text, sizeof text, "%s%s", t->name, strchr(target, '?') ? strchr(target, '?') : "?");
    return vireo_reply_text(r, 200, text);
}

static void on_stop(void *owner)
{
    tier *t = owner;
    t->stopped++;
    if (t->kept != NULL) {
        vireo_req *r = t->kept;
        t->kept = NULL;
        vireo_reply_text(r, 200, "stopping");
    }
}

static void on_free(void *owner)
{
    tier *t = owner;
    assert_int_equal(t->stopped, 1);
    t->freed++;
}

static void add_mount(vireo_app *app, tier *t, const char *prefix)
{
    t->name = prefix;
    t->mount = (vireo__mount){.prefix = prefix,
                              .max_body_bytes = 5,
                              .owner = t,
                              .on_head = on_head,
                              .on_request = on_request};
    t->part = (vireo__part){.owner = t, .on_stop = on_stop, .on_free = on_free};
    vireo__app_mount(app, &t->mount);
    vireo__app_add_part(app, &t->part);
}

static void mounts_come_first_and_the_longest_before_all(void **state)
{
    (void)state;
    tier a = {0}, b = {0};
    vireo_app *app = vireo_app_new();
    vireo_route(app, "GET", "/*path", say_hello, NULL);
    add_mount(app, &a, "/a/");
    add_mount(app, &b, "/a/b/");
    peer_listen(app);
    peer_converse(app, GET("/a/x?y=1"), OK("7", "\r\n/a/?y=1"), false);
    peer_converse(app, GET("/a/b/x?y"), OK("7", "\r\n/a/b/?y"), false);
    peer_converse(app, GET("/a"), OK("5", "\r\nhello"), false);
    peer_converse(app, GET("/%61/"), OK("5", "\r\nhello"), false); /* as it came */
    peer_converse(app, GET("/a/%zz%00"), OK("4", "\r\n/a/?"), false);
    assert_int_equal(a.heads, 2);
    vireo_app_free(app);
    assert_int_equal(a.freed, 1);
    assert_int_equal(b.freed, 1);
}

static void a_mount_may_answer_the_head(void **state)
{
    (void)state;
    tier t = {.answer_heads = true};
    vireo_app *app = vireo_app_new();
    add_mount(app, &t, "/a/");
    vireo_route(app, "GET", "/hello", say_hello, NULL);
    peer_listen(app);
    peer p = peer_open(app);
    peer_send(&p, "POST /a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12");
    peer_expect(&p, TEXT("403 Forbidden", "2", "\r\nno")); /* before the body has come */
    peer_send(&p, "345" GET("/hello"));
    peer_expect(&p, OK("5", "\r\nhello"));
    peer_send(&p, "POST /a/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    peer_expect(&p,
                TEXT("403 Forbidden", "2", CLOSE "no")); /* nobody knows how long that will be */
    peer_expect_end(&p);
    assert_int_equal(t.requests, 0);
    assert_int_equal(t.aborted, 0);
    peer_close(&p);
    vireo_app_free(app);
}

static void a_mount_learns_what_became_of_a_body(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        const char *reply;
        int status;
    } table[] = {
        {"POST /a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n",
         TEXT("413 Payload Too Large", "17", CLOSE "Payload Too Large"), 413},
        {"POST /a/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\n",
         TEXT("413 Payload Too Large", "17", CLOSE "Payload Too Large"), 413},
        {"POST /a/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
         TEXT("400 Bad Request", "11", CLOSE "Bad Request"), 400},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        tier t = {0};
        vireo_app *app = vireo_app_new();
        add_mount(app, &t, "/a/");
        peer_listen(app);
        peer_converse(app, table[i].request, table[i].reply, true);
        assert_int_equal(t.heads, 1);
        assert_int_equal(t.requests, 0);
        assert_int_equal(t.aborted, 1);
        assert_int_equal(t.abort_status, table[i].status);
        vireo_app_free(app);
    }
}

static void a_mount_learns_that_the_client_went_away(void **state)
{
    (void)state;
    tier t = {0};
    vireo_app *app = vireo_app_new();
    add_mount(app, &t, "/a/");
    peer_listen(app);
    peer p = peer_open(app);
    peer_send(&p, "POST /a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12");
    peer_until(app, &t.heads, 1);
    struct linger reset = {1, 0};
    setsockopt(p.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    peer_close(&p);
    peer_until(app, &t.aborted, 1);
    assert_int_equal(t.abort_status, 0);
    vireo_app_free(app);
    assert_int_equal(t.aborted, 1);
}

/* --- upgrades --------------------------------------------------------------------------------- */

typedef struct line { /* a protocol that upper-cases */
    vireo__stream *stream;
    int closed;
    int data;
    bool close_at_once;
} line;

static void line_data(vireo__stream *s, uint8_t *bytes, size_t n)
{
    ((line *)s->owner)->data++;
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(bytes[i] - 32);
    vireo__stream_write_copy(s, bytes, n);
}

static void line_end(vireo__stream *s)
{
    vireo__stream_end(s);
}

static void line_close(vireo__stream *s, int error)
{
    (void)error;
    ((line *)s->owner)->closed++;
}

static const vireo__stream_events line_events = {
    .on_data = line_data, .on_end = line_end, .on_close = line_close};

static int take_line(vireo_req *r)
{
    line *l = vireo_req_user(r);
    l->stream = vireo__req_detach(r);
    assert_non_null(l->stream);
    assert_true(vireo__req_answered(r));
    vireo__stream_set_events(l->stream, &line_events, l);
    vireo__stream_write_copy(l->stream, "ready:", 6);
    if (l->close_at_once)
        vireo__stream_close(l->stream, 0);
    return 0;
}

static int refuse_line(vireo_req *r)
{
    return strcmp(vireo_method(r), "GET") == 0 ? VIREO_ENOTFOUND : 0;
}

static void upgrades(void **state)
{
    (void)state;
    line l = {0};
    vireo_app *app = vireo_app_new();
    vireo__route_upgrade(app, "/line", take_line, &l);
    vireo__route_upgrade(app, "/no", refuse_line, NULL);
    vireo_route(app, "GET", "/hello", say_hello, NULL);
    peer_listen(app);
    peer p = peer_open(app);
    peer_send(&p, UPGRADE("/line") "abc"); /* what stands behind the head is not lost */
    peer_expect(&p, "ready:ABC");
    peer_send(&p, "de");
    peer_expect(&p, "DE");
    shutdown(p.fd, SHUT_WR);
    peer_expect_end(&p);
    peer_until(app, &l.closed, 1);
    peer_close(&p);
    peer_converse(app, GET("/line"),
                  TEXT("426 Upgrade Required", "16", "Upgrade: websocket\r\n\r\nUpgrade Required"),
                  false);
    peer_converse(
        app, "POST /line HTTP/1.1\r\nHost: a\r\n\r\n",
        TEXT("405 Method Not Allowed", "18", "Allow: GET, HEAD\r\n\r\nMethod Not Allowed"), false);
    peer_converse(app, UPGRADE("/no"), TEXT("404 Not Found", "9", "\r\nNot Found"), false);
    peer_converse(app, UPGRADE("/hello"), OK("5", "\r\nhello"),
                  false); /* who does not upgrade answers */
    peer_converse(app, UPGRADE("/nothing"), TEXT("404 Not Found", "9", "\r\nNot Found"), false);
    vireo_app_free(app);
}

static void upgrades_behind_other_requests(void **state)
{
    (void)state;
    line l = {0};
    vireo_app *app = vireo_app_new();
    vireo__route_upgrade(app, "/line", take_line, &l);
    vireo_route(app, "GET", "/hello", say_hello, NULL);
    peer_listen(app);
    peer p = peer_open(app);
    char *text = calloc(100, sizeof GET("/hello")),
         *expected = calloc(101, sizeof OK("5", "\r\nhello"));
    for (int i = 0; i < 100;
         i++) { /* more than one turn's: the upgrade is taken from what was kept */
        strcat(text, GET("/hello"));
        strcat(expected, OK("5", "\r\nhello"));
    }
    strcat(strcat(expected, "ready:"), "XY");
    peer_send(&p, text);
    peer_send(&p, UPGRADE("/line") "xy");
    for (int patience = PEER_PATIENCE; strstr(p.got, "XY") == NULL && patience > 0; patience--)
        peer_wait(&p);
    peer_expect(&p, expected);
    free(text);
    free(expected);
    vireo_app_free(app); /* cuts it */
    assert_int_equal(l.closed, 1);
    peer_close(&p);
}

static void a_detached_stream_may_close_at_once(void **state)
{
    (void)state;
    line l = {.close_at_once = true};
    vireo_app *app = vireo_app_new();
    vireo__route_upgrade(app, "/line", take_line, &l);
    peer_listen(app);
    peer p = peer_open(app);
    peer_send(&p, UPGRADE("/line") "xy");
    peer_until(app, &l.closed, 1);
    assert_int_equal(l.data, 0);
    peer_close(&p);
    vireo_app_free(app);
}

static void answer_raw(vireo_req *r)
{
    static const char text[] = "HTTP/1.1 400 Bad Request\r\n\r\nx";
    assert_int_equal(vireo__req_reply_raw(r, text, sizeof text - 1), 0);
    assert_int_equal(vireo__req_reply_raw(r, text, sizeof text - 1), VIREO_EANSWERED);
    assert_int_equal(vireo__req_status(r), 400);
    assert_null(vireo__req_detach(r));
}

static void an_upgrade_may_be_refused_word_by_word(void **state)
{
    (void)state;
    tier t = {0};
    vireo_app *app = vireo_app_new();
    add_mount(app, &t, "/a/");
    t.mount.on_upgrade = answer_raw;
    peer_listen(app);
    peer_converse(app, UPGRADE("/a/") "more", "HTTP/1.1 400 Bad Request\r\n\r\nx", true);
    assert_int_equal(t.heads, 0);
    vireo_app_free(app);
}

/* --- listeners -------------------------------------------------------------------------------- */

static void listens_on_unix_sockets(void **state)
{
    (void)state;
    char path[] = "/tmp/vireo-http-XXXXXX";
    close(mkstemp(path));
    unlink(path);
    for (int i = 0; i < 2; i++) { /* the second time over the socket of the first */
        vireo_app *app = vireo_app_new();
        vireo_route(app, "GET", "/hello", say_hello, NULL);
        assert_int_equal(vireo_listen(app, .unix_path = path), 0);
        assert_int_equal(vireo_port(app), 0);
        peer p = peer_open_unix(app, path);
        peer_send(&p, GET("/hello"));
        peer_expect(&p, OK("5", "\r\nhello"));
        peer_close(&p);
        vireo_app_free(app);
    }
    unlink(path);
}

static void says_why_it_cannot_listen(void **state)
{
    (void)state;
    vireo_error error;
    vireo_app *app = peer_listen(vireo_app_new());
    assert_int_equal(
        vireo_listen(app, .host = "127.0.0.1", .port = vireo_port(app), .error = &error),
        -EADDRINUSE);
    assert_int_equal(error.code, -EADDRINUSE);
    assert_non_null(strstr(error.text, "choose a different one"));
    assert_int_equal(vireo_listen(app, .host = "example.org", .error = &error), VIREO_EINVAL);
    assert_non_null(strstr(error.text, "example.org"));
    assert_true(vireo_listen(app, .unix_path = "/nowhere/at/all", .error = &error) < 0);
    assert_non_null(strstr(error.text, "/nowhere/at/all"));
    vireo_app_free(app);
}

static void leaves_a_socket_it_cannot_listen_on(void **state)
{
    (void)state;
    vireo_error error;
    int pair[2], bound = socket(AF_INET, SOCK_STREAM, 0), file = open("/dev/null", O_RDONLY);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(bind(bound, (struct sockaddr *)&any, sizeof any), 0);
    vireo_app *app = vireo_app_new();
    assert_int_equal(vireo_listen(app, .fd = file, .error = &error), VIREO_EINVAL);
    assert_non_null(strstr(error.text, "is no socket"));
    assert_int_equal(vireo_listen(app, .fd = pair[0], .error = &error), -EINVAL);
    assert_non_null(strstr(error.text, "cannot listen on descriptor"));
    assert_int_equal(vireo_listen(app, .fd = bound, .cert_file = "/nowhere.pem", .error = &error),
                     VIREO_ETLS);
    assert_int_equal(close(file) | close(pair[0]) | close(pair[1]), 0);
    assert_int_equal(vireo_listen(app, .fd = bound), 0);
    vireo_app_free(app);
    assert_int_equal(close(bound), -1);
}

static void limits_connections(void **state)
{
    (void)state;
    vireo_app *app = vireo_app_new(.max_connections = 2);
    vireo_route(app, "GET", "/hello", say_hello, NULL);
    peer_listen(app);
    peer a = peer_open(app), b = peer_open(app);
    peer_send(&a, GET("/hello"));
    peer_expect(&a, OK("5", "\r\nhello"));
    peer_send(&b, GET("/hello"));
    peer_expect(&b, OK("5", "\r\nhello"));
    peer c = peer_open(app);
    peer_expect_end(&c);
    peer_close(&c);
    peer_close(&a);
    peer_settle(app);
    peer_converse(app, GET("/hello"), OK("5", "\r\nhello"), false); /* there is room again */
    peer_close(&b);
    vireo_app_free(app);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void count_stop(vireo_app *app, void *user)
{
    assert_true(vireo__app_stopping(app));
    ++*(int *)user;
}

static void ends_gracefully(void **state)
{
    (void)state;
    tier t = {.keep = true};
    int stops = 0;
    vireo_app *app = vireo_app_new();
    add_mount(app, &t, "/a/");
    vireo_on_stop(app, count_stop, &stops);
    vireo_route(app, "GET", "/hello", say_hello, NULL);
    peer_listen(app);
    peer idle = peer_open(app), busy = peer_open(app), slow = peer_open(app),
         silent = peer_open(app);
    peer_send(&idle, GET("/hello"));
    peer_expect(&idle, OK("5", "\r\nhello"));
    peer_send(&busy, GET("/a/"));
    peer_until(app, &t.requests, 1);
    peer_send(&slow, "GET /hello HTTP/1.1\r\nHo");
    peer_settle(app);
    vireo_stop(app);
    vireo_stop(app);
    assert_int_equal(stops, 0); /* not inside the call */
    peer_until(app, &stops, 1);
    peer_expect_end(&idle);
    peer_expect_end(&silent);
    peer_expect(&busy, OK("8", CLOSE "stopping"));
    peer_expect_end(&busy);
    peer_send(&slow, "st: a\r\n\r\n"); /* who has begun may finish */
    peer_expect(&slow, OK("5", CLOSE "hello"));
    peer_expect_end(&slow);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(vireo_port(app)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), -1);
    close(fd);
    peer_close(&idle);
    peer_close(&busy);
    peer_close(&slow);
    peer_close(&silent);
    vireo_app_free(app);
    assert_int_equal(stops, 1);
    assert_int_equal(t.stopped, 1);
}

static int keep_for_ever(vireo_req *r)
{
    tier *t = vireo_req_user(r);
    t->requests++;
    vireo_on_abort(r, on_aborted, t);
    return 0;
}

/* H17 */
static void the_end_has_a_time_box(void **state)
{
    (void)state;
    static const uint32_t boxes[] = {0, 3000}; /* 0: 8000 */
    for (int i = 0; i < 2; i++) {
        tier t = {0};
        vireo_app *app = vireo_app_new(.stop_timeout_ms = boxes[i]);
        vireo_route(app, "GET", "/keep", keep_for_ever, &t);
        peer_listen(app);
        peer p = peer_open(app);
        peer_send(&p, GET("/keep"));
        peer_until(app, &t.requests, 1);
        vireo_stop(app);
        peer_advance(app, i == 0 ? 7000 : 2000);
        peer_settle(app);
        assert_int_equal(t.aborted, 0);
        peer_advance(app, 1000);
        peer_until(app, &t.aborted, 1);
        peer_expect_end(&p);
        peer_close(&p);
        vireo_app_free(app);
    }
}

static int stop_inside(vireo_req *r)
{
    vireo_stop(vireo_req_app(r));
    return vireo_reply_text(r, 200, "bye");
}

static void may_be_stopped_inside_a_handler(void **state)
{
    (void)state;
    vireo_app *app = vireo_app_new();
    vireo_route(app, "GET", "/stop", stop_inside, NULL);
    peer_listen(app);
    peer_converse(app, GET("/stop") GET("/stop"), OK("3", CLOSE "bye"), true);
    vireo_app_free(app);
}

static void is_freed_at_any_time(void **state)
{
    (void)state;
    tier t = {0};
    vireo_app_free(NULL);
    vireo_app_free(vireo_app_new());
    vireo_app_free(peer_listen(vireo_app_new()));
    vireo_app *app = vireo_app_new();
    vireo_route(app, "GET", "/keep", keep_for_ever, &t);
    peer_listen(app);
    peer a = peer_open(app), b = peer_open(app), c = peer_open(app);
    peer_send(&a, GET("/keep") GET("/keep"));
    peer_send(&b, "GET /ke");
    peer_until(app, &t.requests, 1);
    vireo_app_free(app);
    assert_int_equal(t.aborted, 1);
    peer_close(&a);
    peer_close(&b);
    peer_close(&c);
}

static void runs_on_a_loop_of_yours(void **state)
{
    (void)state;
    uv_loop_t uv;
    uv_loop_init(&uv);
    vireo_app *app = vireo_app_new(.uv_loop = &uv);
    vireo_route(app, "GET", "/hello", say_hello, NULL);
    peer_listen(app);
    peer_converse(app, GET("/hello"), OK("5", "\r\nhello"), false);
    vireo_stop(app);
    uv_run(&uv, UV_RUN_DEFAULT); /* returns when all is closed */
    vireo_app_free(app);
    assert_int_equal(uv_loop_close(&uv), 0);
}

static void on_post(vireo_app *app, void *user)
{
    assert_non_null(app);
    ++*(int *)user;
}

typedef struct poster {
    vireo_app *app;
    int *count;
} poster;

static void *post_often(void *arg)
{
    poster *p = arg;
    for (int i = 0; i < 1000; i++)
        if (vireo_post(p->app, on_post, p->count) < 0)
            abort();
    return NULL;
}

static void takes_work_from_other_threads(void **state)
{
    (void)state;
    int count = 0;
    pthread_t thread;
    vireo_app *app = peer_listen(vireo_app_new());
    poster p = {app, &count};
    pthread_create(&thread, NULL, post_often, &p);
    peer_until(app, &count, 1000);
    pthread_join(thread, NULL);
    vireo_post(app, on_post, &count);
    vireo_app_free(app); /* what still waits is done */
    assert_int_equal(count, 1001);
}

/* --- the program ------------------------------------------------------------------------------ */

static int run_program(int out)
{
    dup2(out, 1);
    vireo_app *app = vireo_app_new();
    vireo_route(app, "GET", "/hello", say_hello, NULL);
    vireo_route(app, "GET", "/keep", keep_for_ever, &(tier){0});
    return vireo_run(app, .host = "127.0.0.1", .name = "program");
}

/* Starts it; its first line of output tells where it listens. */
static pid_t start_program(int *port)
{
    int pipes[2];
    char text[200] = "";
    assert_int_equal(pipe(pipes), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(pipes[0]);
        _exit(run_program(pipes[1]));
    }
    close(pipes[1]);
    for (size_t n = 0; strchr(text, '\n') == NULL && n < sizeof text - 1; n++)
        assert_int_equal(read(pipes[0], text + n, 1), 1);
    close(pipes[0]);
    assert_int_equal(sscanf(text, "program: listening on http://127.0.0.1:%d\n", port), 1);
    return pid;
}

static int connect_to(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void ends_on_signals(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM};
    for (int i = 0; i < 2; i++) {
        int port, status = -1;
        char text[1000];
        pid_t pid = start_program(&port);
        int fd = connect_to(port);
        assert_int_equal(send(fd, GET("/hello"), strlen(GET("/hello")), 0),
                         (ssize_t)strlen(GET("/hello")));
        ssize_t n = recv(fd, text, sizeof text - 1, 0);
        assert_true(n > 0);
        kill(pid, signals[i]);
        assert_int_equal(recv(fd, text, sizeof text, 0), 0);
        close(fd);
        waitpid(pid, &status, 0);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

static void a_second_signal_has_no_patience(void **state)
{
    (void)state;
    int port, status = -1;
    char text[1000];
    pid_t pid = start_program(&port);
    int busy = connect_to(port), idle = connect_to(port);
    assert_int_equal(send(busy, GET("/keep"), strlen(GET("/keep")), 0),
                     (ssize_t)strlen(GET("/keep")));
    assert_int_equal(send(idle, GET("/hello"), strlen(GET("/hello")), 0),
                     (ssize_t)strlen(GET("/hello")));
    assert_true(recv(idle, text, sizeof text, 0) > 0);
    kill(pid, SIGTERM);
    assert_int_equal(recv(idle, text, sizeof text, 0),
                     0); /* the end has begun, and waits for the busy one */
    kill(pid, SIGTERM);
    waitpid(pid, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    close(busy);
    close(idle);
}

static void tells_when_it_cannot_run(void **state)
{
    (void)state;
    vireo_error error = {0};
    vireo_app *first = peer_listen(vireo_app_new());
    assert_int_equal(
        vireo_run(vireo_app_new(), .host = "127.0.0.1", .port = vireo_port(first), .error = &error),
        1);
    assert_int_equal(error.code, -EADDRINUSE);
    vireo_app_free(first);
}

static void checks_patterns(void **state)
{
    (void)state;
    vireo_app *app = vireo_app_new();
    assert_int_equal(vireo_route(app, "GET", "no-slash", say_hello, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_route(app, "GET", "/a/:", say_hello, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_route(app, "GET", "/*a/b", say_hello, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_route(app, "G T", "/", say_hello, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_static(app, "/", "/nowhere"), VIREO_ENOTFOUND);
    assert_int_equal(vireo_static(app, "x", "/"), VIREO_EINVAL);
    vireo_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mounts_come_first_and_the_longest_before_all),
        cmocka_unit_test(a_mount_may_answer_the_head),
        cmocka_unit_test(a_mount_learns_what_became_of_a_body),
        cmocka_unit_test(a_mount_learns_that_the_client_went_away),
        cmocka_unit_test(upgrades),
        cmocka_unit_test(upgrades_behind_other_requests),
        cmocka_unit_test(a_detached_stream_may_close_at_once),
        cmocka_unit_test(an_upgrade_may_be_refused_word_by_word),
        cmocka_unit_test(listens_on_unix_sockets),
        cmocka_unit_test(says_why_it_cannot_listen),
        cmocka_unit_test(leaves_a_socket_it_cannot_listen_on),
        cmocka_unit_test(limits_connections),
        cmocka_unit_test(ends_gracefully),
        cmocka_unit_test(the_end_has_a_time_box),
        cmocka_unit_test(may_be_stopped_inside_a_handler),
        cmocka_unit_test(is_freed_at_any_time),
        cmocka_unit_test(runs_on_a_loop_of_yours),
        cmocka_unit_test(takes_work_from_other_threads),
        cmocka_unit_test(ends_on_signals),
        cmocka_unit_test(a_second_signal_has_no_patience),
        cmocka_unit_test(tells_when_it_cannot_run),
        cmocka_unit_test(checks_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
