/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* S21: a parser that a program brings. Its packets are two messages,
 *
 *     2|/|7          type, namespace, id
 *     ["hello",1]    the data; a binary message is one argument of the event "bytes"
 */

#include "socketio_peer.h"

#include <vireo/error.h>
#include <vireo/parser.h>

#include "oom.h"
#include "payload/json_read.h"
#include "socketio/decode.h"
#include "socketio/encode.h"
#include "ws/frame.h"

/* --- the parser ------------------------------------------------------------------------------- */

typedef struct reading {
    char *head;
} reading;

static int resets;
static int refuse_with; /* what encode and decode return instead; 0: they work */

static int encode(void *user, const vireo_packet *packet, vireo_pieces *out)
{
    char head[64];
    assert_string_equal(user, "user");
    if (refuse_with < 0)
        return refuse_with;
    int n =
        snprintf(head, sizeof head, "%d|%.*s|", (int)packet->type, (int)packet->ns_len, packet->ns);
    if (packet->has_id)
        n += snprintf(head + n, sizeof head - (size_t)n, "%llu", (unsigned long long)packet->id);
    vireo_piece_text(out, head, (size_t)n);
    size_t size;
    const void *bytes = vireo_bytes(vireo_at(packet->data, 1), &size);
    if (bytes != NULL)
        return vireo_piece_binary(out, bytes, size);
    char *json = vireo_json(packet->data, &size);
    int error = vireo_piece_text(out, json, size);
    free(json);
    return error;
}

static int begin(reading *r, const vireo_piece *piece)
{
    r->head = strndup(piece->data, piece->size);
    return r->head != NULL ? 0 : VIREO_ENOMEM;
}

static void read_head(reading *r, vireo_packet *packet)
{
    char *ns = strchr(r->head, '|');
    char *id = ns ? strchr(ns + 1, '|') : NULL;
    packet->type = (vireo_packet_type)atoi(r->head);
    if (id != NULL && id - ns > 1) {
        packet->ns = ns + 1;
        packet->ns_len = (size_t)(id - ns - 1);
    }
    packet->has_id = id != NULL && id[1] != '\0';
    packet->id = packet->has_id ? strtoull(id + 1, NULL, 10) : 0;
}

static int decode(void *user, void *state, const vireo_piece *piece, vireo_builder *b,
                  vireo_packet *packet, vireo_error *error)
{
    static char last[64]; /* the namespace is valid until the packet is handled */
    reading *r = state;
    assert_string_equal(user, "user");
    if (refuse_with < 0) {
        snprintf(error->text, sizeof error->text, "%s", refuse_with == -1 ? "not today" : "");
        return refuse_with;
    }
    if (r->head == NULL)
        return begin(r, piece);
    snprintf(last, sizeof last, "%s", r->head);
    free(r->head);
    r->head = last;
    read_head(r, packet);
    r->head = NULL;
    if (piece->binary) {
        vireo_build_array(b);
        vireo_build_str(b, "bytes");
        vireo_build_bytes(b, piece->data, piece->size);
        vireo_build_end(b);
    } else if (piece->size > 0 && vireo_build_json(b, piece->data, piece->size) < 0) {
        return VIREO_EPROTO;
    }
    packet->data = vireo_built(b);
    return 1;
}

static void reset(void *user, void *state)
{
    assert_string_equal(user, "user");
    free(((reading *)state)->head);
    resets++;
}

static const vireo_parser two_pieces =
    VIREO_PARSER(.state_size = sizeof(reading), .encode = encode, .decode = decode, .reset = reset);

/* --- the server ------------------------------------------------------------------------------- */

static char error_text[64];
static int sent;

static void on_hello(vireo_socket *s, const vireo_msg *m)
{
    sent = vireo_emit(s, "hi", "%p, {a:%p}", vireo_arg(m, 0), vireo_binary("\1", 1));
    vireo_ack(m, "%d", 5);
}

static void on_bytes(vireo_socket *s, const vireo_msg *m)
{
    vireo_broadcast(vireo_all(vireo_ns_of(s)), "back", "%p", vireo_arg(m, 0));
}

static void on_error(vireo_socket *s, const char *text)
{
    (void)s;
    snprintf(error_text, sizeof error_text, "%s", text);
}

static const vireo_event_handler events[] = {{"hello", on_hello}, {"bytes", on_bytes}, {0}};

