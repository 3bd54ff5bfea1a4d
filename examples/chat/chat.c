/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* chat.c: the events of the chat.
 *
 * The six events of Socket.IO's own chat example are here as they are there, so that its page works
 * with this server. What goes beyond them stands in second arguments and in acknowledgements, which
 * that page does not ask for:
 *
 *     client                                        server
 *       add user "Ada", {key, room}, ack  --------->    check the name, enter the room
 *       <------------------------------- ack {room, users, messages, rooms, ..}
 *       new message "hi", {id}, ack       --------->    store
 *       <------------------------------- ack {id, time}
 *                                                       then, to the others in the room:
 *                                     new message {username, message}, {id, room, time}
 *
 * A connection whose "add user" asked for an acknowledgement has a page that knows rooms; it joins
 * the channel "pages" and hears of changes in all rooms. One that did not is a client of the first
 * kind and lives in the lobby.
 *
 * All workers have one chat: who is where, and the history, are touched by one of them at a time.
 * What is told leaves from the worker that tells it, so that two of them may be heard in another
 * order than they spoke in: messages have ids, and "rooms changed" says in the end how it is.
 */

#include "chat.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "people.h"
#include "store.h"
#include "text.h"

#define PAGES         "pages" /* the Socket.IO room of all clients that show rooms */
#define PAGE_MESSAGES 50      /* messages sent on entering, and at each step back in the history */
#define LISTED_HERE   100 /* users named of the room one enters; a number beside it counts all */
#define LISTED_THERE  20  /* users named of each other room */
#define MAX_REF_BYTES 64  /* of a client's own id for a message */

/* Changes of rooms are gathered for so long: a busy room costs the others five events a second. */
#define TELL_ROOMS_MS 200

/* When something of the server's own is in the way, the client tries again after so long. */
#define RETRY_MS 2000

/* What one connection may do: enough for people, also for who comes back with a full outbox. */
static const struct rate message_rate = {.burst = 20, .per_second = 5};
static const struct rate open_rate = {.burst = 5, .per_second = 0.1}; /* rooms that are new */
static const struct rate ask_rate = {.burst = 40, .per_second = 10};  /* all else */

struct chat {
    pthread_mutex_t turn; /* of who uses what follows */
    struct store *store;
    bool telling; /* a timer is running that will tell the pages what changed */
    struct people people;
};

/* What lives, zeroed, inside each socket. */
struct client {
    struct conn conn; /* first: a connection is its client */
    struct bucket messages, opens, asks;
};

static struct chat *chat_of(const vireo_socket *s)
{
    return vireo_ns_user(vireo_ns_of(s));
}

/* --- refusals --------------------------------------------------------------------------------- */

/* |error| is for programs, the text is for the person. */
static void refuse(const vireo_msg *m, const char *error, const char *text)
{
    vireo_ack(m, "{error:%s, message:%s}", error, text);
}

/* A refusal for now: the client repeats its request after |ms|. */
static void refuse_for(const vireo_msg *m, int ms, const char *error, const char *text)
{
    vireo_ack(m, "{error:%s, message:%s, retry:%d}", error, text, ms);
}

/* Returns whether the request may go on. */
static bool may(const vireo_msg *m, struct bucket *b, struct rate rate)
{
    int wait = limit_take(b, rate);

    if (wait > 0)
        refuse_for(m, wait, "slow_down", "You are too quick. Please wait a moment.");
    return wait == 0;
}

static void refuse_name(const vireo_msg *m, enum text_fault fault)
{
    if (fault == TEXT_EMPTY)
        refuse(m, "name_empty", "Please type a name.");
    else if (fault == TEXT_TOO_LONG)
        refuse(m, "name_too_long", "That name is too long. A name has 24 characters at most.");
    else
        refuse(m, "name_unseen",
               "That name has characters that cannot be seen. Please use others.");
}

/* --- what is told ----------------------------------------------------------------------------- */

static void list_users(vireo_list *l, const struct room *room, int max)
{
    int named = 0;

    for (const struct conn *c = room->conns; c != NULL && named < max; c = c->next_in_room) {
        if (!people_first(c))
            continue;
        vireo_list_add(l, "%s", c->user->name);
        named++;
    }
}

