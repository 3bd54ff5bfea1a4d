/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client.c: vireo_sse_connect of <vireo/sse.h>: the reconnection of WHATWG HTML, 9.2.3 "Processing
 * model", on http/agent.h.
 *
 *     ASKING -- 200, text/event-stream --> OPEN -- it ends --+-> WAITING -- the time is over --+
 *       ^   \-- cannot be reached, or 5xx -------------------+                                 |
 *       |   \-- any other answer: on_close                                                     |
 *       +--------------------------------------------------------------------------------------+
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>
#include <vireo/sse.h>

#include "base/backoff.h"
#include "base/random.h"
#include "http/agent.h"
#include "http/reply.h"
#include "http/server.h"
#include "sse/parse.h"

enum {
    DEFAULT_CONNECT_TIMEOUT_MS = 10000,
    DEFAULT_IDLE_TIMEOUT_MS = 60000, /* four of our own heartbeats */
    DEFAULT_RETRY_MS = 3000,
    DEFAULT_MAX_RETRY_MS = 30000,
    DEFAULT_EVENT_BYTES = 1000000,
    MAX_REDIRECTS = 10,
    HEADERS_MAX = 256, /* texts of the user: a list without its NULL is not read for ever */
    OWN_HEADERS = 8,
    TEXT_SIZE = 160
};

struct vireo_sse_client {
    vireo_app *app;
    vireo_sse_client_options options; /* with the defaults filled in; its texts are not ours */
    vireo__guest guest;
    vireo__exchange *exchange; /* while ASKING and OPEN */
    vireo__deadline wait;      /* while WAITING */
    vireo__turn_task task;     /* the end of what has no exchange */
    vireo__sse_parser parser;
    vireo__tls_ctx *tls;
    char *url;
    char *proxy;
    char *unix_path;
    char **headers; /* the user's, copied; room for our own behind them */
    size_t user_headers;
    uint32_t failures; /* in a row */
    int error;         /* what was wrong with the answer; 0: nothing */
    bool final : 1;    /* .. and so wrong that it is not asked again */
    bool leaving : 1;
    char text[TEXT_SIZE];
};

/* --- the end ---------------------------------------------------------------------------------- */

static void free_client(vireo_sse_client *c)
{
    for (size_t i = 0; c->headers != NULL && i < c->user_headers; i++)
        free(c->headers[i]);
    free(c->headers);
    vireo__sse_parser_deinit(&c->parser);
    vireo__tls_ctx_unref(c->tls);
    free(c->url);
    free(c->proxy);
    free(c->unix_path);
    free(c);
}

static void end(vireo_sse_client *c, int error, const char *text)
{
    if (c->options.on_close != NULL)
        c->options.on_close(c, error, text);
    vireo__app_leave(c->app, &c->guest);
    free_client(c);
}

static void on_task(vireo__turn_task *task)
{
    end(vireo__container(task, vireo_sse_client, task), 0, "");
}

void vireo_sse_disconnect(vireo_sse_client *c)
{
    if (c->leaving)
        return;
    c->leaving = true;
    vireo__deadline_stop(&c->wait);
    if (c->exchange != NULL)
        vireo__exchange_cancel(c->exchange);
    else
        vireo__turn_add(vireo__app_loop(c->app), &c->task);
}

static void on_stop(vireo__guest *guest)
{
    vireo_sse_disconnect(vireo__container(guest, vireo_sse_client, guest));
}

/* --- once more -------------------------------------------------------------------------------- */

static void ask(vireo_sse_client *c);

static void on_wait_over(vireo__deadline *d)
{
    ask(vireo__container(d, vireo_sse_client, wait));
}

/* What the server has told holds for the first time; failures in a row make it longer. */
static uint32_t delay(const vireo_sse_client *c)
{
    uint32_t chance, first = c->options.retry_ms;
    if (c->parser.retry_ms > 0)
        first = c->parser.retry_ms;
    vireo__backoff b = {.min_ms = first, .max_ms = c->options.max_retry_ms, .factor = 2};
    if (b.max_ms < first)
        b.max_ms = first;
    b.jitter = c->failures > 0 ? 0.5 : 0;
    vireo__random(&chance, sizeof chance);
    return vireo__backoff_delay(&b, c->failures, chance);
}

