/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* engineio_batch.c: how many messages share a POST (C21): the official client's arithmetic, at its
 * limits. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "engineio/batch.h"
#include "loop/loop.h"

typedef struct fixture {
    vireo_loop loop;
    vireo__outbox box;
} fixture;

static void push(fixture *f, vireo__ws_opcode opcode, size_t len)
{
    vireo__shared *frame = vireo__ws_frame_new(opcode, len);
    assert_non_null(frame);
    memset(vireo__ws_payload(frame), '4', len);
    assert_int_equal(vireo__outbox_push(&f->box, &f->loop, (vireo__outbox_item){.frame = frame}),
                     0);
    vireo__shared_unref(frame);
}

static void open_box(fixture *f)
{
    *f = (fixture){.loop = {0}};
    vireo__pool_init(&f->loop.write_nodes, VIREO__WRITE_NODE_SIZE, 8);
}

static void close_box(fixture *f)
{
    vireo__outbox_clear(&f->box, &f->loop, 0);
    vireo__pool_deinit(&f->loop.write_nodes);
}

static void texts_count_with_their_type_and_separator(void **state)
{
    fixture f;
    (void)state;
    open_box(&f);
    assert_int_equal(vireo__eio_batch(&f.box, 100), 0);
    push(&f, VIREO__WS_TEXT, 1 + 40); /* 1 + 40, 2 + 40, 2 + 40: 125 */
    push(&f, VIREO__WS_TEXT, 1 + 40);
    push(&f, VIREO__WS_TEXT, 1 + 40);
    assert_int_equal(vireo__eio_batch(&f.box, 0), 3); /* no limit */
    assert_int_equal(vireo__eio_batch(&f.box, 125), 3);
    assert_int_equal(vireo__eio_batch(&f.box, 124), 2);
    assert_int_equal(vireo__eio_batch(&f.box, 83), 2);
    assert_int_equal(vireo__eio_batch(&f.box, 82), 1);
    assert_int_equal(vireo__eio_batch(&f.box, 1), 1); /* whatever its size is */
    close_box(&f);
}

static void binary_counts_as_base64(void **state)
{
    fixture f;
    (void)state;
    open_box(&f);
    push(&f, VIREO__WS_TEXT, 1);     /* 1 */
    push(&f, VIREO__WS_BINARY, 100); /* 2 + 133: 136 */
    push(&f, VIREO__WS_BINARY, 1);   /* 2 + ceil(1.33): 140 */
    assert_int_equal(vireo__eio_batch(&f.box, 140), 3);
    assert_int_equal(vireo__eio_batch(&f.box, 139), 2);
    assert_int_equal(vireo__eio_batch(&f.box, 136), 2);
    assert_int_equal(vireo__eio_batch(&f.box, 135), 1);
    close_box(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_count_with_their_type_and_separator),
        cmocka_unit_test(binary_counts_as_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
