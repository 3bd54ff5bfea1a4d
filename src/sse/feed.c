/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "sse/feed.h"

#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include <vireo/error.h>

#include "base/random.h"
#include "sse/format.h"
#include "sse/history.h"

struct vireo__sse_feed {
    uv_mutex_t lock; /* of all below, and of the readers */
    vireo__sse_history history;
    vireo__list readers;
    size_t inbox_events;
    size_t inbox_bytes;
};

struct vireo__sse_reader {
    vireo__list node;
    vireo__sse_feed *feed;
    void *owner;
    vireo__list inbox;
    size_t count; /* in it */
    size_t bytes;
    bool woken;
};

/* --- items ------------------------------------------------------------------------------------ */

vireo__sse_item *vireo__sse_item_new(vireo__shared *text, const char *room)
{
    size_t size = room != NULL ? strlen(room) + 1 : 0;
    vireo__sse_item *item = malloc(sizeof *item + size);
    if (item == NULL)
        return NULL;
    vireo__list_init(&item->node);
    item->text = vireo__shared_ref(text);
    item->to_all = room == NULL;
    if (room != NULL)
        memcpy(item->room, room, size);
    return item;
}

void vireo__sse_item_free(vireo__sse_item *item)
{
    vireo__list_remove(&item->node);
    vireo__shared_unref(item->text);
    free(item);
}

static void drop_items(vireo__list *items)
{
    while (!vireo__list_empty(items))
        vireo__sse_item_free(vireo__container(items->next, vireo__sse_item, node));
}

/* --- life ------------------------------------------------------------------------------------- */

vireo__sse_feed *vireo__sse_feed_new(uint32_t max_events, size_t max_bytes, size_t inbox_events,
                                     size_t inbox_bytes)
{
    vireo__sse_feed *f = calloc(1, sizeof *f);
    uint64_t epoch;
    if (f == NULL)
        return NULL;
    vireo__random(&epoch, sizeof epoch);
    uv_mutex_init(&f->lock);
    vireo__list_init(&f->readers);
    vireo__sse_history_init(&f->history, max_events, max_bytes, epoch);
    f->inbox_events = inbox_events > 0 ? inbox_events : VIREO__SSE_INBOX_EVENTS;
    f->inbox_bytes = inbox_bytes > 0 ? inbox_bytes : VIREO__SSE_INBOX_BYTES;
    return f;
}

void vireo__sse_feed_free(vireo__sse_feed *f)
{
    if (f == NULL)
        return;
    while (!vireo__list_empty(&f->readers)) {
        vireo__sse_reader *r = vireo__container(f->readers.next, vireo__sse_reader, node);
        drop_items(&r->inbox);
        vireo__list_remove(&r->node);
        free(r);
    }
    vireo__sse_history_deinit(&f->history);
    uv_mutex_destroy(&f->lock);
    free(f);
}

vireo__sse_reader *vireo__sse_feed_join(vireo__sse_feed *f, void *owner)
{
    vireo__sse_reader *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->feed = f;
    r->owner = owner;
    vireo__list_init(&r->inbox);
    uv_mutex_lock(&f->lock);
    vireo__list_append(&f->readers, &r->node);
    uv_mutex_unlock(&f->lock);
    return r;
}

void vireo__sse_feed_leave(vireo__sse_reader *r)
{
    uv_mutex_lock(&r->feed->lock);
    r->owner = NULL;
    drop_items(&r->inbox);
    uv_mutex_unlock(&r->feed->lock);
}

void *vireo__sse_reader_owner(const vireo__sse_reader *r)
{
    return r->owner;
}

/* --- publishing ------------------------------------------------------------------------------- */

/* Returns whether it gets it, or needs nothing any more. */
static bool put(vireo__sse_reader *r, vireo__shared *text, const char *room)
{
    const vireo__sse_feed *f = r->feed;
    if (r->owner == NULL)
        return true;
    if (r->count >= f->inbox_events || text->len > f->inbox_bytes - r->bytes)
        return false;
    vireo__sse_item *item = vireo__sse_item_new(text, room);
    if (item == NULL)
        return false;
    vireo__list_append(&r->inbox, &item->node);
    r->count++;
    r->bytes += text->len;
    return true;
}

