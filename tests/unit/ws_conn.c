/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws_conn.c: the life of a connection: messages, the close handshake, errors, peers that do not
 * read, memory that runs out. */

#include "ws_fixture.h"

#include "oom.h"

/* --- messages --------------------------------------------------------------------------------- */

static void test_echo(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    int fd = client_open_noted(&f);
    client_frame(&f, fd, FIN | TEXT, "hello");
    EXPECT(&f, fd, "\x81\x05hello");
    client_frame(&f, fd, FIN | BINARY, "\xFF\xFE");
    EXPECT(&f, fd, "\x82\x02\xFF\xFE");
    client_frame(&f, fd, TEXT, "one ");
    client_frame(&f, fd, PING, "between");
    client_frame(&f, fd, FIN, "two");
    EXPECT(&f, fd,
           "\x8A\x07"
           "between\x81\x07one two");
    client_texts(&f, fd, (const char *const[]){"a", "b", "c", NULL});
    EXPECT(&f, fd,
           "\x81\x01"
           "a\x81\x01"
           "b\x81\x01"
           "c");
    expect_log(&f, "T(hello) B(\xFF\xFE) i(between) T(one two) T(a) T(b) T(c) ");
    close(fd);
    expect_log(&f, "close1006() ");
    finish(&f);
}

static void test_frame_behind_the_handshake(void **state)
{
    (void)state;
    fixture f;
    uint8_t bytes[1000];
    start(&f, NULL, 0);
    int fd = client_connect(&f);
    memcpy(bytes, REQUEST("13"), sizeof REQUEST("13") - 1);
    size_t n = sizeof REQUEST("13") - 1;
    n += make_frame(bytes + n, FIN | TEXT, "early", 5);
    client_write(&f, fd, bytes, n);
    EXPECT(&f, fd,
           ANSWER "\x81\x05"
                  "early");
    expect_log(&f, "open T(early) ");
    close(fd);
    finish(&f);
}

static void greet(fixture *f, vireo_ws *ws)
{
    (void)f;
    assert_int_equal(vireo_ws_send_text(ws, "welcome"), 0);
    assert_int_equal(vireo_ws_send_json(ws, "{n:%d, s:%s}", 7, "x\"y"), 0);
    assert_int_equal(vireo_ws_ping(ws, "p", 1), 0);
}

static void test_send_inside_on_open(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    f.in_open = greet;
    int fd = client_open(&f);
    EXPECT(&f, fd, "\x81\x07welcome\x81\x12{\"n\":7,\"s\":\"x\\\"y\"}\x89\x01p");
    client_frame(&f, fd, PONG, "p");
    expect_log(&f, "open o(p) ");
    close(fd);
    finish(&f);
}
/* --- closing ---------------------------------------------------------------------------------- */

static void test_the_peer_closes(void **state)
{
    (void)state;
    static const struct {
        const char *payload, *answer, *log;
        size_t answer_len;
    } rows[] = {
        {"", "\x88\x00", "close1005() ", 2},
        {"\x03\xE8", "\x88\x02\x03\xE8", "close1000() ", 4},
        {"\x0F\xA0"
         "bye",
         "\x88\x02\x0F\xA0", "close4000(bye) ", 4},
    };
    fixture f;
    start(&f, NULL, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[100];
        int fd = client_open_noted(&f);
        size_t n = make_frame(bytes, CLOSE, rows[i].payload, strlen(rows[i].payload));
        n += make_frame(bytes + n, FIN | TEXT, "too late", 8);
        client_write(&f, fd, bytes, n);
        expect_bytes(&f, fd, rows[i].answer, rows[i].answer_len);
        expect_end(&f, fd); /* the server closes first */
        close(fd);
        expect_log(&f, rows[i].log);
    }
    finish(&f);
}

