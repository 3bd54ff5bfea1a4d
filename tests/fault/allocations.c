/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* allocations.c: every n-th allocation fails once while a server is made, and while it talks with a
 * client: over polling, WebSocket and the change between them, JSONP, v3, with acknowledgements,
 * binary, rooms, several namespaces, guards that answer later; coming back after a break; as a raw
 * WebSocket, alone and in a room; with a file; for numbers, and by the HTTP API. Whatever it was:
 * nothing crashes or leaks, a client is served or thrown out but never left waiting, a bystander
 * keeps his connection, and who comes afterwards is served. */

#include "oom.h"

#include "socketio_peer.h"

#include <vireo/api.h>
#include <vireo/error.h>
#include <vireo/metrics.h>
#include <vireo/ws.h>

/* --- the server ------------------------------------------------------------------------------- */

/* A handler that cannot answer throws its client out. */
static void or_leave(vireo_socket *s, int error)
{
    if (error < 0)
        vireo_disconnect(s, true);
}

static int guard(vireo_socket *s, const vireo_value *auth)
{
    int error = vireo_join(s, "early");
    if (error < 0)
        return error;
    return vireo_get(auth, "refuse") ? vireo_refuse(s, "no", "{why:%s}", "you asked for it") : 0;
}

static void on_named(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    (void)m;
}

static void on_connect(vireo_socket *s)
{
    int error = vireo_join(s, "everybody");
    if (error == 0)
        error = vireo_on(s, "echo", on_named);
    if (error == 0)
        error = vireo_on_any(s, on_named);
    if (error == 0)
        error = vireo_emit(s, "welcome", "{id:%s,query:%s}", vireo_id(s),
                           vireo_handshake_query(s, "transport"));
    or_leave(s, error);
}

static void on_echo(vireo_socket *s, const vireo_msg *m)
{
    or_leave(s, vireo_ack(m, "%p", vireo_arg(m, 0)));
}

/* The others may miss it, and nobody is told of that: so it is with a broadcast. */
static void on_tell(vireo_socket *s, const vireo_msg *m)
{
    vireo_to own = vireo_room(s, vireo_id(s));
    own.newest = "told";
    vireo_relay(vireo_room_others(s, "everybody"), "told", m);
    or_leave(s, vireo_broadcast(own, "told", "%d", 1) == 1 ? vireo_ack(m, NULL) : VIREO_ENOMEM);
}

static void on_answer(vireo_socket *s, int status, const vireo_value *args, void *user)
{
    (void)user;
    if (status == 0)
        or_leave(s, vireo_emit_value(s, "answered", args));
}

static void on_ask(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    or_leave(
        s, vireo_emit_ack(s, 60000, on_answer, NULL, "question", "%p", vireo_binary("\1\2\3", 3)));
}

static void on_move(vireo_socket *s, const vireo_msg *m)
{
    static const char *const rooms[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    int error = 0;
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms && error == 0; i++)
        error = vireo_join(s, rooms[i]);
    vireo_leave(s, "c");
    or_leave(s, error == 0 ? vireo_ack(m, "%d", vireo_in_room(s, "h")) : error);
}

static void on_show(vireo_socket *s, const vireo_msg *m)
{
    vireo_broadcast(vireo_room(s, vireo_id(s)), "shown", "%p", vireo_binary("\1\2\3", 3));
    or_leave(s, vireo_ack(m, NULL));
}

static void on_fill(vireo_socket *s, const vireo_msg *m)
{
    static char text[300000];
    (void)m;
    memset(text, 'x', sizeof text - 1);
    or_leave(s, vireo_emit(s, "full", "%s", text));
}

static const vireo_event_handler events[] = {{"echo", on_echo},
                                             {"tell", on_tell},
                                             {"ask", on_ask},
                                             {"move", on_move},
                                             {"show", on_show},
                                             {"fill", on_fill},
                                             {0}};

/* --- answers that come later --- */

static void admit(vireo_timer *timer, void *user)
{
    vireo_socket *s = user;
    (void)timer;
    if (vireo_get(vireo_handshake_auth(s), "refuse") != NULL)
        vireo_refuse(s, "no", NULL);
    else
        vireo_admit(s);
}

