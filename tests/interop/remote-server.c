/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* remote-server: the servers of remote.test.mjs and cluster.test.mjs. It keeps the contract at the
 * head of remote-reference.mjs. Several servers stand on one loop, or with --threads each on a
 * thread and a loop of its own. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/vireo.h>

#include "loopback.h"
#include "socketio/inside.h"
#include "text.h"

#define MOST_NAMES 16

/* One of the servers; the user of its namespaces. */
struct host {
    vireo_app *app;
    loopback_server place;
    char name[2];
};

/* A thread with a loop, and the servers on it. */
struct runner {
    uv_loop_t uv;
    uv_async_t stop;
    uv_thread_t thread;
    struct host *hosts;
    int n;
};

struct data {
    char v[64];
};

/* --- texts ------------------------------------------------------------------------------------ */

static void observe(char *line)
{
    puts(line != NULL ? line : "out of memory");
    fflush(stdout);
    free(line);
}

/* Names out of an array, ended by NULL. */
struct names {
    const char *list[MOST_NAMES + 1];
};

static struct names names_of(const vireo_value *array)
{
    struct names n = {{NULL}};
    size_t i = 0;
    for (const vireo_value *e = NULL; i < MOST_NAMES && (e = vireo_next(array, e)) != NULL;)
        n.list[i++] = vireo_str_or(e, "");
    return n;
}

static struct names one_or_many(const vireo_value *v)
{
    struct names n = {{vireo_str(v)}};
    return n.list[0] != NULL ? n : names_of(v);
}

/* A target; its names are borrowed from |n|, room for two lists. */
static vireo_to target_of(vireo_ns *ns, const vireo_value *v, struct names n[2])
{
    vireo_to to = {.ns = ns, .more_rooms = n[0].list, .more_except = n[1].list};
    n[0] = names_of(vireo_get(v, "rooms"));
    n[1] = names_of(vireo_get(v, "except"));
    const vireo_value *flags = vireo_get(v, "flags");
    for (const vireo_value *e = NULL; (e = vireo_next(flags, e)) != NULL;)
        to.flags |= strcmp(vireo_str_or(e, ""), "local") == 0 ? VIREO_LOCAL : VIREO_VOLATILE;
    return to;
}

/* --- results ---------------------------------------------------------------------------------- */

struct pending {
    char id[VIREO_ID_SIZE];
    char token[40];
};

static struct pending *pending_of(vireo_socket *s, const vireo_msg *m)
{
    struct pending *p = calloc(1, sizeof *p);
    if (p == NULL)
        abort();
    snprintf(p->id, sizeof p->id, "%s", vireo_id(s));
    snprintf(p->token, sizeof p->token, "%s", vireo_str_or(vireo_arg(m, 0), ""));
    return p;
}

static void on_results(vireo_ns *ns, int status, const vireo_value *results, void *user)
{
    struct pending *p = user;
    vireo_socket *s = vireo_find(ns, p->id);
    const char *problem = status == 0                  ? NULL
                          : status == VIREO_ETIMEDOUT  ? "timeout"
                          : status == VIREO_ENOTFOUND  ? "not found"
                          : status == VIREO_ECANCELLED ? "cancelled"
                                                       : vireo_strerror(status);
    if (s != NULL)
        vireo_emit(s, "result", "%s,%s,%p", p->token, problem, (const void *)results);
    else
        observe(vireo_format(NULL, "{event:%s, token:%s, error:%s}", "result-for-nobody", p->token,
                             problem));
    free(p);
}

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

static const char *text_of(const vireo_msg *m, size_t i)
{
    return vireo_str_or(vireo_arg(m, i), "");
}

static uint32_t ms_of(const vireo_msg *m, size_t i)
{
    return (uint32_t)vireo_int(vireo_arg(m, i), 1);
}

