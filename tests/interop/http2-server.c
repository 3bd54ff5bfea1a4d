/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http2-server: the server of interop/http2.test.mjs and browser/http2.test.mjs.
 *
 *     --cert FILE --key FILE   TLS, with HTTP/2 for who asks for it; without: for who begins with
 * it
 *     --folder FOLDER          static files below /files
 *     --keep-alive MS  --head-timeout MS  --body-timeout MS  --max-connections N
 *
 *     GET /info        what is known of the request
 *     GET /header/:n   the header of this name, as it came
 *     POST /echo       the body, as large as 32 MiB
 *     GET /big/:n      n bytes
 *     GET /pieces/:n   n pieces of 1,000 bytes as fast as they are taken, and a trailer
 *     GET /hang/:id    no answer; {"event":"abort"} when the client gives it up
 *     POST /count      how many bytes came; ?hold: read from when GET /go comes
 *     POST /early      answered at once, whatever is still to come
 *     GET /gone        an error
 *     GET /worker      which one has the connection
 *     /events          an event stream: "hello", and what POST /publish gets
 *     /ws              echo; the text "alpn" gets what TLS has agreed on
 *     Socket.IO        echo(x): acknowledged with x, the transport, and the handshake's ALPN;
 *                      worker(): which one has the session; what is known of each request
 *                      stands in its answer's headers X-Worker, X-Address, X-Alpn, X-Protocol
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/vireo.h>

#include "serve.h"

enum { PIECE = 1000 };

/* by /count?hold; the tests hold one at a time, and ask for it on the same connection */
static _Thread_local vireo_req *held;

static int on_info(vireo_req *r)
{
    const vireo_tls_info *tls = vireo_req_tls(r);
    return vireo_reply_json(
        r, 200, "{method:%s, target:%s, host:%s, cookie:%s, secure:%hhd, address:%s, alpn:%s}",
        vireo_method(r), vireo_target(r), vireo_host(r), vireo_header(r, "cookie"), vireo_secure(r),
        vireo_address(r), tls != NULL ? tls->alpn : NULL);
}

static int on_header(vireo_req *r)
{
    vireo_reply_header(r, "X-Mixed-Case", "kept");
    return vireo_reply_json(r, 200, "%s", vireo_header(r, vireo_param(r, "name")));
}

static int on_echo(vireo_req *r)
{
    size_t n;
    const char *body = vireo_body(r, &n);
    return vireo_reply(r, 200, "application/octet-stream", body, n);
}

static int on_big(vireo_req *r)
{
    size_t n = strtoul(vireo_param(r, "n"), NULL, 10);
    char *bytes = malloc(n + 1);
    if (bytes == NULL)
        return VIREO_ENOMEM;
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)('a' + i % 23);
    int error = vireo_reply(r, 200, "application/octet-stream", bytes, n);
    free(bytes);
    return error;
}

/* What is left of a reply in pieces stands in the user pointer. */
static void write_pieces(vireo_req *r, void *user)
{
    static const char piece[PIECE] = "piece";
    size_t *left = user;
    while (*left > 0) {
        --*left;
        int full = vireo_reply_write(r, piece, sizeof piece);
        if (full < 0)
            return;
        if (full > 0 && *left > 0)
            return;
    }
    vireo_reply_trailer(r, "X-Pieces", "all");
    vireo_reply_end(r);
}

static int on_pieces(vireo_req *r)
{
    static const char key;
    size_t *left = malloc(sizeof *left);
    if (left == NULL || vireo_req_set(r, &key, left, free) < 0)
        return VIREO_ENOMEM;
    *left = strtoul(vireo_param(r, "n"), NULL, 10);
    int error = vireo_reply_begin(r, 200, "text/plain");
    if (error < 0)
        return error;
    vireo_on_drain(r, write_pieces, left);
    write_pieces(r, left);
    return 0;
}

static void on_abort(vireo_req *r, void *user)
{
    (void)user;
    printf("{\"event\":\"abort\",\"path\":\"%s\"}\n", vireo_path(r));
}

static int on_hang(vireo_req *r)
{
    vireo_on_abort(r, on_abort, NULL);
    printf("{\"event\":\"hanging\",\"path\":\"%s\"}\n", vireo_path(r));
    return 0;
}

static void count_body(vireo_req *r, const void *data, size_t n, bool last, void *user)
{
    size_t *sum = user;
    (void)data;
    *sum += n;
    if (r == held)
        printf("{\"event\":\"body\",\"bytes\":%zu}\n", *sum);
    if (!last)
        return;
    if (r == held)
        held = NULL;
    vireo_reply_json(r, 200, "{bytes:%zu}", *sum);
}

static int on_count(vireo_req *r)
{
    static const char key;
    size_t *sum = calloc(1, sizeof *sum);
    if (sum == NULL || vireo_req_set(r, &key, sum, free) < 0)
        return VIREO_ENOMEM;
    int error = vireo_on_body(r, count_body, sum);
    if (error == 0 && vireo_query(r, "hold") != NULL) {
        held = r;
        vireo_body_pause(r);
        printf("{\"event\":\"held\"}\n");
    }
    return error;
}

static int on_go(vireo_req *r)
{
    if (held != NULL)
        vireo_body_resume(held);
    return vireo_reply_text(r, 200, "gone on");
}

static int on_early(vireo_req *r)
{
    return vireo_reply_text(r, 200, "enough");
}

