/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws_message.c: frames in, events out. Each case is fed whole, byte by byte and cut at every
 * offset, as messages and as pieces, and must give the same events.
 *
 * What is expected is written as a text, an event after the other:
 *     T(text) B(binary) i(ping) o(pong) c1000(reason) c1005() e1002
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <vireo/error.h>

#include "base/buf.h"
#include "guard.h"
#include "oom.h"
#include "ws/frame.h"
#include "ws/message.h"

/* --- making frames ---------------------------------------------------------------------------- */

typedef struct frame {
    int first;           /* FIN, RSV and opcode */
    const char *payload; /* ended by a NUL; NULL ends a list */
} frame;

static const uint8_t mask[4] = {0x9A, 0x03, 0xFE, 0x51};

static void append_frame(vireo__buf *out, int first, const void *payload, size_t len)
{
    vireo__buf_append_byte(out, (uint8_t)first);
    if (len < 126) {
        vireo__buf_append_byte(out, (uint8_t)(0x80 | len));
    } else {
        unsigned size = len <= 65535 ? 2 : 8;
        vireo__buf_append_byte(out, size == 2 ? 0xFE : 0xFF);
        while (size-- > 0)
            vireo__buf_append_byte(out, (uint8_t)(len >> (8 * size)));
    }
    vireo__buf_append(out, mask, 4);
    uint8_t *to = vireo__buf_reserve(out, len);
    for (size_t i = 0; i < len; i++)
        to[i] = ((const uint8_t *)payload)[i] ^ mask[i % 4];
    out->len += len;
}

static void append_frames(vireo__buf *out, const frame *frames)
{
    for (; frames->payload != NULL; frames++)
        append_frame(out, frames->first, frames->payload, strlen(frames->payload));
}

/* --- writing events down ---------------------------------------------------------------------- */

typedef struct listener {
    vireo__ws_reader reader;
    vireo__buf log;
    vireo__buf piece; /* of the message that arrives in pieces */
    bool ended;
    bool inside; /* perhaps: a close frame came, and fragments before it stay incomplete */
} listener;

static void listener_init(listener *l, const vireo__ws_limits *limits)
{
    *l = (listener){.reader.limits = limits};
    vireo__buf_init(&l->log, VIREO__BUF_UNLIMITED);
    vireo__buf_init(&l->piece, VIREO__BUF_UNLIMITED);
}

static void listener_deinit(listener *l)
{
    vireo__ws_reader_deinit(&l->reader);
    vireo__buf_deinit(&l->log);
    vireo__buf_deinit(&l->piece);
}

static void write_down(listener *l, const char *kind, unsigned code, const void *data, size_t len)
{
    char text[32];
    snprintf(text, sizeof text, code ? "%s%u" : "%s", kind, code);
    vireo__buf_append_str(&l->log, text);
    if (data != NULL) {
        vireo__buf_append_byte(&l->log, '(');
        vireo__buf_append(&l->log, data, len);
        vireo__buf_append_byte(&l->log, ')');
    }
    vireo__buf_append_byte(&l->log, ' ');
}

static void note(listener *l, const vireo__ws_event *e)
{
    if (e->kind != VIREO__WS_ERROR)
        assert_non_null(e->data);
    switch (e->kind) {
    case VIREO__WS_MESSAGE:
        write_down(l, e->binary ? "B" : "T", 0, e->data, e->len);
        break;
    case VIREO__WS_PIECE:
        vireo__buf_append(&l->piece, e->data, e->len);
        if (e->last) {
            write_down(l, e->binary ? "B" : "T", 0, l->piece.len ? (const void *)l->piece.data : "",
                       l->piece.len);
            vireo__buf_reset(&l->piece, 0);
        }
        break;
    case VIREO__WS_PING_RECEIVED:
        write_down(l, "i", 0, e->data, e->len);
        break;
    case VIREO__WS_PONG_RECEIVED:
        write_down(l, "o", 0, e->data, e->len);
        break;
    case VIREO__WS_CLOSE_RECEIVED:
        write_down(l, "c", e->code, e->data, e->len);
        l->inside = true;
        break;
    case VIREO__WS_ERROR:
        write_down(l, "e", e->code, NULL, 0);
        assert_non_null(e->why);
        assert_true(e->error < 0);
        l->ended = true;
        break;
    }
}

