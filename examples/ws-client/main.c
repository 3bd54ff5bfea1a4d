/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws-client: a WebSocket in a terminal: each line that is typed is sent as a text, what comes is
 * printed. A lost connection is made again; the end of the input ends it. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>
#include <vireo/vireo.h>

struct client {
    vireo_ws *ws; /* NULL when it is over */
    size_t len;   /* of the line that is being typed */
    char line[65536];
};

static void on_open(vireo_ws *ws)
{
    printf("connected %s\n", vireo_ws_protocol(ws));
}

static void on_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    (void)ws;
    printf("< %.*s\n", binary ? 0 : (int)len, (const char *)data); /* a binary: an empty line */
}

static void on_error(vireo_ws *ws, int error, const char *text)
{
    (void)ws;
    printf("%s (%s)\n", text, vireo_errname(error));
}

static void on_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    struct client *c = vireo_ws_user(ws);
    (void)reason; /* the peer's own words: to be escaped where they are shown */
    printf("closed %u\n", code);
    c->ws = NULL;
    vireo_stop(vireo_ws_app(ws));
}

static void on_alloc(uv_handle_t *in, size_t suggested, uv_buf_t *buf)
{
    struct client *c = in->data;
    (void)suggested;
    *buf = uv_buf_init(c->line + c->len, (unsigned)(sizeof c->line - c->len));
}

static void on_input(uv_stream_t *in, ssize_t n, const uv_buf_t *buf)
{
    struct client *c = in->data;
    char *end, *at = c->line;
    (void)buf;
    c->len += n > 0 ? (size_t)n : 0;
    for (; (end = memchr(at, '\n', c->len)) != NULL; at = end + 1) {
        int error = c->ws ? vireo_ws_send(c->ws, at, (size_t)(end - at), false) : 0;
        if (error < 0)
            printf("not sent: %s\n", vireo_strerror(error));
        c->len -= (size_t)(end + 1 - at);
    }
    memmove(c->line, at, c->len);
    if (n < 0 && c->ws != NULL) /* the end of the input, or a line that is too long */
        vireo_ws_close(c->ws, 1000, NULL);
    if (n < 0)
        uv_read_stop(in);
}

int main(int argc, char **argv)
{
    static struct client c;
    uv_pipe_t in;
    vireo_error error;
    if (argc < 2 || argc > 3 || argv[1][0] == '-' || uv_guess_handle(0) == UV_FILE) {
        fprintf(stderr, "usage: ws-client URL [SUB-PROTOCOLS], at a terminal or a pipe\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    vireo_app *app = vireo_app_new(.uv_loop = uv_default_loop());
    c.ws = vireo_ws_connect(app, argv[1], .user = &c, .on_open = on_open, .on_error = on_error,
                            .on_message = on_message, .on_close = on_close, .protocols = argv[2],
                            .max_redirects = 5, .reconnect = {.on = true}, .error = &error);
    if (c.ws == NULL) {
        fprintf(stderr, "%s\n", error.text);
        vireo_app_free(app);
        return 1;
    }
    /* The terminal is opened anew, as reading here does not block, and others use it too. */
    uv_pipe_init(uv_default_loop(), &in, 0);
    uv_pipe_open(&in, isatty(0) ? open("/dev/tty", O_RDONLY) : 0);
    in.data = &c;
    uv_read_start((uv_stream_t *)&in, on_alloc, on_input);
    vireo_run_loop(app);
    return 0;
}
