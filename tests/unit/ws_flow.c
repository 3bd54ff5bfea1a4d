/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws_flow.c: a connection over time: reading that is paused (W07), peers that do not read (W07),
 * silence and age (W06), work of one wake-up (W05). */

#include "ws_fixture.h"

#include <zlib.h>

/* --- pause and resume ------------------------------------------------------------------------- */

static void pause_it(fixture *f, vireo_ws *ws)
{
    (void)f;
    vireo_ws_pause(ws);
}

/* Nothing comes for many turns. */
static void expect_silence(fixture *f)
{
    for (int i = 0; i < 10; i++)
        turn(f, -1);
    assert_int_equal(f->log.len, 0);
}

static void test_pause_inside_one_read(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    f.in_message = pause_it;
    int fd = client_open_noted(&f);
    client_texts(&f, fd, (const char *const[]){"a", "b", "c", NULL});
    expect_log(&f, "T(a) ");
    expect_silence(&f);
    vireo_ws_resume(f.ws);
    assert_int_equal(f.log.len, 0); /* not inside the call */
    expect_log(&f, "T(b) ");
    expect_silence(&f);
    client_texts(&f, fd, (const char *const[]){"d", NULL});
    expect_silence(&f);
    f.in_message = NULL;
    vireo_ws_resume(f.ws);
    expect_log(&f, "T(c) T(d) ");
    client_texts(&f, fd, (const char *const[]){"e", NULL});
    expect_log(&f, "T(e) ");
    EXPECT(&f, fd,
           "\x81\x01"
           "a\x81\x01"
           "b\x81\x01"
           "c\x81\x01"
           "d\x81\x01"
           "e");
    close(fd);
    expect_log(&f, "close1006() ");
    finish(&f);
}

static void test_pause_between_reads(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    int fd = client_open_noted(&f);
    vireo_ws_pause(f.ws);
    vireo_ws_pause(f.ws);
    client_frame(&f, fd, FIN | TEXT, "a");
    client_frame(&f, fd, PING, "p");
    expect_silence(&f);
    assert_int_equal(vireo_ws_send_text(f.ws, "sending goes on"), 0);
    EXPECT(&f, fd, "\x81\x0Fsending goes on");
    vireo_ws_resume(f.ws);
    vireo_ws_resume(f.ws);
    expect_log(&f, "T(a) i(p) ");
    close(fd);
    finish(&f);
}

static void pause_and_resume(fixture *f, vireo_ws *ws)
{
    (void)f;
    vireo_ws_pause(ws);
    vireo_ws_resume(ws);
}

static void test_resume_inside_the_handler(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    f.in_message = pause_and_resume;
    int fd = client_open_noted(&f);
    client_texts(&f, fd, (const char *const[]){"a", "b", "c", NULL});
    expect_log(&f, "T(a) T(b) T(c) ");
    close(fd);
    finish(&f);
}

/* What stands behind the handshake in the same segment is not told either. */
static void test_pause_inside_on_open(void **state)
{
    (void)state;
    fixture f;
    uint8_t bytes[1000];
    for (int early = 0; early < 2; early++) {
        start(&f, NULL, 0);
        f.in_open = pause_it;
        int fd = client_connect(&f);
        memcpy(bytes, REQUEST("13"), sizeof REQUEST("13") - 1);
        size_t n = sizeof REQUEST("13") - 1;
        if (early)
            n += make_frame(bytes + n, FIN | TEXT, "early", 5);
        client_write(&f, fd, bytes, n);
        EXPECT(&f, fd, ANSWER);
        expect_log(&f, "open ");
        client_frame(&f, fd, FIN | TEXT, "later");
        expect_silence(&f);
        vireo_ws_resume(f.ws);
        expect_log(&f, early ? "T(early) T(later) " : "T(later) ");
        close(fd);
        finish(&f);
    }
}

