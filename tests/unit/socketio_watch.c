/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* socketio_watch.c: what a program sees of its clients' connections and their packets (T36). The
 * same packets as the official server's show tests/interop/sending.test.mjs. */

#include "socketio_peer.h"

#include <stdarg.h>

#include <vireo/metrics.h>

#include "socketio/inside.h"

typedef struct notes {
    vireo_app *app;
    vireo_io *io;
    char packets[65536]; /* one a line */
    char flushes[1024];  /* .. */
    const void *sent[8]; /* where the last ones stand */
    size_t sent_count;
    size_t conns;
    int transports;
    size_t queued;
} notes;

static notes seen;

static void note(const char *format, ...)
{
    size_t n = strlen(seen.packets);
    va_list args;
    va_start(args, format);
    vsnprintf(seen.packets + n, sizeof seen.packets - n, format, args);
    va_end(args);
}

static void on_packet(vireo_io *io, const vireo_conn_info *c, const vireo_packet_info *p)
{
    assert_ptr_equal(io, seen.io);
    assert_int_equal(strlen(c->id), 20);
    const char *text = p->data;
    bool connects = !p->binary && p->len > 0 && text[0] == '0';
    if (p->sent)
        seen.sent[seen.sent_count++ % 8] = p->data;
    note("%s %c ", p->sent ? "->" : "<-", p->type);
    if (p->binary)
        note("(%zu)\n", p->len);
    else
        note("%.*s\n", connects ? 1 : (int)p->len, text);
}

static void on_flush(vireo_io *io, const vireo_conn_info *c, const vireo_flush_info *f)
{
    assert_ptr_equal(io, seen.io);
    snprintf(seen.flushes + strlen(seen.flushes), sizeof seen.flushes - strlen(seen.flushes),
             "%s %zu %zu\n", c->transport, f->packets, f->bytes);
}

static void on_event(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    vireo_ack(m, "%p", (const void *)vireo_arg(m, 0));
}

static const vireo_event_handler events[] = {{"a", on_event}, {0}};

static void start(void)
{
    vireo_app *app = vireo_app_new();
    seen = (notes){.io = vireo_socketio(app, .on_packet = on_packet, .on_flush = on_flush)};
    assert_non_null(seen.io);
    seen.app = peer_listen(app);
    assert_non_null(vireo_namespace(app, "/", .events = events));
}

static void count_conn(const vireo_conn_info *c, void *user)
{
    assert_ptr_equal(user, &seen);
    seen.conns++;
    seen.transports += strcmp(c->transport, "websocket") == 0 ? 10 : 1;
    seen.queued += c->queued;
    assert_int_equal(c->protocol, 4);
    assert_string_equal(c->address, "127.0.0.1");
    assert_true(c->issued_ms > 1500000000000);
}

static void the_connections_are_listed(void **state)
{
    (void)state;
    client a, b;
    start();
    vireo_io_each_conn(seen.io, count_conn, &seen);
    assert_int_equal(seen.conns, 0);
    assert_true(client_join(&a, seen.app, false));
    assert_true(client_join(&b, seen.app, true));
    vireo_broadcast(vireo_all(vireo_of(seen.app, "/")), "b", NULL);
    vireo_io_each_conn(seen.io, count_conn, &seen);
    assert_int_equal(seen.conns, 2);
    assert_int_equal(seen.transports, 11);
    assert_int_equal(seen.queued, 7 + 9); /* 42["b"], once with a head */
    vireo_io_stats stats;
    vireo_io_read_stats(seen.io, &stats);
    assert_int_equal(stats.sessions, 2);
    client_close(&a);
    client_close(&b);
    vireo_app_free(seen.app);
}

static void packets_are_seen_as_they_come_and_go(void **state)
{
    (void)state;
    for (int websocket = 0; websocket < 2; websocket++) {
        client c;
        start();
        assert_true(client_join(&c, seen.app, websocket));
        assert_string_equal(seen.packets, "<- 4 0\n-> 4 0\n");
        seen.packets[0] = '\0';
        assert_true(client_send(&c, "451-7[\"a\",{\"_placeholder\":true,\"num\":0}]"));
        assert_true(client_send_binary(&c));
        assert_non_null(client_await(&c, "461-7"));
        assert_non_null(client_await(&c, "b"));
        assert_string_equal(seen.packets, "<- 4 51-7[\"a\",{\"_placeholder\":true,\"num\":0}]\n"
                                          "<- 4 (3)\n"
                                          "-> 4 61-7[{\"_placeholder\":true,\"num\":0}]\n"
                                          "-> 4 (3)\n");
        seen.packets[0] = '\0';
        vireo__loop_advance(vireo__app_loop(seen.app), 25000);
        assert_string_equal(client_take(&c), "2");
        assert_true(client_send(&c, "3"));
        for (int i = 0; i < PEER_PATIENCE && strlen(seen.packets) < 12; i++)
            client_wait(&c.main);
        assert_string_equal(seen.packets, "-> 2 \n<- 3 \n");
        client_close(&c);
        vireo_app_free(seen.app);
    }
}