/* Feeds a copy that ends at an unreadable page, as it may be changed in place. */
static void feed(listener *l, const uint8_t *bytes, size_t n)
{
    uint8_t *copy = guard_copy(bytes, n);
    uint8_t *at = copy;
    size_t left = n;
    vireo__ws_event event;
    while (!l->ended && vireo__ws_next(&l->reader, &at, &left, &event))
        note(l, &event);
    if (!l->ended)
        assert_int_equal(left, 0);
    guard_free(copy, n);
}

static void expect_log(listener *l, const char *what, const char *how, size_t cut,
                       const char *expected)
{
    const char *got = vireo__buf_cstr(&l->log);
    if (strcmp(got, expected) != 0)
        fail_msg("%s, %s %zu:\n  %s\nnot\n  %s", what, how, cut, got, expected);
    if (!l->ended && !l->inside)
        assert_null(l->reader.partial); /* at rest it holds nothing */
}

/* |step| 0: whole; else pieces of so many bytes. */
static void run_steps(const vireo__ws_limits *limits, const char *what, const vireo__buf *input,
                      size_t step, const char *expected)
{
    listener l;
    listener_init(&l, limits);
    for (size_t at = 0; at < input->len;) {
        size_t n = step == 0 || step > input->len - at ? input->len - at : step;
        feed(&l, input->data + at, n);
        at += n;
    }
    expect_log(&l, what, "steps of", step, expected);
    listener_deinit(&l);
}

static void run_cut(const vireo__ws_limits *limits, const char *what, const vireo__buf *input,
                    size_t cut, const char *expected)
{
    listener l;
    listener_init(&l, limits);
    feed(&l, input->data, cut);
    feed(&l, input->data + cut, input->len - cut);
    expect_log(&l, what, "cut at", cut, expected);
    listener_deinit(&l);
}

static void run(vireo__ws_limits limits, const char *what, const vireo__buf *input,
                const char *expected)
{
    for (int pieces = 0; pieces <= 1; pieces++) {
        limits.pieces = pieces;
        run_steps(&limits, what, input, 0, expected);
        run_steps(&limits, what, input, 1, expected);
        run_steps(&limits, what, input, 3, expected);
        for (size_t cut = 0; cut <= input->len; cut += 1 + input->len / 2000)
            run_cut(&limits, what, input, cut, expected);
    }
}

static const vireo__ws_limits usual = {.max_message_bytes = 1000000, .max_fragments = 131072};

/* --- cases ------------------------------------------------------------------------------------ */

typedef struct message_case {
    const char *what;
    frame frames[10];
    const char *expected; /* each event is followed by a blank */
} message_case;

enum {
    FIN = 0x80,
    TEXT = 1,
    BINARY = 2,
    CLOSE = FIN | 8,
    PING = FIN | 9,
    PONG = FIN | 10,
    MORE = 0,
    LAST = FIN
};

#define T123                                                                                       \
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmn" \
    "opqrstuvwxyzabcdefghijklmnopqrs"
#define T125 T123 "tu"

