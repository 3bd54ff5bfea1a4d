/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client.c: vireo_ws_connect of <vireo/ws.h>: a connection that is made by us, and made again.
 *
 *     CONNECTING -- the answer is right --> OPEN -- it ends --+-> WAITING -- the time is over --+
 *       ^   \-- anything else: on_error ----------------------+                                 |
 *       +-----------------------------------------------------|---------------------------------+
 *                                                             +-> on_close, when it shall not be
 *                                                                 made again
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/backoff.h"
#include "base/random.h"
#include "base/uri.h"
#include "http/agent.h"
#include "http/reply.h"
#include "ws/endpoint.h"
#include "ws/inside.h"
#include "ws/offer.h"

enum {
    DEFAULT_CONNECT_TIMEOUT_MS = 10000,
    DEFAULT_MIN_MS = 1000,
    DEFAULT_MAX_MS = 30000,
    HEADERS_MAX = 256, /* of the user: a list without its NULL should not be read for ever */
    OWN_HEADERS = 7,
    TEXT_SIZE = 512
};

enum state { CONNECTING, OPEN, WAITING, CLOSED };

typedef struct vireo__ws_client {
    vireo_ws_endpoint endpoint; /* what |ws| refers to; nobody else sees it */
    vireo_ws *ws;
    vireo__guest guest;
    vireo__exchange *exchange; /* while CONNECTING */
    vireo__deadline wait;      /* while WAITING */
    vireo__turn_task task;     /* tells of the end of what was WAITING */
    vireo__backoff backoff;
    char *url;
    char *proxy;
    char *unix_path;
    char **headers; /* of the request, as vireo__ask wants them; each text is allocated, save the
                       key */
    vireo__tls_ctx *tls;
    uint64_t opened_at;
    uint32_t attempt; /* in a row */
    int error;        /* what was wrong with the answer; 0: nothing */
    char text[TEXT_SIZE];
    char key[VIREO__WS_KEY_SIZE];
    uint8_t state;
    bool leaving; /* the user, or the application, wants the end */
    bool held;    /* .. not the application: vireo__ws_client_hold */
} client;

static const vireo_ws_options *options_of(const client *c)
{
    return &c->endpoint.options;
}

/* --- the end ---------------------------------------------------------------------------------- */

static void free_headers(client *c)
{
    for (char **at = c->headers; at != NULL && *at != NULL; at++)
        if (*at != c->key)
            free(*at);
    free(c->headers);
}

static void free_client(client *c)
{
    free_headers(c);
    vireo__tls_ctx_unref(c->tls);
    vireo__ws_unconfigure(&c->endpoint);
    free(c->url);
    free(c->proxy);
    free(c->unix_path);
    free(c->ws);
    free(c);
}

static void end(client *c, uint16_t code, const char *reason)
{
    vireo_app *app = c->endpoint.app;
    c->state = CLOSED;
    if (options_of(c)->on_close != NULL)
        options_of(c)->on_close(c->ws, code, reason);
    vireo__ws_leave_topics(c->ws);
    vireo__app_leave(app, &c->guest);
    free_client(c);
}

static void on_task(vireo__turn_task *task)
{
    end(vireo__container(task, client, task), VIREO__WS_ABNORMAL, "");
}

void vireo__ws_client_leave(client *c)
{
    c->leaving = true;
    if (c->exchange != NULL)
        vireo__exchange_cancel(c->exchange);
    if (c->state != WAITING)
        return;
    vireo__deadline_stop(&c->wait);
    vireo__turn_add(vireo__app_loop(c->endpoint.app), &c->task);
}

bool vireo__ws_client_connecting(const client *c)
{
    return !c->leaving && (c->state == CONNECTING || c->state == WAITING);
}

void vireo__ws_client_hold(vireo_ws *ws, bool hold)
{
    ws->endpoint->client->held = hold;
}

static client *of_guest(vireo__guest *guest)
{
    return vireo__container(guest, client, guest);
}

static void on_stop(vireo__guest *guest)
{
    client *c = of_guest(guest);
    if (c->held)
        return;
    vireo__ws_client_leave(c);
    if (c->state == OPEN)
        vireo__ws_go_away(&c->ws->conn);
}

static void on_cut(vireo__guest *guest)
{
    client *c = of_guest(guest);
    vireo__ws_client_leave(c);
    vireo__ws_terminate(&c->ws->conn);
}

/* --- once more -------------------------------------------------------------------------------- */

static void begin(client *c);

static void on_wait_over(vireo__deadline *d)
{
    begin(vireo__container(d, client, wait));
}

