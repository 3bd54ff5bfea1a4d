/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* feed.h: what is published on an endpoint, in one order for all workers: that of its ids.
 *
 *     publish --number--> history, for clients that come back
 *                   \---> inbox of each other reader --wake--> its streams
 *
 * A reader is the endpoint of one worker. Law: it hands out what stands in its inbox before what it
 * publishes itself, and before it opens a stream. So every stream gets events in the order of their
 * ids; what was handed out before a stream was opened is exactly what its replay goes up to, and
 * nothing is missing, and nothing comes twice, to whichever worker a client comes back.
 *
 * An inbox is bounded: who is so far behind misses what comes. All functions but _new, _free and
 * _join: any thread. */

#ifndef VIREO_SSE_FEED_H
#define VIREO_SSE_FEED_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/shared.h"
#include "base/str.h"

#define VIREO__SSE_INBOX_EVENTS 65536
#define VIREO__SSE_INBOX_BYTES  ((size_t)64 * 1024 * 1024)

typedef struct vireo__sse_feed vireo__sse_feed;
typedef struct vireo__sse_reader vireo__sse_reader;

/* An event on its way to the streams of a worker. */
typedef struct vireo__sse_item {
    vireo__list node;
    vireo__shared *text; /* as it is sent */
    bool to_all;         /* else to |room| */
    char room[];
} vireo__sse_item;

/* vireo__sse_item_new returns new: with a reference of its own, |room| is copied (NULL: all); NULL
 * when memory runs out. */
vireo__sse_item *vireo__sse_item_new(vireo__shared *text, const char *room);

/* vireo__sse_item_free takes it out of its list. */
void vireo__sse_item_free(vireo__sse_item *item);

/* vireo__sse_feed_new returns new; NULL when memory runs out.
 *
 * max_events, max_bytes      of the history; no events: none, and no ids
 * inbox_events, inbox_bytes  0: the constants above */
vireo__sse_feed *vireo__sse_feed_new(uint32_t max_events, size_t max_bytes, size_t inbox_events,
                                     size_t inbox_bytes);
void vireo__sse_feed_free(vireo__sse_feed *f); /* with all readers; NULL is allowed */

/* vireo__sse_feed_join returns a new reader, which belongs to the feed; NULL when memory runs out.
 * vireo__sse_feed_leave: it reads no more. */
vireo__sse_reader *vireo__sse_feed_join(vireo__sse_feed *f, void *owner);
void vireo__sse_feed_leave(vireo__sse_reader *r);
void *vireo__sse_reader_owner(const vireo__sse_reader *r); /* NULL: it has left; its thread only */

/* vireo__sse_feed_publish writes an event, keeps it, and puts it in the inboxes of all but |r|.
 *
 * out     for its making
 * before  what stood in the inbox of |r|: to be handed out first
 * text    the event, a reference of the caller's
 * missed  how many others miss it
 * Returns 0; as vireo__sse_format_event, and nothing happened. */
int vireo__sse_feed_publish(vireo__sse_reader *r, const char *room, const char *event,
                            vireo__str data, vireo__buf *out, vireo__list *before,
                            vireo__shared **text, unsigned *missed);

/* vireo__sse_feed_take moves at most |most| items of its inbox to |items|. Returns whether that is
 * all. */
bool vireo__sse_feed_take(vireo__sse_reader *r, size_t most, vireo__list *items);

/* vireo__sse_feed_return takes all of its inbox, and makes items of what was published behind the
 * event |last_id|. Returns false if some of that may be gone. */
bool vireo__sse_feed_return(vireo__sse_reader *r, const char *last_id, vireo__list *before,
                            vireo__list *past);

/* vireo__sse_feed_wake calls |wake| for each reader whose inbox has filled and that was not woken
 * since it took the last of it. |wake| must not use the feed. Returns 0; VIREO_ENOMEM if one of
 * them said so: it is to be woken still. */
int vireo__sse_feed_wake(vireo__sse_feed *f, int (*wake)(vireo__sse_reader *r, void *owner));

#endif
