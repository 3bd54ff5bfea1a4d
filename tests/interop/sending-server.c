/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* sending-server.c: keeps the contract at the head of sending-reference.mjs. Beyond it:
 *
 *   --deflate       WebSockets are compressed, with a memory of what was sent before
 *   --max-queued N  bytes for one client
 *   --max-answer N  longer answers to polls are not compressed
 *   {newest: key}   of |how|: events that replace each other
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/vireo.h>

#include "serve.h"

enum { FILLER = 256 * 1024, QUIET_TURNS = 20 };

static void observe(char *line)
{
    puts(line != NULL ? line : "out of memory");
    fflush(stdout);
    free(line);
}

static void say(vireo_to to, const vireo_msg *m)
{
    const vireo_value *how = vireo_arg(m, 0);
    if (vireo_bool(vireo_get(how, "volatile"), false))
        to.flags |= VIREO_VOLATILE;
    if (vireo_bool(vireo_get(how, "plain"), false))
        to.flags |= VIREO_UNCOMPRESSED;
    to.newest = vireo_str(vireo_get(how, "newest"));
    vireo_broadcast(to, "said", "%p", (const void *)vireo_arg(m, 1));
}

static void on_say(vireo_socket *s, const vireo_msg *m)
{
    say(vireo_only(s), m);
}

static void on_say_all(vireo_socket *s, const vireo_msg *m)
{
    say(vireo_all(vireo_ns_of(s)), m);
}

/* --- filling ---------------------------------------------------------------------------------- */

/* Noise, which no compression makes much smaller. */
static void write_filler(char *out)
{
    uint32_t x = 1;
    for (size_t i = 0; i < FILLER; i++)
        out[i] = (char)('0' + ((x = x * 1664525 + 1013904223) >> 26));
    for (char *at = out; (at = memchr(at, '\\', (size_t)(out + FILLER - at))) != NULL;)
        *at = '~';
    out[FILLER] = '\0';
}

struct filling {
    vireo_ns *ns;
    char id[VIREO_ID_SIZE];
    int quiet;
};

static void fill(vireo_timer *timer, void *user)
{
    static char filler[FILLER + 1];
    struct filling *f = user;
    vireo_socket *s = vireo_find(f->ns, f->id);
    (void)timer;
    if (filler[0] == '\0')
        write_filler(filler);
    if (s != NULL && vireo_writable(s)) {
        vireo_emit(s, "filler", "%s", filler);
        f->quiet = 0;
    }
    if (s != NULL && f->quiet++ < QUIET_TURNS && vireo_after(vireo_ns_app(f->ns), 1, fill, f))
        return;
    observe(vireo_format(NULL, "{event:%s, id:%s}", "filled", f->id));
    free(f);
}

static void on_fill(vireo_socket *s, const vireo_msg *m)
{
    struct filling *f = calloc(1, sizeof *f);
    (void)m;
    if (f == NULL)
        abort();
    f->ns = vireo_ns_of(s);
    snprintf(f->id, sizeof f->id, "%s", vireo_id(s));
    fill(NULL, f);
}

/* --- watching --------------------------------------------------------------------------------- */

static void on_packet(vireo_io *io, const vireo_conn_info *c, const vireo_packet_info *p)
{
    static const char *const types[] = {"open",    "close",   "ping", "pong",
                                        "message", "upgrade", "noop"};
    const char *text = p->data;
    bool connects = p->len > 0 && text[0] == '0';
    (void)io;
    (void)c;
    if (p->binary)
        observe(vireo_format(NULL, "{event:%s, sent:%hhd, type:%s, data:%zu}", "packet", p->sent,
                             types[p->type - '0'], p->len));
    else
        observe(vireo_format(NULL, "{event:%s, sent:%hhd, type:%s, data:%.*s}", "packet", p->sent,
                             types[p->type - '0'], connects ? 1 : (int)p->len, text));
}

static void on_flush(vireo_io *io, const vireo_conn_info *c, const vireo_flush_info *f)
{
    (void)io;
    observe(vireo_format(NULL, "{event:%s, transport:%s, packets:%zu, bytes:%zu}", "flush",
                         c->transport, f->packets, f->bytes));
}

/* --- the namespace ---------------------------------------------------------------------------- */

static void on_ack(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    vireo_ack(m, "%p", (const void *)vireo_arg(m, 0));
}

static void on_note(vireo_socket *s, const vireo_msg *m)
{
    observe(vireo_format(NULL, "{event:%s, id:%s, x:%p}", "noted", vireo_id(s),
                         (const void *)vireo_arg(m, 0)));
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    observe(vireo_format(NULL, "{event:%s, id:%s, reason:%s, description:%s}", "disconnect",
                         vireo_id(s), why->reason, why->description));
}

static const vireo_event_handler events[] = {
    {"say", on_say}, {"say-all", on_say_all}, {"fill", on_fill},
    {"ack", on_ack}, {"note", on_note},       {0},
};

static int setup(vireo_app *app, void *user)
{
    if (vireo_io_create(app, user) == NULL ||
        vireo_namespace(app, "/", .on_disconnect = on_disconnect, .events = events) == NULL)
        return VIREO_ENOMEM;
    return 0;
}

int main(int argc, char **argv)
{
    vireo_io_options o = {.size = sizeof o};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--threshold") == 0 && i + 1 < argc)
            o.http_compression.threshold = (size_t)atol(argv[++i]);
        else if (strcmp(argv[i], "--max-queued") == 0 && i + 1 < argc)
            o.max_queued_bytes = (size_t)atol(argv[++i]);
        else if (strcmp(argv[i], "--max-answer") == 0 && i + 1 < argc)
            o.http_compression.max_bytes = (size_t)atol(argv[++i]);
        else if (strcmp(argv[i], "--watch") == 0)
            o.on_packet = on_packet, o.on_flush = on_flush;
        else if (strcmp(argv[i], "--no-compression") == 0)
            o.http_compression.off = true;
        else if (strcmp(argv[i], "--deflate") == 0)
            o.deflate = (vireo_ws_deflate){.on = true, .server_context_takeover = true};
    }
    static const vireo_app_options app = {.size = sizeof app, .max_queued_bytes = (size_t)8 << 20};
    return serve(setup, &o, &app, .host = "127.0.0.1", .name = "sending");
}
