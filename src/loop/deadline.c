/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "loop/deadline.h"

#include <stdlib.h>

#include <vireo/error.h>

typedef struct vireo__deadline_queue {
    vireo__list node;      /* in loop->deadline_queues */
    vireo__list deadlines; /* earliest first */
    vireo_loop *loop;
    void (*fn)(vireo__deadline *d);
    uint32_t ms;
} queue;

static vireo__deadline *first(const queue *q)
{
    return vireo__container(q->deadlines.next, vireo__deadline, node);
}

static queue *find_queue(vireo_loop *loop, uint32_t ms, void (*fn)(vireo__deadline *d))
{
    for (vireo__list *at = loop->deadline_queues.next; at != &loop->deadline_queues;
         at = at->next) {
        queue *q = vireo__container(at, queue, node);
        if (q->ms == ms && q->fn == fn)
            return q;
    }
    queue *q = malloc(sizeof *q);
    if (q == NULL)
        return NULL;
    q->loop = loop;
    q->ms = ms;
    q->fn = fn;
    vireo__list_init(&q->deadlines);
    vireo__list_append(&loop->deadline_queues, &q->node);
    return q;
}

static void drop_if_empty(queue *q)
{
    if (!vireo__list_empty(&q->deadlines))
        return;
    vireo__list_remove(&q->node);
    free(q);
}

static void on_timer(uv_timer_t *timer);

static void arm(vireo_loop *loop, uint64_t due)
{
    if (due >= loop->timer_due)
        return;
    uint64_t now = vireo__loop_now(loop);
    loop->timer_due = due;
    uv_timer_start(&loop->timer, on_timer, due > now ? due - now : 0, 0);
}

/* The timer may fire for a deadline that was stopped or restarted meanwhile: then it only looks for
 * the next one. */
static void arm_for_earliest(vireo_loop *loop)
{
    uint64_t due = UINT64_MAX;
    for (vireo__list *at = loop->deadline_queues.next; at != &loop->deadline_queues;
         at = at->next) {
        queue *q = vireo__container(at, queue, node);
        if (first(q)->due < due)
            due = first(q)->due;
    }
    if (due != UINT64_MAX)
        arm(loop, due);
    else if (loop->timer_due != UINT64_MAX) {
        loop->timer_due = UINT64_MAX;
        uv_timer_stop(&loop->timer);
    }
}

int vireo__deadline_start(vireo_loop *loop, vireo__deadline *d, uint32_t ms,
                          void (*fn)(vireo__deadline *d))
{
    queue *q = d->queue;
    /* what starts itself anew when it is due must not be due again in the same turn */
    ms += ms == 0;
    if (q == NULL || q->ms != ms || q->fn != fn) {
        vireo__deadline_stop(d);
        q = find_queue(loop, ms, fn);
        if (q == NULL)
            return VIREO_ENOMEM;
    } else {
        vireo__list_remove(&d->node);
    }
    d->queue = q;
    d->due = vireo__loop_now(loop) + ms;
    vireo__list_append(&q->deadlines, &d->node);
    arm(loop, d->due);
    return 0;
}

void vireo__deadline_stop(vireo__deadline *d)
{
    queue *q = d->queue;
    if (q == NULL)
        return;
    vireo_loop *loop = q->loop;
    d->queue = NULL;
    vireo__list_remove(&d->node);
    drop_if_empty(q);
    if (vireo__list_empty(&loop->deadline_queues))
        arm_for_earliest(loop); /* nothing left: let uv_run end */
}

/* The one that is due first, of those that are. */
static queue *next_due(vireo_loop *loop, uint64_t now)
{
    queue *next = NULL;
    for (vireo__list *at = loop->deadline_queues.next; at != &loop->deadline_queues;
         at = at->next) {
        queue *q = vireo__container(at, queue, node);
        if (first(q)->due <= now && (next == NULL || first(q)->due < first(next)->due))
            next = q;
    }
    return next;
}

/* Returns whether more are due. */
static bool run_due(vireo_loop *loop)
{
    uint64_t now = vireo__loop_now(loop);
    queue *q;
    for (unsigned left = VIREO__DUE_PER_TURN; (q = next_due(loop, now)) != NULL; left--) {
        void (*fn)(vireo__deadline * d) = q->fn;
        vireo__deadline *d = first(q);
        if (left == 0)
            return true;
        vireo__deadline_stop(d);
        fn(d);
    }
    return false;
}

/* A timer of 0 ms would run before what was written leaves. */
static void on_timer(uv_timer_t *timer)
{
    vireo_loop *loop = timer->data;
    loop->timer_due = UINT64_MAX;
    if (run_due(loop))
        arm(loop, vireo__loop_now(loop) + 1);
    else
        arm_for_earliest(loop);
}

void vireo__deadlines_run(vireo_loop *loop)
{
    while (run_due(loop))
        ;
    arm_for_earliest(loop);
}

void vireo__deadlines_free(vireo_loop *loop)
{
    while (!vireo__list_empty(&loop->deadline_queues)) {
        queue *q = vireo__container(loop->deadline_queues.next, queue, node);
        while (!vireo__list_empty(&q->deadlines)) {
            vireo__deadline *d = first(q);
            d->queue = NULL;
            vireo__list_remove(&d->node);
        }
        drop_if_empty(q);
    }
}
