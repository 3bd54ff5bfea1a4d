/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* rooms.c: rooms and targets as users name them. What they do stands in local.c. */

#include <string.h>

#include <vireo/error.h>

#include "socketio/inside.h"
#include "socketio/local.h"

/* Names come from clients: what vireo_str answers for a value that is no text is no name. */
bool vireo__room_name_valid(const char *room)
{
    size_t len = room != NULL ? strnlen(room, VIREO__ROOM_NAME_MAX + 1) : 0;
    return len > 0 && len <= VIREO__ROOM_NAME_MAX;
}

int vireo_join(vireo_socket *s, const char *room)
{
    if (!vireo__room_name_valid(room) || vireo_ns_of(s) == NULL)
        return VIREO_EINVAL;
    if (s->closed)
        return VIREO_ECLOSED;
    if (s->member.count >= s->ns->io->options.max_rooms && !vireo_in_room(s, room))
        return VIREO_ETOOBIG;
    vireo__debug(s->ns->io->loop, VIREO__DEBUG_SOCKET, "%.*s.. joins %s", VIREO__DEBUG_ID, s->id,
                 room);
    return vireo__local_join(s, room);
}

int vireo_leave(vireo_socket *s, const char *room)
{
    if (!vireo__room_name_valid(room))
        return VIREO_EINVAL;
    vireo__local_leave(s, room);
    return 0;
}

bool vireo_in_room(const vireo_socket *s, const char *room)
{
    return vireo__room_name_valid(room) && vireo__local_in_room(s, room);
}

size_t vireo_room_count(vireo_ns *ns, const char *room)
{
    return vireo__room_name_valid(room) ? vireo__local_room_count(ns, room) : 0;
}

void vireo_each_room(const vireo_socket *s, void (*fn)(const char *room, void *user), void *user)
{
    if (!s->left_own_room)
        fn(s->id, user);
    vireo__member_each(&s->member, fn, user);
}

typedef struct room_call {
    vireo_ns *ns;
    void (*fn)(const char *room, size_t count, void *user);
    void *user;
} room_call;

/* A socket's own room is not stored, unless others have joined it. */
static void call_room(const char *room, size_t count, void *user)
{
    const room_call *c = user;
    (void)count;
    c->fn(room, vireo__local_room_count(c->ns, room), c->user);
}

void vireo_ns_each_room(vireo_ns *ns, void (*fn)(const char *room, size_t count, void *user),
                        void *user)
{
    for (const vireo__list *at = ns->list.next; at != &ns->list; at = at->next) {
        const vireo_socket *s = vireo__container(at, vireo_socket, in_ns);
        if (!s->left_own_room && vireo__rooms_count(&ns->rooms, s->id) == 0)
            fn(s->id, 1, user);
    }
    vireo__rooms_each(&ns->rooms, call_room, &(room_call){ns, fn, user});
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

vireo_to vireo_only(vireo_socket *s)
{
    return (vireo_to){.ns = s->ns, .only = s};
}

vireo_to vireo_others(const vireo_socket *s)
{
    return (vireo_to){.ns = vireo_ns_of(s), .but = s};
}

vireo_to vireo_room(const vireo_socket *s, const char *room)
{
    return vireo_ns_room(vireo_ns_of(s), room);
}

vireo_to vireo_room_others(const vireo_socket *s, const char *room)
{
    return (vireo_to){.ns = vireo_ns_of(s), .rooms = {named(room)}, .but = s};
}

vireo_to vireo_ns_room(vireo_ns *ns, const char *room)
{
    return (vireo_to){.ns = ns, .rooms = {named(room)}};
}

/* --- visiting --------------------------------------------------------------------------------- */

/* A child stays where it is until the call for its sockets is over. */
static void each_in_children(const vireo_to *to, void (*fn)(vireo_socket *s, void *user),
                             void *user)
{
    vireo_to in_child = *to;
    in_child.ns = vireo__ns_next_child(to->ns, NULL);
    while (in_child.ns != NULL) {
        vireo_ns *child = in_child.ns;
        vireo__ns_hold(child);
        vireo__local_crowd(&in_child, fn, user);
        in_child.ns = vireo__ns_next_child(to->ns, child);
        vireo__ns_release(child);
    }
}

void vireo_each(vireo_to to, void (*fn)(vireo_socket *s, void *user), void *user)
{
    vireo__to_settle(&to);
    if (to.ns == NULL)
        return;
    if (to.ns->as_parent != NULL)
        each_in_children(&to, fn, user);
    else
        vireo__local_crowd(&to, fn, user);
}
