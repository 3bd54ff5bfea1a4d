/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* workers.h: the adapter between the workers of one process (http/group.h).
 *
 *     worker 0                                   worker 1
 *       namespace -- mail --> pending  --turn's end--> lane 0>1 --wake--> namespace
 *       ...        \                                                       ...
 *                   \--> pending --> lane 0>2 ..
 *
 * A message is written once, as one piece of memory that nobody changes any more, and each worker
 * reads it where it is: no JSON in between for what needs none. What a turn has to say stands in a
 * list of the sender's own; at its end each receiver's lane is locked once, takes it over, and its
 * loop is woken once. No lock is held while a message is handled, and a turn handles so many.
 *
 * A lane is bounded. Who is so far behind that it is full, misses what comes: the alternatives are
 * memory without bounds, or that all wait for the slowest. A question to a full lane is refused as
 * a whole (VIREO_EFULL). Both are counted (vireo_workers_dropped_total) and told to the log.
 *
 * Who is there is known from the start: all workers ask all others, and one that has no such
 * namespace says so. */

#ifndef VIREO_CLUSTER_WORKERS_H
#define VIREO_CLUSTER_WORKERS_H

#include "http/group.h"

#define VIREO__LANE_MESSAGES 65536
#define VIREO__LANE_BYTES    ((size_t)64 * 1024 * 1024)

/* What one worker handles of them before it turns to its connections again. */
#define VIREO__MAIL_PER_TURN 1024

typedef struct vireo__workers vireo__workers;

/* vireo__workers_new returns new: what connects the workers of |g|; NULL when memory runs out.
 *
 * most_messages, most_bytes   of a lane; 0: the constants above */
vireo__workers *vireo__workers_new(vireo__group *g, size_t most_messages, size_t most_bytes);
void vireo__workers_free(vireo__workers *all); /* all applications are freed; NULL is allowed */

/* vireo__workers_join connects |app|, which has joined the group. Returns 0, VIREO_ENOMEM or
 * -errno. It leaves with its end. */
int vireo__workers_join(vireo__workers *all, vireo_app *app);

#endif
