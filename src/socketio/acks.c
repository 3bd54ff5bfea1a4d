/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* acks.c: answers that the server waits for. Numbers are counted per namespace, so one map finds
 * any of them. */

#include <stdio.h>
#include <stdlib.h>

#include <vireo/error.h>

#include "socketio/inside.h"

struct vireo__ack {
    uint64_t
        key[2]; /* of the map: the number, and the socket, since no client answers for another */
    vireo_socket *socket;
    vireo__list node; /* in socket->more->acks */
    vireo__deadline deadline;
    vireo_ack_fn fn;
    void *user;
    uint32_t timeout_ms;
    void (*on_gone)(void *parked); /* while it is parked; else NULL */
    void *parked;
    char digits[VIREO__ACK_ID_SIZE];
};

static void forget(vireo__ack *ack)
{
    vireo__map_remove(&ack->socket->ns->acks, ack->key, sizeof ack->key);
    vireo__list_remove(&ack->node);
    vireo__deadline_stop(&ack->deadline);
}

static void finish(vireo__ack *ack, int status, const vireo_value *args)
{
    forget(ack);
    if (ack->on_gone != NULL)
        ack->on_gone(ack->parked);
    ack->fn(ack->socket, status, args, ack->user);
    free(ack);
}

static void on_overdue(vireo__deadline *d)
{
    finish(vireo__container(d, vireo__ack, deadline), VIREO_ETIMEDOUT, NULL);
}

const char *vireo__ack_digits(char id[VIREO__ACK_ID_SIZE], uint64_t number)
{
    snprintf(id, VIREO__ACK_ID_SIZE, "%llu", (unsigned long long)number);
    return id;
}

vireo__ack *vireo__ack_expect(vireo_socket *s, uint32_t timeout_ms, vireo_ack_fn fn, void *user)
{
    return vireo__ack_expect_number(s, s->ns->next_ack++, timeout_ms, fn, user);
}

vireo__ack *vireo__ack_expect_number(vireo_socket *s, uint64_t number, uint32_t timeout_ms,
                                     vireo_ack_fn fn, void *user)
{
    vireo_ns *ns = s->ns;
    vireo__ack *ack = vireo__socket_more_of(s) != NULL ? calloc(1, sizeof *ack) : NULL;
    if (ack == NULL)
        return NULL;
    if (timeout_ms == 0)
        timeout_ms = ns->ack_timeout_ms;
    ack->timeout_ms = timeout_ms;
    ack->key[0] = number;
    ack->key[1] = (uintptr_t)s;
    ack->socket = s;
    ack->fn = fn;
    ack->user = user;
    vireo__list_append(&s->more->acks, &ack->node);
    vireo__ack_digits(ack->digits, number);
    int error = vireo__map_put(&ns->acks, ack->key, sizeof ack->key, ack);
    if (error == 0 && timeout_ms > 0)
        error = vireo__deadline_start(ns->io->loop, &ack->deadline, timeout_ms, on_overdue);
    if (error < 0) {
        vireo__ack_cancel(ack);
        return NULL;
    }
    return ack;
}

const char *vireo__ack_id(const vireo__ack *ack)
{
    return ack->digits;
}

void vireo__ack_cancel(vireo__ack *ack)
{
    forget(ack);
    free(ack);
}

void vireo__ack_take(vireo__ack *ack, vireo_ack_fn *fn, void **user, uint32_t *timeout_ms)
{
    *fn = ack->fn;
    *user = ack->user;
    *timeout_ms = ack->timeout_ms;
    vireo__ack_cancel(ack);
}

void vireo__ack_move(vireo__ack *ack, vireo__list *list)
{
    vireo__list_remove(&ack->node);
    vireo__list_append(list, &ack->node);
}

void vireo__ack_park(vireo__ack *ack, vireo__list *list, void (*on_gone)(void *parked),
                     void *parked)
{
    ack->on_gone = on_gone;
    ack->parked = parked;
    vireo__ack_move(ack, list);
}

void vireo__ack_unpark(vireo__ack *ack)
{
    ack->on_gone = NULL;
    vireo__ack_move(ack, &ack->socket->more->acks);
}

void vireo__ack_received(vireo_socket *s, vireo__str id, const vireo_value *args)
{
    uint64_t key[2] = {0, (uintptr_t)s};
    if (id.len == 0 || id.len > 19)
        return;
    for (size_t i = 0; i < id.len; i++)
        key[0] = key[0] * 10 + (uint64_t)(id.at[i] - '0');
    vireo__ack *ack = vireo__map_get(&s->ns->acks, key, sizeof key);
    if (ack != NULL)
        finish(ack, 0, args);
}

void vireo__ack_fail_all(vireo_socket *s)
{
    while (s->more != NULL && !vireo__list_empty(&s->more->acks))
        finish(vireo__container(s->more->acks.next, vireo__ack, node), VIREO_ECLOSED, NULL);
}
