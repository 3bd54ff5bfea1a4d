/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws_deflate.c: W05: compressed messages, made and read. What is read is given whole, byte by byte
 * and cut at every offset, each piece from memory that ends at an unreadable page. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <vireo/error.h>
#include <zlib.h>

#include "base/buf.h"
#include "guard.h"
#include "oom.h"
#include "ws/frame.h"
#include "ws/message.h"

#define AGREED(takeover, window)                                                                   \
    ((vireo__ws_agreed){.deflate = true,                                                           \
                        .out_takeover = (takeover),                                                \
                        .in_takeover = (takeover),                                                 \
                        .out_bits = (window),                                                      \
                        .in_bits = (window)})

/* --- a side that reads ------------------------------------------------------------------------ */

typedef struct side {
    vireo__ws_zlib *zlib;
    vireo_ws_deflate settings;
    vireo__ws_limits limits;
    vireo__ws_reader reader;
    vireo__buf log; /* T(text) B(..) i(ping), or E1007 */
    vireo__buf piece;
    size_t budget; /* per call; 0: none */
    size_t most;   /* bytes inflated between two looks at the budget */
    unsigned stalls;
    bool ended;
} side;

static void open_side(side *s, vireo__ws_agreed agreed)
{
    *s = (side){.settings = {.on = true}};
    s->limits =
        (vireo__ws_limits){.max_message_bytes = 1000000, .max_fragments = 100, .from_server = true};
    s->zlib = vireo__ws_zlib_new();
    s->reader.limits = &s->limits;
    s->reader.deflate = vireo__ws_deflate_new(s->zlib, &s->settings, &agreed);
    vireo__buf_init(&s->log, VIREO__BUF_UNLIMITED);
    vireo__buf_init(&s->piece, VIREO__BUF_UNLIMITED);
}

static void close_side(side *s)
{
    vireo__ws_reader_deinit(&s->reader);
    vireo__ws_zlib_free(s->zlib);
    vireo__buf_deinit(&s->log);
    vireo__buf_deinit(&s->piece);
}

static void note(side *s, const char *what, const void *data, size_t len)
{
    vireo__buf_append_str(&s->log, what);
    vireo__buf_append_byte(&s->log, '(');
    vireo__buf_append(&s->log, data, len);
    vireo__buf_append_byte(&s->log, ')');
}

static void on_event(side *s, const vireo__ws_event *e)
{
    assert_false(s->ended);
    switch (e->kind) {
    case VIREO__WS_MESSAGE:
        assert_non_null(e->data);
        note(s, e->binary ? "B" : "T", e->data, e->len);
        break;
    case VIREO__WS_PIECE:
        assert_non_null(e->data);
        assert_true(e->len > 0 || e->last);
        vireo__buf_append(&s->piece, e->data, e->len);
        if (e->last) {
            note(s, e->binary ? "B" : "T", s->piece.data, s->piece.len);
            vireo__buf_reset(&s->piece, SIZE_MAX);
        }
        break;
    case VIREO__WS_PING_RECEIVED:
        note(s, "i", e->data, e->len);
        break;
    case VIREO__WS_ERROR:
        vireo__buf_append_byte(&s->log, 'E');
        vireo__buf_append_u64(&s->log, e->code);
        s->ended = true;
        break;
    default:
        fail();
    }
}

static void read_bytes(side *s, const uint8_t *data, size_t n)
{
    uint8_t *copy = guard_copy(data, n);
    uint8_t *at = copy;
    size_t left = n;
    vireo__ws_event event;
    while (!s->ended) {
        size_t budget = s->budget != 0 ? s->budget : SIZE_MAX;
        s->reader.deflate->budget = budget;
        while (!s->ended && vireo__ws_next(&s->reader, &at, &left, &event))
            on_event(s, &event);
        size_t used = budget - s->reader.deflate->budget;
        s->most = used > s->most ? used : s->most;
        if (s->reader.deflate->budget > 0)
            break;
        s->stalls++;
    }
    assert_true(s->ended || left == 0);
    guard_free(copy, n);
}