static int on_gone(vireo_req *r)
{
    return vireo_fail(r, VIREO_STATUS(410), "it was here");
}

static void on_stream(vireo_sse *e, vireo_req *r)
{
    (void)r;
    vireo_sse_send_text(e, "hello", "there");
}

static int on_publish(vireo_req *r)
{
    size_t n;
    vireo_sse_publish_text(vireo_req_user(r), NULL, "news", vireo_body(r, &n));
    return vireo_reply_text(r, 200, "published");
}

static void ws_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    const vireo_tls_info *tls = vireo_ws_tls(ws);
    if (tls != NULL && len == 4 && memcmp(data, "alpn", 4) == 0)
        vireo_ws_send_text(ws, tls->alpn);
    else
        vireo_ws_send(ws, data, len, binary);
}

static void ws_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    (void)ws;
    printf("{\"event\":\"ws close\",\"code\":%u,\"reason\":\"%s\"}\n", code, reason);
}

static void io_echo(vireo_socket *s, const vireo_msg *m)
{
    const vireo_tls_info *tls = vireo_handshake_tls(s);
    vireo_ack(m, "%p, %s, %s", vireo_arg(m, 0), vireo_transport(s), tls != NULL ? tls->alpn : NULL);
}

static void io_worker(vireo_socket *s, const vireo_msg *m)
{
    vireo_ack(m, "%u", vireo_worker(vireo_app_of(s)));
}

static const vireo_event_handler events[] = {{"echo", io_echo}, {"worker", io_worker}, {0}};

typedef struct arguments {
    vireo_app_options app;
    vireo_listen_options listen;
    const char *folder;
} arguments;

static bool read_option(arguments *a, const char *name, const char *value)
{
    uint32_t ms = (uint32_t)strtoul(value, NULL, 10);
    if (strcmp(name, "--cert") == 0)
        a->listen.cert_file = value;
    else if (strcmp(name, "--key") == 0)
        a->listen.key_file = value;
    else if (strcmp(name, "--folder") == 0)
        a->folder = value;
    else if (strcmp(name, "--keep-alive") == 0)
        a->app.keep_alive_timeout_ms = ms;
    else if (strcmp(name, "--head-timeout") == 0)
        a->app.header_timeout_ms = ms;
    else if (strcmp(name, "--body-timeout") == 0)
        a->app.body_timeout_ms = ms;
    else if (strcmp(name, "--max-connections") == 0)
        a->app.max_connections = (uint32_t)strtoul(value, NULL, 10);
    else
        return false;
    return true;
}

static const vireo_route_entry streamed[] = {
    VIREO_POST("/count", on_count, .stream = true),
    VIREO_POST("/early", on_early, .stream = true),
    {0},
};

static int on_worker(vireo_req *r)
{
    return vireo_reply_json(r, 200, "%u", vireo_worker(vireo_req_app(r)));
}

/* Of each request for Socket.IO. */
static int tell_where(vireo_req *r)
{
    char worker[12];
    const vireo_tls_info *tls = vireo_req_tls(r);
    snprintf(worker, sizeof worker, "%u", vireo_worker(vireo_req_app(r)));
    vireo_reply_header(r, "X-Worker", worker);
    vireo_reply_header(r, "X-Address", vireo_address(r));
    vireo_reply_header(r, "X-Alpn", tls != NULL ? tls->alpn : "none");
    vireo_reply_header(r, "X-Protocol", vireo_protocol(r));
    return vireo_pass(r);
}

static int register_routes(vireo_app *app, void *folder)
{
    vireo_use(app, "/socket.io", tell_where, NULL);
    vireo_route(app, "GET", "/worker", on_worker, NULL);
    vireo_route(app, "GET", "/info", on_info, NULL);
    vireo_route(app, "GET", "/header/:name", on_header, NULL);
    vireo_route(app, "POST", "/echo", on_echo, NULL);
    vireo_route(app, "GET", "/big/:n", on_big, NULL);
    vireo_route(app, "GET", "/pieces/:n", on_pieces, NULL);
    vireo_route(app, "GET", "/hang/:id", on_hang, NULL);
    vireo_mount(app, "/", streamed, NULL);
    vireo_route(app, "GET", "/go", on_go, NULL);
    vireo_route(app, "GET", "/gone", on_gone, NULL);
    vireo_sse_endpoint *stream = vireo_event_stream(app, "/events", .on_open = on_stream);
    vireo_route(app, "POST", "/publish", on_publish, stream);
    vireo_websocket(app, "/ws", .on_message = ws_message, .on_close = ws_close,
                    .max_message_bytes = (size_t)32 * 1024 * 1024);
    vireo_namespace(app, "/", .events = events);
    if (folder != NULL)
        vireo_static(app, "/files", folder);
    return 0;
}

int main(int argc, char **argv)
{
    arguments a = {
        .app = {.size = sizeof a.app, .max_body_bytes = (size_t)32 * 1024 * 1024},
        .listen = {
            .size = sizeof a.listen, .host = "127.0.0.1", .name = "http2-server", .http2 = true}};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc || !read_option(&a, argv[i], argv[i + 1])) {
            fprintf(stderr, "http2-server: %s?\n", argv[i]);
            return 2;
        }
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    return serve_at(register_routes, (void *)(uintptr_t)a.folder, &a.app, &a.listen);
}
