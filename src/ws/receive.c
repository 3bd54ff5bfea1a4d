/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* receive.c: from bytes to events, and how that is interrupted: by the user, who pauses it, and by
 * compressed messages that would keep the loop from others for too long. What was read and not
 * handled waits then, and the stream is read no further:
 *
 *     stream --> received --> take --> events
 *        ^                     | ^
 *        |              pause, | | resume: at the end of the turn
 *        |        budget spent v | budget: in the next turn
 *        +------- all taken -- unread
 */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "ws/inside.h"

enum {
    /* Bytes that one wake-up inflates for one connection: half a millisecond's work or two. A peer
     * could make a thousand times as many bytes of what it sends. */
    INFLATE_PER_WAKE = 1 << 20,
    SOON_MS = 1
};

typedef struct vireo__ws_unread {
    vireo__ws *ws;
    vireo__turn_task resume;
    vireo__deadline soon;
    size_t at; /* the bytes before it are handled */
    size_t len;
    uint8_t bytes[];
} unread;

static void handle(vireo__ws *ws, vireo__ws_event *event)
{
    switch (event->kind) {
    case VIREO__WS_MESSAGE:
        if (!ws->close_sent)
            ws->events->on_message(ws, event->binary, event->data, event->len);
        break;
    case VIREO__WS_PIECE:
        if (!ws->close_sent)
            ws->events->on_piece(ws, event->binary, event->data, event->len, event->last);
        break;
    case VIREO__WS_PING_RECEIVED:
        vireo__ws_answer_ping(ws, event);
        if (ws->events->on_ping != NULL && !ws->close_sent)
            ws->events->on_ping(ws, event->data, event->len);
        break;
    case VIREO__WS_PONG_RECEIVED:
        if (ws->events->on_pong != NULL && !ws->close_sent)
            ws->events->on_pong(ws, event->data, event->len);
        break;
    case VIREO__WS_CLOSE_RECEIVED:
        vireo__ws_closed_by_peer(ws, event);
        break;
    case VIREO__WS_ERROR:
        vireo__ws_fail(ws, event);
        break;
    }
}

/* Is there anything that vireo__ws_next could make an event of? */
static inline bool goes_on(const vireo__ws *ws, size_t n)
{
    return (n > 0 || ws->reader.partial != NULL) && !ws->dead && !ws->paused;
}

/* One call handles the bytes of one read, and with them at most as many frames as these can hold.
 * Returns how many bytes are left. */
static inline size_t take(vireo__ws *ws, uint8_t *bytes, size_t n)
{
    vireo__ws_event event;
    if (ws->reader.deflate != NULL)
        ws->reader.deflate->budget = INFLATE_PER_WAKE;
    ws->taking = true;
    while (goes_on(ws, n) && vireo__ws_next(&ws->reader, &bytes, &n, &event))
        handle(ws, &event);
    ws->taking = false;
    return n;
}

static bool budget_spent(const vireo__ws *ws)
{
    return ws->reader.deflate != NULL && ws->reader.deflate->budget == 0;
}

/* --- what waits ------------------------------------------------------------------------------- */

static void on_resume(vireo__turn_task *task);
static void on_soon(vireo__deadline *d);

static void go_on_later(unread *u)
{
    vireo__ws *ws = u->ws;
    if (!ws->paused && vireo__deadline_start(ws->stream->loop, &u->soon, SOON_MS, on_soon) < 0)
        vireo__ws_drop(ws, VIREO_ENOMEM);
}

static unread *new_unread(vireo__ws *ws, const uint8_t *bytes, size_t n)
{
    unread *old = ws->unread;
    size_t old_len = old != NULL ? old->len - old->at : 0;
    unread *u = malloc(sizeof *u + old_len + n);
    if (u == NULL)
        return NULL;
    *u = (unread){.ws = ws, .resume.run = on_resume, .len = old_len + n};
    if (old_len > 0)
        memcpy(u->bytes, old->bytes + old->at, old_len);
    if (n > 0)
        memcpy(u->bytes + old_len, bytes, n);
    return u;
}

static void keep(vireo__ws *ws, const uint8_t *bytes, size_t n)
{
    unread *u = new_unread(ws, bytes, n);
    if (u == NULL) {
        vireo__ws_drop(ws, VIREO_ENOMEM);
        return;
    }
    vireo__ws_forget_unread(ws);
    ws->unread = u;
    vireo__stream_pause(ws->stream);
    go_on_later(u);
}

void vireo__ws_forget_unread(vireo__ws *ws)
{
    unread *u = ws->unread;
    if (u == NULL)
        return;
    ws->unread = NULL;
    vireo__turn_remove(&u->resume);
    vireo__deadline_stop(&u->soon);
    free(u);
}

static void go_on(unread *u)
{
    vireo__ws *ws = u->ws;
    if (ws->dead || ws->paused)
        return;
    size_t left = take(ws, u->bytes + u->at, u->len - u->at);
    u->at = u->len - left;
    if (ws->dead)
        return;
    if (left > 0 || budget_spent(ws)) {
        go_on_later(u);
        return;
    }
    vireo__ws_forget_unread(ws);
    if (!ws->paused)
        vireo__stream_start(ws->stream);
}

static void on_resume(vireo__turn_task *task)
{
    go_on(vireo__container(task, unread, resume));
}

static void on_soon(vireo__deadline *d)
{
    go_on(vireo__container(d, unread, soon));
}

void vireo__ws_received(vireo__stream *s, uint8_t *bytes, size_t n)
{
    vireo__ws *ws = s->owner;
    ws->quiet = 0;
    size_t left = vireo__ws_reading(ws) ? take(ws, bytes, n) : n;
    if ((left > 0 || budget_spent(ws)) && !ws->dead)
        keep(ws, bytes + n - left, left);
}

/* --- by the user ------------------------------------------------------------------------------ */

void vireo__ws_pause(vireo__ws *ws)
{
    if (!vireo__ws_is_open(ws) || ws->paused)
        return;
    ws->paused = true;
    vireo__stream_pause(ws->stream);
}

void vireo__ws_resume(vireo__ws *ws)
{
    if (!ws->paused)
        return;
    ws->paused = false;
    if (ws->dead || ws->taking)
        return; /* what is under way goes on by itself */
    if (ws->unread != NULL)
        vireo__turn_add(ws->stream->loop, &ws->unread->resume);
    else
        vireo__stream_start(ws->stream);
}
