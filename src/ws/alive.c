/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* alive.c: connections that say nothing, or live too long.
 *
 * The bytes that arrive only set a counter to 0; a tick each quarter of the idle time counts it up:
 *
 *     bytes   tick 1   tick 2   tick 3   tick 4   tick 5
 *       |---|--------|--------|--------|--------|
 *                             ping              closed: silent for 4 to 5 quarters
 *
 * So a message costs one store, and a connection one deadline. */

#include <stdlib.h>

#include <vireo/error.h>

#include "ws/inside.h"

enum { TICKS = 4, PING_AT = 3, OVER_AT = TICKS + 1 };

/* Exists where there is a limit. */
typedef struct vireo__ws_lifetime {
    vireo__deadline deadline;
    vireo__ws *ws;
} lifetime;

static const char idle_text[] = "the peer was silent for too long";
static const char old_text[] = "reconnect";

static uint32_t shortest(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* A dead peer will not answer the close frame. */
static void end_idle(vireo__ws *ws)
{
    uint32_t ms = shortest(ws->reader.limits->close_timeout_ms, VIREO__WS_GO_AWAY_MS);
    vireo__ws_begin_close(ws, VIREO__WS_GOING_AWAY, idle_text, sizeof idle_text - 1, ms);
    if (ws->events->on_error != NULL)
        ws->events->on_error(ws, VIREO_ETIMEDOUT, idle_text);
}

/* A peer whose silence is our doing, or that takes what we send, is alive. */
static bool is_excused(vireo__ws *ws)
{
    size_t queued = vireo__stream_queued(ws->stream);
    bool takes = queued < ws->queued_then;
    ws->queued_then = queued < UINT32_MAX ? (uint32_t)queued : UINT32_MAX;
    return takes || !vireo__ws_reading(ws);
}

static void start_tick(vireo__ws *ws);

static void on_tick(vireo__deadline *d)
{
    vireo__ws *ws = vireo__container(d, vireo__ws, timer);
    ws->quiet++;
    if (is_excused(ws))
        ws->quiet = 0;
    if (ws->quiet == OVER_AT) {
        end_idle(ws);
        return;
    }
    if (ws->quiet == PING_AT && !ws->reader.limits->no_ping)
        vireo__ws_ping(ws, NULL, 0);
    if (vireo__ws_is_open(ws))
        start_tick(ws);
}

static void start_tick(vireo__ws *ws)
{
    uint32_t ms = ws->reader.limits->idle_timeout_ms / TICKS;
    if (vireo__deadline_start(ws->stream->loop, &ws->timer, ms, on_tick) < 0)
        vireo__ws_drop(ws, VIREO_ENOMEM);
}

static void on_old(vireo__deadline *d)
{
    vireo__ws *ws = vireo__container(d, lifetime, deadline)->ws;
    if (vireo__ws_is_open(ws))
        vireo__ws_begin_close(ws, VIREO__WS_GOING_AWAY, old_text, sizeof old_text - 1,
                              ws->reader.limits->close_timeout_ms);
}

static void start_lifetime(vireo__ws *ws)
{
    lifetime *l = calloc(1, sizeof *l);
    ws->lifetime = l;
    if (l != NULL)
        l->ws = ws;
    if (l == NULL || vireo__deadline_start(ws->stream->loop, &l->deadline,
                                           ws->reader.limits->max_lifetime_ms, on_old) < 0)
        vireo__ws_drop(ws, VIREO_ENOMEM);
}

void vireo__ws_live(vireo__ws *ws)
{
    if (ws->reader.limits->idle_timeout_ms != 0)
        start_tick(ws);
    if (ws->reader.limits->max_lifetime_ms != 0)
        start_lifetime(ws);
}

void vireo__ws_live_no_more(vireo__ws *ws)
{
    vireo__deadline_stop(&ws->timer);
    if (ws->lifetime != NULL)
        vireo__deadline_stop(&ws->lifetime->deadline);
    free(ws->lifetime);
    ws->lifetime = NULL;
}
