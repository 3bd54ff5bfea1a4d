/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* server.c: the server of the interop and wire tests. It keeps, on the public API alone, the
 * contract at the head of reference.mjs, line for line: options, namespaces, events, observations
 * on stdout, raw WebSocket endpoints. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/vireo.h>

#define MOST_NAMES 64 /* rooms named in one emit-to */

struct data {
    bool set;
    char value[64];
};

static const char *const reserved[] = {"connect",       "connect_error", "disconnect",
                                       "disconnecting", "newListener",   "removeListener"};

/* --- texts ------------------------------------------------------------------------------------ */

/* Prints a line that vireo_format returned, and frees it. */
static void observe(char *line)
{
    if (line != NULL)
        puts(line);
    fflush(stdout);
    free(line);
}

/* A JSON list of texts that grows: "a","b". */
struct list {
    FILE *out;
    char *text;
    size_t len;
    size_t count;
};

static void list_open(struct list *l)
{
    memset(l, 0, sizeof *l);
    l->out = open_memstream(&l->text, &l->len);
    if (l->out == NULL)
        abort();
    fputc('[', l->out);
}

static void list_add(struct list *l, const char *name)
{
    char *json = vireo_format(NULL, "%s", name);
    if (json == NULL)
        abort();
    fprintf(l->out, "%s%s", l->count++ > 0 ? "," : "", json);
    free(json);
}

/* The finished list, borrowed until list_free. */
static const char *list_close(struct list *l)
{
    fputc(']', l->out);
    fclose(l->out);
    return l->text;
}

static void list_free(struct list *l)
{
    free(l->text);
}

struct names {
    const char *names[MOST_NAMES];
    size_t count;
};

