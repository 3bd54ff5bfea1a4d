/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* deadline.h: what shall happen if nothing else happens first: time-outs, heartbeats, timers.
 *
 * Deadlines with the same delay and the same function stand in one queue, which therefore is in the
 * order of their due times: to start, restart and stop costs O(1), and a million idle connections
 * need one timer of the kernel. A loop knows few different kinds; a queue is made with the first
 * deadline of its kind and freed with the last.
 *
 * Of many that are due at once VIREO__DUE_PER_TURN are run in a turn, so that what they have
 * written leaves and nobody waits for all of them.
 */

#ifndef VIREO_LOOP_DEADLINE_H
#define VIREO_LOOP_DEADLINE_H

#include <stdint.h>

#include "loop/loop.h"

#define VIREO__DUE_PER_TURN 1024

/* Embedded in who waits. All zero before its first use. */
typedef struct vireo__deadline {
    vireo__list node;
    struct vireo__deadline_queue *queue; /* NULL: not started */
    uint64_t due;
} vireo__deadline;

/* vireo__deadline_start has |fn| called in |ms| milliseconds (at least 1), once; a deadline that is
 * running already is started anew. Returns 0 or VIREO_ENOMEM. */
int vireo__deadline_start(vireo_loop *loop, vireo__deadline *d, uint32_t ms,
                          void (*fn)(vireo__deadline *d));

/* vireo__deadline_stop: |fn| will not be called. Nothing if it is not running. Allowed inside any
 * callback. */
void vireo__deadline_stop(vireo__deadline *d);

static inline bool vireo__deadline_running(const vireo__deadline *d)
{
    return d->queue != NULL;
}

/* For loop.c: run what is due; free the queues at the end. */
void vireo__deadlines_run(vireo_loop *loop);
void vireo__deadlines_free(vireo_loop *loop);

/* A user's timer (app.h): on the heap, freed when it has run or was stopped, or with its loop. */
vireo_timer *vireo__timer_new(vireo_loop *loop, uint32_t ms, bool repeat, vireo_timer_fn fn,
                              void *user);
void vireo__timers_free(vireo_loop *loop);

#endif
