/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* What an idle connection holds of the heap, for each kind of it, and that all of it is given back.
 * A limit that fails here is a field that somebody has added to what a million connections have:
 * docs/internals/memory.md says what stands where. Each limit is what is needed now, the handle of
 * libuv included, and a little for addresses that are longer than 127.0.0.1; streams on io_uring
 * need no such handle. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vireo/http.h>
#include <vireo/socket.h>
#include <vireo/sse.h>
#include <vireo/ws.h>

#include "allocated.h"
#include "http/app.h"

enum {
    FIRST = 64,
    MORE = 128,
    PATIENCE = 20000,
    HEARTBEAT_MS = 26000,
    MAX_STEPS = 4,
    HANDLE_BYTES = 208 /* of libuv, beyond what a stream on io_uring has in its place */
};

/* --- clients, which allocate nothing ---------------------------------------------------------- */

/* What browsers say; the key differs from one to the other. */
#define BROWSER                                                                                    \
    "Host: localhost:3000\r\n"                                                                     \
    "Pragma: no-cache\r\n"                                                                         \
    "Cache-Control: no-cache\r\n"                                                                  \
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "          \
    "Chrome/126.0.0.0 Safari/537.36\r\n"                                                           \
    "Origin: http://localhost:3000\r\n"                                                            \
    "Accept-Encoding: gzip, deflate, br\r\n"                                                       \
    "Accept-Language: en-US,en;q=0.9\r\n"
#define UPGRADE                                                                                    \
    BROWSER "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"           \
            "Sec-WebSocket-Key: %KAAAAAAAAAAAAAAAA==\r\n\r\n"

/* What is said, with %K for a key that nobody else has and %S for the session's id, and the end of
 * what is waited for; NULL: nothing. */
typedef struct step {
    const char *say;
    const char *hear;
} step;

#define POLL "/socket.io/?EIO=4&transport=polling&sid=%S HTTP/1.1\r\n" BROWSER

typedef struct kind {
    const char *name;
    step steps[MAX_STEPS];
    long max_bytes;
    long max_blocks;
} kind;

#define JOIN_BY_POLLING                                                                            \
    {"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n" BROWSER "\r\n", "\"maxPayload\":"},    \
        {"POST " POLL "Content-Length: 2\r\n\r\n40", "\r\n\r\nok"},                                \
    {                                                                                              \
        "GET " POLL "\r\n", "40{\"sid\""                                                           \
    }

static const kind kinds[] = {
    {"HTTP between two requests",
     {{"GET /hello HTTP/1.1\r\n" BROWSER "\r\n", "\r\n\r\nhello"}},
     544,
     2},
    {"WebSocket", {{"GET /ws HTTP/1.1\r\n" UPGRADE, "\r\n\r\n"}}, 576, 2},
    {"Server-Sent Events", {{"GET /events HTTP/1.1\r\n" BROWSER "\r\n", "retry: 1234"}}, 544, 2},
    {"Socket.IO over WebSocket",
     {{"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n" UPGRADE, "\"maxPayload\":"},
      {"\x81\x82\1\1\1\1"
       "51",
       "40{\"sid\""}},
     1110,
     5},
    {"Socket.IO over polling between two requests", {JOIN_BY_POLLING}, 1060, 5},
    {"Socket.IO over polling with a GET pending",
     {JOIN_BY_POLLING, {"GET " POLL "\r\n", NULL}},
     2280,
     8},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

typedef struct client {
    int fd;
    char sid[VIREO_ID_SIZE];
} client;

static void turn(vireo_app *app)
{
    uv_run(vireo__app_loop(app)->uv, UV_RUN_NOWAIT);
}

static void settle(vireo_app *app)
{
    for (int i = 0; i < 20; i++)
        turn(app);
}

/* Waits until |end| and, if there is such a thing, all that belongs to it have come. */
static void wait_for(vireo_app *app, client *c, const char *end)
{
    static char got[65536];
    size_t len = 0;
    got[0] = '\0';
    for (int patience = PATIENCE; patience > 0 && strstr(got, end) == NULL; patience--) {
        turn(app);
        ssize_t n = recv(c->fd, got + len, sizeof got - 1 - len, MSG_DONTWAIT);
        len += n > 0 ? (size_t)n : 0;
        got[len] = '\0';
        for (char *at = got; n > 0 && (at = memchr(at, 0, (size_t)(got + len - at))) != NULL;)
            *at = ' '; /* of the length of a frame */
    }
    if (strstr(got, end) == NULL)
        fail_msg("received:\n%s\nexpected:\n%s", got, end);
    const char *sid = strstr(got, "0{\"sid\":\"");
    if (sid != NULL && c->sid[0] == '\0')
        memcpy(c->sid, sid + 9, sizeof c->sid - 1);
}

static void say(client *c, const char *text)
{
    static unsigned keys;
    static char said[4096];
    size_t len = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at != '%')
            said[len++] = *at;
        else if (*++at == 'K')
            len += (size_t)sprintf(said + len, "%06u", keys++);
        else
            len += (size_t)sprintf(said + len, "%s", c->sid);
    }
    assert_int_equal(send(c->fd, said, len, MSG_NOSIGNAL), len);
}

