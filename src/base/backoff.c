/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "base/backoff.h"

#include <math.h>

uint32_t vireo__backoff_delay(const vireo__backoff *b, uint32_t attempt, uint32_t chance)
{
    double ms = b->min_ms * pow(b->factor, attempt);
    double random = chance / 4294967296.0; /* 0 <= random < 1 */
    double deviation = random * b->jitter * ms;
    /* the first decimal of it decides on the direction */
    ms = (unsigned)(random * 10) % 2 == 0 ? ms - deviation : ms + deviation;
    return ms < b->max_ms ? (uint32_t)ms : b->max_ms; /* of infinity, and what comes of it, too */
}