/* A paused connection that is closed reads on, to see the peer's close frame. */
static void test_close_while_paused(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    f.in_message = pause_it;
    int fd = client_open_noted(&f);
    client_texts(&f, fd, (const char *const[]){"a", "b", "c", NULL});
    client_frame(&f, fd, CLOSE, "\x0F\xA0");
    expect_log(&f, "T(a) ");
    vireo_ws_close(f.ws, 1000, NULL);
    shutdown(fd, SHUT_WR);
    expect_log(&f, "close4000() ");
    close(fd);

    fd = client_open_noted(&f);
    client_texts(&f, fd, (const char *const[]){"a", "b", NULL});
    expect_log(&f, "T(a) ");
    vireo_ws_terminate(f.ws);
    expect_log(&f, "close1006() ");
    close(fd);

    fd = client_open_noted(&f); /* the application's end */
    client_texts(&f, fd, (const char *const[]){"a", "b", NULL});
    expect_log(&f, "T(a) ");
    vireo_stop(f.app);
    client_frame(&f, fd, CLOSE, "\x03\xE9");
    shutdown(fd, SHUT_WR);
    expect_log(&f, "close1001() ");
    close(fd);
    finish(&f);
}

/* --- a peer that does not read ---------------------------------------------------------------- */

enum { QUEUE = 100000 };

/* Sends until the kernel takes no more and messages are refused. Returns how many were taken. */
static int fill_queue(fixture *f, size_t len)
{
    char *data = calloc(1, len);
    int taken = 0, refused = 0;
    while (refused < 3) {
        int error = vireo_ws_send(f->ws, data, len, true);
        assert_true(error == 0 || error == VIREO_EFULL);
        taken += error == 0;
        refused = error == 0 ? 0 : refused + 1;
        if (error < 0)
            turn(f, -1);
    }
    free(data);
    return taken;
}

static void test_skip(void **state)
{
    (void)state;
    fixture f;
    start(&f, &(vireo_ws_options){.when_full = VIREO_WS_SKIP, .max_queued_bytes = QUEUE}, 0);
    int fd = client_open_noted(&f);
    int taken = fill_queue(&f, 10000);
    assert_int_equal(vireo_ws_ready_state(f.ws), VIREO_WS_OPEN);
    assert_true(vireo_ws_queued(f.ws) <= QUEUE);
    assert_true(vireo_ws_queued(f.ws) > QUEUE - 10010);
    uint8_t more[20000] = {0};
    assert_int_equal(vireo_ws_broadcast(f.endpoint, NULL, more, sizeof more, true), 0);
    assert_int_equal(vireo_ws_send_piece(f.ws, more, sizeof more, true, true), VIREO_EFULL);
    assert_int_equal(vireo_ws_ping(f.ws, "p", 1), 0); /* control frames are not skipped */
    assert_int_equal(f.log.len, 0);
    for (int i = 0; i < taken; i++) {
        uint8_t got[10004];
        assert_int_equal(client_read(&f, fd, got, sizeof got), sizeof got);
        assert_memory_equal(got, "\x82\x7E\x27\x10", 4);
    }
    EXPECT(&f, fd, "\x89\x01p");
    expect_log(&f, "drain ");
    assert_int_equal(vireo_ws_queued(f.ws), 0);
    assert_int_equal(vireo_ws_send_text(f.ws, "on"), 0);
    EXPECT(&f, fd, "\x81\x02on");
    close(fd);
    finish(&f);
}

/* The limit exactly, and one beyond, with both policies. */
static void test_queue_limit(void **state)
{
    (void)state;
    char *data = calloc(1, QUEUE);
    for (int skip = 0; skip < 2; skip++) {
        fixture f;
        start(&f,
              &(vireo_ws_options){.when_full = skip ? VIREO_WS_SKIP : VIREO_WS_CLOSE,
                                  .max_queued_bytes = QUEUE},
              0);
        int fd = client_open_noted(&f);
        size_t head = 10;
        assert_int_equal(vireo_ws_send(f.ws, data, QUEUE - head, true), 0);
        turn(&f, -1);
        while (vireo_ws_queued(f.ws) > 0) {
            uint8_t got[70000];
            if (recv(fd, got, sizeof got, 0) <= 0)
                turn(&f, fd);
        }
        vireo__buf_reset(&f.log, 0);
        assert_int_equal(vireo_ws_send(f.ws, data, QUEUE - head + 1, true), VIREO_EFULL);
        if (skip) {
            assert_int_equal(vireo_ws_ready_state(f.ws), VIREO_WS_OPEN);
            assert_int_equal(vireo_ws_send_text(f.ws, "fits"), 0);
        } else {
            expect_log(&f, "error-VIREO_EFULL close1006() ");
        }
        close(fd);
        finish(&f);
    }
    free(data);
}

