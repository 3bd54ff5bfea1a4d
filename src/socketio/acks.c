/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* acks.c: answers that the server waits for. Numbers are counted per namespace, so one map finds
 * any of them. */

#include <stdio.h>
#include <stdlib.h>

#include <vireo/error.h>

#include "socketio/inside.h"

struct vireo__ack {
    uint64_t number; /* the map's key */
    vireo_socket *socket;
    vireo__list node; /* in socket->acks */
    vireo__deadline deadline;
    vireo_ack_fn fn;
    void *user;
    char digits[21];
};

static void forget(vireo__ack *ack)
{
    vireo__map_remove(&ack->socket->ns->acks, &ack->number, sizeof ack->number);
    vireo__list_remove(&ack->node);
    vireo__deadline_stop(&ack->deadline);
}

static void finish(vireo__ack *ack, int status, const vireo_value *args)
{
    forget(ack);
    ack->fn(ack->socket, status, args, ack->user);
    free(ack);
}

static void on_overdue(vireo__deadline *d)
{
    finish(vireo__container(d, vireo__ack, deadline), VIREO_ETIMEDOUT, NULL);
}

vireo__ack *vireo__ack_expect(vireo_socket *s, uint32_t timeout_ms, vireo_ack_fn fn, void *user)
{
    vireo_ns *ns = s->ns;
    vireo__ack *ack = calloc(1, sizeof *ack);
    if (ack == NULL)
        return NULL;
    ack->number = ns->next_ack++;
    ack->socket = s;
    ack->fn = fn;
    ack->user = user;
    vireo__list_append(&s->acks, &ack->node);
    snprintf(ack->digits, sizeof ack->digits, "%llu", (unsigned long long)ack->number);
    int error = vireo__map_put(&ns->acks, &ack->number, sizeof ack->number, ack);
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

void vireo__ack_received(vireo_socket *s, vireo__str id, const vireo_value *args)
{
    uint64_t number = 0;
    if (id.len == 0 || id.len > 19)
        return;
    for (size_t i = 0; i < id.len; i++)
        number = number * 10 + (uint64_t)(id.at[i] - '0');
    vireo__ack *ack = vireo__map_get(&s->ns->acks, &number, sizeof number);
    if (ack != NULL && ack->socket == s) /* one client must not answer for another */
        finish(ack, 0, args);
}

void vireo__ack_fail_all(vireo_socket *s)
{
    while (!vireo__list_empty(&s->acks))
        finish(vireo__container(s->acks.next, vireo__ack, node), VIREO_ECLOSED, NULL);
}
