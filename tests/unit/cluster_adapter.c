/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* cluster_adapter.c: who else is there, and who is waited for (K13, K19), with a carrier that only
 * notes what it is given, others who are made up, and a clock that is moved. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vireo/error.h>
#include <vireo/vireo.h>

#include "cluster/adapter.h"
#include "socketio/inside.h"

/* --- a world ---------------------------------------------------------------------------------- */

typedef struct world {
    vireo_app *app;
    vireo_ns *ns;
    vireo__cluster cluster;
    int sent[VIREO__CLUSTER_GOODBYE + 1]; /* so many messages of each type */
    char request[VIREO__CLUSTER_ID_MAX + 1];
    int publish_result;
    bool freed;
    int results; /* calls of on_results */
    int status;
    char *json; /* of its results */
} world;

static world *here;

static int publish(vireo__cluster *c, const vireo__cluster_message *m)
{
    assert_string_equal(m->uid, c->uid);
    assert_string_equal(m->ns, "/");
    here->sent[m->type]++;
    if (m->request != NULL)
        strcpy(here->request, m->request);
    return here->publish_result;
}

static int respond(vireo__cluster *c, const char *uid, const vireo__cluster_message *m)
{
    assert_int_equal(uid[0], 'n');
    return publish(c, m);
}

static void free_carrier(vireo__cluster *c)
{
    (void)c;
    here->freed = true;
}

static const vireo__cluster_carrier carrier = {
    .publish = publish, .respond = respond, .free = free_carrier};

static vireo_adapter *make_adapter(vireo_ns *ns, void *options)
{
    vireo__cluster_init(&here->cluster, ns, &carrier, options);
    assert_int_equal(vireo__cluster_start(&here->cluster), 0);
    return &here->cluster.adapter;
}

static void open_world(world *w, const vireo__cluster_options *options)
{
    static const vireo__cluster_options defaults;
    *w = (world){.status = 1};
    here = w;
    w->app = vireo_app_new();
    w->ns = vireo_namespace(w->app, "/", .adapter = make_adapter,
                            .adapter_user = (void *)(uintptr_t)(options ? options : &defaults));
    assert_non_null(w->ns);
}

static void close_world(world *w)
{
    vireo_app_free(w->app);
    assert_true(w->freed);
    assert_int_equal(w->sent[VIREO__CLUSTER_GOODBYE], 1);
    free(w->json);
}

static void pass(world *w, uint64_t ms)
{
    vireo__loop_advance(w->ns->io->loop, ms);
}

static void on_results(vireo_ns *ns, int status, const vireo_value *results, void *user)
{
    world *w = user;
    assert_ptr_equal(ns, w->ns);
    w->results++;
    w->status = status;
    free(w->json);
    w->json = vireo_json(results, NULL);
}

/* A message of the server |uid|; its other members follow. */
#define HEAR(w, who, kind, ...)                                                                    \
    vireo__cluster_receive(                                                                        \
        &(w)->cluster,                                                                             \
        &(const vireo__cluster_message){.uid = (who), .type = (kind), .ns = "/", __VA_ARGS__})

static void hear_value(world *w, const char *uid, vireo__cluster_type type, const char *json)
{
    vireo_value *value = vireo_parse(json, strlen(json), NULL);
    HEAR(w, uid, type, .request = w->request, .value = value);
    vireo_value_free(value);
}

/* The results, once the turn is over. */
static void assert_results(world *w, int calls, int status, const char *json)
{
    pass(w, 0);
    assert_int_equal(w->results, calls);
    if (calls == 0)
        return;
    assert_int_equal(w->status, status);
    assert_string_equal(w->json, json);
}

/* --- who is there ----------------------------------------------------------------------------- */

static void test_hello_and_heartbeats(void **state)
{
    world w;
    (void)state;
    open_world(&w, NULL);
    assert_int_equal(w.sent[VIREO__CLUSTER_HELLO], 1);
    pass(&w, 4999);
    assert_int_equal(w.sent[VIREO__CLUSTER_HEARTBEAT], 0);
    pass(&w, 1);
    assert_int_equal(w.sent[VIREO__CLUSTER_HEARTBEAT], 1);
    pass(&w, 5000);
    assert_int_equal(w.sent[VIREO__CLUSTER_HEARTBEAT], 2);
    HEAR(&w, "n1", VIREO__CLUSTER_HELLO);
    assert_int_equal(w.sent[VIREO__CLUSTER_HEARTBEAT], 3);
    close_world(&w);
}