static void read_in_steps(side *s, const uint8_t *data, size_t n, size_t first, size_t step)
{
    size_t take = first < n ? first : n;
    read_bytes(s, data, take);
    for (size_t at = take; at < n && !s->ended; at += take) {
        take = n - at < step ? n - at : step;
        read_bytes(s, data + at, take);
    }
}

/* All ways of delivery must lead to |log|. */
static void expect_each_way(vireo__ws_agreed agreed, const void *data, size_t n, const char *log,
                            size_t log_len)
{
    for (unsigned way = 0; way < 4; way++)
        for (size_t cut = 0; cut <= (n < 300 ? n : 300); cut++) {
            side s;
            open_side(&s, agreed);
            s.limits.pieces = way & 1;
            s.budget = way & 2 ? 3 : 0;
            read_in_steps(&s, data, n, cut, cut == 0 ? 1 : SIZE_MAX);
            if (s.log.len != log_len || (log_len > 0 && memcmp(s.log.data, log, log_len) != 0))
                fail_msg("%s: way %u cut %zu: %.*s", log, way, cut, (int)s.log.len,
                         (char *)s.log.data);
            close_side(&s);
        }
}

#define EXPECT(agreed, bytes, log)                                                                 \
    expect_each_way((agreed), bytes, sizeof(bytes) - 1, log, sizeof(log) - 1)

/* --- the examples of RFC 7692 section 7.2.3, and what else may come --------------------------- */

static void test_examples_of_the_rfc(void **state)
{
    (void)state;
    vireo__ws_agreed keep = AGREED(true, 15), none = AGREED(false, 15);
    /* 7.2.3.1: one block; in one frame and in two */
    EXPECT(none, "\xC1\x07\xF2\x48\xCD\xC9\xC9\x07\x00", "T(Hello)");
    EXPECT(none, "\x41\x03\xF2\x48\xCD\x80\x04\xC9\xC9\x07\x00", "T(Hello)");
    /* 7.2.3.2: the second message refers to the first */
    EXPECT(keep, "\xC1\x07\xF2\x48\xCD\xC9\xC9\x07\x00\xC1\x05\xF2\x00\x11\x00\x00",
           "T(Hello)T(Hello)");
    /* 7.2.3.3: a block without compression */
    EXPECT(none, "\xC1\x0B\x00\x05\x00\xFA\xFF\x48\x65\x6C\x6C\x6F\x00", "T(Hello)");
    /* 7.2.3.4: a block with BFINAL set, with and without padding behind it */
    EXPECT(none, "\xC1\x08\xF3\x48\xCD\xC9\xC9\x07\x00\x00", "T(Hello)");
    EXPECT(keep, "\xC1\x07\xF3\x48\xCD\xC9\xC9\x07\x00\xC1\x05\xF2\x00\x11\x00\x00",
           "T(Hello)T(Hello)");
    /* 7.2.3.5: two blocks in one message */
    EXPECT(none, "\xC1\x0D\xF2\x48\x05\x00\x00\x00\xFF\xFF\xCA\xC9\xC9\x07\x00", "T(Hello)");
    /* 7.2.3.6: an empty message */
    EXPECT(none, "\xC1\x01\x00", "T()");
    /* .. of a sender that sends nothing for it, and one that leaves the four bytes in */
    EXPECT(keep, "\xC2\x00\xC2\x00\xC1\x07\xF2\x48\xCD\xC9\xC9\x07\x00\xC2\x00",
           "B()B()T(Hello)B()");
    EXPECT(keep,
           "\x41\x0B\xF2\x48\xCD\xC9\xC9\x07\x00\x00\x00\xFF\xFF\x80\x00\xC1\x05\xF2\x00\x11\x00"
           "\x00",
           "T(Hello)T(Hello)");
    /* control frames and frames without bytes between */
    EXPECT(none,
           "\x41\x00\x00\x01\xF2\x89\x01x\x00\x02\x48\xCD\x00\x00\x89\x00\x00\x04\xC9\xC9\x07\x00"
           "\x80\x00\x81\x01y",
           "i(x)i()T(Hello)T(y)");
    /* messages that are not compressed, between those that are */
    EXPECT(keep,
           "\xC1\x07\xF2\x48\xCD\xC9\xC9\x07\x00\x81\x02-x\x01\x01-\x80\x01y"
           "\xC1\x05\xF2\x00\x11\x00\x00",
           "T(Hello)T(-x)T(-y)T(Hello)");
}

