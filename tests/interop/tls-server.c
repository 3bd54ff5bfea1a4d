/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* tls-server: the server of interop/tls.test.mjs and interop/listen.test.mjs.
 *
 *     --cert FILE --key FILE        TLS with this certificate; without: none
 *     --sni NAME CERT KEY           a further one (at most 8)
 *     --client-ca FILE              asks for clients' certificates; --required: insists on them
 *     --min-1.3  --max-handshakes N  --handshake-timeout MS
 *     --proxy                       the PROXY protocol comes first
 *     --unix PATH | --systemd | --systemd-name NAME    where to listen; else a free port
 *
 *     GET /info       what is known of the connection
 *     GET /big/:n     n bytes
 *     POST /echo      the body
 *     POST /reload    vireo_tls_reload: 200, or 500 with its words
 *     /ws             echo; the text "info" gets what is known
 *     GET /worker     which one has the connection
 *     Socket.IO       info(): acknowledged with what is known; echo(x): acknowledged with x;
 *                     worker(): which one has the session. Answers to its requests have the headers
 *                     X-Worker and X-Subject (of the client's certificate)
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/vireo.h>

#include "serve.h"

enum { MAX_HOSTS = 8 };

/* What is known of a connection, as arguments of this template. */
#define INFO                                                                                       \
    "{secure:%hhd, protocol:%s, address:%s, version:%s, name:%s, alpn:%s, resumed:%hhd, "          \
    "subject:%s, fingerprint:%s}"
#define INFO_ARGS(tls)                                                                             \
    (tls) ? (tls)->version : NULL, (tls) ? (tls)->server_name : NULL, (tls) ? (tls)->alpn : NULL,  \
        (bool)((tls) ? (tls)->resumed : 0), (tls) ? (tls)->peer_subject : NULL,                    \
        (tls) ? (tls)->peer_fingerprint : NULL

static int on_info(vireo_req *r)
{
    const vireo_tls_info *tls = vireo_req_tls(r);
    return vireo_reply_json(r, 200, INFO, vireo_secure(r), vireo_protocol(r), vireo_address(r),
                            INFO_ARGS(tls));
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

static int on_echo(vireo_req *r)
{
    size_t n;
    const char *body = vireo_body(r, &n);
    return vireo_reply(r, 200, "application/octet-stream", body, n);
}

static int on_reload(vireo_req *r)
{
    vireo_error error;
    if (vireo_tls_reload(vireo_req_user(r), &error) < 0)
        return vireo_reply_text(r, 500, error.text);
    return vireo_reply_text(r, 200, "reloaded");
}

static void ws_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    const vireo_tls_info *tls = vireo_ws_tls(ws);
    if (!binary && len == 4 && memcmp(data, "info", 4) == 0)
        vireo_ws_send_json(ws, INFO, (bool)(tls != NULL), tls ? "wss" : "ws", vireo_ws_address(ws),
                           INFO_ARGS(tls));
    else
        vireo_ws_send(ws, data, len, binary);
}

static void io_info(vireo_socket *s, const vireo_msg *m)
{
    const vireo_tls_info *tls = vireo_handshake_tls(s);
    vireo_ack(m, INFO, vireo_handshake_secure(s), vireo_transport(s), vireo_handshake_address(s),
              INFO_ARGS(tls));
}

static void io_echo(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    vireo_ack(m, "%p", vireo_arg(m, 0));
}

static void io_worker(vireo_socket *s, const vireo_msg *m)
{
    vireo_ack(m, "%u", vireo_worker(vireo_app_of(s)));
}

/* Of each request for Socket.IO. */
static int tell_where(vireo_req *r)
{
    char worker[12];
    const vireo_tls_info *tls = vireo_req_tls(r);
    snprintf(worker, sizeof worker, "%u", vireo_worker(vireo_req_app(r)));
    vireo_reply_header(r, "X-Worker", worker);
    vireo_reply_header(r, "X-Subject",
                       tls != NULL && tls->peer_subject != NULL ? tls->peer_subject : "none");
    return vireo_pass(r);
}

static const vireo_event_handler events[] = {
    {"info", io_info}, {"echo", io_echo}, {"worker", io_worker}, {0}};

typedef struct arguments {
    vireo_tls_options tls;
    vireo_listen_options listen;
    vireo_tls_host hosts[MAX_HOSTS + 1];
} arguments;

/* Reads one option; returns how many words it took, 0 for an unknown one. */
static int read_option(arguments *a, char **at, int left, int *hosts)
{
    if (strcmp(at[0], "--proxy") == 0)
        return a->listen.proxy_protocol = true;
    if (strcmp(at[0], "--systemd") == 0)
        return a->listen.systemd = true;
    if (strcmp(at[0], "--required") == 0)
        return (a->tls.verify_client = VIREO_TLS_VERIFY_REQUIRED) != 0;
    if (strcmp(at[0], "--min-1.3") == 0)
        return (a->tls.min_version = VIREO_TLS_1_3) != 0;
    if (strcmp(at[0], "--sni") == 0 && left > 3 && *hosts < MAX_HOSTS) {
        a->hosts[(*hosts)++] =
            (vireo_tls_host){.name = at[1], .cert_file = at[2], .key_file = at[3]};
        return 4;
    }
    if (left < 2)
        return 0;
    const struct {
        const char *name;
        const char **text;
        uint32_t *number;
    } options[] = {
        {"--cert", &a->tls.cert_file, NULL},
        {"--key", &a->tls.key_file, NULL},
        {"--client-ca", &a->tls.client_ca_file, NULL},
        {"--unix", &a->listen.unix_path, NULL},
        {"--systemd-name", &a->listen.systemd_name, NULL},
        {"--max-handshakes", NULL, &a->tls.max_handshakes},
        {"--handshake-timeout", NULL, &a->tls.handshake_timeout_ms},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(at[0], options[i].name) != 0)
            continue;
        if (options[i].text != NULL)
            *options[i].text = at[1];
        else
            *options[i].number = (uint32_t)strtoul(at[1], NULL, 10);
        return 2;
    }
    return 0;
}

