/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* O06, V02, V05: a client that comes back to the other of two workers (socketio/moving.h): what it
 * gets, the limits that hold for both workers together, what can come in between, and every n-th
 * allocation that fails once. Whatever happens, the data of each client is let go of exactly once.
 */

#include "oom.h"

#include "socketio_peer.h"
#include "two_workers.h"

#include <vireo/error.h>
#include <vireo/vireo.h>

#include "socketio/inside.h"

static struct {
    vireo_ns *ns[2], *pattern[2];
    unsigned connects, recovered; /* sockets */
    unsigned held, freed;         /* of what their data points to */
    int worker;                   /* of the last that came */
    vireo_io_options options;
} seen;

static int guard(vireo_socket *s, const vireo_value *auth)
{
    (void)auth;
    *(void **)vireo_data(s) = __real_malloc(1);
    seen.held++;
    return 0;
}

static void let_go(void **data)
{
    free(*data);
    seen.freed++;
}

static void on_connect(vireo_socket *s)
{
    seen.connects++;
    seen.recovered += vireo_recovered(s);
    seen.worker = (int)vireo_worker(vireo_app_of(s));
    if (!vireo_recovered(s))
        vireo_join(s, "room");
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    if (!why->recoverable)
        let_go(vireo_data(s));
}

static void on_expired(vireo_ns *ns, const char *id, void *data)
{
    (void)ns;
    (void)id;
    let_go(data);
}

/* One who is shown what is sent may send something himself. */
static void on_any_outgoing(vireo_socket *s, const vireo_msg *m)
{
    vireo_ns *ns = vireo_ns_parent(vireo_ns_of(s));
    if (ns == NULL)
        ns = vireo_ns_of(s);
    if (strcmp(vireo_str_or(vireo_arg(m, 0), ""), "outer") == 0)
        vireo_broadcast((vireo_to){.ns = ns}, "news", "%s", "inner");
}

static int setup(vireo_app *app, void *unused)
{
    unsigned worker = vireo_worker(app);
    const vireo_ns_options options = {.size = sizeof options,
                                      .data_size = sizeof(void *),
                                      .guard = guard,
                                      .on_connect = on_connect,
                                      .on_disconnect = on_disconnect,
                                      .on_expired = on_expired,
                                      .on_any_outgoing = on_any_outgoing};
    (void)unused;
    assert_non_null(vireo_io_create(app, &seen.options));
    vireo_metrics(app, "/metrics");
    seen.ns[worker] = vireo_ns_create(app, "/", &options);
    seen.pattern[worker] = vireo_ns_create_matching(app, "^/dyn-[0-9]+$", &options);
    return vireo_listen(app, .host = "127.0.0.1");
}

/* --- clients ---------------------------------------------------------------------------------- */

typedef struct visitor {
    client c;
    const char *in; /* what names its namespace in a packet; NULL: nothing */
    char sid[VIREO_ID_SIZE];
    char pid[VIREO_ID_SIZE];
    char offset[32]; /* "": none */
    char news[200];  /* all the texts that it was sent */
} visitor;

static void settle(void)
{
    for (int i = 0; i < 3; i++)
        peer_settle(two.apps[0]);
}

/* The next connection will be this worker's, which seems to have fewer. */
static void aim_at(unsigned worker)
{
    settle();
    atomic_store(&two.group->load[worker], 1000);
    atomic_store(&two.group->load[1 - worker], 2000);
}

static const char *in(const visitor *v)
{
    return v->in != NULL ? v->in : "";
}

static void take_news(visitor *v, const char *event)
{
    char text[32], offset[32];
    if (sscanf(event, "[\"news\",\"%31[^\"]\",\"%31[^\"]\"]", text, offset) != 2)
        return;
    strcat(strcat(v->news, text), " ");
    strcpy(v->offset, offset);
}

/* Takes what it is sent until it is in. Returns whether it is. */
static bool await_reply(visitor *v)
{
    const char *packet;
    size_t n = 2 + strlen(in(v));
    while ((packet = client_take(&v->c)) != NULL && strncmp(packet, "44", 2) != 0) {
        if (strncmp(packet, "42", 2) == 0)
            take_news(v, packet + n);
        if (strncmp(packet, "40", 2) == 0)
            return sscanf(packet + n, "{\"sid\":\"%20[^\"]\",\"pid\":\"%20[^\"]\"}", v->sid,
                          v->pid) == 2;
    }
    return false;
}

static bool come(visitor *v, unsigned worker)
{
    char packet[128];
    int n = snprintf(packet, sizeof packet, "40%s", in(v));
    aim_at(worker);
    if (v->pid[0] != '\0' && v->offset[0] != '\0')
        snprintf(packet + n, sizeof packet - (size_t)n, "{\"pid\":\"%s\",\"offset\":\"%s\"}",
                 v->pid, v->offset);
    else if (v->pid[0] != '\0')
        snprintf(packet + n, sizeof packet - (size_t)n, "{\"pid\":\"%s\"}", v->pid);
    v->news[0] = '\0';
    return client_open(&v->c, two.apps[0], true, "") && client_send(&v->c, packet);
}