static void test_bad_data(void **state)
{
    (void)state;
    vireo__ws_agreed none = AGREED(false, 15);
    EXPECT(none, "\xC1\x01\x07", "E1007");                         /* a block of a reserved type */
    EXPECT(none, "\xC1\x05\x00\x05\x00\x05\x00", "E1007");         /* LEN and NLEN disagree */
    EXPECT(none, "\xC1\x05\xF2\x00\x11\x00\x00", "E1007");         /* refers to what is not there */
    EXPECT(none, "\xC1\x03\xF2\x48\xCD", "E1007");                 /* cut off in a block */
    EXPECT(none, "\xC1\x07\x00\x09\x00\xF6\xFF\x61\x62", "E1007"); /* .. in a stored one */
    EXPECT(none, "\xC1\x0A\x00\x02\x00\xFD\xFF\xC3\x28\x00\x00\x00", "E1007"); /* no UTF-8 */
    EXPECT(none, "\xC1\x07\x00\x01\x00\xFE\xFF\xC3\x00", "E1007"); /* half a character */
    EXPECT(none, "\xC2\x07\x00\x01\x00\xFE\xFF\xC3\x00", "B(\xC3)");
}

static void test_rsv1(void **state)
{
    (void)state;
    vireo__ws_agreed none = AGREED(false, 15);
    EXPECT(none, "\xC9\x00", "E1002"); /* on a ping */
    EXPECT(none, "\xC0\x00", "E1002"); /* on nothing's continuation */
    EXPECT(none, "\x41\x03\xF2\x48\xCD\xC0\x04\xC9\xC9\x07\x00", "E1002");
    EXPECT(none, "\x01\x01x\xC0\x01y", "E1002");
    EXPECT(none, "\xE1\x00", "E1002");
    EXPECT(none, "\xD1\x00", "E1002");
    side s;
    open_side(&s, none);
    vireo__ws_deflate_free(s.reader.deflate);
    s.reader.deflate = NULL;
    vireo__ws_event event;
    uint8_t frame[] = {0xC1, 0x00}, *at = frame;
    size_t n = sizeof frame;
    assert_true(vireo__ws_next(&s.reader, &at, &n, &event));
    assert_int_equal(event.code, 1002);
    close_side(&s);
}

/* --- there and back --------------------------------------------------------------------------- */

/* Texts that resemble themselves, of any length. */
static void fill(char *out, size_t n, unsigned seed)
{
    static const char words[] = "the quick brown vireo sings twenty thousand songs a day ";
    for (size_t i = 0; i < n; i++)
        out[i] =
            i % 97 == 0 ? (char)('a' + (seed + i) % 26) : words[(i + seed) % (sizeof words - 1)];
}

static void send_to(side *from, side *to, const char *data, size_t n, size_t step)
{
    vireo__shared *frame = vireo__ws_frame_copy(VIREO__WS_TEXT, data, n), *out;
    assert_int_equal(vireo__ws_deflate_frame(from->reader.deflate, frame, &out), 0);
    size_t head = vireo__ws_head_size(vireo__ws_payload_len(out));
    size_t offset = VIREO__WS_HEAD_ROOM - head;
    vireo__buf_reset(&to->log, SIZE_MAX);
    read_in_steps(to, out->data + offset, out->len - offset, 0, step);
    assert_int_equal(to->log.len, n + 3);
    assert_memory_equal(to->log.data + 2, data, n);
    vireo__shared_unref(frame);
    vireo__shared_unref(out);
}

