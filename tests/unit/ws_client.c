/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* The WebSocket client (W11) against a server whose every word the test says: handshakes good and
 * bad, in pieces; masked frames; reconnection; closing inside every callback; want of memory.
 *
 * What the handlers see is written down: open T(text) B(binary) o(pong) error(NAME)
 * retry(code,delay) close(code,reason) */

#include "far_end.h"

#include "oom.h"
#include "ws/handshake.h"

typedef enum place {
    NOWHERE,
    IN_OPEN,
    IN_MESSAGE,
    IN_PING,
    IN_PONG,
    IN_ERROR,
    IN_RETRY,
    IN_CLOSE
} place;

typedef struct fixture {
    far_end far;
    vireo_ws *ws; /* NULL when it is over */
    vireo_ws_options options;
    vireo_error error;
    char log[4000];
    char text[300]; /* of the newest error */
    char key[32];   /* of the newest handshake */
    uint32_t delay; /* of the newest retry */
    place where;    /* to leave */
    bool terminate;
    bool calling; /* a call of ours is under way: no callback may come */
} fixture;

static void leave_if(vireo_ws *ws, place here)
{
    fixture *f = vireo_ws_user(ws);
    assert_false(f->calling);
    if (f->where != here)
        return;
    f->calling = true;
    if (f->terminate)
        vireo_ws_terminate(ws);
    else
        vireo_ws_close(ws, 1000, "enough");
    f->calling = false;
    assert_int_not_equal(vireo_ws_ready_state(ws), VIREO_WS_OPEN);
    assert_int_not_equal(vireo_ws_ready_state(ws), VIREO_WS_CONNECTING);
    assert_int_equal(vireo_ws_send_text(ws, "x"), VIREO_ECLOSED);
}

static void note(fixture *f, const char *text)
{
    assert_true(strlen(f->log) + strlen(text) < sizeof f->log);
    strcat(f->log, text);
}

static void on_open(vireo_ws *ws)
{
    note(vireo_ws_user(ws), "open ");
    assert_int_equal(vireo_ws_ready_state(ws), VIREO_WS_OPEN);
    leave_if(ws, IN_OPEN);
}

static void on_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    char text[100];
    snprintf(text, sizeof text, "%s(%.*s) ", binary ? "B" : "T", (int)len, (const char *)data);
    note(vireo_ws_user(ws), text);
    leave_if(ws, IN_MESSAGE);
}

static void on_ping(vireo_ws *ws, const void *data, size_t len)
{
    (void)data;
    (void)len;
    leave_if(ws, IN_PING);
}

static void on_pong(vireo_ws *ws, const void *data, size_t len)
{
    char text[100];
    snprintf(text, sizeof text, "o(%.*s) ", (int)len, (const char *)data);
    note(vireo_ws_user(ws), text);
    leave_if(ws, IN_PONG);
}

static void on_error(vireo_ws *ws, int error, const char *text)
{
    fixture *f = vireo_ws_user(ws);
    char line[100];
    snprintf(line, sizeof line, "error(%s) ", vireo_errname(error));
    note(f, line);
    snprintf(f->text, sizeof f->text, "%s", text);
    leave_if(ws, IN_ERROR);
}

static void on_retry(vireo_ws *ws, uint16_t code, const char *reason, uint32_t delay_ms)
{
    fixture *f = vireo_ws_user(ws);
    char line[200];
    snprintf(line, sizeof line, "retry(%u,%s,%u) ", code, reason, delay_ms);
    note(f, line);
    f->delay = delay_ms;
    assert_int_equal(vireo_ws_ready_state(ws), VIREO_WS_CONNECTING);
    leave_if(ws, IN_RETRY);
}

static void on_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    fixture *f = vireo_ws_user(ws);
    char line[200];
    snprintf(line, sizeof line, "close(%u,%s) ", code, reason);
    note(f, line);
    assert_int_equal(vireo_ws_ready_state(ws), VIREO_WS_CLOSED);
    leave_if(ws, IN_CLOSE);
    f->ws = NULL;
}

