/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* recovery: a client whose connection breaks comes back as who it was, and misses nothing.
 *
 * page to server
 * note(text, ack)       keeps a text for this client
 *
 * server to page
 * tick(n)               to all, numbered
 * hello({came, note})   how often the client came, and what it has noted */

#include <vireo/vireo.h>

#include "cli.h"

/* Lives in the socket, and comes back with it. */
struct visit {
    int came;
    char *note;
};

struct ticker {
    vireo_ns *ns;
    int count;
};

static void on_connect(vireo_socket *s)
{
    struct visit *visit = vireo_data(s);
    visit->came++;
    printf("%s %s\n", vireo_id(s), vireo_recovered(s) ? "is back" : "is new");
    vireo_emit(s, "hello", "{came:%d, note:%s}", visit->came, visit->note);
}

/* What the data points to ends with the client, but not while that may come back. */
static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    struct visit *visit = vireo_data(s);
    printf("%s %s: %s\n", vireo_id(s), why->recoverable ? "is away" : "has left", why->reason);
    if (!why->recoverable)
        free(visit->note);
}

static void on_expired(vireo_ns *ns, const char *id, void *data)
{
    struct visit *visit = data;
    (void)ns;
    printf("%s did not come back\n", id);
    free(visit->note);
}

static void on_note(vireo_socket *s, const vireo_msg *m)
{
    struct visit *visit = vireo_data(s);
    free(visit->note);
    visit->note = strdup(vireo_str_or(vireo_arg(m, 0), ""));
    vireo_ack(m, NULL);
}

static const vireo_event_handler events[] = {{"note", on_note}, {0}};

static void tick(vireo_timer *timer, void *user)
{
    struct ticker *ticker = user;
    (void)timer;
    vireo_broadcast(vireo_all(ticker->ns), "tick", "%d", ++ticker->count);
}

int main(int argc, char **argv)
{
    static struct ticker ticker;
    struct cli_option options[] = {{"--every", "milliseconds between two ticks (1000)", "1000"},
                                   {"--away", "milliseconds to come back in (120000)", "120000"},
                                   {0}};
    struct cli cli = cli_parse_more(argc, argv, 3000, options);
    vireo_app *app = vireo_app_new();
    vireo_static(app, "/", PUBLIC_FOLDER);
    vireo_socketio(app, .recovery_ms = (uint32_t)atoi(options[1].value));
    ticker.ns = vireo_namespace(app, "/", .data_size = sizeof(struct visit), .events = events,
                                .on_connect = on_connect, .on_disconnect = on_disconnect,
                                .on_expired = on_expired);
    vireo_every(app, (uint32_t)atoi(options[0].value), tick, &ticker);
    return vireo_run(app, .host = cli.host, .port = cli.port, .name = "recovery");
}