static void lost(vireo_sse_client *c, int error, const char *text)
{
    uint32_t ms = delay(c);
    c->failures++;
    if (c->options.attempts > 0 && c->failures > c->options.attempts) {
        end(c, error < 0 ? error : VIREO_ECLOSED, text);
        return;
    }
    if (vireo__deadline_start(vireo__app_loop(c->app), &c->wait, ms > 0 ? ms : 1, on_wait_over) <
        0) {
        end(c, VIREO_ENOMEM, vireo_strerror(VIREO_ENOMEM));
        return;
    }
    if (c->options.on_retry != NULL)
        c->options.on_retry(c, ms, error, text);
}

/* --- the answer ------------------------------------------------------------------------------- */

static bool is_event_stream(const vireo__answer *a)
{
    static const char wanted[] = "text/event-stream";
    const char *type = vireo__answer_header(a, "content-type");
    size_t n = type != NULL ? strcspn(type, "; \t") : 0;
    return n == strlen(wanted) && vireo__str_equal_nocase((vireo__str){type, n}, wanted);
}

/* What was not asked for, and could not be read. */
static const char *coding_of(const vireo__answer *a)
{
    const char *coding = vireo__answer_header(a, "content-encoding");
    return coding != NULL && !vireo__str_equal_nocase(vireo__str_of(coding), "identity") ? coding
                                                                                         : NULL;
}

static void on_head(vireo__exchange *x, const vireo__answer *a)
{
    vireo_sse_client *c = vireo__exchange_user(x);
    const char *coding = coding_of(a);
    if (a->status == 200 && is_event_stream(a) && coding == NULL) {
        c->failures = 0;
        if (c->options.on_open != NULL)
            c->options.on_open(c);
        return;
    }
    c->error = VIREO_EREFUSED;
    c->final = a->status < 500;
    if (a->status == 200 && is_event_stream(a))
        snprintf(c->text, sizeof c->text,
                 "the server's answer is coded (%.20s), which was not asked for", coding);
    else if (a->status == 200)
        snprintf(c->text, sizeof c->text, "the server's answer is no event stream");
    else
        snprintf(c->text, sizeof c->text, "the server answered %u %s", a->status,
                 vireo__status_text(a->status));
    vireo__exchange_cancel(x);
}

static bool on_event(void *user, const char *event, vireo__str data, const char *id)
{
    vireo_sse_client *c = user;
    if (c->options.on_event != NULL)
        c->options.on_event(
            c, &(vireo_sse_event){.event = event, .data = data.at, .len = data.len, .id = id});
    return !c->leaving;
}

static void on_body(vireo__exchange *x, const uint8_t *bytes, size_t n)
{
    vireo_sse_client *c = vireo__exchange_user(x);
    if (c->leaving || c->error < 0)
        return;
    int error = vireo__sse_parse(&c->parser, bytes, n);
    if (error == 0 || c->leaving)
        return;
    c->error = error;
    snprintf(c->text, sizeof c->text, "the stream cannot be read: %s", vireo_strerror(error));
    vireo__exchange_cancel(x);
}

static void on_done(vireo__exchange *x, int error, const char *text)
{
    vireo_sse_client *c = vireo__exchange_user(x);
    c->exchange = NULL;
    if (c->leaving)
        end(c, 0, "");
    else if (c->final)
        end(c, c->error, c->text);
    else if (c->error < 0)
        lost(c, c->error, c->text);
    else
        lost(c, error, error < 0 ? text : "the server has ended the stream");
}

/* --- the request ------------------------------------------------------------------------------ */

/* Our own headers stand behind the user's. */
static void add_headers(vireo_sse_client *c)
{
    char **at = c->headers + c->user_headers;
    *at++ = "Accept";
    *at++ = "text/event-stream";
    *at++ = "Accept-Encoding"; /* without it, a server may code as it likes */
    *at++ = "identity";
    *at++ = "Cache-Control";
    *at++ = "no-store";
    if (c->parser.id.len > 0) {
        *at++ = "Last-Event-ID";
        *at++ = (char *)(uintptr_t)vireo__buf_cstr(&c->parser.id);
    }
    *at = NULL;
}

