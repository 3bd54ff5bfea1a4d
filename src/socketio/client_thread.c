/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client_thread.c: what other threads than the loop's may do with a client's socket: hand an event
 * over, wait for an answer. The arguments are made on the thread that calls, and owned by the
 * errand on its way. */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "payload/json_read.h"
#include "payload/template.h"
#include "socketio/client.h"

typedef struct errand {
    vireo_socket *socket;
    char *event;
    vireo_value *args;
    uint32_t timeout_ms;
    /* of who waits for an answer */
    bool over;
    int status;
    vireo_value *answer;
    uv_mutex_t lock;
    uv_cond_t done;
} errand;

/* --- the arguments ---------------------------------------------------------------------------- */

static int read_args(vireo_value **out, const vireo__buf *text, const vireo__attachments *parts)
{
    vireo__doc doc;
    vireo__doc_init(&doc);
    int error = vireo__json_read(&doc, (const char *)text->data, text->len, NULL, NULL);
    if (error == 0 && parts->count > 0)
        error = vireo__doc_fill_attachments(&doc, vireo__attachments_list(parts), parts->count);
    if (error == 0) {
        *out = vireo_copy(vireo__doc_root(&doc));
        error = *out != NULL ? 0 : VIREO_ENOMEM;
    }
    vireo__doc_deinit(&doc);
    return error;
}

static int make_args(vireo_value **out, const char *tmpl, va_list list)
{
    vireo__buf text;
    vireo__attachments parts;
    vireo__buf_init(&text, VIREO__BUF_UNLIMITED);
    vireo__attachments_init(&parts);
    vireo__buf_append_byte(&text, '[');
    int error = tmpl != NULL ? vireo__template_write(&text, &parts, tmpl, list) : 0;
    if (error >= 0)
        error = vireo__buf_append_byte(&text, ']');
    if (error >= 0)
        error = read_args(out, &text, &parts);
    vireo__attachments_deinit(&parts);
    vireo__buf_deinit(&text);
    return error;
}

static int fill_in(errand *e, vireo_socket *s, const char *event, const char *tmpl, va_list list)
{
    *e = (errand){.socket = s, .event = strdup(event)};
    if (vireo__client_of(s) == NULL)
        return VIREO_EINVAL;
    if (vireo__sio_reserved(event))
        return VIREO_ERESERVED;
    return e->event != NULL ? make_args(&e->args, tmpl, list) : VIREO_ENOMEM;
}

static void clear(errand *e)
{
    free(e->event);
    vireo_value_free(e->args);
}

/* --- on the loop's thread --------------------------------------------------------------------- */

static void emit_there(vireo_app *app, void *user)
{
    errand *e = user;
    (void)app;
    vireo_emit_value(e->socket, e->event, e->args);
    clear(e);
    free(e);
}

static void tell(errand *e, int status, const vireo_value *args)
{
    uv_mutex_lock(&e->lock);
    e->answer = status == 0 ? vireo_copy(args) : NULL;
    e->status = status == 0 && e->answer == NULL ? VIREO_ENOMEM : status;
    e->over = true;
    uv_cond_signal(&e->done); /* whoever waits wakes when we have let go of the lock */
    uv_mutex_unlock(&e->lock);
}

static void on_answer(vireo_socket *s, int status, const vireo_value *args, void *user)
{
    (void)s;
    tell(user, status, args);
}

static void ask_there(vireo_app *app, void *user)
{
    errand *e = user;
    (void)app;
    int error = vireo_emit_ack_value(e->socket, e->timeout_ms, on_answer, e, e->event, e->args);
    if (error < 0)
        tell(e, error, NULL);
}

/* --- on any other ----------------------------------------------------------------------------- */

int vireo_post_emit(vireo_socket *s, const char *event, const char *tmpl, ...)
{
    errand *e = malloc(sizeof *e);
    va_list list;
    if (e == NULL)
        return VIREO_ENOMEM;
    va_start(list, tmpl);
    int error = fill_in(e, s, event, tmpl, list);
    va_end(list);
    if (error == 0)
        error = vireo_post(s->ns->io->app, emit_there, e);
    if (error < 0) {
        clear(e);
        free(e);
    }
    return error;
}

static int wait_for(errand *e)
{
    uv_mutex_lock(&e->lock);
    while (!e->over)
        uv_cond_wait(&e->done, &e->lock);
    uv_mutex_unlock(&e->lock);
    return e->status;
}

static int ask(errand *e, uint32_t timeout_ms)
{
    e->timeout_ms = timeout_ms;
    if (uv_mutex_init(&e->lock) != 0)
        return VIREO_ENOMEM;
    int error = uv_cond_init(&e->done) == 0 ? 0 : VIREO_ENOMEM;
    if (error == 0) {
        error = vireo_post(e->socket->ns->io->app, ask_there, e);
        if (error == 0)
            error = wait_for(e);
        uv_cond_destroy(&e->done);
    }
    uv_mutex_destroy(&e->lock);
    return error;
}

int vireo_post_ask(vireo_socket *s, uint32_t timeout_ms, vireo_value **answer, const char *event,
                   const char *tmpl, ...)
{
    errand e;
    va_list list;
    *answer = NULL;
    va_start(list, tmpl);
    int error = fill_in(&e, s, event, tmpl, list);
    va_end(list);
    if (error == 0)
        error = ask(&e, timeout_ms);
    *answer = e.answer;
    clear(&e);
    return error;
}