/* --- events ----------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void note_room(const char *room, void *user)
{
    struct names *n = user;
    for (size_t i = 0; i < MOST_NAMES; i++)
        if (n->list[i] == NULL) {
            n->list[i] = room;
            return;
        }
}

static void ack_rooms(vireo_socket *s, const vireo_msg *m)
{
    struct names n = {{NULL}};
    vireo_list *rooms = vireo_list_new();
    size_t count = 0;
    vireo_each_room(s, note_room, &n);
    while (n.list[count] != NULL)
        count++;
    qsort(n.list, count, sizeof n.list[0], compare);
    for (size_t i = 0; i < count; i++)
        vireo_list_add(rooms, "%s", n.list[i]);
    vireo_ack(m, "%p", rooms);
    vireo_list_free(rooms);
}

static void on_ack(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    WITH_ARGS(m, 0, vireo_ack, m)
}

static void on_join(vireo_socket *s, const vireo_msg *m)
{
    struct names rooms = one_or_many(vireo_arg(m, 0));
    for (const char **room = rooms.list; *room != NULL; room++)
        vireo_join(s, *room);
    ack_rooms(s, m);
}

static void on_leave(vireo_socket *s, const vireo_msg *m)
{
    vireo_leave(s, text_of(m, 0));
    ack_rooms(s, m);
}

static void see_outgoing(vireo_socket *s, const vireo_msg *m)
{
    observe(vireo_format(NULL, "{event:'out',id:%s,name:%s}", vireo_id(s), vireo_event(m)));
}

static void on_watch(vireo_socket *s, const vireo_msg *m)
{
    vireo_on_any_outgoing(s, see_outgoing);
    vireo_ack(m, NULL);
}

static void on_set_data(vireo_socket *s, const vireo_msg *m)
{
    struct data *d = vireo_data(s);
    snprintf(d->v, sizeof d->v, "%s", text_of(m, 0));
    vireo_ack(m, NULL);
}

static void on_emit_to(vireo_socket *s, const vireo_msg *m)
{
    struct names n[2];
    vireo_to to = target_of(vireo_ns_of(s), vireo_arg(m, 0), n);
    WITH_ARGS(m, 2, vireo_broadcast, to, text_of(m, 1))
    vireo_ack(m, NULL);
}

static void on_ask_all(vireo_socket *s, const vireo_msg *m)
{
    struct names n[2];
    vireo_to to = target_of(vireo_ns_of(s), vireo_arg(m, 1), n);
    struct pending *p = pending_of(s, m);
    WITH_ARGS(m, 4, vireo_broadcast_ack, to, ms_of(m, 2), on_results, p, text_of(m, 3))
}

static void on_ask_one(vireo_socket *s, const vireo_msg *m)
{
    struct pending *p = pending_of(s, m);
    WITH_ARGS(m, 4, vireo_emit_ack_to, vireo_ns_of(s), text_of(m, 1), ms_of(m, 2), on_results, p,
              text_of(m, 3))
}

static void on_fetch(vireo_socket *s, const vireo_msg *m)
{
    struct names n[2];
    vireo_to to = target_of(vireo_ns_of(s), vireo_arg(m, 1), n);
    vireo_fetch_sockets(to, ms_of(m, 2), on_results, pending_of(s, m));
}

static void on_all_sockets(vireo_socket *s, const vireo_msg *m)
{
    struct names n[2];
    vireo_to to = target_of(vireo_ns_of(s), vireo_arg(m, 1), n);
    vireo_all_sockets(to, ms_of(m, 2), on_results, pending_of(s, m));
}

static void on_sockets_join(vireo_socket *s, const vireo_msg *m)
{
    struct names n[2];
    struct names rooms = one_or_many(vireo_arg(m, 1));
    vireo_sockets_join(target_of(vireo_ns_of(s), vireo_arg(m, 0), n), rooms.list);
    vireo_ack(m, NULL);
}

static void on_sockets_leave(vireo_socket *s, const vireo_msg *m)
{
    struct names n[2];
    struct names rooms = one_or_many(vireo_arg(m, 1));
    vireo_sockets_leave(target_of(vireo_ns_of(s), vireo_arg(m, 0), n), rooms.list);
    vireo_ack(m, NULL);
}

static void on_disconnect_sockets(vireo_socket *s, const vireo_msg *m)
{
    struct names n[2];
    vireo_to to = target_of(vireo_ns_of(s), vireo_arg(m, 0), n);
    vireo_disconnect_sockets(to, vireo_bool(vireo_arg(m, 1), false));
}

static void write_count(const char *room, size_t count, void *user)
{
    char **text = user;
    char *name = vireo_format(NULL, "%s", room);
    text_add(text, "%s%s:%zu", *text != NULL ? "," : "{", name, count);
    free(name);
}

static void on_rooms(vireo_socket *s, const vireo_msg *m)
{
    char *text = NULL;
    vireo_ns_each_room(vireo_ns_of(s), write_count, &text);
    text_add(&text, text != NULL ? "}" : "{}");
    vireo_ack(m, "%p", vireo_json_text(text, strlen(text)));
    free(text);
}

static void on_server_emit(vireo_socket *s, const vireo_msg *m)
{
    WITH_ARGS(m, 1, vireo_server_side_emit, vireo_ns_of(s), text_of(m, 0))
}

static void on_server_ask(vireo_socket *s, const vireo_msg *m)
{
    struct pending *p = pending_of(s, m);
    WITH_ARGS(m, 3, vireo_server_side_emit_ack, vireo_ns_of(s), ms_of(m, 1), on_results, p,
              text_of(m, 2))
}

static void on_reserved(vireo_socket *s, const vireo_msg *m)
{
    static const char *const names[] = {"connect", "connection", "new_namespace"};
    bool refused = true;
    for (size_t i = 0; i < 3; i++)
        refused = refused &&
                  vireo_server_side_emit(vireo_ns_of(s), names[i], NULL) == VIREO_ERESERVED &&
                  vireo_server_side_emit_ack(vireo_ns_of(s), 1, on_results, NULL, names[i], NULL) ==
                      VIREO_ERESERVED;
    vireo_ack(m, refused ? "['connect','connection','new_namespace']" : "[]");
}

/* --- of several servers ----------------------------------------------------------------------- */