/* All windows, all levels, with and without takeover, sizes around every edge. */
static void test_there_and_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {0,    1,    2,    100,  250,  256,   257,   512,   1023,
                                   1024, 1025, 4095, 4096, 4097, 32768, 65536, 70000, 300000};
    char *text = malloc(300000);
    for (unsigned i = 0; i < 8 * 2 * 9; i++) {
        uint8_t bits = (uint8_t)(8 + i % 8);
        side a, b;
        open_side(&a, AGREED(i / 8 % 2, bits));
        open_side(&b, AGREED(i / 8 % 2, bits));
        a.settings.threshold = 1;
        a.settings.level = (uint8_t)(1 + i / 16);
        a.settings.mem_level = (uint8_t)(1 + i % 9);
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0] - (i % 8 != 0); k++) {
            fill(text, sizes[k], i);
            send_to(&a, &b, text, sizes[k], 1000 + i);
        }
        close_side(&a);
        close_side(&b);
    }
    free(text);
}

static size_t sent_bytes(vireo__ws_deflate *d, const void *data, size_t n, bool *compressed)
{
    vireo__shared *frame = vireo__ws_frame_copy(VIREO__WS_BINARY, data, n), *out;
    assert_int_equal(vireo__ws_deflate_frame(d, frame, &out), 0);
    size_t len = vireo__ws_payload_len(out);
    *compressed = out->data[VIREO__WS_HEAD_ROOM - vireo__ws_head_size(len)] & 0x40;
    assert_int_equal(*compressed, out != frame);
    vireo__shared_unref(frame);
    vireo__shared_unref(out);
    return len;
}

static void test_what_is_compressed(void **state)
{
    (void)state;
    side a;
    bool compressed;
    char text[2000];
    uint8_t noise[2000];
    uint32_t x = 1;
    fill(text, sizeof text, 0);
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);

    open_side(&a, AGREED(false, 15));
    assert_int_equal(sent_bytes(a.reader.deflate, text, 1023, &compressed), 1023);
    assert_false(compressed); /* below the threshold */
    assert_true(sent_bytes(a.reader.deflate, text, 1024, &compressed) < 400);
    assert_true(compressed);
    assert_int_equal(sent_bytes(a.reader.deflate, noise, 2000, &compressed), 2000);
    assert_false(compressed); /* does not get smaller */
    a.settings.threshold = 10;
    sent_bytes(a.reader.deflate, "aaaaaaaaaa", 10, &compressed);
    assert_true(compressed);
    sent_bytes(a.reader.deflate, "aaaaaaaaa", 9, &compressed);
    assert_false(compressed);
    close_side(&a);

    open_side(&a, AGREED(true, 15));
    sent_bytes(a.reader.deflate, "a small message about nothing", 29, &compressed);
    assert_true(compressed);
    size_t again = sent_bytes(a.reader.deflate, "a small message about nothing", 29, &compressed);
    assert_true(compressed && again < 10); /* it refers to the first */
    sent_bytes(a.reader.deflate, noise, 2000, &compressed);
    assert_true(compressed); /* the next ones may refer to it */
    vireo__ws_deflate_lost(a.reader.deflate);
    assert_true(sent_bytes(a.reader.deflate, "a small message about nothing", 29, &compressed) >
                20);
    close_side(&a);
}

/* T38: a broadcast is compressed once for all with the same parameters. */
static void test_compressed_once(void **state)
{
    (void)state;
    side a;
    char text[2000];
    fill(text, sizeof text, 0);
    open_side(&a, AGREED(false, 15));
    vireo__ws_agreed small = AGREED(false, 9);
    vireo__ws_deflate *same = vireo__ws_deflate_new(a.zlib, &a.settings, &a.reader.deflate->agreed);
    vireo__ws_deflate *other = vireo__ws_deflate_new(a.zlib, &a.settings, &small);
    vireo__shared *frame = vireo__ws_frame_copy(VIREO__WS_TEXT, text, sizeof text), *out[6];
    vireo__ws_deflate_frame(a.reader.deflate, frame, &out[0]);
    vireo__ws_deflate_frame(other, frame, &out[1]);
    vireo__ws_deflate_frame(same, frame, &out[2]);
    vireo__ws_deflate_frame(other, frame, &out[3]);
    assert_ptr_equal(out[0], out[2]);
    assert_ptr_equal(out[1], out[3]);
    assert_ptr_not_equal(out[0], out[1]);
    vireo__ws_zlib_forget(a.zlib);
    assert_int_equal(atomic_load(&frame->refs), 1);
    vireo__ws_deflate_frame(same, frame, &out[4]);
    assert_ptr_not_equal(out[4], out[0]);
    assert_int_equal(out[4]->len, out[0]->len);
    vireo__shared *second = vireo__ws_frame_copy(VIREO__WS_TEXT, text, sizeof text);
    vireo__ws_deflate_frame(same, second, &out[5]);
    assert_ptr_not_equal(out[5], out[4]);
    for (int i = 0; i < 6; i++)
        vireo__shared_unref(out[i]);
    vireo__shared_unref(frame);
    vireo__shared_unref(second);
    vireo__ws_deflate_free(same);
    vireo__ws_deflate_free(other);
    close_side(&a);
}

