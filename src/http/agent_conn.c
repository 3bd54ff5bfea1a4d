/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "http/agent_inside.h"

char *vireo__conn_key(const vireo__exchange *x)
{
    vireo__buf key;
    vireo__buf_init(&key, VIREO__BUF_UNLIMITED);
    vireo__buf_append_str(&key, x->secure ? "https " : "http ");
    vireo__buf_append_str(&key, x->host);
    vireo__buf_append_byte(&key, ' ');
    vireo__buf_append_u64(&key, x->port);
    if (x->unix_path != NULL) {
        vireo__buf_append_str(&key, " unix ");
        vireo__buf_append_str(&key, x->unix_path);
    } else if (x->proxy != NULL) {
        vireo__buf_append_str(&key, " by ");
        vireo__buf_append_u64(&key, x->proxy->kind);
        vireo__buf_append_byte(&key, ' ');
        vireo__buf_append_str(&key, x->proxy->host);
        vireo__buf_append_byte(&key, ' ');
        vireo__buf_append_u64(&key, x->proxy->port);
        vireo__buf_append_byte(&key, ' ');
        vireo__buf_append_str(&key, x->proxy->user ? x->proxy->user : "");
    }
    if (x->secure) {
        vireo__buf_append_str(&key, " tls ");
        vireo__buf_append_u64(&key, (uintptr_t)x->tls);
    }
    const char *text = vireo__buf_cstr(&key);
    if (text == NULL)
        vireo__buf_deinit(&key);
    return (char *)key.data;
}

/* --- the end ---------------------------------------------------------------------------------- */

static void leave_idle(vireo__agent_conn *c)
{
    if (!c->idle)
        return;
    c->idle = false;
    c->agent->idle_count--;
    vireo__list_remove(&c->in_idle);
    vireo__deadline_stop(&c->deadline);
}

static void free_conn(vireo__agent_conn *c)
{
    leave_idle(c);
    vireo__list_remove(&c->node);
    vireo__answer_deinit(&c->answer);
    vireo__tls_ctx_unref(c->tls);
    free(c->key);
    vireo__agent_release(c->agent);
    free(c);
}

void vireo__conn_close(vireo__agent_conn *c)
{
    leave_idle(c);
    c->x = NULL;
    vireo__stream_close(c->stream, 0);
}

void vireo__conn_close_idle(vireo__agent *agent)
{
    while (!vireo__list_empty(&agent->idle))
        vireo__conn_close(vireo__container(agent->idle.next, vireo__agent_conn, in_idle));
}

/* --- waiting for the next one ----------------------------------------------------------------- */

static void on_idle_over(vireo__deadline *d)
{
    vireo__conn_close(vireo__container(d, vireo__agent_conn, deadline));
}

static void wait_for_next(vireo__agent_conn *c)
{
    vireo__agent *agent = c->agent;
    vireo__answer_deinit(&c->answer);
    c->x = NULL;
    c->idle = true;
    vireo__list_append(&agent->idle, &c->in_idle);
    agent->idle_count++;
    if (vireo__deadline_start(agent->loop, &c->deadline, VIREO__AGENT_IDLE_MS, on_idle_over) < 0)
        vireo__conn_close(c);
    if (agent->idle_count > VIREO__AGENT_IDLE)
        vireo__conn_close(vireo__container(agent->idle.next, vireo__agent_conn, in_idle));
}

/* The newest: it is the least likely to be closed by its server just now. */
vireo__agent_conn *vireo__conn_take_idle(vireo__agent *agent, const char *key)
{
    for (vireo__list *at = agent->idle.prev; at != &agent->idle; at = at->prev) {
        vireo__agent_conn *c = vireo__container(at, vireo__agent_conn, in_idle);
        if (strcmp(c->key, key) != 0)
            continue;
        leave_idle(c);
        c->reused = true;
        return c;
    }
    return NULL;
}

/* --- an answer -------------------------------------------------------------------------------- */

static bool on_body(void *user, const uint8_t *bytes, size_t n)
{
    vireo__agent_conn *c = user;
    return c->x != NULL && vireo__exchange_body(c->x, bytes, n);
}

