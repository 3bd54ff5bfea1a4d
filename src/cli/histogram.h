/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* histogram.h: how often each time came, of any range, in fixed memory: up to 127 each value counts
 * for itself, beyond that there are 64 buckets for each power of two, so that what is told of a
 * value is wrong by at most one part in 64 (as HdrHistogram does it).
 *
 *     value    0 .. 127   128 129 | 130 131 | ..   256 .. 259 | ..
 *     bucket   0 .. 127     128       129            192
 */

#ifndef VIREO_CLI_HISTOGRAM_H
#define VIREO_CLI_HISTOGRAM_H

#include <stdint.h>

#define CLI_HISTOGRAM_MAX     ((UINT64_C(1) << 40) - 1) /* in microseconds: twelve days */
#define CLI_HISTOGRAM_BUCKETS (128 + 33 * 64)

/* All zero is an empty one. */
typedef struct cli_histogram {
    uint64_t count, sum, max;
    uint64_t min; /* of a non-empty one */
    uint64_t buckets[CLI_HISTOGRAM_BUCKETS];
} cli_histogram;

/* cli_histogram_add counts a value; what is above the maximum counts as that. */
void cli_histogram_add(cli_histogram *h, uint64_t value);

void cli_histogram_merge(cli_histogram *to, const cli_histogram *from);

/* cli_histogram_at returns the value that |part| (0..1) of all values do not exceed; 0 if there are
 * none. At most the maximum that came. */
uint64_t cli_histogram_at(const cli_histogram *h, double part);

/* cli_histogram_between returns how many values lie in from .. to - 1, both rounded to buckets. */
uint64_t cli_histogram_between(const cli_histogram *h, uint64_t from, uint64_t to);

double cli_histogram_mean(const cli_histogram *h);

#endif
