/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* adapter_memory.c: the rooms of the sockets of one loop (base/rooms.h).
 *
 * The room that every socket has for itself, named by its id, is not stored: it is looked up in the
 * namespace's map of sockets.
 */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "socketio/inside.h"

typedef struct memory {
    vireo__adapter base;
    vireo__rooms rooms;
} memory;

static memory *of(const vireo__adapter *a)
{
    return (memory *)(uintptr_t)a;
}

static vireo_socket *socket_of(vireo__member *member)
{
    return vireo__container(member, vireo_socket, member);
}

static void tell(const memory *m, vireo_room_event event, const char *name, const vireo_socket *s)
{
    vireo_ns *ns = m->base.ns;
    if (ns->options.on_room != NULL)
        ns->options.on_room(ns, event, name, s ? s->id : NULL);
}

static void on_change(vireo__rooms *rooms, vireo__rooms_event event, const char *name,
                      vireo__member *member)
{
    static const vireo_room_event public[] = {
        [VIREO__ROOMS_CREATE] = VIREO_ROOM_CREATE,
        [VIREO__ROOMS_JOIN] = VIREO_ROOM_JOIN,
        [VIREO__ROOMS_LEAVE] = VIREO_ROOM_LEAVE,
        [VIREO__ROOMS_DELETE] = VIREO_ROOM_DELETE,
    };
    tell(vireo__container(rooms, memory, rooms), public[event], name,
         member ? socket_of(member) : NULL);
}

static bool is_own_room(const vireo_socket *s, const char *name)
{
    return strcmp(s->id, name) == 0;
}

/* --- joining and leaving ---------------------------------------------------------------------- */

static int add(vireo__adapter *a, vireo_socket *s)
{
    if (!s->left_own_room)
        return 0;
    s->left_own_room = false;
    tell(of(a), VIREO_ROOM_CREATE, s->id, NULL);
    tell(of(a), VIREO_ROOM_JOIN, s->id, s);
    return 0;
}

static int join(vireo__adapter *a, vireo_socket *s, const char *name)
{
    return is_own_room(s, name) ? add(a, s) : vireo__rooms_join(&of(a)->rooms, &s->member, name);
}

static void leave_own(memory *m, vireo_socket *s)
{
    if (s->left_own_room)
        return;
    s->left_own_room = true;
    tell(m, VIREO_ROOM_LEAVE, s->id, s);
    tell(m, VIREO_ROOM_DELETE, s->id, NULL);
}

static int leave(vireo__adapter *a, vireo_socket *s, const char *name)
{
    if (is_own_room(s, name))
        leave_own(of(a), s);
    else
        vireo__rooms_leave(&of(a)->rooms, &s->member, name);
    return 0;
}

static void leave_all(vireo__adapter *a, vireo_socket *s)
{
    leave_own(of(a), s);
    vireo__rooms_leave_all(&of(a)->rooms, &s->member);
}

/* --- asking ----------------------------------------------------------------------------------- */

static bool in_room(const vireo__adapter *a, const vireo_socket *s, const char *name)
{
    return is_own_room(s, name) ? !s->left_own_room
                                : vireo__rooms_has(&of(a)->rooms, &s->member, name);
}

static vireo_socket *socket_of_own_room(const memory *m, const char *name)
{
    vireo_socket *s = vireo__map_get(&m->base.ns->sockets, name, strlen(name));
    return s != NULL && !s->left_own_room ? s : NULL;
}

static size_t room_count(const vireo__adapter *a, const char *name)
{
    return vireo__rooms_count(&of(a)->rooms, name) + (socket_of_own_room(of(a), name) != NULL);
}

static void each_room(const vireo__adapter *a, const vireo_socket *s,
                      void (*fn)(const char *room, void *user), void *user)
{
    (void)a;
    if (!s->left_own_room)
        fn(s->id, user);
    vireo__member_each(&s->member, fn, user);
}

/* --- reaching those who are meant ------------------------------------------------------------- */

/* What |each| was asked to call, for each member that is met. */
typedef struct caller {
    const memory *memory;
    vireo__visit visit;
    void (*fn)(vireo_socket *s, void *user);
    void *user;
} caller;

/* Who is not admitted yet may be in rooms, and is not reached before it has been told that it is
 * connected; who is being closed is reached no more. */
static void call(vireo__member *member, void *user)
{
    const caller *c = user;
    vireo_socket *s = socket_of(member);
    if (c->fn != NULL && s->connected && !s->closed)
        c->fn(s, c->user);
}

static void meet_room(caller *c, const char *name)
{
    vireo_socket *own = socket_of_own_room(c->memory, name);
    if (own != NULL)
        vireo__visit_meet(&c->visit, &own->member, call, c);
    vireo__visit_room(&c->visit, name, call, c);
}

/* meet_rooms visits the rooms of a vireo_to's two lists. */
static void meet_rooms(caller *c, const char *const *few, const char *const *more)
{
    for (size_t i = 0; i < VIREO_TO_ROOMS && few[i] != NULL; i++)
        meet_room(c, few[i]);
    for (; more != NULL && *more != NULL; more++)
        meet_room(c, *more);
}

static bool names_rooms(const vireo_to *to)
{
    return to->rooms[0] != NULL || (to->more_rooms != NULL && to->more_rooms[0] != NULL);
}

static void each(vireo__adapter *a, const vireo_to *to, void (*fn)(vireo_socket *s, void *user),
                 void *user)
{
    caller c = {of(a), vireo__visit_begin(&of(a)->rooms), NULL, NULL};
    if (to->but != NULL && to->but->ns == a->ns) /* visits are counted per namespace */
        vireo__visit_skip(&c.visit, (vireo__member *)(uintptr_t)&to->but->member);
    meet_rooms(&c, to->except, to->more_except);
    c.fn = fn;
    c.user = user;
    if (names_rooms(to)) {
        meet_rooms(&c, to->rooms, to->more_rooms);
        return;
    }
    for (vireo__list *at = a->ns->list.next; at != &a->ns->list; at = at->next)
        vireo__visit_meet(&c.visit, &vireo__container(at, vireo_socket, in_ns)->member, call, &c);
}

typedef struct delivery {
    const vireo__sio_message *message;
    bool volatile_;
    int count;
} delivery;

static void deliver(vireo_socket *s, void *user)
{
    delivery *d = user;
    if (d->volatile_ && !vireo__eio_writable(s->conn->session))
        return;
    if (vireo__sio_message_send(d->message, s->conn->session) == 0)
        d->count++;
}

static int broadcast(vireo__adapter *a, const vireo_to *to, const vireo__sio_message *message)
{
    delivery d = {message, (to->flags & VIREO_VOLATILE) != 0, 0};
    each(a, to, deliver, &d);
    return d.count + vireo__guests_broadcast(to, message);
}

/* --- life ------------------------------------------------------------------------------------- */

static void free_memory(vireo__adapter *a)
{
    vireo__rooms_deinit(&of(a)->rooms);
    free(a);
}

static const vireo__adapter_ops ops = {
    .add = add,
    .join = join,
    .leave = leave,
    .leave_all = leave_all,
    .in_room = in_room,
    .room_count = room_count,
    .each_room = each_room,
    .each = each,
    .broadcast = broadcast,
    .free = free_memory,
};

vireo__adapter *vireo__adapter_memory_new(vireo_ns *ns)
{
    memory *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->base.ops = &ops;
    m->base.ns = ns;
    vireo__rooms_init(&m->rooms, ns->io->loop->hash_key);
    m->rooms.on_change = on_change;
    return &m->base;
}
