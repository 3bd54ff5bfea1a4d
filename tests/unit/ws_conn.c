/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws_conn.c: endpoints and their connections, over a loopback socket, server and client in one thread: the client is a plain
 * non-blocking socket, and the server's loop turns while the client waits.
 *
 * What the handlers see is written down as a text:
 *     open  T(text)  B(binary)  i(ping)  o(pong)  error-NAME  close1000(reason)  drain */

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>
#include <vireo/vireo.h>

#include "base/buf.h"
#include "http/server.h"
#include "loop/loop.h"

enum { DEADLINE_MS = 10000, FIN = 0x80, TEXT = 1, BINARY = 2, CLOSE = FIN | 8, PING = FIN | 9, PONG = FIN | 10 };

typedef struct fixture fixture;

/* What a handler does beside writing down. */
typedef void (*action)(fixture *f, vireo_ws *ws);

struct fixture {
    uv_loop_t uv;
    vireo_app *app;
    vireo_ws_endpoint *endpoint;
    vireo__buf log;
    vireo_ws *ws; /* the newest connection; NULL when it is closed */
    action in_open, in_message, in_ping, in_pong, in_error, in_close, in_drain;
    bool echo;
    bool inside; /* a handler is running */
    int upgrade_result;
    int upgrade_status; /* 0: do not answer */
};

/* --- the server's side -------------------------------------------------------------------------------------- */

static void note(fixture *f, const char *what, const void *data, size_t len)
{
    vireo__buf_append_str(&f->log, what);
    if (data != NULL) {
        vireo__buf_append_byte(&f->log, '(');
        vireo__buf_append(&f->log, data, len);
        vireo__buf_append_byte(&f->log, ')');
    }
    vireo__buf_append_byte(&f->log, ' ');
}

/* No handler may be called inside a call that another one makes. */
static void act(fixture *f, action what, vireo_ws *ws)
{
    assert_false(f->inside);
    f->inside = true;
    if (what != NULL)
        what(f, ws);
    f->inside = false;
}

static int on_upgrade(vireo_req *r)
{
    vireo_ws_endpoint *endpoint = vireo_req_user(r);
    assert_non_null(endpoint);
    fixture *f = vireo_app_user(vireo_req_app(r));
    if (f->upgrade_status != 0)
        vireo_reply_text(r, f->upgrade_status, "no");
    return f->upgrade_result;
}

static void on_open(vireo_ws *ws)
{
    fixture *f = vireo_ws_user(ws);
    f->ws = ws;
    note(f, "open", NULL, 0);
    act(f, f->in_open, ws);
}

static void on_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    fixture *f = vireo_ws_user(ws);
    note(f, binary ? "B" : "T", data, len);
    if (f->echo)
        vireo_ws_send(ws, data, len, binary);
    act(f, f->in_message, ws);
}

static void on_ping(vireo_ws *ws, const void *data, size_t len)
{
    fixture *f = vireo_ws_user(ws);
    note(f, "i", data, len);
    act(f, f->in_ping, ws);
}

static void on_pong(vireo_ws *ws, const void *data, size_t len)
{
    fixture *f = vireo_ws_user(ws);
    note(f, "o", data, len);
    act(f, f->in_pong, ws);
}

static void on_error(vireo_ws *ws, int error, const char *text)
{
    fixture *f = vireo_ws_user(ws);
    char name[64];
    assert_non_null(text);
    snprintf(name, sizeof name, "error-%s", vireo_errname(error));
    note(f, name, NULL, 0);
    act(f, f->in_error, ws);
}

static void on_drain(vireo_ws *ws)
{
    fixture *f = vireo_ws_user(ws);
    note(f, "drain", NULL, 0);
    act(f, f->in_drain, ws);
}

static void on_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    fixture *f = vireo_ws_user(ws);
    char what[32];
    snprintf(what, sizeof what, "close%u", code);
    note(f, what, reason, strlen(reason));
    assert_int_equal(vireo_ws_ready_state(ws), VIREO_WS_CLOSED);
    act(f, f->in_close, ws);
    if (f->ws == ws)
        f->ws = NULL;
}

