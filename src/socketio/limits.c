/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* limits.c: how many events a socket may send. Each limit is a bucket that holds |burst| events and
 * refills with |per_second| of them; what is noted of it is one point in time, that at which it
 * will be full again (the "virtual scheduling algorithm" of ITU-T I.371):
 *
 *     full in   0 ms          all of the burst may come
 *               n * interval  n events fewer may
 */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "socketio/inside.h"

/* Of what sums of intervals lose to rounding, in milliseconds. */
#define ROUNDING 1e-6

static double interval_ms(const vireo_event_limit *limit)
{
    return 1000 / limit->per_second;
}

static double burst(const vireo_event_limit *limit)
{
    if (limit->burst > 0)
        return limit->burst;
    return limit->per_second > 1 ? limit->per_second : 1;
}

/* Is there an event left in the bucket? If so, and |take|, it is taken. */
static bool pour(const vireo_event_limit *limit, double now, double *full_at, bool take)
{
    double interval = interval_ms(limit);
    double from = *full_at > now ? *full_at : now;
    if (from - now > (burst(limit) - 1) * interval + ROUNDING)
        return false;
    if (take)
        *full_at = from + interval;
    return true;
}

static bool is_set(const vireo_event_limit *limit)
{
    return limit->per_second > 0;
}

int vireo__limits_index(vireo_ns *ns)
{
    const vireo_event_limit *rows = ns->options.limits;
    for (size_t i = 0; rows != NULL && rows[i].event != NULL; i++) {
        if (!is_set(&rows[i]))
            continue;
        ns->limit_count = i + 1;
        size_t len = strlen(rows[i].event);
        if (vireo__map_get(&ns->own_limits, rows[i].event, len) == NULL &&
            vireo__map_put(&ns->own_limits, rows[i].event, len, (void *)(uintptr_t)&rows[i]) < 0)
            return VIREO_ENOMEM;
    }
    return 0;
}

/* The first bucket is that of all events, the others are those of the table's rows. */
static double *buckets_of(vireo_socket *s)
{
    vireo__socket_more *more = vireo__socket_more_of(s);
    if (more != NULL && more->buckets == NULL)
        more->buckets = calloc(1 + s->ns->limit_count, sizeof *more->buckets);
    return more != NULL ? more->buckets : NULL;
}

/* An event beyond one of its limits counts for none. */
static int check(vireo_socket *s, const vireo_event_limit *own)
{
    const vireo_event_limit *all = &s->ns->options.limit;
    double now = (double)vireo__loop_now(s->ns->io->loop);
    double *buckets = buckets_of(s);
    if (buckets == NULL)
        return VIREO_ENOMEM;
    double *bucket = own != NULL ? &buckets[1 + (own - s->ns->options.limits)] : NULL;
    if ((own != NULL && !pour(own, now, bucket, false)) ||
        (is_set(all) && !pour(all, now, &buckets[0], true)))
        return VIREO_EFULL;
    if (own != NULL)
        pour(own, now, bucket, true);
    return 0;
}

static void refuse(vireo_socket *s, const vireo_msg *m, int error)
{
    const vireo_ns_options *o = &s->ns->options;
    if (error == VIREO_EFULL && o->on_limit != NULL)
        o->on_limit(s, m);
    else if (o->on_error != NULL)
        o->on_error(s, error == VIREO_EFULL ? "too many events" : vireo_strerror(error));
}

bool vireo__limits_allow(vireo_socket *s, const vireo_msg *m)
{
    const vireo_ns *ns = s->ns;
    if (!is_set(&ns->options.limit) && ns->limits->len == 0)
        return true;
    const vireo_event_limit *own = vireo__map_get(ns->limits, m->event, m->event_len);
    if (own == NULL && !is_set(&ns->options.limit))
        return true;
    int error = check(s, own);
    if (error < 0)
        refuse(s, m, error);
    return error == 0;
}
