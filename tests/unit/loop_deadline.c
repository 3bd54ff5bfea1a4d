/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* loop/deadline.h and the users' timers, on a clock that the test moves. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "loop/deadline.h"

typedef struct waiter {
    vireo__deadline deadline;
    vireo_loop *loop;
    struct waiter *other; /* stopped, or started again, when this one is due */
    uint32_t restart_ms;
    char name;
} waiter;

static char order[64]; /* of what was due */

static void on_due(vireo__deadline *d)
{
    waiter *w = vireo__container(d, waiter, deadline);
    strncat(order, &w->name, 1);
    assert_false(vireo__deadline_running(d));
    if (w->restart_ms > 0)
        assert_int_equal(vireo__deadline_start(w->loop, d, w->restart_ms, on_due), 0);
    if (w->other != NULL)
        vireo__deadline_stop(&w->other->deadline);
}

static waiter make(vireo_loop *loop, char name)
{
    return (waiter){.loop = loop, .name = name};
}

static void start(waiter *w, uint32_t ms)
{
    assert_int_equal(vireo__deadline_start(w->loop, &w->deadline, ms, on_due), 0);
}

static vireo_loop *new_loop(void)
{
    vireo_loop *loop = vireo__loop_new(NULL);
    assert_non_null(loop);
    order[0] = '\0';
    return loop;
}

/* What libuv waits for was told by the clock as it was. */
static void the_moved_clock_moves_the_timer(void **state)
{
    (void)state;
    vireo_loop *loop = new_loop();
    waiter a = make(loop, 'a'), b = make(loop, 'b'), c = make(loop, 'c');
    start(&a, 100000);
    start(&b, 10000000);
    vireo__loop_advance(loop, 200000);
    assert_string_equal(order, "a");
    start(&c, 1);
    assert_true(uv_timer_get_due_in(&loop->timer) <= 1);
    vireo__deadline_stop(&b.deadline);
    vireo__deadline_stop(&c.deadline);
    vireo__loop_free(loop);
}

static void are_due_in_order_and_once(void **state)
{
    (void)state;
    vireo_loop *loop = new_loop();
    waiter a = make(loop, 'a'), b = make(loop, 'b'), c = make(loop, 'c');
    start(&a, 1000);
    vireo__loop_advance(loop, 100);
    start(&b, 1000);
    start(&c, 500);
    vireo__loop_advance(loop, 499);
    assert_string_equal(order, "");
    vireo__loop_advance(loop, 1);
    assert_string_equal(order, "c");
    vireo__loop_advance(loop, 399);
    assert_string_equal(order, "c");
    vireo__loop_advance(loop, 1);
    assert_string_equal(order, "ca");
    vireo__loop_advance(loop, 100000);
    assert_string_equal(order, "cab");
    vireo__loop_advance(loop, 100000);
    assert_string_equal(order, "cab");
    vireo__loop_free(loop);
}

static void start_anew_and_stop(void **state)
{
    (void)state;
    vireo_loop *loop = new_loop();
    waiter a = make(loop, 'a'), b = make(loop, 'b');
    start(&a, 1000);
    start(&b, 1000);
    vireo__loop_advance(loop, 999);
    start(&a, 1000);
    vireo__loop_advance(loop, 1);
    assert_string_equal(order, "b");
    start(&a, 50); /* another delay, another queue */
    vireo__deadline_stop(&b.deadline);
    vireo__deadline_stop(&b.deadline);
    vireo__loop_advance(loop, 50);
    assert_string_equal(order, "ba");
    start(&a, 10);
    vireo__deadline_stop(&a.deadline);
    vireo__loop_advance(loop, 100);
    assert_string_equal(order, "ba");
    vireo__loop_free(loop);
}

static void may_do_all_that_when_they_are_due(void **state)
{
    (void)state;
    vireo_loop *loop = new_loop();
    waiter a = make(loop, 'a'), b = make(loop, 'b'), c = make(loop, 'c');
    a.other = &b; /* both are due: the first one stops the second */
    a.restart_ms = 10;
    start(&a, 10);
    start(&b, 10);
    start(&c, 20);
    vireo__loop_advance(loop, 20);
    assert_string_equal(order, "ac");
    vireo__loop_advance(loop, 10);
    vireo__loop_advance(loop, 10);
    assert_string_equal(order, "acaa");
    vireo__loop_free(loop); /* with one that still waits */
    assert_false(vireo__deadline_running(&a.deadline));
}