static int later_guard(vireo_socket *s, const vireo_value *auth)
{
    (void)auth;
    return vireo_after(vireo_app_of(s), 1, admit, s) != NULL ? VIREO_LATER : VIREO_ENOMEM;
}

static void allow(vireo_timer *timer, void *user)
{
    (void)timer;
    vireo_ns_answer(user, true);
}

static int decide(vireo_ns_request *q, const char *name, const vireo_value *auth)
{
    vireo_app *app = vireo_ns_app(vireo_ns_request_parent(q));
    (void)auth;
    if (strncmp(name, "/asked", 6) != 0)
        return VIREO_EREFUSED;
    return vireo_after(app, 1, allow, q) != NULL ? VIREO_LATER : VIREO_ENOMEM;
}

/* --- a raw WebSocket --- */

static void on_ws_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    vireo_ns *ns = vireo_of(vireo_ws_app(ws), "/");
    if (len == 4 && memcmp(data, "room", 4) == 0 &&
        (ns == NULL || vireo_join_ws(ns, ws, "guests") < 0 ||
         vireo_broadcast(vireo_ns_room(ns, "guests"), "news", "%d", 1) != 1))
        vireo_ws_terminate(ws);
    if (vireo_ws_send(ws, data, len, binary) < 0)
        vireo_ws_terminate(ws);
}

static char file_path[] = "/tmp/vireo-fault-XXXXXX";

static int file(vireo_req *r)
{
    return vireo_reply_file(r, file_path);
}

static void ignore_line(void *user, vireo_level level, const char *area, const char *text)
{
    (void)user;
    (void)level;
    (void)area;
    (void)text;
}

static int fill(vireo_app *app)
{
    vireo_io *io = vireo_socketio(app, .allow_eio3 = true, .cleanup_empty_child_namespaces = true,
                                  .recovery_ms = 60000);
    if (io == NULL ||
        vireo_namespace(app, "/", .data_size = 100, .guard = guard, .on_connect = on_connect,
                        .events = events) == NULL ||
        vireo_namespace(app, "two", .guard = guard, .events = events) == NULL ||
        vireo_namespace(app, "later", .guard = later_guard, .guard_timeout_ms = 10000,
                        .events = events) == NULL ||
        vireo_namespace_matching(app, "^/dyn-", .guard = later_guard, .events = events) == NULL ||
        vireo_namespace_dynamic(app, decide, .guard_timeout_ms = 10000, .events = events) == NULL ||
        vireo_websocket(app, "/ws", .on_message = on_ws_message) == NULL ||
        vireo_route(app, "GET", "/file", file, NULL) < 0 || vireo_metrics(app, "/metrics") < 0 ||
        vireo_io_api(io, "/api", .authorize = vireo_pass) < 0)
        return VIREO_ENOMEM;
    vireo_log_connections(app, VIREO_CONNECTIONS_JSON);
    return vireo_listen(app, .host = "127.0.0.1");
}

static void a_server_is_made_whole_or_not_at_all(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        oom_fail_at(n);
        vireo_app *app = vireo_app_new();
        int error = app != NULL ? fill(app) : VIREO_ENOMEM;
        bool failed = oom_failed();
        vireo_app_free(app);
        if (!failed) {
            assert_int_equal(error, 0);
            assert_true(n > 20);
            return;
        }
        assert_true(error < 0);
    }
}

/* --- conversations: true when all of it went well --------------------------------------------- */

static bool call(client *c, const char *packet, const char *answer)
{
    const char *got;
    return client_send(c, packet) && (got = client_await(c, "43")) != NULL &&
           strcmp(got, answer) == 0;
}

static bool call_binary(client *c)
{
    const char *got;
    if (!client_send(c, "451-7[\"echo\",{\"_placeholder\":true,\"num\":0}]") ||
        !client_send_binary(c) || (got = client_await(c, "461-7")) == NULL ||
        strcmp(got, "461-7[{\"_placeholder\":true,\"num\":0}]") != 0)
        return false;
    got = client_take(c);
    return got != NULL && got[0] == 'b';
}

static bool join(client *c)
{
    return client_send(c, "40{\"token\":\"x\",\"more\":[1,2,3]}") &&
           client_await(c, "40{") != NULL && client_await(c, "42[\"welcome\"") != NULL;
}

