/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "cli/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/show.h"

#define FENCE "/vireo-is-done"

enum { TEXT = 512, MAX_MESSAGE = 100000000, SETTLE_MS = 2000 };

const cli_option cli_target_options[] = {
    {"speak", 0, CLI_CHOICE, offsetof(cli_target, speak), "auto|socketio|ws",
     "ws: raw WebSocket; auto: as the URL begins, ws: or http:"},
    {"header", 'H', CLI_LIST, offsetof(cli_target, headers), "'NAME: VALUE'",
     "a header of the requests; may be given again"},
    {"auth", 'a', CLI_TEXT, offsetof(cli_target, auth), "JSON",
     "Socket.IO: what the server's middleware is given"},
    {"path", 0, CLI_TEXT, offsetof(cli_target, path), "PATH",
     "Socket.IO: where it is on the server (/socket.io)"},
    {"transports", 0, CLI_TEXT, offsetof(cli_target, transports), "LIST",
     "Socket.IO: polling,websocket; or one of them"},
    {"msgpack", 0, CLI_FLAG, offsetof(cli_target, msgpack), NULL,
     "Socket.IO: packets of socket.io-msgpack-parser, as the server's"},
    {"protocols", 0, CLI_TEXT, offsetof(cli_target, protocols), "LIST",
     "WebSocket: sub-protocols to ask for"},
    {"origin", 0, CLI_TEXT, offsetof(cli_target, origin), "ORIGIN",
     "the header Origin, as a browser would send it"},
    {"proxy", 0, CLI_TEXT, offsetof(cli_target, proxy), "URL",
     "http://[user:password@]host:port or socks5://host"},
    {"unix", 0, CLI_TEXT, offsetof(cli_target, unix_path), "PATH",
     "connect to this unix socket instead of the URL's host"},
    {"cacert", 0, CLI_TEXT, offsetof(cli_target, ca_file), "FILE",
     "who may have signed the server's certificate (PEM)"},
    {"cert", 0, CLI_TEXT, offsetof(cli_target, cert), "FILE", "a certificate of our own (PEM)"},
    {"key", 0, CLI_TEXT, offsetof(cli_target, key), "FILE", "its private key"},
    {"insecure", 'k', CLI_FLAG, offsetof(cli_target, insecure), NULL,
     "take any certificate: for tests only"},
    {"connect-timeout", 0, CLI_TIME, offsetof(cli_target, connect_timeout_ms), "TIME",
     "of one attempt to connect (10s)"},
    {0},
};

/* --- what to tell ----------------------------------------------------------------------------- */

/* What to do next. */
static const char *hint(int code, unsigned status)
{
    if (status == 404)
        return "; is Socket.IO there, and at this --path?";
    if (status == 400)
        return "; is it Socket.IO 3 or newer? vireo doctor looks closer";
    if (status != 0)
        return "; vireo doctor looks closer";
    switch (code) {
    case -ECONNREFUSED:
        return "; is the server running, and is this its port?";
    case VIREO_ENOTFOUND:
        return "; is the name spelled right?";
    case VIREO_ETLS:
        return "; --cacert FILE names who has signed it, --insecure takes any certificate";
    case VIREO_ETIMEDOUT:
        return "; is there a firewall between? --connect-timeout gives it more time";
    default:
        return "";
    }
}

static void fail(cli_link *link, int status, const char *text, const char *next)
{
    char words[TEXT];
    vireo__buf escaped;
    vireo__buf_init(&escaped, TEXT);
    cli_escape(&escaped, text, strlen(text));
    snprintf(words, sizeof words, "%.*s%s", (int)escaped.len, (char *)escaped.data, next);
    vireo__buf_deinit(&escaped);
    if (link->events->on_fail != NULL) {
        link->events->on_fail(link, status, words);
        return;
    }
    cli_fail(link->self, status, "%s", words);
    if (!link->reconnect || status == CLI_REFUSED)
        cli_link_end(link, status);
}

