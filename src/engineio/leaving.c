/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* leaving.c: a polling client goes: it says so with a POST, or its pending GET breaks off. Where
 * several workers read its connections, a GET or a message that it has sent before may still be on
 * its way here: the session ends when that has had its turn, as it would have with one worker. */

#include <stdlib.h>
#include <string.h>

#include "engineio/session.h"
#include "http/settle.h"

typedef struct leaving {
    vireo__list node;
    vireo__settle_task task;
    vireo__eio_server *server;
    const char *last;
    const char *reason;
    const char *description;
    char id[VIREO__ID_SIZE]; /* the session may end otherwise meanwhile */
} leaving;

static void end(vireo__eio_session *s, const char *last, const char *reason,
                const char *description)
{
    vireo__eio_polling_end(s, last);
    vireo__eio_session_end(s, reason, description);
}

static void on_settled(vireo__settle_task *task)
{
    leaving *l = vireo__container(task, leaving, task);
    vireo__eio_session *s = vireo__eio_session_find(l->server, l->id, strlen(l->id));
    if (s != NULL)
        end(s, l->last, l->reason, l->description);
    vireo__list_remove(&l->node);
    free(l);
}

bool vireo__eio_leave(vireo__eio_session *s, const char *last, const char *reason,
                      const char *description)
{
    vireo__eio_server *server = s->server;
    bool alone = server->directory == NULL || s->poll != NULL;
    leaving *l = alone ? NULL : malloc(sizeof *l);
    if (l == NULL) {
        end(s, last, reason, description);
        return false;
    }
    *l = (leaving){.task.run = on_settled,
                   .server = server,
                   .last = last,
                   .reason = reason,
                   .description = description};
    strcpy(l->id, s->id);
    vireo__list_append(&server->leavings, &l->node);
    vireo__settle(server->app, &l->task);
    return true;
}

void vireo__eio_leavings_free(vireo__eio_server *server)
{
    while (!vireo__list_empty(&server->leavings)) {
        leaving *l = vireo__container(server->leavings.next, leaving, node);
        vireo__settle_cancel(&l->task);
        vireo__list_remove(&l->node);
        free(l);
    }
}
