/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* private-messaging: people who write to each other, and are known again when they come back.
 *
 * auth             {username}, or the {sessionID} of somebody who was here before
 * server to page   session({sessionID, userID})      a secret to come back with, and a public id
 *                  users([{userID, username, connected, messages: [{from, to, content}]}])
 *                  user connected({userID, username, ..})        user disconnected(userID)
 *                  private message({from, to, content})
 * page to server   private message({to, content}) */

#include <vireo/vireo.h>

#include "cli.h"
#include "store.h"

static struct store *store_of(const vireo_socket *s)
{
    return vireo_ns_user(vireo_ns_of(s));
}

static struct user *user_of(const vireo_socket *s)
{
    return *(struct user **)vireo_data(s);
}

static int guard(vireo_socket *s, const vireo_value *auth)
{
    struct user **me = vireo_data(s);
    *me = store_find(store_of(s), vireo_str(vireo_get(auth, "sessionID")), NULL);
    if (*me == NULL)
        *me = store_add_user(store_of(s), vireo_str_or(vireo_get(auth, "username"), ""));
    return *me != NULL ? 0 : vireo_refuse(s, "invalid username", NULL);
}

/* |u| as |me| sees that user, with what the two have written to each other. */
static void list_user(vireo_list *users, const vireo_socket *s, const struct user *u)
{
    const struct user *me = user_of(s);
    vireo_list *messages = vireo_list_new();
    for (size_t i = 0; i < MAX_MESSAGES; i++) {
        const struct message *m = store_message(store_of(s), i);
        if ((m->from == me && m->to == u) || (m->from == u && m->to == me))
            vireo_list_add(messages, "{from:%s, to:%s, content:%s}", m->from->id, m->to->id,
                           m->content);
    }
    vireo_list_add(users, "{userID:%s, username:%s, connected:%hhd, messages:%p}", u->id, u->name,
                   (bool)vireo_room_count(vireo_ns_of(s), u->id), messages);
    vireo_list_free(messages);
}

static void on_connect(vireo_socket *s)
{
    const struct store *store = store_of(s);
    const struct user *me = user_of(s);
    vireo_list *users = vireo_list_new();
    vireo_join(s, me->id); /* the room of all windows of this user */
    for (size_t i = 0; i < store->user_count; i++)
        list_user(users, s, &store->users[i]);
    vireo_emit(s, "session", "{sessionID:%s, userID:%s}", me->session_id, me->id);
    vireo_emit(s, "users", "%p", users);
    vireo_broadcast(vireo_others(s), "user connected",
                    "{userID:%s, username:%s, connected:true, messages:[]}", me->id, me->name);
    vireo_list_free(users);
}

static void on_private_message(vireo_socket *s, const vireo_msg *m)
{
    const char *id = vireo_str(vireo_get(vireo_arg(m, 0), "to"));
    const char *content = vireo_str_or(vireo_get(vireo_arg(m, 0), "content"), "");
    struct message sent = {.from = user_of(s), .to = store_find(store_of(s), NULL, id)};
    if (sent.to == NULL || strlen(content) > MAX_CONTENT)
        return;
    strcpy(sent.content, content);
    store_add_message(store_of(s), sent);
    vireo_to both = {.ns = vireo_ns_of(s), .rooms = {id, sent.from->id}, .but = s};
    vireo_broadcast(both, "private message", "{from:%s, to:%s, content:%s}", sent.from->id, id,
                    content);
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    (void)why;
    if (vireo_room_count(vireo_ns_of(s), user_of(s)->id) == 0) /* it was the last window */
        vireo_broadcast(vireo_others(s), "user disconnected", "%s", user_of(s)->id);
}

int main(int argc, char **argv)
{
    static const vireo_event_handler events[] = {{"private message", on_private_message}, {0}};
    static struct store store;
    struct cli cli = cli_parse(argc, argv, 3000);
    vireo_app *app = vireo_app_new();
    vireo_static(app, "/", PUBLIC_FOLDER);
    vireo_namespace(app, "/", .user = &store, .data_size = sizeof(struct user *), .guard = guard,
                    .on_connect = on_connect, .on_disconnect = on_disconnect, .events = events);
    return vireo_run(app, .host = cli.host, .port = cli.port, .name = "private-messaging");
}