static int begin(vireo_sse_client *c, vireo_error *error)
{
    static const vireo__exchange_events events = {
        .on_head = on_head, .on_body = on_body, .on_done = on_done};
    vireo__agent *agent = vireo__app_agent(c->app);
    if (agent == NULL)
        return vireo__error_set(error, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
    c->error = 0;
    vireo__sse_parser_restart(&c->parser);
    add_headers(c);
    return vireo__agent_ask(agent,
                            &(vireo__ask){
                                .method = "GET",
                                .url = c->url,
                                .headers = (const char *const *)c->headers,
                                .proxy = c->proxy,
                                .tls = c->tls,
                                .unix_path = c->unix_path,
                                .connect_timeout_ms = c->options.connect_timeout_ms,
                                .head_timeout_ms = c->options.connect_timeout_ms,
                                .idle_timeout_ms = c->options.idle_timeout_ms,
                                .max_body_bytes = UINT64_MAX,
                                .max_redirects = MAX_REDIRECTS,
                            },
                            &events, c, &c->exchange, error);
}

static void ask(vireo_sse_client *c)
{
    vireo_error error;
    if (begin(c, &error) < 0)
        lost(c, error.code, error.text);
}

/* --- making ----------------------------------------------------------------------------------- */

static void fill_in(vireo_sse_client_options *own, const vireo_sse_client_options *given)
{
    memcpy(own, given, given->size < sizeof *own ? given->size : sizeof *own);
#define DEFAULT(field, value) own->field = own->field ? own->field : (value)
    DEFAULT(connect_timeout_ms, DEFAULT_CONNECT_TIMEOUT_MS);
    DEFAULT(idle_timeout_ms, DEFAULT_IDLE_TIMEOUT_MS);
    DEFAULT(retry_ms, DEFAULT_RETRY_MS);
    DEFAULT(max_retry_ms, DEFAULT_MAX_RETRY_MS);
    DEFAULT(max_event_bytes, DEFAULT_EVENT_BYTES);
#undef DEFAULT
    if (own->idle_timeout_ms == UINT32_MAX)
        own->idle_timeout_ms = 0;
}

static int copy_headers(vireo_sse_client *c)
{
    const char *const *from = c->options.headers;
    size_t n = 0;
    while (from != NULL && n < HEADERS_MAX && from[n] != NULL)
        n++;
    if (n % 2 != 0 || n == HEADERS_MAX)
        return VIREO_EINVAL;
    c->headers = calloc(n + OWN_HEADERS + 1, sizeof *c->headers);
    if (c->headers == NULL)
        return VIREO_ENOMEM;
    for (; c->user_headers < n; c->user_headers++)
        if (!vireo__text_copy(&c->headers[c->user_headers], from[c->user_headers]))
            return VIREO_ENOMEM;
    return 0;
}

static int take_options(vireo_sse_client *c, const char *url)
{
    const vireo_sse_client_options *o = &c->options;
    const char *id = o->last_event_id != NULL ? o->last_event_id : "";
    vireo__sse_parser_init(&c->parser, o->max_event_bytes);
    c->parser.on_event = on_event;
    c->parser.user = c;
    if (o->tls != NULL)
        c->tls = vireo__tls_client_ctx(vireo__app_loop(c->app), o->tls, NULL);
    if (!vireo__text_copy(&c->url, url) || !vireo__text_copy(&c->proxy, o->proxy) ||
        !vireo__text_copy(&c->unix_path, o->unix_path) ||
        vireo__buf_append_str(&c->parser.id, id) < 0)
        return VIREO_ENOMEM;
    return copy_headers(c);
}

vireo_sse_client *vireo_sse_client_open(vireo_app *app, const char *url,
                                        const vireo_sse_client_options *options)
{
    vireo_sse_client *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    fill_in(&c->options, options);
    c->app = app;
    c->guest = (vireo__guest){.on_stop = on_stop, .on_cut = on_stop};
    c->task.run = on_task;
    int error = take_options(c, url);
    if (error < 0)
        vireo__error_set(c->options.error, error, "%s", vireo_strerror(error));
    else
        error = begin(c, c->options.error);
    if (error < 0) {
        free_client(c);
        return NULL;
    }
    vireo__app_enter(app, &c->guest);
    return c;
}

void *vireo_sse_client_user(const vireo_sse_client *c)
{
    return c->options.user;
}
