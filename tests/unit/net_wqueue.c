/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* net_wqueue.c: what a stream still has to write: the same bytes in the same order, however they
 * are kept and however much of them the kernel takes at once. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/buf.h"
#include "net/wqueue.h"
#include "oom.h"

enum { MANY = 64, LONG = 4000 };

typedef struct fixture {
    vireo_loop loop;
    vireo__wqueue queue;
    vireo__buf pushed; /* all that ever was */
    int done;
    int status;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    vireo__buf_init(&f->pushed, VIREO__BUF_UNLIMITED);
    vireo__pool_init(&f->loop.write_nodes, VIREO__WRITE_NODE_SIZE, 4);
    vireo__pool_init(&f->loop.write_blocks, VIREO__WRITE_BLOCK_SIZE, 1);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    vireo__wqueue_clear(&f->queue, &f->loop, VIREO_ECLOSED);
    vireo__pool_deinit(&f->loop.write_nodes);
    vireo__pool_deinit(&f->loop.write_blocks);
    vireo__buf_deinit(&f->pushed);
    free(f);
    return 0;
}

static void note(void *user, int status)
{
    fixture *f = user;
    f->done++;
    f->status = status;
}

/* A piece whose bytes tell where in the stream they belong. */
static int push(fixture *f, size_t len, bool in_flight, bool with_done)
{
    enum { BEFORE = 3 }; /* bytes of the shared piece that are not to be sent */
    vireo__shared *piece = vireo__shared_new(BEFORE + len);
    assert_non_null(piece);
    memset(piece->data, '!', BEFORE);
    for (size_t i = 0; i < len; i++)
        piece->data[BEFORE + i] = (uint8_t)((f->pushed.len + i) * 31 >> 3);
    int error = vireo__wqueue_push(&f->queue, &f->loop, in_flight, piece, BEFORE, len,
                                   with_done ? note : NULL, f);
    if (error == 0)
        assert_int_equal(vireo__buf_append(&f->pushed, piece->data + BEFORE, len), 0);
    vireo__shared_unref(piece); /* the queue needs only what it holds itself */
    return error;
}

/* The kernel takes at most |step| bytes at a time. */
static void assert_all_comes_out(fixture *f, size_t step)
{
    size_t at = 0;
    while (!vireo__wqueue_empty(&f->queue)) {
        uv_buf_t bufs[MANY];
        unsigned count = vireo__wqueue_peek(&f->queue, bufs, MANY);
        size_t left = step, taken = 0;
        for (unsigned i = 0; i < count && left > 0; i++) {
            size_t n = bufs[i].len < left ? bufs[i].len : left;
            assert_true(at + taken + n <= f->pushed.len);
            assert_memory_equal(bufs[i].base, f->pushed.data + at + taken, n);
            taken += n;
            left -= n;
        }
        assert_int_equal(vireo__wqueue_bytes(&f->queue), f->pushed.len - at);
        vireo__wqueue_advance(&f->queue, &f->loop, taken);
        at += taken;
    }
    assert_int_equal(at, f->pushed.len);
    assert_int_equal(vireo__wqueue_bytes(&f->queue), 0);
    assert_int_equal(vireo__wqueue_pieces(&f->queue), 0);
}

static unsigned pieces_shown(const fixture *f)
{
    uv_buf_t bufs[MANY];
    return vireo__wqueue_peek(&f->queue, bufs, MANY);
}

static void short_pieces_go_out_as_one(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 16; i++)
        assert_int_equal(push(f, 40, false, false), 0);
    assert_int_equal(pieces_shown(f), 1);
    assert_all_comes_out(f, SIZE_MAX);
}

static void long_pieces_are_not_copied(void **state)
{
    fixture *f = *state;
    assert_int_equal(push(f, LONG, false, false), 0);
    assert_int_equal(push(f, 40, false, false), 0);
    assert_int_equal(push(f, LONG, false, false), 0);
    assert_int_equal(pieces_shown(f), 3);
    assert_all_comes_out(f, SIZE_MAX);
}

