/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* O06, K20: four workers on one port against polling clients without sticky sessions: one
 * connection carries the requests of sessions of all workers. Meant for ThreadSanitizer, too. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <vireo/vireo.h>

enum { WORKERS = 4, SESSIONS = 12, PATIENCE_S = 20, ROOM = 65536 };

/* What the workers tell the test. */
typedef struct report {
    atomic_uint port;
    atomic_uint sockets[WORKERS]; /* that have come to each */
    atomic_uint fetched;
    atomic_uint answers;
    atomic_uint begun, gone; /* namespaces */
} report;

static report *report_of(vireo_socket *s)
{
    return vireo_app_user(vireo_app_of(s));
}

/* --- the server ------------------------------------------------------------------------------- */

static void on_connect(vireo_socket *s)
{
    atomic_fetch_add(&report_of(s)->sockets[vireo_worker(vireo_app_of(s))], 1);
    vireo_join(s, "all");
}

static void on_say(vireo_socket *s, const vireo_msg *m)
{
    vireo_relay(vireo_room(s, "all"), "said", m);
}

static void on_fetched(vireo_ns *ns, int status, const vireo_value *results, void *user)
{
    report *r = user;
    assert_int_equal(status, 0);
    atomic_store(&r->fetched, (unsigned)vireo_count(results));
    vireo_broadcast(vireo_all(ns), "said", "%s", "fetched");
}

static void on_fetch(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    assert_int_equal(vireo_fetch_sockets(vireo_all(vireo_ns_of(s)), 0, on_fetched, report_of(s)),
                     0);
}

static void on_answers(vireo_ns *ns, int status, const vireo_value *results, void *user)
{
    report *r = user;
    (void)status;
    atomic_store(&r->answers, (unsigned)vireo_count(results));
    vireo_broadcast(vireo_all(ns), "said", "%s", "answered");
}

static void on_ask_servers(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_server_side_emit_ack(vireo_ns_of(s), 0, on_answers, report_of(s), "who", NULL);
}

static void on_who(vireo_ns *ns, const vireo_msg *m)
{
    vireo_ack(m, "%u", vireo_worker(vireo_ns_app(ns)));
}

static void on_named(vireo_socket *s, const vireo_msg *m)
{
    vireo_relay(vireo_all(vireo_of(vireo_app_of(s), "/dyn-1")), "said", m);
}

static void on_pattern(vireo_socket *s, const vireo_msg *m)
{
    vireo_relay((vireo_to){.ns = vireo_ns_parent(vireo_of(vireo_app_of(s), "/dyn-1"))}, "said", m);
}

static void on_fetch_named(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_ns *ns = vireo_of(vireo_app_of(s), "/dyn-1");
    assert_int_equal(vireo_fetch_sockets(vireo_all(ns), 0, on_fetched, report_of(s)), 0);
}

static void on_stop(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_stop(vireo_app_of(s));
}

static void on_drain(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_drain(vireo_app_of(s), 1);
}

static const vireo_event_handler events[] = {
    {"say", on_say},     {"fetch", on_fetch},     {"ask-servers", on_ask_servers},
    {"named", on_named}, {"pattern", on_pattern}, {"fetch-named", on_fetch_named},
    {"stop", on_stop},   {"drain", on_drain},     {0},
};
static const vireo_server_handler server_events[] = {{"who", on_who}, {0}};

static int count_visits(vireo_req *r)
{
    vireo_session *s = vireo_session_of(r);
    int visits = (int)vireo_int(vireo_session_get(s, "visits"), 0) + 1;
    vireo_session_set(s, "visits", "%d", visits);
    return vireo_reply_json(r, 200, "[%d,%u]", visits, vireo_worker(vireo_req_app(r)));
}

static void on_new_namespace(vireo_ns *ns)
{
    report *r = vireo_app_user(vireo_ns_app(ns));
    atomic_fetch_add(&r->begun, 1);
}

static void on_namespace_gone(vireo_ns *ns)
{
    report *r = vireo_app_user(vireo_ns_app(ns));
    atomic_fetch_add(&r->gone, 1);
}