static vireo_app *new_app(void)
{
    vireo_app *app = peer_listen(vireo_app_new());
    static char user[] = "user";
    assert_non_null(vireo_socketio(app, .parser = &two_pieces, .parser_user = user));
    assert_non_null(vireo_namespace(app, "/", .events = events, .on_error = on_error));
    resets = 0;
    refuse_with = 0;
    error_text[0] = '\0';
    return app;
}

static void send_two(client *c, const char *head, const char *data)
{
    assert_true(client_send(c, head));
    assert_true(client_send(c, data));
}

static void expect(client *c, const char *packet)
{
    const char *came = client_take(c);
    assert_non_null(came);
    assert_string_equal(came, packet);
}

static void take_id(client *c, char *out, size_t size, const char *key)
{
    const char *at = strstr(c->packet, key);
    assert_non_null(at);
    at += strlen(key);
    snprintf(out, size, "%.*s", (int)strcspn(at, "\""), at);
}

static client joined(vireo_app *app, bool websocket)
{
    static client c;
    assert_true(client_open(&c, app, websocket, ""));
    send_two(&c, "40|/|", "4{\"token\":1}");
    expect(&c, "40|/|");
    const char *sid = client_take(&c);
    assert_true(sid != NULL && strncmp(sid, "4{\"sid\":\"", 9) == 0);
    return c;
}

static void end(client *c)
{
    client_close(c);
    peer_settle(c->app);
    vireo_app_free(c->app);
    assert_int_equal(resets, 1);
}

/* --- the tests -------------------------------------------------------------------------------- */

static void converse(bool websocket)
{
    client *c = malloc(sizeof *c);
    *c = joined(new_app(), websocket);
    send_two(c, "42|/|18446744073709551615", "4[\"hello\",[2]]");
    expect(c, "42|/|");
    expect(c, "4[\"hi\",[2],{\"a\":{\"type\":\"Buffer\",\"data\":[1]}}]");
    expect(c, "43|/|18446744073709551615");
    expect(c, "4[5]");
    assert_true(client_send(c, "42|/|"));
    assert_true(client_send_binary(c));
    expect(c, "42|/|");
    expect(c, websocket ? "b(3)" : "bAQID");
    send_two(c, "42|/|", "4"); /* an event without data does nothing */
    send_two(c, "40|/none|", "4");
    expect(c, "44|/none|");
    expect(c, "4{\"message\":\"Invalid namespace\"}");
    send_two(c, "41|/|", "4");
    send_two(c, "40||", "4"); /* no namespace: "/" */
    expect(c, "40|/|");
    end(c);
    free(c);
}

static void test_websocket(void **state)
{
    (void)state;
    converse(true);
}

static void test_polling(void **state)
{
    (void)state;
    converse(false);
}

/* What is half read when the connection ends is freed. */
static void test_end_between_two_pieces(void **state)
{
    (void)state;
    client *c = malloc(sizeof *c);
    *c = joined(new_app(), true);
    assert_true(client_send(c, "42|/|"));
    end(c);
    free(c);
}

static void refused(const char *head, const char *data, int with, const char *text)
{
    client *c = malloc(sizeof *c);
    *c = joined(new_app(), true);
    refuse_with = with;
    send_two(c, head, data);
    assert_null(client_take(c));
    assert_string_equal(error_text, text);
    end(c);
    free(c);
}

static void test_what_closes_the_connection(void **state)
{
    (void)state;
    refused("42|/|", "4[]", 0, "invalid payload");
    refused("42|/|", "4[\"connect\"]", 0, "invalid payload");
    refused("41|/|", "4{}", 0, "invalid payload");
    refused("45|/|", "4[]", 0, "unknown packet type");
    refused("42|/|", "4[1", 0, "invalid payload");
    refused("42|/|", "4[]", -1, "not today");
    refused("42|/|", "4[]", VIREO_EPROTO, "invalid payload");
    refused("42|/|", "4[]", VIREO_ETOOBIG, "too many values");
    refused("42|/|", "4[]", VIREO_ENOMEM, "");
    refused("42|/not joined|", "4[\"a\"]", 0, "");
}

