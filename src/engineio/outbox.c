/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "engineio/outbox.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

typedef struct vireo__outbox_node {
    struct vireo__outbox_node *next;
    struct vireo__outbox_node *previous; /* of the head: the tail */
    struct named *named; /* it is the first frame of a message with a name; else NULL */
    vireo__outbox_item item;
    size_t all_bytes; /* of the head: what the outbox holds */
    size_t all_frames;
} node;

_Static_assert(sizeof(node) <= VIREO__WRITE_NODE_SIZE, "the loop's pool holds nodes of this size");

/* A message with a name. The name stands here as the table's key: the scope, then the text. */
typedef struct named {
    node *first;
    size_t frames;
    size_t key_len;
    char key[];
} named;

struct vireo__outbox_names {
    vireo__map map; /* of named */
};

enum { KEY_MAX = sizeof(const void *) + VIREO__OUTBOX_TEXT_MAX };

/* --- names ------------------------------------------------------------------------------------ */

static size_t write_key(char key[KEY_MAX], const vireo__outbox_name *name)
{
    size_t len = name->text.len < VIREO__OUTBOX_TEXT_MAX ? name->text.len : VIREO__OUTBOX_TEXT_MAX;
    memcpy(key, &name->scope, sizeof name->scope);
    if (len > 0)
        memcpy(key + sizeof name->scope, name->text.at, len);
    return sizeof name->scope + len;
}

static void free_names_if_unused(vireo__outbox *box)
{
    if (box->names == NULL || box->names->map.len > 0)
        return;
    vireo__map_deinit(&box->names->map);
    free(box->names);
    box->names = NULL;
}

static void forget_name(vireo__outbox *box, named *n)
{
    vireo__map_remove(&box->names->map, n->key, n->key_len);
    n->first->named = NULL;
    free(n);
    free_names_if_unused(box);
}

static struct vireo__outbox_names *names_of(vireo__outbox *box, vireo__hash_key key)
{
    if (box->names == NULL && (box->names = malloc(sizeof *box->names)) != NULL)
        vireo__map_init(&box->names->map, key);
    return box->names;
}

void vireo__outbox_name_last(vireo__outbox *box, const vireo_loop *loop,
                             const vireo__outbox_name *name, size_t frames)
{
    char key[KEY_MAX];
    size_t len = write_key(key, name);
    named *n = malloc(sizeof *n + len);
    node *first = box->head->previous;
    if (n == NULL || names_of(box, loop->hash_key) == NULL) {
        free(n);
        return;
    }
    for (size_t i = 1; i < frames; i++)
        first = first->previous;
    *n = (named){.first = first, .frames = frames, .key_len = len};
    memcpy(n->key, key, len);
    if (vireo__map_put(&box->names->map, n->key, len, n) == 0) {
        first->named = n;
        return;
    }
    free(n);
    free_names_if_unused(box);
}

/* --- the queue -------------------------------------------------------------------------------- */

int vireo__outbox_push(vireo__outbox *box, vireo_loop *loop, vireo__outbox_item item)
{
    node *n = vireo__pool_take(&loop->write_nodes);
    if (n == NULL)
        return VIREO_ENOMEM;
    vireo__shared_ref(item.frame);
    *n = (node){.previous = n, .item = item};
    if (box->head != NULL) {
        n->previous = box->head->previous;
        n->previous->next = n;
        box->head->previous = n;
    } else {
        box->head = n;
    }
    box->head->all_bytes += vireo__ws_payload_len(item.frame);
    box->head->all_frames++;
    loop->backlog += vireo__ws_payload_len(item.frame);
    return 0;
}

size_t vireo__outbox_bytes(const vireo__outbox *box)
{
    return box->head != NULL ? box->head->all_bytes : 0;
}

size_t vireo__outbox_count(const vireo__outbox *box)
{
    return box->head != NULL ? box->head->all_frames : 0;
}

/* The next head inherits what the old one knew of all. */
static void unlink_node(vireo__outbox *box, const node *n)
{
    node *tail = box->head->previous;
    if (n == box->head) {
        box->head = n->next;
        if (n->next == NULL)
            return;
        n->next->all_bytes = n->all_bytes;
        n->next->all_frames = n->all_frames;
        n->next->previous = tail;
        return;
    }
    n->previous->next = n->next;
    *(n->next != NULL ? &n->next->previous : &box->head->previous) = n->previous;
}

/* Takes a node out, wherever it stands. */
static vireo__outbox_item take(vireo__outbox *box, vireo_loop *loop, node *n)
{
    vireo__outbox_item item = n->item;
    if (n->named != NULL)
        forget_name(box, n->named);
    unlink_node(box, n);
    if (box->head != NULL) {
        box->head->all_bytes -= vireo__ws_payload_len(item.frame);
        box->head->all_frames--;
    }
    loop->backlog -= vireo__ws_payload_len(item.frame);
    vireo__pool_give(&loop->write_nodes, n);
    return item;
}

bool vireo__outbox_pop(vireo__outbox *box, vireo_loop *loop, vireo__outbox_item *item)
{
    if (box->head == NULL)
        return false;
    *item = take(box, loop, box->head);
    return true;
}

const vireo__outbox_item *vireo__outbox_next(const vireo__outbox *box, const node **at)
{
    *at = *at == NULL ? box->head : (*at)->next;
    return *at == NULL ? NULL : &(*at)->item;
}

static void let_go(vireo__outbox_item item, int status)
{
    vireo__shared_unref(item.frame);
    if (item.done != NULL)
        item.done(item.user, status);
}

void vireo__outbox_drop(vireo__outbox *box, vireo_loop *loop, const vireo__outbox_name *name)
{
    char key[KEY_MAX];
    if (box->names == NULL)
        return;
    named *n = vireo__map_get(&box->names->map, key, write_key(key, name));
    if (n == NULL)
        return;
    node *at = n->first;
    for (size_t left = n->frames; left > 0; left--) {
        node *next = at->next;
        let_go(take(box, loop, at), VIREO_ECANCELLED);
        at = next;
    }
}

void vireo__outbox_clear(vireo__outbox *box, vireo_loop *loop, int status)
{
    vireo__outbox_item item;
    while (vireo__outbox_pop(box, loop, &item))
        let_go(item, status);
}
