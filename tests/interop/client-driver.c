/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client-driver.c: Socket.IO clients that a test tells what to do. Commands are lines of JSON on
 * stdin, what happens is told as lines of JSON on stdout; the end of stdin is the end of it.
 *
 *     {"do":"connect","name":"a","url":"http://..","options":{"transports":"websocket"}}
 *     {"do":"emit","name":"a","event":"hi","args":[1],"ack":"x","timeout":100}
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <vireo/vireo.h>

enum { MAX_LIST = 32 };

typedef struct peer {
    struct peer *next;
    vireo_socket *socket;
    vireo_value *config; /* the command that made it */
    vireo_pending_ack *later;
} peer;

typedef struct driver {
    vireo_app *app;
    peer *peers;
} driver;

static const char *name_of(const peer *p)
{
    return vireo_str_or(vireo_get(p->config, "name"), "");
}

static peer *peer_of(const vireo_socket *s)
{
    return vireo_client_user(s);
}

/* --- telling ---------------------------------------------------------------------------------- */

/* |members| is JSON: what stands behind the name. Taken. */
static void tell(const peer *p, const char *event, char *members)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    long long at = (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    char *head = vireo_format(NULL, "{name:%s, event:%s, at:%lld}", name_of(p), event, at);
    head[strlen(head) - 1] = '\0';
    printf("%s%s%s}\n", head, members != NULL && *members != '\0' ? "," : "",
           members != NULL ? members : "");
    fflush(stdout);
    free(head);
    free(members);
}

/* The object's members, without its braces. */
#define MEMBERS(...) without_braces(vireo_format(NULL, __VA_ARGS__))

static char *without_braces(char *object)
{
    size_t n = strlen(object);
    memmove(object, object + 1, n - 2);
    object[n - 2] = '\0';
    return object;
}

static bool wants(const peer *p, const char *what)
{
    return vireo_bool(vireo_get(vireo_get(p->config, "options"), what), false);
}

static const vireo_value *option(const peer *p, const char *what)
{
    return vireo_get(vireo_get(p->config, "options"), what);
}

static void drop(peer *p)
{
    vireo_socket *s = p->socket;
    p->socket = NULL;
    vireo_drop(s);
}

static void act(peer *p, const char *when)
{
    const char *what = vireo_str_or(option(p, when), "");
    if (p->socket == NULL)
        return;
    if (strcmp(what, "disconnect") == 0)
        vireo_disconnect(p->socket, false);
    else if (strcmp(what, "close") == 0)
        vireo_disconnect(p->socket, true);
    else if (strcmp(what, "drop") == 0)
        drop(p);
    else if (strcmp(what, "open") == 0)
        vireo_open(p->socket);
    else if (strcmp(what, "emit") == 0)
        vireo_emit(p->socket, "from handler", "%s", when);
    else if (strcmp(what, "volatile") == 0)
        vireo_broadcast((vireo_to){.only = p->socket, .flags = VIREO_VOLATILE}, "volatile", "%s",
                        when);
}

/* Whom the server has put out comes back. */
static void come_back(peer *p)
{
    if (wants(p, "comeBack") && p->socket != NULL && !vireo_active(p->socket))
        vireo_open(p->socket);
}

static void on_connect(vireo_socket *s)
{
    peer *p = peer_of(s);
    tell(p, "connect",
         MEMBERS("{id:%s, transport:%s, active:%hhd, connected:%hhd, recovered:%hhd}", vireo_id(s),
                 vireo_transport(s), (bool)vireo_active(s), (bool)vireo_connected(s),
                 (bool)vireo_recovered(s)));
    act(p, "onConnect");
}

static char *error_members(const vireo_connect_error *e)
{
    return MEMBERS("{message:%s, data:%p, refused:%hhd, description:%s, code:%s, status:%u}",
                   e->message, (const void *)e->data, (bool)e->refused, e->description,
                   vireo_errname(e->code), e->status);
}

static void on_connect_error(vireo_socket *s, const vireo_connect_error *e)
{
    peer *p = peer_of(s);
    tell(p, "connect_error", error_members(e));
    act(p, "onConnectError");
    come_back(p);
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    peer *p = peer_of(s);
    tell(p, "disconnect",
         MEMBERS("{reason:%s, description:%s, active:%hhd, id:%s}", why->reason, why->description,
                 (bool)vireo_active(s), vireo_id(s)));
    act(p, "onDisconnect");
    come_back(p);
}