static void move_all(vireo__sse_reader *r, vireo__list *items)
{
    vireo__list_move(items, &r->inbox);
    r->count = 0;
    r->bytes = 0;
    r->woken = false;
}

static int write_event(const vireo__sse_feed *f, const char *event, vireo__str data,
                       vireo__buf *out, vireo__shared **text)
{
    char id[VIREO__SSE_ID_SIZE];
    bool keep = f->history.max_events > 0;
    vireo__sse_history_next_id(&f->history, id);
    int error = vireo__sse_format_event(out, keep ? id : NULL, event, data);
    if (error < 0)
        return error;
    *text = vireo__shared_copy(out->data, out->len);
    return *text != NULL ? 0 : VIREO_ENOMEM;
}

static void spread(vireo__sse_reader *from, vireo__shared *text, const char *room, unsigned *missed)
{
    vireo__sse_feed *f = from->feed;
    if (f->history.max_events > 0)
        vireo__sse_history_add(&f->history, text, room);
    for (vireo__list *at = f->readers.next; at != &f->readers; at = at->next) {
        vireo__sse_reader *r = vireo__container(at, vireo__sse_reader, node);
        if (r != from && !put(r, text, room))
            ++*missed;
    }
}

int vireo__sse_feed_publish(vireo__sse_reader *r, const char *room, const char *event,
                            vireo__str data, vireo__buf *out, vireo__list *before,
                            vireo__shared **text, unsigned *missed)
{
    vireo__sse_feed *f = r->feed;
    *missed = 0;
    uv_mutex_lock(&f->lock);
    int error = write_event(f, event, data, out, text);
    if (error == 0) {
        move_all(r, before);
        spread(r, *text, room, missed);
    }
    uv_mutex_unlock(&f->lock);
    return error;
}

/* --- reading ---------------------------------------------------------------------------------- */

bool vireo__sse_feed_take(vireo__sse_reader *r, size_t most, vireo__list *items)
{
    vireo__list_init(items);
    uv_mutex_lock(&r->feed->lock);
    for (size_t i = 0; i < most && !vireo__list_empty(&r->inbox); i++) {
        vireo__sse_item *item = vireo__container(r->inbox.next, vireo__sse_item, node);
        r->count--;
        r->bytes -= item->text->len;
        vireo__list_remove(&item->node);
        vireo__list_append(items, &item->node);
    }
    bool all = vireo__list_empty(&r->inbox);
    r->woken = r->woken && !all;
    uv_mutex_unlock(&r->feed->lock);
    return all;
}

static bool collect(const vireo__sse_history *h, const char *last_id, vireo__list *past)
{
    uint64_t number;
    if (!vireo__sse_history_find(h, last_id, &number))
        return false;
    while (number++ < h->last) {
        const vireo__sse_past *p = vireo__sse_history_get(h, number);
        vireo__sse_item *item = p != NULL ? vireo__sse_item_new(p->text, p->room) : NULL;
        if (item == NULL) {
            drop_items(past);
            return false;
        }
        vireo__list_append(past, &item->node);
    }
    return true;
}

bool vireo__sse_feed_return(vireo__sse_reader *r, const char *last_id, vireo__list *before,
                            vireo__list *past)
{
    vireo__list_init(past);
    uv_mutex_lock(&r->feed->lock);
    move_all(r, before);
    bool whole = collect(&r->feed->history, last_id, past);
    uv_mutex_unlock(&r->feed->lock);
    return whole;
}

int vireo__sse_feed_wake(vireo__sse_feed *f, int (*wake)(vireo__sse_reader *r, void *owner))
{
    int problem = 0;
    uv_mutex_lock(&f->lock);
    for (vireo__list *at = f->readers.next; at != &f->readers; at = at->next) {
        vireo__sse_reader *r = vireo__container(at, vireo__sse_reader, node);
        if (r->owner == NULL || r->woken || vireo__list_empty(&r->inbox))
            continue;
        int error = wake(r, r->owner);
        r->woken = error == 0;
        problem = error == VIREO_ENOMEM ? error : problem;
    }
    uv_mutex_unlock(&f->lock);
    return problem;
}
