/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws_autobahn.c: W12: the cases of the Autobahn test-suite, groups 1 to 13, written from RFC 6455
 * and RFC 7692. The tables stand in autobahn/, a file for each group; this is what drives them: an
 * echo on a real connection (ws/conn.h) over a stream in memory, as the server and as the client,
 * fed whole, byte by byte, and in random pieces. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "autobahn/cases.h"
#include "autobahn/group01.h"
#include "autobahn/group02.h"
#include "autobahn/group03.h"
#include "autobahn/group04.h"
#include "autobahn/group05.h"
#include "autobahn/group06.h"
#include "autobahn/group07.h"
#include "autobahn/group09.h"
#include "base/buf.h"
#include "ws/conn.h"
#include "ws/frame.h"
#include "ws/local.h"

#include "autobahn/group12.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint32_t random_state = 1;

static uint32_t random_number(void)
{
    random_state = random_state * 1664525 + 1013904223;
    return random_state >> 8;
}

/* The next bytes of the pattern, in runs: what is large would take long byte by byte. */
enum { RUN = 26 * 512 };

static const char *pattern_at(size_t i, size_t *n)
{
    static char run[2 * RUN];
    if (run[0] == '\0')
        for (size_t k = 0; k < sizeof run; k++)
            run[k] = pattern(k);
    *n = *n < RUN ? *n : RUN;
    return run + i % 26;
}

/* --- an end of a connection, over a stream in memory ------------------------------------------ */

typedef struct end end;

struct end {
    vireo_loop *loop;
    vireo__stream stream;
    vireo__ws ws;
    vireo__ws_limits limits;
    vireo__buf out; /* what it has written */
    bool shut;      /* .. and nothing more */
    bool closing;
    bool closed;
    void (*on_message)(end *e, bool binary, const uint8_t *data, size_t len);
    size_t heard; /* messages */
};

static int io_start(vireo__stream *s)
{
    (void)s;
    return 0;
}

static void io_stop(vireo__stream *s)
{
    (void)s;
}

static ptrdiff_t io_write(vireo__stream *s, const uv_buf_t *bufs, unsigned count)
{
    end *e = vireo__container(s, end, stream);
    size_t n = 0;
    assert_false(e->shut);
    for (unsigned i = 0; i < count; i++) {
        vireo__buf_append(&e->out, bufs[i].base, bufs[i].len);
        n += bufs[i].len;
    }
    return (ptrdiff_t)n;
}

static int io_write_later(vireo__stream *s, const uv_buf_t *bufs, unsigned count)
{
    (void)s;
    (void)bufs;
    (void)count;
    fail();
    return 0;
}

static int io_shutdown(vireo__stream *s)
{
    vireo__container(s, end, stream)->shut = true;
    return 0;
}

static void io_close(vireo__stream *s)
{
    vireo__container(s, end, stream)->closing = true;
}

static const vireo__stream_io memory_io = {
    .read_start = io_start,
    .read_stop = io_stop,
    .try_write = io_write,
    .write_later = io_write_later,
    .shutdown_write = io_shutdown,
    .close = io_close,
};

static void on_message(vireo__ws *ws, bool binary, uint8_t *data, size_t len)
{
    end *e = vireo__container(ws, end, ws);
    e->heard++;
    e->on_message(e, binary, data, len);
}

static void on_close(vireo__ws *ws, uint16_t code, const char *reason)
{
    (void)code;
    (void)reason;
    vireo__container(ws, end, ws)->closed = true;
}

static const vireo__ws_events ws_events = {.on_message = on_message, .on_close = on_close};

static void send_message(end *e, bool binary, const void *data, size_t len)
{
    vireo__shared *f = vireo__ws_frame_copy(binary ? VIREO__WS_BINARY : VIREO__WS_TEXT, data, len);
    assert_int_equal(vireo__ws_send(&e->ws, f, NULL, NULL), 0);
    vireo__shared_unref(f);
}

static void echo(end *e, bool binary, const uint8_t *data, size_t len)
{
    send_message(e, binary, data, len);
}

