/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* vireo_redis_store and net/redis.h: H10, sessions in Redis. Each test starts a server of its own,
 * on a unix socket. */

#include "session_visitor.h"

#include <hiredis/hiredis.h>
#include <signal.h>
#include <sys/wait.h>

#include "net/redis.h"

typedef struct server {
    char folder[40];
    char path[60];
    pid_t pid;
} server;

static void start(server *s, const char *password)
{
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (s->pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 1);
        execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", s->path, "--save", "",
               "--dir", s->folder, password ? "--requirepass" : NULL, password, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 500; i++) { /* until it listens, for at most 10 s */
        redisContext *c = redisConnectUnix(s->path);
        bool up = c != NULL && c->err == 0;
        if (c != NULL)
            redisFree(c);
        if (up)
            return;
        usleep(20000);
    }
    fail_msg("redis-server does not start");
}

static void stop(server *s)
{
    int status;
    kill(s->pid, SIGKILL);
    waitpid(s->pid, &status, 0);
    unlink(s->path);
}

static server new_server(const char *password)
{
    server s = {.folder = "/tmp/vireo-redis-XXXXXX"};
    assert_non_null(mkdtemp(s.folder));
    snprintf(s.path, sizeof s.path, "%s/redis.sock", s.folder);
    start(&s, password);
    return s;
}

static void end_server(server *s)
{
    stop(s);
    rmdir(s->folder);
}

/* A command on a connection of its own; returns the text or number of the reply. */
static const char *ask(const server *s, const char *command, const char *argument)
{
    static char text[500];
    redisContext *c = redisConnectUnix(s->path);
    redisReply *r = redisCommand(c, command, argument);
    assert_non_null(r);
    if (r->type == REDIS_REPLY_INTEGER)
        snprintf(text, sizeof text, "%lld", r->integer);
    else
        snprintf(text, sizeof text, "%s",
                 r->type == REDIS_REPLY_ARRAY ? (r->elements ? r->element[0]->str : "")
                 : r->str != NULL             ? r->str
                                              : "nil");
    freeReplyObject(r);
    redisFree(c);
    return text;
}

static void keeps_sessions(void **state)
{
    (void)state;
    server s = new_server(NULL);
    char key[80];
    visitor v = {.app = visitor_app(NULL, NULL)};
    visitor_sessions(v.app, "/", .store = vireo_redis_store(v.app, .unix_path = s.path),
                     .max_age_s = 1000);
    assert_string_equal(visit(&v, "/count"), "1");
    assert_string_equal(visit(&v, "/count"), "2");
    snprintf(key, sizeof key, "%s", ask(&s, "KEYS sess:*", NULL));
    assert_int_equal(strlen(key), 5 + 32);
    assert_non_null(strstr(ask(&s, "GET %s", key), ",\"path\":\"/\"},\"n\":2}"));
    assert_memory_equal(ask(&s, "GET %s", key), "{\"cookie\":{\"originalMaxAge\":1000000,", 36);
    assert_in_range(atoi(ask(&s, "TTL %s", key)), 990, 1000);
    /* a visit makes it live longer; so do those without a change */
    ask(&s, "EXPIRE %s 5", key);
    assert_string_equal(visit(&v, "/show"), "2");
    peer_settle(v.app);
    assert_in_range(atoi(ask(&s, "TTL %s", key)), 990, 1000);
    visitor old = v;
    visit(&v, "/login");
    peer_settle(v.app);
    assert_string_equal(ask(&s, "EXISTS %s", key), "0");
    assert_string_equal(visit(&old, "/show"), "-");
    assert_string_equal(visit(&v, "/show"), "1");
    visit(&v, "/logout");
    peer_settle(v.app);
    assert_string_equal(ask(&s, "KEYS *", NULL), "");
    vireo_app_free(v.app);
    end_server(&s);
}

/* What is there may be anything. */
static void bears_what_is_no_session(void **state)
{
    (void)state;
    static const char *const others[] = {"SET %s {", "SET %s []", "SET %s {}", "SET %s \xff"};
    server s = new_server(NULL);
    char key[80];
    visitor v = {.app = visitor_app(NULL, NULL)};
    visitor_sessions(v.app, "/", .store = vireo_redis_store(v.app, .unix_path = s.path));
    visit(&v, "/count");
    snprintf(key, sizeof key, "%s", ask(&s, "KEYS sess:*", NULL));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        ask(&s, others[i], key);
        assert_string_equal(visit(&v, "/show"), "-");
        assert_int_equal(v.status, 200);
    }
    ask(&s, "DEL %s", key);
    ask(&s, "LPUSH %s x", key); /* GET is an error now */
    visit(&v, "/show");
    assert_int_equal(v.status, 500);
    vireo_app_free(v.app);
    end_server(&s);
}

/* Retries come after a moment; nothing here waits for one. */
static void visit_until(visitor *v, const char *path, int status)
{
    for (int i = 0; i < 100 && v->status != status; i++) {
        peer_settle(v->app);
        vireo__loop_advance(vireo__app_loop(v->app), VIREO__REDIS_RETRY_MS);
        visit(v, path);
    }
    assert_int_equal(v->status, status);
}

