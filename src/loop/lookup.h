/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* lookup.h: the addresses of a name, asked of the system's resolver on libuv's threads. */

#ifndef VIREO_LOOP_LOOKUP_H
#define VIREO_LOOP_LOOKUP_H

#include "loop/loop.h"

typedef struct vireo__lookup vireo__lookup;

/* |addresses| are stream addresses with |port| filled in, in the order in which to try them;
 * borrowed for the call; NULL when |error| < 0: then |text| (borrowed) says what the resolver
 * said. */
typedef void (*vireo__lookup_fn)(void *user, const struct addrinfo *addresses, int error,
                                 const char *text);

/* vireo__lookup_start has |fn| called once, later. |name| is copied. NULL when memory runs out. The
 * loop's end waits for the thread to return. */
vireo__lookup *vireo__lookup_start(vireo_loop *loop, const char *name, uint16_t port,
                                   vireo__lookup_fn fn, void *user);

/* vireo__lookup_cancel: |fn| will not be called. */
void vireo__lookup_cancel(vireo__lookup *lookup);

#endif