/* Whatever lengths follow each other, and however little is taken. */
static void order_is_kept(void **state)
{
    static const size_t lengths[] = {1,   40, 255, 256, 256, 257, 10, 256,  256, 200, 56,
                                     256, 1,  1,   512, 3,   0,   90, LONG, 7,   8,   9};
    static const size_t steps[] = {1, 3, 41, 255, 256, 1023, 1024, 1025, SIZE_MAX};
    for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
        fixture *f;
        set_up((void **)&f);
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
            assert_int_equal(push(f, lengths[i], false, false), 0);
        assert_all_comes_out(f, steps[s]);
        tear_down((void **)&f);
    }
    (void)state;
}

/* A partly written block takes more behind what it still has. */
static void a_block_goes_on_after_a_partial_write(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 20; i++)
        assert_int_equal(push(f, 40, false, false), 0);
    vireo__wqueue_advance(&f->queue, &f->loop, 333);
    for (int i = 0; i < 20; i++)
        assert_int_equal(push(f, 40, false, false), 0);
    uv_buf_t bufs[MANY];
    unsigned count = vireo__wqueue_peek(&f->queue, bufs, MANY);
    assert_memory_equal(bufs[0].base, f->pushed.data + 333, bufs[0].len);
    assert_int_equal(count, 2);
    assert_int_equal(bufs[0].len + bufs[1].len, f->pushed.len - 333);
    assert_memory_equal(bufs[1].base, f->pushed.data + 333 + bufs[0].len, bufs[1].len);
}

static void what_is_in_flight_does_not_move(void **state)
{
    fixture *f = *state;
    uv_buf_t before, after[MANY];
    assert_int_equal(push(f, 40, false, false), 0);
    vireo__wqueue_peek(&f->queue, &before, 1);
    assert_int_equal(push(f, 40, true, false), 0);
    assert_int_equal(vireo__wqueue_peek(&f->queue, after, MANY), 2);
    assert_ptr_equal(after[0].base, before.base);
    assert_int_equal(after[0].len, 40);
    assert_all_comes_out(f, SIZE_MAX);
}

static void who_waits_for_a_piece_hears_of_it_alone(void **state)
{
    fixture *f = *state;
    assert_int_equal(push(f, 40, false, false), 0);
    assert_int_equal(push(f, 40, false, true), 0);
    assert_int_equal(push(f, 40, false, false), 0);
    vireo__wqueue_advance(&f->queue, &f->loop, 79);
    assert_int_equal(f->done, 0);
    vireo__wqueue_advance(&f->queue, &f->loop, 1);
    assert_int_equal(f->done, 1);
    assert_int_equal(f->status, 0);
    assert_int_equal(push(f, 40, false, true), 0);
    vireo__wqueue_clear(&f->queue, &f->loop, VIREO_ECLOSED);
    assert_int_equal(f->done, 2);
    assert_int_equal(f->status, VIREO_ECLOSED);
}

/* Without memory for a block the piece is queued as it is; without any, it is refused. */
static void memory_runs_out(void **state)
{
    fixture *f = *state;
    assert_int_equal(push(f, 40, false, false), 0);
    oom_fail_at(2); /* the first is the piece itself, the second the block */
    assert_int_equal(push(f, 40, false, false), 0);
    assert_true(oom_failed());
    assert_int_equal(pieces_shown(f), 2);
    oom_fail_at(2);
    assert_int_equal(push(f, LONG, false, false), VIREO_ENOMEM);
    assert_true(oom_failed());
    assert_all_comes_out(f, SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(short_pieces_go_out_as_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_pieces_are_not_copied, set_up, tear_down),
        cmocka_unit_test(order_is_kept),
        cmocka_unit_test_setup_teardown(a_block_goes_on_after_a_partial_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_in_flight_does_not_move, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_waits_for_a_piece_hears_of_it_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_runs_out, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("write queue", tests, NULL, NULL);
}