/* V01: what is kept for who comes back is kept as the parser has written it. */
static void test_recovery(void **state)
{
    (void)state;
    char pid[32], offset[64], hello[128];
    vireo_app *app = peer_listen(vireo_app_new());
    client *c = malloc(sizeof *c);
    assert_non_null(vireo_socketio(app, .parser = &two_pieces, .parser_user = (char[]){"user"},
                                   .recovery_ms = 60000));
    vireo_ns *ns = vireo_namespace(app, "/", .user = NULL);
    resets = refuse_with = 0;
    *c = joined(app, true);
    take_id(c, pid, sizeof pid, "pid\":\"");
    vireo_broadcast(vireo_all(ns), "a", "%d", 1);
    expect(c, "42|/|");
    assert_true(strncmp(client_take(c), "4[\"a\",1,\"", 9) == 0);
    take_id(c, offset, sizeof offset, "a\",1,\"");
    client_close(c);
    peer_settle(app);
    vireo_broadcast(vireo_all(ns), "bytes", "%p", vireo_binary("123", 3));
    vireo_broadcast(vireo_all(ns), "b", NULL);
    assert_true(client_open(c, app, true, ""));
    snprintf(hello, sizeof hello, "4{\"pid\":\"%s\",\"offset\":\"%s\"}", pid, offset);
    send_two(c, "40|/|", hello);
    expect(c, "42|/|");
    expect(c, "b(3)");
    expect(c, "42|/|");
    assert_true(strncmp(client_take(c), "4[\"b\",\"", 7) == 0);
    expect(c, "40|/|");
    client_close(c);
    peer_settle(app);
    vireo_app_free(app);
    assert_int_equal(resets, 2);
    free(c);
}

/* Who wants to send hears what the parser says, and nothing is sent. */
static void test_what_cannot_be_written(void **state)
{
    (void)state;
    client *c = malloc(sizeof *c);
    *c = joined(new_app(), true);
    vireo_ns *ns = vireo_of(c->app, "/");
    refuse_with = VIREO_EREFUSED;
    assert_int_equal(vireo_broadcast(vireo_all(ns), "a", NULL), VIREO_EREFUSED);
    refuse_with = 0;
    assert_int_equal(vireo_broadcast(vireo_all(ns), "a", "%d", 1), 1);
    expect(c, "42|/|");
    expect(c, "4[\"a\",1]");
    end(c);
    free(c);
}

static int encode_bad(void *user, const vireo_packet *packet, vireo_pieces *out)
{
    (void)packet;
    const char *what = user;
    if (strcmp(what, "nothing") == 0)
        return 0;
    int error = vireo_piece_text(out, what, strlen(what));
    assert_int_equal(error, VIREO_EUTF8);
    assert_int_equal(vireo_piece_binary(out, "", 0), VIREO_EUTF8); /* it sticks */
    return 0;
}

static void test_pieces_that_no_client_could_read(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int error;
    } cases[] = {
        {"nothing", VIREO_EINVAL}, {"a\xFF", VIREO_EUTF8}, {"two\x1Epackets", VIREO_EUTF8}};
    static const vireo_parser bad = VIREO_PARSER(.encode = encode_bad, .decode = decode);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vireo_app *app = vireo_app_new();
        char what[16];
        snprintf(what, sizeof what, "%s", cases[i].what);
        assert_non_null(vireo_socketio(app, .parser = &bad, .parser_user = what));
        vireo_ns *ns = vireo_namespace(app, "/", .user = NULL);
        assert_int_equal(vireo_broadcast(vireo_all(ns), "a", NULL), cases[i].error);
        vireo_app_free(app);
    }
}

static void test_half_a_parser_is_none(void **state)
{
    (void)state;
    static const vireo_parser mute = VIREO_PARSER(.decode = decode);
    static const vireo_parser deaf = VIREO_PARSER(.encode = encode);
    static const vireo_parser bare = {.encode = encode, .decode = decode};
    vireo_app *app = vireo_app_new();
    assert_null(vireo_socketio(app, .parser = &mute));
    assert_null(vireo_socketio(app, .parser = &deaf));
    assert_null(vireo_socketio(app, .parser = &bare));
    assert_non_null(vireo_socketio(app, .parser = &two_pieces));
    vireo_app_free(app);
}

/* --- S20 and S22 when memory runs out --------------------------------------------------------- */

static int encode_event(vireo_pieces *pieces, const vireo__sio_codec *codec)
{
    static const char json[] = "[\"a\",{\"_placeholder\":true,\"num\":0},[1,\"x\"]]";
    static const vireo__attachment part = {"\1\2", 2};
    return vireo__sio_encode(pieces, codec, VIREO__SIO_EVENT, "/", "7", vireo__str_of(json), &part,
                             1);
}