static void tell_event(vireo_socket *s, const vireo_msg *m, const char *kind)
{
    tell(peer_of(s), kind,
         MEMBERS("{type:%s, args:%p, ack:%hhd, connected:%hhd}", vireo_event(m),
                 (const void *)vireo_args(m), (bool)vireo_wants_ack(m), (bool)vireo_connected(s)));
}

static void on_any(vireo_socket *s, const vireo_msg *m)
{
    peer *p = peer_of(s);
    tell_event(s, m, "event");
    if (wants(p, "ackLater") && vireo_wants_ack(m))
        p->later = vireo_ack_later(m);
    else if (!wants(p, "noAck"))
        vireo_ack(m, "%s, %p", "got", (const void *)vireo_arg(m, 0));
    act(p, "onEvent");
}

static void on_outgoing(vireo_socket *s, const vireo_msg *m)
{
    tell_event(s, m, "outgoing");
}

static void on_auth(vireo_socket *s)
{
    peer *p = peer_of(s);
    tell(p, "auth", NULL);
    if (!wants(p, "authLater"))
        vireo_auth(s, "%p", (const void *)option(p, "auth"));
}

#define PLAIN(name, text)                                                                          \
    static void name(vireo_socket *s)                                                              \
    {                                                                                              \
        tell(peer_of(s), text, NULL);                                                              \
        act(peer_of(s), #name);                                                                    \
    }
PLAIN(on_open, "open")
PLAIN(on_ping, "ping")
PLAIN(on_drain, "drain")
PLAIN(on_reconnect_failed, "reconnect_failed")

static void on_close(vireo_socket *s, const vireo_disconnect_info *why)
{
    tell(peer_of(s), "close",
         MEMBERS("{reason:%s, description:%s}", why->reason, why->description));
}

static void on_error(vireo_socket *s, const vireo_connect_error *e)
{
    tell(peer_of(s), "error", error_members(e));
}

static void on_reconnect_error(vireo_socket *s, const vireo_connect_error *e)
{
    tell(peer_of(s), "reconnect_error", error_members(e));
}

static void on_upgrade(vireo_socket *s, const char *transport)
{
    tell(peer_of(s), "upgrade", MEMBERS("{transport:%s}", transport));
    act(peer_of(s), "onUpgrade");
}

static void on_upgrading(vireo_socket *s, const char *transport)
{
    tell(peer_of(s), "upgrading", MEMBERS("{transport:%s}", transport));
}

static void on_upgrade_error(vireo_socket *s, const vireo_connect_error *e)
{
    tell(peer_of(s), "upgrade_error", error_members(e));
}

static void on_packet(vireo_socket *s, const vireo_packet_info *p)
{
    tell(peer_of(s), "packet",
         MEMBERS("{sent:%hhd, type:%.*s, binary:%hhd, len:%zu, data:%.*s}", (bool)p->sent, 1,
                 &p->type, (bool)p->binary, p->len, p->binary ? 0 : (int)p->len,
                 (const char *)p->data));
}

static void on_reconnect_attempt(vireo_socket *s, uint32_t attempt)
{
    tell(peer_of(s), "reconnect_attempt", MEMBERS("{attempt:%u}", attempt));
    act(peer_of(s), "onReconnectAttempt");
}

static void on_reconnect(vireo_socket *s, uint32_t attempt)
{
    tell(peer_of(s), "reconnect", MEMBERS("{attempt:%u}", attempt));
}

/* --- commands --------------------------------------------------------------------------------- */

/* Fills |list| with the texts of an array. */
static const char *const *texts(const vireo_value *array, const char *list[MAX_LIST])
{
    size_t n = 0;
    for (const vireo_value *v = NULL; n + 1 < MAX_LIST && (v = vireo_next(array, v)) != NULL;)
        list[n++] = vireo_str_or(v, "");
    list[n] = NULL;
    return array != NULL ? list : NULL;
}

static uint32_t number(const peer *p, const char *name)
{
    return (uint32_t)vireo_int(option(p, name), 0);
}

static void do_connect(driver *d, const vireo_value *command)
{
    const char *lists[5][MAX_LIST];
    vireo_error error = {0};
    peer *p = calloc(1, sizeof *p);
    p->config = vireo_copy(command);
    bool quiet = wants(p, "quiet");
    char *auth = !wants(p, "askAuth") && option(p, "auth") != NULL
                     ? vireo_json(option(p, "auth"), NULL)
                     : NULL;
    vireo_tls_client *tls = option(p, "ca") != NULL || wants(p, "insecure")
                                ? vireo_tls_client_new(.ca_pem = vireo_str(option(p, "ca")),
                                                       .insecure = wants(p, "insecure"))
                                : NULL;
    p->next = d->peers;
    d->peers = p;
    p->socket = vireo_connect(
        d->app, vireo_str_or(vireo_get(command, "url"), ""), .user = p, .error = &error,
        .on_connect = on_connect, .on_connect_error = on_connect_error,
        .on_disconnect = on_disconnect, .on_any = on_any,
        .on_any_outgoing = wants(p, "outgoing") ? on_outgoing : NULL, .auth = auth,
        .on_auth = wants(p, "askAuth") ? on_auth : NULL, .on_open = quiet ? NULL : on_open,
        .on_close = quiet ? NULL : on_close, .on_error = quiet ? NULL : on_error,
        .on_ping = quiet ? NULL : on_ping, .on_upgrade = quiet ? NULL : on_upgrade,
        .on_upgrading = quiet ? NULL : on_upgrading,
        .on_upgrade_error = quiet ? NULL : on_upgrade_error,
        .on_packet = wants(p, "packets") ? on_packet : NULL,
        .on_drain = wants(p, "drain") ? on_drain : NULL,
        .on_reconnect_attempt = quiet ? NULL : on_reconnect_attempt,
        .on_reconnect = quiet ? NULL : on_reconnect,
        .on_reconnect_error = quiet ? NULL : on_reconnect_error,
        .on_reconnect_failed = quiet ? NULL : on_reconnect_failed,
        .ack_timeout_ms = number(p, "ackTimeout"), .retries = number(p, "retries"),
        .no_connect = wants(p, "noConnect"), .force_new = wants(p, "forceNew"),
        .path = vireo_str(option(p, "path")), .no_trailing_slash = wants(p, "noTrailingSlash"),
        .query = texts(option(p, "query"), lists[0]),
        .headers = texts(option(p, "headers"), lists[1]),
        .polling_headers = texts(option(p, "pollingHeaders"), lists[2]),
        .websocket_headers = texts(option(p, "websocketHeaders"), lists[3]),
        .transports = vireo_str(option(p, "transports")), .try_all_transports = wants(p, "tryAll"),
        .no_upgrade = wants(p, "noUpgrade"), .remember_upgrade = wants(p, "rememberUpgrade"),
        .force_base64 = wants(p, "forceBase64"), .no_timestamps = wants(p, "noTimestamps"),
        .websocket_timestamps = wants(p, "websocketTimestamps"),
        .timestamp_param = vireo_str(option(p, "timestampParam")), .cookies = wants(p, "cookies"),
        .tls = tls, .proxy = vireo_str(option(p, "proxy")),
        .unix_path = vireo_str(option(p, "unixPath")),
        .protocols = vireo_str(option(p, "protocols")), .deflate = {.on = wants(p, "deflate")},
        .request_timeout_ms = number(p, "requestTimeout"), .timeout_ms = number(p, "timeout"),
        .max_message_bytes = number(p, "maxMessageBytes"),
        .max_queued_bytes = number(p, "maxQueuedBytes"), .no_reconnect = wants(p, "noReconnect"),
        .reconnect_attempts = number(p, "attempts"), .reconnect_delay_ms = number(p, "delay"),
        .reconnect_delay_max_ms = number(p, "delayMax"),
        .randomization = vireo_num(option(p, "randomization"), 0),
        .more_urls = texts(option(p, "moreUrls"), lists[4]),
        .parser = wants(p, "msgpack") ? vireo_parser_msgpack() : NULL);
    vireo_tls_client_free(tls);
    free(auth);
    if (p->socket == NULL)
        tell(p, "no socket", MEMBERS("{text:%s}", error.text));
}

static void on_ack(vireo_socket *s, int status, const vireo_value *args, void *user)
{
    char *id = user;
    tell(peer_of(s), "ack",
         MEMBERS("{ack:%s, status:%s, args:%p}", id, vireo_errname(status), (const void *)args));
    free(id);
    act(peer_of(s), "onAck");
}

static int emit_one(const peer *p, const vireo_value *c, const char *event)
{
    const vireo_value *args = vireo_get(c, "args");
    const char *ack = vireo_str(vireo_get(c, "ack"));
    const char *binary = vireo_str(vireo_get(c, "binary"));
    uint32_t timeout = (uint32_t)vireo_int(vireo_get(c, "timeout"), 0);
    if (vireo_bool(vireo_get(c, "volatile"), false))
        return vireo_broadcast_value((vireo_to){.only = p->socket, .flags = VIREO_VOLATILE}, event,
                                     args);
    if (binary != NULL && ack != NULL)
        return vireo_emit_ack(p->socket, timeout, on_ack, strdup(ack), event, "%p, %p",
                              (const void *)vireo_at(args, 0),
                              vireo_binary(binary, strlen(binary)));
    if (binary != NULL)
        return vireo_emit(p->socket, event, "%p, %p", (const void *)vireo_at(args, 0),
                          vireo_binary(binary, strlen(binary)));
    if (ack == NULL)
        return vireo_emit_value(p->socket, event, args);
    char *id = strdup(ack);
    int error = vireo_emit_ack_value(p->socket, timeout, on_ack, id, event, args);
    if (error < 0)
        free(id);
    return error;
}

static void do_emit(const peer *p, const vireo_value *c)
{
    const char *event = vireo_str_or(vireo_get(c, "event"), "message");
    int64_t times = vireo_int(vireo_get(c, "times"), 1);
    int error = 0;
    for (int64_t i = 0; i < times && error >= 0; i++)
        error = emit_one(p, c, event);
    if (error < 0)
        tell(p, "emit failed", MEMBERS("{error:%s}", vireo_errname(error)));
}

static void do_state(const peer *p)
{
    const vireo_socket *s = p->socket;
    tell(p, "state",
         MEMBERS("{connected:%hhd, active:%hhd, id:%s, buffered:%zu, transport:%s, queued:%zu}",
                 (bool)vireo_connected(s), (bool)vireo_active(s), vireo_id(s), vireo_buffered(s),
                 vireo_transport(s), vireo_queued(s)));
}

/* What belongs to servers does no harm here. */
static void do_misuse(const peer *p)
{
    vireo_socket *s = p->socket;
    tell(p, "misuse",
         MEMBERS("{ns:%hhd, join:%s, admit:%s, refuse:%s, all:%s, each:%d}",
                 (bool)(vireo_ns_of(s) != NULL), vireo_errname(vireo_join(s, "r")),
                 vireo_errname(vireo_admit(s)), vireo_errname(vireo_refuse(s, "no", NULL)),
                 vireo_errname(vireo_broadcast(vireo_others(s), "x", NULL)),
                 vireo_in_room(s, "r") ? 1 : 0));
}

static void run(driver *d, peer *p, const vireo_value *c)
{
    const char *what = vireo_str_or(vireo_get(c, "do"), "");
    if (strcmp(what, "connect") == 0)
        do_connect(d, c);
    else if (p == NULL || p->socket == NULL)
        return;
    else if (strcmp(what, "emit") == 0)
        do_emit(p, c);
    else if (strcmp(what, "disconnect") == 0)
        vireo_disconnect(p->socket, vireo_bool(vireo_get(c, "close"), false));
    else if (strcmp(what, "open") == 0)
        vireo_open(p->socket);
    else if (strcmp(what, "drop") == 0)
        drop(p);
    else if (strcmp(what, "auth") == 0)
        vireo_auth(p->socket, "%p", (const void *)vireo_get(c, "value"));
    else if (strcmp(what, "answer") == 0 && p->later != NULL)
        vireo_answer(p->later, "%p", (const void *)vireo_get(c, "value"));
    else if (strcmp(what, "reconnection") == 0)
        vireo_set_reconnect(p->socket, vireo_bool(vireo_get(c, "on"), false));
    else if (strcmp(what, "state") == 0)
        do_state(p);
    else if (strcmp(what, "misuse") == 0)
        do_misuse(p);
}

static void on_line(vireo_app *app, void *user)
{
    driver *d = vireo_app_user(app);
    char *line = user;
    vireo_value *command = vireo_parse(line, strlen(line), NULL);
    const char *name = vireo_str_or(vireo_get(command, "name"), "");
    peer *p = d->peers;
    while (p != NULL && strcmp(name_of(p), name) != 0)
        p = p->next;
    run(d, p, command);
    vireo_value_free(command);
    free(line);
}

static void on_end(vireo_app *app, void *user)
{
    (void)user;
    vireo_stop(app);
}

static void *read_commands(void *user)
{
    driver *d = user;
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    while ((n = getline(&line, &size, stdin)) > 0)
        vireo_post(d->app, on_line, strndup(line, (size_t)n - (line[n - 1] == '\n')));
    free(line);
    vireo_post(d->app, on_end, NULL);
    return NULL;
}

int main(void)
{
    driver d = {.app = vireo_app_new()};
    pthread_t reader;
    vireo_app_set_user(d.app, &d);
    pthread_create(&reader, NULL, read_commands, &d);
    vireo_run_loop(d.app);
    pthread_join(reader, NULL);
    while (d.peers != NULL) {
        peer *p = d.peers;
        d.peers = p->next;
        vireo_value_free(p->config);
        free(p);
    }
    puts("{\"event\":\"end\"}");
    return 0;
}
