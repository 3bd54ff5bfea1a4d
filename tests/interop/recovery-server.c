/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* recovery-server: the server of recovery.test.mjs. It keeps the contract at the head of
 * recovery-reference.mjs. The text of a socket's data stands in memory of its own, so that a
 * sanitizer sees whether it is freed exactly once. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/vireo.h>

#include "serve.h"

#define MOST_NAMES 16

struct data {
    char *text;
};

static void observe(char *line)
{
    puts(line != NULL ? line : "out of memory");
    fflush(stdout);
    free(line);
}

static const char *text_of(const vireo_msg *m, size_t i)
{
    return vireo_str_or(vireo_arg(m, i), "");
}

/* --- life ------------------------------------------------------------------------------------- */

static int guard(vireo_socket *s, const vireo_value *auth)
{
    observe(vireo_format(NULL, "{event:%s, id:%s}", "guard", vireo_id(s)));
    if (vireo_get(auth, "greet") != NULL)
        vireo_emit(s, "early", "%s", "text");
    return vireo_get(auth, "refuse") != NULL ? vireo_refuse(s, "refused", NULL) : 0;
}

struct rooms {
    const char *own;
    const char *list[MOST_NAMES];
    size_t count;
};

static void note_room(const char *room, void *user)
{
    struct rooms *r = user;
    if (strcmp(room, r->own) != 0 && r->count < MOST_NAMES)
        r->list[r->count++] = room;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void on_connect(vireo_socket *s)
{
    struct data *d = vireo_data(s);
    struct rooms rooms = {.own = vireo_id(s)};
    char list[1024] = "[";
    vireo_each_room(s, note_room, &rooms);
    qsort(rooms.list, rooms.count, sizeof rooms.list[0], compare);
    for (size_t i = 0; i < rooms.count; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s\"%s\"", i > 0 ? "," : "",
                 rooms.list[i]);
    strcat(list, "]");
    observe(vireo_format(NULL, "{event:%s, id:%s, recovered:%hhd, data:%s, rooms:%p}", "connect",
                         vireo_id(s), vireo_recovered(s), d->text != NULL ? d->text : "",
                         vireo_json_text(list, strlen(list))));
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    struct data *d = vireo_data(s);
    observe(vireo_format(NULL, "{event:%s, id:%s, reason:%s, recoverable:%hhd}", "disconnect",
                         vireo_id(s), why->reason, why->recoverable));
    if (!why->recoverable)
        free(d->text);
}

static void on_expired(vireo_ns *ns, const char *id, void *data)
{
    struct data *d = data;
    (void)ns;
    observe(vireo_format(NULL, "{event:%s, id:%s, data:%s}", "expired", id,
                         d->text != NULL ? d->text : ""));
    free(d->text);
}

/* --- events ----------------------------------------------------------------------------------- */

/* CALL(.., template, arguments) with the arguments of |m| from |first| on, at most two. */
#define WITH_ARGS(m, first, CALL, ...)                                                             \
    switch (vireo_arg_count(m) - (first)) {                                                        \
    case 0:                                                                                        \
        CALL(__VA_ARGS__, NULL);                                                                   \
        break;                                                                                     \
    case 1:                                                                                        \
        CALL(__VA_ARGS__, "%p", (const void *)vireo_arg(m, first));                                \
        break;                                                                                     \
    default:                                                                                       \
        CALL(__VA_ARGS__, "%p,%p", (const void *)vireo_arg(m, first),                              \
             (const void *)vireo_arg(m, (first) + 1));                                             \
        break;                                                                                     \
    }

static void on_ack(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    WITH_ARGS(m, 0, vireo_ack, m)
}

static void on_join(vireo_socket *s, const vireo_msg *m)
{
    vireo_join(s, text_of(m, 0));
    vireo_ack(m, NULL);
}

static void on_leave(vireo_socket *s, const vireo_msg *m)
{
    vireo_leave(s, text_of(m, 0));
    vireo_ack(m, NULL);
}

static void on_set_data(vireo_socket *s, const vireo_msg *m)
{
    struct data *d = vireo_data(s);
    free(d->text);
    d->text = strdup(text_of(m, 0));
    vireo_ack(m, NULL);
}

static void on_say(vireo_socket *s, const vireo_msg *m)
{
    WITH_ARGS(m, 1, vireo_emit, s, text_of(m, 0))
}

static void on_answer(vireo_socket *s, int status, const vireo_value *args, void *user)
{
    (void)s;
    (void)status;
    (void)args;
    (void)user;
}

static void on_ask(vireo_socket *s, const vireo_msg *m)
{
    WITH_ARGS(m, 1, vireo_emit_ack, s, 0, on_answer, NULL, text_of(m, 0))
}

static void take_names(const char *names[VIREO_TO_ROOMS], const vireo_value *list)
{
    size_t i = 0;
    for (const vireo_value *e = NULL; i < VIREO_TO_ROOMS && (e = vireo_next(list, e)) != NULL;)
        names[i++] = vireo_str_or(e, "");
}

static void on_emit_to(vireo_socket *s, const vireo_msg *m)
{
    vireo_to to = vireo_all(vireo_ns_of(s));
    const vireo_value *target = vireo_arg(m, 0);
    take_names(to.rooms, vireo_get(target, "rooms"));
    take_names(to.except, vireo_get(target, "except"));
    if (vireo_get(target, "flags") != NULL)
        to.flags = VIREO_VOLATILE;
    WITH_ARGS(m, 2, vireo_broadcast, to, text_of(m, 1))
    vireo_ack(m, NULL);
}

static void on_others(vireo_socket *s, const vireo_msg *m)
{
    WITH_ARGS(m, 1, vireo_broadcast, vireo_others(s), text_of(m, 0))
    vireo_ack(m, NULL);
}

static void on_kick(vireo_socket *s, const vireo_msg *m)
{
    vireo_disconnect_sockets(vireo_ns_room(vireo_ns_of(s), text_of(m, 0)), false);
}

static void on_info(vireo_socket *s, const vireo_msg *m)
{
    vireo_recovery_info i;
    vireo_ns_recovery(vireo_ns_of(s), &i);
    vireo_ack(m,
              "{recovered:%llu, expired:%llu, unknown:%llu, away:%zu, awayBytes:%zu, events:%zu,"
              " eventBytes:%zu}",
              (unsigned long long)i.recovered, (unsigned long long)i.expired,
              (unsigned long long)i.unknown, i.away, i.away_bytes, i.events, i.event_bytes);
}

static const vireo_event_handler events[] = {
    {"ack", on_ack},
    {"join", on_join},
    {"leave", on_leave},
    {"set-data", on_set_data},
    {"say", on_say},
    {"ask", on_ask},
    {"kick", on_kick},
    {"info", on_info},
    {"emit-to", on_emit_to},
    {"others", on_others},
    {0},
};

/* --- the start -------------------------------------------------------------------------------- */

static unsigned number_of(int argc, char **argv, const char *name, unsigned fallback)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return (unsigned)strtoul(argv[i + 1], NULL, 10);
    return fallback;
}

