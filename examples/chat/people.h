/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* people.h: who is where. Rooms, the users in them, and the connections by which they are there.
 *
 *     user "Ada" --- connection (her laptop) --- room "lobby"
 *            \------ connection (her phone)  --- room "news"
 *
 * A user is a name; it lives as long as it has a connection. Every connection is in one room, so a
 * user with two windows may be in two rooms, or twice in one and counted there once. Nothing here
 * knows of the network.
 *
 * Names are compared without regard to the case of the letters A to Z.
 */

#ifndef CHAT_PEOPLE_H
#define CHAT_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

#define LOBBY           "lobby"
#define MAX_ROOMS       100   /* the list of rooms goes to every client */
#define MAX_USERS       10000 /* names in memory at once */
#define MAX_CONNECTIONS 8     /* of one user: windows and devices */
#define KEY_BYTES       64    /* of the secret by which a user is known again */
#define USER_BUCKETS    4096  /* of the hash table of users; a power of two */

struct user;
struct room;

/* A connection: lives inside its socket. All NULL until somebody has come in by it. */
struct conn {
    struct user *user;
    struct room *room;
    struct conn *next_of_user;
    struct conn *next_in_room;
};

struct user {
    struct user *next; /* in its bucket */
    struct conn *conns;
    size_t num_conns;
    char name[NAME_BYTES + 1];
    char key[KEY_BYTES + 1]; /* empty for a client that gave none: then nobody can join it */
};

/* What of a room the clients have not been told yet. */
enum room_change { ROOM_MESSAGES = 1, ROOM_USERS = 2 };

struct room {
    struct room *next;
    struct conn *conns;
    size_t num_users; /* each counted once */
    long long id;     /* in the store; 0: it has no message yet and is not stored */
    long long num_messages;
    unsigned changes; /* bits of enum room_change */
    char name[NAME_BYTES + 1];
    char channel[NAME_BYTES + 4]; /* the Socket.IO room of the connections in it */
};

struct people {
    struct room *rooms;
    size_t num_rooms;
    size_t num_users;
    struct user *users[USER_BUCKETS];
};

/* people_deinit frees all rooms; the users have gone with their connections. */
void people_deinit(struct people *p);

/* people_room returns the room |name|, or NULL. */
struct room *people_room(const struct people *p, const char *name);

/* people_add_room returns a room that is not there yet; NULL when there are MAX_ROOMS or memory
 * runs out. */
struct room *people_add_room(struct people *p, const char *name);

/* people_remove_room frees a room that nobody is in. */
void people_remove_room(struct people *p, struct room *room);

/* people_user returns the user |name|, or NULL. */
struct user *people_user(const struct people *p, const char *name);

/* people_add_user returns a user that is not there yet; NULL when there are MAX_USERS or memory
 * runs out. It must be given a connection at once (people_connect), with which it goes away again.
 */
struct user *people_add_user(struct people *p, const char *name, const char *key);

/* people_connect gives |user| the connection |c|; people_disconnect takes it away, and frees the
 * user with its last one. */
void people_connect(struct user *user, struct conn *c);
void people_disconnect(struct people *p, struct conn *c);

/* people_enter puts the connection into |room|. Returns whether its user was not there before. */
bool people_enter(struct conn *c, struct room *room);

/* people_leave takes it out of its room. Returns whether its user is there no more. */
bool people_leave(struct conn *c);

/* people_first tells whether |c| is its user's first connection in its room's list: a walk over a
 * room's connections that looks only at these meets every user once. */
bool people_first(const struct conn *c);

#endif