static struct host *host_of(const vireo_socket *s)
{
    return vireo_ns_user(vireo_ns_of(s));
}

/* The cluster adapter begins with what the namespace has of it. */
static void on_servers(vireo_socket *s, const vireo_msg *m)
{
    const vireo_adapter *a = vireo_ns_of(s)->adapter;
    vireo_ack(m, "%zu", a != NULL ? vireo__cluster_count((const vireo__cluster *)a) : 1);
}

static void on_stop(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_stop(host_of(s)->app);
}

static void on_cut(vireo_socket *s, const vireo_msg *m)
{
    loopback_cut(host_of(s)->place.hub, host_of(s)->place.index, true);
    vireo_ack(m, NULL);
}

static void on_lag(vireo_socket *s, const vireo_msg *m)
{
    loopback_lag(host_of(s)->place.hub, (int)ms_of(m, 0));
    vireo_ack(m, NULL);
}

static void on_inject(vireo_socket *s, const vireo_msg *m)
{
    size_t n;
    const void *data = vireo_bytes(vireo_arg(m, 0), &n);
    loopback_inject(host_of(s)->place.hub, host_of(s)->place.index, vireo_ns_name(vireo_ns_of(s)),
                    data, n);
    vireo_ack(m, NULL);
}

static void on_tell(vireo_ns *ns, const vireo_msg *m)
{
    const struct host *h = vireo_ns_user(ns);
    vireo_broadcast((vireo_to){.ns = ns, .flags = VIREO_LOCAL}, "told", "%s,%p", h->name,
                    (const void *)vireo_arg(m, 0));
}

static void on_who(vireo_ns *ns, const vireo_msg *m)
{
    const struct host *h = vireo_ns_user(ns);
    vireo_ack(m, "{name:%s,got:%p}", h->name, (const void *)vireo_arg(m, 0));
    vireo_ack(m, "'a second answer'");
}

static const vireo_server_handler server_events[] = {{"tell", on_tell}, {"who", on_who}, {0}};

static const vireo_event_handler events[] = {
    {"ack", on_ack},
    {"join", on_join},
    {"leave", on_leave},
    {"watch", on_watch},
    {"set-data", on_set_data},
    {"emit-to", on_emit_to},
    {"ask-all", on_ask_all},
    {"ask-one", on_ask_one},
    {"fetch", on_fetch},
    {"all-sockets", on_all_sockets},
    {"sockets-join", on_sockets_join},
    {"sockets-leave", on_sockets_leave},
    {"disconnect-sockets", on_disconnect_sockets},
    {"rooms", on_rooms},
    {"server-emit", on_server_emit},
    {"server-ask", on_server_ask},
    {"reserved", on_reserved},
    {"servers", on_servers},
    {"stop", on_stop},
    {"cut", on_cut},
    {"lag", on_lag},
    {"inject", on_inject},
    {0},
};

static char *describe(vireo_socket *s)
{
    const struct data *d = vireo_data(s);
    return d->v[0] != '\0' ? vireo_format(NULL, "{v:%s}", d->v) : NULL;
}

/* --- the program ------------------------------------------------------------------------------ */