static int setup(vireo_app *app, void *user)
{
    report *r = user;
    vireo_app_set_user(app, r);
    vireo_socketio(app, .on_new_namespace = on_new_namespace,
                   .on_namespace_gone = on_namespace_gone, .cleanup_empty_child_namespaces = true);
    vireo_secrets(app, "secret", NULL);
    vireo_sessions(app, "/visits");
    vireo_route(app, "GET", "/visits", count_visits, NULL);
    vireo_metrics(app, "/metrics");
    vireo_namespace(app, "/", .on_connect = on_connect, .events = events,
                    .server_events = server_events);
    vireo_namespace_matching(app, "^/dyn-[0-9]+$", .on_connect = on_connect, .events = events);
    int error = vireo_listen(app, .host = "127.0.0.1");
    atomic_store(&r->port, vireo_port(app));
    return error;
}

static void *run(void *user)
{
    int result = vireo_run_workers(setup, user, .workers = WORKERS);
    return (void *)(intptr_t)result;
}

/* --- clients over polling --------------------------------------------------------------------- */

static int dial(const report *r)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)atomic_load(&r->port)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void send_text(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Reads one answer; returns its body, which stays in |room|. */
static char *read_answer(int fd, char room[ROOM])
{
    size_t len = 0, wanted = SIZE_MAX;
    char *body = NULL;
    while (body == NULL || len < (size_t)(body - room) + wanted) {
        ssize_t n =
            recv(fd, room + len, body == NULL ? 1 : (size_t)(body - room) + wanted - len, 0);
        assert_true(n > 0);
        len += (size_t)n;
        room[len] = '\0';
        if (body == NULL && (body = strstr(room, "\r\n\r\n")) != NULL) {
            const char *length = strcasestr(room, "content-length:");
            assert_non_null(length);
            wanted = strtoul(length + 15, NULL, 10);
            body += 4;
        }
    }
    return body;
}

static void ask(int fd, const char *sid, const char *post)
{
    char text[1024];
    char query[64] = "";
    if (sid != NULL)
        snprintf(query, sizeof query, "&sid=%s", sid);
    snprintf(text, sizeof text,
             "%s /socket.io/?EIO=4&transport=polling%s HTTP/1.1\r\nHost: x\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             post != NULL ? "POST" : "GET", query, post != NULL ? strlen(post) : 0,
             post != NULL ? post : "");
    send_text(fd, text);
}

static void post(int fd, const char *sid, const char *packets)
{
    char room[ROOM];
    ask(fd, sid, packets);
    assert_string_equal(read_answer(fd, room), "ok");
}

static void open_session(int fd, char sid[21], const char *packet)
{
    char room[ROOM];
    ask(fd, NULL, NULL);
    const char *body = read_answer(fd, room);
    assert_int_equal(sscanf(body, "0{\"sid\":\"%20[^\"]", sid), 1);
    post(fd, sid, packet);
}

/* Polls until |text| has come. */
static void await(int fd, const char *sid, const char *text)
{
    char room[ROOM];
    do {
        ask(fd, sid, NULL);
    } while (strstr(read_answer(fd, room), text) == NULL);
}

/* --- tests ------------------------------------------------------------------------------------ */

typedef struct fixture {
    report report;
    pthread_t thread;
    char sids[SESSIONS][21];
    int fds[SESSIONS];
} fixture;

static void begin(fixture *f, const char *packet)
{
    *f = (fixture){0};
    assert_int_equal(pthread_create(&f->thread, NULL, run, &f->report), 0);
    while (atomic_load(&f->report.port) == 0)
        usleep(1000);
    for (int i = 0; i < SESSIONS; i++) {
        f->fds[i] = dial(&f->report);
        open_session(f->fds[i], f->sids[i], packet);
    }
}

static void finish(fixture *f)
{
    void *result;
    pthread_join(f->thread, &result);
    assert_int_equal((intptr_t)result, 0);
    for (int i = 0; i < SESSIONS; i++)
        close(f->fds[i]);
}

/* Connections are spread evenly, and each of them can carry any session's requests. */
static void one_connection_for_all_sessions(void **state)
{
    (void)state;
    fixture f;
    begin(&f, "40");
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(atomic_load(&f.report.sockets[i]), SESSIONS / WORKERS);
    int fd = dial(&f.report);
    for (int i = 0; i < SESSIONS; i++)
        await(fd, f.sids[i], "40{");
    for (int round = 0; round < 3; round++) {
        char packet[64], text[32];
        snprintf(text, sizeof text, "round-%d", round);
        snprintf(packet, sizeof packet, "42[\"say\",\"%s\"]", text);
        post(fd, f.sids[round], packet);
        for (int i = 0; i < SESSIONS; i++)
            await(round % 2 == 0 ? fd : f.fds[(i + 5) % SESSIONS], f.sids[i], text);
    }
    post(fd, f.sids[0], "42[\"fetch\"]");
    for (int i = 0; i < SESSIONS; i++)
        await(fd, f.sids[i], "fetched");
    assert_int_equal(atomic_load(&f.report.fetched), SESSIONS);
    post(fd, f.sids[5], "42[\"ask-servers\"]");
    await(fd, f.sids[7], "answered");
    assert_int_equal(atomic_load(&f.report.answers), WORKERS - 1);
    ask(fd, f.sids[3], "42[\"stop\"]");
    finish(&f);
    close(fd);
}

/* Requests behind each other on one connection, for different sessions, are answered in order. */
static void pipelined(void **state)
{
    (void)state;
    fixture f;
    char room[ROOM];
    begin(&f, "40");
    int fd = dial(&f.report);
    for (int i = 0; i < SESSIONS; i++)
        await(fd, f.sids[i], "40{");
    for (int i = 0; i < SESSIONS; i++) {
        char packet[64];
        snprintf(packet, sizeof packet, "42[\"say\",\"from-%d\"]", i);
        ask(fd, f.sids[i], packet);
        ask(fd, f.sids[i], "3");
    }
    for (int i = 0; i < 2 * SESSIONS; i++)
        assert_string_equal(read_answer(fd, room), "ok");
    ask(fd, "no-such-session-here", NULL);
    assert_non_null(strstr(read_answer(fd, room), "Session ID unknown"));
    ask(fd, f.sids[1], "42[\"drain\"]");
    finish(&f);
    close(fd);
}

/* N05: whoever speaks to a child, or to all children of a pattern, reaches them on all workers,
 * also from one where nobody is in any of them. */
static void children_of_all(void **state)
{
    (void)state;
    fixture f;
    begin(&f, "40");
    int fd = dial(&f.report);
    for (int i = 0; i < 2; i++) {
        char packet[32];
        snprintf(packet, sizeof packet, "40/dyn-%d,", i + 1);
        post(fd, f.sids[i], packet);
        await(fd, f.sids[i], packet);
    }
    for (int i = 2; i < 4; i++) {
        post(fd, f.sids[i], "42[\"pattern\",\"to both\"]");
        await(fd, f.sids[0], "42/dyn-1,[\"said\",\"to both\"]");
        await(fd, f.sids[1], "42/dyn-2,[\"said\",\"to both\"]");
        post(fd, f.sids[i], "42[\"named\",\"to one\"]");
        await(fd, f.sids[0], "42/dyn-1,[\"said\",\"to one\"]");
        post(fd, f.sids[i], "42[\"fetch-named\"]");
        await(fd, f.sids[0], "42/dyn-1,[\"said\",\"fetched\"]");
        assert_int_equal(atomic_exchange(&f.report.fetched, 0), 1);
    }
    post(fd, f.sids[0], "42[\"stop\"]");
    finish(&f);
    close(fd);
}

/* Clients come to children and leave them on all workers at a time. */
static void children_that_come_and_go(void **state)
{
    enum { ROUNDS = 30 };
    (void)state;
    fixture f;
    begin(&f, "40");
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < SESSIONS; i++)
            post(f.fds[i], f.sids[i], i % 2 == 0 ? "40/dyn-7," : "40/dyn-8,");
        for (int i = 0; i < SESSIONS; i++)
            await(f.fds[i], f.sids[i], i % 2 == 0 ? "40/dyn-7,{" : "40/dyn-8,{");
        for (int i = 0; i < SESSIONS; i++)
            post(f.fds[i], f.sids[i], i % 2 == 0 ? "41/dyn-7," : "41/dyn-8,");
    }
    assert_true(atomic_load(&f.report.begun) >= 2);
    post(f.fds[0], f.sids[0], "42[\"stop\"]");
    finish(&f);
    assert_int_equal(atomic_load(&f.report.begun), atomic_load(&f.report.gone));
}

