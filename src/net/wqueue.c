/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "net/wqueue.h"

#include <string.h>

#include <vireo/error.h>

/* A piece that is gathered rather than referred to. */
enum { SHORT = 256 };

typedef struct vireo__wnode {
    struct vireo__wnode *next;
    vireo__shared *shared; /* whose bytes these are; NULL: they stand in |block| */
    uint8_t *block;        /* of the loop's stock */
    uint8_t *bytes;        /* not yet taken */
    size_t len;
    vireo__written_fn done;
    void *user;
} wnode;

_Static_assert(sizeof(wnode) <= VIREO__WRITE_NODE_SIZE, "the loop's pool holds nodes of this size");

static bool move_to_block(wnode *node, vireo_loop *loop)
{
    uint8_t *block = vireo__pool_take(&loop->write_blocks);
    if (block == NULL)
        return false;
    memcpy(block, node->bytes, node->len);
    vireo__shared_unref(node->shared);
    node->shared = NULL;
    node->block = node->bytes = block;
    return true;
}

/* Appends to the last piece, if both are short or it is a block with room. */
static bool gather(wnode *last, vireo_loop *loop, const uint8_t *bytes, size_t len)
{
    if (last->done != NULL || len > SHORT)
        return false;
    if (last->block == NULL && (last->len > SHORT || !move_to_block(last, loop)))
        return false;
    uint8_t *end = last->bytes + last->len;
    if (len > (size_t)(last->block + VIREO__WRITE_BLOCK_SIZE - end))
        return false;
    memcpy(end, bytes, len);
    last->len += len;
    return true;
}

int vireo__wqueue_push(vireo__wqueue *q, vireo_loop *loop, bool in_flight, vireo__shared *shared,
                       size_t offset, size_t len, vireo__written_fn done, void *user)
{
    uint8_t *bytes = shared->data + offset;
    if (q->tail != NULL && !in_flight && done == NULL && gather(q->tail, loop, bytes, len)) {
        q->bytes += len;
        return 0;
    }
    wnode *node = vireo__pool_take(&loop->write_nodes);
    if (node == NULL)
        return VIREO_ENOMEM;
    *node = (wnode){NULL, vireo__shared_ref(shared), NULL, bytes, len, done, user};
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
        bufs[n++] = (uv_buf_t){.base = (char *)node->bytes, .len = node->len};
    return n;
}

/* The node is out of the queue before its callback runs, which may push new ones or close the
 * stream. */
static void drop_head(vireo__wqueue *q, vireo_loop *loop, int status)
{
    wnode node = *q->head;
    vireo__pool_give(&loop->write_nodes, q->head);
    q->head = node.next;
    if (q->head == NULL)
        q->tail = NULL;
    q->bytes -= node.len;
    q->pieces--;
    vireo__shared_unref(node.shared);
    if (node.block != NULL)
        vireo__pool_give(&loop->write_blocks, node.block);
    if (node.done != NULL)
        node.done(node.user, status);
}

void vireo__wqueue_advance(vireo__wqueue *q, vireo_loop *loop, size_t n)
{
    while (q->head != NULL && n >= q->head->len) {
        n -= q->head->len;
        drop_head(q, loop, 0);
    }
    if (n > 0 && q->head != NULL) {
        q->head->bytes += n;
        q->head->len -= n;
        q->bytes -= n;
    }
}

void vireo__wqueue_clear(vireo__wqueue *q, vireo_loop *loop, int status)
{
    while (q->head != NULL)
        drop_head(q, loop, status);
}
