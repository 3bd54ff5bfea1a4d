/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* soak-server: the server of fault/soak.mjs. Each room counts what is posted to it; who is in it
 * hears each number, and by the numbers knows whether one was lost.
 *
 *   enter room           joins; acks the room's number
 *   leave room           leaves; acks its number
 *   post room ..payload  the number is one more; sends "news" room number ..payload to the room;
 *                        acks the number
 *   poll room            asks all in the room "well?"; acks how many have answered, and a status
 *   numbers              acks all rooms' numbers
 *   stats                acks {heap: bytes in use, sockets, away: those that may come back, kept:
 *                        events for them}
 *
 * --recovery-ms N: how long those may take */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/vireo.h>

#define ROOMS 1000

size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static long long numbers[ROOMS];

/* A room is named "r" and its index. */
static int room_of(const vireo_msg *m)
{
    const char *name = vireo_str_or(vireo_arg(m, 0), "");
    int i = name[0] == 'r' ? atoi(name + 1) : -1;
    return i >= 0 && i < ROOMS ? i : 0;
}

static const char *name_of(const vireo_msg *m)
{
    return vireo_str_or(vireo_arg(m, 0), "r0");
}

static void on_enter(vireo_socket *s, const vireo_msg *m)
{
    vireo_join(s, name_of(m));
    vireo_ack(m, "%lld", numbers[room_of(m)]);
}

static void on_leave(vireo_socket *s, const vireo_msg *m)
{
    vireo_leave(s, name_of(m));
    vireo_ack(m, "%lld", numbers[room_of(m)]);
}

static void on_post(vireo_socket *s, const vireo_msg *m)
{
    long long number = ++numbers[room_of(m)];
    vireo_broadcast(vireo_room(s, name_of(m)), "news", "%s,%lld,%p", name_of(m), number,
                    (const void *)vireo_arg(m, 1));
    vireo_ack(m, "%lld", number);
}

static void on_answers(vireo_ns *ns, int status, const vireo_value *answers, void *user)
{
    (void)ns;
    vireo_answer(user, "%zu,%s", vireo_count(answers), status < 0 ? vireo_strerror(status) : "");
}

static void on_poll(vireo_socket *s, const vireo_msg *m)
{
    vireo_pending_ack *p = vireo_ack_later(m);
    if (p != NULL &&
        vireo_broadcast_ack(vireo_room(s, name_of(m)), 5000, on_answers, p, "well?", NULL) < 0)
        vireo_answer_drop(p);
}

static void on_numbers(vireo_socket *s, const vireo_msg *m)
{
    char text[ROOMS * 21];
    size_t n = 0;
    (void)s;
    for (int i = 0; i < ROOMS; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%c%lld", i > 0 ? ',' : '[', numbers[i]);
    text[n++] = ']';
    vireo_ack(m, "%p", vireo_json_text(text, n));
}

static size_t heap(void)
{
    return __sanitizer_get_current_allocated_bytes != NULL
               ? __sanitizer_get_current_allocated_bytes()
               : mallinfo2().uordblks;
}

static void on_stats(vireo_socket *s, const vireo_msg *m)
{
    vireo_recovery_info info;
    vireo_ns_recovery(vireo_ns_of(s), &info);
    vireo_ack(m, "{heap:%zu,sockets:%zu,away:%zu,kept:%zu}", heap(), vireo_ns_count(vireo_ns_of(s)),
              info.away, info.events);
}

static const vireo_event_handler events[] = {
    {"enter", on_enter},
    {"leave", on_leave},
    {"post", on_post},
    {"poll", on_poll},
    {"numbers", on_numbers},
    {"stats", on_stats},
    {0},
};

int main(int argc, char **argv)
{
    uint32_t recovery_ms = argc > 2 ? (uint32_t)atoi(argv[2]) : 0;
    vireo_app *app = vireo_app_new();
    /* those who vanish without a word are noticed soon */
    if (app == NULL ||
        vireo_socketio(app, .ping_interval_ms = 4000, .ping_timeout_ms = 8000,
                       .recovery_ms = recovery_ms) == NULL ||
        vireo_namespace(app, "/", .events = events) == NULL)
        return 1;
    return vireo_run(app, .host = "127.0.0.1", .name = "soak");
}
