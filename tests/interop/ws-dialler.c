/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws-dialler.c: the WebSocket client, driven by a test through lines.
 *
 *     ws-dialler URL [--name VALUE]..     see options[]
 *
 * stdin    text HEX | binary HEX | ping HEX | close CODE [REASON] | terminate | stop
 * stdout   {"event":"open","protocol":".."} {"event":"message","binary":false,"data":HEX} ..
 *          With --echo messages are sent back instead; with --digest data is told by length and
 * sum.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>
#include <vireo/vireo.h>

typedef struct program {
    vireo_app *app;
    vireo_ws *ws;
    bool echo;
    bool digest;
    bool quit; /* when the connection is over */
    size_t line_len;
    char *line;
} program;

static program *of(const vireo_ws *ws)
{
    return vireo_ws_user(ws);
}

static void print_hex(const char *name, const void *data, size_t len)
{
    printf(",\"%s\":\"", name);
    for (size_t i = 0; i < len; i++)
        printf("%02x", ((const uint8_t *)data)[i]);
    printf("\"");
}

static void print_data(const program *p, const void *data, size_t len)
{
    uint32_t sum = 0;
    if (!p->digest) {
        print_hex("data", data, len);
        return;
    }
    for (size_t i = 0; i < len; i++)
        sum = sum * 31 + ((const uint8_t *)data)[i];
    printf(",\"length\":%zu,\"sum\":%u", len, sum);
}

static void on_open(vireo_ws *ws)
{
    const vireo_tls_info *tls = vireo_ws_tls(ws);
    printf("{\"event\":\"open\",\"protocol\":\"%s\",\"address\":\"%s\",\"tls\":\"%s\"}\n",
           vireo_ws_protocol(ws), vireo_ws_address(ws), tls ? tls->version : "");
}

static void on_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    if (of(ws)->echo) {
        vireo_ws_send(ws, data, len, binary);
        return;
    }
    printf("{\"event\":\"message\",\"binary\":%s", binary ? "true" : "false");
    print_data(of(ws), data, len);
    printf("}\n");
}

static void on_ping(vireo_ws *ws, const void *data, size_t len)
{
    (void)ws;
    printf("{\"event\":\"ping\"");
    print_hex("data", data, len);
    printf("}\n");
}

static void on_pong(vireo_ws *ws, const void *data, size_t len)
{
    (void)ws;
    printf("{\"event\":\"pong\"");
    print_hex("data", data, len);
    printf("}\n");
}

static void print_text(const char *name, const char *text)
{
    printf(",\"%s\":\"", name);
    for (; *text; text++)
        printf((unsigned char)*text < ' ' || strchr("\"\\", *text) ? "\\u%04x" : "%c",
               (unsigned char)*text);
    printf("\"");
}

static void on_error(vireo_ws *ws, int error, const char *text)
{
    (void)ws;
    printf("{\"event\":\"error\",\"name\":\"%s\",\"code\":%d", vireo_errname(error), error);
    print_text("text", text);
    printf("}\n");
}

static void on_retry(vireo_ws *ws, uint16_t code, const char *reason, uint32_t delay_ms)
{
    (void)ws;
    printf("{\"event\":\"retry\",\"code\":%u,\"delay\":%u", code, delay_ms);
    print_text("reason", reason);
    printf("}\n");
}

static void on_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    program *p = of(ws);
    printf("{\"event\":\"close\",\"code\":%u", code);
    print_text("reason", reason);
    printf("}\n");
    p->ws = NULL;
    vireo_stop(p->app);
}

/* --- orders ----------------------------------------------------------------------------------- */

static size_t from_hex(char *text)
{
    size_t n = strlen(text) / 2;
    for (size_t i = 0; i < n; i++) {
        char two[3] = {text[2 * i], text[2 * i + 1], '\0'};
        text[i] = (char)strtoul(two, NULL, 16);
    }
    return n;
}

static int obey(program *p, char *order)
{
    char *rest = strchr(order, ' ');
    if (rest != NULL)
        *rest++ = '\0';
    if (strcmp(order, "stop") == 0)
        vireo_stop(p->app);
    if (p->ws == NULL)
        return 0;
    if (strcmp(order, "text") == 0 || strcmp(order, "binary") == 0)
        return vireo_ws_send(p->ws, rest, from_hex(rest), order[0] == 'b');
    if (strcmp(order, "ping") == 0)
        return vireo_ws_ping(p->ws, rest, from_hex(rest));
    if (strcmp(order, "terminate") == 0)
        vireo_ws_terminate(p->ws);
    if (strcmp(order, "close") == 0) {
        char *reason;
        uint16_t code = (uint16_t)strtoul(rest, &reason, 10);
        return vireo_ws_close(p->ws, code, *reason ? reason + 1 : NULL);
    }
    return 0;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)handle;
    *buf = uv_buf_init(malloc(suggested), (unsigned)suggested);
}