static const message_case cases[] = {
    /* whole messages */
    {"text", {{FIN | TEXT, "Hello"}}, "T(Hello) "},
    {"empty text", {{FIN | TEXT, ""}}, "T() "},
    {"empty binary", {{FIN | BINARY, ""}}, "B() "},
    {"binary that is no UTF-8", {{FIN | BINARY, "\xFF\xFE\x80"}}, "B(\xFF\xFE\x80) "},
    {"several", {{FIN | TEXT, "a"}, {FIN | BINARY, "b"}, {FIN | TEXT, "c"}}, "T(a) B(b) T(c) "},
    {"125", {{FIN | TEXT, T125}}, "T(" T125 ") "},
    {"126", {{FIN | TEXT, T125 "x"}}, "T(" T125 "x) "},

    /* pings and pongs */
    {"ping", {{PING, "Hello"}}, "i(Hello) "},
    {"empty ping", {{PING, ""}}, "i() "},
    {"ping with bytes of no text", {{PING, "\xFF\xC0\x80"}}, "i(\xFF\xC0\x80) "},
    {"ping of 125", {{PING, T125}}, "i(" T125 ") "},
    {"ping of 126", {{PING, T125 "x"}}, "e1002 "},
    {"pong nobody asked for", {{PONG, ""}, {PONG, "x"}}, "o() o(x) "},
    {"ten pings",
     {{PING, "0"},
      {PING, "1"},
      {PING, "2"},
      {PING, "3"},
      {PING, "4"},
      {PING, "5"},
      {PING, "6"},
      {PING, "7"},
      {PING, "8"}},
     "i(0) i(1) i(2) i(3) i(4) i(5) i(6) i(7) i(8) "},

    /* reserved bits */
    {"RSV1", {{0xC0 | TEXT, "x"}}, "e1002 "},
    {"RSV2", {{0xA0 | TEXT, "x"}}, "e1002 "},
    {"RSV3", {{0x90 | BINARY, "x"}}, "e1002 "},
    {"RSV after a message",
     {{FIN | TEXT, "fine"}, {0xF0 | TEXT, "x"}, {PING, ""}},
     "T(fine) e1002 "},
    {"RSV on a ping", {{FIN | TEXT, "fine"}, {0xD9, "x"}}, "T(fine) e1002 "},
    {"RSV on a close", {{0xF8, ""}}, "e1002 "},
    {"RSV on a continuation", {{TEXT, "a"}, {0xC0, "b"}}, "e1002 "},

    /* reserved opcodes */
    {"opcode 3", {{0x83, ""}}, "e1002 "},
    {"opcode 4", {{0x84, "x"}}, "e1002 "},
    {"opcode 5", {{FIN | TEXT, "fine"}, {0x85, ""}, {PING, ""}}, "T(fine) e1002 "},
    {"opcode 6", {{0x86, "x"}}, "e1002 "},
    {"opcode 7", {{0x87, "x"}}, "e1002 "},
    {"opcode 11", {{0x8B, ""}}, "e1002 "},
    {"opcode 12", {{0x8C, "x"}}, "e1002 "},
    {"opcode 13", {{0x8D, ""}}, "e1002 "},
    {"opcode 14", {{0x8E, "x"}}, "e1002 "},
    {"opcode 15", {{0x8F, "x"}}, "e1002 "},

    /* fragments */
    {"ping in fragments", {{9, "a"}, {LAST, "b"}}, "e1002 "},
    {"pong in fragments", {{10, "a"}, {LAST, "b"}}, "e1002 "},
    {"close in fragments", {{8, ""}}, "e1002 "},
    {"text of two", {{TEXT, "one"}, {LAST, "two"}}, "T(onetwo) "},
    {"binary of three",
     {{BINARY, "\xFF"}, {MORE, "b"}, {LAST, "c"}},
     "B(\xFF"
     "bc) "},
    {"empty fragments", {{TEXT, ""}, {MORE, ""}, {LAST, ""}}, "T() "},
    {"empty at both ends", {{TEXT, ""}, {MORE, "mid"}, {LAST, ""}}, "T(mid) "},
    {"ping between fragments", {{TEXT, "a"}, {PING, "p"}, {LAST, "b"}}, "i(p) T(ab) "},
    {"pong between fragments",
     {{BINARY, "a"}, {PONG, "p"}, {MORE, "b"}, {PONG, ""}, {LAST, "c"}},
     "o(p) o() B(abc) "},
    {"close between fragments", {{TEXT, "a"}, {CLOSE, "\x03\xE8"}}, "c1000() "},
    {"continuation of nothing", {{LAST, "x"}}, "e1002 "},
    {"continuation of nothing, not the last", {{MORE, "x"}, {FIN | TEXT, "y"}}, "e1002 "},
    {"continuation after a whole message", {{FIN | TEXT, "a"}, {LAST, "b"}}, "T(a) e1002 "},
    {"continuation after the last fragment",
     {{TEXT, "a"}, {LAST, "b"}, {LAST, "c"}},
     "T(ab) e1002 "},
    {"text inside a text", {{TEXT, "a"}, {FIN | TEXT, "b"}}, "e1002 "},
    {"binary inside a text", {{TEXT, "a"}, {BINARY, "b"}}, "e1002 "},
    {"two fragmented messages",
     {{TEXT, "a"}, {LAST, "b"}, {BINARY, "c"}, {LAST, "d"}},
     "T(ab) B(cd) "},
    {"a whole message after a fragmented one",
     {{TEXT, "a"}, {LAST, "b"}, {FIN | TEXT, "c"}},
     "T(ab) T(c) "},

    /* UTF-8 across fragments; what is in one frame stands in the table below */
    {"character cut by a fragment", {{TEXT, "\xE2\x82"}, {LAST, "\xAC"}}, "T(\xE2\x82\xAC) "},
    {"each byte a fragment",
     {{TEXT, "\xF0"}, {MORE, "\x9F"}, {MORE, "\x90"}, {LAST, "\xA6"}},
     "T(\xF0\x9F\x90\xA6) "},
    {"cut, with a ping inside",
     {{TEXT, "\xE2\x82"}, {PING, "\xFF"}, {LAST, "\xAC"}},
     "i(\xFF) T(\xE2\x82\xAC) "},
    {"character cut by the end", {{FIN | TEXT, "a\xE2\x82"}}, "e1007 "},
    {"character cut by the last fragment's end", {{TEXT, "a"}, {LAST, "\xE2\x82"}}, "e1007 "},
    {"character cut by an empty last fragment", {{TEXT, "\xE2\x82"}, {LAST, ""}}, "e1007 "},
    {"bad byte in a first fragment", {{TEXT, "a\xFF"}}, "e1007 "},
    {"bad byte after a cut", {{TEXT, "\xE2\x82"}, {MORE, "a"}}, "e1007 "},
    {"a new text begins anew",
     {{TEXT, "a"}, {LAST, "b"}, {TEXT, "\xC3"}, {LAST, "\xA9"}},
     "T(ab) T(\xC3\xA9) "},

    /* closing */
    {"close without code", {{CLOSE, ""}}, "c1005() "},
    {"close of one byte", {{CLOSE, "x"}}, "e1002 "},
    {"close 1000", {{CLOSE, "\x03\xE8"}}, "c1000() "},
    {"close with a reason",
     {{CLOSE, "\x03\xE9"
              "bye"}},
     "c1001(bye) "},
    {"close with a reason in Korean", {{CLOSE, "\x0F\xA0\xEB\x81\x9D"}}, "c4000(\xEB\x81\x9D) "},
    {"close with a reason of 123", {{CLOSE, "\x03\xE8" T123}}, "c1000(" T123 ") "},
    {"close of 126", {{CLOSE, "\x03\xE8" T123 "x"}}, "e1002 "},
    {"close with a bad reason", {{CLOSE, "\x03\xE8\xFF"}}, "e1007 "},
    {"close with a cut reason", {{CLOSE, "\x03\xE8\xE2\x82"}}, "e1007 "},
    {"close 999", {{CLOSE, "\x03\xE7"}}, "e1002 "},
    {"close 1004", {{CLOSE, "\x03\xEC"}}, "e1002 "},
    {"close 1005", {{CLOSE, "\x03\xED"}}, "e1002 "},
    {"close 1006", {{CLOSE, "\x03\xEE"}}, "e1002 "},
    {"close 1015", {{CLOSE, "\x03\xF7"}}, "e1002 "},
    {"close 1100", {{CLOSE, "\x04\x4C"}}, "e1002 "},
    {"close 2000", {{CLOSE, "\x07\xD0"}}, "e1002 "},
    {"close 3000", {{CLOSE, "\x0B\xB8"}}, "c3000() "},
    {"close 4999", {{CLOSE, "\x13\x87"}}, "c4999() "},
    {"close 5000", {{CLOSE, "\x13\x88"}}, "e1002 "},
    {"close 65535", {{CLOSE, "\xFF\xFF"}}, "e1002 "},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vireo__buf input;
        vireo__buf_init(&input, VIREO__BUF_UNLIMITED);
        append_frames(&input, cases[i].frames);
        run(usual, cases[i].what, &input, cases[i].expected);
        vireo__buf_deinit(&input);
    }
}

