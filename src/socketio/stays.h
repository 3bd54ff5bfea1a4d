/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* stays.h: which clients are in a namespace that may come back (recovery.h), on which worker, and
 * who of them are away, in the order in which they left. All workers of one server share it, so
 * that the limits hold for all of them together. Any thread; a lock is held for one look.
 *
 * What stands behind a stay, the presence, is touched by its worker alone. It may go to another
 * worker: the stay remains. */

#ifndef VIREO_SOCKETIO_STAYS_H
#define VIREO_SOCKETIO_STAYS_H

#include <stdatomic.h>
#include <stdbool.h>

#include <uv.h>

#include "base/list.h"
#include "base/map.h"
#include "engineio/id.h"
#include "socketio/history.h"

typedef struct vireo__stay {
    vireo__list node; /* stays->away */
    size_t size;      /* memory for what it needs to come back, while it is away */
    unsigned worker;
    char pid[VIREO__ID_SIZE];
} vireo__stay;

typedef struct vireo__stays {
    uv_mutex_t lock;
    vireo__map by_pid;
    vireo__list away;
    uint32_t away_count;
    size_t away_bytes;
    atomic_uint present; /* all of them: whether events must be kept */
    atomic_uint_least64_t recovered, expired, unknown;
    char epoch[VIREO__EPOCH_LEN + 1]; /* of their offsets */
} vireo__stays;

/* vireo__stays_new returns new; NULL when memory runs out. NULL may be freed. */
vireo__stays *vireo__stays_new(void);
void vireo__stays_free(vireo__stays *stays); /* all stays have ended */

/* vireo__stay_begin returns new: a stay on |worker|; NULL when memory runs out. */
vireo__stay *vireo__stay_begin(vireo__stays *stays, const char *pid, unsigned worker);
void vireo__stay_end(vireo__stays *stays, vireo__stay *stay);

/* vireo__stay_leave: it is away, and needs |size| bytes. */
void vireo__stay_leave(vireo__stays *stays, vireo__stay *stay, size_t size);

/* vireo__stay_return: it is away no more. Nothing if it is not. */
void vireo__stay_return(vireo__stays *stays, vireo__stay *stay);

/* vireo__stay_away tells whether it is, and was not taken out. */
bool vireo__stay_away(vireo__stays *stays, const vireo__stay *stay);

/* vireo__stays_trim takes out the one who left first, if there are more than |most|, or if they
 * need more than |most_bytes|, and tells whose it was: it must go. */
bool vireo__stays_trim(vireo__stays *stays, uint32_t most, size_t most_bytes,
                       char pid[VIREO__ID_SIZE], unsigned *worker);

/* vireo__stay_find tells where |pid| is. False if it is nowhere. */
bool vireo__stay_find(vireo__stays *stays, const char *pid, unsigned *worker);

/* vireo__stay_move: the stay is another worker's, once |post| has told that so: whoever finds it
 * there comes behind. Returns what |post| does; below 0 it has not moved. */
int vireo__stay_move(vireo__stays *stays, vireo__stay *stay, unsigned worker,
                     int (*post)(void *argument), void *argument);

static inline bool vireo__stays_any(const vireo__stays *stays)
{
    return atomic_load_explicit(&stays->present, memory_order_relaxed) > 0;
}

#endif
