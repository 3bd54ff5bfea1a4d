/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client_allocations.c: every n-th allocation fails once while a client connects, sends, is
 * answered and is dropped, over polling, WebSocket and the change between them, in two namespaces,
 * with retries. Whatever it was: nothing crashes or leaks, and the client, which tries again, gets
 * its answer in the end. The server is in the same process, so it is not spared either. */

#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <uv.h>
#include <vireo/vireo.h>

enum { PATIENCE_MS = 20000 };

typedef struct scene {
    vireo_app *server;
    vireo_app *app;
    vireo_socket *sockets[2];
    const vireo_client_options *options;
    int answered;
} scene;

static void on_echo(vireo_socket *s, const vireo_msg *m)
{
    if (vireo_ack(m, "%p", (const void *)vireo_arg(m, 0)) < 0)
        vireo_disconnect(s, true);
}

static const vireo_event_handler server_events[] = {{"echo", on_echo}, {0}};

static void again(vireo_socket *s);

static void on_answer(vireo_socket *s, int status, const vireo_value *args, void *user)
{
    scene *c = user;
    if (status == 0 && vireo_type_of(vireo_at(args, 0)) == VIREO_BINARY)
        c->answered++;
    else if (vireo_connected(s))
        again(s);
}

static void again(vireo_socket *s)
{
    scene *c = vireo_client_user(s);
    if (vireo_emit_ack(s, 1000, on_answer, c, "echo", "%p", vireo_binary("bytes", 5)) < 0)
        vireo_disconnect(s, true);
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    (void)why;
    vireo_open(s);
}

static void on_connect_error(vireo_socket *s, const vireo_connect_error *error)
{
    if (error->refused)
        vireo_open(s);
}

static void on_reconnect_failed(vireo_socket *s)
{
    vireo_open(s);
}

static void quiet(void *user, vireo_level level, const char *area, const char *text)
{
    (void)user;
    (void)level;
    (void)area;
    (void)text;
}

static void connect_both(scene *c)
{
    static const char *const names[] = {"", "two"};
    for (int i = 0; i < 2; i++) {
        char url[64];
        vireo_client_options o = *c->options;
        o.size = sizeof o;
        o.user = c;
        o.on_connect = again;
        o.on_disconnect = on_disconnect;
        o.on_connect_error = on_connect_error;
        o.on_reconnect_failed = on_reconnect_failed;
        o.auth = "{name:'x'}";
        o.timeout_ms = 500;
        o.reconnect_delay_ms = o.reconnect_delay_max_ms = 1;
        snprintf(url, sizeof url, "http://127.0.0.1:%u/%s", vireo_port(c->server), names[i]);
        c->sockets[i] = vireo_client_connect(c->app, url, &o);
    }
}

static bool answered(const scene *c)
{
    int wanted = 0;
    for (int i = 0; i < 2; i++)
        wanted += c->sockets[i] != NULL;
    return c->answered >= wanted;
}

static void run(scene *c, uv_loop_t *loop)
{
    uint64_t until = uv_hrtime() / 1000000 + PATIENCE_MS;
    connect_both(c);
    while (!answered(c) && uv_hrtime() / 1000000 < until)
        uv_run(loop, UV_RUN_ONCE);
    vireo_drop(c->sockets[0]);
    for (int i = 0; i < 3; i++)
        uv_run(loop, UV_RUN_NOWAIT);
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static void with_every_allocation_failing(const vireo_client_options *options)
{
    uv_loop_t loop;
    uv_timer_t tick;
    assert_int_equal(uv_loop_init(&loop), 0);
    uv_timer_init(&loop, &tick);
    uv_timer_start(&tick, on_tick, 20, 20); /* uv_run returns now and then */
    for (int n = 1;; n++) {
        scene c = {.options = options};
        c.server = vireo_app_new(.uv_loop = &loop, .log = quiet);
        c.app = vireo_app_new(.uv_loop = &loop, .log = quiet);
        assert_non_null(vireo_namespace(c.server, "/", .events = server_events));
        assert_non_null(vireo_namespace(c.server, "/two", .events = server_events));
        assert_int_equal(vireo_listen(c.server, .host = "127.0.0.1"), 0);
        oom_fail_at(n);
        run(&c, &loop);
        bool failed = oom_failed();
        bool done = answered(&c);
        vireo_app_free(c.app);
        vireo_app_free(c.server);
        if (!done)
            print_error("allocation %d\n", n);
        assert_true(done);
        if (!failed) {
            assert_true(n > 50);
            break;
        }
    }
    uv_close((uv_handle_t *)&tick, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void over_websocket(void **state)
{
    (void)state;
    with_every_allocation_failing(&(vireo_client_options){.transports = "websocket"});
}

static void over_polling(void **state)
{
    (void)state;
    with_every_allocation_failing(
        &(vireo_client_options){.transports = "polling", .cookies = true});
}

static void over_both(void **state)
{
    (void)state;
    with_every_allocation_failing(
        &(vireo_client_options){.headers = (const char *const[]){"X-A", "1", NULL},
                                .query = (const char *const[]){"a", "1", NULL}});
}

static void with_retries(void **state)
{
    (void)state;
    with_every_allocation_failing(
        &(vireo_client_options){.transports = "websocket", .retries = 20, .ack_timeout_ms = 300});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_websocket),
        cmocka_unit_test(over_polling),
        cmocka_unit_test(over_both),
        cmocka_unit_test(with_retries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
