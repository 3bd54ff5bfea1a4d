/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* list.h: an intrusive doubly linked list in a ring. A node that stands in no list points to
 * itself, so that removing it twice does no harm. */

#ifndef VIREO_BASE_LIST_H
#define VIREO_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct vireo__list {
    struct vireo__list *next;
    struct vireo__list *prev;
} vireo__list;

/* vireo__container gives the struct in which |member| stands at |ptr|. */
#define vireo__container(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline void vireo__list_init(vireo__list *node)
{
    node->next = node->prev = node;
}

static inline bool vireo__list_empty(const vireo__list *head)
{
    return head->next == head;
}

static inline void vireo__list_append(vireo__list *head, vireo__list *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

static inline void vireo__list_remove(vireo__list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    vireo__list_init(node);
}

/* vireo__list_move takes all of |from| over to |to|, which must be empty, and leaves |from|
 * empty. */
static inline void vireo__list_move(vireo__list *to, vireo__list *from)
{
    vireo__list_init(to);
    if (vireo__list_empty(from))
        return;
    *to = *from;
    to->next->prev = to->prev->next = to;
    vireo__list_init(from);
}

#endif