static void lost(cli_link *link, const char *text, bool again)
{
    if (!link->open)
        return;
    link->open = false;
    if (link->events->on_lost != NULL) {
        link->events->on_lost(link, text, again);
        return;
    }
    cli_fail(link->self, CLI_FAILED, "the connection was lost: %s", text);
    if (!again)
        cli_link_end(link, CLI_FAILED);
}

static void opened(cli_link *link)
{
    link->open = true;
    if (link->events->on_open != NULL)
        link->events->on_open(link);
}

/* --- Socket.IO -------------------------------------------------------------------------------- */

static cli_link *of(vireo_socket *s)
{
    return vireo_client_user(s);
}

static void on_connect(vireo_socket *s)
{
    if (s == of(s)->socket)
        opened(of(s));
    else if (s == of(s)->fence)
        cli_link_end(of(s), of(s)->status);
    else if (of(s)->events->on_join != NULL)
        of(s)->events->on_join(of(s), s);
}

static void on_connect_error(vireo_socket *s, const vireo_connect_error *e)
{
    char words[TEXT];
    if (s == of(s)->fence) {
        cli_link_end(of(s), of(s)->status);
        return;
    }
    char *data = e->data != NULL ? vireo_json(e->data, NULL) : NULL;
    const char *text = *e->description != '\0' ? e->description : e->message;
    snprintf(words, sizeof words, "%s%s%s%s", e->refused ? "the server refused: " : "",
             e->refused ? e->message : text, data ? " " : "", data ? data : "");
    free(data);
    fail(of(s), e->refused ? CLI_REFUSED : CLI_FAILED, words,
         e->refused ? "" : hint(e->code, e->status));
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    cli_link *link = of(s);
    bool again = vireo_active(s) && link->reconnect;
    if (s == link->socket)
        lost(link, why->reason, again);
    else if (link->events->on_leave != NULL && s != link->fence)
        link->events->on_leave(link, s, why->reason);
}

static void on_any(vireo_socket *s, const vireo_msg *m)
{
    if (of(s)->events->on_event != NULL)
        of(s)->events->on_event(of(s), s, m);
}

static void on_drain(vireo_socket *s)
{
    if (of(s)->events->on_drain != NULL && s == of(s)->socket)
        of(s)->events->on_drain(of(s));
}

static vireo_socket *connect_socket(cli_link *link, const char *url, const char *auth,
                                    vireo_error *error)
{
    const cli_target *t = link->target;
    return vireo_connect(
        link->app, url, .user = link, .on_connect = on_connect, .on_any = on_any,
        .on_connect_error = on_connect_error, .on_disconnect = on_disconnect, .on_drain = on_drain,
        .auth = auth, .path = t->path, .transports = t->transports, .protocols = t->protocols,
        .headers = link->headers, .proxy = t->proxy, .unix_path = t->unix_path, .tls = link->tls,
        .parser = t->msgpack ? vireo_parser_msgpack() : NULL, .timeout_ms = t->connect_timeout_ms,
        .no_reconnect = !link->reconnect, .error = error);
}

/* The URL's path is the namespace. */
vireo_socket *cli_link_join(cli_link *link, const char *ns, const char *auth)
{
    char url[2048];
    vireo_error error;
    const char *host = strstr(link->url, "://") + 3;
    int n = (int)(host - link->url) + (int)strcspn(host, "/?");
    if (snprintf(url, sizeof url, "%.*s%s%s", n, link->url, ns[0] == '/' ? "" : "/", ns) >=
        (int)sizeof url)
        return NULL;
    return connect_socket(link, url, auth ? auth : link->target->auth, &error);
}

/* --- raw WebSocket ---------------------------------------------------------------------------- */

static void on_ws_open(vireo_ws *ws)
{
    opened(vireo_ws_user(ws));
}

static void on_ws_message(vireo_ws *ws, const void *data, size_t n, bool binary)
{
    cli_link *link = vireo_ws_user(ws);
    if (link->events->on_message != NULL)
        link->events->on_message(link, data, n, binary);
}

