/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* people.c: lists of connections, hung up once by user and once by room. */

#include "people.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static unsigned char fold(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static size_t bucket_of(const char *name)
{
    uint32_t h = 2166136261u; /* FNV-1a */

    for (; *name != '\0'; name++)
        h = (h ^ fold(*name)) * 16777619u;
    return h & (USER_BUCKETS - 1);
}

/* --- rooms ------------------------------------------------------------------------------------ */

void people_deinit(struct people *p)
{
    while (p->rooms != NULL)
        people_remove_room(p, p->rooms);
}

struct room *people_room(const struct people *p, const char *name)
{
    for (struct room *r = p->rooms; r != NULL; r = r->next)
        if (strcasecmp(r->name, name) == 0)
            return r;
    return NULL;
}

struct room *people_add_room(struct people *p, const char *name)
{
    struct room *r = p->num_rooms < MAX_ROOMS ? calloc(1, sizeof(*r)) : NULL;

    if (r == NULL)
        return NULL;
    snprintf(r->name, sizeof(r->name), "%s", name);
    /* In front of it something that no socket's own room (its id) begins with. */
    snprintf(r->channel, sizeof(r->channel), "in:%s", r->name);
    r->next = p->rooms;
    p->rooms = r;
    p->num_rooms++;
    return r;
}

void people_remove_room(struct people *p, struct room *room)
{
    struct room **at = &p->rooms;

    while (*at != room)
        at = &(*at)->next;
    *at = room->next;
    p->num_rooms--;
    free(room);
}

/* --- users ------------------------------------------------------------------------------------ */

struct user *people_user(const struct people *p, const char *name)
{
    for (struct user *u = p->users[bucket_of(name)]; u != NULL; u = u->next)
        if (strcasecmp(u->name, name) == 0)
            return u;
    return NULL;
}

struct user *people_add_user(struct people *p, const char *name, const char *key)
{
    struct user *u = p->num_users < MAX_USERS ? calloc(1, sizeof(*u)) : NULL;
    size_t bucket = bucket_of(name);

    if (u == NULL)
        return NULL;
    snprintf(u->name, sizeof(u->name), "%s", name);
    snprintf(u->key, sizeof(u->key), "%s", key);
    u->next = p->users[bucket];
    p->users[bucket] = u;
    p->num_users++;
    return u;
}

static void remove_user(struct people *p, struct user *user)
{
    struct user **at = &p->users[bucket_of(user->name)];

    while (*at != user)
        at = &(*at)->next;
    *at = user->next;
    p->num_users--;
    free(user);
}

void people_connect(struct user *user, struct conn *c)
{
    c->user = user;
    c->next_of_user = user->conns;
    user->conns = c;
    user->num_conns++;
}

void people_disconnect(struct people *p, struct conn *c)
{
    struct user *user = c->user;
    struct conn **at = &user->conns;

    while (*at != c)
        at = &(*at)->next_of_user;
    *at = c->next_of_user;
    c->user = NULL;
    if (--user->num_conns == 0)
        remove_user(p, user);
}

/* --- users in rooms --------------------------------------------------------------------------- */

static size_t conns_in(const struct user *user, const struct room *room)
{
    size_t n = 0;

    for (const struct conn *c = user->conns; c != NULL; c = c->next_of_user)
        n += c->room == room;
    return n;
}

bool people_enter(struct conn *c, struct room *room)
{
    c->room = room;
    c->next_in_room = room->conns;
    room->conns = c;
    bool is_new = conns_in(c->user, room) == 1;
    room->num_users += is_new;
    return is_new;
}

bool people_leave(struct conn *c)
{
    struct room *room = c->room;
    struct conn **at = &room->conns;

    while (*at != c)
        at = &(*at)->next_in_room;
    *at = c->next_in_room;
    c->room = NULL;
    bool is_gone = conns_in(c->user, room) == 0;
    room->num_users -= is_gone;
    return is_gone;
}

bool people_first(const struct conn *c)
{
    for (const struct conn *o = c->user->conns; o != NULL; o = o->next_of_user)
        if (o->room == c->room)
            return o == c;
    return false;
}