/* Due at once, again and again: the loop still gets on. */
static void with_no_delay_do_not_hang_the_loop(void **state)
{
    (void)state;
    vireo_loop *loop = new_loop();
    waiter a = make(loop, 'a');
    start(&a, 0);
    vireo__loop_advance(loop, 0);
    assert_string_equal(order, "");
    vireo__loop_advance(loop, 1);
    assert_string_equal(order, "a");
    vireo__loop_free(loop);
}

/* The real clock: uv_run returns when the last deadline is over, and not before. */
static void keep_the_loop_alive(void **state)
{
    (void)state;
    vireo_loop *loop = new_loop();
    waiter a = make(loop, 'a'), b = make(loop, 'b'), c = make(loop, 'c');
    uint64_t begin = uv_hrtime();
    start(&a, 30);
    start(&b, 10);
    start(&c, 10000);
    vireo__deadline_stop(&c.deadline);
    uv_run(loop->uv, UV_RUN_DEFAULT);
    assert_string_equal(order, "ba");
    assert_true(uv_hrtime() - begin >= 29 * 1000000);
    assert_true(uv_hrtime() - begin < (uint64_t)9000 * 1000000);
    vireo__loop_free(loop);
}

/* --- users' timers ---------------------------------------------------------------------------- */

typedef struct counter {
    int count;
    int stop_at;
} counter;

static void count(vireo_timer *timer, void *user)
{
    counter *c = user;
    if (++c->count == c->stop_at)
        vireo_timer_stop(timer);
}

static void timers_repeat_until_stopped(void **state)
{
    (void)state;
    vireo_loop *loop = new_loop();
    counter a = {0}, b = {.stop_at = 2}, c = {0}, d = {0};
    vireo_timer *every = vireo__timer_new(loop, 10, true, count, &a);
    vireo__timer_new(loop, 10, true, count, &b);
    vireo__timer_new(loop, 10, false, count, &c);
    vireo_timer *never = vireo__timer_new(loop, 10, false, count, &d);
    vireo_timer_stop(never);
    vireo_timer_stop(NULL);
    for (int i = 0; i < 5; i++)
        vireo__loop_advance(loop, 10);
    assert_int_equal(a.count, 5);
    assert_int_equal(b.count, 2);
    assert_int_equal(c.count, 1);
    assert_int_equal(d.count, 0);
    vireo_timer_stop(every);
    vireo__timer_new(loop, 10, true, count, &a); /* ends with the loop */
    vireo__loop_free(loop);
    assert_int_equal(a.count, 5);
}

/* Many that are due at once: what is to be done at the end of a turn waits for some of them only.
 */
typedef struct crowd {
    vireo__turn_task turn;
    vireo_loop *loop;
    unsigned due, in_turn, turns;
    vireo__deadline all[2 * VIREO__DUE_PER_TURN + 1];
} crowd;

static crowd many;

static void on_end_of_turn(vireo__turn_task *task)
{
    crowd *c = vireo__container(task, crowd, turn);
    assert_true(c->in_turn <= VIREO__DUE_PER_TURN);
    c->in_turn = 0;
    c->turns++;
}

static void on_one_of_many(vireo__deadline *d)
{
    assert_true(d >= many.all);
    many.due++;
    many.in_turn++;
    vireo__turn_add(many.loop, &many.turn);
}

static void many_share_the_time_with_others(void **state)
{
    (void)state;
    const unsigned count = sizeof many.all / sizeof *many.all;
    many = (crowd){.loop = new_loop(), .turn.run = on_end_of_turn};
    for (unsigned i = 0; i < count; i++)
        vireo__deadline_start(many.loop, &many.all[i], 1, on_one_of_many);
    uv_run(many.loop->uv, UV_RUN_DEFAULT);
    assert_int_equal(many.due, count);
    assert_int_equal(many.turns, 3);
    vireo__loop_free(many.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_moved_clock_moves_the_timer),
        cmocka_unit_test(are_due_in_order_and_once),
        cmocka_unit_test(start_anew_and_stop),
        cmocka_unit_test(may_do_all_that_when_they_are_due),
        cmocka_unit_test(with_no_delay_do_not_hang_the_loop),
        cmocka_unit_test(keep_the_loop_alive),
        cmocka_unit_test(many_share_the_time_with_others),
        cmocka_unit_test(timers_repeat_until_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