static void begin(fixture *f)
{
    memset(f, 0, sizeof *f);
    far_begin(&f->far);
    f->options = (vireo_ws_options){.size = sizeof f->options,
                                    .user = f,
                                    .on_open = on_open,
                                    .on_message = on_message,
                                    .on_ping = on_ping,
                                    .on_pong = on_pong,
                                    .on_error = on_error,
                                    .on_retry = on_retry,
                                    .on_close = on_close,
                                    .idle_timeout_ms = VIREO_WS_NEVER,
                                    .error = &f->error};
}

static void dial(fixture *f)
{
    char url[100];
    snprintf(url, sizeof url, "ws://127.0.0.1:%u/chat?x=y", f->far.port);
    f->calling = true;
    f->ws = vireo_ws_dial(f->far.app, url, &f->options);
    f->calling = false;
    if (f->ws == NULL)
        fail_msg("%s", f->error.text);
    assert_int_equal(f->error.code, 0);
    assert_int_equal(vireo_ws_ready_state(f->ws), VIREO_WS_CONNECTING);
    assert_int_equal(vireo_ws_send_text(f->ws, "x"), VIREO_ECLOSED);
    assert_int_equal(vireo_ws_ping(f->ws, "", 0), VIREO_ECLOSED);
    assert_int_equal(vireo_ws_send_piece(f->ws, "x", 1, true, true), VIREO_ECLOSED);
    assert_int_equal(vireo_ws_subscribe(f->ws, "x"), VIREO_ECLOSED);
    assert_int_equal(vireo_ws_queued(f->ws), 0);
    vireo_ws_pause(f->ws);
    vireo_ws_resume(f->ws);
}

static void finish(fixture *f)
{
    far_finish(&f->far);
    assert_null(f->ws);
}

static void until_log(fixture *f, const char *log)
{
    for (int i = 0; i < PATIENCE && strlen(f->log) < strlen(log); i++)
        far_turn(&f->far);
    if (strcmp(f->log, log) != 0)
        fail_msg("\"%s\" instead of \"%s\" (%s)", f->log, log, f->text);
    f->log[0] = '\0';
}

/* Reads the request, notes its key. */
static void read_request(fixture *f)
{
    char head[1000];
    far_read_head(&f->far, head, sizeof head);
    const char *key = strstr(head, "Sec-WebSocket-Key: ");
    assert_non_null(key);
    snprintf(f->key, sizeof f->key, "%.24s", key + strlen("Sec-WebSocket-Key: "));
}

static void make_answer(const fixture *f, const char *more, char *out, size_t size)
{
    char accept[VIREO__WS_ACCEPT_SIZE];
    assert_int_equal(vireo__ws_accept_key(f->key, accept), 0);
    snprintf(out, size,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n%s\r\n",
             accept, more);
}

static void shake_hands(fixture *f, const char *more)
{
    char answer[600];
    far_accept(&f->far);
    read_request(f);
    make_answer(f, more, answer, sizeof answer);
    far_say(&f->far, answer);
}

static void open_up(fixture *f)
{
    dial(f);
    shake_hands(f, "");
    until_log(f, "open ");
}

/* Reads one frame of the client, at most 125 bytes; returns its first byte. */
static int read_frame(fixture *f, char *payload, uint8_t mask[4])
{
    uint8_t head[2];
    assert_int_equal(far_read(&f->far, head, 2), 2);
    assert_true(head[1] & 0x80);
    size_t n = head[1] & 0x7f;
    assert_true(n < 126);
    assert_int_equal(far_read(&f->far, mask, 4), 4);
    assert_int_equal(far_read(&f->far, payload, n), n);
    for (size_t i = 0; i < n; i++)
        payload[i] = (char)(payload[i] ^ mask[i % 4]);
    payload[n] = '\0';
    return head[0];
}

static void expect_close(fixture *f, unsigned code, const char *reason)
{
    char payload[130];
    uint8_t mask[4];
    assert_int_equal(read_frame(f, payload, mask), 0x88);
    assert_int_equal((uint8_t)payload[0] << 8 | (uint8_t)payload[1], code);
    assert_string_equal(payload + 2, reason);
}

