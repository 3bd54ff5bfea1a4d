/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* link.h: a connection of one of the commands to a server, of Socket.IO or raw WebSocket, and the
 * options that all these commands share. */

#ifndef VIREO_CLI_LINK_H
#define VIREO_CLI_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>
#include <vireo/vireo.h>

#include "cli/command.h"

enum { CLI_SPEAK_AUTO, CLI_SPEAK_SOCKETIO, CLI_SPEAK_WS }; /* the words of --speak */

/* Where to connect, and how. */
typedef struct cli_target {
    unsigned speak;
    cli_list headers; /* "Name: value" */
    const char *auth; /* JSON */
    const char *path;
    const char *transports;
    const char *protocols;
    const char *origin;
    const char *proxy;
    const char *unix_path;
    const char *ca_file, *cert, *key;
    bool insecure, msgpack;
    uint32_t connect_timeout_ms;
} cli_target;

extern const cli_option cli_target_options[];

#define CLI_TARGET_GROUP(structure)                                                                \
    {                                                                                              \
        "Connection", cli_target_options, offsetof(structure, target)                              \
    }

typedef struct cli_link cli_link;

/* All may be NULL. */
typedef struct cli_link_events {
    void (*on_open)(cli_link *link); /* each time */
    void (*on_event)(cli_link *link, vireo_socket *s, const vireo_msg *m);
    void (*on_message)(cli_link *link, const void *data, size_t n, bool binary); /* raw */
    void (*on_pong)(cli_link *link);                                             /* raw */
    void (*on_drain)(cli_link *link); /* Socket.IO: all that was queued has left */
    /* No connection: |status| is what to exit with, |text| tells people why, and what to do. */
    void (*on_fail)(cli_link *link, int status, const char *text);
    /* It was connected, and is no more. |again|: it will try to be. */
    void (*on_lost)(cli_link *link, const char *text, bool again);
    /* a socket of cli_link_join */
    void (*on_join)(cli_link *link, vireo_socket *s);
    void (*on_leave)(cli_link *link, vireo_socket *s, const char *why);
    void (*on_refuse)(cli_link *link, vireo_socket *s, const char *why);
} cli_link_events;

struct cli_link {
    uv_loop_t uv;
    vireo_app *app;
    bool raw;
    bool reconnect; /* when it is lost, or cannot be had */
    bool open;
    const char *lost_advice; /* of the command, behind what is told of a loss; or NULL */
    vireo_ws *ws;            /* raw; NULL when it is over */
    vireo_socket *socket;    /* of the URL's namespace */
    vireo_socket *fence;     /* see cli_link_settle */
    const cli_command *self;
    const cli_target *target;
    const cli_link_events *events;
    void *user;
    char *url; /* with its scheme */
    vireo_tls_client *tls;
    char *header_texts;
    const char *headers[2 * CLI_LIST_MAX + 3]; /* pairs; ended by NULL */
    int status;                                /* what to exit with */
};

/* cli_link_prepare reads the target: |url|, |raw|, |headers|, |tls| of the link, and connects
 * nothing. Returns as cli_link_open. cli_link_release frees them. */
int cli_link_prepare(cli_link *link, const cli_command *self, const cli_target *target,
                     const char *url);
void cli_link_release(cli_link *link);

/* cli_link_open begins to connect. |link| is set up as far as |reconnect| and |user|.
 *
 * Returns -1; or what main returns, which was told. Then there is nothing to close. */
int cli_link_open(cli_link *link, const cli_command *self, const cli_target *target,
                  const char *url, const cli_link_events *events);

/* cli_link_join returns a socket of another namespace over the same connection, or NULL.
 *
 * auth   JSON, or NULL: that of the target */
vireo_socket *cli_link_join(cli_link *link, const char *ns, const char *auth);

/* cli_link_again connects a raw WebSocket that is over anew. Returns 0 or a negative number. */
int cli_link_again(cli_link *link);

/* cli_link_run runs until cli_link_end or a signal, and frees everything but the link itself.
 * Returns |status|. Handles of libuv on its loop are to be closed by then. */
int cli_link_run(cli_link *link);

/* cli_link_tell_lost tells that the connection was lost, and why. Returns CLI_FAILED. */
int cli_link_tell_lost(const cli_link *link, const char *text);

/* cli_link_end ends it with |status|, when what was sent has left. */
void cli_link_end(cli_link *link, int status);

/* cli_link_settle is cli_link_end once the server has read all that was sent. The official server
 * forgets events that stand right in front of the goodbye; so it is asked for a namespace that
 * nobody has, and bidden goodbye when it has said so, or after two seconds. */
void cli_link_settle(cli_link *link, int status);

#endif
