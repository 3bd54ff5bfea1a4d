/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws_inflate.c fuzzes the reader of compressed messages: the same frames, whole and in steps, with
 * and without a budget, as messages and as pieces, must give the same events; and what is
 * compressed comes back as it was. The first bytes of the input choose: parameters, length of a
 * step. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ws/frame.h"
#include "ws_events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct listener {
    vireo__ws_zlib *zlib;
    vireo__ws_reader reader;
    vireo__buf log;
    vireo__buf piece;
    size_t budget;
    bool ended;
} listener;

static void take(listener *l, uint8_t *from, size_t n)
{
    vireo__ws_event event;
    do {
        l->reader.deflate->budget = l->budget;
        while (!l->ended && vireo__ws_next(&l->reader, &from, &n, &event)) {
            note(&l->log, &l->piece, &event);
            l->ended = event.kind == VIREO__WS_ERROR;
        }
    } while (!l->ended && l->reader.deflate->budget == 0);
    CHECK(l->ended || n == 0);
}

static void listen_to(vireo__buf *log, const vireo__ws_limits *limits, vireo__ws_agreed agreed,
                      size_t budget, const uint8_t *data, size_t size, size_t step)
{
    static const vireo_ws_deflate settings = {.on = true};
    listener l = {.zlib = vireo__ws_zlib_new(), .reader.limits = limits, .budget = budget};
    l.reader.deflate = vireo__ws_deflate_new(l.zlib, &settings, &agreed);
    vireo__buf_init(&l.log, VIREO__BUF_UNLIMITED);
    vireo__buf_init(&l.piece, VIREO__BUF_UNLIMITED);
    vireo__buf_reserve(&l.piece, 1); /* so that it has an address */
    for (size_t at = 0, n; at < size && !l.ended; at += n) {
        n = size - at < step ? size - at : step;
        uint8_t *bytes = malloc(n); /* of exactly this size: one byte beyond is found */
        CHECK(bytes != NULL);
        memcpy(bytes, data + at, n);
        take(&l, bytes, n);
        free(bytes);
    }
    vireo__ws_reader_deinit(&l.reader);
    vireo__ws_zlib_free(l.zlib);
    vireo__buf_deinit(&l.piece);
    *log = l.log;
}

static void there_and_back(const uint8_t *data, size_t size, vireo__ws_agreed agreed)
{
    static const vireo_ws_deflate settings = {.on = true, .threshold = 1, .level = 1};
    static const vireo__ws_limits limits = {
        .max_message_bytes = 10000, .max_fragments = 1, .from_server = true};
    vireo__ws_zlib *zlib = vireo__ws_zlib_new();
    vireo__ws_deflate *d = vireo__ws_deflate_new(zlib, &settings, &agreed);
    vireo__ws_reader reader = {.limits = &limits, .deflate = d};
    for (size_t parts = 0; parts < 3; parts++) {
        size_t len = size / (parts + 1);
        vireo__shared *frame = vireo__ws_frame_copy(VIREO__WS_BINARY, data, len), *out;
        CHECK(vireo__ws_deflate_frame(d, frame, &out) == 0);
        size_t left =
            out->len - VIREO__WS_HEAD_ROOM + vireo__ws_head_size(vireo__ws_payload_len(out));
        uint8_t *at = out->data + out->len - left;
        vireo__ws_event event;
        CHECK(vireo__ws_next(&reader, &at, &left, &event));
        CHECK(event.kind == VIREO__WS_MESSAGE && event.len == len && left == 0);
        CHECK(len == 0 || memcmp(event.data, data, len) == 0);
        vireo__shared_unref(frame);
        vireo__shared_unref(out);
    }
    vireo__ws_reader_deinit(&reader);
    vireo__ws_zlib_free(zlib);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 5000)
        return 0;
    vireo__ws_limits limits = {.max_message_bytes = data[0] & 1 ? 64 : 100000,
                               .max_fragments = 131072,
                               .from_server = true};
    uint8_t bits = (uint8_t)(8 + (data[0] >> 5));
    vireo__ws_agreed agreed = {.deflate = true,
                               .in_takeover = data[0] & 2,
                               .out_takeover = data[0] & 2,
                               .in_bits = bits,
                               .out_bits = bits};
    size_t step = 1 + data[1] % 32u;
    vireo__buf logs[8];
    for (int i = 0; i < 8; i++) {
        limits.pieces = i & 1;
        listen_to(&logs[i], &limits, agreed, i & 4 ? 50 : SIZE_MAX, data + 2, size - 2,
                  i & 2 ? step : size);
        CHECK(logs[i].len == logs[0].len &&
              (logs[0].len == 0 || memcmp(logs[i].data, logs[0].data, logs[0].len) == 0));
    }
    for (int i = 0; i < 8; i++)
        vireo__buf_deinit(&logs[i]);
    there_and_back(data + 2, size - 2, agreed);
    return 0;
}