/* --- the handshake ---------------------------------------------------------------------------- */

static void asks_as_it_should(void **state)
{
    static const char *const headers[] = {"Authorization", "Bearer x", "Cookie", "a=b", NULL};
    char head[1000], expected[1000];
    const char *key;
    (void)state;
    fixture f;
    begin(&f);
    f.options.headers = headers;
    f.options.protocols = "chat.v2, chat.v1";
    f.options.origin = "https://example.org";
    f.options.deflate.on = true;
    dial(&f);
    far_accept(&f.far);
    far_read_head(&f.far, head, sizeof head);
    key = strstr(head, "Sec-WebSocket-Key: ") + strlen("Sec-WebSocket-Key: ");
    snprintf(f.key, sizeof f.key, "%.24s", key);
    const char *offer = strstr(head, "Sec-WebSocket-Extensions: permessage-deflate");
    assert_non_null(offer);
    snprintf(expected, sizeof expected,
             "GET /chat?x=y HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: Upgrade\r\n"
             "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Protocol: chat.v2, chat.v1\r\n%.*s"
             "Origin: https://example.org\r\nAuthorization: Bearer x\r\nCookie: a=b\r\n"
             "Sec-WebSocket-Key: %s\r\n\r\n",
             f.far.port, (int)(strstr(offer, "\r\n") + 2 - offer), offer, f.key);
    assert_string_equal(head, expected);
    make_answer(&f, "Sec-WebSocket-Protocol: chat.v1\r\n", head, sizeof head);
    far_say(&f.far, head);
    until_log(&f, "open ");
    assert_string_equal(vireo_ws_protocol(f.ws), "chat.v1");
    assert_string_equal(vireo_ws_address(f.ws), "127.0.0.1");
    assert_null(vireo_ws_endpoint_of(f.ws));
    assert_ptr_equal(vireo_ws_app(f.ws), f.far.app);
    finish(&f);
    assert_string_equal(f.log, "close(1006,) ");
}

/* The first messages may stand in the same bytes as the answer. */
static void takes_answers_in_any_pieces(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < 140; cut += 3) {
        char answer[300];
        fixture f;
        begin(&f);
        dial(&f);
        far_accept(&f.far);
        read_request(&f);
        make_answer(&f, "", answer, sizeof answer);
        strcat(answer, "\x81\x02hi\x82\x01!");
        size_t n = strlen(answer);
        size_t at = cut < n ? cut : n;
        far_say_bytes(&f.far, answer, at);
        far_turn(&f.far);
        far_turn(&f.far);
        far_say_bytes(&f.far, answer + at, n - at);
        until_log(&f, "open T(hi) B(!) ");
        finish(&f);
    }
}

static void refuses_answers(void **state)
{
    static const struct {
        const char *answer; /* $ stands for the right key */
        const char *log;
        const char *text;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "error(VIREO_EREFUSED) close(1006,) ",
         "the server answered 200 OK instead of 101"},
        {"HTTP/1.1 403 Never\r\n\r\n", "error(VIREO_EREFUSED) close(1006,) ",
         "the server answered 403 Forbidden"},
        {"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", "error(VIREO_EREFUSED) close(1006,) ",
         "302"},
        {"HTTP/1.1 101 x\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: $\r\n\r\n",
         "error(VIREO_EPROTO) close(1006,) ", "Upgrade header"},
        {"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: $\r\n\r\n",
         "error(VIREO_EPROTO) close(1006,) ", "Connection header"},
        {"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: x$\r\n\r\n",
         "error(VIREO_EPROTO) close(1006,) ", "Accept"},
        {"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
         "error(VIREO_EPROTO) close(1006,) ", "Accept"},
        {"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: $\r\nSec-WebSocket-Accept: $\r\n\r\n",
         "error(VIREO_EPROTO) close(1006,) ", "twice"},
        {"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: $\r\nSec-WebSocket-Protocol: a\r\n\r\n",
         "error(VIREO_EPROTO) close(1006,) ", "not offered"},
        {"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: $\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
         "error(VIREO_EPROTO) close(1006,) ", "not offered"},
        {"SSH-2.0-x\r\n", "error(VIREO_EPROTO) close(1006,) ", "could not be read"},
        {"", "error(VIREO_ECLOSED) close(1006,) ", "without a whole answer"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char accept[VIREO__WS_ACCEPT_SIZE];
        fixture f;
        begin(&f);
        dial(&f);
        far_accept(&f.far);
        read_request(&f);
        vireo__ws_accept_key(f.key, accept);
        for (const char *at = cases[i].answer; *at; at++) {
            if (*at == '$')
                far_say(&f.far, accept);
            else
                far_say_bytes(&f.far, at, 1);
        }
        shutdown(f.far.fd, SHUT_WR);
        until_log(&f, cases[i].log);
        if (strstr(f.text, cases[i].text) == NULL)
            fail_msg("case %zu: %s", i, f.text);
        far_expect_end(&f.far);
        finish(&f);
    }
}

