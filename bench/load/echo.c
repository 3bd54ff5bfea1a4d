/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* echo.c: each connection has |window| messages in flight, and sends the next when one came back.
 *
 * The messages are made beforehand, SLOTS different ones of the same length, in one piece that
 * begins anew behind its end: any |window| of them in a row are sent with one call, and the answer
 * to message i is compared with answer i mod SLOTS, so that a wrong order is seen.
 *
 *     frames:   | 0 | 1 | .. | SLOTS-1 | 0 | 1 | .. | window-1 |
 *     answers:  | 0 | 1 | .. | SLOTS-1 |
 *
 * With long-polling a "frame" is a packet and the separator behind it. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "echo.h"
#include "frame.h"

enum { SLOTS = 128, FIRST_ID = 10000, ENVELOPE = 64 };

typedef struct ring {
    uint8_t *frames, *answers;
    size_t frame_len, answer_len;
} ring;

/* The payload with its number in front, so that no two are alike. */
static void write_payload(const load *l, char *out, unsigned number)
{
    char digits[8];
    memcpy(out, l->filler, l->size);
    out[l->size] = '\0';
    snprintf(digits, sizeof digits, "%04u", number);
    memcpy(out, digits, l->size < 4 ? l->size : 4);
}

typedef int write_text(char *out, size_t room, unsigned number, const char *payload);

static int write_raw(char *out, size_t room, unsigned number, const char *payload)
{
    (void)number;
    return snprintf(out, room, "%s", payload);
}

static int write_event(char *out, size_t room, unsigned number, const char *payload)
{
    (void)number;
    return snprintf(out, room, "42[\"echo\",\"%s\"]", payload);
}

static int write_question(char *out, size_t room, unsigned number, const char *payload)
{
    return snprintf(out, room, "42%u[\"ack\",\"%s\"]", FIRST_ID + number, payload);
}

static int write_acknowledgement(char *out, size_t room, unsigned number, const char *payload)
{
    return snprintf(out, room, "43%u[\"%s\"]", FIRST_ID + number, payload);
}

/* Returns the length. */
static size_t write_frame(const load *l, uint8_t *out, const char *text, size_t n)
{
    if (!l->mode->polls)
        return frame_write(out, FRAME_TEXT, text, n);
    memcpy(out, text, n);
    out[n] = ECHO_SEPARATOR;
    return n + 1;
}

static void make_ring(load *l, write_text *question, write_text *answer)
{
    size_t room = l->size + ENVELOPE, count = SLOTS + l->window;
    char *payload = allocate(l->size + 1, 1), *text = allocate(room, 1);
    ring *r = l->state = allocate(1, sizeof *r);
    r->frames = allocate(count, room + FRAME_HEAD_MAX);
    r->answers = allocate(SLOTS, room);
    for (unsigned i = 0; i < count; i++) {
        write_payload(l, payload, i % SLOTS);
        size_t n = (size_t)question(text, room, i % SLOTS, payload);
        r->frame_len = write_frame(l, r->frames + i * r->frame_len, text, n);
        if (i >= SLOTS)
            continue;
        r->answer_len = (size_t)answer(text, room, i, payload);
        memcpy(r->answers + i * r->answer_len, text, r->answer_len);
    }
    free(payload);
    free(text);
    for (unsigned i = 0; i < l->connections; i++)
        l->conns[i].sent_at = allocate(l->window, sizeof(uint64_t));
}

void echo_prepare(load *l)
{
    write_text *form = l->mode->socketio ? write_event : write_raw;
    make_ring(l, form, form);
}

static void prepare_ack(load *l)
{
    make_ring(l, write_question, write_acknowledgement);
}

const uint8_t *echo_take_due(conn *c, size_t *len)
{
    load *l = c->l;
    const ring *r = l->state;
    const uint8_t *frames = r->frames + c->sent % SLOTS * r->frame_len;
    *len = c->due * r->frame_len;
    for (; c->due > 0; c->due--)
        c->sent_at[c->sent++ % l->window] = l->now;
    return frames;
}

static void send_due(conn *c)
{
    size_t len;
    const uint8_t *frames = echo_take_due(c, &len);
    if (len > 0)
        conn_send(c, frames, len);
}

void echo_begin(load *l)
{
    for (unsigned i = 0; i < l->connections; i++) {
        l->conns[i].due = l->window;
        l->mode->traffic->on_read(&l->conns[i]);
    }
}

void echo_on_message(conn *c, const uint8_t *text, size_t n)
{
    load *l = c->l;
    const ring *r = l->state;
    const uint8_t *answer = r->answers + c->got % SLOTS * r->answer_len;
    if (c->got == c->sent) {
        load_wrong(l, "nothing was expected", text, n);
        return;
    }
    uint64_t sent_at = c->sent_at[c->got++ % l->window];
    c->due++; /* a wrong answer is one, too: the traffic goes on */
    if (text != NULL && (n != r->answer_len || memcmp(text, answer, n) != 0)) {
        load_wrong(l, "another message was expected", text, n);
        return;
    }
    cli_histogram_add(&l->latency, l->now - sent_at);
    l->messages++;
}

const traffic echo_traffic = {.prepare = echo_prepare,
                              .begin = echo_begin,
                              .on_message = echo_on_message,
                              .on_read = send_due};
const traffic ack_traffic = {.prepare = prepare_ack,
                             .begin = echo_begin,
                             .on_message = echo_on_message,
                             .on_read = send_due};