/* --- silence and age -------------------------------------------------------------------------- */

/* The clock goes on by a quarter of the idle time, |n| times. */
static void quarters(fixture *f, int n)
{
    for (int i = 0; i < n; i++) {
        turn(f, -1);
        advance(f, 1000);
    }
    turn(f, -1);
}

static void test_idle(void **state)
{
    (void)state;
    fixture f;
    start(&f, &(vireo_ws_options){.idle_timeout_ms = 4000}, 0);
    int fd = client_open_noted(&f);
    quarters(&f, 3);
    EXPECT(&f, fd, "\x89\x00"); /* asked .. */
    client_frame(&f, fd, PONG, "");
    expect_log(&f, "o() "); /* .. and alive */
    quarters(&f, 3);
    EXPECT(&f, fd, "\x89\x00");
    quarters(&f, 1);
    assert_int_equal(f.log.len, 0);
    quarters(&f, 1); /* no answer */
    EXPECT(&f, fd, "\x88\x22\x03\xE9the peer was silent for too long");
    expect_log(&f, "error-VIREO_ETIMEDOUT ");
    advance(&f, 2000);
    expect_log(&f, "close1006() ");
    expect_end(&f, fd);
    close(fd);
    finish(&f);
}

static void test_idle_without_ping(void **state)
{
    (void)state;
    fixture f;
    start(&f, &(vireo_ws_options){.idle_timeout_ms = 4000, .no_ping = true}, 0);
    int fd = client_open_noted(&f);
    quarters(&f, 3);
    client_frame(&f, fd, FIN | TEXT, "a");
    expect_log(&f, "T(a) ");
    EXPECT(&f, fd,
           "\x81\x01"
           "a");
    quarters(&f, 4);
    assert_int_equal(f.log.len, 0);
    quarters(&f, 1);
    EXPECT(&f, fd, "\x88\x22\x03\xE9the peer was silent for too long");
    client_frame(&f, fd, CLOSE, "\x03\xE9");
    shutdown(fd, SHUT_WR);
    expect_log(&f, "error-VIREO_ETIMEDOUT close1001() ");
    close(fd);
    finish(&f);
}

/* The default asks after a minute or more; VIREO_WS_NEVER does not. */
static void test_idle_default_and_never(void **state)
{
    (void)state;
    for (int never = 0; never < 2; never++) {
        fixture f;
        start(&f, &(vireo_ws_options){.idle_timeout_ms = never ? VIREO_WS_NEVER : 0}, 0);
        int fd = client_open_noted(&f);
        for (int i = 0; i < 3; i++) {
            turn(&f, -1);
            advance(&f, 30000);
        }
        vireo_ws_send_text(f.ws, "now");
        if (never)
            EXPECT(&f, fd, "\x81\x03now");
        else
            EXPECT(&f, fd, "\x89\x00\x81\x03now");
        close(fd);
        finish(&f);
    }
}

/* Who is not read cannot show that he lives. */
static void test_idle_while_paused(void **state)
{
    (void)state;
    fixture f;
    start(&f, &(vireo_ws_options){.idle_timeout_ms = 4000, .no_ping = true}, 0);
    int fd = client_open_noted(&f);
    vireo_ws_pause(f.ws);
    quarters(&f, 20);
    assert_int_equal(f.log.len, 0);
    vireo_ws_resume(f.ws);
    quarters(&f, 5);
    expect_log(&f, "error-VIREO_ETIMEDOUT ");
    close(fd);
    finish(&f);
}