static void enter(visitor *v, unsigned worker)
{
    assert_true(come(v, worker));
    assert_true(await_reply(v));
    assert_int_equal(seen.worker, worker);
}

static void leave(visitor *v)
{
    client_close(&v->c);
    settle();
}

static void tell(unsigned worker, const char *text)
{
    vireo_broadcast(vireo_ns_room(seen.ns[worker], "room"), "news", "%s", text);
    settle();
}

static visitor visitors[3];

#define OPEN(...)                                                                                  \
    do {                                                                                           \
        memset(visitors, 0, sizeof visitors);                                                      \
        memset(&seen, 0, sizeof seen);                                                             \
        seen.options =                                                                             \
            (vireo_io_options){.size = sizeof seen.options, .recovery_ms = 1000000, __VA_ARGS__};  \
        two_open(setup, 0, 0);                                                                     \
    } while (0)

static void finish(void)
{
    two_close();
    assert_int_equal(seen.held, seen.freed);
}

/* --- tests ------------------------------------------------------------------------------------ */

/* To and fro, with what was missed of both, and an offset of the other worker. */
static void to_and_fro(void **state)
{
    (void)state;
    visitor *v = &visitors[0];
    OPEN();
    enter(v, 0);
    char sid[VIREO_ID_SIZE];
    strcpy(sid, v->sid);
    leave(v);
    tell(0, "a");
    tell(1, "b");
    enter(v, 1);
    assert_string_equal(v->news, "a b ");
    assert_string_equal(v->sid, sid);
    char early[32];
    strcpy(early, v->offset);
    leave(v);
    tell(1, "c");
    tell(0, "d");
    enter(v, 0);
    assert_string_equal(v->news, "c d ");
    leave(v);
    strcpy(v->offset, early); /* as if it had not got the last ones: on the same worker, .. */
    tell(1, "e");
    enter(v, 0);
    assert_string_equal(v->news, "c d e ");
    leave(v);
    strcpy(v->offset, early); /* .. and on another one */
    enter(v, 1);
    assert_string_equal(v->news, "c d e ");
    assert_string_equal(v->sid, sid);
    assert_int_equal(seen.recovered, 4);
    leave(v);
    finish();
}

/* What was sent to a room before it was joined is not missed, wherever. */
static void rooms_that_were_joined_late(void **state)
{
    (void)state;
    visitor *v = &visitors[0];
    OPEN();
    enter(v, 0);
    vireo_broadcast(vireo_ns_room(seen.ns[1], "late"), "news", "%s", "before");
    settle();
    vireo_sockets_join(vireo_ns_room(seen.ns[1], v->sid), (const char *[]){"late", NULL});
    settle();
    vireo_broadcast(vireo_ns_room(seen.ns[1], "late"), "news", "%s", "after");
    vireo_broadcast(vireo_ns_room(seen.ns[1], v->sid), "news", "%s", "own");
    vireo_broadcast((vireo_to){.ns = seen.ns[1], .rooms = {"late"}, .except = {"room"}}, "news",
                    "%s", "not");
    settle();
    leave(v);
    enter(v, 1);
    assert_string_equal(v->news, "after own ");
    assert_int_equal(vireo_room_count(seen.ns[1], "late"), 1);
    leave(v);
    finish();
}

/* What is sent to a pattern is missed in its child, and what a listener sends has its own place. */
static void in_the_child_of_a_pattern(void **state)
{
    (void)state;
    OPEN();
    for (int i = 0; i < 2; i++)
        visitors[i].in = "/dyn-1,";
    enter(&visitors[0], 0);
    enter(&visitors[1], 0);
    leave(&visitors[0]);
    for (unsigned i = 0; i < 2; i++)
        vireo_broadcast((vireo_to){.ns = seen.pattern[i]}, "news", "%s", "outer");
    settle();
    enter(&visitors[0], 1);
    assert_string_equal(visitors[0].news, "inner outer inner outer "); /* as on worker 0 */
    leave(&visitors[0]);
    leave(&visitors[1]);
    finish();
}

static void what_listeners_send(void **state)
{
    (void)state;
    OPEN();
    enter(&visitors[0], 0);
    enter(&visitors[1], 0);
    leave(&visitors[0]);
    tell(0, "outer");
    enter(&visitors[0], 1);
    assert_string_equal(visitors[0].news, "inner outer ");
    const vireo__history *h = &seen.ns[0]->recovery->history;
    assert_true(vireo__history_get(h, 1)->stamp < vireo__history_get(h, 2)->stamp);
    leave(&visitors[0]);
    leave(&visitors[1]);
    finish();
}

