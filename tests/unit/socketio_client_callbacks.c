/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* socketio_client_callbacks.c: whatever a user does inside whichever callback of a client (C03,
 * C05, C18): each combination of a place and a deed is run, with polling, its upgrade and over
 * WebSocket, beside a bystander who must not notice. And: a client that is dropped at any moment of
 * its life, over TLS too.
 *
 * Watched is the law of callbacks: each open has its one close and each connect its one disconnect,
 * in this order; nothing comes to a socket that was dropped; each question has its one answer; a
 * callback comes inside a call only if that call ends something. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <uv.h>
#include <vireo/vireo.h>

#include "engineio/session.h"
#include "socketio/inside.h"

#include "certs.h"

enum { PATIENCE_MS = 5000, ACTORS = 3, QUESTIONS = 4000 };

/* Where the deed is done. */
typedef enum place {
    NOWHERE,
    AUTH,
    OPEN,
    CONNECT,
    EVENT,
    LISTENER,
    ANY,
    OUTGOING,
    ANSWERED,
    OVERDUE,
    UNANSWERED,
    DRAIN,
    PING,
    UPGRADING,
    UPGRADE,
    UPGRADE_ERROR,
    REFUSED,
    DISCONNECT,
    CLOSE,
    ERROR,
    CONNECT_ERROR,
    ATTEMPT,
    AGAIN_ERROR,
    AGAIN,
    FAILED,
    TIMER,
    POST,
    PLACES
} place;

typedef struct world world;

/* A socket of the client. */
typedef struct person {
    world *world;
    vireo_socket *socket; /* NULL: dropped */
    bool actor;
    bool open;      /* on_open was called, on_close was not */
    bool connected; /* on_connect .. */
} person;

struct world {
    uv_loop_t *loop;
    vireo_app *server, *quiet_server, *app;
    uint16_t port;
    person people[ACTORS + 1]; /* the last is the bystander */
    person later;              /* made by a deed */
    place where, where_was;
    void (*what)(world *w, person *p);
    const char *transports;
    bool done, stopped;
    int inside;    /* calls of the library that are under way */
    bool ends;     /* .. and may end something */
    int questions; /* those of them that were sent: */
    int asked, answers;
    bool answered[QUESTIONS];
    int connects, answered_well, overdue, refused, pings, drains, upgrades, closes, again, failed;
};

static world *here;

/* --- what is watched -------------------------------------------------------------------------- */

static person *of(const vireo_socket *s)
{
    person *p = vireo_client_user(s);
    assert_ptr_equal(p->socket, s); /* else it was dropped */
    return p;
}

static void called(place at, person *p)
{
    world *w = here;
    bool of_an_end = at == DISCONNECT || at == CLOSE || at == UNANSWERED;
    if (w->inside > 0 && at != OUTGOING && !(w->ends && of_an_end))
        fail_msg("place %d was called inside a call", at);
    if (at != w->where || w->done || !p->actor)
        return;
    w->done = true;
    w->what(w, p);
}

static void begin(world *w, bool ends)
{
    w->inside++;
    w->ends |= ends;
}

static void end(world *w)
{
    if (--w->inside == 0)
        w->ends = false;
}

static void on_answer(vireo_socket *s, int status, const vireo_value *args, void *user)
{
    world *w = here;
    bool *answered = user;
    person *p = vireo_client_user(s);
    assert_false(*answered);
    *answered = true;
    w->answers++;
    assert_true((status == 0) == (args != NULL));
    w->answered_well += status == 0;
    w->overdue += status == VIREO_ETIMEDOUT;
    called(status == 0 ? ANSWERED : status == VIREO_ETIMEDOUT ? OVERDUE : UNANSWERED, p);
}

static void ask(world *w, vireo_socket *s, const char *event, uint32_t timeout_ms)
{
    assert_true(w->questions < QUESTIONS);
    bool *answered = &w->answered[w->questions++];
    if (vireo_emit_ack(s, timeout_ms, on_answer, answered, event, "%d", 1) == 0)
        w->asked++;
}

/* --- deeds ------------------------------------------------------------------------------------ */

static void leave(world *w, person *p)
{
    begin(w, true);
    vireo_disconnect(p->socket, false);
    vireo_disconnect(p->socket, false);
    end(w);
}

static void close_all(world *w, person *p)
{
    begin(w, true);
    vireo_disconnect(p->socket, true);
    end(w);
}

