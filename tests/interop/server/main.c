/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include <getopt.h>

#include "serve.h"
#include "server.h"

struct options {
    vireo_app_options app;
    vireo_io_options io;
    vireo_listen_options listen;
};

static const struct option long_options[] = {
    {"port", required_argument, NULL, 'p'},
    {"host", required_argument, NULL, 'h'},
    {"path", required_argument, NULL, 'P'},
    {"ping-interval", required_argument, NULL, 'i'},
    {"ping-timeout", required_argument, NULL, 't'},
    {"upgrade-timeout", required_argument, NULL, 'u'},
    {"connect-timeout", required_argument, NULL, 'c'},
    {"max-payload", required_argument, NULL, 'm'},
    {"transports", required_argument, NULL, 'T'},
    {"no-upgrades", no_argument, NULL, 'n'},
    {"header-timeout", required_argument, NULL, 'H'},
    {"queue-limit", required_argument, NULL, 'q'},
    {0},
};

static unsigned read_transports(const char *text)
{
    return (strstr(text, "polling") != NULL ? VIREO_POLLING : 0) |
           (strstr(text, "websocket") != NULL ? VIREO_WEBSOCKET : 0);
}

static bool read_option(struct options *o, int which)
{
    unsigned long number = optarg != NULL ? strtoul(optarg, NULL, 10) : 0;
    switch (which) {
    case 'p':
        o->listen.port = (uint16_t)number;
        return true;
    case 'h':
        o->listen.host = optarg;
        return true;
    case 'P':
        o->io.path = optarg;
        return true;
    case 'i':
        o->io.ping_interval_ms = (uint32_t)number;
        return true;
    case 't':
        o->io.ping_timeout_ms = (uint32_t)number;
        return true;
    case 'u':
        o->io.upgrade_timeout_ms = (uint32_t)number;
        return true;
    case 'c':
        o->io.connect_timeout_ms = (uint32_t)number;
        return true;
    case 'm':
        o->io.max_message_bytes = number;
        return true;
    case 'T':
        o->io.transports = read_transports(optarg);
        return true;
    case 'n':
        o->io.no_upgrades = true;
        return true;
    case 'H':
        o->app.header_timeout_ms = (uint32_t)number;
        return true;
    case 'q':
        o->app.max_queued_bytes = number;
        return true;
    default:
        return false;
    }
}

static int setup(vireo_app *app, void *user)
{
    const struct options *o = user;
    if (vireo_io_create(app, &o->io) == NULL || !add_namespaces(app) || !add_raw(app))
        return VIREO_EINVAL;
    return 0;
}

int main(int argc, char **argv)
{
    struct options o = {
        .app = {.size = sizeof o.app},
        .io = {.size = sizeof o.io},
        .listen = {.size = sizeof o.listen, .host = "127.0.0.1", .name = "interop"}};
    int which;
    while ((which = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        if (!read_option(&o, which))
            return 2;
    return serve_at(setup, &o, &o.app, &o.listen);
}