static void refuses_options(void **state)
{
    static const char *const own[] = {"sec-websocket-KEY", "x", NULL};
    static const char *const upgrade[] = {"Upgrade", "x", NULL};
    static const char *const odd[] = {"X", NULL};
    static const char *const evil[] = {"X", "a\nb", NULL};
    static const struct {
        const char *url;
        vireo_ws_options options;
        const char *text;
    } cases[] = {
        {"", {0}, "URL"},
        {"ftp://h/", {0}, "scheme"},
        {"ws://h/#x", {0}, "#fragment"},
        {"ws://h h/", {0}, "blank"},
        {"ws://h/", {.headers = own}, "not yours"},
        {"ws://h/", {.headers = upgrade}, "not yours"},
        {"ws://h/", {.headers = odd}, "names and values"},
        {"ws://h/", {.headers = evil}, "control characters"},
        {"ws://h/", {.protocols = "a, a"}, "sub-protocols"},
        {"ws://h/", {.protocols = ""}, "sub-protocols"},
        {"ws://h/", {.origin = "a\r\nb: c"}, "control characters"},
        {"ws://h/", {.proxy = "https://p"}, "proxy"},
        {"ws://h/", {.deflate = {.on = true, .client_max_window_bits = 16}}, "range"},
        {"ws://h/", {.reconnect = {.jitter = 1.5}}, "jitter"},
        {"ws://h/", {.reconnect = {.min_ms = 2, .max_ms = 1}}, "min_ms"},
    };
    (void)state;
    fixture f;
    begin(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vireo_ws_options o = cases[i].options;
        o.size = sizeof o;
        o.error = &f.error;
        assert_null(vireo_ws_dial(f.far.app, cases[i].url, &o));
        assert_int_equal(f.error.code, VIREO_EINVAL);
        if (strstr(f.error.text, cases[i].text) == NULL)
            fail_msg("case %zu: %s", i, f.error.text);
        o.error = NULL;
        assert_null(vireo_ws_dial(f.far.app, cases[i].url, &o));
    }
    vireo_stop(f.far.app);
    assert_null(vireo_ws_connect(f.far.app, "ws://h/", .error = &f.error));
    assert_int_equal(f.error.code, VIREO_ECLOSED);
    finish(&f);
}

static void gives_up_in_time(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    f.options.connect_timeout_ms = 60000;
    dial(&f);
    far_accept(&f.far);
    read_request(&f);
    far_say(&f.far, "HTTP/1.1 101");
    far_advance(&f.far, 50000);
    far_settle(&f.far);
    assert_string_equal(f.log, "");
    far_advance(&f.far, 10000);
    until_log(&f, "error(VIREO_ETIMEDOUT) close(1006,) ");
    assert_non_null(strstr(f.text, "did not answer within 60000 ms"));
    finish(&f);
}

/* --- frames ----------------------------------------------------------------------------------- */

