/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* drain.c: the slow end. Clients that are told to leave come back at once, to whoever takes them
 * now: in step with the clock, so that they do not come all together.
 *
 *     clients
 *        |*--__
 *        |     *--__            each tick lets as many go as are above the line
 *        |          *--__
 *        |               *--__
 *        +--------------------*-------------|--> time
 *        vireo_drain     window_ms     stop_timeout_ms for the last of them, then vireo_stop
 *
 * Who was told to leave may have sent something before it has read that: when all have left, such
 * requests are answered a moment longer.
 */

#include <vireo/error.h>

#include "http/app.h"
#include "http/group.h"

enum {
    TICK_MS = 20,
    LINGER_MS = 250, /* more than the way there and back to nearly all clients */
};

static size_t ask(const vireo__part *part, size_t keep)
{
    return part->drain != NULL ? part->drain(part->owner, keep) : 0;
}

/* How many of |count| may still be there. (The product fits: there are fewer than 2^32 clients.) */
static size_t line_at(const vireo__drain *d, size_t count, uint64_t elapsed_ms)
{
    if (elapsed_ms >= d->window_ms)
        return 0;
    return (size_t)(((uint64_t)count * (d->window_ms - elapsed_ms) + d->window_ms - 1) /
                    d->window_ms);
}

static size_t let_go(vireo_app *app, uint64_t elapsed_ms)
{
    size_t left = 0;
    for (vireo__list *at = app->parts.next; at != &app->parts; at = at->next) {
        const vireo__part *part = vireo__container(at, vireo__part, node);
        left += ask(part, line_at(&app->drain, part->at_first, elapsed_ms));
    }
    return left;
}

static void on_tick(vireo__deadline *deadline);

static void await(vireo_app *app, uint32_t ms, void (*fn)(vireo__deadline *))
{
    if (vireo__deadline_start(app->loop, &app->drain.tick, ms, fn) < 0)
        vireo_stop(app);
}

static void on_lingered(vireo__deadline *deadline)
{
    vireo_stop(vireo__container(deadline, vireo_app, drain.tick));
}

/* Whoever is empty first still answers plain requests until all are. */
static bool all_empty(vireo_app *app)
{
    if (app->group == NULL)
        return true;
    if (!app->drain.empty)
        atomic_fetch_add(&app->group->empty, 1);
    app->drain.empty = true;
    return atomic_load(&app->group->empty) == app->group->count;
}

static void on_tick(vireo__deadline *deadline)
{
    vireo_app *app = vireo__container(deadline, vireo_app, drain.tick);
    const vireo__drain *d = &app->drain;
    uint64_t elapsed_ms = vireo__loop_now(app->loop) - d->begin;
    bool late = elapsed_ms >= (uint64_t)d->window_ms + app->options.stop_timeout_ms;
    bool empty = let_go(app, elapsed_ms) == 0 && all_empty(app);
    if (late)
        vireo_stop(app);
    else if (!app->stopping)
        await(app, empty ? LINGER_MS : TICK_MS, empty ? on_lingered : on_tick);
}

static void drain_here(vireo_app *app, uint32_t window_ms)
{
    size_t count = 0;
    app->drain.on = true;
    app->drain.window_ms = window_ms;
    app->drain.begin = vireo__loop_now(app->loop);
    for (vireo__list *at = app->parts.next; at != &app->parts; at = at->next) {
        vireo__part *part = vireo__container(at, vireo__part, node);
        part->at_first = ask(part, SIZE_MAX);
        count += part->at_first;
    }
    vireo__log_line(&app->loop->log, VIREO_INFO, "http", "draining: %zu clients in %u ms", count,
                    window_ms);
    await(app, TICK_MS, on_tick);
}

static void drain_too(vireo_app *app, void *window_ms)
{
    if (!vireo__app_leaving(app))
        drain_here(app, (uint32_t)(uintptr_t)window_ms);
}

int vireo_drain(vireo_app *app, uint32_t window_ms)
{
    if (vireo__app_leaving(app))
        return VIREO_ECLOSED;
    if (app->group != NULL)
        vireo__group_others(app, drain_too, (void *)(uintptr_t)window_ms);
    drain_here(app, window_ms);
    return 0;
}

bool vireo_draining(const vireo_app *app)
{
    return vireo__app_leaving(app);
}

bool vireo__app_leaving(const vireo_app *app)
{
    return app->stopping || app->drain.on;
}