/* T38: all receivers share the bytes of a broadcast, whatever their transport; what is sent to one
 * of them has its own. */
static void a_broadcast_is_written_once_for_all(void **state)
{
    (void)state;
    client clients[3];
    start();
    for (int i = 0; i < 3; i++)
        assert_true(client_join(&clients[i], seen.app, i < 2));
    vireo_ns *ns = vireo_of(seen.app, "/");
    seen.sent_count = 0;
    assert_int_equal(vireo_broadcast(vireo_all(ns), "b", "%s, %p", "text", vireo_binary("xy", 2)),
                     3);
    assert_int_equal(seen.sent_count, 6); /* a text and a binary part to each */
    for (size_t i = 2; i < 6; i++)
        assert_ptr_equal(seen.sent[i], seen.sent[i % 2]);
    for (int i = 0; i < 3; i++)
        client_close(&clients[i]);
    vireo_app_free(seen.app);
}

static size_t flushed_packets(const char *transport)
{
    size_t sum = 0, packets;
    char name[16];
    for (const char *at = seen.flushes; *at != '\0'; at = strchr(at, '\n') + 1)
        if (sscanf(at, "%15s %zu", name, &packets) == 2 && strcmp(name, transport) == 0)
            sum += packets;
    return sum;
}

static void what_is_queued_in_a_turn_is_flushed_together(void **state)
{
    (void)state;
    for (int websocket = 0; websocket < 2; websocket++) {
        client c;
        start();
        assert_true(client_join(&c, seen.app, websocket));
        assert_string_equal(seen.flushes, websocket ? "websocket 1 32\n" : "polling 1 32\n");
        seen.flushes[0] = '\0';
        for (int i = 0; i < 3; i++)
            vireo_broadcast(vireo_all(vireo_of(seen.app, "/")), "b", "%d", i);
        assert_string_equal(seen.flushes, "");
        for (int i = 0; i < 3; i++)
            assert_non_null(client_take(&c));
        assert_string_equal(seen.flushes, websocket ? "websocket 3 27\n" : "polling 3 27\n");
        seen.flushes[0] = '\0';
        for (int i = 0; i < 20; i++) /* nothing is queued: nothing is told */
            client_wait(&c.main);
        assert_string_equal(seen.flushes, "");
        client_close(&c);
        vireo_app_free(seen.app);
    }
}

/* A batch is counted in 16 bits: one that is larger is told as two. */
static void a_large_batch_is_counted_to_the_last_packet(void **state)
{
    (void)state;
    enum { MANY = 65535 + 10 };
    client c;
    start();
    assert_true(client_join(&c, seen.app, true));
    seen.flushes[0] = '\0';
    vireo_app *app = seen.app;
    for (int i = 0; i < MANY; i++)
        if (vireo_broadcast(vireo_all(vireo_of(app, "/")), "b", NULL) != 1)
            fail_msg("the queue is full at %d", i);
    assert_int_equal(flushed_packets("websocket"), 65535);
    client_wait(&c.main);
    assert_int_equal(flushed_packets("websocket"), MANY);
    client_close(&c);
    vireo_app_free(seen.app);
}

static void what_the_kernel_does_not_take_is_flushed_later(void **state)
{
    (void)state;
    enum { LARGE = 60000, ENOUGH = 1000 };
    static char text[LARGE + 1];
    client c;
    start();
    assert_true(client_join(&c, seen.app, true));
    vireo_ns *ns = vireo_of(seen.app, "/");
    memset(text, 'x', LARGE);
    size_t sent = 0, told;
    do {
        seen.flushes[0] = seen.packets[0] = '\0';
        assert_int_equal(vireo_broadcast(vireo_all(ns), "b", "%s", text), 1);
        peer_turn(seen.app);
        told = flushed_packets("websocket");
    } while (told == 1 && ++sent < ENOUGH);
    assert_int_equal(told, 0);
    assert_int_equal(vireo_broadcast(vireo_all(ns), "b", NULL), 1);
    peer_turn(seen.app);
    assert_string_equal(seen.flushes, "");
    for (size_t i = 0; i < sent + 2; i++)
        assert_non_null(client_take(&c));
    assert_int_equal(flushed_packets("websocket"), 2);
    client_close(&c);
    vireo_app_free(seen.app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_connections_are_listed),
        cmocka_unit_test(packets_are_seen_as_they_come_and_go),
        cmocka_unit_test(a_broadcast_is_written_once_for_all),
        cmocka_unit_test(what_is_queued_in_a_turn_is_flushed_together),
        cmocka_unit_test(a_large_batch_is_counted_to_the_last_packet),
        cmocka_unit_test(what_the_kernel_does_not_take_is_flushed_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
