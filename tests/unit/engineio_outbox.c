/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* engineio_outbox.c: messages that wait for a poll: order, bytes, and callbacks that come exactly
 * once (T37); messages under a name, of which the newest stays. */

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
    assert_int_equal(vireo__outbox_bytes(&box), 10);
    assert_int_equal(loop.backlog, 10);
    assert_true(vireo__outbox_pop(&box, &loop, &item));
    assert_memory_equal(vireo__ws_payload(item.frame), "4one", 4);
    vireo__shared_unref(item.frame);
    assert_true(vireo__outbox_pop(&box, &loop, &item));
    assert_memory_equal(vireo__ws_payload(item.frame), "4three", 6);
    vireo__shared_unref(item.frame);
    assert_false(vireo__outbox_pop(&box, &loop, &item));
    assert_int_equal(vireo__outbox_bytes(&box), 0);
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

/* --- messages with a name --------------------------------------------------------------------- */

static vireo__outbox_name name_of(const void *scope, const char *text)
{
    return (vireo__outbox_name){scope, {text, strlen(text)}};
}

static void push_named(vireo__outbox *box, vireo_loop *loop, const char *text, const char *name)
{
    vireo__outbox_name n = name_of(loop, name);
    vireo__outbox_drop(box, loop, &n);
    push(box, loop, text, NULL);
    vireo__outbox_name_last(box, loop, &n, 1);
}

static void expect(vireo__outbox *box, vireo_loop *loop, const char *text)
{
    vireo__outbox_item item;
    if (!vireo__outbox_pop(box, loop, &item))
        fail_msg("nothing left, expected %s", text);
    assert_int_equal(vireo__ws_payload_len(item.frame), strlen(text));
    assert_memory_equal(vireo__ws_payload(item.frame), text, strlen(text));
    vireo__shared_unref(item.frame);
}

static void expect_nothing(vireo__outbox *box, vireo_loop *loop)
{
    assert_true(vireo__outbox_empty(box));
    assert_null(box->head);
    assert_null(box->names);
    assert_int_equal(vireo__outbox_bytes(box), 0);
    assert_int_equal(vireo__outbox_count(box), 0);
    assert_int_equal(loop->backlog, 0);
    vireo__pool_deinit(&loop->write_nodes);
}

static void a_newer_message_takes_the_place_of_an_older_one_at_the_end(void **state)
{
    vireo_loop loop = {0};
    vireo__outbox box = {0};
    (void)state;
    vireo__pool_init(&loop.write_nodes, VIREO__WRITE_NODE_SIZE, 4);
    push_named(&box, &loop, "4first", "a"); /* at the front, then in the middle, then at the end */
    push(&box, &loop, "4x", NULL);
    push_named(&box, &loop, "4other", "b");
    push_named(&box, &loop, "4second", "a");
    push(&box, &loop, "4y", NULL);
    push_named(&box, &loop, "4third", "a");
    push_named(&box, &loop, "4fourth", "a");
    assert_int_equal(vireo__outbox_count(&box), 4);
    assert_int_equal(vireo__outbox_bytes(&box), 2 + 6 + 2 + 7);
    expect(&box, &loop, "4x");
    expect(&box, &loop, "4other");
    push_named(&box, &loop, "4again", "b"); /* the one that left is no older one */
    expect(&box, &loop, "4y");
    expect(&box, &loop, "4fourth");
    expect(&box, &loop, "4again");
    expect_nothing(&box, &loop);
}

static void all_frames_of_a_message_go(void **state)
{
    vireo_loop loop = {0};
    vireo__outbox box = {0};
    call_log log = {0}, other = {0};
    (void)state;
    vireo__pool_init(&loop.write_nodes, VIREO__WRITE_NODE_SIZE, 4);
    vireo__outbox_name name = name_of(NULL, "n");
    for (int round = 0; round < 3; round++) {
        vireo__outbox_drop(&box, &loop, &name);
        push(&box, &loop, "451-", &log);
        push(&box, &loop, "bytes", &log);
        push(&box, &loop, "more", &log);
        vireo__outbox_name_last(&box, &loop, &name, 3);
        push(&box, &loop, "4x", &other);
    }
    assert_int_equal(log.calls, 6);
    assert_int_equal(log.status, VIREO_ECANCELLED);
    assert_int_equal(other.calls, 0);
    assert_int_equal(vireo__outbox_count(&box), 6);
    vireo__outbox_clear(&box, &loop, 0);
    assert_int_equal(log.calls, 9);
    assert_int_equal(other.calls, 3);
    expect_nothing(&box, &loop);
}

static void names_mean_something_else_in_each_scope(void **state)
{
    vireo_loop loop = {0};
    vireo__outbox box = {0};
    char longest[VIREO__OUTBOX_TEXT_MAX + 1];
    (void)state;
    vireo__pool_init(&loop.write_nodes, VIREO__WRITE_NODE_SIZE, 4);
    memset(longest, 'l', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *texts[] = {"", "a", "aa", longest};
    for (size_t i = 0; i < 8; i++) {
        vireo__outbox_name name = name_of(i < 4 ? &box : NULL, texts[i % 4]);
        vireo__outbox_drop(&box, &loop, &name);
        push(&box, &loop, "4m", NULL);
        vireo__outbox_name_last(&box, &loop, &name, 1);
        assert_int_equal(vireo__outbox_count(&box), i + 1);
    }
    for (size_t i = 0; i < 8; i++) {
        vireo__outbox_name name = name_of(i < 4 ? &box : NULL, texts[i % 4]);
        vireo__outbox_drop(&box, &loop, &name);
        assert_int_equal(vireo__outbox_count(&box), 7 - i);
    }
    expect_nothing(&box, &loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_come_out_in_order),
        cmocka_unit_test(clearing_tells_every_sender_once),
        cmocka_unit_test(visiting_takes_nothing_out),
        cmocka_unit_test(a_newer_message_takes_the_place_of_an_older_one_at_the_end),
        cmocka_unit_test(all_frames_of_a_message_go),
        cmocka_unit_test(names_mean_something_else_in_each_scope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