static bool talk(client *c)
{
    return call(c, "420[\"echo\",{\"a\":[1,2.5,\"\\u20ac\"]}]",
                "430[{\"a\":[1,2.5,\"\u20ac\"]}]") &&
           call_binary(c) && call(c, "4212[\"echo\",null]", "4312[null]");
}

static bool over_polling(vireo_app *app, client *c)
{
    return client_open(c, app, false, "") && join(c) && talk(c) && client_send(c, "3") &&
           client_send(c, "1");
}

static bool over_websocket(vireo_app *app, client *c)
{
    return client_open(c, app, true, "") && join(c) && talk(c);
}

static bool over_both(vireo_app *app, client *c)
{
    return client_open(c, app, false, "") && join(c) && talk(c) && client_change(c) && talk(c);
}

/* Attachments that cannot follow their packet end the connection: what came next would be taken for
 * them. */
static bool as_text(vireo_app *app, client *c)
{
    if (!client_open(c, app, true, "&b64=1") || !join(c) || !client_send(c, "421[\"show\"]"))
        return false;
    const char *got = client_await(c, "4");
    if (got == NULL || strncmp(got, "451-", 4) != 0)
        return false;
    got = client_take(c);
    if (got != NULL && strcmp(got, "bAQID") != 0)
        fail_msg("%s instead of the attachment", got);
    return got != NULL && client_await(c, "431[]") != NULL;
}

/* More than the memory that is kept for building a payload. */
static bool much(vireo_app *app, client *c)
{
    return client_open(c, app, false, "") && join(c) && client_send(c, "42[\"fill\"]") &&
           client_await(c, "42[\"full\",") != NULL && call(c, "421[\"echo\",1]", "431[1]");
}

/* Changes to WebSocket while a poll is pending that will bring much. */
static bool in_haste(vireo_app *app, client *c)
{
    if (!client_open(c, app, false, "") || !join(c) || !client_upgrade(c, &c->post))
        return false;
    client_poll(c);
    peer websocket = c->post;
    c->post = c->main;
    c->main = websocket;
    client_frame(c, 1, "2probe", 6);
    const char *answer = client_take_framed(c);
    if (answer == NULL || strcmp(answer, "3probe") != 0)
        return false;
    client_frame(c, 1, "5", 1);
    c->websocket = true;
    return call(c, "421[\"echo\",1]", "431[1]");
}

static bool with_rooms(vireo_app *app, client *c)
{
    return client_open(c, app, false, "") && join(c) && call(c, "421[\"move\"]", "431[1]") &&
           client_send(c, "422[\"tell\",\"x\"]") && client_await(c, "42[\"told\",1,") != NULL &&
           client_await(c, "432[]") != NULL;
}

static bool with_questions(vireo_app *app, client *c)
{
    char answer[64];
    const char *question;
    if (!client_open(c, app, true, "") || !join(c) || !client_send(c, "42[\"ask\"]") ||
        (question = client_await(c, "451-")) == NULL)
        return false;
    snprintf(answer, sizeof answer, "43%d[\"yes\"]", atoi(question + 4));
    return client_send(c, answer) && client_await(c, "42[\"answered\",\"yes\",") != NULL &&
           client_send(c, "42[\"ask\"]") && client_await(c, "451-") != NULL;
}

static bool with_namespaces(vireo_app *app, client *c)
{
    return client_open(c, app, true, "") && join(c) && client_send(c, "40/two,") &&
           client_await(c, "40/two,{") != NULL && call(c, "42/two,3[\"echo\",1]", "43/two,3[1]") &&
           client_send(c, "41/two,") && client_send(c, "40/two,{\"refuse\":true}") &&
           client_await(c, "44/two,{\"message\":\"no\",\"data\":{\"why\":") != NULL &&
           client_send(c, "40/three,") &&
           client_await(c, "44/three,{\"message\":\"Invalid namespace\"}") != NULL &&
           call(c, "421[\"echo\",1]", "431[1]");
}

