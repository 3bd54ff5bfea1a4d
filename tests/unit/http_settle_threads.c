/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* O06: workers that wait for what is still on its way between them (settle.h), and that answer a
 * request together (gather.h). Meant for ThreadSanitizer, too. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <vireo/vireo.h>

#include "http/app.h"
#include "http/gather.h"
#include "http/settle.h"

enum { WORKERS = 4, TASKS = 5, ROUNDS = 20, PATIENCE_S = 20 };

/* --- settling --------------------------------------------------------------------------------- */

/* A worker's part of the test. */
typedef struct settler {
    vireo_app *app;
    struct all *all;
    struct waiting {
        vireo__settle_task task;
        struct settler *of;
    } waiting[TASKS], never;
    unsigned rounds;
    unsigned ran;  /* tasks of this round */
    unsigned sent; /* what was on its way when it began .. */
    unsigned came; /* .. and has come */
    pthread_t thread;
} settler;

typedef struct all {
    settler workers[WORKERS];
    atomic_uint done;
    atomic_uint wrong;
} all;

/* The way of a connection that main accepts, another worker reads, and this one is given. */
static void come(void *to, void *unused)
{
    (void)unused;
    ((settler *)to)->came++;
}

static void read_there(void *to, void *unused)
{
    settler *s = to;
    (void)unused;
    vireo__loop_post(s->app->loop, come, s, NULL);
}

static void accept_there(void *to, void *at)
{
    const settler *s = to;
    const vireo_app *reader = at;
    vireo__loop_post(reader->loop, read_there, (void *)(uintptr_t)s, NULL);
}

static void never(vireo__settle_task *task)
{
    const settler *s = vireo__container(task, struct waiting, task)->of;
    atomic_fetch_add(&s->all->wrong, 1);
}

static void begin_round(settler *s);

static void settled(vireo__settle_task *task)
{
    settler *s = vireo__container(task, struct waiting, task)->of;
    if (s->came < s->sent || !pthread_equal(pthread_self(), s->thread))
        atomic_fetch_add(&s->all->wrong, 1);
    if (++s->ran < TASKS)
        return;
    if (++s->rounds < ROUNDS)
        begin_round(s);
    else if (atomic_fetch_add(&s->all->done, 1) == WORKERS - 1)
        vireo_stop(s->app);
}

static void begin_round(settler *s)
{
    vireo__group *g = s->app->group;
    unsigned before = s->ran = 0;
    vireo__loop_post(g->loop, accept_there, s, g->apps[(s->app->worker + s->rounds) % WORKERS]);
    s->sent++;
    for (int i = 0; i < TASKS; i++) {
        s->waiting[i] = (struct waiting){.task.run = settled, .of = s};
        vireo__settle(s->app, &s->waiting[i].task);
    }
    s->never = (struct waiting){.task.run = never, .of = s};
    vireo__settle(s->app, &s->never.task);
    vireo__settle_cancel(&s->never.task);
    if (s->ran != before)
        atomic_fetch_add(&s->all->wrong, 1); /* later, not now */
}

static void begin_settling(vireo_app *app, void *user)
{
    settler *s = user;
    (void)app;
    s->thread = pthread_self();
    begin_round(s);
}

static int set_up_settlers(vireo_app *app, void *user)
{
    all *a = user;
    settler *s = &a->workers[vireo_worker(app)];
    s->app = app;
    s->all = a;
    int error = vireo_post(app, begin_settling, s);
    return error < 0 ? error : vireo_listen(app, .host = "127.0.0.1");
}

static void what_was_on_its_way_has_come(void **state)
{
    (void)state;
    static all a;
    assert_int_equal(vireo_run_workers(set_up_settlers, &a, .workers = WORKERS), 0);
    assert_int_equal(atomic_load(&a.wrong), 0);
    for (int i = 0; i < WORKERS; i++) {
        assert_int_equal(a.workers[i].rounds, ROUNDS);
        assert_int_equal(a.workers[i].came, ROUNDS);
    }
}

/* --- gathering -------------------------------------------------------------------------------- */

typedef struct report {
    atomic_uint port;
    atomic_int asked; /* questions that were made, less those freed */
    atomic_int parts; /* .. and parts */
} report;

