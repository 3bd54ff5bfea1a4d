/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws_message.c fuzzes the reader of messages: the same bytes, whole and in steps, as messages and
 * as pieces, must give the same events. The first bytes of the input choose: side and limits,
 * length of a step. Masks of random input are random too, which would hide payloads from the
 * fuzzer; so they are set to 0 where the input says so by its first byte. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ws/frame.h"
#include "ws_events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void listen_to(vireo__buf *log, const vireo__ws_limits *limits, const uint8_t *data,
                      size_t size, size_t step)
{
    vireo__ws_reader reader = {.limits = limits};
    vireo__buf piece;
    bool ended = false;
    vireo__buf_init(&piece, VIREO__BUF_UNLIMITED);
    vireo__buf_reserve(&piece, 1); /* so that it has an address */
    for (size_t at = 0; at < size && !ended; at += step) {
        size_t n = size - at < step ? size - at : step;
        uint8_t *bytes = malloc(n); /* of exactly this size: one byte beyond is found */
        CHECK(bytes != NULL);
        memcpy(bytes, data + at, n);
        uint8_t *from = bytes;
        vireo__ws_event event;
        while (!ended && vireo__ws_next(&reader, &from, &n, &event)) {
            note(log, &piece, &event);
            ended = event.kind == VIREO__WS_ERROR;
        }
        free(bytes);
    }
    vireo__ws_reader_deinit(&reader);
    vireo__buf_deinit(&piece);
}

static void clear_masks(uint8_t *data, size_t size)
{
    while (size > 0) {
        vireo__ws_head head;
        const char *why;
        int n = vireo__ws_head_decode(&head, data, size, true, false, &why);
        if (n <= 0)
            return;
        memset(data + n - 4, 0, 4);
        data += n;
        size -= (size_t)n;
        if (head.payload_len > size)
            return;
        data += head.payload_len;
        size -= (size_t)head.payload_len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 5000)
        return 0;
    vireo__ws_limits limits = {
        .max_message_bytes = data[0] & 1 ? 64 : 1000000,
        .max_fragments = data[0] & 2 ? 3 : 131072,
        .from_server = data[0] & 4,
    };
    size_t step = 1 + data[1] % 32u;
    uint8_t *input = malloc(size);
    CHECK(input != NULL);
    memcpy(input, data, size);
    if (!limits.from_server && !(data[0] & 8))
        clear_masks(input + 2, size - 2);

    vireo__buf logs[4];
    for (int i = 0; i < 4; i++) {
        vireo__buf_init(&logs[i], VIREO__BUF_UNLIMITED);
        limits.pieces = i & 1;
        listen_to(&logs[i], &limits, input + 2, size - 2, i & 2 ? step : size);
        CHECK(logs[i].len == logs[0].len &&
              (logs[0].len == 0 || memcmp(logs[i].data, logs[0].data, logs[0].len) == 0));
    }
    for (int i = 0; i < 4; i++)
        vireo__buf_deinit(&logs[i]);
    free(input);
    return 0;
}
