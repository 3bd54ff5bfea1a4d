/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* bench_report.c: what vireo bench has measured, for people or as one object of JSON. */

#include <stdlib.h>
#include <string.h>

#include "cli/bench.h"
#include "cli/show.h"

enum { BAR = 40, ROWS_FROM = 6, ROWS_TO = 25 }; /* 2^6 us .. 2^25 us */

static const char *const modes[] = {"echo", "fanout", "connect", "idle"};

static double ms(uint64_t us)
{
    return (double)us / 1000;
}

/* --- for programs ----------------------------------------------------------------------------- */

static char *times_json(const cli_histogram *h)
{
    if (h->count == 0)
        return vireo_format(NULL, "null");
    return vireo_format(NULL, "{min:%g, mean:%g, p50:%g, p90:%g, p99:%g, p999:%g, max:%g}",
                        ms(h->min), cli_histogram_mean(h) / 1000, ms(cli_histogram_at(h, 0.5)),
                        ms(cli_histogram_at(h, 0.9)), ms(cli_histogram_at(h, 0.99)),
                        ms(cli_histogram_at(h, 0.999)), ms(h->max));
}

static double per_second(const bench_result *r, uint64_t count)
{
    return r->seconds > 0 ? (double)count / r->seconds : 0;
}

static void report_json(const bench *b, const bench_result *r)
{
    char *latency = times_json(&r->latency), *connecting = times_json(&r->connecting);
    char *text = NULL;
    bool echo = b->mode == BENCH_ECHO;
    if (latency != NULL && connecting != NULL)
        text = vireo_format(
            NULL,
            "{mode:%s, url:%s, connections:%llu, threads:%llu, seconds:%g, opened:%llu, "
            "refused:%llu, lost:%llu, sent:%llu, received:%llu, unsent:%llu, unanswered:%llu, "
            "per_second:%g, "
            "corrected:%hhd, latency_ms:%p, connect_ms:%p, own_load:%g, server:%p}",
            modes[b->mode], b->link.url, (unsigned long long)b->connections,
            (unsigned long long)b->threads, r->seconds, (unsigned long long)r->opened,
            (unsigned long long)r->refused, (unsigned long long)r->lost,
            (unsigned long long)r->sent, (unsigned long long)r->received,
            (unsigned long long)r->unsent,
            (unsigned long long)(echo && r->sent > r->received ? r->sent - r->received : 0),
            per_second(r, b->mode == BENCH_CONNECT ? r->opened : r->received), (bool)(b->rate > 0),
            vireo_json_text(latency, strlen(latency)),
            vireo_json_text(connecting, strlen(connecting)), r->busiest, (const void *)NULL);
    char *server = b->pid > 0 ? vireo_format(NULL, "{bytes_per_connection:%g, %s:%g, cpu_load:%g}",
                                             r->server_bytes,
                                             b->mode == BENCH_CONNECT ? "cpu_us_per_connection"
                                                                      : "cpu_us_per_message",
                                             r->server_cpu, r->server_load)
                              : NULL;
    if (text != NULL && server != NULL)
        text[strlen(text) - strlen("null}")] = '\0';
    if (text != NULL)
        printf("%s%s%s\n", text, server ? server : "", server ? "}" : "");
    free(server);
    free(text);
    free(latency);
    free(connecting);
}

/* --- for people ------------------------------------------------------------------------------- */

static void times(const char *name, const cli_histogram *h)
{
    if (h->count > 0)
        printf("  %-12s p50 %.3g ms   p90 %.3g   p99 %.3g   p99.9 %.3g   max %.3g\n", name,
               ms(cli_histogram_at(h, 0.5)), ms(cli_histogram_at(h, 0.9)),
               ms(cli_histogram_at(h, 0.99)), ms(cli_histogram_at(h, 0.999)), ms(h->max));
}

