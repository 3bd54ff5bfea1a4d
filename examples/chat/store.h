/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* store.h: the history: rooms and their messages in an SQLite file. */

#ifndef CHAT_STORE_H
#define CHAT_STORE_H

#include <stdbool.h>
#include <stddef.h>

#define STORE_KEEP                                                                                 \
    10000 /* messages kept for a room; what is older goes, so that the file stays bounded */

struct store;

/* store_open opens the file, or makes it. Returns new; NULL when that fails, told on stderr. */
struct store *store_open(const char *path);

/* store_close writes what is pending and frees. NULL is allowed. */
void store_close(struct store *st);

/* One room as it is stored. |num_messages| counts all that were ever written in it. */
typedef void (*store_room_fn)(void *user, long long id, const char *name, long long num_messages);

/* store_rooms calls |fn| for each room. Returns false when the file cannot be read. */
bool store_rooms(struct store *st, store_room_fn fn, void *user);

/* store_room returns the id of the room |name|, which it writes if it is not there; 0 when that
 * fails. */
long long store_room(struct store *st, const char *name);

/* A message on its way into the file. All is borrowed for the call. */
struct store_message {
    long long room;
    const char *username;
    const char *text;
    const char *ref; /* the sender's own id for it, the same at every attempt; NULL: none */
};

/* What a stored message is known by. */
struct store_stamp {
    long long id;   /* rises with every message, over all rooms */
    long long time; /* when it was stored, milliseconds since 1970 */
};

enum store_result {
    STORE_FAILED, /* nothing was stored */
    STORE_NEW,
    STORE_KNOWN /* a message with this ref is there already; |stamp| is that one's */
};

/* store_add writes a message. When it returns STORE_NEW the message outlives this process, however
 * it ends. */
enum store_result store_add(struct store *st, const struct store_message *m,
                            struct store_stamp *stamp);

/* One message as it is stored; the texts are borrowed for the call. */
typedef void (*store_message_fn)(void *user, const struct store_stamp *stamp, const char *username,
                                 const char *text);

/* store_read calls |fn| for the last |limit| messages of a room whose id is less than |before|, the
 * oldest first, and tells in |*more| whether there are still older ones. Returns false when the
 * file cannot be read. */
bool store_read(struct store *st, long long room, long long before, int limit, store_message_fn fn,
                void *user, bool *more);

#endif
