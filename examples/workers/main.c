/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* workers: one server on several processors. Clients meet in rooms, whichever worker has their
 * connection.
 *
 * client to server   enter(room, ack)   acknowledges with the number of its worker
 *                    say(text)          to the others of its room
 *                    who(ack)           acknowledges with the ids of all in its room
 * server to client   said({from, text, worker}) */

#include <vireo/vireo.h>

#include "cli.h"

struct user {
    char room[64];
};

static void on_enter(vireo_socket *s, const vireo_msg *m)
{
    struct user *u = vireo_data(s);
    vireo_leave(s, u->room);
    snprintf(u->room, sizeof u->room, "%s", vireo_str_or(vireo_arg(m, 0), ""));
    vireo_join(s, u->room);
    vireo_ack(m, "%u", vireo_worker(vireo_app_of(s)));
}

static void on_say(vireo_socket *s, const vireo_msg *m)
{
    const struct user *u = vireo_data(s);
    vireo_broadcast(vireo_room_others(s, u->room), "said", "{from:%s, text:%s, worker:%u}",
                    vireo_id(s), vireo_str_or(vireo_arg(m, 0), ""), vireo_worker(vireo_app_of(s)));
}

/* The socket may have gone when the others have answered: the pending answer knows that. */
static void on_ids(vireo_ns *ns, int status, const vireo_value *ids, void *pending)
{
    (void)ns;
    if (status == 0)
        vireo_answer(pending, "%p", ids);
    else
        vireo_answer_drop(pending);
}

static void on_who(vireo_socket *s, const vireo_msg *m)
{
    const struct user *u = vireo_data(s);
    vireo_pending_ack *pending = vireo_ack_later(m);
    if (pending != NULL && vireo_all_sockets(vireo_room(s, u->room), 0, on_ids, pending) < 0)
        vireo_answer_drop(pending);
}

static int say_hello(vireo_req *r)
{
    return vireo_reply_text(r, 200, "hello");
}

static const vireo_event_handler events[] = {
    {"enter", on_enter}, {"say", on_say}, {"who", on_who}, {0}};

/* Called once for each worker: what stands here belongs to that one. */
static int setup(vireo_app *app, void *user)
{
    (void)user;
    vireo_rate_limit(app, "/hello", .limit = 10);
    vireo_namespace(app, "/", .data_size = sizeof(struct user), .events = events);
    return vireo_route(app, "GET", "/hello", say_hello, NULL);
}

int main(int argc, char **argv)
{
    struct cli_option more[] = {{"--workers", "how many; 0: one per processor (0)", "0"}, {0}};
    struct cli cli = cli_parse_more(argc, argv, 3000, more);
    return vireo_run_workers(setup, NULL, .workers = (uint32_t)atoi(more[0].value),
                             .host = cli.host, .port = cli.port, .name = "workers");
}
