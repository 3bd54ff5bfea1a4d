/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* later.c: answers that users give later: whether a client may come in, whether a namespace may
 * exist.
 *
 * Whoever owes an answer holds a pointer and gives it exactly once. So that this pointer never
 * dangles, what it points to stays until then, though its client may have gone or its time may be
 * over: then the answer is moot. What an answer sets in motion happens at the end of the turn and
 * not inside the call that gives it.
 */

#include <vireo/error.h>

#include "socketio/inside.h"

static void on_overdue(vireo__deadline *d)
{
    vireo__later *l = vireo__container(d, vireo__later, deadline);
    l->moot = true;
    l->ops->expire(l);
}

void vireo__later_start(vireo_io *io, vireo__later *l, uint32_t timeout_ms,
                        const vireo__later_ops *ops)
{
    l->io = io;
    l->ops = ops;
    vireo__list_append(&io->undecided, &l->node);
    if (timeout_ms > 0 &&
        vireo__deadline_start(io->loop, &l->deadline, timeout_ms, on_overdue) < 0)
        on_overdue(&l->deadline); /* the user has his pointer already */
}

int vireo__later_give(vireo__later *l, int verdict)
{
    if (l->given)
        return VIREO_EANSWERED;
    l->given = true;
    l->verdict = verdict;
    vireo__deadline_stop(&l->deadline);
    vireo__list_remove(&l->node);
    vireo__list_append(&l->io->decided, &l->node);
    vireo__turn_add(l->io->loop, &l->io->settle);
    return l->moot ? VIREO_ECLOSED : 0;
}

void vireo__later_drop(vireo__later *l)
{
    l->moot = true;
    vireo__deadline_stop(&l->deadline);
}

static void settle_list(vireo__list *list)
{
    while (!vireo__list_empty(list)) {
        vireo__later *l = vireo__container(list->next, vireo__later, node);
        vireo__list_remove(&l->node);
        l->ops->settle(l, l->verdict);
    }
}

void vireo__later_settle_all(vireo__turn_task *task)
{
    settle_list(&vireo__container(task, vireo_io, settle)->decided);
}

void vireo__later_free_all(vireo_io *io)
{
    vireo__list *lists[] = {&io->undecided, &io->decided};
    vireo__turn_remove(&io->settle);
    for (size_t i = 0; i < 2; i++) {
        for (vireo__list *at = lists[i]->next; at != lists[i]; at = at->next)
            vireo__later_drop(vireo__container(at, vireo__later, node));
        settle_list(lists[i]);
    }
}
