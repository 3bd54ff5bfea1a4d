/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* fanout.c: one message to all connections, or to those of a room. Broadcasts are numbered; number
 * n goes to room n mod rooms. The first member of a room publishes to it, so that the order in
 * which all must receive is known. |window| broadcasts are in flight; or, with a rate, they are due
 * in regular intervals whatever the server does, and latency counts from when they were due.
 *
 * What is in flight stands in a ring: the text that all must receive, when it was due, and for how
 * many it is still on its way. Its payload begins with the number as 16 hexadecimal digits. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "load.h"

enum { SLOTS = 4096, DIGITS = 16, ENVELOPE = 160 };

typedef struct broadcast {
    uint64_t due;
    unsigned left; /* receivers */
} broadcast;

typedef struct fanout {
    bool raw;
    uint64_t sent, done;
    uint64_t next_due; /* with a rate */
    broadcast in_flight[SLOTS];
    uint8_t *texts; /* of those */
    size_t room;    /* of each */
    size_t *lens;   /* a room's name may be longer than another's */
    uint8_t *batch; /* frames of one publisher that go out together */
    size_t batch_len, batch_room;
    conn *publisher; /* of the batch */
} fanout;

static void prepare(load *l)
{
    fanout *f = l->state = allocate(1, sizeof *f);
    if (l->size < DIGITS)
        die("--size of at least %d", DIGITS);
    f->raw = !l->mode->socketio;
    f->room = l->size + ENVELOPE;
    f->texts = allocate(SLOTS, f->room);
    f->lens = allocate(SLOTS, sizeof *f->lens);
    f->batch_room = l->window * (f->room + FRAME_HEAD_MAX);
    f->batch = allocate(f->batch_room, 1);
}

static void prepare_all(load *l)
{
    l->rooms = 1;
    prepare(l);
}

static void begin(load *l)
{
    fanout *f = l->state;
    f->next_due = l->now;
    for (unsigned i = 0; i < l->connections; i++)
        l->conns[i].next = i % l->rooms;
}

/* --- out -------------------------------------------------------------------------------------- */

static void write_text(const load *l, fanout *f, uint64_t number)
{
    size_t slot = number % SLOTS;
    char *out = (char *)f->texts + slot * f->room;
    const char *more = l->filler + DIGITS;
    unsigned long long n = number;
    int len;
    if (f->raw)
        len = snprintf(out, f->room, "%016llx%s", n, more);
    else if (!l->mode->joins)
        len = snprintf(out, f->room, "42[\"bcast\",\"%016llx%s\"]", n, more);
    else
        len = snprintf(out, f->room, "42[\"room\",\"%s%u\",\"%016llx%s\"]", l->room,
                       (unsigned)(number % l->rooms), n, more);
    f->lens[slot] = (size_t)len;
}

static void send_batch(fanout *f)
{
    if (f->batch_len > 0)
        conn_send(f->publisher, f->batch, f->batch_len);
    f->batch_len = 0;
}

static void publish(load *l, uint64_t due)
{
    fanout *f = l->state;
    uint64_t number = f->sent++;
    size_t slot = number % SLOTS, room = number % l->rooms;
    unsigned members = (unsigned)((l->connections - room + l->rooms - 1) / l->rooms);
    write_text(l, f, number);
    f->in_flight[slot] = (broadcast){.due = due, .left = members};
    conn *publisher = &l->conns[room];
    if (publisher != f->publisher || f->batch_len + frame_size(f->lens[slot]) > f->batch_room)
        send_batch(f);
    f->publisher = publisher;
    f->batch_len +=
        frame_write(f->batch + f->batch_len, FRAME_TEXT, f->texts + slot * f->room, f->lens[slot]);
}

static bool slot_is_free(const fanout *f)
{
    return f->in_flight[f->sent % SLOTS].left == 0;
}

static int64_t on_turn(load *l)
{
    fanout *f = l->state;
    uint64_t now = clock_ns(), period = l->rate > 0 ? (uint64_t)(1e9 / l->rate) : 0;
    if (period == 0)
        while (f->sent - f->done < l->window && slot_is_free(f))
            publish(l, now);
    else
        for (; f->next_due <= now && slot_is_free(f); f->next_due += period)
            publish(l, f->next_due);
    send_batch(f);
    return period == 0 ? -1 : f->next_due > now ? (int64_t)(f->next_due - now) : 0;
}

/* --- in --------------------------------------------------------------------------------------- */

static void arrived(load *l, fanout *f, uint64_t number, bool counts)
{
    broadcast *b = &f->in_flight[number % SLOTS];
    unsigned members = (unsigned)((l->connections - number % l->rooms + l->rooms - 1) / l->rooms);
    uint64_t took = l->now > b->due ? l->now - b->due : 0;
    b->left--;
    if (counts && b->left == members / 2)
        cli_histogram_add(&l->median_latency, took);
    if (b->left > 0)
        return;
    f->done++;
    if (counts)
        cli_histogram_add(&l->latency, took);
}

static bool is_next(const fanout *f, uint64_t next, const uint8_t *text, size_t n)
{
    size_t slot = next % SLOTS;
    return next < f->sent && n == f->lens[slot] && memcmp(text, f->texts + slot * f->room, n) == 0;
}

/* Whether a later one came, and those between are lost. */
static bool skip_lost(conn *c, const uint8_t *text, size_t n)
{
    load *l = c->l;
    fanout *f = l->state;
    uint64_t later = c->next;
    while (later < f->sent && !is_next(f, later, text, n))
        later += l->rooms;
    if (later >= f->sent)
        return false;
    for (; c->next < later; c->next += l->rooms) {
        arrived(l, f, c->next, false);
        l->lost++;
    }
    return true;
}

static void on_message(conn *c, const uint8_t *text, size_t n)
{
    load *l = c->l;
    fanout *f = l->state;
    if (text == NULL ? c->next >= f->sent
                     : !is_next(f, c->next, text, n) && !skip_lost(c, text, n)) {
        load_wrong(l, "another broadcast was expected", text, n);
        return;
    }
    arrived(l, f, c->next, true);
    c->next += l->rooms;
    l->messages++;
}

const traffic all_traffic = {
    .prepare = prepare_all, .begin = begin, .on_message = on_message, .on_turn = on_turn};
const traffic room_traffic = {
    .prepare = prepare, .begin = begin, .on_message = on_message, .on_turn = on_turn};