static void end_open(end *e, vireo_loop *loop, bool client, const vireo_ws_deflate *deflate,
                     const vireo__ws_agreed *agreed)
{
    *e = (end){.loop = loop, .on_message = echo};
    e->limits = (vireo__ws_limits){.max_message_bytes = 1 << 25,
                                   .max_fragments = 1 << 17,
                                   .close_timeout_ms = 1000,
                                   .from_server = client};
    if (deflate != NULL)
        e->limits.deflate = *deflate;
    vireo__buf_init(&e->out, VIREO__BUF_UNLIMITED);
    vireo__stream_init(&e->stream, loop, &memory_io);
    assert_int_equal(vireo__ws_attach(&e->ws, &e->stream, agreed, &e->limits, &ws_events), 0);
}

static void run(end *e, uv_run_mode mode)
{
    uv_run(e->loop->uv, mode);
    if (e->closing && !e->closed)
        vireo__stream_closed(&e->stream);
}

/* The bytes stand in memory of exactly their number. */
static void feed(end *e, const uint8_t *bytes, size_t n)
{
    while (!e->stream.reading && !e->closing)
        run(e, UV_RUN_ONCE); /* it takes its time over what it has */
    if (e->closing)
        return;
    uint8_t *copy = malloc(n);
    memcpy(copy, bytes, n);
    vireo__stream_io_received(&e->stream, copy, n);
    free(copy);
}

enum {
    WHOLE,
    BYTEWISE,
    RANDOM,
    DELIVERIES = RANDOM + 3,
    SMALL_INPUT = 1 << 14,
    LARGE_INPUT = 1 << 17 /* bytes: not byte by byte */
};

static void deliver(end *e, const uint8_t *bytes, size_t n, int how)
{
    size_t most = n > LARGE_INPUT ? 10000 : n > SMALL_INPUT ? 1000 : 40;
    for (size_t at = 0, take, turn = 1; at < n; at += take, turn++) {
        take = how == WHOLE ? n : how == BYTEWISE ? 1 : 1 + random_number() % most;
        if (take > n - at)
            take = n - at;
        feed(e, bytes + at, take);
        if (turn % 32 == 0) /* several pieces may come within one turn */
            run(e, UV_RUN_NOWAIT);
    }
    run(e, UV_RUN_NOWAIT);
}

static void end_close(end *e)
{
    if (!e->closing)
        vireo__stream_io_ended(&e->stream);
    for (int i = 0; i < 10 && !e->closed; i++)
        run(e, UV_RUN_NOWAIT);
    assert_true(e->closed);
    vireo__buf_deinit(&e->out);
}

/* --- frames ----------------------------------------------------------------------------------- */

static void add_frame(vireo__buf *out, const test_frame *f, size_t *at, bool masked)
{
    bool control = f->first & 8;
    bool begins = !control && (f->first & 15) != CONT;
    uint8_t mask[4] = {0};
    size_t from = control || begins ? 0 : *at;
    vireo__buf_append_byte(out, (uint8_t)f->first);
    uint8_t bit = masked ? 0x80 : 0;
    if (f->len < 126) {
        vireo__buf_append_byte(out, (uint8_t)(bit | f->len));
    } else {
        int bytes = f->len < 65536 ? 2 : 8;
        vireo__buf_append_byte(out, (uint8_t)(bit | (bytes == 2 ? 126 : 127)));
        while (bytes-- > 0)
            vireo__buf_append_byte(out, (uint8_t)((uint64_t)f->len >> (8 * bytes)));
    }
    if (masked) {
        for (int i = 0; i < 4; i++)
            mask[i] = (uint8_t)random_number();
        vireo__buf_append(out, mask, 4);
    }
    size_t start = out->len;
    if (f->payload != NULL)
        vireo__buf_append(out, f->payload, f->len);
    for (size_t i = 0, n; f->payload == NULL && i < f->len; i += n) {
        n = f->len - i;
        const char *run = pattern_at(from + i, &n);
        vireo__buf_append(out, run, n);
    }
    if (masked)
        vireo__ws_mask(out->data + start, f->len, mask, 0);
    if (!control)
        *at = from + f->len;
}

static void add_frames(vireo__buf *out, const test_frame *frames, bool masked)
{
    size_t at = 0;
    for (const test_frame *f = frames; f->first != NONE; f++)
        for (size_t i = 0; i < (f->times ? f->times : 1); i++)
            add_frame(out, f, &at, masked);
}

