/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/bridge.h"

#include <errno.h>
#include <stdlib.h>

#include <vireo/error.h>

#include "loop/deadline.h"
#include "net/pair.h"

enum {
    /* A client that has said all of a WebSocket's end is still told what the server says to that,
     * which ends first then. For so long. */
    LAST_WORDS_MS = 1000,
};

typedef struct side {
    struct bridge *bridge;
    vireo__stream *stream; /* NULL: closed */
    bool paused;           /* the other side has not taken what came */
} side;

typedef struct bridge {
    vireo__guest guest;
    vireo_app *app;
    side client; /* the stream that was there */
    side away;
    vireo__deadline last_words;
} bridge;

static side *other(side *s)
{
    return s == &s->bridge->client ? &s->bridge->away : &s->bridge->client;
}

static void close_side(const side *s, int error)
{
    if (s->stream != NULL && !s->stream->closing)
        vireo__stream_close(s->stream, error);
}

static void end_side(const side *s)
{
    if (s->stream != NULL)
        vireo__stream_end(s->stream);
}

/* --- bytes ------------------------------------------------------------------------------------ */

static bool is_full(const side *s)
{
    return vireo__stream_queued(s->stream) > VIREO__BRIDGE_ROOM;
}

/* |user| is the side from which it came. */
static void on_taken(void *user, int status)
{
    side *from = user;
    const side *to = other(from);
    if (status < 0 || !from->paused || from->stream == NULL || is_full(to))
        return;
    from->paused = false;
    vireo__stream_start(from->stream);
}

static void on_data(vireo__stream *s, uint8_t *bytes, size_t n)
{
    side *from = s->owner;
    const side *to = other(from);
    if (to->stream == NULL)
        return;
    vireo__shared *copy = vireo__shared_copy(bytes, n);
    int error =
        copy != NULL ? vireo__stream_write(to->stream, copy, 0, n, on_taken, from) : VIREO_ENOMEM;
    vireo__shared_unref(copy);
    if (error == VIREO_ENOMEM) {
        close_side(from, error);
        close_side(to, error);
    } else if (error == 0 && is_full(to)) {
        from->paused = true;
        vireo__stream_pause(s);
    }
}

/* --- ends ------------------------------------------------------------------------------------- */

static void on_last_words(vireo__deadline *d)
{
    end_side(&vireo__container(d, bridge, last_words)->away);
}

static void on_end(vireo__stream *s)
{
    const side *from = s->owner;
    bridge *b = from->bridge;
    if (from == &b->client && vireo__deadline_start(vireo__app_loop(b->app), &b->last_words,
                                                    LAST_WORDS_MS, on_last_words) == 0)
        return;
    end_side(&b->client);
    end_side(&b->away);
}

static void on_close(vireo__stream *s, int error)
{
    side *from = s->owner;
    bridge *b = from->bridge;
    const side *to = other(from);
    from->stream = NULL;
    if (to->stream != NULL && to->stream->ending == NULL)
        close_side(to, error < 0 ? error : -ECONNRESET);
    if (to->stream != NULL)
        return;
    vireo__deadline_stop(&b->last_words);
    vireo__app_leave(b->app, &b->guest);
    free(b);
}

static const vireo__stream_events events = {
    .on_data = on_data,
    .on_end = on_end,
    .on_close = on_close,
};

static void on_cut(vireo__guest *guest)
{
    const bridge *b = vireo__container(guest, bridge, guest);
    close_side(&b->client, VIREO_ECANCELLED);
    close_side(&b->away, VIREO_ECANCELLED);
}

static void on_stop(vireo__guest *guest)
{
    (void)guest; /* who answers, there, knows of the end as well */
}

int vireo__bridge_open(vireo_app *app, vireo__stream *s, int *far)
{
    bridge *b = calloc(1, sizeof *b);
    if (b == NULL)
        return VIREO_ENOMEM;
    b->app = app;
    b->guest = (vireo__guest){.on_stop = on_stop, .on_cut = on_cut};
    b->client = (side){.bridge = b, .stream = s};
    b->away = (side){.bridge = b};
    b->away.stream = vireo__pair_open(vireo__app_loop(app), &events, &b->away, far);
    if (b->away.stream == NULL) {
        free(b);
        return VIREO_ENOMEM;
    }
    vireo__stream_set_events(s, &events, &b->client);
    s->max_queued = SIZE_MAX; /* what is full is not read */
    vireo__app_enter(app, &b->guest);
    vireo__stream_start(b->away.stream);
    return 0;
}
