/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* outbox.h: messages that wait for a transport: a queue of frames (ws/frame.h). A polling session
 * fills it between two polls; what waits in it is part of the loop's backlog.
 *
 * Some messages wait under a name, so that a newer one can take the place of an older one. Their
 * names stand in a table of the outbox's, which exists only while it holds any. */

#ifndef VIREO_ENGINEIO_OUTBOX_H
#define VIREO_ENGINEIO_OUTBOX_H

#include "base/str.h"
#include "loop/loop.h"
#include "net/wqueue.h"
#include "ws/frame.h"

/* One message. */
typedef struct vireo__outbox_item {
    vireo__shared *frame; /* a reference */
    vireo__written_fn done;
    void *user;
} vireo__outbox_item;

typedef struct vireo__outbox {
    struct vireo__outbox_node *head;   /* NULL: empty; what it knows of all stands here too */
    struct vireo__outbox_names *names; /* NULL: none has one */
} vireo__outbox;

size_t vireo__outbox_bytes(const vireo__outbox *box); /* of payload */
size_t vireo__outbox_count(const vireo__outbox *box); /* of frames */

/* A name: a text of at most VIREO__OUTBOX_TEXT_MAX bytes, which means something else in each
 * scope. */
typedef struct vireo__outbox_name {
    const void *scope;
    vireo__str text;
} vireo__outbox_name;

#define VIREO__OUTBOX_TEXT_MAX 255

/* vireo__outbox_push takes a reference of its own to item.frame. Returns 0 or VIREO_ENOMEM. */
int vireo__outbox_push(vireo__outbox *box, vireo_loop *loop, vireo__outbox_item item);

/* vireo__outbox_pop takes out the oldest; its reference goes to the caller. False when the outbox
 * is empty. */
bool vireo__outbox_pop(vireo__outbox *box, vireo_loop *loop, vireo__outbox_item *item);

/* vireo__outbox_next visits all without taking them out: start with |*at| NULL; returns NULL at the
 * end. */
const vireo__outbox_item *vireo__outbox_next(const vireo__outbox *box,
                                             const struct vireo__outbox_node **at);

static inline bool vireo__outbox_empty(const vireo__outbox *box)
{
    return box->head == NULL;
}

/* vireo__outbox_drop drops the message that waits under |name|, all its frames, if there is one. */
void vireo__outbox_drop(vireo__outbox *box, vireo_loop *loop, const vireo__outbox_name *name);

/* vireo__outbox_name_last lets the last |frames| frames, one message, wait under |name|, which is
 * free. Without memory for that they wait as any others. */
void vireo__outbox_name_last(vireo__outbox *box, const vireo_loop *loop,
                             const vireo__outbox_name *name, size_t frames);

/* vireo__outbox_clear drops all; each |done| gets |status|. */
void vireo__outbox_clear(vireo__outbox *box, vireo_loop *loop, int status);

#endif
