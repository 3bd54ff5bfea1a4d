/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* connect.c: connections themselves: those that come and go, a storm of them, and idle ones. */

#include "load.h"

/* Whatever a ready connection hears here, nobody asked for. */
static void on_message(conn *c, const uint8_t *text, size_t n)
{
    load_wrong(c->l, "nothing was expected", text, n);
}

static void dial_all(load *l)
{
    l->opening = l->connections;
    for (unsigned i = 0; i < l->connections; i++)
        conn_dial(&l->conns[i]);
}

/* --- come and go: |connections| at a time, each again when the server has said goodbye -------- */

static void say_goodbye(conn *c)
{
    cli_histogram_add(&c->l->latency, c->l->now - c->dialled_at);
    protocol_send_close(c);
}

static void come_again(conn *c)
{
    c->l->messages++;
    c->l->opening++;
    conn_dial(c);
}

const traffic connect_traffic = {
    .begin = dial_all, .on_ready = say_goodbye, .on_message = on_message, .on_closed = come_again};

/* --- a storm: all at once, as after a restart of the server; it is over when each is ready or
 *     refused. Latency counts from its beginning. ---------------------------------------------- */

static void look_whether_over(conn *c)
{
    c->l->over = c->l->opening == 0;
}

static void stormed_in(conn *c)
{
    load *l = c->l;
    cli_histogram_add(&l->latency, clock_ns() - *(uint64_t *)l->state);
    l->messages++;
    look_whether_over(c);
}

static void begin_storm(load *l)
{
    uint64_t *began = l->state = allocate(1, sizeof *began);
    *began = clock_ns();
    dial_all(l);
}

const traffic storm_traffic = {.begin = begin_storm,
                               .on_ready = stormed_in,
                               .on_message = on_message,
                               .on_closed = look_whether_over};

const traffic idle_traffic = {.on_message = on_message};
