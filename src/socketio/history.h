/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* history.h: the events that a namespace has sent lately, for clients that come back (recovery.h),
 * no I/O. Each has a number, counted from 1; what is kept are the frames that were sent, by
 * reference, and whom they were for:
 *
 *     number   4        5         6          7    = last
 *              frames   frames    frames     frames
 *              to "a"   to all    to "id1"   to "a", not "b"
 *
 * so that an event is found by its number in O(1). Bounded by bytes, which count what an entry
 * needs beside its frames, and by age; the oldest leave first.
 *
 * A client is told numbers as offsets: six characters that are random for each history, and the
 * number, both in the alphabet of base64url. An offset of another history, from before a restart,
 * is not taken for one of ours. */

#ifndef VIREO_SOCKETIO_HISTORY_H
#define VIREO_SOCKETIO_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vireo/socket.h>

#include "base/shared.h"

#define VIREO__EPOCH_LEN   6
#define VIREO__OFFSET_SIZE (VIREO__EPOCH_LEN + 12) /* bytes of an offset with its NUL, at most */

/* One event. Behind the frames stand the names: those of the rooms, then those of |except|, each
 * ended by a NUL. */
typedef struct vireo__past {
    uint64_t at_ms;
    size_t bytes;    /* what it counts */
    uint32_t rooms;  /* names; 0: it was for all */
    uint32_t except; /* names */
    bool to_one;     /* the one room is a socket's own */
    uint32_t frame_count;
    vireo__shared *frames[]; /* the text, then its attachments */
} vireo__past;

typedef struct vireo__history {
    vireo__past **ring; /* by number; NULL until the first event */
    size_t slots;       /* a power of two, or 0 */
    size_t count;
    size_t bytes;
    size_t max_bytes;
    uint64_t last; /* number of the newest event, 0 before the first */
    char epoch[VIREO__EPOCH_LEN + 1];
} vireo__history;

void vireo__history_init(vireo__history *h, size_t max_bytes);
void vireo__history_deinit(vireo__history *h);

/* What an event is, and whom it was for. */
typedef struct vireo__history_event {
    vireo__shared *text;
    vireo__shared *const *parts;
    size_t part_count;
    const char *only;   /* the id of the one socket it is for; NULL: |to| says it */
    const vireo_to *to; /* without its |but| .. */
    const char *but;    /* .. which stands here as the id, or NULL */
} vireo__history_event;

/* vireo__history_add gives the event the next number, and keeps it (references of its own to the
 * frames; copies the names). What cannot be kept, for want of memory or because it alone is too
 * large, is missing to those who come back: then nothing older is kept either. */
void vireo__history_add(vireo__history *h, const vireo__history_event *event, uint64_t now_ms);

/* vireo__history_expire drops what was added until |until_ms|. */
void vireo__history_expire(vireo__history *h, uint64_t until_ms);

/* vireo__history_reaches tells whether all events behind |number| are kept. */
static inline bool vireo__history_reaches(const vireo__history *h, uint64_t number)
{
    return number >= h->last - h->count;
}

/* vireo__history_get returns event |number|, which is kept. */
static inline const vireo__past *vireo__history_get(const vireo__history *h, uint64_t number)
{
    return h->ring[number & (h->slots - 1)];
}

static inline const char *vireo__past_names(const vireo__past *p)
{
    return (const char *)(p->frames + p->frame_count);
}

/* vireo__history_offset writes the offset of |number|. */
void vireo__history_offset(const vireo__history *h, uint64_t number, char out[VIREO__OFFSET_SIZE]);

/* vireo__history_number reads an offset back. False if it is not one that was written by this
 * history. */
bool vireo__history_number(const vireo__history *h, const char *offset, uint64_t *number);

#endif