static void comes_back(void **state)
{
    (void)state;
    server s = new_server(NULL);
    visitor v = {.app = visitor_app(NULL, NULL)};
    visitor_sessions(v.app, "/", .store = vireo_redis_store(v.app, .unix_path = s.path));
    visit(&v, "/count");
    stop(&s);
    v.status = 0;
    visit_until(&v, "/show", 500);
    start(&s, NULL);
    visit_until(&v, "/show", 200);
    assert_string_equal(v.body, "-"); /* it has forgotten */
    vireo_app_free(v.app);
    end_server(&s);
}

static void gives_up_on_a_server_that_is_silent(void **state)
{
    (void)state;
    server s = new_server(NULL);
    visitor v = {.app = visitor_app(NULL, NULL)};
    visitor_sessions(v.app, "/", .store = vireo_redis_store(v.app, .unix_path = s.path));
    visit(&v, "/count");
    kill(s.pid, SIGSTOP);
    char request[400];
    snprintf(request, sizeof request, "GET /show HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n",
             v.cookie);
    peer p = peer_open(v.app);
    peer_send(&p, request);
    peer_settle(v.app);
    assert_int_equal(p.len, 0);
    peer_advance(v.app, 5000);
    while (p.len == 0)
        peer_wait(&p);
    assert_memory_equal(p.got, "HTTP/1.1 500", 12);
    peer_close(&p);
    kill(s.pid, SIGCONT);
    vireo_app_free(v.app);
    end_server(&s);
}

static void ends_with_commands_under_way(void **state)
{
    (void)state;
    server s = new_server(NULL);
    visitor v = {.app = visitor_app(NULL, NULL)};
    visitor_sessions(v.app, "/", .store = vireo_redis_store(v.app, .unix_path = s.path));
    visit(&v, "/count");
    kill(s.pid, SIGSTOP);
    char request[400];
    snprintf(request, sizeof request, "GET /show HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n",
             v.cookie);
    peer p = peer_open(v.app);
    peer_send(&p, request);
    peer_settle(v.app);
    vireo_app_free(v.app);
    peer_close(&p);
    kill(s.pid, SIGCONT);
    end_server(&s);
}

typedef struct outcome {
    int calls, error;
} outcome;

static void on_done(void *user, int error, const redisReply *reply)
{
    outcome *o = user;
    assert_true((reply != NULL) == (error == 0 || error == VIREO_EREFUSED));
    o->calls++;
    o->error = error;
}

static void speaks_as_whom_it_is_told(void **state)
{
    (void)state;
    server s = new_server("pass word");
    const char *get[] = {"GET", "x"};
    static const struct {
        const char *user, *password;
        unsigned database;
        int error;
    } rows[] = {{NULL, "pass word", 0, 0},
                {NULL, "pass word", 3, 0},
                {"default", "pass word", 0, 0},
                {NULL, "wrong", 0, VIREO_EREFUSED},
                {NULL, NULL, 0, VIREO_EREFUSED}};
    vireo_app *app = vireo_app_new();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        outcome o = {0};
        vireo__redis *r = vireo__redis_new(vireo__app_loop(app),
                                           &(vireo__redis_options){.unix_path = s.path,
                                                                   .user = rows[i].user,
                                                                   .password = rows[i].password,
                                                                   .database = rows[i].database,
                                                                   .timeout_ms = 60000});
        assert_int_equal(vireo__redis_command(r, 2, get, NULL, on_done, &o), 0);
        assert_int_equal(o.calls, 0);
        peer_until(app, &o.calls, 1);
        assert_int_equal(o.error, rows[i].error);
        assert_int_equal(vireo__redis_command(r, 2, get, NULL, on_done, &o), 0);
        vireo__redis_close(r);
        assert_int_equal(o.calls, 2);
        assert_int_equal(o.error, VIREO_ECANCELLED);
    }
    vireo_app_free(app);
    end_server(&s);
}

static void fails_where_nobody_is(void **state)
{
    (void)state;
    const char *get[] = {"GET", "x"};
    vireo_app *app = vireo_app_new();
    vireo__redis *r = vireo__redis_new(
        vireo__app_loop(app),
        &(vireo__redis_options){.unix_path = "/tmp/vireo-no-such-socket", .timeout_ms = 1000});
    outcome o = {0};
    int error = vireo__redis_command(r, 2, get, NULL, on_done, &o);
    if (error == 0) {
        peer_until(app, &o.calls, 1);
        error = o.error;
    }
    assert_int_equal(error, VIREO_ECLOSED);
    assert_int_equal(vireo__redis_command(r, 2, get, NULL, on_done, &o),
                     VIREO_ECLOSED); /* so soon */
    vireo__redis_close(r);
    vireo_app_free(app);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_sessions),
        cmocka_unit_test(bears_what_is_no_session),
        cmocka_unit_test(comes_back),
        cmocka_unit_test(gives_up_on_a_server_that_is_silent),
        cmocka_unit_test(ends_with_commands_under_way),
        cmocka_unit_test(speaks_as_whom_it_is_told),
        cmocka_unit_test(fails_where_nobody_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
