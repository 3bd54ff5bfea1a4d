/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "server.h"

static const char *const reserved[] = {"connect",       "connect_error", "disconnect",
                                       "disconnecting", "newListener",   "removeListener"};

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

static const char *header_of(vireo_socket *s, const char *name)
{
    return vireo_handshake_header(s, name);
}

/* Returns new: an object of the values that |get| knows for the |names|, as JSON. */
static char *picked(vireo_socket *s, const vireo_value *names,
                    const char *(*get)(vireo_socket *s, const char *name))
{
    char *text = NULL;
    const char *comma = "";
    text_add(&text, "{");
    for (const vireo_value *e = NULL; (e = vireo_next(names, e)) != NULL; comma = ",") {
        const char *name = vireo_str_or(e, "");
        char *member = vireo_format(NULL, "{%s:%s}", name, get(s, name));
        if (member == NULL)
            abort();
        text_add(&text, "%s%.*s", comma, (int)strlen(member) - 2, member + 1);
        free(member);
    }
    text_add(&text, "}");
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
    vireo_list *rooms = rooms_of(s);
    vireo_ack(m, "%p", rooms);
    vireo_list_free(rooms);
}

static void on_info(vireo_socket *s, const vireo_msg *m)
{
    vireo_list *rooms = rooms_of(s);
    vireo_ack(m, "{id:%s, nsp:%s, connected:%hhd, transport:%s, rooms:%p}", vireo_id(s),
              vireo_ns_name(vireo_ns_of(s)), vireo_connected(s), vireo_transport(s), rooms);
    vireo_list_free(rooms);
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
    vireo_list *refused = vireo_list_new();
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (vireo_emit(s, reserved[i], NULL) == VIREO_ERESERVED)
            vireo_list_add(refused, "%s", reserved[i]);
    vireo_ack(m, "%p", refused);
    vireo_list_free(refused);
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

void tell_error(vireo_socket *s, const char *text)
{
    observe(vireo_format(NULL, "{event:%s, nsp:%s, id:%s, message:%s}", "error",
                         vireo_ns_name(vireo_ns_of(s)), vireo_id(s), text));
}

static void on_error_event(vireo_socket *s, const vireo_msg *m)
{
    tell_error(s, vireo_str_or(vireo_arg(m, 0), ""));
}

const vireo_event_handler server_events[] = {
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
    for (const vireo_event_handler *h = server_events; h->event != NULL; h++)
        if (strcmp(h->event, event) == 0)
            return true;
    return false;
}

void tell_any(vireo_socket *s, const vireo_msg *m)
{
    if (!is_silent(vireo_event(m)))
        vireo_emit_value(s, "any", vireo_args(m)); /* element 0 is the name */
}
