/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* backoff.h: how long to wait before the next attempt: longer each time, up to a bound, and not the
 * same for all, so that a server which comes back is not met by all its clients at once. The
 * formula is that of the official Socket.IO client. */

#ifndef VIREO_BASE_BACKOFF_H
#define VIREO_BASE_BACKOFF_H

#include <stdint.h>

typedef struct vireo__backoff {
    uint32_t min_ms; /* before the first attempt */
    uint32_t max_ms;
    double factor; /* by which each wait is longer than the one before */
    double jitter; /* 0..1: the part of it that is left to chance, in both directions */
} vireo__backoff;

/* vireo__backoff_delay returns the milliseconds before attempt |attempt| (from 0); |chance| is a
 * random number. */
uint32_t vireo__backoff_delay(const vireo__backoff *b, uint32_t attempt, uint32_t chance);

#endif
