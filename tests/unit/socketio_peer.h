/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* socketio_peer.h: raw clients of a Socket.IO server in the same thread, over polling or WebSocket.
 * They speak packets as they stand on the wire ("40", "42[\"a\"]"); nothing here asserts, so that a
 * client can also be one whose server breaks down: what failed answers false or NULL, and the
 * client is of no more use then. */

#ifndef VIREO_TESTS_SOCKETIO_PEER_H
#define VIREO_TESTS_SOCKETIO_PEER_H

#include "http_peer.h"

#include <vireo/socket.h>

/* Set by who must not count the client's own allocations: called with true before, with false
 * after them. */
static void (*client_allocates)(bool begins);

static inline void client_own(bool begins)
{
    if (client_allocates != NULL)
        client_allocates(begins);
}

#define CLIENT_ROOM 524288 /* bytes of a payload or a packet */

/* Set when a client has waited in vain: neither served nor thrown out. */
static bool client_forgotten;

typedef struct client {
    vireo_app *app;
    peer main; /* polls, or the WebSocket */
    peer post; /* what is sent while a poll is pending */
    bool websocket;
    bool polling;      /* a GET is pending */
    const char *extra; /* behind each query */
    char sid[VIREO_ID_SIZE];
    char inbox[CLIENT_ROOM]; /* packets of a payload that were not taken yet, each ended by a NUL */
    size_t inbox_len;
    char packet[CLIENT_ROOM]; /* taken last; a binary message is "b" and its base64, as over polling
                               */
} client;

/* --- HTTP ------------------------------------------------------------------------------------- */

/* Turns the loop, and takes what has come. Returns false at the end of the connection. */
static inline bool client_wait(peer *p)
{
    struct pollfd fds[2] = {{.fd = p->fd, .events = POLLIN},
                            {.fd = uv_backend_fd(vireo__app_loop(p->app)->uv), .events = POLLIN}};
    peer_turn(p->app);
    client_own(true);
    poll(fds, 2, 1);
    peer_take(p, SIZE_MAX);
    client_own(false);
    return !p->ended;
}

static inline void client_drop(peer *p, size_t n)
{
    memmove(p->got, p->got + n, p->len - n + 1);
    p->len -= n;
}

/* Waits for a whole reply. Returns its status, and its body in |body|; 0 when the connection ended
 * or nothing came. */
static inline int client_reply(peer *p, char *body, size_t size)
{
    for (int patience = PEER_PATIENCE; patience > 0; patience--) {
        char *end = strstr(p->got, "\r\n\r\n");
        char *announced = end ? strcasestr(p->got, "Content-Length: ") : NULL;
        size_t length = announced && announced < end ? strtoul(announced + 16, NULL, 10) : 0;
        if (end != NULL && p->len >= (size_t)(end + 4 - p->got) + length && length < size) {
            int status = atoi(p->got + 9);
            memcpy(body, end + 4, length);
            body[length] = '\0';
            client_drop(p, (size_t)(end + 4 - p->got) + length);
            return status;
        }
        if (!client_wait(p))
            return 0;
    }
    client_forgotten = true;
    return 0;
}

static inline void client_request(client *c, peer *p, const char *method, const char *body)
{
    char head[512];
    bool known = c->sid[0] != '\0';
    snprintf(head, sizeof head,
             "%s /socket.io/?EIO=4&transport=polling%s%s%s HTTP/1.1\r\nHost: a\r\n"
             "Content-Length: %zu\r\n\r\n",
             method, known ? "&sid=" : "", c->sid, c->extra, strlen(body));
    peer_send(p, head);
    peer_send(p, body);
}

static inline void client_poll(client *c)
{
    if (!c->polling)
        client_request(c, &c->main, "GET", "");
    c->polling = true;
}

/* --- frames ----------------------------------------------------------------------------------- */

static inline void client_frame(client *c, uint8_t first, const void *data, size_t n)
{
    uint8_t frame[4096] = {(uint8_t)(0x80 | first), (uint8_t)(0x80 | (n < 126 ? n : 126))};
    size_t head = 2;
    if (n >= 126) {
        frame[head++] = (uint8_t)(n >> 8);
        frame[head++] = (uint8_t)n;
    }
    head += 4; /* a mask of zeros */
    memcpy(frame + head, data, n);
    peer_send_bytes(&c->main, frame, head + n);
}

/* Takes one frame of the server's. Returns its first byte, 0 when none is complete. */
static inline uint8_t client_take_frame(peer *p, const char **data, size_t *n, size_t *whole)
{
    const uint8_t *b = (const uint8_t *)p->got;
    size_t head = p->len >= 2 && (b[1] & 127) == 126 ? 4 : 2;
    if (p->len < head)
        return 0;
    *n = head == 4 ? (size_t)(b[2] << 8 | b[3]) : (size_t)(b[1] & 127);
    *whole = head + *n;
    *data = p->got + head;
    return p->len < *whole ? 0 : b[0];
}