static void bars(const cli_histogram *h, bool colours)
{
    uint64_t most = 1;
    for (int p = ROWS_FROM; p <= ROWS_TO; p++) {
        uint64_t n = cli_histogram_between(h, p == ROWS_FROM ? 0 : UINT64_C(1) << p,
                                           p == ROWS_TO ? UINT64_MAX : UINT64_C(1) << (p + 1));
        most = n > most ? n : most;
    }
    for (int p = ROWS_FROM; p <= ROWS_TO; p++) {
        uint64_t to = p == ROWS_TO ? UINT64_MAX : UINT64_C(1) << (p + 1);
        uint64_t n = cli_histogram_between(h, p == ROWS_FROM ? 0 : UINT64_C(1) << p, to);
        if (n == 0)
            continue;
        printf("  %9s %6.3g ms  %s", p == ROWS_TO ? "above" : "below",
               p == ROWS_TO ? ms(UINT64_C(1) << p) : ms(to), cli_paint(colours, CLI_CYAN));
        for (uint64_t i = 0; i < (n * BAR + most - 1) / most; i++)
            putchar('#');
        printf("%s %.1f %%\n", cli_paint(colours, CLI_PLAIN), 100.0 * (double)n / (double)h->count);
    }
}

static void messages(const bench *b, const bench_result *r)
{
    printf("  %-12s %llu sent, %llu %s, %.0f per second\n", "messages", (unsigned long long)r->sent,
           (unsigned long long)r->received, b->mode == BENCH_FANOUT ? "received" : "answered",
           per_second(r, r->received));
    if (r->unsent > 0)
        printf("  %-12s %llu could not be sent\n", "", (unsigned long long)r->unsent);
    if (b->mode == BENCH_ECHO && b->rate > 0 && r->received < r->sent && !b->interrupted)
        printf("  %-12s %llu were not answered in time, and count as long as they waited\n", "",
               (unsigned long long)(r->sent - r->received));
    times("latency", &r->latency);
    bars(&r->latency, cli_colours(stdout));
    if (b->rate == 0 && r->received > 0)
        printf("  These are latencies under full load. What a user waits at a given load, --rate "
               "tells.\n");
    if (b->mode == BENCH_FANOUT && r->received == 0)
        printf("  Nobody received anything: the server must pass the event %s on to all others, "
               "as\n  vireo serve --chat does.\n",
               b->event);
    else if (r->received == 0)
        printf("  Nothing was answered: the server must %s.\n",
               b->link.raw ? "send each message back, as vireo serve --echo does at /echo"
                           : "acknowledge the event (--event), as vireo serve --echo does");
}

static void server(const bench *b, const bench_result *r)
{
    printf("  %-12s %.0f bytes for each connection\n", "server", r->server_bytes);
    if (r->server_cpu > 0)
        printf("  %-12s %.3g us of CPU for each %s\n", "", r->server_cpu,
               b->mode == BENCH_CONNECT ? "connection" : "message");
    printf("  %-12s %.0f %% of one processor\n", "", r->server_load * 100);
}

static void report_text(const bench *b, const bench_result *r)
{
    printf("%s%s%s: %llu connections of %llu thread%s, %.3g s\n",
           cli_paint(cli_colours(stdout), CLI_BOLD), modes[b->mode],
           cli_paint(cli_colours(stdout), CLI_PLAIN), (unsigned long long)r->opened,
           (unsigned long long)b->threads, b->threads == 1 ? "" : "s", r->seconds);
    if (r->refused > 0 || r->lost > 0)
        printf("  %-12s %llu could not be had, %llu were lost\n", "connections",
               (unsigned long long)r->refused, (unsigned long long)r->lost);
    if (b->mode == BENCH_ECHO || b->mode == BENCH_FANOUT)
        messages(b, r);
    if (b->mode == BENCH_CONNECT)
        printf("  %-12s %.0f connections per second\n", "rate", per_second(r, r->opened));
    times("connecting", &r->connecting);
    if (b->pid > 0)
        server(b, r);
    printf("  %-12s %.0f %% of the busiest thread%s\n", "own load", r->busiest * 100,
           r->busiest > 0.9 ? ": these are the limits of this machine, try more --threads" : "");
}

void bench_report(const bench *b, const bench_result *r)
{
    if (b->json)
        report_json(b, r);
    else
        report_text(b, r);
}
