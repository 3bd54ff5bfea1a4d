/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* loop.h: libuv wrapped thinly. One loop is one thread, and owns all that lives on it.
 *
 * What it adds to uv_loop_t:
 *   - the shared read buffer, into which every stream of the loop reads, so that an idle connection
 * owns none;
 *   - the end of the turn: tasks that run once after the events of a turn have been handled and
 * before the loop sleeps again. Streams write there what was queued during the turn;
 *   - deadlines (deadline.h) that cost O(1) each;
 *   - work posted from other threads.
 *
 *    timers -> prepare: end of turn -> poll (I/O callbacks) -> check: end of turn -> close
 * callbacks
 */

#ifndef VIREO_LOOP_LOOP_H
#define VIREO_LOOP_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>
#include <vireo/app.h>

#include "base/buf.h"
#include "base/debug.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/pool.h"

#define VIREO__READ_BUFFER      65536                     /* bytes; more per read saves nothing */
#define VIREO__READ_TURN        (16 * VIREO__READ_BUFFER) /* bytes of all greedy streams, about */
#define VIREO__READ_LEAST       4096
#define VIREO__WRITE_NODE_SIZE  64    /* bytes; net/wqueue.c asserts that its node fits */
#define VIREO__WRITE_BLOCK_SIZE 1024  /* bytes; sixteen ordinary messages */
#define VIREO__BACKLOG_EACH     65536 /* bytes that may wait for a peer in any case */

/* What all streams of a loop have carried, in bytes. */
typedef struct vireo__traffic {
    uint64_t received;
    uint64_t sent;
} vireo__traffic;

/* What wants to be called beside the tasks of a turn. */
typedef struct vireo__loop_hooks {
    void (*flush)(vireo_loop *loop); /* after the tasks; and again when it has added some */
    void (*sleep)(vireo_loop *loop); /* after that, when the loop may sleep now */
    void (*wake)(vireo_loop *loop);  /* when it has slept */
    int (*forked)(vireo_loop *loop); /* this is another process than that which made the loop */
} vireo__loop_hooks;

struct vireo_loop {
    uv_loop_t *uv;
    uv_loop_t *own; /* the same when we made it, else NULL */
    uint8_t *read_buffer;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_timer_t timer; /* armed for the earliest deadline */
    uv_async_t wake;
    int open_handles; /* of the four above, and of lookups under way */
    int process;      /* that it belongs to */
    vireo__list turn; /* of vireo__turn_task */
    /* net's; NULL: none */
    const struct vireo__loop_hooks *hooks;
    const struct vireo__streams *streams; /* how streams are made; NULL: not chosen yet */
    struct vireo__uring *uring;           /* NULL: none */
    vireo_io_kind io;                     /* what |streams| shall be */
    vireo__list deadline_queues;
    vireo__list timers;  /* of vireo_timer */
    vireo__list parts;   /* of vireo__loop_part */
    uint64_t timer_due;  /* what |timer| is armed for; UINT64_MAX when it is not */
    uint64_t clock_skew; /* tests move the clock with it */
    uv_mutex_t posts_lock;
    vireo__list posts;
    bool posts_closed;
    vireo__hash_key hash_key;
    vireo__log log;
    unsigned debug; /* bits of vireo__debug_area */
    vireo__traffic traffic;
    vireo__pool write_nodes;  /* of net's write queues */
    vireo__pool write_blocks; /* where they gather short pieces */
    /* bytes queued for peers that are behind with reading, and from where on those are closed who
     * have more than VIREO__BACKLOG_EACH of it */
    size_t backlog;
    size_t max_backlog;
    /* streams that had more to read than they were given in this turn, and in those before: the
     * most, forgotten little by little, since all of them may pause at once */
    unsigned greedy;
    unsigned greedy_of_late;
    /* for whoever builds one message and copies it out before anyone else can run */
    vireo__buf scratch;
};

/* vireo__loop_new returns new: a loop on |uv| (borrowed until vireo__loop_free), or on a uv_loop_t
 * of its own for NULL. NULL when memory or descriptors run out. */
vireo_loop *vireo__loop_new(uv_loop_t *uv);

