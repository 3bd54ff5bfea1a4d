/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* listeners.c: handlers that come and go with one socket: vireo_on, vireo_once, vireo_on_any and
 * vireo_on_any_outgoing. Most sockets have none and pay one pointer for that. */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "socketio/inside.h"

typedef struct listener {
    vireo__list node;
    vireo_event_fn handle;
    bool once;
    bool gone;    /* removed while a list is being called; freed afterwards */
    char event[]; /* "" for a catch-all */
} listener;

/* Catch-all listeners. */
typedef struct any_list {
    vireo__list list;
    size_t count;
} any_list;

struct vireo__listeners {
    vireo__list named;
    any_list any;
    any_list outgoing;
    unsigned calling; /* depth: while > 0 nothing is freed */
};

static struct vireo__listeners *present(const vireo_socket *s)
{
    return s->more != NULL ? s->more->listeners : NULL;
}

static struct vireo__listeners *listeners_of(vireo_socket *s)
{
    vireo__socket_more *more = vireo__socket_more_of(s);
    if (more == NULL || more->listeners != NULL)
        return more != NULL ? more->listeners : NULL;
    struct vireo__listeners *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    vireo__list_init(&l->named);
    vireo__list_init(&l->any.list);
    vireo__list_init(&l->outgoing.list);
    more->listeners = l;
    return l;
}

static listener *new_listener(const char *event, vireo_event_fn handle, bool once)
{
    size_t size = strlen(event) + 1;
    listener *l = malloc(sizeof *l + size);
    if (l == NULL)
        return NULL;
    l->handle = handle;
    l->once = once;
    l->gone = false;
    memcpy(l->event, event, size);
    return l;
}

static void free_list(vireo__list *list, bool only_gone)
{
    for (vireo__list *at = list->next, *next; at != list; at = next) {
        listener *l = vireo__container(at, listener, node);
        next = at->next;
        if (only_gone && !l->gone)
            continue;
        vireo__list_remove(at);
        free(l);
    }
}

void vireo__listeners_free(vireo_socket *s)
{
    struct vireo__listeners *l = present(s);
    if (l == NULL)
        return;
    s->ns->listening -= l->outgoing.count > 0;
    free_list(&l->named, false);
    free_list(&l->any.list, false);
    free_list(&l->outgoing.list, false);
    free(l);
}

static void sweep(struct vireo__listeners *l)
{
    if (l->calling > 0)
        return;
    free_list(&l->named, true);
    free_list(&l->any.list, true);
    free_list(&l->outgoing.list, true);
}

/* call_list calls those that stand in the list now; ones that are added meanwhile wait for the next
 * event. */
static void call_list(vireo_socket *s, vireo__list *list, const char *event, const vireo_msg *m)
{
    struct vireo__listeners *all = present(s);
    vireo__list *last = list->prev;
    all->calling++;
    for (vireo__list *at = list; at != last && !s->closed;) {
        at = at->next;
        listener *l = vireo__container(at, listener, node);
        if (l->gone || strcmp(l->event, event) != 0)
            continue;
        l->gone = l->once;
        l->handle(s, m);
    }
    all->calling--;
    sweep(all);
}

void vireo__listeners_call(vireo_socket *s, const vireo_msg *m)
{
    if (strlen(m->event) == m->event_len)
        call_list(s, &present(s)->named, m->event, m);
}

void vireo__listeners_call_any(vireo_socket *s, const vireo_msg *m)
{
    call_list(s, &present(s)->any.list, "", m);
}

void vireo__listeners_call_outgoing(vireo_socket *s, const vireo_msg *m)
{
    call_list(s, &present(s)->outgoing.list, "", m);
}

bool vireo__listeners_outgoing(const vireo_socket *s)
{
    return present(s) != NULL && present(s)->outgoing.count > 0;
}

/* --- named ------------------------------------------------------------------------------------ */

static int add_named(vireo_socket *s, const char *event, vireo_event_fn handle, bool once)
{
    struct vireo__listeners *all = listeners_of(s);
    listener *l = all ? new_listener(event, handle, once) : NULL;
    if (l == NULL)
        return VIREO_ENOMEM;
    vireo__list_append(&all->named, &l->node);
    return 0;
}