/* Not every worker has the namespace, and all are asked. */
static void namespaces_that_some_have(void **state)
{
    (void)state;
    fixture f;
    begin(&f, "3");
    int fd = f.fds[0];
    post(fd, f.sids[0], "40/dyn-1,");
    await(fd, f.sids[0], "40/dyn-1,");
    post(fd, f.sids[1], "40/dyn-1,");
    await(fd, f.sids[1], "40/dyn-1,");
    post(fd, f.sids[1], "42/dyn-1,[\"fetch\"]");
    await(fd, f.sids[0], "fetched");
    assert_int_equal(atomic_load(&f.report.fetched), 2);
    post(fd, f.sids[0], "42/dyn-1,[\"stop\"]");
    finish(&f);
}

/* One request on a connection of its own. */
static char *fetch(const report *r, const char *path, const char *cookie, char room[ROOM])
{
    char text[512];
    int fd = dial(r);
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n\r\n", path, cookie);
    send_text(fd, text);
    char *body = read_answer(fd, room);
    close(fd);
    return body;
}

/* H10: a session that begins on one worker is known to all. */
static void sessions_in_memory(void **state)
{
    (void)state;
    fixture f;
    char room[ROOM], cookie[200];
    unsigned seen = 0;
    begin(&f, "40");
    fetch(&f.report, "/visits", "", room);
    const char *set = strcasestr(room, "set-cookie: ");
    assert_non_null(set);
    snprintf(cookie, sizeof cookie, "%.*s", (int)strcspn(set + 12, ";"), set + 12);
    for (int i = 2; i <= 20; i++) {
        int visits = 0;
        unsigned worker = 0;
        assert_int_equal(
            sscanf(fetch(&f.report, "/visits", cookie, room), "[%d,%u]", &visits, &worker), 2);
        assert_int_equal(visits, i);
        seen |= 1u << worker;
    }
    assert_int_equal(seen, (1u << WORKERS) - 1);
    post(f.fds[0], f.sids[0], "42[\"stop\"]");
    finish(&f);
}

/* O04: whoever is asked tells the sum of all. */
static void metrics_of_all(void **state)
{
    (void)state;
    fixture f;
    char room[ROOM];
    begin(&f, "40");
    for (int i = 0; i < WORKERS; i++) {
        const char *body = fetch(&f.report, "/metrics", "", room);
        const char *at = strstr(body, "\nvireo_sessions{");
        unsigned long sessions = 0;
        for (; at != NULL; at = strstr(at + 1, "\nvireo_sessions{"))
            sessions += strtoul(strchr(at, '}') + 1, NULL, 10);
        assert_int_equal(sessions, SESSIONS);
        assert_non_null(strstr(body, "\nvireo_workers 4\n"));
        assert_non_null(strstr(body, "vireo_loop_lag_seconds{worker=\"3\"}"));
    }
    post(f.fds[0], f.sids[0], "42[\"stop\"]");
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_connection_for_all_sessions),
        cmocka_unit_test(pipelined),
        cmocka_unit_test(namespaces_that_some_have),
        cmocka_unit_test(children_of_all),
        cmocka_unit_test(children_that_come_and_go),
        cmocka_unit_test(sessions_in_memory),
        cmocka_unit_test(metrics_of_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
