/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* socketio_client_threads.c: clients whose application runs on a thread of its own, while other
 * threads hand over events and wait for answers. The server runs on one thread more. What stands in
 * a file *_threads.c is built with ThreadSanitizer too (tests/CMakeLists.txt). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/vireo.h>

enum { THREADS = 4, EVENTS = 200, PATIENCE_MS = 30000 };

/* --- the server ------------------------------------------------------------------------------- */

/* What has arrived: written on the server's thread, read when that has ended. */
typedef struct tally {
    int next[THREADS]; /* number of the next event of each thread */
    int out_of_order;
} tally;

static void on_count(vireo_socket *s, const vireo_msg *m)
{
    tally *log = vireo_app_user(vireo_ns_app(vireo_ns_of(s)));
    int64_t thread = vireo_int(vireo_arg(m, 0), -1), number = vireo_int(vireo_arg(m, 1), -1);
    if (thread < 0 || thread >= THREADS || number != log->next[thread]++)
        log->out_of_order++;
}

static void on_double(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    vireo_ack(m, "%lld", (long long)(2 * vireo_int(vireo_arg(m, 0), 0)));
}

static void on_never(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_emit(s, "asked", NULL);
}

static void on_leave(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_disconnect(s, true);
}

static const vireo_event_handler server_events[] = {
    {"count", on_count}, {"double", on_double}, {"never", on_never}, {"leave", on_leave}, {0}};

static void quiet(void *user, vireo_level level, const char *area, const char *text)
{
    (void)user;
    (void)level;
    (void)area;
    (void)text;
}

static vireo_app *start_server(tally *log, char url[64])
{
    vireo_app *app = vireo_app_new(.log = quiet);
    vireo_app_set_user(app, log);
    assert_non_null(vireo_namespace(app, "/", .events = server_events));
    assert_int_equal(vireo_listen(app, .host = "127.0.0.1"), 0);
    snprintf(url, 64, "http://127.0.0.1:%u", vireo_port(app));
    assert_int_equal(vireo_thread_start(app), 0);
    return app;
}

/* --- threads that use one socket -------------------------------------------------------------- */

typedef struct worker {
    pthread_t thread;
    vireo_socket *socket;
    int number;
    int failed;
    const char *event;
    int answer; /* what vireo_post_ask has returned */
} worker;

static void start(worker *w, int n, vireo_socket *s, void *(*run)(void *user))
{
    for (int i = 0; i < n; i++) {
        w[i].socket = s;
        w[i].number = i;
        assert_int_equal(pthread_create(&w[i].thread, NULL, run, &w[i]), 0);
    }
}

static void join(const worker *w, int n)
{
    for (int i = 0; i < n; i++)
        pthread_join(w[i].thread, NULL);
}

static void *emit_and_ask(void *user)
{
    worker *w = user;
    for (int i = 0; i < EVENTS; i++) {
        vireo_value *answer = NULL;
        w->failed += vireo_post_emit(w->socket, "count", "%d, %d, %p", w->number, i,
                                     vireo_binary("bytes", 5)) != 0;
        if (i % 10 != 0)
            continue;
        int n = w->number * EVENTS + i;
        int error = vireo_post_ask(w->socket, PATIENCE_MS, &answer, "double", "%d", n);
        w->failed += error != 0 || vireo_int(vireo_at(answer, 0), -1) != 2 * n;
        vireo_value_free(answer);
    }
    return NULL;
}

static void many_threads(const vireo_client_options *options)
{
    char url[64];
    tally log = {.out_of_order = 0};
    worker workers[THREADS] = {{.number = 0}};
    vireo_app *server = start_server(&log, url);
    vireo_app *app = vireo_app_new(.log = quiet);
    vireo_socket *s = vireo_client_connect(app, url, options);
    assert_non_null(s);
    assert_int_equal(vireo_thread_start(app), 0);
    start(workers, THREADS, s, emit_and_ask);
    join(workers, THREADS);
    vireo_thread_end(app);
    vireo_thread_end(server);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(workers[i].failed, 0);
        assert_int_equal(log.next[i], EVENTS);
    }
    assert_int_equal(log.out_of_order, 0);
}

static void each_event_once_and_in_order(void **state)
{
    (void)state;
    many_threads(
        &(vireo_client_options){.size = sizeof(vireo_client_options), .transports = "websocket"});
}

static void over_polling_and_the_upgrade(void **state)
{
    (void)state;
    many_threads(&(vireo_client_options){.size = sizeof(vireo_client_options)});
}

/* --- several applications --------------------------------------------------------------------- */

