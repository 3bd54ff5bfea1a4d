/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* cases.h: how a case of the Autobahn test-suite is written down: the frames that are sent to an
 * echo, and what it does:
 *
 *     T(text) B(binary)   echoed; of 125 bytes and more only the number: T#65536
 *     o(data)             a pong
 *     C1002 C             a close frame, with its code and without
 *     |                   it has ended its direction
 */

#ifndef VIREO_TESTS_AUTOBAHN_CASES_H
#define VIREO_TESTS_AUTOBAHN_CASES_H

#include <stddef.h>

enum {
    FIN = 0x80,
    RSV1 = 0x40,
    RSV2 = 0x20,
    RSV3 = 0x10,
    CONT = 0,
    TEXT = 1,
    BINARY = 2,
    CLOSE = 8,
    PING = 9,
    PONG = 10,
    NONE = -1,
    SHOWN = 124
};

typedef struct test_frame {
    int first;           /* the first byte of the head; NONE: behind the last frame */
    const char *payload; /* NULL: a pattern */
    size_t len;
    size_t times; /* the frame is sent so often; 0: once */
} test_frame;

typedef struct test_case {
    const char *id; /* in the suite */
    const test_frame *frames;
    const char *expected;
} test_case;

#define FRAMES(...) ((const test_frame[]){__VA_ARGS__, {NONE, NULL, 0, 0}})
#define F(first, text)                                                                             \
    {                                                                                              \
        (first), (text), sizeof(text) - 1, 0                                                       \
    }
#define LARGE(first, n)                                                                            \
    {                                                                                              \
        (first), NULL, (n), 0                                                                      \
    }
#define MANY(first, n, times)                                                                      \
    {                                                                                              \
        (first), NULL, (n), (times)                                                                \
    }

/* The pattern: of |n| bytes of a message it is byte |i|. */
static inline char pattern(size_t i)
{
    return (char)('a' + i % 26);
}

#endif
