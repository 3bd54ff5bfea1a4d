/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* timer.c: a user's timers (app.h) on deadlines. */

#include <stdlib.h>

#include "loop/deadline.h"

struct vireo_timer {
    vireo__list node; /* in loop->timers */
    vireo__deadline deadline;
    vireo_loop *loop;
    vireo_timer_fn fn;
    void *user;
    uint32_t ms;
    bool repeat;
    bool running; /* its callback is on the stack */
    bool stopped; /* .. and has stopped it */
};

static void free_timer(vireo_timer *t)
{
    vireo__list_remove(&t->node);
    free(t);
}

static void on_due(vireo__deadline *d)
{
    vireo_timer *t = vireo__container(d, vireo_timer, deadline);
    t->running = true;
    t->fn(t, t->user);
    t->running = false;
    if (t->stopped || !t->repeat || vireo__deadline_start(t->loop, &t->deadline, t->ms, on_due) < 0)
        free_timer(t);
}

vireo_timer *vireo__timer_new(vireo_loop *loop, uint32_t ms, bool repeat, vireo_timer_fn fn,
                              void *user)
{
    vireo_timer *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->loop = loop;
    t->fn = fn;
    t->user = user;
    t->ms = repeat && ms == 0 ? 1 : ms;
    t->repeat = repeat;
    vireo__list_append(&loop->timers, &t->node);
    if (vireo__deadline_start(loop, &t->deadline, t->ms, on_due) < 0) {
        free_timer(t);
        return NULL;
    }
    return t;
}

void vireo_timer_stop(vireo_timer *t)
{
    if (t == NULL)
        return;
    t->stopped = true;
    vireo__deadline_stop(&t->deadline);
    if (!t->running)
        free_timer(t);
}

void vireo__timers_free(vireo_loop *loop)
{
    while (!vireo__list_empty(&loop->timers))
        vireo_timer_stop(vireo__container(loop->timers.next, vireo_timer, node));
}