static bool with_later_answers(vireo_app *app, client *c)
{
    return client_open(c, app, true, "") && join(c) && client_send(c, "40/later,{\"a\":1}") &&
           client_await(c, "40/later,{") != NULL && client_send(c, "40/dyn-1,{\"a\":1}") &&
           client_await(c, "40/dyn-1,{") != NULL &&
           call(c, "42/dyn-1,1[\"echo\",1]", "43/dyn-1,1[1]") &&
           client_send(c, "40/dyn-2,{\"refuse\":1}") &&
           client_await(c, "44/dyn-2,{\"message\":\"no\"}") != NULL &&
           client_send(c, "40/asked,{\"a\":1}") && client_await(c, "40/asked,{") != NULL &&
           client_send(c, "41/asked,") && call(c, "421[\"echo\",1]", "431[1]");
}

/* Writes the CONNECT of a client that comes back, from what it was told: the reply, and an event.
 */
static bool learn(client *c, char *connect, size_t size)
{
    char pid[VIREO_ID_SIZE];
    const char *got = client_await(c, "40{");
    const char *at = got != NULL ? strstr(got, "\"pid\":\"") : NULL;
    if (at == NULL)
        return false;
    snprintf(pid, sizeof pid, "%.20s", at + 7);
    got = client_await(c, "42[\"welcome\"");
    at = got != NULL ? strrchr(got, ',') : NULL;
    if (at == NULL)
        return false;
    snprintf(connect, size, "40{\"pid\":\"%s\",\"offset\":%.*s}", pid, (int)strlen(at + 1) - 1,
             at + 1);
    return true;
}

/* Takes what was missed, and the reply. A client that is somebody new has missed nothing. */
static bool take_missed(client *c)
{
    const char *got = client_await(c, "4");
    if (got == NULL || strncmp(got, "451-[\"missed\"", 13) != 0)
        return false;
    return client_take(c) != NULL && client_await(c, "40{") != NULL;
}

/* Comes back after a break. */
static bool back_again(vireo_app *app, client *c)
{
    char connect[128];
    if (!client_open(c, app, true, "") || !client_send(c, "40") ||
        !learn(c, connect, sizeof connect) || !call(c, "421[\"move\"]", "431[1]"))
        return false;
    client_close(c);
    peer_settle(app);
    vireo_broadcast(vireo_ns_room(vireo_of(app, "/"), "a"), "missed", "%p",
                    vireo_binary("\1\2\3", 3));
    return client_open(c, app, false, "") && client_send(c, connect) && take_missed(c) &&
           call(c, "421[\"echo\",1]", "431[1]");
}

/* Such a client is in "/" without asking: what it takes first is the CONNECT, and what it is told
 * there. */
static bool over_v3(vireo_app *app, client *c)
{
    return client_open(c, app, false, "&EIO=3") && client_take(c) != NULL &&
           client_send(c, "1:2") && client_await(c, "1:3") != NULL;
}

static bool over_jsonp(vireo_app *app, client *c)
{
    return client_open(c, app, false, "&j=0") && client_send(c, "d=40") && client_take(c) != NULL;
}

/* The answer to what a client does wrong is the end of its connection. */
static bool against_the_rules(vireo_app *app, client *c)
{
    return client_open(c, app, false, "") && join(c) && client_send(c, "42{}") &&
           client_await(c, "nothing") == NULL;
}

static void open_one(vireo_app *app, client *c)
{
    client_own(true);
    *c = (client){.app = app, .main = peer_open(app), .post.fd = -1, .websocket = true};
    client_own(false);
}

