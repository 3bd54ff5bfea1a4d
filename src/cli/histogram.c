/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "cli/histogram.h"

#include <stddef.h>

enum { SINGLE = 128, PER_POWER = 64, FIRST_POWER = 7 };

static size_t bucket_of(uint64_t value)
{
    if (value < SINGLE)
        return (size_t)value;
    unsigned power = 63 - (unsigned)__builtin_clzll(value); /* >= 7 */
    unsigned shift = power - 6;                             /* 64 buckets are left */
    return SINGLE + (size_t)(power - FIRST_POWER) * PER_POWER +
           (size_t)((value >> shift) - PER_POWER);
}

/* The largest value that counts in a bucket. */
static uint64_t last_of(size_t bucket)
{
    if (bucket < SINGLE)
        return bucket;
    unsigned power = FIRST_POWER + (unsigned)((bucket - SINGLE) / PER_POWER);
    uint64_t within = (bucket - SINGLE) % PER_POWER + PER_POWER;
    return ((within + 1) << (power - 6)) - 1;
}

void cli_histogram_add(cli_histogram *h, uint64_t value)
{
    if (value > CLI_HISTOGRAM_MAX)
        value = CLI_HISTOGRAM_MAX;
    h->min = h->count == 0 || value < h->min ? value : h->min;
    h->max = value > h->max ? value : h->max;
    h->count++;
    h->sum += value;
    h->buckets[bucket_of(value)]++;
}

void cli_histogram_merge(cli_histogram *to, const cli_histogram *from)
{
    if (from->count == 0)
        return;
    to->min = to->count == 0 || from->min < to->min ? from->min : to->min;
    to->max = from->max > to->max ? from->max : to->max;
    to->count += from->count;
    to->sum += from->sum;
    for (size_t i = 0; i < CLI_HISTOGRAM_BUCKETS; i++)
        to->buckets[i] += from->buckets[i];
}

uint64_t cli_histogram_at(const cli_histogram *h, double part)
{
    double wanted = part * (double)h->count - 1e-6; /* 0.57 is no binary fraction */
    uint64_t seen = 0;
    for (size_t i = 0; i < CLI_HISTOGRAM_BUCKETS; i++) {
        seen += h->buckets[i];
        if (h->buckets[i] > 0 && (double)seen >= wanted)
            return last_of(i) < h->max ? last_of(i) : h->max;
    }
    return h->max;
}

uint64_t cli_histogram_between(const cli_histogram *h, uint64_t from, uint64_t to)
{
    uint64_t count = 0;
    size_t end = to > CLI_HISTOGRAM_MAX ? CLI_HISTOGRAM_BUCKETS : bucket_of(to);
    for (size_t i = from > CLI_HISTOGRAM_MAX ? end : bucket_of(from); i < end; i++)
        count += h->buckets[i];
    return count;
}

double cli_histogram_mean(const cli_histogram *h)
{
    return h->count > 0 ? (double)h->sum / (double)h->count : 0;
}
