/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* socketio_client_sleep.c: a machine that sleeps (C20): the clock that goes on has jumped, the
 * loop's has not, so no timer tells yet that the server's PING is overdue. What is emitted then
 * waits for the next connection, and the old one is left with "ping timeout".
 *
 * Link with -Wl,--wrap=clock_gettime. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <uv.h>
#include <vireo/vireo.h>

enum { PATIENCE_MS = 20000, INTERVAL_MS = 25000, TIMEOUT_MS = 20000 };

static int64_t slept_ms;

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = __real_clock_gettime(clock, now);
    if (clock == CLOCK_BOOTTIME) {
        now->tv_sec += slept_ms / 1000;
        now->tv_nsec += slept_ms % 1000 * 1000000;
    }
    return result;
}

typedef struct scene {
    uv_loop_t loop;
    uv_timer_t tick;
    vireo_app *server, *app;
    vireo_socket *s;
    int connects, disconnects, arrived, answers;
    char reason[32];
} scene;

static void on_note(vireo_socket *s, const vireo_msg *m)
{
    scene *c = vireo_app_user(vireo_app_of(s));
    c->arrived++;
    vireo_ack(m, NULL);
}

static const vireo_event_handler events[] = {{"note", on_note}, {0}};

static void on_connect(vireo_socket *s)
{
    ((scene *)vireo_client_user(s))->connects++;
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    scene *c = vireo_client_user(s);
    c->disconnects++;
    snprintf(c->reason, sizeof c->reason, "%s", why->reason);
}

static void on_answer(vireo_socket *s, int status, const vireo_value *args, void *user)
{
    (void)s;
    (void)args;
    assert_int_equal(status, 0);
    ((scene *)user)->answers++;
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static void until(scene *c, const int *count, int n)
{
    uint64_t end_at = uv_hrtime() / 1000000 + PATIENCE_MS;
    while (*count < n && uv_hrtime() / 1000000 < end_at)
        uv_run(&c->loop, UV_RUN_ONCE);
    assert_true(*count >= n);
}

static void begin(scene *c, const char *transports)
{
    char url[64];
    *c = (scene){.reason = ""};
    slept_ms = 0;
    assert_int_equal(uv_loop_init(&c->loop), 0);
    uv_timer_init(&c->loop, &c->tick);
    uv_timer_start(&c->tick, on_tick, 1, 1);
    c->server = vireo_app_new(.uv_loop = &c->loop);
    vireo_app_set_user(c->server, c);
    vireo_socketio(c->server, .ping_interval_ms = INTERVAL_MS, .ping_timeout_ms = TIMEOUT_MS);
    assert_non_null(vireo_namespace(c->server, "/", .events = events));
    assert_int_equal(vireo_listen(c->server, .host = "127.0.0.1"), 0);
    c->app = vireo_app_new(.uv_loop = &c->loop);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", vireo_port(c->server));
    c->s = vireo_connect(c->app, url, .user = c, .on_connect = on_connect,
                         .on_disconnect = on_disconnect, .transports = transports,
                         .reconnect_delay_ms = 1);
    until(c, &c->connects, 1);
}

static void end(scene *c)
{
    vireo_app_free(c->app);
    vireo_app_free(c->server);
    uv_close((uv_handle_t *)&c->tick, NULL);
    uv_run(&c->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&c->loop), 0);
}

static void emits_after(const char *transports, int64_t ms, bool too_long)
{
    scene c;
    begin(&c, transports);
    slept_ms = ms;
    assert_int_equal(vireo_emit(c.s, "note", NULL), 0);
    assert_int_equal(vireo_emit_ack(c.s, 0, on_answer, &c, "note", NULL), 0);
    assert_int_equal(vireo_buffered(c.s), too_long ? 2 : 0);
    assert_int_equal(c.disconnects, 0); /* not inside the call */
    until(&c, &c.answers, 1);
    assert_int_equal(c.arrived, 2);
    assert_int_equal(c.disconnects, too_long ? 1 : 0);
    assert_int_equal(c.connects, too_long ? 2 : 1);
    assert_string_equal(c.reason, too_long ? "ping timeout" : "");
    end(&c);
}

static void after_a_sleep_that_was_too_long(void **state)
{
    (void)state;
    emits_after("websocket", INTERVAL_MS + TIMEOUT_MS + 1, true);
    emits_after("polling", 3600000, true);
}

static void after_one_that_was_not(void **state)
{
    (void)state;
    emits_after("websocket", (INTERVAL_MS + TIMEOUT_MS) / 2, false);
    emits_after("polling", (INTERVAL_MS + TIMEOUT_MS) / 2, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_sleep_that_was_too_long),
        cmocka_unit_test(after_one_that_was_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