/* One element of a list of rooms; |with_users|: and who is there. */
static void list_room(vireo_list *l, const struct room *room, bool with_users)
{
    if (!with_users) {
        vireo_list_add(l, "{room:%s, numUsers:%zu, numMessages:%lld}", room->name, room->num_users,
                       room->num_messages);
        return;
    }
    vireo_list *users = vireo_list_new();
    list_users(users, room, LISTED_THERE);
    vireo_list_add(l, "{room:%s, numUsers:%zu, numMessages:%lld, users:%p}", room->name,
                   room->num_users, room->num_messages, users);
    vireo_list_free(users);
}

static void tell_rooms(vireo_timer *timer, void *user)
{
    vireo_ns *ns = user;
    struct chat *chat = vireo_ns_user(ns);
    vireo_list *rooms = vireo_list_new();

    (void)timer;
    pthread_mutex_lock(&chat->turn);
    chat->telling = false;
    for (struct room *r = chat->people.rooms; r != NULL; r = r->next) {
        if (r->changes != 0)
            list_room(rooms, r, r->changes & ROOM_USERS);
        r->changes = 0;
    }
    vireo_broadcast(vireo_ns_room(ns, PAGES), "rooms changed", "%p", rooms);
    pthread_mutex_unlock(&chat->turn);
    vireo_list_free(rooms);
}

static void room_changed(vireo_ns *ns, struct room *room, enum room_change change)
{
    struct chat *chat = vireo_ns_user(ns);

    room->changes |= change;
    if (!chat->telling)
        chat->telling = vireo_after(vireo_ns_app(ns), TELL_ROOMS_MS, tell_rooms, ns) != NULL;
}

static void list_message(void *user, const struct store_stamp *stamp, const char *username,
                         const char *text)
{
    vireo_list_add(user, "{id:%lld, username:%s, message:%s, time:%lld}", stamp->id, username, text,
                   stamp->time);
}

/* The last messages of |room| before |before|. A room that is not stored has none. */
static bool list_messages(struct chat *chat, vireo_list *l, const struct room *room,
                          long long before, bool *more)
{
    *more = false;
    return room->id == 0 ||
           store_read(chat->store, room->id, before, PAGE_MESSAGES, list_message, l, more);
}

/* Acknowledges with all that a page shows of the room its user has entered. */
static void ack_entered(const vireo_msg *m, struct chat *chat, const struct conn *c)
{
    vireo_list *users = vireo_list_new(), *messages = vireo_list_new(), *rooms = vireo_list_new();
    bool more;

    list_users(users, c->room, LISTED_HERE);
    for (const struct room *r = chat->people.rooms; r != NULL; r = r->next)
        list_room(rooms, r, true);
    if (!list_messages(chat, messages, c->room, LLONG_MAX, &more) ||
        vireo_ack(
            m, "{username:%s, room:%s, numUsers:%zu, users:%p, messages:%p, more:%hhd, rooms:%p}",
            c->user->name, c->room->name, c->room->num_users, users, messages, more, rooms) < 0)
        refuse_for(m, RETRY_MS, "no_history", "The server cannot read its history at the moment.");
    vireo_list_free(users);
    vireo_list_free(messages);
    vireo_list_free(rooms);
}

/* --- rooms ------------------------------------------------------------------------------------ */

static void enter(vireo_socket *s, struct room *room)
{
    struct conn *c = vireo_data(s);
    bool is_new = people_enter(c, room);

    vireo_join(s, room->channel);
    if (!is_new)
        return;
    vireo_broadcast(vireo_room_others(s, room->channel), "user joined",
                    "{username:%s, numUsers:%zu}, {room:%s}", c->user->name, room->num_users,
                    room->name);
    room_changed(vireo_ns_of(s), room, ROOM_USERS);
}

/* A room in which nobody is and nobody has said anything ends: it would only be a name in a
 * list. */
static void end_if_unused(vireo_ns *ns, struct room *room)
{
    struct chat *chat = vireo_ns_user(ns);

    if (room->conns != NULL || room->num_messages > 0 || strcmp(room->name, LOBBY) == 0)
        return;
    vireo_broadcast(vireo_ns_room(ns, PAGES), "rooms changed", "[{room:%s, gone:true}]",
                    room->name);
    people_remove_room(&chat->people, room);
}

static void leave(vireo_socket *s)
{
    struct conn *c = vireo_data(s);
    struct room *room = c->room;

    vireo_leave(s, room->channel);
    if (people_leave(c)) {
        vireo_broadcast(vireo_room_others(s, room->channel), "user left",
                        "{username:%s, numUsers:%zu}, {room:%s}", c->user->name, room->num_users,
                        room->name);
        room_changed(vireo_ns_of(s), room, ROOM_USERS);
    }
    end_if_unused(vireo_ns_of(s), room);
}

