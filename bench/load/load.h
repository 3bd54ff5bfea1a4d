/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* load.h: the load program: many clients in one thread, so cheap that the server is what is
 * measured.
 *
 *     options.c    the modes and the command line
 *     main.c       the phases: connect all, warm up, measure, report
 *     conn.c       sockets and TLS: dial, send, read
 *     frame.c      frames of a WebSocket client
 *     protocol.c   from a new connection to one that is ready: upgrade, Engine.IO, Socket.IO
 *     echo.c       traffic: each message comes back to its sender, or is acknowledged
 *     fanout.c     traffic: one message to all, or to a room
 *     connect.c    traffic: connections that come and go; a storm of them; idle ones
 *     polling.c    traffic: echoes by HTTP long-polling
 *     process.c    CPU time and memory of the server
 *     report.c     what was measured, in words or as JSON
 *
 * What makes it cheap: one epoll instance and one read buffer; frames are made once with a constant
 * masking key, and several in a row go out with one call; what comes is compared with what was
 * expected, byte by byte, and never parsed.
 *
 *     dial -> [TLS] -> upgrade -> 101 -> [0{..} -> 40 -> 40{..} -> [join -> joined]] -> ready
 *
 * A kind of traffic is a table of functions (below); what the server must do is told in
 * bench/README.md, "The contract". */

#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <openssl/ssl.h>
#include <zlib.h>

#include "cli/histogram.h"

typedef struct load load;
typedef struct conn conn;

/* --- a kind of traffic ------------------------------------------------------------------------ */

/* NULL: nothing to do. */
typedef struct traffic {
    void (*prepare)(load *l); /* before the first connection */
    void (*begin)(load *l);   /* all are connected */
    void (*on_ready)(conn *c);
    void (*on_message)(conn *c, const uint8_t *text, size_t n);
    void (*on_read)(conn *c);    /* all that has arrived at once was handled */
    void (*on_closed)(conn *c);  /* the server has closed it, or answered our close frame */
    int64_t (*on_turn)(load *l); /* before it sleeps: how long at most, in ns; negative: any time */
} traffic;

extern const traffic echo_traffic, ack_traffic, all_traffic, room_traffic, connect_traffic,
    idle_traffic, storm_traffic, polling_traffic;

typedef struct load_mode {
    const char *name;
    const char *path;
    const char *counts; /* what a message is called */
    bool socketio, joins, polls;
    bool comes_and_goes; /* connections are the messages: none is opened before */
    const traffic *traffic;
} load_mode;

/* --- a connection ----------------------------------------------------------------------------- */

typedef enum stage {
    GONE,
    DIALLING,
    UPGRADING,
    OPENING, /* Engine.IO's open packet is to come */
    JOINING_NAMESPACE,
    JOINING_ROOM,
    READY,
    CLOSING, /* we have sent a close frame */
} stage;

struct conn {
    load *l;
    int fd;
    uint32_t index;
    stage stage;
    bool wants_write;
    SSL *ssl;
    z_stream *inflate; /* while what comes is compared: until it is ready, the first for ever */
    /* what has arrived of something that is not complete */
    uint8_t *held;
    size_t held_len;
    /* what the kernel did not take */
    uint8_t *out;
    size_t out_len;
    uint64_t dialled_at;
    /* echo: the messages' numbers, and when those in flight were sent (|window| of them) */
    uint64_t sent, got, due;
    uint64_t *sent_at;
    uint64_t next;         /* fan-out: the number of the broadcast that must come next */
    struct session *polls; /* polling: the session, of which this is one of two connections */
};

/* --- all of it -------------------------------------------------------------------------------- */

typedef struct server_use {
    double cpu_s;      /* all its threads and descendants */
    double softirqd_s; /* the kernel's softirq threads; negative: they cannot be seen */
    uint64_t rss_kb, pss_kb;
    uint64_t kernel_kb; /* slab and TCP buffers of the whole machine */
} server_use;

struct load {
    /* options */
    const load_mode *mode;
    struct sockaddr_in to;
    const char *path, *room;
    unsigned connections, window, size, rooms, ramp;
    double seconds, warm_up, rate;
    pid_t pid;
    bool tls, deflate, spin, json, waits;
    /* the machinery */
    int poll;
    conn *conns;
    uint8_t *input; /* what is read at once; INPUT bytes and one more */
    char *upgrade;  /* the request, the same for all */
    char *filler;   /* what payloads are made of; |size| bytes */
    SSL_CTX *tls_context;
    uint8_t *inflated; /* a message; INPUT bytes */
    uint32_t sources;  /* addresses to dial from, in turn; 0: the system chooses */
    uint32_t next_source;
    void *state; /* of the traffic */
    /* where we are */
    uint64_t now; /* ns */
    uint64_t progressed_at;
    unsigned opening, ready;
    bool running, over;
    /* what was measured */
    uint64_t messages, errors, lost, refused;
    cli_histogram latency, median_latency; /* ns */
};

#define INPUT (1u << 20)

/* main.c */
_Noreturn __attribute__((format(printf, 1, 2))) void die(const char *format, ...);
void *allocate(size_t count, size_t size); /* zeroed */
uint64_t clock_ns(void);

/* Something that a message should not be: counts, and the first ones are shown. */
void load_wrong(load *l, const char *what, const uint8_t *got, size_t n);

/* options.c: the defaults and what argv says. Ends the program for what it cannot mean. */
void options_parse(load *l, int argc, char **argv);

/* conn.c */
void conn_dial(conn *c);
void conn_send(conn *c, const void *bytes, size_t n);
void conn_on_event(conn *c, uint32_t events);
void conn_close(conn *c);

/* protocol.c: what the connections' events lead to. protocol_on_bytes returns how many it used. */
void protocol_prepare(load *l);
void protocol_on_dialled(conn *c);
size_t protocol_on_bytes(conn *c, uint8_t *bytes, size_t n);
void protocol_on_end(conn *c);
void protocol_send_text(conn *c, const char *text);
void protocol_send_close(conn *c);
void protocol_became_ready(conn *c);
void protocol_end_inflating(conn *c);

/* polling.c, for what is not WebSocket */
void polling_on_dialled(conn *c);
size_t polling_on_bytes(conn *c, uint8_t *bytes, size_t n);

/* process.c */
server_use process_look(pid_t pid);

/* report.c */
typedef struct measured {
    double seconds, own_cpu_s;
    server_use before, begin, end; /* before the first connection; of the measured time */
} measured;
void report(const load *l, const measured *m);

#endif
