/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* limit.h: how often one connection may ask for something.
 *
 * A bucket holds |burst| tokens and fills up again by |per_second|. Every request takes one; when
 * there is none the answer says how long to wait. A zeroed bucket is full.
 */

#ifndef CHAT_LIMIT_H
#define CHAT_LIMIT_H

#include <stdint.h>
#include <time.h>

struct rate {
    double burst;
    double per_second;
};

struct bucket {
    double tokens;
    int64_t at_ms; /* when |tokens| was right; 0: never used */
};

static inline int64_t limit_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* limit_take takes a token. Returns 0, or the milliseconds until there is one. */
static inline int limit_take(struct bucket *b, struct rate rate)
{
    int64_t now = limit_now_ms();
    double filled =
        b->at_ms == 0 ? rate.burst : b->tokens + (double)(now - b->at_ms) * rate.per_second / 1000;

    b->tokens = filled < rate.burst ? filled : rate.burst;
    b->at_ms = now;
    if (b->tokens < 1)
        return (int)((1 - b->tokens) * 1000 / rate.per_second) + 1;
    b->tokens--;
    return 0;
}

#endif
