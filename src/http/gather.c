/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/gather.h"

#include <stdlib.h>

#include <vireo/error.h>

#include "http/app.h"
#include "http/group.h"

/* A request that waits. |holders| may be on any thread; |request|, |left| and |sum| belong to the
 * worker that was asked. */
typedef struct inquiry {
    const vireo__gathering *how;
    void *question;
    unsigned worker;    /* that was asked */
    vireo_req *request; /* NULL: it was aborted */
    unsigned left;
    atomic_uint holders;
    _Alignas(8) uint8_t sum[];
} inquiry;

/* What one of the others tells. */
typedef struct reading {
    inquiry *of;
    _Alignas(8) uint8_t part[];
} reading;

static void free_part(const inquiry *q, void *part)
{
    if (q->how->free_part != NULL)
        q->how->free_part(part);
}

static void release(inquiry *q)
{
    if (atomic_fetch_sub(&q->holders, 1) != 1)
        return;
    free_part(q, q->sum);
    if (q->how->free_question != NULL)
        q->how->free_question(q->question);
    free(q);
}

static void drop_reading(reading *one)
{
    inquiry *q = one->of;
    free_part(q, one->part);
    free(one);
    release(q);
}

static void on_aborted(vireo_req *r, void *user)
{
    inquiry *q = user;
    (void)r;
    q->request = NULL;
}

static void one_less(inquiry *q)
{
    vireo_req *r = q->request;
    if (--q->left > 0 || r == NULL)
        return;
    vireo_on_abort(r, NULL, NULL);
    int error = q->how->answer(r, q->question, q->sum);
    if (error < 0)
        vireo_fail(r, error, NULL);
}

static void take_reading(vireo_app *app, void *user)
{
    reading *one = user;
    (void)app;
    one->of->how->add(one->of->sum, one->part);
    one_less(one->of);
    drop_reading(one);
}

static void tell_there(vireo_app *app, void *user)
{
    reading *one = user;
    const inquiry *q = one->of;
    q->how->tell(app, q->question, one->part);
    if (vireo__group_post(app->group, q->worker, take_reading, one) < 0)
        drop_reading(one);
}

static void ask_worker(inquiry *q, vireo__group *group, unsigned worker)
{
    reading *one = calloc(1, sizeof *one + q->how->size);
    if (one != NULL) {
        one->of = q;
        atomic_fetch_add(&q->holders, 1);
        if (vireo__group_post(group, worker, tell_there, one) == 0)
            return;
        drop_reading(one);
    }
    one_less(q);
}

int vireo__gather(vireo_req *r, const vireo__gathering *how, void *question)
{
    vireo_app *app = vireo_req_app(r);
    vireo__group *group = app->group;
    inquiry *q = calloc(1, sizeof *q + how->size);
    if (q == NULL) {
        if (how->free_question != NULL)
            how->free_question(question);
        return VIREO_ENOMEM;
    }
    q->how = how;
    q->question = question;
    q->worker = app->worker;
    q->request = r;
    q->left = group != NULL ? group->count : 1;
    atomic_init(&q->holders, 1);
    vireo_on_abort(r, on_aborted, q);
    for (unsigned i = 0; group != NULL && i < group->count; i++)
        if (i != app->worker)
            ask_worker(q, group, i);
    how->tell(app, question, q->sum);
    one_less(q);
    release(q);
    return 0;
}