static void masks_what_it_sends(void **state)
{
    char payload[130];
    uint8_t masks[3][4];
    (void)state;
    fixture f;
    begin(&f);
    open_up(&f);
    assert_int_equal(vireo_ws_send_text(f.ws, "same"), 0);
    assert_int_equal(vireo_ws_send_text(f.ws, "same"), 0);
    assert_int_equal(vireo_ws_ping(f.ws, "p", 1), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(read_frame(&f, payload, masks[i]), i == 2 ? 0x89 : 0x81);
        assert_string_equal(payload, i == 2 ? "p" : "same");
    }
    assert_memory_not_equal(masks[0], masks[1], 4); /* once in four thousand million runs */
    far_say(&f.far, "\x8a\x01p\x89\x01q");
    until_log(&f, "o(p) ");
    assert_int_equal(read_frame(&f, payload, masks[0]), 0x8a);
    assert_string_equal(payload, "q");
    far_say_bytes(&f.far, "\x81\x81\1\2\3\4x", 7); /* a server must not */
    until_log(&f, "error(VIREO_EPROTO) ");
    expect_close(&f, 1002, "");
    far_hang_up(&f.far);
    until_log(&f, "close(1006,) ");
    finish(&f);
}

static void closes_both_ways(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    open_up(&f);
    assert_int_equal(vireo_ws_close(f.ws, 999, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_ws_close(f.ws, 4000, "bye"), 0);
    assert_int_equal(vireo_ws_close(f.ws, 4000, "bye"), VIREO_ECLOSED);
    expect_close(&f, 4000, "bye");
    far_say(&f.far, "\x88\x05\x0f\xa1you");
    far_expect_end(&f.far);
    far_hang_up(&f.far);
    until_log(&f, "close(4001,you) ");
    finish(&f);
    begin(&f);
    open_up(&f);
    far_say(&f.far, "\x88\x02\x03\xe9");
    expect_close(&f, 1001, "");
    far_hang_up(&f.far);
    until_log(&f, "close(1001,) ");
    finish(&f);
}

static void ends_with_its_application(void **state)
{
    (void)state;
    for (int stage = 0; stage < 5; stage++) {
        fixture f;
        begin(&f);
        f.options.reconnect.on = true;
        dial(&f);
        if (stage >= 1)
            far_accept(&f.far);
        if (stage >= 2)
            read_request(&f);
        if (stage >= 3) {
            char answer[300];
            make_answer(&f, "", answer, sizeof answer);
            far_say(&f.far, answer);
            until_log(&f, "open ");
        }
        if (stage == 4) {
            far_reset(&f.far);
            far_settle(&f.far);
            assert_memory_equal(f.log, "retry", 5);
            f.log[0] = '\0';
        }
        vireo_stop(f.far.app);
        far_settle(&f.far);
        if (stage == 3) {
            expect_close(&f, 1001, "");
            far_say(&f.far, "\x88\x02\x03\xe9");
            far_hang_up(&f.far);
        }
        until_log(&f, stage == 3 ? "close(1001,) " : "close(1006,) ");
        finish(&f);
    }
}

/* --- once more -------------------------------------------------------------------------------- */

static void connects_again(void **state)
{
    char log[100];
    (void)state;
    fixture f;
    begin(&f);
    f.options.data_size = 8;
    f.options.reconnect =
        (vireo_ws_reconnect){.on = true, .min_ms = 10000, .max_ms = 100000, .jitter = -1};
    open_up(&f);
    strcpy(vireo_ws_data(f.ws), "mine");
    for (int round = 0; round < 3; round++) {
        vireo_ws *before = f.ws;
        if (round == 0)
            far_reset(&f.far);
        else
            far_say(&f.far, "\x88\x04\x03\xe9xy");
        if (round > 0) {
            expect_close(&f, 1001, "");
            far_hang_up(&f.far);
        }
        snprintf(log, sizeof log, "retry(%s,%d) ", round == 0 ? "1006," : "1001,xy",
                 10000 << round);
        until_log(&f, log);
        assert_false(far_has_caller(&f.far));
        assert_int_equal(vireo_ws_send_text(f.ws, "x"), VIREO_ECLOSED);
        far_advance(&f.far, (uint64_t)10000 << round);
        shake_hands(&f, "");
        until_log(&f, "open ");
        assert_ptr_equal(f.ws, before);
        assert_string_equal(vireo_ws_data(f.ws), "mine");
        far_say(&f.far, "\x81\x02hi");
        until_log(&f, "T(hi) ");
    }
    /* once it has been open for a while, the waits begin anew */
    far_advance(&f.far, VIREO_WS_STABLE_MS);
    far_reset(&f.far);
    until_log(&f, "retry(1006,,10000) ");
    finish(&f);
}

static void keeps_trying_but_not_for_ever(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    far_stop_listening(&f.far);
    f.options.reconnect = (vireo_ws_reconnect){
        .on = true, .min_ms = 10000, .max_ms = 30000, .jitter = -1, .attempts = 3};
    dial(&f);
    until_log(&f, "error(OS) retry(1006,,10000) ");
    far_advance(&f.far, 10000);
    until_log(&f, "error(OS) retry(1006,,20000) ");
    far_advance(&f.far, 20000);
    until_log(&f, "error(OS) retry(1006,,30000) ");
    far_advance(&f.far, 30000);
    until_log(&f, "error(OS) close(1006,) ");
    finish(&f);
}

static void waits_by_chance(void **state)
{
    (void)state;
    bool differs = false;
    uint32_t first = 0;
    for (int i = 0; i < 20 && !differs; i++) {
        fixture f;
        begin(&f);
        far_stop_listening(&f.far);
        f.options.reconnect.on = true;
        dial(&f);
        for (int n = 0; n < PATIENCE && f.delay == 0; n++)
            far_turn(&f.far);
        assert_in_range(f.delay, 500, 1500);
        differs = i > 0 && f.delay != first;
        first = f.delay;
        finish(&f);
    }
    assert_true(differs);
}

static void does_not_connect_again_when_it_shall_not(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        fixture f;
        begin(&f);
        f.options.reconnect.on = true;
        open_up(&f);
        if (i == 0) {
            vireo_ws_close(f.ws, 1000, NULL);
            far_hang_up(&f.far);
            until_log(&f, "close(1006,) ");
        } else if (i == 1) {
            vireo_ws_terminate(f.ws);
            until_log(&f, "close(1006,) ");
        } else if (i == 2) { /* the server was quicker */
            far_say(&f.far, "\x88\x02\x03\xe8");
            for (int n = 0; n < PATIENCE && vireo_ws_ready_state(f.ws) == VIREO_WS_OPEN; n++)
                far_turn(&f.far);
            assert_int_equal(vireo_ws_close(f.ws, 1000, NULL), VIREO_ECLOSED);
            far_hang_up(&f.far);
            until_log(&f, "close(1000,) ");
        } else { /* while it waits */
            far_reset(&f.far);
            for (int n = 0; n < PATIENCE && f.delay == 0; n++)
                far_turn(&f.far);
            f.log[0] = '\0';
            assert_int_equal(vireo_ws_close(f.ws, 1000, NULL), 0);
            assert_int_equal(vireo_ws_close(f.ws, 1000, NULL), VIREO_ECLOSED);
            until_log(&f, "close(1006,) ");
        }
        far_advance(&f.far, 100000);
        assert_false(far_has_caller(&f.far));
        finish(&f);
    }
}

