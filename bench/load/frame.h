/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* frame.h: the frames of a WebSocket client, as cheap as they can be: one masking key for all, and
 * only what a server under test sends: whole messages. */

#ifndef BENCH_FRAME_H
#define BENCH_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum { FRAME_TEXT = 1, FRAME_CLOSE = 8, FRAME_PING = 9, FRAME_PONG = 10 };

#define FRAME_HEAD_MAX 14 /* bytes, the masking key included */

/* frame_size returns how long the frame of |n| bytes is. */
size_t frame_size(size_t n);

/* frame_write writes a final, masked frame; |out| has room for frame_size(n). Returns its size. */
size_t frame_write(uint8_t *out, unsigned opcode, const void *payload, size_t n);

typedef struct frame {
    unsigned opcode;
    int compressed;
    uint8_t *payload;
    size_t len;
} frame;

/* frame_read reads a server's frame from the front of |bytes|. Returns its whole size; 0 when it is
 * not complete; -1 when it is none that we expect: masked, in pieces, with unknown bits. */
ptrdiff_t frame_read(frame *f, uint8_t *bytes, size_t n);

#endif
