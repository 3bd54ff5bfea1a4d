/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "socketio/stays.h"

#include <stdlib.h>
#include <string.h>

vireo__stays *vireo__stays_new(void)
{
    vireo__history named;
    vireo__stays *stays = calloc(1, sizeof *stays);
    if (stays == NULL)
        return NULL;
    uv_mutex_init(&stays->lock);
    vireo__map_init(&stays->by_pid, vireo__hash_key_random());
    vireo__list_init(&stays->away);
    vireo__history_init(&named, 0);
    memcpy(stays->epoch, named.epoch, sizeof stays->epoch);
    return stays;
}

void vireo__stays_free(vireo__stays *stays)
{
    if (stays == NULL)
        return;
    vireo__map_deinit(&stays->by_pid);
    uv_mutex_destroy(&stays->lock);
    free(stays);
}

vireo__stay *vireo__stay_begin(vireo__stays *stays, const char *pid, unsigned worker)
{
    vireo__stay *stay = calloc(1, sizeof *stay);
    if (stay == NULL)
        return NULL;
    strcpy(stay->pid, pid);
    stay->worker = worker;
    vireo__list_init(&stay->node);
    uv_mutex_lock(&stays->lock);
    int error = vireo__map_put(&stays->by_pid, stay->pid, VIREO__ID_LEN, stay);
    uv_mutex_unlock(&stays->lock);
    if (error < 0) {
        free(stay);
        return NULL;
    }
    atomic_fetch_add_explicit(&stays->present, 1, memory_order_relaxed);
    return stay;
}

static void fetch(vireo__stays *stays, vireo__stay *stay)
{
    if (vireo__list_empty(&stay->node))
        return;
    vireo__list_remove(&stay->node);
    stays->away_count--;
    stays->away_bytes -= stay->size;
}

void vireo__stay_end(vireo__stays *stays, vireo__stay *stay)
{
    uv_mutex_lock(&stays->lock);
    fetch(stays, stay);
    vireo__map_remove(&stays->by_pid, stay->pid, VIREO__ID_LEN);
    uv_mutex_unlock(&stays->lock);
    atomic_fetch_sub_explicit(&stays->present, 1, memory_order_relaxed);
    free(stay);
}

void vireo__stay_leave(vireo__stays *stays, vireo__stay *stay, size_t size)
{
    uv_mutex_lock(&stays->lock);
    stay->size = size;
    vireo__list_append(&stays->away, &stay->node);
    stays->away_count++;
    stays->away_bytes += size;
    uv_mutex_unlock(&stays->lock);
}

void vireo__stay_return(vireo__stays *stays, vireo__stay *stay)
{
    uv_mutex_lock(&stays->lock);
    fetch(stays, stay);
    uv_mutex_unlock(&stays->lock);
}

bool vireo__stay_away(vireo__stays *stays, const vireo__stay *stay)
{
    uv_mutex_lock(&stays->lock);
    bool away = !vireo__list_empty(&stay->node);
    uv_mutex_unlock(&stays->lock);
    return away;
}

bool vireo__stays_trim(vireo__stays *stays, uint32_t most, size_t most_bytes,
                       char pid[VIREO__ID_SIZE], unsigned *worker)
{
    uv_mutex_lock(&stays->lock);
    bool many = stays->away_count > most || stays->away_bytes > most_bytes;
    if (many) {
        vireo__stay *first = vireo__container(stays->away.next, vireo__stay, node);
        fetch(stays, first);
        strcpy(pid, first->pid);
        *worker = first->worker;
    }
    uv_mutex_unlock(&stays->lock);
    return many;
}

bool vireo__stay_find(vireo__stays *stays, const char *pid, unsigned *worker)
{
    if (strlen(pid) != VIREO__ID_LEN)
        return false;
    uv_mutex_lock(&stays->lock);
    const vireo__stay *stay = vireo__map_get(&stays->by_pid, pid, VIREO__ID_LEN);
    if (stay != NULL)
        *worker = stay->worker;
    uv_mutex_unlock(&stays->lock);
    return stay != NULL;
}

int vireo__stay_move(vireo__stays *stays, vireo__stay *stay, unsigned worker,
                     int (*post)(void *argument), void *argument)
{
    uv_mutex_lock(&stays->lock);
    int error = post(argument);
    if (error >= 0)
        stay->worker = worker;
    uv_mutex_unlock(&stays->lock);
    return error;
}