static void on_ws_pong(vireo_ws *ws, const void *data, size_t n)
{
    cli_link *link = vireo_ws_user(ws);
    (void)data;
    (void)n;
    if (link->events->on_pong != NULL)
        link->events->on_pong(link);
}

static void on_ws_error(vireo_ws *ws, int error, const char *text)
{
    cli_link *link = vireo_ws_user(ws);
    if (!link->open)
        fail(link, CLI_FAILED, text, hint(error, 0));
}

static void tell_close(cli_link *link, uint16_t code, const char *reason, bool again)
{
    char text[TEXT];
    vireo__buf escaped;
    vireo__buf_init(&escaped, TEXT);
    cli_escape(&escaped, reason, strlen(reason));
    snprintf(text, sizeof text, "%s %u%s%.*s",
             code == 1005 || code == 1006 ? "without a code," : "code", code, *reason ? " " : "",
             (int)escaped.len, (char *)escaped.data);
    vireo__buf_deinit(&escaped);
    lost(link, text, again);
}

static void on_ws_retry(vireo_ws *ws, uint16_t code, const char *reason, uint32_t delay_ms)
{
    (void)delay_ms;
    tell_close(vireo_ws_user(ws), code, reason, true);
}

static void on_ws_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    cli_link *link = vireo_ws_user(ws);
    link->ws = NULL;
    tell_close(link, code, reason, false);
}

static void on_ws_drain(vireo_ws *ws)
{
    cli_link *link = vireo_ws_user(ws);
    if (link->events->on_drain != NULL)
        link->events->on_drain(link);
}

static vireo_ws *connect_ws(cli_link *link, vireo_error *error)
{
    const cli_target *t = link->target;
    return vireo_ws_connect(
        link->app, link->url, .user = link, .on_open = on_ws_open, .on_message = on_ws_message,
        .on_pong = on_ws_pong, .on_error = on_ws_error, .on_close = on_ws_close,
        .on_retry = on_ws_retry, .on_drain = on_ws_drain, .headers = link->headers,
        .protocols = t->protocols, .proxy = t->proxy, .unix_path = t->unix_path, .tls = link->tls,
        .connect_timeout_ms = t->connect_timeout_ms, .max_redirects = 5,
        .max_message_bytes = MAX_MESSAGE, .reconnect = {.on = link->reconnect}, .error = error);
}

/* --- both ------------------------------------------------------------------------------------- */

/* "Name: value", and Origin, as pairs. */
static int read_headers(cli_link *link)
{
    const cli_target *t = link->target;
    size_t size = 1, n = 0;
    for (size_t i = 0; i < t->headers.count; i++)
        size += strlen(t->headers.at[i]) + 1;
    char *at = link->header_texts = malloc(size);
    for (size_t i = 0; at != NULL && i < t->headers.count; i++) {
        size_t len = strlen(t->headers.at[i]) + 1;
        char *colon = memcpy(at, t->headers.at[i], len);
        colon = strchr(at, ':');
        if (colon == NULL)
            return cli_usage_error(link->self, "--header \"%s\": it wants NAME: VALUE", at);
        *colon = '\0';
        link->headers[n++] = at;
        link->headers[n++] = colon + 1 + strspn(colon + 1, " ");
        at += len;
    }
    if (t->origin != NULL && n < 2 * CLI_LIST_MAX) {
        link->headers[n++] = "Origin";
        link->headers[n++] = t->origin;
    }
    return at != NULL ? -1 : cli_fail(link->self, CLI_FAILED, "out of memory");
}

static int read_tls(cli_link *link)
{
    const cli_target *t = link->target;
    vireo_error error;
    if (t->ca_file == NULL && t->cert == NULL && !t->insecure)
        return -1;
    link->tls = vireo_tls_client_new(.ca_file = t->ca_file, .cert_file = t->cert,
                                     .key_file = t->key, .insecure = t->insecure, .error = &error);
    return link->tls != NULL ? -1 : cli_fail(link->self, CLI_FAILED, "%s", error.text);
}

