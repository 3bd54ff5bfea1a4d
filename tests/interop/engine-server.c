/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* engine-server.c: Vireo's Engine.IO server without Socket.IO above it, for the engine's own tests.
 * It keeps the contract at the head of engine-reference.mjs. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/vireo.h>

#include "engineio/server.h"
#include "ws/frame.h"

#include "serve.h"

/* What a send callback has to print; the session may be gone by then. */
struct note {
    char id[32];
    const char *event;
    const char *text; /* static or NULL */
};

static void observe(char *line)
{
    if (line != NULL)
        puts(line);
    fflush(stdout);
    free(line);
}

static void print_note(void *user, int status)
{
    struct note *n = user;
    if (status == 0 && n->text != NULL)
        observe(vireo_format(NULL, "{event:%s, id:%s, text:%s}", n->event, n->id, n->text));
    else if (status == 0)
        observe(vireo_format(NULL, "{event:%s, id:%s}", n->event, n->id));
    free(n);
}

static struct note *note_new(const vireo__eio_session *s, const char *event, const char *text)
{
    struct note *n = malloc(sizeof *n);
    if (n == NULL)
        abort();
    snprintf(n->id, sizeof n->id, "%s", vireo__eio_id(s));
    n->event = event;
    n->text = text;
    return n;
}

static void send_frame(vireo__eio_session *s, vireo__shared *frame, struct note *note)
{
    if (frame == NULL)
        abort();
    if (vireo__eio_send(s, frame, note != NULL ? print_note : NULL, note) < 0)
        free(note);
    vireo__shared_unref(frame);
}

static void send_text(vireo__eio_session *s, const void *text, size_t len, struct note *note)
{
    vireo__shared *frame = vireo__ws_frame_new(VIREO__WS_TEXT, len + 1);
    if (frame != NULL) {
        vireo__ws_payload(frame)[0] = '4';
        if (len > 0)
            memcpy(vireo__ws_payload(frame) + 1, text, len);
    }
    send_frame(s, frame, note);
}

static void send_burst(vireo__eio_session *s, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char text[16];
        int len = snprintf(text, sizeof text, "%u", i);
        send_text(s, text, (size_t)len, i + 1 == n ? note_new(s, "burst-sent", NULL) : NULL);
    }
}

static bool is_text(const uint8_t *data, size_t len, const char *text)
{
    return len == strlen(text) && memcmp(data, text, len) == 0;
}

static void on_text(vireo__eio_session *s, const uint8_t *data, size_t len)
{
    if (is_text(data, len, "callback")) {
        send_text(s, "first", 5, note_new(s, "sent", "first"));
        send_text(s, "second", 6, note_new(s, "sent", "second"));
    } else if (is_text(data, len, "close")) {
        vireo__eio_close(s, false);
    } else if (is_text(data, len, "discard")) {
        send_text(s, "lost", 4, NULL);
        vireo__eio_close(s, true);
    } else if (len > 6 && len < 16 && memcmp(data, "burst ", 6) == 0) {
        char number[16] = "";
        memcpy(number, data + 6, len - 6);
        send_burst(s, (unsigned)strtoul(number, NULL, 10));
    } else {
        send_text(s, data, len, NULL);
    }
}

static void on_message(vireo__eio_session *s, bool binary, uint8_t *data, size_t len)
{
    if (binary)
        send_frame(s, vireo__ws_frame_copy(VIREO__WS_BINARY, data, len), NULL);
    else
        on_text(s, data, len);
}

static int on_open(vireo__eio_session *s)
{
    observe(vireo_format(NULL, "{event:%s, id:%s, transport:%s}", "open", vireo__eio_id(s),
                         vireo__eio_transport(s)));
    return 0;
}

static void on_upgrade(vireo__eio_session *s)
{
    observe(vireo_format(NULL, "{event:%s, id:%s, transport:%s}", "upgrade", vireo__eio_id(s),
                         vireo__eio_transport(s)));
}

static void on_drain(vireo__eio_session *s)
{
    (void)s;
}

static void on_close(vireo__eio_session *s, const vireo__eio_close_info *why)
{
    const char *description = why->description[0] != '\0' ? why->description : NULL;
    observe(vireo_format(NULL, "{event:%s, id:%s, reason:%s, description:%s}", "close",
                         vireo__eio_id(s), why->reason, description));
}

