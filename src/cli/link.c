/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "cli/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/advice.h"

#define FENCE "/vireo-is-done"

enum { TEXT = 1024, MAX_MESSAGE = 100000000, SETTLE_MS = 2000 };

/* --- what to tell ----------------------------------------------------------------------------- */

static void fail(cli_link *link, int status, const char *text, const char *next)
{
    char words[TEXT];
    snprintf(words, sizeof words, "%s%s", text, next);
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
    cli_link_tell_lost(link, text);
    if (!again)
        cli_link_end(link, CLI_FAILED);
}

int cli_link_tell_lost(const cli_link *link, const char *text)
{
    return cli_fail(link->self, CLI_FAILED, "the connection was lost: %s%s%s", text,
                    cli_advice_lost(text), link->lost_advice ? link->lost_advice : "");
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
    if (s != of(s)->socket && e->refused && of(s)->events->on_refuse != NULL) {
        of(s)->events->on_refuse(of(s), s, words);
        return;
    }
    fail(of(s), e->refused ? CLI_REFUSED : CLI_FAILED, words,
         e->refused ? cli_advice_refused(e->message)
                    : cli_advice_connect(e->code, e->status, text, false));
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
        fail(link, CLI_FAILED, text, cli_advice_connect(error, 0, text, true));
}

/* |again|: it will be connected anew. */
static void closed(cli_link *link, uint16_t code, const char *reason, bool again)
{
    char text[TEXT];
    const char *meaning = cli_advice_code(code), *colon = *meaning ? ": " : " ";
    snprintf(text, sizeof text, "code %u%s%s%s", code, meaning, *reason ? colon : "", reason);
    lost(link, text, again);
}

static void on_ws_retry(vireo_ws *ws, uint16_t code, const char *reason, uint32_t delay_ms)
{
    (void)delay_ms;
    closed(vireo_ws_user(ws), code, reason, true);
}

static void on_ws_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    cli_link *link = vireo_ws_user(ws);
    link->ws = NULL;
    closed(link, code, reason, false);
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