static void start(fixture *f, const vireo_ws_options *more, size_t max_queued)
{
    *f = (fixture){.echo = true};
    vireo__buf_init(&f->log, VIREO__BUF_UNLIMITED);
    assert_int_equal(uv_loop_init(&f->uv), 0);
    f->app = vireo_app_new(.uv_loop = &f->uv, .max_queued_bytes = max_queued);
    vireo_app_set_user(f->app, f);
    vireo_ws_options options = more ? *more : (vireo_ws_options){.size = sizeof options};
    options.size = sizeof options;
    options.user = f;
    options.on_upgrade = on_upgrade;
    options.on_open = on_open;
    options.on_message = on_message;
    options.on_ping = on_ping;
    options.on_pong = on_pong;
    options.on_error = on_error;
    options.on_drain = on_drain;
    options.on_close = on_close;
    f->endpoint = vireo_ws_register(f->app, "/ws", &options);
    assert_non_null(f->endpoint);
    assert_int_equal(vireo_listen(f->app, .host = "127.0.0.1", .port = 0), 0);
}

static void finish(fixture *f)
{
    vireo_app_free(f->app);
    assert_int_equal(uv_loop_close(&f->uv), 0);
    vireo__buf_deinit(&f->log);
}

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* One turn of the server; blocks for a moment at most, so that waiting costs no CPU time. */
static void turn(fixture *f, int fd)
{
    struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = uv_backend_fd(&f->uv), .events = POLLIN}};
    int timeout = uv_backend_timeout(&f->uv);
    poll(p, 2, timeout < 0 || timeout > 10 ? 10 : timeout);
    uv_run(&f->uv, UV_RUN_NOWAIT);
}

/* Turns until the server has written down |text|, and nothing else before or behind it. */
static void expect_log(fixture *f, const char *text)
{
    uint64_t end = now_ms() + DEADLINE_MS;
    while (f->log.len < strlen(text) && now_ms() < end)
        turn(f, -1);
    assert_string_equal(vireo__buf_cstr(&f->log), text);
    vireo__buf_reset(&f->log, 0);
}

static void advance(fixture *f, uint64_t ms)
{
    vireo__loop_advance(vireo__app_loop(f->app), ms);
}

/* --- the client's side -------------------------------------------------------------------------------------- */

static void client_write(fixture *f, int fd, const void *data, size_t n)
{
    uint64_t end = now_ms() + DEADLINE_MS;
    for (size_t at = 0; at < n;) {
        ssize_t got = send(fd, (const char *)data + at, n - at, MSG_NOSIGNAL);
        if (got > 0)
            at += (size_t)got;
        else
            assert_true(errno == EAGAIN && now_ms() < end);
        turn(f, -1);
    }
}

/* Reads |n| bytes; fewer only when the server ends the connection. */
static size_t client_read(fixture *f, int fd, void *out, size_t n)
{
    uint64_t end = now_ms() + DEADLINE_MS;
    size_t at = 0;
    while (at < n) {
        ssize_t got = recv(fd, (char *)out + at, n - at, 0);
        if (got == 0 || (got < 0 && errno == ECONNRESET))
            break;
        if (got > 0) {
            at += (size_t)got;
            continue;
        }
        assert_true(now_ms() < end);
        turn(f, fd);
    }
    return at;
}

static void expect_bytes(fixture *f, int fd, const void *bytes, size_t n)
{
    char got[70000];
    assert_true(n <= sizeof got);
    assert_int_equal(client_read(f, fd, got, n), n);
    assert_memory_equal(got, bytes, n);
}

#define EXPECT(f, fd, text) expect_bytes((f), (fd), (text), sizeof(text) - 1)

static void expect_end(fixture *f, int fd)
{
    char byte;
    assert_int_equal(client_read(f, fd, &byte, 1), 0);
}

static int client_connect(fixture *f)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(vireo_port(f->app))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_true(connect(fd, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS);
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
    return fd;
}

#define REQUEST(version)                                                                           \
    "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"                 \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: " version "\r\n\r\n"
#define ANSWER                                                                                     \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"            \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

static int client_open(fixture *f)
{
    int fd = client_connect(f);
    client_write(f, fd, REQUEST("13"), sizeof REQUEST("13") - 1);
    EXPECT(f, fd, ANSWER);
    return fd;
}

static int client_open_noted(fixture *f)
{
    int fd = client_open(f);
    expect_log(f, "open ");
    return fd;
}