static void show(vireo__buf *log, const uint8_t *data, size_t n)
{
    if (n > SHOWN) {
        vireo__buf_append_byte(log, '#');
        vireo__buf_append_u64(log, n);
        for (size_t i = 0, k; i < n; i += k) {
            k = n - i;
            const char *run = pattern_at(i, &k);
            if (memcmp(data + i, run, k) != 0)
                vireo__buf_append_str(log, "!wrong");
        }
        return;
    }
    vireo__buf_append_byte(log, '(');
    for (size_t i = 0; i < n; i++) {
        char text[4];
        bool plain = data[i] >= 0x20 && data[i] < 0x7F;
        snprintf(text, sizeof text, plain ? "%c" : "\\%02X", data[i]);
        vireo__buf_append_str(log, text);
    }
    vireo__buf_append_byte(log, ')');
}

/* What came out, as cases.h tells. */
static void describe(end *e, vireo__buf *log)
{
    uint8_t *at = e->out.data;
    size_t left = e->out.len;
    while (left > 0) {
        vireo__ws_head head;
        const char *why;
        int used = vireo__ws_head_decode(&head, at, left, e->limits.from_server, false, &why);
        assert_true(used > 0 && head.fin && head.payload_len <= left - (size_t)used);
        at += used;
        size_t n = (size_t)head.payload_len;
        if (head.masked)
            vireo__ws_mask(at, n, head.mask, 0);
        if (log->len > 0)
            vireo__buf_append_byte(log, ' ');
        vireo__buf_append_byte(log, (uint8_t) "?TB?????CPo"[head.opcode]);
        if (head.opcode != VIREO__WS_CLOSE)
            show(log, at, n);
        else if (n >= 2)
            vireo__buf_append_u64(log, (uint64_t)(at[0] << 8 | at[1]));
        at += n;
        left -= (size_t)used + n;
    }
    if (e->shut || e->closing)
        vireo__buf_append_str(log, " |");
}

/* --- running cases ---------------------------------------------------------------------------- */

static void run_once(vireo_loop *loop, const char *id, const vireo__buf *input,
                     const char *expected, bool client, int how)
{
    static const vireo__ws_agreed nothing;
    end e;
    vireo__buf log;
    vireo__buf_init(&log, VIREO__BUF_UNLIMITED);
    end_open(&e, loop, client, NULL, &nothing);
    deliver(&e, input->data, input->len, how);
    run(&e, UV_RUN_NOWAIT);
    describe(&e, &log);
    if (strcmp(vireo__buf_cstr(&log), expected) != 0)
        fail_msg("%s, %s, delivery %d:\n%.500s\nexpected\n%.500s", id, client ? "client" : "server",
                 how, (char *)log.data, expected);
    end_close(&e);
    vireo__buf_deinit(&log);
}

static void run_case(const test_case *c)
{
    vireo_loop *loop = vireo__loop_new(NULL);
    for (int client = 0; client < 2; client++) {
        vireo__buf input;
        vireo__buf_init(&input, VIREO__BUF_UNLIMITED);
        add_frames(&input, c->frames, !client);
        for (int how = WHOLE; how < DELIVERIES; how++)
            if (input.len <= LARGE_INPUT || how == WHOLE || how == RANDOM)
                run_once(loop, c->id, &input, c->expected, client, how);
        vireo__buf_deinit(&input);
    }
    vireo__loop_free(loop);
}

static void run_table(const test_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        run_case(&cases[i]);
}

#define GROUP(name)                                                                                \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        run_table(name, COUNT(name));                                                              \
    }

GROUP(group01)
GROUP(group02)
GROUP(group03)
GROUP(group04)
GROUP(group05)
GROUP(group06)
GROUP(group07)
GROUP(group09)