static void drop(world *w, person *p)
{
    vireo_socket *s = p->socket;
    begin(w, true);
    vireo_drop(s);
    p->socket = NULL;
    assert_int_equal(vireo_emit(s, "late", NULL), VIREO_ECLOSED); /* as long as we are inside */
    end(w);
}

static void drop_all(world *w, person *p)
{
    (void)p;
    for (int i = 0; i < ACTORS; i++)
        if (w->people[i].socket != NULL)
            drop(w, &w->people[i]);
}

static void join(world *w, person *p, const char *ns, bool again);

static void begin_anew(world *w, person *p)
{
    drop(w, p);
    join(w, &w->later, "/", true);
    assert_non_null(w->later.socket);
    ask(w, w->later.socket, "question", 0);
}

static void open_it(world *w, person *p)
{
    begin(w, false);
    vireo_open(p->socket);
    end(w);
}

static void come_back(world *w, person *p)
{
    begin(w, true);
    vireo_disconnect(p->socket, true);
    vireo_open(p->socket);
    end(w);
}

static void talk(world *w, person *p)
{
    begin(w, false);
    vireo_emit(p->socket, "hello", "%p", vireo_binary("\1\2\3", 3));
    ask(w, p->socket, "question", 0);
    ask(w, p->socket, "never", 2);
    vireo_auth(p->socket, "{a:%d}", 2);
    end(w);
}

static void on_late(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    (void)m;
}

static void change_listeners(world *w, person *p)
{
    begin(w, false);
    assert_int_equal(vireo_on_any(p->socket, on_late), 0);
    assert_int_equal(vireo_once(p->socket, "news", on_late), 0);
    vireo_off_any(p->socket, NULL);
    vireo_off(p->socket, "news", NULL);
    vireo_set_reconnect(p->socket, false);
    end(w);
}

static void stop(world *w, person *p)
{
    (void)p;
    begin(w, false);
    vireo_stop(w->app);
    vireo_stop(w->app);
    end(w);
    w->stopped = true;
}

static const struct {
    const char *name;
    void (*what)(world *w, person *p);
} deeds[] = {
    {"leaves the namespace", leave},
    {"closes the connection", close_all},
    {"drops its socket", drop},
    {"drops all sockets", drop_all},
    {"drops its socket and connects anew", begin_anew},
    {"opens its socket", open_it},
    {"closes and opens", come_back},
    {"emits and asks", talk},
    {"changes its listeners", change_listeners},
    {"stops the application", stop},
};

/* --- the client's callbacks ------------------------------------------------------------------- */

static void on_auth(vireo_socket *s)
{
    vireo_auth(s, "{a:1}");
    called(AUTH, of(s));
}

static void on_open(vireo_socket *s)
{
    person *p = of(s);
    assert_false(p->open);
    p->open = true;
    called(OPEN, p);
}

static void on_close(vireo_socket *s, const vireo_disconnect_info *why)
{
    person *p = of(s);
    assert_true(p->open);
    assert_non_null(why->reason);
    p->open = false;
    here->closes++;
    called(CLOSE, p);
}

static void on_connect(vireo_socket *s)
{
    person *p = of(s);
    assert_true(p->open);
    assert_false(p->connected);
    p->connected = true;
    here->connects++;
    called(CONNECT, p);
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    person *p = of(s);
    assert_true(p->connected);
    assert_non_null(why->reason);
    p->connected = false;
    called(DISCONNECT, p);
}

static void on_connect_error(vireo_socket *s, const vireo_connect_error *error)
{
    person *p = of(s);
    assert_false(p->connected);
    here->refused += error->refused;
    called(error->refused ? REFUSED : CONNECT_ERROR, p);
}

static void on_error(vireo_socket *s, const vireo_connect_error *error)
{
    assert_true(error->code < 0);
    called(ERROR, of(s));
}

static void on_reconnect_error(vireo_socket *s, const vireo_connect_error *error)
{
    assert_true(error->code < 0);
    called(AGAIN_ERROR, of(s));
}

static void on_ping(vireo_socket *s)
{
    here->pings += of(s)->actor;
    called(PING, of(s));
}

static void on_drain(vireo_socket *s)
{
    here->drains += of(s)->actor;
    called(DRAIN, of(s));
}

static void on_upgrading(vireo_socket *s, const char *transport)
{
    assert_string_equal(transport, "websocket");
    called(UPGRADING, of(s));
}

