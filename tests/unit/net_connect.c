/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* net/connect and net/dial (W11): addresses, time-outs, proxies and cancellation, against sockets
 * of this process. Names are resolved by the test itself, at the moment it chooses. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <vireo/error.h>

#include "loop/lookup.h"
#include "net/connect.h"
#include "oom.h"

enum { PATIENCE = 20000, TIMEOUT_MS = 60000 };

/* --- a resolver that answers when it is told to ----------------------------------------------- */

struct vireo__lookup {
    vireo__lookup_fn fn;
    void *user;
    uint16_t port;
    char name[64];
};

static vireo__lookup asked; /* fn == NULL: nothing is */
static int cancelled;

vireo__lookup *vireo__lookup_start(vireo_loop *loop, const char *name, uint16_t port,
                                   vireo__lookup_fn fn, void *user)
{
    (void)loop;
    assert_null(asked.fn);
    asked = (vireo__lookup){fn, user, port, ""};
    snprintf(asked.name, sizeof asked.name, "%s", name);
    return &asked;
}

void vireo__lookup_cancel(vireo__lookup *lookup)
{
    lookup->fn = NULL;
    cancelled++;
}

/* Addresses with a blank between them; none: the name is unknown. */
static void resolve(const char *addresses)
{
    static struct sockaddr_storage storage[40];
    static struct addrinfo list[40];
    char copy[600];
    size_t n = 0;
    vireo__lookup_fn fn = asked.fn;
    asked.fn = NULL;
    snprintf(copy, sizeof copy, "%s", addresses);
    for (char *at = strtok(copy, " "); at != NULL; at = strtok(NULL, " "), n++) {
        bool v6 = strchr(at, ':') != NULL;
        if (v6)
            uv_ip6_addr(at, asked.port, (struct sockaddr_in6 *)&storage[n]);
        else
            uv_ip4_addr(at, asked.port, (struct sockaddr_in *)&storage[n]);
        list[n] = (struct addrinfo){.ai_family = v6 ? AF_INET6 : AF_INET,
                                    .ai_addr = (struct sockaddr *)&storage[n]};
        if (n > 0)
            list[n - 1].ai_next = &list[n];
    }
    fn(asked.user, n > 0 ? list : NULL, n > 0 ? 0 : VIREO_ENOTFOUND, "unknown name");
}

/* --- the fixture ------------------------------------------------------------------------------ */

typedef struct fixture {
    vireo_loop *loop;
    vireo__connect *connect;
    vireo__stream *stream;
    vireo__proxy *proxy;
    int listener; /* on 127.0.0.1 */
    uint16_t port;
    int fd; /* the other end */
    int told, closed;
    int error;
    char text[300];
    char data[64];
    bool close_at_once;
} fixture;

static void on_data(vireo__stream *s, uint8_t *bytes, size_t n)
{
    fixture *f = s->owner;
    strncat(f->data, (const char *)bytes, n);
}

static void on_end(vireo__stream *s)
{
    vireo__stream_end(s);
}

static void on_close(vireo__stream *s, int error)
{
    fixture *f = s->owner;
    (void)error;
    f->stream = NULL;
    f->closed++;
}

static void on_connected(void *user, vireo__stream *s, int error, const char *text)
{
    static const vireo__stream_events events = {
        .on_data = on_data, .on_end = on_end, .on_close = on_close};
    fixture *f = user;
    assert_non_null(f->connect); /* not inside vireo__connect_start */
    f->connect = NULL;
    f->told++;
    f->error = error;
    snprintf(f->text, sizeof f->text, "%s", text);
    assert_int_equal(s != NULL, error == 0);
    if (s == NULL)
        return;
    f->stream = s;
    if (f->close_at_once) {
        vireo__stream_close(s, 0);
        f->stream = NULL;
        return;
    }
    vireo__stream_set_events(s, &events, f);
    vireo__stream_start(s);
}