static int on_worker(vireo_req *r)
{
    return vireo_reply_json(r, 200, "%u", vireo_worker(vireo_req_app(r)));
}

static int setup(vireo_app *app, void *tls)
{
    vireo_route(app, "GET", "/info", on_info, NULL);
    vireo_route(app, "GET", "/worker", on_worker, NULL);
    vireo_route(app, "GET", "/big/:n", on_big, NULL);
    vireo_route(app, "POST", "/echo", on_echo, NULL);
    vireo_route(app, "POST", "/reload", on_reload, tls);
    vireo_use(app, "/socket.io", tell_where, NULL);
    vireo_websocket(app, "/ws", .on_message = ws_message,
                    .max_message_bytes = (size_t)32 * 1024 * 1024);
    vireo_namespace(app, "/", .events = events);
    return 0;
}

int main(int argc, char **argv)
{
    const vireo_app_options app = {.size = sizeof app,
                                   .max_body_bytes = (size_t)32 * 1024 * 1024,
                                   .max_queued_bytes = (size_t)64 * 1024 * 1024};
    int hosts = 0;
    vireo_tls *tls = NULL;
    arguments a = {.tls = {.size = sizeof a.tls},
                   .listen = {.size = sizeof a.listen, .host = "127.0.0.1", .name = "tls-server"}};
    for (int i = 1, n; i < argc; i += n) {
        n = read_option(&a, argv + i, argc - i, &hosts);
        if (n == 0) {
            fprintf(stderr, "tls-server: %s?\n", argv[i]);
            return 2;
        }
    }
    if (a.tls.client_ca_file != NULL && a.tls.verify_client == VIREO_TLS_VERIFY_NONE)
        a.tls.verify_client = VIREO_TLS_VERIFY_OPTIONAL;
    a.tls.hosts = a.hosts;
    if (a.tls.cert_file != NULL)
        tls = vireo_tls_create(&a.tls);
    a.listen.tls = tls;
    setvbuf(stdout, NULL, _IOLBF, 0);
    int result = serve_at(setup, tls, &app, &a.listen);
    vireo_tls_free(tls);
    return result;
}
