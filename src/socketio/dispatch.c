/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* dispatch.c: an event that arrived: its handlers, its arguments, its acknowledgement. */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "payload/json_write.h"
#include "payload/value.h"
#include "socketio/inside.h"
#include "socketio/server_events.h"

enum { NUMBER_NAME_SIZE = 32 }; /* of an event that is named by a number, as text */

/* --- calling the handlers --------------------------------------------------------------------- */

/* A handler may disconnect the socket: then the next ones hear nothing any more. The name is
 * compared as a whole: what has a NUL in it must not pass for what stands before that. */
static void call_handlers(vireo_socket *s, const vireo_msg *m)
{
    const vireo_event_handler *row = vireo__map_get(s->ns->handlers, m->event, m->event_len);
    if (row != NULL && !s->closed)
        row->handle(s, m);
    if (vireo__listeners_any(s) && !s->closed)
        vireo__listeners_call(s, m);
}

/* Catch-all handlers see what the guards of events refuse, as with the official server. */
static void call_any(vireo_socket *s, const vireo_msg *m)
{
    if (s->ns->options.on_any != NULL)
        s->ns->options.on_any(s, m);
    if (vireo__listeners_any(s) && !s->closed)
        vireo__listeners_call_any(s, m);
}

/* A guard that has held the event and decides all the same owes an answer that nobody waits for. */
static int ask(vireo_event_guard_fn guard, vireo_msg *m)
{
    m->in_guard = true;
    int verdict = guard(m->socket, m);
    m->in_guard = false;
    if (verdict == VIREO_LATER)
        return m->held != NULL ? VIREO_LATER : VIREO_EINVAL;
    if (m->held != NULL)
        vireo__held_drop(m->held);
    m->held = NULL;
    return verdict;
}

void vireo__dispatch_refuse(vireo_msg *m, int error)
{
    vireo_socket *s = m->socket;
    if (s->ns->options.on_error != NULL && !s->closed)
        s->ns->options.on_error(s, m->why != NULL ? m->why : vireo_strerror(error));
    free(m->why);
    m->why = NULL;
}

void vireo__dispatch_from(vireo_msg *m)
{
    vireo_socket *s = m->socket;
    const vireo_event_guard_fn *guards = s->ns->options.event_guards;
    int verdict = 0;
    for (; guards != NULL && guards[m->guard] != NULL && verdict == 0 && !s->closed; m->guard++)
        verdict = ask(guards[m->guard], m);
    if (verdict == 0)
        call_handlers(s, m);
    else if (verdict != VIREO_LATER)
        vireo__dispatch_refuse(m, verdict);
    free(m->why);
    m->why = NULL;
}

/* JavaScript looks an event up by String(name): 7 and 7.0 are the event "7". */
static bool take_name(vireo_msg *m, char number[NUMBER_NAME_SIZE])
{
    vireo__buf text;
    const vireo_value *name = vireo_at(m->args, 0);
    m->event = vireo_str_len(name, &m->event_len);
    if (vireo_type_of(name) != VIREO_NUMBER)
        return m->event != NULL;
    vireo__buf_init(&text, NUMBER_NAME_SIZE - 1);
    vireo__json_write_double(&text, vireo_num(name, 0));
    if (text.error == 0) {
        memcpy(number, text.data, text.len);
        number[text.len] = '\0';
        m->event = number;
        m->event_len = text.len;
    }
    vireo__buf_deinit(&text);
    return m->event != NULL;
}

void vireo__dispatch(vireo_socket *s, const vireo_value *args, vireo__str ack_id)
{
    char number[NUMBER_NAME_SIZE];
    vireo_msg m = {.socket = s, .args = args, .id = ack_id};
    if (args == NULL || !take_name(&m, number) || !vireo__limits_allow(s, &m))
        return;
    s->ns->io->counts.received++;
    vireo__debug(s->ns->io->loop, VIREO__DEBUG_SOCKET, "%.*s.. event %.*s, %zu arguments%s",
                 VIREO__DEBUG_ID, s->id,
                 vireo__debug_cut(m.event, m.event_len, VIREO__DEBUG_PACKET), m.event,
                 vireo_count(args) - 1, m.id.len > 0 ? ", wants an answer" : "");
    call_any(s, &m);
    if (!s->closed)
        vireo__dispatch_from(&m);
}

/* --- what a handler asks ---------------------------------------------------------------------- */

const char *vireo_event(const vireo_msg *m)
{
    return m->event;
}

const vireo_value *vireo_arg(const vireo_msg *m, size_t i)
{
    return vireo_at(m->args, i + 1);
}

size_t vireo_arg_count(const vireo_msg *m)
{
    return vireo_count(m->args) - 1;
}

const vireo_value *vireo_args(const vireo_msg *m)
{
    return m->args;
}

/* --- answering -------------------------------------------------------------------------------- */

bool vireo_wants_ack(const vireo_msg *m)
{
    if (m->reply != NULL)
        return !m->reply->sent;
    return m->id.len > 0 && m->id.len <= VIREO__ACK_ID_MAX && !m->answered;
}

int vireo__answer(vireo_socket *s, vireo__str id, const vireo__sio_args *args)
{
    vireo__sio_message message;
    char digits[VIREO__ACK_ID_MAX + 1];
    if (s == NULL || s->closed)
        return VIREO_ECLOSED;
    memcpy(digits, id.at, id.len);
    digits[id.len] = '\0';
    vireo__sio_head head = {VIREO__SIO_ACK, s->ns->name, digits, NULL};
    int error = vireo__sio_message_make(&message, &s->ns->io->codec, &head, args);
    if (error < 0)
        return error;
    error = s->ns->io->end->send(s, &message, VIREO__SIO_ACK, NULL, &(vireo__manner){0});
    vireo__sio_message_release(&message);
    return error;
}

static int answer(const vireo_msg *const_m, const vireo__sio_args *args)
{
    /* users hold it const: only we note the answer */
    vireo_msg *m = (vireo_msg *)(uintptr_t)const_m;
    if (m->reply != NULL)
        return vireo__server_answer(m, args);
    if (m->id.len == 0 || m->id.len > VIREO__ACK_ID_MAX)
        return VIREO_ENOTFOUND;
    if (m->answered)
        return VIREO_EANSWERED;
    int error = vireo__answer(m->socket, m->id, args);
    m->answered = error == 0;
    return error;
}

int vireo_ack(const vireo_msg *m, const char *tmpl, ...)
{
    va_list list;
    va_start(list, tmpl);
    int error = answer(m, &(vireo__sio_args){.tmpl = tmpl, .list = &list});
    va_end(list);
    return error;
}

int vireo_ack_value(const vireo_msg *m, const vireo_value *args)
{
    return answer(m, &(vireo__sio_args){.values = args});
}