static bool has(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return false;
}

struct arguments {
    int argc;
    char **argv;
};

static int setup(vireo_app *app, void *user)
{
    const struct arguments *a = user;
    int argc = a->argc;
    char **argv = a->argv;
    const vireo_ns_options options = {
        .size = sizeof options,
        .data_size = sizeof(struct data),
        .guard = guard,
        .on_connect = on_connect,
        .on_disconnect = on_disconnect,
        .on_expired = on_expired,
        .events = events,
    };
    if (vireo_socketio(app, .recovery_ms = number_of(argc, argv, "--recovery-ms", 60000),
                       .recovery_bytes = number_of(argc, argv, "--bytes", 0),
                       .recovery_clients = number_of(argc, argv, "--clients", 0),
                       .recovery_client_bytes = number_of(argc, argv, "--client-bytes", 0),
                       .recovery_asks_guards = has(argc, argv, "--ask-guards"), .allow_eio3 = true,
                       .cleanup_empty_child_namespaces = has(argc, argv, "--cleanup")) == NULL ||
        vireo_ns_create(app, "/", &options) == NULL ||
        vireo_ns_create(app, "/other", &options) == NULL ||
        vireo_ns_create_matching(app, "^/dyn-[0-9]+$", &options) == NULL)
        return VIREO_ENOMEM;
    return 0;
}

int main(int argc, char **argv)
{
    struct arguments a = {argc, argv};
    return serve(setup, &a, NULL, .host = "127.0.0.1", .name = "recovery");
}
