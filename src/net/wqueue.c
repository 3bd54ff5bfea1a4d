/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "net/wqueue.h"

#include <string.h>

#include <vireo/error.h>

/* A piece that is gathered rather than referred to. */
enum { SHORT = 256 };

typedef vireo__wnode wnode;

_Static_assert(sizeof(wnode) <= VIREO__WRITE_NODE_SIZE, "the loop's pool holds nodes of this size");

static bool move_to_block(wnode *node, vireo_loop *loop)
{
    uint8_t *block = vireo__pool_take(&loop->write_blocks);
    if (block == NULL)
        return false;
    memcpy(block, node->bytes, node->len);
    vireo__shared_unref(node->holder);
    node->holder = node->bytes = block;
    node->gathered = true;
    return true;
}

/* Appends to the last piece, if both are short or it is a block with room. */
static bool gather(wnode *last, vireo_loop *loop, const uint8_t *bytes, size_t len)
{
    if (last->done != NULL || len > SHORT)
        return false;
    if (!last->gathered && (last->len > SHORT || !move_to_block(last, loop)))
        return false;
    uint8_t *end = last->bytes + last->len;
    if (len > (size_t)((uint8_t *)last->holder + VIREO__WRITE_BLOCK_SIZE - end))
        return false;
    memcpy(end, bytes, len);
    last->len += len;
    last->queue_bytes += len;
    return true;
}

int vireo__wqueue_push(vireo__wqueue *q, vireo_loop *loop, bool in_flight, vireo__shared *shared,
                       size_t offset, size_t len, vireo__written_fn done, void *user)
{
    uint8_t *bytes = shared->data + offset;
    if (q->tail != NULL && !in_flight && done == NULL && gather(q->tail, loop, bytes, len))
        return 0;
    wnode *node = vireo__pool_take(&loop->write_nodes);
    if (node == NULL)
        return VIREO_ENOMEM;
    *node = (wnode){
        .next = node,
        .holder = vireo__shared_ref(shared),
        .bytes = bytes,
        .len = len,
        .done = done,
        .user = user,
        .queue_bytes = vireo__wqueue_bytes(q) + len,
        .queue_pieces = (uint32_t)vireo__wqueue_pieces(q) + 1,
    };
    if (q->tail != NULL) {
        node->next = q->tail->next;
        q->tail->next = node;
    }
    q->tail = node;
    return 0;
}

unsigned vireo__wqueue_peek(const vireo__wqueue *q, uv_buf_t *bufs, unsigned max)
{
    unsigned n = 0;
    const wnode *node = q->tail;
    if (node == NULL)
        return 0;
    do {
        node = node->next;
        bufs[n++] = (uv_buf_t){.base = (char *)node->bytes, .len = node->len};
    } while (node != q->tail && n < max);
    return n;
}

/* The node is out of the queue before its callback runs, which may push new ones or close the
 * stream. */
static void drop_head(vireo__wqueue *q, vireo_loop *loop, int status)
{
    wnode *tail = q->tail, *first = tail->next, node = *first;
    if (first == tail) {
        q->tail = NULL;
    } else {
        tail->next = node.next;
        tail->queue_bytes -= node.len;
        tail->queue_pieces--;
    }
    vireo__pool_give(&loop->write_nodes, first);
    if (node.gathered)
        vireo__pool_give(&loop->write_blocks, node.holder);
    else
        vireo__shared_unref(node.holder);
    if (node.done != NULL)
        node.done(node.user, status);
}

void vireo__wqueue_advance(vireo__wqueue *q, vireo_loop *loop, size_t n)
{
    while (q->tail != NULL && n >= q->tail->next->len) {
        n -= q->tail->next->len;
        drop_head(q, loop, 0);
    }
    if (n > 0 && q->tail != NULL) {
        wnode *head = q->tail->next;
        head->bytes += n;
        head->len -= n;
        q->tail->queue_bytes -= n;
    }
}

void vireo__wqueue_clear(vireo__wqueue *q, vireo_loop *loop, int status)
{
    while (q->tail != NULL)
        drop_head(q, loop, status);
}
