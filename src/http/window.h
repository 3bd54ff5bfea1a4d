/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* window.h: how many of something in a sliding window of time. Two counters tell it, near enough:
 *
 *          before        now
 *     |- - -[-----|---------]       of the window before, the part that still lies inside is
 *           <---- window --->       taken to be as even as the whole: before * part + now
 */

#ifndef VIREO_HTTP_WINDOW_H
#define VIREO_HTTP_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* All zero at first. */
typedef struct vireo__window {
    uint64_t began; /* of the window that |now| counts; a multiple of its length */
    uint32_t before;
    uint32_t now;
} vireo__window;

/* What one more would mean. */
typedef struct vireo__window_result {
    bool allowed; /* and counted */
    uint32_t left;
    uint64_t wait_ms; /* until there is one more again; 0 while some are left */
} vireo__window_result;

/* vireo__window_take counts one more at |now_ms|, a clock that does not go back, if fewer than
 * |limit| (>= 1) lie in the last |window_ms| (>= 1). */
vireo__window_result vireo__window_take(vireo__window *w, uint64_t now_ms, uint32_t limit,
                                        uint32_t window_ms);

#endif