static void test_utf8_sequences(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(utf8_rows); i++) {
        const utf8_row *r = &utf8_rows[i];
        vireo__buf log;
        test_frame whole[] = {{FIN | TEXT, r->text, r->len, 0}, {NONE, NULL, 0, 0}};
        test_frame bytes[40];
        assert_true(r->len < COUNT(bytes));
        for (size_t k = 0; k < r->len; k++)
            bytes[k] = (test_frame){(k == 0 ? TEXT : CONT) | (k + 1 == r->len ? FIN : 0),
                                    r->text + k, 1, 0};
        bytes[r->len].first = NONE;
        vireo__buf_init(&log, VIREO__BUF_UNLIMITED);
        if (r->valid) {
            vireo__buf_append_byte(&log, 'T');
            show(&log, (const uint8_t *)r->text, r->len);
        } else {
            vireo__buf_append_str(&log, "C1007 |");
        }
        run_case(&(test_case){r->id, whole, vireo__buf_cstr(&log)});
        run_case(&(test_case){r->id, bytes, vireo__buf_cstr(&log)});
        vireo__buf_deinit(&log);
    }
}

static void test_close_codes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(close_codes); i++)
        for (size_t reason = 0; reason < 2; reason++) {
            char expected[20];
            char payload[] = {(char)(close_codes[i].code >> 8), (char)close_codes[i].code, 'w', 'h',
                              'y'};
            test_frame frames[] = {{FIN | CLOSE, payload, reason ? 5 : 2, 0}, {NONE, NULL, 0, 0}};
            snprintf(expected, sizeof expected, "C%u |",
                     close_codes[i].valid ? close_codes[i].code : 1002);
            run_case(&(test_case){close_codes[i].id, frames, expected});
        }
}

/* 9.7 and 9.8 */
static void test_thousand_messages(void **state)
{
    (void)state;
    static const char expected_empty[] = "T()";
    for (size_t i = 0; i < COUNT(thousand_sizes); i++)
        for (int opcode = TEXT; opcode <= BINARY; opcode++) {
            size_t n = thousand_sizes[i];
            test_frame frames[] = {{FIN | opcode, NULL, n, 1000}, {NONE, NULL, 0, 0}};
            vireo__buf log;
            uint8_t bytes[4096];
            for (size_t k = 0; k < n; k++)
                bytes[k] = (uint8_t)pattern(k);
            vireo__buf_init(&log, VIREO__BUF_UNLIMITED);
            for (int k = 0; k < 1000; k++) {
                vireo__buf_append_str(&log, k > 0 ? " " : "");
                vireo__buf_append_byte(&log, opcode == TEXT ? 'T' : 'B');
                if (n > 0)
                    show(&log, bytes, n);
                else
                    vireo__buf_append_str(&log, expected_empty + 1);
            }
            run_case(&(test_case){"9.7-9.8", frames, vireo__buf_cstr(&log)});
            vireo__buf_deinit(&log);
        }
}

/* --- compression: a client and a server, wired to each other ---------------------------------- */

enum { MESSAGES = 20, LARGE_MESSAGES = 4 };

/* Message |i| of a case: the same each time it is asked for. */
static void make_payload(uint8_t *out, size_t n, payload_kind kind, size_t i)
{
    static const char json[] = "{\"id\":17,\"name\":\"a vireo\",\"song\":[1,2,3],\"day\":null},";
    static const char prose[] =
        "Twenty thousand songs a day, and hardly one like another, so they say. ";
    static const char html[] =
        "<div class=\"bird\"><span>vireo</span>&nbsp;<a href=\"/v\">v</a></div>\n";
    static const char latin[] = "Gr\xC3\xBC\xC3\x9F"
                                "e, caf\xC3\xA9, \xE2\x82\xAC 5 ";
    static const char *const texts[] = {
        [JSON] = json, [PROSE] = prose, [HTML] = html, [LATIN] = latin};
    uint32_t x = (uint32_t)i * 7919 + 1;
    size_t period = kind == BINARY_NOISE ? 0 : strlen(texts[kind]);
    for (size_t k = 0; k < n; k++) {
        x = x * 1664525 + 1013904223;
        out[k] = kind == BINARY_NOISE ? (uint8_t)(x >> 24) : (uint8_t)texts[kind][(k + i) % period];
    }
    /* whole characters only */
    for (size_t k = 0; k < n && (out[k] & 0xC0) == 0x80 && kind == LATIN; k++)
        out[k] = '.';
    for (size_t k = n; k-- > 0 && out[k] >= 0x80 && kind == LATIN;)
        out[k] = '.';
}

