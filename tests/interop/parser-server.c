/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* parser-server: the server of parser.test.mjs on Vireo's public API. The contract stands at the
 * head of parser-reference.mjs. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/vireo.h>

#include "serve.h"

static void print_line(const char *tmpl_text)
{
    printf("%s\n", tmpl_text);
    fflush(stdout);
}

static int guard(vireo_socket *s, const vireo_value *auth)
{
    if (vireo_get(auth, "refuse") != NULL)
        return vireo_refuse(s, "refused", "{auth:%p}", (const void *)auth);
    return 0;
}

static void on_connect(vireo_socket *s)
{
    vireo_emit(s, "hello", "{auth:%p}", (const void *)vireo_handshake_auth(s));
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    char *line = vireo_format(NULL, "{event:\"disconnect\", nsp:%s, reason:%s}",
                              vireo_ns_name(vireo_ns_of(s)), why->reason);
    print_line(line);
    free(line);
}

static void on_error(vireo_socket *s, const char *text)
{
    (void)s;
    char *line = vireo_format(NULL, "{event:\"error\", message:%s}", text);
    print_line(line);
    free(line);
}

/* echo ..: echo with the same arguments */
static void on_echo(vireo_socket *s, const vireo_msg *m)
{
    vireo_emit_value(s, "echo", vireo_arg(m, 0));
}

/* ack x: acknowledged with x, and a binary part */
static void on_ack(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    vireo_ack(m, "%p, %p", (const void *)vireo_arg(m, 0), vireo_binary("\1\2\3", 3));
}

static void on_answer(vireo_socket *s, int status, const vireo_value *args, void *user)
{
    (void)user;
    if (status == 0)
        vireo_emit(s, "answered", "%p", (const void *)args);
}

/* ask x: the client is asked "question" with x; its answer's arguments come back as "answered" */
static void on_ask(vireo_socket *s, const vireo_msg *m)
{
    vireo_emit_ack(s, 0, on_answer, NULL, "question", "%p", (const void *)vireo_arg(m, 0));
}

static void on_join(vireo_socket *s, const vireo_msg *m)
{
    vireo_join(s, vireo_str_or(vireo_arg(m, 0), ""));
    vireo_ack(m, NULL);
}

/* room name x: to(name).emit("room", x), the sender too if it is in it */
static void on_room(vireo_socket *s, const vireo_msg *m)
{
    vireo_broadcast(vireo_ns_room(vireo_ns_of(s), vireo_str_or(vireo_arg(m, 0), "")), "room", "%p",
                    (const void *)vireo_arg(m, 1));
}

/* volatile name x: to(name).volatile */
static void on_volatile(vireo_socket *s, const vireo_msg *m)
{
    vireo_broadcast((vireo_to){.ns = vireo_ns_of(s),
                               .rooms = {vireo_str_or(vireo_arg(m, 0), "")},
                               .flags = VIREO_VOLATILE},
                    "volatile", "%p", (const void *)vireo_arg(m, 1));
}

static void on_bye(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_disconnect(s, false);
}

static const vireo_event_handler events[] = {
    {"echo", on_echo}, {"ack", on_ack},           {"ask", on_ask}, {"join", on_join},
    {"room", on_room}, {"volatile", on_volatile}, {"bye", on_bye}, {0}};

/* Vireo only: /raw is a WebSocket in the room "guests" of "/". */
static void on_ws_open(vireo_ws *ws)
{
    vireo_join_ws(vireo_of(vireo_ws_app(ws), "/"), ws, "guests");
}

/* --- hooks (--parser hooks) ------------------------------------------------------------------- */

/* Numbers that end in n travel as texts: "12n" stands for the whole number 12. */
static int revive(const char *key, const vireo_value *v, vireo_builder *out, void *user)
{
    size_t n;
    char *end;
    (void)user;
    const char *text = vireo_str_len(v, &n);
    if (key != NULL && strcmp(key, "secret") == 0)
        return 1; /* it never arrives */
    if (text == NULL || n < 2 || text[n - 1] != 'n' || strspn(text, "0123456789") != n - 1)
        return 0;
    long long number = strtoll(text, &end, 10);
    vireo_build(out, "{big:%lld}", number);
    return 1;
}

static int replace(const char *key, const vireo_value *v, vireo_builder *out, void *user)
{
    (void)user;
    if (key != NULL && strcmp(key, "password") == 0)
        return 1; /* it never leaves */
    int64_t big = vireo_int(vireo_get(v, "big"), -1);
    if (big < 0)
        return 0;
    char text[32];
    snprintf(text, sizeof text, "%lldn", (long long)big);
    vireo_build_str(out, text);
    return 1;
}

static vireo_json_hooks hooks = VIREO_JSON_HOOKS(.revive = revive, .replace = replace);

static const vireo_parser *parser_of(const char *name)
{
    if (strcmp(name, "json") == 0)
        return NULL;
    return strcmp(name, "hooks") == 0 ? vireo_parser_json() : vireo_parser_msgpack();
}

static int setup(vireo_app *app, void *user)
{
    vireo_websocket(app, "/raw", .on_open = on_ws_open);
    vireo_socketio(app, .parser = parser_of(user), .parser_user = &hooks,
                   .max_message_bytes = 200000, .max_values = 1000);
    vireo_namespace(app, "/", .guard = guard, .on_connect = on_connect,
                    .on_disconnect = on_disconnect, .on_error = on_error, .events = events);
    vireo_namespace(app, "/admin", .guard = guard, .on_connect = on_connect, .events = events);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"parser", required_argument, NULL, 'p'}, {0}};
    char *name = (char[]){"msgpack"};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        if (c == 'p')
            name = optarg;
    return serve(setup, name, NULL, .host = "127.0.0.1", .port = 0, .name = "parser-server");
}
