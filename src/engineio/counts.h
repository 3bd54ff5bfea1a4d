/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* counts.h: what an Engine.IO server counts, and why sessions and sockets end: the official texts,
 * numbered. */

#ifndef VIREO_ENGINEIO_COUNTS_H
#define VIREO_ENGINEIO_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#define VIREO__REASONS  10
#define VIREO__REFUSALS 6 /* codes of vireo__eio_refusal */

typedef struct vireo__eio_counts {
    size_t websockets; /* sessions whose transport is one, now */
    uint64_t opened;
    uint64_t upgrades;
    uint64_t too_slow;
    uint64_t refused[VIREO__REFUSALS];
    uint64_t closed[VIREO__REASONS];
} vireo__eio_counts;

/* vireo__reason_index returns the number of a reason; that of "other" for what is none of them. */
size_t vireo__reason_index(const char *reason);
const char *vireo__reason_text(size_t index);

/* vireo__sum adds up |n| counters. */
uint64_t vireo__sum(const uint64_t *counters, size_t n);

#endif