/* A URL without a scheme: this machine is asked without TLS. */
static char *complete_url(const char *url)
{
    static const char *const local[] = {"localhost", "127.", "[::1]", ":"};
    const char *scheme = strstr(url, "://") ? "" : "https://", *host = "";
    char *whole = NULL;
    for (size_t i = 0; *scheme != '\0' && i < sizeof local / sizeof local[0]; i++)
        if (strncmp(url, local[i], strlen(local[i])) == 0)
            scheme = "http://";
    if (url[0] == ':')
        host = "localhost";
    return asprintf(&whole, "%s%s%s", scheme, host, url) < 0 ? NULL : whole;
}

void cli_link_release(cli_link *link)
{
    vireo_tls_client_free(link->tls);
    free(link->header_texts);
    free(link->url);
}

static int begin(cli_link *link)
{
    vireo_error error = {.text = "out of memory"};
    if (link->raw)
        link->ws = connect_ws(link, &error);
    else
        link->socket = connect_socket(link, link->url, link->target->auth, &error);
    if (link->ws != NULL || link->socket != NULL)
        return -1;
    return cli_usage_error(link->self, "%s: %s", link->url, error.text);
}

int cli_link_prepare(cli_link *link, const cli_command *self, const cli_target *target,
                     const char *url)
{
    link->self = self;
    link->target = target;
    link->url = complete_url(url);
    if (link->url == NULL)
        return cli_fail(self, CLI_FAILED, "out of memory");
    link->raw = target->speak == CLI_SPEAK_WS ||
                (target->speak == CLI_SPEAK_AUTO && strncmp(link->url, "ws", 2) == 0);
    int status = read_headers(link);
    if (status < 0)
        status = read_tls(link);
    if (status >= 0)
        cli_link_release(link);
    return status;
}

int cli_link_open(cli_link *link, const cli_command *self, const cli_target *target,
                  const char *url, const cli_link_events *events)
{
    int status = cli_link_prepare(link, self, target, url);
    if (status >= 0)
        return status;
    link->events = events;
    if (uv_loop_init(&link->uv) < 0) {
        cli_link_release(link);
        return cli_fail(self, CLI_FAILED, "out of memory");
    }
    link->app = vireo_app_new(.uv_loop = &link->uv, .stop_timeout_ms = 5000);
    status = link->app != NULL ? begin(link) : cli_fail(self, CLI_FAILED, "out of memory");
    if (status >= 0) {
        vireo_app_free(link->app);
        uv_loop_close(&link->uv);
        cli_link_release(link);
    }
    return status;
}

int cli_link_again(cli_link *link)
{
    vireo_error error;
    link->ws = connect_ws(link, &error);
    return link->ws != NULL ? 0 : error.code;
}

int cli_link_run(cli_link *link)
{
    vireo_run_loop(link->app);
    uv_run(&link->uv, UV_RUN_DEFAULT); /* our own handles close */
    uv_loop_close(&link->uv);
    cli_link_release(link);
    return link->status;
}

void cli_link_end(cli_link *link, int status)
{
    link->status = status;
    if (link->ws != NULL && link->open)
        vireo_ws_close(link->ws, 1000, NULL);
    link->open = false; /* what comes now is no loss */
    vireo_stop(link->app);
}

static void on_unsettled(vireo_timer *timer, void *user)
{
    cli_link *link = user;
    (void)timer;
    cli_link_end(link, link->status);
}

void cli_link_settle(cli_link *link, int status)
{
    if (link->raw || !link->open || vireo_after(link->app, SETTLE_MS, on_unsettled, link) == NULL ||
        (link->fence = cli_link_join(link, FENCE, NULL)) == NULL) {
        cli_link_end(link, status);
        return;
    }
    link->status = status;
    link->open = false; /* what comes now is no loss */
}