static void test_close_code_0(void **state)
{
    (void)state;
    vireo__buf input;
    vireo__buf_init(&input, VIREO__BUF_UNLIMITED);
    append_frame(&input, CLOSE, "\0", 2);
    run(usual, "close 0", &input, "e1002 ");
    vireo__buf_deinit(&input);
}

/* --- failing at the first bad byte ------------------------------------------------------------ */

typedef struct utf8_case {
    const char *bytes;
    int bad; /* the byte that shows the error; -1: none does */
} utf8_case;

/* The boundaries of RFC 3629's table, a bit beyond each, and what was allowed before it. */
static const utf8_case texts[] = {
    {"Hello-\xC2\xB5@\xC3\x9F\xC3\xB6\xC3\xA4\xC3\xBC\xC3\xA0\xC3\xA1-UTF-8!!", -1},
    {"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5", -1},
    {"\x7F", -1},
    {"\xC2\x80", -1},
    {"\xDF\xBF", -1},
    {"\xE0\xA0\x80", -1},
    {"\xED\x9F\xBF", -1},
    {"\xEE\x80\x80", -1},
    {"\xEF\xBF\xBF", -1},
    {"\xF0\x90\x80\x80", -1},
    {"\xF4\x8F\xBF\xBF", -1},
    {"\xEF\xBB\xBFx", -1},
    {"ok\x80", 2},
    {"ok\xBF", 2},
    {"\xC0\xAF", 0},
    {"\xC1\xBF", 0},
    {"\xE0\x9F\xBF", 1},
    {"\xE0\x80\xAF", 1},
    {"\xF0\x8F\xBF\xBF", 1},
    {"\xED\xA0\x80", 1},
    {"\xED\xBF\xBF", 1},
    {"\xF4\x90\x80\x80", 1},
    {"\xF5\x80\x80\x80", 0},
    {"\xF8\x88\x80\x80\x80", 0},
    {"\xFC\x84\x80\x80\x80\x80", 0},
    {"\xFE", 0},
    {"\xFF", 0},
    {"\xC2\x41", 1},
    {"\xE2\x41", 1},
    {"\xE2\x82\x41", 2},
    {"\xF0\x9F\x41", 2},
    {"\xF0\x9F\x90\x41", 3},
    {"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xF4\x90\x80\x80"
     "edited",
     12},
};