static void note_name(const char *room, void *user)
{
    struct names *n = user;
    if (n->count < MOST_NAMES)
        n->names[n->count++] = room;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The sorted rooms of |s| as JSON. */
static void list_rooms(struct list *l, const vireo_socket *s)
{
    struct names n = {.count = 0};
    list_open(l);
    vireo_each_room(s, note_name, &n);
    qsort(n.names, n.count, sizeof n.names[0], compare);
    for (size_t i = 0; i < n.count; i++)
        list_add(l, n.names[i]);
    list_close(l);
}

/* --- arguments passed on, at most ten, beginning with |first| --------------------------------- */

#define ARG(i)  ((const void *)vireo_arg(m, first + (i)))
#define ARGS_1  ARG(0)
#define ARGS_2  ARGS_1, ARG(1)
#define ARGS_3  ARGS_2, ARG(2)
#define ARGS_4  ARGS_3, ARG(3)
#define ARGS_5  ARGS_4, ARG(4)
#define ARGS_6  ARGS_5, ARG(5)
#define ARGS_7  ARGS_6, ARG(6)
#define ARGS_8  ARGS_7, ARG(7)
#define ARGS_9  ARGS_8, ARG(8)
#define ARGS_10 ARGS_9, ARG(9)

/* Calls DO(template, arguments..) with as many as there are. */
#define WITH_ARGS(count, DO)                                                                       \
    switch (count) {                                                                               \
    case 0:                                                                                        \
        DO(NULL);                                                                                  \
        break;                                                                                     \
    case 1:                                                                                        \
        DO("%p", ARGS_1);                                                                          \
        break;                                                                                     \
    case 2:                                                                                        \
        DO("%p,%p", ARGS_2);                                                                       \
        break;                                                                                     \
    case 3:                                                                                        \
        DO("%p,%p,%p", ARGS_3);                                                                    \
        break;                                                                                     \
    case 4:                                                                                        \
        DO("%p,%p,%p,%p", ARGS_4);                                                                 \
        break;                                                                                     \
    case 5:                                                                                        \
        DO("%p,%p,%p,%p,%p", ARGS_5);                                                              \
        break;                                                                                     \
    case 6:                                                                                        \
        DO("%p,%p,%p,%p,%p,%p", ARGS_6);                                                           \
        break;                                                                                     \
    case 7:                                                                                        \
        DO("%p,%p,%p,%p,%p,%p,%p", ARGS_7);                                                        \
        break;                                                                                     \
    case 8:                                                                                        \
        DO("%p,%p,%p,%p,%p,%p,%p,%p", ARGS_8);                                                     \
        break;                                                                                     \
    case 9:                                                                                        \
        DO("%p,%p,%p,%p,%p,%p,%p,%p,%p", ARGS_9);                                                  \
        break;                                                                                     \
    default:                                                                                       \
        DO("%p,%p,%p,%p,%p,%p,%p,%p,%p,%p", ARGS_10);                                              \
        break;                                                                                     \
    }

static size_t count_from(const vireo_msg *m, size_t first)
{
    size_t count = vireo_arg_count(m);
    return count > first ? count - first : 0;
}

static void ack_args(const vireo_msg *m)
{
    const size_t first = 0;
#define DO(...) vireo_ack(m, __VA_ARGS__)
    WITH_ARGS(count_from(m, first), DO)
#undef DO
}

static void broadcast_args(vireo_to to, const char *event, const vireo_msg *m, size_t first)
{
#define DO(...) vireo_broadcast(to, event, __VA_ARGS__)
    WITH_ARGS(count_from(m, first), DO)
#undef DO
}

static void on_answer(vireo_socket *s, int status, const vireo_value *args, void *user)
{
    (void)user;
    if (status == 0)
        vireo_emit_value(s, "answered", args);
    else if (status == VIREO_ETIMEDOUT)
        vireo_emit(s, "unanswered", NULL);
}

static void ask(vireo_socket *s, const vireo_msg *m, size_t first, uint32_t timeout_ms)
{
#define DO(...) vireo_emit_ack(s, timeout_ms, on_answer, NULL, "question", __VA_ARGS__)
    WITH_ARGS(count_from(m, first), DO)
#undef DO
}

/* --- events ----------------------------------------------------------------------------------- */

static vireo_to myself(const vireo_socket *s)
{
    return vireo_room(s, vireo_id(s));
}

static void on_echo(vireo_socket *s, const vireo_msg *m)
{
    vireo_relay(myself(s), "echo", m);
}

static void on_ack(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    ack_args(m);
}

static void on_ack_twice(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    vireo_ack(m, "%d", 1);
    vireo_ack(m, "%d", 2);
}

static void on_message(vireo_socket *s, const vireo_msg *m)
{
    vireo_relay(myself(s), NULL, m);
}

static void on_numeric(vireo_socket *s, const vireo_msg *m)
{
    vireo_relay(myself(s), "numeric", m);
}

static void on_both(vireo_socket *s, const vireo_msg *m)
{
    vireo_relay(myself(s), "both", m);
}

static void on_ask(vireo_socket *s, const vireo_msg *m)
{
    ask(s, m, 0, 0);
}

static void on_ask_timeout(vireo_socket *s, const vireo_msg *m)
{
    ask(s, m, 1, (uint32_t)vireo_int(vireo_arg(m, 0), 1));
}

/* An object of the values that |get| knows for the |names|, as JSON. */
static void write_picked(FILE *out, vireo_socket *s, const vireo_value *names,
                         const char *(*get)(vireo_socket *s, const char *name))
{
    const char *comma = "";
    fputc('{', out);
    for (const vireo_value *e = NULL; (e = vireo_next(names, e)) != NULL; comma = ",") {
        const char *name = vireo_str_or(e, "");
        char *member = vireo_format(NULL, "{%s:%s}", name, get(s, name));
        if (member == NULL)
            abort();
        fprintf(out, "%s%.*s", comma, (int)strlen(member) - 2, member + 1);
        free(member);
    }
    fputc('}', out);
}

static const char *header_of(vireo_socket *s, const char *name)
{
    return vireo_handshake_header(s, name);
}

static char *picked(vireo_socket *s, const vireo_value *names,
                    const char *(*get)(vireo_socket *s, const char *name))
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        abort();
    write_picked(out, s, names, get);
    fclose(out);
    return text;
}

