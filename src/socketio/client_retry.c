/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client_retry.c: at least once: events stand in a queue, the first one is sent, and again with
 * each new connection or after its time-out, until the server has acknowledged it or its tries are
 * used up.
 *
 * The official client hands the server's answer over in the place of an error where no time-out is
 * set, and sends the event again for it. Here an answer is an answer. */

#include <stdlib.h>

#include "socketio/client.h"
#include "ws/frame.h"

typedef struct item {
    vireo__list node;
    vireo__client *client;
    vireo__sio_message message; /* without an id: each try has one of its own */
    vireo_ack_fn fn;            /* of the user, or NULL */
    void *user;
    vireo__ack *ack; /* of the try under way, or NULL */
    size_t bytes;
    uint32_t timeout_ms;
    uint32_t tries;
} item;

static void free_item(item *i)
{
    vireo__list_remove(&i->node);
    vireo__client_let_go(i->client, &i->message, i->bytes);
    free(i);
}

int vireo__client_queue(vireo__client *c, const vireo__sio_message *message, vireo__ack *ack)
{
    item *i = calloc(1, sizeof *i);
    int error = i != NULL ? vireo__client_hold(c, message, &i->message, &i->bytes) : VIREO_ENOMEM;
    if (error < 0) {
        free(i);
        return error;
    }
    i->client = c;
    i->timeout_ms = c->options.ack_timeout_ms;
    if (ack != NULL)
        vireo__ack_take(ack, &i->fn, &i->user, &i->timeout_ms);
    vireo__list_append(&c->queue, &i->node);
    vireo__client_drain(c, false);
    return 0;
}

static void on_answer(vireo_socket *s, int status, const vireo_value *args, void *user)
{
    item *i = user;
    vireo__client *c = i->client;
    i->ack = NULL;
    if (status == 0 || i->tries > c->options.retries) {
        vireo_ack_fn fn = i->fn;
        void *own = i->user;
        free_item(i);
        if (fn != NULL)
            fn(s, status, args, own);
    }
    vireo__client_drain(c, false);
}

static int send_again(vireo__client *c, item *i)
{
    vireo__sio_message packet;
    vireo__sio_head head = {VIREO__SIO_EVENT, c->socket->ns->name, vireo__ack_id(i->ack), NULL};
    vireo__attachment *parts = calloc(i->message.part_count + 1, sizeof *parts);
    if (parts == NULL)
        return VIREO_ENOMEM;
    for (size_t n = 0; n < i->message.part_count; n++)
        parts[n] = (vireo__attachment){vireo__ws_payload(i->message.parts[n]),
                                       vireo__ws_payload_len(i->message.parts[n])};
    int error =
        vireo__sio_message_wrap(&packet, &c->manager->io.codec, &head,
                                vireo__sio_message_json(&i->message), parts, i->message.part_count);
    free(parts);
    if (error < 0)
        return error;
    error = vireo__client_send_now(c, &packet);
    vireo__sio_message_release(&packet);
    return error;
}

static int send_first(vireo__client *c, item *i)
{
    i->ack = vireo__ack_expect(c->socket, i->timeout_ms, on_answer, i);
    int error = i->ack != NULL ? send_again(c, i) : VIREO_ENOMEM;
    if (error < 0 && i->ack != NULL) {
        vireo__ack_cancel(i->ack);
        i->ack = NULL;
    }
    return error;
}

/* What cannot be sent now has not been tried. */
static void try_one(vireo__client *c, item *i)
{
    vireo__outgoing_one(c->socket, &i->message, NULL);
    if (!c->socket->connected || c->queue.next != &i->node || i->ack != NULL)
        return;
    int error = send_first(c, i);
    if (error == 0)
        i->tries++;
    else
        vireo__client_unsendable(c, error);
}

void vireo__client_drain(vireo__client *c, bool again)
{
    if (vireo__list_empty(&c->queue) || !c->socket->connected)
        return;
    item *i = vireo__container(c->queue.next, item, node);
    if (i->ack != NULL && again) {
        vireo__ack_cancel(i->ack);
        i->ack = NULL;
    }
    if (i->ack == NULL)
        try_one(c, i);
}

/* Whoever waits hears of it. */
void vireo__client_forget_queue(vireo__client *c)
{
    while (!vireo__list_empty(&c->queue)) {
        item *i = vireo__container(c->queue.next, item, node);
        vireo_ack_fn fn = i->fn;
        void *user = i->user;
        if (i->ack != NULL)
            vireo__ack_cancel(i->ack);
        free_item(i);
        if (fn != NULL)
            fn(c->socket, VIREO_ECLOSED, NULL, user);
    }
}