int vireo_on(vireo_socket *s, const char *event, vireo_event_fn handle)
{
    return add_named(s, event, handle, false);
}

int vireo_once(vireo_socket *s, const char *event, vireo_event_fn handle)
{
    return add_named(s, event, handle, true);
}

static listener *find(vireo__list *list, const char *event, vireo_event_fn handle)
{
    for (vireo__list *at = list->next; at != list; at = at->next) {
        listener *l = vireo__container(at, listener, node);
        if (!l->gone && l->handle == handle && strcmp(l->event, event) == 0)
            return l;
    }
    return NULL;
}

int vireo_off(vireo_socket *s, const char *event, vireo_event_fn handle)
{
    listener *l = present(s) ? find(&present(s)->named, event, handle) : NULL;
    if (l == NULL)
        return VIREO_ENOTFOUND;
    l->gone = true;
    sweep(present(s));
    return 0;
}

/* --- catch-all -------------------------------------------------------------------------------- */

static int add_any(any_list *any, vireo_event_fn handle, bool first)
{
    listener *l = new_listener("", handle, false);
    if (l == NULL)
        return VIREO_ENOMEM;
    vireo__list_append(first ? any->list.next : &any->list, &l->node);
    any->count++;
    return 0;
}

/* off_any removes the first listener that is |handle|, or all for NULL. Returns how many. */
static size_t off_any(any_list *any, vireo_event_fn handle)
{
    size_t removed = 0;
    for (vireo__list *at = any->list.next; at != &any->list; at = at->next) {
        listener *l = vireo__container(at, listener, node);
        if (l->gone || (handle != NULL && (l->handle != handle || removed > 0)))
            continue;
        l->gone = true;
        removed++;
    }
    any->count -= removed;
    return removed;
}

int vireo_on_any(vireo_socket *s, vireo_event_fn handle)
{
    struct vireo__listeners *all = listeners_of(s);
    return all != NULL ? add_any(&all->any, handle, false) : VIREO_ENOMEM;
}

int vireo_prepend_any(vireo_socket *s, vireo_event_fn handle)
{
    struct vireo__listeners *all = listeners_of(s);
    return all != NULL ? add_any(&all->any, handle, true) : VIREO_ENOMEM;
}

int vireo_off_any(vireo_socket *s, vireo_event_fn handle)
{
    size_t removed = present(s) != NULL ? off_any(&present(s)->any, handle) : 0;
    if (removed > 0)
        sweep(present(s));
    return removed > 0 || handle == NULL ? 0 : VIREO_ENOTFOUND;
}

size_t vireo_any_count(const vireo_socket *s)
{
    return present(s) != NULL ? present(s)->any.count : 0;
}

/* --- catch-all, outgoing: the namespace knows how many of its sockets have some --------------- */

static int add_outgoing(vireo_socket *s, vireo_event_fn handle, bool first)
{
    struct vireo__listeners *all = listeners_of(s);
    int error = all != NULL ? add_any(&all->outgoing, handle, first) : VIREO_ENOMEM;
    if (error == 0 && all->outgoing.count == 1)
        s->ns->listening++;
    return error;
}

int vireo_on_any_outgoing(vireo_socket *s, vireo_event_fn handle)
{
    return add_outgoing(s, handle, false);
}

int vireo_prepend_any_outgoing(vireo_socket *s, vireo_event_fn handle)
{
    return add_outgoing(s, handle, true);
}

int vireo_off_any_outgoing(vireo_socket *s, vireo_event_fn handle)
{
    size_t removed = present(s) != NULL ? off_any(&present(s)->outgoing, handle) : 0;
    if (removed > 0 && present(s)->outgoing.count == 0)
        s->ns->listening--;
    if (removed > 0)
        sweep(present(s));
    return removed > 0 || handle == NULL ? 0 : VIREO_ENOTFOUND;
}

size_t vireo_any_outgoing_count(const vireo_socket *s)
{
    return present(s) != NULL ? present(s)->outgoing.count : 0;
}