/* Returns the room that |name| means, made if it is not there; NULL after a refusal. */
static struct room *find_or_open(vireo_socket *s, const vireo_msg *m, const vireo_value *name)
{
    struct chat *chat = chat_of(s);
    struct client *client = vireo_data(s);
    char clean[NAME_BYTES + 1];
    size_t len;
    const char *text = vireo_str_len(name, &len);
    enum text_fault fault = text_name(clean, text != NULL ? text : "", len);

    if (fault != TEXT_OK) {
        refuse_name(m, fault);
        return NULL;
    }
    struct room *room = people_room(&chat->people, clean);
    if (room != NULL || !may(m, &client->opens, open_rate))
        return room;
    room = people_add_room(&chat->people, clean);
    if (room == NULL)
        refuse(m, "too_many_rooms",
               "There are as many rooms as there can be. Please use one of them.");
    return room;
}

/* join room(name, ack) */
static void join_room(vireo_socket *s, const vireo_msg *m)
{
    struct chat *chat = chat_of(s);
    struct client *client = vireo_data(s);

    if (client->conn.user == NULL) {
        refuse(m, "no_name", "Please say who you are first.");
        return;
    }
    if (!may(m, &client->asks, ask_rate))
        return;
    struct room *room = find_or_open(s, m, vireo_arg(m, 0));
    if (room == NULL)
        return;
    if (room != client->conn.room) {
        leave(s);
        enter(s, room);
    }
    ack_entered(m, chat, &client->conn);
}

/* --- users ------------------------------------------------------------------------------------ */

/* The name a client of the first kind gets: it cannot be told that its name is taken or too long,
 * so the name is made to fit: "Ada", "Ada 2", "Ada 3". */
static void fit_name(const struct people *p, char name[NAME_BYTES + 1], const char *wanted,
                     size_t len)
{
    char base[NAME_BYTES + 1];

    if (text_fit(name, wanted, len, NAME_CHARS) != TEXT_OK)
        snprintf(name, NAME_BYTES + 1, "Guest");
    /* Six characters for a blank and a number; there are fewer users than numbers. */
    if (text_fit(base, name, strlen(name), NAME_CHARS - 6) != TEXT_OK)
        snprintf(base, sizeof(base), "Guest");
    for (unsigned n = 2; people_user(p, name) != NULL && n <= MAX_USERS + 1; n++)
        snprintf(name, NAME_BYTES + 1, "%.*s %u", NAME_BYTES - 6, base, n);
}

/* Returns the user this client may be: a new one, or the one whose key it has. NULL after a
 * refusal. */
static struct user *admit(struct people *p, const vireo_msg *m, const char *name)
{
    const char *key = vireo_str_or(vireo_get(vireo_arg(m, 1), "key"), "");
    struct user *user = people_user(p, name);

    if (strlen(key) > KEY_BYTES)
        key = "";
    if (user == NULL) {
        user = people_add_user(p, name, key);
        if (user == NULL)
            refuse_for(m, RETRY_MS, "full", "The chat is full. Please try again later.");
        return user;
    }
    if (key[0] == '\0' || strcmp(user->key, key) != 0) {
        vireo_ack(m, "{error:%s, message:%s}", "name_taken",
                  "Somebody here has that name. Please choose another one.");
        return NULL;
    }
    if (user->num_conns >= MAX_CONNECTIONS) {
        refuse(m, "too_many_windows",
               "You are here in too many windows. Please close one of them.");
        return NULL;
    }
    return user;
}

/* Returns the user for the name in |m|; NULL after a refusal. */
static struct user *name_user(struct people *p, const vireo_msg *m)
{
    char name[NAME_BYTES + 1];
    size_t len;
    const char *text = vireo_str_len(vireo_arg(m, 0), &len);

    if (!vireo_wants_ack(m)) {
        fit_name(p, name, text != NULL ? text : "", len);
    } else {
        enum text_fault fault = text_name(name, text != NULL ? text : "", len);
        if (fault != TEXT_OK) {
            refuse_name(m, fault);
            return NULL;
        }
    }
    return admit(p, m, name);
}

