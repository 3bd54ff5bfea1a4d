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
 * is not taken for one of ours.
 *
 * Of several workers each has a history of its own, in the order in which it has heard of events.
 * There an event has a stamp besides, the same in all of them, and it is the stamp that clients are
 * told: how many its worker has given so far, times the number of workers, plus whose it is. The
 * stamps of one worker grow in all histories. So what a history has heard is told by one stamp for
 * each worker; without others the stamp is the number. */

#ifndef VIREO_SOCKETIO_HISTORY_H
#define VIREO_SOCKETIO_HISTORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vireo/socket.h>

#include "base/shared.h"

#define VIREO__EPOCH_LEN   6
#define VIREO__OFFSET_SIZE (VIREO__EPOCH_LEN + 12) /* bytes of an offset with its NUL, at most */

/* One event. Behind the frames stand the names: those of the rooms, then those of |except|, each
 * ended by a NUL. Never changed; may be held by other threads too. */
typedef struct vireo__past {
    atomic_uint refs;
    uint32_t rooms;  /* names; 0: it was for all */
    uint32_t except; /* names */
    bool to_one;     /* the one room is a socket's own */
    bool own;        /* other workers never have it */
    uint32_t frame_count;
    uint64_t at_ms;
    size_t bytes;            /* what it counts */
    uint64_t stamp;          /* its number, without others */
    uint64_t before;         /* the number of the event before of the same worker, or 0 */
    vireo__shared *frames[]; /* the text, then its attachments */
} vireo__past;

/* What a history knows of the events of one worker. */
typedef struct vireo__origin {
    uint64_t heard;  /* the stamp of the newest of them */
    uint64_t lost;   /* .. of those that are not kept */
    uint64_t newest; /* the number of the newest that is kept, or 0 */
} vireo__origin;

typedef struct vireo__history {
    vireo__past **ring; /* by number; NULL until the first event */
    size_t slots;       /* a power of two, or 0 */
    size_t count;
    size_t bytes;
    size_t max_bytes;
    uint64_t last;          /* number of the newest event, 0 before the first */
    uint64_t last_stamp;    /* its stamp */
    unsigned workers;       /* 1: there are no others, and |origins| is NULL */
    vireo__origin *origins; /* of each worker */
    char epoch[VIREO__EPOCH_LEN + 1];
} vireo__history;

void vireo__history_init(vireo__history *h, size_t max_bytes);
void vireo__history_deinit(vireo__history *h);

/* vireo__history_share makes an empty one that of one of several workers; |epoch| is that of all.
 * Returns 0 or VIREO_ENOMEM. */
int vireo__history_share(vireo__history *h, unsigned workers, const char *epoch);

/* What an event is, and whom it was for. */
typedef struct vireo__history_event {
    vireo__shared *text;
    vireo__shared *const *parts;
    size_t part_count;
    const char *only;   /* the id of the one socket it is for; NULL: |to| says it */
    const vireo_to *to; /* without its |but| .. */
    const char *but;    /* .. which stands here as the id, or NULL */
    uint64_t stamp;     /* where there are other workers */
    bool own;
} vireo__history_event;

/* vireo__history_add gives the event the next number, and keeps it (references of its own to the
 * frames; copies the names). What cannot be kept, for want of memory or because it alone is too
 * large, is missing to those who come back: then nothing older is kept either. */
void vireo__history_add(vireo__history *h, const vireo__history_event *event, uint64_t now_ms);

/* vireo__history_pass: an event that is not kept, though others may keep it. */
void vireo__history_pass(vireo__history *h, uint64_t stamp);

/* vireo__history_expire drops what was added until |until_ms|. */
void vireo__history_expire(vireo__history *h, uint64_t until_ms);

/* vireo__history_reaches tells whether all events behind |number| are kept. */
static inline bool vireo__history_reaches(const vireo__history *h, uint64_t number)
{
    return number >= h->last - h->count;
}

/* vireo__history_get returns event |number|, which is kept. */
static inline vireo__past *vireo__history_get(const vireo__history *h, uint64_t number)
{
    return h->ring[number & (h->slots - 1)];
}

static inline const char *vireo__past_names(const vireo__past *p)
{
    return (const char *)(p->frames + p->frame_count);
}

static inline bool vireo__history_keeps(const vireo__history *h, uint64_t number)
{
    return number <= h->last && number > h->last - h->count;
}

/* vireo__history_find finds the number of the event |stamp|. False if it is not known. */
bool vireo__history_find(const vireo__history *h, uint64_t stamp, uint64_t *number);

/* vireo__past_unref lets go of an event that was kept, from any thread. */
vireo__past *vireo__past_ref(vireo__past *past);
void vireo__past_unref(vireo__past *past);

/* vireo__history_offset writes the offset of the event |stamp|. */
void vireo__history_offset(const vireo__history *h, uint64_t stamp, char out[VIREO__OFFSET_SIZE]);

/* vireo__history_stamp reads an offset back. False if it is not one that was written by this
 * history, or by one of the other workers. */
bool vireo__history_stamp(const vireo__history *h, const char *offset, uint64_t *stamp);

#endif