/* How many bytes of |input| it takes until the reader fails; -1 if it does not. */
static int fails_after(const vireo__buf *input)
{
    listener l;
    listener_init(&l, &usual);
    int n = -1;
    for (size_t i = 0; i < input->len && n < 0; i++) {
        feed(&l, input->data + i, 1);
        if (l.ended)
            n = (int)i;
    }
    listener_deinit(&l);
    return n;
}

static void test_utf8_fails_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        vireo__buf input;
        vireo__buf_init(&input, VIREO__BUF_UNLIMITED);
        append_frame(&input, FIN | TEXT, texts[i].bytes, strlen(texts[i].bytes));
        int expected = texts[i].bad < 0 ? -1 : texts[i].bad + 6; /* behind the head */
        if (fails_after(&input) != expected)
            fail_msg("text %zu: fails after %d bytes, not %d", i, fails_after(&input), expected);

        /* each byte a fragment: seven bytes of input per byte, the last one is the payload */
        vireo__buf_reset(&input, SIZE_MAX);
        for (size_t b = 0; texts[i].bytes[b] != '\0'; b++)
            append_frame(&input, (b ? MORE : TEXT) | (texts[i].bytes[b + 1] ? 0 : FIN),
                         texts[i].bytes + b, 1);
        assert_int_equal(fails_after(&input), texts[i].bad < 0 ? -1 : texts[i].bad * 7 + 6);
        vireo__buf_deinit(&input);
    }
}

/* --- sizes and limits ------------------------------------------------------------------------- */

