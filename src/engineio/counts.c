/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "engineio/counts.h"

#include <string.h>

static const char *const reasons[VIREO__REASONS] = {
    "transport close",
    "transport error",
    "ping timeout",
    "parse error",
    "forced close",
    "forced server close",
    "server namespace disconnect",
    "client namespace disconnect",
    "server shutting down",
    "other",
};

size_t vireo__reason_index(const char *reason)
{
    size_t i = 0;
    while (i < VIREO__REASONS - 1 && strcmp(reasons[i], reason) != 0)
        i++;
    return i;
}

const char *vireo__reason_text(size_t index)
{
    return reasons[index];
}

uint64_t vireo__sum(const uint64_t *counters, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += counters[i];
    return sum;
}
