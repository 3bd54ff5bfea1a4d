/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* socketio_client.c: a client and a server that says whatever it likes: handshakes, packets of
 * Engine.IO and Socket.IO, payloads of polling, frames of WebSocket, heads of HTTP. The server
 * stands on a unix socket of the same loop, and gives its client the input piece by piece:
 *
 *     flags  0xff piece  0xff piece ..
 *
 * A GET of polling is answered with the next piece, a POST with "ok"; what upgrades is given all
 * that are left as frames, text, or binary when the piece begins with 1. A piece that begins with 2
 * goes as it is, in the place of the head too.
 *
 * Watched: each open has its close, each connect its disconnect, each question one answer. */

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>
#include <vireo/vireo.h>

#include "ws/handshake.h"

enum {
    TURNS = 60,
    QUIET_TURNS = 4, /* without a byte from the client: it has nothing more to say */
    HEAD_MAX = 8192,
    SEPARATOR = 0xff,
    /* flags */
    WEBSOCKET = 1, /* else polling */
    UPGRADE = 2,   /* .. and then WebSocket */
    HANDSHAKE = 4, /* the first piece is a good one */
    MSGPACK = 8,
    RETRIES = 16,
    LISTEN = 32, /* the client has handlers that answer, and leave */
    LET_IN = 64  /* the second piece lets it into the namespace */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- the server ------------------------------------------------------------------------------- */

typedef struct script {
    const uint8_t *at, *end;
    uint8_t flags;
    int given;            /* pieces */
    int quiet;            /* turns since the client has said something */
    struct peer *waiting; /* its poll is not answered; or NULL */
} script;

typedef struct peer {
    uv_pipe_t pipe;
    script *script;
    int frames; /* a WebSocket: 1 + how often it has heard something */
    char head[HEAD_MAX];
    size_t len;
} peer;

typedef struct piece {
    const uint8_t *at;
    size_t len;
} piece;

static bool next_piece(script *s, piece *out)
{
    static const char hello[] =
        "0{\"sid\":\"s\",\"upgrades\":[\"websocket\"],\"pingInterval\":9999,"
        "\"pingTimeout\":9999,\"maxPayload\":1000}";
    static const char welcome[] = "40{\"sid\":\"in\",\"pid\":\"p\"}";
    s->given++;
    if (s->given == 1 && (s->flags & HANDSHAKE) != 0)
        *out = (piece){(const uint8_t *)hello, strlen(hello)};
    else if (s->given == 2 && (s->flags & LET_IN) != 0)
        *out = (piece){(const uint8_t *)welcome, strlen(welcome)};
    else if (s->at >= s->end)
        return false;
    else {
        const uint8_t *stop = memchr(s->at, SEPARATOR, (size_t)(s->end - s->at));
        stop = stop != NULL ? stop : s->end;
        *out = (piece){s->at, (size_t)(stop - s->at)};
        s->at = stop + 1;
    }
    return true;
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    free(write);
}

static void put(peer *p, const void *data, size_t n)
{
    uv_write_t *write = n > 0 ? malloc(sizeof *write + n) : NULL;
    if (write == NULL)
        return;
    memcpy(write + 1, data, n);
    uv_buf_t buf = uv_buf_init((char *)(write + 1), (unsigned)n);
    if (uv_write(write, (uv_stream_t *)&p->pipe, &buf, 1, on_written) < 0)
        free(write);
}

static void put_frame(peer *p, bool binary, const uint8_t *data, size_t n)
{
    uint8_t head[4] = {binary ? 0x82 : 0x81, (uint8_t)(n < 126 ? n : 126), (uint8_t)(n >> 8),
                       (uint8_t)n};
    if (n > UINT16_MAX)
        return;
    put(p, head, n < 126 ? 2 : 4);
    put(p, data, n);
}

static void put_frames(peer *p)
{
    piece next;
    while (next_piece(p->script, &next)) {
        uint8_t kind = next.len > 0 ? next.at[0] : 0;
        if (kind == 2)
            put(p, next.at + 1, next.len - 1);
        else
            put_frame(p, kind == 1, next.at + (kind == 1), next.len - (kind == 1));
    }
}

static void put_reply(peer *p, const void *body, size_t n)
{
    char head[64];
    put(p, head,
        (size_t)snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", n));
    put(p, body, n);
}

static void accept_upgrade(peer *p, const char *key)
{
    char accept[VIREO__WS_ACCEPT_SIZE], own[64] = "", head[256];
    size_t n = strcspn(key, "\r");
    memcpy(own, key, n < sizeof own ? n : 0);
    if (vireo__ws_accept_key(own, accept) < 0)
        return;
    put(p, head,
        (size_t)snprintf(head, sizeof head,
                         "HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Accept: %s\r\n\r\n",
                         accept));
    p->frames = 1;
    if ((p->script->flags & WEBSOCKET) != 0)
        put_frames(p);
}

/* "2probe" has come, then "5". */
static void take_frames(peer *p)
{
    peer *poll = p->script->waiting;
    if (p->frames++ > 1) {
        put_frames(p);
        return;
    }
    put_frame(p, false, (const uint8_t *)"3probe", 6);
    p->script->waiting = NULL;
    if (poll != NULL)
        put_reply(poll, "6", 1);
}

/* Answers a request whose head is whole. */
static void answer(peer *p)
{
    static const char key[] = "Sec-WebSocket-Key: ";
    piece next;
    const char *found = strstr(p->head, key);
    if (found != NULL)
        accept_upgrade(p, found + strlen(key));
    else if (p->head[0] == 'P')
        put_reply(p, "ok", 2);
    else if (!next_piece(p->script, &next))
        p->script->waiting = p;
    else if (next.len > 0 && next.at[0] == 2)
        put(p, next.at + 1, next.len - 1);
    else
        put_reply(p, next.at, next.len);
}

static void on_gone(uv_handle_t *handle)
{
    peer *p = handle->data;
    if (p->script->waiting == p)
        p->script->waiting = NULL;
    free(p);
}

/* Bodies and frames of the client are of no interest: a request begins with its method. */
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    peer *p = stream->data;
    if (n < 0) {
        uv_close((uv_handle_t *)stream, on_gone);
        return;
    }
    p->script->quiet = 0;
    if (p->frames > 0) {
        take_frames(p);
        return;
    }
    bool begins = n > 4 && (memcmp(buf->base, "GET ", 4) == 0 || memcmp(buf->base, "POST", 4) == 0);
    p->len = begins ? 0 : p->len;
    if (p->len + (size_t)n >= sizeof p->head || (p->len == 0 && !begins))
        return;
    memcpy(p->head + p->len, buf->base, (size_t)n);
    p->len += (size_t)n;
    p->head[p->len] = '\0';
    if (strstr(p->head, "\r\n\r\n") == NULL)
        return;
    p->len = 0;
    answer(p);
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *out)
{
    static char room[65536];
    (void)handle;
    (void)wanted;
    *out = uv_buf_init(room, sizeof room);
}

static void on_connection(uv_stream_t *server, int status)
{
    peer *p = status == 0 ? calloc(1, sizeof *p) : NULL;
    if (p == NULL)
        return;
    p->script = server->data;
    p->pipe.data = p;
    uv_pipe_init(server->loop, &p->pipe, 0);
    if (uv_accept(server, (uv_stream_t *)&p->pipe) == 0)
        uv_read_start((uv_stream_t *)&p->pipe, on_alloc, on_read);
    else
        uv_close((uv_handle_t *)&p->pipe, on_gone);
}

/* --- the client ------------------------------------------------------------------------------- */

typedef struct watcher {
    bool open, connected, leaves;
    int asked, answers;
} watcher;

static void must(bool holds)
{
    if (!holds)
        abort();
}

static watcher *of(const vireo_socket *s)
{
    return vireo_client_user(s);
}

static void on_open(vireo_socket *s)
{
    must(!of(s)->open);
    of(s)->open = true;
}

static void on_close(vireo_socket *s, const vireo_disconnect_info *why)
{
    must(of(s)->open && why->reason != NULL);
    of(s)->open = false;
}

static void on_answer(vireo_socket *s, int status, const vireo_value *args, void *user)
{
    watcher *w = user;
    must((status == 0) == (args != NULL) && of(s) == w);
    free(vireo_json(args, NULL));
    w->answers++;
}

static void on_connect(vireo_socket *s)
{
    watcher *w = of(s);
    must(w->open && !w->connected);
    w->connected = true;
    for (int i = 0; i < 2; i++)
        w->asked += vireo_emit_ack(s, 0, on_answer, w, "ask", "%p", vireo_binary("b", 1)) == 0;
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    must(of(s)->connected && why->reason != NULL);
    of(s)->connected = false;
}

static void on_connect_error(vireo_socket *s, const vireo_connect_error *error)
{
    must(!of(s)->connected && error->message != NULL && error->description != NULL);
    free(vireo_json(error->data, NULL));
}

static void on_any(vireo_socket *s, const vireo_msg *m)
{
    must(vireo_connected(s)); /* on_connect may still come: what was early is told first */
    free(vireo_json(vireo_args(m), NULL));
    vireo_ack(m, "%p", (const void *)vireo_arg(m, 0));
    if (of(s)->leaves && strcmp(vireo_event(m), "leave") == 0)
        vireo_disconnect(s, true);
}

static void on_packet(vireo_socket *s, const vireo_packet_info *packet)
{
    (void)s;
    must(packet->type >= '0' && packet->type <= '6');
}

static void quiet(void *user, vireo_level level, const char *area, const char *text)
{
    (void)user;
    (void)level;
    (void)area;
    (void)text;
}

static vireo_socket *connect_to(vireo_app *app, const char *path, uint8_t flags, watcher *w)
{
    bool websocket = (flags & WEBSOCKET) != 0, upgrade = (flags & UPGRADE) != 0;
    return vireo_connect(app, "http://peer", .unix_path = path, .user = w, .on_open = on_open,
                         .on_close = on_close, .on_connect = on_connect,
                         .on_disconnect = on_disconnect, .on_connect_error = on_connect_error,
                         .on_any = (flags & LISTEN) != 0 ? on_any : NULL, .on_packet = on_packet,
                         .transports = websocket ? "websocket"
                                       : upgrade ? NULL
                                                 : "polling",
                         .cookies = true, .no_reconnect = true, .max_message_bytes = 65536,
                         .retries = (flags & RETRIES) != 0 ? 1 : 0,
                         .parser = (flags & MSGPACK) != 0 ? vireo_parser_msgpack() : NULL);
}

/* --- together --------------------------------------------------------------------------------- */

static void talk(uv_loop_t *loop, const char *path, script *s)
{
    watcher w = {.leaves = true};
    vireo_app *app = vireo_app_new(.uv_loop = loop, .log = quiet);
    must(app != NULL && connect_to(app, path, s->flags, &w) != NULL);
    for (int i = 0; i < TURNS && s->quiet < QUIET_TURNS; i++) {
        s->quiet++;
        uv_run(loop, UV_RUN_NOWAIT);
    }
    vireo_app_free(app);
    must(!w.open && !w.connected && w.asked == w.answers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[] = "/tmp/vireo-fuzz-XXXXXXXX";
    uv_loop_t loop;
    uv_pipe_t server;
    script s = {.at = data + 1, .end = data + size};
    if (size == 0)
        return 0;
    s.flags = data[0];
    signal(SIGPIPE, SIG_IGN);
    snprintf(path, sizeof path, "/tmp/vireo-fuzz-%u", (unsigned)getpid());
    unlink(path);
    must(uv_loop_init(&loop) == 0 && uv_pipe_init(&loop, &server, 0) == 0);
    server.data = &s;
    must(uv_pipe_bind(&server, path) == 0 &&
         uv_listen((uv_stream_t *)&server, 8, on_connection) == 0);
    talk(&loop, path, &s);
    uv_close((uv_handle_t *)&server, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    must(uv_loop_close(&loop) == 0);
    return 0;
}
