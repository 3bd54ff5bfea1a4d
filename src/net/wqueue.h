/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* wqueue.h: what a stream still has to write: a list of views into shared bytes, with their sum.
 *
 * A message for a thousand receivers stands once in memory and a thousand times, as a node of 64
 * bytes, in their queues. Only where several short pieces follow each other in one turn, their
 * bytes are gathered in a block: to copy forty bytes costs less than a node, and the kernel takes
 * one block sooner than many pieces. An empty queue is one pointer:
 *
 *     tail --> node --next--> head --> node --> (the tail again)
 *
 * and what all of it weighs stands in the tail. */

#ifndef VIREO_NET_WQUEUE_H
#define VIREO_NET_WQUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

#include "base/shared.h"
#include "loop/loop.h"

/* Called exactly once for a queued piece: 0 when the kernel has taken its last byte, a negative
 * number when it never will. */
typedef void (*vireo__written_fn)(void *user, int status);

typedef struct vireo__wnode {
    struct vireo__wnode *next; /* of the tail: the head */
    void *holder;              /* a vireo__shared; or a block of the loop's stock: |gathered| */
    uint8_t *bytes;            /* not yet taken */
    size_t len;
    vireo__written_fn done;
    void *user;
    size_t queue_bytes; /* of the tail: of all nodes */
    uint32_t queue_pieces;
    bool gathered;
} vireo__wnode;

typedef struct vireo__wqueue {
    vireo__wnode *tail; /* NULL: empty */
} vireo__wqueue;

/* vireo__wqueue_bytes returns how many bytes have not been taken yet; vireo__wqueue_pieces, in how
 * many nodes they stand. */
static inline size_t vireo__wqueue_bytes(const vireo__wqueue *q)
{
    return q->tail != NULL ? q->tail->queue_bytes : 0;
}

static inline size_t vireo__wqueue_pieces(const vireo__wqueue *q)
{
    return q->tail != NULL ? q->tail->queue_pieces : 0;
}

/* vireo__max_pieces returns how many pieces may wait where |max_bytes| bytes may. A piece costs
 * more than a hundred bytes beside its own: without this a client that makes us answer with very
 * short ones, and reads none, could have us hold many times its limit. */
static inline size_t vireo__max_pieces(size_t max_bytes)
{
    enum { LEAST = 1024, BYTES_EACH = 32 };
    size_t pieces = max_bytes / BYTES_EACH;
    return pieces > LEAST ? pieces : LEAST;
}

/* vireo__wqueue_push appends data[offset .. offset+len) of |shared|: takes a reference of its own,
 * or copies them.
 *
 * in_flight  the kernel may still read what the queue shows: nothing in it moves
 * done       may be NULL
 * Returns 0 or VIREO_ENOMEM. */
int vireo__wqueue_push(vireo__wqueue *q, vireo_loop *loop, bool in_flight, vireo__shared *shared,
                       size_t offset, size_t len, vireo__written_fn done, void *user);

/* vireo__wqueue_peek fills |bufs| with views of the first pieces; returns how many. */
unsigned vireo__wqueue_peek(const vireo__wqueue *q, uv_buf_t *bufs, unsigned max);

/* vireo__wqueue_advance drops |n| written bytes from the front (and empty pieces behind them). */
void vireo__wqueue_advance(vireo__wqueue *q, vireo_loop *loop, size_t n);

/* vireo__wqueue_clear drops all; each |done| gets |status|. */
void vireo__wqueue_clear(vireo__wqueue *q, vireo_loop *loop, int status);

static inline bool vireo__wqueue_empty(const vireo__wqueue *q)
{
    return q->tail == NULL;
}

#endif