/* Where somebody who comes in goes to: the room it names (after a reload, or a lost connection,
 * that is the one it was in), else the lobby. */
static struct room *first_room(struct chat *chat, struct client *client, const vireo_value *wanted)
{
    char name[NAME_BYTES + 1];
    size_t len;
    const char *text = vireo_str_len(wanted, &len);
    struct room *room = NULL;

    if (text != NULL && text_name(name, text, len) == TEXT_OK) {
        room = people_room(&chat->people, name);
        if (room == NULL && limit_take(&client->opens, open_rate) == 0)
            room = people_add_room(&chat->people, name);
    }
    return room != NULL ? room : people_room(&chat->people, LOBBY);
}

/* add user(username [, {key, room}] [, ack]) */
static void add_user(vireo_socket *s, const vireo_msg *m)
{
    struct chat *chat = chat_of(s);
    struct client *client = vireo_data(s);
    struct conn *c = &client->conn;

    if (!may(m, &client->asks, ask_rate))
        return;
    if (c->user == NULL) {
        struct user *user = name_user(&chat->people, m);
        if (user == NULL)
            return;
        people_connect(user, c);
        enter(s, first_room(chat, client, vireo_get(vireo_arg(m, 1), "room")));
        vireo_emit(s, "login", "{numUsers:%zu}", c->room->num_users);
    }
    if (vireo_wants_ack(m)) {
        vireo_join(s, PAGES);
        ack_entered(m, chat, c);
    }
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    struct chat *chat = chat_of(s);
    struct conn *c = vireo_data(s);

    (void)why;
    if (c->user == NULL)
        return;
    pthread_mutex_lock(&chat->turn);
    leave(s);
    people_disconnect(&chat->people, c);
    pthread_mutex_unlock(&chat->turn);
}

/* --- messages --------------------------------------------------------------------------------- */

/* The room a message is for: the one it names (where it was typed, before its author moved on),
 * else the one its author is in. */
static struct room *target_room(const struct chat *chat, const struct conn *c,
                                const vireo_value *options)
{
    const char *name = vireo_str(vireo_get(options, "room"));
    return name != NULL ? people_room(&chat->people, name) : c->room;
}

/* Stores the message, then acknowledges it, then shows it to the others. One that is stored already
 * was sent again because its acknowledgement got lost: it is only acknowledged. */
static void publish(vireo_socket *s, const vireo_msg *m, struct room *room,
                    const struct store_message *msg)
{
    struct chat *chat = chat_of(s);
    struct store_stamp stamp;
    enum store_result result = room->id != 0 ? store_add(chat->store, msg, &stamp) : STORE_FAILED;

    if (result == STORE_FAILED) {
        refuse_for(m, RETRY_MS, "not_stored", "The server cannot store messages at the moment.");
        return;
    }
    vireo_ack(m, "{id:%lld, time:%lld}", stamp.id, stamp.time);
    if (result == STORE_KNOWN)
        return;
    vireo_broadcast(vireo_room_others(s, room->channel), "new message",
                    "{username:%s, message:%s}, {id:%lld, room:%s, time:%lld}", msg->username,
                    msg->text, stamp.id, room->name, stamp.time);
    room->num_messages++;
    room_changed(vireo_ns_of(s), room, ROOM_MESSAGES);
}

/* Reads the text of |m| into |text|. Returns false after a refusal. */
static bool read_text(const vireo_msg *m, char text[TEXT_BYTES + 1])
{
    size_t len;
    const char *raw = vireo_str_len(vireo_arg(m, 0), &len);
    enum text_fault fault = text_message(text, raw != NULL ? raw : "", len);

    if (fault == TEXT_EMPTY)
        refuse(m, "text_empty", "The message is empty.");
    else if (fault == TEXT_TOO_LONG)
        refuse(m, "text_too_long", "The message is too long. It has 2000 characters at most.");
    return fault == TEXT_OK;
}