static void run_size(size_t size, size_t fragment)
{
    vireo__buf input, expected;
    vireo__buf_init(&input, VIREO__BUF_UNLIMITED);
    vireo__buf_init(&expected, VIREO__BUF_UNLIMITED);
    vireo__buf_append_str(&expected, "B(");
    uint8_t *message = vireo__buf_reserve(&expected, size);
    for (size_t i = 0; i < size; i++)
        message[i] = (uint8_t)('A' + i * 31 % 57);
    expected.len += size;
    for (size_t at = 0; at == 0 || at < size; at += fragment) {
        size_t n = size - at < fragment ? size - at : fragment;
        append_frame(&input, (at ? MORE : BINARY) | (at + n == size ? FIN : 0),
                     expected.data + 2 + at, n);
    }
    vireo__buf_append_str(&expected, ") ");
    static const size_t steps[] = {0, 7, 65536, 1000};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        run_steps(&usual, "size", &input, steps[i], vireo__buf_cstr(&expected));
    vireo__buf_deinit(&input);
    vireo__buf_deinit(&expected);
}

static void test_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 125, 126, 127, 128, 65535, 65536, 65537, 900000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        run_size(sizes[i], sizes[i] + 1);
        run_size(sizes[i], 1000);
        run_size(sizes[i], 70000);
    }
}

