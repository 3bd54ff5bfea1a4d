/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* history.h: the last published events of an endpoint, for clients that come back. Bounded by
 * number and by bytes; the oldest leave first.
 *
 * An event's id is "EPOCH-NUMBER": numbers count from 1, and the epoch is random for each history,
 * so that an id from before a restart of the server is not taken for one of ours. */

#ifndef VIREO_SSE_HISTORY_H
#define VIREO_SSE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/shared.h"

#define VIREO__SSE_ID_SIZE 32 /* of an id with its NUL */

typedef struct vireo__sse_past {
    vireo__shared *text; /* as it was sent */
    char *room;          /* NULL: all */
} vireo__sse_past;

typedef struct vireo__sse_history {
    vireo__sse_past *ring; /* NULL until the first event */
    uint32_t max_events;   /* slots; 0: nothing is kept */
    uint32_t count;
    size_t max_bytes;
    size_t bytes;
    uint64_t epoch;
    uint64_t last; /* number of the newest event, 0 before the first */
} vireo__sse_history;

void vireo__sse_history_init(vireo__sse_history *h, uint32_t max_events, size_t max_bytes,
                             uint64_t epoch);
void vireo__sse_history_deinit(vireo__sse_history *h);

/* vireo__sse_history_next_id writes the id that the next added event has. */
void vireo__sse_history_next_id(const vireo__sse_history *h, char id[VIREO__SSE_ID_SIZE]);

/* vireo__sse_history_add keeps an event (takes a reference of its own; copies |room|). What cannot
 * be kept, for want of memory or because it alone is too large, is missing to those who come back:
 * then nothing older is kept either. */
void vireo__sse_history_add(vireo__sse_history *h, vireo__shared *text, const char *room);

/* vireo__sse_history_find returns the number behind which a client with this last id goes on;
 * false if events behind it may be gone, or if it is not an id of this history. */
bool vireo__sse_history_find(const vireo__sse_history *h, const char *id, uint64_t *number);

/* vireo__sse_history_get returns event |number|, or NULL if it is not kept. */
const vireo__sse_past *vireo__sse_history_get(const vireo__sse_history *h, uint64_t number);

#endif
