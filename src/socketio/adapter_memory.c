/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* adapter_memory.c: rooms of the sockets of one loop.
 *
 * A room exists while somebody is in it. A membership stands in its room's list, in its socket's
 * list, and in a map by (room, socket), so that joining, leaving and asking are O(1) and a
 * broadcast to a room visits its members only.
 *
 * The room that every socket has for itself, named by its id, is not stored: it is looked up in the
 * namespace's map of sockets.
 */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "socketio/inside.h"

typedef struct room {
    vireo__list members; /* of membership.in_room */
    size_t count;
    char name[];
} room;

typedef struct membership {
    struct {
        room *room;
        vireo_socket *socket;
    } key; /* of the map; no padding between two pointers */
    vireo__list in_room;
    vireo__list in_socket;
} membership;

typedef struct memory {
    vireo__adapter base;
    vireo__map rooms;       /* name -> room */
    vireo__map memberships; /* (room, socket) -> membership */
} memory;

static memory *of(const vireo__adapter *a)
{
    return (memory *)(uintptr_t)a;
}

static void tell(const memory *m, vireo_room_event event, const char *name, const vireo_socket *s)
{
    vireo_ns *ns = m->base.ns;
    if (ns->options.on_room != NULL)
        ns->options.on_room(ns, event, name, s ? s->id : NULL);
}

static bool is_own_room(const vireo_socket *s, const char *name)
{
    return strcmp(s->id, name) == 0;
}

static room *find_room(const memory *m, const char *name)
{
    return vireo__map_get(&m->rooms, name, strlen(name));
}

