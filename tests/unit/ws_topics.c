/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws_topics.c: W08: subscribe and publish. */

#include "ws_fixture.h"

#include "oom.h"

enum { CLIENTS = 5 };

/* Connections in the order in which they were opened. */
typedef struct group {
    vireo_ws *ws[CLIENTS];
    int fds[CLIENTS];
} group;

static void open_group(fixture *f, group *g)
{
    for (int i = 0; i < CLIENTS; i++) {
        g->fds[i] = client_open_noted(f);
        g->ws[i] = f->ws;
    }
}

static void close_group(group *g)
{
    for (int i = 0; i < CLIENTS; i++)
        close(g->fds[i]);
}

static void test_publish(void **state)
{
    (void)state;
    fixture f;
    group g;
    start(&f, NULL, 0);
    open_group(&f, &g);
    for (int i = 0; i < 3; i++)
        assert_int_equal(vireo_ws_subscribe(g.ws[i], "a"), 0);
    assert_int_equal(vireo_ws_subscribe(g.ws[2], "a"), 0); /* a second time */
    assert_int_equal(vireo_ws_subscribe(g.ws[2], "b"), 0);
    assert_int_equal(vireo_ws_subscribe(g.ws[3], "b"), 0);
    assert_int_equal(vireo_ws_subscribe(g.ws[3], ""), 0);
    assert_true(vireo_ws_subscribed(g.ws[0], "a"));
    assert_false(vireo_ws_subscribed(g.ws[0], "b"));
    assert_false(vireo_ws_subscribed(g.ws[4], "a"));
    assert_int_equal(vireo_ws_subscribers(f.app, "a"), 3);
    assert_int_equal(vireo_ws_subscribers(f.app, "c"), 0);
    assert_int_equal(vireo_ws_publish(f.app, "a", NULL, "1", 1, false), 3);
    assert_int_equal(vireo_ws_publish(f.app, "b", g.ws[2], "2", 1, true), 1);
    assert_int_equal(vireo_ws_publish(f.app, "b", g.ws[4], "3", 1, false), 2);
    assert_int_equal(vireo_ws_publish(f.app, "c", NULL, "4", 1, false), 0);
    assert_int_equal(vireo_ws_publish(f.app, "", NULL, "5", 1, false), 1);
    assert_int_equal(vireo_ws_publish(f.app, "a", NULL, "\xFF", 1, false), VIREO_EUTF8);
    assert_int_equal(vireo_ws_publish_json(f.app, "a", NULL, "{"), VIREO_ETEMPLATE);
    assert_int_equal(vireo_ws_publish_json(f.app, "a", NULL, "%d", 7), 3);
    vireo_ws_unsubscribe(g.ws[0], "a");
    vireo_ws_unsubscribe(g.ws[0], "never");
    vireo_ws_unsubscribe(g.ws[4], "never");
    assert_int_equal(vireo_ws_publish(f.app, "a", NULL, "6", 1, false), 2);
    vireo_ws_broadcast(f.endpoint, NULL, ".", 1, false);
    static const char *const expected[CLIENTS] = {"17.", "176.", "1376.", "235.", "."};
    for (int i = 0; i < CLIENTS; i++)
        for (const char *at = expected[i]; *at != '\0'; at++) {
            char frame[3] = {(char)(*at == '2' ? 0x82 : 0x81), 1, *at};
            expect_bytes(&f, g.fds[i], frame, 3);
        }
    close_group(&g);
    finish(&f);
}

static void subscribe_late(fixture *f, vireo_ws *ws)
{
    (void)f;
    assert_int_equal(vireo_ws_subscribe(ws, "late"), VIREO_ECLOSED);
}

/* A connection's topics end with it; one that is closing gets nothing. */
static void test_topics_leave_with_the_connection(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    f.in_close = subscribe_late;
    int fd = client_open_noted(&f);
    vireo_ws_subscribe(f.ws, "a");
    vireo_ws_subscribe(f.ws, "b");
    vireo_ws_close(f.ws, 1000, NULL);
    assert_int_equal(vireo_ws_publish(f.app, "a", NULL, "x", 1, false), 0);
    EXPECT(&f, fd, "\x88\x02\x03\xE8");
    client_frame(&f, fd, CLOSE, "\x03\xE8");
    shutdown(fd, SHUT_WR);
    expect_log(&f, "close1000() ");
    assert_int_equal(vireo_ws_subscribers(f.app, "a"), 0);
    assert_int_equal(vireo_ws_subscribers(f.app, "b"), 0);
    close(fd);
    finish(&f);
}

