/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "base/rooms.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

typedef struct room {
    vireo__list members; /* of membership.in_room */
    size_t count;
    char name[];
} room;

typedef struct membership {
    struct {
        const room *room;
        const vireo__member *member;
    } key; /* of the table; no padding between two pointers */
    vireo__table_link link;
    vireo__list in_room;
    vireo__list in_member;
    uint64_t since;
} membership;

static const void *key_of(const vireo__table_link *link, size_t *n)
{
    const membership *m = vireo__container(link, membership, link);
    *n = sizeof m->key;
    return &m->key;
}

void vireo__rooms_init(vireo__rooms *rooms, vireo__hash_key key)
{
    *rooms = (vireo__rooms){0};
    vireo__map_init(&rooms->by_name, key);
    vireo__table_init(&rooms->memberships, key, key_of);
}

void vireo__rooms_deinit(vireo__rooms *rooms)
{
    vireo__map_deinit(&rooms->by_name);
    vireo__table_deinit(&rooms->memberships);
}

void vireo__member_init(vireo__member *member, uint8_t kind)
{
    *member = (vireo__member){.kind = kind};
    vireo__list_init(&member->memberships);
}

static void tell(vireo__rooms *rooms, vireo__rooms_event event, const char *name,
                 vireo__member *member)
{
    if (rooms->on_change != NULL)
        rooms->on_change(rooms, event, name, member);
}

static room *find_room(const vireo__rooms *rooms, const char *name)
{
    return vireo__map_get(&rooms->by_name, name, strlen(name));
}

static membership *find_membership(const vireo__rooms *rooms, const room *r,
                                   const vireo__member *member)
{
    const void *key[2] = {r, member};
    vireo__table_link *link = r ? vireo__table_get(&rooms->memberships, key, sizeof key) : NULL;
    return link ? vireo__container(link, membership, link) : NULL;
}

/* --- joining and leaving ---------------------------------------------------------------------- */

static room *make_room(vireo__rooms *rooms, const char *name)
{
    size_t len = strlen(name);
    room *r = malloc(sizeof *r + len + 1);
    if (r == NULL)
        return NULL;
    memcpy(r->name, name, len + 1);
    r->count = 0;
    vireo__list_init(&r->members);
    if (vireo__map_put(&rooms->by_name, r->name, len, r) < 0) {
        free(r);
        return NULL;
    }
    tell(rooms, VIREO__ROOMS_CREATE, name, NULL);
    return r;
}

static void drop_if_empty(vireo__rooms *rooms, room *r)
{
    if (r->count > 0)
        return;
    vireo__map_remove(&rooms->by_name, r->name, strlen(r->name));
    tell(rooms, VIREO__ROOMS_DELETE, r->name, NULL);
    free(r);
}

static membership *make_membership(vireo__rooms *rooms, const room *r, const vireo__member *member)
{
    membership *m = malloc(sizeof *m);
    if (m == NULL)
        return NULL;
    m->key.room = r;
    m->key.member = member;
    m->since = rooms->now;
    if (vireo__table_put(&rooms->memberships, &m->link) < 0) {
        free(m);
        return NULL;
    }
    return m;
}

int vireo__rooms_join(vireo__rooms *rooms, vireo__member *member, const char *name)
{
    room *r = find_room(rooms, name);
    if (find_membership(rooms, r, member) != NULL)
        return 0;
    if (r == NULL)
        r = make_room(rooms, name);
    if (r == NULL)
        return VIREO_ENOMEM;
    membership *m = make_membership(rooms, r, member);
    if (m == NULL) {
        drop_if_empty(rooms, r);
        return VIREO_ENOMEM;
    }
    vireo__list_append(&r->members, &m->in_room);
    vireo__list_append(&member->memberships, &m->in_member);
    r->count++;
    member->count++;
    tell(rooms, VIREO__ROOMS_JOIN, name, member);
    return 0;
}

static void end_membership(vireo__rooms *rooms, room *r, vireo__member *member, membership *m)
{
    vireo__table_remove(&rooms->memberships, &m->link);
    vireo__list_remove(&m->in_room);
    vireo__list_remove(&m->in_member);
    free(m);
    r->count--;
    member->count--;
    tell(rooms, VIREO__ROOMS_LEAVE, r->name, member);
    drop_if_empty(rooms, r);
}

void vireo__rooms_leave(vireo__rooms *rooms, vireo__member *member, const char *name)
{
    room *r = find_room(rooms, name);
    membership *m = find_membership(rooms, r, member);
    if (m != NULL)
        end_membership(rooms, r, member, m);
}

void vireo__rooms_leave_all(vireo__rooms *rooms, vireo__member *member)
{
    while (!vireo__list_empty(&member->memberships)) {
        membership *m = vireo__container(member->memberships.next, membership, in_member);
        end_membership(rooms, (room *)(uintptr_t)m->key.room, member, m);
    }
}

/* --- asking ----------------------------------------------------------------------------------- */

bool vireo__rooms_has(const vireo__rooms *rooms, const vireo__member *member, const char *name)
{
    return find_membership(rooms, find_room(rooms, name), member) != NULL;
}

uint64_t vireo__rooms_since(const vireo__rooms *rooms, const vireo__member *member,
                            const char *name)
{
    const membership *m = find_membership(rooms, find_room(rooms, name), member);
    return m ? m->since : UINT64_MAX;
}

size_t vireo__rooms_count(const vireo__rooms *rooms, const char *name)
{
    const room *r = find_room(rooms, name);
    return r ? r->count : 0;
}

void vireo__rooms_each(const vireo__rooms *rooms,
                       void (*fn)(const char *name, size_t count, void *user), void *user)
{
    uint32_t at = 0;
    for (const room *r; (r = vireo__map_next(&rooms->by_name, &at)) != NULL;)
        fn(r->name, r->count, user);
}

void vireo__member_each(const vireo__member *member, void (*fn)(const char *name, void *user),
                        void *user)
{
    for (const vireo__list *at = member->memberships.next; at != &member->memberships;
         at = at->next)
        fn(vireo__container(at, membership, in_member)->key.room->name, user);
}

/* --- visiting --------------------------------------------------------------------------------- */

vireo__visit vireo__visit_begin(vireo__rooms *rooms)
{
    return (vireo__visit){rooms, ++rooms->visit};
}

void vireo__visit_room(const vireo__visit *v, const char *name, vireo__visit_fn fn, void *user)
{
    const room *r = find_room(v->rooms, name);
    if (r == NULL)
        return;
    for (const vireo__list *at = r->members.next; at != &r->members; at = at->next) {
        const membership *m = vireo__container(at, membership, in_room);
        vireo__visit_meet(v, (vireo__member *)(uintptr_t)m->key.member, fn, user);
    }
}