static void test_what_is_as_good_as_a_heartbeat(void **state)
{
    world w;
    (void)state;
    open_world(&w, NULL);
    pass(&w, 3000);
    vireo_server_side_emit(w.ns, "x", NULL);
    pass(&w, 3000);
    assert_int_equal(w.sent[VIREO__CLUSTER_HEARTBEAT], 0);
    vireo_broadcast(vireo_all(w.ns), "x", NULL); /* may be carried to few */
    pass(&w, 2000);
    assert_int_equal(w.sent[VIREO__CLUSTER_HEARTBEAT], 1);
    close_world(&w);
}

static void test_who_is_silent_is_forgotten(void **state)
{
    world w;
    (void)state;
    open_world(&w, &(vireo__cluster_options){.heartbeat_ms = 100, .silence_ms = 1000});
    HEAR(&w, "n1", VIREO__CLUSTER_HEARTBEAT);
    HEAR(&w, "n2", VIREO__CLUSTER_HEARTBEAT);
    HEAR(&w, "emitter", VIREO__CLUSTER_LEAVE, .rooms = (const char *[]){NULL},
         .except = (const char *[]){NULL}, .names = (const char *[]){NULL});
    HEAR(&w, w.cluster.uid, VIREO__CLUSTER_HEARTBEAT);
    assert_int_equal(vireo__cluster_count(&w.cluster), 3);
    pass(&w, 999);
    HEAR(&w, "n2", VIREO__CLUSTER_CLIENT_ANSWER, .request = "nobody's");
    assert_int_equal(vireo__cluster_count(&w.cluster), 3);
    pass(&w, 1);
    assert_int_equal(vireo__cluster_count(&w.cluster), 2);
    HEAR(&w, "n2", VIREO__CLUSTER_GOODBYE);
    assert_int_equal(vireo__cluster_count(&w.cluster), 1);
    close_world(&w);
}

static void test_other_namespaces(void **state)
{
    world w;
    (void)state;
    open_world(&w, NULL);
    vireo__cluster_receive(
        &w.cluster,
        &(const vireo__cluster_message){.type = VIREO__CLUSTER_HELLO, .uid = "n1", .ns = "/other"});
    assert_int_equal(vireo__cluster_count(&w.cluster), 1);
    vireo__cluster_receive(
        &w.cluster, &(const vireo__cluster_message){.type = VIREO__CLUSTER_HELLO, .uid = "n1"});
    assert_int_equal(vireo__cluster_count(&w.cluster), 2);
    close_world(&w);
}

static void test_so_many_servers(void **state)
{
    world w;
    char uid[20];
    (void)state;
    open_world(&w, NULL);
    for (int i = 0; i <= VIREO__CLUSTER_NODES_MAX; i++) {
        snprintf(uid, sizeof uid, "n%d", i);
        HEAR(&w, uid, VIREO__CLUSTER_HEARTBEAT);
        size_t known = i < VIREO__CLUSTER_NODES_MAX ? (size_t)i + 1 : VIREO__CLUSTER_NODES_MAX;
        assert_int_equal(vireo__cluster_count(&w.cluster), known + 1);
    }
    HEAR(&w, uid, VIREO__CLUSTER_HELLO); /* of the one too many */
    assert_int_equal(w.sent[VIREO__CLUSTER_HEARTBEAT], 0);
    close_world(&w);
}

/* --- who is waited for ------------------------------------------------------------------------ */

static void open_two(world *w)
{
    open_world(w, NULL);
    HEAR(w, "n1", VIREO__CLUSTER_HEARTBEAT);
    HEAR(w, "n2", VIREO__CLUSTER_HEARTBEAT);
}

