/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* loop/loop.h: the end of the turn, work from other threads, life on a loop of somebody else's. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include <vireo/error.h>

#include "loop/deadline.h"
#include "loop/loop.h"

typedef struct task {
    vireo__turn_task turn;
    vireo_loop *loop;
    struct task *next; /* added when this one runs */
    struct task *drop; /* removed */
    char name;
} task;

static char order[64];

static void run(vireo__turn_task *turn)
{
    task *t = vireo__container(turn, task, turn);
    strncat(order, &t->name, 1);
    assert_false(vireo__turn_queued(turn));
    if (t->next != NULL)
        vireo__turn_add(t->loop, &t->next->turn);
    if (t->drop != NULL)
        vireo__turn_remove(&t->drop->turn);
}

static task make(vireo_loop *loop, char name)
{
    return (task){.turn = {.run = run}, .loop = loop, .name = name};
}

typedef struct tasks {
    task a, b, c, d;
} tasks;

static void on_timer(vireo_timer *timer, void *user)
{
    (void)timer;
    tasks *t = user;
    vireo_loop *loop = t->a.loop;
    strncat(order, "t", 2);
    vireo__turn_add(loop, &t->c.turn);
    vireo__turn_add(loop, &t->a.turn);
    vireo__turn_add(loop, &t->a.turn);
    vireo__turn_add(loop, &t->d.turn);
    vireo__turn_remove(&t->c.turn);
    vireo__turn_remove(&t->c.turn);
    vireo__turn_add(loop, &t->c.turn);
}

static void runs_tasks_once_at_the_end_of_the_turn(void **state)
{
    (void)state;
    vireo_loop *loop = vireo__loop_new(NULL);
    tasks t = {make(loop, 'a'), make(loop, 'b'), make(loop, 'c'), make(loop, 'd')};
    order[0] = '\0';
    t.a.next = &t.b; /* in the same turn */
    t.a.drop = &t.d;
    vireo__timer_new(loop, 1, false, on_timer, &t);
    uv_run(loop->uv, UV_RUN_DEFAULT);
    assert_string_equal(order, "tacb");
    vireo__loop_free(loop);
}

/* With nothing else to do, uv_run still runs it, and then returns. */
static void does_not_forget_a_task_of_an_idle_loop(void **state)
{
    (void)state;
    vireo_loop *loop = vireo__loop_new(NULL);
    task a = make(loop, 'a'), b = make(loop, 'b');
    order[0] = '\0';
    vireo__turn_add(loop, &a.turn);
    uv_run(loop->uv, UV_RUN_DEFAULT);
    assert_string_equal(order, "a");
    vireo__turn_add(loop, &b.turn);
    vireo__turn_remove(&b.turn);
    uv_run(loop->uv, UV_RUN_DEFAULT);
    assert_string_equal(order, "a");
    vireo__loop_free(loop);
}

static void add_one(void *a, void *b)
{
    ++*(int *)a;
    if (b != NULL)
        uv_stop(((vireo_loop *)b)->uv);
}

static void *post_from_thread(void *arg)
{
    vireo_loop *loop = arg;
    int *count = loop->log.user;
    for (int i = 0; i < 999; i++)
        if (vireo__loop_post(loop, add_one, count, NULL) < 0)
            abort();
    return vireo__loop_post(loop, add_one, count, loop) < 0 ? loop : NULL;
}

static void takes_posts_from_threads(void **state)
{
    (void)state;
    int count = 0;
    uv_timer_t alive;
    pthread_t thread;
    void *failed;
    vireo_loop *loop = vireo__loop_new(NULL);
    loop->log.user = &count;
    uv_timer_init(loop->uv, &alive);
    uv_timer_start(&alive, (uv_timer_cb)abort, 60000, 0);
    pthread_create(&thread, NULL, post_from_thread, loop);
    uv_run(loop->uv, UV_RUN_DEFAULT);
    pthread_join(thread, &failed);
    assert_null(failed);
    assert_int_equal(count, 1000);
    uv_close((uv_handle_t *)&alive, NULL);
    assert_int_equal(vireo__loop_post(loop, add_one, &count, NULL), 0);
    vireo__loop_end_posts(loop); /* what waits is done, nothing more is taken */
    assert_int_equal(count, 1001);
    assert_int_equal(vireo__loop_post(loop, add_one, &count, NULL), VIREO_ECLOSED);
    vireo__loop_free(loop);
    assert_int_equal(count, 1001);
}

static void lives_on_a_loop_of_somebody_elses(void **state)
{
    (void)state;
    uv_loop_t uv;
    uv_loop_init(&uv);
    vireo_loop *a = vireo__loop_new(&uv), *b = vireo__loop_new(&uv);
    assert_ptr_equal(a->uv, &uv);
    uv_run(&uv, UV_RUN_DEFAULT); /* they do not keep it alive */
    vireo__loop_free(a);
    vireo__loop_free(b);
    vireo__loop_free(NULL);
    assert_int_equal(uv_loop_close(&uv), 0);
}

static void lends_a_scratch_buffer(void **state)
{
    (void)state;
    vireo_loop *loop = vireo__loop_new(NULL);
    vireo__buf_append_str(vireo__loop_scratch(loop), "text");
    assert_int_equal(vireo__loop_scratch(loop)->len, 0);
    assert_non_null(vireo__buf_reserve(vireo__loop_scratch(loop), 1 << 20));
    assert_int_equal(vireo__loop_scratch(loop)->cap,
                     0); /* a large message does not hold its memory */
    vireo__loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_tasks_once_at_the_end_of_the_turn),
        cmocka_unit_test(does_not_forget_a_task_of_an_idle_loop),
        cmocka_unit_test(takes_posts_from_threads),
        cmocka_unit_test(lives_on_a_loop_of_somebody_elses),
        cmocka_unit_test(lends_a_scratch_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
