/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client_packets.c: what a server sends. Events that come before the CONNECT reply wait for it: a
 * guard may emit already, and so may the recovery of a connection's state. */

#include <stdlib.h>
#include <string.h>

#include "payload/value.h"
#include "socketio/client.h"

/* An event that has come too early. */
typedef struct early {
    vireo__list node;
    vireo_value *args;
    size_t id_len;
    char id[VIREO__ACK_ID_MAX];
} early;

/* --- events ----------------------------------------------------------------------------------- */

/* With recovery the server gives each event an offset, its last argument. */
static void note_offset(vireo__client *c, const vireo_value *args, bool wants_ack)
{
    size_t count = vireo_count(args);
    const char *last = count > 1 ? vireo_str(vireo_at(args, count - 1)) : NULL;
    char *copy = c->pid != NULL && last != NULL && !wants_ack ? strdup(last) : NULL;
    if (copy == NULL)
        return;
    free(c->offset);
    c->offset = copy;
}

/* The handlers may end everything; |args| stay until the packet is handled. */
static void deliver(vireo__client *c, const vireo_value *args, vireo__str id)
{
    vireo__dispatch(c->socket, args, id);
    note_offset(c, args, id.len > 0);
}

static int keep_early(vireo__client *c, const vireo_value *args, vireo__str id)
{
    size_t size = sizeof(early) + vireo__value_size(args);
    if (args == NULL || id.len > VIREO__ACK_ID_MAX)
        return 0;
    if (size > c->manager->io.options.max_message_bytes - c->early_bytes)
        return VIREO_ETOOBIG;
    early *e = calloc(1, sizeof *e);
    if (e == NULL || (e->args = vireo_copy(args)) == NULL) {
        free(e);
        return VIREO_ENOMEM;
    }
    e->id_len = id.len;
    memcpy(e->id, id.at, id.len);
    vireo__list_append(&c->early, &e->node);
    c->early_bytes += size;
    return 0;
}

static void free_early(early *e)
{
    vireo__list_remove(&e->node);
    vireo_value_free(e->args);
    free(e);
}

void vireo__client_forget_early(vireo__client *c)
{
    while (!vireo__list_empty(&c->early))
        free_early(vireo__container(c->early.next, early, node));
    c->early_bytes = 0;
}

/* --- packets ---------------------------------------------------------------------------------- */

/* The peer has broken the rules. */
static void broken(vireo__manager *m, const char *what)
{
    vireo__manager_lost(m, "parse error", what);
}

static vireo__client *find(vireo__manager *m, vireo__str ns)
{
    for (vireo__list *at = m->sockets.next; at != &m->sockets; at = at->next) {
        vireo__client *c = vireo__container(at, vireo__client, node);
        if (c->active && vireo__str_equal(ns, c->socket->ns->name))
            return c;
    }
    return NULL;
}

static void take_event(vireo__client *c, const vireo__sio_packet *packet)
{
    if (c->socket->connected)
        deliver(c, packet->payload, packet->id);
    else if (c->connecting && keep_early(c, packet->payload, packet->id) < 0)
        broken(c->manager, "too much before the namespace is joined");
}

static void route(vireo__client *c, const vireo__sio_packet *packet)
{
    switch (packet->type) {
    case VIREO__SIO_CONNECT:
        vireo__client_connected(c, packet->payload);
        break;
    case VIREO__SIO_EVENT:
    case VIREO__SIO_BINARY_EVENT:
        take_event(c, packet);
        break;
    case VIREO__SIO_ACK:
    case VIREO__SIO_BINARY_ACK:
        vireo__ack_received(c->socket, packet->id, packet->payload);
        break;
    case VIREO__SIO_DISCONNECT:
        vireo__client_put_out(c);
        break;
    case VIREO__SIO_CONNECT_ERROR:
        vireo__client_refused(c, packet->payload);
        break;
    }
}

void vireo__client_deliver_early(vireo__client *c)
{
    vireo__list list;
    vireo__list_move(&list, &c->early);
    c->early_bytes = 0;
    while (!vireo__list_empty(&list)) {
        early *e = vireo__container(list.next, early, node);
        if (c->socket->connected)
            deliver(c, e->args, (vireo__str){e->id, e->id_len});
        free_early(e);
    }
}

/* --- messages --------------------------------------------------------------------------------- */

void vireo__client_received(vireo__manager *m, bool binary, const uint8_t *data, size_t len)
{
    vireo_error why;
    vireo__sio_packet packet;
    vireo_piece piece = {binary, data, len};
    int found =
        vireo__sio_decoder_feed(&m->decoder, &m->io.codec, &m->io.doc, &piece, &packet, &why);
    vireo__client *c = found > 0 ? find(m, packet.ns) : NULL;
    if (found < 0)
        broken(m, found == VIREO_ENOMEM ? vireo_strerror(found) : why.text);
    else if (c != NULL)
        route(c, &packet);
    vireo__sio_decoder_done(&packet, &m->io.doc);
}