static void *own_application(void *user)
{
    worker *w = user;
    vireo_value *answer = NULL;
    vireo_app *app = vireo_app_new(.log = quiet);
    vireo_socket *s = vireo_connect(app, w->event, .transports = "websocket");
    if (s == NULL || vireo_thread_start(app) != 0) {
        w->failed++;
        return NULL;
    }
    w->failed += vireo_post_ask(s, PATIENCE_MS, &answer, "double", "%d", w->number) != 0;
    w->failed += vireo_int(vireo_at(answer, 0), -1) != 2 * w->number;
    vireo_value_free(answer);
    vireo_thread_end(app);
    return NULL;
}

static void an_application_for_each_thread(void **state)
{
    char url[64];
    tally log = {.out_of_order = 0};
    worker workers[THREADS] = {{.number = 0}};
    (void)state;
    vireo_app *server = start_server(&log, url);
    for (int i = 0; i < THREADS; i++)
        workers[i].event = url;
    start(workers, THREADS, NULL, own_application);
    join(workers, THREADS);
    vireo_thread_end(server);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(workers[i].failed, 0);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* How many of those who wait have been heard by the server. */
typedef struct heard {
    pthread_mutex_t lock;
    pthread_cond_t more;
    int count;
} heard;

static void on_asked(vireo_socket *s, const vireo_msg *m)
{
    heard *h = vireo_client_user(s);
    (void)m;
    pthread_mutex_lock(&h->lock);
    h->count++;
    pthread_cond_signal(&h->more);
    pthread_mutex_unlock(&h->lock);
}

static const vireo_event_handler waiting_events[] = {{"asked", on_asked}, {0}};

static void *ask_once(void *user)
{
    worker *w = user;
    vireo_value *answer = NULL;
    w->answer = vireo_post_ask(w->socket, 0, &answer, w->event, NULL);
    w->failed += answer != NULL;
    return NULL;
}

static void stop_there(vireo_app *app, void *user)
{
    (void)user;
    vireo_stop(app);
}

static void leave_there(vireo_app *app, void *user)
{
    (void)app;
    vireo_emit(user, "leave", NULL);
}

/* All threads wait for answers that do not come, until |end| is done on the client's thread. */
static void waiting_until(void (*end)(vireo_app *app, void *user))
{
    char url[64];
    tally log = {.out_of_order = 0};
    heard h = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
    worker workers[THREADS] = {{.number = 0}};
    vireo_app *server = start_server(&log, url);
    vireo_app *app = vireo_app_new(.log = quiet);
    vireo_socket *s = vireo_connect(app, url, .user = &h, .events = waiting_events);
    assert_non_null(s);
    assert_int_equal(vireo_thread_start(app), 0);
    for (int i = 0; i < THREADS; i++)
        workers[i].event = "never";
    start(workers, THREADS, s, ask_once);
    pthread_mutex_lock(&h.lock);
    while (h.count < THREADS)
        pthread_cond_wait(&h.more, &h.lock);
    pthread_mutex_unlock(&h.lock);
    assert_int_equal(vireo_post(app, end, s), 0);
    join(workers, THREADS);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(workers[i].answer, VIREO_ECLOSED);
        assert_int_equal(workers[i].failed, 0);
    }
    vireo_thread_end(app);
    vireo_thread_end(server);
}

static void who_waits_hears_of_the_applications_end(void **state)
{
    (void)state;
    waiting_until(stop_there);
}

static void who_waits_hears_of_the_connections_end(void **state)
{
    (void)state;
    waiting_until(leave_there);
}

/* --- what cannot be handed over --------------------------------------------------------------- */

static void what_is_wrong_is_told_at_once(void **state)
{
    char url[64];
    tally log = {.out_of_order = 0};
    vireo_value *answer = NULL;
    (void)state;
    vireo_app *server = start_server(&log, url);
    vireo_app *app = vireo_app_new(.log = quiet);
    vireo_socket *s = vireo_connect(app, url);
    assert_int_equal(vireo_thread_start(app), 0);
    assert_int_equal(vireo_post_emit(s, "disconnect", NULL), VIREO_ERESERVED);
    assert_int_equal(vireo_post_emit(s, "x", "{a:%d", 1), VIREO_ETEMPLATE);
    assert_int_equal(vireo_post_ask(s, 1, &answer, "connect", NULL), VIREO_ERESERVED);
    assert_int_equal(vireo_post_ask(s, 1, &answer, "never", NULL), VIREO_ETIMEDOUT);
    assert_null(answer);
    vireo_thread_end(app);
    vireo_thread_end(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_event_once_and_in_order),
        cmocka_unit_test(over_polling_and_the_upgrade),
        cmocka_unit_test(an_application_for_each_thread),
        cmocka_unit_test(who_waits_hears_of_the_applications_end),
        cmocka_unit_test(who_waits_hears_of_the_connections_end),
        cmocka_unit_test(what_is_wrong_is_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