static void test_each_server_answers_once(void **state)
{
    world w;
    (void)state;
    open_two(&w);
    assert_int_equal(vireo_server_side_emit_ack(w.ns, 0, on_results, &w, "q", NULL), 0);
    hear_value(&w, "n1", VIREO__CLUSTER_SERVER_ANSWER, "1");
    hear_value(&w, "n1", VIREO__CLUSTER_SERVER_ANSWER, "2");
    assert_results(&w, 0, 0, NULL);
    hear_value(&w, "n2", VIREO__CLUSTER_SERVER_ANSWER, "3");
    assert_results(&w, 1, 0, "[1,3]");
    hear_value(&w, "n2", VIREO__CLUSTER_SERVER_ANSWER, "4");
    assert_results(&w, 1, 0, "[1,3]");
    close_world(&w);
}

static void test_missing_answers(void **state)
{
    world w;
    (void)state;
    open_two(&w);
    vireo_server_side_emit_ack(w.ns, 700, on_results, &w, "q", NULL);
    hear_value(&w, "n2", VIREO__CLUSTER_SERVER_ANSWER, "\"n2\"");
    pass(&w, 699);
    assert_int_equal(w.results, 0);
    pass(&w, 1);
    assert_results(&w, 1, VIREO_ETIMEDOUT, "[\"n2\"]");
    close_world(&w);
}

static void test_who_leaves_is_waited_for_no_longer(void **state)
{
    world w;
    (void)state;
    open_two(&w);
    vireo_fetch_sockets(vireo_all(w.ns), 0, on_results, &w);
    hear_value(&w, "n1", VIREO__CLUSTER_FETCHED, "[{\"id\":\"a\"},{\"id\":\"b\"}]");
    assert_results(&w, 0, 0, NULL);
    HEAR(&w, "n2", VIREO__CLUSTER_GOODBYE);
    assert_results(&w, 1, 0, "[{\"id\":\"a\"},{\"id\":\"b\"}]");
    close_world(&w);
}

static void test_who_was_not_known_counts(void **state)
{
    world w;
    (void)state;
    open_two(&w);
    vireo_fetch_sockets(vireo_all(w.ns), 0, on_results, &w);
    hear_value(&w, "n3", VIREO__CLUSTER_FETCHED, "[3]");
    hear_value(&w, "n1", VIREO__CLUSTER_FETCHED, "[1]");
    hear_value(&w, "n2", VIREO__CLUSTER_FETCHED, "[2]");
    assert_results(&w, 1, 0, "[3,1,2]");
    close_world(&w);
}

static void ask(world *w)
{
    assert_int_equal(vireo_broadcast_ack(vireo_all(w->ns), 0, on_results, w, "q", NULL), 0);
    pass(w, 0);
}

static void test_clients_are_counted_per_server(void **state)
{
    world w;
    (void)state;
    open_two(&w);
    ask(&w);
    HEAR(&w, "n1", VIREO__CLUSTER_CLIENT_COUNT, .request = w.request, .count = 2);
    HEAR(&w, "n2", VIREO__CLUSTER_CLIENT_COUNT, .request = w.request, .count = 1);
    HEAR(&w, "n2", VIREO__CLUSTER_CLIENT_COUNT, .request = w.request, .count = 7);
    for (int i = 0; i < 5; i++) /* one is theirs; the rest does not count for n1 */
        hear_value(&w, "n2", VIREO__CLUSTER_CLIENT_ANSWER, "2");
    hear_value(&w, "n1", VIREO__CLUSTER_CLIENT_ANSWER, "1");
    assert_results(&w, 0, 0, NULL);
    hear_value(&w, "n1", VIREO__CLUSTER_CLIENT_ANSWER, "1");
    assert_results(&w, 1, 0, "[2,1,1]");
    close_world(&w);
}

static void test_answers_overtake_their_number(void **state)
{
    world w;
    (void)state;
    open_two(&w);
    ask(&w);
    hear_value(&w, "n1", VIREO__CLUSTER_CLIENT_ANSWER, "1");
    HEAR(&w, "n2", VIREO__CLUSTER_CLIENT_COUNT, .request = w.request, .count = 0);
    assert_results(&w, 0, 0, NULL);
    HEAR(&w, "n1", VIREO__CLUSTER_CLIENT_COUNT, .request = w.request, .count = 1);
    assert_results(&w, 1, 0, "[1]");
    close_world(&w);
}