static client open_client(vireo_app *app, const kind *k)
{
    client c = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(vireo_port(app)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(connect(c.fd, (struct sockaddr *)&to, sizeof to), 0);
    for (int i = 0; i < MAX_STEPS && k->steps[i].say != NULL; i++) {
        say(&c, k->steps[i].say);
        if (k->steps[i].hear != NULL)
            wait_for(app, &c, k->steps[i].hear);
        else
            settle(app);
    }
    return c;
}

/* --- the server ------------------------------------------------------------------------------- */

static int on_hello(vireo_req *r)
{
    return vireo_reply_text(r, 200, "hello");
}

static void on_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    vireo_ws_send(ws, data, len, binary);
}

static vireo_app *make_app(vireo_io_kind io)
{
    vireo_app *app = vireo_app_new(.io = io);
    vireo_route(app, "GET", "/hello", on_hello, NULL);
    vireo_websocket(app, "/ws", .on_message = on_message);
    vireo_event_stream(app, "/events", .retry_ms = 1234);
    vireo_namespace(app, "/");
    assert_int_equal(vireo_listen(app, .host = "127.0.0.1"), 0);
    return app;
}

/* --- what they hold --------------------------------------------------------------------------- */

static void open_clients(vireo_app *app, const kind *k, client *clients, int count)
{
    for (int i = 0; i < count; i++)
        clients[i] = open_client(app, k);
    settle(app);
}

static void close_clients(vireo_app *app, const client *clients, int count)
{
    size_t stay = vireo__app_connections(app) - (size_t)count;
    for (int i = 0; i < count; i++)
        close(clients[i].fd);
    for (int patience = PATIENCE; patience > 0 && vireo__app_connections(app) > stay; patience--)
        turn(app);
    settle(app);
}

/* Sessions that poll end when they are missed. */
static void let_them_be_missed(vireo_app *app)
{
    for (int i = 0; i < 3; i++) {
        vireo__loop_advance(vireo__app_loop(app), HEARTBEAT_MS);
        settle(app);
    }
}

static void measure(const kind *k, vireo_io_kind io)
{
    static client clients[FIRST + MORE];
    vireo_app *app = make_app(io);
    bool ring = vireo__app_loop(app)->uring != NULL;
    long max_bytes = k->max_bytes - (ring ? HANDLE_BYTES : 0);
    open_clients(app, k, clients, FIRST);
    allocated before = allocated_now;
    open_clients(app, k, clients + FIRST, MORE);
    long bytes = (allocated_now.bytes - before.bytes + MORE - 1) / MORE;
    long blocks = (allocated_now.blocks - before.blocks + MORE - 1) / MORE;
    print_message("%s, %s: %ld bytes in %ld blocks\n", k->name, ring ? "io_uring" : "libuv", bytes,
                  blocks);
    close_clients(app, clients, FIRST + MORE);
    vireo_app_free(app);
    if (bytes > max_bytes || blocks > k->max_blocks)
        fail_msg("%s: more than %ld bytes in %ld blocks", k->name, max_bytes, k->max_blocks);
}

static void test_idle_connections_are_small(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        measure(&kinds[i], VIREO_IO_UV);
        measure(&kinds[i], VIREO_IO_AUTO);
    }
}

/* A second wave finds what the first has left, and leaves no more. */
static void test_what_they_held_is_given_back(void **state)
{
    static client clients[FIRST];
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        vireo_app *app = make_app(VIREO_IO_AUTO);
        open_clients(app, &kinds[i], clients, FIRST);
        close_clients(app, clients, FIRST);
        let_them_be_missed(app);
        allocated before = allocated_now;
        open_clients(app, &kinds[i], clients, FIRST);
        close_clients(app, clients, FIRST);
        let_them_be_missed(app);
        if (allocated_now.bytes != before.bytes || allocated_now.blocks != before.blocks)
            fail_msg("%s: %ld bytes in %ld blocks stay behind", kinds[i].name,
                     allocated_now.bytes - before.bytes, allocated_now.blocks - before.blocks);
        vireo_app_free(app);
    }
}

static void test_pages_are_given_back_when_a_crowd_has_gone(void **state)
{
    enum { CROWD = 256 };
    static client clients[CROWD];
    (void)state;
    vireo_app *app = make_app(VIREO_IO_AUTO);
    open_clients(app, &kinds[1], clients, CROWD - 1);
    allocated_trims = 0;
    close_clients(app, clients, CROWD - 1); /* no crowd */
    assert_int_equal(allocated_trims, 0);
    open_clients(app, &kinds[1], clients, CROWD);
    close_clients(app, clients, CROWD / 2 - 1);
    assert_int_equal(allocated_trims, 0); /* more than half of them are there */
    close_clients(app, clients + CROWD / 2 - 1, 1);
    assert_int_equal(allocated_trims, 1);
    close_clients(app, clients + CROWD / 2, CROWD / 2);
    assert_int_equal(allocated_trims, 1);
    vireo_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle_connections_are_small),
        cmocka_unit_test(test_what_they_held_is_given_back),
        cmocka_unit_test(test_pages_are_given_back_when_a_crowd_has_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
