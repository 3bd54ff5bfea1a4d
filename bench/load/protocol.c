/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* protocol.c: the way from a new connection to one that is ready, and what every WebSocket client
 * does besides its traffic: pongs, closing, inflating. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "load.h"

/* What a browser sends, about as long. The key is the example of RFC 6455, section 1.3. */
static const char upgrade[] =
    "GET %s HTTP/1.1\r\n"
    "Host: localhost:%u\r\n"
    "Connection: Upgrade\r\n"
    "Pragma: no-cache\r\n"
    "Cache-Control: no-cache\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Upgrade: websocket\r\n"
    "Origin: %s://localhost:%u\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Accept: */*\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Sec-Fetch-Mode: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "%s\r\n";
static const char upgrade_answer[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
static const char deflate_offer[] =
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

void protocol_prepare(load *l)
{
    unsigned port = ntohs(l->to.sin_port);
    if (asprintf(&l->upgrade, upgrade, l->path, port, l->tls ? "https" : "http", port,
                 l->deflate ? deflate_offer : "") < 0)
        die("out of memory");
    if (l->deflate)
        l->inflated = allocate(INPUT, 1);
}

/* --- permessage-deflate ----------------------------------------------------------------------- */

static void begin_inflating(conn *c)
{
    c->inflate = allocate(1, sizeof *c->inflate);
    if (inflateInit2(c->inflate, -MAX_WBITS) != Z_OK)
        die("out of memory");
}

void protocol_end_inflating(conn *c)
{
    if (c->inflate == NULL)
        return;
    inflateEnd(c->inflate);
    free(c->inflate);
    c->inflate = NULL;
}

/* Returns the length of the message in |inflated|. */
static size_t inflate_message(conn *c, const frame *f)
{
    static uint8_t tail[] = {0, 0, 0xff, 0xff}; /* RFC 7692, section 7.2.2 */
    c->inflate->next_out = c->l->inflated;
    c->inflate->avail_out = INPUT;
    for (int part = 0; part < 2; part++) {
        c->inflate->next_in = part == 0 ? f->payload : tail;
        c->inflate->avail_in = part == 0 ? (uInt)f->len : sizeof tail;
        int error = inflate(c->inflate, Z_SYNC_FLUSH);
        if ((error != Z_OK && error != Z_BUF_ERROR) || c->inflate->avail_in > 0)
            die("a message cannot be inflated");
    }
    return INPUT - c->inflate->avail_out;
}

/* --- out -------------------------------------------------------------------------------------- */

void protocol_send_text(conn *c, const char *text)
{
    uint8_t bytes[256];
    conn_send(c, bytes, frame_write(bytes, FRAME_TEXT, text, strlen(text)));
}

void protocol_send_close(conn *c)
{
    static const uint8_t normal[] = {1000 >> 8, 1000 & 255};
    uint8_t bytes[FRAME_HEAD_MAX + sizeof normal];
    conn_send(c, bytes, frame_write(bytes, FRAME_CLOSE, normal, sizeof normal));
    c->stage = CLOSING;
}

static void answer_ping(conn *c, const frame *f)
{
    uint8_t bytes[FRAME_HEAD_MAX + 125];
    if (f->len <= 125)
        conn_send(c, bytes, frame_write(bytes, FRAME_PONG, f->payload, f->len));
}

/* --- becoming ready --------------------------------------------------------------------------- */

void protocol_on_dialled(conn *c)
{
    if (c->l->mode->polls)
        polling_on_dialled(c);
    else
        conn_send(c, c->l->upgrade, strlen(c->l->upgrade));
}

void protocol_became_ready(conn *c)
{
    load *l = c->l;
    c->stage = READY;
    if (c->index != 0)
        protocol_end_inflating(c);
    l->opening--;
    l->ready++;
    l->progressed_at = l->now;
    if (l->mode->traffic->on_ready != NULL)
        l->mode->traffic->on_ready(c);
}

static size_t read_upgrade(conn *c, uint8_t *bytes, size_t n)
{
    char *head = (char *)bytes, *end = memmem(head, n, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    *end = '\0';
    if (strncmp(head, "HTTP/1.1 101", 12) != 0 || strstr(head, upgrade_answer) == NULL) {
        load_wrong(c->l, "the upgrade was refused", bytes, strlen(head));
        protocol_on_end(c);
        return 0;
    }
    if (c->l->deflate && strcasestr(head, "permessage-deflate") == NULL)
        die("the server does not compress");
    if (c->l->deflate)
        begin_inflating(c);
    c->stage = OPENING;
    if (!c->l->mode->socketio)
        protocol_became_ready(c);
    return (size_t)(end + 4 - head);
}

static void join_room(conn *c)
{
    char text[200];
    snprintf(text, sizeof text, "420[\"join\",\"%s%u\"]", c->l->room, c->index % c->l->rooms);
    protocol_send_text(c, text);
    c->stage = JOINING_ROOM;
}

static bool begins(const uint8_t *text, size_t n, const char *with)
{
    size_t len = strlen(with);
    return n >= len && memcmp(text, with, len) == 0;
}

/* One step of the Socket.IO handshake. */
static void advance(conn *c, const uint8_t *text, size_t n)
{
    if (c->stage == OPENING && begins(text, n, "0{")) {
        c->stage = JOINING_NAMESPACE;
        protocol_send_text(c, "40");
    } else if (c->stage == JOINING_NAMESPACE && begins(text, n, "40{")) {
        if (c->l->mode->joins)
            join_room(c);
        else
            protocol_became_ready(c);
    } else if (c->stage == JOINING_ROOM && n == 5 && begins(text, n, "430[]")) {
        protocol_became_ready(c);
    } else {
        load_wrong(c->l, "in the handshake", text, n);
    }
}

/* --- in --------------------------------------------------------------------------------------- */

static void on_text(conn *c, const uint8_t *text, size_t n)
{
    if (c->l->mode->socketio && n == 1 && text[0] == '2') /* Engine.IO's ping */
        protocol_send_text(c, "3");
    else if (c->stage == READY)
        c->l->mode->traffic->on_message(c, text, n);
    else if (c->stage != CLOSING)
        advance(c, text, n);
}

/* Once they are ready, only the first connection's messages are inflated and compared; those of the
 * others count (as NULL): to inflate them all would cost more than the server's part. What is as
 * short as a ping is one. */
static void on_compressed(conn *c, const frame *f)
{
    enum { PING_MAX = 16 };
    if (c->inflate != NULL)
        on_text(c, c->l->inflated, inflate_message(c, f));
    else if (f->len <= PING_MAX)
        protocol_send_text(c, "3");
    else if (c->stage == READY)
        c->l->mode->traffic->on_message(c, NULL, 0);
}

static void on_frame(conn *c, const frame *f)
{
    if (f->opcode == FRAME_PING)
        answer_ping(c, f);
    else if (f->opcode == FRAME_CLOSE)
        protocol_on_end(c);
    else if (f->opcode == FRAME_PONG)
        return;
    else if (f->compressed)
        on_compressed(c, f);
    else
        on_text(c, f->payload, f->len);
}

size_t protocol_on_bytes(conn *c, uint8_t *bytes, size_t n)
{
    if (c->l->mode->polls)
        return polling_on_bytes(c, bytes, n);
    if (c->stage == UPGRADING)
        return read_upgrade(c, bytes, n);
    frame f;
    ptrdiff_t used = frame_read(&f, bytes, n);
    if (used < 0)
        die("a frame that no server should send: %02x %02x", bytes[0], bytes[1]);
    if (used > 0)
        on_frame(c, &f);
    return (size_t)used;
}

/* The server has closed it, answered our close frame, or refused it. */
void protocol_on_end(conn *c)
{
    load *l = c->l;
    bool expected = c->stage == CLOSING, refused = c->stage < READY;
    conn_close(c);
    if (refused)
        l->opening--;
    else
        l->ready--;
    if (refused && l->mode->traffic == &storm_traffic)
        l->refused++;
    else if (!expected)
        die("the server has closed connection %u%s", c->index, refused ? ", it was not ready" : "");
    if (l->mode->traffic->on_closed != NULL)
        l->mode->traffic->on_closed(c);
}