static void answered(vireo__agent_conn *c, bool more)
{
    vireo__exchange *x = c->x;
    if (c->answer.keep_alive && !more && !vireo__app_stopping(c->agent->app))
        wait_for_next(c);
    else
        vireo__conn_close(c);
    vireo__exchange_done(x);
}

static void fail(vireo__agent_conn *c)
{
    vireo__exchange *x = c->x;
    int error = c->answer.error;
    const char *why = c->answer.why;
    vireo__conn_close(c);
    vireo__exchange_failed(x, error, why);
}

/* The exchange may be over, and the stream another's, with any step. */
static void on_data(vireo__stream *s, uint8_t *bytes, size_t n)
{
    vireo__agent_conn *c = s->owner;
    size_t at = 0;
    if (c->x == NULL) { /* nothing was asked */
        vireo__conn_close(c);
        return;
    }
    c->heard = true;
    do {
        at += vireo__answer_feed(&c->answer, bytes + at, n - at);
        if (c->x == NULL)
            return;
        if (c->answer.state == VIREO__ANSWER_HEAD_DONE)
            vireo__exchange_head(c->x);
        if (c->detached) {
            vireo__exchange_detached(c->x);
            free_conn(c);
            if (at < n && !s->closing)
                vireo__stream_received(s, bytes + at, n - at);
            return;
        }
    } while (c->x != NULL && (at < n || c->answer.state == VIREO__ANSWER_HEAD_DONE) &&
             c->answer.state < VIREO__ANSWER_DONE);
    if (c->x != NULL && c->answer.state == VIREO__ANSWER_DONE)
        answered(c, at < n);
    else if (c->x != NULL && c->answer.state == VIREO__ANSWER_FAILED)
        fail(c);
}

static void lost(vireo__agent_conn *c, int error)
{
    vireo__exchange *x = c->x;
    c->x = NULL;
    if (x != NULL)
        vireo__exchange_lost(x, error);
}

static void on_end(vireo__stream *s)
{
    vireo__agent_conn *c = s->owner;
    if (c->x != NULL && c->answer.state != VIREO__ANSWER_HEAD) {
        vireo__answer_end(&c->answer);
        if (c->answer.state == VIREO__ANSWER_DONE)
            answered(c, false);
        else
            fail(c);
        return;
    }
    vireo__exchange *x = c->x;
    vireo__conn_close(c);
    if (x != NULL)
        vireo__exchange_lost(x, 0);
}

static void on_close(vireo__stream *s, int error)
{
    vireo__agent_conn *c = s->owner;
    lost(c, error);
    free_conn(c);
}

static const vireo__stream_events events = {
    .on_data = on_data, .on_end = on_end, .on_close = on_close};

/* --- a request -------------------------------------------------------------------------------- */

vireo__agent_conn *vireo__conn_new(const vireo__exchange *x, vireo__stream *stream)
{
    vireo__agent_conn *c = calloc(1, sizeof *c);
    char *key = c ? vireo__conn_key(x) : NULL;
    if (key == NULL) {
        free(c);
        return NULL;
    }
    c->agent = x->agent;
    c->stream = stream;
    c->key = key;
    c->tls = x->secure ? vireo__tls_ctx_ref(x->tls) : NULL;
    vireo__list_init(&c->in_idle);
    vireo__list_append(&x->agent->conns, &c->node);
    vireo__agent_hold(x->agent);
    vireo__stream_set_events(stream, &events, c);
    return c;
}

int vireo__conn_ask(vireo__agent_conn *c, vireo__exchange *x, const vireo__buf *head)
{
    c->x = x;
    c->heard = false;
    vireo__answer_init(&c->answer, VIREO__AGENT_HEAD_BYTES, VIREO__AGENT_HEADERS);
    c->answer.on_body = on_body;
    c->answer.user = c;
    c->answer.to_head = strcmp(x->method, "HEAD") == 0;
    int error = vireo__stream_write_copy(c->stream, head->data, head->len);
    if (error == 0 && x->body != NULL)
        error = vireo__stream_write(c->stream, x->body, 0, x->body->len, NULL, NULL);
    vireo__stream_start(c->stream);
    return error;
}
