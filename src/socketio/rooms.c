/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* rooms.c: rooms and targets as users name them. What they do stands in the namespace's adapter. */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "socketio/inside.h"

bool vireo__room_name_valid(const char *room)
{
    size_t len = room != NULL ? strnlen(room, VIREO__ROOM_NAME_MAX + 1) : 0;
    return len > 0 && len <= VIREO__ROOM_NAME_MAX;
}

static vireo__adapter *adapter_of(const vireo_socket *s)
{
    return s->ns->adapter;
}

int vireo_join(vireo_socket *s, const char *room)
{
    if (!vireo__room_name_valid(room))
        return VIREO_EINVAL;
    if (s->closed)
        return VIREO_ECLOSED;
    if (s->member.count >= s->ns->io->options.max_rooms && !vireo_in_room(s, room))
        return VIREO_ETOOBIG;
    return adapter_of(s)->ops->join(adapter_of(s), s, room);
}

int vireo_leave(vireo_socket *s, const char *room)
{
    if (!vireo__room_name_valid(room))
        return VIREO_EINVAL;
    return adapter_of(s)->ops->leave(adapter_of(s), s, room);
}

bool vireo_in_room(const vireo_socket *s, const char *room)
{
    return vireo__room_name_valid(room) && adapter_of(s)->ops->in_room(adapter_of(s), s, room);
}

size_t vireo_room_count(vireo_ns *ns, const char *room)
{
    return vireo__room_name_valid(room) ? ns->adapter->ops->room_count(ns->adapter, room) : 0;
}

void vireo_each_room(const vireo_socket *s, void (*fn)(const char *room, void *user), void *user)
{
    adapter_of(s)->ops->each_room(adapter_of(s), s, fn, user);
}

/* --- targets ---------------------------------------------------------------------------------- */

/* A room without a name has nobody in it. NULL would name no room, which means everybody. */
static const char *named(const char *room)
{
    return room != NULL ? room : "";
}

vireo_to vireo_all(vireo_ns *ns)
{
    return (vireo_to){.ns = ns};
}

vireo_to vireo_others(const vireo_socket *s)
{
    return (vireo_to){.ns = s->ns, .but = s};
}

vireo_to vireo_room(const vireo_socket *s, const char *room)
{
    return vireo_ns_room(s->ns, room);
}

vireo_to vireo_room_others(const vireo_socket *s, const char *room)
{
    return (vireo_to){.ns = s->ns, .rooms = {named(room)}, .but = s};
}

vireo_to vireo_ns_room(vireo_ns *ns, const char *room)
{
    return (vireo_to){.ns = ns, .rooms = {named(room)}};
}

/* --- visiting --------------------------------------------------------------------------------- */

/* Who is meant is settled before the first call, since calls may change it. */
typedef struct crowd {
    vireo_socket **sockets;
    size_t count;
} crowd;

static void add_to_crowd(vireo_socket *s, void *user)
{
    crowd *c = user;
    c->sockets[c->count++] = s;
}

static void each_in(vireo_ns *ns, const vireo_to *to, void (*fn)(vireo_socket *s, void *user),
                    void *user)
{
    crowd c = {NULL, 0};
    if (ns->sockets.len == 0)
        return;
    c.sockets = malloc(ns->sockets.len * sizeof *c.sockets);
    if (c.sockets == NULL)
        return;
    ns->adapter->ops->each(ns->adapter, to, add_to_crowd, &c);
    for (size_t i = 0; i < c.count; i++)
        if (!c.sockets[i]->closed)
            fn(c.sockets[i], user);
    free(c.sockets);
}

/* A child stays where it is until the call for its sockets is over. */
static void each_in_children(const vireo_to *to, void (*fn)(vireo_socket *s, void *user),
                             void *user)
{
    vireo_ns *child = vireo__ns_next_child(to->ns, NULL);
    while (child != NULL) {
        vireo__ns_hold(child);
        each_in(child, to, fn, user);
        vireo_ns *next = vireo__ns_next_child(to->ns, child);
        vireo__ns_release(child);
        child = next;
    }
}

void vireo_each(vireo_to to, void (*fn)(vireo_socket *s, void *user), void *user)
{
    if (to.ns == NULL)
        return;
    if (to.ns->as_parent != NULL)
        each_in_children(&to, fn, user);
    else
        each_in(to.ns, &to, fn, user);
}
