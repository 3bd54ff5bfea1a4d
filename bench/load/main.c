/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* main.c: options and phases of the load program: see load.h and bench/README.md. */

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

enum {
    EVENTS = 512,
    TURN_MS = 10,  /* a turn's longest sleep */
    STALL_S = 10,  /* without a message, or a connection */
    SHOWN = 5,     /* wrong messages */
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

/* --- small things ----------------------------------------------------------------------------- */

void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(2);
}

void *allocate(size_t count, size_t size)
{
    void *p = calloc(count, size);
    if (p == NULL)
        die("out of memory");
    return p;
}

uint64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void load_wrong(load *l, const char *what, const uint8_t *got, size_t n)
{
    if (l->errors++ < SHOWN)
        fprintf(stderr, "load: %s: %.*s\n", what, (int)(n < 120 ? n : 120), (const char *)got);
}

/* --- options ---------------------------------------------------------------------------------- */

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

static void parse_options(load *l, int argc, char **argv)
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
    l->mode = find_mode(argv[1]);
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

/* --- preparing -------------------------------------------------------------------------------- */

/* Words without anything that JSON escapes, in no order that a compressor could learn by heart. */
static void make_filler(load *l)
{
    static const char *const words[] = {"vireo", "river", "lamp",  "stone", "message", "green",
                                        "room",  "seven", "paper", "north", "window",  "quiet"};
    uint32_t random = 1;
    size_t len = 0;
    l->filler = allocate(l->size + 32, 1);
    while (len < l->size) {
        random = random * 1103515245 + 12345;
        const char *word = words[(random >> 16) % (sizeof words / sizeof *words)];
        len += (size_t)snprintf(l->filler + len, l->size + 32 - len, "%s-%u ", word, random >> 26);
    }
    l->filler[l->size] = '\0';
}

static void prepare_tls(load *l)
{
    l->tls_context = SSL_CTX_new(TLS_client_method());
    if (l->tls_context == NULL)
        die("no TLS");
    SSL_CTX_set_mode(l->tls_context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static void prepare(load *l)
{
    unsigned count = l->connections * (l->mode->polls ? 2 : 1);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN); /* TLS writes without MSG_NOSIGNAL */
    l->poll = epoll_create1(EPOLL_CLOEXEC);
    l->input = allocate(INPUT + 1, 1);
    l->conns = allocate(count, sizeof *l->conns);
    for (unsigned i = 0; i < count; i++)
        l->conns[i] = (conn){.l = l, .index = i};
    make_filler(l);
    if (l->tls)
        prepare_tls(l);
    protocol_prepare(l);
    if (l->mode->traffic->prepare != NULL)
        l->mode->traffic->prepare(l);
}

/* --- running ---------------------------------------------------------------------------------- */

/* One turn, which sleeps for at most |ns|. */
static void turn(load *l, int64_t ns)
{
    struct epoll_event events[EVENTS];
    if (ns < 0 || ns > TURN_MS * INT64_C(1000000))
        ns = TURN_MS * INT64_C(1000000);
    if (l->spin && l->running)
        ns = 0;
    struct timespec sleep = {.tv_nsec = ns};
    int n = epoll_pwait2(l->poll, events, EVENTS, &sleep, NULL);
    l->now = clock_ns();
    for (int i = 0; i < n; i++) {
        if (i > 0 && l->mode->traffic->on_turn != NULL) /* a turn can be long here */
            l->now = clock_ns();
        conn *c = events[i].data.ptr;
        if (c->stage != GONE)
            conn_on_event(c, events[i].events);
    }
}

static void watch_progress(load *l, uint64_t *seen)
{
    uint64_t all = l->messages + l->ready;
    if (all != *seen || l->mode->traffic == &idle_traffic)
        l->progressed_at = l->now;
    *seen = all;
    if (l->now <= l->progressed_at + STALL_S * UINT64_C(1000000000))
        return;
    l->over = l->mode->traffic == &storm_traffic; /* who is not in now was refused */
    if (!l->over)
        die("nothing has happened for %d s: %u connections are ready, %u under way", STALL_S,
            l->ready, l->opening);
}

static void connect_all(load *l)
{
    uint64_t seen = 0;
    unsigned next = 0;
    l->now = l->progressed_at = clock_ns();
    while (l->ready < l->connections) {
        for (; next < l->connections && l->opening < l->ramp; next++) {
            l->opening++;
            conn_dial(&l->conns[next]);
        }
        turn(l, -1);
        watch_progress(l, &seen);
    }
}

static void run_for(load *l, double seconds)
{
    uint64_t seen = 0, until = clock_ns() + (uint64_t)(seconds * 1e9);
    l->now = l->progressed_at = clock_ns();
    while (l->now < until && !l->over) {
        int64_t sleep = -1;
        if (l->mode->traffic->on_turn != NULL)
            sleep = l->mode->traffic->on_turn(l);
        turn(l, sleep);
        watch_progress(l, &seen);
    }
}

static void forget_warm_up(load *l)
{
    l->messages = l->lost = 0;
    l->latency = l->median_latency = (cli_histogram){0};
}

static double own_cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static load l = {.connections = 500,
                     .window = 1,
                     .size = 32,
                     .rooms = 10,
                     .room = "r",
                     .seconds = 5,
                     .warm_up = 1,
                     .ramp = 100,
                     .to.sin_family = AF_INET};
    measured m = {0};
    int c;
    l.to.sin_port = htons(DEFAULT_PORT);
    l.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    parse_options(&l, argc, argv);
    prepare(&l);
    m.before = process_look(l.pid);
    bool storm = l.mode->traffic == &storm_traffic;
    if (!l.mode->comes_and_goes)
        connect_all(&l);
    fprintf(stderr, "load: %s, %u connections\n", l.mode->name, l.connections);
    while (l.waits && (c = getchar()) != '\n' && c != EOF)
        continue;
    l.running = true;
    l.now = clock_ns();
    if (!storm && l.mode->traffic->begin != NULL)
        l.mode->traffic->begin(&l);
    if (!storm)
        run_for(&l, l.warm_up);
    forget_warm_up(&l);
    m.begin = process_look(l.pid);
    m.own_cpu_s = own_cpu_seconds();
    uint64_t began = clock_ns();
    if (storm)
        l.mode->traffic->begin(&l);
    run_for(&l, l.seconds);
    m.seconds = (double)(clock_ns() - began) / 1e9;
    m.own_cpu_s = own_cpu_seconds() - m.own_cpu_s;
    m.end = process_look(l.pid);
    if (storm)
        l.refused += l.connections - (unsigned)l.messages - (unsigned)l.refused;
    report(&l, &m);
    return l.errors + l.refused + l.lost > 0 ? 3 : 0;
}