static int listen_on(uint16_t *port, int backlog)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(*port)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, backlog), 0);
    getsockname(fd, (struct sockaddr *)&at, &n);
    *port = ntohs(at.sin_port);
    return fd;
}

static fixture begin(const char *proxy)
{
    fixture f = {.fd = -1, .loop = vireo__loop_new(NULL)};
    const char *why;
    cancelled = 0;
    asked.fn = NULL;
    f.listener = listen_on(&f.port, 8);
    if (proxy != NULL) {
        char url[100];
        snprintf(url, sizeof url, proxy, f.port);
        f.proxy = vireo__proxy_new(url, &why);
        assert_non_null(f.proxy);
    }
    return f;
}

static void turn(fixture *f)
{
    struct pollfd fd = {.fd = uv_backend_fd(f->loop->uv), .events = POLLIN};
    uv_run(f->loop->uv, UV_RUN_NOWAIT);
    poll(&fd, 1, 1);
}

static void start(fixture *f, const char *host, uint16_t port)
{
    vireo__connect_options options = {
        .host = host, .port = port, .proxy = f->proxy, .timeout_ms = TIMEOUT_MS};
    f->connect = vireo__connect_start(f->loop, &options, on_connected, f);
    assert_non_null(f->connect);
    assert_int_equal(f->told, 0);
}

static void until_asked(fixture *f)
{
    for (int i = 0; i < PATIENCE && asked.fn == NULL; i++)
        turn(f);
    assert_non_null(asked.fn);
}

static void until_told(fixture *f, int error)
{
    for (int i = 0; i < PATIENCE && f->told == 0; i++)
        turn(f);
    assert_int_equal(f->told, 1);
    if (f->error != error)
        fail_msg("%s: %s", vireo_errname(f->error), f->text);
}

static void settle(fixture *f)
{
    for (int i = 0; i < 30; i++)
        turn(f);
}

static void accept_peer(fixture *f)
{
    for (int i = 0; i < PATIENCE && f->fd < 0; i++) {
        turn(f);
        f->fd = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK);
    }
    assert_true(f->fd >= 0);
}

static void peer_expect(fixture *f, const char *bytes, size_t n)
{
    char got[600];
    size_t at = 0;
    for (int i = 0; i < PATIENCE && at < n; i++) {
        ssize_t more = recv(f->fd, got + at, n - at, 0);
        at += more > 0 ? (size_t)more : 0;
        turn(f);
    }
    assert_int_equal(at, n);
    assert_memory_equal(got, bytes, n);
}

#define EXPECT(f, text) peer_expect((f), (text), sizeof(text) - 1)
#define SAY(f, text)    assert_int_equal(send((f)->fd, (text), sizeof(text) - 1, 0), sizeof(text) - 1)

static void expect_data(fixture *f, const char *text)
{
    for (int i = 0; i < PATIENCE && strlen(f->data) < strlen(text); i++)
        turn(f);
    assert_string_equal(f->data, text);
}

static void finish(fixture *f)
{
    if (f->stream != NULL) {
        vireo__stream_close(f->stream, 0);
        for (int i = 0; i < PATIENCE && f->closed == 0; i++)
            turn(f);
    }
    close(f->listener);
    if (f->fd >= 0)
        close(f->fd);
    vireo__loop_free(f->loop);
    vireo__proxy_free(f->proxy);
}

/* --- directly --------------------------------------------------------------------------------- */

static void carries_bytes(void **state)
{
    (void)state;
    fixture f = begin(NULL);
    start(&f, "127.0.0.1", f.port);
    until_told(&f, 0);
    assert_null(asked.fn);
    accept_peer(&f);
    vireo__stream_write_copy(f.stream, "hello", 5);
    EXPECT(&f, "hello");
    SAY(&f, "you too");
    expect_data(&f, "you too");
    finish(&f);
}