static void test_limits(void **state)
{
    (void)state;
    fixture f;
    char name[1026];
    start(&f, &(vireo_ws_options){.max_topics = 2}, 0);
    int fd = client_open_noted(&f);
    memset(name, 'x', 1025);
    name[1025] = '\0';
    assert_int_equal(vireo_ws_subscribe(f.ws, name), VIREO_ETOOBIG);
    assert_int_equal(vireo_ws_subscribe(f.ws, name + 1), 0);
    assert_int_equal(vireo_ws_subscribe(f.ws, "b"), 0);
    assert_int_equal(vireo_ws_subscribe(f.ws, "c"), VIREO_EFULL);
    assert_int_equal(vireo_ws_subscribe(f.ws, "b"), 0); /* it has it already */
    vireo_ws_unsubscribe(f.ws, "b");
    assert_int_equal(vireo_ws_subscribe(f.ws, "c"), 0);
    close(fd);
    finish(&f);
}

/* Two endpoints, one topic. */
static void test_across_endpoints(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    int fd = client_open_noted(&f);
    vireo_ws_options options = {.size = sizeof options,
                                .user = &f,
                                .on_open = on_open,
                                .on_message = on_message,
                                .on_close = on_close};
    vireo_ws *first = f.ws;
    assert_non_null(vireo_ws_register(f.app, "/other", &options));
    int other = client_connect(&f);
    char request[500] = "GET /other";
    strcat(request, &REQUEST("13")[7]);
    client_write(&f, other, request, strlen(request));
    EXPECT(&f, other, ANSWER);
    expect_log(&f, "open ");
    vireo_ws_subscribe(first, "both");
    vireo_ws_subscribe(f.ws, "both");
    assert_int_equal(vireo_ws_publish(f.app, "both", first, "x", 1, false), 1);
    assert_int_equal(vireo_ws_publish(f.app, "both", NULL, "y", 1, false), 2);
    EXPECT(&f, fd, "\x81\x01y");
    EXPECT(&f, other, "\x81\x01x\x81\x01y");
    close(fd);
    close(other);
    finish(&f);
}

/* A slow subscriber is dropped by the publish that is too much; the others get it. */
static void test_a_slow_subscriber(void **state)
{
    (void)state;
    fixture f;
    group g;
    char *data = calloc(1, 10000);
    start(&f, &(vireo_ws_options){.max_queued_bytes = 25000}, 0);
    open_group(&f, &g);
    for (int i = 0; i < CLIENTS; i++)
        vireo_ws_subscribe(g.ws[i], "a");
    vireo_ws_send(g.ws[1], data, 10000, true);
    assert_int_equal(vireo_ws_publish(f.app, "a", NULL, data, 10000, true), 5);
    assert_int_equal(vireo_ws_publish(f.app, "a", NULL, data, 1000, true), 5);
    assert_int_equal(vireo_ws_publish(f.app, "a", NULL, data, 4000, true), 4);
    assert_int_equal(vireo_ws_publish(f.app, "a", NULL, data, 1000, true), 4);
    free(data);
    expect_log(&f, "error-VIREO_EFULL close1006() ");
    close_group(&g);
    finish(&f);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    int fd = client_open_noted(&f);
    for (int n = 1;; n++) {
        oom_fail_at(n);
        int error = vireo_ws_subscribe(f.ws, "a");
        if (!oom_failed()) {
            assert_int_equal(error, 0);
            break;
        }
        assert_int_equal(error, VIREO_ENOMEM);
        assert_false(vireo_ws_subscribed(f.ws, "a"));
    }
    oom_fail_at(1);
    assert_int_equal(vireo_ws_publish(f.app, "a", NULL, "x", 1, false), VIREO_ENOMEM);
    assert_true(oom_failed());
    assert_int_equal(vireo_ws_publish(f.app, "a", NULL, "x", 1, false), 1);
    EXPECT(&f, fd, "\x81\x01x");
    close(fd);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_publish),
        cmocka_unit_test(test_topics_leave_with_the_connection),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_across_endpoints),
        cmocka_unit_test(test_a_slow_subscriber),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
