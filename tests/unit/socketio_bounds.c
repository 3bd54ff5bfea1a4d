/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* socketio_bounds.c: what clients and programs may have of everything, hit exactly and by one more.
 * Others of the limits in docs/socketio.md are shown in socketio_server.c, socketio_backpressure.c
 * and socketio_limits.c. */

#include "socketio_peer.h"

#include <vireo/error.h>

#include "socketio/inside.h"

typedef struct notes {
    vireo_app *app;
    vireo_ns *ns;
    int events;
    int disconnects;
    char error[64];
    char reason[64];
    char description[64];
} notes;

static notes seen;

static void on_event(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    (void)m;
    seen.events++;
}

static void on_error(vireo_socket *s, const char *text)
{
    (void)s;
    snprintf(seen.error, sizeof seen.error, "%s", text);
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    (void)s;
    seen.disconnects++;
    snprintf(seen.reason, sizeof seen.reason, "%s", why->reason);
    snprintf(seen.description, sizeof seen.description, "%s", why->description);
}

static void start_server(vireo_app *app)
{
    seen = (notes){.app = peer_listen(app)};
    seen.ns = vireo_namespace(app, "/", .on_any = on_event, .on_error = on_error,
                              .on_disconnect = on_disconnect);
    assert_non_null(seen.ns);
}

#define START(...)                                                                                 \
    do {                                                                                           \
        vireo_app *app_ = vireo_app_new();                                                         \
        assert_non_null(vireo_socketio(app_, __VA_ARGS__));                                        \
        start_server(app_);                                                                        \
    } while (0)

static void finish(client *c)
{
    client_close(c);
    vireo_app_free(seen.app);
}

static vireo_socket *last_socket(void)
{
    return vireo__container(seen.ns->list.prev, vireo_socket, in_ns);
}

static void await_end(client *c)
{
    for (int i = 0; i < PEER_PATIENCE && seen.disconnects == 0; i++)
        client_wait(&c->main);
    assert_int_equal(seen.disconnects, 1);
}

/* --- messages --------------------------------------------------------------------------------- */

static void packets_of_a_payload(void **state)
{
    (void)state;
    client c;
    START(.max_payload_packets = 3);
    assert_true(client_join(&c, seen.app, false));
    assert_true(client_send(&c, "42[\"a\"]\x1e"
                                "42[\"a\"]\x1e"
                                "42[\"a\"]"));
    assert_int_equal(seen.events, 3);
    assert_int_equal(seen.disconnects, 0);
    client_send(&c, "42[\"a\"]\x1e"
                    "42[\"a\"]\x1e"
                    "42[\"a\"]\x1e"
                    "42[\"a\"]");
    await_end(&c);
    assert_int_equal(seen.events, 6);
    assert_string_equal(seen.reason, "transport error");
    assert_string_equal(seen.description, "too many packets in a payload");
    finish(&c);
}

static void send_in_pieces(client *c, const char *text, size_t pieces)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < pieces; i++) {
        size_t len = i + 1 < pieces ? 1 : n - i;
        uint8_t frame[64] = {(uint8_t)((i == 0 ? 1 : 0) | (i + 1 == pieces ? 0x80 : 0)),
                             (uint8_t)(0x80 | len)};
        memcpy(frame + 6, text + i, len);
        peer_send_bytes(&c->main, frame, 6 + len);
    }
}

static void fragments_of_a_message(void **state)
{
    (void)state;
    client c;
    START(.max_fragments = 4);
    assert_true(client_join(&c, seen.app, true));
    send_in_pieces(&c, "42[\"a\"]", 4);
    for (int i = 0; i < PEER_PATIENCE && seen.events == 0; i++)
        client_wait(&c.main);
    assert_int_equal(seen.events, 1);
    send_in_pieces(&c, "42[\"a\"]", 5);
    await_end(&c);
    assert_int_equal(seen.events, 1);
    assert_string_equal(seen.reason, "transport error");
    assert_string_equal(seen.description, "too many fragments");
    finish(&c);
}

/* An event of |bytes| bytes over the wire. */
static const char *event_of(size_t bytes)
{
    static char text[1024];
    memset(text, 'x', bytes);
    memcpy(text, "42[\"", 4);
    memcpy(text + bytes - 2, "\"]", 3);
    return text;
}

