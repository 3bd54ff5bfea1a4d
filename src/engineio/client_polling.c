/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client_polling.c: the transport that is a GET, which the server answers when it has something,
 * and POSTs, one at a time. Before an upgrade both must have come to their end. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engineio/batch.h"
#include "engineio/client_inside.h"
#include "http/reply.h"

enum {
    FOR_EVER_MS = 86400000, /* the session's heartbeat ends a poll that is not answered */
    POST_ANSWER_MAX = 65536,
    MESSAGES_PER_PAYLOAD = 4, /* largest ones that an answer may hold */
    TEXT_SIZE = 160
};

struct vireo__eio_call {
    vireo__eio_client *c; /* NULL: nobody waits for it any more */
    vireo__exchange *exchange;
    vireo__deadline patience; /* from then on */
    vireo__buf body;
    unsigned status;
    bool post;
};

/* --- what was answered ------------------------------------------------------------------------ */

/* A payload may hold the packet that ends the session. */
static void take_payload(vireo__eio_client *c, vireo__buf *body)
{
    size_t at = 0, len;
    uint8_t *text;
    vireo__eio_packet packet;
    c->taking = true;
    while (vireo__eio_client_lives(c) &&
           vireo__eio_payload_next(body->data, body->len, &at, &text, &len)) {
        if (vireo__eio_decode(&packet, text, len) < 0)
            vireo__eio_client_lost(c, "server error", VIREO_EPROTO, 0, "a packet cannot be read");
        else
            vireo__eio_client_packet(c, &packet);
    }
    c->taking = false;
}

static void polled(vireo__eio_client *c, vireo__buf *body)
{
    take_payload(c, body);
    if (c->state == VIREO__EIO_CLIENT_OPENING && c->get == NULL && c->wire == NULL)
        vireo__eio_client_lost(c, "server error", VIREO_EPROTO, 0, "the answer opens no session");
    else if (c->state == VIREO__EIO_CLIENT_OPEN && !c->upgrading)
        vireo__eio_client_poll(c);
    else
        vireo__eio_client_go_on(c);
}

static void posted(vireo__eio_client *c)
{
    if (c->state == VIREO__EIO_CLIENT_OPEN && vireo__outbox_empty(&c->outbox))
        c->events->on_drain(c);
    vireo__eio_client_go_on(c);
}

static void failed(vireo__eio_client *c, const vireo__eio_call *call, int error, const char *text)
{
    char words[TEXT_SIZE];
    if (error == 0) {
        error = VIREO_EREFUSED;
        snprintf(words, sizeof words, "the server answered %u %s", call->status,
                 vireo__status_text((int)call->status));
        text = words;
    }
    vireo__eio_client_lost(c, call->post ? "xhr post error" : "xhr poll error", error, call->status,
                           text);
}

static void forget(vireo__eio_client *c, const vireo__eio_call *call)
{
    if (call->post)
        c->post = NULL;
    else
        c->get = NULL;
}

/* --- events of the exchange ------------------------------------------------------------------- */

static void on_head(vireo__exchange *x, const vireo__answer *answer)
{
    vireo__eio_call *call = vireo__exchange_user(x);
    call->status = answer->status;
    if (call->c != NULL && call->c->place->cookies)
        vireo__eio_jar_take(call->c, answer);
}

/* What a POST is answered with is of no interest. */
static void on_body(vireo__exchange *x, const uint8_t *bytes, size_t n)
{
    vireo__eio_call *call = vireo__exchange_user(x);
    bool wanted = call->c != NULL && !call->post && call->status == 200;
    if (wanted && vireo__buf_append(&call->body, bytes, n) < 0)
        vireo__exchange_cancel(x);
}

static void on_done(vireo__exchange *x, int error, const char *text)
{
    vireo__eio_call *call = vireo__exchange_user(x);
    vireo__eio_client *c = call->c;
    if (c != NULL) {
        forget(c, call);
        if (error < 0 || call->status != 200)
            failed(c, call, call->body.error < 0 ? call->body.error : error, text);
        else if (call->post)
            posted(c);
        else
            polled(c, &call->body);
    }
    vireo__deadline_stop(&call->patience);
    vireo__buf_deinit(&call->body);
    free(call);
}

/* --- asking ----------------------------------------------------------------------------------- */