static size_t make_frame(uint8_t *out, int first, const void *payload, size_t len)
{
    static const uint8_t mask[4] = {1, 2, 3, 4};
    size_t at = 0;
    out[at++] = (uint8_t)first;
    out[at++] = (uint8_t)(0x80 | (len < 126 ? len : 126));
    if (len >= 126) {
        out[at++] = (uint8_t)(len >> 8);
        out[at++] = (uint8_t)len;
    }
    memcpy(out + at, mask, 4);
    at += 4;
    for (size_t i = 0; i < len; i++)
        out[at++] = ((const uint8_t *)payload)[i] ^ mask[i % 4];
    return at;
}

static void client_frame(fixture *f, int fd, int first, const char *payload)
{
    uint8_t bytes[70000];
    client_write(f, fd, bytes, make_frame(bytes, first, payload, strlen(payload)));
}

/* Several texts in one write, so that the server most likely reads them at once. */
static void client_texts(fixture *f, int fd, const char *const *texts)
{
    uint8_t bytes[4096];
    size_t n = 0;
    for (; *texts != NULL; texts++)
        n += make_frame(bytes + n, FIN | TEXT, *texts, strlen(*texts));
    client_write(f, fd, bytes, n);
}

/* --- messages ----------------------------------------------------------------------------------------------- */

static void test_echo(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    int fd = client_open_noted(&f);
    client_frame(&f, fd, FIN | TEXT, "hello");
    EXPECT(&f, fd, "\x81\x05hello");
    client_frame(&f, fd, FIN | BINARY, "\xFF\xFE");
    EXPECT(&f, fd, "\x82\x02\xFF\xFE");
    client_frame(&f, fd, TEXT, "one ");
    client_frame(&f, fd, PING, "between");
    client_frame(&f, fd, FIN, "two");
    EXPECT(&f, fd, "\x8A\x07" "between\x81\x07one two");
    client_texts(&f, fd, (const char *const[]){"a", "b", "c", NULL});
    EXPECT(&f, fd, "\x81\x01" "a\x81\x01" "b\x81\x01" "c");
    expect_log(&f, "T(hello) B(\xFF\xFE) i(between) T(one two) T(a) T(b) T(c) ");
    close(fd);
    expect_log(&f, "close1006() ");
    finish(&f);
}

static void test_frame_behind_the_handshake(void **state)
{
    (void)state;
    fixture f;
    uint8_t bytes[1000];
    start(&f, NULL, 0);
    int fd = client_connect(&f);
    memcpy(bytes, REQUEST("13"), sizeof REQUEST("13") - 1);
    size_t n = sizeof REQUEST("13") - 1;
    n += make_frame(bytes + n, FIN | TEXT, "early", 5);
    client_write(&f, fd, bytes, n);
    EXPECT(&f, fd, ANSWER "\x81\x05" "early");
    expect_log(&f, "open T(early) ");
    close(fd);
    finish(&f);
}

static void greet(fixture *f, vireo_ws *ws)
{
    (void)f;
    assert_int_equal(vireo_ws_send_text(ws, "welcome"), 0);
    assert_int_equal(vireo_ws_send_json(ws, "{n:%d, s:%s}", 7, "x\"y"), 0);
    assert_int_equal(vireo_ws_ping(ws, "p", 1), 0);
}

static void test_send_inside_on_open(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    f.in_open = greet;
    int fd = client_open(&f);
    EXPECT(&f, fd, "\x81\x07welcome\x81\x12{\"n\":7,\"s\":\"x\\\"y\"}\x89\x01p");
    client_frame(&f, fd, PONG, "p");
    expect_log(&f, "open o(p) ");
    close(fd);
    finish(&f);
}

static void look_around(fixture *f, vireo_ws *ws)
{
    char *data = vireo_ws_data(ws);
    for (int i = 0; i < 100; i++)
        assert_int_equal(data[i], 0);
    memset(data, 1, 100);
    assert_int_equal((uintptr_t)data % _Alignof(max_align_t), 0);
    assert_ptr_equal(vireo_ws_app(ws), f->app);
    assert_ptr_equal(vireo_ws_endpoint_of(ws), f->endpoint);
    assert_string_equal(vireo_ws_address(ws), "127.0.0.1");
    assert_int_equal(vireo_ws_ready_state(ws), VIREO_WS_OPEN);
    assert_int_equal(vireo_ws_count(f->endpoint), 1);
}

