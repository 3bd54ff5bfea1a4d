/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* sse-clock: a stream of server-sent events. Every second the time; who was cut off for a while
 * gets the ticks he has missed. */

#include <vireo/vireo.h>

#include <time.h>

#include "cli.h"

#define INTERVAL_MS 1000

static void tick(vireo_timer *timer, void *user)
{
    vireo_sse_endpoint *clock = user;
    char now[32];
    time_t seconds = time(NULL);
    (void)timer;
    strftime(now, sizeof now, "%H:%M:%S", gmtime(&seconds));
    vireo_sse_publish(clock, NULL, "tick", "{time:%s,readers:%zu}", now,
                      vireo_sse_count(clock, NULL));
}

static void on_open(vireo_sse *e, vireo_req *r)
{
    (void)r;
    printf("open: %s%s\n", vireo_sse_address(e), vireo_sse_missed(e) ? ", away for long" : "");
    vireo_sse_send_text(e, "hello", "The clock\nshows UTC.");
}

static void on_close(vireo_sse *e, int error)
{
    printf("close: %s %s\n", vireo_sse_address(e), error < 0 ? vireo_strerror(error) : "");
}

int main(int argc, char **argv)
{
    struct cli cli = cli_parse(argc, argv, 3000);
    vireo_app *app = vireo_app_new();
    vireo_static(app, "/", PUBLIC_FOLDER);
    vireo_sse_endpoint *clock =
        vireo_event_stream(app, "/clock", .on_open = on_open, .on_close = on_close,
                           .retry_ms = 2000, .history_events = 600);
    vireo_every(app, INTERVAL_MS, tick, clock);
    return vireo_run(app, .host = cli.host, .port = cli.port, .name = "sse-clock");
}