/* More sets of parameters than are kept, all in use: each still gives right data. */
static void test_many_parameters(void **state)
{
    (void)state;
    side a[2 * 8], b[2 * 8];
    char text[5000];
    for (unsigned i = 0; i < 16; i++) {
        open_side(&a[i], AGREED(false, (uint8_t)(8 + i % 8)));
        open_side(&b[i], AGREED(false, (uint8_t)(8 + i % 8)));
        vireo__ws_zlib_free(a[i].zlib);
        a[i].zlib = a[0].zlib = i == 0 ? vireo__ws_zlib_new() : a[0].zlib;
        a[i].reader.deflate->zlib = a[0].zlib;
        a[i].settings.level = (uint8_t)(1 + i / 8);
    }
    for (unsigned i = 0; i < 64; i++) {
        fill(text, sizeof text, i);
        send_to(&a[i % 16], &b[i % 16], text, sizeof text, 100);
    }
    for (unsigned i = 16; i-- > 0;) {
        if (i > 0)
            a[i].zlib = NULL;
        close_side(&a[i]);
        close_side(&b[i]);
    }
}

/* --- limits ----------------------------------------------------------------------------------- */

/* A frame (of a server) of |n| zeroes, compressed as far as it goes. */
static size_t make_bomb(uint8_t *out, size_t cap, size_t n, bool text)
{
    z_stream z = {0};
    char *zeroes = calloc(1, n);
    uint8_t *payload = out + 10;
    memset(zeroes, 'x', n);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)zeroes;
    z.avail_in = (uInt)n;
    z.next_out = payload;
    z.avail_out = (uInt)(cap - 10);
    assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
    size_t len = cap - 10 - z.avail_out - 4;
    deflateEnd(&z);
    free(zeroes);
    out[0] = text ? 0xC1 : 0xC2;
    out[1] = 127;
    for (int i = 0; i < 8; i++)
        out[2 + i] = (uint8_t)(len >> (56 - 8 * i));
    size_t head = vireo__ws_head_size(len);
    memmove(out + head, payload, len);
    if (head == 2)
        out[1] = (uint8_t)len;
    if (head == 4)
        memcpy(out + 1, (uint8_t[]){126, (uint8_t)(len >> 8), (uint8_t)len}, 3);
    return len + head;
}

static void test_inflated_size(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        bool passes;
    } rows[] = {{100000, true}, {100001, false}, {100000000, false}};
    uint8_t *bytes = malloc(200000);
    for (size_t i = 0; i < 3 * 2; i++) {
        side s;
        open_side(&s, AGREED(false, 15));
        s.limits.max_message_bytes = 100000;
        s.limits.pieces = i & 1;
        size_t n = make_bomb(bytes, 200000, rows[i / 2].n, false);
        read_in_steps(&s, bytes, n, SIZE_MAX, 1);
        if (rows[i / 2].passes) {
            assert_int_equal(s.log.len, rows[i / 2].n + 3);
        } else {
            assert_int_equal(s.log.len, 5);
            assert_memory_equal(s.log.data, "E1009", 5);
        }
        assert_true(s.most <= 100001); /* what was inflated of it */
        close_side(&s);
    }
    free(bytes);
}