static void test_the_server_closes(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    int fd = client_open_noted(&f);
    assert_int_equal(vireo_ws_send_text(f.ws, "last"), 0);
    assert_int_equal(vireo_ws_close(f.ws, 4001, "done"), 0);
    assert_int_equal(vireo_ws_ready_state(f.ws), VIREO_WS_CLOSING);
    assert_int_equal(vireo_ws_count(f.endpoint), 0);
    assert_int_equal(vireo_ws_send_text(f.ws, "x"), VIREO_ECLOSED);
    assert_int_equal(vireo_ws_close(f.ws, 1000, NULL), VIREO_ECLOSED);
    EXPECT(&f, fd,
           "\x81\x04last\x88\x06\x0F\xA1"
           "done");
    client_frame(&f, fd, FIN | TEXT, "not delivered any more");
    client_frame(&f, fd, PING, "not answered");
    client_frame(&f, fd, CLOSE, "\x0F\xA1");
    expect_end(&f, fd);
    close(fd);
    expect_log(&f, "close4001() ");
    finish(&f);
}

static void test_the_server_closes_without_code(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    int fd = client_open_noted(&f);
    assert_int_equal(vireo_ws_close(f.ws, 0, NULL), 0);
    EXPECT(&f, fd, "\x88\x00");
    client_frame(&f, fd, CLOSE, "");
    expect_end(&f, fd);
    close(fd);
    expect_log(&f, "close1005() ");
    finish(&f);
}

static void test_no_answer_to_our_close(void **state)
{
    (void)state;
    fixture f;
    start(&f, &(vireo_ws_options){.close_timeout_ms = 5000}, 0);
    int fd = client_open_noted(&f);
    vireo_ws_close(f.ws, 1000, NULL);
    EXPECT(&f, fd, "\x88\x02\x03\xE8");
    advance(&f, 4900);
    turn(&f, -1);
    assert_int_equal(f.log.len, 0);
    advance(&f, 200);
    expect_log(&f, "close1006() ");
    expect_end(&f, fd);
    close(fd);
    finish(&f);
}

static void test_the_peer_goes_without_closing(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    int fd = client_open_noted(&f);
    client_write(&f, fd, "\x81\xFE\x01", 3); /* half a head */
    shutdown(fd, SHUT_WR);
    expect_end(&f, fd);
    expect_log(&f, "close1006() ");
    close(fd);

    fd = client_open_noted(&f);
    struct linger reset = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
    expect_log(&f, "close1006() ");
    finish(&f);
}

static void close_it(fixture *f, vireo_ws *ws)
{
    (void)f;
    vireo_ws_close(ws, 1000, NULL);
}

static void terminate_it(fixture *f, vireo_ws *ws)
{
    (void)f;
    vireo_ws_terminate(ws);
    assert_int_equal(vireo_ws_ready_state(ws), VIREO_WS_CLOSING);
    assert_int_equal(vireo_ws_send_text(ws, "x"), VIREO_ECLOSED);
}

static void close_and_terminate(fixture *f, vireo_ws *ws)
{
    close_it(f, ws);
    terminate_it(f, ws);
}

/* Every handler, every way to end: on_close comes exactly once, later, and nothing else is
 * delivered. */
static void test_end_inside_every_handler(void **state)
{
    (void)state;
    static const action ends[] = {close_it, terminate_it, close_and_terminate};
    static const char *const logs[] = {"open ", "open T(x) ", "open i(x) ", "open o(x) ",
                                       "open error-VIREO_EPROTO "};
    for (int where = 0; where < 5; where++)
        for (int how = 0; how < 3; how++) {
            fixture f;
            start(&f, NULL, 0);
            f.echo = false;
            *(action *[]){&f.in_open, &f.in_message, &f.in_ping, &f.in_pong, &f.in_error}[where] =
                ends[how];
            int fd = client_connect(&f);
            uint8_t bytes[1000];
            static const int firsts[] = {FIN | TEXT, FIN | TEXT, PING, PONG, 0x83};
            memcpy(bytes, REQUEST("13"), sizeof REQUEST("13") - 1);
            size_t n = sizeof REQUEST("13") - 1;
            n += make_frame(bytes + n, firsts[where], "x", 1);
            n += make_frame(bytes + n, FIN | TEXT, "must not arrive", 15);
            client_write(&f, fd, bytes, n);
            char log[100];
            snprintf(log, sizeof log, "%s%s", logs[where], how > 0 ? "close1006() " : "");
            expect_log(&f, log);
            close(fd);
            if (how == 0)
                expect_log(&f, "close1006() ");
            finish(&f);
        }
}

