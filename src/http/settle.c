/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/settle.h"

#include <stdlib.h>

#include <vireo/error.h>

#include "http/app.h"

enum {
    /* Of a loop, until a connection that waits has been accepted and passed on, or one that was
     * passed to it has been watched, read and handed over. */
    TURNS = 4
};

/* On its way through the turns of one loop. */
typedef struct leg {
    vireo__settling *of;
    vireo_loop *loop;
    unsigned turns;
} leg;

/* Its worker's alone, but |group| and |home|, which do not change while one is under way, and the
 * legs: each is the loop's where it is. */
struct vireo__settling {
    vireo__group *group;
    vireo_loop *home;
    unsigned left;     /* legs that have not come back */
    vireo__list asked; /* while one is under way: for the next */
    vireo__list now;
    leg *legs; /* of each worker; the first is the main thread's before */
};

static void begin(vireo__settling *s);

/* Once all have finished nobody waits for it, and |loop| may be gone. */
static void post(const vireo__settling *s, vireo_loop *loop, void (*fn)(void *a, void *b), void *a)
{
    while (!vireo__group_over(s->group) && vireo__loop_post(loop, fn, a, NULL) == VIREO_ENOMEM)
        uv_sleep(1);
}

/* What they ask for is for the next. */
static void run_all(vireo__settling *s)
{
    vireo__list ready;
    vireo__list_move(&ready, &s->now);
    while (!vireo__list_empty(&ready)) {
        vireo__settle_task *task = vireo__container(ready.next, vireo__settle_task, node);
        vireo__list_remove(&task->node);
        task->run(task);
    }
}

static void come_back(void *settling, void *unused)
{
    vireo__settling *s = settling;
    (void)unused;
    if (--s->left > 0)
        return;
    run_all(s);
    if (s->left == 0 && !vireo__list_empty(&s->asked))
        begin(s);
}

static bool goes_on(leg *l, void (*fn)(void *leg, void *unused))
{
    if (l->turns == 0)
        return false;
    l->turns--;
    post(l->of, l->loop, fn, l);
    return true;
}

static void pass_worker(void *leg_, void *unused)
{
    leg *l = leg_;
    const vireo__settling *s = l->of;
    (void)unused;
    if (!goes_on(l, pass_worker))
        post(s, s->home, come_back, l->of);
}

static void pass_main(void *leg_, void *unused)
{
    leg *l = leg_;
    vireo__settling *s = l->of;
    (void)unused;
    if (goes_on(l, pass_main) || vireo__group_over(s->group))
        return;
    for (unsigned i = 0; i < s->group->count; i++) {
        s->legs[i] = (leg){s, s->group->apps[i]->loop, TURNS};
        post(s, s->legs[i].loop, pass_worker, &s->legs[i]);
    }
}

static void begin(vireo__settling *s)
{
    vireo__list_move(&s->now, &s->asked);
    s->left = s->group->count;
    s->legs[0] = (leg){s, s->group->loop, TURNS};
    post(s, s->group->loop, pass_main, &s->legs[0]);
}

void vireo__settle(vireo_app *app, vireo__settle_task *task)
{
    vireo__settling *s = &app->group->settlings[app->worker];
    vireo__list_append(&s->asked, &task->node);
    if (s->left > 0)
        return;
    s->home = app->loop;
    begin(s);
}

void vireo__settle_cancel(vireo__settle_task *task)
{
    vireo__list_remove(&task->node);
}

/* --- life ------------------------------------------------------------------------------------- */

vireo__settling *vireo__settlings_new(vireo__group *g)
{
    vireo__settling *list = calloc(g->count, sizeof *list);
    leg *legs = calloc((size_t)g->count * g->count, sizeof *legs);
    if (list == NULL || legs == NULL) {
        free(list);
        free(legs);
        return NULL;
    }
    for (unsigned i = 0; i < g->count; i++) {
        list[i] = (vireo__settling){.group = g, .legs = legs + (size_t)i * g->count};
        vireo__list_init(&list[i].asked);
        vireo__list_init(&list[i].now);
    }
    return list;
}

void vireo__settlings_free(vireo__settling *list)
{
    if (list == NULL)
        return;
    free(list[0].legs);
    free(list);
}
