/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* order-server.c: workers that a test can tell apart and hold up. Socket.IO's "/"; GET /worker
 * answers with the number of the connection's worker; GET /block?ms=N holds that one up.
 *
 * Observations: "mark" .. is observed as mark {worker}; disconnect {id, reason} */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <vireo/vireo.h>

#include "../../examples/cli.h"

static void observe(char *line)
{
    puts(line != NULL ? line : "out of memory");
    free(line);
}

static void on_mark(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    observe(vireo_format(NULL, "{event:%s, worker:%u}", "mark", vireo_worker(vireo_app_of(s))));
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    observe(
        vireo_format(NULL, "{event:%s, id:%s, reason:%s}", "disconnect", vireo_id(s), why->reason));
}

static int say_worker(vireo_req *r)
{
    return vireo_reply_json(r, 200, "%u", vireo_worker(vireo_req_app(r)));
}

static int block(vireo_req *r)
{
    const char *text = vireo_query(r, "ms");
    long ms = text != NULL ? strtol(text, NULL, 10) : 0;
    observe(vireo_format(NULL, "{event:%s, worker:%u}", "blocked", vireo_worker(vireo_req_app(r))));
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
    return vireo_reply_json(r, 200, "%u", vireo_worker(vireo_req_app(r)));
}

static const vireo_event_handler events[] = {{"mark", on_mark}, {0}};

static int setup(vireo_app *app, void *user)
{
    (void)user;
    vireo_namespace(app, "/", .on_disconnect = on_disconnect, .events = events);
    vireo_route(app, "GET", "/worker", say_worker, NULL);
    return vireo_route(app, "GET", "/block", block, NULL);
}

int main(int argc, char **argv)
{
    struct cli_option more[] = {{"--workers", "how many", "4"}, {0}};
    struct cli cli = cli_parse_more(argc, argv, 0, more);
    setvbuf(stdout, NULL, _IOLBF, 0);
    return vireo_run_workers(setup, NULL, .workers = (uint32_t)atoi(more[0].value),
                             .host = cli.host, .port = cli.port, .name = "order");
}