typedef struct part {
    report *of; /* NULL: it holds nothing */
    unsigned sum;
} part;

static void tell(vireo_app *app, const void *question, void *own)
{
    part *p = own;
    p->of = (report *)(uintptr_t)question;
    p->sum = vireo_worker(app) + 1;
    atomic_fetch_add(&p->of->parts, 1);
}

static void add(void *sum, const void *one)
{
    ((part *)sum)->sum += ((const part *)one)->sum;
}

static int answer(vireo_req *r, const void *question, void *sum)
{
    (void)question;
    return vireo_reply_json(r, 200, "%u", ((const part *)sum)->sum);
}

static void free_part(void *own)
{
    const part *p = own;
    if (p->of != NULL)
        atomic_fetch_sub(&p->of->parts, 1);
}

static void free_question(void *question)
{
    atomic_fetch_sub(&((report *)question)->asked, 1);
}

static int on_sum(vireo_req *r)
{
    static const vireo__gathering how = {.size = sizeof(part),
                                         .tell = tell,
                                         .add = add,
                                         .answer = answer,
                                         .free_part = free_part,
                                         .free_question = free_question};
    report *own = vireo_req_user(r);
    atomic_fetch_add(&own->asked, 1);
    return vireo__gather(r, &how, own);
}

static int on_stop(vireo_req *r)
{
    vireo_stop(vireo_req_app(r));
    return vireo_reply_text(r, 200, "stopping");
}

static int set_up_sums(vireo_app *app, void *user)
{
    report *r = user;
    vireo_route(app, "GET", "/sum", on_sum, r);
    vireo_route(app, "GET", "/stop", on_stop, NULL);
    int error = vireo_listen(app, .host = "127.0.0.1");
    if (vireo_worker(app) + 1 == vireo_worker_count(app))
        atomic_store(&r->port, vireo_port(app));
    return error;
}

typedef struct server {
    report report;
    unsigned workers;
} server;

static void *run(void *user)
{
    server *s = user;
    return (void *)(intptr_t)vireo_run_workers(set_up_sums, &s->report, .workers = s->workers);
}

/* Sends a request and returns its connection. */
static int get(const report *r, const char *path)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)atomic_load(&r->port)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    char text[64];
    int n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                     path);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(send(fd, text, (size_t)n, MSG_NOSIGNAL), n);
    return fd;
}

static void assert_body(int fd, const char *wanted)
{
    char room[2048];
    size_t len = 0;
    ssize_t n;
    while ((n = recv(fd, room + len, sizeof room - 1 - len, 0)) > 0 || (n < 0 && errno == EINTR))
        len += n > 0 ? (size_t)n : 0;
    room[len] = '\0';
    const char *body = strstr(room, "\r\n\r\n");
    assert_non_null(body);
    assert_string_equal(body + 4, wanted);
    close(fd);
}

static void gather_with(unsigned workers, const char *sum)
{
    server s = {.workers = workers};
    pthread_t thread;
    void *result;
    assert_int_equal(pthread_create(&thread, NULL, run, &s), 0);
    while (atomic_load(&s.report.port) == 0)
        usleep(1000);
    for (int i = 0; i < 3 * WORKERS; i++) {
        close(get(&s.report, "/sum")); /* whoever goes is not answered */
        assert_body(get(&s.report, "/sum"), sum);
    }
    int last[2 * WORKERS];
    for (int i = 0; i < 2 * WORKERS; i++)
        last[i] = get(&s.report, "/sum"); /* answered or not: the server ends */
    close(get(&s.report, "/stop"));
    for (int i = 0; i < 2 * WORKERS; i++)
        close(last[i]);
    pthread_join(thread, &result);
    assert_int_equal((intptr_t)result, 0);
    assert_int_equal(atomic_load(&s.report.asked), 0);
    assert_int_equal(atomic_load(&s.report.parts), 0);
}

static void an_answer_of_all_workers(void **state)
{
    (void)state;
    gather_with(WORKERS, "10");
}

static void an_answer_of_the_only_worker(void **state)
{
    (void)state;
    gather_with(1, "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_on_its_way_has_come),
        cmocka_unit_test(an_answer_of_all_workers),
        cmocka_unit_test(an_answer_of_the_only_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
