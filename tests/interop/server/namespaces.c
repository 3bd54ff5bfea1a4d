/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "server.h"

static void on_connect(vireo_socket *s)
{
    observe(vireo_format(NULL, "{event:%s, nsp:%s, id:%s, transport:%s}", "connect",
                         vireo_ns_name(vireo_ns_of(s)), vireo_id(s), vireo_transport(s)));
    if (vireo_bool(vireo_get(vireo_handshake_auth(s), "greet"), false))
        vireo_emit(s, "welcome", "%s", vireo_id(s));
}

static void observe_end(const char *event, vireo_socket *s, const vireo_disconnect_info *why)
{
    vireo_list *rooms = rooms_of(s);
    const char *description = why->description[0] != '\0' ? why->description : NULL;
    char *line =
        vireo_format(NULL, "{event:%s, nsp:%s, id:%s, reason:%s, rooms:%p, description:%s}", event,
                     vireo_ns_name(vireo_ns_of(s)), vireo_id(s), why->reason, rooms, description);
    vireo_list_free(rooms);
    observe(line);
}

static void on_disconnecting(vireo_socket *s, const vireo_disconnect_info *why)
{
    observe_end("disconnecting", s, why);
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    observe_end("disconnect", s, why);
}

static void on_upgrade(vireo_socket *s, const char *transport)
{
    observe(
        vireo_format(NULL, "{event:%s, id:%s, transport:%s}", "upgrade", vireo_id(s), transport));
}

static void on_room(vireo_ns *ns, vireo_room_event event, const char *room, const char *socket_id)
{
    static const char *const names[] = {[VIREO_ROOM_CREATE] = "create-room",
                                        [VIREO_ROOM_JOIN] = "join-room",
                                        [VIREO_ROOM_LEAVE] = "leave-room",
                                        [VIREO_ROOM_DELETE] = "delete-room"};
    if (socket_id != NULL)
        observe(vireo_format(NULL, "{event:%s, nsp:%s, room:%s, id:%s}", names[event],
                             vireo_ns_name(ns), room, socket_id));
    else
        observe(vireo_format(NULL, "{event:%s, nsp:%s, room:%s}", names[event], vireo_ns_name(ns),
                             room));
}

static int admin_guard(vireo_socket *s, const vireo_value *auth)
{
    if (strcmp(vireo_str_or(vireo_get(auth, "token"), ""), "secret") == 0)
        return 0;
    return vireo_refuse(s, "not authorized", "{code:%d, hint:%s}", 401, "token");
}

static int early_guard(vireo_socket *s, const vireo_value *auth)
{
    (void)auth;
    vireo_join(s, "early-room");
    vireo_emit(s, "early", "%d", 1);
    return 0;
}

static bool add_namespace(vireo_app *app, const char *name,
                          int (*guard)(vireo_socket *s, const vireo_value *auth))
{
    bool main_one = strcmp(name, "/") == 0;
    return vireo_namespace(app, name, .data_size = sizeof(struct data), .guard = guard,
                           .on_connect = on_connect, .on_disconnecting = on_disconnecting,
                           .on_disconnect = on_disconnect, .on_error = tell_error,
                           .on_any = tell_any, .on_upgrade = main_one ? on_upgrade : NULL,
                           .on_room = on_room, .events = server_events) != NULL;
}

bool add_namespaces(vireo_app *app)
{
    return add_namespace(app, "/", NULL) && add_namespace(app, "/chat", NULL) &&
           add_namespace(app, "/admin", admin_guard) && add_namespace(app, "/early", early_guard);
}
