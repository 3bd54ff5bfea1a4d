/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "sse/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void vireo__sse_history_init(vireo__sse_history *h, uint32_t max_events, size_t max_bytes,
                             uint64_t epoch)
{
    *h = (vireo__sse_history){.max_events = max_events, .max_bytes = max_bytes, .epoch = epoch};
}

static vireo__sse_past *slot(const vireo__sse_history *h, uint64_t number)
{
    return &h->ring[number % h->max_events];
}

static uint64_t oldest(const vireo__sse_history *h)
{
    return h->last - h->count + 1;
}

static void drop_oldest(vireo__sse_history *h)
{
    vireo__sse_past *past = slot(h, oldest(h));
    h->bytes -= past->text->len;
    vireo__shared_unref(past->text);
    free(past->room);
    h->count--;
}

static void drop_all(vireo__sse_history *h)
{
    while (h->count > 0)
        drop_oldest(h);
}

void vireo__sse_history_deinit(vireo__sse_history *h)
{
    drop_all(h);
    free(h->ring);
    h->ring = NULL;
}

void vireo__sse_history_next_id(const vireo__sse_history *h, char id[VIREO__SSE_ID_SIZE])
{
    snprintf(id, VIREO__SSE_ID_SIZE, "%08" PRIx32 "-%" PRIu64, (uint32_t)h->epoch, h->last + 1);
}

/* Makes room for one more of |size| bytes. */
static bool make_room(vireo__sse_history *h, size_t size)
{
    if (h->max_events == 0 || size > h->max_bytes)
        return false;
    if (h->ring == NULL)
        h->ring = calloc(h->max_events, sizeof *h->ring);
    if (h->ring == NULL)
        return false;
    while (h->count > 0 && (h->count == h->max_events || h->bytes + size > h->max_bytes))
        drop_oldest(h);
    return true;
}

void vireo__sse_history_add(vireo__sse_history *h, vireo__shared *text, const char *room)
{
    char *name = room != NULL ? malloc(strlen(room) + 1) : NULL;
    if (name != NULL)
        strcpy(name, room);
    bool kept = (room == NULL || name != NULL) && make_room(h, text->len);
    if (!kept) {
        drop_all(h);
        h->last++;
        free(name);
        return;
    }
    h->last++;
    *slot(h, h->last) = (vireo__sse_past){vireo__shared_ref(text), name};
    h->bytes += text->len;
    h->count++;
}

bool vireo__sse_history_find(const vireo__sse_history *h, const char *id, uint64_t *number)
{
    char own[VIREO__SSE_ID_SIZE];
    uint32_t epoch;
    if (sscanf(id, "%8" SCNx32 "-%19" SCNu64, &epoch, number) != 2 || epoch != (uint32_t)h->epoch)
        return false;
    /* Only what reads exactly as we wrote it: no sign, no blanks, nothing behind. */
    snprintf(own, sizeof own, "%08" PRIx32 "-%" PRIu64, epoch, *number);
    return strcmp(own, id) == 0 && *number <= h->last && *number + 1 >= oldest(h);
}

const vireo__sse_past *vireo__sse_history_get(const vireo__sse_history *h, uint64_t number)
{
    return h->count > 0 && number >= oldest(h) && number <= h->last ? slot(h, number) : NULL;
}
