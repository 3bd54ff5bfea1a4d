/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "engineio/outbox.h"

#include <vireo/error.h>

typedef struct vireo__outbox_node {
    struct vireo__outbox_node *next;
    vireo__outbox_item item;
} node;

_Static_assert(sizeof(node) <= VIREO__WRITE_NODE_SIZE, "the loop's pool holds nodes of this size");

int vireo__outbox_push(vireo__outbox *box, vireo_loop *loop, vireo__outbox_item item)
{
    node *n = vireo__pool_take(&loop->write_nodes);
    if (n == NULL)
        return VIREO_ENOMEM;
    vireo__shared_ref(item.frame);
    *n = (node){NULL, item};
    if (box->tail != NULL)
        box->tail->next = n;
    else
        box->head = n;
    box->tail = n;
    box->bytes += vireo__ws_payload_len(item.frame);
    loop->backlog += vireo__ws_payload_len(item.frame);
    box->count++;
    return 0;
}

bool vireo__outbox_pop(vireo__outbox *box, vireo_loop *loop, vireo__outbox_item *item)
{
    node *n = box->head;
    if (n == NULL)
        return false;
    *item = n->item;
    box->head = n->next;
    if (box->head == NULL)
        box->tail = NULL;
    box->bytes -= vireo__ws_payload_len(item->frame);
    loop->backlog -= vireo__ws_payload_len(item->frame);
    box->count--;
    vireo__pool_give(&loop->write_nodes, n);
    return true;
}

const vireo__outbox_item *vireo__outbox_next(const vireo__outbox *box, const node **at)
{
    *at = *at == NULL ? box->head : (*at)->next;
    return *at == NULL ? NULL : &(*at)->item;
}

void vireo__outbox_clear(vireo__outbox *box, vireo_loop *loop, int status)
{
    vireo__outbox_item item;
    while (vireo__outbox_pop(box, loop, &item)) {
        vireo__shared_unref(item.frame);
        if (item.done != NULL)
            item.done(item.user, status);
    }
}