static void take(program *p, const char *bytes, size_t n)
{
    p->line = realloc(p->line, p->line_len + n + 1);
    memcpy(p->line + p->line_len, bytes, n);
    p->line_len += n;
    p->line[p->line_len] = '\0';
    char *at = p->line;
    for (char *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        *end = '\0';
        int error = obey(p, at);
        if (error < 0)
            printf("{\"event\":\"refused\",\"name\":\"%s\"}\n", vireo_errname(error));
    }
    p->line_len -= (size_t)(at - p->line);
    memmove(p->line, at, p->line_len + 1);
}

static void on_input(uv_stream_t *in, ssize_t n, const uv_buf_t *buf)
{
    if (n > 0)
        take(in->data, buf->base, (size_t)n);
    else if (n < 0)
        uv_read_stop(in);
    free(buf->base);
}

/* --- options ---------------------------------------------------------------------------------- */

static vireo_ws_options options;
static vireo_tls_client_options tls;
static const char *headers[21];

static void set(program *p, const char *name, const char *value)
{
    unsigned long number = strtoul(value, NULL, 10);
    static size_t header_count;
    if (strcmp(name, "--protocols") == 0)
        options.protocols = value;
    else if (strcmp(name, "--origin") == 0)
        options.origin = value;
    else if (strcmp(name, "--header") == 0) /* NAME=VALUE */
        for (char *name_of = strdup(value), *at = strchr(name_of, '='); at != NULL; at = NULL) {
            *at = '\0';
            headers[header_count++] = name_of;
            headers[header_count++] = at + 1;
        }
    else if (strcmp(name, "--proxy") == 0)
        options.proxy = value;
    else if (strcmp(name, "--unix") == 0)
        options.unix_path = value;
    else if (strcmp(name, "--ca") == 0)
        tls.ca_file = value;
    else if (strcmp(name, "--cert") == 0)
        tls.cert_file = value;
    else if (strcmp(name, "--insecure") == 0)
        tls.insecure = true;
    else if (strcmp(name, "--timeout") == 0)
        options.connect_timeout_ms = (uint32_t)number;
    else if (strcmp(name, "--redirects") == 0)
        options.max_redirects = (uint8_t)number;
    else if (strcmp(name, "--downgrade") == 0)
        options.allow_downgrade = true;
    else if (strcmp(name, "--retry") == 0) { /* MIN milliseconds, at most 4 times as long */
        options.reconnect.on = true;
        options.reconnect.min_ms = (uint32_t)number;
        options.reconnect.max_ms = 4 * (uint32_t)number;
    } else if (strcmp(name, "--attempts") == 0)
        options.reconnect.attempts = (uint32_t)number;
    else if (strcmp(name, "--max") == 0)
        options.max_message_bytes = number;
    else if (strcmp(name, "--deflate") == 0) { /* BITS, negative with context takeover */
        long bits = strtol(value, NULL, 10);
        options.deflate.on = true;
        options.deflate.threshold = 1;
        options.deflate.server_context_takeover = bits < 0;
        options.deflate.client_context_takeover = bits < 0;
        options.deflate.server_max_window_bits = (uint8_t)labs(bits);
        options.deflate.client_max_window_bits = (uint8_t)labs(bits);
    } else if (strcmp(name, "--echo") == 0)
        p->echo = true;
    else if (strcmp(name, "--digest") == 0)
        p->digest = true;
    else
        exit(2);
}

static void fill_in(program *p, vireo_error *error)
{
    options.size = sizeof options;
    options.user = p;
    options.on_open = on_open;
    options.on_message = on_message;
    options.on_ping = on_ping;
    options.on_pong = on_pong;
    options.on_error = on_error;
    options.on_retry = on_retry;
    options.on_close = on_close;
    options.headers = headers;
    options.error = error;
}

int main(int argc, char **argv)
{
    program p = {0};
    vireo_error error = {0};
    uv_loop_t loop;
    uv_pipe_t in;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 2)
        return 2;
    for (int i = 2; i + 1 < argc; i += 2)
        set(&p, argv[i], argv[i + 1]);
    fill_in(&p, &error);
    uv_loop_init(&loop);
    tls.size = sizeof tls;
    tls.error = &error;
    if (tls.ca_file != NULL || tls.insecure || tls.cert_file != NULL)
        options.tls = vireo_tls_client_create(&tls);
    p.app = vireo_app_new(.uv_loop = &loop, .max_queued_bytes = (size_t)256 << 20);
    p.ws = vireo_ws_dial(p.app, argv[1], &options);
    vireo_tls_client_free(options.tls);
    if (p.ws == NULL) {
        fprintf(stderr, "%s\n", error.text);
        vireo_app_free(p.app);
        uv_loop_close(&loop);
        return 1;
    }
    uv_pipe_init(&loop, &in, 0);
    uv_pipe_open(&in, 0);
    in.data = &p;
    uv_read_start((uv_stream_t *)&in, on_alloc, on_input);
    vireo_run_loop(p.app);
    uv_close((uv_handle_t *)&in, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    free(p.line);
    return uv_loop_close(&loop) == 0 ? 0 : 1;
}