static void on_handshake(vireo_socket *s, const vireo_msg *m)
{
    char *headers = picked(s, vireo_arg(m, 0), header_of);
    char *query = picked(s, vireo_arg(m, 1), vireo_handshake_query);
    vireo_ack(m,
              "{address:%s, issued:%lld, secure:%hhd, xdomain:%hhd, url:%s, auth:%p, headers:%p, "
              "query:%p}",
              vireo_handshake_address(s), (long long)vireo_handshake_issued(s),
              vireo_handshake_secure(s), vireo_handshake_xdomain(s), vireo_handshake_url(s),
              (const void *)vireo_handshake_auth(s), vireo_json_text(headers, strlen(headers)),
              vireo_json_text(query, strlen(query)));
    free(headers);
    free(query);
}

static void ack_rooms(vireo_socket *s, const vireo_msg *m)
{
    struct list l;
    list_rooms(&l, s);
    vireo_ack(m, "%p", vireo_json_text(l.text, l.len));
    list_free(&l);
}

static void on_info(vireo_socket *s, const vireo_msg *m)
{
    struct list l;
    list_rooms(&l, s);
    vireo_ack(m, "{id:%s, nsp:%s, connected:%hhd, transport:%s, rooms:%p}", vireo_id(s),
              vireo_ns_name(vireo_ns_of(s)), vireo_connected(s), vireo_transport(s),
              vireo_json_text(l.text, l.len));
    list_free(&l);
}

static void on_data_set(vireo_socket *s, const vireo_msg *m)
{
    struct data *d = vireo_data(s);
    d->set = true;
    snprintf(d->value, sizeof d->value, "%s", vireo_str_or(vireo_arg(m, 0), ""));
    vireo_ack(m, NULL);
}

static void on_data_get(vireo_socket *s, const vireo_msg *m)
{
    const struct data *d = vireo_data(s);
    vireo_ack(m, "%s", d->set ? d->value : NULL);
}

static void on_join(vireo_socket *s, const vireo_msg *m)
{
    const vireo_value *rooms = vireo_arg(m, 0);
    if (vireo_str(rooms) != NULL)
        vireo_join(s, vireo_str(rooms));
    for (const vireo_value *e = NULL; (e = vireo_next(rooms, e)) != NULL;)
        vireo_join(s, vireo_str_or(e, ""));
    ack_rooms(s, m);
}

static void on_leave(vireo_socket *s, const vireo_msg *m)
{
    vireo_leave(s, vireo_str_or(vireo_arg(m, 0), ""));
    ack_rooms(s, m);
}

/* Names for a vireo_to, ended by NULL. */
static void read_names(const vireo_value *list, const char *names[MOST_NAMES + 1])
{
    size_t n = 0;
    for (const vireo_value *e = NULL; n < MOST_NAMES && (e = vireo_next(list, e)) != NULL;)
        names[n++] = vireo_str_or(e, "");
    names[n] = NULL;
}

static unsigned read_flags(const vireo_value *list)
{
    unsigned flags = 0;
    for (const vireo_value *e = NULL; (e = vireo_next(list, e)) != NULL;)
        flags |= strcmp(vireo_str_or(e, ""), "local") == 0 ? VIREO_LOCAL : VIREO_VOLATILE;
    return flags;
}

static void on_emit_to(vireo_socket *s, const vireo_msg *m)
{
    const vireo_value *where = vireo_arg(m, 0);
    const char *rooms[MOST_NAMES + 1];
    const char *except[MOST_NAMES + 1];
    read_names(vireo_get(where, "rooms"), rooms);
    read_names(vireo_get(where, "except"), except);
    vireo_to to = {.ns = vireo_ns_of(s), .more_rooms = rooms, .more_except = except};
    to.flags = read_flags(vireo_get(where, "flags"));
    if (strcmp(vireo_str_or(vireo_get(where, "via"), "io"), "socket") == 0)
        to.but = s;
    broadcast_args(to, vireo_str_or(vireo_arg(m, 1), ""), m, 2);
    vireo_ack(m, NULL);
}

static void on_broadcast(vireo_socket *s, const vireo_msg *m)
{
    vireo_relay(vireo_others(s), NULL, m);
}

