/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* connect.h: what connect.c (what comes) and connect_line.c (what is typed) of vireo connect share.
 */

#ifndef VIREO_CLI_CONNECT_H
#define VIREO_CLI_CONNECT_H

#include "cli/link.h"
#include "cli/prompt.h"
#include "cli/show.h"

#define CLI_CONNECT_OWED   16  /* answers that may be typed; older questions get none */
#define CLI_CONNECT_EVENTS 32  /* names that Tab knows */
#define CLI_CONNECT_NS     8   /* namespaces at a time */
#define CLI_CONNECT_NAME   128 /* bytes of a name of a namespace or an event, with its NUL */

typedef struct cli_connect {
    cli_target target;
    cli_link link;
    cli_prompt *prompt;
    uint32_t timeout_ms, wait_ms;
    bool no_reconnect, colours, quitting;
    bool closed; /* by /close */
    struct {
        vireo_socket *socket; /* NULL: free */
        char name[CLI_CONNECT_NAME];
    } ns[CLI_CONNECT_NS]; /* the first is the URL's */
    size_t at;            /* which events are typed for */
    size_t joined;        /* how many there are */
    vireo_pending_ack *owed[CLI_CONNECT_OWED];
    unsigned asked;
    char events[CLI_CONNECT_EVENTS][CLI_CONNECT_NAME];
    size_t event_count;
    uint64_t pinged; /* when, in nanoseconds; 0: not */
} cli_connect;

/* cli_connect_say writes a line with the time: "12:00:00.000 = text". */
__attribute__((format(printf, 4, 5))) void cli_connect_say(cli_connect *c, cli_ink ink,
                                                           const char *mark, const char *text, ...);

/* cli_connect_show writes a line without one. */
__attribute__((format(printf, 2, 3))) void cli_connect_show(cli_connect *c, const char *text, ...);

void cli_connect_quit(cli_connect *c, int status);

/* cli_connect_answer shows an acknowledgement: a vireo_ack_fn, |user| is the cli_connect. */
void cli_connect_answer(vireo_socket *s, int status, const vireo_value *values, void *user);

/* cli_connect_first_ns notes the namespace of the URL; cli_connect_ns_of names that of a socket. */
void cli_connect_first_ns(cli_connect *c);
const char *cli_connect_ns_of(const cli_connect *c, const vireo_socket *s);

/* cli_connect_forget drops the socket of a namespace that was joined. */
void cli_connect_forget(cli_connect *c, vireo_socket *s);

/* The prompt's events: a line was typed, a word is to be completed. */
void cli_connect_line(void *user, char *line);
void cli_connect_complete(void *user, const char *word, bool first,
                          void (*add)(void *to, const char *word), void *to);

#endif
