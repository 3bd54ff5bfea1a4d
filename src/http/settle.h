/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* settle.h: waiting for what has come to the server already, where several workers are one server.
 *
 * Each worker reads its connections in its own time, so that of two requests that a client has sent
 * one after the other, on two connections, the second may be here before the first. That is nearly
 * always all the same. Where the second one ends something, it is not: then its worker settles
 * first, and what was sent before has its turn.
 *
 *     this worker ---> main thread ---> each worker, this one too ---------> this worker
 *                      accepts what     takes over what was accepted, reads  has been given what
 *                      has come         it, hands over what is another's     is its, and goes on
 *
 * Not for the path of ordinary messages: it costs each loop some turns. All that a worker asks for
 * while one is under way shares the next. */

#ifndef VIREO_HTTP_SETTLE_H
#define VIREO_HTTP_SETTLE_H

#include "http/group.h"

/* Embedded in who wants it; all zero but |run|. */
typedef struct vireo__settle_task {
    vireo__list node;
    void (*run)(struct vireo__settle_task *task);
} vireo__settle_task;

typedef struct vireo__settling vireo__settling;

/* vireo__settlings_new returns new: what each worker of |g| needs for it, a list of g->count; NULL
 * when memory runs out. NULL may be freed. */
vireo__settling *vireo__settlings_new(vireo__group *g);
void vireo__settlings_free(vireo__settling *list);

/* vireo__settle has task->run called once, later, when all that had come to the server by now was
 * read, and is here if it is this worker's. |app| belongs to a group. */
void vireo__settle(vireo_app *app, vireo__settle_task *task);

/* vireo__settle_cancel: |task| was given to vireo__settle, and shall not run. */
void vireo__settle_cancel(vireo__settle_task *task);

#endif