static void on_refusal(void *owner, vireo_req *r, const vireo__eio_refusal *why)
{
    (void)owner;
    (void)r;
    observe(vireo_format(NULL, "{event:%s, code:%d, message:%s, key:%s, value:%s}", "refused",
                         why->code, why->message, why->key, why->value));
}

/* --- decisions that come later ---------------------------------------------------------------- */

static void decide(vireo_timer *timer, void *user)
{
    vireo_req *r = user;
    const char *verdict = vireo_query(r, "admit");
    (void)timer;
    if (verdict != NULL && strcmp(verdict, "no") == 0)
        vireo_deny_request(r, "not you");
    else
        vireo_allow_request(r);
}

static int allow_later(vireo_req *r)
{
    vireo_after(vireo_req_app(r), 1, decide, r);
    return VIREO_LATER;
}

static void name_it(vireo_timer *timer, void *user)
{
    const char *name = vireo_query(user, "name");
    (void)timer;
    vireo_name_request(user, name != NULL && strcmp(name, "bad") != 0 ? name : "");
}

static int name_later(vireo_req *r, char id[VIREO__ID_SIZE])
{
    (void)id;
    vireo_after(vireo_req_app(r), 1, name_it, r);
    return VIREO_LATER;
}

static const vireo__eio_events events = {
    .on_open = on_open,
    .on_message = on_message,
    .on_upgrade = on_upgrade,
    .on_drain = on_drain,
    .on_close = on_close,
    .on_refusal = on_refusal,
};

static const struct option long_options[] = {
    {"port", required_argument, NULL, 'p'},
    {"host", required_argument, NULL, 'h'},
    {"path", required_argument, NULL, 'P'},
    {"ping-interval", required_argument, NULL, 'i'},
    {"ping-timeout", required_argument, NULL, 't'},
    {"upgrade-timeout", required_argument, NULL, 'u'},
    {"max-payload", required_argument, NULL, 'm'},
    {"transports", required_argument, NULL, 'T'},
    {"no-upgrades", no_argument, NULL, 'n'},
    {"allow-eio3", no_argument, NULL, '3'},
    {"initial-packet", required_argument, NULL, 'I'},
    {"admit", no_argument, NULL, 'a'},
    {0},
};

static unsigned read_transports(const char *text)
{
    return (strstr(text, "polling") != NULL ? VIREO__EIO_POLLING : 0) |
           (strstr(text, "websocket") != NULL ? VIREO__EIO_WEBSOCKET : 0);
}

static bool read_option(vireo__eio_options *o, vireo_listen_options *listen, int which)
{
    unsigned long number = optarg != NULL ? strtoul(optarg, NULL, 10) : 0;
    switch (which) {
    case 'p':
        listen->port = (uint16_t)number;
        return true;
    case 'h':
        listen->host = optarg;
        return true;
    case 'P':
        o->path = optarg;
        return true;
    case 'i':
        o->ping_interval_ms = (uint32_t)number;
        return true;
    case 't':
        o->ping_timeout_ms = (uint32_t)number;
        return true;
    case 'u':
        o->upgrade_timeout_ms = (uint32_t)number;
        return true;
    case 'm':
        o->max_payload = number;
        return true;
    case 'T':
        o->transports = read_transports(optarg);
        return true;
    case 'n':
        o->no_upgrades = true;
        return true;
    case '3':
        o->allow_v3 = true;
        return true;
    case 'I':
        o->initial_packet = optarg;
        return true;
    case 'a':
        o->allow_request = allow_later;
        o->generate_id = name_later;
        return true;
    default:
        return false;
    }
}

static int setup(vireo_app *app, void *user)
{
    return vireo__eio_server_new(app, user, &events, NULL) != NULL ? 0 : VIREO_ENOMEM;
}

int main(int argc, char **argv)
{
    vireo_listen_options listen = {.size = sizeof listen, .host = "127.0.0.1", .name = "engine"};
    vireo__eio_options o = {
        .path = "/engine.io",
        .ping_interval_ms = 25000,
        .ping_timeout_ms = 20000,
        .upgrade_timeout_ms = 10000,
        .max_payload = 1000000,
        .max_payload_packets = 125000,
        .max_fragments = 131072,
        .max_queued_bytes = 16000000,
        .http_compression = {.level = 6, .threshold = 1024, .max_bytes = 1000000},
        .transports = VIREO__EIO_POLLING | VIREO__EIO_WEBSOCKET};
    int which;
    while ((which = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        if (!read_option(&o, &listen, which))
            return 2;
    return serve_at(setup, &o, NULL, &listen);
}
