/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* local.c: rooms and targets of the sockets of one server (base/rooms.h).
 *
 * The room that every socket has for itself, named by its id, is not stored: it is looked up in the
 * namespace's table of sockets.
 */

#include "socketio/local.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "socketio/adapter.h"
#include "socketio/inside.h"

static vireo_socket *socket_of(vireo__member *member)
{
    return vireo__container(member, vireo_socket, member);
}

static void tell(vireo_ns *ns, vireo_room_event event, const char *name, const vireo_socket *s)
{
    if (ns->adapter != NULL && ns->adapter->ops->on_room != NULL)
        ns->adapter->ops->on_room(ns->adapter, event, name);
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
    tell(vireo__container(rooms, vireo_ns, rooms), public[event], name,
         member ? socket_of(member) : NULL);
}

void vireo__local_init(vireo_ns *ns)
{
    vireo__rooms_init(&ns->rooms, ns->io->loop->hash_key);
    ns->rooms.on_change = on_change;
}

void vireo__local_deinit(vireo_ns *ns)
{
    vireo__rooms_deinit(&ns->rooms);
}

static bool is_own_room(const vireo_socket *s, const char *name)
{
    return strcmp(s->id, name) == 0;
}

/* --- joining and leaving ---------------------------------------------------------------------- */

void vireo__local_add(vireo_socket *s)
{
    if (!s->left_own_room)
        return;
    s->left_own_room = false;
    tell(s->ns, VIREO_ROOM_CREATE, s->id, NULL);
    tell(s->ns, VIREO_ROOM_JOIN, s->id, s);
}

int vireo__local_join(vireo_socket *s, const char *name)
{
    if (!is_own_room(s, name))
        return vireo__rooms_join(&s->ns->rooms, &s->member, name);
    vireo__local_add(s);
    return 0;
}

static void leave_own(vireo_socket *s)
{
    if (s->left_own_room)
        return;
    s->left_own_room = true;
    tell(s->ns, VIREO_ROOM_LEAVE, s->id, s);
    tell(s->ns, VIREO_ROOM_DELETE, s->id, NULL);
}

void vireo__local_leave(vireo_socket *s, const char *name)
{
    if (is_own_room(s, name))
        leave_own(s);
    else
        vireo__rooms_leave(&s->ns->rooms, &s->member, name);
}

void vireo__local_leave_all(vireo_socket *s)
{
    leave_own(s);
    vireo__rooms_leave_all(&s->ns->rooms, &s->member);
}

/* --- asking ----------------------------------------------------------------------------------- */

bool vireo__local_in_room(const vireo_socket *s, const char *name)
{
    return is_own_room(s, name) ? !s->left_own_room
                                : vireo__rooms_has(&s->ns->rooms, &s->member, name);
}

static vireo_socket *socket_of_own_room(const vireo_ns *ns, const char *name)
{
    vireo_socket *s = vireo__socket_find(ns, name);
    return s != NULL && !s->left_own_room ? s : NULL;
}

size_t vireo__local_room_count(const vireo_ns *ns, const char *name)
{
    return vireo__rooms_count(&ns->rooms, name) + (socket_of_own_room(ns, name) != NULL);
}

/* --- reaching those who are meant ------------------------------------------------------------- */

/* What vireo__local_each was asked to call, for each member that is met. */
typedef struct caller {
    const vireo_ns *ns;
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
    vireo_socket *own = socket_of_own_room(c->ns, name);
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

void vireo__local_each(const vireo_to *to, void (*fn)(vireo_socket *s, void *user), void *user)
{
    vireo_ns *ns = to->ns;
    if (to->only != NULL) {
        if (to->only->connected && !to->only->closed)
            fn(to->only, user);
        return;
    }
    caller c = {ns, vireo__visit_begin(&ns->rooms), NULL, NULL};
    if (to->but != NULL && to->but->ns == ns) /* visits are counted per namespace */
        vireo__visit_skip(&c.visit, (vireo__member *)(uintptr_t)&to->but->member);
    if (to->but != NULL) /* its id is a room, as it is for other servers and for who comes back */
        vireo__visit_room(&c.visit, to->but->id, call, &c);
    meet_rooms(&c, to->except, to->more_except);
    c.fn = fn;
    c.user = user;
    if (names_rooms(to)) {
        meet_rooms(&c, to->rooms, to->more_rooms);
        return;
    }
    for (vireo__list *at = ns->list.next; at != &ns->list; at = at->next)
        vireo__visit_meet(&c.visit, &vireo__container(at, vireo_socket, in_ns)->member, call, &c);
}

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

void vireo__local_crowd(const vireo_to *to, void (*fn)(vireo_socket *s, void *user), void *user)
{
    crowd c = {NULL, 0};
    if (to->ns->sockets.len == 0)
        return;
    c.sockets = malloc(to->ns->sockets.len * sizeof(vireo_socket *));
    if (c.sockets == NULL)
        return;
    vireo__local_each(to, add_to_crowd, &c);
    for (size_t i = 0; i < c.count; i++)
        if (!c.sockets[i]->closed)
            fn(c.sockets[i], user);
    free(c.sockets);
}

/* --- doing something to them ------------------------------------------------------------------ */

typedef struct delivery {
    const vireo__sio_message *message;
    const vireo__numbered *numbered; /* the same with its offset; NULL: it has none */
    vireo__manner how;
    int count;
} delivery;

static void deliver(vireo_socket *s, void *user)
{
    delivery *d = user;
    const vireo__sio_message *message = vireo__recovery_pick(s->presence, d->message, d->numbered);
    if (vireo__manner_send(&d->how, s, message) == 0)
        d->count++;
}

int vireo__local_broadcast(const vireo_to *to, const vireo__sio_message *message)
{
    delivery d = {.message = message, .how = vireo__manner_of(to, message)};
    vireo__numbered numbered;
    if (vireo__recovery_wanted(to->ns->recovery)) {
        int error = vireo__recovery_number(&numbered, to, message);
        if (error < 0)
            return error;
        d.numbered = &numbered;
    } else if (to->ns->recovery != NULL) {
        vireo__recovery_pass(to, message);
    }
    vireo__local_each(to, deliver, &d);
    if (d.numbered != NULL)
        vireo__sio_message_release(&numbered.message);
    return d.count + vireo__guests_broadcast(to, message);
}

static void join_rooms(vireo_socket *s, void *user)
{
    for (const char *const *room = user; *room != NULL; room++)
        vireo_join(s, *room);
}

void vireo__local_join_rooms(const vireo_to *to, const char *const *rooms)
{
    vireo__local_crowd(to, join_rooms, (void *)(uintptr_t)rooms);
}

static void leave_rooms(vireo_socket *s, void *user)
{
    for (const char *const *room = user; *room != NULL; room++)
        vireo_leave(s, *room);
}

void vireo__local_leave_rooms(const vireo_to *to, const char *const *rooms)
{
    vireo__local_crowd(to, leave_rooms, (void *)(uintptr_t)rooms);
}

static void disconnect(vireo_socket *s, void *user)
{
    const bool *close = user;
    vireo_disconnect(s, *close);
}

void vireo__local_disconnect(const vireo_to *to, bool close)
{
    vireo__local_crowd(to, disconnect, &close);
}