/* new message(text [, {id, room}] [, ack]) */
static void new_message(vireo_socket *s, const vireo_msg *m)
{
    struct chat *chat = chat_of(s);
    struct client *client = vireo_data(s);
    const vireo_value *options = vireo_arg(m, 1);
    const char *ref = vireo_str(vireo_get(options, "id"));
    char text[TEXT_BYTES + 1];

    if (client->conn.user == NULL) {
        refuse(m, "no_name", "Please say who you are first.");
        return;
    }
    if (!may(m, &client->messages, message_rate) || !read_text(m, text))
        return;
    struct room *room = target_room(chat, &client->conn, options);
    if (room == NULL) {
        refuse(m, "no_room", "The room of this message is gone.");
        return;
    }
    if (ref != NULL && (ref[0] == '\0' || strlen(ref) > MAX_REF_BYTES))
        ref = NULL;
    if (room->id == 0) /* a room is stored with its first message */
        room->id = store_room(chat->store, room->name);
    struct store_message msg = {
        .room = room->id, .username = client->conn.user->name, .text = text, .ref = ref};
    publish(s, m, room, &msg);
}

/* history({before}, ack) */
static void read_history(vireo_socket *s, const vireo_msg *m)
{
    struct chat *chat = chat_of(s);
    struct client *client = vireo_data(s);
    bool more;

    if (client->conn.user == NULL) {
        refuse(m, "no_name", "Please say who you are first.");
        return;
    }
    if (!may(m, &client->asks, ask_rate))
        return;
    long long before = vireo_int(vireo_get(vireo_arg(m, 0), "before"), LLONG_MAX);
    vireo_list *messages = vireo_list_new();
    if (!list_messages(chat, messages, client->conn.room, before, &more) ||
        vireo_ack(m, "{messages:%p, more:%hhd}", messages, more) < 0)
        refuse_for(m, RETRY_MS, "no_history", "The server cannot read its history at the moment.");
    vireo_list_free(messages);
}

/* typing, stop typing */
static void relay_typing(vireo_socket *s, const vireo_msg *m)
{
    struct client *client = vireo_data(s);
    struct conn *c = &client->conn;

    if (c->user != NULL && may(m, &client->asks, ask_rate))
        vireo_broadcast(vireo_room_others(s, c->room->channel), vireo_event(m), "{username:%s}",
                        c->user->name);
}

/* --- the chat --------------------------------------------------------------------------------- */

static void add_stored_room(void *user, long long id, const char *name, long long num_messages)
{
    struct chat *chat = user;
    struct room *room = people_add_room(&chat->people, name);

    if (room == NULL)
        return;
    room->id = id;
    room->num_messages = num_messages;
}

static bool load_rooms(struct chat *chat)
{
    if (!store_rooms(chat->store, add_stored_room, chat))
        return false;
    return people_room(&chat->people, LOBBY) != NULL ||
           people_add_room(&chat->people, LOBBY) != NULL;
}

static void in_turn(vireo_socket *s, const vireo_msg *m,
                    void (*handle)(vireo_socket *s, const vireo_msg *m))
{
    pthread_mutex_lock(&chat_of(s)->turn);
    handle(s, m);
    pthread_mutex_unlock(&chat_of(s)->turn);
}

static void on_add_user(vireo_socket *s, const vireo_msg *m)
{
    in_turn(s, m, add_user);
}

static void on_join_room(vireo_socket *s, const vireo_msg *m)
{
    in_turn(s, m, join_room);
}

static void on_new_message(vireo_socket *s, const vireo_msg *m)
{
    in_turn(s, m, new_message);
}

static void on_history(vireo_socket *s, const vireo_msg *m)
{
    in_turn(s, m, read_history);
}

static void on_typing(vireo_socket *s, const vireo_msg *m)
{
    in_turn(s, m, relay_typing);
}

static const vireo_event_handler events[] = {
    {"add user", on_add_user},
    {"join room", on_join_room},
    {"new message", on_new_message},
    {"history", on_history},
    {"typing", on_typing},
    {"stop typing", on_typing},
    {0},
};

struct chat *chat_new(struct store *store)
{
    struct chat *chat = calloc(1, sizeof(*chat));

    if (chat == NULL)
        return NULL;
    pthread_mutex_init(&chat->turn, NULL);
    chat->store = store;
    if (load_rooms(chat))
        return chat;
    fprintf(stderr, "chat: cannot begin: out of memory, or no history\n");
    chat_free(chat);
    return NULL;
}

bool chat_serve(struct chat *chat, vireo_app *app)
{
    return vireo_namespace(app, "/", .data_size = sizeof(struct client), .user = chat,
                           .on_disconnect = on_disconnect, .events = events) != NULL;
}

void chat_free(struct chat *chat)
{
    if (chat == NULL)
        return;
    people_deinit(&chat->people);
    pthread_mutex_destroy(&chat->turn);
    free(chat);
}