static void on_upgrade(vireo_socket *s, const char *transport)
{
    assert_string_equal(transport, "websocket");
    here->upgrades += of(s)->actor;
    called(UPGRADE, of(s));
}

static void on_upgrade_error(vireo_socket *s, const vireo_connect_error *error)
{
    assert_string_equal(error->message, "probe error");
    called(UPGRADE_ERROR, of(s));
}

static void on_reconnect_attempt(vireo_socket *s, uint32_t attempt)
{
    assert_true(attempt > 0);
    called(ATTEMPT, of(s));
}

static void on_reconnect(vireo_socket *s, uint32_t attempt)
{
    assert_true(attempt > 0);
    here->again += of(s)->actor;
    called(AGAIN, of(s));
}

static void on_reconnect_failed(vireo_socket *s)
{
    here->failed += of(s)->actor;
    called(FAILED, of(s));
}

static void on_news(vireo_socket *s, const vireo_msg *m)
{
    called(EVENT, of(s));
    vireo_ack(m, "%d", 1);
}

static void on_news_too(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    called(LISTENER, of(s));
}

static void on_any(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    called(ANY, of(s));
}

static void on_any_outgoing(vireo_socket *s, const vireo_msg *m)
{
    if (strcmp(vireo_event(m), "question") == 0) /* inside a call that waits for an answer */
        called(OUTGOING, of(s));
}

static void on_timer(vireo_timer *timer, void *user)
{
    person *p = user;
    (void)timer;
    if (p->socket != NULL)
        called(TIMER, p);
}

static void on_post(vireo_app *app, void *user)
{
    person *p = user;
    (void)app;
    if (p->socket != NULL)
        called(POST, p);
}

static const vireo_event_handler client_events[] = {{"news", on_news}, {0}};

static void join(world *w, person *p, const char *ns, bool again)
{
    char url[64];
    static const char *const no_upgrade[] = {"Upgrade", "no", NULL}; /* is refused */
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s",
             p->actor ? w->port : vireo_port(w->quiet_server), ns);
    begin(w, false);
    p->world = w;
    p->socket = vireo_connect(
        w->app, url, .user = p, .events = client_events, .on_auth = on_auth, .on_open = on_open,
        .on_close = on_close, .on_connect = on_connect, .on_disconnect = on_disconnect,
        .on_connect_error = on_connect_error, .on_error = on_error, .on_ping = on_ping,
        .on_drain = on_drain, .on_upgrading = on_upgrading, .on_upgrade = on_upgrade,
        .on_upgrade_error = on_upgrade_error, .on_reconnect_attempt = on_reconnect_attempt,
        .on_reconnect = on_reconnect, .on_reconnect_error = on_reconnect_error,
        .on_reconnect_failed = on_reconnect_failed, .on_any = on_any,
        .on_any_outgoing = on_any_outgoing, .transports = w->transports,
        .websocket_headers = w->where == UPGRADE_ERROR ? no_upgrade : NULL, .reconnect_delay_ms = 1,
        .reconnect_delay_max_ms = 1, .reconnect_attempts = 2, .randomization = -1,
        .force_new = !p->actor || again);
    if (p->socket != NULL)
        assert_int_equal(vireo_on(p->socket, "news", on_news_too), 0);
    end(w);
}

/* --- the server ------------------------------------------------------------------------------- */

static void on_hello(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_emit(s, "news", "%d", 1);
}

static void on_question(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    vireo_ack(m, "%d", 2);
}

/* The connection is gone, without a word. */
static void on_die(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo__eio_session_end(s->conn->session, "transport close", "");
}

static const vireo_event_handler server_events[] = {
    {"hello", on_hello}, {"question", on_question}, {"die", on_die}, {0}};

static void quiet(void *user, vireo_level level, const char *area, const char *text)
{
    (void)user;
    (void)level;
    (void)area;
    (void)text;
}

static vireo_app *start_server(uv_loop_t *loop, uint16_t port, vireo_tls *tls)
{
    vireo_app *app = vireo_app_new(.uv_loop = loop, .log = quiet);
    vireo_socketio(app, .ping_interval_ms = 3, .ping_timeout_ms = 20000);
    assert_non_null(vireo_namespace(app, "/", .events = server_events));
    assert_non_null(vireo_namespace(app, "/two", .events = server_events));
    assert_int_equal(vireo_listen(app, .host = "127.0.0.1", .port = port, .tls = tls), 0);
    return app;
}

/* --- the conversation ------------------------------------------------------------------------- */

