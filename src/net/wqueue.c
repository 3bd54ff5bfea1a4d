/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "net/wqueue.h"

#include <vireo/error.h>

#include "loop/loop.h"

typedef struct vireo__wnode {
    struct vireo__wnode *next;
    vireo__shared *shared;
    size_t offset;
    size_t len;
    vireo__written_fn done;
    void *user;
} wnode;

_Static_assert(sizeof(wnode) <= VIREO__WRITE_NODE_SIZE, "the loop's pool holds nodes of this size");

int vireo__wqueue_push(vireo__wqueue *q, vireo__pool *pool, vireo__shared *shared, size_t offset,
                       size_t len, vireo__written_fn done, void *user)
{
    wnode *node = vireo__pool_take(pool);
    if (node == NULL)
        return VIREO_ENOMEM;
    *node = (wnode){NULL, vireo__shared_ref(shared), offset, len, done, user};
    if (q->tail != NULL)
        q->tail->next = node;
    else
        q->head = node;
    q->tail = node;
    q->bytes += len;
    q->pieces++;
    return 0;
}

unsigned vireo__wqueue_peek(const vireo__wqueue *q, uv_buf_t *bufs, unsigned max)
{
    unsigned n = 0;
    for (const wnode *node = q->head; node != NULL && n < max; node = node->next)
        bufs[n++] = (uv_buf_t){.base = (char *)node->shared->data + node->offset, .len = node->len};
    return n;
}

/* The node is out of the queue before its callback runs, which may push new ones or close the
 * stream. */
static void drop_head(vireo__wqueue *q, vireo__pool *pool, int status)
{
    wnode node = *q->head;
    vireo__pool_give(pool, q->head);
    q->head = node.next;
    if (q->head == NULL)
        q->tail = NULL;
    q->bytes -= node.len;
    q->pieces--;
    vireo__shared_unref(node.shared);
    if (node.done != NULL)
        node.done(node.user, status);
}

void vireo__wqueue_advance(vireo__wqueue *q, vireo__pool *pool, size_t n)
{
    while (q->head != NULL && n >= q->head->len) {
        n -= q->head->len;
        drop_head(q, pool, 0);
    }
    if (n > 0 && q->head != NULL) {
        q->head->offset += n;
        q->head->len -= n;
        q->bytes -= n;
    }
}

void vireo__wqueue_clear(vireo__wqueue *q, vireo__pool *pool, int status)
{
    while (q->head != NULL)
        drop_head(q, pool, status);
}