static membership *find_membership(const memory *m, room *r, const vireo_socket *s)
{
    const void *key[2] = {r, s};
    return r ? vireo__map_get(&m->memberships, key, sizeof key) : NULL;
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

static room *make_room(memory *m, const char *name)
{
    size_t len = strlen(name);
    room *r = malloc(sizeof *r + len + 1);
    if (r == NULL)
        return NULL;
    memcpy(r->name, name, len + 1);
    r->count = 0;
    vireo__list_init(&r->members);
    if (vireo__map_put(&m->rooms, r->name, len, r) < 0) {
        free(r);
        return NULL;
    }
    tell(m, VIREO_ROOM_CREATE, name, NULL);
    return r;
}

static void drop_room_if_empty(memory *m, room *r)
{
    if (r->count > 0)
        return;
    vireo__map_remove(&m->rooms, r->name, strlen(r->name));
    tell(m, VIREO_ROOM_DELETE, r->name, NULL);
    free(r);
}

static int join(vireo__adapter *a, vireo_socket *s, const char *name)
{
    memory *m = of(a);
    if (is_own_room(s, name))
        return add(a, s);
    room *r = find_room(m, name);
    if (find_membership(m, r, s) != NULL)
        return 0;
    if (r == NULL)
        r = make_room(m, name);
    membership *member = r ? malloc(sizeof *member) : NULL;
    if (member == NULL) {
        if (r != NULL)
            drop_room_if_empty(m, r);
        return VIREO_ENOMEM;
    }
    member->key.room = r;
    member->key.socket = s;
    if (vireo__map_put(&m->memberships, &member->key, sizeof member->key, member) < 0) {
        free(member);
        drop_room_if_empty(m, r);
        return VIREO_ENOMEM;
    }
    vireo__list_append(&r->members, &member->in_room);
    vireo__list_append(&s->memberships, &member->in_socket);
    r->count++;
    s->room_count++;
    tell(m, VIREO_ROOM_JOIN, name, s);
    return 0;
}

static void end_membership(memory *m, membership *member)
{
    room *r = member->key.room;
    vireo_socket *s = member->key.socket;
    vireo__map_remove(&m->memberships, &member->key, sizeof member->key);
    vireo__list_remove(&member->in_room);
    vireo__list_remove(&member->in_socket);
    free(member);
    r->count--;
    s->room_count--;
    tell(m, VIREO_ROOM_LEAVE, r->name, s);
    drop_room_if_empty(m, r);
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
    memory *m = of(a);
    if (is_own_room(s, name)) {
        leave_own(m, s);
        return 0;
    }
    membership *member = find_membership(m, find_room(m, name), s);
    if (member != NULL)
        end_membership(m, member);
    return 0;
}

static void leave_all(vireo__adapter *a, vireo_socket *s)
{
    leave_own(of(a), s);
    while (!vireo__list_empty(&s->memberships))
        end_membership(of(a), vireo__container(s->memberships.next, membership, in_socket));
}

/* --- asking ----------------------------------------------------------------------------------- */

static bool in_room(const vireo__adapter *a, const vireo_socket *s, const char *name)
{
    if (is_own_room(s, name))
        return !s->left_own_room;
    return find_membership(of(a), find_room(of(a), name), s) != NULL;
}

static vireo_socket *socket_of_own_room(const memory *m, const char *name)
{
    vireo_socket *s = vireo__map_get(&m->base.ns->sockets, name, strlen(name));
    return s != NULL && !s->left_own_room ? s : NULL;
}

static size_t room_count(const vireo__adapter *a, const char *name)
{
    const room *r = find_room(of(a), name);
    return (r ? r->count : 0) + (socket_of_own_room(of(a), name) != NULL);
}

static void each_room(const vireo__adapter *a, const vireo_socket *s,
                      void (*fn)(const char *room, void *user), void *user)
{
    (void)a;
    if (!s->left_own_room)
        fn(s->id, user);
    for (const vireo__list *at = s->memberships.next; at != &s->memberships; at = at->next)
        fn(vireo__container(at, membership, in_socket)->key.room->name, user);
}

/* --- reaching those who are meant ------------------------------------------------------------- */

typedef struct visit {
    const memory *memory;
    uint64_t stamp; /* a socket that carries it was met, or is excepted */
    void (*fn)(vireo_socket *s, void *user);
    void *user;
} visit;

static void meet(vireo_socket *s, visit *v)
{
    if (s->visit == v->stamp)
        return;
    s->visit = v->stamp;
    if (v->fn != NULL)
        v->fn(s, v->user);
}

static void meet_room(const char *name, visit *v)
{
    const room *r = find_room(v->memory, name);
    vireo_socket *own = socket_of_own_room(v->memory, name);
    if (own != NULL)
        meet(own, v);
    for (vireo__list *at = r ? r->members.next : NULL; r != NULL && at != &r->members;
         at = at->next)
        meet(vireo__container(at, membership, in_room)->key.socket, v);
}

/* meet_rooms visits the rooms of a vireo_to's two lists; returns how many were named. */
static size_t meet_rooms(const char *const *few, const char *const *more, visit *v)
{
    size_t named = 0;
    for (size_t i = 0; i < VIREO_TO_ROOMS && few[i] != NULL; i++, named++)
        meet_room(few[i], v);
    for (; more != NULL && *more != NULL; more++, named++)
        meet_room(*more, v);
    return named;
}

static bool names_rooms(const vireo_to *to)
{
    return to->rooms[0] != NULL || (to->more_rooms != NULL && to->more_rooms[0] != NULL);
}

static void each(vireo__adapter *a, const vireo_to *to, void (*fn)(vireo_socket *s, void *user),
                 void *user)
{
    vireo_ns *ns = a->ns;
    visit v = {of(a), ++ns->visit, NULL, NULL};
    if (to->but != NULL)
        meet((vireo_socket *)(uintptr_t)to->but, &v);
    meet_rooms(to->except, to->more_except, &v);
    v.fn = fn;
    v.user = user;
    if (names_rooms(to)) {
        meet_rooms(to->rooms, to->more_rooms, &v);
        return;
    }
    for (vireo__list *at = ns->list.next; at != &ns->list; at = at->next)
        meet(vireo__container(at, vireo_socket, in_ns), &v);
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
    return d.count;
}

/* --- life ------------------------------------------------------------------------------------- */

static void free_memory(vireo__adapter *a)
{
    vireo__map_deinit(&of(a)->rooms);
    vireo__map_deinit(&of(a)->memberships);
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
    vireo__map_init(&m->rooms, ns->io->loop->hash_key);
    vireo__map_init(&m->memberships, ns->io->loop->hash_key);
    return &m->base;
}
