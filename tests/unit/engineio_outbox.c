/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* engineio_outbox.c: messages that wait for a poll: order, bytes, and callbacks that come exactly
 * once (T37). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <vireo/error.h>

#include "engineio/outbox.h"
#include "loop/loop.h"

typedef struct call_log {
    int calls;
    int status;
} call_log;

static void note(void *user, int status)
{
    call_log *log = user;
    log->calls++;
    log->status = status;
}

static void push(vireo__outbox *box, vireo_loop *loop, const char *text, call_log *log)
{
    vireo__shared *frame = vireo__ws_frame_copy(VIREO__WS_TEXT, text, strlen(text));
    assert_non_null(frame);
    assert_int_equal(
        vireo__outbox_push(box, loop, (vireo__outbox_item){frame, log ? note : NULL, log}), 0);
    vireo__shared_unref(frame); /* the outbox holds its own */
}

static void messages_come_out_in_order(void **state)
{
    vireo_loop loop = {0};
    vireo__outbox box = {0};
    vireo__outbox_item item;
    (void)state;
    vireo__pool_init(&loop.write_nodes, VIREO__WRITE_NODE_SIZE, 4);
    push(&box, &loop, "4one", NULL);
    push(&box, &loop, "4three", NULL);
    assert_int_equal(box.bytes, 10);
    assert_int_equal(loop.backlog, 10);
    assert_true(vireo__outbox_pop(&box, &loop, &item));
    assert_memory_equal(vireo__ws_payload(item.frame), "4one", 4);
    vireo__shared_unref(item.frame);
    assert_true(vireo__outbox_pop(&box, &loop, &item));
    assert_memory_equal(vireo__ws_payload(item.frame), "4three", 6);
    vireo__shared_unref(item.frame);
    assert_false(vireo__outbox_pop(&box, &loop, &item));
    assert_int_equal(box.bytes, 0);
    assert_int_equal(loop.backlog, 0);
    vireo__pool_deinit(&loop.write_nodes);
}

static void clearing_tells_every_sender_once(void **state)
{
    vireo_loop loop = {0};
    vireo__outbox box = {0};
    call_log first = {0}, second = {0};
    (void)state;
    vireo__pool_init(&loop.write_nodes, VIREO__WRITE_NODE_SIZE, 4);
    push(&box, &loop, "4a", &first);
    push(&box, &loop, "4b", NULL);
    push(&box, &loop, "4c", &second);
    vireo__outbox_clear(&box, &loop, VIREO_ECLOSED);
    vireo__outbox_clear(&box, &loop, 0);
    assert_int_equal(first.calls, 1);
    assert_int_equal(second.calls, 1);
    assert_int_equal(second.status, VIREO_ECLOSED);
    vireo__pool_deinit(&loop.write_nodes);
}

static void visiting_takes_nothing_out(void **state)
{
    vireo_loop loop = {0};
    vireo__outbox box = {0};
    const struct vireo__outbox_node *at = NULL;
    (void)state;
    vireo__pool_init(&loop.write_nodes, VIREO__WRITE_NODE_SIZE, 4);
    assert_null(vireo__outbox_next(&box, &at));
    push(&box, &loop, "4a", NULL);
    push(&box, &loop, "4b", NULL);
    assert_memory_equal(vireo__ws_payload(vireo__outbox_next(&box, &at)->frame), "4a", 2);
    assert_memory_equal(vireo__ws_payload(vireo__outbox_next(&box, &at)->frame), "4b", 2);
    assert_null(vireo__outbox_next(&box, &at));
    assert_false(vireo__outbox_empty(&box));
    vireo__outbox_clear(&box, &loop, 0);
    vireo__pool_deinit(&loop.write_nodes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_come_out_in_order),
        cmocka_unit_test(clearing_tells_every_sender_once),
        cmocka_unit_test(visiting_takes_nothing_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