static inline bool client_upgrade(client *c, peer *p)
{
    char head[512];
    snprintf(head, sizeof head,
             "GET /socket.io/?EIO=4&transport=websocket%s%s%s HTTP/1.1\r\nHost: a\r\n"
             "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
             c->sid[0] != '\0' ? "&sid=" : "", c->sid, c->extra);
    peer_send(p, head);
    return client_reply(p, c->packet, sizeof c->packet) == 101;
}

/* --- packets ---------------------------------------------------------------------------------- */

static inline const char *client_from_inbox(client *c)
{
    size_t n = strlen(c->inbox) + 1;
    memcpy(c->packet, c->inbox, n);
    c->inbox_len -= n;
    memmove(c->inbox, c->inbox + n, c->inbox_len);
    return c->packet;
}

static inline const char *client_take_polled(client *c)
{
    if (c->inbox_len == 0) {
        client_poll(c);
        c->polling = false;
        if (client_reply(&c->main, c->inbox, sizeof c->inbox) != 200)
            return NULL;
        c->inbox_len = strlen(c->inbox) + 1;
        for (char *at = c->inbox; *at; at++)
            *at = *at == 0x1e ? '\0' : *at;
    }
    return client_from_inbox(c);
}

static inline const char *client_take_framed(client *c)
{
    const char *data;
    size_t n, whole;
    for (int patience = PEER_PATIENCE; patience > 0; patience--) {
        uint8_t first = client_take_frame(&c->main, &data, &n, &whole);
        if (first == 0x88)
            return NULL;
        if (first != 0) {
            if (first == 0x82)
                snprintf(c->packet, sizeof c->packet, "b(%zu)", n);
            else
                snprintf(c->packet, sizeof c->packet, "%.*s", (int)n, data);
            client_drop(&c->main, whole);
            return c->packet;
        }
        if (!client_wait(&c->main))
            return NULL;
    }
    client_forgotten = true;
    return NULL;
}

/* Returns the next packet that comes, valid until the next call; NULL when none will. */
static inline const char *client_take(client *c)
{
    return c->websocket ? client_take_framed(c) : client_take_polled(c);
}

/* Sends a packet; over polling it waits for the "ok". */
static inline bool client_send(client *c, const char *packet)
{
    char body[1024];
    if (c->websocket) {
        client_frame(c, 1, packet, strlen(packet));
        return true;
    }
    client_request(c, &c->post, "POST", packet);
    return client_reply(&c->post, body, sizeof body) == 200;
}

/* Sends the three bytes 01 02 03 as a binary message. */
static inline bool client_send_binary(client *c)
{
    if (!c->websocket)
        return client_send(c, "bAQID");
    client_frame(c, 2, "\1\2\3", 3);
    return true;
}

/* --- life ------------------------------------------------------------------------------------- */

static inline bool client_open(client *c, vireo_app *app, bool websocket, const char *extra)
{
    client_own(true);
    *c = (client){.app = app,
                  .main = peer_open(app),
                  .post = peer_open(app),
                  .websocket = websocket,
                  .extra = extra};
    client_own(false);
    if (websocket && !client_upgrade(c, &c->main))
        return false;
    const char *open = client_take(c);
    const char *sid = open ? strstr(open, "sid") : NULL;
    if (sid == NULL)
        return false;
    sid += strcspn(sid, ":") + 1; /* what stands there is quoted, or within a quoted text */
    sid += strspn(sid, "\\\"");
    snprintf(c->sid, sizeof c->sid, "%s", sid);
    return true;
}

/* Changes from polling to WebSocket. */
static inline bool client_change(client *c)
{
    peer old = c->main;
    const char *answer;
    c->main = c->post;
    c->post = old;
    if (!client_upgrade(c, &c->main))
        return false;
    client_frame(c, 1, "2probe", 6);
    answer = client_take_framed(c);
    if (answer == NULL || strcmp(answer, "3probe") != 0)
        return false;
    client_frame(c, 1, "5", 1);
    c->websocket = true;
    return true;
}

static inline void client_close(client *c)
{
    peer_close(&c->main);
    peer_close(&c->post);
}

/* Takes packets until one begins with |start|. Returns it; NULL when the client is disconnected or
 * refused before. */
static inline const char *client_await(client *c, const char *start)
{
    for (const char *packet; (packet = client_take(c)) != NULL;) {
        if (strncmp(packet, start, strlen(start)) == 0)
            return packet;
        if (strncmp(packet, "41", 2) == 0 || strncmp(packet, "44", 2) == 0)
            return NULL;
    }
    return NULL;
}

/* Opens a session and joins "/". */
static inline bool client_join(client *c, vireo_app *app, bool websocket)
{
    return client_open(c, app, websocket, "") && client_send(c, "40") &&
           client_await(c, "40{\"sid\":") != NULL;
}

#endif