/* --- closing inside every callback ------------------------------------------------------------ */

static void may_be_left_anywhere(void **state)
{
    (void)state;
    for (place where = IN_OPEN; where <= IN_CLOSE; where++)
        for (int terminate = 0; terminate <= 1; terminate++) {
            fixture f;
            begin(&f);
            f.where = where;
            f.terminate = terminate;
            f.options.reconnect.on = where == IN_RETRY || where == IN_ERROR;
            if (where == IN_ERROR || where == IN_RETRY)
                far_stop_listening(&f.far);
            dial(&f);
            if (where != IN_ERROR && where != IN_RETRY) {
                shake_hands(&f, "");
                far_say(&f.far, "\x89\x01p\x8a\x01q\x81\x01x\x81\x01y");
                for (int i = 0; i < PATIENCE && strstr(f.log, "close") == NULL; i++) {
                    far_turn(&f.far);
                    if (i == 50)
                        shutdown(f.far.fd, SHUT_WR);
                }
            }
            for (int i = 0; i < PATIENCE && f.ws != NULL; i++)
                far_turn(&f.far);
            assert_null(f.ws);
            assert_non_null(strstr(f.log, "close(1006,) "));
            far_advance(&f.far, 100000);
            assert_null(strstr(strstr(f.log, "close"), "retry"));
            finish(&f);
        }
}