/* --- errors ----------------------------------------------------------------------------------- */

static void test_protocol_errors(void **state)
{
    (void)state;
    static const struct {
        int first;
        const char *payload, *answer, *log;
    } rows[] = {
        {0x83, "x", "\x88\x02\x03\xEA", "error-VIREO_EPROTO close1006() "},
        {FIN | TEXT, "\xFF", "\x88\x02\x03\xEF", "error-VIREO_EUTF8 close1006() "},
        {FIN | TEXT, "01234567890", "\x88\x02\x03\xF1", "error-VIREO_ETOOBIG close1006() "},
        {CLOSE, "x", "\x88\x02\x03\xEA", "error-VIREO_EPROTO close1006() "},
    };
    fixture f;
    start(&f, &(vireo_ws_options){.max_message_bytes = 10, .max_fragments = 2}, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fd = client_open_noted(&f);
        client_frame(&f, fd, rows[i].first, rows[i].payload);
        expect_bytes(&f, fd, rows[i].answer, 4);
        expect_end(&f, fd);
        close(fd);
        expect_log(&f, rows[i].log);
    }
    int fd = client_open_noted(&f);
    client_frame(&f, fd, TEXT, "");
    client_frame(&f, fd, 0, "");
    client_frame(&f, fd, 0, "");
    EXPECT(&f, fd, "\x88\x02\x03\xF0");
    close(fd);
    expect_log(&f, "error-VIREO_ETOOBIG close1006() ");
    finish(&f);
}

/* --- a peer that does not read ---------------------------------------------------------------- */

static void test_a_full_queue_ends_the_connection(void **state)
{
    (void)state;
    fixture f;
    static char chunk[65536];
    memset(chunk, 'x', sizeof chunk);
    start(&f, NULL, 1000000);
    int fd = client_open_noted(&f);
    int error = 0;
    for (int i = 0; i < 1000 && error == 0; i++) {
        error = vireo_ws_send(f.ws, chunk, sizeof chunk, true);
        assert_true(vireo_ws_queued(f.ws) <= 1000000);
        turn(&f, -1);
    }
    assert_int_equal(error, VIREO_EFULL);
    expect_log(&f, "error-VIREO_EFULL close1006() ");
    close(fd);
    finish(&f);
}

static char chunk_of_zeros[65536];

/* Sends until the kernel takes no more; returns the bytes of all those frames. */
static size_t block(fixture *f)
{
    size_t sent = 0;
    for (; vireo_ws_queued(f->ws) < 100000; sent += sizeof chunk_of_zeros + 10) {
        assert_int_equal(vireo_ws_send(f->ws, chunk_of_zeros, sizeof chunk_of_zeros, true), 0);
        turn(f, -1);
    }
    return sent;
}

static void read_past(fixture *f, int fd, size_t n)
{
    char bytes[65536];
    for (size_t got; n > 0; n -= got) {
        got = client_read(f, fd, bytes, n < sizeof bytes ? n : sizeof bytes);
        assert_true(got > 0);
    }
}

static void test_drain(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    int fd = client_open_noted(&f);
    size_t sent = block(&f);
    f.in_drain = close_it;
    read_past(&f, fd, sent);
    EXPECT(&f, fd, "\x88\x02\x03\xE8");
    expect_log(&f, "drain ");
    close(fd);
    finish(&f);
}

/* A flood of pings from a client that reads nothing: what is queued stays small. What it reads at
 * last are the pongs that were queued, and one to the newest ping. */