static void test_message_limit(void **state)
{
    (void)state;
    static const vireo__ws_limits ten = {.max_message_bytes = 10, .max_fragments = 100};
    static const message_case rows[] = {
        {"just as large", {{FIN | TEXT, "0123456789"}}, "T(0123456789) "},
        {"one more", {{FIN | TEXT, "0123456789x"}}, "e1009 "},
        {"just as large, in fragments",
         {{TEXT, "01234"}, {MORE, "56789"}, {LAST, ""}},
         "T(0123456789) "},
        {"one more, in fragments", {{TEXT, "01234"}, {MORE, "56789"}, {LAST, "x"}}, "e1009 "},
        {"a ping is no message", {{PING, "0123456789x"}}, "i(0123456789x) "},
        {"each message counts for itself",
         {{FIN | TEXT, "0123456789"}, {TEXT, "01234"}, {LAST, "56789"}},
         "T(0123456789) T(0123456789) "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vireo__buf input;
        vireo__buf_init(&input, VIREO__BUF_UNLIMITED);
        append_frames(&input, rows[i].frames);
        run(ten, rows[i].what, &input, rows[i].expected);
        vireo__buf_deinit(&input);
    }
}

/* A length over the limit is refused when it is announced, even before the masking key; a huge sum
 * does not overflow. */
static void test_announced_lengths(void **state)
{
    (void)state;
    static const uint8_t huge[] = {0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    vireo__buf input;
    vireo__buf_init(&input, VIREO__BUF_UNLIMITED);
    vireo__buf_append(&input, huge, sizeof huge);
    run(usual, "2^63-1 announced", &input, "e1009 ");
    assert_int_equal(fails_after(&input), sizeof huge - 1);

    vireo__buf_reset(&input, SIZE_MAX);
    append_frame(&input, BINARY, "x", 1);
    vireo__buf_append(&input, (uint8_t[]){0x00}, 1);
    vireo__buf_append(&input, huge + 1, sizeof huge - 1);
    vireo__ws_limits most = {.max_message_bytes = SIZE_MAX, .max_fragments = UINT32_MAX};
    listener l;
    listener_init(&l, &most);
    feed(&l, input.data, input.len);
    assert_false(l.ended); /* allowed, and nothing was allocated for it */
    assert_non_null(l.reader.partial);
    listener_deinit(&l);
    vireo__buf_deinit(&input);
}

static void test_fragment_limit(void **state)
{
    (void)state;
    static const vireo__ws_limits three = {.max_message_bytes = 100, .max_fragments = 3};
    static const message_case rows[] = {
        {"three", {{TEXT, "a"}, {MORE, ""}, {LAST, "c"}}, "T(ac) "},
        {"four", {{TEXT, "a"}, {MORE, ""}, {MORE, ""}, {LAST, "d"}}, "e1008 "},
        {"pings do not count",
         {{TEXT, "a"}, {PING, ""}, {MORE, ""}, {PING, ""}, {LAST, "c"}},
         "i() i() T(ac) "},
        {"each message counts for itself",
         {{TEXT, "a"}, {MORE, ""}, {LAST, "c"}, {TEXT, "d"}, {LAST, "e"}},
         "T(ac) T(de) "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vireo__buf input;
        vireo__buf_init(&input, VIREO__BUF_UNLIMITED);
        append_frames(&input, rows[i].frames);
        run(three, rows[i].what, &input, rows[i].expected);
        vireo__buf_deinit(&input);
    }
}

/* --- copies and memory ------------------------------------------------------------------------ */

static void test_whole_frames_stay_in_place(void **state)
{
    (void)state;
    vireo__buf input;
    vireo__buf_init(&input, VIREO__BUF_UNLIMITED);
    append_frames(
        &input,
        (const frame[]){{FIN | TEXT, "one"}, {PING, "two"}, {FIN | BINARY, "three"}, {0, NULL}});
    vireo__ws_reader reader = {.limits = &usual};
    uint8_t *at = input.data;
    size_t n = input.len;
    vireo__ws_event event;
    int events = 0;
    oom_fail_at(1); /* there is no allocation at all */
    while (vireo__ws_next(&reader, &at, &n, &event)) {
        assert_true(event.data > input.data && event.data < input.data + input.len);
        events++;
    }
    assert_false(oom_failed());
    assert_int_equal(events, 3);
    assert_null(reader.partial);
    vireo__buf_deinit(&input);
}

static void test_pieces_arrive_in_place(void **state)
{
    (void)state;
    static const vireo__ws_limits limits = {
        .max_message_bytes = 100, .max_fragments = 10, .pieces = true};
    vireo__buf input;
    vireo__buf_init(&input, VIREO__BUF_UNLIMITED);
    append_frame(&input, FIN | TEXT, "0123456789", 10);
    vireo__ws_reader reader = {.limits = &limits};
    uint8_t *at = input.data;
    size_t n = 6 + 4;
    vireo__ws_event event;
    assert_true(vireo__ws_next(&reader, &at, &n, &event));
    assert_int_equal(event.kind, VIREO__WS_PIECE);
    assert_int_equal(event.len, 4);
    assert_ptr_equal(event.data, input.data + 6);
    assert_memory_equal(event.data, "0123", 4);
    assert_false(event.last);
    assert_false(vireo__ws_next(&reader, &at, &n, &event));
    n = 6;
    assert_true(vireo__ws_next(&reader, &at, &n, &event));
    assert_memory_equal(event.data, "456789", 6);
    assert_true(event.last);
    assert_false(vireo__ws_next(&reader, &at, &n, &event));
    assert_null(reader.partial);
    vireo__buf_deinit(&input);
}

/* Each allocation fails once: the reader says so and ends; nothing leaks. */
static void test_out_of_memory(void **state)
{
    (void)state;
    vireo__buf input;
    vireo__buf_init(&input, VIREO__BUF_UNLIMITED);
    append_frames(
        &input,
        (const frame[]){{TEXT, T125}, {MORE, T125}, {LAST, T125}, {FIN | TEXT, ""}, {0, NULL}});
    int n = 1;
    for (;; n++) {
        listener l;
        listener_init(&l, &usual);
        vireo__buf_reserve(&l.log, 1000);
        for (size_t i = 0; i < input.len && !l.ended; i += 5) {
            uint8_t bytes[5];
            uint8_t *at = bytes;
            size_t left = input.len - i < 5 ? input.len - i : 5;
            memcpy(bytes, input.data + i, left);
            vireo__ws_event event;
            if (i == 0)
                oom_fail_at(n);
            while (!l.ended && vireo__ws_next(&l.reader, &at, &left, &event))
                note(&l, &event);
        }
        bool failed = oom_failed();
        const char *log = vireo__buf_cstr(&l.log);
        assert_string_equal(log + (strlen(log) > 6 ? strlen(log) - 6 : 0),
                            failed ? "e1011 " : ") T() ");
        listener_deinit(&l);
        if (!failed)
            break;
    }
    assert_true(n > 3);
    vireo__buf_deinit(&input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_close_code_0),
        cmocka_unit_test(test_utf8_fails_at_once),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_message_limit),
        cmocka_unit_test(test_announced_lengths),
        cmocka_unit_test(test_fragment_limit),
        cmocka_unit_test(test_whole_frames_stay_in_place),
        cmocka_unit_test(test_pieces_arrive_in_place),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