static void may_be_left_before_it_is_open(void **state)
{
    (void)state;
    for (int stage = 0; stage < 4; stage++)
        for (int terminate = 0; terminate <= 1; terminate++) {
            fixture f;
            begin(&f);
            dial(&f);
            if (stage >= 1)
                far_accept(&f.far);
            if (stage >= 2)
                read_request(&f);
            if (stage == 3)
                far_say(&f.far, "HTTP/1.1 101 Swit");
            far_settle(&f.far);
            f.calling = true;
            if (terminate)
                vireo_ws_terminate(f.ws);
            else
                assert_int_equal(vireo_ws_close(f.ws, 1000, NULL), 0);
            f.calling = false;
            until_log(&f, "close(1006,) ");
            finish(&f);
        }
}

/* --- want of memory --------------------------------------------------------------------------- */

static void survives_want_of_memory(void **state)
{
    static const char *const headers[] = {"X-One", "1", NULL};
    (void)state;
    for (int n = 1;; n++) {
        fixture f;
        char url[100], answer[600];
        begin(&f);
        f.options.headers = headers;
        f.options.protocols = "a";
        f.options.deflate.on = true;
        snprintf(url, sizeof url, "ws://127.0.0.1:%u/", f.far.port);
        oom_fail_at(n);
        f.ws = vireo_ws_dial(f.far.app, url, &f.options);
        char head[1000] = "";
        for (int i = 0; i < 300 && f.ws != NULL && strstr(f.log, "T(hi)") == NULL; i++) {
            far_turn(&f.far);
            if (f.far.fd < 0)
                f.far.fd = accept4(f.far.listener, NULL, NULL, SOCK_NONBLOCK);
            size_t len = strlen(head);
            ssize_t got = f.far.fd >= 0 && len + 1 < sizeof head
                              ? recv(f.far.fd, head + len, sizeof head - len - 1, 0)
                              : 0;
            if (got <= 0)
                continue;
            head[len + (size_t)got] = '\0';
            const char *key = strstr(head, "Sec-WebSocket-Key: ");
            if (key == NULL || strstr(head, "\r\n\r\n") == NULL)
                continue;
            snprintf(f.key, sizeof f.key, "%.24s", key + strlen("Sec-WebSocket-Key: "));
            make_answer(&f,
                        "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Extensions: "
                        "permessage-deflate; server_no_context_takeover; "
                        "client_no_context_takeover\r\n",
                        answer, sizeof answer);
            strcat(answer, "\x81\x02hi");
            far_say(&f.far, answer);
        }
        bool failed = oom_failed();
        if (f.ws == NULL && f.log[0] == '\0')
            assert_int_equal(f.error.code, n == 1 ? 0 : VIREO_ENOMEM);
        bool good = strcmp(f.log, "open T(hi) ") == 0;
        if (!good && f.log[0] != '\0' && strstr(f.log, "open") == NULL)
            assert_non_null(strstr(f.log, "error(VIREO_ENOMEM)"));
        finish(&f);
        if (!failed) {
            assert_true(good);
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_as_it_should),
        cmocka_unit_test(takes_answers_in_any_pieces),
        cmocka_unit_test(refuses_answers),
        cmocka_unit_test(refuses_options),
        cmocka_unit_test(gives_up_in_time),
        cmocka_unit_test(masks_what_it_sends),
        cmocka_unit_test(closes_both_ways),
        cmocka_unit_test(ends_with_its_application),
        cmocka_unit_test(connects_again),
        cmocka_unit_test(keeps_trying_but_not_for_ever),
        cmocka_unit_test(waits_by_chance),
        cmocka_unit_test(does_not_connect_again_when_it_shall_not),
        cmocka_unit_test(may_be_left_anywhere),
        cmocka_unit_test(may_be_left_before_it_is_open),
        cmocka_unit_test(survives_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