static void test_clients_of_a_server_that_left_are_lost(void **state)
{
    world w;
    (void)state;
    open_two(&w);
    ask(&w);
    HEAR(&w, "n1", VIREO__CLUSTER_CLIENT_COUNT, .request = w.request, .count = 3);
    hear_value(&w, "n1", VIREO__CLUSTER_CLIENT_ANSWER, "1");
    HEAR(&w, "n1", VIREO__CLUSTER_GOODBYE);
    hear_value(&w, "n1", VIREO__CLUSTER_CLIENT_ANSWER, "\"too late\"");
    assert_results(&w, 0, 0, NULL);
    HEAR(&w, "n2", VIREO__CLUSTER_GOODBYE); /* nobody knows whether it had any */
    assert_results(&w, 1, VIREO_ECLOSED, "[1]");
    close_world(&w);
}

static void test_one_socket_that_is_nowhere(void **state)
{
    world w;
    (void)state;
    open_two(&w);
    vireo_emit_ack_to(w.ns, "an id", 0, on_results, &w, "q", NULL);
    HEAR(&w, "n1", VIREO__CLUSTER_CLIENT_COUNT, .request = w.request, .count = 0);
    assert_results(&w, 0, 0, NULL);
    HEAR(&w, "n2", VIREO__CLUSTER_CLIENT_COUNT, .request = w.request, .count = 0);
    assert_results(&w, 1, VIREO_ENOTFOUND, "null");
    close_world(&w);
}

/* --- carriers that fail ----------------------------------------------------------------------- */

static void test_what_was_not_carried(void **state)
{
    world w;
    (void)state;
    open_two(&w);
    w.publish_result = VIREO_EFULL;
    assert_int_equal(vireo_server_side_emit(w.ns, "q", NULL), VIREO_EFULL);
    assert_int_equal(vireo_server_side_emit_ack(w.ns, 0, on_results, &w, "q", NULL), VIREO_EFULL);
    assert_int_equal(vireo_broadcast_ack(vireo_all(w.ns), 0, on_results, &w, "q", NULL),
                     VIREO_EFULL);
    assert_int_equal(vireo_fetch_sockets(vireo_all(w.ns), 0, on_results, &w), VIREO_EFULL);
    assert_int_equal(vireo_sockets_join(vireo_all(w.ns), (const char *[]){"a", NULL}), VIREO_EFULL);
    assert_int_equal(vireo_broadcast(vireo_all(w.ns), "q", NULL), 0); /* nobody is here */
    pass(&w, 60000);
    assert_int_equal(w.results, 0);
    close_world(&w);
}

static void test_the_end_cancels(void **state)
{
    world w;
    (void)state;
    open_two(&w);
    vireo_server_side_emit_ack(w.ns, 0, on_results, &w, "q", NULL);
    hear_value(&w, "n1", VIREO__CLUSTER_SERVER_ANSWER, "1");
    close_world(&w);
    assert_int_equal(w.results, 1);
    assert_int_equal(w.status, VIREO_ECANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hello_and_heartbeats),
        cmocka_unit_test(test_what_is_as_good_as_a_heartbeat),
        cmocka_unit_test(test_who_is_silent_is_forgotten),
        cmocka_unit_test(test_other_namespaces),
        cmocka_unit_test(test_so_many_servers),
        cmocka_unit_test(test_each_server_answers_once),
        cmocka_unit_test(test_missing_answers),
        cmocka_unit_test(test_who_leaves_is_waited_for_no_longer),
        cmocka_unit_test(test_who_was_not_known_counts),
        cmocka_unit_test(test_clients_are_counted_per_server),
        cmocka_unit_test(test_answers_overtake_their_number),
        cmocka_unit_test(test_clients_of_a_server_that_left_are_lost),
        cmocka_unit_test(test_one_socket_that_is_nowhere),
        cmocka_unit_test(test_what_was_not_carried),
        cmocka_unit_test(test_the_end_cancels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
