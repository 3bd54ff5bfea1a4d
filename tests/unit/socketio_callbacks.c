/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* socketio_callbacks.c: whatever a user does inside whichever callback (S15, S16, S25, R18): each
 * combination of a place and a deed is run, over polling and over WebSocket, with a bystander who
 * must not notice. Watched is the law of callbacks: each connect has its one disconnecting and one
 * disconnect, in this order, and nothing comes after; each question has its one answer; nothing is
 * called inside a call of the library but what the end of a socket brings, and on_any_outgoing. */

#include "socketio_peer.h"

#include <vireo/error.h>

/* Where the deed is done. */
typedef enum place {
    NOWHERE,
    GUARD,
    CONNECT,
    EVENT,
    LISTENER,
    ANY,
    ANY_LISTENER,
    OUTGOING,
    ANSWERED,
    OVERDUE,
    UNANSWERED,
    DISCONNECTING,
    DISCONNECT,
    ON_ERROR,
    UPGRADE,
    DRAIN,
    TIMER,
    POST,
    EACH,
    PLACES
} place;

typedef struct world world;
typedef void (*deed)(world *w, vireo_socket *s);

typedef struct person {
    world *world;
    bool connected; /* on_connect was called */
    bool ending;    /* on_disconnecting .. */
    bool gone;      /* on_disconnect .. */
} person;

struct world {
    vireo_app *app;
    vireo_ns *ns;
    char actor[VIREO_ID_SIZE]; /* in "/" */
    place where;
    deed what;
    bool done;
    int inside; /* calls of the library that are under way */
    bool ends;  /* .. and may end sockets */
    int connects, endings, disconnects;
    int asked, answers;
    int drains; /* of the actor in "/" */
    bool stopped;
};

static world *here;

/* --- what is watched -------------------------------------------------------------------------- */

/* Every callback begins with this: nothing may be called inside a call that ends nobody. */
static void called(place at, vireo_socket *s)
{
    world *w = here;
    bool of_an_end = at == DISCONNECTING || at == DISCONNECT || at == UNANSWERED;
    if (w->inside > 0 && at != OUTGOING && !(w->ends && of_an_end))
        fail_msg("place %d was called inside a call", at);
    if (at != w->where || w->done)
        return;
    w->done = true;
    w->what(w, s);
}

static person *state_of(vireo_socket *s)
{
    person *u = vireo_data(s);
    assert_false(u->gone);
    return u;
}

static bool is_actor(const vireo_socket *s)
{
    return strcmp(vireo_handshake_url(s) + strlen(vireo_handshake_url(s)) - 2, "&a") == 0;
}

static void called_for(place at, vireo_socket *s)
{
    state_of(s);
    if (is_actor(s))
        called(at, s);
    else if (here->inside > 0 && at != OUTGOING && !here->ends)
        fail_msg("place %d was called inside a call", at);
}

static void on_answer(vireo_socket *s, int status, const vireo_value *args, void *user)
{
    here->answers++;
    assert_true((status == 0) == (args != NULL));
    assert_ptr_equal(user, here);
    place at = status == 0 ? ANSWERED : status == VIREO_ETIMEDOUT ? OVERDUE : UNANSWERED;
    if (is_actor(s))
        called(at, s);
}

static void ask(vireo_socket *s, uint32_t timeout_ms)
{
    if (vireo_emit_ack(s, timeout_ms, on_answer, here, "ask", "%d", 1) == 0)
        here->asked++;
}

/* --- deeds ------------------------------------------------------------------------------------ */

static void begin(world *w, bool ends)
{
    w->inside++;
    w->ends = ends;
}

static void end(world *w)
{
    w->inside--;
}

static void leave_namespace(world *w, vireo_socket *s)
{
    begin(w, true);
    vireo_disconnect(s, false);
    vireo_disconnect(s, false);
    end(w);
}

static void close_connection(world *w, vireo_socket *s)
{
    begin(w, true);
    vireo_disconnect(s, true);
    end(w);
}

static void close_one(vireo_socket *s, void *w)
{
    (void)w;
    if (is_actor(s))
        vireo_disconnect(s, true);
}

static void close_all_of_them(world *w, vireo_socket *s)
{
    begin(w, true);
    vireo_each(vireo_all(vireo_ns_of(s)), close_one, w);
    vireo_each(vireo_all(w->ns), close_one, w);
    end(w);
}

static void move_about(world *w, vireo_socket *s)
{
    begin(w, false);
    for (int i = 0; i < 3; i++) {
        vireo_join(s, "x");
        vireo_join(s, vireo_id(s));
        vireo_leave(s, vireo_id(s));
        vireo_leave(s, "x");
    }
    end(w);
}

static void talk(world *w, vireo_socket *s)
{
    begin(w, false);
    vireo_emit(s, "news", "%d", 1);
    vireo_broadcast(vireo_all(vireo_ns_of(s)), "news", "%p", vireo_binary("\1\2\3", 3));
    vireo_broadcast(vireo_room(s, "everybody"), "news", NULL);
    vireo_broadcast(vireo_others(s), "news", "{a:%d}", 1);
    ask(s, 0);
    ask(s, 5);
    end(w);
}