static struct {
    size_t n;
    payload_kind kind;
    uint8_t expected[131072];
} current;

static void check_echo(end *e, bool binary, const uint8_t *data, size_t len)
{
    assert_int_equal(binary, current.kind == BINARY_NOISE);
    assert_int_equal(len, current.n);
    make_payload(current.expected, len, current.kind, e->heard - 1);
    assert_memory_equal(data, current.expected, len);
}

static void carry(end *from, end *to, int how)
{
    vireo__buf bytes = from->out;
    vireo__buf_init(&from->out, VIREO__BUF_UNLIMITED);
    if (bytes.len > 0)
        deliver(to, bytes.data, bytes.len, how);
    vireo__buf_deinit(&bytes);
}

static void open_pair(end *client, end *server, vireo_loop *loop, size_t set)
{
    const vireo_ws_deflate *wants = &deflate_sets[set].client, *has = &deflate_sets[set].server;
    vireo__ws_agreed there, here;
    vireo__buf offer, answer;
    const char *why;
    vireo__buf_init(&offer, VIREO__BUF_UNLIMITED);
    vireo__buf_init(&answer, VIREO__BUF_UNLIMITED);
    vireo__ws_extension_offer(wants, &offer);
    assert_int_equal(vireo__ws_extension_accept(vireo__buf_cstr(&offer), has, &there, &answer), 0);
    assert_true(there.deflate);
    assert_int_equal(vireo__ws_extension_confirm(vireo__buf_cstr(&answer), wants, &here, &why), 0);
    vireo__buf_deinit(&offer);
    vireo__buf_deinit(&answer);
    end_open(client, loop, true, wants, &here);
    end_open(server, loop, false, has, &there);
    client->on_message = check_echo;
    client->limits.deflate.threshold = server->limits.deflate.threshold = 1;
}

static void run_deflate(size_t set, size_t n, payload_kind kind, int how)
{
    vireo_loop *loop = vireo__loop_new(NULL);
    end client, server;
    size_t count = n > 10000 ? LARGE_MESSAGES : MESSAGES;
    uint8_t *message = malloc(n);
    open_pair(&client, &server, loop, set);
    current.n = n;
    current.kind = kind;
    for (size_t i = 0; i < count; i++) {
        make_payload(message, n, kind, i);
        send_message(&client, kind == BINARY_NOISE, message, n);
        if (i % 4 == 3 || i + 1 == count) {
            run(&client, UV_RUN_NOWAIT);
            carry(&client, &server, how);
        }
    }
    while (client.heard < count) { /* a budget may have stopped either of them */
        assert_false(client.closing || client.shut || server.closing || server.shut);
        run(&server, UV_RUN_NOWAIT);
        carry(&server, &client, how);
        run(&client, UV_RUN_NOWAIT);
    }
    assert_int_equal(server.heard, count);
    end_close(&client);
    end_close(&server);
    free(message);
    vireo__loop_free(loop);
}

static void test_deflate(void **state)
{
    (void)state;
    for (size_t set = 0; set < COUNT(deflate_sets); set++)
        for (size_t i = 0; i < COUNT(deflate_sizes); i++)
            for (int kind = JSON; kind <= LATIN; kind++) {
                if (set > 0 && kind != JSON && kind != BINARY_NOISE)
                    continue; /* group 13 has one kind of payload */
                size_t n = deflate_sizes[i];
                run_deflate(set, n, (payload_kind)kind, WHOLE);
                run_deflate(set, n, (payload_kind)kind, RANDOM);
                if (n <= 1024)
                    run_deflate(set, n, (payload_kind)kind, BYTEWISE);
            }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group01),           cmocka_unit_test(test_group02),
        cmocka_unit_test(test_group03),           cmocka_unit_test(test_group04),
        cmocka_unit_test(test_group05),           cmocka_unit_test(test_group06),
        cmocka_unit_test(test_utf8_sequences),    cmocka_unit_test(test_group07),
        cmocka_unit_test(test_close_codes),       cmocka_unit_test(test_group09),
        cmocka_unit_test(test_thousand_messages), cmocka_unit_test(test_deflate),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
