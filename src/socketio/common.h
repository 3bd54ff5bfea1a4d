/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* common.h: what the namespaces of one name in all workers have in common (http/group.h). Each
 * worker has a vireo_ns of its own; that all are one is what a name in here stands for.
 *
 *     worker 0          vireo__ns_common "/"            worker 1
 *       vireo_ns  ------------->   <---------------------  vireo_ns
 *
 * Law of children, the namespaces that clients bring to life:
 *
 * - The first CONNECT on any worker enters the name. All other workers are told, and make a child
 * of their own, beside the same parent: its number is the same everywhere, since all set up the
 * same.
 * - A worker where somebody needs a child counts as one that uses it. When the last one does so no
 *   more, and children are to be cleaned up, the name is over: it is nobody's any more, and all are
 *   told to forget theirs. A child whose name is over is not found, told or not.
 * - A name that is asked for again begins another life: another vireo__ns_common. So it does not
 *   matter in which order workers hear of the end of one and the beginning of the other.
 *
 * Without a group there is none of it: NULL. */

#ifndef VIREO_SOCKETIO_COMMON_H
#define VIREO_SOCKETIO_COMMON_H

#include <stdatomic.h>

#include <vireo/socket.h>

#include "base/map.h"
#include "base/str.h"

/* Of a server. */
typedef struct vireo__io_common vireo__io_common;

/* Of a namespace. What is not atomic stands under the server's lock, or never changes. */
typedef struct vireo__ns_common {
    vireo__io_common *of;
    unsigned refs;  /* namespaces that are it, and messages about it */
    unsigned using; /* workers where a child is needed */
    bool child;
    uint32_t parent;            /* whose child, in the order of the registration of parents */
    atomic_bool over;           /* it was cleaned up */
    struct vireo__stays *stays; /* of clients that may come back; NULL until somebody wants it */
    char name[];
} vireo__ns_common;

/* vireo__io_common_of returns what the same server of all workers shares: to be called as often,
 * and in the same order, by each worker. NULL without a group, then |*needed| is false, or when
 * memory runs out. */
vireo__io_common *vireo__io_common_of(vireo_app *app, bool *needed);

/* vireo__common_enter returns the one of that name, with a reference more; made if there is none,
 * which |*made| tells. NULL when memory runs out.
 *
 * parent  whose child it shall be if it is made; UINT32_MAX: nobody's
 * most    children that may exist; beyond, NULL is returned and |*full| is true */
typedef struct vireo__common_entry {
    const char *name;
    uint32_t parent;
    uint32_t most;
    bool made;
    bool full;
} vireo__common_entry;

vireo__ns_common *vireo__common_enter(vireo__io_common *of, vireo__common_entry *entry);
void vireo__common_ref(vireo__ns_common *c);
void vireo__common_unref(vireo__ns_common *c); /* NULL is allowed */

/* vireo__common_use: somebody needs the child on this worker. False if it is over. */
bool vireo__common_use(vireo__ns_common *c);

/* vireo__common_disuse: nobody does any more. True if it is over with that. */
bool vireo__common_disuse(vireo__ns_common *c);

/* vireo__common_stays returns c->stays, made if it is not there; NULL when memory runs out. */
struct vireo__stays *vireo__common_stays(vireo__ns_common *c);

static inline bool vireo__common_over(const vireo__ns_common *c)
{
    return c != NULL && atomic_load_explicit(&c->over, memory_order_acquire);
}

/* vireo__common_tell has |fn| called for |c| on all workers but |app|'s. */
void vireo__common_tell(const vireo_app *app, vireo__ns_common *c,
                        void (*fn)(vireo_app *app, void *common));

#endif