/* Turns the loop until |*count| is as large as |n|, or the deed is done. */
#define until(w, what, n) until_count(w, &(w)->what, n, #what)

static void until_count(world *w, const int *count, int n, const char *what)
{
    uint64_t end_at = uv_hrtime() / 1000000 + PATIENCE_MS;
    while (*count < n && !w->done) {
        uv_run(w->loop, UV_RUN_ONCE);
        if (uv_hrtime() / 1000000 > end_at)
            fail_msg("place %d: %d of %s, and %d are waited for", w->where, *count, what, n);
    }
}

static void settle(world *w, int turns)
{
    for (int i = 0; i < turns; i++)
        uv_run(w->loop, UV_RUN_ONCE);
}

static void emit(world *w, person *p, const char *event)
{
    if (p->socket == NULL)
        return;
    begin(w, false);
    vireo_emit(p->socket, event, NULL);
    end(w);
}

static void ask_as(world *w, person *p, const char *event, uint32_t timeout_ms)
{
    if (p->socket == NULL)
        return;
    begin(w, false);
    ask(w, p->socket, event, timeout_ms);
    end(w);
}

static void converse(world *w)
{
    person *a = &w->people[0], *b = &w->people[1], *refused = &w->people[2];
    bool polls = w->transports == NULL;
    join(w, a, "/", false);
    join(w, b, "/two", false);
    join(w, refused, "/nowhere", false);
    vireo_after(w->app, 1, on_timer, a);
    vireo_post(w->app, on_post, a);
    until(w, connects, 3); /* with the bystander */
    until(w, refused, 1);
    emit(w, a, "hello");
    ask_as(w, a, "question", 0);
    ask_as(w, b, "question", 0);
    ask_as(w, a, "never", 2);
    until(w, answered_well, 2);
    until(w, overdue, 1);
    until(w, pings, 1);
    until(w, drains, polls ? 1 : 0);
    until(w, upgrades, polls && w->where != UPGRADE_ERROR ? 2 : 0);
    if (w->done)
        return;
    ask_as(w, a, "never", 0);
    emit(w, b, "die");
    until(w, again, 1);
    until(w, connects, 5);
    if (w->done)
        return;
    vireo_app_free(w->server);
    w->server = NULL;
    until(w, failed, 1);
}

/* --- all together ----------------------------------------------------------------------------- */

static void check(const world *w, const char *name)
{
    if (w->asked != w->answers)
        fail_msg("%s in %d: %d questions, %d answers", name, w->where_was, w->asked, w->answers);
    for (int i = 0; i <= ACTORS; i++)
        if (w->people[i].socket != NULL && (w->people[i].open || w->people[i].connected))
            fail_msg("%s in %d: socket %d was not told of its end", name, w->where_was, i);
}