static void on_all(vireo_socket *s, const vireo_msg *m)
{
    vireo_relay(vireo_all(vireo_ns_of(s)), NULL, m);
}

static void on_operators(vireo_socket *s, const vireo_msg *m)
{
    const char *b = vireo_str_or(vireo_arg(m, 1), "");
    const vireo_to base = vireo_room(s, vireo_str_or(vireo_arg(m, 0), ""));
    vireo_to both = base;
    both.rooms[1] = b;
    vireo_broadcast(both, "op", "%s", "both");
    vireo_to without = base;
    without.except[0] = b;
    vireo_broadcast(without, "op", "%s", "a without b");
    vireo_broadcast(base, "op", "%s", "a");
}

static void on_reserved(vireo_socket *s, const vireo_msg *m)
{
    struct list l;
    list_open(&l);
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (vireo_emit(s, reserved[i], NULL) == VIREO_ERESERVED)
            list_add(&l, reserved[i]);
    list_close(&l);
    vireo_ack(m, "%p", vireo_json_text(l.text, l.len));
    list_free(&l);
}

static void on_burst(vireo_socket *s, const vireo_msg *m)
{
    int64_t n = vireo_int(vireo_arg(m, 0), 0);
    for (int64_t i = 0; i < n; i++)
        vireo_emit(s, "burst", "%lld", (long long)i);
}

static void emit_text(vireo_socket *s, const char *event, int64_t times, int64_t size)
{
    if (size < 0 || size > 1 << 24)
        return;
    char *text = malloc((size_t)size + 1);
    if (text == NULL)
        abort();
    memset(text, 'x', (size_t)size);
    for (int64_t i = 0; i < times; i++)
        vireo_emit(s, event, "%.*s", (int)size, text);
    free(text);
}

static void on_big(vireo_socket *s, const vireo_msg *m)
{
    emit_text(s, "big", 1, vireo_int(vireo_arg(m, 0), 0));
}

static void on_flood(vireo_socket *s, const vireo_msg *m)
{
    emit_text(s, "flood", vireo_int(vireo_arg(m, 0), 0), vireo_int(vireo_arg(m, 1), 0));
}

static void heard(vireo_socket *s, const vireo_msg *m, const char *letter)
{
    if (strcmp(vireo_event(m), "probe") == 0)
        vireo_emit(s, "heard", "%s", letter);
}

static void hear_a(vireo_socket *s, const vireo_msg *m)
{
    heard(s, m, "a");
}

static void hear_b(vireo_socket *s, const vireo_msg *m)
{
    heard(s, m, "b");
}

static void hear_c(vireo_socket *s, const vireo_msg *m)
{
    heard(s, m, "c");
}

static void on_listen(vireo_socket *s, const vireo_msg *m)
{
    vireo_on_any(s, hear_a);
    vireo_on_any(s, hear_b);
    vireo_prepend_any(s, hear_c);
    vireo_ack(m, "%zu", vireo_any_count(s));
}

static void on_unlisten(vireo_socket *s, const vireo_msg *m)
{
    const char *letter = vireo_str_or(vireo_arg(m, 0), "");
    vireo_off_any(s, *letter == 'a' ? hear_a : *letter == 'b' ? hear_b : hear_c);
    vireo_ack(m, "%zu", vireo_any_count(s));
}

static void on_probe(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_emit(s, "heard", "%s", "handler");
}

static void on_late(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_emit(s, "late", "%s", "table");
}

static void late_on(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_emit(s, "late", "%s", "on");
}

static void late_once(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_emit(s, "late", "%s", "once");
}

static void on_late_on(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_on(s, "late", late_on);
    vireo_once(s, "late", late_once);
}

static void on_late_off(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_off(s, "late", late_on);
}

static void on_mark(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    observe(vireo_format(NULL, "{event:%s, nsp:%s, id:%s}", "mark", vireo_ns_name(vireo_ns_of(s)),
                         vireo_id(s)));
}

static void on_disconnect_me(vireo_socket *s, const vireo_msg *m)
{
    vireo_disconnect(s, vireo_bool(vireo_arg(m, 0), false));
    vireo_join(s, "after-disconnect");
    vireo_emit(s, "mark", "%s", "after-disconnect");
}