static void bytes_of_a_message(void **state)
{
    (void)state;
    for (int websocket = 0; websocket < 2; websocket++) {
        client c;
        START(.max_message_bytes = 1000);
        assert_true(client_join(&c, seen.app, websocket));
        assert_true(client_send(&c, event_of(1000)));
        for (int i = 0; i < PEER_PATIENCE && seen.events == 0; i++)
            client_wait(&c.main);
        assert_int_equal(seen.events, 1);
        client_send(&c, event_of(1001));
        if (websocket) {
            await_end(&c);
            assert_string_equal(seen.description, "Max payload size exceeded");
        } else {
            peer_settle(seen.app); /* refused with 413; the session goes on */
        }
        assert_int_equal(seen.events, 1);
        finish(&c);
    }
}

static void attachments_of_a_packet(void **state)
{
    (void)state;
    client c;
    START(.max_attachments = 2);
    assert_true(client_join(&c, seen.app, true));
    const char *two =
        "452-[\"a\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]";
    assert_true(client_send(&c, two) && client_send_binary(&c) && client_send_binary(&c));
    for (int i = 0; i < PEER_PATIENCE && seen.events == 0; i++)
        client_wait(&c.main);
    assert_int_equal(seen.events, 1);
    assert_true(client_send(&c, "453-[\"a\"]"));
    await_end(&c);
    assert_string_equal(seen.error, "too many attachments");
    finish(&c);
}

/* --- rooms and namespaces --------------------------------------------------------------------- */

static void rooms_of_a_socket(void **state)
{
    (void)state;
    client c;
    char name[257];
    START(.max_rooms = 3);
    assert_true(client_join(&c, seen.app, true));
    vireo_socket *s = last_socket();
    memset(name, 'r', sizeof name);
    name[256] = '\0';
    assert_int_equal(vireo_join(s, name), VIREO_EINVAL);
    name[255] = '\0';
    assert_int_equal(vireo_join(s, name), 0);
    assert_int_equal(vireo_join(s, "b"), 0);
    assert_int_equal(vireo_join(s, "c"), 0);
    assert_int_equal(vireo_join(s, "d"), VIREO_ETOOBIG);
    assert_int_equal(vireo_join(s, "c"), 0); /* it is there already */
    assert_int_equal(vireo_leave(s, "b"), 0);
    assert_int_equal(vireo_join(s, "d"), 0);
    finish(&c);
}

static void namespaces_of_a_connection(void **state)
{
    (void)state;
    client c;
    START(.max_namespaces = 2);
    vireo_namespace(seen.app, "/b");
    vireo_namespace(seen.app, "/c");
    assert_true(client_join(&c, seen.app, true));
    assert_true(client_send(&c, "40/b,"));
    assert_non_null(client_await(&c, "40/b,"));
    assert_true(client_send(&c, "40/c,"));
    assert_string_equal(client_take(&c), "44/c,{\"message\":\"Too many namespaces\"}");
    assert_true(client_send(&c, "41/b,"));
    assert_true(client_send(&c, "40/c,"));
    assert_non_null(client_await(&c, "40/c,"));
    finish(&c);
}

static void bytes_of_a_namespaces_name(void **state)
{
    (void)state;
    client c;
    char name[514], packet[600];
    START(.max_namespaces = 2);
    memset(name, 'n', sizeof name);
    name[0] = '/';
    name[513] = '\0';
    assert_null(vireo_namespace(seen.app, name));
    name[512] = '\0';
    assert_non_null(vireo_namespace(seen.app, name));
    assert_true(client_join(&c, seen.app, true));
    snprintf(packet, sizeof packet, "40%s,", name);
    assert_true(client_send(&c, packet));
    assert_non_null(client_await(&c, packet));
    finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_of_a_payload),       cmocka_unit_test(fragments_of_a_message),
        cmocka_unit_test(bytes_of_a_message),         cmocka_unit_test(attachments_of_a_packet),
        cmocka_unit_test(rooms_of_a_socket),          cmocka_unit_test(namespaces_of_a_connection),
        cmocka_unit_test(bytes_of_a_namespaces_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