/* vireo__loop_begin: the calling thread is about to run the loop for the first time. If that made
 * it is our parent, what the kernel keeps for it is made anew. Returns 0, or a negative number when
 * it cannot run here. */
int vireo__loop_begin(vireo_loop *loop);

/* vireo__loop_free closes its handles, runs the uv_loop_t until they are closed, and frees. All
 * streams and listeners must be closed. */
void vireo__loop_free(vireo_loop *loop);

/* vireo__debug writes a line if anybody wants to see this area. */
#define vireo__debug(loop, area, ...)                                                              \
    do {                                                                                           \
        if ((loop)->debug & (area))                                                                \
            vireo__debug_line(&(loop)->log, (area), __VA_ARGS__);                                  \
    } while (0)

/* vireo__loop_now returns milliseconds of a clock that never goes back; the same during one
 * turn. */
uint64_t vireo__loop_now(const vireo_loop *loop);

/* vireo__loop_advance moves that clock forward and runs what is due then. For tests. */
void vireo__loop_advance(vireo_loop *loop, uint64_t ms);

/* vireo__loop_too_far_behind tells whether a peer for which |queued| bytes wait, and now |more|,
 * has to go, so that all who read too slowly together cannot have us hold any amount of memory. */
static inline bool vireo__loop_too_far_behind(const vireo_loop *loop, size_t queued, size_t more)
{
    bool full = more > loop->max_backlog || loop->backlog > loop->max_backlog - more;
    return full && queued + more > VIREO__BACKLOG_EACH;
}

/* vireo__loop_read_share returns how many bytes one stream may read in this turn: the whole buffer,
 * unless so many want more that a turn would take long. */
static inline size_t vireo__loop_read_share(const vireo_loop *loop)
{
    size_t share = VIREO__READ_TURN / (loop->greedy_of_late + 1u);
    if (share > VIREO__READ_BUFFER)
        return VIREO__READ_BUFFER;
    return share > VIREO__READ_LEAST ? share : VIREO__READ_LEAST;
}

/* vireo__loop_scratch returns the loop's scratch buffer, emptied. */
vireo__buf *vireo__loop_scratch(vireo_loop *loop);

/* vireo__loop_scratch_hide puts the scratch buffer aside with what it holds, and
 * vireo__loop_scratch_show brings it back: around a call of users' code, which may need one too. */
vireo__buf vireo__loop_scratch_hide(vireo_loop *loop);
void vireo__loop_scratch_show(vireo_loop *loop, vireo__buf hidden);

/* A task for the end of the turn, embedded in who wants it. All zero before its first use. */
typedef struct vireo__turn_task {
    vireo__list node; /* its |next| is NULL while it is not queued */
    void (*run)(struct vireo__turn_task *task);
} vireo__turn_task;

static inline bool vireo__turn_queued(const vireo__turn_task *task)
{
    return task->node.next != NULL;
}

/* vireo__turn_add has task->run called once at the end of this turn; nothing if it is queued
 * already. */
void vireo__turn_add(vireo_loop *loop, vireo__turn_task *task);

/* vireo__turn_remove takes it back; nothing if it is not queued. */
void vireo__turn_remove(vireo__turn_task *task);

/* What a floor above keeps once per loop, embedded in it. |free| frees it, at the end of the loop,
 * and tells it from others. */
typedef struct vireo__loop_part {
    vireo__list node;
    void (*free)(struct vireo__loop_part *part);
} vireo__loop_part;

/* vireo__loop_add_part keeps |part| (takes); vireo__loop_part_of finds it, NULL if it is not there.
 */
void vireo__loop_add_part(vireo_loop *loop, vireo__loop_part *part);
vireo__loop_part *vireo__loop_part_of(const vireo_loop *loop, void (*free)(vireo__loop_part *part));

/* vireo__loop_post has |fn| called on the loop's thread. Any thread. Returns 0, VIREO_ENOMEM,
 * VIREO_ECLOSED. What is still waiting when the loop ends is called then. */
int vireo__loop_post(vireo_loop *loop, void (*fn)(void *a, void *b), void *a, void *b);

/* vireo__loop_end_posts runs what was posted, and has further posts refused; done by
 * vireo__loop_free, if not before. */
void vireo__loop_end_posts(vireo_loop *loop);

#endif