static bool may_retry(const client *c)
{
    const vireo_ws_reconnect *r = &options_of(c)->reconnect;
    return r->on && !c->leaving && (r->attempts == 0 || c->attempt < r->attempts);
}

/* It is lost, or was not made. */
static void retry_or_end(client *c, uint16_t code, const char *reason)
{
    uint32_t chance;
    if (!may_retry(c)) {
        end(c, code, reason);
        return;
    }
    vireo__random(&chance, sizeof chance);
    uint32_t ms = vireo__backoff_delay(&c->backoff, c->attempt++, chance);
    c->state = WAITING;
    if (vireo__deadline_start(vireo__app_loop(c->endpoint.app), &c->wait, ms, on_wait_over) < 0) {
        end(c, code, reason);
        return;
    }
    if (options_of(c)->on_retry != NULL)
        options_of(c)->on_retry(c->ws, code, reason, ms);
}

void vireo__ws_client_closed(client *c, uint16_t code, const char *reason)
{
    uint64_t now = vireo__loop_now(vireo__app_loop(c->endpoint.app));
    if (now - c->opened_at >= VIREO_WS_STABLE_MS)
        c->attempt = 0;
    vireo__list_remove(&c->ws->node);
    c->state = CLOSED;
    retry_or_end(c, code, reason);
}

static void failed(client *c, int error, const char *text)
{
    if (!c->leaving && options_of(c)->on_error != NULL)
        options_of(c)->on_error(c->ws, error, text);
    retry_or_end(c, VIREO__WS_ABNORMAL, "");
}

/* --- the answer ------------------------------------------------------------------------------- */

static const char *one_of(const vireo__answer *a, const char *name, bool *repeated)
{
    *repeated |= vireo__answer_header_count(a, name) > 1;
    return vireo__answer_header(a, name);
}

static int check(client *c, const vireo__answer *a, vireo__ws_agreed *agreed)
{
    const char *why;
    bool repeated = false;
    vireo__ws_offer offer = {c->key, options_of(c)->protocols, &options_of(c)->deflate};
    vireo__ws_answer answer = {
        .status = a->status,
        .connection = vireo__answer_header(a, "connection"),
        .upgrade = vireo__answer_header(a, "upgrade"),
        .accept = one_of(a, "sec-websocket-accept", &repeated),
        .protocol = one_of(a, "sec-websocket-protocol", &repeated),
        .extensions = one_of(a, "sec-websocket-extensions", &repeated),
    };
    answer.repeated = repeated;
    int error = vireo__ws_check_answer(&answer, &offer, agreed, &why);
    if (error == VIREO_EREFUSED)
        snprintf(c->text, sizeof c->text, "the server answered %u %s instead of 101", a->status,
                 vireo__status_text(a->status));
    else if (error < 0)
        snprintf(c->text, sizeof c->text, "the server's answer was refused: %s", why);
    return error;
}

static void forget(vireo__stream *s, int error)
{
    (void)s;
    (void)error;
}

/* Address and sub-protocol, which stand behind the user's data. */
static void note_names(client *c, const vireo__stream *s, const char *protocol)
{
    char *at = vireo__ws_address_of(c->ws);
    s->io->peer_address(s, at, VIREO__ADDRESS_SIZE);
    strcpy(at + strlen(at) + 1, protocol ? protocol : "");
}

static void take_stream(client *c, vireo__stream *s, const char *protocol,
                        const vireo__ws_agreed *agreed)
{
    static const vireo__stream_events unused = {.on_close = forget};
    s->max_queued = vireo__app_options(c->endpoint.app)->max_queued_bytes;
    note_names(c, s, protocol);
    int error =
        vireo__ws_attach(&c->ws->conn, s, agreed, &c->endpoint.limits, &vireo__ws_user_events);
    if (error < 0) {
        c->ws->conn.dead = true;
        vireo__stream_set_events(s, &unused, NULL);
        vireo__stream_close(s, error);
        failed(c, error, vireo_strerror(error));
        return;
    }
    c->state = OPEN;
    c->endpoint.open = 1;
    c->opened_at = vireo__loop_now(s->loop);
    vireo__list_append(&c->endpoint.connections, &c->ws->node);
    if (options_of(c)->on_open != NULL)
        options_of(c)->on_open(c->ws);
}

static void on_head(vireo__exchange *x, const vireo__answer *answer)
{
    client *c = vireo__exchange_user(x);
    vireo__ws_agreed agreed;
    c->error = check(c, answer, &agreed);
    if (c->error < 0) {
        vireo__exchange_cancel(x);
        return;
    }
    c->exchange = NULL;
    take_stream(c, vireo__exchange_detach(x),
                vireo__answer_header(answer, "sec-websocket-protocol"), &agreed);
}