static void on_error(vireo_socket *s, const char *text)
{
    observe(vireo_format(NULL, "{event:%s, nsp:%s, id:%s, message:%s}", "error",
                         vireo_ns_name(vireo_ns_of(s)), vireo_id(s), text));
}

static void on_error_event(vireo_socket *s, const vireo_msg *m)
{
    on_error(s, vireo_str_or(vireo_arg(m, 0), ""));
}

static const vireo_event_handler events[] = {
    {"echo", on_echo},
    {"ack", on_ack},
    {"ack-twice", on_ack_twice},
    {"message", on_message},
    {"1234", on_numeric},
    {"both", on_both},
    {"ask", on_ask},
    {"ask-timeout", on_ask_timeout},
    {"handshake", on_handshake},
    {"info", on_info},
    {"data-set", on_data_set},
    {"data-get", on_data_get},
    {"join", on_join},
    {"leave", on_leave},
    {"emit-to", on_emit_to},
    {"broadcast", on_broadcast},
    {"all", on_all},
    {"operators", on_operators},
    {"reserved", on_reserved},
    {"burst", on_burst},
    {"big", on_big},
    {"flood", on_flood},
    {"listen", on_listen},
    {"unlisten", on_unlisten},
    {"probe", on_probe},
    {"late", on_late},
    {"late-on", on_late_on},
    {"late-off", on_late_off},
    {"mark", on_mark},
    {"disconnect-me", on_disconnect_me},
    {"error", on_error_event},
    {0},
};

static bool is_silent(const char *event)
{
    if (strcmp(event, "both") == 0 || strcmp(event, "error") == 0)
        return false;
    for (const vireo_event_handler *h = events; h->event != NULL; h++)
        if (strcmp(h->event, event) == 0)
            return true;
    return false;
}

static void on_any(vireo_socket *s, const vireo_msg *m)
{
    if (!is_silent(vireo_event(m)))
        vireo_emit_value(s, "any", vireo_args(m)); /* element 0 is the name */
}

/* --- namespaces ------------------------------------------------------------------------------- */

static void on_connect(vireo_socket *s)
{
    observe(vireo_format(NULL, "{event:%s, nsp:%s, id:%s, transport:%s}", "connect",
                         vireo_ns_name(vireo_ns_of(s)), vireo_id(s), vireo_transport(s)));
    if (vireo_bool(vireo_get(vireo_handshake_auth(s), "greet"), false))
        vireo_emit(s, "welcome", "%s", vireo_id(s));
}

static void observe_end(const char *event, vireo_socket *s, const vireo_disconnect_info *why)
{
    struct list l;
    list_rooms(&l, s);
    const char *description = why->description[0] != '\0' ? why->description : NULL;
    char *line =
        vireo_format(NULL, "{event:%s, nsp:%s, id:%s, reason:%s, rooms:%p, description:%s}", event,
                     vireo_ns_name(vireo_ns_of(s)), vireo_id(s), why->reason,
                     vireo_json_text(l.text, l.len), description);
    list_free(&l);
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
                           .on_disconnect = on_disconnect, .on_error = on_error, .on_any = on_any,
                           .on_upgrade = main_one ? on_upgrade : NULL, .on_room = on_room,
                           .events = events) != NULL;
}

/* --- raw WebSocket ---------------------------------------------------------------------------- */

static void raw_open(vireo_ws *ws)
{
    observe(vireo_format(NULL, "{event:%s, path:%s}", "raw-open", (const char *)vireo_ws_user(ws)));
}

static void raw_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    observe(vireo_format(NULL, "{event:%s, path:%s, code:%d, reason:%s}", "raw-close",
                         (const char *)vireo_ws_user(ws), code, reason));
}

/* "close:CODE:REASON"; the text is not ended by a NUL. */
static bool close_asked(vireo_ws *ws, const char *text, size_t len)
{
    char copy[160];
    int code;
    int at;
    if (len >= sizeof copy)
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (sscanf(copy, "close:%d:%n", &code, &at) != 1)
        return false;
    vireo_ws_close(ws, (uint16_t)code, copy + at);
    return true;
}