/* Until the queue is full and the connection is cut. */
static void flood(world *w, vireo_socket *s)
{
    static char kilobyte[1024];
    begin(w, false);
    memset(kilobyte, 'x', sizeof kilobyte - 1);
    for (int i = 0; i < 200; i++)
        vireo_emit(s, "flood", "%s", kilobyte);
    end(w);
}

static void stop(world *w, vireo_socket *s)
{
    (void)s;
    begin(w, false);
    vireo_stop(w->app);
    vireo_stop(w->app);
    end(w);
    w->stopped = true;
}

static void on_late(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    (void)m;
}

static void change_listeners(world *w, vireo_socket *s)
{
    begin(w, false);
    assert_int_equal(vireo_on_any(s, on_late), 0);
    assert_int_equal(vireo_once(s, "hello", on_late), 0);
    vireo_off_any(s, NULL);
    vireo_off(s, "hello", on_late);
    vireo_off(s, "hello", on_late);
    end(w);
}

static const struct {
    const char *name;
    deed what;
} deeds[] = {
    {"leaves the namespace", leave_namespace},
    {"closes its connection", close_connection},
    {"closes all of its connection's sockets", close_all_of_them},
    {"joins and leaves", move_about},
    {"emits, asks and broadcasts", talk},
    {"fills its queue", flood},
    {"changes its listeners", change_listeners},
    {"stops the application", stop},
};

/* --- the server ------------------------------------------------------------------------------- */

static void on_any_outgoing(vireo_socket *s, const vireo_msg *m)
{
    if (strcmp(vireo_event(m), "ask") == 0) /* inside a call that waits for an answer */
        called_for(OUTGOING, s);
}

static void on_hello_listener(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    called_for(LISTENER, s);
}

static void on_any_listener(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    called_for(ANY_LISTENER, s);
}

static int guard(vireo_socket *s, const vireo_value *auth)
{
    (void)auth;
    state_of(s)->world = here;
    called_for(GUARD, s);
    return 0;
}

static void on_connect(vireo_socket *s)
{
    person *u = state_of(s);
    assert_false(u->connected);
    u->connected = true;
    here->connects++;
    vireo_join(s, "everybody");
    vireo_on(s, "hello", on_hello_listener);
    vireo_on_any(s, on_any_listener);
    if (is_actor(s) && vireo_ns_of(s) == here->ns)
        snprintf(here->actor, sizeof here->actor, "%s", vireo_id(s));
    called_for(CONNECT, s);
}

static void on_disconnecting(vireo_socket *s, const vireo_disconnect_info *why)
{
    person *u = state_of(s);
    assert_true(u->connected);
    assert_false(u->ending);
    assert_true(strlen(why->reason) > 0);
    u->ending = true;
    here->endings++;
    assert_true(vireo_connected(s));
    assert_true(vireo_in_room(s, "everybody"));
    called_for(DISCONNECTING, s);
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    person *u = state_of(s);
    assert_true(u->ending);
    assert_non_null(why->description);
    here->disconnects++;
    assert_false(vireo_connected(s));
    assert_false(vireo_in_room(s, "everybody"));
    assert_int_equal(vireo_emit(s, "x", NULL), VIREO_ECLOSED);
    assert_int_equal(vireo_join(s, "x"), VIREO_ECLOSED);
    assert_null(vireo_find(vireo_ns_of(s), vireo_id(s)));
    called_for(DISCONNECT, s);
    u->gone = true;
}

static void on_error(vireo_socket *s, const char *text)
{
    assert_string_equal(text, "invalid payload");
    called_for(ON_ERROR, s);
}

static void on_any(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    called_for(ANY, s);
}

static void on_upgrade(vireo_socket *s, const char *transport)
{
    assert_string_equal(transport, "websocket");
    called_for(UPGRADE, s);
}

static void on_drain(vireo_socket *s)
{
    if (is_actor(s) && vireo_ns_of(s) == here->ns)
        here->drains = 1;
    called_for(DRAIN, s);
}

static void on_hello(vireo_socket *s, const vireo_msg *m)
{
    called_for(EVENT, s);
    int error = vireo_ack(m, "%s", "hello");
    assert_true(error == 0 || error == VIREO_ECLOSED || error == VIREO_EFULL);
}

static void on_ask(vireo_socket *s, const vireo_msg *m)
{
    state_of(s);
    ask(s, (uint32_t)vireo_int(vireo_arg(m, 0), 0));
}

static void visit(vireo_socket *s, void *user)
{
    assert_ptr_equal(user, here);
    called_for(EACH, s);
}

/* Nobody but the end of a visit tells a user that it is over: |s| itself may be gone by then. */
static void on_visit(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_each(vireo_all(vireo_ns_of(s)), visit, here);
}