/* A wake-up inflates as much as its budget says, and not a byte more; all comes in the end. */
static void test_budget(void **state)
{
    (void)state;
    uint8_t *bytes = malloc(200000);
    size_t n = make_bomb(bytes, 200000, 10000000, true);
    for (size_t pieces = 0; pieces < 2; pieces++) {
        side s;
        open_side(&s, AGREED(false, 15));
        s.limits.max_message_bytes = 10000000;
        s.limits.pieces = pieces;
        s.budget = 1 << 20;
        read_in_steps(&s, bytes, n, SIZE_MAX, 1);
        assert_int_equal(s.log.len, 10000003);
        assert_int_equal(s.most, 1 << 20);
        assert_int_equal(s.stalls, 10000000 / (1 << 20));
        close_side(&s);
    }
    free(bytes);
}

/* A frame of noise is larger than its message: that alone is no reason to refuse it, up to a
 * limit. */
static void test_size_on_the_wire(void **state)
{
    (void)state;
    static const struct {
        uint16_t announced;
        const char *log;
    } rows[] = {{1000 + 125 + 64, ""}, {1000 + 125 + 65, "E1009"}};
    for (size_t i = 0; i < 2; i++) {
        side s;
        open_side(&s, AGREED(false, 15));
        s.limits.max_message_bytes = 1000;
        uint8_t head[4] = {0xC1, 126, (uint8_t)(rows[i].announced >> 8),
                           (uint8_t)rows[i].announced};
        read_bytes(&s, head, 4);
        assert_int_equal(s.log.len, strlen(rows[i].log));
        close_side(&s);
    }
}

/* --- memory ----------------------------------------------------------------------------------- */

static int attempt(char *text, size_t n)
{
    vireo__ws_limits limits = {
        .max_message_bytes = 1000000, .max_fragments = 100, .from_server = true};
    vireo_ws_deflate settings = {.on = true};
    vireo__ws_agreed agreed = AGREED(true, 15);
    vireo__ws_zlib *zlib = vireo__ws_zlib_new();
    vireo__ws_deflate *d = vireo__ws_deflate_new(zlib, &settings, &agreed);
    vireo__shared *frame = vireo__ws_frame_copy(VIREO__WS_TEXT, text, n), *out = NULL;
    int error = zlib != NULL && d != NULL && frame != NULL ? 0 : VIREO_ENOMEM;
    for (int i = 0; i < 2 && error == 0; i++) {
        vireo__shared_unref(out);
        out = NULL;
        d->agreed.out_takeover = i;
        error = vireo__ws_deflate_frame(d, frame, &out);
    }
    if (error == 0) {
        vireo__ws_reader reader = {.limits = &limits, .deflate = d};
        vireo__ws_event event;
        uint8_t *at =
            out->data + VIREO__WS_HEAD_ROOM - vireo__ws_head_size(vireo__ws_payload_len(out));
        size_t left = (size_t)(out->data + out->len - at);
        assert_true(vireo__ws_next(&reader, &at, &left, &event));
        error = event.kind == VIREO__WS_ERROR ? event.error : 0;
        if (error == 0)
            assert_int_equal(event.len, n);
        vireo__ws_reader_deinit(&reader);
    } else {
        vireo__ws_deflate_free(d);
    }
    vireo__shared_unref(out);
    vireo__shared_unref(frame);
    vireo__ws_zlib_free(zlib);
    return error;
}

/* zlib allocates inside its own library, where the tests' failing malloc does not reach: it is made
 * to fail by its own means in no test here; what stands around it is. */
static void test_out_of_memory(void **state)
{
    (void)state;
    char text[5000];
    fill(text, sizeof text, 0);
    for (int n = 1;; n++) {
        oom_fail_at(n);
        int error = attempt(text, sizeof text);
        if (!oom_failed()) {
            assert_int_equal(error, 0);
            assert_true(n > 5);
            return;
        }
        assert_int_equal(error, VIREO_ENOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples_of_the_rfc),
        cmocka_unit_test(test_bad_data),
        cmocka_unit_test(test_rsv1),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_what_is_compressed),
        cmocka_unit_test(test_compressed_once),
        cmocka_unit_test(test_many_parameters),
        cmocka_unit_test(test_inflated_size),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_size_on_the_wire),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