static void echo_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    if (!binary && len >= 5 && memcmp(data, "ping:", 5) == 0)
        vireo_ws_ping(ws, (const char *)data + 5, len - 5);
    else if (binary || !close_asked(ws, data, len))
        vireo_ws_send(ws, data, len, binary);
}

static void echo_pong(vireo_ws *ws, const void *data, size_t len)
{
    char text[5 + 125] = "pong:";
    memcpy(text + 5, data, len);
    vireo_ws_send(ws, text, 5 + len, false);
}

static void bcast_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    vireo_ws_broadcast(vireo_ws_endpoint_of(ws), NULL, data, len, binary);
}

static bool add_raw(vireo_app *app)
{
    return vireo_websocket(app, "/echo", .user = "/echo", .on_open = raw_open,
                           .on_message = echo_message, .on_pong = echo_pong,
                           .on_close = raw_close) != NULL &&
           vireo_websocket(app, "/bcast", .user = "/bcast", .on_open = raw_open,
                           .on_message = bcast_message, .on_close = raw_close) != NULL;
}

/* --- the command line ------------------------------------------------------------------------- */

struct options {
    vireo_app_options app;
    vireo_io_options io;
    vireo_listen_options listen;
};

static const struct option long_options[] = {
    {"port", required_argument, NULL, 'p'},
    {"host", required_argument, NULL, 'h'},
    {"path", required_argument, NULL, 'P'},
    {"ping-interval", required_argument, NULL, 'i'},
    {"ping-timeout", required_argument, NULL, 't'},
    {"upgrade-timeout", required_argument, NULL, 'u'},
    {"connect-timeout", required_argument, NULL, 'c'},
    {"max-payload", required_argument, NULL, 'm'},
    {"transports", required_argument, NULL, 'T'},
    {"no-upgrades", no_argument, NULL, 'n'},
    {"header-timeout", required_argument, NULL, 'H'},
    {"queue-limit", required_argument, NULL, 'q'},
    {0},
};

static unsigned read_transports(const char *text)
{
    return (strstr(text, "polling") != NULL ? VIREO_POLLING : 0) |
           (strstr(text, "websocket") != NULL ? VIREO_WEBSOCKET : 0);
}

static bool read_option(struct options *o, int which)
{
    unsigned long number = optarg != NULL ? strtoul(optarg, NULL, 10) : 0;
    switch (which) {
    case 'p':
        o->listen.port = (uint16_t)number;
        return true;
    case 'h':
        o->listen.host = optarg;
        return true;
    case 'P':
        o->io.path = optarg;
        return true;
    case 'i':
        o->io.ping_interval_ms = (uint32_t)number;
        return true;
    case 't':
        o->io.ping_timeout_ms = (uint32_t)number;
        return true;
    case 'u':
        o->io.upgrade_timeout_ms = (uint32_t)number;
        return true;
    case 'c':
        o->io.connect_timeout_ms = (uint32_t)number;
        return true;
    case 'm':
        o->io.max_message_bytes = number;
        return true;
    case 'T':
        o->io.transports = read_transports(optarg);
        return true;
    case 'n':
        o->io.no_upgrades = true;
        return true;
    case 'H':
        o->app.header_timeout_ms = (uint32_t)number;
        return true;
    case 'q':
        o->app.max_queued_bytes = number;
        return true;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    struct options o = {
        .app = {.size = sizeof o.app},
        .io = {.size = sizeof o.io},
        .listen = {.size = sizeof o.listen, .host = "127.0.0.1", .name = "interop"}};
    int which;
    while ((which = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        if (!read_option(&o, which))
            return 2;
    vireo_app *app = vireo_app_create(&o.app);
    if (app == NULL || vireo_io_create(app, &o.io) == NULL)
        return 1;
    if (!add_namespace(app, "/", NULL) || !add_namespace(app, "/chat", NULL) ||
        !add_namespace(app, "/admin", admin_guard) || !add_namespace(app, "/early", early_guard) ||
        !add_raw(app))
        return 1;
    return vireo_app_run(app, &o.listen);
}