static bool raw_websocket(vireo_app *app, client *c)
{
    open_one(app, c);
    peer_send(&c->main,
              "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
              "Sec-WebSocket-Version: 13\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    if (client_reply(&c->main, c->packet, sizeof c->packet) != 101)
        return false;
    client_frame(c, 9, "ping", 4); /* its pong may be left out */
    client_frame(c, 1, "hello", 5);
    const char *got = client_await(c, "hello");
    if (got == NULL)
        return false;
    peer_send_bytes(&c->main, "\x01\x81\0\0\0\0a", 7); /* a message in two frames */
    peer_send_bytes(&c->main, "\x80\x81\0\0\0\0b", 7);
    got = client_await(c, "ab");
    client_frame(c, 1, "room", 4);
    bool news =
        got != NULL && client_await(c, "[\"news\",1]") != NULL && client_await(c, "room") != NULL;
    client_frame(c, 8,
                 "\x03\xe8"
                 "bye",
                 5);
    return news && client_take(c) == NULL;
}

static bool a_file(vireo_app *app, client *c)
{
    open_one(app, c);
    peer_send(&c->main, "GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
    return client_reply(&c->main, c->packet, sizeof c->packet) == 200;
}

static bool is_answered(client *c, const char *request)
{
    peer_send(&c->main, request);
    return client_reply(&c->main, c->packet, sizeof c->packet) == 200;
}

static bool numbers(vireo_app *app, client *c)
{
    open_one(app, c);
    return is_answered(c, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
}

static bool by_http(vireo_app *app, client *c)
{
    open_one(app, c);
    return is_answered(c, "POST /api/emit HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n"
                          "{\"event\":\"x\",\"args\":[1],\"rooms\":[\"a\"],\"except\":[]}") &&
           is_answered(c, "POST /api/join HTTP/1.1\r\nHost: a\r\nContent-Length: 28\r\n\r\n"
                          "{\"rooms\":[\"a\"],\"join\":[\"b\"]}") &&
           is_answered(c, "GET /api/sockets?room=a HTTP/1.1\r\nHost: a\r\n\r\n") &&
           is_answered(c, "GET /api/namespaces HTTP/1.1\r\nHost: a\r\n\r\n");
}

static const struct {
    const char *name;
    bool (*run)(vireo_app *app, client *c);
} conversations[] = {
    {"polling", over_polling},
    {"websocket", over_websocket},
    {"polling, then websocket", over_both},
    {"websocket with b64", as_text},
    {"much", much},
    {"in haste", in_haste},
    {"rooms", with_rooms},
    {"questions", with_questions},
    {"namespaces", with_namespaces},
    {"later answers", with_later_answers},
    {"back again", back_again},
    {"v3", over_v3},
    {"JSONP", over_jsonp},
    {"a broken rule", against_the_rules},
    {"raw websocket", raw_websocket},
    {"a file", a_file},
    {"numbers", numbers},
    {"the HTTP API", by_http},
};

/* --- with failures ---------------------------------------------------------------------------- */

/* What the test itself allocates does not count. */
static void step_aside(bool begins)
{
    static int left;
    if (begins)
        left = oom__left;
    oom__left = begins ? 0 : left;
}

/* Returns whether the |n|-th allocation was reached. */
static bool converse(vireo_app *app, size_t i, int n)
{
    client c;
    oom_fail_at(n);
    client_forgotten = false;
    bool well = conversations[i].run(app, &c);
    bool failed = oom_failed();
    if (client_forgotten)
        fail_msg("%s, allocation %d: neither served nor thrown out", conversations[i].name, n);
    if (!failed && !well)
        fail_msg("%s: failed without a reason", conversations[i].name);
    client_close(&c);
    peer_settle(app);
    return failed;
}

/* Sessions over polling outlive their clients: time goes on until their pongs are overdue. */
static void let_time_pass(vireo_app *app, client *bystander)
{
    peer_advance(app, 26000);
    if (!client_send(bystander, "3") || !call(bystander, "429[\"echo\",1]", "439[1]"))
        fail_msg("the bystander suffers");
    peer_advance(app, 21000);
    peer_settle(app);
}

static void conversations_survive(void **state)
{
    (void)state;
    vireo_app *app = vireo_app_new(.log = ignore_line);
    client bystander;
    int fd = mkstemp(file_path);
    assert_int_equal(ftruncate(fd, 100000), 0);
    close(fd);
    assert_int_equal(fill(app), 0);
    client_allocates = step_aside;
    assert_true(over_websocket(app, &bystander));
    for (size_t i = 0; i < sizeof conversations / sizeof *conversations; i++) {
        int n = 1;
        for (; converse(app, i, n); n++)
            let_time_pass(app, &bystander);
        assert_true(n > 3);
        assert_false(converse(app, i, 0)); /* who comes afterwards is served */
    }
    client_close(&bystander);
    peer_settle(app);
    vireo_app_free(app);
    unlink(file_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_is_made_whole_or_not_at_all),
        cmocka_unit_test(conversations_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