static void reaches_unix_sockets(void **state)
{
    (void)state;
    for (int there = 0; there <= 1; there++) {
        fixture f = begin(NULL);
        struct sockaddr_un at = {.sun_family = AF_UNIX};
        snprintf(at.sun_path, sizeof at.sun_path, "/tmp/vireo-connect-%d", (int)getpid());
        unlink(at.sun_path);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (there) {
            assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
            assert_int_equal(listen(fd, 1), 0);
        }
        vireo__connect_options options = {
            .unix_path = at.sun_path, .host = "ignored", .timeout_ms = TIMEOUT_MS};
        f.connect = vireo__connect_start(f.loop, &options, on_connected, &f);
        until_told(&f, there ? 0 : -ENOENT);
        if (!there)
            assert_non_null(strstr(f.text, at.sun_path));
        finish(&f);
        close(fd);
        unlink(at.sun_path);
    }
}

static void limits_a_unix_path(void **state)
{
    (void)state;
    for (size_t n = VIREO__UNIX_PATH_SIZE - 1; n <= VIREO__UNIX_PATH_SIZE; n++) {
        char path[200] = "/tmp/";
        fixture f = begin(NULL);
        memset(path + 5, 'x', n - 5);
        vireo__connect_options options = {.unix_path = path, .timeout_ms = TIMEOUT_MS};
        f.connect = vireo__connect_start(f.loop, &options, on_connected, &f);
        until_told(&f, n == VIREO__UNIX_PATH_SIZE ? -ENAMETOOLONG : -ENOENT);
        finish(&f);
    }
}

static void tells_of_a_refusal(void **state)
{
    (void)state;
    fixture f = begin(NULL);
    close(f.listener);
    f.listener = -1;
    start(&f, "127.0.0.1", f.port);
    until_told(&f, -ECONNREFUSED);
    char text[200];
    snprintf(text, sizeof text, "cannot connect to 127.0.0.1 port %u: Connection refused", f.port);
    assert_string_equal(f.text, text);
    finish(&f);
}

static void tells_of_an_unknown_name(void **state)
{
    (void)state;
    fixture f = begin(NULL);
    start(&f, "nobody.example", 80);
    until_asked(&f);
    assert_string_equal(asked.name, "nobody.example");
    resolve("");
    until_told(&f, VIREO_ENOTFOUND);
    assert_string_equal(f.text, "no address was found for nobody.example: unknown name");
    finish(&f);
}

/* A listener whose queue is full answers nothing: the kernel's own black hole. */
static int black_hole(uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    int fd = listen_on(port, 0);
    at.sin_port = htons(*port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 4; i++) {
        int more = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(more, (struct sockaddr *)&at,
                       sizeof at); /* never closed: it keeps its place */
    }
    return fd;
}

static void gives_up_in_time(void **state)
{
    (void)state;
    fixture f = begin(NULL);
    uint16_t port = 0;
    int hole = black_hole(&port);
    start(&f, "127.0.0.1", port);
    settle(&f);
    vireo__loop_advance(f.loop, TIMEOUT_MS - 30000);
    settle(&f);
    assert_int_equal(f.told, 0);
    vireo__loop_advance(f.loop, 30000);
    until_told(&f, VIREO_ETIMEDOUT);
    assert_non_null(strstr(f.text, "no answer within 60000 ms"));
    finish(&f);
    close(hole);
}

static void gives_up_a_lookup_in_time(void **state)
{
    (void)state;
    fixture f = begin(NULL);
    start(&f, "slow.example", 80);
    until_asked(&f);
    vireo__loop_advance(f.loop, TIMEOUT_MS);
    until_told(&f, VIREO_ETIMEDOUT);
    assert_int_equal(cancelled, 1);
    finish(&f);
}