/* A slow peer that takes what we send is alive, though it has no time to answer. */
static void test_idle_while_taking(void **state)
{
    (void)state;
    fixture f;
    uint8_t got[300000];
    int steps = 0;
    enum { MUCH = 60000000 };
    start(&f, &(vireo_ws_options){.idle_timeout_ms = 4000, .max_queued_bytes = 2 * MUCH}, 0);
    int fd = client_open_noted(&f);
    char *data = calloc(1, MUCH);
    assert_int_equal(vireo_ws_send(f.ws, data, MUCH, true), 0);
    free(data);
    turn(&f, -1);
    for (; vireo_ws_queued(f.ws) > 0; steps++) {
        size_t before = vireo_ws_queued(f.ws);
        while (vireo_ws_queued(f.ws) == before)
            if (recv(fd, got, sizeof got, 0) > 0)
                uv_run(&f.uv, UV_RUN_NOWAIT);
            else
                turn(&f, fd);
        quarters(&f, 1);
        assert_non_null(f.ws);
    }
    assert_true(steps > 5); /* without them it would have been closed */
    expect_log(&f, "drain ");
    quarters(&f, 6);
    expect_log(&f, "error-VIREO_ETIMEDOUT ");
    close(fd);
    finish(&f);
}

static void test_lifetime(void **state)
{
    (void)state;
    fixture f;
    start(&f, &(vireo_ws_options){.max_lifetime_ms = 5000}, 0);
    int fd = client_open_noted(&f);
    advance(&f, 4900);
    client_frame(&f, fd, FIN | TEXT, "a");
    EXPECT(&f, fd,
           "\x81\x01"
           "a");
    advance(&f, 200);
    EXPECT(&f, fd, "\x88\x0B\x03\xE9reconnect");
    client_frame(&f, fd, CLOSE, "\x03\xE9");
    shutdown(fd, SHUT_WR);
    expect_log(&f, "T(a) close1001() ");
    close(fd);

    fd = client_open_noted(&f); /* gone before it is old */
    vireo_ws_close(f.ws, 1000, NULL);
    client_frame(&f, fd, CLOSE, "\x03\xE8");
    shutdown(fd, SHUT_WR);
    expect_log(&f, "close1000() ");
    advance(&f, 10000);
    close(fd);
    finish(&f);
}

static void terminate_it(fixture *f, vireo_ws *ws)
{
    (void)f;
    vireo_ws_terminate(ws);
}

static void test_terminate_inside_the_idle_error(void **state)
{
    (void)state;
    fixture f;
    start(&f, &(vireo_ws_options){.idle_timeout_ms = 4000}, 0);
    f.in_error = terminate_it;
    int fd = client_open_noted(&f);
    quarters(&f, 5);
    expect_log(&f, "error-VIREO_ETIMEDOUT close1006() ");
    close(fd);
    finish(&f);
}

/* --- the work of one wake-up ------------------------------------------------------------------ */

#define OFFER "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"

static int client_open_deflate(fixture *f)
{
    int fd = client_connect(f);
    char bytes[1000];
    snprintf(bytes, sizeof bytes, "%.*s%s", (int)sizeof REQUEST("13") - 3, REQUEST("13"), OFFER);
    client_write(f, fd, bytes, strlen(bytes));
    size_t at = 0;
    while (at < 4 || memcmp(bytes + at - 4, "\r\n\r\n", 4) != 0)
        assert_int_equal(client_read(f, fd, bytes + at++, 1), 1);
    bytes[at] = '\0';
    assert_non_null(strstr(bytes, "permessage-deflate"));
    expect_log(f, "open ");
    return fd;
}

