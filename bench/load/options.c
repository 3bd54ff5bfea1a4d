/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* options.c: the modes, and the command line. */

#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

enum {
    PORTS = 20000, /* connections from one address */
    SOURCES = 50,  /* for those that come and go: closed ones keep their ports for a minute */
    DEFAULT_PORT = 9001,
    MAX_WINDOW = 2048,
};

static const char websocket_path[] = "/socket.io/?EIO=4&transport=websocket";

static const load_mode modes[] = {
    {.name = "ws-echo", .path = "/echo", .counts = "messages", .traffic = &echo_traffic},
    {.name = "ws-bcast", .path = "/bcast", .counts = "deliveries", .traffic = &all_traffic},
    {.name = "ws-connect",
     .path = "/echo",
     .counts = "connections",
     .comes_and_goes = true,
     .traffic = &connect_traffic},
    {.name = "ws-idle", .path = "/echo", .counts = "messages", .traffic = &idle_traffic},
    {.name = "sio-echo",
     .path = websocket_path,
     .counts = "messages",
     .socketio = true,
     .traffic = &echo_traffic},
    {.name = "sio-ack",
     .path = websocket_path,
     .counts = "messages",
     .socketio = true,
     .traffic = &ack_traffic},
    {.name = "sio-bcast",
     .path = websocket_path,
     .counts = "deliveries",
     .socketio = true,
     .traffic = &all_traffic},
    {.name = "sio-room",
     .path = websocket_path,
     .counts = "deliveries",
     .socketio = true,
     .joins = true,
     .traffic = &room_traffic},
    {.name = "sio-connect",
     .path = websocket_path,
     .counts = "connections",
     .socketio = true,
     .comes_and_goes = true,
     .traffic = &connect_traffic},
    {.name = "sio-storm",
     .path = websocket_path,
     .counts = "connections",
     .socketio = true,
     .comes_and_goes = true,
     .traffic = &storm_traffic},
    {.name = "sio-idle",
     .path = websocket_path,
     .counts = "messages",
     .socketio = true,
     .traffic = &idle_traffic},
    {.name = "poll-echo",
     .path = "/socket.io/?EIO=4&transport=polling",
     .counts = "messages",
     .socketio = true,
     .polls = true,
     .traffic = &polling_traffic},
};

static _Noreturn void usage(void)
{
    fputs("usage: bench-load MODE [OPTION ..]\nmodes:", stderr);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        fprintf(stderr, " %s", modes[i].name);
    fputs("\n"
          "  --connections N  sessions when polling, at a time when they come and go (500)\n"
          "  --window N       messages in flight: of each connection; broadcasts of all (1)\n"
          "  --size BYTES     of the payload (32)\n"
          "  --rate N         broadcasts a second, answered or not (0: as fast as they arrive)\n"
          "  --rooms N        of sio-room: connection i is in room i mod N (10)\n"
          "  --room NAME      what their names begin with (r)\n"
          "  --seconds S      of measuring (5)\n"
          "  --warm-up S      before that (1)\n"
          "  --host ADDRESS, --port N, --path PATH\n"
          "  --pid N          of the server: tells its CPU time and memory\n"
          "  --ramp N         connections under way at once before the traffic begins (100)\n"
          "  --tls, --deflate\n"
          "  --spin           never sleep, so that nobody has to wake us\n"
          "  --wait           begin the traffic when a line comes on standard input\n"
          "  --json           one line of JSON\n",
          stderr);
    exit(2);
}

static double number(const char *text, double least, double most)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= least && value <= most))
        die("%s is not between %g and %g", text, least, most);
    return value;
}

static const load_mode *find_mode(const char *name)
{
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (name != NULL && strcmp(modes[i].name, name) == 0)
            return &modes[i];
    usage();
}

static void set_option(load *l, int option, const char *value)
{
    switch (option) {
    case 'c':
        l->connections = (unsigned)number(value, 1, 1e6);
        break;
    case 'w':
        l->window = (unsigned)number(value, 1, MAX_WINDOW);
        break;
    case 's':
        l->size = (unsigned)number(value, 0, 100000);
        break;
    case 'r':
        l->rate = number(value, 0, 1e6);
        break;
    case 'n':
        l->rooms = (unsigned)number(value, 1, 1e6);
        break;
    case 'N':
        l->room = value;
        break;
    case 'd':
        l->seconds = number(value, 0, 1e5);
        break;
    case 'u':
        l->warm_up = number(value, 0, 1e5);
        break;
    case 'p':
        l->to.sin_port = htons((uint16_t)number(value, 1, UINT16_MAX));
        break;
    case 'P':
        l->path = value;
        break;
    case 'i':
        l->pid = (pid_t)number(value, 1, 1e9);
        break;
    case 'R':
        l->ramp = (unsigned)number(value, 1, 1e6);
        break;
    case 't':
        l->tls = true;
        break;
    case 'z':
        l->deflate = true;
        break;
    case 'S':
        l->spin = true;
        break;
    case 'W':
        l->waits = true;
        break;
    case 'j':
        l->json = true;
        break;
    case 'h':
        if (inet_pton(AF_INET, value, &l->to.sin_addr) != 1)
            die("%s is no IPv4 address", value);
        break;
    default:
        usage();
    }
}

void options_parse(load *l, int argc, char **argv)
{
    static const struct option options[] = {
        {"connections", 1, 0, 'c'},
        {"window", 1, 0, 'w'},
        {"size", 1, 0, 's'},
        {"rate", 1, 0, 'r'},
        {"rooms", 1, 0, 'n'},
        {"room", 1, 0, 'N'},
        {"seconds", 1, 0, 'd'},
        {"warm-up", 1, 0, 'u'},
        {"host", 1, 0, 'h'},
        {"port", 1, 0, 'p'},
        {"path", 1, 0, 'P'},
        {"pid", 1, 0, 'i'},
        {"ramp", 1, 0, 'R'},
        {"tls", 0, 0, 't'},
        {"deflate", 0, 0, 'z'},
        {"spin", 0, 0, 'S'},
        {"json", 0, 0, 'j'},
        {"wait", 0, 0, 'W'},
        {0},
    };
    *l = (load){.mode = find_mode(argv[1]),
                .connections = 500,
                .window = 1,
                .size = 32,
                .rooms = 10,
                .room = "r",
                .seconds = 5,
                .warm_up = 1,
                .ramp = 100,
                .to = {.sin_family = AF_INET,
                       .sin_port = htons(DEFAULT_PORT),
                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
    optind = 2;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        set_option(l, option, optarg);
    if (optind != argc)
        usage();
    if (l->rooms > l->connections)
        l->rooms = l->connections;
    if (l->path == NULL)
        l->path = l->mode->path;
    if (strlen(l->path) > 300 || strlen(l->room) > 100)
        die("--path or --room is too long");
    if (l->mode->comes_and_goes)
        l->sources = SOURCES;
    else if (l->connections > PORTS / 2)
        l->sources = l->connections * 2 / PORTS + 1;
}