static void check_bystander(world *w, const char *name)
{
    int before = w->answered_well;
    w->done = false;
    w->where = NOWHERE;
    ask_as(w, &w->people[ACTORS], "question", 0);
    until(w, answered_well, before + 1);
    if (!w->people[ACTORS].connected)
        fail_msg("%s: the bystander has noticed", name);
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static void run(uv_loop_t *loop, place where, size_t what, const char *transports)
{
    static world w;
    w = (world){.loop = loop, .where = where, .what = deeds[what].what, .transports = transports};
    here = &w;
    w.server = start_server(loop, 0, NULL);
    w.quiet_server = start_server(loop, 0, NULL);
    w.port = vireo_port(w.server);
    w.app = vireo_app_new(.uv_loop = loop, .log = quiet);
    for (int i = 0; i < ACTORS; i++)
        w.people[i].actor = true;
    w.later.actor = true;
    join(&w, &w.people[ACTORS], "/", false);
    converse(&w);
    bool done = w.done;
    settle(&w, 8);
    w.where_was = where;
    if (!w.stopped)
        check_bystander(&w, deeds[what].name);
    begin(&w, true);
    vireo_app_free(w.app);
    end(&w);
    vireo_app_free(w.server);
    vireo_app_free(w.quiet_server);
    check(&w, deeds[what].name);
    if (!done)
        fail_msg("%s: place %d was not reached", deeds[what].name, where);
}

static void every_deed_in_every_place(void **state)
{
    uv_loop_t loop;
    uv_timer_t tick;
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    uv_timer_init(&loop, &tick);
    uv_timer_start(&tick, on_tick, 1, 1); /* uv_run returns now and then */
    for (size_t what = 0; what < sizeof deeds / sizeof *deeds; what++)
        for (place where = NOWHERE + 1; where < PLACES; where++) {
            run(&loop, where, what, NULL);
            if (where < DRAIN || where > UPGRADE_ERROR || where == PING)
                run(&loop, where, what, "websocket");
        }
    uv_close((uv_handle_t *)&tick, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* --- dropped at any moment -------------------------------------------------------------------- */

enum { MOMENTS = 60 };

/* A life that has all stations in few turns: lookup, TLS, handshake, probe, upgrade, questions that
 * wait for their answers, a queue of retries, a lost connection, the wait for the next one. */
static void live(world *w, int turns)
{
    person *a = &w->people[0], *b = &w->people[1];
    for (int i = 0; i < turns; i++) {
        int connects = w->connects;
        uv_run(w->loop, UV_RUN_ONCE);
        if (connects < 2 && w->connects >= 2) {
            ask_as(w, a, "question", 0);
            ask_as(w, a, "never", 3);
            ask_as(w, b, "never", 0);
            emit(w, b, "hello");
        }
        if (i % 20 == 19 && b->connected)
            emit(w, b, "die");
    }
}

static void free_app(world *w, person *p)
{
    (void)p;
    begin(w, true);
    vireo_app_free(w->app);
    w->app = NULL;
    end(w);
}

/* Returns how often a socket was connected. */
static int end_life(uv_loop_t *loop, vireo_tls *tls, const vireo_client_options *options,
                    void (*how)(world *w, person *p), int turns)
{
    static world w;
    char url[64];
    w = (world){.loop = loop};
    here = &w;
    w.server = start_server(loop, 0, tls);
    w.app = vireo_app_new(.uv_loop = loop, .log = quiet);
    begin(&w, false);
    for (int i = 0; i < 2; i++) {
        vireo_client_options o = *options;
        person *p = &w.people[i];
        snprintf(url, sizeof url, "https://localhost:%u/%s", vireo_port(w.server),
                 i == 0 ? "" : "two");
        o.size = sizeof o;
        o.user = p;
        o.on_open = on_open;
        o.on_close = on_close;
        o.on_connect = on_connect;
        o.on_disconnect = on_disconnect;
        o.reconnect_delay_ms = o.reconnect_delay_max_ms = 2;
        p->world = &w;
        p->socket = vireo_client_connect(w.app, url, &o);
        assert_non_null(p->socket);
    }
    end(&w);
    live(&w, turns);
    how(&w, &w.people[0]);
    settle(&w, 2);
    vireo_app_free(w.app);
    vireo_app_free(w.server);
    check(&w, "the end at any moment");
    return w.connects;
}

static void at_any_moment(const vireo_client_options *options)
{
    static void (*const ways[])(world * w, person * p) = {drop_all, close_all, free_app};
    uv_loop_t loop;
    uv_timer_t tick;
    int longest = 0;
    vireo_client_options o = *options;
    cert ca = cert_make("ca", NULL, NULL, NULL);
    cert site = cert_make("localhost", "DNS:localhost", &ca, NULL);
    vireo_tls *tls = vireo_tls_new(.cert_pem = site.pem, .key_pem = site.key_pem);
    o.tls = vireo_tls_client_new(.ca_pem = ca.pem);
    assert_non_null(o.tls);
    assert_int_equal(uv_loop_init(&loop), 0);
    uv_timer_init(&loop, &tick);
    uv_timer_start(&tick, on_tick, 1, 1);
    for (int turns = 0; turns < MOMENTS; turns++)
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
            int connects = end_life(&loop, tls, &o, ways[i], turns);
            longest = connects > longest ? connects : longest;
        }
    assert_true(longest >= 2); /* else no life came to anything */
    uv_close((uv_handle_t *)&tick, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    vireo_tls_client_free(o.tls);
    vireo_tls_free(tls);
    cert_free(&site);
    cert_free(&ca);
}

static void dropped_at_any_moment(void **state)
{
    (void)state;
    at_any_moment(&(vireo_client_options){.cookies = true});
}

static void dropped_at_any_moment_over_websocket(void **state)
{
    (void)state;
    at_any_moment(
        &(vireo_client_options){.transports = "websocket", .retries = 2, .ack_timeout_ms = 4});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_deed_in_every_place),
        cmocka_unit_test(dropped_at_any_moment),
        cmocka_unit_test(dropped_at_any_moment_over_websocket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
