/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/window.h"

static void slide(vireo__window *w, uint64_t now_ms, uint32_t window_ms)
{
    uint64_t began = now_ms - now_ms % window_ms;
    if (began == w->began)
        return;
    w->before = began - w->began == window_ms ? w->now : 0;
    w->now = 0;
    w->began = began;
}

/* How many count, rounded up: a fraction of one is one. */
static uint64_t count(uint32_t before, uint32_t now, uint64_t passed, uint32_t window_ms)
{
    return now + (before * (window_ms - passed) + window_ms - 1) / window_ms;
}

/* Of |n| at the begin of a window, how long until at most |most| count: the least t with n *
 * (window
 * - t) <= most * window. */
static uint64_t until(uint32_t n, uint64_t most, uint32_t window_ms)
{
    if (n <= most)
        return 0;
    return ((n - most) * window_ms + n - 1) / n;
}

static uint64_t wait(const vireo__window *w, uint64_t passed, uint32_t limit, uint32_t window_ms)
{
    if (w->now < limit) {
        uint64_t at = until(w->before, limit - 1 - w->now, window_ms);
        return at > passed ? at - passed : 0;
    }
    return window_ms - passed + until(w->now, limit - 1, window_ms);
}

vireo__window_result vireo__window_take(vireo__window *w, uint64_t now_ms, uint32_t limit,
                                        uint32_t window_ms)
{
    slide(w, now_ms, window_ms);
    uint64_t passed = now_ms - w->began;
    uint64_t n = count(w->before, w->now, passed, window_ms);
    vireo__window_result result = {.allowed = n < limit};
    if (result.allowed) {
        w->now++;
        n++;
    }
    result.left = n < limit ? (uint32_t)(limit - n) : 0;
    if (result.left == 0)
        result.wait_ms = wait(w, passed, limit, window_ms);
    return result;
}