/* Its old connection still stands, as far as its worker knows. */
static void before_its_end_was_noticed(void **state)
{
    (void)state;
    visitor *v = &visitors[0];
    OPEN();
    enter(v, 0);
    visitors[1] = *v;
    tell(1, "lost");
    enter(v, 1);
    assert_string_equal(v->news, "lost ");
    assert_int_equal(seen.recovered, 1);
    assert_null(vireo_find(seen.ns[0], v->sid));
    client_close(&visitors[1].c);
    leave(v);
    finish();
}

static void limits_hold_for_both(void **state)
{
    (void)state;
    vireo_recovery_info info;
    OPEN(.recovery_clients = 1);
    enter(&visitors[0], 0);
    enter(&visitors[1], 1);
    leave(&visitors[0]);
    assert_int_equal(seen.freed, 0);
    leave(&visitors[1]);
    assert_int_equal(seen.freed, 1); /* who left first, on the other worker */
    vireo_ns_recovery(seen.ns[0], &info);
    assert_true(info.away == 1 && info.expired == 1);
    enter(&visitors[0], 1);
    assert_int_equal(seen.recovered, 0);
    enter(&visitors[1], 0);
    assert_int_equal(seen.recovered, 1);
    vireo_ns_recovery(seen.ns[1], &info);
    assert_true(info.away == 0 && info.recovered == 1 && info.unknown == 1);
    leave(&visitors[0]);
    leave(&visitors[1]);
    finish();
}

/* What the new worker alone has heard must be kept there. */
static void more_is_missed_than_is_kept(void **state)
{
    (void)state;
    visitor *v = &visitors[0];
    OPEN();
    enter(v, 0);
    leave(v);
    seen.ns[1]->recovery->history.origins[1].lost = UINT64_MAX;
    enter(v, 1);
    assert_int_equal(seen.recovered, 0);
    assert_true(seen.held == 2 && seen.freed == 1);
    leave(v);
    finish();
}

/* It has gone again when the answer comes, and may try once more. */
static void gone_while_it_moves(void **state)
{
    (void)state;
    visitor *v = &visitors[0];
    OPEN();
    enter(v, 0);
    leave(v);
    tell(0, "a");
    assert_true(come(v, 1));
    leave(v);
    enter(v, 0);
    assert_string_equal(v->news, "a ");
    leave(v);
    finish();
}

/* The end, so many turns after it has asked to come in. */
static void end_after(int turns)
{
    visitor *v = &visitors[0];
    OPEN();
    enter(v, 0);
    leave(v);
    assert_true(come(v, 1));
    while (turns-- > 0)
        peer_turn(two.apps[0]);
    vireo_stop(two.apps[0]);
    client_close(&v->c);
    finish();
}

static void the_end_while_it_moves(void **state)
{
    (void)state;
    for (int turns = 0; turns < 12; turns++)
        end_after(turns);
}

/* O01: told once, though both know. */
static void counted_once(void **state)
{
    (void)state;
    visitor *v = &visitors[0];
    OPEN();
    enter(v, 0);
    leave(v);
    enter(v, 1);
    peer p = peer_open(two.apps[0]);
    peer_send(&p, "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    for (int patience = PEER_PATIENCE; !p.ended && patience > 0; patience--)
        client_wait(&p);
    assert_non_null(
        strstr(p.got, "vireo_recoveries_total{path=\"/socket.io\",result=\"recovered\"} 1\n"));
    peer_close(&p);
    leave(v);
    finish();
}

/* Returns whether the |n|-th allocation was reached. */
static bool try_to_come_back(int n)
{
    visitor *v = &visitors[0];
    OPEN();
    enter(v, 0);
    leave(v);
    tell(0, "a");
    tell(1, "b");
    assert_true(come(v, 1));
    oom_fail_at(n);
    settle();
    bool failed = oom_failed();
    bool in = await_reply(v);
    assert_true(in || failed);
    if (seen.recovered > 0 && in)
        assert_string_equal(v->news, "a b ");
    leave(v);
    enter(v, 0);
    leave(v);
    finish();
    return failed;
}

static void memory_runs_out(void **state)
{
    (void)state;
    int n = 1;
    while (try_to_come_back(n))
        n++;
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_and_fro),
        cmocka_unit_test(rooms_that_were_joined_late),
        cmocka_unit_test(in_the_child_of_a_pattern),
        cmocka_unit_test(what_listeners_send),
        cmocka_unit_test(before_its_end_was_noticed),
        cmocka_unit_test(limits_hold_for_both),
        cmocka_unit_test(more_is_missed_than_is_kept),
        cmocka_unit_test(gone_while_it_moves),
        cmocka_unit_test(the_end_while_it_moves),
        cmocka_unit_test(counted_once),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
