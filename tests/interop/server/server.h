/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* server.h: the server of the interop and wire tests. It keeps, on the public API alone, the
 * contract at the head of reference.mjs, line for line.
 *
 *     main.c        the command line
 *     namespaces.c  the namespaces, and what of their sockets' lives is observed
 *     events.c      what clients may ask for
 *     arguments.c   arguments that are passed on
 *     texts.c       lines on stdout, lists of rooms
 *     raw.c         raw WebSocket endpoints
 */

#ifndef VIREO_TESTS_INTEROP_SERVER_H
#define VIREO_TESTS_INTEROP_SERVER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/vireo.h>

#include "text.h"

#define MOST_NAMES 64 /* rooms named in one emit-to */

/* Of each socket. */
struct data {
    bool set;
    char value[64];
};

/* --- texts.c ---------------------------------------------------------------------------------- */

/* Prints a line that vireo_format returned, and frees it. */
void observe(char *line);

/* Returns new: the sorted rooms of |s|. */
vireo_list *rooms_of(const vireo_socket *s);

/* --- arguments.c: at most ten, from |first| on ------------------------------------------------ */

void ack_args(const vireo_msg *m);
void broadcast_args(vireo_to to, const char *event, const vireo_msg *m, size_t first);
/* emits "question", and "answered" or "unanswered" when it is known */
void ask(vireo_socket *s, const vireo_msg *m, size_t first, uint32_t timeout_ms);

/* --- events.c --------------------------------------------------------------------------------- */

extern const vireo_event_handler server_events[];
void tell_any(vireo_socket *s, const vireo_msg *m);
void tell_error(vireo_socket *s, const char *text);

/* --- namespaces.c, raw.c ---------------------------------------------------------------------- */

bool add_namespaces(vireo_app *app);
bool add_raw(vireo_app *app);

#endif