static void test_ping_flood(void **state)
{
    (void)state;
    fixture f;
    enum { ROUNDS = 100, PINGS = 100, PAYLOAD = 100, PONGS_MAX = 64 };
    start(&f, NULL, 0);
    int fd = client_open_noted(&f);
    size_t sent = block(&f);
    size_t before = vireo_ws_queued(f.ws);
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t bytes[PINGS * (PAYLOAD + 6)];
        char payload[PAYLOAD + 1];
        size_t n = 0;
        for (int j = 1; j <= PINGS; j++) {
            snprintf(payload, sizeof payload, "%0*d", PAYLOAD, i * PINGS + j);
            n += make_frame(bytes + n, PING, payload, PAYLOAD);
        }
        client_write(&f, fd, bytes, n);
        assert_true(vireo_ws_queued(f.ws) <= before + PONGS_MAX * (PAYLOAD + 2));
        vireo__buf_reset(&f.log, 10000);
    }
    read_past(&f, fd, sent);
    int pongs = 0;
    for (int newest = 0; newest < ROUNDS * PINGS; pongs++) {
        char pong[PAYLOAD + 3] = {0};
        assert_int_equal(client_read(&f, fd, pong, PAYLOAD + 2), PAYLOAD + 2);
        assert_memory_equal(pong, "\x8A\x64", 2);
        assert_true(atoi(pong + 2) > newest);
        newest = atoi(pong + 2);
    }
    assert_in_range(pongs, 2, PONGS_MAX + 2);
    close(fd);
    finish(&f);
}

/* --- without memory --------------------------------------------------------------------------- */

/* A whole life, in one write: the answer does not matter, the end does. */
static void live(fixture *f)
{
    uint8_t bytes[2000];
    char answer[4096];
    size_t n = sizeof REQUEST("13") - 1;
    memcpy(bytes, REQUEST("13"), n);
    n += make_frame(bytes + n, FIN | TEXT, "whole", 5);
    n += make_frame(bytes + n, PING, "ping", 4);
    n += make_frame(bytes + n, TEXT, "first", 5);
    n += make_frame(bytes + n, FIN, "last", 4);
    n += make_frame(bytes + n, CLOSE, "\x03\xE8reason", 8);
    int fd = client_connect(f);
    client_write(f, fd, bytes, n);
    client_read(f, fd, answer, sizeof answer);
    close(fd);
}

/* Each allocation of a connection's life fails once: it ends all the same, exactly once. */
static void test_out_of_memory(void **state)
{
    (void)state;
    int n = 1;
    for (bool failed = true; failed; n++) {
        fixture f;
        start(&f, NULL, 0);
        vireo__buf_reserve(&f.log, 10000); /* the test's own memory does not fail */
        oom_fail_at(n);
        live(&f);
        failed = oom_failed();
        vireo_app_free(f.app);
        assert_int_equal(uv_loop_close(&f.uv), 0);
        const char *log = vireo__buf_cstr(&f.log);
        const char *end = strstr(log, "close");
        assert_int_equal(strncmp(log, "open ", 5) == 0, end != NULL);
        if (end != NULL)
            assert_null(strstr(end + 1, "close"));
        if (!failed)
            assert_string_equal(log, "open T(whole) i(ping) T(firstlast) close1000(reason) ");
        vireo__buf_deinit(&f.log);
    }
    assert_true(n > 5);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_frame_behind_the_handshake),
        cmocka_unit_test(test_send_inside_on_open),
        cmocka_unit_test(test_the_peer_closes),
        cmocka_unit_test(test_the_server_closes),
        cmocka_unit_test(test_the_server_closes_without_code),
        cmocka_unit_test(test_no_answer_to_our_close),
        cmocka_unit_test(test_the_peer_goes_without_closing),
        cmocka_unit_test(test_end_inside_every_handler),
        cmocka_unit_test(test_protocol_errors),
        cmocka_unit_test(test_a_full_queue_ends_the_connection),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_ping_flood),
        cmocka_unit_test(test_out_of_memory),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
