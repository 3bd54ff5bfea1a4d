/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* clock.h: the time of day, for what is told to others. What waits goes by the loop's own clock
 * (loop/deadline.h), which nobody sets back. */

#ifndef VIREO_BASE_CLOCK_H
#define VIREO_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* vireo__wall_clock_ms returns milliseconds since 1970. */
static inline int64_t vireo__wall_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