static void on_done(vireo__exchange *x, int error, const char *text)
{
    client *c = vireo__exchange_user(x);
    c->exchange = NULL;
    if (c->error < 0)
        failed(c, c->error, c->text);
    else
        failed(c, error, text);
}

/* --- the request ------------------------------------------------------------------------------ */

static int ask(client *c, vireo_error *error)
{
    static const vireo__exchange_events events = {.on_head = on_head, .on_done = on_done};
    const vireo_ws_options *o = options_of(c);
    vireo__agent *agent = vireo__app_agent(c->endpoint.app);
    vireo__ask request = {
        .method = "GET",
        .url = c->url,
        .headers = (const char *const *)c->headers,
        .proxy = c->proxy,
        .tls = c->tls,
        .unix_path = c->unix_path,
        .connect_timeout_ms = o->connect_timeout_ms,
        .head_timeout_ms = o->connect_timeout_ms,
        .max_body_bytes = UINT64_MAX,
        .max_redirects = o->max_redirects,
        .allow_downgrade = o->allow_downgrade,
    };
    if (agent == NULL)
        return vireo__error_set(error, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
    c->state = CONNECTING;
    c->error = 0;
    vireo__ws_key_new(c->key);
    return vireo__agent_ask(agent, &request, &events, c, &c->exchange, error);
}

static void begin(client *c)
{
    vireo_error error;
    if (ask(c, &error) < 0)
        failed(c, error.code, error.text);
}

/* --- the options ------------------------------------------------------------------------------ */

static int fail(vireo_error *error, const char *text)
{
    return vireo__error_set(error, VIREO_EINVAL, "%s", text);
}

/* "The /resource name/ [..] Fragment identifiers are meaningless in the context of WebSocket URIs
 * and MUST NOT be used on these URIs." (RFC 6455 section 3) */
static int check_url(const char *url, vireo_error *error)
{
    vireo__uri uri;
    const char *why;
    if (vireo__uri_parse(&uri, url, &why) < 0)
        return vireo__error_set(error, VIREO_EINVAL, "the URL is no good: %s", why);
    if (uri.fragment.at != NULL)
        return fail(error, "the URL of a WebSocket has no #fragment");
    return 0;
}

static bool is_own(const char *name)
{
    static const char *const names[] = {"connection", "upgrade", "content-length",
                                        "transfer-encoding", "expect"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (vireo__str_equal_nocase(vireo__str_of(name), names[i]))
            return true;
    size_t n = strlen("sec-websocket-");
    return strlen(name) >= n && vireo__str_equal_nocase((vireo__str){name, n}, "sec-websocket-");
}

/* Returns how many texts the user's list has; or a negative number. */
static int check_headers(const char *const *headers, vireo_error *error)
{
    int n = 0;
    for (; headers != NULL && headers[n] != NULL; n += 2) {
        if (n == HEADERS_MAX || headers[n + 1] == NULL)
            return fail(error, "headers are names and values by turns, ended by NULL");
        if (is_own(headers[n]))
            return vireo__error_set(error, VIREO_EINVAL,
                                    "the header %s is not yours to set: see the options",
                                    headers[n]);
    }
    return n;
}

static int check_protocols(const char *protocols, vireo_error *error)
{
    vireo__str chosen;
    if (protocols == NULL || vireo__ws_choose_protocol(protocols, NULL, &chosen) == 0)
        return 0;
    return fail(error, "sub-protocols are different names with commas between");
}

static int check_reconnect(const vireo_ws_reconnect *r, vireo_error *error)
{
    if (r->jitter <= 1 && r->factor >= 0 && r->min_ms <= r->max_ms)
        return 0;
    return fail(error, "reconnect: the jitter is at most 1, min_ms not more than max_ms");
}

/* --- making ----------------------------------------------------------------------------------- */

static void fill_in(vireo_ws_options *o)
{
    vireo_ws_reconnect *r = &o->reconnect;
    if (o->connect_timeout_ms == 0)
        o->connect_timeout_ms = DEFAULT_CONNECT_TIMEOUT_MS;
    if (r->min_ms == 0)
        r->min_ms = DEFAULT_MIN_MS;
    if (r->max_ms == 0)
        r->max_ms = r->min_ms > DEFAULT_MAX_MS ? r->min_ms : DEFAULT_MAX_MS;
    if (r->factor == 0)
        r->factor = 2;
    if (r->jitter == 0)
        r->jitter = 0.5;
    else if (r->jitter < 0)
        r->jitter = 0;
}

static bool add(char ***at, const char *name, const char *value)
{
    *(*at)++ = strdup(name);
    if ((*at)[-1] == NULL)
        return false;
    *(*at)++ = strdup(value);
    return (*at)[-1] != NULL;
}

static bool add_extensions(char ***at, const vireo_ws_deflate *deflate)
{
    vireo__buf offer;
    vireo__buf_init(&offer, VIREO__BUF_UNLIMITED);
    vireo__ws_extension_offer(deflate, &offer);
    const char *text = vireo__buf_cstr(&offer);
    bool done = text != NULL && (*text == '\0' || add(at, "Sec-WebSocket-Extensions", text));
    vireo__buf_deinit(&offer);
    return done;
}

/* Section 4.1. */
static int make_headers(client *c, const char *const *more, int count)
{
    const vireo_ws_options *o = options_of(c);
    c->headers = calloc((size_t)count + 2 * OWN_HEADERS + 1, sizeof *c->headers);
    if (c->headers == NULL)
        return VIREO_ENOMEM;
    char **at = c->headers;
    bool done = add(&at, "Connection", "Upgrade") && add(&at, "Upgrade", "websocket") &&
                add(&at, "Sec-WebSocket-Version", "13") &&
                (o->protocols == NULL || add(&at, "Sec-WebSocket-Protocol", o->protocols)) &&
                add_extensions(&at, &o->deflate) &&
                (o->origin == NULL || add(&at, "Origin", o->origin));
    for (int i = 0; done && i < count; i += 2)
        done = add(&at, more[i], more[i + 1]);
    *at = done ? strdup("Sec-WebSocket-Key") : NULL;
    if (*at == NULL)
        return VIREO_ENOMEM;
    at[1] = c->key;
    return 0;
}

static vireo_ws *new_ws(client *c)
{
    const vireo_ws_options *o = options_of(c);
    size_t protocol_size = o->protocols ? strlen(o->protocols) + 1 : 1;
    vireo_ws *ws = calloc(1, sizeof *ws + o->data_size + VIREO__ADDRESS_SIZE + protocol_size);
    if (ws == NULL)
        return NULL;
    ws->endpoint = &c->endpoint;
    ws->conn.dead = true; /* until it is attached */
    vireo__list_init(&ws->node);
    return ws;
}

/* Takes over what the options say; the rest are defaults. */
static int set_up(client *c, vireo_app *app, const char *url, const vireo_ws_options *options)
{
    vireo_ws_options *o = &c->endpoint.options;
    int error = vireo__ws_configure(&c->endpoint, options);
    vireo_error *tell = o->error;
    fill_in(o);
    if (error == VIREO_EINVAL)
        return fail(tell, "an option is out of its range");
    if (error == 0)
        error = check_url(url, tell);
    if (error == 0)
        error = check_protocols(o->protocols, tell);
    if (error == 0)
        error = check_reconnect(&o->reconnect, tell);
    int count = error == 0 ? check_headers(o->headers, tell) : error;
    if (count < 0)
        return count;
    c->endpoint.limits.from_server = true;
    c->backoff = (vireo__backoff){o->reconnect.min_ms, o->reconnect.max_ms, o->reconnect.factor,
                                  o->reconnect.jitter};
    if (o->tls != NULL)
        c->tls = vireo__tls_client_ctx(vireo__app_loop(app), o->tls, NULL);
    c->ws = new_ws(c);
    if (c->ws == NULL || !vireo__text_copy(&c->url, url) ||
        !vireo__text_copy(&c->proxy, o->proxy) || !vireo__text_copy(&c->unix_path, o->unix_path))
        return VIREO_ENOMEM;
    return make_headers(c, o->headers, count);
}

vireo_ws *vireo_ws_dial(vireo_app *app, const char *url, const vireo_ws_options *options)
{
    client *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->endpoint.app = app;
    c->endpoint.client = c;
    c->guest = (vireo__guest){.on_stop = on_stop, .on_cut = on_cut};
    c->task.run = on_task;
    vireo__list_init(&c->endpoint.connections);
    int error = set_up(c, app, url, options);
    vireo_error *tell = options_of(c)->error;
    if (tell != NULL && error == 0)
        tell->code = 0;
    if (error == 0)
        error = ask(c, tell);
    c->endpoint.options.error = NULL;
    if (error < 0) {
        if (error == VIREO_ENOMEM)
            vireo__error_set(tell, error, "%s", vireo_strerror(error));
        free_client(c);
        return NULL;
    }
    vireo__app_enter(app, &c->guest);
    return c->ws;
}