static const vireo_event_handler events[] = {
    {"hello", on_hello}, {"ask", on_ask}, {"visit", on_visit}, {0}};

static void on_timer(vireo_timer *timer, void *user)
{
    world *w = user;
    (void)timer;
    vireo_socket *s = vireo_find(w->ns, w->actor);
    if (s != NULL)
        called(TIMER, s);
}

static void on_post(vireo_app *app, void *user)
{
    world *w = user;
    (void)app;
    vireo_socket *s = vireo_find(w->ns, w->actor);
    if (s != NULL)
        called(POST, s);
}

static vireo_ns *make_namespace(vireo_app *app, const char *name)
{
    return vireo_namespace(app, name, .data_size = sizeof(person), .guard = guard,
                           .on_connect = on_connect, .on_disconnecting = on_disconnecting,
                           .on_disconnect = on_disconnect, .on_error = on_error, .on_any = on_any,
                           .on_any_outgoing = on_any_outgoing, .on_upgrade = on_upgrade,
                           .on_drain = on_drain, .events = events);
}

/* --- the conversation ------------------------------------------------------------------------- */

/* Has the server ask; returns whether the question came, and its id. */
static bool get_asked(client *c, int timeout_ms, int *id)
{
    char packet[32];
    const char *question;
    snprintf(packet, sizeof packet, "42[\"ask\",%d]", timeout_ms);
    if (!client_send(c, packet))
        return false;
    while ((question = client_await(c, "42")) != NULL && strstr(question, "\"ask\"") == NULL)
        ;
    if (question != NULL)
        *id = atoi(question + 2);
    return question != NULL;
}

/* What a client does to have every callback called. Any step may fail: it has been thrown out. */
static bool converse(world *w, client *c, bool websocket)
{
    int id;
    char answer[64];
    if (!client_open(c, w->app, websocket, "&a") || !client_send(c, "40{\"a\":1}") ||
        client_await(c, "40{") == NULL || !client_send(c, "40/two,") ||
        client_await(c, "40/two,{") == NULL)
        return false;
    if (!websocket) {
        client_poll(c);
        peer_until(w->app, &w->drains, 1);
    }
    vireo_after(w->app, 1, on_timer, w);
    vireo_post(w->app, on_post, w);
    peer_advance(w->app, 1);
    if (!client_send(c, "420[\"hello\",1]") || client_await(c, "430[") == NULL ||
        !client_send(c, "42/two,1[\"hello\",1]") || client_await(c, "43/two,1[") == NULL ||
        !client_send(c, "42[\"visit\"]") || !get_asked(c, 0, &id))
        return false;
    snprintf(answer, sizeof answer, "43%d[\"yes\"]", id);
    if (!client_send(c, answer) || !get_asked(c, 5, &id))
        return false;
    peer_advance(w->app, 5);
    if (!get_asked(c, 0, &id) || (!websocket && !client_change(c)) || !client_send(c, "42{}"))
        return false;
    return client_await(c, "the end") == NULL;
}

static void check(const world *w, const char *name)
{
    if (w->connects != w->endings || w->connects != w->disconnects)
        fail_msg("%s in %d: %d connects, %d endings, %d disconnects", name, w->where, w->connects,
                 w->endings, w->disconnects);
    if (w->asked != w->answers)
        fail_msg("%s in %d: %d questions, %d answers", name, w->where, w->asked, w->answers);
}

/* The bystander is still there, and a new client is served. */
static void check_others(world *w, client *bystander, const char *name)
{
    client fresh;
    bool served = client_send(bystander, "429[\"hello\"]") &&
                  client_await(bystander, "439[\"hello\"]") != NULL &&
                  client_join(&fresh, w->app, false);
    if (!served)
        fail_msg("%s in %d: the others are not served", name, w->where);
    client_close(&fresh);
}

static bool run(place where, size_t what, bool websocket)
{
    world w = {.where = where, .what = deeds[what].what};
    client bystander, c;
    here = &w;
    w.app = peer_listen(vireo_app_new(.max_queued_bytes = 100000));
    w.ns = make_namespace(w.app, "/");
    assert_non_null(make_namespace(w.app, "/two"));
    assert_true(client_join(&bystander, w.app, true));
    converse(&w, &c, websocket);
    peer_settle(w.app);
    if (!w.stopped)
        check_others(&w, &bystander, deeds[what].name);
    client_close(&c);
    client_close(&bystander);
    vireo_app_free(w.app);
    check(&w, deeds[what].name);
    return w.done;
}

static void every_deed_in_every_place(void **state)
{
    (void)state;
    for (size_t what = 0; what < sizeof deeds / sizeof *deeds; what++)
        for (place where = NOWHERE + 1; where < PLACES; where++)
            for (int websocket = 0; websocket < 2; websocket++) {
                bool polling_only = where == UPGRADE || where == DRAIN;
                bool done = run(where, what, websocket);
                if (!done && !(websocket && polling_only))
                    fail_msg("%s: place %d was not reached", deeds[what].name, where);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_deed_in_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
