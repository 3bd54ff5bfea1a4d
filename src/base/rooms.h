/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* rooms.h: who is in which room. The rooms of a Socket.IO namespace, the topics of WebSockets and
 * those of event streams are all kept in this.
 *
 * A room exists while somebody is in it. A membership stands in its room's list, in its member's
 * list, and in a table by (room, member):
 *
 *     rooms --name--> room --> membership --> membership
 *                                  |              |
 *                              member A       member B --> its other memberships
 *
 * so that joining, leaving and asking are O(1), and whoever sends to a room visits its members
 * only, each once, however many rooms he names. */

#ifndef VIREO_BASE_ROOMS_H
#define VIREO_BASE_ROOMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "base/table.h"

/* What joins rooms; stands inside the struct of whoever it is. */
typedef struct vireo__member {
    vireo__list memberships;
    uint64_t visit; /* stamped by the last visit that met it */
    uint32_t count; /* of its rooms */
    uint8_t kind;   /* for the owner of the rooms: what stands around this member */
} vireo__member;

typedef enum vireo__rooms_event {
    VIREO__ROOMS_CREATE, /* before the first member joins; no member is told */
    VIREO__ROOMS_JOIN,
    VIREO__ROOMS_LEAVE,
    VIREO__ROOMS_DELETE /* after the last member left; no member is told */
} vireo__rooms_event;

typedef struct vireo__rooms {
    vireo__map by_name;
    vireo__table memberships;
    uint64_t visit;
    uint64_t now; /* the owner's to set: what a new membership notes, see vireo__rooms_since */
    /* Told of each change; may be NULL. Must not join or leave. */
    void (*on_change)(struct vireo__rooms *rooms, vireo__rooms_event event, const char *name,
                      vireo__member *member);
} vireo__rooms;

void vireo__rooms_init(vireo__rooms *rooms, vireo__hash_key key);

/* vireo__rooms_deinit frees what is left; all members must have left. */
void vireo__rooms_deinit(vireo__rooms *rooms);

void vireo__member_init(vireo__member *member, uint8_t kind);

/* vireo__rooms_join: 0 (a second time too), or VIREO_ENOMEM. |name| is copied. */
int vireo__rooms_join(vireo__rooms *rooms, vireo__member *member, const char *name);

/* vireo__rooms_leave: nothing if it is not in it. */
void vireo__rooms_leave(vireo__rooms *rooms, vireo__member *member, const char *name);
void vireo__rooms_leave_all(vireo__rooms *rooms, vireo__member *member);

bool vireo__rooms_has(const vireo__rooms *rooms, const vireo__member *member, const char *name);

/* vireo__rooms_since returns what |now| of the rooms was when |member| joined |name|; UINT64_MAX if
 * it is not in it. */
uint64_t vireo__rooms_since(const vireo__rooms *rooms, const vireo__member *member,
                            const char *name);

/* vireo__rooms_count returns how many are in |name|. */
size_t vireo__rooms_count(const vireo__rooms *rooms, const char *name);

/* vireo__rooms_each calls |fn| for each room, in no order. |fn| must not join or leave. */
void vireo__rooms_each(const vireo__rooms *rooms,
                       void (*fn)(const char *name, size_t count, void *user), void *user);

/* vireo__member_each calls |fn| for each of its rooms. |fn| must not join or leave. */
void vireo__member_each(const vireo__member *member, void (*fn)(const char *name, void *user),
                        void *user);

/* A visit meets members, each once. Several may not be under way at a time.
 *
 *     vireo__visit v = vireo__visit_begin(rooms);
 *     vireo__visit_skip(&v, sender);
 *     vireo__visit_room(&v, "news", deliver, message);
 */
typedef struct vireo__visit {
    const vireo__rooms *rooms;
    uint64_t stamp;
} vireo__visit;

typedef void (*vireo__visit_fn)(vireo__member *member, void *user);

vireo__visit vireo__visit_begin(vireo__rooms *rooms);

/* vireo__visit_meet calls |fn| for |member| unless this visit has met it. */
static inline void vireo__visit_meet(const vireo__visit *v, vireo__member *member,
                                     vireo__visit_fn fn, void *user)
{
    if (member->visit == v->stamp)
        return;
    member->visit = v->stamp;
    if (fn != NULL)
        fn(member, user);
}

/* vireo__visit_room meets all in |name|; with a NULL |fn| they are passed over from then on. |fn|
 * must not join or leave. */
void vireo__visit_room(const vireo__visit *v, const char *name, vireo__visit_fn fn, void *user);

static inline void vireo__visit_skip(const vireo__visit *v, vireo__member *member)
{
    vireo__visit_meet(v, member, NULL, NULL);
}

#endif
