/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "socketio/ask.h"

#include <stdio.h>
#include <stdlib.h>

#include <vireo/error.h>

#include "socketio/inside.h"
#include "socketio/local.h"

/* --- asking ----------------------------------------------------------------------------------- */

static void on_answer(vireo_socket *s, int status, const vireo_value *args, void *user)
{
    vireo__asker *asker = user;
    (void)s;
    asker->waiting--;
    if (status == 0)
        asker->answered(asker, vireo_at(args, 0));
    else if (status == VIREO_ECLOSED)
        asker->lost(asker);
    if (asker->waiting == 0)
        asker->over(asker);
}

typedef struct asking {
    const vireo__sio_message *message;
    uint64_t number;
    uint32_t timeout_ms;
    vireo__manner how;
    vireo__asker *asker;
} asking;

static void ask_one(vireo_socket *s, void *user)
{
    const asking *r = user;
    if (!vireo__manner_takes(&r->how, s))
        return;
    vireo__ack *ack = vireo__ack_expect_number(s, r->number, r->timeout_ms, on_answer, r->asker);
    if (ack == NULL)
        return;
    if (vireo__sio_message_send(r->message, s->conn->session) < 0) {
        vireo__ack_cancel(ack);
        return;
    }
    s->ns->io->counts.sent++;
    r->asker->waiting++;
}

size_t vireo__ask(const vireo_to *to, const vireo__sio_message *message, uint64_t number,
                  uint32_t timeout_ms, vireo__asker *asker)
{
    asking r = {message, number, timeout_ms, vireo__manner_of(to, message), asker};
    vireo__outgoing_many(to, message);
    vireo__local_each(to, ask_one, &r);
    size_t asked = asker->waiting;
    if (asked == 0)
        asker->over(asker);
    return asked;
}

/* --- for this server's requests --------------------------------------------------------------- */

/* The request may be over before the last of them has answered. */
typedef struct own {
    vireo__asker base;
    vireo_ns *ns;
    uint64_t request;
} own;

static vireo__request *request_of(vireo__asker *asker)
{
    const own *o = vireo__container(asker, own, base);
    return vireo__request_find(o->ns, o->request);
}

static void own_answered(vireo__asker *asker, const vireo_value *first)
{
    vireo__request *r = request_of(asker);
    if (r == NULL)
        return;
    vireo__request_result(r, first);
    vireo__request_client_done(r, 1);
}

static void own_lost(vireo__asker *asker)
{
    vireo__request *r = request_of(asker);
    if (r != NULL)
        vireo__request_lost(r, 1);
}

static void own_over(vireo__asker *asker)
{
    free(vireo__container(asker, own, base));
}

int vireo__ask_for_request(const vireo_to *to, const vireo__sio_message *message, vireo__request *r)
{
    own *o = calloc(1, sizeof *o);
    if (o == NULL)
        return VIREO_ENOMEM;
    o->base.answered = own_answered;
    o->base.lost = own_lost;
    o->base.over = own_over;
    o->ns = to->ns;
    o->request = r->id;
    vireo__request_server_done(r, vireo__ask(to, message, r->ack, r->timeout_ms, &o->base));
    return 0;
}

/* --- for other servers ------------------------------------------------------------------------ */

int64_t vireo__ask_for_other(const vireo_to *to, vireo__str json, const vireo__attachment *parts,
                             size_t count, uint32_t timeout_ms, vireo__asker *asker)
{
    vireo__sio_message message;
    vireo_ns *ns = to->ns;
    uint64_t number = ns->next_ack++;
    char id[VIREO__ACK_ID_SIZE];
    vireo__sio_head head = {VIREO__SIO_EVENT, ns->name, vireo__ack_digits(id, number), NULL};
    int error = vireo__sio_message_wrap(&message, &ns->io->codec, &head, json, parts, count);
    if (error < 0)
        return error;
    size_t asked = vireo__ask(to, &message, number, timeout_ms, asker);
    vireo__sio_message_release(&message);
    return (int64_t)asked;
}
