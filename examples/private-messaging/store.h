/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* store.h: users and messages in memory. What a database would do elsewhere. */

#ifndef STORE_H
#define STORE_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_USERS = 1000, MAX_MESSAGES = 5000 /* of all; then the oldest are forgotten */ };
enum { MAX_NAME = 96, MAX_CONTENT = 500, ID_SIZE = 33 };

struct user {
    char session_id[ID_SIZE]; /* a secret between this user and us */
    char id[ID_SIZE];         /* what others know */
    char name[MAX_NAME + 1];
};

struct message {
    const struct user *from, *to;
    char content[MAX_CONTENT + 1];
};

struct store {
    struct user users[MAX_USERS];
    struct message messages[MAX_MESSAGES]; /* a ring */
    size_t user_count, message_count;
};

/* Both NULL: none. */
static inline struct user *store_find(struct store *store, const char *session_id, const char *id)
{
    for (struct user *u = store->users; u < store->users + store->user_count; u++)
        if ((session_id != NULL && strcmp(u->session_id, session_id) == 0) ||
            (id != NULL && strcmp(u->id, id) == 0))
            return u;
    return NULL;
}

/* 128 bits that nobody can guess, in hexadecimal. */
static inline int random_id(char id[ID_SIZE])
{
    unsigned char bytes[ID_SIZE / 2];
    if (getentropy(bytes, sizeof bytes) < 0)
        return -1;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(id + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

/* NULL for a name that is empty or too long, and when there are too many. */
static inline struct user *store_add_user(struct store *store, const char *name)
{
    struct user *u = &store->users[store->user_count];
    if (name[0] == '\0' || strlen(name) > MAX_NAME || store->user_count == MAX_USERS ||
        random_id(u->session_id) < 0 || random_id(u->id) < 0)
        return NULL;
    strcpy(u->name, name);
    store->user_count++;
    return u;
}

static inline void store_add_message(struct store *store, struct message message)
{
    store->messages[store->message_count++ % MAX_MESSAGES] = message;
}

/* The oldest is number 0; |from| is NULL where there is none yet. */
static inline const struct message *store_message(const struct store *store, size_t number)
{
    return &store->messages[(store->message_count + number) % MAX_MESSAGES];
}

#endif
