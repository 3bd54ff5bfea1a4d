/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* report.c: what was measured, for people and for programs. */

#include <stdio.h>

#include "load.h"

static double per(double sum, uint64_t count)
{
    return count > 0 ? sum / (double)count : 0;
}

static double percentile_us(const cli_histogram *h, double part)
{
    return (double)cli_histogram_at(h, part) / 1e3;
}

/* Bytes of memory, grown since before the first connection, of each. */
static double grown(const load *l, uint64_t before_kb, uint64_t after_kb)
{
    return ((double)after_kb - (double)before_kb) * 1024 / l->connections;
}

static double softirqd_seconds(const measured *m)
{
    return m->end.softirqd_s < 0 ? -1 : m->end.softirqd_s - m->begin.softirqd_s;
}

static void write_json(const load *l, const measured *m)
{
    const cli_histogram *t = &l->latency;
    double cpu = m->end.cpu_s - m->begin.cpu_s;
    printf("{\"mode\":\"%s\",\"connections\":%u,\"window\":%u,\"size\":%u,\"rate\":%g,"
           "\"seconds\":%.4f,\"messages\":%llu,\"per_second\":%.1f,",
           l->mode->name, l->connections, l->window, l->size, l->rate, m->seconds,
           (unsigned long long)l->messages, (double)l->messages / m->seconds);
    printf("\"latency_us\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f,"
           "\"median_receiver_p50\":%.1f},",
           percentile_us(t, .5), percentile_us(t, .9), percentile_us(t, .99),
           percentile_us(t, .999), (double)t->max / 1e3, percentile_us(&l->median_latency, .5));
    printf("\"load_cpu\":%.3f,", m->own_cpu_s / m->seconds);
    if (l->pid != 0)
        printf("\"cpu_s\":%.4f,\"softirqd_s\":%.4f,\"cpu_us_per_message\":%.4f,\"rss_kb\":%llu,"
               "\"rss_bytes_each\":%.1f,\"pss_bytes_each\":%.1f,\"kernel_bytes_each\":%.1f,",
               cpu, softirqd_seconds(m), per(cpu * 1e6, l->messages),
               (unsigned long long)m->end.rss_kb, grown(l, m->before.rss_kb, m->end.rss_kb),
               grown(l, m->before.pss_kb, m->end.pss_kb),
               grown(l, m->before.kernel_kb, m->end.kernel_kb));
    printf("\"errors\":%llu,\"lost\":%llu,\"refused\":%llu}\n", (unsigned long long)l->errors,
           (unsigned long long)l->lost, (unsigned long long)l->refused);
}

static void write_words(const load *l, const measured *m)
{
    const cli_histogram *t = &l->latency;
    double cpu = m->end.cpu_s - m->begin.cpu_s;
    printf("%s, %u connections, %u in flight, %u bytes\n", l->mode->name, l->connections, l->window,
           l->size);
    printf("  %.0f %s a second; this program used %.0f %% of a processor\n",
           (double)l->messages / m->seconds, l->mode->counts, 100 * m->own_cpu_s / m->seconds);
    if (t->count > 0)
        printf("  latency, us: p50 %.0f, p90 %.0f, p99 %.0f, p99.9 %.0f, longest %.0f\n",
               percentile_us(t, .5), percentile_us(t, .9), percentile_us(t, .99),
               percentile_us(t, .999), (double)t->max / 1e3);
    if (l->pid != 0)
        printf("  server: %.0f %% of a processor, %.2f us for each message; %.0f bytes resident "
               "for each connection, %.0f in the kernel (both ends)\n",
               100 * cpu / m->seconds, per(cpu * 1e6, l->messages),
               grown(l, m->before.rss_kb, m->end.rss_kb),
               grown(l, m->before.kernel_kb, m->end.kernel_kb));
    if (softirqd_seconds(m) > 0)
        printf("  ksoftirqd: %.1f %% of a processor\n", 100 * softirqd_seconds(m) / m->seconds);
    if (l->errors + l->lost + l->refused > 0)
        printf("  WRONG: %llu messages, %llu lost, %llu connections refused\n",
               (unsigned long long)l->errors, (unsigned long long)l->lost,
               (unsigned long long)l->refused);
}

void report(const load *l, const measured *m)
{
    if (l->json)
        write_json(l, m);
    else
        write_words(l, m);
}
