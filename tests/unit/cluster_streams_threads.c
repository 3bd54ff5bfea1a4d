/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* O06, W08, E02: topics of WebSockets and event streams on four workers, with clients that all
 * speak at once. Meant for ThreadSanitizer, too. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vireo/vireo.h>

enum { WORKERS = 4, CLIENTS = 8, MESSAGES = 50, TOTAL = CLIENTS * MESSAGES };

/* --- the server ------------------------------------------------------------------------------- */

typedef struct place {
    vireo_sse_endpoint *news;
    vireo_ws_endpoint *sockets;
} place;

static struct {
    atomic_uint port;
    place places[WORKERS];
} server;

static void on_server_open(vireo_ws *ws)
{
    vireo_ws_subscribe(ws, "topic");
    vireo_ws_send_text(ws, "welcome");
}

/* Each message goes to the topic, to the endpoint and to the streams. */
static void on_server_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    vireo_app *app = vireo_ws_app(ws);
    const place *here = &server.places[vireo_worker(app)];
    if (len == 4) {
        vireo_stop(app);
        return;
    }
    vireo_ws_publish(app, "topic", NULL, data, len, binary);
    vireo_ws_broadcast(here->sockets, NULL, data, len, true);
    vireo_sse_publish(here->news, NULL, NULL, "%.*s", (int)len, (const char *)data);
}

static int setup(vireo_app *app, void *unused)
{
    place *here = &server.places[vireo_worker(app)];
    (void)unused;
    here->news = vireo_event_stream(app, "/news", .history_events = TOTAL);
    here->sockets =
        vireo_websocket(app, "/ws", .on_open = on_server_open, .on_message = on_server_message);
    int error = vireo_listen(app, .host = "127.0.0.1");
    atomic_store(&server.port, vireo_port(app));
    return error;
}

static void *run_server(void *unused)
{
    (void)unused;
    return (void *)(intptr_t)vireo_run_workers(setup, NULL, .workers = WORKERS);
}

/* --- clients ---------------------------------------------------------------------------------- */

static struct {
    vireo_app *app;
    vireo_ws *sockets[CLIENTS];
    vireo_sse_client *streams[CLIENTS];
    unsigned open;
    unsigned topic[CLIENTS], all[CLIENTS]; /* messages that have come */
    unsigned events[CLIENTS];
    unsigned closed;
} world;

static bool all_have(const unsigned *counts)
{
    for (int i = 0; i < CLIENTS; i++)
        if (counts[i] < TOTAL)
            return false;
    return true;
}

static void look(void)
{
    if (!all_have(world.topic) || !all_have(world.all) || !all_have(world.events))
        return;
    for (int i = 0; i < CLIENTS; i++)
        vireo_sse_disconnect(world.streams[i]);
    vireo_ws_send_text(world.sockets[0], "stop");
}

static void one_more_open(void)
{
    if (++world.open < 2 * CLIENTS)
        return;
    for (int n = 0; n < MESSAGES; n++)
        for (int i = 0; i < CLIENTS; i++) {
            char text[32];
            snprintf(text, sizeof text, "%d-%03d", i, n);
            vireo_ws_send_text(world.sockets[i], text);
        }
}

static void on_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    unsigned *number = vireo_ws_user(ws);
    (void)data;
    if (len == strlen("welcome"))
        one_more_open();
    else
        ++(binary ? world.all : world.topic)[number - world.topic];
    look();
}

static void on_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    (void)ws;
    (void)reason;
    assert_int_equal(code, 1001);
    if (++world.closed == CLIENTS)
        vireo_stop(world.app);
}

static void on_stream_open(vireo_sse_client *c)
{
    (void)c;
    one_more_open();
}

/* Numbers without a gap: the same order for all. */
static void on_event(vireo_sse_client *c, const vireo_sse_event *e)
{
    unsigned *count = vireo_sse_client_user(c);
    ++*count;
    assert_int_equal(strtoul(strchr(e->id, '-') + 1, NULL, 10), *count);
    look();
}

static void everybody_hears_everything(void **state)
{
    (void)state;
    pthread_t thread;
    void *result;
    char ws[64], news[64];
    assert_int_equal(pthread_create(&thread, NULL, run_server, NULL), 0);
    while (atomic_load(&server.port) == 0)
        usleep(1000);
    snprintf(ws, sizeof ws, "ws://127.0.0.1:%u/ws", atomic_load(&server.port));
    snprintf(news, sizeof news, "http://127.0.0.1:%u/news", atomic_load(&server.port));
    world.app = vireo_app_new();
    for (int i = 0; i < CLIENTS; i++) {
        world.streams[i] = vireo_sse_connect(world.app, news, .user = &world.events[i],
                                             .on_open = on_stream_open, .on_event = on_event);
        world.sockets[i] = vireo_ws_connect(world.app, ws, .user = &world.topic[i],
                                            .on_message = on_message, .on_close = on_close);
    }
    vireo_run_loop(world.app);
    pthread_join(thread, &result);
    assert_int_equal((intptr_t)result, 0);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(world.topic[i], TOTAL);
        assert_int_equal(world.all[i], TOTAL);
        assert_int_equal(world.events[i], TOTAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(everybody_hears_everything)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
