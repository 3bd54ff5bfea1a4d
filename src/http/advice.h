/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* advice.h: what the system allows a server, and what its operator can do about it: told once, when
 * it starts. */

#ifndef VIREO_HTTP_ADVICE_H
#define VIREO_HTTP_ADVICE_H

#include <stddef.h>
#include <stdint.h>

/* What is 0 is not known. */
typedef struct vireo__facts {
    uint64_t descriptors;     /* that the process may have open */
    uint64_t memory;          /* bytes, of the machine or of what confines us */
    uint64_t max_connections; /* the application's option */
    uint64_t backlog;         /* that was asked for */
    uint64_t somaxconn;       /* the most that the system grants */
    uint64_t ports;           /* that one address has for connections to ours */
} vireo__facts;

/* What is not for connections: the program's files, its databases. */
#define VIREO__SPARE_DESCRIPTORS 64
/* Bytes of a connection that is in use, the kernel's included: an idle one is far below. */
#define VIREO__MEMORY_EACH 16384

/* vireo__facts_connections returns how many connections there is room for; UINT64_MAX when nothing
 * is known. */
uint64_t vireo__facts_connections(const vireo__facts *f);

/* vireo__advise writes what there is to say. Returns how many lines it is. */
#define VIREO__ADVICE_LINES 3
#define VIREO__ADVICE_SIZE  200
size_t vireo__advise(const vireo__facts *f, char lines[VIREO__ADVICE_LINES][VIREO__ADVICE_SIZE]);

#endif
