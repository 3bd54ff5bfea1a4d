/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* rooms: who gets an event.
 *
 * page to server                 the server's answer
 * join(room, ack)                acknowledges how many are in the room now
 * leave(room, ack)               the same
 * say(room, text)                said({to, text}) to all in the room, the sender too if in it
 * say both(a, b, text)           said(..) once to all who are in a or in b
 * say except(room, other, text)  said(..) to all in the room who are not in the other
 * say others(room, text)         said(..) to all in the room but the sender */

#include <vireo/vireo.h>

#include "cli.h"

/* The number of people in the room, as the answer to who changed it. */
static void ack_count(vireo_socket *s, const vireo_msg *m, const char *room, int error)
{
    if (error < 0)
        vireo_ack(m, "{error:%s}", vireo_strerror(error));
    else
        vireo_ack(m, "%zu", vireo_room_count(vireo_ns_of(s), room));
}

static void on_join(vireo_socket *s, const vireo_msg *m)
{
    const char *room = vireo_str_or(vireo_arg(m, 0), "");
    ack_count(s, m, room, vireo_join(s, room));
}

static void on_leave(vireo_socket *s, const vireo_msg *m)
{
    const char *room = vireo_str_or(vireo_arg(m, 0), "");
    ack_count(s, m, room, vireo_leave(s, room));
}

static void say(vireo_to to, const char *room, const vireo_value *text)
{
    vireo_broadcast(to, "said", "{to:%s, text:%p}", room, text);
}

static void on_say(vireo_socket *s, const vireo_msg *m)
{
    const char *room = vireo_str_or(vireo_arg(m, 0), "");
    say(vireo_room(s, room), room, vireo_arg(m, 1));
}

/* The full form of a target: a plain struct. */
static void on_say_both(vireo_socket *s, const vireo_msg *m)
{
    const char *a = vireo_str_or(vireo_arg(m, 0), "");
    const char *b = vireo_str_or(vireo_arg(m, 1), "");
    say((vireo_to){.ns = vireo_ns_of(s), .rooms = {a, b}}, a, vireo_arg(m, 2));
}

static void on_say_except(vireo_socket *s, const vireo_msg *m)
{
    const char *room = vireo_str_or(vireo_arg(m, 0), "");
    const char *other = vireo_str_or(vireo_arg(m, 1), "");
    say((vireo_to){.ns = vireo_ns_of(s), .rooms = {room}, .except = {other}}, room,
        vireo_arg(m, 2));
}

static void on_say_others(vireo_socket *s, const vireo_msg *m)
{
    const char *room = vireo_str_or(vireo_arg(m, 0), "");
    say(vireo_room_others(s, room), room, vireo_arg(m, 1));
}

static const vireo_event_handler events[] = {
    {"join", on_join},
    {"leave", on_leave},
    {"say", on_say},
    {"say both", on_say_both},
    {"say except", on_say_except},
    {"say others", on_say_others},
    {0},
};

int main(int argc, char **argv)
{
    struct cli cli = cli_parse(argc, argv, 3000);
    vireo_app *app = vireo_app_new();
    vireo_static(app, "/", PUBLIC_FOLDER);
    vireo_namespace(app, "/", .events = events);
    return vireo_run(app, .host = cli.host, .port = cli.port, .name = "rooms");
}