static void refuse_to_send(fixture *f, vireo_ws *ws)
{
    (void)f;
    assert_string_equal(vireo_ws_address(ws), "127.0.0.1");
    assert_int_equal(vireo_ws_send_text(ws, "x"), VIREO_ECLOSED);
    assert_int_equal(vireo_ws_send_piece(ws, "x", 1, false, false), VIREO_ECLOSED);
    assert_int_equal(vireo_ws_ping(ws, "x", 1), VIREO_ECLOSED);
    assert_int_equal(vireo_ws_close(ws, 1000, NULL), VIREO_ECLOSED);
    assert_int_equal(vireo_ws_queued(ws), 0);
    vireo_ws_terminate(ws);
}

static void test_what_is_known_of_a_connection(void **state)
{
    (void)state;
    fixture f;
    start(&f, &(vireo_ws_options){.data_size = 100}, 0);
    f.in_open = look_around;
    f.in_close = refuse_to_send;
    int fd = client_open_noted(&f);
    close(fd);
    expect_log(&f, "close1006() ");
    assert_int_equal(vireo_ws_count(f.endpoint), 0);
    finish(&f);
}

static void test_arguments_are_checked(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    char long_reason[125];
    memset(long_reason, 'x', 124);
    long_reason[124] = '\0';
    int fd = client_open_noted(&f);
    assert_null(vireo_ws_data(f.ws));
    assert_int_equal(vireo_ws_send(f.ws, "\xFF", 1, false), VIREO_EUTF8);
    assert_int_equal(vireo_ws_broadcast(f.endpoint, NULL, "\xFF", 1, false), VIREO_EUTF8);
    assert_int_equal(vireo_ws_send_json(f.ws, "{"), VIREO_ETEMPLATE);
    assert_int_equal(vireo_ws_ping(f.ws, long_reason, 126), VIREO_EINVAL);
    assert_int_equal(vireo_ws_close(f.ws, 1005, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_ws_close(f.ws, 2999, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_ws_close(f.ws, 0, "why"), VIREO_EINVAL);
    assert_int_equal(vireo_ws_close(f.ws, 1000, long_reason), VIREO_EINVAL);
    assert_int_equal(vireo_ws_close(f.ws, 1000, "\xFF"), VIREO_EINVAL);
    assert_int_equal(vireo_ws_close(f.ws, 1000, long_reason + 1), 0);
    char close_frame[127] = {(char)CLOSE, 125, 3, (char)0xE8};
    memset(close_frame + 4, 'x', 123);
    expect_bytes(&f, fd, close_frame, sizeof close_frame);
    close(fd);
    finish(&f);
}

/* --- closing ------------------------------------------------------------------------------------------------ */

static void test_the_peer_closes(void **state)
{
    (void)state;
    static const struct {
        const char *payload, *answer, *log;
        size_t answer_len;
    } rows[] = {
        {"", "\x88\x00", "close1005() ", 2},
        {"\x03\xE8", "\x88\x02\x03\xE8", "close1000() ", 4},
        {"\x0F\xA0" "bye", "\x88\x02\x0F\xA0", "close4000(bye) ", 4},
    };
    fixture f;
    start(&f, NULL, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[100];
        int fd = client_open_noted(&f);
        size_t n = make_frame(bytes, CLOSE, rows[i].payload, strlen(rows[i].payload));
        n += make_frame(bytes + n, FIN | TEXT, "too late", 8);
        client_write(&f, fd, bytes, n);
        expect_bytes(&f, fd, rows[i].answer, rows[i].answer_len);
        expect_end(&f, fd); /* the server closes first */
        close(fd);
        expect_log(&f, rows[i].log);
    }
    finish(&f);
}

static void test_the_server_closes(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    int fd = client_open_noted(&f);
    assert_int_equal(vireo_ws_send_text(f.ws, "last"), 0);
    assert_int_equal(vireo_ws_close(f.ws, 4001, "done"), 0);
    assert_int_equal(vireo_ws_ready_state(f.ws), VIREO_WS_CLOSING);
    assert_int_equal(vireo_ws_count(f.endpoint), 0);
    assert_int_equal(vireo_ws_send_text(f.ws, "x"), VIREO_ECLOSED);
    assert_int_equal(vireo_ws_close(f.ws, 1000, NULL), VIREO_ECLOSED);
    EXPECT(&f, fd, "\x81\x04last\x88\x06\x0F\xA1" "done");
    client_frame(&f, fd, FIN | TEXT, "not delivered any more");
    client_frame(&f, fd, PING, "not answered");
    client_frame(&f, fd, CLOSE, "\x0F\xA1");
    expect_end(&f, fd);
    close(fd);
    expect_log(&f, "close4001() ");
    finish(&f);
}

static void test_the_server_closes_without_code(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    int fd = client_open_noted(&f);
    assert_int_equal(vireo_ws_close(f.ws, 0, NULL), 0);
    EXPECT(&f, fd, "\x88\x00");
    client_frame(&f, fd, CLOSE, "");
    expect_end(&f, fd);
    close(fd);
    expect_log(&f, "close1005() ");
    finish(&f);
}

static void test_no_answer_to_our_close(void **state)
{
    (void)state;
    fixture f;
    start(&f, &(vireo_ws_options){.close_timeout_ms = 5000}, 0);
    int fd = client_open_noted(&f);
    vireo_ws_close(f.ws, 1000, NULL);
    EXPECT(&f, fd, "\x88\x02\x03\xE8");
    advance(&f, 4900);
    turn(&f, -1);
    assert_int_equal(f.log.len, 0);
    advance(&f, 200);
    expect_log(&f, "close1006() ");
    expect_end(&f, fd);
    close(fd);
    finish(&f);
}

static void test_the_peer_goes_without_closing(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    int fd = client_open_noted(&f);
    client_write(&f, fd, "\x81\xFE\x01", 3); /* half a head */
    shutdown(fd, SHUT_WR);
    expect_end(&f, fd);
    expect_log(&f, "close1006() ");
    close(fd);

    fd = client_open_noted(&f);
    struct linger reset = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
    expect_log(&f, "close1006() ");
    finish(&f);
}

static void close_it(fixture *f, vireo_ws *ws)
{
    (void)f;
    vireo_ws_close(ws, 1000, NULL);
}

static void terminate_it(fixture *f, vireo_ws *ws)
{
    (void)f;
    vireo_ws_terminate(ws);
    assert_int_equal(vireo_ws_ready_state(ws), VIREO_WS_CLOSING);
    assert_int_equal(vireo_ws_send_text(ws, "x"), VIREO_ECLOSED);
}

static void close_and_terminate(fixture *f, vireo_ws *ws)
{
    close_it(f, ws);
    terminate_it(f, ws);
}

/* Every handler, every way to end: on_close comes exactly once, later, and nothing else is delivered. */
static void test_end_inside_every_handler(void **state)
{
    (void)state;
    static const action ends[] = {close_it, terminate_it, close_and_terminate};
    static const char *const logs[] = {"open ", "open T(x) ", "open i(x) ", "open o(x) ", "open error-VIREO_EPROTO "};
    for (int where = 0; where < 5; where++)
        for (int how = 0; how < 3; how++) {
            fixture f;
            start(&f, NULL, 0);
            f.echo = false;
            *(action *[]){&f.in_open, &f.in_message, &f.in_ping, &f.in_pong, &f.in_error}[where] = ends[how];
            int fd = client_connect(&f);
            uint8_t bytes[1000];
            static const int firsts[] = {FIN | TEXT, FIN | TEXT, PING, PONG, 0x83};
            memcpy(bytes, REQUEST("13"), sizeof REQUEST("13") - 1);
            size_t n = sizeof REQUEST("13") - 1;
            n += make_frame(bytes + n, firsts[where], "x", 1);
            n += make_frame(bytes + n, FIN | TEXT, "must not arrive", 15);
            client_write(&f, fd, bytes, n);
            char log[100];
            snprintf(log, sizeof log, "%s%s", logs[where], how > 0 ? "close1006() " : "");
            expect_log(&f, log);
            close(fd);
            if (how == 0)
                expect_log(&f, "close1006() ");
            finish(&f);
        }
}

/* --- errors ------------------------------------------------------------------------------------------------- */

static void test_protocol_errors(void **state)
{
    (void)state;
    static const struct {
        int first;
        const char *payload, *answer, *log;
    } rows[] = {
        {0x83, "x", "\x88\x02\x03\xEA", "error-VIREO_EPROTO close1006() "},
        {FIN | TEXT, "\xFF", "\x88\x02\x03\xEF", "error-VIREO_EUTF8 close1006() "},
        {FIN | TEXT, "01234567890", "\x88\x02\x03\xF1", "error-VIREO_ETOOBIG close1006() "},
        {CLOSE, "x", "\x88\x02\x03\xEA", "error-VIREO_EPROTO close1006() "},
    };
    fixture f;
    start(&f, &(vireo_ws_options){.max_message_bytes = 10, .max_fragments = 2}, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fd = client_open_noted(&f);
        client_frame(&f, fd, rows[i].first, rows[i].payload);
        expect_bytes(&f, fd, rows[i].answer, 4);
        expect_end(&f, fd);
        close(fd);
        expect_log(&f, rows[i].log);
    }
    int fd = client_open_noted(&f);
    client_frame(&f, fd, TEXT, "");
    client_frame(&f, fd, 0, "");
    client_frame(&f, fd, 0, "");
    EXPECT(&f, fd, "\x88\x02\x03\xF0");
    close(fd);
    expect_log(&f, "error-VIREO_ETOOBIG close1006() ");
    finish(&f);
}

/* --- a peer that does not read ------------------------------------------------------------------------------ */

static void test_a_full_queue_ends_the_connection(void **state)
{
    (void)state;
    fixture f;
    static char chunk[65536];
    memset(chunk, 'x', sizeof chunk);
    start(&f, NULL, 1000000);
    int fd = client_open_noted(&f);
    int error = 0;
    for (int i = 0; i < 1000 && error == 0; i++) {
        error = vireo_ws_send(f.ws, chunk, sizeof chunk, true);
        assert_true(vireo_ws_queued(f.ws) <= 1000000);
        turn(&f, -1);
    }
    assert_int_equal(error, VIREO_EFULL);
    expect_log(&f, "error-VIREO_EFULL close1006() ");
    close(fd);
    finish(&f);
}

static void test_drain(void **state)
{
    (void)state;
    fixture f;
    static char chunk[65536];
    start(&f, NULL, 0);
    int fd = client_open_noted(&f);
    size_t sent = 0;
    for (; vireo_ws_queued(f.ws) < 100000; sent += sizeof chunk + 10) {
        assert_int_equal(vireo_ws_send(f.ws, chunk, sizeof chunk, true), 0);
        turn(&f, -1);
    }
    f.in_drain = close_it;
    for (size_t at = 0; at < sent; at += sizeof chunk)
        client_read(&f, fd, chunk, sent - at < sizeof chunk ? sent - at : sizeof chunk);
    EXPECT(&f, fd, "\x88\x02\x03\xE8");
    expect_log(&f, "drain ");
    close(fd);
    finish(&f);
}

/* The kernel takes pongs for a client that does not read until its buffers are full; small ones fill sooner. */
static int client_open_small(fixture *f)
{
    int fd = client_open_noted(f);
    int size = 128 * 1024;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return fd;
}

/* A flood of pings from a client that reads nothing: what is queued stays small; what it reads at last ends with the pong to its newest ping. */
static void test_ping_flood(void **state)
{
    (void)state;
    fixture f;
    enum { ROUNDS = 1000, PINGS = 100, PAYLOAD = 100, QUEUED_MAX = 64 * (PAYLOAD + 2) };
    start(&f, NULL, 0);
    int fd = client_open_small(&f);
    size_t most = 0;
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t bytes[PINGS * (PAYLOAD + 6)];
        char payload[PAYLOAD + 1];
        size_t n = 0;
        for (int j = 1; j <= PINGS; j++) {
            snprintf(payload, sizeof payload, "%0*d", PAYLOAD, i * PINGS + j);
            n += make_frame(bytes + n, PING, payload, PAYLOAD);
        }
        client_write(&f, fd, bytes, n);
        most = vireo_ws_queued(f.ws) > most ? vireo_ws_queued(f.ws) : most;
        vireo__buf_reset(&f.log, 10000);
    }
    assert_in_range(most, 1, QUEUED_MAX); /* it was blocked, and held little */
    for (int newest = 0; newest < ROUNDS * PINGS;) {
        char pong[PAYLOAD + 3] = {0};
        assert_int_equal(client_read(&f, fd, pong, PAYLOAD + 2), PAYLOAD + 2);
        assert_memory_equal(pong, "\x8A\x64", 2);
        assert_true(atoi(pong + 2) > newest);
        newest = atoi(pong + 2);
    }
    close(fd);
    finish(&f);
}

/* --- many connections --------------------------------------------------------------------------------------- */

static void test_broadcast(void **state)
{
    (void)state;
    fixture f;
    int fds[5];
    start(&f, NULL, 0);
    for (int i = 0; i < 5; i++)
        fds[i] = client_open_noted(&f);
    assert_int_equal(vireo_ws_count(f.endpoint), 5);
    assert_int_equal(vireo_ws_broadcast(f.endpoint, NULL, "all", 3, false), 5);
    assert_int_equal(vireo_ws_broadcast(f.endpoint, f.ws, "others", 6, true), 4);
    vireo_ws_close(f.ws, 1000, NULL);
    assert_int_equal(vireo_ws_broadcast(f.endpoint, NULL, "open", 4, false), 4);
    for (int i = 0; i < 4; i++)
        EXPECT(&f, fds[i], "\x81\x03" "all\x82\x06others\x81\x04open");
    EXPECT(&f, fds[4], "\x81\x03" "all\x88\x02\x03\xE8");
    for (int i = 0; i < 5; i++)
        close(fds[i]);
    finish(&f);
}

static void count(vireo_ws *ws, void *user)
{
    (void)ws;
    ++*(int *)user;
}

static void end_all(vireo_ws *ws, void *user);

static void end_one(vireo_ws *ws, void *user)
{
    (void)user;
    vireo_ws_terminate(ws);
}

/* Ends this one and all others while they are being visited. */
static void end_all(vireo_ws *ws, void *user)
{
    ++*(int *)user;
    vireo_ws_close(ws, 1000, NULL);
    vireo_ws_each(vireo_ws_endpoint_of(ws), end_one, NULL);
}

static void test_each(void **state)
{
    (void)state;
    fixture f;
    int fds[5], n = 0;
    start(&f, NULL, 0);
    for (int i = 0; i < 5; i++)
        fds[i] = client_open_noted(&f);
    vireo_ws_each(f.endpoint, count, &n);
    assert_int_equal(n, 5);
    n = 0;
    vireo_ws_each(f.endpoint, end_all, &n);
    assert_int_equal(n, 1);
    vireo_ws_each(f.endpoint, count, &n);
    assert_int_equal(n, 1);
    for (int i = 0; i < 5; i++)
        close(fds[i]);
    expect_log(&f, "close1006() close1006() close1006() close1006() close1006() ");
    finish(&f);
}

/* --- messages in pieces ------------------------------------------------------------------------------------- */

static void test_send_in_pieces(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    int fd = client_open_noted(&f);
    assert_int_equal(vireo_ws_send_piece(f.ws, "\xFF", 1, false, false), VIREO_EUTF8);
    assert_int_equal(vireo_ws_send_piece(f.ws, "a\xE2\x82", 3, false, false), 0);
    assert_int_equal(vireo_ws_send_piece(f.ws, "x", 1, false, false), VIREO_EUTF8);
    assert_int_equal(vireo_ws_send_piece(f.ws, "x", 1, true, false), VIREO_EINVAL);
    assert_int_equal(vireo_ws_send_text(f.ws, "waits"), 0);
    assert_int_equal(vireo_ws_broadcast(f.endpoint, NULL, "too", 3, true), 1);
    assert_int_equal(vireo_ws_ping(f.ws, "p", 1), 0);
    assert_true(vireo_ws_queued(f.ws) > 8);
    assert_int_equal(vireo_ws_send_piece(f.ws, "", 0, false, true), VIREO_EUTF8);
    assert_int_equal(vireo_ws_send_piece(f.ws, "\xAC", 1, false, true), 0);
    assert_int_equal(vireo_ws_send_piece(f.ws, "\xFF", 1, true, true), 0);
    EXPECT(&f, fd, "\x01\x03" "a\xE2\x82\x89\x01p\x80\x01\xAC\x81\x05waits\x82\x03too\x82\x01\xFF");
    vireo_ws_send_piece(f.ws, "never", 5, true, false);
    vireo_ws_send_text(f.ws, "ends");
    close(fd);
    expect_log(&f, "close1006() ");
    finish(&f);
}

static void on_piece(vireo_ws *ws, const void *data, size_t len, bool binary, bool last)
{
    fixture *f = vireo_ws_user(ws);
    note(f, binary ? (last ? "BL" : "B") : (last ? "TL" : "T"), data, len);
}

static void test_receive_in_pieces(void **state)
{
    (void)state;
    fixture f;
    start(&f, &(vireo_ws_options){.on_piece = on_piece}, 0);
    int fd = client_open_noted(&f);
    client_frame(&f, fd, TEXT, "one");
    expect_log(&f, "T(one) ");
    client_frame(&f, fd, FIN, "two");
    client_frame(&f, fd, FIN | BINARY, "three");
    expect_log(&f, "TL(two) BL(three) ");
    client_write(&f, fd, "\x82\x85\0\0\0\0ab", 8);
    expect_log(&f, "B(ab) ");
    client_write(&f, fd, "cde", 3);
    expect_log(&f, "BL(cde) ");
    close(fd);
    finish(&f);
}

/* --- refusing ----------------------------------------------------------------------------------------------- */

static void expect_refusal(fixture *f, const char *version, const char *status, const char *header)
{
    char answer[4096] = "";
    char request[500];
    int fd = client_connect(f);
    snprintf(request, sizeof request, "%.*s%s\r\nConnection: Upgrade, close\r\n\r\n", (int)(sizeof REQUEST("") - 5), REQUEST(""), version);
    client_write(f, fd, request, strlen(request));
    answer[client_read(f, fd, answer, sizeof answer - 1)] = '\0';
    assert_non_null(strstr(answer, status));
    assert_non_null(strstr(answer, header));
    assert_int_equal(f->log.len, 0);
    close(fd);
}

static void test_refusals(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    expect_refusal(&f, "12", "HTTP/1.1 426 ", "Sec-WebSocket-Version: 13\r\n");
    f.upgrade_result = VIREO_ENOTFOUND;
    expect_refusal(&f, "13", "HTTP/1.1 404 ", "\r\n");
    f.upgrade_result = 0;
    f.upgrade_status = 403;
    expect_refusal(&f, "13", "HTTP/1.1 403 ", "\r\n");
    finish(&f);
}

/* --- the end ------------------------------------------------------------------------------------------------ */

static void test_the_application_ends(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    int polite = client_open_noted(&f);
    int silent = client_open_noted(&f);
    int closing = client_open_noted(&f);
    vireo_ws_close(f.ws, 4000, NULL);
    vireo_stop(f.app);
    EXPECT(&f, polite, "\x88\x02\x03\xE9");
    EXPECT(&f, silent, "\x88\x02\x03\xE9");
    EXPECT(&f, closing, "\x88\x02\x0F\xA0");
    client_frame(&f, polite, CLOSE, "\x03\xE9");
    expect_end(&f, polite);
    close(polite);
    expect_log(&f, "close1001() ");
    advance(&f, 2100);
    expect_log(&f, "close1006() close1006() ");
    close(silent);
    close(closing);
    finish(&f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_frame_behind_the_handshake),
        cmocka_unit_test(test_send_inside_on_open),
        cmocka_unit_test(test_what_is_known_of_a_connection),
        cmocka_unit_test(test_arguments_are_checked),
        cmocka_unit_test(test_the_peer_closes),
        cmocka_unit_test(test_the_server_closes),
        cmocka_unit_test(test_the_server_closes_without_code),
        cmocka_unit_test(test_no_answer_to_our_close),
        cmocka_unit_test(test_the_peer_goes_without_closing),
        cmocka_unit_test(test_end_inside_every_handler),
        cmocka_unit_test(test_protocol_errors),
        cmocka_unit_test(test_a_full_queue_ends_the_connection),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_ping_flood),
        cmocka_unit_test(test_broadcast),
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_send_in_pieces),
        cmocka_unit_test(test_receive_in_pieces),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_the_application_ends),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