/* Appends a masked, compressed frame of |n| zero bytes. */
static size_t add_compressed(uint8_t *out, size_t n)
{
    uint8_t payload[60000];
    char *zeroes = calloc(1, n);
    z_stream z = {0};
    deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);
    z.next_in = (Bytef *)zeroes;
    z.avail_in = (uInt)n;
    z.next_out = payload;
    z.avail_out = sizeof payload;
    assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
    size_t len = sizeof payload - z.avail_out - 4;
    deflateEnd(&z);
    free(zeroes);
    return make_frame(out, FIN | 0x40 | BINARY, payload, len);
}

/* In pieces, so that the log shows how much came with each turn; "L" is the last. */
static void on_piece(vireo_ws *ws, const void *data, size_t len, bool binary, bool last)
{
    fixture *f = vireo_ws_user(ws);
    size_t *in_turn = vireo_ws_data(ws);
    (void)data;
    (void)binary;
    *in_turn += len;
    if (last)
        vireo__buf_append_byte(&f->log, 'L');
}

/* Small frames that become megabytes are handled over several turns, in order; a turn inflates a
 * mebibyte at most. */
static void test_inflating_takes_turns(void **state)
{
    (void)state;
    fixture f;
    uint8_t bytes[60000];
    start(&f,
          &(vireo_ws_options){.deflate = {.on = true},
                              .max_message_bytes = 3000000,
                              .data_size = sizeof(size_t),
                              .on_piece = on_piece},
          0);
    int fd = client_open_deflate(&f);
    size_t n = 0, sum = 0;
    for (int i = 0; i < 5; i++)
        n += add_compressed(bytes + n, 3000000);
    n += make_frame(bytes + n, PING, "", 0);
    client_write(&f, fd, bytes, n);
    size_t *in_turn = vireo_ws_data(f.ws);
    uint64_t end = now_ms() + DEADLINE_MS;
    while (f.log.len < 5 + 4 && now_ms() < end) {
        assert_true(*in_turn <= 1 << 20);
        sum += *in_turn;
        *in_turn = 0;
        turn(&f, -1);
    }
    assert_int_equal(sum + *in_turn, 5 * 3000000);
    expect_log(&f, "LLLLLi() ");

    client_write(&f, fd, bytes, n); /* its end while there is work left */
    close(fd);
    vireo_ws_terminate(f.ws);
    while (f.ws != NULL)
        turn(&f, -1);
    finish(&f);
}

static void test_inflating_pauses(void **state)
{
    (void)state;
    fixture f;
    uint8_t bytes[20000];
    start(&f,
          &(vireo_ws_options){.deflate = {.on = true},
                              .max_message_bytes = 3000000,
                              .data_size = sizeof(size_t),
                              .on_piece = on_piece},
          0);
    int fd = client_open_deflate(&f);
    size_t n = add_compressed(bytes, 3000000);
    client_write(&f, fd, bytes, n - 1);
    size_t *in_turn = vireo_ws_data(f.ws);
    vireo_ws_pause(f.ws);
    for (int i = 0; i < 10; i++)
        turn(&f, -1);
    size_t before = *in_turn;
    client_write(&f, fd, bytes + n - 1, 1);
    for (int i = 0; i < 10; i++)
        turn(&f, -1);
    assert_int_equal(*in_turn, before);
    vireo_ws_resume(f.ws);
    expect_log(&f, "L");
    assert_int_equal(*in_turn, 3000000);
    close(fd);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pause_inside_one_read),
        cmocka_unit_test(test_pause_between_reads),
        cmocka_unit_test(test_resume_inside_the_handler),
        cmocka_unit_test(test_pause_inside_on_open),
        cmocka_unit_test(test_close_while_paused),
        cmocka_unit_test(test_skip),
        cmocka_unit_test(test_queue_limit),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_idle_without_ping),
        cmocka_unit_test(test_idle_default_and_never),
        cmocka_unit_test(test_idle_while_paused),
        cmocka_unit_test(test_idle_while_taking),
        cmocka_unit_test(test_lifetime),
        cmocka_unit_test(test_terminate_inside_the_idle_error),
        cmocka_unit_test(test_inflating_takes_turns),
        cmocka_unit_test(test_inflating_pauses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
