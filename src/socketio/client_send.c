/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client_send.c: what a client sends, and what waits until it is connected: in order, and through
 * any number of reconnections. */

#include <stdlib.h>

#include "socketio/client.h"
#include "ws/frame.h"

static size_t size_of(const vireo__sio_message *message)
{
    size_t count;
    vireo__shared *const *rest = vireo__sio_message_rest(message, &count);
    size_t sum = vireo__ws_payload_len(vireo__sio_message_first(message));
    for (size_t i = 0; i < count; i++)
        sum += vireo__ws_payload_len(rest[i]);
    return sum;
}

/* --- over the connection ---------------------------------------------------------------------- */

int vireo__client_send_now(vireo__client *c, const vireo__sio_message *message)
{
    vireo__manager *m = c->manager;
    vireo__eio_client *engine = m->engine;
    if (engine == NULL) /* it is being told that it has lost it */
        return VIREO_ECLOSED;
    size_t size = size_of(message), queued = vireo__eio_client_queued(engine);
    if (queued > m->max_queued_bytes || size > m->max_queued_bytes - queued)
        return VIREO_EFULL;
    size_t count;
    vireo__shared *const *rest = vireo__sio_message_rest(message, &count);
    int error = vireo__eio_client_send(engine, vireo__sio_message_first(message));
    if (error < 0)
        return error;
    for (size_t i = 0; i < count && error == 0; i++)
        error = vireo__eio_client_send(engine, rest[i]);
    if (error < 0) /* the server would take the next packet for what is missing */
        vireo__manager_fail(m, error);
    return error;
}

int vireo__client_send_raw(vireo__client *c, vireo__sio_type type, vireo__str json)
{
    vireo__sio_message message;
    vireo__sio_head head = {type, c->socket->ns->name, NULL, NULL};
    int error = vireo__sio_message_raw(&message, &c->manager->io.codec, &head, json);
    if (error < 0)
        return error;
    error = vireo__client_send_now(c, &message);
    vireo__sio_message_release(&message);
    return error;
}

void vireo__client_unsendable(vireo__client *c, int error)
{
    if (error != VIREO_EFULL)
        vireo__manager_fail(c->manager, error);
}

/* Listeners see what is sent when it is sent, and may end everything. */
static int send_event(vireo__client *c, const vireo__sio_message *message, vireo__ack *ack)
{
    vireo__outgoing_one(c->socket, message, ack);
    return c->socket->connected ? vireo__client_send_now(c, message) : VIREO_ECLOSED;
}

/* --- what waits ------------------------------------------------------------------------------- */

int vireo__client_hold(vireo__client *c, const vireo__sio_message *message,
                       vireo__sio_message *copy, size_t *bytes)
{
    size_t size = size_of(message), max = c->manager->max_queued_bytes;
    if (c->unsent_bytes > max || size > max - c->unsent_bytes)
        return VIREO_EFULL;
    if (vireo__sio_message_copy(copy, message) < 0)
        return VIREO_ENOMEM;
    c->unsent_bytes += size;
    *bytes = size;
    return 0;
}

void vireo__client_let_go(vireo__client *c, vireo__sio_message *copy, size_t bytes)
{
    c->unsent_bytes -= bytes;
    vireo__sio_message_release(copy);
}

static void free_unsent(vireo__unsent *u)
{
    u->client->unsent_count--;
    vireo__list_remove(&u->node);
    vireo__client_let_go(u->client, &u->message, u->bytes);
    free(u);
}

/* Its time-out is over: it is not sent any more. */
static void on_ack_gone(void *user)
{
    vireo__unsent *u = user;
    u->ack = NULL;
    free_unsent(u);
}

static int keep(vireo__client *c, const vireo__sio_message *message, vireo__ack *ack)
{
    vireo__unsent *u = calloc(1, sizeof *u);
    int error = u != NULL ? vireo__client_hold(c, message, &u->message, &u->bytes) : VIREO_ENOMEM;
    if (error < 0) {
        free(u);
        return error;
    }
    u->client = c;
    u->ack = ack;
    if (ack != NULL)
        vireo__ack_park(ack, &c->unsent_acks, on_ack_gone, u);
    vireo__list_append(&c->unsent, &u->node);
    c->unsent_count++;
    return 0;
}

/* What the connection does not take stays in front. */
void vireo__client_flush(vireo__client *c)
{
    while (!vireo__list_empty(&c->unsent) && c->socket->connected) {
        vireo__unsent *u = vireo__container(c->unsent.next, vireo__unsent, node);
        vireo__list *place = &u->node;
        const vireo__manager *m = c->manager;
        if (vireo__eio_client_queued(m->engine) > m->max_queued_bytes / 2)
            return; /* on_drain goes on */
        vireo__outgoing_one(c->socket, &u->message, NULL);
        if (c->unsent.next != place || !c->socket->connected)
            continue;
        int error = vireo__client_send_now(c, &u->message);
        if (error < 0) {
            vireo__client_unsendable(c, error);
            return;
        }
        if (u->ack != NULL)
            vireo__ack_unpark(u->ack);
        free_unsent(u);
    }
}

void vireo__client_forget_unsent(vireo__client *c)
{
    while (!vireo__list_empty(&c->unsent)) {
        vireo__unsent *u = vireo__container(c->unsent.next, vireo__unsent, node);
        if (u->ack != NULL)
            vireo__ack_unpark(u->ack);
        free_unsent(u);
    }
}

/* --- the user's ------------------------------------------------------------------------------- */

static bool stands(vireo__client *c)
{
    vireo__eio_client *engine = c->manager->engine;
    return c->socket->connected && engine != NULL && vireo__eio_client_stands(engine);
}

/* With a connection that could take it, what is volatile waits for the namespace, as with the
 * official client. */
static bool takes_volatile(const vireo__client *c)
{
    return c->manager->engine != NULL && vireo__eio_client_writable(c->manager->engine);
}

int vireo__client_send(vireo_socket *s, const vireo__sio_message *message, vireo__sio_type type,
                       vireo__ack *ack, const vireo__manner *how)
{
    vireo__client *c = vireo__client_of(s);
    if (how->volatile_ && !takes_volatile(c))
        return VIREO_EFULL;
    if (type == VIREO__SIO_ACK)
        return s->connected ? vireo__client_send_now(c, message) : VIREO_ECLOSED;
    if (c->options.retries > 0 && !how->volatile_)
        return vireo__client_queue(c, message, ack);
    if (stands(c) && vireo__list_empty(&c->unsent)) {
        int error = send_event(c, message, ack);
        if (error != VIREO_ECLOSED || !s->connected)
            return error;
    }
    return keep(c, message, ack);
}