/* The dead address is first; it costs 250 ms, and none of the refusals costs anything. */
static void tries_every_address(void **state)
{
    (void)state;
    static const char *const lists[] = {"127.0.0.1", "127.0.0.2 127.0.0.1",
                                        "::1 127.0.0.2 127.0.0.3 127.0.0.1",
                                        "127.0.0.2 ::1 127.0.0.1"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        fixture f = begin(NULL);
        start(&f, "many.example", f.port);
        until_asked(&f);
        resolve(lists[i]);
        until_told(&f, 0);
        finish(&f);
    }
}

static void does_not_wait_for_a_dead_address(void **state)
{
    (void)state;
    fixture f = begin(NULL);
    struct sockaddr_in at = {.sin_family = AF_INET};
    uint16_t port = 0;
    int hole = black_hole(&port);
    int good = socket(AF_INET, SOCK_STREAM, 0);
    at.sin_port = htons(port);
    inet_pton(AF_INET, "127.0.0.9", &at.sin_addr);
    assert_int_equal(bind(good, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(good, 1), 0);
    start(&f, "many.example", port);
    until_asked(&f);
    resolve("127.0.0.1 127.0.0.9");
    settle(&f);
    vireo__loop_advance(f.loop, VIREO__CONNECT_STAGGER_MS);
    until_told(&f, 0);
    finish(&f);
    close(good);
    close(hole);
}

static void tells_the_first_refusal(void **state)
{
    (void)state;
    fixture f = begin(NULL);
    char many[600] = "";
    for (int i = 2; i < 30; i++)
        sprintf(many + strlen(many), "127.0.0.%d ", i);
    start(&f, "many.example", f.port);
    until_asked(&f);
    resolve(many);
    until_told(&f, -ECONNREFUSED);
    finish(&f);
}

/* --- giving it up ----------------------------------------------------------------------------- */

static void cancel(fixture *f)
{
    int before = f->told;
    vireo__connect_cancel(f->connect);
    assert_int_equal(f->told, before);
    until_told(f, VIREO_ECANCELLED);
    settle(f);
    assert_int_equal(f->told, 1);
}

static void is_cancelled_at_any_moment(void **state)
{
    (void)state;
    for (int stage = 0; stage < 6; stage++) {
        fixture f = begin(stage >= 4 ? "http://127.0.0.1:%u" : NULL);
        uint16_t port = stage == 3 ? 0 : f.port;
        int hole = stage == 3 ? black_hole(&port) : -1;
        start(&f, stage == 1 || stage == 2 ? "slow.example" : "127.0.0.1", port);
        if (stage == 1 || stage == 2)
            until_asked(&f);
        if (stage == 2)
            resolve("127.0.0.1");
        if (stage == 3)
            settle(&f);
        if (stage == 4)
            accept_peer(&f);
        if (stage == 5) {
            accept_peer(&f);
            SAY(&f, "HTTP/1.1 2");
            settle(&f);
        }
        cancel(&f);
        finish(&f);
        if (hole >= 0)
            close(hole);
    }
}

static void ends_with_its_loop(void **state)
{
    (void)state;
    fixture f = begin(NULL);
    start(&f, "127.0.0.1", f.port);
    vireo__connect_cancel(f.connect);
    finish(&f);
    assert_int_equal(f.told, 1);
}

static void may_be_closed_at_once(void **state)
{
    (void)state;
    for (int proxy = 0; proxy <= 1; proxy++) {
        fixture f = begin(proxy ? "http://127.0.0.1:%u" : NULL);
        f.close_at_once = true;
        start(&f, "127.0.0.1", f.port);
        accept_peer(&f);
        if (proxy)
            SAY(&f, "HTTP/1.1 200 OK\r\n\r\nmore");
        until_told(&f, 0);
        settle(&f);
        finish(&f);
    }
}

/* --- through proxies -------------------------------------------------------------------------- */

#define ASKED "CONNECT far.example:443 HTTP/1.1\r\nHost: far.example:443\r\n\r\n"

static void passes_an_http_proxy(void **state)
{
    (void)state;
    fixture f = begin("http://127.0.0.1:%u");
    start(&f, "far.example", 443);
    accept_peer(&f);
    EXPECT(&f, ASKED);
    SAY(&f, "HTTP/1.1 200 OK\r\n\r\nfirst ");
    until_told(&f, 0);
    expect_data(&f, "first ");
    vireo__stream_write_copy(f.stream, "hello", 5);
    EXPECT(&f, "hello");
    SAY(&f, "second");
    expect_data(&f, "first second");
    finish(&f);
}

static void passes_a_socks_proxy(void **state)
{
    (void)state;
    fixture f = begin("socks5://u:p@127.0.0.1:%u");
    start(&f, "far.example", 443);
    accept_peer(&f);
    EXPECT(&f, "\x05\x02\x00\x02");
    SAY(&f, "\x05\x02");
    EXPECT(&f, "\x01\x01u\x01p");
    SAY(&f, "\x01\x00");
    EXPECT(&f, "\x05\x01\x00\x03\x0b"
               "far.example\x01\xbb");
    SAY(&f, "\x05\x00\x00\x01\x01\x02\x03\x04\x00\x50"
            "first");
    until_told(&f, 0);
    expect_data(&f, "first");
    finish(&f);
}

static void tells_what_a_proxy_did(void **state)
{
    (void)state;
    for (int stage = 0; stage < 4; stage++) {
        struct linger reset = {1, 0};
        fixture f = begin("http://127.0.0.1:%u");
        start(&f, "far.example", 443);
        accept_peer(&f);
        EXPECT(&f, ASKED);
        if (stage == 0) {
            SAY(&f, "HTTP/1.1 403 Never\r\n\r\n");
            until_told(&f, VIREO_EREFUSED);
            assert_string_equal(
                f.text, "cannot connect to far.example port 443: the proxy answered 403 Never");
        } else if (stage == 1) {
            shutdown(f.fd, SHUT_WR);
            until_told(&f, VIREO_EREFUSED);
            assert_non_null(strstr(f.text, "closed the connection without an answer"));
        } else if (stage == 2) {
            setsockopt(f.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
            close(f.fd);
            f.fd = -1;
            until_told(&f, -ECONNRESET);
            assert_non_null(strstr(f.text, "was lost"));
        } else {
            vireo__loop_advance(f.loop, TIMEOUT_MS);
            until_told(&f, VIREO_ETIMEDOUT);
            assert_non_null(strstr(f.text, "did not answer"));
        }
        settle(&f);
        finish(&f);
    }
}

/* The proxy is looked up here, the destination by the proxy. */
static void looks_up_the_proxy_only(void **state)
{
    (void)state;
    fixture f = begin("http://proxy.example:%u");
    start(&f, "far.example", 443);
    until_asked(&f);
    assert_string_equal(asked.name, "proxy.example");
    resolve("127.0.0.1");
    accept_peer(&f);
    EXPECT(&f, ASKED);
    close(f.listener);
    f.listener = -1;
    SAY(&f, "HTTP/1.1 200 OK\r\n\r\n");
    until_told(&f, 0);
    finish(&f);
}

/* --- TLS -------------------------------------------------------------------------------------- */

/* A handshake that succeeds is shown by the tests of the clients, against other servers. */
static void tells_why_there_is_no_tls(void **state)
{
    (void)state;
    for (int stage = 0; stage < 4; stage++) {
        fixture f = begin(stage == 3 ? "http://127.0.0.1:%u" : NULL);
        vireo_error error = {0};
        vireo_tls_client *client = vireo_tls_client_new(.insecure = true, .error = &error);
        vireo__tls_ctx *tls = vireo__tls_client_ctx(f.loop, client, &error);
        vireo__connect_options options = {.host = "127.0.0.1",
                                          .port = f.port,
                                          .proxy = f.proxy,
                                          .tls = tls,
                                          .timeout_ms = TIMEOUT_MS};
        f.connect = vireo__connect_start(f.loop, &options, on_connected, &f);
        vireo__tls_ctx_unref(tls);
        vireo_tls_client_free(client);
        accept_peer(&f);
        if (stage == 0) {
            SAY(&f, "HTTP/1.1 400 Bad Request\r\n\r\n");
            until_told(&f, VIREO_ETLS);
            assert_non_null(strstr(f.text, "no secure connection to 127.0.0.1 port"));
        } else if (stage == 1) {
            shutdown(f.fd, SHUT_WR);
            for (int i = 0; i < PATIENCE && f.told == 0; i++)
                turn(&f);
            assert_true(f.error < 0);
        } else if (stage == 2) {
            settle(&f);
            vireo__loop_advance(f.loop, TIMEOUT_MS);
            until_told(&f, VIREO_ETIMEDOUT);
        } else {
            SAY(&f, "HTTP/1.1 200 OK\r\n\r\nthis is no TLS");
            until_told(&f, VIREO_ETLS);
        }
        settle(&f);
        finish(&f);
    }
}

static void is_cancelled_in_the_handshake(void **state)
{
    (void)state;
    fixture f = begin(NULL);
    vireo__tls_ctx *tls = vireo__tls_client_ctx(f.loop, NULL, NULL);
    vireo__connect_options options = {
        .host = "127.0.0.1", .port = f.port, .tls = tls, .timeout_ms = TIMEOUT_MS};
    f.connect = vireo__connect_start(f.loop, &options, on_connected, &f);
    vireo__tls_ctx_unref(tls);
    accept_peer(&f);
    settle(&f);
    cancel(&f);
    finish(&f);
}

/* --- want of memory --------------------------------------------------------------------------- */

static void survives_want_of_memory(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        fixture f = begin("http://proxy.example:%u");
        vireo__connect_options options = {
            .host = "far.example", .port = 443, .proxy = f.proxy, .timeout_ms = TIMEOUT_MS};
        oom_fail_at(n);
        f.connect = vireo__connect_start(f.loop, &options, on_connected, &f);
        for (int i = 0; i < 2000 && f.connect != NULL; i++) {
            turn(&f);
            if (asked.fn != NULL)
                resolve("127.0.0.1 127.0.0.1");
            if (f.fd < 0) {
                f.fd = accept4(f.listener, NULL, NULL, SOCK_NONBLOCK);
                if (f.fd >= 0)
                    SAY(&f, "HTTP/1.1 200 OK\r\n\r\n");
            }
        }
        bool failed = oom_failed();
        assert_null(f.connect);
        if (f.told > 0 && f.error != 0)
            assert_int_equal(f.error, VIREO_ENOMEM);
        settle(&f);
        bool good = f.told == 1 && f.error == 0;
        finish(&f);
        if (!failed) {
            assert_true(good);
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_bytes),
        cmocka_unit_test(reaches_unix_sockets),
        cmocka_unit_test(limits_a_unix_path),
        cmocka_unit_test(tells_of_a_refusal),
        cmocka_unit_test(tells_of_an_unknown_name),
        cmocka_unit_test(gives_up_in_time),
        cmocka_unit_test(gives_up_a_lookup_in_time),
        cmocka_unit_test(tries_every_address),
        cmocka_unit_test(does_not_wait_for_a_dead_address),
        cmocka_unit_test(tells_the_first_refusal),
        cmocka_unit_test(is_cancelled_at_any_moment),
        cmocka_unit_test(ends_with_its_loop),
        cmocka_unit_test(may_be_closed_at_once),
        cmocka_unit_test(passes_an_http_proxy),
        cmocka_unit_test(passes_a_socks_proxy),
        cmocka_unit_test(tells_what_a_proxy_did),
        cmocka_unit_test(looks_up_the_proxy_only),
        cmocka_unit_test(tells_why_there_is_no_tls),
        cmocka_unit_test(is_cancelled_in_the_handshake),
        cmocka_unit_test(survives_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