struct options {
    int servers;
    bool threads;
    uint32_t recovery_ms;
    vireo__cluster_options cluster;
};

static struct options options_of(int argc, char **argv)
{
    struct options o = {.servers = 1};
    for (int i = 1; i < argc; i++) {
        uint32_t value = i + 1 < argc ? (uint32_t)atoi(argv[i + 1]) : 0;
        o.threads = o.threads || strcmp(argv[i], "--threads") == 0;
        if (strcmp(argv[i], "--servers") == 0)
            o.servers = (int)value;
        else if (strcmp(argv[i], "--heartbeat-ms") == 0)
            o.cluster.heartbeat_ms = value;
        else if (strcmp(argv[i], "--silence-ms") == 0)
            o.cluster.silence_ms = value;
        else if (strcmp(argv[i], "--recovery-ms") == 0)
            o.recovery_ms = value;
    }
    return o;
}

static bool open_host(struct host *h, int index, loopback *hub, uv_loop_t *uv, uint32_t recovery_ms)
{
    h->place = (loopback_server){hub, index};
    h->name[0] = (char)('a' + index);
    h->app = vireo_app_new(.uv_loop = uv);
    vireo_ns_options o = {.size = sizeof o,
                          .data_size = sizeof(struct data),
                          .user = h,
                          .events = events,
                          .describe = describe,
                          .server_events = server_events,
                          .adapter = hub != NULL ? loopback_adapter : NULL,
                          .adapter_user = &h->place};
    return h->app != NULL && vireo_socketio(h->app, .recovery_ms = recovery_ms) != NULL &&
           vireo_ns_create(h->app, "/", &o) != NULL &&
           vireo_ns_create_matching(h->app, "^/dyn-[0-9]+$", &o) != NULL &&
           vireo_listen(h->app, .host = "127.0.0.1") == 0;
}

static void print_addresses(const struct host *hosts, int n)
{
    printf("{\"event\":\"servers\",\"urls\":[");
    for (int i = 0; i < n; i++)
        printf("%s\"http://127.0.0.1:%u\"", i > 0 ? "," : "", vireo_port(hosts[i].app));
    printf("]}\nlistening on http://127.0.0.1:%u\n", vireo_port(hosts[0].app));
    fflush(stdout);
}

static void on_stop_asked(uv_async_t *stop)
{
    uv_stop(stop->loop);
    uv_close((uv_handle_t *)stop, NULL);
}

static void run(void *runner)
{
    struct runner *r = runner;
    uv_run(&r->uv, UV_RUN_DEFAULT);
    for (int i = 0; i < r->n; i++)
        vireo_app_free(r->hosts[i].app);
    uv_run(&r->uv, UV_RUN_DEFAULT);
    uv_loop_close(&r->uv);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    uv_close((uv_handle_t *)handle, NULL);
}

/* The addresses are told when a signal is no longer the end of the process. */
static void run_all(struct runner *runners, int n, const struct host *hosts, int servers)
{
    uv_signal_t signal;
    uv_signal_init(uv_default_loop(), &signal);
    uv_signal_start(&signal, on_signal, SIGTERM);
    for (int i = 0; i < n; i++)
        if (uv_thread_create(&runners[i].thread, run, &runners[i]) < 0)
            abort();
    print_addresses(hosts, servers);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    for (int i = 0; i < n; i++)
        uv_async_send(&runners[i].stop);
    for (int i = 0; i < n; i++)
        uv_thread_join(&runners[i].thread);
    uv_loop_close(uv_default_loop());
}

int main(int argc, char **argv)
{
    struct host hosts[LOOPBACK_SERVERS] = {0};
    struct runner runners[LOOPBACK_SERVERS];
    struct options o = options_of(argc, argv);
    loopback *hub = o.servers > 1 ? loopback_new(&o.cluster) : NULL;
    int n = o.threads ? o.servers : 1;
    for (int i = 0; i < n; i++) {
        runners[i] = (struct runner){.hosts = &hosts[i], .n = o.servers / n};
        uv_loop_init(&runners[i].uv);
        uv_async_init(&runners[i].uv, &runners[i].stop, on_stop_asked);
    }
    for (int i = 0; i < o.servers; i++)
        if (!open_host(&hosts[i], i, hub, &runners[o.threads ? i : 0].uv, o.recovery_ms))
            return 1;
    run_all(runners, n, hosts, o.servers);
    if (hub != NULL)
        loopback_free(hub);
    return 0;
}