/* Returns what the last piece gave. */
static int decode_event(vireo_pieces *pieces, const vireo__sio_codec *codec,
                        vireo__sio_decoder *decoder)
{
    int found = 0;
    vireo__doc doc;
    vireo_error why;
    vireo__doc_init(&doc);
    for (uint32_t i = 0; i < pieces->count && found == 0; i++) {
        vireo__sio_packet packet;
        vireo__shared *frame = pieces->frames[i];
        bool binary = vireo__ws_frame_opcode(frame) == VIREO__WS_BINARY;
        vireo_piece piece = {binary, vireo__ws_payload(frame) + !binary,
                             vireo__ws_payload_len(frame) - !binary};
        found = vireo__sio_decoder_feed(decoder, codec, &doc, &piece, &packet, &why);
        if (found > 0) {
            assert_int_equal(packet.type, VIREO__SIO_EVENT);
            assert_int_equal(vireo_count(packet.payload), 3);
            assert_int_equal(vireo_type_of(vireo_at(packet.payload, 1)), VIREO_BINARY);
            assert_memory_equal(packet.id.at, "7", 1);
        }
        vireo__sio_decoder_done(&packet, &doc);
    }
    vireo__doc_deinit(&doc);
    return found;
}

static int look(const char *key, const vireo_value *v, vireo_builder *out, void *user)
{
    (void)key;
    (void)user;
    if (vireo_int(v, 0) != 1)
        return 0;
    vireo_build(out, "{one:%d}", 2);
    return 1;
}

static void encode_without_memory(const vireo__sio_codec *codec, vireo_pieces *pieces)
{
    for (int n = 1, failed = 1; failed; n++) {
        *pieces = (vireo_pieces){0};
        oom_fail_at(n);
        int error = encode_event(pieces, codec);
        failed = oom_failed();
        assert_int_equal(error, failed ? VIREO_ENOMEM : 0);
        if (failed)
            vireo__pieces_release(pieces);
    }
}

static void decode_without_memory(const vireo__sio_codec *codec, vireo_pieces *pieces)
{
    for (int n = 1, failed = 1; failed; n++) {
        vireo__sio_decoder decoder = {0};
        oom_fail_at(n);
        int found = decode_event(pieces, codec, &decoder);
        failed = oom_failed();
        assert_int_equal(found, failed ? VIREO_ENOMEM : 1);
        vireo__sio_decoder_deinit(&decoder, codec);
    }
}

static void test_out_of_memory(void **state)
{
    (void)state;
    vireo_json_hooks hooks = VIREO_JSON_HOOKS(.replace = look, .revive = look);
    const vireo__sio_codec codecs[] = {
        {.parser = vireo_parser_msgpack(), .max_values = 1000},
        {.parser = vireo_parser_json(), .max_values = 1000},
        {.parser = vireo_parser_json(), .user = &hooks, .max_values = 1000},
    };
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
        vireo_pieces pieces, copy;
        encode_without_memory(&codecs[i], &pieces);
        decode_without_memory(&codecs[i], &pieces);
        oom_fail_at(1);
        assert_int_equal(vireo__pieces_copy(&copy, &pieces), VIREO_ENOMEM);
        assert_true(oom_failed());
        vireo__pieces_release(&pieces);
    }
}

/* As many binary parts as the hooks allow, and one more. */
static void test_attachments_of_json_with_hooks(void **state)
{
    (void)state;
    for (uint32_t most = 0; most < 3; most++) {
        vireo__sio_decoder decoder = {0};
        vireo_json_hooks hooks = VIREO_JSON_HOOKS(.max_attachments = most);
        vireo__sio_codec codec = {
            .parser = vireo_parser_json(), .user = &hooks, .max_values = 1000};
        char text[64];
        vireo_error why;
        vireo__sio_packet got;
        vireo__doc doc;
        vireo__doc_init(&doc);
        uint32_t limit = most ? most : 10;
        for (uint32_t n = limit; n <= limit + 1; n++) {
            snprintf(text, sizeof text, "5%u-[\"a\"]", n);
            int found = vireo__sio_decoder_feed(
                &decoder, &codec, &doc, &(vireo_piece){false, text, strlen(text)}, &got, &why);
            assert_int_equal(found, n == limit ? 0 : VIREO_EPROTO);
            vireo__sio_decoder_done(&got, &doc);
            vireo__sio_decoder_deinit(&decoder, &codec);
        }
        assert_string_equal(why.text, "too many attachments");
        vireo__doc_deinit(&doc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_attachments_of_json_with_hooks),
        cmocka_unit_test(test_websocket),
        cmocka_unit_test(test_polling),
        cmocka_unit_test(test_end_between_two_pieces),
        cmocka_unit_test(test_what_closes_the_connection),
        cmocka_unit_test(test_recovery),
        cmocka_unit_test(test_what_cannot_be_written),
        cmocka_unit_test(test_pieces_that_no_client_could_read),
        cmocka_unit_test(test_half_a_parser_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