static int ask(vireo__eio_client *c, vireo__eio_call *call, const char *url,
               const char *const *headers, const vireo__buf *body)
{
    static const vireo__exchange_events events = {
        .on_head = on_head, .on_body = on_body, .on_done = on_done};
    const vireo__eio_place *place = c->place;
    vireo__agent *agent = vireo__app_agent(c->app);
    size_t payload_max = place->max_message_bytes <= SIZE_MAX / MESSAGES_PER_PAYLOAD
                             ? place->max_message_bytes * MESSAGES_PER_PAYLOAD
                             : SIZE_MAX;
    vireo__ask request = {
        .method = call->post ? "POST" : "GET",
        .url = url,
        .headers = headers,
        .body = body != NULL ? body->data : NULL,
        .body_len = body != NULL ? body->len : 0,
        .proxy = place->proxy,
        .tls = place->tls,
        .unix_path = place->unix_path,
        .connect_timeout_ms = place->connect_timeout_ms,
        .head_timeout_ms = place->request_timeout_ms > 0 ? place->request_timeout_ms : FOR_EVER_MS,
        .idle_timeout_ms = place->request_timeout_ms,
        .max_body_bytes = call->post ? POST_ANSWER_MAX : payload_max,
        .while_ending = call->post,
    };
    return agent != NULL ? vireo__agent_ask(agent, &request, &events, call, &call->exchange, NULL)
                         : VIREO_ENOMEM;
}

/* begin starts a call; |text| NULL: a GET. Returns NULL, and |*error|, when it cannot. */
static vireo__eio_call *begin(vireo__eio_client *c, const vireo__buf *body, int *error)
{
    static const char *const own[] = {"Accept", "*/*", "Content-Type", "text/plain;charset=UTF-8",
                                      NULL};
    static const char *const own_of_get[] = {"Accept", "*/*", NULL};
    vireo__eio_call *call = calloc(1, sizeof *call);
    char *url = vireo__eio_client_url(c, VIREO__EIO_KIND_POLLING);
    char **headers =
        vireo__eio_jar_headers(c, VIREO__EIO_KIND_POLLING, body != NULL ? own : own_of_get);
    *error = VIREO_ENOMEM;
    if (call != NULL && url != NULL && headers != NULL) {
        call->c = c;
        call->post = body != NULL;
        vireo__buf_init(&call->body, VIREO__BUF_UNLIMITED);
        *error = ask(c, call, url, (const char *const *)headers, body);
    }
    vireo__eio_texts_free(headers);
    free(url);
    if (*error == 0)
        return call;
    free(call);
    return NULL;
}

void vireo__eio_client_poll(vireo__eio_client *c)
{
    int error;
    c->get = begin(c, NULL, &error);
    if (c->get == NULL)
        vireo__eio_client_lost(c, "xhr poll error", error, 0, vireo_strerror(error));
}

static int fill_body(vireo__eio_client *c, vireo__buf *body)
{
    vireo__outbox_item item;
    size_t count = vireo__eio_batch(&c->outbox, c->max_payload);
    while (count-- > 0 && vireo__outbox_pop(&c->outbox, c->loop, &item)) {
        bool binary = vireo__ws_frame_opcode(item.frame) == VIREO__WS_BINARY;
        vireo__eio_payload_add(body, binary, vireo__ws_payload(item.frame),
                               vireo__ws_payload_len(item.frame));
        vireo__shared_unref(item.frame);
    }
    return body->error;
}

void vireo__eio_client_post(vireo__eio_client *c)
{
    vireo__buf body;
    vireo__buf_init(&body, VIREO__BUF_UNLIMITED);
    int error = fill_body(c, &body);
    if (error == 0)
        c->post = begin(c, &body, &error);
    vireo__buf_deinit(&body);
    if (error < 0)
        vireo__eio_client_lost(c, "xhr post error", error, 0, vireo_strerror(error));
}

/* --- the end ---------------------------------------------------------------------------------- */

static void abandon(vireo__eio_call **call)
{
    if (*call == NULL)
        return;
    (*call)->c = NULL;
    vireo__exchange_cancel((*call)->exchange);
    *call = NULL;
}

static void on_impatience(vireo__deadline *d)
{
    vireo__exchange_cancel(vireo__container(d, vireo__eio_call, patience)->exchange);
}

/* Nobody waits for its answer, but it is to come. */
static void leave_alone(vireo__eio_client *c, vireo__eio_call *call)
{
    call->c = NULL;
    if (vireo__deadline_start(c->loop, &call->patience, VIREO__EIO_LEAVE_MS, on_impatience) < 0)
        vireo__exchange_cancel(call->exchange);
}

static bool say_goodbye(vireo__eio_client *c)
{
    int error;
    vireo__buf body = {.data = (uint8_t[]){'1'}, .len = 1};
    vireo__eio_call *call = begin(c, &body, &error);
    if (call != NULL)
        leave_alone(c, call);
    return call != NULL;
}

/* The server answers the pending GET when it has read the good-bye. If it broke off before, the
 * server would take that for the end: a "transport error". */
void vireo__eio_client_stop_polling(vireo__eio_client *c, bool say_it)
{
    bool said = say_it && c->post == NULL && say_goodbye(c);
    if (said && c->get != NULL) {
        leave_alone(c, c->get);
        c->get = NULL;
    }
    abandon(&c->get);
    abandon(&c->post);
}
